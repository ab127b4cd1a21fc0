"""The panel in each of its states, themes and sizes, and in the boxes that other widgets are laid out in."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pointer
import pytest
from padview import NOTHING, keycap
from PIL import Image
from playwright.sync_api import expect
from test_access import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab import Kernel, Lab
    from padview import PadView

pytestmark = pytest.mark.browser

SHEETS = Path(__file__).parents[2] / "test-results"
"""Where `make screenshots` puts pictures of all states."""


class State(NamedTuple):
    """A pad to look at: how it is made, what is drawn on it, and what it shows then."""

    made: str
    drawn: int | str | None = None
    """A digit, or "M"."""
    result: str | None = NOTHING
    """The answer; None where it is not shown, or not asked for."""
    state: str = "current"
    explains: bool = False


FAILS = "lambda picture: 3 if picture.getbbox() is None or not ready else 1 / 0"
STATES = {
    "blank": State("DigitWidget()"),
    "answered": State("DigitWidget()", 7, keycap(7)),
    "explained": State("DigitWidget(explaining=True)", 3, keycap(3), explains=True),
    "unknown": State("DigitWidget(explaining=True)", "M"),
    "failed": State(f"DigitWidget({FAILS})", 3, "⚠️"),
    "waiting": State("DigitWidget(predict_on='button')", 2, None, "stale"),
    "words": State(
        "DigitWidget(lambda picture: [.7, .2, .1], labels=['a rather long name of a cat', 'dog', 'mouse'])",
        1,
        "a rather long name of a cat",
    ),
    "compared": State(
        "compare({'bundled': None, 'always three, says its rather long name': lambda picture: 3})", 8, keycap(8)
    ),
    "compact": State("DigitWidget(panel='compact')", 4, keycap(4)),
    "alone": State("DigitWidget(panel='none')", 6, None),
    "small": State("DigitWidget(size=160, locale='de', predict_on='button')", 6, None, "stale"),
}
LETTER = [((0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1))]
"""An M."""
WIDTHS = {"phone": 360, "laptop": 900}
BOXES = {
    "HBox": "HBox([pad])",
    "VBox": "VBox([pad])",
    "HBox with a neighbour": "HBox([pad, HTML('beside')])",
    "GridspecLayout": "grid",
    "Tab": "Tab([pad])",
    "Accordion": "Accordion([pad], selected_index=0)",
}
CELL = """from ipywidgets import *
from digit_widget import DigitWidget, compare
ready = False
pad = {made}
ready = True
{shown}"""
OUTSIDE = """(root) => {
  const { left, right } = root.getBoundingClientRect();
  const parts = [...root.querySelectorAll("*")].filter((part) => part.checkVisibility() && !part.matches(".dw-spoken"));
  return parts.filter((part) => {
    const box = part.getBoundingClientRect();
    return box.width && (box.left < left - 1 || box.right > right + 1);
  }).map((part) => part.className);
}"""
"""The classes of what stands out of the widget's box."""


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    """JupyterLab in each of its themes."""
    lab.theme(request.param)
    yield request.param
    lab.theme("JupyterLab Light")


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    """Outputs as wide as on a laptop, and as on a phone: there, JupyterLab's own columns would leave no room."""
    style = lab.page.add_style_tag(content=f".jp-OutputArea-output {{ max-width: {WIDTHS[request.param]}px }}")
    yield request.param
    style.evaluate("(style) => style.remove()")


def shown(lab: Lab, kernel: Kernel, state: State) -> PadView:
    """Return a pad in a state."""
    pad = lab.open(kernel, CELL.format(made=state.made, shown="pad")).run().pad()
    if state.drawn == "M":
        pad.draw(LETTER)
    elif state.drawn is not None:
        pad.draw_digit(state.drawn)
    if state.result:
        pad.expect_answer(state.result)
    expect(pad.root).to_have_attribute("data-state", state.state)
    if state.explains:
        expect(pad.part("overlay")).to_be_visible()
    pad.come_to_rest()
    return pad


def test_why_has_nothing_to_say_of_a_blank_pad_and_names_what_is_nearest_otherwise(lab: Lab, kernel: Kernel) -> None:
    """The button cannot be pressed on a blank pad; without an answer, it says which digit the drawing is like."""
    pad = lab.open(kernel, CELL.format(made="DigitWidget()", shown="pad")).run().pad()
    expect(pad.part("why")).to_be_disabled()
    pad.draw(LETTER)
    kernel.until("pad.status", "unknown")
    expect(pad.part("message")).to_have_text("")
    pad.click("why")
    expect(pad.part("message")).to_have_text(re.compile("^It looks most like [0-9], but not enough"))
    pad.click("clear")
    expect(pad.part("message")).to_have_text("")


def test_three_ways_of_no_answer_look_different(lab: Lab, kernel: Kernel) -> None:
    """A blank pad, a drawing that is no digit and a model that fails; `status` tells them apart in Python, too."""
    pad = lab.open(kernel, CELL.format(made="DigitWidget()", shown="pad")).run().pad()
    expect(pad.part("answer")).to_have_attribute("data-blank", "true")
    assert (kernel.read("pad.status"), kernel.read("pad.result")) == ("blank", NOTHING)
    pad.draw(LETTER)
    expect(pad.part("confidence")).to_have_text("Not a digit, it seems")
    expect(pad.part("answer")).to_have_attribute("data-blank", "false")
    kernel.until("pad.status", "unknown")
    kernel.run("def three(picture):\n    if ready == 'no more': raise RuntimeError('out of cheese')\n    return 3")
    kernel.run("pad.model = three")
    kernel.until("pad.status", "answered")
    kernel.run("ready = 'no more'")
    pad.click("clear")
    pad.draw_digit(3)
    pad.expect_answer("⚠️")
    expect(pad.part("message")).to_contain_text("out of cheese")
    assert (kernel.read("pad.status"), kernel.read("pad.result")) == ("error", NOTHING)
    expect(pad.root).to_have_attribute("data-failed", "true")


def test_what_stands_beside_the_pad_is_chosen(lab: Lab, kernel: Kernel) -> None:
    """`panel` and `prompt` are set from Python at any time; the pad's own invitation depends on the labels."""
    pad = lab.open(kernel, CELL.format(made="DigitWidget(predict_on='button')", shown="pad")).run().pad()
    expect(pad.part("confidence")).to_have_text("Draw a digit")
    kernel.run("pad.labels = [f'kind {n}' for n in range(10)]")
    expect(pad.part("confidence")).to_have_text("Draw here, or drop a picture")
    kernel.run("pad.prompt = 'Draw a cat'")
    expect(pad.part("confidence")).to_have_text("Draw a cat")
    kernel.run("pad.panel = 'compact'")
    expect(pad.part("bars")).to_be_hidden()
    expect(pad.part("why")).to_be_hidden()
    expect(pad.part("answer")).to_be_visible()
    kernel.run("pad.panel = 'none'")
    expect(pad.part("answer")).to_be_hidden()
    expect(pad.part("predict")).to_be_visible()
    kernel.run("pad.panel = 'full'")
    expect(pad.part("why")).to_be_visible()


@pytest.mark.parametrize("panel", ["full", "compact", "none"])
def test_nothing_jumps_from_state_to_state(lab: Lab, kernel: Kernel, panel: str) -> None:
    """Blank, answered, not a digit, waiting for Predict and failed, in words short enough for a line."""
    made = f"DigitWidget(lambda picture: answer(picture), labels='🐱🐶', panel={panel!r})"
    kernel.run("answer = lambda picture: [.9, .1]")
    pad = lab.open(kernel, CELL.format(made=made, shown="pad")).run().pad()
    names = ["canvas", "undo", "message", "grip"]
    names += {"full": ["answer", "bars", "seen", "why"], "compact": ["answer"], "none": []}[panel]

    def places() -> list[tuple[float, ...]]:
        pad.come_to_rest()
        return [pointer.box(part) for part in (pad.root, *map(pad.part, names))]

    before = places()
    for status, change in {
        "answered": "pad.strokes = [[[90, 90], [200, 200]]]",
        "unknown": "answer = lambda picture: None\npad.strokes = [[[90, 90], [200, 201]]]",
        "error": "def answer(picture): raise OSError('gone')\npad.strokes = [[[90, 90], [200, 202]]]",
        "blank": "pad.clear()",
    }.items():
        kernel.run(change)
        kernel.until("pad.status", status)
        expect(pad.root).to_have_attribute("data-failed", str(status == "error").lower())
        assert places() == before, status


@pytest.mark.parametrize("locale", ["en", "de", "zh", "hi"])
def test_buttons_hold_their_words_on_the_smallest_pad(lab: Lab, kernel: Kernel, locale: str) -> None:
    """At 160 px no word is cut off, whichever language it is in, and none is wider than the board."""
    made = f"DigitWidget(size=160, locale={locale!r}, predict_on='button')"
    pad = lab.open(kernel, CELL.format(made=made, shown="pad")).run().pad()
    left, _, side, _ = pointer.box(pad.root.locator(".dw-board"))
    assert side < 200
    for button in pad.root.locator(".dw-buttons button").filter(visible=True).all():
        start, _, width, height = pointer.box(button)
        assert start >= left
        assert start + width <= left + side
        assert height < 40
        assert button.evaluate("(button) => button.scrollWidth <= button.clientWidth")


def test_the_buttons_in_button_mode(lab: Lab, kernel: Kernel) -> None:
    """Predict is the first, Undo can be pressed after the first stroke, and each has its name and its shortcut."""
    pad = lab.open(kernel, CELL.format(made="DigitWidget(predict_on='button')", shown="pad")).run().pad()
    first, *_ = (button.inner_text() for button in pad.root.locator(".dw-buttons button").filter(visible=True).all())
    assert first == "Predict"
    for name, title in {"undo": "Undo (Ctrl+Z)", "redo": "Redo (Ctrl+Shift+Z)", "clear": "Clear (Delete)"}.items():
        expect(pad.root.get_by_role("button", name=name.title(), exact=True)).to_have_attribute("title", title)
    pad.draw(LETTER[:1])
    expect(pad.part("undo")).to_be_enabled()
    kernel.until("pad.status", "waiting")
    pad.click("undo")
    kernel.until("pad.status", "blank")


def test_nothing_stands_out_or_in_the_way(
    lab: Lab, kernel: Kernel, theme: str, width: str, request: pytest.FixtureRequest
) -> None:
    """In every state, everything is inside the widget and axe-core finds no fault; ``--screenshots`` takes pictures."""
    shots = []
    for state in STATES.values():
        pad = shown(lab, kernel, state)
        assert pad.root.evaluate(OUTSIDE) == []
        assert faults(pad) == []
        shots.append(Image.open(io.BytesIO(pad.root.screenshot(animations="disabled"))))
        lab.close_all()
    if request.config.getoption("--screenshots"):
        SHEETS.mkdir(exist_ok=True)
        paste(shots, 2 if width == "phone" else 3).save(SHEETS / f"{theme.split()[1].lower()}-{width}.png")


def paste(shots: list[Image.Image], columns: int) -> Image.Image:
    """Return pictures beside and below each other."""
    across = max(shot.width for shot in shots) + 8
    rows = [shots[at : at + columns] for at in range(0, len(shots), columns)]
    sheet = Image.new("RGB", (columns * across, sum(max(shot.height for shot in row) + 8 for row in rows)), "grey")
    top = 0
    for row in rows:
        for column, shot in enumerate(row):
            sheet.paste(shot, (column * across, top))
        top += max(shot.height for shot in row) + 8
    return sheet


@pytest.mark.parametrize("box", BOXES)
def test_the_answer_stands_beside_the_pad_in_any_box(lab: Lab, kernel: Kernel, box: str) -> None:
    """Wherever there is room for both."""
    grid = "DigitWidget()\ngrid = GridspecLayout(1, 1)\ngrid[0, 0] = pad"
    made = grid if box == "GridspecLayout" else "DigitWidget()"
    pad = lab.open(kernel, CELL.format(made=made, shown=BOXES[box])).run().pad()
    (left, _, side, _), (answer, *_) = (pointer.box(pad.part(name)) for name in ("canvas", "answer"))
    assert answer > left + side
    assert answer < left + side + 40


@pytest.mark.parametrize("box", ["HBox([pad])", "VBox([pad])"])
def test_a_comparison_is_no_wider_than_its_cell(lab: Lab, kernel: Kernel, box: str) -> None:
    """Long names and long sentences break."""
    name = "a model with a very long name " * 8
    made = f"compare({{'bundled': None, {name!r}: lambda picture: 3}})"
    pad = lab.open(kernel, CELL.format(made=made, shown=box)).run().pad()
    pad.draw_digit(8)
    pad.expect_digit(8)
    assert pad.root.evaluate(OUTSIDE) == []
    assert pointer.box(pad.root)[2] <= lab.page.evaluate("document.querySelector('.jp-OutputArea').clientWidth")
