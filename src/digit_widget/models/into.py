"""Put the weights in a file into a module of the user's, strictly or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from digit_widget.models import ModelError
from digit_widget.models.checkpoint import raw_weights_in
from digit_widget.models.sketch import sketch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

PREFIXES = ("module.", "model.", "net.", "network.", "_orig_mod.")
"""What other libraries, and wrappers of torch's, put before the names of all weights."""
_MOST_LISTED = 3
_COUNTER = ".num_batches_tracked"  # of BatchNorm; files of torch's first years lack it


def load_into(path: Path, module: object) -> nn.Module:
    """Load the weights in a torch checkpoint or a safetensors file into a module, without running code in the file.

    Parameters
    ----------
    path
        The file.
    module
        The module, in any mode and on any device; it keeps both, and its dtype. Changed only if all weights fit.

    Raises
    ------
    ModelError
        If the file cannot be read, or its weights and those of the module differ in name, shape or kind of number.
    """
    if isinstance(module, type):
        message = f"Expected into= to be a module but got the class {module.__name__}: pass {module.__name__}()."
        raise ModelError(message)
    if not isinstance(module, nn.Module):
        message = (
            f"Expected into= to be a torch.nn.Module but got an object of the type {type(module).__name__}. Weights of "
            "another library are loaded with that library."
        )
        raise ModelError(message)
    own = module.state_dict()
    if any(nn.parameter.is_lazy(value) or value.is_meta for value in own.values() if isinstance(value, torch.Tensor)):
        message = (
            f"{type(module).__name__} has lazy weights or is on the device meta. Give it its size and memory first."
        )
        raise ModelError(message)
    weights = fitting(_read(path), own)
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
        message = f"{type(module).__name__} refused the weights in {path.name}: {' '.join(str(error).split())[:200]}"
        raise ModelError(message) from error
    return module


def fitting(weights: Mapping[str, torch.Tensor], names: Collection[str]) -> dict[str, torch.Tensor]:
    """Return weights without the prefixes that all their names have, as far as that makes more of the names match."""
    best = current = dict(weights)
    while current:
        prefix = next((one for one in PREFIXES if all(name.startswith(one) for name in current)), "")
        if not prefix:
            break
        current = {name.removeprefix(prefix): value for name, value in current.items()}
        if sum(name in names for name in current) > sum(name in names for name in best):
            best = current
    return best


def _read(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix.lower() != ".safetensors":
        return raw_weights_in(path)
    try:
        weights: dict[str, torch.Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        message = f"{path.name} is not a safetensors file, or is incomplete: {' '.join(str(error).split())[:200]}."
        raise ModelError(message) from error
    return weights


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
