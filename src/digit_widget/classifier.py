"""From ink to an answer: ask the model, and name the class."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from digit_widget import models
from digit_widget.answer import Answer
from digit_widget.contract import check_outputs, log_probabilities, softmax
from digit_widget.deadline import Caller
from digit_widget.dot import is_dot
from digit_widget.labels import KEYCAPS, NO_ANSWER, are_digits, as_labels, check_labels, uniform
from digit_widget.models.adapting import brings_labels, usual_timeout
from digit_widget.models.teacher import Teacher
from digit_widget.models.weights import digest, file_digest
from digit_widget.normalise import normalise as normalise_ink
from digit_widget.preparation import Preparation, shown
from digit_widget.probe import Absent, KnownModel, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt
    from PIL import Image

    from digit_widget.inputs import Inputs
    from digit_widget.keywords import PictureKeywords
    from digit_widget.normalise import Ink
    from digit_widget.packed import Packed

    Pictures = npt.NDArray[np.float32]
    Rows = npt.NDArray[np.float64]

TIMEOUT = 5.0
"""Seconds that a model may take for a picture unless another time is given."""
BATCH = 256
"""Pictures that a model is asked about at once: enough to be fast, few enough to bound the memory."""


class Classifier:
    """A model, with everything that it takes to answer a drawing.

    Parameters
    ----------
    model
        A ``torch.nn.Module``, a program of ``torch.export``, a model of Keras or a session of onnxruntime's; the path
        of a safetensors, ONNX, Keras or torch file (see `load_model`); a fitted estimator or pipeline of
        scikit-learn's, for rows of pixels; a `Teacher`, or the path of what one has saved; a function that takes a PIL
        picture (white ink on black) and returns probabilities or a label, or takes a batch of tensors and returns
        logits; the URL of a model that is served elsewhere, or a `Remote`; another classifier; or None for the bundled
        CNN.
    labels
        One for each class, as a list or as one string: ``"🐱🐶🐭"``. By default those of the other classifier or of the
        teacher, or the ten keycap emoji.
    transform
        A function that makes the model's picture, in place of `inputs` and `input_size`: a torchvision transform, or
        any function that takes the ink (a square PIL picture, mode L, 0 = paper, 255 = full ink) and returns a tensor,
        an array or a picture. By default that of the other classifier, or none.
    normalise
        Whether drawings are brought to MNIST's size and centre of mass; otherwise the whole pad is only resized. By
        default as in the other classifier, or True.
    inputs
        The values that the model expects: ``"0..1"``, ``"mnist"`` (mean .1307, deviation .3081), ``"-1..1"``,
        ``"0..255"``, ``"-0.5..0.5"``, ``"imagenet"``, ``"0..16"``, or ``(mean, deviation)`` as for torchvision's
        ``Normalize``; or ``"auto"``: that is found out, for a model of the ten digits. By default as in the other
        classifier, or ``"auto"``.
    ink
        ``"light"`` if the model expects white ink on black, as in MNIST, or ``"dark"``.
    input_size
        Side of the model's pictures in pixels, or (height, width).
    transposed
        Whether rows and columns of the model's pictures change places, as in EMNIST's raw files.
    timeout
        Seconds that the model may take for a picture before it is given up on. By default that of the other classifier
        or of the `Remote`, or 5. The bundled CNN has no limit.

    Raises
    ------
    ModelError
        If the model cannot be used. The message says what was given, what was expected, and what to do.
    LabelsError
        If there is not one label for each class.

    Warns
    -----
    ModelWarning
        If the model is slow, if it expects its pictures in an unusual form, or if it does not seem to know digits.

    Notes
    -----
    A model other than the bundled CNN is asked about some drawings at once, so that problems show before anybody draws.
    If its labels are the ten digits, and it is not good at them in the usual form (0..1, light ink, upright), it is
    asked in others, as far as `inputs`, `ink` and `transposed` do not say which. The best is taken if it is clearly
    better; the attribute `inputs` says what was found. A classifier made of another one asks again only if the pictures
    or the labels change. A model that is served elsewhere and is not there now is asked when a drawing comes.

    Examples
    --------
    >>> import numpy as np
    >>> from digit_widget import Classifier
    >>> classifier = Classifier(lambda picture: [0.2, 0.8], labels="🐱🐶")
    >>> ink = np.zeros((60, 60), np.uint8)
    >>> ink[5:55, 28:33] = 255
    >>> classifier.classify([ink])[0].result
    '🐶'
    """

    source: object
    """The model as it was given."""
    labels: tuple[str, ...]
    timeout: float
    _known: KnownModel
    _digest: str

    def __init__(
        self,
        model: object = None,
        labels: str | Iterable[str] | None = None,
        *,
        timeout: float | None = None,
        **pictures: Unpack[PictureKeywords],
    ) -> None:
        if brings_labels(model):
            teacher = model if isinstance(model, Teacher) else Teacher.load(model)  # type: ignore[arg-type]  # a path
            model, labels = teacher, teacher.labels if labels is None else labels
        other = model if isinstance(model, Classifier) else None
        if other:
            labels = other.labels if labels is None else labels
            timeout = other.timeout if timeout is None else timeout
        self.source = other.source if other else model
        self._digest = other._digest if other else file_digest(model)  # noqa: SLF001 - of the same class
        self.labels = as_labels(KEYCAPS if labels is None else labels)
        self.timeout = usual_timeout(self.source, TIMEOUT) if timeout is None else timeout
        preparation = (other._known.preparation if other else Preparation()).changed(**pictures)  # noqa: SLF001
        self._known = self._introduced(other, preparation)

    @classmethod
    def of(
        cls, model: object = None, labels: str | Iterable[str] | None = None, **pictures: Unpack[PictureKeywords]
    ) -> Classifier:
        """Return a model as a classifier: the same object if it is one already and nothing is to be changed."""
        if isinstance(model, Classifier) and labels is None:
            preparation = model._known.preparation  # noqa: SLF001 - of the same class
            if preparation.changed(**pictures) == preparation:
                return model
        return cls(model, labels, **pictures)

    @property
    def model(self) -> models.Model:
        """The model as it is asked."""
        return self._known.model

    @property
    def unmet(self) -> str:
        """Why a model that is served elsewhere has not been asked yet, as a sentence; ``""`` when it has been."""
        model = self._known.model
        return str(model.failure) if isinstance(model, Absent) else ""

    @property
    def transform(self) -> Callable[[Image.Image], Any] | None:
        """The function that makes the model's pictures, if there is one."""
        return self._known.preparation.transform

    @property
    def teacher(self) -> Teacher | None:
        """The teacher that answers, if one does."""
        return self.source if isinstance(self.source, Teacher) else None

    @property
    def digest(self) -> str:
        """The SHA-256 of the model's weights, in hexadecimal; ``""`` for one whose weights cannot be read.

        Of a file, they are those that were loaded, whatever has become of the file; a network may be in training.
        """
        return self._digest or digest(self.source)

    @property
    def normalise(self) -> bool:
        """Whether drawings are brought to MNIST's size and centre of mass."""
        return self._known.preparation.normalise

    @property
    def inputs(self) -> Inputs:
        """In which form the model is given its pictures, and what told so; as a string, one sentence."""
        return self._known.inputs

    def classify(self, inks: Iterable[Ink]) -> list[Answer]:
        """Answer some drawings.

        Parameters
        ----------
        inks
            Each of shape (height, width), uint8, 0 = paper, 255 = full ink; their sizes may differ.

        Returns
        -------
        list of Answer
            In the same order. A blank drawing, or a mere dot, is answered without asking the model.

        Raises
        ------
        ModelError
            If the model returns something that cannot be used.
        DeadlineError
            If the model takes longer than `timeout` for each picture.
        Exception
            Whatever the model or the transform raises.
        """
        remaining = iter(inks)
        answers: list[Answer] = []
        while batch := list(islice(remaining, BATCH)):
            answers += self._classify(batch)
        return answers

    def pictures(self, inks: Sequence[Ink]) -> Pictures:
        """Return what the model sees of some drawings: (n, channels, height, width), 0 = paper, 1 = full ink."""
        return self._met().pictures(inks, [normalise_ink(ink) for ink in inks])

    def logits(self, pictures: Pictures) -> Rows:
        """Ask the model about pictures that `pictures` returned, without a time limit; it raises what `classify` does.

        Returns
        -------
        numpy.ndarray
            Shape (n, classes), float64; a row that is minus infinity for all classes means "none of them".
        """
        known = self._met()
        outputs = known.outputs(pictures)
        rows = check_outputs(outputs, len(pictures), self.labels, probabilities=known.returns_probabilities)
        return log_probabilities(rows) if known.returns_probabilities else rows

    def packed(self) -> Packed:
        """Return what a page needs to answer without Python; it raises what `digit_widget.offline.pack` does."""
        from digit_widget.offline import pack  # noqa: PLC0415 - only a page needs it

        return pack(self._met(), self.source, self.labels)

    def _met(self) -> KnownModel:
        """Return how to ask the model; one that was not there is met now, or the failure raised.

        Several threads may do so at once: each gets to know the same model.
        """
        if isinstance(self._known.model, Absent):
            self._known = probe(self.source, self.labels, self._known.preparation, Caller())
        known = self._known
        if isinstance(known.model, Absent):
            raise known.model.failure
        return known

    def _introduced(self, other: Classifier | None, preparation: Preparation) -> KnownModel:
        """Return the model as another classifier knows it, if nothing but names has changed, or get to know it."""
        if other and len(other.labels) == len(self.labels):
            known = other._known  # noqa: SLF001 - of the same class
            is_asked_alike = other.source is None or are_digits(self.labels) <= are_digits(other.labels)
            if known.preparation == preparation and is_asked_alike:
                return known.with_labels(self.labels)
        if (self.source is None or isinstance(self.source, Teacher)) and preparation.transform is None:
            ours = models.load_model() if self.source is None else self.source
            check_labels(self.labels, ours.classes or 0)
            preparation.check_is_usual()
            return KnownModel(ours, preparation)
        return probe(self.source, self.labels, preparation, Caller())

    def _classify(self, inks: list[Ink]) -> list[Answer]:
        normalised = [normalise_ink(ink) for ink in inks]
        answers = [self._no_answer(ink) for ink in normalised]
        drawn = [index for index, ink in enumerate(normalised) if ink.any() and not is_dot(inks[index], ink)]
        if drawn:
            asked = self._ask([inks[index] for index in drawn], [normalised[index] for index in drawn])
            for index, answer in zip(drawn, asked, strict=True):
                answers[index] = answer
        return answers

    def _ask(self, inks: list[Ink], normalised: list[Ink]) -> list[Answer]:
        known = self._met()

        def ask() -> tuple[Pictures, Rows]:
            pictures = known.pictures(inks, normalised)
            return pictures, self.logits(pictures)

        pictures, logits = known.within(self.timeout * len(inks), ask)
        return [self._answer(shown(picture), row) for picture, row in zip(pictures, logits, strict=True)]

    def _answer(self, seen: Ink, logits: Rows) -> Answer:
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
