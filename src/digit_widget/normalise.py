"""From ink of any size to the 28 × 28 picture that MNIST would have made of it.

Training, the widget and `predict` all use this definition. Another implementation can agree with it to the byte: all
sums are of integers below 2**53, with one rounded division at the end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ink = npt.NDArray[np.uint8]

SIDE = 28
"""Side of the normalised picture, in pixels."""

DIGIT = 20
"""Longer side of the ink in the normalised picture, in pixels."""

FILLED = 8
"""A picture of this side is filled by the ink, as those of scikit-learn's ``load_digits`` are."""

INK_THRESHOLD = 8
"""Ink up to this, of 255, is the grain of the paper, and is not counted when the bounding box is found."""


def normalise(ink: Ink, side: int = SIDE) -> Ink:
    """Bring a drawing to the size and position of the digits in MNIST.

    The ink is cropped to its bounding box and resampled by area averaging, so that its longer side becomes 20 pixels
    and the aspect ratio is kept. The result is placed in a picture of 28 × 28 with its centre of mass at pixel
    (14, 14), or as near as possible without cutting off ink.

    Parameters
    ----------
    ink
        Shape (height, width), uint8, 0 = paper, 255 = full ink.
    side
        Side of the picture, in pixels, for a network that takes another size; everything is scaled in proportion, but
        that the ink fills a picture of 8 × 8.

    Returns
    -------
    numpy.ndarray
        Shape (side, side), uint8, 0 = paper, 255 = full ink; all zero if there is no ink.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits": size-normalised to 20x20 with the
    aspect kept, centred by centre of mass in 28x28.
    """
    return _laid(place(ink, side), side)


FINER = 10
"""How many times finer than MNIST's a picture is that `normalise_finely` returns."""


def normalise_finely(ink: Ink) -> Ink:
    """Bring a drawing to where `normalise` puts it, at ten times the resolution.

    Returns
    -------
    numpy.ndarray
        Shape (280, 280), uint8, 0 = paper, 255 = full ink. Averaged over squares of 10 × 10 it is the picture that
        `normalise` returns, but for rounding.
    """
    placed = place(ink)
    if placed is not None:
        shape = (length * FINER for length in placed.digit.shape)
        rows, columns = (slice(to.start * FINER, to.stop * FINER) for to in placed.to)
        placed = Placed(placed.box, area_average(ink[placed.box], *shape), (rows, columns))
    return _laid(placed, SIDE * FINER)


def _laid(placed: Placed | None, side: int) -> Ink:
    sheet = np.zeros((side, side), np.uint8)
    if placed is not None:
        sheet[placed.to] = placed.digit
    return sheet


class Placed(NamedTuple):
    """The ink of a drawing, where it was on the sheet, and where it is in the normalised picture."""

    box: tuple[slice, slice]
    """Rows and columns of the sheet."""
    digit: Ink
    """The ink, resampled to its size in the picture."""
    to: tuple[slice, slice]
    """Rows and columns of the picture."""


def place(ink: Ink, side: int = SIDE) -> Placed | None:
    """Return where `normalise` places a drawing in the picture, or None if there is no ink."""
    box = ink_box(ink)
    if box is None:
        return None
    cut = ink[box]
    digit = area_average(cut, *_fit(cut.shape, side if side == FILLED else side * DIGIT // SIDE))
    top, left = (_offset(digit.sum(axis=1 - axis), digit.shape[axis], side) for axis in (0, 1))
    return Placed(box, digit, (slice(top, top + digit.shape[0]), slice(left, left + digit.shape[1])))


def ink_box(ink: Ink) -> tuple[slice, slice] | None:
    """Return the rows and columns of the bounding box of the ink, or None if there is no ink."""
    dark = ink > INK_THRESHOLD
    rows, columns = (np.flatnonzero(dark.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def area_average(ink: Ink, height: int, width: int) -> Ink:
    """Resample by exact area averaging.

    Each axis is divided into ``n_in * n_out`` cells, so that every weight is a whole number of cells.

    Parameters
    ----------
    ink
        Shape (h, w), uint8.
    height, width
        The new shape, in pixels; larger or smaller than the old one.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), uint8, rounded half up.

    Examples
    --------
    >>> area_average(np.array([[0, 100, 200]], np.uint8), 1, 2)
    array([[ 33, 167]], dtype=uint8)
    """
    sums = _overlap_sums(_overlap_sums(ink, height).T, width).T
    cells = ink.shape[0] * ink.shape[1]
    averages: Ink = ((2 * sums + cells) // (2 * cells)).astype(np.uint8)
    return averages


def _overlap_sums(values: npt.NDArray[np.integer[Any]], n_out: int) -> npt.NDArray[np.int64]:
    """Return the sum of the cells in each of n_out pixels along the first axis.

    The cumulative sum gives the sum up to each edge of a pixel, and the differences give the pixels. No matrices are
    multiplied, because numpy's BLAS would distribute that over threads, and on a busy machine wait for these for 20 ms.
    """
    n_in = len(values)
    above = np.zeros((n_in + 1, *values.shape[1:]), np.int64)
    np.cumsum(values, axis=0, out=above[1:])
    whole, part = np.divmod(np.arange(n_out + 1) * n_in, n_out)
    at_edges = above[whole] * n_out + values[np.minimum(whole, n_in - 1)] * part[:, None]
    sums: npt.NDArray[np.int64] = np.diff(at_edges, axis=0)
    return sums


def _fit(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return a shape scaled so that its longer side is as given, rounded half up and at least 1."""
    longer = max(shape)
    fit = [max(1, (2 * length * side + longer) // (2 * longer)) for length in shape]
    return fit[0], fit[1]


def _offset(mass: npt.NDArray[np.uint64], extent: int, side: int) -> int:
    """Return where to place a profile of ink so that its centre of mass is nearest to the middle, and all is inside."""
    total, centre = int(mass.sum()), side // 2
    moment = int((mass * np.arange(extent, dtype=np.uint64)).sum())
    begin = (2 * (centre * total - moment) + total) // (2 * total) if total else centre - extent // 2
    return min(max(begin, 0), side - extent)
