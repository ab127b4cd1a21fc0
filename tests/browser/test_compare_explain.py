"""Several models behind one pad, and the toggle that shows why an answer is what it is, in JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pointer
import pytest
from lab import ONE_PAD, PAD_WITH_BUTTON
from padview import NOTHING, keycap
from playwright.sync_api import expect
from pointer import DIGITS
from test_look import READABLE, contrasts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab import Kernel, Lab, Notebook
    from padview import PadView

pytestmark = pytest.mark.browser

TWO_MODELS = """from digit_widget.comparison import compare
pad = compare({"bundled": None, "always three": lambda picture: 3})
pad"""
FAILING = TWO_MODELS.replace("lambda picture: 3", "lambda picture: 3 if not pad else 1 / 0").replace(
    "pad = compare", "pad = None\npad = compare"
)
FAILING_LATER = """from digit_widget import DigitWidget
fails = False
def three(picture):
    if fails:
        raise RuntimeError("out of cheese")
    return 3
pad = DigitWidget(three)
pad"""


def row(pad: PadView, n: int) -> str:
    """Return what the nth model's row says."""
    return " ".join(pad.part("model").nth(n).inner_text().split())


def places(pad: PadView) -> list[tuple[float, ...]]:
    """Return where the parts of the panel are that must not move."""
    return [pointer.box(pad.part(name)) for name in ("canvas", "result", "bars", "seen", "undo", "why", "message")]


@pytest.fixture
def dark(lab: Lab) -> Iterator[None]:
    """JupyterLab in its dark theme."""
    lab.theme("JupyterLab Dark")
    yield
    lab.theme("JupyterLab Light")


def test_models_that_disagree_are_marked(lab: Lab, kernel: Kernel, shoot: Callable[..., None]) -> None:
    """Of two models that answer a seven drawn with the mouse, the one that says three is marked, in words."""
    kernel.run("import warnings; warnings.simplefilter('ignore')")  # a model that always says three is no digit model
    notebook = lab.open(kernel, TWO_MODELS).run()
    pad = notebook.pad()
    expect(pad.part("model")).to_have_count(2)
    pad.draw_digit(7)
    pad.expect_digit(7)
    expect(pad.part("agreement")).to_have_text("The models disagree")
    assert row(pad, 0).startswith(f"bundled {keycap(7)} ")
    assert row(pad, 1) == f"always three {keycap(3)} Very sure (100%) ≠ differs"
    assert "differs" not in row(pad, 0)
    assert kernel.read("[pad.agree, [answer.prediction for answer in pad.answers.values()]]") == [False, [7, 3]]
    shoot("compare", lab.page, *notebook.top(1))
    pad.click("clear")
    pad.draw_digit(3)
    pad.expect_digit(3)
    expect(pad.part("agreement")).to_have_text("The models agree")
    assert "differs" not in row(pad, 1)
    assert kernel.read("pad.agree") is True


def test_the_rows_keep_their_places(lab: Lab, kernel: Kernel) -> None:
    """Answers and marks come and go without moving anything."""
    pad = lab.open(kernel, TWO_MODELS).run().pad()
    expect(pad.part("model")).to_have_count(2)
    before = [places(pad), [pointer.box(pad.part("model").nth(n)) for n in (0, 1)]]
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert [places(pad), [pointer.box(pad.part("model").nth(n)) for n in (0, 1)]] == before


def test_a_model_that_fails_says_so_in_its_row(lab: Lab, kernel: Kernel) -> None:
    """Its sentence stands in its row, nothing is called a disagreement, and the other model's answer is there."""
    pad = lab.open(kernel, FAILING).run().pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert "ZeroDivisionError" in row(pad, 1)
    expect(pad.part("agreement")).to_have_text("")
    expect(pad.part("message")).to_have_text("")


def test_a_second_view_and_a_reload_show_the_same_rows(own_lab: Lab, kernel: Kernel) -> None:
    """Rows are state: whoever looks later sees them too."""
    notebook = own_lab.open(kernel, TWO_MODELS, "pad").run()
    here, there = notebook.pad(0), notebook.pad(1)
    here.draw_digit(7)
    for view in (here, there):
        view.expect_digit(7)
        expect(view.part("mark").nth(1)).to_have_text("≠ differs")
    notebook.reload()
    pad = notebook.pad()
    pad.expect_digit(7)
    expect(pad.part("mark").nth(1)).to_have_text("≠ differs")


def test_why_colours_the_ink_and_goes_again(
    notebook: Notebook, kernel: Kernel, lab: Lab, shoot: Callable[..., None]
) -> None:
    """Pressed, the button lays colour over the ink and only there, on the pad and on the inset; pressed again, none."""
    pad = notebook.pad()
    pad.draw_digit(1)
    pad.expect_digit(1)
    plain, before = pad.seen(), places(pad)
    expect(pad.part("why")).to_have_attribute("aria-pressed", "false")
    expect(pad.part("runner-up")).to_be_hidden()
    assert pad.overlay() is None

    pad.click("why")
    expect(pad.part("why")).to_have_attribute("aria-pressed", "true")
    expect(pad.part("overlay")).to_be_visible()
    expect(pad.part("runner-up")).to_be_visible()
    expect(pad.part("legend")).to_have_text(f"Orange ink made it more {keycap(1)}, blue ink less")
    assert kernel.read("pad.explaining") is True
    runner_up = kernel.read("pad.explain().runner_up_result")
    assert runner_up in pad.part("caption").nth(1).inner_text()
    overlay = pad.overlay()
    assert overlay is not None
    alpha = np.asarray(overlay)[..., 3]
    ink = 255 - np.asarray(pad.picture().resize((280, 280)))
    assert (alpha[ink > 200] > 0).mean() > 0.8
    assert not alpha[ink == 0].any()
    assert pad.seen() != plain
    assert places(pad) == before
    shoot("why", lab.page, *notebook.top(1))

    pad.click("why")
    expect(pad.part("why")).to_have_attribute("aria-pressed", "false")
    assert pad.overlay() is None
    expect(pad.part("runner-up")).to_be_hidden()
    expect(pad.part("plain")).to_be_visible()
    assert pad.seen() == plain
    kernel.until("[pad.explaining, pad._why]", [False, {}])


def test_the_overlay_lies_on_the_pad_and_lets_the_pen_through(notebook: Notebook) -> None:
    """It covers the paper exactly, and drawing goes on below it; from the first touch on it is not of the drawing."""
    pad = notebook.pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    pad.click("why")
    expect(pad.part("overlay")).to_be_visible()
    assert pointer.box(pad.part("overlay")) == pytest.approx(pointer.box(pad.canvas))
    ink = pad.ink()
    with pad.drawing([(x, y + 0.03) for x, y in DIGITS["7"][0]]):  # once more, a little lower
        expect(pad.part("overlay")).to_be_hidden()
        expect(pad.part("plain")).to_be_visible()
        assert pad.ink() > ink
    pad.expect_digit(7)
    expect(pad.part("overlay")).to_be_visible()
    pad.click("clear")
    pad.expect_answer(NOTHING)
    expect(pad.part("overlay")).to_be_hidden()
    expect(pad.part("why")).to_have_attribute("aria-pressed", "true")


def test_reasons_of_a_stale_drawing_are_hidden(lab: Lab, kernel: Kernel) -> None:
    """With a button, a drawing that nobody asked about has none of the last answer's, and undone has them again."""
    pad = lab.open(kernel, PAD_WITH_BUTTON).run().pad()
    pad.draw_digit(7)
    pad.click("why")
    pad.click("predict")
    pad.expect_digit(7)
    expect(pad.part("overlay")).to_be_visible()
    pad.draw([[(0.1, 0.5), (0.9, 0.5)]])
    expect(pad.root).to_have_attribute("data-state", "stale")
    expect(pad.part("overlay")).to_be_hidden()
    pad.click("undo")
    expect(pad.part("overlay")).to_be_visible()


def test_a_second_view_and_a_reload_show_the_same_reasons(own_lab: Lab, kernel: Kernel) -> None:
    """The toggle and what it shows are state: pressed in one view, it is on in all, and after a reload."""
    notebook = own_lab.open(kernel, ONE_PAD, "pad").run()
    here, there = notebook.pad(0), notebook.pad(1)
    here.draw_digit(7)
    here.expect_digit(7)
    there.click("why")
    for view in (here, there):
        expect(view.part("overlay")).to_be_visible()
        expect(view.part("why")).to_have_attribute("aria-pressed", "true")
    notebook.reload()
    pad = notebook.pad()
    pad.expect_digit(7)
    expect(pad.part("overlay")).to_be_visible()
    expect(pad.part("legend")).to_contain_text(keycap(7))


def test_a_model_that_cannot_be_asked_why_says_so(lab: Lab, kernel: Kernel) -> None:
    """The toggle goes off again and the answer stays; the next drawing takes the sentence away."""
    pad = lab.open(kernel, FAILING_LATER).run().pad()
    pad.draw_digit(3)
    pad.expect_digit(3)
    kernel.run("fails = True")
    pad.click("why")
    expect(pad.part("message")).to_have_text("The answer could not be explained. RuntimeError: out of cheese")
    expect(pad.part("why")).to_have_attribute("aria-pressed", "false")
    expect(pad.part("confidence")).to_contain_text("%")
    pad.expect_digit(3)
    pad.click("clear")
    pad.expect_answer(NOTHING)
    expect(pad.part("message")).not_to_contain_text("out of cheese")


def test_rows_and_reasons_are_readable(lab: Lab, kernel: Kernel) -> None:
    """All their text stands out from its ground in the light theme."""
    assert unreadable(lab, kernel) == {}


@pytest.mark.usefixtures("dark")
def test_rows_and_reasons_are_readable_in_the_dark(lab: Lab, kernel: Kernel) -> None:
    """And in the dark one."""
    assert unreadable(lab, kernel) == {}


def unreadable(lab: Lab, kernel: Kernel) -> dict[str, float]:
    """Return which texts of a comparison with reasons are too faint."""
    pad = lab.open(kernel, TWO_MODELS).run().pad()
    pad.draw_digit(7)
    pad.expect_digit(7)
    pad.click("why")
    expect(pad.part("overlay")).to_be_visible()
    found = contrasts(pad)
    assert any("differs" in text for text in found)
    assert any("Orange" in text for text in found)
    return {text: ratio for text, ratio in found.items() if ratio < READABLE}


MET = """import warnings
import numpy as np
from digit_widget import DigitWidget, compare, load_model
warnings.simplefilter("ignore")
bundled = load_model()
def theirs(batch):
    return bundled(np.asarray(batch, np.float32) / 255)
pad = {}
pad"""


def test_what_was_found_out_stands_on_the_blank_pad(lab: Lab, kernel: Kernel) -> None:
    """How many known drawings a model got right is read below a blank pad, and goes with the first stroke."""
    notebook = lab.open(kernel, MET.format("DigitWidget(theirs)")).run()
    pad = notebook.pad()
    expect(pad.part("message")).to_contain_text("given 0..255")
    pad.draw_digit(7)
    pad.expect_digit(7)
    expect(pad.part("message")).to_have_text("")
    pad.click("clear")
    expect(pad.part("message")).to_contain_text("given 0..255")


def test_what_was_found_out_stands_in_the_rows_of_a_comparison(lab: Lab, kernel: Kernel) -> None:
    """The bundled model needs no word; the other one has its sentence until something is drawn."""
    pad = lab.open(kernel, MET.format("compare({'bundled': None, 'theirs': theirs})")).run().pad()
    expect(pad.part("model")).to_have_count(2)
    expect(pad.part("words").nth(1)).to_contain_text("given 0..255")
    expect(pad.part("words").nth(0)).to_have_text("")
    pad.draw_digit(7)
    pad.expect_digit(7)
    expect(pad.part("words").nth(1)).to_contain_text("%")
