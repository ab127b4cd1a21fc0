"""How much is sent and shipped: a prediction's messages, the front end, the wheel."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness import NOTHING, ROOT, build_wheel, in_lab, keycap
from report import Table, median

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import WebSocket

STATIC = ROOT / "src" / "digit_widget" / "static"
IS_KEPT = """(answer) => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .some((cell) => JSON.stringify(cell.toJSON().outputs).includes(answer))"""
CELL = "from digit_widget import DigitWidget\npad = DigitWidget()\npad"


def measure(*, quick: bool) -> list[Table]:
    """Measure what travels, and what is shipped."""
    return [_messages(rounds=1 if quick else 3), _growth(10 if quick else 100), _shipped()]


def _messages(rounds: int) -> Table:
    """Count what passes over the page's WebSockets while each of the ten digits is drawn."""
    sent: list[int] = []
    received: list[int] = []
    with in_lab() as lab, lab.fresh_kernel() as kernel:
        passing: dict[str, list[int]] = {"sent": [], "received": []}

        def count(way: str) -> Callable[[str | bytes], None]:
            return lambda frame: passing[way].append(len(frame if isinstance(frame, bytes) else frame.encode()))

        def listen(socket: WebSocket) -> None:
            socket.on("framesent", count("sent"))
            socket.on("framereceived", count("received"))

        lab.page.on("websocket", listen)
        pad = lab.open(kernel, CELL).run().pad()
        for turn in range(rounds * 10 + 1):
            digit = (turn - 1) % 10
            pad.expect_answer(NOTHING)
            _settle(lab.page.wait_for_timeout)
            passing["sent"].clear()
            passing["received"].clear()
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            _settle(lab.page.wait_for_timeout)
            if turn:  # the first answer is that of a cold kernel
                questions = 2 if digit == 4 else 1  # the one digit of two strokes is asked about twice
                sent.append(sum(passing["sent"]) // questions)
                received.append(sum(passing["received"]) // questions)
            pad.click("clear")
    rows = [
        (way, f"{median(sizes):,.0f}", f"{max(sizes):,}", str(len(sizes)))
        for way, sizes in (("page → Python", sent), ("Python → page", received))
    ]
    remark = (
        "All frames of the page's WebSockets around one stroke: the drawing there; answer, kernel status, and now and "
        "then what the notebook keeps back."
    )
    return Table("A prediction's messages in JupyterLab, bytes", ("", "median", "max", "n"), rows, remark)


def _growth(drawings: int) -> Table:
    """Save a notebook in JupyterLab before and after many drawings; read the widget's state, which it may hold, too."""
    sizes: dict[str, list[int]] = {
        "saved by JupyterLab as it comes": [],
        "the widget's state, where that is saved too": [],
    }
    with in_lab() as lab, lab.fresh_kernel() as kernel:
        notebook = lab.open(kernel, CELL).run()
        kernel.run("import json; from ipywidgets.embed import dependency_state")
        pad = notebook.pad()
        for turn in range(drawings):
            pad.draw_digit(turn % 10)
            pad.expect_digit(turn % 10)
            if turn in (0, drawings - 1):
                lab.page.wait_for_function(IS_KEPT, arg=keycap(turn % 10))
                lab.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty = true")
                notebook.execute("docmanager:save")
                saved, state = sizes.values()
                saved.append((lab.server.work / notebook.name).stat().st_size)
                state.append(kernel.read("len(json.dumps(dependency_state([pad], drop_defaults=False)))"))
            pad.click("clear")
            pad.expect_answer(NOTHING)
    rows = [(name, f"{first:,}", f"{last:,}", f"{last - first:+,}") for name, (first, last) in sizes.items()]
    head = ("", "after one drawing", f"after {drawings}", "growth")
    remark = (
        "JupyterLab saves what the notebook keeps of the last drawing. The state is of the last drawing, what undo "
        "knows (60 kB at most), and the front end."
    )
    return Table("A notebook with one pad, bytes", head, rows, remark)


def _settle(wait: Callable[[float], None]) -> None:
    """Let the messages that come behind an answer arrive: the kernel says that it is idle."""
    wait(300)


def _shipped() -> Table:
    files = [STATIC / name for name in ("widget.js", "widget.css")]
    contents = {file.name: file.read_bytes() for file in files}
    contents["front end, both"] = b"".join(contents.values())
    rows = [
        (name, f"{len(content):,}", f"{len(gzip.compress(content, mtime=0)):,}") for name, content in contents.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows.append(("wheel, with the weights", f"{build_wheel(Path(folder)).stat().st_size:,}", "–"))
    return Table("What is shipped, bytes", ("", "as shipped", "gzip"), rows)
