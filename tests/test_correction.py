"""What failed while it was being saved can be tried again: a first word, another one, a comment, and taking back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from drawings import digit_strokes

from digit_widget import DigitWidget, Feedback, Teacher
from digit_widget.picture import to_data_url
from digit_widget.strokes import rasterise

if TYPE_CHECKING:
    from pathlib import Path


class Talk:
    """What a page says to a pad, message by message."""

    def __init__(self, pad: DigitWidget) -> None:
        self.pad = pad
        self.number = 0

    def message(self, does: str, **more: object) -> dict[str, Any]:
        """Return what a page sends."""
        self.number += 1
        of = {"answered": self.pad._answered, "drawn": self.pad._drawing.get("drawn", 0), "result": self.pad.result}
        return {"number": self.number, "does": does, "consents": True} | of | more

    def say(self, does: str, **more: object) -> dict[str, Any]:
        """Send it, and return what the pad tells the page then."""
        self.pad.set_state({"_correction": self.message(does, **more)})
        return self.pad._saved


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where feedback goes."""
    return tmp_path / "feedback"


@pytest.fixture
def talk(place: Path) -> Talk:
    """Give the talk with a pad that shows a seven."""
    return Talk(DigitWidget(feedback=place, strokes=digit_strokes(7)))


def broken(place: Path) -> None:
    """Have nothing saved: a file is in the folder's way, or a folder in the way of the session's lock."""
    if not place.exists():
        place.write_text("in the way")
    for lock in place.glob("*/.lock"):
        lock.unlink()
        lock.mkdir()


def mended(place: Path) -> None:
    """Take that away."""
    if place.is_file():
        place.unlink()
    for lock in place.glob("*/.lock"):
        lock.rmdir()


def said(place: Path) -> list[tuple[int | None, str]]:
    """Return what is saved: what it was, and the comment."""
    return [(record.target, record.comment) for record in Feedback(place)]


@pytest.mark.parametrize(
    ("before", "fails", "after"),
    [
        ([], ("say", {"target": 1}), [(1, "")]),
        ([("say", {"target": 1})], ("say", {"target": 4}), [(4, "")]),
        ([("say", {"target": 1})], ("comment", {"comment": "with a hook"}), [(1, "with a hook")]),
        ([("say", {"target": 1})], ("undo", {}), []),
    ],
    ids=["first word", "another word", "comment", "take back"],
)
def test_whatever_failed_last_can_be_tried_again(
    talk: Talk, place: Path, before: list[Any], fails: tuple[str, Any], after: list[Any]
) -> None:
    """As often as it takes; and what was saved before is there all the while."""
    for does, more in before:
        assert talk.say(does, **more)["state"] == "saved"
    broken(place)
    told = talk.say(fails[0], **fails[1])
    for _ in range(2):
        assert (told["state"], told["retries"]) == ("failed", True)
        assert "cannot be" in told["error"]
        told = talk.say("retry")
    mended(place)
    told = talk.say("retry")
    assert (told["state"], told["retries"], told["error"]) == ("saved" if after else "undone", False, "")
    assert said(place) == after
    talk.say("retry")  # twice: there is nothing left to be tried
    assert said(place) == after


def test_a_word_about_another_drawing_saves_what_waited(talk: Talk, place: Path) -> None:
    """The first could not be saved; the second, of another drawing, takes it along, and its comment is its own."""
    broken(place)
    talk.say("say", target=1)
    mended(place)
    talk.pad.strokes = digit_strokes(3)
    assert talk.say("say", target=3)["state"] == "saved"
    talk.say("comment", comment="a three")
    assert said(place) == [(1, ""), (3, "a three")]


def test_what_would_be_refused_again_is_not_to_be_tried(talk: Talk, place: Path) -> None:
    """A class that is not there, a drawing that has changed; nor what a full teacher cannot learn."""
    assert talk.say("say", target=12)["retries"] is False
    assert talk.say("say", target=1, result="8️⃣")["retries"] is False
    assert talk.say("retry")["error"] == ""
    assert not place.exists()
    broken(place)
    assert talk.say("say", target=1)["retries"] is True
    assert talk.say("say", target=12)["retries"] is False
    teacher = Teacher()
    teacher._drawings = ((1, b"", None),) * 5000  # type: ignore[assignment]
    taught = Talk(DigitWidget(model=Teacher(), teach=True, strokes=digit_strokes(7)))
    assert taught.pad.teacher
    taught.pad.teacher._drawings = teacher._drawings
    told = taught.say("say", target=1)
    assert ("5,000" in told["error"], told["retries"]) == (True, False)


def test_a_word_and_the_next_drawing_may_come_at_once(talk: Talk, place: Path) -> None:
    """Hosts merge what is sent while Python is busy: the word is about the answer that was there before the drawing."""
    strokes = digit_strokes(3)
    drawing = {"number": talk.pad._answered + 1, "asks": True, "known": talk.pad._drawing["drawn"], "background": ""}
    drawing |= {"picture": to_data_url(rasterise(strokes)), "strokes": strokes}
    talk.pad.set_state({"_correction": talk.message("say", target=1), "_drawing": drawing})
    assert talk.pad.prediction == 3
    assert [(record.prediction, record.target) for record in Feedback(place)] == [(7, 1)]
