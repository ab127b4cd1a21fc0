"""The recipe, on little: every part runs, is repeatable, and writes what the widget loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from drawings import digit_ink

from digit_widget.models.pytorch import load_safetensors
from digit_widget.normalise import normalise

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "models"))

import train  # noqa: E402


@pytest.fixture(scope="module")
def tiny() -> train.Digits:
    """Return the ten digit shapes, as MNIST would hold them, ten times over."""
    images = torch.from_numpy(np.stack([normalise(digit_ink(digit)) for digit in range(10)] * 10))
    return train.Digits(images, torch.arange(10).repeat(10), train.Augment())


def test_augmented_digits_are_normalised(tiny: train.Digits) -> None:
    """Whatever is done to a digit, it reaches the network as a picture of the widget's own normaliser."""
    torch.manual_seed(0)
    for index in range(30):
        picture, label = tiny[index]
        assert label == index % 10
        seen = (picture[0] * 255).round().to(torch.uint8).numpy()
        assert seen.any()
        assert np.abs(normalise(seen).astype(int) - seen).mean() < 1


def test_training_learns_and_is_repeatable(tiny: train.Digits) -> None:
    """A few epochs on the ten shapes tell them apart; the same seed gives the same weights."""
    recipe = train.Recipe(epochs=12, batch=20, average=0.9)
    first, second = train.train(tiny, recipe), train.train(tiny, recipe)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    logits, labels = train.logits_of(first, train.Digits(tiny.images, tiny.labels))
    assert (logits.argmax(dim=1) == labels).float().mean() > 0.8


def test_temperature_undoes_overconfidence() -> None:
    """Logits made three times too large are divided by about three."""
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(4000, 10, generator=generator) * 2
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=generator)[:, 0]
    assert train.fit_temperature(3 * honest, labels) == pytest.approx(3, rel=0.1)
    assert train.calibration_error(honest.softmax(dim=1), labels) < 0.03
    assert train.calibration_error((3 * honest).softmax(dim=1), labels) > 0.1


def test_wilson_interval() -> None:
    """The interval is that of the textbook: 95 of 100 is 0.888 to 0.978."""
    assert train.wilson(95, 100) == pytest.approx((0.888, 0.978), abs=0.001)


def test_both_files_are_written(tmp_path: Path) -> None:
    """The weights come back as they were, and say their temperature in both formats."""
    network = train.CNN().eval()
    train.write_weights(network, 1.25, tmp_path)
    loaded = load_safetensors(tmp_path / "digits.safetensors")
    assert loaded.temperature == 1.25
    picture = np.zeros((1, 1, 28, 28), np.float32)
    assert np.allclose(loaded(picture), network(torch.from_numpy(picture)).detach())
    properties = {entry.key: entry.value for entry in onnx.load(tmp_path / "digits.onnx").metadata_props}
    assert properties["temperature"] == "1.2500"


def test_the_command_line_says_what_it_takes() -> None:
    """`train.py --help` runs and names its options."""
    command = [sys.executable, ROOT / "models" / "train.py", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert "--data" in shown.stdout
