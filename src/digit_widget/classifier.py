"""From ink to an answer: normalise, rule out what is no drawing, ask the model, name the class."""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from PIL import Image

from digit_widget import contract, models
from digit_widget.deadline import Caller
from digit_widget.labels import KEYCAPS, NO_ANSWER, as_labels, uniform
from digit_widget.normalise import SIDE, area_average, ink_box
from digit_widget.normalise import normalise as normalise_ink
from digit_widget.picture import PictureError, to_ink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from digit_widget.normalise import Ink
    from digit_widget.picture import Picture

DOT_WIDTH = 7.8
"""From this stroke width on, in pixels of the normalised picture, a drawing is a dot: a tapped disc measures 7.9
to 9.3 from half to twice the pen's width, the thickest of MNIST's 70,000 digits 7.7."""

SPECK_WIDTH, SPECK = 5.0, 0.1
"""A tap that slipped is less round: it is told by its size too, the ink's longer side in shares of the sheet's."""

PATIENCE = 5.0
"""Seconds a picture may take unless said otherwise."""
MEETING = 60.0
"""Seconds that meeting a model may take: loading it, compiling it, asking about ten digits two ways round."""
SLOW, LEISURELY = 1.0, 0.2
"""Seconds a picture from which a model is called slow, since then the panel calls Python busy; and from which it is met
with one digit and not with ten."""

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
    """The picture the model saw: (28, 28) unless it takes another size, uint8, 0 = paper, 255 = full ink."""


class Classifier:
    """A model with all it takes to answer a drawing: how the picture is made, and what its classes are called.

    Parameters
    ----------
    model
        A ``torch.nn.Module``; the path of a safetensors, ONNX or torch file (see `load_model`); a function from a PIL
        picture (ink as white on black) to probabilities or a label, or from a batch of tensors to logits; another
        classifier; the bundled CNN when None.
    labels
        One a class, as a list or as one text: ``"🐱🐶🐭"``. The ten keycap emoji, or the other classifier's, when None.
    transform
        What makes the model's picture instead of `normalise`: a torchvision transform, or any function from the ink (a
        PIL picture of the pad, mode L, 0 = paper, 255 = full ink) to a tensor, array or picture.
    normalise
        Whether a drawing is brought to MNIST's size and centre of mass; if not, the pad is only resized.
    timeout
        Seconds after which a model that has not answered is given up on, for a picture; 5, or the other classifier's,
        when None. The bundled one is trusted.

    Raises
    ------
    ModelError
        When the model cannot be used: the message says what came, what was expected and what to do.
    LabelsError
        When there is not one label a class.

    Warns
    -----
    ModelWarning
        When the model is right about dark ink on light paper only, or slow.

    Notes
    -----
    A model other than the bundled one is asked about ten digits at once, so that what is wrong shows before anybody
    draws: shape, number of classes, finite numbers, logits or probabilities, polarity.
    """

    source: object
    """The model as it was given."""
    model: models.Model
    labels: tuple[str, ...]
    transform: Callable[[Image.Image], Any] | None
    normalise: bool
    timeout: float

    def __init__(
        self,
        model: object = None,
        labels: str | Iterable[str] | None = None,
        *,
        transform: Callable[[Image.Image], Any] | None = None,
        normalise: bool = True,
        timeout: float | None = None,
    ) -> None:
        if isinstance(model, Classifier):
            labels = model.labels if labels is None else labels
            transform, normalise = transform or model.transform, normalise and model.normalise
            timeout, model = model.timeout if timeout is None else timeout, model.source
        self.source = model
        self.labels = as_labels(KEYCAPS if labels is None else labels)
        self.transform, self.normalise = transform, normalise
        self.timeout = PATIENCE if timeout is None else timeout
        self._gives_shares = False
        self._caller = None if model is None and transform is None else Caller()
        if self._caller:
            self._caller_meets(self._caller)
        else:
            self.model = models.load_model()
            contract.check_labels(self.labels, self.model.classes or 0)

    @classmethod
    def of(
        cls,
        model: object = None,
        labels: str | Iterable[str] | None = None,
        *,
        transform: Callable[[Image.Image], Any] | None = None,
        normalise: bool = True,
    ) -> Classifier:
        """Return the model as a classifier: itself when it is one, and nothing is to be otherwise."""
        if isinstance(model, Classifier) and labels is None and transform is None and normalise:
            return model
        return cls(model, labels, transform=transform, normalise=normalise)

    def classify(self, inks: Iterable[Ink]) -> list[Answer]:
        """Answer each of some drawings.

        Parameters
        ----------
        inks
            Each of shape (height, width), uint8, 0 = paper, 255 = full ink; any sizes.

        Raises
        ------
        ModelError
            When the model returns what cannot be used.
        Exception
            Whatever the model or the transform raises.
        """
        left = iter(inks)
        answers: list[Answer] = []
        while part := list(islice(left, BATCH)):
            answers += self._classify(part)
        return answers

    def pictures(self, inks: Sequence[Ink]) -> npt.NDArray[np.float32]:
        """Return what the model is given for some drawings: (n, channels, height, width), 0 = paper, 1 = full ink."""
        return self._pictures(inks, [normalise_ink(ink) for ink in inks])

    def _pictures(self, inks: Sequence[Ink], normalised: Sequence[Ink]) -> npt.NDArray[np.float32]:
        if self.transform:
            return _stacked([_as_picture(self.transform(Image.fromarray(ink))) for ink in inks])
        channels, height, width = self.model.shape or (1, SIDE, SIDE)
        if not self.normalise:
            grey = np.stack([area_average(ink, height, width) for ink in inks])
        elif (height, width) == (SIDE, SIDE):
            grey = np.stack(normalised)
        else:
            grey = np.stack([_laid_out(ink, height, width) for ink in inks])
        pictures: npt.NDArray[np.float32] = np.divide(grey[:, None], 255, dtype=np.float32)
        return np.repeat(pictures, channels, axis=1) if channels > 1 else pictures

    def logits(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return what the model says of some pictures, as logits; (n, classes), all minus infinity for "none"."""
        rows = contract.check_outputs(self.model(pictures), len(pictures), self.labels)
        return contract.log_shares(rows) if self._gives_shares else rows

    def _caller_meets(self, caller: Caller) -> None:
        """Find out how to ask a model that is not known, ask it, and say what is odd about it."""
        try:
            warnings_due = caller.within(MEETING, self._meet)
        except models.ModelError:
            raise
        except Exception as error:
            message = f"The model could not be asked. {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise models.ModelError(message) from error
        for message in warnings_due:
            _warn(message)

    def _meet(self) -> list[str]:
        """Ask about ten digits, learn from the answers how to read them, and return warnings."""
        self.model = models.adapt(self.source, self.labels, any_shape=self.transform is not None)
        if self.model.classes is not None:
            contract.check_labels(self.labels, self.model.classes)
        inks = contract.ten_digits()
        pictures = self.pictures(inks[:1])
        try:
            rows = contract.check_outputs(self.model(pictures), 1, self.labels)
        except models.ModelError:
            raise
        except Exception as error:
            message = (
                f"The model could not answer a picture of shape {pictures.shape} (0 = paper, 1 = full ink): "
                f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            )
            raise models.ModelError(message) from error
        self._gives_shares = contract.are_shares(rows)
        started = time.perf_counter()
        self.model(pictures)  # the second time, for the first may load and compile
        seconds = time.perf_counter() - started
        if seconds > SLOW:
            return [f"This model takes {seconds:.1f} s for a picture; predict_on='button' asks it when told to."]
        if seconds > LEISURELY:
            return []
        pictures = self.pictures(inks)
        rows = contract.check_outputs(self.model(pictures), len(inks), self.labels)
        self._gives_shares = contract.are_shares(rows)
        if len(self.labels) != len(inks):
            return []
        turned = self.pictures([255 - ink for ink in inks]) if self.transform else 1 - pictures
        other = contract.check_outputs(self.model(turned), len(inks), self.labels)
        message = contract.polarity_warning(rows, other)
        return [message] if message else []

    def _classify(self, inks: list[Ink]) -> list[Answer]:
        normalised = [normalise_ink(ink) for ink in inks]
        answers = [self._no_answer(seen) for seen in normalised]
        drawn = [index for index, seen in enumerate(normalised) if seen.any() and not _is_dot(inks[index], seen)]
        if drawn:
            asked = self._ask([inks[index] for index in drawn], [normalised[index] for index in drawn])
            for index, answer in zip(drawn, asked, strict=True):
                answers[index] = answer
        return answers

    def _ask(self, inks: list[Ink], normalised: list[Ink]) -> list[Answer]:
        def ask() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
            pictures = self._pictures(inks, normalised)
            return pictures, self.logits(pictures)

        pictures, logits = self._caller.within(self.timeout * len(inks), ask) if self._caller else ask()
        return [self._answer(_shown(picture), row) for picture, row in zip(pictures, logits, strict=True)]

    def _answer(self, seen: Ink, logits: npt.NDArray[np.float64]) -> Answer:
        if np.isneginf(logits).all():
            return self._no_answer(seen)
        row = softmax(logits / self.model.temperature)
        probabilities = tuple(row.tolist())
        if np.logaddexp.reduce(logits) < self.model.threshold:
            return Answer(NO_ANSWER, None, 0.0, probabilities, seen)
        best = int(row.argmax())
        return Answer(self.labels[best], best, float(row[best]), probabilities, seen)

    def _no_answer(self, seen: Ink) -> Answer:
        return Answer(NO_ANSWER, None, 0.0, uniform(len(self.labels)), seen)


def _warn(message: str) -> None:
    """Warn at the line of the user's that led here, whichever of our modules lie between."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - warnings can skip files by itself from Python 3.12 on
    while frame.f_back and frame.f_code.co_filename.startswith(str(Path(__file__).parent)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, models.ModelWarning, stacklevel=level)


def _as_picture(made: Any) -> npt.NDArray[np.float32]:  # noqa: ANN401 - a transform may return anything
    """Return what a transform made as (channels, height, width), 0..1 unless it says otherwise."""
    if hasattr(made, "detach"):
        made = made.detach().cpu().numpy()
    try:
        raw = np.asarray(made)
        array = raw.astype(np.float32)
        if raw.dtype == np.uint8:
            array /= 255
    except (TypeError, ValueError):
        array = np.zeros(0, np.float32)
    if isinstance(made, Image.Image) and array.ndim == 3:  # noqa: PLR2004 - colours come last in a picture
        array = np.moveaxis(array, -1, 0)
    array = array[None] if array.ndim == 2 else array  # noqa: PLR2004 - (height, width)
    if array.ndim != 3:  # noqa: PLR2004 - (channels, height, width)
        message = (
            f"The transform made a {type(made).__name__}{f' of shape {array.shape}' if array.size else ''}; a tensor "
            "(channels, height, width) was expected, as ToTensor() makes."
        )
        raise models.ModelError(message)
    return array


def _stacked(pictures: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    if len({picture.shape for picture in pictures}) > 1:
        message = (
            "The transform made pictures of different sizes; Resize((28, 28)) with two numbers makes them the same."
        )
        raise models.ModelError(message)
    return np.stack(pictures)


def _shown(picture: npt.NDArray[np.float32]) -> Ink:
    """Return what the model was given as a picture to look at; what a transform brought out of 0..1 is brought back."""
    grey = picture.mean(axis=0)
    low, high = min(0.0, float(grey.min())), max(1.0, float(grey.max()))
    shown: Ink = np.round((grey - low) * (255 / (high - low))).astype(np.uint8)
    return shown


def _laid_out(ink: Ink, height: int, width: int) -> Ink:
    """Return a drawing normalised to the largest square that fits, in the middle."""
    side = min(height, width)
    picture = np.zeros((height, width), np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    picture[top : top + side, left : left + side] = normalise_ink(ink, side)
    return picture


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
def predict(
    picture: list[Picture],
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    transform: Callable[[Image.Image], Any] | None = None,
    normalise: bool = True,
) -> list[Answer]: ...
@overload
def predict(
    picture: Picture,
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    transform: Callable[[Image.Image], Any] | None = None,
    normalise: bool = True,
) -> Answer: ...
def predict(
    picture: Picture | list[Picture],
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    transform: Callable[[Image.Image], Any] | None = None,
    normalise: bool = True,
) -> Answer | list[Answer]:
    """Answer a picture as the pad would, without a pad.

    Parameters
    ----------
    picture
        A data URL, the bytes of an image file, its path, a PIL image or an array; see `digit_widget.picture.to_ink`.
        A list of them is answered with a list.
    model, labels, transform, normalise
        Who answers, as `Classifier` takes them; a model met often is better wrapped in a `Classifier` once, since every
        call here checks it anew.

    Raises
    ------
    PictureError
        When something is not a picture, or too large; in a list, the message says which.
    ModelError
        When the model cannot be used.

    Examples
    --------
    >>> from digit_widget import predict
    >>> predict("seven.png").result  # doctest: +SKIP
    '7️⃣'
    """
    classifier = Classifier.of(model, labels, transform=transform, normalise=normalise)
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
