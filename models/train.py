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
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval
from torch.utils.data import DataLoader
from tqdm import tqdm

from digit_widget.models.cnn import CNN
from digit_widget.normalise import SIDE, normalise

import hand
from data import NOTHING, Drawings, as_batch, mnist, pen_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

HERE = Path(__file__).parent
WORKERS = 2
REPEATS = 8
"""How many drawings of each calibration digit the temperature and the threshold are fitted on."""
KEPT = 5000
"""How many of MNIST's digits they are fitted on, and not trained on, where there are no pen strokes."""
UNANSWERED = 0.006
"""The share of digits the threshold may leave unanswered: the bar is 1 %, and other writers are a little stranger."""


@dataclass(frozen=True)
class Recipe:
    """What a training run is made of; the defaults are those of the shipped weights."""

    epochs: int = 24
    passes: int = 3
    """How often an epoch's drawings are learnt from: making one costs five times what learning from it does."""
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    average: float = 0.999
    """Decay of the moving average of the weights, which is what is kept."""
    scanned: int = 38_000
    """MNIST digits an epoch."""
    bent: float = 0.5
    """The share of them that is slanted, bent, thickened; the others are as MNIST has them."""
    written: int = 34_000
    """Pen digits an epoch."""
    others: int = 13_000
    """Letters and symbols an epoch."""
    made_up: int = 15_000
    """Scribbles, lines, pictures, digits spoilt, an epoch."""
    seed: int = 0

    @property
    def shares(self) -> tuple[int, int, int, int]:
        """The epoch's drawings by kind."""
        return self.scanned, self.written, self.others, self.made_up


class Trainee(CNN):
    """The CNN as it learns: batch normalisation after every layer but the last, to be folded into them afterwards.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.BatchNorm2d(channels) for channels in (32, 32, 64))
        self.norm4 = nn.BatchNorm1d(256)

    def forward(self, seen: Tensor) -> Tensor:
        """Return logits, (n, 10), for pictures, (n, 1, 28, 28)."""
        x = self.norm1(self.conv1(seen)).relu()
        x = self.pool(self.norm2(self.conv2(x)).relu())
        x = self.pool(self.norm3(self.conv3(x)).relu())
        x = self.norm4(self.fc1(self.dropout(x.flatten(1)))).relu()
        logits: Tensor = self.fc2(self.dropout(x))
        return logits

    def folded(self) -> CNN:
        """Return the plain CNN that gives the same logits: what normalises is linear once it has learnt."""
        self.eval()
        plain = CNN(self.fc2.out_features).eval()
        plain.conv1, plain.conv2, plain.conv3 = (
            fuse_conv_bn_eval(layer, norm)
            for layer, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2), (self.conv3, self.norm3))
        )
        plain.fc1, plain.fc2 = fuse_linear_bn_eval(self.fc1, self.norm4), copy.deepcopy(self.fc2)
        return plain.to(memory_format=torch.contiguous_format)


class Run:
    """A training run that can be put down and taken up again."""

    def __init__(self, drawings: Drawings, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.drawings, self.recipe = drawings, recipe
        self.model = Trainee().to(memory_format=torch.channels_last)  # twice as fast here
        self.kept = copy.deepcopy(self.model)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.steps = len(drawings) // recipe.batch * recipe.passes
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
                losses = []
                for step, (pictures, labels) in enumerate(self._epoch(), start=self.epoch * self.steps):
                    losses.append(self._step(step, pictures, labels))
                    bar.update()
                bar.set_postfix(loss=f"{np.mean(losses):.3f}")
                self.epoch += 1
                self.seconds += time.monotonic() - started
                if checkpoint:
                    self.save(checkpoint)
        return copy.deepcopy(self.kept).folded()

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return how far the logits, (n, 10), are from the labels, (n,)."""
        return functional.cross_entropy(with_nothing(logits), labels)

    def _epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield an epoch's batches: its drawings as they are made, then again in other orders."""
        torch.manual_seed(self.recipe.seed * 10_000 + self.epoch)  # dropout's too: a resumed run is the same run
        size = self.recipe.batch
        keys = self.drawings.keys(self.recipe.seed, self.epoch)
        loader = DataLoader(self.drawings, batch_size=size, sampler=keys, num_workers=WORKERS, drop_last=True)
        made = []
        for batch in loader:
            made.append(batch)
            yield batch
        pictures, labels = (torch.cat(parts) for parts in zip(*made, strict=True))
        for _ in range(self.recipe.passes - 1):
            for part in torch.randperm(len(labels)).split(size):
                yield pictures[part], labels[part]

    def _step(self, step: int, pictures: Tensor, labels: Tensor) -> float:
        self.model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = self.loss(self.model(pictures), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        # In the beginning a shorter memory, or the average would still remember the random start.
        weight = 1 - min(self.recipe.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, now in zip(_floats(self.kept), _floats(self.model), strict=True):
                mean.lerp_(now, weight)
        return loss.item()


def _floats(model: nn.Module) -> Iterator[Tensor]:
    """Yield the weights, and what batch normalisation keeps in mind."""
    yield from model.parameters()
    yield from (buffer for buffer in model.buffers() if buffer.is_floating_point())


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
    recipe = Recipe()
    shares = recipe.shares if items else (recipe.scanned, 0, 0, recipe.made_up)
    run = Run(Drawings(images, labels, items, shares, recipe.bent), recipe)
    checkpoint = arguments.out / "checkpoint.pt"
    if arguments.resume and checkpoint.exists():
        run.restore(checkpoint)
    model = run.train(checkpoint)

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
        "recipe": asdict(recipe),
        "minutes": round(run.seconds / 60, 1),
        "cores": os.cpu_count(),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}",
        "temperature": round(temperature, 4),
        "threshold": round(threshold, 4),
    }
    (arguments.out / "training.json").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")
    checkpoint.unlink()


if __name__ == "__main__":
    main()
