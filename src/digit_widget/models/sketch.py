"""A network's layers in a few words, deduced from the names and shapes of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_LAYERS = 8
"""Layers that a sketch lists; the others are counted."""
_LONGEST = 40  # characters of one name
_KINDS = {2: "Linear", 3: "Conv1d", 4: "Conv2d", 5: "Conv3d"}


def sketch(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return the layers of a network in words.

    Parameters
    ----------
    shapes
        The shapes of its weights, by torch's names.

    Examples
    --------
    >>> sketch({"conv.weight": (32, 1, 5, 5), "conv.bias": (32,), "fc.weight": (10, 18432), "fc.bias": (10,)})
    'Conv2d 1→32 5×5, Linear 18432→10'
    """
    layers: list[str] = []
    for name, shape in shapes.items():
        layer, _, part = name.rpartition(".")
        normalises = f"{layer}.running_mean" in shapes
        if part == "weight" and len(shape) in _KINDS:
            size = "×".join(map(str, shape[2:]))
            layers.append(f"{_KINDS[len(shape)]} {shape[1]}→{shape[0]}{size and f' {size}'}")
        elif layer and part == "weight" and len(shape) == 1:
            layers.append(f"{'BatchNorm' if normalises else 'norm'} {shape[0]}")
        elif part != "bias" and not normalises:
            layers.append(f"{name[:_LONGEST]} {'×'.join(map(str, shape)) or 'number'}")
    more = f", and {len(layers) - MOST_LAYERS} more" if len(layers) > MOST_LAYERS else ""
    return ", ".join(layers[:MOST_LAYERS]) + more or "no weights at all"
