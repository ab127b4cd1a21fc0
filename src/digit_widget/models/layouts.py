"""How a model takes a batch of pictures: the order of the axes, their lengths, and how many pictures at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from digit_widget.models import Shape

    Layout = Literal["channels first", "flat", "channels last", "no channels"]

LAYOUTS: tuple[Layout, ...] = ("channels first", "flat", "channels last", "no channels")
"""The likeliest first."""
USUAL_SIDE = 28
"""Side of the pictures, in pixels, if a model leaves it open."""
MAX_SIDE = 1024
"""Largest side, in pixels, of the pictures that a model may take."""
_CHANNELS = (1, 3)  # as many as pictures usually have: this tells whether they come first or last


class Declared(NamedTuple):
    """What a model says of the pictures that it takes."""

    shape: Shape
    layout: Layout
    step: int | None
    """How many pictures it takes at once; None for any number."""


def declared(shape: Sequence[object]) -> Declared | None:
    """Return what the shape of a model's input says; None if it is not that of a batch of pictures.

    Parameters
    ----------
    shape
        The batch comes first. A length that is no integer is open: one channel is taken then, and a side of
        `USUAL_SIDE`.

    Examples
    --------
    >>> declared(["n", 3, 64, 64])
    Declared(shape=(3, 64, 64), layout='channels first', step=None)
    >>> declared([1, 784])
    Declared(shape=(1, 28, 28), layout='flat', step=1)
    """
    step, *axes = [length if isinstance(length, int) else None for length in shape] or [None]
    layout: Layout
    found: Shape
    match axes:
        case [count]:
            layout, found = "flat", (1, USUAL_SIDE, USUAL_SIDE) if count is None else square(count) or (0, 0, 0)
        case [height, width]:
            layout, found = "no channels", (1, _side(height), _side(width))
        case [None | 1 | 3 as channels, height, width] if channels or width not in _CHANNELS:
            layout, found = "channels first", (channels or 1, _side(height), _side(width))
        case [height, width, None | 1 | 3 as channels]:  # as Keras has them
            layout, found = "channels last", (channels or 1, _side(height), _side(width))
        case _:
            return None
    if not (min(found) >= 1 and max(found) <= MAX_SIDE) or step == 0:
        return None
    return Declared(found, layout, step)


def square(count: int) -> Shape | None:
    """Return the shape of the square picture that has so many numbers, in grey or in colour; None if there is none.

    Examples
    --------
    >>> square(784), square(2352), square(785)
    ((1, 28, 28), (3, 28, 28), None)
    """
    sides = {channels: math.isqrt(max(count, 0) // channels) for channels in _CHANNELS}
    return next(((depth, side, side) for depth, side in sides.items() if depth * side**2 == count > 0), None)


def _side(length: int | None) -> int:
    return USUAL_SIDE if length is None else length


def arranged(pictures: npt.NDArray[Any], layout: Layout) -> npt.NDArray[Any]:
    """Return pictures, (n, channels, height, width), with their axes as a model takes them.

    Returns
    -------
    numpy.ndarray
        ``"channels first"``: unchanged; ``"channels last"``: (n, height, width, channels), as Keras has them;
        ``"no channels"``: (n, height, width), for pictures of one channel; ``"flat"``: (n, channels · height · width).

    Examples
    --------
    >>> pictures = np.zeros((5, 1, 28, 28), np.float32)
    >>> [arranged(pictures, layout).shape for layout in LAYOUTS]
    [(5, 1, 28, 28), (5, 784), (5, 28, 28, 1), (5, 28, 28)]
    """
    if layout == "flat":
        return pictures.reshape(len(pictures), -1)
    if layout == "channels last":
        return np.ascontiguousarray(np.moveaxis(pictures, 1, -1))
    if layout == "no channels":
        return pictures.reshape(len(pictures), -1, pictures.shape[-1])
    return pictures


def as_bytes(pictures: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return pictures from 0 to 1 as whole numbers from 0 to 255."""
    return np.round(pictures * 255).clip(0, 255).astype(np.uint8)


def batches(pictures: npt.NDArray[Any], step: int | None) -> list[npt.NDArray[Any]]:
    """Split pictures into batches of as many as a model takes at once; the last is filled up with blank ones.

    Examples
    --------
    >>> [len(batch) for batch in batches(np.zeros((3, 1, 28, 28)), 2)]
    [2, 2]
    """
    step = step or max(len(pictures), 1)
    short = -len(pictures) % step
    filled = np.concatenate([pictures, np.zeros((short, *pictures.shape[1:]), pictures.dtype)]) if short else pictures
    return np.split(filled, max(len(filled) // step, 1))
