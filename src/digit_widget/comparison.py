"""Several models behind one pad: what each says of the same drawing, and where they disagree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from digit_widget.classifier import Classifier
from digit_widget.errors import sentence
from digit_widget.labels import KEYCAPS, NO_ANSWER, as_labels
from digit_widget.models import Model, ModelError
from digit_widget.widget import DigitWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PIL.Image import Image

    from digit_widget.classifier import Answer
    from digit_widget.normalise import Ink


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

    _answering = ("models", "transform", "normalise")

    def __init__(
        self,
        models: Mapping[str, object] | Sequence[object],
        *,
        labels: str | Iterable[str] | None = None,
        transform: Callable[[Image], Any] | None = None,
        normalise: bool = True,
        **widget: Any,  # noqa: ANN401 - the traits check their values
    ) -> None:
        sources = _named(models)
        classifiers = _classifiers(sources, labels, transform, normalise)
        (self._first, first), *others = classifiers.items()
        self._others = dict(others)
        self._sharing = {name for name, classifier in others if classifier.labels == first.labels}
        self._asked: dict[str, Answer | BaseException] = {}
        self._found: dict[str, Answer | BaseException | None] = dict.fromkeys(classifiers)
        self._given = sources[self._first]
        super().__init__(first, **widget)

    @property
    def model(self) -> object:
        """The first of the models, as it was given; which models there are is settled when the comparison is made."""
        return self._given

    @model.setter
    def model(self, _model: object) -> None:
        message = "A comparison keeps its models; make another one: compare({...})."
        raise AttributeError(message)

    @property
    def answers(self) -> dict[str, Answer | None]:
        """What each model says of the drawing, by name; None while the pad is blank, and of a model that failed."""
        return {name: None if isinstance(found, BaseException) else found for name, found in self._found.items()}

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, in words, by name: of those models alone that failed."""
        return {name: sentence(found) for name, found in self._found.items() if isinstance(found, BaseException)}

    def __repr__(self) -> str:
        """Return what an output cell shows where widgets are not to be had."""
        said = ", ".join(f"{name}: {answer.result if answer else NO_ANSWER}" for name, answer in self.answers.items())
        return f"<{type(self).__name__} {said}; agree={self.agree}>"

    def _said(self) -> str:
        return ", ".join(f"{row['name']}: {row['result']}" for row in self._rows)

    @traitlets.default("_rows")
    def _default_rows(self) -> list[dict[str, Any]]:
        answers, errors = self.answers, self.errors
        first = answers[self._first]
        return [
            {
                "name": name,
                "result": answer.result if answer else NO_ANSWER,
                "prediction": answer.prediction if answer else None,
                "confidence": answer.confidence if answer else 0.0,
                "error": errors.get(name, ""),
                "differs": bool(answer and first and answer.result != first.result),
            }
            for name, answer in answers.items()
        ]

    def _classify(self, ink: Ink) -> Answer:
        """Ask all models, and return what the first one says, or raise what it raised."""
        self._asked = {name: self._asked_of(name, ink) for name in self._found}
        first = self._asked[self._first]
        if isinstance(first, BaseException):
            raise first
        return first

    def _asked_of(self, name: str, ink: Ink) -> Answer | BaseException:
        try:
            if name == self._first:
                return super()._classify(ink)
            if name in self._sharing and list(self._others[name].labels) != self.labels:
                self._others[name] = Classifier(self._others[name], self.labels)  # the pad's are others now
            (answer,) = self._others[name].classify([ink])
        except Exception as failure:  # noqa: BLE001 - said in the model's row
            return failure
        return answer

    def _outputs(self, answer: Answer | None, error: str) -> dict[str, Any]:
        # What was asked is said once: when a blank pad is shown, or a refusal, no model was asked about it.
        self._found, self._asked = dict.fromkeys(self._found) | self._asked, {}
        said = {found.result for found in self.answers.values() if found}
        return super()._outputs(answer, error) | {"agree": len(said) <= 1, "_rows": self._default_rows()}


def compare(
    models: Mapping[str, object] | Sequence[object],
    *,
    labels: str | Iterable[str] | None = None,
    transform: Callable[[Image], Any] | None = None,
    normalise: bool = True,
    **widget: Any,  # noqa: ANN401 - the traits check their values
) -> Comparison:
    """Put several models behind one pad, and mark where they disagree.

    Parameters
    ----------
    models
        By name, as ``{"mine": network, "bundled": None}``, or in a list: then they are called after their class, their
        function or their file. Each is what `Classifier` takes.
    labels
        One a class, for all models; those of the first `Classifier` among the models, or the ten keycap emoji, when
        None. A `Classifier` then keeps its own.
    transform, normalise
        What picture the models are given; see `Classifier`. One that is a `Classifier` keeps its own.
    **widget
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
        When `models` is neither a mapping nor a list, a name is no text, or a keyword is not known.

    Examples
    --------
    >>> from digit_widget import compare
    >>> pad = compare({"bundled": None, "always three": lambda picture: 3})
    >>> pad.observe(lambda change: print(pad.answers), "agree")
    """
    return Comparison(models, labels=labels, transform=transform, normalise=normalise, **widget)


def _named(models: object) -> dict[str, object]:
    """Return models by name, names of them found where none were given."""
    if isinstance(models, Mapping):
        named = dict(models)
        if wrong := [name for name in named if not (isinstance(name, str) and name.strip())]:
            message = f"A model's name is a text that is not empty; {wrong[0]!r:.60} is none."
            raise TypeError(message)
    elif isinstance(models, list | tuple):
        named = {}
        for model in models:
            called = name = _name(model)
            count = 1
            while name in named:
                count += 1
                name = f"{called} {count}"
            named[name] = model
    else:
        message = (
            f"compare takes several models, as a list or as a mapping of name to model, and a {type(models).__name__} "
            "came. One model alone goes into DigitWidget(model)."
        )
        raise TypeError(message)
    if not named:
        message = "There are no models to compare; give at least one, as compare({'bundled': None})."
        raise ModelError(message)
    return named


def _name(model: object) -> str:
    """Return what to call a model that was given without a name."""
    if isinstance(model, Classifier):
        return _name(model.model)
    if model is None:
        return "bundled"
    if isinstance(model, (str, os.PathLike)):
        return Path(model).stem
    if isinstance(model, Model):  # one of ours: called after what is behind it
        model = getattr(model, "module", getattr(model, "function", model))
    name = getattr(model, "__name__", type(model).__name__)
    return "function" if name == "<lambda>" else str(name)


def _classifiers(
    sources: dict[str, object],
    labels: str | Iterable[str] | None,
    transform: Callable[[Image], Any] | None,
    normalise: bool,  # noqa: FBT001 - handed on
) -> dict[str, Classifier]:
    """Return each model as a classifier, or say which of them cannot be one."""
    given = None if labels is None else as_labels(labels)
    usual = given or next((source.labels for source in sources.values() if isinstance(source, Classifier)), KEYCAPS)
    classifiers = {}
    for name, source in sources.items():
        try:
            if isinstance(source, Classifier):
                classifiers[name] = Classifier.of(source, given)
            else:
                classifiers[name] = Classifier(source, usual, transform=transform, normalise=normalise)
        except ModelError as error:
            message = f"{name}: {error}"
            raise type(error)(message) from error
    return classifiers
