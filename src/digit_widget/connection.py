"""Traits on one side, the desk on the other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import traitlets

from digit_widget.answer import Answer
from digit_widget.data_url import DATA_URL, MAX_BYTES
from digit_widget.desk import Desk, Question
from digit_widget.drawing import Drawing, DrawingError
from digit_widget.errors import DigitWidgetError, missing, sentence
from digit_widget.keepsake import Keepsake, Kept
from digit_widget.labels import KEYCAPS, NO_ANSWER, LabelsError, check_labels
from digit_widget.loading import load_in_background
from digit_widget.packed import bundled_packed
from digit_widget.projection import on_page, values
from digit_widget.publisher import Publisher
from digit_widget.shown import Outcome
from digit_widget.traits import FROM_FRONT_END, PadTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from digit_widget.correction import Corrections
    from digit_widget.desk import Classifiers
    from digit_widget.models.teacher import Teacher
    from digit_widget.shown import Shown

MOST = 2**53 - 1
"""The largest number that a page's JavaScript can count to: it numbers drawings by the clock, in ms."""
_OF_THE_PAGE = ("image", "strokes", "_drawing")
"""The traits that hold the drawing. The page that drew it need not be sent them."""


class Connection(PadTraits):
    """Passes on to the desk what the front end and the user ask for, and shows what is on the desk.

    A drawing by hand comes through `set_state`. One from Python comes through the traits `image` and `strokes`: setting
    them calls `_request`. In both cases `_change` changes the desk, and publishes what is to be shown then.
    """

    _MET = "This model is {}"
    """How what was found out about a model is said on the blank pad."""

    def _start(self, classifiers: Classifiers, traits: dict[str, Any]) -> None:
        """Set up the pad, once it is known which classifiers answer."""
        self._desk, self._publisher = Desk(classifiers), Publisher(self)
        self._corrections = _corrections(traits.pop("feedback", None), self._about, teaches=traits.pop("teach", False))
        self._keepsake = Keepsake(self._kept)
        self._publish(self._desk.shown)
        super().__init__(**traits)
        if self._corrections:
            self.set_trait("_feedback", self._corrections.as_trait())
        if classifiers == (None,) and missing():
            self.set_trait("_offline", bundled_packed().as_trait(always=True))
        elif classifiers == (None,):
            load_in_background()
        self._say_unmet()

    def open(self) -> None:
        """Open the connection to the front end, and have its messages dealt with in a subshell where there are any."""
        super().open()
        # ipykernel 7.4 brings what a front end says to the shell that spoke to it last: mostly that of the cells.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = None  # noqa: SLF001 - it then goes where the front end sends it

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a front end sends: a drawing goes to the desk as one value, the rest to the traits."""
        state = {name: value for name, value in sync_data.items() if name in FROM_FRONT_END}
        drawing, said = state.pop("_drawing", None), state.pop("_correction", None)
        try:
            traits = self.traits()
            state = {name: traits[name]._validate(self, value) for name, value in state.items()}  # noqa: SLF001
        except (traitlets.TraitError, RecursionError) as error:
            self._say(f"The pad sent something that cannot be used: {error}")
            state = {}  # none is set unless all can be
        requests = {name: state.pop(name) for name in ("image", "labels") if name in state}
        try:
            if state:
                super().set_state(state)
            for name, value in requests.items():
                setattr(self, name, value)  # not within `set_state`, which holds back what is told meanwhile
        finally:  # an observer may have failed
            try:
                if said is not None and self._corrections:  # of the answer before that drawing, if both come at once
                    self._take(self._corrections, said)
            finally:
                if drawing is not None:
                    self._receive(drawing)

    def _receive(self, message: Any) -> None:  # noqa: ANN401 - a front end may send anything
        """Take a drawing from a front end; js/protocol.js says what is in it."""
        number = message.get("number") if isinstance(message, dict) else None
        if type(number) is not int or not 0 <= number <= MOST:
            self._say("The pad sent a drawing without a valid number; it was ignored.")
            return
        try:
            question = Question(number, Drawing.received(message), message.get("asks") is True, self._given(message))
        except DigitWidgetError as error:
            reason = str(error)
            self._change(lambda: self._desk.refuse(number, reason))
        else:
            self._keep(question)
            self._change(lambda: self._desk.receive(question), known_to_page=message.get("known"))

    def _given(self, message: dict[str, Any]) -> Outcome | None:
        """Return the answer in a message, where the front end is to answer."""
        answer = message.get("answer")
        return _as_outcome(answer, self._desk.labels) if self._offline.get("always") and answer is not None else None

    def _keep(self, question: Question) -> None:
        """Keep a drawing in the state while it is being answered: a page that is loaded meanwhile then waits, too."""
        shown = self._desk.shown
        page = on_page(question.drawing, question.number, shown.drawn) | {"asks": question.asks}
        self._publisher.publish(shown.generation, {"_drawing": page}, known=["_drawing"])

    def _request(self, name: str, value: Any) -> None:  # noqa: ANN401 - of the trait's kind
        """Do what setting `image`, `strokes` or `labels` asks for, unless it is so already."""
        newest = self._desk.drawing
        if value == {"image": newest.picture, "strokes": newest.strokes, "labels": list(self._desk.labels)}[name]:
            if self._desk.shown.has_failed:
                self._change(lambda: self._desk.draw(newest))
            return
        if name == "labels":
            self._change(lambda: self._desk.relabel(value))
            self._check_labels(value)
            if (teacher := self._teacher()) and len(value) == teacher.classes:
                teacher.labels = tuple(value)
            return
        try:
            drawing = Drawing.of_picture(value) if name == "image" else Drawing.of_strokes(value)
        except ImportError as error:
            self._say(sentence(error))
        else:
            self._change(lambda: self._desk.draw(drawing))

    def _check_labels(self, labels: list[str]) -> None:
        """Say that labels do not fit the model even while there is no drawing, which would show it."""
        first = self._desk.classifiers[0]
        try:
            check_labels(labels, len(first.labels if first else KEYCAPS))
        except LabelsError as error:
            if self._desk.drawing.is_blank:
                self._say(str(error))

    def _take(self, corrections: Corrections, said: object) -> None:
        """Do what a person says about an answer, and answer anew if something was learnt from it."""
        try:
            if corrections.take(said, self._desk.shown, self._teacher()):
                self._change(lambda: self._desk.swap(self._desk.classifiers))
        finally:  # an observer may have failed
            self._publisher.publish(self._desk.shown.generation, self._told(self._desk.shown))

    def _told(self, shown: Shown) -> dict[str, Any]:
        return {"_saved": self._corrections.tell(shown, self._teacher())} if self._corrections else {}

    def _teacher(self) -> Teacher | None:
        first = self._desk.classifiers[0]
        is_taught = self._corrections is not None and self._corrections.teaches
        return first.teacher if is_taught and first else None

    def _about(self) -> dict[str, Any]:
        """Return what a record of feedback says of the pad."""
        from digit_widget.models.adapting import called  # noqa: PLC0415 - few pads have feedback
        from digit_widget.models.weights import digest  # noqa: PLC0415

        first = self._desk.classifiers[0]
        source, weights = (first.source, first.digest) if first else (None, digest(None))
        settings = {"predict_on": self.predict_on, "size": self.size, "panel": self.panel}
        return {"model": called(source), "weights": weights, "locale": self.locale, "settings": settings}

    def _say_unmet(self) -> None:
        """Say even while there is no drawing that a model that is served elsewhere is not there."""
        said = [classifier.unmet for classifier in self._desk.classifiers if classifier and classifier.unmet]
        if said and self._desk.drawing.is_blank:
            self._say(said[0])

    def _say(self, error: str) -> None:
        """Show what went wrong, and leave the drawing and its answer as they are."""
        self._publisher.publish(self._desk.shown.generation, {"error": error})

    @traitlets.observe("predict_on")
    def _on_predict_on(self, _change: Any) -> None:  # noqa: ANN401
        """Without a button, answer the drawing that has waited for it."""
        if self.predict_on != "button":
            self._change(self._desk.ask)

    @traitlets.observe("explaining")
    def _on_explaining(self, _change: Any) -> None:  # noqa: ANN401
        self._publisher.publish(self._desk.shown.generation, {"_why": {}})
        self._explain()

    @traitlets.observe("locale")
    def _on_locale(self, _change: Any) -> None:  # noqa: ANN401
        self._keepsake.follow()

    def _change(self, change: Callable[[], Shown | None], known_to_page: object = None) -> None:
        """Change the desk, and show the result."""
        try:
            shown = change()
        except BaseException:  # a cell was interrupted
            self._publish(self._desk.shown)
            raise
        if shown:
            is_of_page = known_to_page == shown.drawn  # it has seen all that Python drew, and drew this itself
            try:
                self._publish(shown, _OF_THE_PAGE if is_of_page else ())
            finally:
                self._keepsake.follow(soon=known_to_page is not None)
                if not isinstance(sys.exception(), KeyboardInterrupt):
                    self._explain()

    def _publish(self, shown: Shown, known: Container[str] = ()) -> None:
        self._publisher.publish(shown.generation, self._outputs(shown), known)

    def _outputs(self, shown: Shown) -> dict[str, Any]:
        """Return the values of all traits that the desk decides on."""
        summaries = (classifier.inputs.summary if classifier else "" for classifier in self._desk.classifiers)
        met = [self._MET.format(summary) if summary else "" for summary in summaries]
        return values(shown) | {"_met": met} | self._told(shown)

    def _explain(self) -> None:
        """If the user wants it, show why the answer is what it is, or a sentence that says why that is not known."""
        shown = self._desk.shown
        answer = shown.outcomes[0].answer
        if not self._explains() or shown.is_stale or answer is None or answer.prediction is None:
            return
        try:
            found = self._desk.explain()
        except Exception as failure:  # noqa: BLE001 - raised, it would be swallowed: the pad says it
            if not self._explains():
                return  # switched off meanwhile
            self.explaining = False
            why = {"error": sentence(failure, "The answer could not be explained.")}
            self._publisher.publish(shown.generation, {"_why": why})
        else:
            if found and self._explains():
                generation, explanation = found
                self._publisher.publish(generation, {"_why": explanation.shown() | {"answered": self._answered}})

    def _explains(self) -> bool:
        return self.explaining

    def _kept(self) -> Kept:
        """Return what a notebook keeps of the pad."""
        shown = self._desk.shown
        return Kept(shown.drawing, "" if shown.is_stale else self._said(shown), self.locale)

    def _said(self, shown: Shown) -> str:
        """Return the answer, for readers of the notebook."""
        answer = shown.outcomes[0].answer
        return answer.result if answer else NO_ANSWER


def _corrections(feedback: object, about: Callable[[], dict[str, Any]], *, teaches: bool) -> Corrections | None:
    """Return what takes what people say about answers, if that is to be saved or learnt from."""
    is_saved = feedback is not None and feedback is not False
    if not (is_saved or teaches):
        return None
    from digit_widget.correction import Corrections  # noqa: PLC0415 - few pads have feedback
    from digit_widget.feedback import Feedback  # noqa: PLC0415

    return Corrections(Feedback.of(feedback) if is_saved else None, about, teaches=teaches)


def _as_outcome(given: object, labels: Sequence[str]) -> Outcome:
    """Return an answer that a front end gave, once it is known to be one.

    Raises
    ------
    DrawingError
        If it is none.
    """
    answer: dict[str, Any] = given if isinstance(given, dict) else {}
    prediction, seen, probabilities = (answer.get(name) for name in ("prediction", "seen", "probabilities"))
    shares: list[Any] = [answer.get("confidence"), *(probabilities if isinstance(probabilities, list) else ())]
    is_class = prediction is None or (type(prediction) is int and 0 <= prediction < len(labels))
    is_picture = isinstance(seen, str) and len(seen) <= MAX_BYTES and DATA_URL.match(seen)
    if not (is_class and is_picture and len(shares) == len(labels) + 1 and all(map(_is_share, shares))):
        message = "The page's answer to its drawing has no prediction, confidence, probabilities or picture to be used."
        raise DrawingError(message)
    result = NO_ANSWER if prediction is None else labels[prediction]
    nothing: Any = None  # where there is no numpy, there is no array
    return Outcome(Answer(result, prediction, shares[0], tuple(shares[1:]), nothing), seen=str(seen))


def _is_share(number: object) -> bool:
    return isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number <= 1
