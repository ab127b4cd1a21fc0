"""The pad under every hand: mouse, fingers, pen and the keyboard alone, each as the browser itself brings its input."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pointer
import pytest
from hosts import until, voila
from lab import ONE_PAD, PAD_WHILE_MOVING, PAD_WITH_BUTTON
from padview import NOTHING, PadView
from playwright.sync_api import expect
from pointer import DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab import Kernel, Lab, Notebook
    from playwright.sync_api import Page
    from pointer import Finger, Strokes

pytestmark = pytest.mark.browser

HANDS = {"mouse": (0.5, 1), "finger": (1, 1), "pen": (pointer.FORCE, 1), "keyboard": (0.5, 4)}
"""Hand -> how hard it presses, and how near it comes to where it would, in pad units; half a key's step is 3.5."""

LONG = (ONE_PAD, *(["print('\\n' * 60)"] * 3))
"""Cells that are more than the page can show: it scrolls."""

NOTEBOOK_STATE = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  return [notebook.widgets.length, notebook.mode, notebook.activeCellIndex,
    notebook.widgets.map((cell) => cell.model.type).join()];
}"""


def astray(drawn: Strokes, meant: Strokes) -> float:
    """Return how far the drawing missed a point that was meant, at most: across or along, in pad units.

    Parameters
    ----------
    drawn
        Points ``[x, y, t, pressure]`` in pad units.
    meant
        Points in shares of the pad's side.
    """
    return max(
        min(max(abs(x - 280 * right), abs(y - 280 * down)) for x, y, *_ in stroke)
        for stroke, points in zip(drawn, meant, strict=True)
        for right, down in points
    )


def seven_and_rest(pad: PadView) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Return where on the page a seven's points are, and a place on the pad where a finger or the palm may rest."""
    left, top, width, height = pointer.box(pad.canvas)
    (stroke,) = pointer.placed(DIGITS["7"])
    return [(left + width * x, top + height * y) for x, y in stroke], (left + 0.9 * width, top + 0.9 * height)


@pytest.fixture
def hold(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PadView]:
    """Serve one pad with Voila."""
    root = tmp_path_factory.mktemp("voila")
    cell = {"cell_type": "code", "id": "pad", "metadata": {}, "outputs": [], "execution_count": None, "source": ONE_PAD}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path = root / "pad.ipynb"
    path.write_text(json.dumps(notebook))
    with voila(root, path) as server:
        page.goto(server.url)
        view = PadView(page, page.locator(".digit-widget"))
        view.root.wait_for(timeout=60_000)
        yield view


@pytest.mark.parametrize("hand", HANDS)
def test_each_digit_is_answered_whoever_draws_it(hand: str, lab: Lab, kernel: Kernel, finger: Finger) -> None:
    """The ten shapes are the same ten digits from every hand, on the page and in Python, and the page keeps still.

    Each point is kept where it was drawn, with how hard the hand pressed and with times that do not run backwards.
    """
    pressure, near = HANDS[hand]
    pad = lab.open(kernel, *LONG).run().pad()
    hands: dict[str, Callable[[Strokes], None]] = {
        "mouse": pad.draw,
        "finger": partial(finger.draw, pad.canvas),
        "pen": partial(finger.draw_with_pen, pad.canvas),
        "keyboard": pad.draw_with_keys,
    }
    pad.canvas.focus()
    place = pointer.box(pad.canvas)
    for digit, strokes in DIGITS.items():
        lab.page.keyboard.press("Delete")
        hands[hand](strokes)
        pad.expect_digit(digit)
        assert pointer.box(pad.canvas) == place
        prediction, drawn = kernel.read("[pad.prediction, pad.strokes]")
        assert prediction == int(digit)
        assert astray(drawn, pointer.placed(strokes)) < near
        assert {pressed for stroke in drawn for *_, pressed in stroke} == {pressure}
        times = [t for stroke in drawn for *_, t, _ in stroke]
        assert times == sorted(times)
        assert times[0] == 0 < times[-1]


def test_a_stroke_is_whole_though_it_was_asked_about_on_the_way(lab: Lab, kernel: Kernel) -> None:
    """Answered while the pen draws, the strokes that Python has in the end are those drawn, to the last point."""
    pad = lab.open(kernel, PAD_WHILE_MOVING).run().pad()
    for digit in (4, 8):
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        assert astray(kernel.read("pad.strokes"), pointer.placed(DIGITS[str(digit)])) < 1
        pad.click("clear")
        pad.expect_answer(NOTHING)


def test_keys_clear_take_back_and_lead_on(notebook: Notebook, kernel: Kernel) -> None:
    """What a keyboard drew is cleared, taken back and brought again by keys alone, and Tab leads on."""
    pad = notebook.pad()
    pad.canvas.focus()
    pad.draw_with_keys(DIGITS["7"])
    pad.expect_digit(7)
    notebook.page.keyboard.press("Delete")
    pad.expect_answer(NOTHING)
    assert pad.ink() == 0
    pad.draw_with_keys(DIGITS["4"])
    pad.expect_digit(4)
    notebook.page.keyboard.press("ControlOrMeta+z")
    kernel.until("len(pad.strokes)", 1)
    notebook.page.keyboard.press("ControlOrMeta+Shift+z")
    kernel.until("len(pad.strokes)", 2)
    notebook.page.keyboard.press("Control+z")
    kernel.until("len(pad.strokes)", 1)
    notebook.page.keyboard.press("Control+y")
    pad.expect_digit(4)
    kernel.until("pad.prediction", 4)

    notebook.page.keyboard.press("Tab")
    expect(pad.canvas).not_to_be_focused()
    expect(pad.part("cursor")).to_be_hidden()
    notebook.page.keyboard.press("Shift+Tab")
    notebook.page.keyboard.press("Shift+Tab")
    expect(pad.canvas).not_to_be_focused()


def test_a_keyboard_alone_draws_in_voila(hold: PadView) -> None:
    """The same keys draw in a dashboard: Tab finds the pad, and a seven and a four are answered."""
    for _ in range(20):
        hold.page.keyboard.press("Tab")
        if hold.canvas.evaluate("(canvas) => canvas === document.activeElement"):
            break
    hold.draw_with_keys(DIGITS["7"])
    hold.expect_digit(7)
    hold.page.keyboard.press("Backspace")
    hold.expect_answer(NOTHING)
    hold.draw_with_keys(DIGITS["4"])
    hold.expect_digit(4)


def test_no_shortcut_of_jupyterlabs_is_pressed_on_the_pad(notebook: Notebook, kernel: Kernel) -> None:
    """What would add, delete or leave a cell, or scroll, does nothing to the notebook while the pad has the focus."""
    pad, page = notebook.pad(), notebook.page
    pad.canvas.focus()
    before = page.evaluate(NOTEBOOK_STATE)
    top = pointer.box(pad.canvas)
    for key in (
        "a",
        "b",
        "d",
        "d",
        "m",
        "x",
        "z",
        "Enter",
        "Delete",
        "ArrowDown",
        "ArrowUp",
        "Space",
        "Space",
        "0",
        "0",
    ):
        page.keyboard.press(key)
    expect(pad.canvas).to_be_focused()
    assert page.evaluate(NOTEBOOK_STATE) == before
    assert pointer.box(pad.canvas) == top
    kernel.until("len(pad.strokes)", 1)
    page.keyboard.press("ControlOrMeta+z")  # which is JupyterLab's undo of what was done to cells
    kernel.until("len(pad.strokes)", 0)
    assert page.evaluate(NOTEBOOK_STATE) == before


def test_a_button_is_pressed_by_keys_in_jupyterlab(lab: Lab, kernel: Kernel) -> None:
    """Tab leads to Clear, and Enter clears, though JupyterLab's would lead into a cell; then the pad has the focus."""
    pad = lab.open(kernel, ONE_PAD).run().pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    before = lab.page.evaluate(NOTEBOOK_STATE)
    pad.canvas.focus()
    for name in ("grip", "undo", "clear"):
        lab.page.keyboard.press("Tab")
        expect(pad.part(name)).to_be_focused()
    lab.page.keyboard.press("Enter")
    pad.expect_answer(NOTHING)
    expect(pad.canvas).to_be_focused()
    assert lab.page.evaluate(NOTEBOOK_STATE) == before


def test_the_cursor_is_seen_and_two_arrows_lead_aslant(notebook: Notebook, kernel: Kernel) -> None:
    """Focus shows a ring and a cross in no picture; two arrows held go aslant, Shift goes faster, the edge holds."""
    pad, page = notebook.pad(), notebook.page
    blank = pad.picture()
    expect(pad.part("cursor")).to_be_hidden()
    pad.canvas.focus()
    assert pad.cursor() == (0.5, 0.5)
    expect(pad.canvas).to_have_css("outline-style", "solid")
    expect(pad.part("keys")).to_be_visible()
    assert pad.picture().tobytes() == blank.tobytes()
    page.keyboard.press("Shift+ArrowLeft")
    until(lambda: pad.cursor() == pytest.approx((0.4, 0.5)), 5, "a leap")
    page.keyboard.press("Space")
    page.keyboard.down("ArrowDown")
    page.keyboard.down("ArrowRight")
    for _ in range(5):
        page.keyboard.down("ArrowRight")  # a key that is held repeats
    page.keyboard.up("ArrowRight")
    page.keyboard.up("ArrowDown")
    until(lambda: pad.cursor() == pytest.approx((0.4 + 6 / 40, 0.5 + 7 / 40)), 5, "six steps aslant")
    page.keyboard.press("Space")
    kernel.until("[stroke[-1][:2] for stroke in pad.strokes]", [[154, 189]])
    for _ in range(12):
        page.keyboard.press("Shift+ArrowUp")
    until(lambda: pad.cursor()[1] == 0, 5, "the upper edge")


def test_escape_lifts_the_pen_and_leaves(notebook: Notebook, kernel: Kernel) -> None:
    """Escape with the pen down ends the stroke, which is answered, and gives the focus away."""
    pad, page = notebook.pad(), notebook.page
    pad.canvas.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect(pad.canvas).not_to_be_focused()
    expect(pad.part("cursor")).to_be_hidden()
    kernel.until("len(pad.strokes)", 1)
    page.keyboard.press("ArrowUp")
    assert kernel.read("len(pad.strokes[0])") == 2


def test_enter_asks_where_a_button_is_waited_for(lab: Lab, kernel: Kernel) -> None:
    """With a button, Enter asks as the button does, and lifts the pen first."""
    pad = lab.open(kernel, PAD_WITH_BUTTON).run().pad()
    pad.canvas.focus()
    pad.draw_with_keys(DIGITS["7"])
    expect(pad.root).to_have_attribute("data-state", "stale")
    lab.page.keyboard.press("Enter")
    pad.expect_digit(7)
    lab.page.keyboard.press("Space")
    lab.page.keyboard.press("Enter")
    expect(pad.root).to_have_attribute("data-state", "current")
    kernel.until("[len(pad.strokes), pad._unasked]", [2, False])


def test_a_mouse_that_has_drawn_leaves_jupyterlab_its_keys(notebook: Notebook, kernel: Kernel) -> None:
    """After the mouse no cross is shown, Shift+Enter runs the cell as ever, and Ctrl+Z takes back the stroke."""
    pad, page = notebook.pad(), notebook.page
    pad.draw_digit(7)
    pad.expect_digit(7)
    expect(pad.part("cursor")).to_be_hidden()
    page.keyboard.press("ControlOrMeta+z")
    pad.expect_answer(NOTHING)
    kernel.run("pad = None")
    pad.draw_digit(1)
    page.keyboard.press("Shift+Enter")
    kernel.until("pad is not None", expected=True)


def test_a_button_that_was_clicked_leaves_jupyterlab_its_keys(notebook: Notebook) -> None:
    """After Clear, by mouse, and after Escape, JupyterLab's keys are its own: the one that adds a cell adds it."""
    pad, page = notebook.pad(), notebook.page
    added = f"(before) => ({NOTEBOOK_STATE})()[0] === before + 1"
    for leave in (lambda: None, lambda: page.keyboard.press("Escape")):
        pad.draw_digit(7)
        pad.click("clear")
        expect(pad.part("clear")).to_be_disabled()
        leave()
        [before, *_] = page.evaluate(NOTEBOOK_STATE)
        page.keyboard.press("b")
        page.wait_for_function(added, arg=before, timeout=10_000)


def test_two_fingers_scroll_and_leave_no_mark(lab: Lab, kernel: Kernel, finger: Finger) -> None:
    """What the first finger began is dropped when the second comes: the page scrolls, and no stroke was drawn."""
    pad = lab.open(kernel, *LONG).run().pad()
    pad.draw([[(0.1, 0.9), (0.3, 0.9)]])
    kernel.until("len(pad.strokes)", 1)
    ink = pad.ink()
    left, top, width, height = pointer.box(pad.canvas)
    x, y = left + width / 2, top + height * 0.8
    finger.touch("touchStart", (x, y))
    finger.touch("touchStart", (x, y), (x + 60, y))
    for n in range(1, 21):
        finger.touch("touchMove", (x, y - 10 * n), (x + 60, y - 10 * n))
    finger.touch("touchEnd")
    until(lambda: pointer.box(pad.canvas)[1] <= top - 100, 10, "the page to scroll under two fingers")
    until(lambda: pad.ink() == ink, 5, "the first finger's mark to go")
    expect(pad.root).to_have_attribute("data-state", "current")
    assert kernel.read("len(pad.strokes)") == 1


def test_a_finger_that_comes_while_another_draws_is_ignored(notebook: Notebook, kernel: Kernel, finger: Finger) -> None:
    """A stroke that is well under way goes on, wherever another finger rests, and that one leaves no mark."""
    pad = notebook.pad()
    points, rest = seven_and_rest(pad)
    middle = len(points) // 3
    finger.touch("touchStart", points[0])
    for point in points[1:middle]:
        finger.touch("touchMove", point)
    finger.touch("touchStart", points[middle - 1], rest)
    for n, point in enumerate(points[middle:]):
        finger.touch("touchMove", point, (rest[0], rest[1] - n))
    finger.touch("touchEnd", rest)
    finger.touch("touchEnd")
    pad.expect_digit(7)
    assert kernel.read("len(pad.strokes)") == 1


def test_a_hand_that_rests_beside_the_pen_leaves_no_mark(notebook: Notebook, kernel: Kernel, finger: Finger) -> None:
    """While a pen draws, fingers and palm on the pad are ignored."""
    pad = notebook.pad()
    points, palm = seven_and_rest(pad)
    with finger.pen(points[0]) as pen:
        finger.touch("touchStart", palm)
        for n, point in enumerate(points[1:]):
            pen(point)
            finger.touch("touchMove", (palm[0], palm[1] - n))
        finger.touch("touchEnd")
    pad.expect_digit(7)
    (drawn,) = kernel.read("pad.strokes")
    assert {pressure for *_, pressure in drawn} == {pointer.FORCE}


def test_a_hand_that_rests_before_its_pen_leaves_no_mark(notebook: Notebook, kernel: Kernel, finger: Finger) -> None:
    """A palm that came first gives way to the pen: what it drew is gone."""
    pad = notebook.pad()
    points, palm = seven_and_rest(pad)
    finger.touch("touchStart", palm)
    with finger.pen(points[0]) as pen:
        for point in points[1:]:
            pen(point)
    finger.touch("touchEnd")
    pad.expect_digit(7)
    assert kernel.read("len(pad.strokes)") == 1
    assert pad.grey(0.9 * 280, 0.9 * 280) == 255


def test_a_pens_button_opens_no_menu_and_draws_nothing(notebook: Notebook, kernel: Kernel, finger: Finger) -> None:
    """The button on the pen's side leaves no mark and opens neither the browser's menu nor JupyterLab's."""
    pad, page = notebook.pad(), notebook.page
    left, top, width, height = pointer.box(pad.canvas)
    page.evaluate(
        """() => {
          window.menus = [];
          const note = (event) => setTimeout(() => window.menus.push(event.defaultPrevented));
          addEventListener("contextmenu", note, { capture: true });
        }"""
    )
    with finger.pen((left + width / 2, top + height / 2), button="right") as pen:
        pen((left + width / 2, top + height * 0.8))
    page.wait_for_function("() => window.menus.length > 0")
    assert page.evaluate("window.menus") == [True]
    expect(page.locator(".lm-Menu")).to_have_count(0)
    finger.draw_with_pen(pad.canvas, DIGITS["1"])
    pad.expect_digit(1)
    assert kernel.read("len(pad.strokes)") == 1


def test_a_pen_that_hovers_draws_nothing(notebook: Notebook, kernel: Kernel, finger: Finger) -> None:
    """A pen that moves above the pad leaves no mark, before a stroke and after it."""
    pad = notebook.pad()
    left, top, width, height = pointer.box(pad.canvas)
    finger.draw_with_pen(pad.canvas, DIGITS["1"])
    pad.expect_digit(1)
    picture = pad.picture().tobytes()
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        finger.hover((left + width * share, top + height * share))
    assert pad.picture().tobytes() == picture
    assert kernel.read("len(pad.strokes)") == 1


def test_what_was_cleared_comes_back_after_a_reload(own_lab: Lab, kernel: Kernel) -> None:
    """A page loaded again on its living kernel undoes the clearing too, and redoes what was undone.

    Only clearing, undoing and redoing send what undo knows; a stroke leaves it as it is.
    """
    notebook = own_lab.open(kernel, ONE_PAD).run()
    pad = notebook.pad()
    pad.draw_digit(4)
    pad.expect_digit(4)
    assert kernel.read("pad._memory") == {}
    pad.click("clear")
    pad.draw_digit(7)
    pad.expect_digit(7)
    memory = kernel.read("pad._memory")
    assert [len(memory[part]) for part in ("strokes", "past")] == [2, 3]
    pad.click("undo")
    pad.expect_answer(NOTHING)
    notebook.reload()
    pad = notebook.pad()
    pad.click("redo")
    pad.expect_digit(7)
    pad.click("undo")
    pad.expect_answer(NOTHING)
    pad.click("undo")
    pad.expect_digit(4)
    pad.click("undo")
    kernel.until("len(pad.strokes)", 1)
