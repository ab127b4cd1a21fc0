"""What drawing at 120 moves a second costs the page's main thread, beside the same moves over a canvas of no pad's."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from harness import DIGITS, NOTHING, in_lab, keycap
from pen import RATE, at_speed, free_port, pen, scribble
from report import Table, median, p95
from tasks import CATEGORIES, Task, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness import PadView
    from pen import Pen, Points
    from playwright.sync_api import Locator

    Sheet = tuple[str, Sequence[Points]]  # the answer, "" when any will do, and the strokes
    Surface = tuple[Locator, PadView | None]

HERE = Path(__file__).parent
CELL = """
from IPython.display import HTML, display
from digit_widget import DigitWidget
pads = [DigitWidget(), DigitWidget(predict_on="move")]
display(HTML("<canvas class='plain' width='280' height='280'></canvas>"), *pads)
"""
LONG = 16
"""What no task should take, in ms."""
REST = 600
"""ms without a hand before each drawing, and after it: the answer comes, and a press counts as recent for 500."""


@dataclass
class Seen:
    """One drawing."""

    tasks: list[Task]
    sent: int
    strokes: list[dict[str, Any]]
    shifts: list[tuple[float, bool]]
    """How much the page shifted, and whether within 500 ms of a press."""


def measure(*, quick: bool) -> list[Table]:
    """Draw the same on each surface, in turn."""
    seconds, digits, rounds = (2, "147", 1) if quick else (4, "".join(DIGITS), 2)
    sheets: list[Sheet] = [("", [scribble(seconds, n) for n in range(3)])]
    sheets += [(keycap(digit), [at_speed(stroke) for stroke in DIGITS[digit]]) for digit in digits]
    port = free_port()
    with in_lab(f"--remote-debugging-port={port}") as lab, lab.fresh_kernel() as kernel, pen(port) as hand:
        notebook = lab.open(kernel, CELL).run()
        notebook.page.evaluate((HERE / "moves.js").read_text(encoding="utf-8"))
        stroke, move = notebook.pad(0), notebook.pad(1)
        surfaces: dict[str, Surface] = {
            "a bare canvas": (notebook.panel.locator("canvas.plain"), None),
            '`predict_on="stroke"`': (stroke.canvas, stroke),
            '`predict_on="move"`': (move.canvas, move),
        }
        found: dict[str, list[Seen]] = {name: [] for name in surfaces}
        for turn, sheet in enumerate([sheets[-1], *sheets * rounds]):
            for name, surface in surfaces.items():
                seen = _draw(hand, surface, sheet)
                if turn:  # the first time much is done that is done only once
                    found[name].append(seen)
    return [
        _busy("The main thread while the pen is down", found, is_down=True),
        _busy(f"The main thread in the {REST} ms after the pen is lifted", found, is_down=False),
        _shifts(found),
        _pace(found),
    ]


def _draw(hand: Pen, surface: Surface, sheet: Sheet) -> Seen:
    """Draw on a blank surface, and wait for the answer."""
    (canvas, pad), (answer, strokes) = surface, sheet
    page, browser = canvas.page, canvas.page.context.browser
    assert browser
    if not pad:
        canvas.click()
    elif pad.part("clear").is_enabled():
        pad.click("clear")
        pad.expect_answer(NOTHING)
    canvas.hover()  # scrolls to it
    page.wait_for_timeout(REST)
    box = canvas.bounding_box()
    assert box
    page.evaluate("takeNoted()")
    browser.start_tracing(page=page, categories=CATEGORIES)
    corner, side = np.array([box["x"], box["y"]]), box["width"]
    for stroke in strokes:
        hand.draw((corner + side * (0.15 + 0.7 * np.array(stroke))).tolist())
    page.wait_for_timeout(REST)  # the page is asked nothing meanwhile: it would be busy with that
    trace = json.loads(browser.stop_tracing())["traceEvents"]
    if pad:
        pad.root.and_(page.locator("[data-state=current]")).wait_for()
        assert answer in ("", pad.part("result").inner_text())
    return Seen(tasks(trace), sum(map(len, strokes)), **page.evaluate("takeNoted()"))


def _busy(caption: str, found: dict[str, list[Seen]], *, is_down: bool) -> Table:
    """Tell how long the main thread was busy at a stretch."""
    rows: list[tuple[str, ...]] = []
    parts = []
    for name, own in found.items():
        chosen = [task for seen in own for task in seen.tasks if task.is_down == is_down]
        wall = [task.wall for task in chosen]
        long = [task for task in chosen if task.wall > LONG]
        times = (f"{ms:.2f}" for ms in (median(wall), p95(wall), max(wall)))
        counts = (len(long), sum(task.cpu > LONG for task in long), sum(task.is_mostly_own for task in long))
        longest = max(ms for task in chosen for ms in (0, *task.own))
        rows.append((name, f"{len(wall):,}", f"{sum(wall):,.0f}", *times, *map(str, counts), f"{longest:.1f}"))
        largest = Counter(task.largest_part for task in long).most_common()
        parts += [f"{name}: {', '.join(f'{n} × {part}' for part, n in largest)}"] if long else []
    long_ones = f"over {LONG} ms"
    head = ("", "tasks", "sum, ms", "median", "p95", "max", long_ones, "by CPU time", "mostly ours", "ours at most")
    remark = f"What took most of each {long_ones}: {'; '.join(parts)}." if parts else ""
    return Table(caption, head, rows, remark)


def _shifts(found: dict[str, list[Seen]]) -> Table:
    """Tell how much the page shifted."""
    rows: list[tuple[str, ...]] = []
    for name, own in found.items():
        shifts = [shift for seen in own for shift in seen.shifts]
        late = [value for value, is_recent in shifts if not is_recent]
        sums = [f"{total:.4f}" for total in (sum(value for value, _ in shifts), sum(late))]
        rows.append((name, str(len(own)), str(len(shifts)), sums[0], str(len(late)), sums[1]))
    head = ("", "drawings", "shifts", "their sum", "but for presses", "their sum")
    remark = "From the first stroke to the painted answer; on the right without those within 500 ms of a press."
    return Table("Layout shifts", head, rows, remark)


def _pace(found: dict[str, list[Seen]]) -> Table:
    """Tell whether the moves reached the page as they were sent."""
    rows: list[tuple[str, ...]] = []
    for name, own in found.items():
        strokes = [stroke for seen in own for stroke in seen.strokes]
        moves = [stroke["moves"] for stroke in strokes]
        paces = [1000 * (len(times) - 1) / (times[-1] - times[0]) for times in moves]
        counts = (sum(seen.sent for seen in own), sum(map(len, moves)), sum(stroke["events"] for stroke in strokes))
        rows.append((name, *(f"{n:,}" for n in counts), f"{median(paces):.1f}", f"{min(paces):.1f}"))
    head = ("", "moves sent", "arrived", "in so many events", "a second, median", "slowest stroke")
    return Table(f"The hand, at {RATE} moves a second", head, rows)
