"""The forms in which a model may expect its pictures: the range of the values, the ink, and which way up."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from digit_widget.models import ModelError
from digit_widget.models.layouts import MAX_SIDE

if TYPE_CHECKING:
    import numpy.typing as npt

    Pictures = npt.NDArray[np.float32]
    Numbers = tuple[float, ...]

    Values = str | tuple[Numbers, Numbers]
    """A name in `VALUES`, or mean and deviation: one number, or one for each channel."""
    Shade = Literal["light", "dark"]

VALUES: dict[str, tuple[Numbers, Numbers]] = {
    "0..1": ((0.0,), (1.0,)),
    "mnist": ((0.1307,), (0.3081,)),
    "-1..1": ((0.5,), (0.5,)),
    "0..255": ((0.0,), (1 / 255,)),
    "-0.5..0.5": ((0.5,), (1.0,)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "0..16": ((0.0,), (1 / 16,)),
}
"""Mean and deviation of each range by name, for pictures from 0 (black) to 1 (white); the likeliest first. ``"mnist"``
and ``"imagenet"`` are what people pass to torchvision's ``Normalize`` for these data, ``"0..16"`` is scikit-learn's
``load_digits``."""
USUAL = "0..1"
SHADES = ("light", "dark")


@dataclass(frozen=True)
class Form:
    """How a model is given its pictures."""

    values: Values = USUAL
    ink: Shade = "light"
    """``"light"``: white ink on black, as in MNIST; ``"dark"``: black ink on white."""
    transposed: bool = False
    """Whether rows and columns change places, as in EMNIST's raw files."""

    def encode(self, pictures: Pictures) -> Pictures:
        """Return pictures as the model expects them.

        Parameters
        ----------
        pictures
            Shape (n, channels, height, width), 0 = paper, 1 = full ink.

        Returns
        -------
        numpy.ndarray
            The same shape, but for height and width when they change places; float32.

        Examples
        --------
        >>> Form("-1..1", ink="dark").encode(np.zeros((1, 1, 1, 2), np.float32))
        array([[[[1., 1.]]]], dtype=float32)
        """
        if self == Form():
            return pictures
        turned = pictures.swapaxes(2, 3) if self.transposed else pictures
        shaded = 1 - turned if self.ink == "dark" else turned
        mean, deviation = VALUES[self.values] if isinstance(self.values, str) else self.values
        column = (-1, 1, 1)
        encoded = (shaded - np.reshape(mean, column)) / np.reshape(deviation, column)
        return np.ascontiguousarray(encoded, np.float32)

    def __str__(self) -> str:
        """Return the form in words.

        Examples
        --------
        >>> str(Form("0..255", ink="dark", transposed=True))
        '0..255, dark ink on light paper, transposed'
        """
        return ", ".join(part for part in (_range(self.values), *self.turns) if part)

    @property
    def turns(self) -> list[str]:
        """What is unusual about the drawing itself, in words."""
        return ["dark ink on light paper"] * (self.ink == "dark") + ["transposed"] * self.transposed


def _range(values: Values) -> str:
    if isinstance(values, str):
        of = {"mnist": "MNIST's", "imagenet": "ImageNet's"}.get(values)
        return f"{of} mean and deviation" if of else values
    mean, deviation = (", ".join(f"{number:g}" for number in part) for part in values)
    return f"mean {mean} and deviation {deviation}"


def forms(*, values: Values | None, ink: Shade | None, transposed: bool | None, channels: int, side: int) -> list[Form]:
    """Return the forms that a model may be tried in, the usual one first.

    Parameters
    ----------
    values, ink, transposed
        What is known already; None for what is to be found out.
    channels, side
        Of the pictures that the model takes.

    Examples
    --------
    >>> [str(form) for form in forms(values="mnist", ink=None, transposed=False, channels=1, side=28)]
    ["MNIST's mean and deviation", "MNIST's mean and deviation, dark ink on light paper"]
    """
    unlikely = {"imagenet": channels != 3, "0..16": side != 8}  # noqa: PLR2004 - colours; load_digits has 8 × 8
    ranges = [name for name in VALUES if not unlikely.get(name)] if values is None else [values]
    shades: list[Shade] = ["light", "dark"] if ink is None else [ink]
    turns = [False, True] if transposed is None else [transposed]
    return [Form(each, shade, turned) for turned, shade, each in product(turns, shades, ranges)]


def as_values(inputs: object) -> Values:
    """Return what a user passed as ``inputs``, checked.

    Raises
    ------
    ModelError
        If it is neither a name in `VALUES` nor mean and deviation.

    Examples
    --------
    >>> as_values("-1..1"), as_values((0.5, 0.25))
    ('-1..1', ((0.5,), (0.25,)))
    """
    if isinstance(inputs, str) and inputs in VALUES:
        return inputs
    if isinstance(inputs, Iterable) and not isinstance(inputs, str):
        parts = [_numbers(part) for part in inputs]
        if len(parts) == 2 and all(parts) and min(parts[1]) > 0:  # noqa: PLR2004
            return parts[0], parts[1]
    message = (
        f"Expected inputs to be 'auto', {', '.join(map(repr, VALUES))}, or (mean, deviation) with a deviation above 0, "
        f"as for torchvision's Normalize, but got {inputs!r:.60}."
    )
    raise ModelError(message)


def _numbers(part: Any) -> Numbers:  # noqa: ANN401 - a user may pass anything
    """Return a number, or some, as floats; () if it is something else."""
    each = list(part) if isinstance(part, Iterable) and not isinstance(part, str) else [part]
    if all(isinstance(number, numbers.Real) and math.isfinite(number) for number in each):
        return tuple(float(number) for number in each)
    return ()


def as_shade(ink: object) -> Shade:
    """Return what a user passed as ``ink``, checked.

    Raises
    ------
    ModelError
        If it is neither ``"light"`` nor ``"dark"``.
    """
    if ink == "light" or ink == "dark":  # noqa: PLR1714 - so that the type checker knows
        return ink
    message = f"Expected ink to be 'light' (white ink on black, as in MNIST) or 'dark', but got {ink!r:.60}."
    raise ModelError(message)


def as_size(size: object) -> tuple[int, int]:
    """Return what a user passed as ``input_size``, a side or (height, width) in pixels, checked.

    Raises
    ------
    ModelError
        If it is something else, or a side is less than 1 or more than `MAX_SIDE`.

    Examples
    --------
    >>> as_size(64), as_size((32, 48))
    ((64, 64), (32, 48))
    """
    sides = [_side(side) for side in (size if isinstance(size, (tuple, list)) else (size, size))]
    if len(sides) == 2 and all(sides):  # noqa: PLR2004
        return sides[0], sides[1]
    message = (
        f"Expected input_size to be a side in pixels, such as 64, or (height, width), from 1 to {MAX_SIDE}, but got "
        f"{size!r:.60}."
    )
    raise ModelError(message)


def _side(side: object) -> int:
    """Return a side as an int; 0 if it cannot be one."""
    is_whole = isinstance(side, (int, np.integer)) and not isinstance(side, bool)
    return int(side) if is_whole and 1 <= side <= MAX_SIDE else 0  # type: ignore[operator, call-overload]
