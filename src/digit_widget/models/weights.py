"""Which weights a model has, as one short text."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from digit_widget.models import bundled
from digit_widget.models.adapting import is_instance


def digest(source: object) -> str:
    """Return the SHA-256 of a model's weights, in hexadecimal.

    Parameters
    ----------
    source
        The model as a user has given it: None, a path, a teacher, a torch module, a model of Keras, a session of
        onnxruntime's.

    Returns
    -------
    str
        Of a model that was read from a file, the file's as it is now. ``""`` for one whose weights cannot be read, such
        as a function.
    """
    if found := file_digest(source):
        return found
    try:
        if is_instance(source, "digit_widget.models.teacher.Teacher"):
            return str(source.digest)  # type: ignore[attr-defined]
        if is_instance(source, "torch.nn.Module"):
            return _of_arrays((name, _as_bytes(tensor)) for name, tensor in source.state_dict().items())  # type: ignore[attr-defined]
        if is_instance(source, "keras.Model", "tf_keras.Model"):
            return _of_arrays((str(n), w) for n, w in enumerate(source.get_weights()))  # type: ignore[attr-defined]
    except (AttributeError, TypeError, RuntimeError, ValueError):  # a tensor without data
        return ""
    return ""


def file_digest(source: object) -> str:
    """Return the SHA-256 of the file that a model was read from; ``""`` for one of no file, or of one that is gone."""
    if source is None:
        source = bundled()
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "_model_path", None)  # onnxruntime's
    try:
        with Path(path or "").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, TypeError, ValueError):
        return ""


def _as_bytes(tensor: Any) -> Any:  # noqa: ANN401 - a tensor, or what else a module keeps in its state
    if not hasattr(tensor, "detach"):
        return repr(tensor).encode()
    return tensor.detach().cpu().contiguous().double().numpy()


def _of_arrays(arrays: Any) -> str:  # noqa: ANN401 - pairs of a name and whatever has a buffer
    found = hashlib.sha256()
    for name, array in arrays:
        found.update(name.encode())
        found.update(memoryview(array).cast("B"))
    return found.hexdigest()
