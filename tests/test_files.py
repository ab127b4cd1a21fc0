"""Files that are no model, or not whole, are named in a sentence that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from digit_widget import DigitWidget, ModelError, load_model

if TYPE_CHECKING:
    from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>net.pt at main</title>"


@pytest.mark.parametrize("suffix", [".pt", ".onnx", ".safetensors", ".keras", ".xyz"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(POINTER, "git lfs pull"), (PAGE, "is a web page"), (b"", "is empty")],
    ids=["pointer", "page", "empty"],
)
def test_what_was_not_downloaded_is_told(tmp_path: Path, suffix: str, content: bytes, said: str) -> None:
    """Whatever the file is called, what is in it counts."""
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"net{suffix} .*{said}"):
        load_model(path)
    with pytest.raises(ModelError, match=said):
        DigitWidget(str(path))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("net.pt2", r"torch\.export\.load\('.*net\.pt2'\), if you trust"),
        ("net.tflite", "a TFLite model.*get_signature_runner.*pass the function lambda batch"),
        ("net.joblib", r"joblib\.load\('.*net\.joblib'\), if you trust"),
        ("net.mlmodel", "Core ML"),
        ("net.npz", "arrays of numpy's"),
        ("net.gguf", "a language model"),
        ("model.json", r"TensorFlow\.js"),
    ],
)
def test_what_is_another_kind_is_told(tmp_path: Path, name: str, said: str) -> None:
    """What it is, and what works."""
    (tmp_path / name).write_bytes(b"PK\x03\x04 anything")
    with pytest.raises(ModelError, match=said):
        load_model(tmp_path / name)


def test_folders_are_told(tmp_path: Path) -> None:
    """A SavedModel is a folder; another folder is none."""
    with pytest.raises(ModelError, match="is a folder"):
        load_model(tmp_path)
    with pytest.raises(ModelError, match=r"^'\.' is a folder"):
        load_model("")
    with pytest.raises(ModelError, match="does not exist"):
        load_model("a" * 5000 + ".pt")
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"a TensorFlow SavedModel.*serving_default"):
        load_model(tmp_path)
