"""Tell a tap of the pen from a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_widget.normalise import ink_box

if TYPE_CHECKING:
    from digit_widget.normalise import Ink

DOT_WIDTH = 7.8
"""Stroke width, in pixels of the normalised picture, from which on a drawing is a dot: a tap measures 7.9 to 9.3 with
pens from half to twice the usual width, and the thickest of MNIST's 70,000 digits 7.7."""

SPECK_WIDTH = 5.0
"""Stroke width from which on a drawing that is also tiny is a dot: a tap during which the pen slipped is less round."""
SPECK_SIZE = 0.1
"""How tiny: the longer side of the ink, relative to that of the sheet."""


def is_dot(ink: Ink, normalised: Ink) -> bool:
    """Return whether a drawing is only a tap of the pen.

    Parameters
    ----------
    ink
        The drawing: shape (height, width), uint8, 0 = paper, 255 = full ink.
    normalised
        The same as `digit_widget.normalise.normalise` returns it.
    """
    width = stroke_width(normalised)
    if width < SPECK_WIDTH:
        return False
    box = ink_box(ink)
    if box is None:
        return False
    longer = max(side.stop - side.start for side in box)
    return width >= DOT_WIDTH or longer <= SPECK_SIZE * max(ink.shape)


def stroke_width(ink: Ink) -> float:
    """Return the mean width of the strokes in a picture, in pixels: twice the area, divided by the perimeter.

    The perimeter is the total variation of the ink, which is also right for grey edges.

    Parameters
    ----------
    ink
        Shape (height, width), uint8, 0 = paper, 255 = full ink.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.zeros((9, 200), np.uint8)
    >>> line[3:6] = 255
    >>> round(stroke_width(line))
    3
    """
    padded = np.pad(ink / 255, 1)
    down, across = np.diff(padded, axis=0)[:, 1:], np.diff(padded, axis=1)[1:]
    perimeter = float(np.hypot(down, across).sum())
    return 2 * float(padded.sum()) / perimeter if perimeter else 0.0
