"""PyTorch modules as models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open

from digit_widget.models.cnn import CNN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from torch import nn

ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {"cnn": CNN}
"""The networks a file of weights may name, each made from its number of classes."""


@dataclass(frozen=True)
class TorchModel:
    """A module in evaluation mode behind the `Model` interface."""

    module: nn.Module
    classes: int
    temperature: float = 1.0

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return logits, (n, classes), for pictures, (n, 1, 28, 28), 0 = paper, 1 = full ink."""
        with torch.inference_mode():
            logits: npt.NDArray[np.float32] = self.module(torch.from_numpy(pictures)).numpy()
        return logits


def load_safetensors(path: Path) -> TorchModel:
    """Read a file written by ``models/train.py``: its metadata names the architecture, the classes, the temperature.

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
    return TorchModel(module.eval(), classes, float(about["temperature"]))
