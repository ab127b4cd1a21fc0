"""Drawings whose answers are known: the ten digits, each in five hands."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from digit_widget.shared import PEN_WIDTH, SIZE
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from digit_widget.normalise import Ink

SHEET = SIZE // 2
"""Side of the sheet that they are drawn on, in pixels: half a pad, which is drawn in a quarter of the time."""
DIGITS = 10


class Hand(NamedTuple):
    """How somebody writes."""

    size: float
    """Height of a digit, relative to the sheet."""
    pen: float
    """Width of the pen, relative to the pad's."""
    slant: float
    """How far a line leans to the left, relative to its height."""
    turn: float
    """Degrees, clockwise."""
    width: float
    """Width of a digit, relative to its usual width."""
    bend: float
    """How far the middle of a line is bent to the right, relative to the digit's width."""


HANDS = (
    Hand(0.60, 1.00, 0.00, 0, 1.00, 0.00),
    Hand(0.52, 1.60, -0.30, 19, 1.13, 0.10),
    Hand(0.71, 0.81, 0.08, -18, 1.23, 0.14),
    Hand(0.46, 2.42, -0.38, -14, 0.88, 0.07),
    Hand(0.36, 1.92, 0.23, 20, 0.77, 0.09),
)
"""A neat hand, and four clumsy ones: neat digits do not tell forms of pictures apart, since networks get them right
in several. Of 239 random hands, these told them apart best for 70 networks trained on MNIST in known forms. Chosen on
one half of these networks, five such hands told the form of 91 to 100 % of the other half."""


@cache
def drawings() -> tuple[Ink, ...]:
    """Return the drawings: 0 to 9 in the first hand, then in the others; each (140, 140), uint8, 255 = full ink."""
    text = files(__package__).joinpath("digits.json").read_text(encoding="utf-8")
    shapes = json.loads(text)
    return tuple(_drawn(shapes[str(digit)], hand) for hand in HANDS for digit in range(DIGITS))


def _drawn(strokes: list[list[tuple[float, float]]], hand: Hand) -> Ink:
    turn = math.radians(hand.turn)
    cos, sin = math.cos(turn) * hand.size * SHEET, math.sin(turn) * hand.size * SHEET

    def moved(point: tuple[float, float]) -> list[float]:
        x, y = point[0] - 0.5, point[1] - 0.5
        x = hand.width * (x + hand.slant * y + hand.bend * (1 - 4 * y * y))
        return [SHEET / 2 + cos * x - sin * y, SHEET / 2 + sin * x + cos * y]

    drawn = checked([[moved(point) for point in stroke] for stroke in strokes])
    return rasterise(drawn, SHEET, PEN_WIDTH * hand.pen * SHEET / SIZE)
