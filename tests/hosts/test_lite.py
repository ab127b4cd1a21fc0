"""The quickstart where Python runs in the browser, and has no numpy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from conftest import NOWHERE, Tabs
from lite import JupyterLite
from padview import PadView
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


class Quickstart(JupyterLite):
    """JupyterLite with the quickstart open."""

    address = "/lab/index.html?path=quickstart.ipynb"


@pytest.fixture(scope="module")
def tabs(browser: Browser, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Tabs]:
    """Serve the site, and give a way to open it."""
    host = Quickstart()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NOWHERE.items():
            patch.setenv(name, value)
        with host.serve(tmp_path_factory.mktemp("lite")) as server:
            yield Tabs(browser, host, server, pytestconfig.rootpath / "test-results")


def test_the_quickstart_runs_and_is_answered(tabs: Tabs) -> None:
    """Every cell runs, a drawing is answered and kept, Python reads the answer; strokes of its own take numpy."""
    with tabs.open("light") as page:
        pads = page.locator(".digit-widget")
        expect(pads).to_have_count(2)
        first, second = (PadView(page, pads.nth(index)) for index in range(2))
        expect(second.part("message")).to_contain_text("numpy is not installed")
        first.draw_digit(3)
        first.expect_digit(3)
        kept = page.locator(".jp-CodeCell").first.locator("[class*='digit-widget-'] img[alt='The last drawing']")
        expect(kept).to_have_attribute("src", re.compile("^data:image/png;base64,"))
        expect(kept).to_be_hidden()  # the pad is there
        page.locator(".jp-CodeCell").nth(1).click()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea")).to_contain_text("3️⃣ 3 ")
    assert tabs.asked == set()
