"""What can stand behind a `Classifier`, one file a kind; `load` picks."""

from __future__ import annotations

import contextlib
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_PACKAGE = Path(__file__).parents[1]
_loading = threading.RLock()


class Model(Protocol):
    """A network that tells pictures of one size apart."""

    @property
    def classes(self) -> int:
        """How many classes it knows."""

    @property
    def temperature(self) -> float:
        """What to divide its logits by before the softmax, so that the probabilities are honest."""

    @property
    def threshold(self) -> float:
        """The log-sum-exp of its logits under which a picture is of none of its classes."""

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return logits, (n, classes), for pictures, (n, 1, 28, 28), 0 = paper, 1 = full ink."""


def bundled() -> Path:
    """Return where the bundled weights lie: in the wheel, or in the checkout's ``models/`` (an editable install)."""
    packaged = _PACKAGE / "weights"
    return (packaged if packaged.is_dir() else _PACKAGE.parents[1] / "models") / "digits.safetensors"


def load(path: Path | None = None) -> Model:
    """Return the model in a file of weights, the same instance each time in one process.

    Parameters
    ----------
    path
        A ``.safetensors`` file; the bundled weights when None.
    """
    with _loading:  # so that a prediction waits for a load in the background instead of starting a second
        return _load(path or bundled())


def load_in_background() -> None:
    """Start loading the bundled model, so that the first drawing does not wait for torch."""

    def quietly() -> None:
        with contextlib.suppress(Exception):  # the first prediction meets it again, where it can be told
            load()

    # No daemon: torch must not be halfway through its import when the interpreter is taken down.
    threading.Thread(target=quietly, name="digit-widget: load the model").start()


@cache
def _load(path: Path) -> Model:
    from digit_widget.models.pytorch import load_safetensors  # noqa: PLC0415 - torch takes seconds to import

    return load_safetensors(path)
