"""A picture brought to the pad, pasted or dropped, is evened out, shown and answered."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from lab import Kernel, Notebook

pytestmark = pytest.mark.browser

COPY = """async (png) => {
  const blob = await (await fetch(`data:image/png;base64,${png}`)).blob();
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""


def test_a_file_that_is_no_picture_is_told(notebook: Notebook, kernel: Kernel, tmp_path: Path) -> None:
    """Whether it says so itself, or only turns out to be none; the drawing stays, and the next stroke ends it."""
    pad = notebook.pad()
    pad.draw_digit(1)
    pad.expect_digit(1)
    for name in ("notes.txt", "broken.png"):
        (tmp_path / name).write_text("no picture")
        pad.drop(tmp_path / name)
        expect(pad.part("message")).to_have_text("That file is not a picture.")
    assert kernel.read("pad.prediction") == 1
    pad.click("undo")
    expect(pad.part("message")).to_have_text("")
    pad.drop(tmp_path / "notes.txt")
    expect(pad.part("message")).to_have_text("That file is not a picture.")
    kernel.run("pad.clear()\npad.strokes = [[[100, 40], [100, 240]]]")
    expect(pad.part("message")).to_have_text("")


def test_a_picture_is_dropped(notebook: Notebook, kernel: Kernel, photo: Path) -> None:
    """The dropped photo takes the place of the drawing, black on white, with its answer; Clear takes it away."""
    pad = notebook.pad()
    pad.draw_digit(1)
    pad.expect_digit(1)
    pad.drop(photo)
    pad.expect_digit(5)
    kernel.until("[pad.prediction, len(pad.strokes), pad.error]", [5, 0, ""])
    assert kernel.read("__import__('digit_widget').predict(pad._drawing['background']).prediction") == 5
    pad.click("clear")
    kernel.until("pad.image", "")


def test_a_picture_is_pasted(notebook: Notebook, kernel: Kernel, photo: Path) -> None:
    """Ctrl+V on the pad takes the picture in the clipboard; JupyterLab's cells stay as they were."""
    pad = notebook.pad()
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.page.evaluate(COPY, base64.b64encode(photo.read_bytes()).decode())
    cells = notebook.panel.locator(".jp-Cell").count()
    pad.canvas.focus()
    notebook.page.keyboard.press("Control+v")
    pad.expect_digit(5)
    kernel.until("pad.prediction", 5)
    assert notebook.panel.locator(".jp-Cell").count() == cells
