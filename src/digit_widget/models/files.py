"""Files that are no model here, or not whole: told by their first bytes and their names, in a sentence that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOAD = "Load it with {library}, and pass a function that asks it for the class of a PIL picture, or of a batch."
_KERAS = (
    "Load it with model = keras.saving.load_model(path), and pass "
    "lambda batch: model.predict(np.asarray(batch), verbose=0)."
)
_KINDS = {
    ".keras": ("a Keras model", _KERAS),
    ".h5": ("a Keras model, or other data in HDF5", _KERAS),
    ".hdf5": ("a Keras model, or other data in HDF5", _KERAS),
    ".pt2": ("a program of torch.export", "Pass torch.export.load(path).module(), if you trust the file."),
    ".tflite": ("a TFLite model", _LOAD.format(library="ai-edge-litert")),
    ".joblib": ("a pickle of joblib's, which runs code when it is read", "Pass joblib.load(path), if you trust it."),
    ".mlmodel": ("a Core ML model", _LOAD.format(library="coremltools")),
    ".mlpackage": ("a Core ML model", _LOAD.format(library="coremltools")),
    ".npz": ("arrays of numpy's", "Put them into their network, and pass that."),
    ".npy": ("an array of numpy's", "Put it into its network, and pass that."),
    ".pb": ("a TensorFlow graph", _LOAD.format(library="TensorFlow")),
    ".gguf": ("a language model in GGUF", "It cannot classify pictures."),
    ".json": ("a description in JSON, as of a TensorFlow.js model", "Pass the model that it was converted from."),
}


def refusal(path: Path) -> str:
    """Return why a path leads to no model that can be loaded, and what to do; "" if it may be one.

    Parameters
    ----------
    path
        A file or a folder, or what a user took for one; at most its first 200 bytes are read.
    """
    name = path.name
    if not path.exists():
        what = "" if path.suffix else " A model is passed as an object or as the path of its file."
        return f"The model file {str(path)!r:.200} does not exist.{what}"
    if (kind := _KINDS.get(path.suffix.lower())) and not _told_by_content(path):
        what, advice = kind
        return f"{name} is {what}, which is not loaded from its path. {advice}"
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return f"{name} is a TensorFlow SavedModel, which is not loaded from its path. " + _LOAD.format(
                library="TensorFlow"
            )
        return f"{name} is a folder. Pass the path of the model's file in it."
    return _told_by_content(path)


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
