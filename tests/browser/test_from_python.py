"""What Python sets appears on the pad in JupyterLab, and is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hosts import until
from lab import ONE_PAD, PAD_WITH_BUTTON
from padview import NOTHING
from playwright.sync_api import expect
from pointer import DIGITS, placed

if TYPE_CHECKING:
    from lab import Kernel, Lab, Notebook

pytestmark = pytest.mark.browser


def test_clear_from_python_wipes_the_pad(notebook: Notebook, kernel: Kernel) -> None:
    """``pad.clear()`` leaves white paper and a thinking face."""
    pad = notebook.pad()
    pad.draw_digit(8)
    pad.expect_digit(8)
    kernel.run("pad.clear()")
    pad.expect_answer(NOTHING)
    until(lambda: pad.ink() == 0, 5, "white paper")


def test_an_image_from_python_is_shown_and_answered(notebook: Notebook, kernel: Kernel) -> None:
    """A picture kept and set again looks as it did and has the same answer."""
    pad = notebook.pad()
    pad.draw_digit(2)
    pad.expect_digit(2)
    ink = pad.ink()
    kernel.run("kept = pad.image; pad.clear()")
    pad.expect_answer(NOTHING)
    kernel.run("pad.image = kept")
    pad.expect_digit(2)
    until(lambda: pad.ink() == pytest.approx(ink, rel=0.02), 5, "the picture on the pad")
    assert kernel.read("pad.prediction") == 2


def test_one_undo_takes_back_an_image_from_python(notebook: Notebook, kernel: Kernel) -> None:
    """A picture set over a drawing is one act: one undo brings the drawing back as it was, stroke by stroke."""
    pad = notebook.pad()
    pad.draw_digit(2)
    pad.expect_digit(2)
    kernel.run("kept = pad.image")
    pad.click("clear")
    pad.draw_digit(4)
    pad.expect_digit(4)
    picture, strokes = pad.picture(), kernel.read("pad.strokes")
    kernel.run("pad.image = kept")
    pad.expect_digit(2)
    until(lambda: pad.picture().tobytes() != picture.tobytes(), 5, "the picture on the pad")
    pad.click("undo")
    pad.expect_digit(4)
    assert pad.picture().tobytes() == picture.tobytes()
    assert kernel.read("pad.strokes") == strokes
    assert kernel.read("pad.prediction") == 4


def test_drawing_goes_on_over_an_image_from_python(notebook: Notebook, kernel: Kernel) -> None:
    """A stroke on top of a picture keeps both, for Python too, and undo takes the stroke alone."""
    pad = notebook.pad()
    pad.draw(DIGITS["4"][:1])
    kernel.until("len(pad.strokes)", 1)
    kernel.run("kept = pad.image; pad.clear(); pad.image = kept")
    until(lambda: pad.ink() > 0, 5, "the picture on the pad")
    pad.draw(DIGITS["4"][1:])
    pad.expect_digit(4)
    assert kernel.read("pad.prediction") == 4
    pad.click("undo")
    pad.expect_answer(kernel.read("__import__('digit_widget').predict(kept).result"))
    assert pad.ink() > 0


def test_a_drawing_from_python_needs_no_button(lab: Lab, kernel: Kernel) -> None:
    """With a button, what Python draws over a drawing that nobody asked about is answered, and shown so."""
    pad = lab.open(kernel, PAD_WITH_BUTTON).run().pad()
    pad.draw_digit(2)
    kernel.until("len(pad.strokes)", 1)
    kernel.run("kept = pad.image; pad.clear()")
    pad.expect_answer(NOTHING)
    pad.draw_digit(3)
    kernel.until("len(pad.strokes)", 1)
    kernel.run("pad.image = kept")
    pad.expect_digit(2)


def test_clear_from_python_takes_the_stroke_under_the_pen(notebook: Notebook, kernel: Kernel) -> None:
    """Cleared in the middle of a stroke, the pad is blank and answered, and lifting the pen changes nothing."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    with pad.drawing([(0.1, 0.9), (0.5, 0.9)]):
        kernel.run("pad.clear()")
        until(lambda: pad.ink() == 0, 5, "white paper")
    pad.expect_answer(NOTHING)
    assert kernel.read("pad.strokes") == []
    assert pad.ink() == 0


def test_strokes_from_python_are_drawn_and_answered(notebook: Notebook, kernel: Kernel) -> None:
    """Strokes set from Python appear where they were put, are answered, and one undo takes back what was one act."""
    pad = notebook.pad()
    strokes = [[[280 * x, 280 * y] for x, y in stroke] for stroke in placed(DIGITS["4"], (0.15, 0.15), 0.7)]
    kernel.run(f"pad.strokes = {json.dumps(strokes)}")
    pad.expect_digit(4)
    until(lambda: pad.ink() > 0, 5, "the strokes on the pad")
    x, y = strokes[0][5]
    assert pad.grey(x, y) == 0
    assert pad.grey(x, 5) == 255
    pad.click("undo")
    pad.expect_answer(NOTHING)
    pad.click("redo")
    pad.expect_digit(4)


def test_a_bad_image_is_answered_in_words_and_the_pad_goes_on(notebook: Notebook, kernel: Kernel) -> None:
    """What is no picture is said so, and the next drawing is answered as ever."""
    pad = notebook.pad()
    kernel.run("pad.image = 'data:image/png;base64,<b>x'")
    expect(pad.part("message")).to_contain_text("not valid base64")
    assert pad.part("message").inner_text() == kernel.read("pad.error")
    pad.draw_digit(3)
    pad.expect_digit(3)
    expect(pad.part("message")).to_have_text("")
    assert kernel.read("pad.error") == ""


FAILS_IN_HTML = """
met = []
def fails(picture):
    if met:
        raise ValueError("<b>cheese</b>")
    return 3
pad.model = fails
met.append(True)
"""


def test_an_error_is_text_and_never_html(notebook: Notebook, kernel: Kernel) -> None:
    """What a model raised is shown as it is written."""
    pad = notebook.pad()
    kernel.run(FAILS_IN_HTML)
    pad.draw_digit(3)
    expect(pad.part("message")).to_contain_text("ValueError: <b>cheese</b>")
    assert pad.part("message").locator("b").count() == 0


def test_other_labels_are_shown(notebook: Notebook, kernel: Kernel) -> None:
    """New labels take the place of the old ones in the answer that is shown."""
    pad = notebook.pad()
    pad.draw_digit(1)
    pad.expect_digit(1)
    kernel.run("pad.labels = list('🍏🍐🍋🍇🍓🍒🍑🥝🥥🍍')")
    pad.expect_answer("🍐")


def test_labels_are_text_and_never_html(notebook: Notebook, kernel: Kernel) -> None:
    """A label with markup in it is shown as it is written."""
    pad = notebook.pad()
    kernel.run("pad.labels = ['<b>' + str(n) + '</b>' for n in range(10)]")
    pad.draw_digit(1)
    pad.expect_answer("<b>1</b>")
    assert pad.root.locator("b").count() == 0


@pytest.mark.parametrize("again", ["reload", "second view"])
def test_a_picture_from_python_that_was_cleared_comes_back_whole(own_lab: Lab, kernel: Kernel, again: str) -> None:
    """Undone in a view that has not shown it yet, the picture is sent when it has loaded, with its ink in it."""
    notebook = own_lab.open(kernel, ONE_PAD, "from ipywidgets import VBox\nbox = VBox()\nbox").run()
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    kernel.run("kept = pad.image; pad.clear(); pad.image = kept")
    pad.expect_digit(7)
    pad.click("clear")
    pad.expect_answer(NOTHING)
    if again == "reload":
        notebook.reload()
        pad = notebook.pad()
    else:
        kernel.run("box.children = [pad]")
        pad = notebook.pad(1)
    pad.expect_answer(NOTHING)
    pad.click("undo")
    pad.expect_digit(7)
    assert kernel.read("__import__('digit_widget').predict(pad.image).prediction") == 7


def test_python_draws_strokes_as_the_canvas_does(notebook: Notebook, kernel: Kernel) -> None:
    """The picture that the page sends and the one that Python makes of the same strokes differ at edges alone.

    On the ten shapes, of 255 grey levels: at most 0.6 on the mean of all pixels, and 140 in one of them.
    """
    pad = notebook.pad()
    found = {}
    for digit in DIGITS:
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        kernel.run(
            "import numpy as np\nfrom digit_widget.picture import from_data_url\n"
            "from digit_widget.strokes import rasterise\n"
            "difference = np.abs(from_data_url(pad.image).astype(int) - rasterise(pad.strokes))"
        )
        found[digit] = kernel.read("[round(float(difference.mean()), 3), int(difference.max())]")
        pad.click("clear")
        pad.expect_answer(NOTHING)
    assert max(mean for mean, _ in found.values()) < 0.6, found
    assert max(largest for _, largest in found.values()) <= 140, found
