"""Another hand's version of some pen strokes: other size, pen, slant, bend and sampling; and how it draws them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from digit_widget.normalise import Ink, normalise
from digit_widget.strokes import PAD_SIZE, PEN_WIDTH, rasterise

if TYPE_CHECKING:
    import numpy.typing as npt

Lines = list["npt.NDArray[np.float64]"]
"""Strokes as arrays of shape (points, 2), y down."""


@dataclass(frozen=True)
class Setting:
    """How a drawing lies on the pad: the longer side of its path, the pen's width, its middle, all in pad units."""

    side: float
    pen: float
    middle: tuple[float, float]


def random_setting(rng: np.random.Generator) -> Setting:
    """Return any size from a fifth of the pad to nine tenths, any pen from under half to over twice the pad's own."""
    side = float(np.exp(rng.uniform(np.log(0.2), np.log(0.9)))) * PAD_SIZE
    pen = PEN_WIDTH * float(2 ** rng.uniform(-1.2, 1.2))
    return Setting(side, min(pen, side / 2), anywhere(rng, side, pen))


def compact_setting(rng: np.random.Generator) -> Setting:
    """Return a setting to train with.

    After `normalise` only the pen's share of the drawing's side tells settings apart: from half a pen on the whole pad
    to over twice a pen on a fifth of it, all about as often. Drawn small, a drawing is drawn soon: that is most of what
    a training step costs.
    """
    share = float(np.exp(rng.uniform(np.log(0.025), np.log(0.5))))
    side = float(rng.uniform(60, 100)) / (1 + share)
    x, y = PAD_SIZE / 2 + rng.uniform(0, 1, 2)
    return Setting(side, share * side, (float(x), float(y)))


def anywhere(rng: np.random.Generator, side: float, pen: float) -> tuple[float, float]:
    """Return a middle such that the drawing does not run off the pad."""
    room = max(PAD_SIZE - side - pen, 0) / 2
    x, y = PAD_SIZE / 2 + rng.uniform(-room, room, 2)
    return float(x), float(y)


def draw(lines: Lines, setting: Setting, sheet: int = PAD_SIZE) -> Ink:
    """Draw strokes on the pad, or on another square sheet.

    Returns
    -------
    numpy.ndarray
        Shape (sheet, sheet), uint8, 0 = paper, 255 = full ink.
    """
    placed = [line * setting.side + setting.middle for line in boxed(lines)]
    return rasterise([line.tolist() for line in placed], sheet, setting.pen)


def seen(lines: Lines, setting: Setting) -> Ink:
    """Return what the model sees of the drawn strokes, (28, 28).

    Where a drawing lies makes no difference to `normalise`, so it is drawn on a sheet no larger than itself: the same
    bytes as from the whole pad, sooner. Only the place within a pixel is kept.
    """
    sheet = min(math.ceil(setting.side + setting.pen) + 4, PAD_SIZE)
    x, y = (at % 1 + sheet // 2 for at in setting.middle)
    return normalise(draw(lines, replace(setting, middle=(x, y)), sheet))


def boxed(lines: Lines) -> Lines:
    """Return the strokes with their box centred on 0 and its longer side 1."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-6)
    return [(line - (low + high) / 2) / extent for line in lines]


def another(lines: Lines, rng: np.random.Generator) -> Lines:
    """Return the strokes as another hand would have made them: still the same character."""
    lines = boxed(lines)
    if rng.random() < 0.5:
        lines = [smoothed(line, int(rng.integers(1, 3))) for line in lines]
    lines = [thinned(line, rng) for line in lines]
    turn, slant, aspect = rng.normal(0, 0.12), rng.normal(0, 0.18), float(np.exp(rng.normal(0, 0.16)))
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[aspect, -slant], [0, 1]])
    bend = rng.normal(0, 0.02, (3, 2, 2))
    phase = rng.uniform(0, 2 * np.pi, (3, 2, 2))
    tremble = rng.choice([0.0, 0.004, 0.008])
    return [_bent(line @ matrix.T, bend, phase) + rng.normal(0, tremble, line.shape) for line in lines]


def smoothed(line: npt.NDArray[np.float64], times: int) -> npt.NDArray[np.float64]:
    """Return a stroke without the steps of a coarse screen; its ends stay."""
    for _ in range(times):
        if len(line) > 2:
            line = np.concatenate([line[:1], (line[:-2] + 2 * line[1:-1] + line[2:]) / 4, line[-1:]])
    return line


def thinned(line: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return a stroke as a slower device would sample it: some points left out, never the ends."""
    keep = rng.random(len(line)) < rng.choice([1.0, 0.7, 0.45])
    keep[[0, -1]] = True
    return line[keep] if len(line) > 12 else line


def _bent(
    line: npt.NDArray[np.float64], bend: npt.NDArray[np.float64], phase: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Shift points by slow waves over the drawing: loops open and close, lines bow."""
    shift = np.zeros_like(line)
    for frequency in range(3):
        waves = np.sin((frequency + 1) * np.pi * line[:, :, None] + phase[frequency])
        shift += (waves * bend[frequency]).sum(axis=1)
    return line + shift
