"""What models and functions return, in all the ways in which people return an answer, as rows of numbers."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.errors import a
from digit_widget.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Array = npt.NDArray[Any]

SCORES = ("logits", "probabilities", "probs", "scores", "predictions", "prediction", "output", "outputs", "out", "y")
"""Under which names scores stand in a mapping."""
_DEEPEST = 4  # levels of tuples and mappings that are opened
_MOST_NAMED = 8  # keys that a message lists


def rows_of(output: Any, pictures: int) -> Array:  # noqa: ANN401 - a user's model may return anything
    """Return what a model returned for a batch as one array.

    Parameters
    ----------
    output
        An array or tensor; a mapping, or an object as Hugging Face's models return it, with the scores under one of the
        names in `SCORES`, or as the only array; or a tuple or list of arrays, the scores first.
    pictures
        How many pictures the batch had.

    Raises
    ------
    ModelError
        If there is no array of numbers with a row for each picture; the message says what came instead.

    Examples
    --------
    >>> rows_of({"logits": np.zeros((2, 10)), "features": np.zeros((2, 64))}, 2).shape
    (2, 10)
    """
    found = [array for array in _arrays(output) if array.ndim and len(array) == pictures]
    if found:
        return found[0]
    message = (
        f"Expected the model to return a number for each class and each of {pictures} "
        f"picture{'s' * (pictures > 1)}, an array of shape ({pictures}, classes), but it returned {described(output)}."
    )
    raise ModelError(message)


def row_of(output: Any, labels: Sequence[str], earlier: Sequence[str]) -> Array:  # noqa: ANN401
    """Return what a function returned for one picture: a number for each class, or one number.

    Parameters
    ----------
    output
        Numbers, (classes,) or (1, classes), or one number, (1,), for two classes; a label or the index of a class; None
        for "none of them"; ``{label: probability}``, ``{"label": label, "score": probability}`` or a list of these;
        ``(label, probability)``, or fastai's ``(label, index, probabilities)``; or what `rows_of` takes.
    labels
        One for each class.
    earlier
        What the classes were called when the function was first asked: it may go on answering with these.

    Raises
    ------
    ModelError
        If it is none of these; the message says what came.

    Examples
    --------
    >>> row_of({"dog": 0.75, "cat": 0.25}, ["cat", "dog"], [])
    array([0.25, 0.75])
    >>> row_of(("dog", 0.75), ["cat", "dog"], [])
    array([0.25, 0.75])
    """
    return _Reader(labels, earlier).row(output)


class _Reader:
    def __init__(self, labels: Sequence[str], earlier: Sequence[str]) -> None:
        self._labels, self._earlier = list(labels), list(earlier)

    def row(self, output: Any) -> Array:  # noqa: ANN401
        if output is None:
            return np.zeros(len(self._labels))
        if (index := self._index(output)) is not None:
            return self._sure(index, 1.0)
        if isinstance(output, (tuple, list)) and (row := self._named(output)) is not None:
            return row
        if isinstance(output, Mapping) and (row := self._of_mapping(output)) is not None:
            return row
        arrays = [_without_batch(array) for array in _arrays(output)]
        fitting = [array for array in arrays if array.shape == (len(self._labels),) and array.dtype.kind == "f"]
        row = next(iter(fitting or [array for array in arrays if array.size]), None)
        if row is not None and not (row.size == 1 and row.dtype.kind != "f"):
            return row.reshape(-1) if row.size == 1 else row
        raise self._refusal(output)

    def _named(self, output: Sequence[Any]) -> Array | None:
        """Return the row of ``[{"label": …, "score": …}, …]``, or of ``(label, probability)``."""
        if len(output) == 1 and isinstance(output[0], (list, tuple)):
            return self._named(output[0])
        if output and all(isinstance(each, Mapping) and {"label", "score"} <= each.keys() for each in output):
            return self._of_mapping({each["label"]: each["score"] for each in output})
        if len(output) == 2 and (index := self._index(output[0])) is not None:  # noqa: PLR2004 - what, and how likely
            likely = _number(output[1])
            if likely is not None and (isinstance(output[0], str) or not isinstance(output, list)) and 0 <= likely <= 1:
                return self._sure(index, likely)
        return None

    def _of_mapping(self, output: Mapping[Any, Any]) -> Array | None:
        """Return the row of ``{label: probability}``, or of ``{"label": …, "score": …}``."""
        if (index := self._index(output.get("label"))) is not None:
            likely = _number(output.get("score", output.get("confidence", 1.0)))
            return self._sure(index, 1.0 if likely is None else likely)
        if len(output) == 1 and next(iter(output)) in SCORES:
            return self.row(next(iter(output.values())))
        each = {key: _number(value) for key, value in output.items()}
        if not each or None in each.values():
            return None
        row = np.zeros(len(self._labels))
        for key, value in each.items():
            index = self._index(key)
            if index is None:
                raise self._refusal(output)
            row[index] = value
        return row

    def _sure(self, index: int, likely: float) -> Array:
        """Return the probabilities if one class is so likely, and nothing is known of the others."""
        others = len(self._labels) - 1
        row = np.full(len(self._labels), (1 - likely) / others if others else 0.0)
        row[index] = likely
        return row

    def _index(self, answer: Any) -> int | None:  # noqa: ANN401
        """Return the class that a label or an index stands for, or None if it is neither."""
        if isinstance(answer, np.ndarray) and answer.size == 1 and answer.dtype.kind in "UO":
            answer = answer.item()  # a label, as scikit-learn's predict() returns it
        if isinstance(answer, str):
            return self._index_of(answer)
        if isinstance(answer, (bool, np.bool_, list, tuple, Mapping)):
            return None
        array = _as_array(answer)
        if array is None or array.size != 1 or (array.dtype.kind == "f" and array.ndim):
            return None
        number = array.item()
        is_index = isinstance(number, int) or (len(self._labels) > 2 and float(number).is_integer())  # noqa: PLR2004
        if not is_index:
            return None
        if 0 <= number < len(self._labels):
            return int(number)
        raise self._refusal(answer)

    def _index_of(self, label: str) -> int:
        for labels in (self._labels, self._earlier):
            if label in labels:
                return labels.index(label)
        digits = label.strip().removeprefix("LABEL_")  # as Hugging Face calls classes without names
        if digits.isascii() and digits.isdecimal() and int(digits) < len(self._labels):
            return int(digits)
        raise self._refusal(label)

    def _refusal(self, output: Any) -> ModelError:  # noqa: ANN401
        known = ", ".join(self._labels[:12])
        return ModelError(
            f"Expected the function to return a label ({known}), the index of a class, or a number for each class, but "
            f"it returned {described(output)}."
        )


def described(output: Any, depth: int = 0) -> str:  # noqa: ANN401
    """Return what something is, for a message: its value, or its keys, or its shape.

    Examples
    --------
    >>> described({"boxes": np.zeros((1, 4)), "n": 3})
    "a dict with the keys 'boxes', 'n'"
    >>> described((np.zeros((1, 4)), "x"))
    "a tuple of an array of shape (1, 4) and 'x'"
    """
    if output is None or isinstance(output, (str, numbers.Number)):
        return f"{output!r:.60}"
    if isinstance(output, Mapping):
        keys = ", ".join(f"{key!r:.40}" for key in list(output)[:_MOST_NAMED])
        return f"{a(output)} with the keys {keys}" if keys else f"{a(output)} without keys"
    shape = getattr(output, "shape", None)
    if isinstance(shape, tuple):
        kind = "an array" if isinstance(output, np.ndarray) else a(output).lower()
        return f"{kind} of shape {tuple(shape)}"
    if isinstance(output, (tuple, list)) and not depth:
        parts = [described(part, 1) for part in output[:3]]
        more = f" and {len(output) - 3} more" if len(output) > 3 else ""  # noqa: PLR2004
        return f"{a(output)} of {' and '.join(parts)}{more}" if parts else f"an empty {type(output).__name__}"
    return f"an object of the type {type(output).__name__}"


def _arrays(output: Any, depth: int = 0) -> Iterator[Array]:  # noqa: ANN401
    """Yield the arrays of numbers in an output, the likeliest to be scores first."""
    if depth > _DEEPEST or output is None or isinstance(output, (str, bytes)):
        return
    if isinstance(output, Mapping) or hasattr(output, "logits"):
        if not isinstance(output, Mapping):
            output = {"logits": output.logits}
        first = [output[name] for name in SCORES if name in output]
        for part in first or output.values():
            yield from _arrays(part, depth + 1)
        return
    if isinstance(output, (tuple, list)) and not all(isinstance(part, numbers.Number) for part in output):
        array = _as_array(output) if all(isinstance(part, (list, tuple)) for part in output) else None
        if array is None:
            for part in output:
                yield from _arrays(part, depth + 1)
            return
    array = _as_array(output)
    if array is not None:
        yield array


def _as_array(output: Any) -> Array | None:  # noqa: ANN401
    """Return something as an array of numbers, or None if it is none."""
    if hasattr(output, "detach"):
        output = output.detach()
        output = (output.float() if output.is_floating_point() else output).cpu()
    try:
        array = np.asarray(output)
    except Exception:  # noqa: BLE001 - numpy raises all kinds of exceptions for other objects
        return None
    return array if array.dtype.kind in "buif" else None


def _without_batch(array: Array) -> Array:
    return array[0] if array.ndim == 2 and len(array) == 1 else array  # noqa: PLR2004 - a batch of one


def _number(value: Any) -> float | None:  # noqa: ANN401
    array = None if isinstance(value, (str, bool, Mapping)) or value is None else _as_array(value)
    return float(array.item()) if array is not None and array.size == 1 else None
