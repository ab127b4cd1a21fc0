"""Compare ways to learn what is no digit, on short runs, and write comparison.json for the model card.

    python models/compare.py --data ../shared/data

Each way is trained alike but for its loss, then given the threshold that answers 99 % of the digits of unseen writers;
what it still answers of their letters, and of nonsense, is what it is worth.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

import hand
from data import NOTHING, Drawings, as_batch, made_up, mnist, pen_items
from train import HERE, Recipe, Run, logits_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

SHORT = Recipe(epochs=3, average=0.98, scanned=4_000, written=8_000, others=4_000, made_up=4_000)
ANSWERED = 0.99
NONSENSE = 3000


class DigitsAlone(Run):
    """Nothing is learnt of what is no digit."""

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the cross-entropy of the digits."""
        return functional.cross_entropy(logits, labels)


class OutlierExposure(Run):
    """What is no digit is learnt to be each digit alike.

    References
    ----------
    D. Hendrycks, M. Mazeika, T. Dietterich, "Deep anomaly detection with outlier exposure", ICLR 2019.
    """

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the cross-entropy, with the uniform distribution for what is no digit."""
        targets = functional.one_hot(labels, NOTHING + 1)[:, :NOTHING].float()
        targets[labels == NOTHING] = 1 / NOTHING
        return functional.cross_entropy(logits, targets)


def largest_probability(logits: Tensor) -> Tensor:
    """Return the probability of the most probable class, (n,)."""
    return logits.softmax(dim=1).amax(dim=1)


def energy(logits: Tensor) -> Tensor:
    """Return the log-sum-exp of the logits, (n,).

    References
    ----------
    W. Liu, X. Wang, J. Owens, Y. Li, "Energy-based out-of-distribution detection", NeurIPS 2020.
    """
    return logits.logsumexp(dim=1)


WAYS: list[tuple[str, type[Run], Recipe, str, Callable[[Tensor], Tensor]]] = [
    ("digits alone", DigitsAlone, replace(SHORT, others=0, made_up=0), "largest probability", largest_probability),
    ("digits alone", DigitsAlone, replace(SHORT, others=0, made_up=0), "energy", energy),
    ("outlier exposure", OutlierExposure, SHORT, "largest probability", largest_probability),
    ("background class, logit 0", Run, SHORT, "energy", energy),
]


def main() -> None:
    """Train each way, compare, write."""
    parser = argparse.ArgumentParser(description="Compare ways to learn what is no digit.")
    parser.add_argument("--data", type=Path, default=HERE.parent / "data", help="folder of MNIST/ and pen-strokes/")
    arguments = parser.parse_args()
    images, labels = mnist(arguments.data, train=True)
    training, test = pen_items(arguments.data, "train"), pen_items(arguments.data, "test")
    rng = np.random.default_rng(0)
    digits = [item for item in test if item.label != NOTHING]
    sets = {
        "digits": as_batch(hand.seen(item.lines, hand.random_setting(rng)) for item in digits),
        "letters": as_batch(hand.seen(i.lines, hand.random_setting(rng)) for i in test if i.label == NOTHING),
        "nonsense": as_batch(made_up(digits, rng) for _ in range(NONSENSE)),
    }
    truth = torch.tensor([item.label for item in digits])
    rows, trained = [], {}
    for taught, kind, recipe, score, scored in WAYS:
        if taught not in trained:
            model = kind(Drawings(images, labels, training, recipe.shares), recipe).train()
            trained[taught] = {name: logits_of(model, pictures) for name, pictures in sets.items()}
        logits = trained[taught]
        threshold = scored(logits["digits"]).quantile(1 - ANSWERED)
        row = {
            "taught": taught,
            "score": score,
            "right": float((logits["digits"].argmax(dim=1) == truth).float().mean()),
            "letters": float((scored(logits["letters"]) >= threshold).float().mean()),
            "nonsense": float((scored(logits["nonsense"]) >= threshold).float().mean()),
        }
        rows.append(row)
        print(row)  # noqa: T201 - a script that says what it found
    (HERE / "comparison.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
