"""What the Python tests share: MNIST where it is at hand, and a clean end."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digit_widget import DigitWidget

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything imports Keras, whose own choice is TensorFlow

MNIST_ROOTS = [Path(__file__).parents[1] / "data", Path(__file__).parents[2] / "shared" / "data"]


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """Return the folder of the MNIST files, which are not part of the repository."""
    for root in MNIST_ROOTS:
        if (root / "MNIST" / "raw" / "t10k-images-idx3-ubyte").is_file():
            return root
    pytest.skip("MNIST is not at hand: have torchvision.datasets.MNIST download it to data/")


@pytest.fixture(scope="session")
def pen_root() -> Path:
    """Return the folder of the pen strokes, which are not part of the repository."""
    for root in MNIST_ROOTS:
        if (root / "pen-strokes" / "pen-not-digits-train.ndjson.gz").is_file():
            return root / "pen-strokes"
    pytest.skip("the pen strokes are not at hand")


@pytest.fixture
def pad() -> Iterator[DigitWidget]:
    """Yield a pad with the bundled model, and close it afterwards."""
    from digit_widget import DigitWidget

    pad = DigitWidget()
    yield pad
    pad.close()


@pytest.fixture
def host(pad: DigitWidget) -> Host:
    """Return a front end of the pad."""
    return Host(pad)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Wait for the model that a first widget loads in the background: one test's torch is not the next one's noise."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("digit-widget: load"):
            thread.join()
