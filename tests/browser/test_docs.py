"""The documentation, built without a network and read from the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from documentation import DOCS, build
from padview import PadView
from test_access import AXE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGES = sorted(file.stem for file in DOCS.glob("*.md"))
FAULTS = """async () => {
  const { violations } = await axe.run(document, { iframes: false, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + " " + node.failureSummary)}`);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation."""
    return build(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_for_everybody_and_ask_nobody(browser: Browser, site: Path, scheme: str) -> None:
    """axe-core finds nothing wrong, no script fails, nothing is wider than a phone, and no other machine is asked."""
    wrong, asked, found, wide = [], [], [], []
    with browser.new_context(color_scheme=scheme, offline=True, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for name in PAGES:
            page.goto((site / f"{name}.html").as_uri())
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found += [f"{name}: {fault}" for fault in page.evaluate(FAULTS)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(name)
    assert (wrong, found, wide) == ([], [], [])
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_the_pad_answers_on_the_first_page(browser: Browser, site: Path) -> None:
    """Drawn with the mouse, it answers; and the search finds a page."""
    with browser.new_context(offline=True, viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto((site / "index.html").as_uri())
        frame = page.frame_locator("iframe.pad")
        pad = PadView(page, frame.locator(".digit-widget"))
        pad.draw_digit(7)
        pad.expect_digit(7)
        page.get_by_placeholder("Search").fill("calibrated")
        page.keyboard.press("Enter")
        page.locator(".search li a", has_text="How it works").wait_for()
