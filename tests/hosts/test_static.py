"""A notebook turned into a page of static HTML: what is seen of a pad where no Python can ever answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import nbformat
import pointer
import pytest
from base import give
from hosts import environment
from notebooks import NODE
from padview import ITSELF, KEPT, LINE, PadView, keycap
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CELLS = (
    """from importlib.resources import files
import json
from digit_widget import DigitWidget
pad = DigitWidget()
pad""",
    """shape = json.loads(files("digit_widget").joinpath("digits.json").read_text())["3"]
pad.strokes = [[[40 + 200 * x, 40 + 200 * y] for x, y in stroke] for stroke in shape]""",
)
EXAMPLES = Path(__file__).parents[2] / "examples"
CDN = {
    "cdnjs.cloudflare.com/ajax/libs/require.js/2.1.10/require.min.js": NODE / "requirejs" / "require.js",
    "@jupyter-widgets/html-manager@*/dist/": NODE / "@jupyter-widgets" / "html-manager" / "dist",
    "anywidget@": Path(anywidget.__file__).parent / "nbextension" / "index.js",
}
"""What such a page fetches from other machines, as npm and anywidget's wheel have it."""


def convert(folder: Path, *sources: str) -> Path:
    """Run a notebook of these cells, and convert it."""
    (folder / "home").mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "pad.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "pad.ipynb"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment(folder / "home"))
    return folder / "pad.html"


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a notebook that draws a 3."""
    return convert(tmp_path_factory.mktemp("static"), *CELLS)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open an empty tab, whose errors fail the test."""
    errors: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []


def test_a_static_page_shows_the_last_drawing_as_a_picture(page: Page, converted: Path) -> None:
    """With Jupyter's scripts there is the panel: the drawing, its answer, what drawing needs, and nothing to press."""
    give(page, CDN)
    page.goto(converted.as_uri())
    pad = PadView(page, page.locator(".digit-widget"))
    pad.expect_digit(3)
    expect(pad.part("message")).to_contain_text(LINE)
    expect(pad.part("clear")).to_be_hidden()
    expect(page.locator(KEPT)).to_be_hidden()
    ink = pad.ink()
    assert ink > 0
    with pointer.pressed(page, pad.root, (0.1, 0.1)) as (left, top, _, _):
        page.mouse.move(left + 200, top + 200)
    assert pad.ink() == ink


def test_a_static_page_with_the_engine_answers(page: Page, tmp_path: Path) -> None:
    """The quickstart with ``offline=True``: it can be drawn on, is answered, and says by whom."""
    quickstart = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    sources = [
        cell.source.replace("DigitWidget()", "DigitWidget(offline=True)")
        for cell in quickstart.cells
        if cell.cell_type == "code"
    ]
    assert any("offline=True" in source for source in sources)
    give(page, CDN)
    page.goto(convert(tmp_path, *sources).as_uri())
    pad = PadView(page, page.locator(".digit-widget").first)
    expect(pad.part("message")).to_have_text(ITSELF)
    pad.draw_digit(7)
    pad.expect_digit(7)


def test_a_static_page_without_a_network_shows_it_too(page: Page, converted: Path) -> None:
    """Without Jupyter's scripts there is no panel: the notebook's own picture of the drawing is seen, and the line."""
    page.goto(converted.as_uri())
    kept = page.locator(KEPT)
    expect(kept).to_be_visible()
    expect(kept).to_contain_text(keycap(3))
    expect(kept).to_contain_text(LINE)
    assert kept.locator("img").evaluate("async (picture) => (await picture.decode(), picture.naturalWidth)") > 0
