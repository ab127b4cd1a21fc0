"""Several models behind one pad: what each says of the same drawing, and where they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import traitlets

from digit_widget.classifier import Classifier
from digit_widget.keywords import split
from digit_widget.labels import KEYCAPS, NO_ANSWER, as_labels
from digit_widget.models import ModelError
from digit_widget.several import named
from digit_widget.widget import STATIC, DigitWidget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from digit_widget.answer import Answer
    from digit_widget.keywords import PadKeywords, PictureKeywords
    from digit_widget.shown import Outcome, Shown


class Comparison(DigitWidget):
    """A pad whose drawing several models answer, side by side; see `compare`.

    Notes
    -----
    All that a `DigitWidget` says is of the first model. The answers of the others are in `answers`, and change together
    with it. A model that fails has its sentence in its row and in `errors`; the others answer all the same.
    """

    agree = traitlets.Bool(
        default_value=True, read_only=True, help="Whether all that answered gave the same label; true when blank."
    ).tag(sync=True)

    # One a model, the first one's first: name, result, prediction, confidence, error, differs.
    _rows = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)

    _esm = STATIC / "comparison.js"
    _css = STATIC / "comparison.css"

    _MODELS = "models"
    _MET = "{}"  # it stands beside the model's name

    def __init__(self, models: Mapping[str, object] | Sequence[object], **keywords: Unpack[PadKeywords]) -> None:
        self._check_keywords(keywords)
        said, traits = split(keywords)
        if traits.pop("offline", False):
            message = (
                "A comparison cannot be offline=True: a page has one model. Make a pad for each: DigitWidget(model)."
            )
            raise ModelError(message)
        if traits.pop("teach", False):
            message = (
                "A comparison cannot be taught. Teach a pad, DigitWidget(teach=True), and compare what it has learnt: "
                "compare([pad.teacher, None])."
            )
            raise ModelError(message)
        sources = named(models)
        self._names = tuple(sources)
        self._model = sources[self._names[0]]
        self._start(_classifiers(sources, traits.pop("labels", None), said), traits)

    @property
    def model(self) -> object:
        """The first of the models, as it was given; which models there are is settled when the comparison is made."""
        return self._model

    @model.setter
    def model(self, _model: object) -> None:
        message = "The models of a comparison cannot be changed; make another one: compare({...})."
        raise AttributeError(message)

    def to_html(self, title: str | None = None) -> str:  # noqa: ARG002 - as a pad's
        """Raise `ModelError`: a page has one model."""
        message = "A comparison does not fit onto a page, which has one model. Save a pad for each: DigitWidget(model)."
        raise ModelError(message)

    @property
    def answers(self) -> dict[str, Answer | None]:
        """What each model says of the drawing, by name; None while the pad is blank, and of a model that failed."""
        return {name: outcome.answer for name, outcome in self._outcomes(self._desk.shown)}

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, in words, by name: of those models alone that failed."""
        return {name: outcome.error for name, outcome in self._outcomes(self._desk.shown) if outcome.failure}

    def __repr__(self) -> str:
        """Return what an output cell shows where there are no widgets."""
        said = ", ".join(f"{name}: {answer.result if answer else NO_ANSWER}" for name, answer in self.answers.items())
        return f"<{type(self).__name__} {said}; agree={self.agree}>"

    def _said(self, shown: Shown) -> str:
        said = ((name, outcome.answer) for name, outcome in self._outcomes(shown))
        return ", ".join(f"{name}: {answer.result if answer else NO_ANSWER}" for name, answer in said)

    def _outcomes(self, shown: Shown) -> Iterator[tuple[str, Outcome]]:
        return zip(self._names, shown.outcomes, strict=True)

    def _outputs(self, shown: Shown) -> dict[str, Any]:
        first = shown.outcomes[0].answer
        rows = [
            {
                "name": name,
                "result": answer.result if (answer := outcome.answer) else NO_ANSWER,
                "prediction": answer.prediction if answer else None,
                "confidence": answer.confidence if answer else 0.0,
                "error": outcome.error,
                "differs": bool(answer and first and answer.result != first.result),
            }
            for name, outcome in self._outcomes(shown)
        ]
        said = {outcome.answer.result for outcome in shown.outcomes if outcome.answer}
        return super()._outputs(shown) | {"agree": len(said) <= 1, "_rows": rows}


def compare(models: Mapping[str, object] | Sequence[object], **keywords: Unpack[PadKeywords]) -> Comparison:
    """Put several models behind one pad, and mark where they disagree.

    Parameters
    ----------
    models
        By name, as ``{"mine": network, "bundled": None}``, or in a list: then they are called after their class, their
        function or their file. Each is what `Classifier` takes.
    labels
        One per class, for all models. If None, the labels of the first `Classifier` among the models, or the ten keycap
        emoji; each `Classifier` keeps its own.
    transform, normalise, inputs, ink, input_size, transposed
        What pictures the models are given; see `Classifier`. One that is a `Classifier` keeps its own, and so does the
        bundled CNN.
    **keywords
        What else `DigitWidget` takes.

    Returns
    -------
    Comparison
        A pad that is used as any other. Its own answer is that of the first model.

    Raises
    ------
    ModelError
        When there are no models, or one of them cannot be used: the message begins with its name.
    TypeError
        When `models` is neither a mapping nor a list, a name is not a string, or a keyword is unknown.

    Examples
    --------
    >>> from digit_widget import compare
    >>> pad = compare({"bundled": None, "always three": lambda picture: 3})
    >>> pad.observe(lambda change: print(pad.answers), "agree")
    """
    return Comparison(models, **keywords)


def _for_bundled(pictures: PictureKeywords) -> PictureKeywords:
    """Return what is said of the pictures as far as it holds for the bundled CNN, too, whose inputs are known."""
    kept: PictureKeywords = {}
    if "transform" in pictures:
        kept["transform"] = pictures["transform"]
    if "normalise" in pictures:
        kept["normalise"] = pictures["normalise"]
    return kept


def _classifiers(
    sources: dict[str, object],
    labels: str | Iterable[str] | None,
    pictures: PictureKeywords,
) -> tuple[Classifier, ...]:
    """Return each model as a classifier, or say which of them cannot be one."""
    given = None if labels is None else as_labels(labels)
    usual = given or next((source.labels for source in sources.values() if isinstance(source, Classifier)), KEYCAPS)
    classifiers = []
    for name, source in sources.items():
        try:
            if isinstance(source, Classifier):
                classifiers.append(Classifier.of(source, given))
            else:
                classifiers.append(
                    Classifier(source, usual, **(_for_bundled(pictures) if source is None else pictures))
                )
        except ModelError as error:
            message = f"{name}: {error}"
            raise type(error)(message) from error
    return tuple(classifiers)
