"""The widget, as its users know it."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from digit_widget.connection import Connection
from digit_widget.drawing import BLANK
from digit_widget.errors import missing
from digit_widget.keywords import PAD_KEYWORDS, meant, split
from digit_widget.labels import KEYCAPS, as_labels, check_labels
from digit_widget.loading import classifier_class
from digit_widget.models import ModelError
from digit_widget.models.adapting import brings_labels
from digit_widget.whole import whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from digit_widget.explain import Explanation
    from digit_widget.feedback import Feedback
    from digit_widget.keywords import PadKeywords
    from digit_widget.models.teacher import Teacher
    from digit_widget.packed import Packed

STATIC = Path(__file__).parent / "static"


class DigitWidget(Connection):
    """A pad to draw on, with a model that says what was drawn.

    Parameters
    ----------
    model
        Who answers; see `Classifier`. The bundled CNN unless another is given.
    transform, normalise, inputs, ink, input_size, transposed
        What pictures it is given; see `Classifier`. What a model of digits expects is found out unless it is said.
    image
        A drawing to begin with: a picture as `predict` takes it. The trait is a data URL (PNG, JPEG, WebP, GIF or BMP).
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
    prompt
        What the blank pad says, such as ``"Draw a cat"``; its own words when ``""``.
    panel
        ``"full"``; ``"compact"``: the answer without bars, inset and *Why?*; ``"none"``: the pad and its buttons alone.
    offline
        Whether the page answers where it has no Python: in a saved notebook, in static HTML, after the kernel is gone.
        The notebook grows by 640 kB, if widgets are saved with it.
    feedback
        Where what people say about the answers is saved, with their drawings: a folder, True for one called feedback
        beside the notebook, or a `Feedback`. The panel then has *Right* and *It was…*, and asks for consent first.
    teach
        Whether the pad learns: draw, and say which class it is. With `labels` of your own it answers from the second
        class on; without, the bundled network's answers are bent towards your hand. See `Teacher`.
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
    Python answers through `result`, `prediction`, `confidence`, `probabilities`, `status` and `error`, which change
    together and cannot be set. `status` is ``"answered"``, or says why `result` is 🤔: ``"blank"``, ``"unknown"``,
    ``"error"``, or ``"waiting"`` for *Predict*. `image` and `strokes` can be set: the drawing appears on the pad and is
    answered.

    Examples
    --------
    >>> from digit_widget import DigitWidget
    >>> pad = DigitWidget()
    >>> pad.observe(lambda change: print(change.new), "prediction")
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"
    _MODELS = "model"
    """The keyword for what answers."""

    def __init__(self, model: object = None, **keywords: Unpack[PadKeywords]) -> None:
        self._check_keywords(keywords)
        said, traits = split(keywords)
        self._model, self._pictures = model, said
        labels, is_offline = traits.pop("labels", None), traits.pop("offline", False)
        if traits.get("teach") and is_offline:
            message = (
                "teach=True and offline=True do not go together: what is taught later would not reach the page. Save a "
                "page once it is taught: pad.save(...)."
            )
            raise ModelError(message)
        if traits.get("teach"):
            model = self._model = _teacher(model, labels)
        classifier = None  # the bundled one, which is made with the first drawing
        is_usual = model is None and self._pictures in ({}, {"normalise": True})
        if not is_usual or (is_offline and not missing()):  # where something is missing, the page answers anyway
            Classifier = classifier_class()  # noqa: N806 - a class
            classifier = Classifier.of(model, labels, **self._pictures)
        elif labels is not None:
            traits["labels"] = as_labels(labels)
            check_labels(traits["labels"], len(KEYCAPS))
        packed = classifier.packed() if classifier and is_offline else None
        self._start((classifier,), traits)
        self._bring(packed)

    def _check_keywords(self, keywords: Iterable[str]) -> None:
        names = (self._MODELS, *PAD_KEYWORDS)
        if unknown := sorted(set(keywords) - set(names)):
            said = ", ".join(f"{name}{meant(name, names)}" for name in unknown)
            message = f"{type(self).__name__} has no keyword {said}; it takes {', '.join(names)}."
            raise TypeError(message)

    @property
    def model(self) -> object:
        """What answers, as it was given; None is the bundled CNN.

        Setting it answers the drawing anew. A model with other classes comes with its labels, or with a transform of
        its own: ``Classifier(model, labels)``. One that cannot be used raises `ModelError` and changes nothing. A pad
        that is taught takes another `Teacher`, or the path of what one has saved; None begins anew.
        """
        return self._model

    @model.setter
    def model(self, model: object) -> None:
        Classifier = classifier_class()  # noqa: N806 - a class
        if self._corrections and self._corrections.teaches:
            teacher = _teacher(model, self.labels if model is None else None)
            model = model if isinstance(model, Classifier) else teacher
        classifier = model
        if not isinstance(classifier, Classifier):
            classifier = Classifier(model, None if brings_labels(model) else self.labels, **self._pictures)
        packed = classifier.packed() if self._offline else None
        self._model = model
        self._change(lambda: self._desk.swap((classifier,)))
        self._bring(packed)
        self._say_unmet()

    def _bring(self, packed: Packed | None) -> None:
        """Bring to the page what it needs to answer without Python."""
        if packed:
            self.set_trait("_offline", packed.as_trait())

    @property
    def feedback(self) -> Feedback | None:
        """What people have said about the answers; None unless it is saved."""
        return self._corrections.feedback if self._corrections else None

    @property
    def teacher(self) -> Teacher | None:
        """What learns from the drawings; None unless the pad is taught."""
        return self._teacher()

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

    def to_html(self, title: str | None = None) -> str:
        """Return the page that `save` writes."""
        from digit_widget.page import to_html  # noqa: PLC0415 - only a page needs it

        feedback = self._corrections.on_page() if self._corrections else None
        return to_html(self._desk.ready().packed(), self.trait_values(), title, feedback)

    def save(self, path: str | os.PathLike[str], title: str | None = None) -> Path:
        """Write a page with this pad, blank, that answers by itself: without Python, and without a network.

        A pad that is taught answers there with what it has been taught by now. A pad with feedback asks for it there,
        too: what is said is kept on the page until it is saved to a file, for `Feedback.add_file`.

        Parameters
        ----------
        path
            The file to send to whoever has a browser: some 680 kB, 790 for what was taught; or 5 MB and the model.
        title
            The page's heading; by default what the blank pad says.

        Raises
        ------
        ModelError
            When the model is Python code, or cannot be exported to ONNX, or fewer than two classes have been taught;
            nothing is written.
        """
        page = self.to_html(title)
        file = Path(path)
        with whole(file) as part:
            part.write_text(page, encoding="utf-8")
        return file

    def __repr__(self) -> str:
        """Return what an output cell shows where there are no widgets."""
        return f"<DigitWidget {self.result} prediction={self.prediction} confidence={self.confidence:.2f}>"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:  # noqa: ANN401
        """Return what a cell's output holds of the widget, and have below it what the notebook keeps."""
        self._keepsake.show(self._kept_as)
        return super()._repr_mimebundle_(**options)


def _teacher(model: object, labels: str | Iterable[str] | None) -> Teacher:
    """Return what is to be taught.

    Raises
    ------
    ModelError
        If the model is one that cannot be taught.
    """
    Classifier = classifier_class()  # noqa: N806 - a class; it imports numpy, which a teacher needs
    from digit_widget.models.teacher import Teacher  # noqa: PLC0415

    if model is None:
        return Teacher(KEYCAPS if labels is None else labels)
    is_possible = isinstance(model, Classifier) or brings_labels(model)
    if is_possible and (teacher := Classifier.of(model, labels).teacher):
        if labels is not None:
            teacher.labels = as_labels(labels)  # it saves them, too
        return teacher
    message = "teach=True is for classes of your own and for the bundled network; leave model= out, or pass a Teacher."
    raise ModelError(message)
