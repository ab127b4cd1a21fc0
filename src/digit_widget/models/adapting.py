"""Whatever a user passes as a model, made one: by its kind."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from digit_widget.errors import a
from digit_widget.models import Model, ModelError, load_model
from digit_widget.models.files import is_taught, is_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digit_widget.models import Shape

_REMOTE = "digit_widget.models.remote.Remote"


def adapt(
    source: object, labels: Sequence[str], *, size: tuple[int, int] | None = None, made: Shape | None = None
) -> Model:
    """Return whatever a user passes as a model as a `Model`.

    Parameters
    ----------
    source
        A ``torch.nn.Module`` or a program of ``torch.export``, a model of Keras, a session of onnxruntime's, a path,
        the URL of a model that is served elsewhere, a `Remote`, one of scikit-learn's estimators, a function or
        another callable, a `Model`, or None for the bundled CNN.
    labels
        One for each class, for functions that answer with one of them, and for estimators.
    size
        Height and width of the pictures that it takes, if they were said.
    made
        The shape of the pictures that a transform makes, so that the model's own need not be found out.

    Raises
    ------
    UnavailableError
        If it is served elsewhere, and not there now.
    ModelError
        If it is something else, or takes pictures of a shape that was not found, or not of the size that was said.
    """
    source = _loaded(source)
    if is_instance(source, "keras.Model", "tf_keras.Model"):  # with torch behind it, it is a module, too
        from digit_widget.models.keras import from_keras  # noqa: PLC0415 - it imports numpy

        return _fitted(from_keras(source), size, made)
    if is_instance(source, "torch.export.ExportedProgram"):
        source = source.module()  # type: ignore[attr-defined]
    if is_instance(source, "torch.nn.Module"):
        from digit_widget.models.pytorch import from_module  # noqa: PLC0415 - torch takes seconds to import

        return from_module(source, size=size, made=made)  # type: ignore[arg-type]
    if is_instance(source, "onnxruntime.InferenceSession"):
        from digit_widget.models.onnx import from_session  # noqa: PLC0415 - onnxruntime is an extra

        return _fitted(from_session(source), size, made)
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
        f"Expected a model but got {a(source)}. Pass a torch.nn.Module, the path of a safetensors, ONNX, Keras or "
        f"torch file, or a function from a picture to probabilities or a label.{_advice(source)}"
    )
    raise ModelError(message)


def _loaded(source: object) -> object:
    """Return what a path or a URL stands for, and whatever else as it is."""
    if is_instance(source, _REMOTE):
        return source.met()  # type: ignore[attr-defined]
    return load_model(source) if source is None or isinstance(source, (str, os.PathLike)) else source


def is_instance(value: object, *kinds: str) -> bool:
    """Return whether something is of one of these kinds; nothing is imported, since whoever has one has imported it.

    Parameters
    ----------
    kinds
        Where each class is to be found: ``"package.module.Class"``.

    Examples
    --------
    >>> is_instance(Path("a"), "pathlib.Path", "no_such_package.Class")
    True
    """
    for kind in kinds:
        module, _, name = kind.rpartition(".")
        found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and isinstance(value, found):
            return True
    return False


def brings_labels(source: object) -> bool:
    """Return whether a model has labels of its own: a teacher, or the path of what one has saved."""
    if isinstance(source, (str, os.PathLike)):
        return not is_url(source) and is_taught(Path(source))
    return is_instance(source, "digit_widget.models.teacher.Teacher")


def usual_timeout(source: object, otherwise: float) -> float:
    """Return how many seconds a model may take for a picture if nothing was said: what a `Remote` says itself."""
    return float(source.timeout) if is_instance(source, _REMOTE) else otherwise  # type: ignore[attr-defined]


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
    if is_url(source):  # it may hold a password
        from digit_widget.models.address import address  # noqa: PLC0415 - few models are served elsewhere

        return address(source).name
    if is_instance(source, _REMOTE):
        return str(source.name)  # type: ignore[attr-defined]
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
