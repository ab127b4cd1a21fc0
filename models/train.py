"""Train the bundled CNN and write its weights beside this file; `evaluate.py` then measures them.

    python models/train.py --data ../shared/data

learns from MNIST (downloaded where it is missing) and, where they are at hand, from real pen strokes. Interrupted, it
goes on where it stopped when called again with ``--resume``.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from safetensors.torch import save_file
from torch.nn import functional
from torch.utils.data import DataLoader
from tqdm import tqdm

from digit_widget.models.cnn import CNN
from digit_widget.normalise import SIDE, normalise

import hand
from data import NOTHING, Drawings, as_batch, mnist, pen_items

if TYPE_CHECKING:
    from torch import Tensor, nn

HERE = Path(__file__).parent
WORKERS = 2
REPEATS = 8
"""How many drawings of each calibration digit the temperature and the threshold are fitted on."""
KEPT = 5000
"""How many of MNIST's digits they are fitted on, and not trained on, where there are no pen strokes."""
UNANSWERED = 0.004
"""The share of digits the threshold may leave unanswered: the bar is 1 %, and other writers are a little stranger."""


@dataclass(frozen=True)
class Recipe:
    """What a training run is made of; the defaults are those of the first part of the shipped weights."""

    epochs: int = 20
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    average: float = 0.999
    """Decay of the moving average of the weights, which is what is kept."""
    scanned: int = 30_000
    """MNIST digits an epoch."""
    bent: float = 1.0
    """The share of them that is slanted, bent, thickened."""
    written: int = 36_000
    """Pen digits an epoch."""
    others: int = 14_000
    """Letters and symbols an epoch."""
    made_up: int = 12_000
    """Scribbles, lines, pictures, digits spoilt, an epoch."""
    seed: int = 0

    @property
    def shares(self) -> tuple[int, int, int, int]:
        """The epoch's drawings by kind."""
        return self.scanned, self.written, self.others, self.made_up


LAST = Recipe(
    epochs=8, learning_rate=8e-4, scanned=60_000, bent=0.5, written=24_000, others=8_000, made_up=8_000, seed=1
)
"""The second part: more of MNIST as it is. After the first alone, MNIST's own test digits were half a point worse."""


class Run:
    """A training run that can be put down and taken up again; it begins with a network of its own, or a copy of one."""

    def __init__(self, drawings: Drawings, recipe: Recipe, begin: CNN | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.drawings, self.recipe = drawings, recipe
        self.model = CNN() if begin is None else copy.deepcopy(begin)
        self.kept = copy.deepcopy(self.model)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.steps = len(drawings) // recipe.batch
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, recipe.learning_rate, total_steps=recipe.epochs * self.steps, pct_start=0.15
        )
        self.epoch = 0
        self.seconds = 0.0

    def save(self, path: Path) -> None:
        """Write all that is needed to go on."""
        state = {name: getattr(self, name).state_dict() for name in ("model", "kept", "optimiser", "schedule")}
        state |= {"recipe": asdict(self.recipe), "epoch": self.epoch, "seconds": self.seconds}
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)  # whole or not at all, whenever it is interrupted

    def restore(self, path: Path) -> None:
        """Go on from what `save` wrote.

        Raises
        ------
        ValueError
            When it was another recipe's.
        """
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            message = f"{path} is of another recipe ({state['recipe']}); move it away, or give the same options."
            raise ValueError(message)
        for name in ("model", "kept", "optimiser", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        self.epoch, self.seconds = state["epoch"], state["seconds"]

    def train(self, checkpoint: Path | None = None) -> CNN:
        """Train to the end and return the moving average of the weights."""
        with tqdm(total=self.recipe.epochs * self.steps, initial=self.epoch * self.steps, unit="batch") as bar:
            while self.epoch < self.recipe.epochs:
                started = time.monotonic()
                bar.set_description(f"epoch {self.epoch + 1}/{self.recipe.epochs}")
                loss = self._epoch(bar)
                bar.set_postfix(loss=f"{loss:.3f}")
                self.epoch += 1
                self.seconds += time.monotonic() - started
                if checkpoint:
                    self.save(checkpoint)
        return self.kept.eval()

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return how far the logits, (n, 10), are from the labels, (n,)."""
        return functional.cross_entropy(with_nothing(logits), labels)

    def _epoch(self, bar: tqdm[Any]) -> float:
        torch.manual_seed(self.recipe.seed * 10_000 + self.epoch)  # dropout's, so that a resumed run is the same run
        keys = self.drawings.keys(self.recipe.seed, self.epoch)[: self.steps * self.recipe.batch]
        loader = DataLoader(self.drawings, batch_size=self.recipe.batch, sampler=keys, num_workers=WORKERS)
        self.model.train()
        total = 0.0
        for step, (pictures, labels) in enumerate(loader, start=self.epoch * self.steps):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = self.loss(self.model(pictures), labels)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.schedule.step()
            with torch.no_grad():
                # In the beginning a shorter memory, or the average would still remember the random start.
                weight = 1 - min(self.recipe.average, (step + 1) / (step + 10))
                for mean, now in zip(self.kept.parameters(), self.model.parameters(), strict=True):
                    mean.lerp_(now, weight)
            total += loss.item()
            bar.update()
        return total / self.steps


def with_nothing(logits: Tensor) -> Tensor:
    """Add the class of what is no digit, with the logit 0.

    A softmax knows only differences, so a background class needs no parameter of its own: the ten digit logits learn to
    be far below 0 together. Their log-sum-exp is then the log-odds of being a digit at all.
    """
    return torch.cat([logits, logits.new_zeros(len(logits), 1)], dim=1)


def logits_of(model: nn.Module, pictures: Tensor) -> Tensor:
    """Return the logits, (n, classes), of pictures, (n, 1, 28, 28)."""
    with torch.no_grad():
        return torch.cat([model(part) for part in pictures.split(500)])


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return the one number to divide logits by that makes their softmax honest.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks", ICML 2017.
    """

    def loss(log_temperature: float) -> float:
        return float(functional.cross_entropy(logits / math.exp(log_temperature), labels))

    low, high = -3.0, 3.0  # the loss falls and then rises again; a network that knows nothing yet ends at a border
    for _ in range(60):
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return math.exp((low + high) / 2)


def fit_threshold(logits: Tensor, unanswered: float) -> float:
    """Return the log-odds of being a digit under which that share of these digits lies."""
    return float(logits.logsumexp(dim=1).quantile(unanswered))


def write_weights(model: CNN, about: dict[str, str], folder: Path) -> None:
    """Write digits.safetensors and digits.onnx; both carry what is needed to read their logits."""
    about = {"architecture": "cnn", "classes": str(model.fc2.out_features)} | about
    save_file(model.state_dict(), folder / "digits.safetensors", metadata=about)
    program = torch.onnx.export(
        model,
        (torch.zeros(1, 1, SIDE, SIDE),),
        input_names=["ink"],
        output_names=["logits"],
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None  # noqa: S101 - for the type checker: it is None only when saved straight to a file
    exported = program.model_proto
    onnx.helper.set_model_props(exported, about)
    onnx.save(exported, folder / "digits.onnx")


def main() -> None:
    """Train, fit the temperature and the threshold, write."""
    parser = argparse.ArgumentParser(description="Train the bundled CNN and write its weights.")
    parser.add_argument("--data", type=Path, default=HERE.parent / "data", help="folder of MNIST/ and pen-strokes/")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: beside this script)")
    parser.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    images, labels = mnist(arguments.data, train=True)
    items = pen_items(arguments.data, "train")
    kept = as_batch(normalise(image) for image in images[-KEPT:].numpy()), torch.tensor(labels[-KEPT:])
    if not items:
        print(f"No pen strokes in {arguments.data}: learning from MNIST alone, which is worse at people's own digits.")  # noqa: T201
        images, labels = images[:-KEPT], labels[:-KEPT]
    model, seconds, checkpoints = None, 0.0, []
    for number, recipe in enumerate((Recipe(), LAST)):
        shares = recipe.shares if items else (recipe.scanned, 0, 0, recipe.made_up)
        run = Run(Drawings(images, labels, items, shares, recipe.bent), recipe, model)
        checkpoints.append(arguments.out / f"checkpoint.{number}.pt")
        if arguments.resume and checkpoints[-1].exists():
            run.restore(checkpoints[-1])
        model = run.train(checkpoints[-1])
        seconds += run.seconds
    assert model is not None  # noqa: S101 - for the type checker: there is a recipe

    rng = np.random.default_rng(0)
    held_out = [item for item in pen_items(arguments.data, "calibrate") if item.label != NOTHING] * REPEATS
    if held_out:
        pictures = as_batch(hand.seen(item.lines, hand.random_setting(rng)) for item in held_out)
        kept = pictures, torch.tensor([item.label for item in held_out])
    logits = logits_of(model, kept[0])
    temperature = fit_temperature(logits, kept[1])
    threshold = fit_threshold(logits, UNANSWERED)
    write_weights(model, {"temperature": f"{temperature:.4f}", "threshold": f"{threshold:.4f}"}, arguments.out)

    log = {
        "parts": [asdict(Recipe()), asdict(LAST)],
        "minutes": round(seconds / 60, 1),
        "cores": os.cpu_count(),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}",
        "temperature": round(temperature, 4),
        "threshold": round(threshold, 4),
    }
    (arguments.out / "training.json").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")
    for checkpoint in checkpoints:
        checkpoint.unlink()


if __name__ == "__main__":
    main()
