"""JupyterLab in a browser tab: notebooks are written, opened and run, and their kernels asked."""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hosts import until
from jupyter_client.blocking.client import BlockingKernelClient
from padview import PadView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hosts import Server
    from playwright.sync_api import Locator, Page

EXAMPLES = Path(__file__).parents[2] / "examples"

ONE_PAD = "from digit_widget import DigitWidget\npad = DigitWidget()\npad"
"""A cell with one pad."""
PAD_WITH_BUTTON = ONE_PAD.replace("DigitWidget()", "DigitWidget(predict_on='button')")
PAD_WHILE_MOVING = ONE_PAD.replace("DigitWidget()", "DigitWidget(predict_on='move')")

OPEN = """async ([path, kernel]) => {
  const app = window.jupyterapp;
  const panel = await app.commands.execute("docmanager:open", { path, factory: "Notebook", kernel: { id: kernel } });
  await panel.context.ready;
  await panel.revealed;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""
RUN = """async () => {
  const app = window.jupyterapp;
  await app.commands.execute("notebook:run-all-cells");
}"""
FAULTS = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells;
  return cells.flatMap((cell) => cell.toJSON().outputs ?? [])
    .filter((output) => output.output_type === "error")
    .map((output) => output.ename + ": " + output.evalue);
}"""
CLOSE = """() => { for (const widget of [...window.jupyterapp.shell.widgets("main")]) widget.dispose(); }"""


class Kernel:
    """A live kernel, asked beside the browser."""

    def __init__(self, server: Server, kernel_id: str) -> None:
        self.id = kernel_id
        self._client = BlockingKernelClient(connection_file=str(server.home / "runtime" / f"kernel-{kernel_id}.json"))
        self._client.load_connection_file()
        self._client.start_channels()
        until(self._is_ready, 120, "the kernel to be ready")

    def _is_ready(self) -> bool:
        try:
            self._client.wait_for_ready(timeout=60)
        except RuntimeError:  # on a busy machine a kernel that starts may miss a heartbeat, and is taken for dead
            return False
        return True

    def run(self, code: str) -> None:
        """Run code in the kernel."""
        reply = self._client.execute_interactive(code, timeout=60, output_hook=lambda _: None, store_history=False)
        _raise_if_failed(reply["content"])

    def start(self, code: str) -> None:
        """Have code run in the kernel, and do not wait for its end."""
        self._client.execute(code, store_history=False)

    def read(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression is worth
        """Return what a Python expression is worth in the kernel, by way of JSON."""
        asked = {"value": f"__import__('json').dumps({expression})"}
        reply = self._client.execute_interactive(
            "", user_expressions=asked, timeout=60, output_hook=lambda _: None, store_history=False
        )
        answer = reply["content"]["user_expressions"]["value"]
        _raise_if_failed(answer)
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def until(self, expression: str, expected: object, timeout: float = 20) -> None:
        """Wait until an expression has the value expected."""
        until(lambda: self.read(expression) == expected, timeout, f"{expression} == {expected!r}")

    def close(self) -> None:
        """Leave the kernel, which goes on."""
        self._client.stop_channels()


@contextlib.contextmanager
def started_kernel(server: Server) -> Iterator[Kernel]:
    """Start a kernel that belongs to no notebook yet, and end it when the block is done."""
    kernel = Kernel(server, server.api("kernels", "POST", {"name": "python3"})["id"])
    try:
        yield kernel
    finally:
        kernel.close()
        server.api(f"kernels/{kernel.id}", "DELETE")


class Lab:
    """One browser tab with JupyterLab in it."""

    def __init__(self, server: Server, page: Page) -> None:
        self.server = server
        self.page = page
        self._numbers = itertools.count(1)
        page.goto(f"{server.url}/lab?reset&token={server.token}")
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until JupyterLab has started and laid out its panels."""
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")

    @contextlib.contextmanager
    def fresh_kernel(self) -> Iterator[Kernel]:
        """Start a kernel, and end it when the block is done."""
        with started_kernel(self.server) as kernel:
            yield kernel
            self.close_all()

    def open(self, kernel: Kernel, *cells: str) -> Notebook:
        """Write a notebook of these code cells and open it on the kernel, without running it."""
        empty: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        notebook = {
            "cells": [empty | {"id": f"cell-{n}", "source": source} for n, source in enumerate(cells)],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        name = f"test-{next(self._numbers)}.ipynb"
        (self.server.work / name).write_text(json.dumps(notebook))
        return self.reopen(kernel, name)

    def open_example(self, kernel: Kernel, name: str) -> Notebook:
        """Open a copy of ``examples/<name>`` on the kernel, without running it."""
        shutil.copy(EXAMPLES / name, self.server.work)
        return self.reopen(kernel, name)

    def reopen(self, kernel: Kernel, name: str) -> Notebook:
        """Open a notebook that is there, on the kernel, without running it."""
        self.page.evaluate(OPEN, [name, kernel.id])
        return Notebook(self, kernel, name)

    def open_too(self, notebook: Notebook) -> Notebook:
        """Open, on its kernel, a notebook that is open in another window, as it is there."""
        notebook.execute("docmanager:save")
        return self.reopen(notebook.kernel, notebook.name)

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme, and wait until the page shows it."""
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function("(theme) => document.body.dataset.jpThemeName === theme", arg=name)

    def subshells(self, mode: str) -> None:
        """Set what the setting of this name sets: whether widgets are answered while a cell runs."""
        self.page.evaluate("(mode) => { window.jupyterapp.serviceManager.kernels.commsOverSubshells = mode; }", mode)

    @contextlib.contextmanager
    def screen(self, ratio: float) -> Iterator[None]:
        """Show the page on a screen with that many device pixels a CSS pixel."""
        size = self.page.viewport_size
        assert size is not None
        devtools = self.page.context.new_cdp_session(self.page)
        metrics = {**size, "deviceScaleFactor": ratio, "mobile": False}
        before = self.page.evaluate("devicePixelRatio")
        devtools.send("Emulation.setDeviceMetricsOverride", metrics)
        self.page.wait_for_function("(ratio) => devicePixelRatio === ratio", arg=ratio)
        yield
        devtools.send("Emulation.setDeviceMetricsOverride", metrics | {"deviceScaleFactor": before})
        devtools.detach()

    def canvases(self) -> int:
        """Count the pads' canvases that the page keeps in memory, those that are on no page any more included."""
        devtools = self.page.context.new_cdp_session(self.page)
        devtools.send("HeapProfiler.collectGarbage")
        kind = devtools.send("Runtime.evaluate", {"expression": "HTMLCanvasElement.prototype"})["result"]["objectId"]
        found = devtools.send("Runtime.queryObjects", {"prototypeObjectId": kind})["objects"]["objectId"]
        counted = devtools.send(
            "Runtime.callFunctionOn",
            {
                "objectId": found,
                "functionDeclaration": "function () {"
                " return this.filter((canvas) => canvas.className === 'dw-canvas').length; }",
                "returnByValue": True,
            },
        )
        devtools.detach()  # lets go of what was found
        count: int = counted["result"]["value"]
        return count

    def close_all(self) -> None:
        """Close what is open in the main area, without asking to save."""
        self.page.evaluate(CLOSE)


class Notebook:
    """The notebook that is open and in front."""

    def __init__(self, lab: Lab, kernel: Kernel, name: str) -> None:
        self.lab = lab
        self.page = lab.page
        self.kernel = kernel
        self.name = name
        self.panel: Locator = lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def run(self) -> Notebook:
        """Run all cells, wait until they are done, and insist that none failed."""
        self.page.evaluate(RUN)
        faults = self.page.evaluate(FAULTS)
        assert not faults, f"Cells of the notebook failed: {faults}."
        return self

    def pad(self, n: int = 0) -> PadView:
        """Return the nth pad shown, once it is there."""
        root = self.panel.locator(".digit-widget").nth(n)
        root.wait_for()
        return PadView(self.page, root)

    def top(self, cells: int) -> list[Locator]:
        """Return the first cells, scrolled to."""
        self.panel.locator(".jp-WindowedPanel-outer").evaluate("(scroller) => { scroller.scrollTop = 0; }")
        return [self.panel.locator(".jp-Cell").nth(n) for n in range(cells)]

    def execute(self, command: str) -> None:
        """Execute one of JupyterLab's commands on this notebook and wait for its end."""
        self.page.evaluate("async (command) => { await window.jupyterapp.commands.execute(command); }", command)

    def reload(self) -> None:
        """Save, reload the page, and wait until this notebook is open on its living kernel again."""
        self.execute("docmanager:save")
        self.page.reload()
        self.lab.wait_until_ready()
        self.page.evaluate(OPEN, [self.name, self.kernel.id])  # where JupyterLab had not noted yet that it was open
        self.panel.locator(".jp-CodeCell").first.wait_for()


def _raise_if_failed(reply: dict[str, Any]) -> None:
    if reply["status"] != "ok":
        message = f"In the kernel: {reply.get('ename')}: {reply.get('evalue')}"
        raise AssertionError(message)
