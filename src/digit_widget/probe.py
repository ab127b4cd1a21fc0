"""Get to know a model: ask it about ten digits, to learn how to read its answers and to find out what is wrong.

Problems then show when the model is passed in, and not when somebody draws.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from digit_widget import models
from digit_widget.contract import are_probabilities, check_labels, check_outputs
from digit_widget.normalise import normalise
from digit_widget.shared import SIZE, SLOW_SECONDS
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from digit_widget.deadline import Caller
    from digit_widget.normalise import Ink
    from digit_widget.preparation import Preparation

    Rows = npt.NDArray[np.float64]

T = TypeVar("T")

TIMEOUT = 60.0
"""Seconds that this may take: to load the model, to compile it, and to ask it."""
DIGIT_SIZE = 0.6
"""Height of the ten digits, relative to the pad."""
SEVERAL_SECONDS = 0.2
"""A model that takes longer than this for a picture is asked about one digit only, and not about ten."""
CLEARLY = 4
"""How many more of the ten digits a model must get right when they are inverted, to be warned about."""


@dataclass(frozen=True)
class KnownModel:
    """A model, and how to ask it."""

    model: models.Model
    preparation: Preparation
    """How its pictures are made."""
    caller: Caller | None = None
    """Limits the time that it takes; None for a model that is trusted."""
    returns_probabilities: bool = False
    """Whether its output is probabilities; otherwise it is logits."""

    def with_labels(self, labels: Sequence[str]) -> KnownModel:
        """Return the same model with as many other labels."""
        return replace(self, model=models.with_labels(self.model, labels))

    def within(self, seconds: float, ask: Callable[[], T]) -> T:
        """Call a function that asks the model, with a time limit if it is not trusted; see `Caller.within`."""
        return self.caller.within(seconds, ask) if self.caller else ask()

    def pictures(self, inks: Sequence[Ink], normalised: Sequence[Ink]) -> npt.NDArray[np.float32]:
        """Return the model's pictures of some drawings; see `Preparation.pictures`."""
        return self.preparation.pictures(inks, normalised, self.model.shape)


def probe(source: object, labels: Sequence[str], preparation: Preparation, caller: Caller) -> KnownModel:
    """Ask a model about ten digits.

    Parameters
    ----------
    source
        Whatever `digit_widget.models.adapt` takes.
    labels
        One for each class.
    preparation
        How its pictures are made.
    caller
        Limits the time that this takes.

    Raises
    ------
    ModelError
        If the model cannot be used.
    LabelsError
        If there is not one label for each class.

    Warns
    -----
    ModelWarning
        If the model is slow, or if it only recognises inverted digits.
    """
    try:
        known, warning = caller.within(TIMEOUT, lambda: _probe(source, labels, preparation, caller))
    except models.ModelError:
        raise
    except Exception as error:
        raise _failure(error, "The model could not be asked.") from error
    if warning:
        _warn(warning)
    return known


def _probe(source: object, labels: Sequence[str], preparation: Preparation, caller: Caller) -> tuple[KnownModel, str]:
    """Return the model, and a warning or ""."""
    model = models.adapt(source, labels, any_shape=preparation.transform is not None)
    if model.classes is not None:
        check_labels(labels, model.classes)
    known = KnownModel(model, preparation, caller)

    def pictures_of(inks: Sequence[Ink]) -> npt.NDArray[np.float32]:
        return known.pictures(inks, [normalise(ink) for ink in inks])

    digits = ten_digits()
    pictures = pictures_of(digits[:1])
    rows = check_outputs(_first_output(model, pictures), 1, labels)
    started = time.perf_counter()
    model(pictures)  # the first call may also have loaded or compiled something
    seconds = time.perf_counter() - started
    if seconds > SEVERAL_SECONDS:
        return replace(known, returns_probabilities=are_probabilities(rows)), _slowness_warning(seconds)
    pictures = pictures_of(digits)
    rows = check_outputs(model(pictures), len(digits), labels)
    known = replace(known, returns_probabilities=are_probabilities(rows))
    if len(labels) != len(digits):
        return known, ""
    inverted = pictures_of([255 - ink for ink in digits]) if preparation.transform else 1 - pictures
    return known, _polarity_warning(rows, check_outputs(model(inverted), len(digits), labels))


@cache
def ten_digits() -> tuple[Ink, ...]:
    """Return a drawing of each digit, 0 to 9, in the middle of the pad: each (280, 280), uint8, 255 = full ink."""
    shapes = json.loads(files(__package__).joinpath("digits.json").read_text(encoding="utf-8"))
    corner, scale = SIZE * (1 - DIGIT_SIZE) / 2, SIZE * DIGIT_SIZE
    return tuple(
        rasterise(checked([[[corner + scale * x, corner + scale * y] for x, y in stroke] for stroke in shapes[str(n)]]))
        for n in range(10)
    )


def _first_output(model: models.Model, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.generic]:
    try:
        return model(pictures)
    except models.ModelError:
        raise
    except Exception as error:
        what = f"The model could not answer a picture of shape {pictures.shape} (0 = paper, 1 = full ink)."
        raise _failure(error, what) from error


def _failure(error: Exception, what: str) -> models.ModelError:
    """Return a `ModelError` that says what somebody's code raised."""
    return models.ModelError(f"{what} {type(error).__name__}: {' '.join(str(error).split())[:300]}")


def _warn(message: str) -> None:
    """Warn at the line of the user's that led here, however many of our modules lie between."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - warnings can skip files by itself only from Python 3.12 on
    while frame.f_back and frame.f_code.co_filename.startswith(str(Path(__file__).parent)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, models.ModelWarning, stacklevel=level)


def _slowness_warning(seconds: float) -> str:
    if seconds <= SLOW_SECONDS:
        return ""
    return (
        f"This model takes {seconds:.1f} s for a picture. With predict_on='button' it is asked only when Predict is "
        "pressed."
    )


def _polarity_warning(rows: Rows, inverted: Rows) -> str:
    """Return a warning if a model is clearly better at inverted digits, or "".

    Parameters
    ----------
    rows, inverted
        Outputs for the ten digits in white on black, as MNIST has them, and in black on white; (10, 10).
    """
    right, right_inverted = (int((output.argmax(axis=1) == np.arange(10)).sum()) for output in (rows, inverted))
    if right_inverted < right + CLEARLY:
        return ""
    return (
        f"This model recognises {right_inverted} of ten digits in black on white, but only {right} in white on black, "
        "as in MNIST and as it is given them here. It seems to have been trained on dark ink on light paper. To invert "
        "the pictures, pass model=lambda pictures: network(1 - pictures), or begin the transform with ImageOps.invert."
    )
