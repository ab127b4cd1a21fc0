"""What can stand behind a `Classifier`, one file a kind; `load_model` and `adapt` pick."""

from __future__ import annotations

import math
import os
import sys
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from digit_widget.errors import DigitWidgetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    Shape = tuple[int, int, int]

_PACKAGE = Path(__file__).parents[1]
_CHECKPOINTS = (".pt", ".pth", ".pkl", ".ckpt", ".bin", ".tar")
TORCH = "torch>=2.10"  # as in pyproject.toml
_loading = threading.RLock()


class ModelError(DigitWidgetError):
    """A model that cannot be used; the message says what came, what was expected, and what to do."""


class ModelWarning(UserWarning):
    """A model that can be used, but hardly as it was meant."""


@runtime_checkable
class Model(Protocol):
    """What tells pictures apart."""

    @property
    def classes(self) -> int | None:
        """How many classes it knows; None where only its answers tell."""

    @property
    def shape(self) -> Shape | None:
        """Channels, height and width of the pictures it takes; None where any will do."""

    @property
    def temperature(self) -> float:
        """What to divide its logits by before the softmax, so that the probabilities are honest."""

    @property
    def threshold(self) -> float:
        """The log-sum-exp of its logits under which a picture is of none of its classes."""

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return logits or probabilities, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""


def bundled() -> Path:
    """Return where the bundled weights lie: in the wheel, or in the checkout's ``models/`` (an editable install)."""
    packaged = _PACKAGE / "weights"
    return (packaged if packaged.is_dir() else _PACKAGE.parents[1] / "models") / "digits.safetensors"


def load_model(path: str | os.PathLike[str] | None = None) -> Model:
    """Load a model from a file, without running any code the file may hold.

    Parameters
    ----------
    path
        ``.safetensors`` (answered by numpy) or a torch checkpoint (``.pt``, ``.pth``, …; needs torch) with the weights
        of the article's CNN, or any ``.onnx`` file (needs onnxruntime). The bundled CNN when None, loaded once a
        process.

    Raises
    ------
    ModelError
        When it cannot be loaded: the message says what it is and what to do.
    """
    if path is None:
        with _loading:  # a prediction waits for the load in the background instead of starting a second one
            return _bundled()
    file = Path(path)
    if not file.is_file():
        message = f"There is no file {os.fspath(path)!r} to load a model from."
        raise ModelError(message)
    match file.suffix.lower():
        case ".safetensors":
            from digit_widget.models.numpy_cnn import load_safetensors  # noqa: PLC0415 - it imports numpy

            return load_safetensors(file)
        case ".onnx":
            from digit_widget.models.onnx import load_onnx  # noqa: PLC0415 - onnxruntime is an extra

            return load_onnx(file)
        case suffix if suffix in _CHECKPOINTS:
            try:
                from digit_widget.models.pytorch import load_checkpoint  # noqa: PLC0415 - torch takes seconds to import
            except ImportError as error:
                message = f"{file.name} is read by PyTorch, which cannot be imported ({error}): pip install '{TORCH}'"
                raise ModelError(message) from error
            return load_checkpoint(file)
    known = ", ".join((".safetensors", ".onnx", *_CHECKPOINTS))
    message = f"{file.name} is of no kind of model file known here ({known}). Load it yourself and pass the model."
    raise ModelError(message)


def adapt(source: object, labels: Sequence[str], *, any_shape: bool = False) -> Model:
    """Return whatever a person calls a model as a `Model`.

    Parameters
    ----------
    source
        A ``torch.nn.Module``, a path, a function or other callable, or a `Model`; the bundled CNN when None.
    labels
        One a class, for functions that answer with one.
    any_shape
        Whether the pictures are made elsewhere, so that the shape the model takes need not be found.

    Raises
    ------
    ModelError
        When it is none of these, or no shape of picture is found that it takes.
    """
    if source is None or isinstance(source, (str, os.PathLike)):
        return load_model(source)
    nn = getattr(sys.modules.get("torch"), "nn", None)  # whoever has a module of torch's has imported torch
    if nn is not None and isinstance(source, nn.Module):
        from digit_widget.models.pytorch import from_module  # noqa: PLC0415 - torch takes seconds to import

        return from_module(source, any_shape=any_shape)
    if isinstance(source, type):
        message = f"{source.__name__} is a class; pass an instance of it: {source.__name__}()."
        raise ModelError(message)
    if isinstance(source, Model):
        return source
    if callable(source):
        from digit_widget.models.function import Function  # noqa: PLC0415

        return Function(source, labels, batch_first=any_shape)
    hint = ""
    if hasattr(source, "predict_proba"):
        hint = " Pass a function: lambda picture: model.predict_proba(np.reshape(picture, (1, -1)) / 255)[0]."
    message = (
        f"A {type(source).__name__} is no model. Give a torch.nn.Module, the path of a safetensors, ONNX or torch "
        f"file, or a function from a picture to probabilities or a label.{hint}"
    )
    raise ModelError(message)


def calibration(about: Mapping[str, str]) -> tuple[float, float]:
    """Return the temperature and the threshold that a file of weights names, or 1 and minus infinity.

    Raises
    ------
    ModelError
        When one is no number that can be used.
    """
    values = []
    for key, usual, above in (("temperature", 1.0, 0.0), ("threshold", -math.inf, -math.inf)):
        try:
            value = float(about.get(key, usual))
        except ValueError:
            value = math.nan
        if not above <= value < math.inf or (key == "temperature" and value == 0):
            message = f"The file's {key} is {about[key]!r}, which is no such number."
            raise ModelError(message)
        values.append(value)
    return values[0], values[1]


def as_array(output: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - somebody's model may return anything
    """Return a model's output as an array of numbers.

    Raises
    ------
    ModelError
        When it is not made of numbers.
    """
    import numpy as np  # noqa: PLC0415 - the widget must start without it

    output = getattr(output, "logits", output)  # as the outputs of transformers are named
    if hasattr(output, "detach"):
        output = output.detach()
        output = (output.float() if output.is_floating_point() else output).cpu().numpy()
    try:
        array = np.asarray(output)
    except Exception:  # noqa: BLE001 - whatever numpy makes of somebody's objects
        array = np.asarray(None)
    if array.dtype.kind not in "buif":
        message = (
            f"The model returned a {type(output).__name__} where numbers were expected: logits or probabilities, one a "
            "class."
        )
        raise ModelError(message)
    return array


@cache
def _bundled() -> Model:
    from digit_widget.models.numpy_cnn import load_safetensors  # noqa: PLC0415 - it imports numpy

    return load_safetensors(bundled())
