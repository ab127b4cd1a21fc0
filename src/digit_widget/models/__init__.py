"""The kinds of models, each in its own file; `load_model` and `adapt` choose the right one."""

from __future__ import annotations

import math
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from digit_widget.errors import DigitWidgetError, a
from digit_widget.locks import Lock
from digit_widget.models.files import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    Shape = tuple[int, int, int]

_PACKAGE = Path(__file__).parents[1]
_CHECKPOINTS = (".pt", ".pth", ".pkl", ".ckpt", ".bin", ".tar")
TORCH = "torch>=2.10"  # as in pyproject.toml
_loading = Lock()


class ModelError(DigitWidgetError):
    """A model cannot be used; the message says what was given, what was expected, and what to do."""


class ModelWarning(UserWarning):
    """A model can be used, but probably not as it was meant."""


@runtime_checkable
class Model(Protocol):
    """What classifies pictures."""

    @property
    def classes(self) -> int | None:
        """How many classes it has; None if only its output shows that."""

    @property
    def shape(self) -> Shape | None:
        """Channels, height and width of the pictures that it takes; None if they may be of any size."""

    @property
    def temperature(self) -> float:
        """What its logits are divided by before the softmax, so that the probabilities are calibrated."""

    @property
    def threshold(self) -> float:
        """A picture is of none of its classes if the log-sum-exp of its logits is below this."""

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return logits or probabilities, (n, classes), for pictures: (n, *shape), float32, in the form it expects."""


def bundled() -> Path:
    """Return the path of the bundled weights: in the wheel, or in ``models/`` of a checkout (an editable install)."""
    packaged = _PACKAGE / "weights"
    return (packaged if packaged.is_dir() else _PACKAGE.parents[1] / "models") / "digits.safetensors"


def load_model(path: str | os.PathLike[str] | None = None, *, into: object = None) -> Model:
    """Load a model from a file, without running any code that the file may contain.

    Parameters
    ----------
    path
        A ``.safetensors`` file (run by numpy) or a torch checkpoint (``.pt``, ``.pth``, …; needs torch) with weights of
        the article's CNN, or any ``.onnx`` file (needs onnxruntime). None is the bundled CNN, which is loaded once in a
        process.
    into
        A ``torch.nn.Module`` of one's own that gets the weights in a torch checkpoint or a safetensors file, all of
        them or none, and is then the model. It keeps its device, dtype and mode.

    Raises
    ------
    ModelError
        If it cannot be loaded. The message says why, and what to do.

    Examples
    --------
    >>> load_model().shape
    (1, 28, 28)
    """
    if path is None and into is not None:
        message = "into= needs the path of the weights: load_model('weights.pt', into=MyNet())."
        raise ModelError(message)
    if path is None:
        with _loading:  # a prediction waits while the model is loaded in the background, and does not load it again
            return _bundled()
    file = Path(path)
    if reason := refusal(file):
        raise ModelError(reason)
    match file.suffix.lower():
        case suffix if into is not None and suffix in (".safetensors", *_CHECKPOINTS):
            return _load_into(file, into)
        case ".safetensors":
            from digit_widget.models.numpy_cnn import load_safetensors  # noqa: PLC0415 - it imports numpy

            return load_safetensors(file)
        case ".onnx" if into is not None:
            message = f"{file.name} contains its own network, so into= is not needed: load_model({file.name!r})."
            raise ModelError(message)
        case ".onnx":
            from digit_widget.models.onnx import load_onnx  # noqa: PLC0415 - onnxruntime is an extra

            return load_onnx(file)
        case suffix if suffix in _CHECKPOINTS:
            try:
                from digit_widget.models.pytorch import load_checkpoint  # noqa: PLC0415 - torch takes seconds to import
            except ImportError as error:
                message = (
                    f"PyTorch is needed to read {file.name}, but it cannot be imported ({error}). Install it with: "
                    f"pip install '{TORCH}'"
                )
                raise ModelError(message) from error
            return load_checkpoint(file)
    known = ", ".join((".safetensors", ".onnx", *_CHECKPOINTS))
    message = (
        f"Expected a model file that ends in {known}, but got {file.name}. For another kind, load it yourself "
        "and pass a function that asks it: from a PIL picture to probabilities or a label."
    )
    raise ModelError(message)


def _load_into(file: Path, into: object) -> Model:
    try:
        from digit_widget.models.pytorch import load_module  # noqa: PLC0415 - torch takes seconds to import
    except ImportError as error:
        message = f"PyTorch is needed for into=, but it cannot be imported ({error}). Install it: pip install '{TORCH}'"
        raise ModelError(message) from error
    return load_module(file, into)


def adapt(
    source: object, labels: Sequence[str], *, size: tuple[int, int] | None = None, made: Shape | None = None
) -> Model:
    """Return whatever a user passes as a model as a `Model`.

    Parameters
    ----------
    source
        A ``torch.nn.Module``, a path, one of scikit-learn's estimators, a function or another callable, a `Model`, or
        None for the bundled CNN.
    labels
        One for each class, for functions that answer with one of them, and for estimators.
    size
        Height and width of the pictures that it takes, if they were said.
    made
        The shape of the pictures that a transform makes, so that the model's own need not be found out.

    Raises
    ------
    ModelError
        If it is something else, or takes pictures of a shape that was not found, or not of the size that was said.
    """
    if source is None or isinstance(source, (str, os.PathLike)):
        source = load_model(source)
    nn = getattr(sys.modules.get("torch"), "nn", None)  # whoever has a torch module has imported torch
    if nn is not None and isinstance(source, nn.Module):
        from digit_widget.models.pytorch import from_module  # noqa: PLC0415 - torch takes seconds to import

        return from_module(source, size=size, made=made)
    if isinstance(source, type):
        message = f"Expected a model but got the class {source.__name__}. Pass an instance: {source.__name__}()."
        raise ModelError(message)
    if isinstance(source, Model):
        return _fitted(source, size, made)
    if hasattr(source, "predict") and hasattr(source, "get_params"):  # as all of scikit-learn's have
        from digit_widget.models.estimator import Estimator  # noqa: PLC0415 - it imports numpy

        return _fitted(Estimator(source, labels), size, made)
    if callable(source):
        from digit_widget.models.function import Function  # noqa: PLC0415

        return Function(source, labels, size=size, batch_first=made is not None)
    message = (
        f"Expected a model but got {a(source)}. Pass a torch.nn.Module, the path of a safetensors, ONNX or torch file, "
        f"or a function from a picture to probabilities or a label.{_advice(source)}"
    )
    raise ModelError(message)


def _advice(source: object) -> str:
    """Return what to do with something that is no model, but near one; "" if nothing is known."""
    if isinstance(source, dict):
        values = list(source.values())
        if values and all(hasattr(value, "shape") for value in values):
            return " These are weights: load them into their network, net.load_state_dict(weights), and pass net."
        return " Several models go into compare(models)."
    if isinstance(source, (list, tuple)):
        return " Several models go into compare(models)."
    return ""


def _fitted(model: Model, size: tuple[int, int] | None, made: Shape | None) -> Model:
    """Return a model for pictures of a size that was said, or of the shape that a transform makes."""
    if (size or made) and "torch" in sys.modules:
        from digit_widget.models.pytorch import TorchModel, from_module  # noqa: PLC0415 - torch takes seconds to import

        if isinstance(model, TorchModel):
            return from_module(model.module, size=size, made=made, like=model)
    if size is None or model.shape is None or model.shape[1:] == size:
        return model
    if other := resized(model, size):
        return other
    takes, said = (f"{height} × {width}" for height, width in (model.shape[1:], size))
    message = f"The model takes pictures of {takes}, and none of {said}; leave input_size= out, or pass that size."
    raise ModelError(message)


def called(source: object) -> str:
    """Return what to call a model: after its class, its function or its file.

    Examples
    --------
    >>> called("models/net.onnx"), called(None)
    ('net', 'bundled')
    """
    if source is None:
        return "bundled"
    if isinstance(source, (str, os.PathLike)):
        return Path(source).stem
    if isinstance(source, Model):  # one of ours: called after what is behind it
        source = getattr(source, "module", getattr(source, "function", source))
    name = getattr(source, "__name__", type(source).__name__)
    return "function" if name == "<lambda>" else str(name)


def resized(model: Model, size: tuple[int, int]) -> Model | None:
    """Return a model for pictures of another height and width; None if it takes one size alone."""
    resize = getattr(model, "resized", None)
    other: Model | None = resize(size) if resize else None
    return other


def with_labels(model: Model, labels: Sequence[str]) -> Model:
    """Return a model for as many other labels: the same object, unless it answers with labels."""
    from digit_widget.models.function import Function  # noqa: PLC0415 - it imports numpy and Pillow

    return model.with_labels(labels) if isinstance(model, Function) else model


def calibration(about: Mapping[str, str]) -> tuple[float, float]:
    """Return the temperature and the threshold in a model file's metadata; by default 1 and minus infinity.

    Raises
    ------
    ModelError
        If one of them is not a number, or the temperature is not positive.

    Examples
    --------
    >>> calibration({"temperature": "1.5"})
    (1.5, -inf)
    """
    values = []
    for key, usual, above in (("temperature", 1.0, 0.0), ("threshold", -math.inf, -math.inf)):
        try:
            value = float(about.get(key, usual))
        except ValueError:
            value = math.nan
        if not above <= value < math.inf or (key == "temperature" and value == 0):
            kind = "a positive number" if key == "temperature" else "a number"
            message = f"Expected the file's {key} to be {kind}, but it is {about[key]!r}."
            raise ModelError(message)
        values.append(value)
    return values[0], values[1]


@cache
def _bundled() -> Model:
    from digit_widget.models.numpy_cnn import load_safetensors  # noqa: PLC0415 - it imports numpy

    return load_safetensors(bundled())
