"""A pad on a page of its own: how large, how soon, how fast, in Chromium and Firefox, opened from the disk."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from harness import DIGITS, browser, firefox, keycap, placed
from report import Table, median

from digit_widget import DigitWidget
from digit_widget.models import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

TIMER = """(() => {
  const shown = document.querySelector(".dw-result");
  window.answers = [];
  let pressed = 0;
  let lifted = 0;
  addEventListener("pointerdown", (event) => { pressed = event.timeStamp; }, true);
  addEventListener("pointerup", (event) => { lifted = event.timeStamp; }, true);
  new MutationObserver(() => {
    const now = performance.now();
    if (shown.textContent !== "🤔") window.answers.push([now, now - lifted, lifted - pressed]);
  }).observe(shown, { childList: true, characterData: true, subtree: true });
})()"""
BOX = "(({x, y, width}) => [x, y, width])(document.querySelector('.dw-canvas').getBoundingClientRect())"
RESULT = "document.querySelector('.dw-result').textContent"
CLEAR = "document.querySelector('.dw-clear').click()"
FIRST, *OTHERS = "7", *"0123568"
"""Digits of one stroke."""


class Tab(Protocol):
    """What both browsers do."""

    def open(self, url: str) -> None:
        """Open a page."""

    def read(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        """Return what an expression is worth in the page."""

    def until(self, expression: str, value: object) -> None:
        """Wait until it is worth that."""

    def draw(self, stroke: list[tuple[float, float]]) -> None:
        """Draw with the mouse."""


class Chromium:
    """A tab of Chromium."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, url: str) -> None:
        """Open a page."""
        self._page.goto(url)

    def read(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        """Return what an expression is worth in the page."""
        return self._page.evaluate(expression)

    def until(self, expression: str, value: object) -> None:
        """Wait until it is worth that."""
        self._page.wait_for_function(f"(value) => {expression} === value", arg=value)

    def draw(self, stroke: list[tuple[float, float]]) -> None:
        """Draw with the mouse."""
        self._page.mouse.move(*stroke[0])
        self._page.mouse.down()
        for place in stroke[1:]:
            self._page.mouse.move(*place)
        self._page.mouse.up()


@contextlib.contextmanager
def _tabs(folder: Path) -> Iterator[dict[str, Tab]]:
    with contextlib.ExitStack() as stack:
        chromium = stack.enter_context(browser())
        tabs: dict[str, Tab] = {"Chromium": Chromium(chromium.new_context(offline=True).new_page())}
        if path := firefox.find():
            tabs["Firefox"] = stack.enter_context(firefox.started(path, folder))
        yield tabs


def measure(*, quick: bool) -> list[Table]:
    """Measure both engines in both browsers, in turn."""
    rounds = 2 if quick else 20
    pads = {"small engine": DigitWidget(), "onnxruntime": DigitWidget(bundled().with_suffix(".onnx"))}
    first: dict[tuple[str, str], list[float]] = {}
    drawn: dict[tuple[str, str], list[float]] = {}
    later: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as place, _tabs(Path(place)) as tabs:
        files = {name: pad.save(Path(place) / f"{name}.html") for name, pad in pads.items()}
        for _ in range(rounds):
            for name, file in files.items():
                for called, tab in tabs.items():
                    times = _answers(tab, file)
                    first.setdefault((name, called), []).append(times[0][0])
                    drawn.setdefault((name, called), []).append(times[0][2])
                    later.setdefault((name, called), []).extend(lifted for _, lifted, _ in times[1:])
        rows = [
            (
                f"{name}, {called}",
                f"{files[name].stat().st_size / 1000:,.0f} kB",
                f"{median(first[name, called]) / 1000:.2f} s",
                f"{np.percentile(first[name, called], 95) / 1000:.2f} s",
                f"{median(drawn[name, called]) / 1000:.2f} s",
                f"{median(samples):.0f} ms",
                f"{np.percentile(samples, 95):.0f} ms",
                str(len(samples)),
            )
            for (name, called), samples in later.items()
        ]
    head = ("", "file", "opened → first answer", "p95", "of it the pen was down", "pen lifted → emoji", "p95", "n")
    remark = (
        f"Each page was opened {rounds} times. The first answer includes the drawing of a seven: "
        "the driver moves the mouse, and the page is not to blame for how long that takes."
    )
    return [Table("A page that answers by itself", head, rows, remark)]


def _answers(tab: Tab, file: Path) -> list[tuple[float, float, float]]:
    """Open the page and draw on it: when each answer came, and how long the pen was down for it.

    The times are in ms: since the page was opened, since the pen was lifted, and from press to lift.
    """
    tab.open(file.as_uri())
    tab.read(TIMER)
    left, top, side = tab.read(BOX)
    for digit in (FIRST, *OTHERS):
        (stroke,) = placed(DIGITS[digit])
        tab.draw([(left + side * x, top + side * y) for x, y in stroke])
        tab.until(RESULT, keycap(digit))
        tab.read(CLEAR)
        tab.until(RESULT, "🤔")
    answers: list[tuple[float, float, float]] = tab.read("window.answers")
    return answers
