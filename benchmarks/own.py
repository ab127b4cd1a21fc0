"""Models of one's own behind the pad: meeting them, asking them, and what a hundred of them leave in memory."""

from __future__ import annotations

import gc
import os
import time
import warnings
from typing import TYPE_CHECKING, Any

import torch
from harness import digit_ink, resident
from report import Table, timings
from torch import nn

from digit_widget import Classifier, DigitWidget, known, models
from digit_widget.models.cnn import CNN

if TYPE_CHECKING:
    from collections.abc import Callable

SWAPS = (10, 100, 200)
"""After how many swapped models the memory is read."""
BUNDLED = "the bundled network"
FIFTY = "fifty drawings"
SLOW = "a function that takes 0.1 s a picture"


def measure(*, quick: bool) -> list[Table]:
    """Measure what each kind of model costs, then the memory."""
    torch.set_num_threads(1)
    module, onnx = CNN.pretrained(), models.bundled().with_suffix(".onnx")
    kinds: dict[str, Callable[[], Any]] = {
        BUNDLED: lambda: None,
        "its weights in a module": lambda: module,
        "its ONNX file": lambda: onnx,
        "a function of batches": lambda: module.forward,
        "a function of PIL pictures": lambda: lambda _: [0.1] * 10,
        "a module that expects 0..255": lambda: _Bytes(module),
        SLOW: lambda: _slow,
    }
    repeat = 2 if quick else 30
    meet: dict[str, list[float]] = {name: [] for name in kinds}
    ask: dict[str, list[float]] = {name: [] for name in kinds if name != SLOW}
    inks = [digit_ink(digit) for digit in range(10)]
    for _ in range(repeat):
        for name, make in kinds.items():
            begin = time.perf_counter()
            with warnings.catch_warnings(action="ignore"):  # of what is found
                classifier = Classifier(make())
            met = time.perf_counter()
            meet[name].append(1000 * (met - begin))
            if name == SLOW:
                continue
            for ink in inks:
                classifier.classify([ink])
            ask[name].append(1000 * (time.perf_counter() - met) / len(inks))
    met_as = (
        "`Classifier(model)`: found out how to ask it, and asked about fifty known drawings in the usual form, and in "
        "others where that one is not good. The first one that is met waits for the drawings, too: see below."
    )
    asked = "From ink to answer, ten digits in turn. All but the first are asked in a thread that can be given up on."
    return [
        timings("Meeting a model", meet, "ms", BUNDLED, met_as),
        timings(
            "Drawing the known drawings, once a process", {"fifty drawings": _drawn(repeat)}, "ms", "fifty drawings"
        ),
        timings("One answer", ask, "ms", BUNDLED, asked),
        _memory(10 if quick else 1),
    ]


class _Bytes(nn.Module):
    """A network that learnt on pictures from 0 to 255."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Answer."""
        logits: torch.Tensor = self.network(pictures / 255)
        return logits


def _slow(_: object) -> list[float]:
    time.sleep(0.1)
    return [0.1] * 10


def _drawn(repeat: int) -> list[float]:
    taken = []
    for _ in range(repeat):
        known.drawings.cache_clear()
        begin = time.perf_counter()
        known.drawings()
        taken.append(1000 * (time.perf_counter() - begin))
    return taken


def _memory(shorter: int) -> Table:
    """Swap models of 228,010 weights (0.9 MiB) on one pad, and read what the process takes."""
    pad = DigitWidget()
    pad.strokes = [[[140, 40], [140, 240]]]
    rows, swapped = [], 0
    for count in (swaps // shorter for swaps in SWAPS):
        for _ in range(count - swapped):
            pad.model = CNN.pretrained()
        swapped = count
        gc.collect()
        rows.append((str(count), f"{resident(os.getpid()):.1f}"))
    remark = "Each model holds 0.9 MiB; kept, a hundred of them would be 87 MiB."
    return Table("Memory after swapping `pad.model`", ("swaps", "resident, MiB"), rows, remark)
