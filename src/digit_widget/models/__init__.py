"""The kinds of models, each in its own file; `load_model` chooses the one for a file, `adapting.py` for an object."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from digit_widget.errors import DigitWidgetError
from digit_widget.locks import Lock
from digit_widget.models.files import is_url, refusal

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import ModuleType

    import numpy as np
    import numpy.typing as npt

    Shape = tuple[int, int, int]

_PACKAGE = Path(__file__).parents[1]
_CHECKPOINTS = (".pt", ".pth", ".pkl", ".ckpt", ".bin", ".tar")
_KERAS_FILES = (".keras", ".h5", ".hdf5")
TORCH = "torch>=2.10"  # as in pyproject.toml
KERAS = "keras>=3.15"
_loading = Lock()


class ModelError(DigitWidgetError):
    """A model cannot be used; the message says what was given, what was expected, and what to do."""


class UnavailableError(ModelError):
    """A model that is served elsewhere is not there now; it may be there when it is asked again."""


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
        the article's CNN, any ``.onnx`` file (needs onnxruntime), a ``.keras`` or ``.h5`` file (needs Keras, whose
        safe mode reads it), or what a `Teacher` has saved; or the URL of a model that is served elsewhere, which is
        asked what it takes (see `Remote`). None is the bundled CNN, which is loaded once in a process.
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
    if is_url(path):
        if into is not None:
            message = "A model that is served elsewhere has its own network, so into= is not needed."
            raise ModelError(message)
        from digit_widget.models.remote import Remote  # noqa: PLC0415 - it imports numpy

        return Remote(path).met()
    file = Path(path)
    if reason := refusal(file):
        raise ModelError(reason)
    return _load(file, into)


def _load(file: Path, into: object) -> Model:
    match file.suffix.lower():
        case ".json":
            from digit_widget.models.teacher import Teacher  # noqa: PLC0415 - it imports numpy

            return Teacher.load(file)
        case suffix if into is not None and suffix in (".safetensors", *_CHECKPOINTS):
            return _pytorch("for into=").load_module(file, into)  # type: ignore[no-any-return]
        case ".safetensors":
            from digit_widget.models.numpy_cnn import load_safetensors  # noqa: PLC0415 - it imports numpy

            return load_safetensors(file)
        case suffix if into is not None and suffix in (".onnx", *_KERAS_FILES):
            message = f"{file.name} contains its own network, so into= is not needed: load_model({file.name!r})."
            raise ModelError(message)
        case ".onnx":
            from digit_widget.models.onnx import load_onnx  # noqa: PLC0415 - onnxruntime is an extra

            return load_onnx(file)
        case suffix if suffix in _KERAS_FILES:
            from digit_widget.models.keras import load_keras  # noqa: PLC0415 - Keras is an extra

            return load_keras(file)
        case suffix if suffix in _CHECKPOINTS:
            return _pytorch(f"to read {file.name}").load_checkpoint(file)  # type: ignore[no-any-return]
    known = ", ".join((".safetensors", ".onnx", *_CHECKPOINTS, *_KERAS_FILES))
    message = (
        f"Expected a model file that ends in {known}, but got {file.name}. For another kind, load it yourself "
        "and pass a function that asks it: from a PIL picture to probabilities or a label."
    )
    raise ModelError(message)


def _pytorch(purpose: str) -> ModuleType:
    """Import what needs torch, which takes seconds."""
    try:
        from digit_widget.models import pytorch  # noqa: PLC0415
    except ImportError as error:
        message = (
            f"PyTorch is needed {purpose}, but it cannot be imported ({error}). Install it with: pip install '{TORCH}'"
        )
        raise ModelError(message) from error
    return pytorch


def calibration(about: Mapping[str, Any]) -> tuple[float, float]:
    """Return the temperature and the threshold in a model's metadata; by default 1 and minus infinity.

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
        except (TypeError, ValueError):
            value = math.nan
        if not above <= value < math.inf or (key == "temperature" and value == 0):
            kind = "a positive number" if key == "temperature" else "a number"
            message = f"Expected the model's {key} to be {kind}, but it is {about[key]!r:.80}."
            raise ModelError(message)
        values.append(value)
    return values[0], values[1]


@cache
def _bundled() -> Model:
    from digit_widget.models.numpy_cnn import load_safetensors  # noqa: PLC0415 - it imports numpy

    return load_safetensors(bundled())
