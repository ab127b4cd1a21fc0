"""The browser, one host at a time, and the table of what the tests found in each."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parents[1] / "browser"))  # what these tests share with those of JupyterLab

import chromium
import pytest
import table
from appservers import Marimo, Panel, Shiny, Solara, Voila
from base import give
from hosts import Server
from lite import JupyterLite
from notebooks import JupyterLab, Notebook, VSCode
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from base import Host, Theme

HOSTS: list[Host] = [JupyterLab(), Notebook(), VSCode(), Voila(), Marimo(), Panel(), Solara(), Shiny(), JupyterLite()]

DOCS = Path(__file__).parents[2] / "docs"
PATIENCE = 60_000
"""Milliseconds for what a person sees: the first answer of a host waits for torch."""
HERE = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:")
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server")
NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
"""A proxy that is not there: what a server asks another machine for, it does not get."""

OUTCOMES = pytest.StashKey[dict[str, dict[str, bool]]]()
BROWSER = pytest.StashKey[str]()

expect.set_options(timeout=PATIENCE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--table`` and ``--screenshots``."""
    parser.addoption("--table", action="store_true", help="write the table in docs/hosts.md anew")
    parser.addoption("--screenshots", action="store_true", help="write the pictures in docs/hosts anew")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the outcomes."""
    config.addinivalue_line("markers", "column(title): where in the table of hosts the outcome of this test stands")
    config.stash[OUTCOMES], config.stash[BROWSER] = {}, ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Learn the table's columns, in the order of the tests."""
    for item in items:
        for marker in item.iter_markers("column"):
            config.stash[OUTCOMES].setdefault(marker.args[0], {})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note the outcome for the table; put the end of the server's log beside a failure, and pictures of the tabs."""
    report = yield
    values = getattr(item, "funcargs", {})
    for marker in item.iter_markers("column"):
        hosts = item.config.stash[OUTCOMES][marker.args[0]]
        if "host" in values:
            hosts[values["host"].name] = report.passed and hosts.get(values["host"].name, True)
    if report.failed:
        if isinstance(server := values.get("server"), Server):
            report.sections.append(("log of the server", server.tail()))
        if isinstance(tabs := values.get("tabs"), Tabs):
            tabs.shoot()
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table, when asked to."""
    if session.config.getoption("--table"):
        stash = session.config.stash
        text = table.page(HOSTS, stash[OUTCOMES], stash[BROWSER])
        (DOCS / "hosts.md").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """Chromium, which cannot reach another machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGS, *OFFLINE])
        pytestconfig.stash[BROWSER] = f"Chromium {browser.version}"
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=HOSTS, ids=str)
def host(request: pytest.FixtureRequest) -> Host:
    """Each host in turn."""
    found: Host = request.param
    for place in (*found.files.values(), *found.needs):
        assert place.exists(), f"{place} is not there; `make test-hosts` fetches it."
    return found


@pytest.fixture(scope="module")
def server(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the host; its server cannot reach another machine either."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NOWHERE.items():
            patch.setenv(name, value)
        with host.serve(tmp_path_factory.mktemp("host")) as server:
            yield server


class Tabs:
    """The tabs in which a host is shown, and what it asked other machines for in any of them."""

    def __init__(self, browser: Browser, host: Host, server: Server, results: Path) -> None:
        self.asked: set[str] = set()
        self._browser, self._host, self._server, self._results = browser, host, server, results
        self._open: list[Page] = []

    @contextlib.contextmanager
    def open(self, theme: Theme) -> Iterator[Page]:
        """Show the host's pad in a tab of its own; an error in the page fails the test."""
        errors: set[str] = set()
        size = {"width": 1100, "height": 700}
        with self._browser.new_context(viewport=size, color_scheme=theme) as context:
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("request", lambda request: self._note(request.url))
            page.on("websocket", lambda socket: self._note(socket.url))
            page.on("pageerror", lambda error: errors.add(str(error)))
            give(page, self._host.files)
            self._open.append(page)
            try:
                self._host.open(page, self._server, theme)
                yield page
            except BaseException:
                self.shoot()
                raise
            finally:
                self._open.remove(page)
        assert errors <= set(self._host.own_errors)

    def shoot(self) -> None:
        """Take a picture of every tab that is open, into test-results/."""
        for n, page in enumerate(self._open, 1):
            with contextlib.suppress(Error):  # the failure is what is to be told
                page.screenshot(path=self._results / self._host.picture(f"tab-{n}"), timeout=5000)

    def _note(self, url: str) -> None:
        if not HERE.match(url):
            self.asked.add(url)


@pytest.fixture(scope="module")
def tabs(browser: Browser, host: Host, server: Server, pytestconfig: pytest.Config) -> Tabs:
    """Give a way to open the host's page."""
    return Tabs(browser, host, server, pytestconfig.rootpath / "test-results")


@pytest.fixture
def shoot(pytestconfig: pytest.Config, host: Host, tmp_path: Path) -> Callable[[Page, Theme], None]:
    """Give a camera: with ``--screenshots`` its pictures go to docs/hosts."""
    folder = DOCS / "hosts" if pytestconfig.getoption("--screenshots") else tmp_path

    def take(page: Page, theme: Theme) -> None:
        folder.mkdir(exist_ok=True)
        page.mouse.move(0, 0)
        page.screenshot(path=folder / host.picture(theme), animations="disabled")

    return take
