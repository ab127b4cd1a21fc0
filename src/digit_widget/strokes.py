"""From pen strokes to ink, as the pad draws them: for strokes that come from Python.

A drawing is a list of strokes, and a stroke is a list of points ``[x, y, t, pressure]``: x and y in pad units (0 to
``PAD_SIZE``, y down), t in ms since the first point of the drawing, pressure in 0..1.
"""

from __future__ import annotations

import math
import reprlib
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from digit_widget import shared
from digit_widget.errors import DigitWidgetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digit_widget.normalise import Ink

PAD_SIZE, PEN_WIDTH, SMALLEST, LARGEST = shared.SIZE, shared.PEN_WIDTH, shared.SMALLEST, shared.LARGEST

MAX_POINTS = 50_000
"""How many points a drawing may have: as many as half an hour of drawing without a pause gives."""
_FARTHEST = 100 * PAD_SIZE  # from the pad, in pad units
_DEFAULTS = (0.0, 0.5)  # of t and pressure

Stroke = list[list[float]]


class StrokesError(DigitWidgetError):
    """Strokes cannot be drawn; the message says what was given and what was expected."""


def checked(strokes: Iterable[Iterable[Sequence[Any]]]) -> list[Stroke]:
    """Return strokes with each point as four finite floats.

    Parameters
    ----------
    strokes
        As described above; t (then 0) and pressure (then 0.5) may be left out. Empty strokes are dropped.

    Raises
    ------
    StrokesError
        If a point is not two to four finite numbers, or lies far off the pad, or if there are too many points.

    Examples
    --------
    >>> checked([[[40, 140], [240, 140, 250]]])
    [[[40.0, 140.0, 0.0, 0.5], [240.0, 140.0, 250.0, 0.5]]]
    """
    points = 0
    drawing: list[Stroke] = []
    for stroke in strokes:
        if not isinstance(stroke, (list, tuple)):
            raise StrokesError(_expected(stroke))
        points += len(stroke)
        if points > MAX_POINTS:
            message = f"The drawing is too long: it has more than {MAX_POINTS:,} points."
            raise StrokesError(message)
        if stroke:
            drawing.append(_whole(stroke) or [_point(point) for point in stroke])
    return drawing


def _whole(stroke: Sequence[Any]) -> Stroke | None:
    """Check a stroke as a whole if all its points are lists of four, as a page sends them: four times as fast."""
    if set(map(type, stroke)) != {list}:
        return None
    try:
        points = [list(map(float, point)) for point in stroke]
        x, y, t, pressure = zip(*points, strict=True)
    except (TypeError, ValueError, OverflowError):
        return None
    is_finite = all(map(math.isfinite, chain(x, y, t, pressure)))
    return points if is_finite and max(map(abs, chain(x, y))) <= _FARTHEST else None


def _point(point: Sequence[Any]) -> list[float]:
    if not isinstance(point, (list, tuple)):
        raise StrokesError(_expected(point))
    try:
        values = [float(value) for value in point]
    except (TypeError, ValueError, OverflowError):
        raise StrokesError(_expected(point)) from None
    if not (2 <= len(values) <= 4 and all(math.isfinite(v) for v in values) and max(map(abs, values[:2])) <= _FARTHEST):  # noqa: PLR2004
        raise StrokesError(_expected(point))
    return values + list(_DEFAULTS[len(values) - 2 :])


def _expected(found: object) -> str:
    return (
        f"Expected strokes as lists of points [x, y, t, pressure], x and y from 0 to {PAD_SIZE}, "
        f"but got {reprlib.repr(found)}."
    )


def rasterise(strokes: Iterable[Stroke], size: int = PAD_SIZE, pen_width: float = PEN_WIDTH) -> Ink:
    """Draw strokes with a round pen, smoothed as the pad smooths them.

    Parameters
    ----------
    strokes
        As `checked` returns them; what lies off the sheet is cut off.
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

    grain = 4  # drawn larger and averaged, because Pillow's lines have hard edges
    sheet = Image.new("L", (size * grain, size * grain))
    pen, radius = ImageDraw.Draw(sheet), pen_width * grain / 2
    for stroke in strokes:
        line = [(x * grain, y * grain) for x, y in smooth([(point[0], point[1]) for point in stroke])]
        pen.line(line, fill=255, width=round(2 * radius))
        for x, y in line:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet.reduce(grain))


def smooth(points: Sequence[tuple[float, float]], steps: int = 4) -> list[tuple[float, float]]:
    """Round the corners of a polyline: quadratic Bézier curves between the midpoints of its segments.

    Parameters
    ----------
    points
        The corners, which become control points.
    steps
        Points on each curve.

    Returns
    -------
    list of tuple of float
        A finer polyline from the first point to the last.

    Examples
    --------
    >>> smooth([(0, 0), (4, 0), (4, 4)], steps=2)
    [(0, 0), (2.0, 0.0), (3.5, 0.5), (4.0, 2.0), (4, 4)]
    """
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
