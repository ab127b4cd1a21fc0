"""The ten digit shapes, drawn anywhere on the pad."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from digit_widget.strokes import PAD_SIZE, PEN_WIDTH, Stroke, checked, rasterise

if TYPE_CHECKING:
    from digit_widget.normalise import Ink

SHAPES = json.loads(files("digit_widget").joinpath("digits.json").read_text(encoding="utf-8"))


def digit_strokes(digit: int, side: float = 0.6, at: tuple[float, float] = (0.5, 0.5)) -> list[Stroke]:
    """Return a digit's strokes, its box `side` of the pad large and centred at `at`, both in shares of the pad."""
    left, top = (PAD_SIZE * (centre - side / 2) for centre in at)
    scale = PAD_SIZE * side
    return checked([[[left + scale * x, top + scale * y] for x, y in stroke] for stroke in SHAPES[str(digit)]])


def digit_ink(digit: int, side: float = 0.6, at: tuple[float, float] = (0.5, 0.5), pen_width: float = PEN_WIDTH) -> Ink:
    """Return a digit's ink on the pad."""
    return rasterise(digit_strokes(digit, side, at), pen_width=pen_width)
