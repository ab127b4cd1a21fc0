"""What a person says about an answer: Right, or It was…, by mouse, keys and finger; saved before there are thanks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import nbformat
import pytest
from hosts import voila
from padview import PadView
from playwright.sync_api import expect
from test_access import faults, faults_of
from test_busy import busy

from digit_widget import Feedback

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab import Kernel, Lab, Notebook
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.browser

CELL = "from digit_widget import DigitWidget\npad = DigitWidget(feedback={place!r}{more})\npad"
AGREE = "Save it"


def open_pad(lab: Lab, kernel: Kernel, place: Path | str, more: str = "") -> tuple[Notebook, PadView]:
    """Open a pad that saves feedback."""
    notebook = lab.open(kernel, CELL.format(place=str(place), more=more)).run()
    return notebook, notebook.pad()


def press(pad: PadView, name: str) -> None:
    """Press a button below the answer."""
    button(pad, name).click()


def button(pad: PadView, name: str) -> Locator:
    """Return a button below the answer, by its name."""
    return pad.part("feedback").get_by_role("button", name=name, exact=True)


def expect_words(pad: PadView, words: str) -> None:
    """Wait for a sentence below the answer."""
    expect(pad.part("feedback").get_by_role("status")).to_contain_text(words)


def open_wall(lab: Lab, kernel: Kernel) -> tuple[Notebook, Locator, Locator]:
    """Open the wall of a pad with three records; returns it with its tiles."""
    notebook = lab.open(kernel, "pad.feedback.wall()").run()
    wall = notebook.panel.locator(".digit-widget-wall")
    tiles = wall.locator(".dw-wall-grid button")
    expect(tiles).to_have_count(3)
    return notebook, wall, tiles


def said(place: Path) -> list[tuple[int | None, int | None]]:
    """Return what was answered and what it was, of each record."""
    return [(record.prediction, record.target) for record in Feedback(place)]


def test_a_correction_is_saved_and_can_be_taken_back(own_lab: Lab, kernel: Kernel, shoot: Callable[..., None]) -> None:
    """It was…, a tap, consent: thanks, and a record; a reload still says so; taken back, the record is gone."""
    place = own_lab.server.work / "feedback"
    notebook, pad = open_pad(own_lab, kernel, "feedback")
    pad.draw_digit(7)
    pad.expect_digit(7)
    press(pad, "It was…")
    shoot("feedback", own_lab.page, *notebook.top(1))
    press(pad, "1")
    expect_words(pad, "will be saved")
    assert not place.exists()
    press(pad, AGREE)
    expect_words(pad, "Thank you. Saved as: 1")
    assert said(place) == [(7, 1)]
    (record,) = Feedback(place)
    assert record.png.startswith(b"\x89PNG")
    assert record.strokes == kernel.read("pad.strokes")
    press(pad, "Comment")
    pad.part("feedback").get_by_role("textbox").fill("with a hook")
    own_lab.page.keyboard.press("Enter")
    expect_words(pad, "Thank you.")
    notebook.reload()
    pad = notebook.pad()
    expect_words(pad, "Thank you. Saved as: 1")
    assert [record.comment for record in Feedback(place)] == ["with a hook"]
    press(pad, "Take back")
    expect_words(pad, "Removed again.")
    assert said(place) == []
    press(pad, "Right")
    expect_words(pad, "Thank you. Saved as: 7")
    assert said(place) == [(7, 7)]


def test_whoever_says_no_leaves_nothing(lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """Without consent nothing is written, and the question comes again."""
    _, pad = open_pad(lab, kernel, tmp_path / "feedback")
    expect(pad.part("feedback")).to_be_hidden()
    pad.draw_digit(3)
    pad.expect_digit(3)
    press(pad, "Right")
    press(pad, "No, thanks")
    expect_words(pad, "Is the answer right?")
    assert list(tmp_path.iterdir()) == []
    press(pad, "Right")
    expect_words(pad, "will be saved")


def test_the_keyboard_alone_corrects(lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """Tab, Enter and Escape are enough, and the focus is never lost."""
    _, pad = open_pad(lab, kernel, tmp_path / "feedback")
    pad.draw_digit(4)
    pad.expect_digit(4)
    button(pad, "It was…").focus()
    lab.page.keyboard.press("Enter")
    expect(button(pad, "0")).to_be_focused()
    lab.page.keyboard.press("Escape")
    expect_words(pad, "Is the answer right?")
    for key in ("Tab", "Tab", "Enter", "Tab", "Enter"):
        lab.page.keyboard.press(key)
    expect_words(pad, "will be saved")
    expect(button(pad, AGREE)).to_be_focused()
    lab.page.keyboard.press("Enter")
    expect_words(pad, "Thank you. Saved as: 1")
    assert said(tmp_path / "feedback") == [(4, 1)]


def test_what_cannot_be_saved_is_kept_and_tried_again(lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """A file in the folder's way: a sentence and no thanks; once it is gone, *Try again* saves."""
    place = tmp_path / "feedback"
    place.write_text("in the way")
    _, pad = open_pad(lab, kernel, place)
    pad.draw_digit(5)
    pad.expect_digit(5)
    press(pad, "Right")
    press(pad, AGREE)
    expect_words(pad, "a file is in its way")
    place.unlink()
    press(pad, "Try again")
    expect_words(pad, "Thank you. Saved as: 5")
    assert said(place) == [(5, 5)]


def test_another_drawing_is_asked_about_anew(lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """A second drawing is a second record, without asking for consent again; a second word about it changes it."""
    place = tmp_path / "feedback"
    _, pad = open_pad(lab, kernel, place)
    pad.draw_digit(1)
    pad.expect_digit(1)
    press(pad, "Right")
    press(pad, AGREE)
    expect_words(pad, "Thank you.")
    pad.click("clear")
    expect(pad.part("feedback")).to_be_hidden()
    pad.draw_digit(2)
    pad.expect_digit(2)
    press(pad, "It was…")
    press(pad, "None of these")
    expect_words(pad, "Thank you. Saved as: None of these")
    assert said(place) == [(1, 1), (2, None)]
    press(pad, "It was…")
    press(pad, "8")
    expect_words(pad, "Thank you. Saved as: 8")
    assert said(place) == [(1, 1), (2, 8)]


@pytest.mark.parametrize(
    "more", ["", ", locale='de', size=160", ", labels=[f'a rather long label {n}' for n in range(10)]"]
)
def test_it_fits_and_axe_finds_nothing_wrong(lab: Lab, kernel: Kernel, tmp_path: Path, more: str) -> None:
    """In every step, in another language on a small pad, and with long labels, axe-core has no complaint."""
    _, pad = open_pad(lab, kernel, tmp_path / "feedback", more)
    pad.draw_digit(7)
    expect(pad.part("feedback")).to_be_visible()
    before = pad.part("message").bounding_box()
    buttons = pad.part("feedback").get_by_role("button")
    assert faults(pad) == []
    buttons.nth(1).click()
    assert faults(pad) == []
    buttons.nth(3).click()
    assert faults(pad) == []
    buttons.nth(0).click()
    expect(buttons).to_have_count(3)
    assert faults(pad) == []
    buttons.nth(1).click()
    assert faults(pad) == []
    lab.page.keyboard.press("Escape")
    assert before
    assert pad.part("message").bounding_box() == before


def test_the_wall_shows_and_changes_what_was_said(
    lab: Lab, kernel: Kernel, tmp_path: Path, shoot: Callable[..., None]
) -> None:
    """Drawings are found by a filter, relabelled and dropped; the folder follows; axe-core has no complaint."""
    place = tmp_path / "feedback"
    _, pad = open_pad(lab, kernel, place)
    for digit in (7, 3, 4):
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        press(pad, "It was…" if digit == 7 else "Right")
        if digit == 7:
            press(pad, "1")
            press(pad, AGREE)
        expect_words(pad, "Thank you.")
        pad.click("clear")
    notebook, wall, tiles = open_wall(lab, kernel)
    expect(wall.get_by_role("status")).to_have_text("3 of 3 drawings. 67% were answered rightly.")
    found = faults_of(wall)
    wall.get_by_role("combobox", name="Answer", exact=True).select_option("wrong")
    expect(tiles).to_have_count(1)
    tiles.first.click()
    wall.locator("summary").click()
    found += faults_of(wall)
    shoot("wall", lab.page, *notebook.top(1))
    wall.get_by_role("button", name="7️⃣", exact=True).click()
    expect(tiles).to_have_count(0)
    assert sorted(said(place)) == [(3, 3), (4, 4), (7, 7)]
    wall.get_by_role("combobox", name="Answer", exact=True).select_option("all")
    expect(tiles).to_have_count(3)
    wall.locator("td button").nth(1).click()
    expect(tiles).to_have_count(1)
    tiles.first.click()
    wall.get_by_role("button", name="Remove").click()
    expect(wall.get_by_role("status")).to_have_text("0 of 2 drawings.")
    assert sorted(said(place)) == [(3, 3), (7, 7)]
    assert found == []


def test_the_wall_keeps_what_is_done_while_python_is_busy(lab: Lab, kernel: Kernel, tmp_path: Path) -> None:
    """Three drawings are relabelled by keys while a cell runs: it says so, all three are, and the focus stays."""
    place = tmp_path / "feedback"
    _, pad = open_pad(lab, kernel, place)
    for digit in (7, 3, 4):
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        press(pad, "Right")
        if digit == 7:
            press(pad, AGREE)
        expect_words(pad, "Thank you.")
        pad.click("clear")
    _, wall, tiles = open_wall(lab, kernel)
    with busy(lab, kernel):
        for index in range(3):
            tiles.nth(index).focus()
            lab.page.keyboard.press("Enter")
            wall.get_by_role("button", name="8️⃣", exact=True).focus()
            lab.page.keyboard.press("Enter")
            expect(tiles.nth(index)).to_be_focused()
        expect(wall.get_by_role("alert")).to_contain_text("Python is busy")
    expect(wall.get_by_role("status")).to_have_text("3 of 3 drawings. 0% were answered rightly.")
    expect(wall.get_by_role("alert")).to_have_text("")
    expect(tiles.nth(2)).to_be_focused()
    assert sorted(said(place)) == [(3, 8), (4, 8), (7, 8)]


def test_visitors_of_a_dashboard_save_to_one_folder(browser: Browser, tmp_path: Path) -> None:
    """Three visitors of a Voila dashboard, each with a kernel, correct one drawing each, their pages open together."""
    place = tmp_path / "feedback"
    cell = nbformat.v4.new_code_cell(CELL.format(place=str(place), more=""))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "pad.ipynb")
    with voila(tmp_path, tmp_path / "pad.ipynb") as server, contextlib.ExitStack() as visits:
        pads = []
        for _ in range(3):
            page = visits.enter_context(browser.new_context()).new_page()
            page.goto(server.url)
            root = page.locator(".digit-widget")
            root.wait_for()
            pads.append(PadView(page, root))
        for digit, pad in enumerate(pads, 3):
            pad.draw_digit(digit)
        for digit, pad in enumerate(pads, 3):
            pad.expect_digit(digit)
            press(pad, "It was…")
            press(pad, "9")
            press(pad, AGREE)
        for pad in pads:
            expect_words(pad, "Thank you. Saved as: 9")
    assert sorted(said(place)) == [(3, 9), (4, 9), (5, 9)]
    assert len({record.session for record in Feedback(place)}) == 3
