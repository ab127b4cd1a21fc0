"""Pen strokes -> ink, as the pad draws them, for strokes that come from Python.

A drawing is a list of strokes, a stroke a list of points ``[x, y, t, pressure]``: x and y in pad units (0 to
``PAD_SIZE``, y down), t in ms from the drawing's first point, pressure in 0..1.
"""

from __future__ import annotations

import json
import math
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from digit_widget.errors import DigitWidgetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digit_widget.normalise import Ink

_PAD = json.loads(files(__package__).joinpath("pad.json").read_text(encoding="utf-8"))  # the front end reads it too
PAD_SIZE: int = _PAD["size"]
"""Side of the pad, in pad units (CSS pixels)."""
PEN_WIDTH: float = _PAD["pen_width"]
"""Width of the pen, in pad units."""

SMALLEST: int = _PAD["smallest"]
LARGEST: int = _PAD["largest"]
"""How small and how large the pad may be shown, in CSS pixels a side."""

MAX_POINTS = 50_000
"""Points a drawing may have: half an hour of drawing without a pause."""
_FAR = 100 * PAD_SIZE
_DEFAULTS = (0.0, 0.5)  # of t and pressure, for points that are only x and y

Stroke = list[list[float]]


class StrokesError(DigitWidgetError):
    """Strokes that cannot be drawn; the message says what came and what was expected."""


def checked(strokes: Iterable[Iterable[Sequence[Any]]]) -> list[Stroke]:
    """Return the strokes with every point as four finite floats; t and pressure may be left out.

    Raises
    ------
    StrokesError
        When a point is not two to four finite numbers, lies absurdly far off the pad, or there are too many.
    """
    points = 0
    drawing: list[Stroke] = []
    for stroke in strokes:
        if not isinstance(stroke, (list, tuple)):
            raise StrokesError(_expected(stroke))
        points += len(stroke)
        if points > MAX_POINTS:
            message = f"The drawing is too long: more than {MAX_POINTS} points."
            raise StrokesError(message)
        if stroke:
            drawing.append([_point(point) for point in stroke])
    return drawing


def _point(point: Sequence[Any]) -> list[float]:
    if not isinstance(point, (list, tuple)):
        raise StrokesError(_expected(point))
    try:
        values = [float(value) for value in point]
    except (TypeError, ValueError, OverflowError):
        raise StrokesError(_expected(point)) from None
    if not (2 <= len(values) <= 4 and all(math.isfinite(v) for v in values) and max(map(abs, values[:2])) <= _FAR):  # noqa: PLR2004
        raise StrokesError(_expected(point))
    return values + list(_DEFAULTS[len(values) - 2 :])


def _expected(found: object) -> str:
    return f"A stroke is a list of points [x, y, t, pressure] in pad units (0 to {PAD_SIZE}); this is {found!r:.60}."


def rasterise(strokes: Iterable[Stroke], size: int = PAD_SIZE, pen_width: float = PEN_WIDTH) -> Ink:
    """Draw strokes with a round pen, smoothed as the pad smooths them.

    Parameters
    ----------
    strokes
        As in this module's docstring; what lies off the sheet is cut.
    size
        Side of the sheet, in pixels; one pad unit is one pixel.
    pen_width
        In pixels.

    Returns
    -------
    numpy.ndarray
        Shape (size, size), uint8, 0 = paper, 255 = full ink.
    """
    import numpy as np  # noqa: PLC0415 - `checked` runs in the widget, which must start without numpy and PIL
    from PIL import Image, ImageDraw  # noqa: PLC0415

    grain = 4  # drawn larger and averaged: Pillow's own lines have hard edges
    sheet = Image.new("L", (size * grain, size * grain))
    pen, radius = ImageDraw.Draw(sheet), pen_width * grain / 2
    for stroke in strokes:
        line = [(x * grain, y * grain) for x, y in smooth([(point[0], point[1]) for point in stroke])]
        pen.line(line, fill=255, width=round(2 * radius))
        for x, y in line:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet.reduce(grain))


def smooth(points: Sequence[tuple[float, float]], steps: int = 4) -> list[tuple[float, float]]:
    """Round a polyline's corners: quadratic curves between the middles of its segments, its points as controls."""
    if len(points) < 3:  # noqa: PLR2004 - nothing to round
        return list(points)
    middles = [((ax + bx) / 2, (ay + by) / 2) for (ax, ay), (bx, by) in pairwise(points)]
    curve = [points[0], middles[0]]
    for (ax, ay), (x, y), (bx, by) in zip(middles, points[1:], middles[1:], strict=False):
        for step in range(1, steps + 1):
            t = step / steps
            u = 1 - t
            curve.append((u * u * ax + 2 * u * t * x + t * t * bx, u * u * ay + 2 * u * t * y + t * t * by))
    return [*curve, points[-1]]
