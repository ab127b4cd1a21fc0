"""Simulate the visitors of a Voila dashboard: they arrive, draw at a person's pace, correct one drawing and leave.

    make load                                    # 60 visitors
    python benchmarks/load.py --visitors 10

Each visitor is a client that speaks to a kernel of its own as the front end does; one real Chromium draws among them.
They arrive one after the other, and go on drawing until all are there; then each draws so many digits more. Printed are
the answers' times, from pen lifted to the answer's arrival, before and after all were there, what was lost and what was
wrong, and the memory of the server with all its kernels.
"""

from __future__ import annotations

import argparse
import asyncio
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


class Crowd:
    """All visitors of one run, and what they met.

    Parameters
    ----------
    url
        Where the dashboard is.
    count
        How many visitors there are at a time.
    drawings, pace
        How many digits each draws once all are there, and the seconds from one to the next.
    """

    def __init__(self, url: str, count: int, drawings: int, pace: float) -> None:
        self.url, self.count, self.drawings, self.pace = url, count, drawings, pace
        self.times: dict[str, list[float]] = defaultdict(list)
        self.opened: list[float] = []
        self.wrong, self.lost, self.corrected = 0, [], 0
        self.memory: list[float] = []
        self.all_there = asyncio.Event()
        self._there = 0

    async def run(self, seconds: float, server: int) -> None:
        """Have them arrive in so many seconds, and wait until all have left."""
        watch = asyncio.create_task(self._watch(server))
        visits = []
        for _ in range(self.count):
            visits.append(asyncio.create_task(self._visit()))
            await asyncio.sleep(seconds / self.count)
        await asyncio.gather(*visits)
        watch.cancel()

    async def _visit(self) -> None:
        start = time.perf_counter()
        is_there = False
        try:
            async with Visitor(self.url) as visitor:
                self.opened.append(time.perf_counter() - start)
                is_there = self._arrive()
                await self._draw(visitor)
        except (LostError, OSError) as error:
            self.lost.append(str(error))
            if not is_there:
                self._arrive()  # the others do not wait for it

    def _arrive(self) -> bool:
        self._there += 1
        if self._there == self.count:
            self.all_there.set()
        return True

    async def _draw(self, visitor: Visitor) -> None:
        left = self.drawings
        while left:
            await asyncio.sleep(random.uniform(0.75, 1.25) * self.pace)  # noqa: S311 - a pace, not a secret
            when = "all there" if self.all_there.is_set() else "arriving"
            digit = random.randrange(10)  # noqa: S311
            result, seconds = await visitor.draw(drawn(digit))
            self.times[when].append(seconds)
            self.wrong += result != keycap(digit)
            left -= when == "all there"
        await visitor.say(digit)
        self.corrected += 1

    async def _watch(self, server: int) -> None:
        """Note how much memory the server and its kernels take, while all are there."""
        await self.all_there.wait()
        while True:
            self.memory.append(await asyncio.to_thread(memory, server))
            await asyncio.sleep(10)


def drawn(digit: int) -> Drawing:
    """Return a digit as a hand draws it, somewhere on the pad."""
    side = random.uniform(90, 200)  # noqa: S311
    left, top = (random.uniform(20, 260 - side) for _ in "xy")  # noqa: S311
    strokes = [[[left + side * x, top + side * y] for x, y in stroke] for stroke in SHAPES[str(digit)]]
    drawing = Drawing.of_strokes(strokes)
    return drawing if predict(drawing.picture).prediction == digit else drawn(digit)


def memory(process: int) -> float:
    """Return the memory of a process and all that it has started, in MiB: shared pages are counted once (PSS)."""
    total = 0
    for one in [psutil.Process(process), *psutil.Process(process).children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:  # ended meanwhile
            continue
    return total / 2**20


def draw_in_browser(url: str, stop: threading.Event, times: list[float], pace: float) -> None:
    """Draw with the mouse in a real browser until told to stop; the times are those that a person sees."""
    with browser() as chromium:
        page = chromium.new_page()
        page.goto(url)
        root = page.locator(".digit-widget")
        root.wait_for(timeout=60_000)
        pad = PadView(page, root)
        while not stop.wait(pace):
            digit = random.randrange(10)  # noqa: S311
            page.evaluate(
                """(root) => { document.addEventListener("pointerup", () => { root.lifted = performance.now(); }, true);
                new MutationObserver(() => {
                  if (root.dataset.state === "current" && root.lifted) root.seen = performance.now() - root.lifted;
                }).observe(root, { attributes: true, subtree: true, childList: true, characterData: true }); }""",
                root.element_handle(),
            )
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            times.append(root.evaluate("(root) => root.seen / 1000"))
            pad.click("clear")


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
    stop, seen = threading.Event(), []
    hand = threading.Thread(target=draw_in_browser, args=(server.url, stop, seen, arguments.pace))
    hand.start()
    started = time.perf_counter()
    try:
        asyncio.run(crowd.run(arguments.arrive, process))
    finally:
        stop.set()
        hand.join()
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
    most = max(crowd.memory, default=0)
    print(f"memory of the server and its kernels {most:.0f} MiB at most (PSS)")
    print(f"{time.perf_counter() - started:.0f} s in all")
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
        command = ["voila", "pad.ipynb", "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}"]
        with serving(command, Path(folder), "/voila/static/voila.js") as server:
            is_well = simulate(server, work / "feedback", arguments)
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
