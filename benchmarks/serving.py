"""How long a pad waits for MLServer, KServe and Ray Serve; and stored drawings through Ray Data.

python benchmarks/serving.py --drawings 1000000     Ray Data alone, with so many
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from harness import ROOT, digit_ink
from report import Table, median, p95

from digit_widget import Classifier

sys.path.append(str(ROOT / "tests" / "servers"))
from deployed import DEPLOY, SERVERS, RayServe, ray_variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployed import Serving

INKS = [digit_ink(digit) for digit in range(10)]
EVERY = 4.0
"""Seconds between two drawings of one person."""
CROWD = 200


class TwoReplicas(RayServe):
    """Ray Serve with a replica more."""

    replicas = 2


def measure(*, quick: bool) -> list[Table]:
    """Ask each server, compare replicas, and run the batch."""
    kinds = [kind for kind in SERVERS if kind.is_installed()]
    tables = [_waiting(kinds, quick=quick)]
    if RayServe in kinds:
        tables += [_replicas(quick=quick), _batch([2_000] if quick else [10_000, 100_000])]
    return tables


def _waiting(kinds: list[type[Serving]], *, quick: bool) -> Table:
    """Ask every server as one pad, as 16 that do not rest, and as 200 people."""
    rows = []
    for kind in kinds:
        server = kind()
        try:
            started, classifier = server.start(), Classifier(server.url)
            alone = _times(classifier, 1, 40 if quick else 500)
            began = time.perf_counter()
            several = _times(classifier, 16, 10 if quick else 100)
            rate = len(several) / (time.perf_counter() - began)
            crowd = _times(classifier, CROWD, 2 if quick else 10, every=EVERY)
            rows.append(
                (
                    kind.name,
                    f"{started:.1f}",
                    f"{server.resident():.0f}",
                    *(f"{median(times):.1f} / {p95(times):.1f}" for times in (alone, several)),
                    f"{rate:.0f}",
                    f"{median(crowd):.1f} / {p95(crowd):.1f}",
                )
            )
        finally:
            server.__exit__(None, None, None)
    head = ("", "starts, s", "MiB", "1 pad, ms", "16 pads, ms", "of 16, a second", "200 pads, ms")
    remark = (
        "Median / p95 from a drawing to its answer in Python, with the normaliser and JSON. 1 and 16 pads draw again "
        f"at once; 200 draw every {EVERY:g} s each. The pads are threads of one process, on the server's machine. MiB "
        "are all processes of a server together, what they share counted once for each."
    )
    return Table("A pad and a served model", head, rows, remark)


def _times(classifier: Classifier, pads: int, turns: int, every: float = 0.0) -> list[float]:
    """Return how long each drawing took, in ms, when so many pads draw so often."""
    chance = np.random.default_rng(0)
    starts = chance.uniform(0, every, pads)
    begin = threading.Barrier(pads)

    def draw(pad: int) -> list[float]:
        found = []
        begin.wait()
        due = time.perf_counter() + starts[pad]
        for turn in range(turns):
            time.sleep(max(due - time.perf_counter(), 0))
            due += every
            digit = (pad + turn) % 10
            asked = time.perf_counter()
            (answer,) = classifier.classify([INKS[digit]])
            found.append(1000 * (time.perf_counter() - asked))
            assert answer.prediction == digit
        return found

    with ThreadPoolExecutor(pads) as threads:
        return [taken for times in threads.map(draw, range(pads)) for taken in times]


def _replicas(*, quick: bool) -> Table:
    """Ask Ray Serve with one replica and with two, in turn."""
    pictures = np.zeros((63, 1, 28, 28), np.float32)
    pictures[:] = Classifier().pictures([INKS[3]])
    asked: dict[str, Callable[[Classifier], float]] = {
        "one drawing a question": lambda classifier: _rate(classifier, pictures[:1]),
        "63 drawings a question": lambda classifier: _rate(classifier, pictures),
    }
    rows = []
    with ExitStack() as stack:
        found = [Classifier(stack.enter_context(kind()).url) for kind in (RayServe, TwoReplicas)]
        for name, ask in asked.items():
            rates = [[ask(classifier) for classifier in found] for _ in range(1 if quick else 4)]
            one, two = (median(column) for column in zip(*rates, strict=True))
            rows.append((name, f"{one:,.0f}", f"{two:,.0f}", f"{two / one:.2f}", str(len(rates))))
    remark = (
        "Drawings a second, 16 clients that do not rest, 5 s each, in turn. The clients, Ray's proxy and the replicas "
        "share the cores named below."
    )
    return Table("Ray Serve", ("", "1 replica", "2 replicas", "ratio", "n"), rows, remark)


def _rate(classifier: Classifier, pictures: np.ndarray, seconds: float = 5.0, clients: int = 16) -> float:
    """Return how many drawings a second are answered."""
    until, answered = time.perf_counter() + seconds, count()

    def ask(_client: int) -> None:
        while time.perf_counter() < until:
            classifier.model(pictures)
            next(answered)

    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(ask, range(clients)))
    return next(answered) * len(pictures) / seconds


def _batch(counts: list[int]) -> Table:
    """Answer synthetic drawings with Ray Data."""
    rows = []
    for number in counts:
        folder = Path(tempfile.mkdtemp(prefix="batch-"))  # short, as Ray's sockets want it
        python = RayServe.environment() / "bin" / "python"
        command = [python, DEPLOY / "ray" / "batch.py", "--synthetic", str(number), folder / "answers"]
        try:
            done = subprocess.run(
                [str(part) for part in command],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | ray_variables(folder),
            )
            said = re.search(r"([\d,]+) drawings in ([\d.]+) s: ([\d,]+) a second", done.stderr)
            assert said, done.stderr[-3000:]
            rows.append((said[1], said[2], said[3]))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    remark = "Each drawing is made, packed as PNG, unpacked, normalised and answered; Ray's own start is not counted."
    return Table("Stored drawings through Ray Data", ("drawings", "s", "a second"), rows, remark)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer synthetic drawings with Ray Data.")
    parser.add_argument("--drawings", type=int, nargs="+", default=[1_000_000])
    print(_batch(parser.parse_args().drawings).text())
