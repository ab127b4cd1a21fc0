"""The bundled network's three engines side by side: numpy, torch with one thread, and ONNX."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from itertools import combinations, cycle, islice
from typing import TYPE_CHECKING

import context
import numpy as np
import torch
from harness import ROOT, digit_ink
from report import Table, timings

from digit_widget import Classifier, models, predict
from digit_widget.models.cnn import CNN
from digit_widget.models.pytorch import from_module
from digit_widget.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from digit_widget.models import Model
    from digit_widget.normalise import Ink

    Pictures = npt.NDArray[np.float32]
    Models = Mapping[str, Model]

NUMPY, TORCH, ONNX = "numpy", "torch", "ONNX"
MNIST = [folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte" for folder in (ROOT.parent / "shared/data", ROOT / "data")]
REST = 0.35
"""Seconds between two answers, as between two strokes of a hand."""
AT_ONCE = 20
"""Answers of one engine in a row, before it is the next one's turn."""
BATCH = 256
BUSY = "import os\nprint(flush=True)\nwhile os.getppid() == {parent}:\n    for _ in range(10**6): pass"
"""Wants a core until it is ended, or its parent has."""


def measure(*, quick: bool) -> list[Table]:
    """Measure one answer three ways, then many, and hold the logits against each other."""
    torch.set_num_threads(1)
    engines: Models = {
        NUMPY: models.load_model(),
        TORCH: from_module(CNN.pretrained()),
        ONNX: models.load_model(models.bundled().with_suffix(".onnx")),
    }
    what, inks = _digits(500 if quick else 10_000)
    pictures = Classifier().pictures(inks)
    return [
        _in_a_row(engines, pictures, 5 if quick else 100),
        _rested(engines, pictures, 5 if quick else 100),
        _busy(engines, pictures, 5 if quick else 100),
        _many(engines, inks, what, 2 if quick else 5),
        _logits(engines, pictures, what),
    ]


def _digits(count: int) -> tuple[str, list[Ink]]:
    """Return what they are, and some digits: MNIST's test digits where they are, else drawn ones."""
    for path in MNIST:
        if path.is_file():
            return "MNIST's test digits", list(np.fromfile(path, np.uint8, offset=16).reshape(-1, 28, 28)[:count])
    chance = np.random.default_rng(0)
    drawn = [normalise(digit_ink(n % 10, chance.uniform(0.3, 0.7), chance.uniform(0.4, 0.6, 2))) for n in range(500)]
    return "drawn digits", list(islice(cycle(drawn), count))


def _in_a_row(engines: Models, pictures: Pictures, rounds: int) -> Table:
    times = _interleaved(engines, pictures, rounds)
    remark = f"From the network's picture to its logits, as the `Classifier` asks it; {AT_ONCE} at a time, in turn."
    return timings("One answer of the network, one after the other", times, "ms", NUMPY, remark)


def _rested(engines: Models, pictures: Pictures, rounds: int) -> Table:
    times = _interleaved(engines, pictures, rounds, at_once=1, rest=REST)
    remark = f"The same, each {REST} s after the answer before."
    return timings("One answer after a rest", times, "ms", NUMPY, remark)


def _busy(engines: Models, pictures: Pictures, rounds: int) -> Table:
    count = context.cores() + 1
    with _busy_processes(count):
        times = _interleaved(engines, pictures, rounds, at_once=1, rest=REST)
    remark = f"The same again, beside {count} processes that want a core all the time."
    return timings("One answer on a busy machine", times, "ms", NUMPY, remark)


def _interleaved(
    engines: Models, pictures: Pictures, rounds: int, at_once: int = AT_ONCE, rest: float = 0
) -> dict[str, list[float]]:
    """Return how many ms each answer took; the engines take turns, and the first turn does not count."""
    times: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(rounds + 1):
        for name, model in engines.items():
            own = []
            for n in range(at_once):
                at = (turn * at_once + n) % len(pictures)
                time.sleep(rest)
                begin = time.perf_counter()
                model(pictures[at : at + 1])
                own.append(1000 * (time.perf_counter() - begin))
            times[name] += own if turn else []
    return times


@contextmanager
def _busy_processes(count: int) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(count):
            command = [sys.executable, "-c", BUSY.format(parent=os.getpid())]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout
            process.stdout.readline()  # it has started
        yield


def _many(engines: Models, inks: list[Ink], what: str, rounds: int) -> Table:
    """Answer a list of pictures, with the bundled network and with its torch module as a model of one's own."""
    module = CNN.pretrained()
    pictures = Classifier().pictures(inks)
    ways = {
        "`predict(pictures)`": lambda: predict(inks),
        "`predict(pictures, torch_module)`": lambda: predict(inks, module),
        "the network alone, numpy": lambda: _all_logits(engines[NUMPY], pictures),
        "the network alone, torch": lambda: _all_logits(engines[TORCH], pictures),
        "the network alone, ONNX": lambda: _all_logits(engines[ONNX], pictures),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - begin)
    remark = f"{what[0].upper()}{what[1:]} as arrays; the network alone in batches of {BATCH}. Torch has one thread."
    return timings(f"{len(inks):,} pictures, in seconds", times, "s", "`predict(pictures)`", remark)


def _logits(engines: Models, pictures: Pictures, what: str) -> Table:
    logits = {name: _all_logits(model, pictures) for name, model in engines.items()}
    rows: list[tuple[str, ...]] = []
    for one, other in combinations(logits, 2):
        apart = np.abs(logits[one] - logits[other]).max()
        different = np.count_nonzero(logits[one].argmax(1) != logits[other].argmax(1))
        rows.append((f"{one} and {other}", f"{apart:.1e}", str(different), f"{len(pictures):,}"))
    largest = max(np.abs(own).max() for own in logits.values())
    remark = f"{what[0].upper()}{what[1:]}, normalised as the pad's drawings are; the largest logit is {largest:.1f}."
    return Table("How far the logits are apart", ("", "at most", "other class", "n"), rows, remark)


def _all_logits(model: Model, pictures: Pictures) -> npt.NDArray[np.float32]:
    parts: Sequence[npt.NDArray[np.float32]] = [
        model(pictures[start : start + BATCH]) for start in range(0, len(pictures), BATCH)
    ]
    return np.concatenate(parts)
