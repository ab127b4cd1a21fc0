"""The pad for everybody: read aloud, in the reader's language, at any size, in any colours, in any direction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pointer
import pytest
import traitlets
from hosts import until
from lab import ONE_PAD, PAD_WHILE_MOVING, PAD_WITH_BUTTON
from padview import LINE, NOTHING
from playwright.sync_api import expect
from pointer import DIGITS
from test_busy import busy
from test_compare_explain import TWO_MODELS
from test_look import CONTRAST, READABLE

from digit_widget import DigitWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab import Kernel, Lab, Notebook
    from padview import PadView
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """async (root) => {
  const { violations } = await axe.run(root, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + " " + node.failureSummary)}`);
}"""

LISTEN = """(spoken) => {
  spoken.heard = [];
  const note = () => { if (spoken.textContent) spoken.heard.push(spoken.textContent); };
  new MutationObserver(note).observe(spoken, { characterData: true, childList: true, subtree: true });
}"""

WORDS = {
    "de": ("Rückgängig", "Zeichne eine Ziffer", "icher"),
    "zh-CN": ("撤销", "画一个数字", "确定"),
    "hi": ("पूर्ववत करें", "एक अंक बनाएँ", "निश्चित"),
    "fr": ("Undo", "Draw a digit", "ure"),
}
"""By locale: a button, the blank pad's words, and what is in those of an answer, sure or not so sure."""


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, lab: Lab) -> Iterator[None]:
    """JupyterLab in each of its themes."""
    lab.theme(request.param)
    yield
    lab.theme("JupyterLab Light")


def faults(pad: PadView) -> list[str]:
    """Return what axe-core finds wrong with the widget as it is now."""
    pad.come_to_rest()
    return faults_of(pad.root)


def faults_of(element: Locator) -> list[str]:
    """Return what axe-core finds wrong with a part of a page."""
    assert AXE.exists(), f"{AXE} is missing; `make test-js` installs it."
    if element.page.evaluate("typeof axe === 'undefined'"):
        element.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = element.evaluate(RUN_AXE)
    return found


def spilt(pad: PadView) -> int:
    """Return by how many pixels the widget is wider than its place."""
    found: int = pad.root.evaluate("(root) => root.scrollWidth - root.clientWidth")
    return found


def narrow(pad: PadView, width: int) -> None:
    """Give the widget a place of that many pixels."""
    pad.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)


def heard(pad: PadView) -> list[str]:
    """Return what a screen reader was given to say since `LISTEN`, but for that Python is busy on a slow machine."""
    found: list[str] = pad.part("spoken").evaluate("(spoken) => spoken.heard")
    return [said for said in found if not said.startswith("Python is busy")]


@pytest.mark.usefixtures("theme")
def test_axe_finds_nothing_wrong_with_one_pad(lab: Lab, kernel: Kernel) -> None:
    """Blank, under the keyboard, answered, explaining and in error, axe-core has no complaint."""
    pad = lab.open(kernel, ONE_PAD).run().pad()
    found = {"blank": faults(pad)}
    pad.canvas.focus()
    expect(pad.part("keys")).to_be_visible()
    found["keyboard"] = faults(pad)
    pad.draw_digit(7)
    pad.expect_digit(7)
    found["answered"] = faults(pad)
    pad.click("why")
    expect(pad.part("overlay")).to_be_visible()
    found["explaining"] = faults(pad)
    kernel.run("pad.image = 'data:image/png;base64,x'")
    expect(pad.part("message")).to_contain_text("not valid base64")
    found["error"] = faults(pad)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


@pytest.mark.usefixtures("theme")
def test_axe_finds_nothing_wrong_with_a_button_and_with_several_models(lab: Lab, kernel: Kernel) -> None:
    """Waiting for its button, answered by it, and with rows of models that disagree, axe-core has no complaint."""
    pad = lab.open(kernel, PAD_WITH_BUTTON).run().pad()
    pad.draw_digit(7)
    pad.click("predict")
    pad.expect_digit(7)
    assert pad.part("predict").evaluate(CONTRAST) >= READABLE  # under the mouse
    found = {"button": faults(pad)}
    pad.draw([[(0.1, 0.5), (0.9, 0.5)]])
    expect(pad.root).to_have_attribute("data-state", "stale")
    found["stale"] = faults(pad)
    lab.close_all()
    pad = lab.open(kernel, TWO_MODELS).run().pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    expect(pad.part("agreement")).not_to_have_text("")
    found["comparison"] = faults(pad)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


@pytest.mark.usefixtures("theme")
def test_axe_finds_nothing_wrong_with_a_pad_without_python(notebook: Notebook) -> None:
    """Marked as ipywidgets marks a view with no kernel behind it, it is a picture with a line; unmarked, a pad."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    mark = "(view, isLost) => { view.classList.toggle('jupyter-widgets-disconnected', isLost); }"
    view = pad.root.locator("..")
    view.evaluate(mark, arg=True)
    expect(pad.part("message")).to_contain_text(LINE)
    expect(pad.part("clear")).to_be_hidden()
    expect(pad.root.get_by_role("img", name="The last drawing")).to_be_visible()
    assert faults(pad) == []
    view.evaluate(mark, arg=False)
    expect(pad.part("message")).to_have_text("")
    pad.click("clear")
    pad.expect_answer(NOTHING)


@pytest.mark.usefixtures("theme")
def test_axe_finds_nothing_wrong_while_python_is_busy(lab: Lab, kernel: Kernel) -> None:
    """What is fainter while it waits can still be read, and the words that Python is busy too."""
    lab.subshells("disabled")
    try:
        pad = lab.open(kernel, ONE_PAD).run().pad()
        pad.draw_digit(7)
        pad.expect_digit(7)
        with busy(lab, kernel):
            pad.draw([[(0.1, 0.5), (0.9, 0.5)]])
            expect(pad.root).to_have_attribute("data-state", "busy")
            assert pad.opacity("result") < 1
            assert faults(pad) == []
    finally:
        lab.close_all()
        lab.subshells("perCommTarget")


def test_an_answer_is_heard_once_with_its_confidence_and_the_runner_up(notebook: Notebook, kernel: Kernel) -> None:
    """One polite region says each answer once, in words and digits, also when the next is the same."""
    pad = notebook.pad()
    expect(pad.part("spoken")).to_have_role("status")
    assert pad.root.locator("[aria-live], [role=status], [role=alert], output").count() == 1
    expect(pad.canvas).to_have_role("application")
    expect(pad.canvas).to_have_accessible_name(re.compile("^Drawing pad"))
    expect(pad.canvas).to_have_accessible_description(re.compile("^Arrow keys move the pen"))
    pad.part("spoken").evaluate(LISTEN)
    pad.draw_digit(7)
    pad.expect_digit(7)
    second = kernel.read("sorted(zip(pad.probabilities, range(10)))[-2][1]")
    share = pad.part("confidence").inner_text()
    until(lambda: len(heard(pad)) == 1, 10, "the answer to be said")
    (said,) = heard(pad)
    assert said.startswith(f"7: {share}. Second: {second} (")
    expect(pad.part("result")).to_have_role("img")
    expect(pad.part("result")).to_have_accessible_name("7")
    pad.draw([[(0.85, 0.1), (0.8, 0.2)]])  # a seven as before
    until(lambda: len(heard(pad)) == 2, 10, "the next answer to be said")
    pad.click("clear")
    until(lambda: heard(pad)[2:] == ["Draw a digit"], 10, "the blank pad to be told")


def test_nothing_is_said_while_the_pen_draws(lab: Lab, kernel: Kernel) -> None:
    """In the mode that answers while it draws, the answer is said when the pen lifts."""
    pad = lab.open(kernel, PAD_WHILE_MOVING).run().pad()
    pad.part("spoken").evaluate(LISTEN)
    with pad.drawing(DIGITS["7"][0]):
        kernel.until("pad.prediction", 7)
        expect(pad.part("confidence")).to_contain_text("%")
        assert heard(pad) == []
    until(lambda: [said[:2] for said in heard(pad)] == ["7:"], 10, "the answer to be said")


def test_what_goes_wrong_is_heard(notebook: Notebook, kernel: Kernel) -> None:
    """The sentence of an error is said, and is known to be English whatever the panel speaks."""
    pad = notebook.pad()
    kernel.run("pad.locale = 'de'; pad.image = 'data:image/png;base64,x'")
    expect(pad.part("spoken")).to_contain_text("not valid base64")
    expect(pad.part("spoken")).to_have_attribute("lang", "en")
    expect(pad.part("message")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("locale", WORDS)
def test_the_panel_speaks_the_language_asked_for(lab: Lab, kernel: Kernel, locale: str) -> None:
    """Buttons, words and numbers are of the locale, which the page is told; another is answered in English."""
    button, blank, sure = WORDS[locale]
    pad = lab.open(kernel, ONE_PAD.replace("DigitWidget()", f"DigitWidget(locale={locale!r})")).run().pad()
    expect(pad.part("undo")).to_have_text(button)
    expect(pad.part("confidence")).to_have_text(blank)
    expect(pad.root).to_have_attribute("lang", "en" if locale == "fr" else locale[:2])
    expect(pad.root).to_have_attribute("dir", "ltr")
    pad.draw_digit(1)
    pad.expect_digit(1)
    expect(pad.part("confidence")).to_contain_text(sure)
    if locale == "de":
        expect(pad.part("confidence")).to_contain_text("\N{NO-BREAK SPACE}%")
    kernel.run("pad.locale = 'en'")
    expect(pad.part("undo")).to_have_text("Undo")
    expect(pad.part("confidence")).to_contain_text("ure (")


def test_python_says_what_it_cannot_take() -> None:
    """A size out of range and a locale that is none are refused with a sentence, and the pad stays as it was."""
    pad = DigitWidget(size=200, locale="de_AT")
    try:
        assert (pad.size, pad.locale) == (200, "de-AT")
        for size in (159, 601, -1):
            with pytest.raises(traitlets.TraitError, match="from 160 to 600"):
                pad.size = size
        with pytest.raises(traitlets.TraitError, match="language tag"):
            pad.locale = "<b>"
        assert (pad.size, pad.locale) == (200, "de-AT")
    finally:
        pad.close()


def test_a_page_cannot_set_what_is_out_of_bounds() -> None:
    """A size that no pad has is answered with a sentence, and more of a past than is kept is forgotten."""
    pad = DigitWidget()
    try:
        pad.set_state({"size": 300, "locale": "de"})
        assert (pad.size, pad.locale, pad.error) == (300, "", "")
        pad.set_state({"size": 5000})
        assert pad.size == 300
        assert "from 160 to 600" in pad.error
        pad.set_state({"_memory": {"strokes": ["x" * 200_000]}})
        assert pad._memory == {}
    finally:
        pad.close()


@pytest.mark.parametrize("size", [160, 600])
def test_the_picture_does_not_depend_on_the_size(lab: Lab, kernel: Kernel, size: int) -> None:
    """A pad of any size keeps strokes and picture in pad units: 280 by 280 pixels."""
    pad = lab.open(kernel, ONE_PAD.replace("DigitWidget()", f"DigitWidget(size={size})")).run().pad()
    assert pointer.box(pad.canvas)[2:] == (size, size)
    pad.draw_digit(7)
    pad.expect_digit(7)
    width, height, (x, y) = kernel.read(
        "[*__import__('PIL.Image').Image.open(__import__('io').BytesIO(__import__('base64').b64decode("
        "pad.image.split(',')[1]))).size, pad.strokes[0][0][:2]]"
    )
    assert (width, height) == (280, 280)
    start = pointer.placed(DIGITS["7"], (0.15, 0.15), 0.7)[0][0]
    assert [x, y] == pytest.approx([280 * start[0], 280 * start[1]], abs=280 / size + 0.1)
    assert pad.picture().size == (size, size)


def test_the_grip_changes_the_size_by_hand_and_by_key(notebook: Notebook, kernel: Kernel) -> None:
    """Pulled or with arrow keys, the corner makes the pad larger and smaller, and Python knows; the drawing stays."""
    pad, page = notebook.pad(), notebook.page
    pad.draw_digit(7)
    pad.expect_digit(7)
    image = kernel.read("pad.image")
    left, top, width, height = pointer.box(pad.part("grip"))
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.down()
    page.mouse.move(left + width / 2 + 40, top + height / 2 + 10, steps=4)
    page.mouse.up()
    kernel.until("pad.size", 320)
    expect(pad.part("grip")).not_to_be_focused()  # JupyterLab keeps its keys
    until(lambda: pointer.box(pad.canvas)[2:] == (320, 320), 5, "a larger pad")
    pad.part("grip").focus()
    before = pad.page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex")
    page.keyboard.press("ArrowDown")
    kernel.until("pad.size", 300)
    page.keyboard.press("Home")
    kernel.until("pad.size", 160)
    page.keyboard.press("End")
    kernel.until("pad.size", 600)
    expect(pad.part("grip")).to_have_role("slider")
    expect(pad.part("grip")).to_have_attribute("aria-valuenow", "600")
    assert pad.page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex") == before
    assert kernel.read("[pad.image, pad.prediction]") == [image, 7]


def test_a_place_of_any_width_will_do(notebook: Notebook, kernel: Kernel) -> None:
    """From 160 to 600 pixels, in every language, nothing is cut off and the answer can be drawn and read."""
    pad = notebook.pad()
    for locale in ("en", "de", "zh", "hi"):
        kernel.run(f"pad.locale = {locale!r}")
        expect(pad.root).to_have_attribute("lang", locale)
        for width in (160, 240, 320, 360, 480, 600):
            narrow(pad, width)
            assert spilt(pad) <= 0, (locale, width)
    narrow(pad, 160)
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert spilt(pad) <= 0


def test_nothing_moves_when_an_answer_comes(notebook: Notebook) -> None:
    """The parts of the panel stand where they stood on the blank pad."""
    pad = notebook.pad()

    def places() -> list[tuple[float, ...]]:
        return [pointer.box(pad.part(name)) for name in ("canvas", "bars", "seen", "undo", "why", "message", "grip")]

    before = [*places(), pointer.box(pad.root)]
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert [*places(), pointer.box(pad.root)] == before


def test_at_twice_the_size_nothing_is_cut_off(own_lab: Lab, kernel: Kernel) -> None:
    """Zoomed to 200 %, which halves the page's width, the pad is drawn on, answered and read to its edge."""
    own_lab.page.set_viewport_size({"width": 550, "height": 450})
    with own_lab.screen(2):
        pad = own_lab.open(kernel, ONE_PAD).run().pad()
        pad.draw_digit(7)
        pad.expect_digit(7)
        assert spilt(pad) <= 0
        assert pad.picture().size == ((2 * 280), (2 * 280))
        assert faults(pad) == []


def test_on_a_page_written_from_right_to_left_the_pad_is_whole(notebook: Notebook) -> None:
    """There the widget keeps its own direction: nothing is mirrored or cut off, and what is drawn is answered."""
    pad = notebook.pad()
    pad.root.evaluate("(root) => { root.parentElement.dir = 'rtl'; }")
    assert pad.root.evaluate("(root) => getComputedStyle(root).direction") == "ltr"
    for width in (320, 640):
        narrow(pad, width)
        assert spilt(pad) <= 0
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert pointer.box(pad.part("result"))[0] > pointer.box(pad.canvas)[0]


def test_forced_colours_keep_frames_ring_and_bars(own_lab: Lab, kernel: Kernel) -> None:
    """Where the system sets the colours, paper stays white in a frame; what has the focus or is pressed shows it."""
    own_lab.page.emulate_media(forced_colors="active")
    pad = own_lab.open(kernel, ONE_PAD).run().pad()
    pad.canvas.focus()
    expect(pad.canvas).to_have_css("border-top-style", "solid")
    expect(pad.canvas).to_have_css("outline-style", "solid")
    expect(pad.part("cursor")).to_be_visible()
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert pad.grey(5, 5) == 255
    off = pad.part("why").evaluate("(button) => getComputedStyle(button).backgroundColor")
    pad.click("why")  # and the mouse stays over it
    expect(pad.part("why")).not_to_have_css("background-color", off)
    assert pad.part("why").evaluate(CONTRAST) >= READABLE
    bar = pad.part("bar").first.evaluate("(bar) => getComputedStyle(bar).backgroundImage")
    assert "gradient" in bar
    assert faults(pad) == []


def test_who_wants_no_motion_gets_none(own_lab: Lab, kernel: Kernel) -> None:
    """With reduced motion nothing of the widget fades or moves."""
    own_lab.page.emulate_media(reduced_motion="reduce")
    pad = own_lab.open(kernel, ONE_PAD).run().pad()
    moving: list[Any] = pad.root.evaluate(
        "(root) => [root, ...root.querySelectorAll('*')].filter((e) => getComputedStyle(e).transitionDuration !== '0s'"
        " || getComputedStyle(e).animationName !== 'none').map((e) => e.className)"
    )
    assert moving == []
    pad.draw_digit(7)
    pad.expect_digit(7)


def test_a_page_sets_the_widgets_colours(notebook: Notebook, kernel: Kernel) -> None:
    """Paper and ink are the page's to choose, on the screen alone: Python's picture stays black on white."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    image = kernel.read("pad.image")
    pad.root.evaluate(
        """(root) => {
          root.parentElement.style.cssText = "--dw-paper: #ffe; --dw-ink: #00f; --dw-accent: #a00; --dw-radius: 0px";
        }"""
    )
    kernel.run("pad.size = 300")
    until(lambda: pad.grey(5, 5) not in {0, 255}, 5, "the other paper")
    expect(pad.canvas).to_have_css("border-top-left-radius", "0px")
    pad.click("undo")
    pad.expect_answer(NOTHING)
    pad.click("redo")
    pad.expect_digit(7)
    assert kernel.read("pad.image") == image
