"""The example notebooks, run as a reader runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab import EXAMPLES
from padview import NOTHING
from playwright.sync_api import expect

if TYPE_CHECKING:
    from lab import Kernel, Lab

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.ipynb")))
def test_every_example_runs(lab: Lab, kernel: Kernel, name: str) -> None:
    """No cell of a notebook fails, and its pad is there."""
    lab.open_example(kernel, name).run().pad()


def test_the_quickstart_draws_from_python(lab: Lab, kernel: Kernel) -> None:
    """The strokes of the quickstart's last cell are a seven on a pad of their own; the first one is free."""
    notebook = lab.open_example(kernel, "quickstart.ipynb").run()
    notebook.pad(1).expect_digit(7)
    assert notebook.pad(1).ink() > 0
    assert notebook.pad().ink() == 0


def test_widgets_that_observe_the_pad_follow_it(lab: Lab, kernel: Kernel) -> None:
    """In the example on observing, label, slider and chart say what the pad says."""
    notebook = lab.open_example(kernel, "observe.ipynb").run()
    pad = notebook.pad()
    label = notebook.panel.locator(".widget-label", has_text="You drew")
    for digit, kind in ((3, "odd"), (8, "even")):
        pad.draw_digit(digit)
        pad.expect_digit(digit)
        expect(label).to_have_text(f"You drew {digit}, which is {kind}.")
        expect(notebook.panel.locator(".widget-slider .widget-readout")).to_have_text(str(digit))
        shares = [bar["value"] for bar in kernel.read("[{'value': bar.value} for bar in bars]")]
        assert shares == pytest.approx(kernel.read("pad.probabilities"))
        pad.click("clear")
        pad.expect_answer(NOTHING)
        expect(notebook.panel.locator(".widget-label", has_text="Nothing drawn yet.")).to_be_visible()
