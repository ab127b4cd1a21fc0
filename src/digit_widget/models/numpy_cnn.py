"""The article's CNN in numpy, so that the bundled weights, and others of this architecture, need no torch.

`cnn.py` is the same network as a torch module, which is what is trained, and what this one is tested against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from safetensors import SafetensorError, deserialize, safe_open

from digit_widget.errors import short
from digit_widget.models import ModelError, calibration
from digit_widget.models.sketch import sketch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

SHAPES = {
    "conv1.weight": (32, 1, 5, 5),
    "conv1.bias": (32,),
    "conv2.weight": (32, 32, 5, 5),
    "conv2.bias": (32,),
    "conv3.weight": (64, 32, 5, 5),
    "conv3.bias": (64,),
    "fc1.weight": (256, 64 * 3 * 3),
    "fc1.bias": (256,),
}
"""The shapes of the weights, by torch's names; those of fc2 depend on the number of classes."""

NAMES = (*SHAPES, "fc2.weight", "fc2.bias")
"""The names of all weights."""

BLOCK = 8
"""Pictures computed at a time, so that the values between two layers fit into the processor's cache."""

IN_ONE_THREAD = 2**18
"""Up to this number of multiplications OpenBLAS computes a matrix product in the calling thread. It distributes larger
products over several, and on a busy machine waiting for these takes a hundred times as long as the work."""


class NumpyCNN:
    """Three 5 × 5 convolutions and two fully connected layers, as a `Model`.

    Parameters
    ----------
    weights
        By name, float32, with the shapes in `SHAPES`, ``fc2.weight`` (classes, 256) and ``fc2.bias`` (classes,).
    temperature, threshold
        As `Model` defines them.
    """

    shape = (1, 28, 28)

    def __init__(self, weights: Mapping[str, Array], temperature: float, threshold: float) -> None:
        self.classes, self.temperature, self.threshold = len(weights["fc2.bias"]), temperature, threshold
        # Channels last, which numpy multiplies fastest: (out, in, row, column) becomes (row, column · in, out).
        self._convolutions = [
            (weights[f"conv{n}.weight"].transpose(2, 3, 1, 0).reshape(5, -1, channels), weights[f"conv{n}.bias"])
            for n, channels in ((1, 32), (2, 32), (3, 64))
        ]
        hidden = weights["fc1.weight"].reshape(256, 64, 3, 3).transpose(2, 3, 1, 0)
        self._hidden = hidden.reshape(-1, 256), weights["fc1.bias"]
        self._last = weights["fc2.weight"].T, weights["fc2.bias"]

    @property
    def weights(self) -> dict[str, Array]:
        """The weights by name, as they were given."""
        found: dict[str, Array] = {}
        for n, (weight, bias) in enumerate(self._convolutions, 1):
            rows = weight.reshape(5, 5, -1, len(bias))
            found |= {f"conv{n}.weight": rows.transpose(3, 2, 0, 1), f"conv{n}.bias": bias}
        for name, weight, bias in (("fc1", *self._hidden), ("fc2", *self._last)):
            found |= {f"{name}.weight": weight.T, f"{name}.bias": bias}
        by_place = found["fc1.weight"].reshape(-1, 3, 3, 64)
        found["fc1.weight"] = by_place.transpose(0, 3, 1, 2).reshape(len(by_place), -1)
        return found

    def __call__(self, pictures: Array) -> Array:
        """Return logits.

        Parameters
        ----------
        pictures
            Shape (n, 1, 28, 28), float32, 0 = paper, 1 = full ink.

        Returns
        -------
        numpy.ndarray
            Shape (n, classes), float32.
        """
        return self.last(self.inside(pictures)[1])

    def inside(self, pictures: Array) -> tuple[Array, Array]:
        """Return what is computed on the way to the logits.

        Parameters
        ----------
        pictures
            As for a call.

        Returns
        -------
        convolved, hidden : numpy.ndarray
            Shapes (n, 576), rows, columns and then channels, and (n, 256); float32, not negative.
        """
        first, second, third = self._convolutions
        convolved = np.empty((len(pictures), 3 * 3 * 64), np.float32)
        for start in range(0, len(pictures), BLOCK):
            x = np.moveaxis(pictures[start : start + BLOCK], 1, -1)  # (n, 28, 28, 1)
            x = _relu(_convolve(x, *first))  # (n, 24, 24, 32)
            x = _relu(_pool(_convolve(x, *second)))  # (n, 10, 10, 32)
            x = _relu(_pool(_convolve(x, *third)))  # (n, 3, 3, 64)
            convolved[start : start + BLOCK] = x.reshape(len(x), -1)
        weight, bias = self._hidden
        hidden = convolved[:, None] @ weight  # one picture at a time: see IN_ONE_THREAD
        return convolved, _relu(hidden[:, 0] + bias)

    def last(self, hidden: Array) -> Array:
        """Return the logits, (n, classes), for the hidden values that `inside` returns."""
        weight, bias = self._last
        logits: Array = hidden @ weight + bias
        return logits


def _convolve(x: Array, kernel: Array, bias: Array) -> Array:
    """Convolve x, (n, h, w, in), with 5 × 5 kernels, (5, 5 · in, out), one row of the kernels after the other.

    Returns
    -------
    numpy.ndarray
        Shape (n, h - 4, w - 4, out).
    """
    n, side = len(x), x.shape[1] - 4
    windows = sliding_window_view(x, 5, axis=2).swapaxes(3, 4).reshape(n, side + 4, side, -1)  # (…, 5 · in)
    rows = max(r for r in range(1, side + 1) if side % r == 0 and r * side * kernel[0].size <= IN_ONE_THREAD)
    groups = (n, side // rows, rows * side, windows.shape[-1])
    total = sum(windows[:, i : i + side].reshape(groups) @ row for i, row in enumerate(kernel))
    convolved: Array = (total + bias).reshape(n, side, side, -1)
    return convolved


def _pool(x: Array) -> Array:
    """Return the maximum of each 2 × 2 square of x, (n, h, w, channels): (n, h / 2, w / 2, channels)."""
    x = np.maximum(x[:, ::2], x[:, 1::2])
    larger: Array = np.maximum(x[:, :, ::2], x[:, :, 1::2])
    return larger


def _relu(x: Array) -> Array:
    positive: Array = np.maximum(x, 0, out=x)
    return positive


def check_architecture(shapes: Mapping[str, tuple[int, ...]], file: str, architecture: str | None = None) -> None:
    """Check that weights are those of this network.

    Parameters
    ----------
    shapes
        The shapes of the weights, by name.
    file
        The name of their file, for the message.
    architecture
        The architecture according to the file's metadata.

    Raises
    ------
    ModelError
        If they are not.
    """
    classes = shapes.get("fc2.bias", (0,))[:1]
    expected = {**SHAPES, "fc2.weight": (*classes, 256), "fc2.bias": classes}
    if architecture in (None, "cnn") and min(classes, default=0) > 0 and dict(shapes) == expected:
        return
    message = (
        f"Expected weights of the article's CNN, but {file} contains those of "
        f"{f'the architecture {architecture!r}' if architecture else 'another network'} ({sketch(shapes)}). Create "
        "that network yourself and load them into it: load_model(path, into=MyNet())."
    )
    raise ModelError(message)


def load_safetensors(path: Path) -> NumpyCNN:
    """Load weights of this architecture from a safetensors file.

    Raises
    ------
    ModelError
        If the file is damaged, or has weights of another architecture.
    """
    try:
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no dict
        check_architecture(shapes, path.name, about.get("architecture"))
        weights = {name: _as_float32(tensor, path.name) for name, tensor in deserialize(path.read_bytes())}
    except (SafetensorError, OSError) as error:
        message = f"{path.name} is not a safetensors file, or is incomplete: {short(error)}."
        raise ModelError(message) from error
    return NumpyCNN(weights, *calibration(about))


_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


def _as_float32(tensor: Mapping[str, Any], file: str) -> Array:
    """Return a tensor of a safetensors file as an array."""
    kind = tensor["dtype"]
    if kind == "BF16":  # numpy has no such type; it is the upper half of float32
        numbers = (np.frombuffer(tensor["data"], "<u2").astype(np.uint32) << 16).view(np.float32)
    elif kind in _FLOATS:
        numbers = np.frombuffer(tensor["data"], _FLOATS[kind]).astype(np.float32)
    else:
        message = (
            f"Expected {file} to contain weights of a float type, but they are {kind}. Convert them to float32 and "
            "save the file again."
        )
        raise ModelError(message)
    return numbers.reshape(tensor["shape"])
