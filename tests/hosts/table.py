"""The table of hosts, written from a run of the tests."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from base import Host

INTRODUCTION = """# Hosts

Written by `make test-hosts HOSTS_ARGS=--table`: each mark is the outcome of a test in a real browser that cannot reach
another machine, with strokes drawn by the mouse.

Tested with {versions}.
"""

REST = """
- **VS Code**: its widget manager @vscode/jupyter-ipywidgets8 was run in a page of ours, which does for it what the
  editor's Jupyter extension does, on a live kernel; the editor itself was not run.
- **Google Colab** was not run. By anywidget's documentation it shows any anywidget; when its page is reloaded, nothing
  of a drawing can be had back from the kernel.
"""


def page(hosts: Sequence[Host], outcomes: Mapping[str, Mapping[str, bool]], browser: str) -> str:
    """Return the page.

    Parameters
    ----------
    hosts
        The rows, in order.
    outcomes
        The columns, in order: title -> which host passed; a host is missing where the test was not run.
    browser
        The browser's name and version.
    """
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("digit-widget", "anywidget", "ipywidgets")]
    versions += [f"Python {platform.python_version()}", browser]
    lines = [
        INTRODUCTION.format(versions=", ".join(versions)),
        f"| host | {' | '.join(outcomes)} |",
        f"|---|{'---|' * len(outcomes)}",
    ]
    for host in hosts:
        marks = [_mark(host, column, passed.get(host.name)) for column, passed in outcomes.items()]
        lines.append(f"| **{host.name}**, {host.versions()} | {' | '.join(marks)} |")
    return "\n".join([*lines, REST])


def _mark(host: Host, column: str, passed: bool | None) -> str:
    if passed is None:
        return "not run"
    return host.words.get(column, "yes") if passed else "**no**"
