"""The widget: a drawing comes in as traits, an `Answer` goes out as traits."""

from __future__ import annotations

import json
import re
import threading
import traceback
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from digit_widget.data_url import DATA_URL, MAX_BYTES
from digit_widget.errors import DigitWidgetError, missing, sentence
from digit_widget.keepsake import Keepsake, Kept
from digit_widget.labels import KEYCAPS, NO_ANSWER, as_labels, uniform
from digit_widget.strokes import LARGEST, PAD_SIZE, SMALLEST, StrokesError, checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.Image import Image

    from digit_widget.classifier import Answer, Classifier
    from digit_widget.explain import Explanation
    from digit_widget.normalise import Ink

_STATIC = Path(__file__).parent / "static"
_SETTABLE = ("image", "strokes", "predict_on", "labels", "explaining", "size", "locale")
_DRAWING = ("image", "strokes", "_background", "_drawn", "_memory", "_question")
_MEMORY = 200_000
"""Characters of JSON; the pad keeps to a third of it."""
_FROM_FRONT_END = (*_DRAWING, "predict_on", "labels", "explaining", "size", "_view_count")
_FROM_WIDGETS = ("layout", "tabbable")
_LOCALE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*")
"""The form of a BCP 47 tag."""


class DigitWidget(anywidget.AnyWidget):
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
        English where it is another. The page's or the browser's when ``""``.
    **widget
        ``layout`` and ``tabbable`` of every ipywidget.

    Raises
    ------
    ModelError
        When the model cannot be used.
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
    _answering: tuple[str, ...] = ("model", "transform", "normalise")
    """The keywords that are no traits."""

    image = traitlets.Unicode(help="The drawing, a PNG data URL, black on white; '' when blank.").tag(
        sync=True, echo_update=False
    )
    strokes: traitlets.List[Any] = traitlets.List(help="The drawing, as strokes of [x, y, t, pressure].").tag(
        sync=True, echo_update=False
    )
    predict_on = traitlets.Enum(["stroke", "move", "button"], "stroke", help="When to ask the model.").tag(sync=True)
    labels = traitlets.List(traitlets.Unicode(), list(KEYCAPS), minlen=1, help="One a class.").tag(sync=True)
    explaining = traitlets.Bool(default_value=False, help="Whether to show what spoke for an answer.").tag(sync=True)
    size = traitlets.Int(PAD_SIZE, help="The pad's side on the page in CSS pixels, 160..600.").tag(sync=True)
    locale = traitlets.Unicode(help="The language of the panel, a BCP 47 tag; '' is the browser's.").tag(sync=True)

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
    # What undo and redo know, for a page that is loaded again; the pad sends it when it clears, undoes or redoes.
    _memory: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True, echo_update=False)
    # The 28x28 picture the model saw, as a data URL.
    _seen = traitlets.Unicode(read_only=True).tag(sync=True)
    # The front end numbers its question, Python answers with the same number.
    _question = traitlets.Int(0).tag(sync=True, echo_update=False)
    _answered = traitlets.Int(0, read_only=True).tag(sync=True)
    # The drawing is newer than the answer, and nobody asked.
    _unasked = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)
    # Why the answer of this number (`answered`) is what it is, as pictures and labels; or an `error`; or nothing.
    _why: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True)

    # What is kept of the pad in the notebook has this name, by which a view of the pad hides it.
    _kept_as = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(
        self,
        model: object = None,
        *,
        transform: Callable[[Image], Any] | None = None,
        normalise: bool = True,
        **traits: Any,  # noqa: ANN401 - the traits check their values
    ) -> None:
        names = (*self._answering, *_SETTABLE, *_FROM_WIDGETS)
        if unknown := traits.keys() - set(names):
            kind = type(self).__name__
            message = f"{kind} has no keyword {', '.join(sorted(unknown))}; it takes {', '.join(names)}."
            raise TypeError(message)
        # With subshells (JupyterLab 4.4, ipykernel 7) the pad's messages come in another thread than the cells run in.
        self._lock = threading.RLock()
        self._arriving: dict[str, Any] = {}
        self._answered_image = ""
        self._failure: BaseException | None = None
        self._keepsake = Keepsake(self._kept_as, self._kept, self._lock)
        self._owes_reasons = False  # the answer goes out first, then why it is what it is
        self._model, self._transform, self._normalise = model, transform, normalise
        self._classifier: Classifier | None = None  # the bundled one is made with the first drawing
        if isinstance(traits.get("labels"), str):
            traits["labels"] = list(as_labels(traits["labels"]))
        if not (model is None and transform is None and normalise):
            from digit_widget.classifier import Classifier  # noqa: PLC0415 - numpy and PIL come with the first drawing

            self._classifier = Classifier.of(model, traits.get("labels"), transform=transform, normalise=normalise)
            traits["labels"] = list(self._classifier.labels)
        super().__init__(**traits)
        if lacking := missing():
            self.set_trait("error", lacking)
        elif self._classifier is None:
            _load_in_background()

    @property
    def model(self) -> object:
        """What answers, as it was given; None is the bundled CNN.

        Setting it answers the drawing anew. A model with other classes comes with its labels, or with a transform of
        its own: ``Classifier(model, labels)``; what cannot be used raises `ModelError` and leaves the pad as it was.
        """
        return self._model

    @model.setter
    def model(self, model: object) -> None:
        from digit_widget.classifier import Classifier  # noqa: PLC0415 - numpy and PIL come with the first drawing

        if isinstance(model, Classifier):
            classifier = model
        else:
            classifier = Classifier(model, self.labels, transform=self._transform, normalise=self._normalise)
        with self._lock:
            self._model, self._classifier = model, classifier
            if list(classifier.labels) != self.labels:
                self.labels = list(classifier.labels)  # which answers anew
            elif not self._unasked:
                self._answer()

    @property
    def traceback(self) -> str:
        """Where in the model, or on the way to it, the error of the last answer came from; '' when there was none."""
        return "".join(traceback.format_exception(self._failure)) if self._failure else ""

    def clear(self) -> None:
        """Wipe the pad."""
        self._draw("")

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
        from digit_widget.explain import explain  # noqa: PLC0415 - numpy and PIL come with the first drawing

        with self._lock:
            if not self.image:
                message = "The pad is blank; draw something first, then ask why it is answered as it is."
                raise ValueError(message)
            classifier, ink = self._ready(), self._ink()
        return explain(classifier, ink)

    def open(self) -> None:
        """Begin the talk with the front end; where it can, it asks beside the cells that run, in a subshell."""
        super().open()
        # ipykernel 7.4 brings what a front end says to the shell that spoke to it last: mostly that of the cells.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = None  # noqa: SLF001 - it then goes where the front end sends it

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a front end sends: the drawing and, mostly, a question; what else it sends is not for it to set."""
        state = {name: value for name, value in sync_data.items() if name in _FROM_FRONT_END}
        with self._keepsake.in_a_moment():
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

    @contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Hold back what is for the front end until the outermost block ends; reasons follow the answer they are of."""
        is_outermost = not self._holding_sync
        try:
            with super().hold_sync():
                yield
        finally:
            if is_outermost and self._owes_reasons:
                self._give_reasons()

    def __repr__(self) -> str:
        """Return what an output cell shows where widgets are not to be had."""
        return f"<DigitWidget {self.result} prediction={self.prediction} confidence={self.confidence:.2f}>"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:  # noqa: ANN401
        """Return what a cell's output holds of the widget, and have below it what the notebook keeps."""
        self._keepsake.show()
        return super()._repr_mimebundle_(**options)

    def _kept(self) -> Kept:
        """Return the drawing and its answer, for readers of the notebook."""
        try:
            from digit_widget import picture  # noqa: PLC0415 - numpy and PIL come with the first drawing

            drawing = picture.to_data_url(picture.shrink(self._ink(), PAD_SIZE)) if self.image else ""
        except (DigitWidgetError, ImportError):
            drawing = ""
        return Kept(drawing, "" if self._unasked else self._said(), self.locale)

    def _said(self) -> str:
        """Return the answer, for readers of the notebook."""
        return self.result

    @contextmanager
    def _together(self, values: dict[str, Any]) -> Iterator[None]:
        """Let traits change as parts of one drawing: their observers then know the values as nothing new."""
        before, self._arriving = self._arriving, values
        try:
            yield
        finally:
            self._arriving = before

    @traitlets.default("_kept_as")
    def _default_kept_as(self) -> str:
        return uuid.uuid4().hex

    @traitlets.default("probabilities")
    def _default_probabilities(self) -> list[float]:
        return list(uniform(len(self.labels)))

    @traitlets.validate("strokes")
    def _validate_strokes(self, proposal: Any) -> list[Any]:  # noqa: ANN401
        try:
            return checked(proposal.value)
        except StrokesError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.validate("_memory")
    def _validate_memory(self, proposal: Any) -> dict[str, Any]:  # noqa: ANN401
        memory: dict[str, Any] = proposal.value
        return memory if len(json.dumps(memory)) <= _MEMORY else {}

    @traitlets.validate("size")
    def _validate_size(self, proposal: Any) -> int:  # noqa: ANN401
        size: int = proposal.value
        if not SMALLEST <= size <= LARGEST:
            message = f"size is the pad's side in CSS pixels, from {SMALLEST} to {LARGEST}; {size} is not."
            raise traitlets.TraitError(message)
        return size

    @traitlets.validate("locale")
    def _validate_locale(self, proposal: Any) -> str:  # noqa: ANN401
        locale: str = proposal.value.replace("_", "-")  # as POSIX writes it
        if locale and not _LOCALE.fullmatch(locale):
            message = f"locale is a language tag, like 'de' or 'zh-Hans', or ''; {proposal.value!r:.60} is none."
            raise traitlets.TraitError(message)
        return locale

    @traitlets.validate("_background")
    def _validate_background(self, proposal: Any) -> str:  # noqa: ANN401
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
        try:
            from digit_widget import picture  # noqa: PLC0415 - numpy and PIL come with the first drawing
        except ImportError as error:
            self._show(None, sentence(error))
            return
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
            self._keepsake.follow()

    @traitlets.observe("predict_on")
    def _on_predict_on(self, _change: Any) -> None:  # noqa: ANN401
        """Answer what waited for the button when there is none any more."""
        if self._unasked and self.predict_on != "button":
            self._answer()

    @traitlets.observe("labels")
    def _on_labels(self, _change: Any) -> None:  # noqa: ANN401
        if not self._unasked:
            self._answer()

    @traitlets.observe("locale")
    def _on_locale(self, _change: Any) -> None:  # noqa: ANN401
        self._keepsake.follow()

    @traitlets.observe("explaining")
    def _on_explaining(self, _change: Any) -> None:  # noqa: ANN401
        self._owes_reasons = self.explaining
        self.set_trait("_why", {})

    def _answer(self) -> None:
        """Answer the drawing that is there: the one place where a picture becomes an answer, or a sentence."""
        with self._lock:
            self._answered_image = self.image
            answer, error, self._failure = None, "", None
            try:
                answer = self._classify(self._ink()) if self.image else None
            except Exception as failure:  # noqa: BLE001 - raised, it would be swallowed: the pad says it
                self._failure, error = failure, sentence(failure)
            self._show(answer, error)

    def _ink(self) -> Ink:
        from digit_widget.picture import from_data_url  # noqa: PLC0415 - numpy and PIL come with the first drawing

        return from_data_url(self.image, dark_on_light=bool(self.strokes) and not self._background)

    def _classify(self, ink: Ink) -> Answer:
        (answer,) = self._ready().classify([ink])
        return answer

    def _ready(self) -> Classifier:
        from digit_widget.classifier import Classifier  # noqa: PLC0415 - numpy and PIL come with the first drawing

        if self._classifier is None or list(self._classifier.labels) != self.labels:
            self._classifier = Classifier(self._classifier, self.labels)
        return self._classifier

    def _give_reasons(self) -> None:
        """Show why the answer is what it is, or a sentence why that cannot be told; the answer stays as it is."""
        with self._lock:
            if not self._owes_reasons:
                return  # another thread has
            self._owes_reasons = False
            if self.prediction is None or self._unasked:
                return
            from digit_widget import explain  # noqa: PLC0415 - numpy and PIL come with the first drawing

            try:
                why = explain.explain(self._ready(), self._ink())
                shown = {
                    "answered": self._answered,
                    "label": why.result,
                    "runner_up_label": why.runner_up_result,
                    "seen": explain.picture(why.heat, why.seen),
                    "runner_up": explain.picture(why.runner_up_heat, why.seen),
                    "overlay": "" if why.overlay is None else explain.data_url(why.overlay),
                }
            except Exception as failure:  # noqa: BLE001 - as in `_answer`
                with self.hold_sync():
                    self.explaining = False
                    self.set_trait("_why", {"error": sentence(failure, "The model could not be asked why.")})
            else:
                self.set_trait("_why", shown)

    def _refuse(self, reason: str, question: object) -> None:
        """Say that a front end's message cannot be used, under the number of its question if it has one."""
        if type(question) is int:
            self._show(None, f"The pad sent something that cannot be used: {reason}", question)
            self._question = question
        else:
            self._show(None, f"The pad sent something that cannot be used: {reason}")

    def _show(self, answer: Answer | None, error: str = "", question: int | None = None) -> None:
        """Write all outputs at once, so that whoever observes one of them sees those of the same answer."""
        outputs = self._outputs(answer, error) | {"_answered": self._question if question is None else question}
        self._owes_reasons = self.explaining and answer is not None
        try:
            with self.hold_sync(), self.hold_trait_notifications():
                for name, value in outputs.items():
                    self.set_trait(name, value)
        except Exception:
            self.send_state(list(outputs))  # an observer of the user's failed: the pad must not wait for ever
            raise
        finally:
            self._keepsake.follow()

    def _outputs(self, answer: Answer | None, error: str) -> dict[str, Any]:
        """Return all that an answer, or a sentence instead of one, says to Python and to the panel."""
        outputs: dict[str, Any] = {
            "result": answer.result if answer else NO_ANSWER,
            "prediction": answer.prediction if answer else None,
            "confidence": answer.confidence if answer else 0.0,
            "probabilities": list(answer.probabilities if answer else uniform(len(self.labels))),
            "error": error,
            "_seen": "",
            "_unasked": False,
            "_why": {},
        }
        if answer:
            from digit_widget.picture import to_data_url  # noqa: PLC0415

            outputs["_seen"] = to_data_url(answer.seen)
        return outputs


def _load_in_background() -> None:
    """Load what the first answer needs, so that it does not wait: numpy, Pillow, the bundled network."""

    def load() -> None:
        with suppress(Exception):  # the first answer meets the failure again, where it can be said
            from digit_widget.classifier import Classifier  # noqa: PLC0415 - it imports numpy and Pillow

            Classifier()

    try:
        # No daemon: numpy must not be halfway through its import when the interpreter is taken down.
        threading.Thread(target=load, name="digit-widget: load the model").start()
    except RuntimeError:  # no thread can be started, as in a browser's Python
        load()
