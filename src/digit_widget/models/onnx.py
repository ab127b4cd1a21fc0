"""ONNX files as models, run by onnxruntime. Torch is not imported."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.models import ModelError, calibration
from digit_widget.models.layouts import arranged

try:
    import onnxruntime
except ImportError as error:
    _message = (
        "onnxruntime is needed to run an ONNX model, but it is not installed. Install it with: pip install "
        "'onnxruntime>=1.20'"
    )
    raise ModelError(_message) from error

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from digit_widget.models import Shape
    from digit_widget.models.layouts import Layout

USUAL_SIDE = 28
"""Side of the pictures, in pixels, if the graph leaves it open."""
CHANNELS = (1, 3)
"""How many channels pictures usually have; this tells whether they come first or last."""
MAX_SIDE = 1024
"""Largest side, in pixels, of the pictures that a graph may take."""


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """A session behind the `Model` interface."""

    session: Any
    shape: Shape
    classes: int | None
    temperature: float
    threshold: float

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the output, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""
        (entry,) = self.session.get_inputs()
        pictures = np.ascontiguousarray(arranged(pictures, _layout(entry.shape)), _TYPES[entry.type])
        step = entry.shape[0] if isinstance(entry.shape[0], int) else len(pictures)
        name = _scores(self.session).name
        parts = [self.session.run([name], {entry.name: part})[0] for part in _batches(pictures, step)]
        return np.concatenate(parts)[: len(pictures)].astype(np.float32)

    def resized(self, size: tuple[int, int]) -> OnnxModel | None:
        """Return the same graph for pictures of another size; None if it does not take it."""
        other = replace(self, shape=(self.shape[0], *size))
        try:
            other(np.zeros((1, *other.shape), np.float32))
        except Exception:  # noqa: BLE001 - onnxruntime has a dozen kinds of exceptions
            return None
        return other


_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def _batches(pictures: npt.NDArray[Any], step: int) -> list[npt.NDArray[Any]]:
    """Split pictures into batches of the size that the graph was exported with; the last is padded with blank ones."""
    short = -len(pictures) % step
    filled = np.concatenate([pictures, np.zeros((short, *pictures.shape[1:]), pictures.dtype)]) if short else pictures
    return np.split(filled, len(filled) // step)


def _scores(session: Any) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Return the output that has a number for each class: in scikit-learn's exports, it comes after the label."""
    outputs = session.get_outputs()
    return next((output for output in outputs if output.type in _TYPES), outputs[0])


def load_onnx(path: Path) -> OnnxModel:
    """Load an ONNX file.

    Raises
    ------
    ModelError
        If onnxruntime cannot read it, or its input is not a batch of pictures.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one small picture is too little work for several
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen kinds of exceptions
        message = f"{path.name} cannot be read as an ONNX model: {' '.join(str(error).split())[:200]}"
        raise ModelError(message) from error
    entries = session.get_inputs()
    if len(entries) != 1 or entries[0].type not in _TYPES or len(entries[0].shape) not in (2, 3, 4):
        found = ", ".join(f"{entry.name} {entry.type} {entry.shape}" for entry in entries)
        message = (
            f"Expected {path.name} to take a batch of pictures, (n, channels, height, width) of floats, but it takes "
            f"{found or 'nothing'}. Write a function that makes its inputs and runs it, and pass that."
        )
        raise ModelError(message)
    shape = _shape(entries[0].shape)
    if not (min(shape) >= 1 and max(shape) <= MAX_SIDE and entries[0].shape[0] != 0):
        message = (
            f"Expected {path.name} to take pictures with sides of 1 to {MAX_SIDE} pixels, but its input has the shape "
            f"{entries[0].shape}."
        )
        raise ModelError(message)
    classes = _scores(session).shape[-1] if _scores(session).shape else None
    return OnnxModel(
        session,
        shape,
        classes if isinstance(classes, int) else None,
        *calibration(session.get_modelmeta().custom_metadata_map),
    )


def _layout(declared: list[int | str]) -> Layout:
    """Return how a graph takes its pictures, from the declared shape of its input."""
    if len(declared) < 4:  # noqa: PLR2004
        return "flat" if len(declared) == 2 else "no channels"  # noqa: PLR2004
    is_last = declared[-1] in CHANNELS and declared[1] not in CHANNELS  # as Keras exports them
    return "channels last" if is_last else "channels first"


def _shape(declared: list[int | str]) -> Shape:
    """Return channels, height and width; sizes that the graph leaves open are those of MNIST."""
    if len(declared) == 2:  # noqa: PLR2004 - (n, height * width)
        side = math.isqrt(declared[1]) if isinstance(declared[1], int) else USUAL_SIDE
        return 1, side, side
    if len(declared) == 3:  # noqa: PLR2004 - (n, height, width)
        declared = [declared[0], 1, *declared[1:]]
    channels, height, width = declared[1:]
    if _layout(declared) == "channels last":
        height, width, channels = channels, height, width
    height, width = (side if isinstance(side, int) else USUAL_SIDE for side in (height, width))
    return (channels if isinstance(channels, int) else 1), height, width
