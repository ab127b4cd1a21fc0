"""The dashboard as Voila serves it: no code, a pad, and other widgets that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hosts import voila
from lab import EXAMPLES
from padview import PadView, keycap
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_the_dashboards_other_widgets_follow_its_pad(
    page: Page, tmp_path_factory: pytest.TempPathFactory, shoot: Callable[..., None]
) -> None:
    """Draw, and the emoji comes; the gauge, the history and the table say the same."""
    with voila(tmp_path_factory.mktemp("voila"), EXAMPLES / "dashboard.ipynb") as server:
        page.set_viewport_size({"width": 900, "height": 700})
        page.goto(server.url)
        root = page.locator(".digit-widget")
        root.wait_for()
        pad = PadView(page, root)
        drawn = []
        for digit in ("3", "7"):
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            drawn.append(digit)
            expect(page.locator(".widget-label", has_text=" ".join(drawn))).to_be_visible()
            row = page.locator("tr", has_text=keycap(digit))
            assert float(row.locator("td").nth(1).inner_text().rstrip("%")) > 50
            if digit == "3":
                pad.click("clear")
        expect(page.locator("body")).not_to_contain_text("import")
        parts = page.locator("h1"), pad.root, page.locator("table"), page.locator(".widget-hprogress")
        shoot("voila", page, *parts, margin=16)
