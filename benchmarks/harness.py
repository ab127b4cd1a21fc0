"""JupyterLab and Chromium, as the browser tests drive them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from playwright.sync_api import sync_playwright

LEFT_OUT = [name for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if os.environ.pop(name, None)]
"""Taken out of the environment before numpy is imported: where they are set for another processor, numpy is slower than
it is for whoever installs the package."""

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

import chromium  # noqa: E402 - found by the line above, as are the others
import firefox  # noqa: E402
from drawings import digit_ink  # noqa: E402
from hosts import DIRECT, Server, environment, jupyterlab, until  # noqa: E402
from lab import Kernel, Lab, Notebook  # noqa: E402
from padview import NOTHING, PadView, keycap  # noqa: E402
from pointer import DIGITS, placed  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

__all__ = [
    "DIGITS",
    "DIRECT",
    "LEFT_OUT",
    "NOTHING",
    "ROOT",
    "Kernel",
    "Notebook",
    "PadView",
    "Server",
    "browser",
    "browser_version",
    "build_wheel",
    "digit_ink",
    "environment",
    "firefox",
    "in_lab",
    "keycap",
    "placed",
    "resident",
    "until",
]


@contextlib.contextmanager
def browser(*arguments: str) -> Iterator[Browser]:
    """Start Chromium, with these arguments more."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGS, *arguments])
        yield started
        started.close()


@contextlib.contextmanager
def in_lab(*arguments: str) -> Iterator[Lab]:
    """Start JupyterLab in a Chromium tab, both new; Chromium with these arguments more."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        jupyterlab(Path(folder)) as server,
        browser(*arguments) as started,
    ):
        yield Lab(server, started.new_page(viewport={"width": 1100, "height": 1000}))


def browser_version() -> str:
    """Return Chromium's version."""
    with browser() as started:
        return started.version


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the working tree into a folder."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def resident(process: int) -> float:
    """Return how much memory a process holds now, in MiB."""
    return psutil.Process(process).memory_info().rss / 2**20
