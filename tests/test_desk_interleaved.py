"""Any number of threads draw, ask, swap and relabel at a desk, in any order: what is shown is of one drawing."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from stage import BOUND, DRAWINGS, Actor, Stage

from digit_widget.deadline import DeadlineError
from digit_widget.desk import Desk, Question
from digit_widget.drawing import BLANK, Drawing, DrawingError
from digit_widget.picture import PictureError
from digit_widget.shown import Outcome, Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from digit_widget import Classifier

UNREADABLE = Drawing(picture="data:image/png;base64,AAAA")
CROWD = 6
"""Operations under way at a time, at the most."""
ACTORS = [Actor(), Actor(1), Actor(2, hangs=True)]
"""Who can answer. The last one hangs until all ends, and is given up on at once."""

SHEETS = {"0": DRAWINGS[0], "1": DRAWINGS[1], "2": DRAWINGS[2], "blank": BLANK, "unreadable": UNREADABLE}

sheets = st.sampled_from([*SHEETS, "0", "1", "2"])
panels = st.lists(st.sampled_from(range(len(ACTORS))), min_size=1, max_size=2, unique=True)
operations = st.one_of(
    st.tuples(st.just("receive"), st.sampled_from([0, 1]), sheets, st.booleans()),
    st.tuples(st.just("receive"), st.sampled_from([0, 1]), sheets, st.booleans()),
    st.tuples(st.just("draw"), sheets),
    st.tuples(st.just("ask")),
    st.tuples(st.just("swap"), panels),
    st.tuples(st.just("relabel")),
    st.tuples(st.just("refuse"), st.sampled_from([0, 1])),
)


class Interleaving(RuleBasedStateMachine):
    """Two pages and a notebook's cells at one desk; its models answer when the machine says, and as it says.

    What the desk must come to is told by what was begun, in the order in which it was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names = count()
        self.panels: dict[tuple[str, ...], list[int]] = {}  # who answers, by the labels: each change brings new ones
        self.clocks = [1000, 1010]  # the second page's is ahead at first, and slow
        # What must come of it.
        self.labels, classifiers = self.new_panel([0])
        self.drawing, self.number, self.drawn = BLANK, 0, 0
        self.is_wanted = True  # somebody has asked about the drawing
        self.changes = 0

        self.desk = Desk(classifiers)
        self.published = self.desk.shown
        self.returned: list[Shown] = []  # what is yet to be published
        self.stage = Stage()
        for actor in ACTORS:
            actor.stage = self.stage

    def new_labels(self, panel: list[int]) -> tuple[str, ...]:
        """Return labels that nobody has had before, to be those of this panel."""
        name = next(self.names)
        labels = tuple(f"{digit} of {name}" for digit in range(10))
        self.panels[labels] = panel
        return labels

    def new_panel(self, panel: list[int]) -> tuple[tuple[str, ...], tuple[Classifier, ...]]:
        """Return classifiers of some actors, and their labels."""
        labels = self.new_labels(panel)
        timeouts = [0.001 if ACTORS[index].hangs else 60.0 for index in panel]
        return labels, tuple(
            ACTORS[index].classifier(labels, timeout=timeout) for index, timeout in zip(panel, timeouts, strict=True)
        )

    def begun(self, operation: tuple[Any, ...]) -> Callable[[], Shown | None]:
        """Note what must come of an operation, and return it."""
        desk = self.desk
        match operation:
            case ("receive", view, sheet, asks):
                drawing = SHEETS[sheet]
                self.clocks[view] += (5, 3)[view]
                self.number = max(self.number, self.clocks[view])
                if asks or drawing.is_blank or drawing.content != self.drawing.content:
                    self.is_wanted = asks or drawing.is_blank
                self.drawing = drawing
                act = partial(desk.receive, Question(self.clocks[view], drawing, asks))
            case ("draw", sheet):
                drawing = SHEETS[sheet]
                self.drawing, self.is_wanted, self.drawn = drawing, True, self.drawn + 1
                act = partial(desk.draw, drawing)
            case ("ask",):
                if self.is_wanted:
                    return desk.ask
                self.is_wanted = True
                act = desk.ask
            case ("swap", panel):
                self.labels, classifiers = self.new_panel(panel)
                act = partial(desk.swap, classifiers)
            case ("relabel",):
                self.labels = self.new_labels(self.panels[self.labels])
                act = partial(desk.relabel, self.labels)
            case ("refuse", view):
                self.clocks[view] += (5, 3)[view]
                self.number = max(self.number, self.clocks[view])
                act = partial(desk.refuse, self.clocks[view], "x")
        self.changes += 1
        return act

    def do(self, operation: tuple[Any, ...]) -> None:
        """Do something at the desk in this thread, as the widget will: what is returned is published, some time."""
        act = self.begun(operation)
        changes = self.changes
        try:
            shown = act()
        except KeyboardInterrupt:
            self.is_wanted &= self.changes != changes  # nobody asks about it any more, unless there was a change
            self.returned.append(self.desk.shown)
            raise
        if shown is not None:
            self.returned.append(shown)

    def do_elsewhere(self, operation: tuple[Any, ...]) -> None:
        """Do it in another thread, and wait for it."""
        thread = threading.Thread(target=self.interruptible, args=[operation], daemon=True)
        thread.start()
        thread.join(2 * BOUND)

    def interruptible(self, operation: tuple[Any, ...]) -> None:
        """Do it, and take an interrupt for its end."""
        with suppress(KeyboardInterrupt):
            self.stage.call(lambda: self.do(operation))

    @precondition(lambda self: len(self.stage.gates) < CROWD)
    @rule(operation=operations)
    def begin(self, operation: tuple[Any, ...]) -> None:
        """Begin something, which goes on until it is done or waits for a model."""
        self.stage.run(lambda: self.interruptible(operation), str(operation))

    @precondition(lambda self: self.stage.gates)
    @rule(
        data=st.data(), operation=operations, how=st.sampled_from(["answer", "raise", "interrupt", "use", "use away"])
    )
    def open(self, data: st.DataObject, operation: tuple[Any, ...], how: str) -> None:
        """Let one of the models that are asked answer, fail, be interrupted, or use the desk before it answers."""

        def fail() -> None:
            message = "out of cheese"
            raise RuntimeError(message)

        acts = {
            "raise": fail,
            "use": lambda: self.stage.call(lambda: self.do(operation)),
            "use away": lambda: self.do_elsewhere(operation),
        }
        gate = data.draw(st.sampled_from(self.stage.gates).map(self.stage.gates.index), "gate")
        self.stage.open(self.stage.gates[gate], acts.get(how), interrupt=how == "interrupt")

    @precondition(lambda self: self.returned)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        """Publish something that was returned; threads come to that in any order."""
        index = data.draw(st.integers(0, len(self.returned) - 1), "returned")
        shown = self.returned.pop(index)
        if shown.generation >= self.published.generation:
            self.published = shown

    @rule()
    def settle(self) -> None:
        """Once all models have answered and all is published, the newest drawing is shown and no question waits."""
        while self.stage.gates:
            self.stage.open(self.stage.gates[-1])
        while self.returned:
            shown = self.returned.pop()
            if shown.generation >= self.published.generation:
                self.published = shown
        shown = self.desk.shown
        assert shown is self.published
        assert (shown.drawing, shown.labels) == (self.drawing, self.labels)
        assert (self.desk.drawing, self.desk.labels) == (self.drawing, self.labels)
        assert (shown.number, shown.drawn) == (self.number, self.drawn)
        assert not (shown.is_stale and self.is_wanted)

    @invariant()
    def what_is_shown_is_of_one_drawing(self) -> None:
        """The answers at the desk and on the page are of the drawing there, unless it is stale."""
        for shown in (self.desk.shown, self.published):
            panel = self.panels[shown.labels]
            assert len(shown.outcomes) == len(panel)
            if shown.is_stale:
                continue
            if shown.drawing is UNREADABLE or shown.failure is not None or shown.drawing.is_blank:
                assert shown.outcomes == (Outcome(),) * len(panel)
                assert shown.drawing is not UNREADABLE or isinstance(shown.failure, PictureError | DrawingError)
                assert shown.drawing is UNREADABLE or isinstance(shown.failure, DrawingError | None)
                continue
            for index, outcome in zip(panel, shown.outcomes, strict=True):
                if outcome.answer is None:
                    assert isinstance(outcome.failure, DeadlineError if ACTORS[index].hangs else RuntimeError)
                    continue
                prediction = (DRAWINGS.index(shown.drawing) + ACTORS[index].turn) % 10
                assert (outcome.answer.prediction, outcome.failure) == (prediction, None)
                assert outcome.answer.result == shown.labels[prediction]

    @invariant()
    def no_lock_is_held(self) -> None:
        """Whoever waits for a model holds no lock."""
        assert self.desk._lock.acquire(timeout=1)
        self.desk._lock.release()

    def teardown(self) -> None:
        """Come to an end: every thread is done."""
        try:
            self.settle()
            self.what_is_shown_is_of_one_drawing()
        finally:
            self.stage.end()


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # to shorten what hangs takes minutes; add Phase.shrink for it
)


class YieldingDesk(Desk):
    """A desk that gives way to other threads whenever it looks at its state, however short the moment."""

    @property
    def _state(self) -> Any:  # noqa: ANN401
        time.sleep(1e-6)
        return self._value

    @_state.setter
    def _state(self, value: Any) -> None:  # noqa: ANN401
        time.sleep(1e-6)
        self._value = value


def test_no_change_is_lost() -> None:
    """Threads that change the desk at once each get their own generation, and every drawing and number counts."""
    actor = Actor()
    desk = YieldingDesk((actor.classifier(),))
    threads, times = 4, 100
    before = desk.shown.generation
    shown: list[Shown | None] = []

    def change(thread: int) -> None:
        for index in range(times):
            shown.append(desk.draw(SHEETS[("0", "blank")[index % 2]]))
            shown.append(desk.receive(Question(index * threads + thread, BLANK, asks=True)))
            shown.append(desk.receive(Question(0, DRAWINGS[thread], asks=False)))

    running = [threading.Thread(target=change, args=[thread], daemon=True) for thread in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(3 * BOUND)
    assert not any(thread.is_alive() for thread in running)
    generations = [each.generation for each in shown if each]
    assert len(set(generations)) == len(generations)
    assert desk.shown.generation == before + 3 * threads * times
    assert (desk.shown.drawn, desk.shown.number) == (threads * times, threads * times - 1)
    assert desk.shown.drawing is desk.drawing
    assert desk.shown == max((each for each in shown if each), key=lambda each: each.generation)
