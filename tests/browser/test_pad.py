"""The pad as a sheet of paper: where a stroke begins and ends, how it looks on any screen, what moves beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pointer
import pytest
from hosts import until
from lab import ONE_PAD
from padview import NOTHING
from pointer import DIGITS

if TYPE_CHECKING:
    from lab import Kernel, Lab, Notebook
    from pointer import Finger

pytestmark = pytest.mark.browser

DOT = [[(0.5, 0.5)]]


def test_times_go_on_over_a_pause_between_strokes(notebook: Notebook, kernel: Kernel) -> None:
    """The times of all strokes are of one clock: how long the hand rested between two of them can be told."""
    pad = notebook.pad()
    pad.draw(DIGITS["4"][:1])
    lifted = notebook.page.evaluate("performance.now()")
    notebook.page.wait_for_function("(from) => performance.now() - from >= 300", arg=lifted)
    pad.draw(DIGITS["4"][1:])
    kernel.until("len(pad.strokes)", 2)
    assert kernel.read("pad.strokes[1][0][2] - pad.strokes[0][-1][2]") >= 300


def test_a_browser_that_merges_moves_draws_all_the_same(own_lab: Lab, kernel: Kernel) -> None:
    """A page that came over plain http from another machine cannot ask for the moves between frames, and needs not."""
    own_lab.page.evaluate("delete PointerEvent.prototype.getCoalescedEvents")
    assert own_lab.page.evaluate("new PointerEvent('pointermove').getCoalescedEvents === undefined")
    pad = own_lab.open(kernel, ONE_PAD).run().pad()
    pad.draw_digit(7)
    pad.expect_digit(7)


def test_a_tap_leaves_a_dot_and_is_no_digit(notebook: Notebook, kernel: Kernel) -> None:
    """A press without a movement draws a dot, which is answered with a thinking face."""
    pad = notebook.pad()
    pad.draw(DOT, at=(0, 0), side=1)
    kernel.until("len(pad.strokes)", 1)
    pad.expect_answer(NOTHING)
    assert kernel.read("pad.prediction") is None
    assert pad.grey(140, 140) == 0
    assert 0 < pad.ink() < 0.01


def test_a_stroke_goes_on_when_the_pen_leaves_the_pad_and_returns(notebook: Notebook, kernel: Kernel) -> None:
    """The pen may wander off the sheet: it is one stroke, nothing else on the page is selected or pressed."""
    pad = notebook.pad()
    pad.draw([[(0.5, 0.5), (0.9, 0.5), (1.2, 0.5), (1.2, 0.8), (0.9, 0.8), (0.5, 0.8)]], at=(0, 0), side=1)
    kernel.until("len(pad.strokes)", 1)
    points = kernel.read("pad.strokes[0]")
    assert max(x for x, *_ in points) == pytest.approx(1.2 * 280, abs=1)
    assert points[-1][:2] == pytest.approx([140, 224], abs=1)
    assert notebook.page.evaluate("getSelection().toString()") == ""


def test_a_pen_lifted_off_the_pad_is_lifted(notebook: Notebook, kernel: Kernel) -> None:
    """A button released outside ends the stroke: coming back over the pad draws nothing."""
    pad = notebook.pad()
    pad.draw([[(0.5, 0.5), (1.2, 0.5)]], at=(0, 0), side=1)
    kernel.until("len(pad.strokes)", 1)
    picture = pad.picture()
    pad.canvas.hover(position={"x": 20, "y": 250})
    pad.canvas.hover(position={"x": 250, "y": 250})
    assert pad.picture().tobytes() == picture.tobytes()
    assert kernel.read("len(pad.strokes)") == 1


def test_only_the_left_button_draws(notebook: Notebook, kernel: Kernel) -> None:
    """The right button opens the page's own menu and leaves no mark."""
    pad = notebook.pad()
    pad.canvas.click(button="right")
    notebook.page.keyboard.press("Escape")
    pad.draw_digit(1)
    pad.expect_digit(1)
    assert kernel.read("len(pad.strokes)") == 1


def test_the_picture_does_not_depend_on_the_screen(lab: Lab, kernel: Kernel) -> None:
    """The same drawing on a screen of one and of two device pixels a CSS pixel gives the same ``image``."""
    images = []
    for ratio in (1, 2):
        with lab.screen(ratio):
            pad = lab.open(kernel, ONE_PAD).run().pad()
            pad.draw_digit(2)
            pad.expect_digit(2)
            images.append(kernel.read("pad.image"))
            lab.close_all()
    assert images[0] == images[1]


def test_a_sharp_screen_gets_a_sharp_line(lab: Lab, kernel: Kernel) -> None:
    """On a screen of two device pixels a CSS pixel the canvas has twice as many pixels a side."""
    with lab.screen(2):
        pad = lab.open(kernel, ONE_PAD).run().pad()
        pad.draw_digit(2)
        assert pad.picture().size == (560, 560)


def test_the_page_scrolls_under_wheel_and_finger_beside_the_pad(lab: Lab, kernel: Kernel, finger: Finger) -> None:
    """Wheel and finger scroll the notebook over the answer as anywhere; only on the canvas does a finger draw."""
    notebook = lab.open(kernel, ONE_PAD, *(["print('\\n' * 40)"] * 3)).run()
    pad = notebook.pad()
    own = pad.root.evaluate(
        "(root) => [root, ...root.querySelectorAll('*')].filter((e) => getComputedStyle(e).touchAction !== 'auto')"
        ".map((e) => e.className)"
    )
    assert own == ["dw-canvas"]
    start = pointer.box(pad.canvas)[1]
    pad.part("result").hover()
    notebook.page.mouse.wheel(0, 100)
    until(lambda: pointer.box(pad.canvas)[1] <= start - 95, 5, "the page to scroll under the wheel")
    finger.pull(pad.canvas, 100)
    until(lambda: pad.ink() > 0, 5, "the finger's stroke")
    kernel.until("len(pad.strokes)", 1)
    assert pointer.box(pad.canvas)[1] <= start - 95
    ink = pad.ink()
    finger.pull(pad.part("result"), 100)
    until(lambda: pointer.box(pad.canvas)[1] >= start - 40, 5, "the page to scroll back under the finger")
    assert pad.ink() == ink
