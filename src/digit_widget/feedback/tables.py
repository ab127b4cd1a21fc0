"""Feedback as a table, as arrays, and as tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_widget.errors import short
from digit_widget.feedback.record import NONE, FeedbackError
from digit_widget.models import TORCH
from digit_widget.normalise import SIDE, normalise
from digit_widget.picture import PictureError, to_ink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    import pandas as pd
    from torch.utils.data import TensorDataset

    from digit_widget.feedback.record import Record
    from digit_widget.normalise import Ink

COLUMNS = {
    "id": "str",
    "time": "datetime64[us, UTC]",
    "label": "str",
    "target": "Int64",
    "result": "str",
    "prediction": "Int64",
    "is_right": "bool",
    "confidence": "float64",
    "model": "str",
    "weights": "str",
    "comment": "str",
    "locale": "str",
    "session": "str",
}
"""What a table says of a record, and the types that pandas gives it."""


def to_pandas(records: Iterable[Record]) -> pd.DataFrame:
    """Return a table with a row for each record.

    Parameters
    ----------
    records
        The whole `Feedback`, or some of it.

    Returns
    -------
    pandas.DataFrame
        The columns are `id`, `time` (in UTC), `label`, `target` (a whole number; missing for "none of these"),
        `result`, `prediction` (in the same way), `is_right`, `confidence` (0..1), `model`, `weights`, `comment`,
        `locale` and `session`, as in `Record`.

    Raises
    ------
    FeedbackError
        If pandas is not installed, or the records cannot be read.

    Examples
    --------
    >>> from digit_widget import Feedback
    >>> table = to_pandas(Feedback("feedback"))
    >>> share_right = table.groupby("label")["is_right"].mean()
    """
    try:
        import pandas as pd  # noqa: PLC0415 - only this needs it
    except ImportError as error:
        raise _missing(error, "pandas", "for a table of feedback", "pandas") from error
    rows = list(records)
    return pd.DataFrame(
        {name: pd.Series([getattr(row, name) for row in rows], dtype=kind) for name, kind in COLUMNS.items()}
    )


def to_arrays(
    records: Iterable[Record], *, keep_none: bool = True
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the drawings as MNIST would have them, and the classes that people say they are.

    Parameters
    ----------
    records
        The whole `Feedback`, or some of it.
    keep_none
        Whether drawings are kept of which somebody said "none of these".

    Returns
    -------
    pictures : numpy.ndarray
        Shape (n, 28, 28), uint8, 0 = paper, 255 = full ink, in the order of the records: see
        `digit_widget.normalise.normalise`.
    targets : numpy.ndarray
        Shape (n,), int64: indices of labels, and -1 for "none of these".

    Raises
    ------
    FeedbackError
        If the records have different labels, or a picture cannot be read.

    Examples
    --------
    >>> from digit_widget import Feedback
    >>> pictures, targets = to_arrays(Feedback("feedback"))
    >>> pictures.shape[1:], pictures.dtype, targets.dtype
    ((28, 28), dtype('uint8'), dtype('int64'))
    """
    kept = [record for record in records if keep_none or record.target is not None]
    labels_of(kept)
    pictures = np.zeros((len(kept), SIDE, SIDE), np.uint8)
    for picture, record in zip(pictures, kept, strict=True):
        picture[:] = _normalised(record)
    return pictures, np.array([NONE if record.target is None else record.target for record in kept], np.int64)


def to_torch(records: Iterable[Record]) -> TensorDataset:
    """Return the drawings and the classes that people say they are, for a network of torch's to be trained with.

    Drawings of which somebody said "none of these" are left out, because they have no class to be trained for.
    `to_arrays` keeps them.

    Parameters
    ----------
    records
        The whole `Feedback`, or some of it.

    Returns
    -------
    torch.utils.data.TensorDataset
        Of pictures, shape (n, 1, 28, 28), float32, 0 = paper, 1 = full ink, as torchvision's MNIST with `ToTensor` has
        them; and of targets, shape (n,), int64: indices of labels.

    Raises
    ------
    FeedbackError
        If torch is not installed, the records have different labels, or a picture cannot be read.

    Examples
    --------
    >>> from torch.utils.data import DataLoader
    >>> from digit_widget import Feedback
    >>> for pictures, targets in DataLoader(to_torch(Feedback("feedback")), batch_size=32):
    ...     pass  # train
    """
    try:
        import torch  # noqa: PLC0415 - takes seconds
        from torch.utils.data import TensorDataset  # noqa: PLC0415
    except ImportError as error:
        raise _missing(error, "PyTorch", "for a data set of tensors", TORCH) from error
    pictures, targets = to_arrays(records, keep_none=False)
    return TensorDataset(torch.from_numpy(pictures)[:, None].float() / 255, torch.from_numpy(targets))


def labels_of(records: Sequence[Record]) -> tuple[str, ...]:
    """Return the labels of the records, if they all have the same: numbers of classes say nothing without them."""
    found = list(dict.fromkeys(record.labels for record in records))
    if len(found) > 1:
        first, other = (", ".join(labels) for labels in found[:2])
        message = (
            f"The records have different labels ({first:.60} and {other:.60}), so that a number does not say which "
            "class it is. Take those with the same record.labels."
        )
        raise FeedbackError(message)
    return found[0] if found else ()


def _normalised(record: Record) -> Ink:
    try:
        return normalise(to_ink(record.png))
    except PictureError as error:
        message = f"The drawing {record.id} of session {record.session} cannot be used. {error}"
        raise FeedbackError(message) from error


def _missing(error: ImportError, name: str, purpose: str, package: str) -> FeedbackError:
    return FeedbackError(
        f"{name} is needed {purpose}, but it cannot be imported ({short(error)}). Install it with: "
        f"pip install '{package}'"
    )
