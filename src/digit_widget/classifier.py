"""From ink to an answer: normalise, rule out what is no drawing, ask the model, name the class."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, overload

import numpy as np

from digit_widget import models
from digit_widget.labels import KEYCAPS, NO_ANSWER, uniform
from digit_widget.normalise import ink_box, normalise
from digit_widget.picture import PictureError, to_ink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from digit_widget.normalise import Ink
    from digit_widget.picture import Picture

DOT_WIDTH = 7.8
"""From this stroke width on, in pixels of the normalised picture, a drawing is a dot: a tapped disc measures 7.9
to 9.3 from half to twice the pen's width, the thickest of MNIST's 70,000 digits 7.7."""

SPECK_WIDTH, SPECK = 5.0, 0.1
"""A tap that slipped is less round: it is told by its size too, the ink's longer side in shares of the sheet's."""

BATCH = 256
"""Pictures the model is asked about at once: enough to be fast, few enough to bound the memory."""


@dataclass(frozen=True)
class Answer:
    """What was seen in a picture, and what it was taken for."""

    result: str
    """The label: an emoji; 🤔 when there is no prediction."""
    prediction: int | None
    """The class index; None when the picture is blank or not a digit."""
    confidence: float
    """Calibrated probability of the prediction, 0..1; 0 without one."""
    probabilities: tuple[float, ...]
    """One a class, sums to 1: what it would be if it were any; all the same when the model was not asked."""
    seen: Ink = field(repr=False, compare=False)
    """The picture the model saw: shape (28, 28), uint8, 0 = paper, 255 = full ink."""


class LabelsError(ValueError):
    """There is not one label a class."""


class Classifier:
    """A model with the labels of its classes.

    Parameters
    ----------
    model
        What tells the pictures apart; the bundled CNN when None.
    labels
        One a class.

    Raises
    ------
    LabelsError
        When there is not one label a class.
    """

    def __init__(self, model: models.Model | None = None, labels: Sequence[str] = KEYCAPS) -> None:
        self.model = models.load() if model is None else model
        self.labels = tuple(labels)
        if len(self.labels) != self.model.classes:
            message = (
                f"The model knows {self.model.classes} classes but there are {len(self.labels)} labels; "
                "give one a class."
            )
            raise LabelsError(message)

    def classify(self, inks: Iterable[Ink]) -> list[Answer]:
        """Answer each of some drawings.

        Parameters
        ----------
        inks
            Each of shape (height, width), uint8, 0 = paper, 255 = full ink; any sizes.
        """
        left = iter(inks)
        answers: list[Answer] = []
        while part := list(islice(left, BATCH)):
            answers += self._classify(part)
        return answers

    def _classify(self, inks: list[Ink]) -> list[Answer]:
        seen = [normalise(ink) for ink in inks]
        answers = [self._no_answer(picture) for picture in seen]
        drawn = [index for index, picture in enumerate(seen) if picture.any() and not _is_dot(inks[index], picture)]
        if drawn:
            logits = self._logits(np.stack([seen[index] for index in drawn]))
            for index, row in zip(drawn, logits, strict=True):
                answers[index] = self._answer(seen[index], row)
        return answers

    def _logits(self, seen: Ink) -> npt.NDArray[np.float64]:
        """Return (n, classes), for pictures (n, 28, 28)."""
        pictures: npt.NDArray[np.float32] = np.divide(seen[:, None], 255, dtype=np.float32)
        return self.model(pictures).astype(np.float64)

    def _answer(self, seen: Ink, logits: npt.NDArray[np.float64]) -> Answer:
        row = softmax(logits / self.model.temperature)
        probabilities = tuple(row.tolist())
        if np.logaddexp.reduce(logits) < self.model.threshold:
            return Answer(NO_ANSWER, None, 0.0, probabilities, seen)
        best = int(row.argmax())
        return Answer(self.labels[best], best, float(row[best]), probabilities, seen)

    def _no_answer(self, seen: Ink) -> Answer:
        return Answer(NO_ANSWER, None, 0.0, uniform(len(self.labels)), seen)


def _is_dot(ink: Ink, seen: Ink) -> bool:
    """Tell whether a drawing is a tap of the pen and no more."""
    width = stroke_width(seen)
    if width < SPECK_WIDTH:
        return False
    box = ink_box(ink)
    assert box is not None  # noqa: S101 - for the type checker: there is ink
    longer = max(side.stop - side.start for side in box)
    return width >= DOT_WIDTH or longer <= SPECK * max(ink.shape)


def softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return probabilities, (classes,), that sum to 1."""
    odds = np.exp(logits - logits.max())
    probabilities: npt.NDArray[np.float64] = odds / odds.sum()
    return probabilities


def stroke_width(seen: Ink) -> float:
    """Return the mean width of the strokes in a picture, in pixels: twice the area over the perimeter.

    The perimeter is the total variation of the ink, which also holds for grey edges.
    """
    ink = np.pad(seen / 255, 1)
    down, across = np.diff(ink, axis=0)[:, 1:], np.diff(ink, axis=1)[1:]
    perimeter = float(np.hypot(down, across).sum())
    return 2 * float(ink.sum()) / perimeter if perimeter else 0.0


@overload
def predict(picture: list[Picture], model: Classifier | models.Model | None = None) -> list[Answer]: ...
@overload
def predict(picture: Picture, model: Classifier | models.Model | None = None) -> Answer: ...
def predict(picture: Picture | list[Picture], model: Classifier | models.Model | None = None) -> Answer | list[Answer]:
    """Answer a picture as the pad would, without a pad.

    Parameters
    ----------
    picture
        A data URL, the bytes of an image file, its path, a PIL image or an array; see `digit_widget.picture.to_ink`.
        A list of them is answered with a list.
    model
        Who answers: a `Classifier`, or a model, which is then given the ten keycap emoji; the bundled CNN when None.

    Raises
    ------
    PictureError
        When something is not a picture, or too large; in a list, the message says which.

    Examples
    --------
    >>> from digit_widget import predict
    >>> predict("seven.png").result  # doctest: +SKIP
    '7️⃣'
    """
    classifier = model if isinstance(model, Classifier) else Classifier(model)
    if isinstance(picture, list):
        return classifier.classify(_inks(picture))
    return classifier.classify([to_ink(picture)])[0]


def _inks(pictures: list[Picture]) -> Iterator[Ink]:
    for index, picture in enumerate(pictures):
        try:
            yield to_ink(picture)
        except PictureError as error:
            message = f"Picture {index} of the list: {error}"
            raise PictureError(message) from error
