"""A notebook whose pad has no Python: it shows the last drawing and its answer, and says what drawing needs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pointer
import pytest
from hosts import environment, until
from lab import ONE_PAD
from padview import ITSELF, KEPT, LINE, NOTHING, keycap
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab import Kernel, Lab, Notebook

pytestmark = pytest.mark.browser

SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
"""JupyterLab's command that turns on and off whether a notebook is saved with the state of its widgets."""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .flatMap((cell) => cell.toJSON().outputs ?? []).map((output) => output.data["text/plain"].toString())"""
OPEN = """(path) => {
  window.jupyterapp.commands.execute("docmanager:open", { path, factory: "Notebook" });
}"""


def wait_until_kept(notebook: Notebook, text: str) -> None:
    """Wait until the notebook's outputs have this text."""
    until(lambda: any(text in output for output in notebook.page.evaluate(OUTPUTS)), 10, f"{text} to be kept")


def copy(notebook: Notebook, kernel: str, *, trusted: bool) -> str:
    """Save the notebook and close it; copy it for that kernel, and return the copy's name."""
    lab = notebook.lab
    notebook.execute("docmanager:save")
    lab.close_all()
    document = json.loads((lab.server.work / notebook.name).read_text())
    document["metadata"].pop("language_info", None)  # or JupyterLab starts another kernel of that language
    document["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel, "language": kernel}
    place = lab.server.work / f"read-{notebook.name}"
    place.write_text(json.dumps(document))
    if trusted:
        command = [sys.executable, "-m", "jupyter", "trust", str(place)]
        subprocess.run(command, check=True, capture_output=True, env=environment(lab.server.home))
    return place.name


@pytest.fixture
def saving_state(lab: Lab) -> Iterator[None]:
    """Have notebooks saved with the state of their widgets."""
    switch = "async (command) => { await window.jupyterapp.commands.execute(command); }"
    is_on = "(command) => window.jupyterapp.commands.isToggled(command)"
    lab.page.evaluate(switch, SAVE_STATE)
    lab.page.wait_for_function(is_on, arg=SAVE_STATE)
    yield
    lab.page.evaluate(switch, SAVE_STATE)


def test_what_is_kept_is_not_seen_beside_a_living_pad(notebook: Notebook) -> None:
    """The notebook's own output of the last drawing takes no room while the pad itself is there."""
    pad = notebook.pad()
    below = notebook.panel.locator(".jp-OutputArea-child").nth(1)
    expect(below).to_be_hidden()
    pad.draw_digit(7)
    wait_until_kept(notebook, keycap(7))
    expect(below).to_be_hidden()
    pad.click("clear")
    until(lambda: LINE not in str(notebook.page.evaluate(OUTPUTS)), 10, "the drawing to be forgotten")


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_a_notebook_read_without_a_kernel_shows_the_last_drawing(
    lab: Lab, notebook: Notebook, *, trusted: bool
) -> None:
    """Saved as JupyterLab saves it, a notebook shows drawing and answer as a picture, and says what drawing needs."""
    pad = notebook.pad()
    pad.draw_digit(7)
    wait_until_kept(notebook, keycap(7))
    pad.click("clear")
    pad.draw_digit(3)
    wait_until_kept(notebook, keycap(3))
    lab.page.evaluate(OPEN, copy(notebook, "one that is not here", trusted=trusted))
    dialog = lab.page.locator(".jp-Dialog")
    dialog.locator("select").select_option(label="No Kernel")
    dialog.locator(".jp-mod-accept").click()
    kept = notebook.panel.locator(KEPT)
    expect(kept).to_contain_text(LINE)
    expect(kept).to_contain_text(keycap(3))
    assert kept.locator("img").evaluate("async (picture) => (await picture.decode(), picture.naturalWidth)")


@pytest.mark.usefixtures("saving_state")
def test_a_pad_saved_with_its_state_is_a_picture_until_it_is_run(lab: Lab, notebook: Notebook) -> None:
    """On a kernel that knows no pad it shows drawing and answer, has nothing to press, and says what drawing needs."""
    pad = notebook.pad()
    pad.draw_digit(3)
    pad.expect_digit(3)
    name = copy(notebook, "python3", trusted=True)
    with lab.fresh_kernel() as kernel:
        saved = lab.reopen(kernel, name)
        pad = saved.pad()
        pad.expect_digit(3)
        expect(pad.part("message")).to_contain_text(LINE)
        expect(pad.part("confidence")).to_contain_text("sure")
        expect(saved.panel.locator(KEPT)).to_be_hidden()
        for part in ("clear", "undo", "grip"):
            expect(pad.part(part)).to_be_hidden()
        ink = pad.ink()
        assert ink > 0
        with pointer.pressed(lab.page, pad.root, (0.1, 0.1)) as (left, top, _, _):
            lab.page.mouse.move(left + 200, top + 200)
        assert pad.ink() == ink
        pad = saved.run().pad()
        pad.expect_answer(NOTHING)
        expect(pad.part("message")).to_have_text("")
        pad.draw_digit(7)
        pad.expect_digit(7)


@pytest.mark.usefixtures("saving_state")
def test_a_pad_saved_with_the_engine_answers_without_a_kernel(lab: Lab, kernel: Kernel) -> None:
    """The last drawing is there with its answer, and the next one is answered by the page."""
    cell = lab.open(kernel, ONE_PAD.replace("DigitWidget()", "DigitWidget(offline=True)")).run()
    pad = cell.pad()
    pad.draw_digit(3)
    pad.expect_digit(3)
    name = copy(cell, "python3", trusted=True)
    with lab.fresh_kernel() as other:
        pad = lab.reopen(other, name).pad()
        pad.expect_digit(3)
        expect(pad.part("message")).to_have_text(ITSELF)
        pad.click("why")  # of Python's answer
        expect(pad.part("legend")).to_have_text(f"Orange ink made it more {keycap(3)}, blue ink less")
        pad.click("undo")
        pad.expect_answer(NOTHING)
        pad.draw_digit(7)
        pad.expect_digit(7)


def test_a_pad_that_stands_elsewhere_hides_what_is_kept_of_it(lab: Lab, kernel: Kernel) -> None:
    """Shown in another cell's output, a living pad hides its picture in the cell that put it there; and no other's."""
    cells = (
        "from digit_widget import DigitWidget\nfrom ipywidgets import Output\nout = Output()\nout",
        "pad = DigitWidget()\nwith out: display(pad)",
        "pad.strokes = [[[80, 60], [200, 60], [120, 230]]]",
    )
    notebook = lab.open(kernel, *cells).run()
    notebook.pad().expect_digit(7)
    wait_until_kept(notebook, keycap(7))
    kept = notebook.panel.locator(KEPT)
    expect(kept).to_have_count(1)
    expect(kept).to_be_hidden()
    kernel.run("out.outputs = ()")
    expect(notebook.panel.locator(".digit-widget")).to_have_count(0)
    expect(kept).to_be_visible()


def test_a_pad_shown_twice_is_kept_twice(lab: Lab, kernel: Kernel) -> None:
    """Every output of one pad has its drawing."""
    notebook = lab.open(kernel, ONE_PAD, "pad").run()
    notebook.pad().draw_digit(7)
    until(lambda: sum(keycap(7) in text for text in lab.page.evaluate(OUTPUTS)) == 2, 10, "both to be kept")
