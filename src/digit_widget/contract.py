"""What a classifier expects of a model's output, and of its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.labels import check_labels
from digit_widget.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Rows = npt.NDArray[np.float64]

ROUNDING = 1e-3
"""How far above 1 a probability may be."""


def check_outputs(
    outputs: npt.NDArray[Any], pictures: int, labels: Sequence[str], *, probabilities: bool | None = None
) -> Rows:
    """Check what a model returned.

    Parameters
    ----------
    outputs
        What it returned, of any shape and numeric type.
    pictures
        How many pictures it was given.
    labels
        One for each class.
    probabilities
        Whether the model returns probabilities and not logits; None if that is not known yet. One number for two
        classes is read by that.

    Returns
    -------
    numpy.ndarray
        Shape (pictures, classes), float64, without NaN. Minus infinity, the logarithm of a probability of 0, may occur,
        but not for all classes of a picture.

    Raises
    ------
    ModelError
        If the shape is another, or the numbers cannot be used.
    LabelsError
        If there is not one label for each class.
    """
    rows = outputs.astype(np.float64)
    while rows.ndim > 2 and rows.shape[-1] == 1:  # noqa: PLR2004 - (n, classes, 1, 1), from a network of convolutions
        rows = rows[..., 0]
    if rows.size == pictures and len(labels) > 1:
        if outputs.dtype.kind in "iub":
            rows = _of_indices(rows.reshape(-1), len(labels))
        elif len(labels) == 2:  # noqa: PLR2004 - of the second class, as people train them
            second = rows.reshape(-1)
            is_share = are_probabilities(second) if probabilities is None else probabilities
            rows = np.stack([1 - second if is_share else np.zeros(pictures), second], axis=1)
    if rows.ndim != 2 or len(rows) != pictures:  # noqa: PLR2004 - (n, classes)
        message = (
            f"Expected the model's output for {pictures} picture{'s' * (pictures > 1)} to have the shape "
            f"({pictures}, {len(labels)}), one row for each picture and one number for each class, but it has the "
            f"shape {outputs.shape}."
        )
        raise ModelError(message)
    check_labels(labels, rows.shape[1])
    if np.isnan(rows).any() or np.isposinf(rows).any() or np.isneginf(rows).all(axis=1).any():
        message = (
            "The model's output contains NaN or infinity. Check its weights, and that it expects inputs from 0 to 1."
        )
        raise ModelError(message)
    return rows


def _of_indices(indices: npt.NDArray[np.float64], classes: int) -> Rows:
    """Return a 1 among zeros for each index of a class."""
    if (indices < 0).any() or (indices >= classes).any():
        message = f"Expected indices of classes from 0 to {classes - 1}, but the model returned {indices.max():g}."
        raise ModelError(message)
    rows: Rows = np.eye(classes)[indices.astype(int)]
    return rows


def are_probabilities(rows: Rows) -> bool:
    """Return whether the rows are probabilities (or the scores of sigmoids) and not logits: all lie in 0..1.

    Examples
    --------
    >>> are_probabilities(np.array([[0.9, 0.1]])), are_probabilities(np.array([[2.2, -1.0]]))
    (True, False)
    """
    return bool((rows >= 0).all() and (rows <= 1 + ROUNDING).all())


def log_probabilities(rows: Rows) -> Rows:
    """Return probabilities as logits: scaled to sum to 1, then their logarithm.

    Parameters
    ----------
    rows
        Shape (n, classes). A row of zeros means "none of the classes"; its logits are all minus infinity.

    Raises
    ------
    ModelError
        If a number is negative, though the model returned probabilities before.

    Examples
    --------
    >>> log_probabilities(np.array([[0.25, 0.25]])).round(2)
    array([[-0.69, -0.69]])
    """
    if (rows < 0).any():
        message = (
            "The model's output contains negative numbers, but the model returned probabilities when it was first "
            "asked. It must return either probabilities or logits each time."
        )
        raise ModelError(message)
    scaled: Rows = rows / np.maximum(rows.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    with np.errstate(divide="ignore"):
        return np.log(scaled)


def softmax(logits: Rows) -> Rows:
    """Return the probabilities, (classes,), of some logits, (classes,)."""
    odds = np.exp(logits - logits.max())
    probabilities: Rows = odds / odds.sum()
    return probabilities
