"""What the network learns from and is measured on: MNIST, real pen strokes, and what is no digit.

Whatever it is, the network sees it through the widget's own ``normalise``. Writers, and some whole sources of the pen
strokes, are kept apart for fitting the temperature and the threshold, and for measuring.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import Dataset
from torchvision.datasets import MNIST
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as transform

from digit_widget.normalise import SIDE, Ink, normalise

import hand
import nonsense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from torch import Tensor

NOTHING = 10
"""The label of what is no digit."""

UNSEEN_SOURCES = {"unipen/val", "unipen/apa", "unipen/art"}
"""Contributors (countries, tablets) of whom nothing is trained on."""
TEST_SHARE, CALIBRATION_SHARE = 10, 10
"""Of the writers of the other sources, in percent."""

MISLABELLED = frozenset(
    [
        "1552d758b9",
        "62b05d98a4",
        "5e539a95d9",
        "fbf6054c14",
        "b4372d3fc1",
        "8c1f4a29f6",
        "6a275ee297",
        "5b4fa6c103",
        "4e9160c111",
        "92d60bcfe4",
        "dd2b15d720",
        "f713dce433",
        "bff2e4524c",
        "47507bf402",
        "3bdb4f32b4",
    ]
)
"""Items that the data's own documentation names as visibly wrong; used nowhere."""


@dataclass(frozen=True)
class Item:
    """One character as a pen wrote it."""

    label: int
    source: str
    writer: str
    text: str
    strokes: tuple[tuple[tuple[int, int], ...], ...]

    @cached_property
    def lines(self) -> hand.Lines:
        """The strokes as arrays of shape (points, 2)."""
        return [np.array(stroke, float) for stroke in self.strokes]

    @property
    def part(self) -> str:
        """Whether to train, to calibrate or to test with it: every writer is in one part alone."""
        if self.source in UNSEEN_SOURCES:
            return "test"
        drawn = zlib.crc32(f"{self.source} {self.writer}".encode()) % 100
        if drawn < TEST_SHARE:
            return "test"
        return "calibrate" if drawn < TEST_SHARE + CALIBRATION_SHARE else "train"


def pen_items(root: Path, part: str) -> list[Item]:
    """Read the pen strokes, digits and others, of one part: "train", "calibrate" or "test"; [] without the data."""
    if not (root / "pen-strokes").is_dir():
        return []
    return [
        item
        for name in ("pen-digits-train", "pen-not-digits-train")
        for item in _read(root / "pen-strokes" / f"{name}.ndjson.gz")
        if item.part == part
    ]


def _read(path: Path) -> Iterator[Item]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["id"] in MISLABELLED:
                continue
            label = int(row["label"]) if row["label"].isdigit() else NOTHING
            strokes = tuple(tuple(map(tuple, stroke)) for stroke in row["strokes"])
            yield Item(label, row["source"], row["writer"], row["label"], strokes)


def mnist(root: Path, *, train: bool) -> tuple[Tensor, list[int]]:
    """Return MNIST's images, (n, 28, 28) uint8, and labels; downloaded where they are missing."""
    data = MNIST(root, train=train, download=True)
    return data.data, data.targets.tolist()


class Bend(torch.nn.Module):
    """Slant, turn, bend and thicken a scanned digit, at three times its resolution so that no edge is lost."""

    GRAIN = 3
    FIELD = 5
    """Points a side of the coarse random field that bends the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.affine = v2.RandomAffine(
            degrees=12,
            scale=(0.8, 1.0),
            shear=(-18, 18, -8, 8),
            interpolation=v2.InterpolationMode.BILINEAR,
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return another hand's version of the digit.

        Parameters
        ----------
        ink
            Shape (1, 28, 28), float32, 0 = paper, 255 = full ink.

        Returns
        -------
        torch.Tensor
            Shape (1, 84, 84), the same scale.
        """
        ink = transform.resize(ink, [SIDE * self.GRAIN] * 2, antialias=False)
        ink = self.affine(ink)
        ink = transform.elastic(ink, self._field(ink.shape[-1]))
        return self._contrast(self._thicken(ink)).clamp(0, 255)

    def _field(self, side: int) -> Tensor:
        """Return a smooth random displacement, (1, side, side, 2), in units of half the picture's side."""
        coarse = torch.randn(1, 2, self.FIELD, self.FIELD) * (0.045 * torch.rand(1))
        return functional.interpolate(coarse, size=(side, side), mode="bicubic").permute(0, 2, 3, 1)

    def _thicken(self, ink: Tensor) -> Tensor:
        """Dilate or erode by up to a pixel of the 28x28 picture, unless that would break the stroke."""
        step = int(torch.randint(-1, 5, ()))
        if step < 0:
            thin = -functional.max_pool2d(-ink, 3, stride=1, padding=1)
            return thin if thin.sum() > ink.sum() * 0.6 else ink
        return functional.max_pool2d(ink, 2 * step - 1, stride=1, padding=step - 1) if step > 1 else ink

    def _contrast(self, ink: Tensor) -> Tensor:
        """Harden the edges: a pad's pen has sharper ones than MNIST's scans."""
        return (ink - 127.5) * (1 + 3 * torch.rand(1)) + 127.5 if torch.rand(()) < 0.5 else ink


class Drawings(Dataset[tuple["Tensor", int]]):
    """Training drawings, every one made anew each time it is asked for.

    Parameters
    ----------
    images, labels
        MNIST's.
    items
        Pen strokes, digits and others.
    shares
        How many of an epoch's drawings are scanned digits, pen digits, letters and symbols, and made-up nonsense.
    bent
        Which share of the scanned digits is bent; the others are as MNIST has them.
    """

    def __init__(
        self,
        images: Tensor,
        labels: list[int],
        items: list[Item],
        shares: tuple[int, int, int, int],
        bent: float = 1.0,
    ) -> None:
        self.images, self.labels, self.bent = images, labels, bent
        self.digits = [item for item in items if item.label != NOTHING]
        self.others = [item for item in items if item.label == NOTHING]
        self.kinds = np.repeat(np.arange(4), shares)
        self.bend = Bend()

    def __len__(self) -> int:
        return len(self.kinds)

    def keys(self, seed: int, epoch: int) -> list[tuple[int, int, int]]:
        """Return an epoch's keys in random order; a key alone decides its drawing, whichever worker makes it."""
        order = np.random.default_rng((seed, epoch)).permutation(len(self))
        return [(seed, epoch, int(index)) for index in order]

    def __getitem__(self, key: tuple[int, int, int]) -> tuple[Tensor, int]:
        rng = np.random.default_rng(key)
        ink, label = self._make(int(self.kinds[key[2]]), rng)
        return as_input(ink), label

    def _make(self, kind: int, rng: np.random.Generator) -> tuple[Ink, int]:
        match kind:
            case 0:
                index = int(rng.integers(len(self.images)))
                if self.bent < 1 and rng.random() >= self.bent:
                    return normalise(self.images[index].numpy()), self.labels[index]
                # torchvision draws from it; torch.manual_seed would look for every accelerator first, which is slow
                torch.default_generator.manual_seed(int(rng.integers(2**62)))
                bent = self.bend(self.images[index][None].float())[0]
                return normalise(bent.round().to(torch.uint8).numpy()), self.labels[index]
            case 1 | 2:
                items = self.digits if kind == 1 else self.others
                item = items[int(rng.integers(len(items)))]
                return hand.seen(hand.another(item.lines, rng), hand.compact_setting(rng)), item.label
            case _:
                return made_up(self.digits, rng, hand.compact_setting), NOTHING


def made_up(
    digits: list[Item],
    rng: np.random.Generator,
    setting: Callable[[np.random.Generator], hand.Setting] = hand.random_setting,
) -> Ink:
    """Return nonsense as the network sees it: made from nothing, or from digits by undoing what makes them so."""
    made: hand.Lines | None = None
    while made is None:
        if not digits or rng.random() < 0.5:
            made = nonsense.ALONE[int(rng.integers(len(nonsense.ALONE)))](rng)
        else:
            one, other = (digits[int(index)] for index in rng.integers(len(digits), size=2))
            made = nonsense.from_digit(hand.another(one.lines, rng), one.label, other.lines, rng)
    return hand.seen(made, setting(rng))


def as_input(seen: Ink) -> Tensor:
    """Return a 28x28 uint8 picture as the network's input, (1, 28, 28) float32 in 0..1."""
    return torch.from_numpy(seen)[None].float() / 255


def as_batch(pictures: Iterable[Ink]) -> Tensor:
    """Return pictures as one input, (n, 1, 28, 28) float32 in 0..1."""
    return torch.stack([as_input(seen) for seen in pictures])
