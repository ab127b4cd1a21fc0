"""The hosts that serve an app: each page gets a widget of its own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import anywidget
import pytest
from base import Host
from hosts import serving
from notebooks import NODE, write_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from base import Theme
    from hosts import Server
    from playwright.sync_api import Page

APPS = Path(__file__).parent / "apps"
VUETIFY = "@widgetti/solara-vuetify3-app"


class App(Host):
    """A host started with one command, that shows the app on one page."""

    words: ClassVar[Mapping[str, str]] = {"Reload": "a new pad: each page is a session of its own"}
    settings: ClassVar[Mapping[str, str]] = {}
    """Environment variables for the server."""
    command: ClassVar[tuple[str, ...]]
    """What follows ``python -m``; ``{port}`` is a free port."""
    ready: ClassVar[str] = "/"
    """What answers when the host has started, without running the app for nobody."""
    address: ClassVar[str] = "/"
    """Where the app is; ``{theme}`` is light or dark. Where it is not said there, the host asks the browser."""

    @contextlib.contextmanager
    def serve(self, root: Path) -> Iterator[Server]:
        """Serve the app."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.settings.items():
                patch.setenv(name, value)
            with serving(list(self.command), root, self.ready) as server:
                yield server

    def open(self, page: Page, server: Server, theme: Theme) -> None:
        """Open the app."""
        page.goto(server.url + self.address.format(theme=theme))


class Voila(App):
    """Voila, with the notebook that JupyterLab runs."""

    name = "Voila"
    packages = ("voila",)
    command = (
        "voila",
        "{work}/pad.ipynb",
        "--no-browser",
        "--Voila.ip=127.0.0.1",
        "--port={port}",
        "--VoilaConfiguration.allow_theme_override=YES",
    )
    ready = "/voila/static/voila.js"
    address = "/?theme={theme}"
    asks_for = (r"https://cdn\.jsdelivr\.net/npm/@fortawesome/fontawesome-free@.+\.css",)
    words: ClassVar = {**App.words, "Without the internet": "yes: Voila asks for Font Awesome and does without"}

    @contextlib.contextmanager
    def serve(self, root: Path) -> Iterator[Server]:
        """Serve the notebook."""
        (root / "work").mkdir()
        write_notebook(root / "work" / "pad.ipynb")
        with super().serve(root) as server:
            yield server


class Marimo(App):
    """``marimo run``, with ``mo.ui.anywidget``."""

    name = "marimo"
    packages = ("marimo",)
    command = (
        "marimo",
        "--quiet",
        "run",
        str(APPS / "marimo_app.py"),
        "--headless",
        "--no-token",
        "--host=127.0.0.1",
        "--port={port}",
    )


class Panel(App):
    """Panel, with ``pn.pane.IPyWidget``."""

    name = "Panel"
    packages = ("panel", "ipywidgets-bokeh")
    command = (
        "panel",
        "serve",
        str(APPS / "panel_app.py"),
        "--address=127.0.0.1",
        "--port={port}",
        "--allow-websocket-origin=127.0.0.1:{port}",
    )
    ready = "/favicon.ico"
    address = "/panel_app?theme={theme}"
    files: ClassVar = {"https://unpkg.com/anywidget@": Path(anywidget.__file__).parent / "nbextension" / "index.js"}
    asks_for = (r"https://unpkg\.com/anywidget@.+", r"https://cdn.+/font-awesome/.+\.css")
    words: ClassVar = {
        **App.words,
        "Without the internet": "no: Panel takes anywidget's script from unpkg.com; the test gave it the one that is "
        "installed. It asks for Font Awesome too, and does without",
    }


class Solara(App):
    """Solara."""

    name = "Solara"
    packages = ("solara",)
    command = (
        "solara",
        "run",
        str(APPS / "solara_app.py"),
        "--no-open",
        "--host=127.0.0.1",
        "--port={port}",
        "--production",
    )
    files: ClassVar = {
        f"/_solara/cdn/{VUETIFY}@5.2.0/": NODE / VUETIFY,
        "/_solara/cdn/requirejs@2.3.6/": NODE / "requirejs",  # a later one, without its known hole
    }
    settings: ClassVar = {"SOLARA_ASSETS_FONTAWESOME_ENABLED": "False"}  # for icons that are not used, from a CDN
    words: ClassVar = {
        **App.words,
        "Without the internet": "after a first start: then Solara's server has fetched its own scripts from a CDN; the "
        "test gave it those of npm",
    }

    def open(self, page: Page, server: Server, theme: Theme) -> None:
        """Open the app, with the theme that was chosen by Solara's own button at an earlier visit."""
        page.add_init_script(f"localStorage.setItem(':solara:theme.variant', '\"{theme}\"')")
        super().open(page, server, theme)


class Shiny(App):
    """Shiny for Python, with shinywidgets."""

    name = "Shiny"
    packages = ("shiny", "shinywidgets")
    command = ("shiny", "run", str(APPS / "shiny_app.py"), "--host=127.0.0.1", "--port={port}")
