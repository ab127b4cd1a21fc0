"""ONNX files as models, run by onnxruntime; torch is not imported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.models import ModelError, calibration

try:
    import onnxruntime
except ImportError as error:
    _message = "An ONNX model is run by onnxruntime, which is not installed: pip install 'onnxruntime>=1.20'"
    raise ModelError(_message) from error

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from digit_widget.models import Shape

USUAL_SIDE = 28
CHANNELS = (1, 3)
MAX_SIDE = 1024


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
        if len(entry.shape) < 4:  # noqa: PLR2004 - (n, height * width) or (n, height, width)
            pictures = pictures.reshape(len(pictures), *((-1,) if len(entry.shape) == 2 else self.shape[1:]))  # noqa: PLR2004
        elif entry.shape[-1] in CHANNELS and entry.shape[1] not in CHANNELS:  # channels last, as Keras exports them
            pictures = np.moveaxis(pictures, 1, -1)
        pictures = np.ascontiguousarray(pictures, _TYPES[entry.type])
        step = entry.shape[0] if isinstance(entry.shape[0], int) else len(pictures)
        name = _scores(self.session).name
        parts = [self.session.run([name], {entry.name: part})[0] for part in _batches(pictures, step)]
        return np.concatenate(parts)[: len(pictures)].astype(np.float32)


_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def _batches(pictures: npt.NDArray[Any], step: int) -> list[npt.NDArray[Any]]:
    """Cut into batches of the size the graph was exported with, the last filled up with blank pictures."""
    short = -len(pictures) % step
    filled = np.concatenate([pictures, np.zeros((short, *pictures.shape[1:]), pictures.dtype)]) if short else pictures
    return np.split(filled, len(filled) // step)


def _scores(session: Any) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Return the output that has a number a class: scikit-learn's exports have a label before it."""
    outputs = session.get_outputs()
    return next((output for output in outputs if output.type in _TYPES), outputs[0])


def load_onnx(path: Path) -> OnnxModel:
    """Read an ONNX file.

    Raises
    ------
    ModelError
        When onnxruntime cannot read it, or it does not take one batch of pictures.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one small picture is too little work to share
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has an exception of its own for each of a dozen reasons
        message = f"{path.name} cannot be read as an ONNX model: {' '.join(str(error).split())[:200]}"
        raise ModelError(message) from error
    entries = session.get_inputs()
    if len(entries) != 1 or entries[0].type not in _TYPES or len(entries[0].shape) not in (2, 3, 4):
        found = ", ".join(f"{entry.name} {entry.type} {entry.shape}" for entry in entries)
        message = (
            f"{path.name} takes {found or 'nothing'}; a batch of pictures, (n, channels, height, width) of floats, was "
            "expected. Wrap it in a function that makes its inputs, and pass that."
        )
        raise ModelError(message)
    shape = _shape(entries[0].shape)
    if not (min(shape) >= 1 and max(shape) <= MAX_SIDE and entries[0].shape[0] != 0):
        message = f"{path.name} takes pictures of {entries[0].shape}; sides of 1 to {MAX_SIDE} pixels can be made."
        raise ModelError(message)
    classes = _scores(session).shape[-1] if _scores(session).shape else None
    return OnnxModel(
        session,
        shape,
        classes if isinstance(classes, int) else None,
        *calibration(session.get_modelmeta().custom_metadata_map),
    )


def _shape(declared: list[int | str]) -> Shape:
    """Return channels, height and width; a size the graph leaves open is MNIST's."""
    if len(declared) == 2:  # noqa: PLR2004 - (n, height * width)
        side = math.isqrt(declared[1]) if isinstance(declared[1], int) else USUAL_SIDE
        return 1, side, side
    if len(declared) == 3:  # noqa: PLR2004 - (n, height, width)
        declared = [declared[0], 1, *declared[1:]]
    channels, height, width = declared[1:]
    if width in CHANNELS and channels not in CHANNELS:
        height, width, channels = channels, height, width
    height, width = (side if isinstance(side, int) else USUAL_SIDE for side in (height, width))
    return (channels if isinstance(channels, int) else 1), height, width
