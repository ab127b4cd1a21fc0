"""ONNX files and sessions of onnxruntime's as models. Torch is not imported."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.errors import short
from digit_widget.models import ModelError, calibration
from digit_widget.models.graph import Graph
from digit_widget.models.layouts import MAX_SIDE, Declared, arranged, as_bytes, batches, declared
from digit_widget.models.outputs import rows_of

try:
    import onnxruntime
except ImportError as error:
    _message = (
        "onnxruntime is needed to run an ONNX model, but it is not installed. Install it with: pip install "
        "'onnxruntime>=1.20'"
    )
    raise ModelError(_message) from error

if TYPE_CHECKING:
    import numpy.typing as npt

    from digit_widget.models import Shape

_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
_BYTES = {"tensor(uint8)": np.uint8}
_TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(uint8)": "uint8"}
"""What onnxruntime-web calls them; it has no arrays of float16."""


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """A session behind the `Model` interface."""

    session: Any
    shape: Shape
    classes: int | None
    temperature: float
    threshold: float

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes whole numbers from 0 to 255, whatever its pictures are given as."""
        return self.session.get_inputs()[0].type in _BYTES

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the output, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""
        (entry,) = self.session.get_inputs()
        _, layout, step = _declared(entry)
        given = arranged(pictures, layout)
        given = as_bytes(given) if self.takes_bytes else np.ascontiguousarray(given, _FLOATS[entry.type])
        name = _scores(self.session).name
        parts = [rows_of(self.session.run([name], {entry.name: part}), len(part)) for part in batches(given, step)]
        return np.concatenate(parts)[: len(pictures)].astype(np.float32)

    def resized(self, size: tuple[int, int]) -> OnnxModel | None:
        """Return the same graph for pictures of another size; None if it does not take it."""
        other = replace(self, shape=(self.shape[0], *size))
        try:
            other(np.zeros((1, *other.shape), np.float32))
        except Exception:  # noqa: BLE001 - onnxruntime has a dozen kinds of exceptions
            return None
        return other

    def graph(self) -> Graph:
        """Return the file's content, if it is whole in itself.

        Raises
        ------
        ModelError
            If weights are in a second file, or the input is of a type that onnxruntime-web has not.
        """
        (entry,) = self.session.get_inputs()
        if entry.type not in _TYPES:
            message = f"A page without Python has no numbers of {entry.type}. Export the model with float32 inputs."
            raise ModelError(message)
        path = self.session._model_path  # noqa: SLF001 - the session tells nobody else
        try:
            content = Path(path).read_bytes() if path else self.session._model_bytes  # noqa: SLF001
        except OSError as error:
            message = f"The ONNX model's file cannot be read any more: {error.strerror}: {path}"
            raise ModelError(message) from error
        try:
            _session(content)
        except Exception as error:
            message = (
                "The ONNX model has its weights in a second file, which a page cannot take along. Save it as one file: "
                "onnx.save(onnx.load(path), path)."
            )
            raise ModelError(message) from error
        _, layout, step = _declared(entry)
        taken = {
            "name": entry.name,
            "type": _TYPES[entry.type],
            "dims": list(arranged(np.zeros((step or 1, *self.shape)), layout).shape),
            "output": _scores(self.session).name,
        }
        return Graph(content, taken, is_channels_last=layout == "channels last")


def _declared(entry: Any) -> Declared:  # noqa: ANN401 - onnxruntime has no types
    found = declared(entry.shape)
    if found is None:
        message = (
            f"Expected the ONNX model to take pictures in grey or colour with sides of 1 to {MAX_SIDE} pixels, or the "
            f"pixels of a square one, but its input has the shape {entry.shape}."
        )
        raise ModelError(message)
    return found


def _scores(session: Any) -> Any:  # noqa: ANN401
    """Return the output that has a number for each class: in scikit-learn's exports, it comes after the label."""
    outputs = session.get_outputs()
    return next((output for output in outputs if output.type in _FLOATS), outputs[0])


def load_onnx(path: Path) -> OnnxModel:
    """Load an ONNX file.

    Raises
    ------
    ModelError
        If onnxruntime cannot read it, or its input is not a batch of pictures.
    """
    try:
        session = _session(path)
    except Exception as error:  # onnxruntime has a dozen kinds of exceptions
        raise ModelError(_reason(path, short(error, 1000))) from error
    return from_session(session)


def _session(model: Path | bytes) -> Any:  # noqa: ANN401 - onnxruntime has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one small picture is too little work for several
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _reason(path: Path, said: str) -> str:
    """Return why a file cannot be read, made of what onnxruntime said."""
    if "external data" in said.lower():
        missing = re.search(r'does not exist: "([^"]+)"', said)
        which = (
            f"{missing[1].rpartition('/')[2]}, which is missing" if missing else f"which cannot be read: {said:.200}"
        )
        return (
            f"{path.name} has its weights in a second file, {which}. Put the file that was saved with {path.name} "
            "into the same folder."
        )
    if "INVALID_PROTOBUF" in said:
        return (
            f"{path.name} is not an ONNX model, or only a part of one. Was the download, or the save, cut off? Get the "
            "file again."
        )
    return f"{path.name} cannot be read as an ONNX model: {said:.200}"


def from_session(session: Any) -> OnnxModel:  # noqa: ANN401
    """Return a session of onnxruntime's as a model.

    Raises
    ------
    ModelError
        If its input is not a batch of pictures.
    """
    entries = session.get_inputs()
    if len(entries) != 1 or entries[0].type not in _FLOATS | _BYTES or len(entries[0].shape) not in (2, 3, 4):
        found = ", ".join(f"{entry.name} {entry.type} {entry.shape}" for entry in entries)
        message = (
            "Expected the ONNX model to take a batch of pictures, (n, channels, height, width) of floats or bytes, but "
            f"it takes {found or 'nothing'}. Write a function that makes its inputs and runs it, and pass that."
        )
        raise ModelError(message)
    classes = _scores(session).shape[-1] if _scores(session).shape else None
    return OnnxModel(
        session,
        _declared(entries[0]).shape,
        classes if isinstance(classes, int) else None,
        *calibration(session.get_modelmeta().custom_metadata_map),
    )
