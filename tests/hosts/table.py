"""The table of hosts, written from a run of the tests into docs/hosts.md."""

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
- **VS Code**: its widget manager was run in a page of ours, which does for it what the editor's Jupyter extension
  does, on a live kernel; the editor itself was not run.
- **A new pad after a reload**: a page has a session of its own, as [Voila](https://github.com/voila-dashboards/voila),
  [Panel](https://panel.holoviz.org/how_to/performance/reuse_sessions.html),
  [Solara](https://solara.dev/documentation/advanced/understanding/state-persistence) and
  [Shiny](https://github.com/posit-dev/py-shiny/issues/1929) say themselves; marimo was seen to do so.
- **Scripts from the internet**: Panel shows ipywidgets with ipywidgets_bokeh, which takes their scripts
  [from unpkg.com](https://github.com/bokeh/ipywidgets_bokeh/pull/60) unless told another address; Solara's server
  [fetches its own](https://github.com/widgetti/solara/pull/488) once.
- **A notebook without Python** (read without a kernel, or turned into static HTML by nbconvert) shows the last drawing
  and its answer as a picture, with a line that says what drawing needs; with a network or without one, trusted or not.
  That goes for a pad that a cell shows by itself, not for one in a box of others. It follows the pad by a second, until
  JupyterLab's page is reloaded: then run the cell again, or the file keeps the drawing of before.
- **JupyterLite**: Python has no numpy on the site that was tested, since no other machine may be asked; so the page
  answers, and Python has its answer. On a site that takes numpy and Pillow from Pyodide's own, Python answers itself
  (not run). Strokes and pictures set in Python take both.
- **Browsers** of 2024 or newer (Chrome 120, Firefox 117, Safari 17.2). Those that guard against fingerprinting (Brave,
  Firefox's `resistFingerprinting`) add noise to what a page reads from a canvas, which can spoil an answer; allow
  canvas access for the page.
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
    tested = [f"{name} {importlib.metadata.version(name)}" for name in ("digit-widget", "anywidget", "ipywidgets")]
    tested += [f"Python {platform.python_version()}", browser]
    names = [f"**{host.name}**, {'; '.join(filter(None, [host.versions(), host.remark]))}" for host in hosts]
    return "\n".join([INTRODUCTION.format(versions=", ".join(tested)), *_table(names, _marks(hosts, outcomes)), REST])


def _marks(hosts: Sequence[Host], outcomes: Mapping[str, Mapping[str, bool]]) -> dict[str, list[str]]:
    return {
        column: [_mark(host, column, passed.get(host.name)) for host in hosts] for column, passed in outcomes.items()
    }


def _table(names: Sequence[str], marks: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [("host", *marks), ("---",) * (1 + len(marks)), *zip(names, *marks.values(), strict=True)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _mark(host: Host, column: str, passed: bool | None) -> str:
    if passed is None:
        return "not run"
    return host.words.get(column, "yes") if passed else "**no**"
