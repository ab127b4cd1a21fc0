"""What is asked, by whom, and what is shown; it knows no trait and no widget."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from digit_widget.drawing import BLANK, Drawing, DrawingError
from digit_widget.labels import KEYCAPS
from digit_widget.shown import Outcome, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from digit_widget.classifier import Classifier
    from digit_widget.explain import Explanation

    Classifiers = tuple[Classifier | None, ...]


@dataclass(frozen=True)
class Question:
    """One message of a front end: a drawing, and whether its answer is wanted now."""

    number: int
    """Front ends number by the clock, each above all numbers that it knows."""
    drawing: Drawing
    asks: bool
    """False when the drawing waits for a button."""
    outcome: Outcome | None = None
    """The answer, where the front end gives it itself."""


@dataclass(frozen=True)
class _State:
    """All that a desk knows, as one value."""

    classifiers: Classifiers
    follows: tuple[bool, ...]
    """Which classifiers are relabelled with the first."""
    now: Shown
    """The newest drawing; until it is answered, with the outcomes of the one before."""
    shown: Shown
    """What is shown: `now`, or what came before it while it is being answered."""
    answered: Drawing | None
    """The drawing that the outcomes of `now` are of; None when they are by other classifiers, or of no use."""

    @property
    def is_asking(self) -> bool:
        return self.shown is not self.now

    def has_answered(self, drawing: Drawing) -> bool:
        return self.answered is not None and self.answered.content == drawing.content

    def changed(self, *, asks: bool, **changes: Any) -> _State:  # noqa: ANN401 - what Shown has
        now = replace(self.now, generation=self.now.generation + 1, **changes)
        return replace(self, now=now, shown=self.shown if asks else now)


class Desk:
    """Where drawings come in, from front ends and from Python, and are answered: the newest one wins.

    Parameters
    ----------
    classifiers
        At least one. None is the bundled one, which is made with the first drawing and takes the labels of the desk.

    Notes
    -----
    Any thread may call any method at any time, a model or a transform that is being asked among them. A method that
    changes something returns what is to be shown then, or None when another change came while it asked: that one asks
    about the newest drawing in turn. When a method is interrupted (by `KeyboardInterrupt`, say), `shown` is what is to
    be shown. These hold at all times:

    - The state is one frozen value. The lock is held to put another in its place, and for nothing else: while it is,
      no model runs, no transform, no decoder, and no destructor that the garbage collector calls.
    - What is shown is whole: its outcomes are of its drawing, by the classifiers and with the labels of its generation.
      If it is stale, they are of an earlier one.
    - The newest drawing is answered, or waits because nobody has asked, or is being asked about by exactly one call,
      the one that made the last change. So, once no call is under way, what is shown is the newest drawing, and no
      question is without its answer.
    - Each change has its own generation, and at most one thing is ever shown of it.
    """

    def __init__(self, classifiers: Classifiers) -> None:
        self._lock = threading.Lock()
        blank = Shown(BLANK, (), KEYCAPS)
        self._state = _State((), (), blank, blank, None)
        self.swap(classifiers)

    @property
    def shown(self) -> Shown:
        """What is shown; the last one that was complete while another drawing is being answered."""
        return self._state.shown

    @property
    def drawing(self) -> Drawing:
        """The newest drawing, answered or not."""
        return self._state.now.drawing

    @property
    def classifiers(self) -> Classifiers:
        """The classifiers, in order."""
        return self._state.classifiers

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the first classifier."""
        return self._state.now.labels

    def ready(self) -> Classifier:
        """Return the first classifier with the labels of the desk, made if needed."""
        return _ready(self._state, 0)

    def receive(self, question: Question) -> Shown | None:
        """Take a drawing from a front end, and answer it if it asks."""
        drawing = question.drawing

        def change(state: _State) -> _State:
            now, given = state.now, question.outcome
            is_being_asked = state.is_asking and drawing.content == now.drawing.content
            asks = question.asks or drawing.is_blank or is_being_asked  # which this change would otherwise drop
            is_stale = not (asks or state.has_answered(drawing))
            number = max(now.number, question.number)
            asked = number if question.asks else now.asked
            known = {"outcomes": (given,), "failure": None} if given else {}
            after = state.changed(
                asks=asks and not given,
                drawing=drawing,
                number=number,
                asked=asked,
                is_stale=is_stale and not given,
                **known,
            )
            return replace(after, answered=drawing) if given else after

        return self._change(change)

    def draw(self, drawing: Drawing) -> Shown | None:
        """Take a drawing from Python, and answer it unless it is answered already."""

        def change(state: _State) -> _State:
            asks = state.now.has_failed or not state.has_answered(drawing)
            return state.changed(asks=asks, drawing=drawing, drawn=state.now.drawn + 1, is_stale=False)

        return self._change(change)

    def ask(self) -> Shown | None:
        """Answer the drawing that waits; None when none does."""
        if not self._state.now.is_stale:
            return None
        return self._change(lambda state: state.changed(asks=True, is_stale=False))

    def swap(self, classifiers: Classifiers) -> Shown | None:
        """Replace the classifiers, and answer the drawing again unless it is waiting to be asked about."""

        def change(state: _State) -> _State:
            now, first = state.now, classifiers[0]
            labels = now.labels if first is None else first.labels
            follows = tuple(classifier is None or classifier.labels == labels for classifier in classifiers)
            outcomes = now.outcomes if len(now.outcomes) == len(classifiers) else (Outcome(),) * len(classifiers)
            after = state.changed(asks=not now.is_stale, labels=labels, outcomes=outcomes)
            return replace(after, classifiers=classifiers, follows=follows, answered=None)

        return self._change(change)

    def relabel(self, labels: Iterable[str]) -> Shown | None:
        """Rename the classes, and answer the drawing again unless it is waiting to be asked about.

        The labels are those of the first classifier, and of the others that had the same ones as the first when they
        came. If they do not fit a classifier, its failure says so until others come.
        """
        given = tuple(labels)

        def change(state: _State) -> _State:
            return replace(state.changed(asks=not state.now.is_stale, labels=given), answered=None)

        return self._change(change)

    def refuse(self, number: int | None, reason: str) -> Shown | None:
        """Say that a message of a front end cannot be used, and settle its question if it has a number."""
        failure = DrawingError(f"The pad sent something that cannot be used: {reason}")

        def change(state: _State) -> _State:
            now = state.now
            highest = now.number if number is None else max(now.number, number)
            outcomes = (Outcome(),) * len(now.outcomes)
            after = state.changed(asks=False, number=highest, asked=highest, outcomes=outcomes, failure=failure)
            return replace(after, answered=None if now.is_stale else now.drawing)

        return self._change(change)

    def explain(self) -> tuple[int, Explanation] | None:
        """Say why the first classifier answers the newest drawing as it does; see `digit_widget.explain.explain`.

        The number is the generation that it is of. The result is None when there was a change meanwhile.

        Raises
        ------
        ValueError
            When the pad is blank, or the drawing has no answer.
        Exception
            Whatever reading the picture, or explaining it, raises.
        """
        state = self._state
        if state.now.drawing.is_blank:
            message = "The pad is blank; draw something first, then ask why it is answered as it is."
            raise ValueError(message)
        from digit_widget.explain import explain  # noqa: PLC0415 - numpy and PIL come with the first drawing

        generation = state.now.generation
        try:
            explanation = explain(_ready(state, 0), state.now.drawing.ink())
        except Exception:
            if self._state.now.generation == generation:
                raise
            return None
        return (generation, explanation) if self._state.now.generation == generation else None

    def _change(self, change: Callable[[_State], _State]) -> Shown | None:
        """Change the state, and ask about the newest drawing if that is now to be done."""
        state = before = self._state
        try:
            while not self._replace(before, state := change(before)):
                before = self._state  # of another thread, which was faster
            if not state.is_asking:
                return state.shown
            answered = _answered(state)
            return answered.shown if self._replace(state, answered) else None
        except BaseException:
            if state is not before and state.is_asking:  # interrupted: nobody asks any more
                waiting = replace(state.now, is_stale=True)
                self._replace(state, replace(state, now=waiting, shown=waiting, answered=None))
            raise

    def _replace(self, before: _State, after: _State) -> bool:
        """Put one state in the place of another, unless there has been a change since."""
        with self._lock:
            if self._state is not before:
                return False
            self._state = after  # the caller still has `before`: to drop a model may run its destructor
            return True


def _answered(state: _State) -> _State:
    """Ask all classifiers about the newest drawing."""
    classifiers, outcomes = list(state.classifiers), [Outcome()] * len(state.classifiers)
    failure = None
    if not state.now.drawing.is_blank:
        try:
            ink = state.now.drawing.ink()
        except Exception as raised:  # noqa: BLE001 - said where the drawing is shown
            failure = raised
        else:
            for index in range(len(classifiers)):
                try:
                    classifiers[index] = ready = _ready(state, index)
                    (answer,) = ready.classify([ink])
                    outcomes[index] = Outcome(answer)
                except Exception as raised:  # noqa: BLE001 - one that fails leaves the others alone
                    outcomes[index] = Outcome(failure=raised)
    now = replace(state.now, outcomes=tuple(outcomes), failure=failure)
    return replace(state, classifiers=tuple(classifiers), now=now, shown=now, answered=now.drawing)


def _ready(state: _State, index: int) -> Classifier:
    """Return a classifier with the current labels, made or remade if needed."""
    classifier, labels = state.classifiers[index], state.now.labels
    if classifier is None or (state.follows[index] and classifier.labels != labels):
        from digit_widget.classifier import Classifier  # noqa: PLC0415 - numpy and PIL come with the first drawing

        return Classifier(classifier, labels)
    return classifier
