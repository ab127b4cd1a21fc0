"""The Python of README and of the docs runs as it is written, with the files and models that it names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drawings import digit_ink
from PIL import Image
from test_page_feedback import line

from digit_widget import DigitWidget, models, predict
from digit_widget.known import drawings
from digit_widget.models.cnn import CNN
from digit_widget.normalise import normalise

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PAGES = {file.name: file for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
BLOCKS = {name: BLOCK.findall(file.read_text(encoding="utf-8")) for name, file in PAGES.items()}


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a reader has: pictures and models in the working folder, and models by name."""
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    sklearn = pytest.importorskip("sklearn.neighbors", reason="scikit-learn is not installed")
    monkeypatch.chdir(tmp_path)
    for name, digit in {"seven": 7, "a": 1, "b": 2}.items():
        Image.fromarray(255 - digit_ink(digit)).save(f"{name}.png")
    shutil.copy(models.bundled().with_suffix(".onnx"), "model.onnx")
    shutil.copy(models.bundled(), "weights.safetensors")
    torch.save(CNN.pretrained().state_dict(), "weights.pt")
    keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]).save("model.keras")
    for name in ("digits", "mine"):
        Path(f"{name}-feedback.jsonl").write_text(line(name))
    rows = np.stack([normalise(ink).reshape(-1) for ink in drawings()])
    return {
        "my_network": CNN.pretrained(),
        "other": CNN.pretrained(),
        "my_estimator": sklearn.KNeighborsClassifier(1).fit(rows, np.arange(50) % 10),
        "my_function": lambda picture: int(picture.getbbox() is not None),
        "classify": lambda picture: "🐶",  # noqa: ARG005
    }


def say_right(pad: DigitWidget) -> None:
    """Do what *Right* does, where a pad has it."""
    of = {"answered": pad._answered, "drawn": pad._drawing["drawn"], "result": pad.result}
    pad.set_state({"_correction": {"number": 1, "does": "say", "consents": True, "target": pad.prediction} | of})


@pytest.mark.filterwarnings("ignore::digit_widget.models.ModelWarning", "ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("page", [name for name, blocks in BLOCKS.items() if blocks])
def test_the_snippets_run_as_they_are_written(page: str, names: dict[str, Any]) -> None:
    """One after the other, a page in one session; a seven is drawn on each new pad."""
    for block in BLOCKS[page]:
        exec(block, names)  # noqa: S102 - these pages are ours
        if "pad = " in block:
            names["pad"].image = "seven.png"
            assert names["pad"].result == "7️⃣"
            say_right(names["pad"])


def test_there_are_snippets() -> None:
    """README and most pages have some; what predict is said to print is what it prints."""
    assert sum(map(bool, BLOCKS.values())) > 6
    assert any("Answer('7️⃣', prediction=7" in block for block in BLOCKS["README.md"])
    answer = predict(255 - digit_ink(7))
    assert str(answer).startswith("Answer('7️⃣', prediction=7")
