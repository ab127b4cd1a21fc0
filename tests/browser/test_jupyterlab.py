"""The widget in JupyterLab, drawn on as a person does: what is drawn is answered, on the page and in Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hosts import until
from lab import ONE_PAD, PAD_WHILE_MOVING, PAD_WITH_BUTTON
from padview import NOTHING, keycap
from playwright.sync_api import expect
from pointer import CORNERS, DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab import Kernel, Lab, Notebook
    from padview import PadView

pytestmark = pytest.mark.browser

TWO_WIDGETS = ("from digit_widget import DigitWidget\none, other = DigitWidget(), DigitWidget()\none", "other")


def label_and_words(pad: PadView) -> str:
    """Return the answer as it is read: the emoji and the words beside it."""
    return f"{pad.part('result').inner_text()} {pad.part('confidence').inner_text()}"


def percent(text: str) -> int:
    """Return the number before the percent sign."""
    found = re.search(r"(\d+)\s?%", text)
    assert found, text
    return int(found[1])


def test_each_digit_drawn_with_the_mouse_is_answered_on_the_page_and_in_python(
    lab: Lab, kernel: Kernel, shoot: Callable[..., None]
) -> None:
    """The ten shapes, drawn large in the quickstart's pad, give their ten emoji, and Python knows the same."""
    notebook = lab.open_example(kernel, "quickstart.ipynb").run()
    pad = notebook.pad()
    for digit in DIGITS:
        if pad.ink():
            pad.click("clear")
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        answer = kernel.read("[pad.result, pad.prediction, sum(pad.probabilities), max(pad.probabilities)]")
        assert answer[:2] == [keycap(digit), int(digit)]
        assert answer[2] == pytest.approx(1)
        assert answer[3] == pytest.approx(kernel.read("pad.confidence"))
        if digit == "4":
            shoot("jupyterlab", lab.page, *notebook.top(2))


def test_each_digit_drawn_small_in_a_corner_is_answered(notebook: Notebook) -> None:
    """Size and place do not matter: the ten shapes give their emoji from the corners, at a third of the pad's side."""
    pad = notebook.pad()
    for n, digit in enumerate(DIGITS):
        pad.draw_digit(digit, at=CORNERS[n % len(CORNERS)], side=0.3)
        pad.expect_digit(digit)
        pad.click("clear")


def test_the_panel_tells_what_python_knows(notebook: Notebook, kernel: Kernel) -> None:
    """The bars are the best three ``probabilities`` in their order, without those of 0 %; the words say the best."""
    pad = notebook.pad()
    pad.draw_digit(4)
    pad.expect_digit(4)
    best = kernel.read("sorted(zip(pad.probabilities, pad.labels), reverse=True)[:3]")
    rows = pad.part("bars").locator("li").filter(visible=True).all_inner_texts()
    likely = [(share, label) for share, label in best if share >= 0.005]
    assert len(rows) == len(likely)
    for row, (share, label) in zip(rows, likely, strict=True):
        assert row.startswith(label[0])
        assert percent(row) == pytest.approx(100 * share, abs=1)
    assert label_and_words(pad).startswith(best[0][1])
    assert percent(label_and_words(pad)) == pytest.approx(100 * best[0][0], abs=1)


def test_the_panel_shows_the_picture_the_model_saw(notebook: Notebook, kernel: Kernel) -> None:
    """The inset is ``predict(pad.image).seen`` to the grey level, black on white."""
    pad = notebook.pad()
    pad.draw_digit(6, at=(0.5, 0.5), side=0.4)
    pad.expect_digit(6)
    expected = kernel.read("__import__('digit_widget').predict(pad.image).seen.ravel().tolist()")
    assert max(expected) > 0
    assert pad.seen() == [255 - ink for ink in expected]


def test_undo_takes_back_the_last_stroke_and_redo_brings_it_again(notebook: Notebook, kernel: Kernel) -> None:
    """A four has two strokes; without the second the answer is that of what is left, and with it four again."""
    pad = notebook.pad()
    pad.draw_digit(4)
    pad.expect_digit(4)
    whole = pad.picture()
    pad.click("undo")
    kernel.until("len(pad.strokes)", 1)
    pad.expect_answer(kernel.read("__import__('digit_widget').predict(pad.image).result"))
    assert pad.picture().tobytes() != whole.tobytes()
    pad.click("redo")
    pad.expect_digit(4)
    assert kernel.read("len(pad.strokes)") == len(DIGITS["4"])
    assert pad.picture().tobytes() == whole.tobytes()


def test_clear_blanks_the_pad_and_undo_brings_the_drawing_back(notebook: Notebook, kernel: Kernel) -> None:
    """Clear leaves white paper, a thinking face and no prediction; one undo afterwards and nothing is lost."""
    pad = notebook.pad()
    pad.draw_digit(5)
    pad.expect_digit(5)
    pad.click("clear")
    pad.expect_answer(NOTHING)
    assert pad.ink() == 0
    assert kernel.read("[pad.result, pad.prediction, pad.image, pad.strokes]") == [NOTHING, None, "", []]
    pad.click("undo")
    pad.expect_digit(5)
    assert kernel.read("pad.prediction") == 5


def test_with_a_button_nothing_is_asked_until_it_is_pressed(lab: Lab, kernel: Kernel) -> None:
    """``predict_on="button"``: a drawing leaves the old answer, marked as old, until Predict is pressed."""
    pad = lab.open(kernel, PAD_WITH_BUTTON).run().pad()
    for strokes, before in ((1, NOTHING), (2, keycap(7))):
        pad.draw(DIGITS["7"] if strokes == 1 else [[(0.1, 0.5), (0.9, 0.5)]])
        expect(pad.root).to_have_attribute("data-state", "stale")
        kernel.until("len(pad.strokes)", strokes)  # the drawing is in Python all the same
        expect(pad.part("result")).to_have_text(before)
        assert kernel.read("pad.result") == before
        pad.click("predict")
        pad.expect_answer(kernel.read("__import__('digit_widget').predict(pad.image).result"))
        assert kernel.read("pad.result") == pad.part("result").inner_text()


def test_a_drawing_that_nobody_asked_about_is_so_in_every_view(lab: Lab, kernel: Kernel) -> None:
    """With a button, a second view too marks the answer as old until Predict is pressed, which may be there."""
    notebook = lab.open(kernel, PAD_WITH_BUTTON, "pad").run()
    here, there = notebook.pad(0), notebook.pad(1)
    here.draw_digit(7)
    until(lambda: there.ink() > 0, 5, "the drawing in the other view")
    expect(there.root).to_have_attribute("data-state", "stale")
    there.click("predict")
    here.expect_digit(7)
    there.expect_digit(7)


def test_a_drawing_that_nobody_asked_about_is_so_after_a_reload(own_lab: Lab, kernel: Kernel) -> None:
    """With a button, a reload does not make a drawing answered: it waits for Predict as before."""
    notebook = own_lab.open(kernel, PAD_WITH_BUTTON).run()
    notebook.pad().draw_digit(7)
    kernel.until("len(pad.strokes)", 1)
    notebook.reload()
    pad = notebook.pad()
    until(lambda: pad.ink() > 0, 5, "the drawing")
    expect(pad.root).to_have_attribute("data-state", "stale")
    pad.click("predict")
    pad.expect_digit(7)


def test_only_the_button_mode_has_a_predict_button(notebook: Notebook, kernel: Kernel) -> None:
    """The button comes and goes with the trait, while the widget is on the page."""
    pad = notebook.pad()
    expect(pad.part("predict")).to_be_hidden()
    kernel.run("pad.predict_on = 'button'")
    expect(pad.part("predict")).to_be_visible()
    kernel.run("pad.predict_on = 'stroke'")
    expect(pad.part("predict")).to_be_hidden()


def test_in_move_mode_an_answer_comes_before_the_pen_lifts(lab: Lab, kernel: Kernel) -> None:
    """``predict_on="move"`` answers the stroke while it grows."""
    pad = lab.open(kernel, PAD_WHILE_MOVING).run().pad()
    with pad.drawing(DIGITS["7"][0]):
        expect(pad.part("result")).to_have_text(keycap(7))
        kernel.until("pad.prediction", 7)
    pad.expect_digit(7)


def test_a_reload_brings_back_drawing_answer_and_undo(own_lab: Lab, kernel: Kernel) -> None:
    """The page is reloaded and the kernel lives on: nothing is lost, and undo still knows the strokes."""
    notebook = own_lab.open(kernel, ONE_PAD).run()
    pad = notebook.pad()
    pad.draw_digit(4)
    pad.expect_digit(4)
    picture, strokes = pad.picture(), kernel.read("pad.strokes")
    notebook.reload()
    pad = notebook.pad()
    pad.expect_digit(4)
    assert pad.picture().tobytes() == picture.tobytes()
    assert kernel.read("pad.strokes") == strokes
    pad.click("undo")
    kernel.until("pad.strokes", strokes[:1])
    pad.click("redo")
    pad.expect_digit(4)


def test_two_views_of_one_widget_show_the_same(lab: Lab, kernel: Kernel) -> None:
    """Drawn in either view, cleared in either, the other follows."""
    notebook = lab.open(kernel, ONE_PAD, "pad").run()
    views = notebook.pad(0), notebook.pad(1)
    for here, there, digit in ((views[0], views[1], 2), (views[1], views[0], 9)):
        here.draw_digit(digit)
        here.expect_digit(digit)
        there.expect_digit(digit)
        until(lambda: views[0].picture().tobytes() == views[1].picture().tobytes(), 5, "the same drawing in both views")
        there.click("clear")
        here.expect_answer(NOTHING)
        until(lambda: views[0].ink() == views[1].ink() == 0, 5, "both views to be blank")


def test_two_widgets_leave_each_other_alone(lab: Lab, kernel: Kernel) -> None:
    """What is drawn on one pad is no business of another's."""
    notebook = lab.open(kernel, *TWO_WIDGETS).run()
    one, other = notebook.pad(0), notebook.pad(1)
    one.draw_digit(2)
    one.expect_digit(2)
    other.expect_answer(NOTHING)
    assert other.ink() == 0
    other.draw_digit(3)
    other.expect_digit(3)
    one.click("undo")
    one.expect_answer(NOTHING)
    other.expect_digit(3)
    assert kernel.read("[one.prediction, other.prediction]") == [None, 3]


def test_two_windows_on_one_kernel_are_both_answered(lab: Lab, own_lab: Lab, kernel: Kernel) -> None:
    """One notebook in two browser windows: drawn on in either, in turn, each gets its answer and neither hangs."""
    here = lab.open(kernel, ONE_PAD).run()
    there = own_lab.open_too(here)
    for pad, digit in ((here.pad(), 7), (there.pad(), 3), (here.pad(), 1), (there.pad(), 2)):
        if pad.ink() > 0:
            pad.click("clear")
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        assert kernel.read("pad.prediction") == digit
    for window in (here, there):
        expect(window.pad().root).not_to_have_attribute("data-state", re.compile("waiting|busy"))
