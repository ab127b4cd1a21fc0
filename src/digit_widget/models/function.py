"""Functions as models: from a picture to probabilities or a label, or from a batch of tensors to logits."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from digit_widget.errors import short
from digit_widget.models import ModelError
from digit_widget.models.layouts import LAYOUTS, arranged
from digit_widget.models.outputs import row_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from digit_widget.models.layouts import Layout


class _Way(NamedTuple):
    """A way in which a function may take its input."""

    layout: Layout | None
    """How a batch is arranged; None for one PIL picture at a time."""
    channels: int | None = None
    """In how many channels; None for as many as there are."""


_PICTURE = _Way(None)
_BATCHES = [_Way(layout) for layout in LAYOUTS]
_COLOURED = [_Way("channels first", 3), _Way("channels last", 3)]


class Function:
    """A function behind the `Model` interface.

    Parameters
    ----------
    function
        Takes one picture (PIL, mode L, 0 = paper, 255 = full ink) and returns whatever `outputs.row_of` reads. Or takes
        a batch, (n, channels, height, width) or in another layout, and returns whatever `outputs.rows_of` reads, or a
        list of what `outputs.row_of` reads: the batch is a torch tensor if torch has been imported, and a numpy array
        otherwise. The first call finds out what it takes.
    labels
        One for each class.
    size
        Height and width of the pictures; 28 × 28 when None.
    batch_first
        Whether to try a batch before a picture, because the pictures come from a transform.
    """

    temperature = 1.0
    threshold = -math.inf

    def __init__(
        self,
        function: Callable[[Any], Any],
        labels: Sequence[str],
        *,
        size: tuple[int, int] | None = None,
        batch_first: bool = False,
    ) -> None:
        self.function, self.labels = function, list(labels)
        self.classes = None
        self.shape = (1, *size) if size else None
        self._first_labels = self.labels
        self._ways = [*_BATCHES, _PICTURE] if batch_first else [_PICTURE, *_BATCHES, *_COLOURED]

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes PIL pictures, whose values are 0 to 255 whatever it was trained on."""
        return self._ways == [_PICTURE]

    def with_labels(self, labels: Sequence[str]) -> Function:
        """Return the same function with as many other labels; it may go on answering with those of before."""
        renamed = copy.copy(self)
        renamed.labels = list(labels)
        return renamed

    def resized(self, size: tuple[int, int]) -> Function | None:
        """Return the same function for pictures of another size; None if it takes pictures, and resizes them itself."""
        if self.takes_bytes:
            return None
        other = copy.copy(self)
        other.shape = (self.shape[0] if self.shape else 1, *size)
        return other

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return probabilities or logits, (n, classes), for pictures, (n, channels, height, width)."""
        if len(self._ways) == 1:
            return self._ask(pictures, self._ways[0])
        failures: list[Exception] = []
        for way in self._ways:
            try:
                outputs = self._ask(pictures, way)
            except Exception as failure:  # noqa: BLE001 - functions raise all kinds of exceptions for the wrong input
                failures.append(failure)
                continue
            if way.channels:
                self.shape = (way.channels, *pictures.shape[2:])
            self._ways = [way]
            return outputs
        raise self._refusal(failures) from failures[0]

    def _refusal(self, failures: list[Exception]) -> ModelError:
        """Return what to say when it accepted nothing: what each kind of input led to."""
        for raised in failures:
            if isinstance(raised, ModelError):  # it accepted its input, but its output cannot be used
                return raised
        tried = dict(zip(self._ways, failures, strict=True))
        picture, batch = (
            f"{type(failure).__name__}: {short(failure)}" for failure in (tried[_PICTURE], tried[_BATCHES[0]])
        )
        return ModelError(
            f"The function accepted neither a PIL picture ({picture}) nor a batch of tensors ({batch}). If it needs "
            "pictures of another size than 28 × 28, say which: input_size=64."
        )

    def _ask(self, pictures: npt.NDArray[np.float32], way: _Way) -> npt.NDArray[Any]:
        if way.layout is None:
            return self._one_by_one(pictures)
        if way.channels and pictures.shape[1] == 1:
            pictures = np.repeat(pictures, way.channels, axis=1)
        return self._at_once(arranged(pictures, way.layout))

    def _one_by_one(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        rows = [row_of(self._returned(_picture(one)), self.labels, self._first_labels) for one in pictures]
        if len({row.shape for row in rows}) > 1:
            message = (
                "Expected the function to return as many numbers for each picture, but it returned "
                f"{rows[0].size} for one picture and another number for others."
            )
            raise ModelError(message)
        return np.stack(rows)

    def _at_once(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        torch = sys.modules.get("torch")  # a function that takes tensors has imported it
        batch = torch.tensor(pictures) if torch else pictures.copy()  # a copy, since the function may change it
        output = self._returned(batch)
        if isinstance(output, (list, tuple)) and len(output) == len(pictures) and _are_labels(output):
            return np.stack([row_of(each, self.labels, self._first_labels) for each in output])
        return rows_of(output, len(pictures))

    def _returned(self, given: Any) -> Any:  # noqa: ANN401 - whatever the function takes and returns
        if "torch" not in sys.modules:  # then there is no network of torch's in the function
            return self.function(given)
        from digit_widget.models.inside import evaluating  # noqa: PLC0415 - it imports torch

        with evaluating(self.function) as function:
            return function(given)


def _are_labels(output: Sequence[Any]) -> bool:
    return all(isinstance(each, (str, Mapping)) or each is None for each in output)


def _picture(one: npt.NDArray[np.float32]) -> Image.Image:
    """Return (channels, height, width), 0..1, as a picture: in grey, or in colour if there are three channels."""
    grey = np.round(one * 255).clip(0, 255).astype(np.uint8)
    return Image.fromarray(grey[0] if len(grey) == 1 else np.moveaxis(grey, 0, -1))
