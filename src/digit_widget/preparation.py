"""From ink to the picture that a model is given, and back to a picture for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from digit_widget.models import ModelError
from digit_widget.normalise import SIDE, area_average
from digit_widget.normalise import normalise as normalise_ink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from digit_widget.models import Shape
    from digit_widget.normalise import Ink

    Pictures = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preparation:
    """How the pictures for a model are made."""

    transform: Callable[[Image.Image], Any] | None = None
    """A function that makes a tensor, an array or a picture of the ink; it replaces everything else."""
    normalise: bool = True
    """Whether the ink is brought to MNIST's size and centre of mass; otherwise the whole pad is resized."""

    def pictures(self, inks: Sequence[Ink], normalised: Sequence[Ink], shape: Shape | None) -> Pictures:
        """Return the pictures of some drawings.

        Parameters
        ----------
        inks
            At least one drawing: shape (height, width), uint8, 0 = paper, 255 = full ink.
        normalised
            The same drawings as `digit_widget.normalise.normalise` returns them.
        shape
            Channels, height and width that the model takes; (1, 28, 28) when None. A transform decides for itself.

        Returns
        -------
        numpy.ndarray
            Shape (n, channels, height, width), float32, 0 = paper, 1 = full ink, unless a transform makes it otherwise.

        Raises
        ------
        ModelError
            If the transform returns something other than pictures of one size.
        Exception
            Whatever the transform raises.
        """
        if self.transform is not None:
            return _stacked([_as_picture(self.transform(Image.fromarray(ink))) for ink in inks])
        channels, height, width = shape or (1, SIDE, SIDE)
        if not self.normalise:
            grey = np.stack([area_average(ink, height, width) for ink in inks])
        elif (height, width) == (SIDE, SIDE):
            grey = np.stack(normalised)
        else:
            grey = np.stack([_centred(ink, height, width) for ink in inks])
        pictures: Pictures = np.divide(grey[:, None], 255, dtype=np.float32)
        return np.repeat(pictures, channels, axis=1) if channels > 1 else pictures


def shown(picture: Pictures) -> Ink:
    """Return what a model was given as a picture for people.

    Parameters
    ----------
    picture
        Shape (channels, height, width). If values lie outside of 0..1, as after a transform, the range is rescaled.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), uint8: the mean of the channels.
    """
    grey = picture.mean(axis=0)
    low, high = min(0.0, float(grey.min())), max(1.0, float(grey.max()))
    ink: Ink = np.round((grey - low) * (255 / (high - low))).astype(np.uint8)
    return ink


def _centred(ink: Ink, height: int, width: int) -> Ink:
    """Return a drawing normalised to the largest square that fits, in the middle of a sheet."""
    side = min(height, width)
    sheet = np.zeros((height, width), np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    sheet[top : top + side, left : left + side] = normalise_ink(ink, side)
    return sheet


def _as_picture(made: Any) -> Pictures:  # noqa: ANN401 - a transform may return anything
    """Return what a transform returned as (channels, height, width)."""
    if hasattr(made, "detach"):
        made = made.detach().cpu().numpy()
    try:
        raw = np.asarray(made)
        array = raw.astype(np.float32)
        if raw.dtype == np.uint8:
            array /= 255
    except (TypeError, ValueError):
        array = np.zeros(0, np.float32)
    if isinstance(made, Image.Image) and array.ndim == 3:  # noqa: PLR2004 - Pillow has the channels last
        array = np.moveaxis(array, -1, 0)
    array = array[None] if array.ndim == 2 else array  # noqa: PLR2004 - (height, width)
    if array.ndim != 3:  # noqa: PLR2004 - (channels, height, width)
        message = (
            "Expected the transform to return a tensor of shape (channels, height, width), as ToTensor() does, but it "
            f"returned a {type(made).__name__}{f' of shape {array.shape}' if array.size else ''}."
        )
        raise ModelError(message)
    return array


def _stacked(pictures: list[Pictures]) -> Pictures:
    shapes = {picture.shape for picture in pictures}
    if len(shapes) > 1:
        message = (
            f"Expected the transform to return pictures of one size, but it returned {_listed(shapes)}. Resize((28, "
            "28)), with two numbers, makes them all the same."
        )
        raise ModelError(message)
    return np.stack(pictures)


def _listed(shapes: set[tuple[int, ...]]) -> str:
    return " and ".join(map(str, sorted(shapes)[:2]))
