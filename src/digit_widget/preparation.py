"""From ink to the picture that a model is given, and back to a picture for people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from PIL import Image

from digit_widget.errors import a
from digit_widget.forms import USUAL, Form, as_shade, as_size, as_values
from digit_widget.models import ModelError
from digit_widget.normalise import SIDE, area_average, normalise_finely
from digit_widget.normalise import normalise as normalise_ink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from digit_widget.forms import Shade, Values
    from digit_widget.keywords import PictureKeywords
    from digit_widget.models import Shape
    from digit_widget.normalise import Ink

    Pictures = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preparation:
    """What a user has said about a model's pictures; what is None is found out, see `digit_widget.inputs`."""

    transform: Callable[[Image.Image], Any] | None = None
    """A function that makes a tensor, an array or a picture of the ink, in place of resizing and of `values`."""
    normalise: bool = True
    """Whether the ink is brought to MNIST's size and centre of mass; otherwise the whole pad is resized."""
    values: Values | None = None
    ink: Shade | None = None
    size: tuple[int, int] | None = None
    """Height and width, in pixels."""
    transposed: bool | None = None

    def changed(self, **keywords: Unpack[PictureKeywords]) -> Preparation:
        """Return what holds when a user says more; what he does not mention, or says is None, stays.

        Raises
        ------
        ModelError
            If a value cannot be used, or the model's pictures would be made in two ways.
        """
        said = {name: value for name, value in keywords.items() if value is not None}
        if "transform" in said and (both := [f"{name}=" for name in ("inputs", "input_size") if name in said]):
            message = f"Pass transform= or {' and '.join(both)}, not both: a transform makes values and size itself."
            raise ModelError(message)
        changes: dict[str, Any] = {
            name: said[name] for name in ("transform", "normalise", "transposed") if name in said
        }
        if "transform" in said:
            changes |= {"values": None, "size": None}
        if "inputs" in said:
            changes["values"] = None if said["inputs"] == "auto" else as_values(said["inputs"])
        if "ink" in said:
            changes["ink"] = as_shade(said["ink"])
        if "input_size" in said:
            changes["size"] = as_size(said["input_size"])
        if {"inputs", "input_size"} & said.keys():
            changes["transform"] = None
        return replace(self, **changes)

    @property
    def usual(self) -> Form:
        """The form that holds as far as nothing else was said."""
        return Form(self.values or USUAL, self.ink or "light", self.transposed or False)

    def check_is_usual(self) -> None:
        """Check that nothing was said but whether to normalise, for a model whose inputs are known.

        Raises
        ------
        ModelError
            If more was said.
        """
        if self != Preparation(normalise=self.normalise):
            message = (
                "inputs=, ink=, input_size= and transposed= are for a model of your own; the bundled CNN has its own "
                "way. Leave them out, or pass a model."
            )
            raise ModelError(message)

    def pictures(self, inks: Sequence[Ink], normalised: Sequence[Ink], shape: Shape | None, form: Form) -> Pictures:
        """Return the pictures of some drawings, before they are brought into the form that the model expects.

        Parameters
        ----------
        inks
            At least one drawing: shape (height, width), uint8, 0 = paper, 255 = full ink.
        normalised
            The same drawings as `digit_widget.normalise.normalise` returns them.
        shape
            Channels, height and width that the model takes; (1, 28, 28) when None. A transform decides for itself.
        form
            The ink and the transposition that the transform is given.

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
            sheets = (normalise_finely(ink) for ink in inks) if self.normalise else inks
            return _stacked([_as_picture(self.transform(_sheet(ink, form))) for ink in sheets])
        channels, height, width = shape or (1, SIDE, SIDE)
        if not self.normalise:
            grey = np.stack([area_average(ink, height, width) for ink in inks])
        elif (height, width) == (SIDE, SIDE):
            grey = np.stack(normalised)
        else:
            grey = np.stack([_centred(ink, height, width) for ink in inks])
        pictures: Pictures = np.divide(grey[:, None], 255, dtype=np.float32)
        return np.repeat(pictures, channels, axis=1) if channels > 1 else pictures


def _sheet(ink: Ink, form: Form) -> Image.Image:
    turned = ink.T if form.transposed else ink
    return Image.fromarray(np.ascontiguousarray(255 - turned if form.ink == "dark" else turned))


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
            f"returned {a(made)}{f' of shape {array.shape}' if array.size else ''}."
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
