"""Hands, cells, observers and models at the same time: nobody waits for ever, and nothing old is shown."""

from __future__ import annotations

import itertools
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import traitlets
from drawings import digit_ink, digit_strokes
from host import Host
from ipywidgets import Widget

from digit_widget import DigitWidget, predict
from digit_widget.labels import KEYCAPS
from digit_widget.picture import to_data_url
from digit_widget.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.Image import Image

PICTURES = {digit: to_data_url(digit_ink(digit)) for digit in (1, 3, 7)}


@pytest.fixture
def restless() -> Iterator[None]:
    """Have Python change between threads as often as it can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def at_once(*works: Callable[[], object]) -> None:
    """Do several things at the same time, each in a thread, and raise what one of them raised."""
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - raised below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    for failure in failures:
        raise failure


def test_two_pads_that_mirror_each_other() -> None:
    """A hand draws on one and a cell on the other, each passed on by an observer: neither hangs, and both agree."""
    hand, cell = DigitWidget(), DigitWidget()
    host = Host(hand)
    hand.observe(lambda change: setattr(cell, "image", change.new), "image")
    cell.observe(lambda change: setattr(hand, "image", change.new), "image")
    at_once(
        lambda: [host.draw(digit) for digit in (3, 4, 5) * 10],
        lambda: [setattr(cell, "image", PICTURES[digit]) for digit in (1, 7) * 15],
    )
    cell.image = PICTURES[3]
    assert (hand.image, hand.prediction, cell.prediction) == (PICTURES[3], 3, 3)


@pytest.mark.parametrize("place", ["model", "transform"])
def test_a_model_may_touch_the_pad(place: str) -> None:
    """A model or transform that wipes the pad wipes it, and the next drawing is answered."""
    pads: list[DigitWidget] = []

    def wipe(given: Image) -> Any:  # noqa: ANN401
        if pads:
            pads.pop().clear()
        return given.resize((28, 28)) if place == "transform" else 3

    pad = DigitWidget(wipe) if place == "model" else DigitWidget(lambda _: 3, transform=wipe)
    host = Host(pad)
    pads.append(pad)
    host.draw(7)
    assert (pad.image, pad.strokes, pad.prediction, pad.error) == ("", [], None, "")
    assert (host.state["_answered"], host.state["_drawing"]["strokes"]) == (host.question, [])
    host.draw(7)
    assert (pad.prediction, pad.error) == (3, "")


@pytest.mark.usefixtures("restless")
def test_a_hand_and_a_cell_lose_no_answer() -> None:
    """While cells set traits and hold messages back, every question of a hand's is answered, with its own drawing."""
    pad = DigitWidget(lambda picture: int(picture.getpixel((0, 0)) > 0))
    host = Host(pad)
    going = True

    def cell() -> None:
        for size in itertools.cycle((200, 300)):
            with pad.hold_sync():
                pad.size = size
                pad.locale = "de" if size == 200 else "en"
            if not going:
                return

    def hand() -> None:
        nonlocal going
        try:
            for digit in (1, 3, 7) * 60:
                host.received.clear()
                host.draw(digit)
                assert host.state["_answered"] == host.question
        finally:
            going = False

    at_once(hand, cell)
    assert pad.error == ""


@pytest.mark.usefixtures("restless")
def test_what_cells_and_hands_draw_at_once_ends_as_one_drawing() -> None:
    """Whoever drew last, picture, strokes, page and answer are of one drawing."""
    pad = DigitWidget()
    host = Host(pad)
    at_once(
        lambda: [host.draw(digit) for digit in (3, 4) * 15],
        lambda: [setattr(pad, "image", PICTURES[digit]) for digit in (1, 7) * 15],
        lambda: [setattr(pad, "strokes", digit_strokes(digit)) for digit in (2, 6) * 15],
        lambda: [pad.clear() for _ in range(30)],
    )
    assert pad.prediction == (predict(pad.image).prediction if pad.image else None)
    assert pad._drawing["strokes"] == pad.strokes
    assert host.state["_answered"] == host.question
    drawn = [update["_drawing"]["drawn"] for update in host.updates if "_drawing" in update]
    assert drawn == sorted(drawn)


def test_labels_in_one_text() -> None:
    """Set as a trait as well as given as a keyword, a text is one label a character."""
    pad = DigitWidget(strokes=digit_strokes(3))
    pad.labels = "abcdefghij"
    assert (pad.labels, pad.result) == (list("abcdefghij"), "d")
    assert DigitWidget(labels="abcdefghij").labels == pad.labels
    with pytest.raises(traitlets.TraitError, match="twice"):
        pad.labels = "abcdefghia"
    assert pad.result == "d"


def test_new_labels_travel_with_the_answer(host: Host, pad: DigitWidget) -> None:
    """No page shows new labels beside an old answer."""
    host.draw(3)
    host.received.clear()
    pad.labels = "abcdefghij"
    (update,) = host.updates
    assert (update["labels"][3], update["result"]) == ("d", "d")


def test_a_page_that_has_not_seen_what_python_drew_gets_its_own_drawing_back(host: Host, pad: DigitWidget) -> None:
    """The later drawing wins, and the page that crossed with Python's is told that it is its own."""
    known = host.known
    pad.image = PICTURES[7]
    host.received.clear()
    sent = {"picture": PICTURES[3], "strokes": digit_strokes(3), "background": "", "known": known}
    host.send({"_drawing": sent | {"number": 50, "asks": True}})
    (update,) = host.updates
    assert (update["_answered"], update["result"]) == (50, KEYCAPS[3])
    assert update["_drawing"]["strokes"] == digit_strokes(3)
    host.received.clear()
    host.send({"_drawing": sent | {"number": 51, "asks": True, "known": pad._drawing["drawn"]}})
    assert "_drawing" not in host.state


def test_a_page_loaded_while_the_model_thinks_waits_for_the_answer_too() -> None:
    """The state has the drawing as soon as it came, with the number of its question, which is not answered yet."""
    asked, release = threading.Event(), threading.Event()
    is_met = False

    def model(_picture: Image) -> int:
        asked.set()
        assert not is_met or release.wait(20)
        return 3

    pad = DigitWidget(model)
    is_met = True
    asked.clear()
    host = Host(pad)
    hand = threading.Thread(target=host.draw, args=(3,))
    hand.start()
    assert asked.wait(20)
    state = pad.get_state()
    assert state["_drawing"]["strokes"] == digit_strokes(3)
    assert (state["_drawing"]["number"], state["_drawing"]["asks"]) == (host.question, True)
    assert state["_answered"] < host.question
    assert host.received == []
    release.set()
    hand.join(20)
    assert (pad.prediction, host.state["_answered"]) == (3, host.question)
    assert "asks" not in pad._drawing


def test_what_a_page_is_asked_about_is_not_undone_by_a_cell_that_sets_what_was_there() -> None:
    """While a page's drawing is being answered, the picture that is still shown can be set again, and wins."""
    asked, release = threading.Event(), threading.Event()
    waits = False

    def model(picture: Image) -> int:
        if waits:
            asked.set()
            assert release.wait(20)
        return int(picture.getbbox()[2] > 18)

    pad = DigitWidget(model)
    pad.image = PICTURES[1]
    waits = True
    host = Host(pad)
    hand = threading.Thread(target=host.draw, args=(7,))
    hand.start()
    assert asked.wait(20)
    waits = False
    pad.image = PICTURES[1]
    release.set()
    hand.join(20)
    assert pad.image == PICTURES[1]
    assert pad.prediction == predict(PICTURES[1], model).prediction
    assert host.state["_answered"] == host.question


class Twins(Widget):
    """A widget whose two numbers are always the same."""

    one = traitlets.Int(0).tag(sync=True)
    other = traitlets.Int(0).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def _send(self, msg: dict[str, Any], buffers: object = None) -> None:  # noqa: ARG002
        self.sent.append(msg["state"])


def publish(publisher: Publisher, number: int) -> None:
    """Publish a generation that sets both numbers to its own."""
    publisher.publish(number, {"one": number, "other": number})


@pytest.mark.usefixtures("restless")
def test_generations_are_published_whole_and_in_order() -> None:
    """However many threads publish, each message is of one generation, and none comes after a newer one."""
    widget = Twins()
    publisher = Publisher(widget)
    numbers = itertools.count(1)
    told: list[int] = []
    widget.observe(lambda change: told.append(change.new), "one")

    def work() -> None:
        while (number := next(numbers)) < 3000:
            publish(publisher, number)

    at_once(work, work, work, work)
    assert all(state["one"] == state["other"] for state in widget.sent)
    order = [state["one"] for state in widget.sent]
    assert order == sorted(set(order))
    assert (widget.one, widget.other, told[-1]) == (2999, 2999, 2999)
    assert told == sorted(told)


def test_an_older_generation_changes_nothing() -> None:
    """What comes late is dropped; what is of the same generation is not."""
    widget = Twins()
    publisher = Publisher(widget)
    publish(publisher, 5)
    publish(publisher, 4)
    assert (widget.one, len(widget.sent)) == (5, 1)
    publisher.publish(5, {"one": 6})
    assert widget.one == 6


def test_what_does_not_change_is_neither_sent_nor_told() -> None:
    """A generation with the same values is silent, and so is a change that is taken back before anybody is told."""
    widget = Twins()
    publisher = Publisher(widget)
    told: list[tuple[str, int]] = []
    publisher.publish(1, {"one": 0, "other": 0})
    assert widget.sent == []

    def observer(change: Any) -> None:  # noqa: ANN401
        told.append((change.name, change.new))
        if (change.name, change.new) == ("one", 1):
            publisher.publish(3, {"other": 0})

    widget.observe(observer, ["one", "other"])
    publish_both = {"one": 1, "other": 1}
    publisher.publish(2, publish_both)
    assert told == [("one", 1)]


def test_observers_run_in_one_thread_at_a_time_and_without_a_lock() -> None:
    """While an observer takes its time, another thread publishes and goes on; the observer is then told the newest."""
    widget = Twins()
    publisher = Publisher(widget)
    inside, release = threading.Event(), threading.Event()
    told: list[int] = []

    def observer(change: Any) -> None:  # noqa: ANN401
        told.append(change.new)
        inside.set()
        assert release.wait(20)

    widget.observe(observer, "one")
    slow = threading.Thread(target=publish, args=(publisher, 1))
    slow.start()
    assert inside.wait(20)
    publish(publisher, 2)  # returns though the observer has not
    publish(publisher, 3)
    assert (widget.one, told) == (3, [1])
    release.set()
    slow.join(20)
    assert told == [1, 3]
    publish(publisher, 4)
    assert told == [1, 3, 4]


def test_an_observer_s_own_change_is_told_before_it_goes_on() -> None:
    """What an observer publishes is observed when its call returns, as with any trait."""
    widget = Twins()
    publisher = Publisher(widget)
    told: list[tuple[str, int]] = []

    def observer(change: Any) -> None:  # noqa: ANN401
        told.append((change.name, change.new))
        if change.new == 1:
            publish(publisher, 2)
            assert ("one", 2) in told
            other = threading.Thread(target=publish, args=(publisher, 3))
            other.start()
            other.join(20)
            assert ("one", 3) not in told  # it is left to the thread that is telling

    widget.observe(observer, ["one", "other"])
    publish(publisher, 1)
    assert sorted(told) == [("one", 1), ("one", 2), ("one", 3), ("other", 2), ("other", 3)]


def test_observers_that_fail_keep_nothing_from_the_others() -> None:
    """Every observer is told, and then the first failure is raised; an interrupt ends the telling, but not the next."""
    widget = Twins()
    publisher = Publisher(widget)
    told: list[int] = []
    failures: list[BaseException] = [RuntimeError("first"), RuntimeError("second"), KeyboardInterrupt()]

    def fail(_change: object) -> None:
        if failures:
            raise failures.pop(0)

    widget.observe(fail, "one")
    widget.observe(lambda change: told.append(change.new) or fail(change), "other")
    with pytest.raises(RuntimeError, match="first"):
        publish(publisher, 1)
    assert told == [1]
    with pytest.raises(KeyboardInterrupt):
        publish(publisher, 2)
    at_once(lambda: publish(publisher, 3))
    assert told == [1, 3]
