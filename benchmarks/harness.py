"""JupyterLab and Chromium, as the browser tests drive them."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

import chromium  # noqa: E402 - found by the line above, as are the others
from drawings import digit_ink  # noqa: E402
from hosts import DIRECT, jupyterlab  # noqa: E402
from lab import Kernel, Lab, Notebook  # noqa: E402
from padview import NOTHING, PadView, keycap  # noqa: E402
from pointer import DIGITS  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DIGITS",
    "DIRECT",
    "NOTHING",
    "ROOT",
    "Kernel",
    "Notebook",
    "PadView",
    "browser_version",
    "digit_ink",
    "in_lab",
    "keycap",
]


@contextlib.contextmanager
def in_lab(*arguments: str) -> Iterator[Lab]:
    """Start JupyterLab in a Chromium tab, both new; Chromium with these arguments more."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        jupyterlab(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGS, *arguments])
        yield Lab(server, browser.new_page(viewport={"width": 1100, "height": 1000}))
        browser.close()


def browser_version() -> str:
    """Return Chromium's version."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
        version = browser.version
        browser.close()
    return version
