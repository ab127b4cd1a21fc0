"""Whatever is drawn, asked, swapped and relabelled, by whom and when: what the desk shows is of one drawing."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from drawings import digit_strokes
from stage import BOUND, DRAWINGS, Actor, Stage
from test_imports import HEAVY, loaded_after

from digit_widget import Classifier, predict
from digit_widget import desk as desk_module
from digit_widget.desk import Desk, Question
from digit_widget.drawing import BLANK, Drawing
from digit_widget.labels import KEYCAPS, LabelsError
from digit_widget.picture import PictureError
from digit_widget.shown import Outcome, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from PIL.Image import Image

    from digit_widget.explain import Explanation

UNREADABLE = Drawing(picture="data:image/png;base64,AAAA")
LETTERS = tuple("abcdefghij")
CAPITALS = tuple("ABCDEFGHIJ")
TURNED = "jabcdefghi"  # by one, so that an actor turned by one calls a 3 "c"


def results(shown: Shown | None) -> list[str | None]:
    """Return what each classifier says, None where it says nothing."""
    assert shown is not None
    return [outcome.answer.result if outcome.answer else None for outcome in shown.outcomes]


def broken(_picture: Image) -> int:
    """Fail, unless it is only being met."""
    if broken.works:
        return 3
    message = "out of cheese"
    raise RuntimeError(message)


@pytest.fixture
def failing() -> Iterator[Classifier]:
    """Yield a classifier that was met while it worked, and now fails."""
    broken.works = True
    classifier = Classifier(broken)
    broken.works = False
    yield classifier
    broken.works = True


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Yield a stage, and open its gates afterwards."""
    stage = Stage()
    yield stage
    stage.end()


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Have an interrupt raised, as a kernel does, also where a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Page:
    """What a page sends and sees: it numbers its questions, and publishes no less new than it has."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.number = desk, 0
        self.shown = desk.shown

    def send(self, drawing: Drawing, *, asks: bool = True) -> Shown | None:
        """Send a drawing, with a question or without, and publish what comes back."""
        self.number += 1
        return self.publish(self.desk.receive(Question(self.number, drawing, asks)))

    def publish(self, shown: Shown | None) -> Shown | None:
        """Show what is to be shown, unless something newer is."""
        if shown is not None and shown.generation >= self.shown.generation:
            self.shown = shown
        return shown


def test_a_desk_loads_nothing_heavy() -> None:
    """A desk with the bundled model is set up, relabelled, cleared and asked about nothing without numpy and PIL."""
    statement = (
        "from digit_widget.desk import *; from digit_widget.drawing import BLANK; desk = Desk((None,))"
        "; desk.draw(BLANK); desk.receive(Question(1, BLANK, True)); desk.relabel('abc'); desk.ask()"
        "; desk.swap((None, None)); desk.refuse(2, 'x').error"
    )
    assert loaded_after(statement) & (HEAVY | {"traitlets", "ipywidgets", "anywidget"}) == set()


def test_a_new_desk_shows_a_blank_pad() -> None:
    """Nothing drawn: no answers, one place for each classifier, nothing wrong, nothing to wait for."""
    shown = Desk((None, Actor().classifier())).shown
    assert (shown.drawing, shown.outcomes, shown.labels) == (BLANK, (Outcome(), Outcome()), KEYCAPS)
    assert (shown.error, shown.has_failed, shown.is_stale, shown.number, shown.drawn) == ("", False, False, 0, 0)


@pytest.mark.parametrize("digit", [2, 7])
def test_a_question_is_answered(digit: int) -> None:
    """The bundled model answers as `predict` does, under the number of the question; and it is kept."""
    drawing = Drawing.of_strokes(digit_strokes(digit))
    desk = Desk((None,))
    shown = desk.receive(Question(17, drawing, asks=True))
    assert shown is desk.shown
    assert (shown.drawing, shown.number, shown.is_stale, shown.drawn) == (drawing, 17, False, 0)
    assert shown.outcomes == (Outcome(predict(drawing.picture)),)
    assert shown.outcomes[0].answer.prediction == digit
    (classifier,) = desk.classifiers
    assert isinstance(classifier, Classifier)
    desk.receive(Question(18, drawing, asks=True))
    assert desk.classifiers == (classifier,)


def test_a_question_is_always_asked_and_a_known_drawing_from_python_is_not() -> None:
    """A page waits for its number's answer; a cell that sets the same drawing again waits for nothing."""
    actor = Actor()
    page = Page(Desk((actor.classifier(),)))
    page.send(DRAWINGS[3])
    page.send(DRAWINGS[3])
    assert actor.asked == [3, 3]
    generation = page.shown.generation
    shown = page.publish(page.desk.draw(DRAWINGS[3]))
    assert actor.asked == [3, 3]
    assert (results(shown), shown.drawn, shown.number) == ([KEYCAPS[3]], 1, 2)
    assert shown.generation > generation
    page.publish(page.desk.draw(DRAWINGS[4]))
    page.publish(page.desk.draw(DRAWINGS[3]))
    assert actor.asked == [3, 3, 4, 3]
    assert (results(page.shown), page.shown.drawn) == ([KEYCAPS[3]], 3)


def test_a_drawing_that_reads_the_same_is_shown_and_not_asked_about() -> None:
    """A tap on black ink changes the strokes alone: they are kept, and the answer stands."""
    actor = Actor()
    page = Page(Desk((actor.classifier(),)))
    page.send(DRAWINGS[3])
    tapped = Drawing([*DRAWINGS[3].strokes, [[1, 2, 0, 0.5]]], picture=DRAWINGS[3].picture)
    shown = page.send(tapped, asks=False)
    assert (shown.drawing, shown.is_stale, results(shown)) == (tapped, False, [KEYCAPS[3]])
    assert page.desk.draw(DRAWINGS[3]).drawing == DRAWINGS[3]
    assert actor.asked == [3]


def test_a_drawing_waits_until_it_is_asked_about() -> None:
    """For a button, a drawing is kept beside the earlier answer, marked as stale; asking answers it, once."""
    actor = Actor()
    page = Page(Desk((actor.classifier(),)))
    page.send(DRAWINGS[3])
    shown = page.send(DRAWINGS[4], asks=False)
    assert (shown.drawing, shown.is_stale, shown.number) == (DRAWINGS[4], True, 2)
    assert results(shown) == [KEYCAPS[3]]
    shown = page.publish(page.desk.ask())
    assert (shown.drawing, shown.is_stale, results(shown)) == (DRAWINGS[4], False, [KEYCAPS[4]])
    assert page.desk.ask() is None
    assert actor.asked == [3, 4]


def test_the_answered_drawing_brought_back_is_not_stale() -> None:
    """With a button, undo that leads back to the drawing that is answered needs no question."""
    actor = Actor()
    page = Page(Desk((actor.classifier(),)))
    page.send(DRAWINGS[3])
    page.send(DRAWINGS[4], asks=False)
    shown = page.send(DRAWINGS[3], asks=False)
    assert (shown.is_stale, results(shown)) == (False, [KEYCAPS[3]])
    page.send(DRAWINGS[4], asks=False)
    shown = page.desk.draw(DRAWINGS[3])
    assert (shown.is_stale, results(shown)) == (False, [KEYCAPS[3]])
    assert actor.asked == [3]


@pytest.mark.parametrize(
    "change", [lambda desk: desk.relabel(LETTERS), lambda desk: desk.swap((Actor(1).classifier(),))]
)
def test_a_drawing_brought_back_after_a_change_waits(change: Callable[[Desk], Shown]) -> None:
    """What other labels or other classifiers would say of it is not known; a waiting drawing is left to wait."""
    page = Page(Desk((Actor().classifier(),)))
    page.send(DRAWINGS[3])
    page.send(DRAWINGS[4], asks=False)
    shown = change(page.desk)
    assert (shown.is_stale, results(shown)) == (True, [KEYCAPS[3]])
    assert page.send(DRAWINGS[3], asks=False).is_stale
    assert results(page.desk.ask()) == [page.desk.labels[3 + (page.desk.labels == KEYCAPS)]]


def test_a_blank_pad_never_waits() -> None:
    """Clearing is answered at once, also where drawings wait for a button, and nobody is asked."""
    actor = Actor()
    page = Page(Desk((actor.classifier(),)))
    page.send(DRAWINGS[3])
    shown = page.send(BLANK, asks=False)
    assert (shown.drawing, shown.outcomes, shown.is_stale, shown.number) == (BLANK, (Outcome(),), False, 2)
    page.send(DRAWINGS[4], asks=False)
    shown = page.desk.draw(BLANK)
    assert (shown.drawing, shown.outcomes, shown.is_stale, shown.drawn) == (BLANK, (Outcome(),), False, 1)
    assert actor.asked == [3]


def test_numbers_only_rise() -> None:
    """A page whose clock is behind takes back no number that another page waits for."""
    desk = Desk((Actor().classifier(),))
    numbers = [desk.receive(Question(number, DRAWINGS[3], asks=True)).number for number in (10, 7, 12)]
    assert numbers == [10, 10, 12]
    assert [desk.refuse(number, "x").number for number in (5, None, 13)] == [12, 12, 13]


def test_each_change_has_a_higher_generation() -> None:
    """Whoever publishes can tell which of two is newer, whatever the change was."""
    desk = Desk((Actor().classifier(),))
    shown = [
        desk.shown,
        desk.receive(Question(1, DRAWINGS[3], asks=True)),
        desk.receive(Question(2, DRAWINGS[4], asks=False)),
        desk.ask(),
        desk.draw(DRAWINGS[4]),
        desk.relabel(LETTERS),
        desk.swap((None,)),
        desk.refuse(3, "x"),
    ]
    generations = [each.generation for each in shown]
    assert generations == sorted(set(generations))


def test_each_of_several_classifiers_answers(failing: Classifier) -> None:
    """One that fails has its failure, which says what it raised; the others answer all the same."""
    desk = Desk((Actor().classifier(), failing, Actor(1).classifier()))
    shown = desk.draw(DRAWINGS[3])
    assert results(shown) == [KEYCAPS[3], None, KEYCAPS[4]]
    assert shown.has_failed
    assert [outcome.error for outcome in shown.outcomes] == [
        "",
        "The model could not answer. RuntimeError: out of cheese",
        "",
    ]
    assert (shown.error, shown.failure) == ("", None)


def test_a_drawing_that_failed_is_asked_about_again(failing: Classifier) -> None:
    """A cell that sets the drawing again gives a model that failed, first or not, another chance."""
    desk = Desk((Actor().classifier(), failing))
    desk.draw(DRAWINGS[3])
    broken.works = True
    shown = desk.draw(DRAWINGS[3])
    assert (results(shown), shown.has_failed) == ([KEYCAPS[3], KEYCAPS[3]], False)


def test_a_drawing_that_failed_does_not_wait() -> None:
    """With a button, the drawing whose answer is a sentence is not marked as newer than that sentence."""
    page = Page(Desk((None,)))
    page.send(UNREADABLE)
    assert not page.send(UNREADABLE, asks=False).is_stale


def test_a_picture_that_cannot_be_read_is_told() -> None:
    """No classifier is asked, and none is to blame: the drawing is; the next one is answered."""
    actor = Actor()
    desk = Desk((actor.classifier(), None))
    shown = desk.draw(UNREADABLE)
    assert (shown.drawing, shown.outcomes, shown.has_failed) == (UNREADABLE, (Outcome(), Outcome()), True)
    assert isinstance(shown.failure, PictureError)
    assert shown.error == str(shown.failure)
    assert actor.asked == []
    shown = desk.draw(DRAWINGS[3])
    assert (shown.failure, shown.error, shown.has_failed) == (None, "", False)


def test_a_message_that_cannot_be_used_is_told_under_its_number() -> None:
    """The sentence stands instead of an answer, the drawing stays; asking again, or drawing it again, answers it."""
    actor = Actor()
    page = Page(Desk((actor.classifier(),)))
    page.send(DRAWINGS[3])
    shown = page.desk.refuse(9, "strokes are no text.")
    assert shown.error == "The pad sent something that cannot be used: strokes are no text."
    assert (shown.drawing, shown.outcomes, shown.number, shown.is_stale) == (DRAWINGS[3], (Outcome(),), 9, False)
    again = page.send(DRAWINGS[3], asks=False)
    assert (again.error, again.is_stale) == (shown.error, False)
    shown = page.desk.draw(DRAWINGS[3])
    assert (shown.error, results(shown)) == ("", [KEYCAPS[3]])


def test_a_message_that_cannot_be_used_leaves_a_waiting_drawing_waiting() -> None:
    """The drawing that nobody asked about can still be asked about, and no earlier answer is taken for its own."""
    page = Page(Desk((Actor().classifier(),)))
    page.send(DRAWINGS[3])
    page.send(DRAWINGS[4], asks=False)
    shown = page.desk.refuse(9, "x")
    assert (shown.is_stale, shown.outcomes) == (True, (Outcome(),))
    assert page.send(DRAWINGS[4], asks=False).is_stale
    assert page.send(DRAWINGS[3], asks=False).is_stale
    shown = page.desk.ask()
    assert (shown.error, results(shown)) == ("", [KEYCAPS[3]])


def test_other_classifiers_answer_anew_with_their_labels() -> None:
    """Swapping brings the labels of the first, and as many outcomes as there are classifiers, waiting or not."""
    desk = Desk((Actor().classifier(),))
    desk.draw(DRAWINGS[3])
    classifiers = (Actor(1).classifier("".join(LETTERS)), Actor(2).classifier())
    shown = desk.swap(classifiers)
    assert (shown.labels, results(shown)) == (LETTERS, ["e", KEYCAPS[5]])
    assert (desk.labels, desk.classifiers) == (LETTERS, classifiers)
    desk.receive(Question(1, DRAWINGS[4], asks=False))
    shown = desk.swap((Actor().classifier(),))
    assert (shown.labels, shown.outcomes, shown.is_stale) == (KEYCAPS, (Outcome(),), True)
    assert results(desk.ask()) == [KEYCAPS[4]]


def test_the_bundled_model_takes_the_labels_of_the_desk() -> None:
    """None comes with no labels of its own."""
    desk = Desk((None,))
    desk.relabel(LETTERS)
    assert results(desk.draw(Drawing.of_strokes(digit_strokes(4)))) == ["e"]
    assert results(desk.swap((None,))) == ["e"]
    assert results(desk.swap((Actor().classifier("".join(CAPITALS)), None)))[1] == "E"


def test_other_labels_are_those_of_all_that_share_them() -> None:
    """Classifiers whose labels were those of the first are relabelled with it, again and again; the others never."""
    desk = Desk((Actor().classifier(), Actor(1).classifier(), Actor(1).classifier(TURNED)))
    desk.draw(DRAWINGS[3])
    for labels in (LETTERS, CAPITALS):
        shown = desk.relabel(labels)
        assert (shown.labels, results(shown)) == (labels, [labels[3], labels[4], TURNED[4]])


def test_labels_that_do_not_fit_are_told_and_mended_by_the_right_ones() -> None:
    """Too few, twice the same, or none: each classifier says so, and answers once there are labels that fit."""
    desk = Desk((None, Actor().classifier()))
    desk.draw(Drawing.of_strokes(digit_strokes(2)))
    for labels in ("ab", "aacdefghij", "", [*"abcdefghi", ""]):
        shown = desk.relabel(labels)
        assert shown.labels == tuple(labels)
        assert isinstance(shown.outcomes[0].failure, LabelsError)
        assert "label" in shown.error
    shown = desk.relabel(iter(KEYCAPS))
    assert (shown.labels, shown.has_failed, results(shown)[0]) == (KEYCAPS, False, KEYCAPS[2])


def test_a_waiting_drawing_is_relabelled_when_it_is_asked_about() -> None:
    """Labels and classifiers may change while a drawing waits, and answer it when they are asked."""
    page = Page(Desk((Actor().classifier(),)))
    page.send(DRAWINGS[3], asks=False)
    assert page.desk.relabel(LETTERS).is_stale
    assert page.desk.swap((Actor(1).classifier("".join(CAPITALS)),)).is_stale
    assert results(page.desk.ask()) == ["E"]


def test_who_is_overtaken_shows_nothing(stage: Stage) -> None:
    """While a model answers a drawing, the desk shows the last complete one; whoever comes later shows the newer."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    first = desk.draw(DRAWINGS[1])
    actor.stage = stage
    shown: list[Shown | None] = []
    stage.run(lambda: shown.append(desk.receive(Question(5, DRAWINGS[2], asks=True))))
    assert (desk.shown, desk.drawing) == (first, DRAWINGS[2])
    stage.run(lambda: shown.append(desk.draw(DRAWINGS[3])))
    assert (desk.shown, desk.drawing) == (first, DRAWINGS[3])
    one, two = stage.gates
    stage.open(one)
    assert (shown, desk.shown) == ([None], first)
    stage.open(two)
    assert shown[1] is desk.shown
    assert (desk.shown.drawing, results(desk.shown), desk.shown.number) == (DRAWINGS[3], [KEYCAPS[3]], 5)


def test_who_is_overtaken_by_a_faster_one_shows_nothing(stage: Stage) -> None:
    """An answer that comes after the newer drawing's is not shown either."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    actor.stage = stage
    shown: list[Shown | None] = []
    stage.run(lambda: shown.append(desk.draw(DRAWINGS[2])))
    cleared = stage.do(lambda: desk.draw(BLANK))
    stage.open(*stage.gates)
    assert (shown, desk.shown) == ([None], cleared)


def test_a_drawing_sent_again_without_a_question_does_not_lose_the_one_under_way(stage: Stage) -> None:
    """A second page that shows the same drawing takes the question over; nobody waits for ever."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    desk.draw(DRAWINGS[1])
    actor.stage = stage
    shown: list[Shown | None] = []
    stage.run(lambda: desk.receive(Question(5, DRAWINGS[2], asks=True)))
    stage.run(lambda: shown.append(desk.receive(Question(6, DRAWINGS[2], asks=False))))
    for gate in [*stage.gates]:
        stage.open(gate)
    assert (results(shown[0]), shown[0].is_stale, shown[0].number) == ([KEYCAPS[2]], False, 6)


def test_a_waiting_drawing_overtakes_without_a_model(stage: Stage) -> None:
    """With a button, a newer drawing is shown at once, beside the last answer there is."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    desk.draw(DRAWINGS[1])
    actor.stage = stage
    stage.run(lambda: desk.draw(DRAWINGS[2]))
    shown = stage.do(lambda: desk.receive(Question(6, DRAWINGS[3], asks=False)))
    assert (shown.drawing, shown.is_stale, results(shown)) == (DRAWINGS[3], True, [KEYCAPS[1]])
    stage.open(*stage.gates)
    assert desk.shown is shown


def test_a_new_classifier_is_met_while_others_draw(stage: Stage) -> None:
    """Making classifiers anew for other labels asks them about digits, and nobody waits for that either."""
    gate: Callable[[], None] = lambda: None  # noqa: E731 - replaced below

    def slow_to_meet(_picture: Image) -> int:
        gate()
        return 3

    desk = Desk((Classifier(slow_to_meet),))
    desk.draw(DRAWINGS[3])
    gate = stage.wait
    stage.run(lambda: desk.relabel(LETTERS))
    assert len(stage.gates) == 1
    assert (desk.labels, desk.shown.labels) == (LETTERS, KEYCAPS)
    assert stage.do(lambda: desk.draw(BLANK)) is desk.shown
    gate = lambda: None  # noqa: E731
    stage.open(*stage.gates)
    assert desk.shown.drawing == BLANK


@pytest.mark.parametrize("part", ["model", "transform"])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_model_may_clear_the_pad(part: str, elsewhere: bool) -> None:
    """What a model or a transform does to the pad that asks it, in whatever thread, is done at once and stands."""

    def clears(picture: Image) -> Any:  # noqa: ANN401
        if is_used:
            if elsewhere:
                thread = threading.Thread(target=lambda: shown.append(desk.draw(BLANK)), daemon=True)
                thread.start()
                thread.join(BOUND)
            else:
                shown.append(desk.draw(BLANK))
        return 3 if part == "model" else picture

    is_used = False
    shown: list[Shown | None] = []
    transform = clears if part == "transform" else None
    desk = Desk((Classifier(clears if part == "model" else lambda _: 3, transform=transform, timeout=2 * BOUND),))
    is_used = True
    assert desk.receive(Question(8, DRAWINGS[3], asks=True)) is None
    assert shown == [desk.shown]
    assert (desk.shown.drawing, desk.shown.outcomes, desk.shown.number) == (BLANK, (Outcome(),), 8)


def test_a_destructor_may_use_the_desk(stage: Stage) -> None:
    """The garbage collector may drop a model at any moment, and what its destructor does to the pad stands."""

    class Parting:
        def __init__(self) -> None:
            self.itself = self  # so that only the garbage collector drops it

        def __del__(self) -> None:
            parted.append(desk.receive(Question(2, BLANK, asks=True)))

    class Collecting(Drawing):
        @property
        def content(self) -> tuple[str, bool]:
            gc.collect()  # as any allocation may
            return super().content

    parted: list[Shown | None] = []
    desk = Desk((Actor().classifier(),))
    drawing = Collecting(DRAWINGS[3].strokes, picture=DRAWINGS[3].picture)
    Parting()
    stage.run(lambda: desk.draw(drawing))
    assert [each.number for each in parted] == [2]
    assert (desk.shown.drawing, desk.shown.number, desk.shown.generation) == (drawing, 2, parted[0].generation + 1)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows cannot send a signal to a thread")
@pytest.mark.usefixtures("_interruptible")
def test_an_interrupted_question_waits() -> None:
    """Interrupting a cell raises there; the drawing is kept beside the earlier answer, and can be asked about."""
    main = threading.main_thread().ident

    def interrupts(_picture: Image) -> int:
        if is_used:
            signal.pthread_kill(main, signal.SIGINT)
            released.wait(BOUND)
        return 3

    is_used, released = False, threading.Event()
    desk = Desk((Classifier(interrupts, timeout=2 * BOUND),))
    before = desk.draw(DRAWINGS[1])
    is_used = True
    with pytest.raises(KeyboardInterrupt):
        desk.draw(DRAWINGS[2])
    is_used = False
    released.set()
    shown = desk.shown
    assert (shown.drawing, shown.is_stale, shown.outcomes) == (DRAWINGS[2], True, before.outcomes)
    assert shown.generation > before.generation
    assert desk.receive(Question(1, DRAWINGS[1], asks=False)).is_stale
    desk.receive(Question(2, DRAWINGS[2], asks=False))
    assert results(desk.ask()) == [KEYCAPS[3]]


def test_an_interrupted_question_that_was_overtaken_changes_nothing(stage: Stage) -> None:
    """Interrupting one cell leaves the newer drawing of another as it is."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    actor.stage = stage
    raised: list[type[BaseException]] = []

    def draw() -> None:
        try:
            desk.draw(DRAWINGS[2])
        except KeyboardInterrupt:
            raised.append(KeyboardInterrupt)

    stage.run(draw)
    newer = stage.do(lambda: desk.draw(BLANK))
    stage.open(*stage.gates, interrupt=True)
    assert raised == [KeyboardInterrupt]
    assert desk.shown is newer


@pytest.mark.parametrize(
    "change",
    [
        lambda desk: desk.draw(DRAWINGS[2]),
        lambda desk: desk.draw(DRAWINGS[1]),
        lambda desk: desk.draw(BLANK),
        lambda desk: desk.receive(Question(1, DRAWINGS[2], asks=False)),
        lambda desk: desk.relabel(LETTERS),
    ],
    ids=["draw", "draw again", "clear", "wait", "relabel"],
)
def test_an_interrupt_at_any_moment_leaves_a_whole_desk(change: Callable[[Desk], Shown]) -> None:
    """Whatever line an interrupt hits, the desk is as before, or answered, or its drawing waits; and it goes on."""
    lines = count(1)
    last = -1

    def interrupt(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401
        # Not between a lock and its block: no interrupt comes there, but a tracing function does.
        if frame.f_code.co_filename != desk_module.__file__ or frame.f_code.co_name == "_replace":
            return None
        if event == "line" and next(lines) == last:
            raise KeyboardInterrupt
        return interrupt

    was_hit = True
    while was_hit:
        desk = Desk((Actor().classifier(),))
        before = desk.draw(DRAWINGS[1])
        lines, last, was_hit = count(1), last + 1 + (last < 0), False
        tracing = sys.gettrace()
        sys.settrace(interrupt)
        try:
            after = change(desk)
        except KeyboardInterrupt:
            was_hit = True
            after = desk.shown
        finally:
            sys.settrace(tracing)
        assert (after.drawing, after.labels) == (desk.drawing, desk.labels)
        assert after is before or after.generation == before.generation + 1
        if not after.is_stale:
            expected = [] if after.drawing == BLANK else [after.labels[DRAWINGS.index(after.drawing)]]
            assert results(after) == (expected or [None])
        assert not (after.is_stale and after.drawing == before.drawing and after.labels == before.labels)
        assert results(desk.draw(DRAWINGS[3])) == [desk.labels[3]]
    assert last > 10


def test_an_explanation_is_of_the_generation_that_is_shown() -> None:
    """Reasons are given for the newest drawing, with the desk's labels, and say which one they are of."""
    desk = Desk((Actor(1).classifier(), Actor().classifier()))
    shown = desk.draw(DRAWINGS[3])
    generation, explanation = desk.explain()
    assert (generation, explanation.result) == (shown.generation, KEYCAPS[4])
    desk.receive(Question(1, DRAWINGS[5], asks=False))
    desk.relabel(LETTERS)
    generation, explanation = desk.explain()
    assert (generation, explanation.result) == (desk.shown.generation, "g")


def test_what_cannot_be_explained_is_told() -> None:
    """A blank pad, an unreadable picture and a drawing without an answer each say why there are no reasons."""
    desk = Desk((Classifier(lambda _: None),))
    with pytest.raises(ValueError, match="The pad is blank"):
        desk.explain()
    desk.draw(UNREADABLE)
    with pytest.raises(PictureError):
        desk.explain()
    desk.draw(DRAWINGS[3])
    with pytest.raises(ValueError, match="no answer to explain"):
        desk.explain()


@pytest.mark.parametrize("fails", [False, True])
def test_an_explanation_that_was_overtaken_is_dropped(stage: Stage, fails: bool) -> None:
    """Reasons of an older drawing, or why there are none, are not given beside a newer one; nobody waits for them."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    desk.draw(DRAWINGS[3])
    actor.stage = stage
    explained: list[tuple[int, Explanation] | None] = []
    stage.run(lambda: explained.append(desk.explain()))
    stage.do(lambda: desk.draw(BLANK))
    actor.stage = None

    def fail() -> None:
        raise RuntimeError

    stage.open(*stage.gates, act=fail if fails else None)
    assert explained == [None]


def test_an_explanation_while_a_drawing_is_being_answered(stage: Stage) -> None:
    """The answer that comes meanwhile is no change: the reasons are of its generation."""
    actor = Actor()
    desk = Desk((actor.classifier(),))
    actor.stage = stage
    explained: list[tuple[int, Explanation] | None] = []
    stage.run(lambda: desk.draw(DRAWINGS[3]))
    stage.run(lambda: explained.append(desk.explain()))
    drawing, explaining = stage.gates
    stage.open(drawing)
    actor.stage = None
    stage.open(explaining)
    assert explained[0][0] == desk.shown.generation
