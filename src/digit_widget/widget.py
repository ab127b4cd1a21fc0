"""The widget, as its users know it."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digit_widget.connection import Connection
from digit_widget.drawing import BLANK
from digit_widget.loading import classifier_class
from digit_widget.models import ModelError
from digit_widget.traits import FROM_WIDGETS, SETTABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from digit_widget.explain import Explanation

_STATIC = Path(__file__).parent / "static"


class DigitWidget(Connection):
    """A pad to draw on, with a model that says what was drawn.

    Parameters
    ----------
    model, transform, normalise
        Who answers, and what picture it is given; see `Classifier`. The bundled CNN unless another is given.
    image
        A drawing to begin with, as a data URL (PNG, JPEG, WebP, GIF or BMP).
    strokes
        The same as pen strokes: lists of points ``[x, y, t, pressure]`` in pad units (0 to 280, y down), t in ms;
        t and pressure may be left out.
    predict_on
        ``"stroke"``: when the pen lifts. ``"move"``: while it draws, too. ``"button"``: when *Predict* is pressed.
    labels
        One a class, as a list or as one text, ``"🐱🐶🐭"``; the ten keycap emoji, or the classifier's, unless given.
    explaining
        Whether the panel shows, after each answer, which ink spoke for it; see `explain`.
    size
        The pad's side on the page in CSS pixels, 160 to 600; the corner of the pad changes it too. `image` and
        `strokes` stay in pad units whatever the size.
    locale
        The language the widget speaks, as a tag like ``"de"`` or ``"zh-Hans"``: English, German, Chinese and Hindi;
        Any other language falls back to English. The page's or the browser's when ``""``.
    **widget
        ``layout`` and ``tabbable`` of every ipywidget.

    Raises
    ------
    ModelError
        When the model cannot be used.
    TypeError
        When a keyword is not one of these.
    traitlets.TraitError
        If a value has the wrong type.

    Notes
    -----
    Python answers through `result`, `prediction`, `confidence`, `probabilities` and `error`, which change together and
    cannot be set. `image` and `strokes` can: the drawing appears on the pad and is answered.

    Examples
    --------
    >>> from digit_widget import DigitWidget
    >>> pad = DigitWidget()
    >>> pad.observe(lambda change: print(change.new), "prediction")
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"
    _KEYWORDS: tuple[str, ...] = ("model", "transform", "normalise")
    """The keywords that are not traits."""

    def __init__(
        self,
        model: object = None,
        *,
        transform: Callable[[Image], Any] | None = None,
        normalise: bool | None = None,
        **traits: Any,  # noqa: ANN401 - the traits check their values
    ) -> None:
        self._check_keywords(traits)
        self._model, self._transform, self._normalise = model, transform, normalise
        classifier = None  # the bundled one, which is made with the first drawing
        if not (model is None and transform is None and normalise is not False):
            Classifier = classifier_class()  # noqa: N806 - a class
            labels = traits.pop("labels", None)
            classifier = Classifier.of(model, labels, transform=transform, normalise=normalise)
        self._start((classifier,), traits)

    def _check_keywords(self, traits: dict[str, Any]) -> None:
        names = (*self._KEYWORDS, *SETTABLE, *FROM_WIDGETS)
        if unknown := traits.keys() - set(names):
            message = f"{type(self).__name__} has no keyword {', '.join(sorted(unknown))}; it takes {', '.join(names)}."
            raise TypeError(message)

    @property
    def model(self) -> object:
        """What answers, as it was given; None is the bundled CNN.

        Setting it answers the drawing anew. A model with other classes comes with its labels, or with a transform of
        its own: ``Classifier(model, labels)``. One that cannot be used raises `ModelError` and changes nothing.
        """
        return self._model

    @model.setter
    def model(self, model: object) -> None:
        Classifier = classifier_class()  # noqa: N806 - a class
        classifier = model
        if not isinstance(classifier, Classifier):
            classifier = Classifier(model, self.labels, transform=self._transform, normalise=self._normalise)
        self._model = model
        self._change(lambda: self._desk.swap((classifier,)))

    @property
    def traceback(self) -> str:
        """The traceback of the last answer's error; '' when there was none."""
        shown = self._desk.shown
        failure = shown.failure or shown.outcomes[0].failure
        return "".join(traceback.format_exception(failure)) if failure else ""

    def clear(self) -> None:
        """Wipe the pad."""
        self._change(lambda: self._desk.draw(BLANK))

    def explain(self) -> Explanation:
        """Say why the drawing is answered as it is: which ink spoke for the answer, and which for the runner-up.

        `explaining` shows the same on the pad.

        Returns
        -------
        Explanation
            As the last line of a cell it shows itself.

        Raises
        ------
        ValueError
            When the pad is blank, or the drawing has no answer.
        ModelError
            When the model fails, or is too slow to be asked a hundred times.
        """
        for _ in range(10):
            if found := self._desk.explain():
                return found[1]
        message = "The drawing changed each time it was to be explained; explain it again when nobody draws."
        raise ModelError(message)

    def __repr__(self) -> str:
        """Return what an output cell shows where there are no widgets."""
        return f"<DigitWidget {self.result} prediction={self.prediction} confidence={self.confidence:.2f}>"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:  # noqa: ANN401
        """Return what a cell's output holds of the widget, and have below it what the notebook keeps."""
        self._keepsake.show(self._kept_as)
        return super()._repr_mimebundle_(**options)
