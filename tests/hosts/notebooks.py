"""The hosts whose kernel lives on when the page is closed: JupyterLab, Jupyter Notebook, VS Code's widget manager."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import anywidget
import nbformat
from base import Host
from hosts import jupyterlab
from lab import FAULTS, RUN, started_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from base import Theme
    from hosts import Server
    from playwright.sync_api import Page

HERE = Path(__file__).parent
NODE = HERE / "node_modules"
VSCODE = "@vscode/jupyter-ipywidgets8"

CELL = """from digit_widget import DigitWidget
from IPython.display import display
from ipywidgets import Label

pad = DigitWidget()
said = Label()
pad.observe(lambda change: setattr(said, "value", f"Python says {change.new}"), "prediction")
display(pad, said)"""
"""A pad, and a label that follows it."""

READY = """async () => {
  await window.jupyterapp.restored;
  const { sessionContext, context } = window.jupyterapp.shell.currentWidget;
  await context.ready;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
}"""
IN_FRONT = "window.jupyterapp?.shell.currentWidget?.context?.path"
THEME = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"


def write_notebook(path: Path) -> None:
    """Write a notebook of the one cell."""
    cell = nbformat.v4.new_code_cell(CELL)
    python = {"language_info": {"name": "python"}}  # or JupyterLite asks which kernel is meant
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=python), path)


class Jupyter(Host):
    """A front end of Jupyter Server, on a kernel that all pages share: so the model is loaded once."""

    keeps_drawing = True
    words: ClassVar = {"Reload": "yes, with the drawing"}

    @contextlib.contextmanager
    def serve(self, root: Path) -> Iterator[Server]:
        """Serve JupyterLab and Notebook, with a kernel and a notebook on it."""
        vscode = f"--ServerApp.extra_static_paths={[str(HERE)]}"  # where VS Code's page is
        with jupyterlab(root, vscode, notebook=True) as server, started_kernel(server) as kernel:
            write_notebook(server.work / "pad.ipynb")
            session = {"path": "pad.ipynb", "name": "pad", "type": "notebook", "kernel": {"id": kernel.id}}
            server.api("sessions", "POST", session)  # whoever opens the notebook gets this kernel
            yield server


class Application(Host):
    """A front end of Jupyter's in a page of its own, which can be told what to do."""

    address: ClassVar[str]
    """Where the notebook is, up to the token."""

    def open(self, page: Page, server: Server, theme: Theme) -> None:
        """Open the notebook and run it."""
        page.goto(f"{server.url}{self.address}&token={server.token}")
        self._wait(page)
        name = f"JupyterLab {theme.title()}"
        page.evaluate(THEME, name)
        page.wait_for_function("(name) => document.body.dataset.jpThemeName === name", arg=name)
        self.run(page)

    def run(self, page: Page) -> None:
        """Run the notebook."""
        page.evaluate(RUN)
        faults = page.evaluate(FAULTS)
        assert not faults, f"The notebook's cell failed: {faults}."

    def reload(self, page: Page) -> None:
        """Save the notebook and reload the page."""
        page.evaluate(SAVE)
        page.reload()
        self._wait(page)

    def _wait(self, page: Page) -> None:
        page.wait_for_function(IN_FRONT)
        page.evaluate(READY)


class JupyterLab(Application, Jupyter):
    """JupyterLab."""

    name = "JupyterLab"
    packages = ("jupyterlab",)
    address = "/lab/tree/pad.ipynb?reset"


class Notebook(Application, Jupyter):
    """Jupyter Notebook 7."""

    name = "Jupyter Notebook"
    packages = ("notebook",)
    own_errors = ("Cannot read properties of undefined (reading 'schema')",)  # of its shortcuts, at every start
    address = "/notebooks/pad.ipynb?reset"


class VSCode(Jupyter):
    """The widget manager of VS Code's Jupyter extension, in a page that does for it what the extension does."""

    name = "VS Code"
    packages = ()
    remark = "its widget manager in a page of ours; the editor itself was not run"
    words: ClassVar = {"Reload": "yes, with the drawing: once its page takes the kernel's widgets up again"}
    files: ClassVar = {
        "/static/vscode/ipywidgets.js": NODE / VSCODE / "dist" / "ipywidgets.js",
        "/static/vscode/services.js": NODE / "@jupyterlab" / "services" / "dist" / "dist" / "index.js",
        "/static/vscode/require.js": NODE / "requirejs" / "require.js",
        "/static/vscode/nbextensions/anywidget/": Path(anywidget.__file__).parent / "nbextension",
    }

    def open(self, page: Page, server: Server, theme: Theme) -> None:
        """Run the cell in a page with the editor's colours."""
        page.goto(f"{server.url}/static/vscode/index.html")
        self._connect(page, server, theme)
        self._outputs = page.evaluate("(code) => window.harness.run(code)", CELL)
        self._server, self._theme = server, theme

    def reload(self, page: Page) -> None:
        """Reload the page and show the kernel's widgets again."""
        page.reload()
        self._connect(page, self._server, self._theme)
        page.evaluate("(outputs) => window.harness.attach(outputs)", self._outputs)

    def versions(self) -> str:
        """Return the manager's version."""
        version = json.loads((NODE / VSCODE / "package.json").read_text())["version"]
        return f"{VSCODE} {version}"

    def _connect(self, page: Page, server: Server, theme: Theme) -> None:
        page.wait_for_function("window.harness")
        page.evaluate("(name) => { document.body.className = name; }", f"vscode-{theme}")
        (kernel,) = server.api("kernels")
        page.evaluate("([token, id]) => window.harness.connect(token, id)", [server.token, kernel["id"]])
