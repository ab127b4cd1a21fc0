"""Strokes as *Quick, Draw!* keeps them: few points, whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from digit_widget.strokes import Stroke

    Line = npt.NDArray[np.float64]

BOX, EPSILON = 255, 2.0
"""*Quick, Draw!*'s: the longer side of a drawing, and how far its lines may be off when points are left out."""
_SMALLEST = 1e-3  # of a drawing that is enlarged, in pad units: a dot stays one


def simplified(strokes: Sequence[Stroke]) -> list[list[list[int]]]:
    """Return strokes as *Quick, Draw!*'s simplified drawings have them.

    They are moved to the top left corner and scaled so that the longer side is 255; their points are placed anew, at a
    distance of 1, and those are left out (by Ramer, Douglas and Peucker's algorithm) without which the line is off by
    at most 2.

    Parameters
    ----------
    strokes
        As `digit_widget.strokes.checked` returns them, and at least one.

    Returns
    -------
    list
        For each stroke the list of x and the list of y, whole numbers in 0..255; two points at least, which are the
        same for a dot.

    Examples
    --------
    >>> from digit_widget.strokes import checked
    >>> simplified(checked([[[10, 20], [60, 20.5], [110, 20], [110, 60]], [[110, 120]]]))
    [[[0, 255, 255], [0, 0, 102]], [[255, 255], [255, 255]]]
    """
    lines = [np.array([point[:2] for point in stroke]) for stroke in strokes]
    points = np.concatenate(lines)
    corner = points.min(axis=0)
    scale = BOX / max(float((points.max(axis=0) - corner).max()), _SMALLEST)
    return [np.rint(_without_needless(_spaced((line - corner) * scale))).astype(int).T.tolist() for line in lines]


def _spaced(line: Line) -> Line:
    """Return a line with points at distances of 1 along it, without most of those that are on a straight part.

    Points between two others on a straight line are never farther from anything than both of these, so the points next
    to the corners are all that can be kept; a scribble has a hundred times as many. The ends are points, too.
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    whole = np.unique(np.concatenate([np.floor(along), np.ceil(along)]))
    at = np.concatenate([[0.0], whole[(whole > 0) & (whole < along[-1])], along[-1:]])
    return np.stack([np.interp(at, along, values) for values in line.T], axis=1)


def _without_needless(line: Line) -> Line:
    """Leave out points by Ramer, Douglas and Peucker's algorithm, with a list instead of recursion."""
    is_kept = np.zeros(len(line), bool)
    is_kept[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        start, end = spans.pop()
        if end <= start + 1:
            continue
        distances = _distances(line[start + 1 : end], line[start], line[end])
        middle = start + 1 + int(distances.argmax())
        if distances.max() > EPSILON:
            is_kept[middle] = True
            spans += [(start, middle), (middle, end)]
    return line[is_kept]


def _distances(points: Line, start: Line, end: Line) -> Line:
    """Return how far points are from a straight line that ends at both ends: a circle's ends may be the same."""
    line, points = end - start, points - start
    share = (points * line).sum(axis=1) / (float((line * line).sum()) or 1)
    distances: Line = np.hypot(*(points - np.clip(share, 0, 1)[:, None] * line).T)
    return distances
