"""What a person says while Python is busy or gone, or cannot save it: told within seconds, and tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from padview import keycap
from playwright.sync_api import expect
from test_access import faults
from test_busy import busy, kill, wait_for_the_next
from test_corrections import AGREE, CELL, button, expect_words, open_pad, press, said

from digit_widget import Feedback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab import Kernel, Lab

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting_lab(lab: Lab) -> Iterator[Lab]:
    """Give a JupyterLab whose widgets have to wait for running cells, as in most hosts."""
    lab.subshells("disabled")
    yield lab
    lab.close_all()
    lab.subshells("perCommTarget")


def test_a_busy_python_is_told_and_gets_what_was_said(waiting_lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """Said twice while a cell runs, and a next drawing after it: one record, of the drawing that it was said of."""
    place = tmp_path / "feedback"
    _, pad = open_pad(waiting_lab, kernel, place)
    pad.draw_digit(7)
    pad.expect_digit(7)
    with busy(waiting_lab, kernel):
        press(pad, "It was…")
        press(pad, "1")
        press(pad, AGREE)
        expect_words(pad, "Saving…")
        expect_words(pad, "Python is busy.")
        assert faults(pad) == []
        press(pad, "Try again")
        expect_words(pad, "Saving…")
        expect(button(pad, "Try again")).to_be_visible()
    expect_words(pad, "Thank you. Saved as: 1")
    assert said(place) == [(7, 1)]
    with busy(waiting_lab, kernel):
        press(pad, "It was…")
        press(pad, "8")
        pad.click("clear")
        pad.draw_digit(3)
        expect(pad.root).to_have_attribute("data-state", "busy")
    pad.expect_digit(3)
    expect_words(pad, "Is the answer right?")
    assert said(place) == [(7, 8)]


def test_a_python_that_is_gone_is_told(lab: Lab, tmp_path: Path) -> None:
    """Its kernel was killed: a sentence that says what to do, and no thanks."""
    with lab.fresh_kernel() as kernel:
        pad = lab.open(kernel, CELL.format(place=str(tmp_path / "feedback"), more="")).run().pad()
        pad.draw_digit(7)
        pad.expect_digit(7)
        kill(lab, kernel)
        wait_for_the_next(lab)
        press(pad, "Right")
        press(pad, AGREE)
        expect_words(pad, "Python does not answer")
        press(pad, "Try again")
        expect_words(pad, "Saving…")
        expect_words(pad, "run this cell again")
        assert pad.part("result").inner_text() == keycap(7)
        assert not (tmp_path / "feedback").exists()


def test_a_comment_and_taking_back_are_tried_again(lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """Something is in the way of each: a sentence; once that is gone, *Try again* does what was asked for."""
    place = tmp_path / "feedback"
    _, pad = open_pad(lab, kernel, place)
    pad.draw_digit(5)
    pad.expect_digit(5)
    press(pad, "Right")
    press(pad, AGREE)
    expect_words(pad, "Thank you.")
    (lock,) = place.glob("*/.lock")
    lock.unlink()
    lock.mkdir()
    press(pad, "Comment")
    pad.part("feedback").get_by_role("textbox").fill("with a belly")
    lab.page.keyboard.press("Enter")
    expect_words(pad, "cannot be used")
    press(pad, "Try again")
    expect_words(pad, "cannot be used")
    lock.rmdir()
    press(pad, "Try again")
    expect_words(pad, "Thank you.")
    assert [record.comment for record in Feedback(place)] == ["with a belly"]
    lock.unlink()
    lock.mkdir()
    press(pad, "Take back")
    expect_words(pad, "cannot be used")
    lock.rmdir()
    press(pad, "Try again")
    expect_words(pad, "Removed again.")
    assert said(place) == []
