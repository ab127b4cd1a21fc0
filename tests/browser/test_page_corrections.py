"""Feedback on a page of its own: asked and kept there without Python, saved to a file, and read by a `Feedback`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hosts import until
from padview import NOTHING, PadView
from playwright.sync_api import expect
from pointer import Finger
from test_access import faults
from test_corrections import button, expect_words, press
from test_teach import LABELS, shape
from test_teacher import say, taught

from digit_widget import DigitWidget, Feedback, Teacher, predict
from digit_widget.models.weights import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    Open = Callable[..., "Kept"]

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 3}
FRAME = '<!doctype html><iframe sandbox="allow-scripts allow-downloads" width="800" height="900" src="{file}"></iframe>'
"""Where a page has no storage."""
STORED = "Object.keys(localStorage).length"


@dataclass(frozen=True)
class Kept:
    """A page with a pad, and what was kept on it."""

    pad: PadView
    folder: Path

    @property
    def row(self) -> Locator:
        """What stands below the question."""
        return self.pad.part("kept")

    def download(self) -> Path:
        """Save what was said to a file, and return it."""
        with self.pad.page.expect_download() as started:
            self.row.get_by_role("button").first.click()
        file = self.folder / started.value.suggested_filename
        started.value.save_as(file)
        return file

    def expect_count(self, count: int) -> None:
        """Wait until the page has so many records."""
        buttons = self.row.get_by_role("button", name=f"Save what was said ({count})")
        expect(buttons if count else self.row.get_by_role("button")).to_have_count(min(count, 1))

    def draw(self, digit: int) -> None:
        """Draw a digit anew, and wait for its answer."""
        if self.pad.part("clear").is_enabled():
            self.pad.click("clear")
        self.pad.draw_digit(digit)
        self.pad.expect_digit(digit)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Give what opens a saved pad; the test fails on an error in the page, and on a request for anything but files."""
    wrong: list[str] = []
    contexts: list[BrowserContext] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))  # a policy's refusals are told here
        page.on("request", lambda request: request.url.startswith(("file:", "blob:")) or wrong.append(request.url))

    def open_page(pad: DigitWidget, title: str | None = None, *, inside: str = "", **context: Any) -> Kept:  # noqa: ANN401 - what Playwright takes
        file = pad.save(tmp_path / "a page.html", title)
        contexts.append(browser.new_context(offline=True, **context))
        contexts[-1].on("page", watch)
        page = contexts[-1].new_page()
        if inside:
            (tmp_path / "around.html").write_text(inside.format(file=file.name), encoding="utf-8")
            page.goto((tmp_path / "around.html").as_uri())
            return Kept(PadView(page, page.frame_locator("iframe").locator(".digit-widget")), tmp_path)
        page.goto(file.as_uri())
        return Kept(PadView(page, page.locator(".digit-widget")), tmp_path)

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def asking(tmp_path: Path) -> DigitWidget:
    """Make a pad with feedback."""
    return DigitWidget(feedback=tmp_path / "feedback")


def test_what_is_said_is_kept_saved_and_read(opened: Open, asking: DigitWidget, tmp_path: Path) -> None:
    """Right, It was…, None of these, a comment, one taken back; a reload; a file; the records, and a wall of them."""
    kept = opened(asking, "Zahlen für Ada")
    pad = kept.pad
    expect(pad.part("feedback")).to_be_hidden()
    kept.expect_count(0)
    kept.draw(7)
    press(pad, "It was…")
    press(pad, "1")
    expect_words(pad, "Nothing leaves it until you save a file.")
    assert pad.page.evaluate(STORED) == 0
    press(pad, "Keep it")
    expect_words(pad, "Thank you. Kept as: 1. Until you save it to a file, it is on this page alone.")
    press(pad, "Comment")
    pad.part("feedback").get_by_role("textbox").fill('with a "hook"\\ and 🪝')
    pad.page.keyboard.press("Enter")
    expect_words(pad, "Thank you.")
    kept.draw(3)
    press(pad, "Right")
    expect_words(pad, "Kept as: 3.")
    kept.draw(5)
    press(pad, "Right")
    kept.expect_count(3)
    press(pad, "Take back")
    press(pad, "It was…")
    press(pad, "None of these")
    expect_words(pad, "Kept as: None of these.")
    kept.expect_count(3)
    pad.page.reload()
    kept.expect_count(3)
    kept.draw(9)
    press(pad, "Right")
    expect_words(pad, "Nothing leaves it")  # whoever draws now is asked anew
    press(pad, "Keep it")
    kept.expect_count(4)
    file = kept.download()
    assert file.name == "zahlen-für-ada-feedback.jsonl"
    expect(kept.row.get_by_role("status")).to_have_text(
        f"{file.name} is in the browser\N{RIGHT SINGLE QUOTATION MARK}s downloads (4)."
    )
    feedback = Feedback(tmp_path / "feedback")
    assert feedback.add_file(file) == 4
    assert feedback.add_file(file) == 0
    records = list(feedback)
    assert [(one.prediction, one.target) for one in records] == [(7, 1), (3, 3), (5, None), (9, 9)]
    first = records[0]
    assert (first.comment, first.model, first.weights) == ('with a "hook"\\ and 🪝', "bundled", digest(None))
    assert first.settings == {"predict_on": "stroke", "size": 280, "panel": "full"}
    assert len({record.session for record in records}) == 2  # a reload is another
    for record in records:
        asking.strokes = record.strokes
        assert predict(record.png).prediction == asking.prediction == record.prediction
        assert predict(record.png).confidence == pytest.approx(record.confidence, abs=1e-3)
    assert feedback.wall()._shown["all"] == 4


def test_whoever_says_no_leaves_nothing(opened: Open) -> None:
    """Nothing is kept, and there is nothing to be saved; a pad's own words about consent come first."""
    kept = opened(DigitWidget(feedback=Feedback("nowhere", consent="For the study of Ada's class.")))
    kept.draw(3)
    press(kept.pad, "Right")
    expect_words(kept.pad, "For the study of Ada's class. Your drawing, the answer and what you say")
    press(kept.pad, "No, thanks")
    expect_words(kept.pad, "Is the answer right?")
    kept.expect_count(0)
    assert kept.pad.page.evaluate(STORED) == 0


def test_the_keyboard_alone_corrects_and_saves(opened: Open, asking: DigitWidget) -> None:
    """Tab, Enter and Escape are enough from the answer to the file, and the focus is never lost."""
    kept = opened(asking)
    pad, keyboard = kept.pad, kept.pad.page.keyboard
    pad.canvas.focus()
    pad.draw_with_keys([[[0.5, 0.1], [0.5, 0.9]]])
    pad.expect_digit(1)
    button(pad, "It was…").focus()
    keyboard.press("Enter")
    expect(button(pad, "0")).to_be_focused()
    keyboard.press("Escape")
    expect_words(pad, "Is the answer right?")
    for key in ("Tab", "Enter"):
        keyboard.press(key)
    expect(button(pad, "Keep it")).to_be_focused()
    keyboard.press("Enter")
    expect_words(pad, "Kept as: 1.")
    for _ in range(4):
        keyboard.press("Tab")
    expect(kept.row.get_by_role("button")).to_be_focused()
    with pad.page.expect_download():
        keyboard.press("Enter")
    expect(kept.row.get_by_role("status")).to_be_focused()


def test_a_finger_corrects_on_a_phone(opened: Open, asking: DigitWidget) -> None:
    """All fits the screen's width, and what is pressed is large enough."""
    kept = opened(asking, **PHONE)
    pad = kept.pad
    Finger(pad.page).draw(pad.canvas, [[[0.2, 0.2], [0.8, 0.2], [0.45, 0.9]]])
    pad.expect_digit(7)
    keep = button(pad, "Keep it")

    def tapped() -> bool:
        """Tap; right after a stroke that ends in full swing, as no person's does, a tap is taken for its end."""
        if not keep.is_visible():
            button(pad, "Right").tap()
        return keep.is_visible()

    until(tapped, 10, "the tap to be taken")
    keep.tap()
    kept.expect_count(1)
    kept.download()
    assert pad.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = kept.row.get_by_role("button").evaluate_all("(all) => all.map((one) => one.clientHeight)")
    assert len(sizes) == 2
    assert min(sizes) >= 42


@pytest.mark.parametrize(
    ("language", "context"), [("en", {"color_scheme": "light"}), ("de", {"color_scheme": "dark", **PHONE})]
)
def test_axe_finds_nothing_wrong(opened: Open, tmp_path: Path, language: str, context: dict[str, Any]) -> None:
    """In every step, with the whole page, in light and in dark."""
    made = DigitWidget(feedback=tmp_path / "feedback", locale=language)
    kept = opened(made, bypass_csp=True, **context)
    page = PadView(kept.pad.page, kept.pad.page.locator("html"))
    buttons = kept.pad.part("feedback").get_by_role("button")
    found = faults(page)
    kept.draw(7)
    found += faults(page)
    for press_number in (1, 3, 0):
        buttons.nth(press_number).click()
        found += faults(page)
    expect(buttons).to_have_count(3)
    kept.download()
    found += faults(page)
    buttons.nth(1).click()
    found += faults(page)
    assert found == []


def test_what_is_in_a_file_can_be_removed_from_the_page(opened: Open, asking: DigitWidget) -> None:
    """What was said or changed since then stays, for the next file."""
    kept = opened(asking)
    for digit in (2, 3, 4):
        kept.draw(digit)
        press(kept.pad, "Right")
        if digit == 2:
            press(kept.pad, "Keep it")
        expect_words(kept.pad, f"Kept as: {digit}.")
    file = kept.download()
    assert file.name == "a-page-feedback.jsonl"
    press(kept.pad, "It was…")
    press(kept.pad, "8")
    kept.draw(5)
    press(kept.pad, "Right")
    kept.expect_count(4)
    kept.row.get_by_role("button", name="Remove from this page (2)").click()
    expect(kept.row.get_by_role("status")).to_have_text("Removed from this page: 2.")
    kept.expect_count(2)
    lines = [json.loads(line) for line in kept.download().read_text(encoding="utf-8").splitlines()]
    assert [(line["prediction"], line["target"]) for line in lines] == [(4, 8), (5, 5)]
    kept.row.get_by_role("button", name="Remove from this page (2)").click()
    kept.expect_count(0)
    expect_words(kept.pad, "Is the answer right?")
    assert kept.pad.page.evaluate(STORED) == 0


def test_two_tabs_do_not_write_over_each_other(opened: Open, asking: DigitWidget) -> None:
    """Both keep in one place, and either saves what was said in both; a page of other classes has its own."""
    one = opened(asking)
    page = one.pad.page.context.new_page()
    page.goto(one.pad.page.url)
    other = Kept(PadView(page, page.locator(".digit-widget")), one.folder)
    for kept, digit in ((one, 2), (other, 3), (one, 4)):
        kept.draw(digit)
        press(kept.pad, "Right")
        if digit < 4:
            press(kept.pad, "Keep it")
        expect_words(kept.pad, f"Kept as: {digit}.")
    one.expect_count(3)
    lines = [json.loads(line) for line in other.download().read_text(encoding="utf-8").splitlines()]
    assert [line["target"] for line in lines] == [2, 3, 4]
    DigitWidget(feedback=one.folder / "feedback", labels="abcdefghij").save(one.folder / "a page.html")
    page.reload()
    other.pad.draw_digit(7)
    other.pad.expect_answer("h")
    other.expect_count(0)


@pytest.mark.parametrize("lack", ["refused", "full"])
def test_where_the_browser_keeps_nothing_the_page_says_so(opened: Open, asking: DigitWidget, lack: str) -> None:
    """In a frame that may not store, and where the store is full: kept until the page is closed, saved to a file."""
    is_full = lack == "full"
    around = (
        '<!doctype html><iframe sandbox="allow-scripts allow-downloads" width="800" height="900" src="{file}"></iframe>'
    )
    kept = opened(asking, inside="" if is_full else around)
    if is_full:
        kept.pad.page.evaluate(
            """() => {
              for (let size = 2 ** 22; size >= 1; size /= 2)
                try { for (let n = 0; ; n++) localStorage.setItem(`${size} ${n}`, "x".repeat(size)); } catch {}
            }"""
        )
    kept.draw(7)
    press(kept.pad, "Right")
    press(kept.pad, "Keep it")
    told = "This browser keeps nothing for this page: save what was said before you close it."
    expect(kept.row.get_by_role("status")).to_have_text(told)
    kept.draw(3)
    press(kept.pad, "It was…")
    press(kept.pad, "8")
    kept.expect_count(2)
    asked: list[str] = []
    kept.pad.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    if is_full:
        kept.pad.page.close(run_before_unload=True)
        expect(kept.row.get_by_role("status")).to_have_text(told)  # still there
        assert asked == ["beforeunload"]
    lines = [json.loads(line) for line in kept.download().read_text(encoding="utf-8").splitlines()]
    assert [(line["prediction"], line["target"]) for line in lines] == [(7, 7), (3, 8)]
    expect(kept.row.get_by_role("status")).not_to_contain_text("keeps nothing")
    assert Feedback(kept.folder / "feedback").add_file(kept.folder / "a-page-feedback.jsonl") == 2


def test_a_dropped_photo_is_a_record(opened: Open, asking: DigitWidget, photo: Path, tmp_path: Path) -> None:
    """With its ink, evened out, and no strokes; with the strokes that were drawn on it, too."""
    kept = opened(asking)
    kept.pad.drop(photo)
    kept.pad.expect_digit(5)
    press(kept.pad, "Right")
    press(kept.pad, "Keep it")
    kept.expect_count(1)
    kept.pad.draw([[[0.0, 0.0], [0.05, 0.05]]])
    expect_words(kept.pad, "Is the answer right?")
    press(kept.pad, "It was…")
    press(kept.pad, "5")
    kept.expect_count(2)
    feedback = Feedback(tmp_path / "feedback")
    assert feedback.add_file(kept.download()) == 2
    first, second = feedback
    assert first.strokes == []
    assert len(second.strokes) == 1
    assert predict(first.png).prediction == 5


def test_a_page_without_feedback_asks_for_none(opened: Open) -> None:
    """Nor has it anything to keep."""
    kept = opened(DigitWidget())
    kept.draw(7)
    expect(kept.pad.part("feedback")).to_have_count(0)
    expect(kept.row).to_have_count(0)


def test_what_was_taught_answers_on_a_page(opened: Open, tmp_path: Path) -> None:
    """Three shapes, drawn with a mouse; a digit is none of them; what is said is kept with the teacher's hash."""
    file = taught().save(tmp_path / "shapes.json")
    made = DigitWidget(model=file, feedback=tmp_path / "feedback")
    kept = opened(made, "Formen")
    pad = kept.pad
    for label in LABELS:
        pad.draw(shape(label, 0.12), at=(0.3, 0.25), side=0.5)
        pad.expect_answer(label)
        pad.click("clear")
        pad.expect_answer(NOTHING)
    pad.draw_digit(3)
    pad.expect_answer(NOTHING)
    expect(pad.part("confidence")).to_have_text("No answer")
    press(pad, "It was…")
    press(pad, "△")
    press(pad, "Keep it")
    expect_words(pad, "Kept as: △.")
    feedback = Feedback(tmp_path / "feedback")
    assert feedback.add_file(kept.download()) == 1
    (record,) = feedback
    assert (record.result, record.label) == (NOTHING, "△")
    assert (record.model, record.weights) == ("Teacher", Teacher.load(file).digest)


def test_a_hand_s_own_digit_is_answered_on_a_page(opened: Open) -> None:
    """An arrow that was said to be a four in Python is one on the page; the digits stay."""
    made = DigitWidget(teach=True)
    made.strokes = [[[140, 40], [140, 240]], [[80, 110], [140, 40], [200, 110]]]
    say(made, 4, 1)
    kept = opened(made)
    kept.pad.draw([[(0.5, 0.0), (0.5, 1.0)], [(0.2, 0.35), (0.5, 0.0), (0.8, 0.35)]])
    kept.pad.expect_digit(4)
    for digit in range(10):
        kept.draw(digit)
