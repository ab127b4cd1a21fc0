"""Files that are no model here, or not whole: told by their first bytes and their names, in a sentence that helps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeGuard

TAUGHT = "digit-widget teacher"
"""What stands at the beginning of a file that a teacher has saved."""
_SAVED_MODEL = (
    "a TensorFlow SavedModel",
    (
        'With serve = tf.saved_model.load({path!r}).signatures["serving_default"], pass the function lambda batch: '
        "serve(tf.constant(np.asarray(batch), tf.float32))."
    ),
)
_CORE_ML = ("a Core ML model", "It runs on Apple's machines alone: pass the model that it was converted from.")
_KINDS = {
    ".pt2": (
        "a program of torch.export, which may run code when it is read",
        "Pass torch.export.load({path!r}), if you trust the file.",
    ),
    ".tflite": (
        "a TFLite model",
        (
            "With ai_edge_litert's runner = Interpreter({path!r}).get_signature_runner() and (name,) = "
            "runner.get_input_details(), pass the function lambda batch: runner(**{{name: np.asarray(batch)}})."
        ),
    ),
    ".joblib": (
        "a pickle of joblib's, which may run code when it is read",
        "Pass joblib.load({path!r}), if you trust the file.",
    ),
    ".mlmodel": _CORE_ML,
    ".mlpackage": _CORE_ML,
    ".npz": ("arrays of numpy's", "Put them into their network, and pass that."),
    ".npy": ("an array of numpy's", "Put it into its network, and pass that."),
    ".gguf": ("a language model in GGUF", "It cannot classify pictures."),
    ".json": ("a description in JSON, as of a TensorFlow.js model", "Pass the model that it was converted from."),
}
"""What files with these suffixes are, and what to do with them."""


def is_url(source: object) -> TypeGuard[str]:
    """Return whether something is a text that begins as URLs do.

    Examples
    --------
    >>> is_url("http://localhost:8080/v2/models/digits"), is_url("models/net.onnx")
    (True, False)
    """
    return isinstance(source, str) and re.match(r"\s*[a-z][a-z0-9+.-]+://", source, re.IGNORECASE) is not None


def refusal(path: Path) -> str:
    """Return why a path leads to no model that can be loaded, and what to do; "" if it may be one.

    Parameters
    ----------
    path
        A file or a folder, or what a user took for one; at most its first 200 bytes are read.
    """
    name = path.name
    if not _exists(path):
        what = "" if path.suffix else " A model is passed as an object or as the path of its file."
        if "/v2/models/" in path.as_posix():
            what = " The address of a model that is served elsewhere begins with http:// or https://."
        return f"The model file {str(path)!r:.200} does not exist.{what}"
    if reason := _told_by_content(path):
        return reason
    folder = path.parent if name == "saved_model.pb" else path
    if (folder / "saved_model.pb").is_file():
        return _advised(folder, *_SAVED_MODEL)
    if (kind := _KINDS.get(path.suffix.lower())) and not is_taught(path):
        return _advised(path, *kind)
    return f"{str(path)!r} is a folder. Pass the path of the model's file in it." if path.is_dir() else ""


def is_taught(path: Path) -> bool:
    """Return whether a file begins as those that a teacher has saved."""
    try:
        with path.open("rb") as file:
            return TAUGHT.encode() in file.read(100)
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # it is too long for a path
        return False


def _advised(path: Path, what: str, advice: str) -> str:
    return f"{path.name} cannot be loaded from its path: it is {what}. {advice.format(path=str(path))}"


def _told_by_content(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        start = file.read(200)
    if not start:
        return f"{path.name} is empty. Was the download, or the save, cut off? Get the file again."
    if start.startswith(b"version https://git-lfs"):
        return f"{path.name} is only a pointer of Git LFS, not the model itself. Fetch the model with: git lfs pull"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return (
            f"{path.name} is a web page, not a model: the link led to a page about the file. Download the file itself "
            "(on GitHub: Download raw file)."
        )
    return ""
