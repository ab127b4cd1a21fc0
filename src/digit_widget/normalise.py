"""Ink on a pad of any size -> the 28x28 picture that MNIST would have made of it.

One definition for training, the widget and the batch call. A front end that repeats it agrees to the byte: every
sum below is of integers under 2**53, with one rounded division at the end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ink = npt.NDArray[np.uint8]

SIDE = 28
"""Side of the normalised picture, in pixels."""

DIGIT = 20
"""What the longer side of the ink is brought to, in pixels of a picture of that side."""

INK_THRESHOLD = 8
"""Ink at or below this (of 255) does not count when the ink's box is found: it is paper grain, not pen."""


def normalise(ink: Ink, side: int = SIDE) -> Ink:
    """Bring a drawing to the convention of the MNIST digits.

    The ink is cut out, its longer side area-averaged to 20 px with the aspect kept, and the result laid into 28x28
    with its centre of mass on pixel (14, 14), or as near as it can without losing ink over the edge.

    Parameters
    ----------
    ink
        Shape (height, width), uint8, 0 = paper, 255 = full ink.
    side
        Side of the picture, in pixels: for a network that takes another size, all is kept in proportion.

    Returns
    -------
    numpy.ndarray
        Shape (side, side), uint8, 0 = paper; all zero when there is no ink.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits": size-normalised to 20x20 with the
    aspect kept, centred by centre of mass in 28x28.
    """
    seen = np.zeros((side, side), np.uint8)
    placed = place(ink, side)
    if placed is not None:
        seen[placed.to] = placed.digit
    return seen


class Placed(NamedTuple):
    """A drawing's ink, where it lies on the sheet, and where it goes in the picture."""

    box: tuple[slice, slice]
    """Rows and columns of the sheet."""
    digit: Ink
    """What lies there, area-averaged to the size it has in the picture."""
    to: tuple[slice, slice]
    """Rows and columns of the picture."""


def place(ink: Ink, side: int = SIDE) -> Placed | None:
    """Return how a drawing is laid into the picture, for `normalise` and for the way back; None on a blank sheet."""
    box = ink_box(ink)
    if box is None:
        return None
    cut = ink[box]
    digit = area_average(cut, *_fit(cut.shape, side * DIGIT // SIDE))
    top, left = (_offset(digit.sum(axis=1 - axis), digit.shape[axis], side) for axis in (0, 1))
    return Placed(box, digit, (slice(top, top + digit.shape[0]), slice(left, left + digit.shape[1])))


def ink_box(ink: Ink) -> tuple[slice, slice] | None:
    """Return the rows and columns that hold ink above the threshold, or None on a blank sheet."""
    dark = ink > INK_THRESHOLD
    rows, columns = (np.flatnonzero(dark.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def area_average(ink: Ink, height: int, width: int) -> Ink:
    """Resample by exact area averaging.

    Both axes are laid on the common grid of ``n_in * n_out`` cells, so that every weight is a whole number of cells.

    Parameters
    ----------
    ink
        Shape (h, w), uint8.
    height, width
        The shape wanted, in pixels; larger or smaller than what is there.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), uint8, rounded half up.
    """
    sums = _overlap_sums(_overlap_sums(ink, height).T, width).T
    cells = ink.shape[0] * ink.shape[1]
    averages: Ink = ((2 * sums + cells) // (2 * cells)).astype(np.uint8)
    return averages


def _overlap_sums(values: npt.NDArray[np.integer[Any]], n_out: int) -> npt.NDArray[np.int64]:
    """Add up what lies under each of n_out pixels along the first axis, in cells of the n_in * n_out grid.

    What lies above each edge is known from the running total, and the differences are what lies between two of them. No
    matrices are multiplied: numpy's BLAS would share that among threads, and on a busy machine wait for them for 20 ms.
    """
    n_in = len(values)
    above = np.zeros((n_in + 1, *values.shape[1:]), np.int64)
    np.cumsum(values, axis=0, out=above[1:])
    whole, part = np.divmod(np.arange(n_out + 1) * n_in, n_out)
    at_edges = above[whole] * n_out + values[np.minimum(whole, n_in - 1)] * part[:, None]
    sums: npt.NDArray[np.int64] = np.diff(at_edges, axis=0)
    return sums


def _fit(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return the shape with the longer side as given, the shorter in proportion (rounded half up, at least 1)."""
    longer = max(shape)
    fit = [max(1, (2 * length * side + longer) // (2 * longer)) for length in shape]
    return fit[0], fit[1]


def _offset(mass: npt.NDArray[np.uint64], extent: int, side: int) -> int:
    """Return where a profile of ink begins so that its centre of mass is nearest the middle and all of it inside."""
    total, centre = int(mass.sum()), side // 2
    moment = int((mass * np.arange(extent, dtype=np.uint64)).sum())
    begin = (2 * (centre * total - moment) + total) // (2 * total) if total else centre - extent // 2
    return min(max(begin, 0), side - extent)
