"""What a classifier expects of a model, checked on ten digits when they meet, and of every output after that."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.labels import LabelsError
from digit_widget.models import ModelError
from digit_widget.strokes import PAD_SIZE, checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from digit_widget.normalise import Ink

SUM_TOLERANCE = 1e-3
"""How far from 1 the sum of probabilities may be, for rounding."""
SHARE = 0.6
"""Side of the ten digits, in shares of the pad."""
CLEARLY = 4
"""By how many of the ten digits one polarity must beat the other to be called the right one."""


@cache
def ten_digits() -> tuple[Ink, ...]:
    """Return one drawing of each digit, 0 to 9, as they are drawn in the middle of the pad."""
    shapes = json.loads(files(__package__).joinpath("digits.json").read_text(encoding="utf-8"))
    corner, scale = PAD_SIZE * (1 - SHARE) / 2, PAD_SIZE * SHARE
    return tuple(
        rasterise(checked([[[corner + scale * x, corner + scale * y] for x, y in stroke] for stroke in shapes[str(n)]]))
        for n in range(10)
    )


def check_labels(labels: Sequence[str], classes: int) -> None:
    """Raise `LabelsError` unless there is one label a class."""
    if len(labels) != classes:
        message = f"The model knows {classes} classes but there are {len(labels)} labels; give one a class."
        raise LabelsError(message)


def check_outputs(outputs: npt.NDArray[Any], pictures: int, labels: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return outputs as one row of finite numbers a picture.

    Parameters
    ----------
    outputs
        What a model returned.
    pictures
        For how many pictures.
    labels
        One a class.

    Returns
    -------
    numpy.ndarray
        Shape (pictures, classes), float64.

    Raises
    ------
    ModelError
        When the shape is another, or a number is missing. Minus infinity passes: it is the log of a probability of 0.
    """
    rows = outputs.astype(np.float64)
    while rows.ndim > 2 and rows.shape[-1] == 1:  # noqa: PLR2004 - (n, classes, 1, 1), of a network of convolutions
        rows = rows[..., 0]
    if rows.ndim != 2 or len(rows) != pictures:  # noqa: PLR2004 - (n, classes)
        message = (
            f"The model's output has the shape {outputs.shape}; for {pictures} picture{'s' * (pictures > 1)} "
            f"({pictures}, {len(labels)}) was expected: one row a picture, one number a class."
        )
        raise ModelError(message)
    check_labels(labels, rows.shape[1])
    if np.isnan(rows).any() or np.isposinf(rows).any() or np.isneginf(rows).all(axis=1).any():
        message = (
            "The model's output holds NaN or infinity where numbers were expected; look at its weights and inputs."
        )
        raise ModelError(message)
    return rows


def are_shares(rows: npt.NDArray[np.float64]) -> bool:
    """Tell probabilities, or the scores of sigmoids, from logits: every number lies in 0..1."""
    return bool((rows >= 0).all() and (rows <= 1 + SUM_TOLERANCE).all())


def log_shares(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return shares as logits: brought to the sum 1, and their logarithm; a row of zeros says "none of them".

    Raises
    ------
    ModelError
        When a number is below 0, though the model gave shares when it was met.
    """
    if (rows < 0).any():
        message = "The model's output was probabilities when it was given, and holds numbers below 0 now."
        raise ModelError(message)
    shares: npt.NDArray[np.float64] = rows / np.maximum(rows.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    with np.errstate(divide="ignore"):
        return np.log(shares)


def polarity_warning(as_is: npt.NDArray[np.float64], inverted: npt.NDArray[np.float64]) -> str:
    """Return a sentence when a model of digits is clearly better at the ten of them black on white, else "".

    Parameters
    ----------
    as_is, inverted
        Outputs for the ten digits as white ink on black paper, as MNIST has them, and the other way round; (10, 10).
    """
    right, other = (int((rows.argmax(axis=1) == np.arange(10)).sum()) for rows in (as_is, inverted))
    if other < right + CLEARLY:
        return ""
    return (
        f"This model is right about {other} of ten digits when they are black on white, and about {right} as it gets "
        "them here, white on black as MNIST has them. It seems to have learnt from dark ink on light paper: "
        "turn the pictures round with model=lambda pictures: network(1 - pictures), or begin a transform with "
        "ImageOps.invert."
    )
