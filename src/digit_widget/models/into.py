"""Put the weights in a file into a module of the user's, strictly or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from digit_widget.errors import short
from digit_widget.models import ModelError
from digit_widget.models.checkpoint import weights_in, without_prefixes
from digit_widget.models.sketch import sketch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from torch import nn

_MOST_LISTED = 3
_COUNTER = ".num_batches_tracked"  # of BatchNorm; files of torch's first years lack it


def load_into(path: Path, module: nn.Module) -> None:
    """Load the weights in a torch checkpoint or a safetensors file into a module, without running code in the file.

    Parameters
    ----------
    path
        The file.
    module
        In any mode, on any device, with weights of its own; it keeps mode, device and dtype. It is changed only if all
        weights fit.

    Raises
    ------
    ModelError
        If the file cannot be read, or its weights and those of the module differ in name, shape or kind of number.
    """
    own = module.state_dict()
    weights = _read(path, own)
    if wrong := _differences(weights, own):
        shapes = {name: tuple(value.shape) for name, value in weights.items()}
        message = (
            f"The weights in {path.name} do not fit {type(module).__name__}, which was left as it is: {wrong}. "
            f"The file contains {sketch(shapes)}. Create the network that these weights were saved from."
        )
        raise ModelError(message)
    before = {name: value.clone() for name, value in own.items() if isinstance(value, torch.Tensor)}
    try:
        module.load_state_dict(weights)
    except Exception as error:
        with torch.no_grad():
            for name, value in before.items():
                own[name].copy_(value)
        message = f"{type(module).__name__} refused the weights in {path.name}: {short(error)}"
        raise ModelError(message) from error


def _read(path: Path, names: Collection[str]) -> dict[str, torch.Tensor]:
    if path.suffix.lower() != ".safetensors":
        return weights_in(path, names)
    try:
        weights: dict[str, torch.Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        message = f"{path.name} is not a safetensors file, or is incomplete: {short(error)}."
        raise ModelError(message) from error
    return without_prefixes(weights, names)


def _differences(weights: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]) -> str:
    missing = [name for name in own if name not in weights and not name.endswith(_COUNTER)]
    unexpected = [name for name in weights if name not in own]
    unequal = []
    for name, value in weights.items():
        expected = own.get(name)
        if expected is None:
            continue
        if value.shape != expected.shape:
            unequal.append(f"{name} is {_shape(value)} instead of {_shape(expected)}")
        elif value.is_floating_point() != expected.is_floating_point():
            unequal.append(f"{name} is {value.dtype} instead of {expected.dtype}")
    parts = (("missing", missing), ("unexpected", unexpected), ("mismatched", unequal))
    return "; ".join(f"{what} {_listed(names)}" for what, names in parts if names)


def _shape(value: torch.Tensor) -> str:
    return "×".join(map(str, value.shape)) or "one number"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(name[:100] for name in names[:_MOST_LISTED]) + more
