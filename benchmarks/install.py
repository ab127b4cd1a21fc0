"""What installing costs: a new environment with the package, and `make lab` in a fresh clone, and there again."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness import DIRECT, ROOT, Server, browser, build_wheel, environment, until
from pen import free_port
from report import Table, median, timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

EMPTY, OURS, WITH_TORCH = "nothing in it", "`digit-widget`", "`digit-widget[torch]`"
ANSWERED = """
from digit_widget import DigitWidget
assert DigitWidget(strokes=[[[80, 60], [200, 60], [180, 120], [150, 180], [130, 230]]]).prediction == 7
"""
NO_CACHE = {"PIP_NO_CACHE_DIR": "1"}

INSTALLED, SERVED, OPENED = "everything installed", "JupyterLab answers", "the notebook is on the screen"
CONNECTED, READY = "its kernel is connected", "the cell is run, and the pad is ready"
CELL = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell"
KERNEL = """async () => {
  const { sessionContext } = window.jupyterapp.shell.currentWidget;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
}"""
PATIENCE = 900
"""Seconds that `make lab` may take."""


def measure(*, quick: bool) -> list[Table]:
    """Measure all; torch, which takes minutes and 5 GB, once and only when there is time."""
    n = 1 if quick else 3
    return [_environments({EMPTY: n, OURS: n} if quick else {EMPTY: n, OURS: n, WITH_TORCH: 1}), *_make_lab(n)]


def _environments(repeat: dict[str, int]) -> Table:
    spent: dict[str, list[float]] = {name: [] for name in repeat}
    held: dict[str, list[float]] = {name: [] for name in repeat}
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        wanted = {EMPTY: "", OURS: str(wheel), WITH_TORCH: f"{wheel}[torch]"}
        for turn in range(max(repeat.values())):
            for name in (name for name, times in repeat.items() if turn < times):
                seconds, megabytes = _environment(wanted[name])
                spent[name].append(seconds)
                held[name].append(megabytes)
    ours = median(held[OURS])
    rows = [
        (
            name,
            f"{median(held[name]):,.0f}",
            f"{median(held[name]) / ours:.2f}",
            f"{median(spent[name]):.1f}",
            f"{max(spent[name]):.1f}",
            str(repeat[name]),
        )
        for name in repeat
    ]
    head = ("", "MB on the disk", "ratio", "median, s", "slowest, s", "n")
    remark = (
        "`python -m venv` and `pip install` of the wheel, without pip's cache, outside the checkout, with the versions "
        "of constraints.txt; the seconds depend on the registry and the way to it."
    )
    return Table("A new environment", head, rows, remark)


def _environment(wanted: str) -> tuple[float, float]:
    """Make an environment with this in it, and return how many seconds that took, and how many MB it has."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, "environment")
        python = str(new / "bin" / "python")
        install = [python, "-m", "pip", "install", "-qq", "--constraint", str(ROOT / "constraints.txt"), wanted]
        begin = time.perf_counter()
        for command in ([sys.executable, "-m", "venv", str(new)], install)[: 2 if wanted else 1]:
            subprocess.run(command, cwd=folder, env=os.environ | NO_CACHE, check=True)
        seconds = time.perf_counter() - begin
        megabytes = sum(path.lstat().st_blocks * 512 for path in new.rglob("*")) / 1e6
        if wanted:
            subprocess.run([python, "-I", "-c", ANSWERED], cwd=folder, check=True)
    return seconds, megabytes


def _make_lab(n: int) -> list[Table]:
    first: dict[str, list[float]] = {INSTALLED: [], SERVED: [], OPENED: []}
    later: dict[str, list[float]] = {SERVED: [], OPENED: [], CONNECTED: [], READY: []}
    with browser() as started:
        for _ in range(n):
            page = started.new_context().new_page()  # with nothing in its cache
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                clone, port = Path(folder, "digit-widget"), free_port()
                subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S607 - as a person does
                home, log = Path(folder, "home"), Path(folder, "log")
                server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), log, clone, home)
                _add(first, _open(server, page))
                for _ in range(3):
                    _add(later, _open_again(server, page))
            page.context.close()
    remark = (
        "Seconds from the start of `make lab`, without pip's cache, Jupyter's settings or a browser's cache; Chromium "
        "itself is running already. The clone is of the last commit."
    )
    again = (
        "The same clone and browser again, three times each. The first cell is run as soon as its kernel is connected: "
        "JupyterLab forgets what is run before."
    )
    return [
        timings("`make lab` in a fresh clone", first, "s", OPENED, remark),
        timings("`make lab` where everything is installed", later, "s", READY, again),
    ]


def _add(times: dict[str, list[float]], found: tuple[float, ...]) -> None:
    for own, seconds in zip(times.values(), found, strict=True):
        own.append(seconds)


def _open(server: Server, page: Page) -> tuple[float, float, float]:
    """Return after how many seconds all was installed, the server answered, and the notebook was there to be read."""
    stamp = server.work / ".venv/.lab-installed"
    begin = time.perf_counter()
    with _making(server) as process:
        until(lambda: _is_going_on(process, server) and stamp.exists(), PATIENCE, INSTALLED)
        installed = time.perf_counter() - begin
        served, opened = (moment - begin for moment in _shown(process, server, page))
        page.goto("about:blank")
    return installed, served, opened


def _open_again(server: Server, page: Page) -> tuple[float, float, float, float]:
    """Return after how many seconds the server answered, and notebook, kernel and pad were there."""
    begin = time.perf_counter()
    with _making(server, "--LabApp.expose_app_in_browser=True") as process:
        served, opened = _shown(process, server, page)
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(KERNEL)
        connected = time.perf_counter()
        page.locator(f"{CELL} .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        page.locator(".dw-canvas").first.wait_for()
        ready = time.perf_counter()
        page.goto("about:blank")
    return served - begin, opened - begin, connected - begin, ready - begin


def _shown(process: subprocess.Popen[bytes], server: Server, page: Page) -> tuple[float, float]:
    """Return when the server answered, and when the notebook was on the screen."""
    url = f"{server.url}/lab/tree/examples/quickstart.ipynb?token={server.token}"
    until(lambda: _is_going_on(process, server) and _answers(url), PATIENCE, SERVED)
    served = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(CELL).first.wait_for(timeout=1000 * PATIENCE)
    opened = time.perf_counter()
    return served, opened


@contextmanager
def _making(server: Server, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `make lab` with these options more, and end the JupyterLab that it starts."""
    port = urlsplit(server.url).port
    options = ("--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0", *more)
    arguments = " ".join([*options, f"--IdentityProvider.token={server.token}"])
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            ["make", "lab", f"LAB_ARGS={arguments}"],  # noqa: S607
            cwd=server.work,
            env=_as_from_a_terminal(server.home),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, so that it can be ended whole
        )
    try:
        yield process
    finally:
        with suppress(OSError):
            server.api("shutdown", "POST")  # it ends its kernels; make ends with it
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _as_from_a_terminal(home: Path) -> dict[str, str]:
    """Return an environment in which nothing is left of a `make bench` around this, and Jupyter has no settings yet."""
    ours = ("MAKE", "MFLAGS", "VENV", "LAB_ARGS")
    kept = {name: value for name, value in environment(home).items() if not name.startswith(ours)}
    return kept | NO_CACHE | {"HOME": os.environ["HOME"]}  # where pip finds its own


def _is_going_on(process: subprocess.Popen[bytes], server: Server) -> bool:
    assert process.poll() is None, f"make ended with {process.returncode}; its log:\n{server.tail()}"
    return True


def _answers(url: str) -> bool:
    try:
        with DIRECT.open(url, timeout=5):
            return True
    except OSError:
        return False
