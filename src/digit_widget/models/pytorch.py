"""PyTorch modules as models."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open

from digit_widget.models.cnn import CNN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from torch import nn

ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {"cnn": CNN}
"""The networks a file of weights may name, each made from its number of classes."""

_threads = threading.Lock()


@dataclass(frozen=True)
class TorchModel:
    """A module in evaluation mode behind the `Model` interface."""

    module: nn.Module
    classes: int
    temperature: float = 1.0
    threshold: float = -math.inf

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return logits, (n, classes), for pictures, (n, 1, 28, 28), 0 = paper, 1 = full ink."""
        with torch.inference_mode(), _one_thread() if len(pictures) == 1 else nullcontext():
            logits: npt.NDArray[np.float32] = self.module(torch.from_numpy(pictures)).numpy()
        return logits


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread for a moment.

    A single picture is too little work to share: two threads gain nothing, and on a busy machine waiting for the other
    one was measured to cost fifty times the work itself. The setting is the process's, and so the user's: put back.
    """
    with _threads:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def load_safetensors(path: Path) -> TorchModel:
    """Read a file written by ``models/train.py``, whose metadata say what it is and how to read its logits.

    Raises
    ------
    ValueError
        When the file does not say what it is, or names an architecture that is not known.
    """
    with safe_open(path, framework="pt") as file:
        about = file.metadata() or {}
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    architecture = about.get("architecture")
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        message = f"{path.name} holds the architecture {architecture!r}; known here: {known}."
        raise ValueError(message)
    classes = int(about["classes"])
    module = ARCHITECTURES[architecture](classes)
    module.load_state_dict(weights)
    return TorchModel(module.eval(), classes, float(about["temperature"]), float(about.get("threshold", "-inf")))
