"""The browser, JupyterLab and a kernel, started once and shared: starting them is most of what these tests cost."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import chromium
import numpy as np
import pointer
import pytest
from drawings import digit_ink
from hosts import Server, jupyterlab
from lab import ONE_PAD, Kernel, Lab, Notebook, started_kernel
from PIL import Image
from playwright.sync_api import Browser, Error, FloatRect, Locator, Page, expect, sync_playwright
from pointer import Finger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

DOCS = Path(__file__).parents[2] / "docs"

TIDY = ".jp-cell-toolbar { display: none }"
"""Style of the pictures."""

HERE = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:")
HARMLESS = re.compile(r"https://cdn\.jsdelivr\.net/npm/@fortawesome/fontawesome-free@[^/]+/css/[\w.-]+\.css")
"""Voila asks for it and does without."""
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server")
"""Keeps the browser on this machine; a route in Playwright would do so too, but turns off its cache."""

SLIPS = ("Kernel subshells are not supported", "[anywidget] Failed to initialize model.")
"""JupyterLab's own and anywidget's, now and then, when a notebook is closed: anywidget says so two seconds after a
model was made that was gone before it was ready. A pad that does not come fails its test anyway."""

expect.set_options(timeout=20_000)  # the first answer waits for torch


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--screenshots``."""
    parser.addoption("--screenshots", action="store_true", help="write the pictures in docs/ anew")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the end of every server's log beside a failure, and a picture of every tab into test-results/."""
    report = yield
    if report.failed:
        values = getattr(item, "funcargs", {})
        for name, value in values.items():
            if isinstance(value, Server):
                report.sections.append((f"log of {name}", value.tail()))
        tabs = [value.page if isinstance(value, Lab) else value for value in values.values()]
        pages = {tab: None for tab in tabs if isinstance(tab, Page) and not tab.is_closed()}
        for n, page in enumerate(pages):
            name = re.sub(r"[^\w.-]+", "-", item.name) + (f"-{n + 1}" if n else "")
            with contextlib.suppress(Error):  # the failure is what is to be told
                page.screenshot(path=item.config.rootpath / "test-results" / f"{name}.png", timeout=5000)
    return report


class Watch:
    """What went wrong in a page besides the test's own assertions."""

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        page.on("pageerror", self._hear)
        page.on("request", lambda request: self._check(request.url))
        page.on("websocket", lambda socket: self._check(socket.url))

    def _hear(self, error: Error) -> None:
        if str(error) not in SLIPS:
            self.faults.append(f"error in the page: {error.stack or error}")

    def _check(self, url: str) -> None:
        if not (HERE.match(url) or HARMLESS.fullmatch(url)):
            self.faults.append(f"request to another machine: {url}")

    def verdict(self) -> None:
        """Fail when anything was seen since the last time."""
        faults, self.faults = self.faults, []
        assert not faults, f"{faults}"


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> bool:
    """Tell whether the pictures in docs/ are to be written."""
    return bool(request.config.getoption("--screenshots", default=False))


@pytest.fixture
def shoot(screenshots: bool) -> Callable[..., None]:
    """Give a camera: the picture docs/<name>.png of what encloses the elements, with ``--screenshots`` only."""

    def take(name: str, page: Page, *elements: Locator, margin: int = 0) -> None:
        if not screenshots:
            return
        page.mouse.move(0, 0)
        boxes = [pointer.box(element) for element in elements]
        left, top = (min(box[n] for box in boxes) - margin for n in (0, 1))
        right, bottom = (max(box[n] + box[n + 2] for box in boxes) + margin for n in (0, 1))
        DOCS.mkdir(exist_ok=True)
        clip: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        page.screenshot(path=DOCS / f"{name}.png", clip=clip, animations="disabled", style=TIDY)

    return take


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, which cannot reach another machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGS, *OFFLINE])
        yield browser
        browser.close()


@contextlib.contextmanager
def _new_tab(browser: Browser, ratio: int) -> Iterator[tuple[Page, Watch]]:
    with browser.new_context(viewport={"width": 1100, "height": 900}, device_scale_factor=ratio) as context:
        page = context.new_page()
        yield page, Watch(page)


@pytest.fixture
def page(browser: Browser, screenshots: bool) -> Iterator[Page]:
    """Open a fresh tab; the test fails on an error in the page and on a request to another machine."""
    with _new_tab(browser, ratio=1 + screenshots) as (page, watch):
        yield page
        watch.verdict()


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve JupyterLab."""
    root: Path = tmp_path_factory.mktemp("jupyterlab")
    with jupyterlab(root) as server:
        yield server


@pytest.fixture(scope="session")
def _tab(browser: Browser, jupyter: Server, screenshots: bool) -> Iterator[tuple[Lab, Watch]]:
    with _new_tab(browser, ratio=1 + screenshots) as (page, watch):
        yield Lab(jupyter, page), watch


@pytest.fixture
def lab(_tab: tuple[Lab, Watch], jupyter: Server) -> Iterator[Lab]:  # noqa: ARG001 - for the log beside a failure
    """Give JupyterLab in a tab that all tests share, with nothing open; fails as `page` does."""
    lab, watch = _tab
    yield lab
    lab.close_all()
    watch.verdict()


@pytest.fixture
def own_lab(page: Page, jupyter: Server) -> Lab:
    """Open JupyterLab in a tab of the test's own, for what would upset the others."""
    return Lab(jupyter, page)


@pytest.fixture(scope="session")
def _kernel(jupyter: Server) -> Iterator[Kernel]:
    with started_kernel(jupyter) as kernel:
        yield kernel


@pytest.fixture
def kernel(_kernel: Kernel) -> Iterator[Kernel]:
    """Give a kernel that all tests share, so that the model is loaded once; widgets and names end with each test."""
    yield _kernel
    _kernel.run("__import__('ipywidgets').Widget.close_all()\nget_ipython().reset()")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Save a five on grey paper with a shadow over it, larger than the pad."""
    sheet = np.linspace(230, 120, 800)[None, :] * (
        1 - 0.8 * np.asarray(Image.fromarray(digit_ink(5)).resize((800, 800))) / 255
    )
    path = tmp_path / "five.png"
    Image.fromarray(sheet.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def finger(lab: Lab) -> Finger:
    """Give a hand that touches the screen."""
    return Finger(lab.page)


@pytest.fixture
def notebook(lab: Lab, kernel: Kernel) -> Notebook:
    """Open and run a notebook with one pad, called pad."""
    return lab.open(kernel, ONE_PAD).run()
