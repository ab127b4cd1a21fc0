"""Models of Keras, with any of its backends, and the files that Keras saves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.errors import short
from digit_widget.models import KERAS, ModelError
from digit_widget.models.layouts import LAYOUTS, USUAL_SIDE, Declared, arranged, as_bytes, batches, declared
from digit_widget.models.outputs import rows_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from digit_widget.models import Shape
    from digit_widget.models.layouts import Layout

_SAFE = (3, 15)  # before, files could read other files, and lambdas in HDF5 were run (CVE-2026-1669, CVE-2025-9905)


@dataclass(frozen=True, eq=False)
class KerasModel:
    """A model of Keras behind the `Model` interface; asked with ``training=False``."""

    module: Any
    shape: Shape
    layout: Layout = "channels last"
    step: int | None = None
    classes: int | None = None
    temperature: float = 1.0
    threshold: float = -math.inf

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes whole numbers from 0 to 255, whatever its pictures are given as."""
        return _dtype(self.module) == "uint8"

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the output, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""
        given = arranged(pictures, self.layout)
        given = as_bytes(given) if self.takes_bytes else given
        parts = [rows_of(self.module(part, training=False), len(part)) for part in batches(given, self.step)]
        return np.concatenate(parts)[: len(pictures)]

    def resized(self, size: tuple[int, int]) -> KerasModel | None:
        """Return the same model for pictures of another size; None if it does not take it."""
        other = replace(self, shape=(self.shape[0], *size))
        return other if _failure(other) is None else None


def from_keras(model: Any) -> KerasModel:  # noqa: ANN401 - Keras has no types
    """Return a model of Keras as a model.

    Raises
    ------
    ModelError
        If it has no weights yet, or does not take a batch of pictures.
    """
    name = type(model).__name__
    if not model.built:
        message = f"{name} has no weights yet: it is not built. Call it once with a batch, or pass the trained model."
        raise ModelError(message)
    shape = getattr(model, "input_shape", None)
    if shape is None:  # a class of one's own says nothing
        return _tried(model)
    found = declared(shape) if isinstance(shape, tuple) else None
    if found is None or not _dtype(model).startswith(("float", "bfloat", "uint8")):
        message = (
            f"Expected {name} to take a batch of pictures, such as (None, 28, 28, 1), of floats or bytes, but it takes "
            f"{shape} of {_dtype(model)}. Write a function that makes its inputs and asks it, and pass that."
        )
        raise ModelError(message)
    free = KerasModel(model, found.shape, found.layout)
    # A model that was made without an Input says the size of the first batch, and takes any.
    return free if _failure(free) is None else KerasModel(model, *found)


def _dtype(model: Any) -> str:  # noqa: ANN401
    inputs = getattr(model, "inputs", None)
    return str(inputs[0].dtype) if inputs else "float32"


def _tried(model: Any) -> KerasModel:  # noqa: ANN401
    first: Exception | None = None
    for channels in (1, 3):
        for layout in sorted(LAYOUTS, key="channels last".__ne__):
            found = KerasModel(model, *Declared((channels, USUAL_SIDE, USUAL_SIDE), layout, None))
            failure = _failure(found)
            if failure is None:
                return found
            first = first or failure
    message = (
        f"{type(model).__name__} does not say what it takes, and did not accept pictures of {USUAL_SIDE} × "
        f"{USUAL_SIDE}. Pass a function that makes its inputs and asks it. The first attempt raised "
        f"{type(first).__name__}: {short(first)}"
    )
    raise ModelError(message) from first


def _failure(model: KerasModel) -> Exception | None:
    try:
        model(np.zeros((3, *model.shape), np.float32))  # 1 or 2 may be another dimension by chance
    except Exception as error:  # noqa: BLE001 - Keras raises all kinds of exceptions for a wrong shape
        return error
    return None


def load_keras(path: Path) -> KerasModel:
    """Load a file that Keras has saved, through Keras itself in its safe mode, which runs no code in the file.

    Raises
    ------
    ModelError
        If Keras is missing, too old to be safe, or cannot read the file.
    """
    try:
        import keras  # noqa: PLC0415 - it imports TensorFlow, JAX or torch, which takes seconds
    except (ImportError, ValueError, AttributeError) as error:  # of the latter kinds for a backend that is no good
        is_missing = isinstance(error, ImportError) and error.name == "keras"
        message = f"Keras is needed to read {path.name}, but it cannot be imported ({short(error)}). " + (
            f"Install it with: pip install '{KERAS}'."
            if is_missing
            else "It needs a backend: with PyTorch, set the environment variable KERAS_BACKEND to torch before Python "
            "starts."
        )
        raise ModelError(message) from error
    version = str(keras.__version__)
    if tuple(int(part) for part in version.split(".")[:2]) < _SAFE:
        message = (
            f"Keras {version} may run code in a file, or read other files, when it loads {path.name}. Update it: pip "
            f"install '{KERAS}'. Or load the file yourself, if you trust it, and pass the model."
        )
        raise ModelError(message)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises all kinds of exceptions
        raise ModelError(_reason(path, short(str(error).replace(str(path), ""), 1000))) from error
    return from_keras(model)


def _reason(path: Path, said: str) -> str:
    """Return why a file cannot be read, made of what Keras said."""
    start = path.read_bytes()[:4] if path.is_file() else b""
    if start == (b"PK\x03\x04" if path.suffix.lower() != ".keras" else b"\x89HDF"):
        right = ".keras" if start.startswith(b"PK") else ".h5"
        return f"{path.name} holds what Keras saves in {right} files. Rename it so that it ends in {right}."
    if "Lambda" in said and "safe_mode" in said:
        return (
            f"{path.name} contains code (a Lambda layer), which is not run. If you trust the file, pass "
            f"keras.saving.load_model({str(path)!r}, safe_mode=False)."
        )
    if "No model config" in said:
        return (
            f"{path.name} contains weights alone. Load them into their model, model.load_weights({str(path)!r}), and "
            "pass the model."
        )
    if "zip file" in said or "file signature" in said or "truncated file" in said:
        return f"{path.name} is not a whole Keras file. Was the download, or the save, cut off? Get the file again."
    return f"Keras cannot read {path.name}: {said:.300}"
