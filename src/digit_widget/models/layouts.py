"""The order of the axes in which a model takes a batch of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Layout = Literal["channels first", "flat", "channels last", "no channels"]

LAYOUTS: tuple[Layout, ...] = ("channels first", "flat", "channels last", "no channels")
"""The likeliest first."""


def arranged(pictures: npt.NDArray[np.float32], layout: Layout) -> npt.NDArray[np.float32]:
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
