"""The widget: a drawing comes in as traits, an `Answer` goes out as traits."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from digit_widget import models
from digit_widget.labels import KEYCAPS, NO_ANSWER, uniform
from digit_widget.strokes import PAD_SIZE, StrokesError, checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digit_widget.classifier import Answer, Classifier

_STATIC = Path(__file__).parent / "static"
_SETTABLE = ("image", "strokes", "predict_on", "labels")
_DRAWING = ("image", "strokes", "_background", "_drawn", "_question")
_FROM_FRONT_END = (*_DRAWING, "predict_on", "labels", "_view_count")
_FROM_WIDGETS = ("layout", "tabbable", "tooltip")


class DigitWidget(anywidget.AnyWidget):
    """A pad to draw on, with a model that says what was drawn.

    Parameters
    ----------
    image
        A drawing to begin with, as a data URL (PNG, JPEG, WebP, GIF or BMP).
    strokes
        The same as pen strokes: lists of points ``[x, y, t, pressure]`` in pad units (0 to 280, y down), t in ms;
        t and pressure may be left out.
    predict_on
        ``"stroke"``: when the pen lifts. ``"move"``: while it draws, too. ``"button"``: when *Predict* is pressed.
    labels
        One a class; the ten keycap emoji unless others are given.
    **widget
        ``layout``, ``tabbable`` and ``tooltip`` of every ipywidget.

    Raises
    ------
    TypeError
        When a keyword is not one of these.
    traitlets.TraitError
        When a value is not of its kind.

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

    image = traitlets.Unicode(help="The drawing, a PNG data URL, black on white; '' when blank.").tag(
        sync=True, echo_update=False
    )
    strokes: traitlets.List[Any] = traitlets.List(help="The drawing, as strokes of [x, y, t, pressure].").tag(
        sync=True, echo_update=False
    )
    predict_on = traitlets.Enum(["stroke", "move", "button"], "stroke", help="When to ask the model.").tag(sync=True)
    labels = traitlets.List(traitlets.Unicode(), list(KEYCAPS), minlen=1, help="One a class.").tag(sync=True)

    result = traitlets.Unicode(NO_ANSWER, read_only=True, help="The label; 🤔 when there is none.").tag(sync=True)
    prediction = traitlets.Int(
        None, allow_none=True, read_only=True, help="The class index; None when blank or not a digit."
    ).tag(sync=True)
    confidence = traitlets.Float(0.0, read_only=True, help="Probability of the prediction, 0..1.").tag(sync=True)
    probabilities = traitlets.List(traitlets.Float(), read_only=True, help="One a class, sums to 1.").tag(sync=True)
    error = traitlets.Unicode(read_only=True, help="What went wrong, in words; '' when nothing did.").tag(sync=True)

    # The picture below the strokes: what Python set as `image`, as a data URL that the pad can show.
    _background = traitlets.Unicode().tag(sync=True, echo_update=False)
    # The pad counts its drawings here: so it is known who drew, and that picture and strokes are of one drawing.
    _drawn = traitlets.Int(0).tag(sync=True, echo_update=False)
    # The 28x28 picture the model saw, as a data URL.
    _seen = traitlets.Unicode(read_only=True).tag(sync=True)
    # The front end numbers its question, Python answers with the same number.
    _question = traitlets.Int(0).tag(sync=True, echo_update=False)
    _answered = traitlets.Int(0, read_only=True).tag(sync=True)
    # The drawing is newer than the answer, and nobody asked.
    _unasked = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401 - the traits check their values
        names = (*_SETTABLE, *_FROM_WIDGETS)
        if unknown := traits.keys() - set(names):
            message = f"DigitWidget has no keyword {', '.join(sorted(unknown))}; it takes {', '.join(names)}."
            raise TypeError(message)
        # With subshells (JupyterLab 4.4, ipykernel 7) the pad's messages come in another thread than the cells run in.
        self._lock = threading.RLock()
        self._arriving: dict[str, Any] = {}
        self._answered_image = ""
        self._classifier: Classifier | None = None
        models.load_in_background()
        super().__init__(**traits)

    def clear(self) -> None:
        """Wipe the pad."""
        self._draw("")

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a front end sends: the drawing and, mostly, a question; what else it sends is not for it to set."""
        state = {name: value for name, value in sync_data.items() if name in _FROM_FRONT_END}
        with self._lock:
            try:
                for name, value in state.items():
                    self.traits()[name]._validate(self, value)  # noqa: SLF001 - none is set unless all can be
            except traitlets.TraitError as error:
                self._refuse(str(error), state.get("_question"))
                return
            with self._together(state):
                try:
                    super().set_state(state)
                finally:
                    if self._question != self._answered:  # an observer of the user's failed on the way
                        self._answer()

    def notify_change(self, change: Any) -> None:  # noqa: ANN401
        """Tell observers first and the front end then: what they change in turn travels in the same message."""
        with self.hold_sync():
            super().notify_change(change)

    def __repr__(self) -> str:
        """Return what an output cell shows where widgets are not to be had."""
        return f"<DigitWidget {self.result} prediction={self.prediction} confidence={self.confidence:.2f}>"

    @contextmanager
    def _together(self, values: dict[str, Any]) -> Iterator[None]:
        """Let traits change as parts of one drawing: their observers then know the values as nothing new."""
        before, self._arriving = self._arriving, values
        try:
            yield
        finally:
            self._arriving = before

    @traitlets.default("probabilities")
    def _default_probabilities(self) -> list[float]:
        return list(uniform(len(self.labels)))

    @traitlets.validate("strokes")
    def _validate_strokes(self, proposal: Any) -> list[Any]:  # noqa: ANN401
        try:
            return checked(proposal.value)
        except StrokesError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.validate("_background")
    def _validate_background(self, proposal: Any) -> str:  # noqa: ANN401
        from digit_widget.picture import DATA_URL, MAX_BYTES  # noqa: PLC0415

        background: str = proposal.value
        if background and not (DATA_URL.match(background) and len(background) < 2 * MAX_BYTES):
            message = "The picture below the strokes is not a data URL of an image."
            raise traitlets.TraitError(message)
        return background

    @traitlets.observe("image", "strokes")
    def _on_drawing(self, change: Any) -> None:  # noqa: ANN401
        """Complete a drawing of which one trait was set alone: lay a picture under the pad, draw strokes on it."""
        if "_drawn" in self._arriving and self._arriving.get(change.name) == change.new:
            return
        from digit_widget import picture  # noqa: PLC0415 - numpy and PIL come with the first drawing

        if change.name == "strokes":
            image = picture.to_data_url(rasterise(change.new)) if change.new else ""
            self._draw(image, strokes=change.new)
            return
        try:
            background = picture.to_data_url(picture.shrink(picture.from_data_url(change.new), PAD_SIZE))
        except picture.PictureError:
            background = ""  # the answer says what is wrong
        self._draw(change.new, background=background)

    def _draw(self, image: str, strokes: list[Any] | None = None, background: str = "") -> None:
        """Put a drawing of Python's on the pad and answer it, whatever `predict_on` says."""
        drawing = {"image": image, "strokes": strokes or [], "_background": background}
        with self._lock, self.hold_sync():
            with self._together(drawing | {"_drawn": self._drawn}), self.hold_trait_notifications():
                for name, value in drawing.items():
                    setattr(self, name, value)
            if self.image != self._answered_image or self.error:
                self._answer()

    @traitlets.observe("image", "_question")
    def _on_question(self, _change: Any) -> None:  # noqa: ANN401
        """Answer a drawing once, though its picture and its question arrive as two changes."""
        asked = self._question != self._answered
        if asked or (self.predict_on != "button" and self.image != self._answered_image):
            self._answer()
        else:
            self.set_trait("_unasked", self.image != self._answered_image)

    @traitlets.observe("predict_on")
    def _on_predict_on(self, _change: Any) -> None:  # noqa: ANN401
        """Answer what waited for the button when there is none any more."""
        if self._unasked and self.predict_on != "button":
            self._answer()

    @traitlets.observe("labels")
    def _on_labels(self, _change: Any) -> None:  # noqa: ANN401
        self._classifier = None
        if not self._unasked:
            self._answer()

    def _answer(self) -> None:
        """Answer the drawing that is there: the one place where a picture becomes an answer, or a sentence."""
        with self._lock:
            self._answered_image = self.image
            answer, error = None, ""
            try:
                answer = self._classify() if self.image else None
            except Exception as failure:  # noqa: BLE001 - raised here, it would be swallowed: the pad must say it
                error = _sentence(failure)
            self._show(answer, error)

    def _classify(self) -> Answer:
        from digit_widget.classifier import Classifier  # noqa: PLC0415 - numpy and PIL come with the first drawing
        from digit_widget.picture import from_data_url  # noqa: PLC0415

        ink = from_data_url(self.image, dark_on_light=bool(self.strokes) and not self._background)
        if self._classifier is None:
            self._classifier = Classifier(labels=self.labels)
        (answer,) = self._classifier.classify([ink])
        return answer

    def _refuse(self, reason: str, question: object) -> None:
        """Say that a front end's message cannot be used, under the number of its question if it has one."""
        if type(question) is int:
            self._show(None, f"The pad sent something that cannot be used: {reason}", question)
            self._question = question
        else:
            self._show(None, f"The pad sent something that cannot be used: {reason}")

    def _show(self, answer: Answer | None, error: str = "", question: int | None = None) -> None:
        """Write all outputs at once, so that whoever observes one of them sees those of the same answer."""
        outputs: dict[str, Any] = {
            "result": answer.result if answer else NO_ANSWER,
            "prediction": answer.prediction if answer else None,
            "confidence": answer.confidence if answer else 0.0,
            "probabilities": list(answer.probabilities if answer else uniform(len(self.labels))),
            "error": error,
            "_seen": "",
            "_answered": self._question if question is None else question,
            "_unasked": False,
        }
        if answer:
            from digit_widget.picture import to_data_url  # noqa: PLC0415

            outputs["_seen"] = to_data_url(answer.seen)
        try:
            with self.hold_sync(), self.hold_trait_notifications():
                for name, value in outputs.items():
                    self.set_trait(name, value)
        except Exception:
            self.send_state(list(outputs))  # an observer of the user's failed: the pad must not wait for ever
            raise


def _sentence(failure: Exception) -> str:
    """Say what went wrong: in its own words where they were made for people."""
    from digit_widget.classifier import LabelsError  # noqa: PLC0415 - numpy and PIL come with the first drawing
    from digit_widget.picture import PictureError  # noqa: PLC0415

    if isinstance(failure, (LabelsError, PictureError)):
        return str(failure)
    return f"The model could not answer. {type(failure).__name__}: {failure}"
