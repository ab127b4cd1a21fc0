"""What the widget looks like in JupyterLab, and what it leaves behind."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hosts import until
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab import Kernel, Lab, Notebook
    from padview import PadView

pytestmark = pytest.mark.browser

READABLE = 4.5
"""The contrast of small text that WCAG 2.2 asks for, level AA."""
VIEWS = 5
"""How often a pad is shown and closed: a leak of one a view stands out from what the page may still be holding."""
SAME_PAD = "from digit_widget import DigitWidget\nif 'pad' not in globals(): pad = DigitWidget()\npad"
"""A cell that shows the same pad each time it is run."""

# The contrast of an element's text with what lies behind it, by WCAG's formula; opacity mixes it with the ground.
CONTRAST = """(element) => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (below, colour, alpha = 1) => {
    context.globalAlpha = 1; context.fillStyle = `rgb(${below.join()})`; context.fillRect(0, 0, 1, 1);
    context.globalAlpha = alpha; context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const chain = [];
  for (let e = element; e; e = e.parentElement) chain.unshift(getComputedStyle(e));
  const ground = chain.reduce((below, style) => over(below, style.backgroundColor), [255, 255, 255]);
  const opacity = chain.reduce((product, style) => product * Number(style.opacity), 1);
  const text = over(ground, getComputedStyle(element).color, opacity);
  const luminance = (rgb) => rgb.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const [light, dark] = [luminance(text), luminance(ground)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}"""


@pytest.fixture
def dark(lab: Lab) -> Iterator[None]:
    """JupyterLab in its dark theme."""
    lab.theme("JupyterLab Dark")
    yield
    lab.theme("JupyterLab Light")


def contrasts(pad: PadView) -> dict[str, float]:
    """Return the contrast of every part with text in it, but for buttons that cannot be pressed."""
    pad.come_to_rest()
    parts = pad.root.locator("*:not(:disabled)").filter(visible=True).all()
    own_text = "(element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())"
    texts = [part for part in parts if part.evaluate(own_text)]
    return {f"{part.get_attribute('class')} {part.inner_text()!r}": part.evaluate(CONTRAST) for part in texts}


def paper(pad: PadView) -> int:
    """Return the grey level on the screen of the pad's paper, 255 = white."""
    shot = Image.open(io.BytesIO(pad.canvas.screenshot())).convert("RGB")
    corner = (shot.width // 20, shot.height // 20)
    return min(shot.crop((*corner, corner[0] + 1, corner[1] + 1)).tobytes())


def test_the_light_theme_is_readable(notebook: Notebook) -> None:
    """All text stands out from its ground in JupyterLab's light theme."""
    pad = notebook.pad()
    pad.draw_digit(3)
    pad.expect_digit(3)
    assert {text: ratio for text, ratio in contrasts(pad).items() if ratio < READABLE} == {}


@pytest.mark.usefixtures("dark")
def test_the_dark_theme_is_readable_and_the_paper_white(lab: Lab, kernel: Kernel, shoot: Callable[..., None]) -> None:
    """All text stands out in the dark theme too, and the paper stays white, as the picture that Python gets."""
    notebook = lab.open_example(kernel, "quickstart.ipynb").run()
    pad = notebook.pad()
    pad.draw_digit(3)
    pad.expect_digit(3)
    shoot("jupyterlab-dark", lab.page, *notebook.top(2))
    assert {text: ratio for text, ratio in contrasts(pad).items() if ratio < READABLE} == {}
    assert paper(pad) == 255


def test_the_theme_may_change_while_the_pad_is_shown(notebook: Notebook, lab: Lab) -> None:
    """Changing JupyterLab's theme changes the panel and leaves the drawing alone."""
    pad = notebook.pad()
    pad.draw_digit(3)
    pad.expect_digit(3)
    picture = pad.picture()
    lab.theme("JupyterLab Dark")
    try:
        assert {text: ratio for text, ratio in contrasts(pad).items() if ratio < READABLE} == {}
        assert pad.picture().tobytes() == picture.tobytes()
    finally:
        lab.theme("JupyterLab Light")


def test_a_narrow_page_does_not_cut_the_panel(notebook: Notebook) -> None:
    """In a narrow output the panel goes below the pad instead of off the page."""
    pad = notebook.pad()
    pad.root.evaluate("(root) => { root.parentElement.style.width = '320px'; }")
    pad.draw_digit(3)
    pad.expect_digit(3)
    assert pad.root.evaluate("(root) => root.scrollWidth - root.clientWidth") <= 0


def test_a_closed_view_leaves_nothing_behind(own_lab: Lab, kernel: Kernel) -> None:
    """Views that were drawn on and cleared away are garbage, though the widget lives on: nothing listens for them."""
    notebook = own_lab.open(kernel, SAME_PAD)
    for n in range(VIEWS):
        pad = notebook.run().pad()
        pad.draw([[(0.5, 0.1), (0.5, 0.9)]])
        kernel.until("len(pad.strokes)", n + 1)
        assert own_lab.canvases() >= 1  # the one on the page is counted
        notebook.execute("notebook:clear-all-cell-outputs")
        expect(notebook.panel.locator(".digit-widget")).to_have_count(0)
    until(lambda: own_lab.canvases() <= 1, 10, f"the canvases of {VIEWS} closed views to be forgotten, all but one")
