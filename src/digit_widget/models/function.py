"""Any function as a model: a picture to probabilities or a label, or a batch of tensors to logits."""

from __future__ import annotations

import math
import numbers
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from digit_widget.models import ModelError, as_array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt


class Function:
    """A function behind the `Model` interface.

    Parameters
    ----------
    function
        Takes one picture (PIL, mode L, 0 = paper, 255 = full ink) and returns probabilities or logits, (classes,), or
        a label, or a class index, or None for "none of them". Or takes a batch, (n, channels, height, width), 0..1, and
        returns logits or probabilities, (n, classes): a torch tensor where torch has been imported, else a numpy array.
        Which of the two it is shows at its first call.
    labels
        One a class.
    batch_first
        Whether to try a batch before a picture: what a transform makes are tensors.
    """

    shape = None
    temperature = 1.0
    threshold = -math.inf

    def __init__(self, function: Callable[[Any], Any], labels: Sequence[str], *, batch_first: bool = False) -> None:
        self.function, self.labels = function, list(labels)
        self.classes = None
        self._ways = [self._one_by_one, self._at_once]
        if batch_first:
            self._ways.reverse()

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return logits or probabilities, (n, classes), for pictures, (n, channels, height, width), 0..1."""
        if len(self._ways) == 1:
            return self._ways[0](pictures)
        failures: list[Exception] = []
        for way in self._ways:
            try:
                outputs = way(pictures)
            except Exception as failure:  # noqa: BLE001 - whatever the wrong kind of input makes of somebody's code
                failures.append(failure)
                continue
            self._ways = [way]
            return outputs
        for told in failures:
            if isinstance(told, ModelError):  # it took what it was given; what it returned is no answer
                raise told
        first, second = (f"{type(failure).__name__}: {' '.join(str(failure).split())[:200]}" for failure in failures)
        given = ["a PIL picture", "a batch of tensors"]
        if self._ways[0] == self._at_once:
            given.reverse()
        message = (
            f"The function could take neither {given[0]} ({first}) nor {given[1]} ({second}). Pictures of another size "
            "than 28 × 28 come from a transform: transform=Compose([Resize((64, 64)), ToTensor()])."
        )
        raise ModelError(message) from failures[0]

    def _one_by_one(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        rows = [self._scores(self.function(_picture(one))) for one in pictures]
        if len({row.shape for row in rows}) > 1:
            message = f"The function returned {rows[0].shape[0]} numbers for one picture and others for another."
            raise ModelError(message)
        return np.stack(rows)

    def _at_once(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        torch = sys.modules.get("torch")  # a function that works with tensors has imported it
        batch = torch.tensor(pictures) if torch else pictures.copy()  # a copy: it may be worked on in place
        rows = as_array(self.function(batch))
        if rows.ndim == 0 or len(rows) != len(pictures):
            message = (
                f"The function returned {f'the shape {rows.shape}' if rows.ndim else 'one number'} for "
                f"{len(pictures)} pictures; (pictures, classes) was expected."
            )
            raise ModelError(message)
        return rows

    def _scores(self, output: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - it may return anything
        """Return one row of numbers: a label alone is all or nothing, None is nothing at all."""
        if output is None:
            return np.zeros(len(self.labels))
        if isinstance(output, np.ndarray) and output.size == 1 and output.dtype.kind in "UO":
            output = output.item()  # a label, as scikit-learn's predict() gives it
        if not isinstance(output, str):
            row = as_array(output)
            if row.size != 1 or row.dtype.kind == "f":
                return row[0] if row.ndim == 2 and len(row) == 1 else row  # noqa: PLR2004 - a batch of one
            output = row.item()  # an index, as argmax() gives it
        row = np.zeros(len(self.labels))
        row[self._index(output)] = 1
        return row

    def _index(self, answer: str | numbers.Integral) -> int:
        if isinstance(answer, str) and answer in self.labels:
            return self.labels.index(answer)
        if isinstance(answer, numbers.Integral) and 0 <= int(answer) < len(self.labels):
            return int(answer)
        known = ", ".join(self.labels[:12])
        message = f"The function answered {answer!r:.60}, which is neither a label ({known}) nor the index of one."
        raise ModelError(message)


def _picture(one: npt.NDArray[np.float32]) -> Image.Image:
    """Return (channels, height, width), 0..1, as a picture: grey, or colour where there are three channels."""
    grey = np.round(one * 255).clip(0, 255).astype(np.uint8)
    return Image.fromarray(grey[0] if len(grey) == 1 else np.moveaxis(grey, 0, -1))
