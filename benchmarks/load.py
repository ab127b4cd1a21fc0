"""Simulate the visitors of a Voila dashboard: they arrive, draw at a person's pace, correct one drawing and leave.

    make load                                    # 60 visitors
    python benchmarks/load.py --visitors 10

Each visitor is a client that speaks to a kernel of its own as the front end does; one real Chromium draws among them.
They arrive one after the other, and all go on drawing until each has drawn so many digits with everybody there.
Printed are the answers' times, from pen lifted to the answer's arrival, while they arrived and with all there; what was
lost and what was wrong; and the memory and processor time of the server with all its kernels. The clients do not fetch
the page's scripts; Chromium does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import psutil
from harness import ROOT, PadView, browser, keycap
from hosts import Server, serving
from visitor import LostError, Visitor

from digit_widget import Feedback, predict
from digit_widget.drawing import Drawing

DEPLOYED = ROOT / "deploy" / "voila"
SHAPES = json.loads(files("digit_widget").joinpath("digits.json").read_text(encoding="utf-8"))


class Gate:
    """Opens when everybody has come to it.

    Parameters
    ----------
    count
        How many there are; they are known by their numbers from 0.
    """

    def __init__(self, count: int) -> None:
        self._missing = set(range(count))
        self._open = asyncio.Event()
        self.is_open, self.wait = self._open.is_set, self._open.wait

    def come(self, one: int) -> None:
        """Note that one has come, or never will."""
        self._missing.discard(one)
        if not self._missing:
            self._open.set()


class Crowd:
    """All visitors of one run, and what they met.

    Parameters
    ----------
    url
        Where the dashboard is.
    count
        How many visitors there are at a time.
    drawings, pace
        How many digits each draws at least once all are there, and the seconds from one to the next.
    """

    def __init__(self, url: str, count: int, drawings: int, pace: float) -> None:
        self.url, self.count, self.drawings, self.pace = url, count, drawings, pace
        self.times: dict[str, list[float]] = defaultdict(list)
        self.opened: list[float] = []
        self.wrong, self.lost, self.corrected = 0, [], 0
        self.memory = self.cores = 0.0
        self._sheets = {digit: [drawn(digit) for _ in range(5)] for digit in range(10)}
        self._there, self._drawn, self._may_leave = Gate(count), Gate(count), asyncio.Event()

    async def run(self, seconds: float, server: int) -> None:
        """Have them arrive in so many seconds, and wait until all have left."""
        measured = asyncio.create_task(self._measure(server))
        visits = []
        for one in range(self.count):
            visits.append(asyncio.create_task(self._visit(one)))
            await asyncio.sleep(seconds / self.count)
        await asyncio.gather(measured, *visits)

    async def _visit(self, one: int) -> None:
        start = time.perf_counter()
        try:
            async with Visitor(self.url) as visitor:
                self.opened.append(time.perf_counter() - start)
                self._there.come(one)
                digit = await self._draw(visitor, one)
                await self._may_leave.wait()
                await asyncio.sleep(random.uniform(0, self.pace))  # noqa: S311 - a pace, not a secret
                await visitor.say((digit + 1) % 10)
                self.corrected += 1
        except LostError as error:
            self.lost.append(str(error))
        finally:  # the others do not wait for who is lost
            self._there.come(one)
            self._drawn.come(one)

    async def _draw(self, visitor: Visitor, one: int) -> int:
        """Draw until everybody has drawn enough, and return the last digit."""
        left = self.drawings
        while True:
            await asyncio.sleep(random.uniform(0.75, 1.25) * self.pace)  # noqa: S311
            when = "all there" if self._there.is_open() else "arriving"
            digit = random.randrange(10)  # noqa: S311
            result, seconds = await visitor.draw(random.choice(self._sheets[digit]))  # noqa: S311
            self.times[when].append(seconds)
            self.wrong += result != keycap(digit)
            left -= when == "all there"
            if left <= 0:
                self._drawn.come(one)
            if self._drawn.is_open():
                return digit

    async def _measure(self, server: int) -> None:
        """Note what the server and its kernels take while all are there."""
        await self._there.wait()
        start, before = time.perf_counter(), await asyncio.to_thread(worked, server)
        await self._drawn.wait()
        self.cores = (await asyncio.to_thread(worked, server) - before) / (time.perf_counter() - start)
        self.memory = await asyncio.to_thread(memory, server)  # takes a while, during which nobody draws
        self._may_leave.set()


def drawn(digit: int) -> Drawing:
    """Return a digit as a hand draws it, somewhere on the pad."""
    side = random.uniform(90, 200)  # noqa: S311
    left, top = (random.uniform(20, 260 - side) for _ in "xy")  # noqa: S311
    strokes = [[[left + side * x, top + side * y] for x, y in stroke] for stroke in SHAPES[str(digit)]]
    drawing = Drawing.of_strokes(strokes)
    return drawing if predict(drawing.picture).prediction == digit else drawn(digit)


def tree(process: int) -> list[psutil.Process]:
    """Return a process and all that it has started."""
    return [psutil.Process(process), *psutil.Process(process).children(recursive=True)]


def memory(process: int) -> float:
    """Return the memory of a process and all that it has started, in MiB: shared pages are counted once (PSS)."""
    total = 0
    for one in tree(process):
        with contextlib.suppress(psutil.NoSuchProcess):  # ended meanwhile
            total += one.memory_full_info().pss
    return total / 2**20


def worked(process: int) -> float:
    """Return the processor time that a process and all that it has started have taken, in seconds."""
    total = 0.0
    for one in tree(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


WATCH = """(root) => {
  document.addEventListener("pointerup", () => { root.lifted = performance.now(); }, true);
  new MutationObserver(() => {
    if (root.dataset.state === "current") root.took = performance.now() - root.lifted;
  }).observe(root, { attributeFilter: ["data-state"] });
}"""
"""Notes in a page how long the last drawing waited for its answer."""


def draw_in_browser(url: str, stop: threading.Event, pace: float) -> list[float]:
    """Draw with the mouse in a real browser until told to stop, and return the times that a person sees."""
    times = []
    with browser() as chromium:
        page = chromium.new_page()
        page.goto(url)
        root = page.locator(".digit-widget")
        root.wait_for(timeout=60_000)
        root.evaluate(WATCH)
        pad = PadView(page, root)
        while not (times and stop.wait(pace)):
            digit = random.randrange(10)  # noqa: S311
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            times.append(root.evaluate("(root) => root.took / 1000"))
            pad.click("clear")
    return times


def line(name: str, times: list[float]) -> str:
    """Return median, 95 % and the longest of some times, in words."""
    ordered = sorted(1000 * one for one in times)
    if not ordered:
        return f"{name}: none"
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return (
        f"{name}: {len(ordered)}, median {statistics.median(ordered):.0f} ms, p95 {p95:.0f}, longest {ordered[-1]:.0f}"
    )


def simulate(server: Server, place: Path, arguments: argparse.Namespace) -> bool:
    """Run it, print what was found, and return whether nothing was lost or wrong."""
    (process,) = (one.pid for one in psutil.Process().children() if "voila" in one.cmdline())
    crowd = Crowd(server.url, arguments.visitors, arguments.drawings, arguments.pace)
    stop = threading.Event()
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as executor:
        hand = executor.submit(draw_in_browser, server.url, stop, arguments.pace)
        try:
            asyncio.run(crowd.run(arguments.arrive, process))
        finally:
            stop.set()
        seen = hand.result()
    saved = len(Feedback(place))
    print(
        f"{arguments.visitors} visitors, arriving in {arguments.arrive:g} s, a drawing every {arguments.pace:g} s each"
    )
    print(line("page opened → pad there", crowd.opened))
    for when in ("arriving", "all there"):
        print(line(f"pen lifted → answer, {when}", crowd.times[when]))
    print(line("pen lifted → emoji in Chromium, throughout", seen))
    print(f"wrong {crowd.wrong}, lost {len(crowd.lost)} {set(crowd.lost) or ''}")
    print(f"corrections saved {saved} of {arguments.visitors}")
    print(f"the server and its kernels, all there: {crowd.memory:.0f} MiB (PSS), {crowd.cores:.2f} cores")
    print(f"{time.perf_counter() - started:.0f} s in all, load average {os.getloadavg()[0]:.1f} when it ends")
    return not crowd.wrong and not crowd.lost and saved == arguments.visitors == crowd.corrected


def main() -> None:
    """Serve the dashboard as `deploy/voila` does, and send the visitors there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--visitors", type=int, default=60, help="how many at a time")
    parser.add_argument("--arrive", type=float, default=180.0, help="seconds in which they come")
    parser.add_argument("--drawings", type=int, default=5, help="digits that each draws once all are there")
    parser.add_argument("--pace", type=float, default=4.0, help="seconds from one drawing to the next")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} when it begins")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = Path(folder) / "work"
        shutil.copytree(DEPLOYED, work)
        options = ["--Voila.config_file_paths=settings", "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}"]
        with serving(["voila", "pad.ipynb", *options], Path(folder), "/voila/static/voila.js") as server:
            is_well = simulate(server, work / "feedback", arguments)
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
