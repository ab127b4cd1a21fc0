"""The pad while Python is busy or gone: it says so, keeps what is drawn, and shows no old answer for a new drawing."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hosts import until
from lab import ONE_PAD
from padview import ITSELF, NOTHING, keycap
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab import Kernel, Lab, Notebook

pytestmark = pytest.mark.browser


@pytest.fixture
def notebook(lab: Lab, kernel: Kernel) -> Iterator[Notebook]:
    """Open and run a notebook with one pad, called pad, that has to wait for running cells, as in most hosts.

    Recent JupyterLabs answer widgets beside a running cell where the kernel can, in "subshells".
    """
    lab.subshells("disabled")
    yield lab.open(kernel, ONE_PAD).run()
    lab.close_all()
    lab.subshells("perCommTarget")


@contextlib.contextmanager
def busy(lab: Lab, kernel: Kernel, at_the_end: str = "") -> Iterator[None]:
    """Keep the kernel busy with a cell that waits for a file to go, and then does something or nothing."""
    flag = lab.server.work / "busy"
    code = f"""
        import pathlib, threading
        flag = pathlib.Path({str(flag)!r})
        flag.touch()
        while flag.exists(): threading.Event().wait(0.02)
        {at_the_end}
    """
    kernel.start("\n".join(line.strip() for line in code.splitlines()))
    until(flag.exists, 10, "the kernel to be busy")
    try:
        yield
    finally:
        flag.unlink()


def test_a_busy_kernel_is_told_and_the_last_drawing_is_answered(notebook: Notebook, kernel: Kernel, lab: Lab) -> None:
    """The pad says that Python is busy, the drawing stays, and it is answered when Python is free."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    with busy(lab, kernel):
        pad.click("clear")
        pad.draw_digit(3)
        expect(pad.root).to_have_attribute("data-state", "busy")
        expect(pad.part("message")).to_contain_text("Python is busy")
        ink = pad.ink()
        assert ink > 0
    pad.expect_digit(3)
    expect(pad.part("message")).to_have_text("")
    assert pad.ink() == ink
    assert kernel.read("pad.prediction") == 3


def test_where_there_are_subshells_the_pad_answers_beside_a_running_cell(lab: Lab, kernel: Kernel) -> None:
    """As JupyterLab comes, on a kernel that can, every digit is answered while a cell runs, and is there afterwards."""
    pad = lab.open(kernel, ONE_PAD).run().pad()
    with busy(lab, kernel):
        for digit in (7, 3):
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            pad.click("clear")
            pad.expect_answer(NOTHING)
        pad.draw_digit(4)
        pad.expect_digit(4)
        expect(pad.part("message")).to_have_text("")
    assert kernel.read("pad.prediction") == 4


def test_an_old_answer_is_never_shown_for_a_newer_drawing(notebook: Notebook, kernel: Kernel, lab: Lab) -> None:
    """Of digits drawn one after the other while Python is busy, only the last is ever shown as answered."""
    pad = notebook.pad()
    pad.watch()
    with busy(lab, kernel):
        for digit in (7, 4, 2):
            pad.draw_digit(digit)
            pad.click("clear")
        pad.draw_digit(5)
    pad.expect_digit(5)
    answered = {result for state, result in pad.watched() if state == "current"}
    assert answered <= {NOTHING, keycap(5)}
    kernel.until("pad.prediction", 5)


SLOW_PAD = """
import time
from digit_widget import Classifier, DigitWidget
bundled, wait = Classifier(), [0]
def slow(picture):
    time.sleep(wait[0])
    return bundled.logits(bundled.pictures([__import__("numpy").asarray(picture)]))[0]
pad = DigitWidget(model=slow)
wait[0] = 2
pad
"""
"""A pad whose model takes two seconds, once it has been met."""


def test_a_slow_model_s_old_answer_is_never_shown_for_a_newer_drawing(lab: Lab, kernel: Kernel) -> None:
    """A seven is drawn, and while the model thinks about it an eight: what is shown as current is the eight alone."""
    pad = lab.open(kernel, SLOW_PAD).run().pad()
    pad.watch()
    pad.draw_digit(7)
    expect(pad.root).to_have_attribute("data-state", "busy")
    pad.click("clear")
    pad.draw_digit(8)
    pad.expect_digit(8)
    assert {result for state, result in pad.watched() if state == "current"} <= {NOTHING, keycap(8)}
    kernel.until("pad.prediction", 8)


@pytest.mark.parametrize("strokes", [1, 2], ids=["asked about", "asked about, and more waiting"])
def test_a_long_cell_that_clears_the_pad_and_a_hand_that_draws_on_agree_in_the_end(
    notebook: Notebook, kernel: Kernel, lab: Lab, strokes: int
) -> None:
    """Whoever wins, the cell or the hand: sheet, answer and Python are of one drawing once all is answered."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    with busy(lab, kernel, at_the_end="pad.clear()"):
        pad.draw([[(0.1, 0.5), (0.9, 0.5)], [(0.5, 0.1), (0.5, 0.9)]][:strokes])
        expect(pad.root).to_have_attribute("data-state", "busy")
    expect(pad.root).to_have_attribute("data-state", "current")
    drawn, result = kernel.read("[[pad.image != '', pad.strokes != []], pad.result]")
    assert drawn == [pad.ink() > 0] * 2
    assert result == (kernel.read("__import__('digit_widget').predict(pad.image).result") if drawn[0] else NOTHING)
    pad.expect_answer(result)


def test_an_old_answer_looks_old(notebook: Notebook, kernel: Kernel, lab: Lab) -> None:
    """While a newer drawing waits, the answer to the older one is shown fainter."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    pad.come_to_rest()
    fresh = pad.opacity("result")
    with busy(lab, kernel):
        pad.draw_digit(1)
        until(lambda: pad.opacity("result") < fresh, 5, "the old answer to fade")
    expect(pad.root).to_have_attribute("data-state", "current")
    until(lambda: pad.opacity("result") == fresh, 5, "the new answer to be clear")


def test_an_answer_is_old_from_the_first_touch_on(notebook: Notebook) -> None:
    """While the pen draws on, the answer shown is that of the drawing before, and is not called current."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    with pad.drawing([(0.1, 0.9), (0.5, 0.9)]):
        expect(pad.root).not_to_have_attribute("data-state", "current", timeout=2000)


def restart(lab: Lab, _kernel: Kernel) -> None:
    """Restart the kernel from JupyterLab's menu."""
    lab.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:restart-kernel'); }")


def kill(_lab: Lab, kernel: Kernel) -> None:
    """Kill the kernel, which its server then starts anew."""
    os.kill(kernel.read("__import__('os').getpid()"), signal.SIGKILL)


def wait_for_the_next(lab: Lab) -> None:
    """Wait until another kernel has taken the place of the one that ended."""
    lab.page.locator(".jp-Dialog .jp-mod-accept").click()  # JupyterLab asks, or tells
    expect(lab.page.locator(".jp-Dialog")).to_have_count(0)
    lab.page.evaluate("async () => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info")


@pytest.mark.parametrize("end", [restart, kill])
def test_a_kernel_that_ended_is_told_and_the_cell_brings_another_pad(
    lab: Lab, end: Callable[[Lab, Kernel], None]
) -> None:
    """The pad's Python is gone: the pad says so soon and keeps what is drawn; the cell brings a new one."""
    with lab.fresh_kernel() as kernel:
        notebook = lab.open(kernel, ONE_PAD).run()
        pad = notebook.pad()
        pad.draw_digit(7)
        pad.expect_digit(7)
        end(lab, kernel)
        wait_for_the_next(lab)
        pad.click("clear")
        pad.draw_digit(1)
        expect(pad.part("message")).to_contain_text("Run this cell again", timeout=2000)
        assert pad.ink() > 0
        pad = notebook.run().pad()
        pad.expect_answer(NOTHING)
        pad.draw_digit(3)
        pad.expect_digit(3)


def test_the_page_answers_after_its_kernel(lab: Lab) -> None:
    """A pad that has the engine with it goes on without Python, and says so; a second view of it follows."""
    with lab.fresh_kernel() as kernel:
        notebook = lab.open(kernel, ONE_PAD.replace("DigitWidget()", "DigitWidget(offline=True)"), "pad").run()
        pad, other = notebook.pad(0), notebook.pad(1)
        pad.draw_digit(7)
        pad.expect_digit(7)
        kill(lab, kernel)
        wait_for_the_next(lab)
        pad.click("clear")
        pad.draw_digit(1)
        pad.expect_digit(1)
        expect(pad.part("message")).to_have_text(ITSELF)
        for digit in (4, 8):
            pad.click("clear")
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            other.expect_digit(digit)
        pad.click("why")
        for view in (pad, other):
            expect(view.part("legend")).to_have_text(f"Orange ink made it more {keycap(8)}, blue ink less")
        pad.click("undo")
        pad.expect_answer(NOTHING)
