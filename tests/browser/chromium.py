"""Which Chromium the browser tests drive, and how to get one.

    python tests/browser/chromium.py

prints where it is, and installs one first when there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-color-emoji")  # without the font, the widget's answers are empty boxes
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if ROOT else []),  # Chromium refuses to start as root with its sandbox
]
"""What every test starts Chromium with."""


def find() -> str | None:
    """Return the Chromium named by ``$CHROMIUM``, or else one on the path.

    Returns
    -------
    str or None
        What to give Playwright as ``executable_path``; None means the one that Playwright keeps for itself.

    Raises
    ------
    FileNotFoundError
        When ``$CHROMIUM`` names something that cannot be run.
    """
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        message = f"CHROMIUM={named} cannot be run; give a browser's path, or unset it to have one looked for."
        raise FileNotFoundError(message)
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> None:
    """Print where Chromium is, once there is one."""
    try:
        there = find() or _playwrights() or _from_the_system() or _from_playwright()
    except FileNotFoundError as error:
        sys.exit(str(error))
    print(f"Chromium: {there}")


def _playwrights() -> str | None:
    # Not in `find`: a test that drives Playwright cannot start it a second time. Not at the top: it takes a second.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _from_the_system() -> str | None:
    if not (ROOT and shutil.which("apt-get")):
        return None
    print("Installing Chromium and an emoji font from the system's packages: about a minute.", flush=True)
    if _run("apt-get", "update") and _run("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES):
        return find()
    return None


def _from_playwright() -> str:
    print("Installing Playwright's Chromium: some 200 MB, about a minute.", flush=True)
    libraries = ["--with-deps"] if ROOT and shutil.which("apt-get") else []
    if _run(sys.executable, "-m", "playwright", "install", *libraries, "chromium") and (there := _playwrights()):
        return there
    sys.exit("No Chromium could be installed. Install one, or name one: CHROMIUM=/path/to/chromium make test")


def _run(*command: str) -> bool:
    return subprocess.run(command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, check=False).returncode == 0


if __name__ == "__main__":
    main()
