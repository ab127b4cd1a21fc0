"""From the pen that lifts to the answer on the screen, in JupyterLab, beside the least that any widget takes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import plot
from harness import DIGITS, NOTHING, in_lab, keycap
from report import Table, median, timings

if TYPE_CHECKING:
    from harness import Notebook, PadView
    from playwright.sync_api import Locator

HERE = Path(__file__).parent
NAMES = {"echo": "bare echo", "loaded": "echo, bytes of a drawing", "pad": "digit-widget"}
PARTS = {
    "page: the question is made": lambda own: _between(own, "lifted", "sent"),
    "Jupyter: there and back": lambda own: np.subtract(_between(own, "sent", "received"), _each(own, "python")),
    "Python: the widget's own work": lambda own: _each(own, "python"),
    "page: the answer becomes text": lambda own: _between(own, "received", "changed"),
    "page: waits for the next frame": lambda own: _between(own, "changed", "painted"),
}
"""The way of a question, cut at the times that the probe and Python take."""
ONE_STROKE = "730218695"
"""The digits that are answered with one question."""
WARM_UP = 5

Exchange = dict[str, Any]


def measure(*, quick: bool) -> list[Table]:
    """Measure, and draw the picture."""
    found = _exchanges(10 if quick else 110)
    totals = {NAMES[name]: _between(own, "lifted", "painted") for name, own in found.items()}
    if not quick:
        parts = {part: [median(of(own)) for own in found.values()] for part, of in PARTS.items()}
        plot.latency(totals, parts, HERE / "latency.png")
    caption = "Pen lifted → answer painted, in JupyterLab"
    return [timings(caption, totals, "ms", NAMES["echo"], _excess(found)), _parts(found)]


def _exchanges(n: int) -> dict[str, list[Exchange]]:
    """Return n exchanges a name, each with what Python spent on it."""
    with in_lab() as lab, lab.fresh_kernel() as kernel:
        cell = (HERE / "echo.py").read_text(encoding="utf-8")
        notebook = lab.open(kernel, cell, "pad = TimedPad()\npad", "echo = Echo()\necho").run()
        exchanges = _interleaved(notebook, n + WARM_UP)
        spent = {
            "pad": kernel.read("[ms for names, ms in pad.spent if '_drawing' in names]"),
            "echo": kernel.read("[ms for names, ms in echo.spent if 'load' not in names]"),
            "loaded": kernel.read("[ms for names, ms in echo.spent if 'load' in names]"),
        }
    for name, own in exchanges.items():
        for exchange, python in zip(own, spent[name], strict=True):
            exchange["python"] = python
    # Now and then, once in some hundred exchanges, the browser gives the answer's arrival a time after its effect.
    return {name: [one for one in own[WARM_UP:] if one["received"] is not None] for name, own in exchanges.items()}


def _interleaved(notebook: Notebook, turns: int) -> dict[str, list[Exchange]]:
    """Draw, and press the echoes' buttons, in turn and in changing order, with the pauses that a hand makes."""
    page, pad = notebook.page, notebook.pad()
    buttons = {name: notebook.panel.locator(f"button.{name}") for name in ("echo", "loaded")}
    echoed = notebook.panel.locator(".echoed")
    surfaces = {name: [button.element_handle(), echoed.element_handle()] for name, button in buttons.items()}
    surfaces["pad"] = [pad.canvas.element_handle(), pad.part("result").element_handle()]
    page.evaluate((HERE / "probe.js").read_text(encoding="utf-8"), surfaces)
    chance = random.Random(0)  # noqa: S311 - no secret
    exchanges: dict[str, list[Exchange]] = {name: [] for name in NAMES}
    for turn in range(turns):
        # The first time the pad comes first: the loaded echo asks how large a drawing is.
        for name in chance.sample(list(NAMES), len(NAMES)) if turn else reversed(NAMES):
            # Messages within 0.2 s of each other may wait 40 ms for the network (see README.md); hands are slower.
            page.wait_for_timeout(chance.uniform(300, 500))
            rest = chance.uniform(80, 120)  # the pen stops before it lifts, at any time between two frames
            if name == "pad":
                exchanges[name].append(_draw(pad, ONE_STROKE[turn % len(ONE_STROKE)], rest))
            else:
                exchanges[name].append(_press(buttons[name], rest))
    return exchanges


def _press(button: Locator, rest: float) -> Exchange:
    """Press a button, as long as a finger does."""
    page = button.page
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(rest)
    page.mouse.up()
    exchange: Exchange = page.evaluate("digitWidgetProbe.done")
    return exchange


def _draw(pad: PadView, digit: str, rest: float) -> Exchange:
    """Draw a digit on the blank pad, and leave the pad blank."""
    with pad.drawing(DIGITS[digit][0]):
        pad.page.wait_for_timeout(rest)
    exchange: Exchange = pad.page.evaluate("digitWidgetProbe.done")
    assert exchange["text"] == keycap(digit), f"A {digit} was drawn, {exchange['text']} was the answer."
    pad.click("clear")
    pad.expect_answer(NOTHING)
    return exchange


def _between(exchanges: list[Exchange], begin: str, end: str) -> list[float]:
    return [exchange[end] - exchange[begin] for exchange in exchanges]


def _each(exchanges: list[Exchange], what: str) -> list[float]:
    return [exchange[what] for exchange in exchanges]


def _excess(found: dict[str, list[Exchange]]) -> str:
    """Say how much longer the pad takes than the echo, and how much of it Python works."""
    excess = median(_between(found["pad"], "lifted", "painted")) - median(_between(found["echo"], "lifted", "painted"))
    python = {name: median(_each(own, "python")) for name, own in found.items()}
    more = python["pad"] - python["echo"]
    share = f", {more / excess:.0%} of it" if 0 < more <= excess else ""
    return (
        f"digit-widget takes {excess:.1f} ms more than the bare echo; Python works {python['pad']:.1f} ms on a drawing "
        f"and {python['echo']:.1f} ms on an echo: {more:.1f} ms more{share}."
    )


def _parts(found: dict[str, list[Exchange]]) -> Table:
    """Tell where the time goes."""
    rows = [(part, *(f"{median(of(own)):.1f}" for own in found.values())) for part, of in PARTS.items()]
    rows.append(("bytes of the question", *(f"{median(_each(own, 'bytes')):,.0f}" for own in found.values())))
    remark = "Medians of parts need not add up to the median of the whole."
    return Table("Where the time goes, medians in ms", ("", *NAMES.values()), rows, remark)
