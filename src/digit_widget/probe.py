"""Get to know a model by drawings whose answers are known: how to ask it, and how to read its answers.

Problems then show when the model is passed in, and not when somebody draws.
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from digit_widget import models
from digit_widget.contract import are_probabilities, check_outputs
from digit_widget.errors import short
from digit_widget.forms import USUAL, Form, forms
from digit_widget.inputs import Inputs, Search, Trial
from digit_widget.known import DIGITS, drawings
from digit_widget.labels import are_digits, check_labels
from digit_widget.models import adapting
from digit_widget.normalise import SIDE, normalise
from digit_widget.shared import SLOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from digit_widget.deadline import Caller
    from digit_widget.normalise import Ink
    from digit_widget.preparation import Preparation

    Pictures = npt.NDArray[np.float32]
    Rows = npt.NDArray[np.float64]

T = TypeVar("T")

OTHER_SIDES = (64, 28, 32, 112, 224)
"""Sides, in pixels, that a network is tried with if it takes pictures of any size. 64 tells whether it does."""

TIMEOUT = 60.0
"""Seconds that this may take: to load the model, to compile it, and to ask it."""
SEVERAL_SECONDS = 0.2
"""A model that takes longer than this for a picture is asked about one drawing only."""


@dataclass(frozen=True)
class Absent:
    """What stands for a model that is served elsewhere, while it is not there."""

    failure: models.UnavailableError
    classes: None = None
    shape: None = None
    temperature: float = 1.0
    threshold: float = -math.inf

    def __call__(self, pictures: Pictures) -> npt.NDArray[np.generic]:
        """Raise what was raised when it was asked."""
        del pictures
        raise self.failure


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
    inputs: Inputs = field(default_factory=lambda: Inputs(Form()))
    """In which form it expects its pictures."""

    def with_labels(self, labels: Sequence[str]) -> KnownModel:
        """Return the same model with as many other labels."""
        return replace(self, model=adapting.with_labels(self.model, labels))

    def within(self, seconds: float, ask: Callable[[], T]) -> T:
        """Call a function that asks the model, with a time limit if it is not trusted; see `Caller.within`."""
        return self.caller.within(seconds, ask) if self.caller else ask()

    def pictures(self, inks: Sequence[Ink], normalised: Sequence[Ink]) -> Pictures:
        """Return the model's pictures of some drawings; see `Preparation.pictures`."""
        return self.preparation.pictures(inks, normalised, self.model.shape, self.inputs.form)

    def outputs(self, pictures: Pictures) -> npt.NDArray[np.generic]:
        """Ask the model about pictures that `pictures` returned, in the form that it expects."""
        return self.model(pictures if self.preparation.transform else self.inputs.form.encode(pictures))


def probe(source: object, labels: Sequence[str], preparation: Preparation, caller: Caller) -> KnownModel:
    """Ask a model about drawings whose answers are known.

    Parameters
    ----------
    source
        Whatever `digit_widget.models.adapting.adapt` takes.
    labels
        One for each class.
    preparation
        What was said about its pictures. The rest is found out, if it is a model of ten digits.
    caller
        Limits the time that this takes.

    Returns
    -------
    KnownModel
        Its model is `Absent` if it is served elsewhere, and not there now.

    Raises
    ------
    ModelError
        If the model cannot be used.
    LabelsError
        If there is not one label for each class.

    Warns
    -----
    ModelWarning
        If the model is slow, expects its pictures in an unusual form, or does not seem to know digits.
    """
    try:
        known = caller.within(TIMEOUT, lambda: _Meeting(source, labels, preparation, caller).known())
    except models.UnavailableError as failure:
        return KnownModel(Absent(failure), preparation, caller)
    except models.ModelError:
        raise
    except Exception as error:
        raise _failure(error, "The model could not be asked.") from error
    for warning in _warnings(known.inputs, adapting.called(source)):
        _warn(warning)
    return known


class _Meeting:
    """What happens when a model is met."""

    def __init__(self, source: object, labels: Sequence[str], preparation: Preparation, caller: Caller) -> None:
        self._labels = labels
        made = None
        if preparation.transform:
            made = preparation.pictures(drawings()[:1], [], None, Form()).shape[1:]
        model = adapting.adapt(source, labels, size=preparation.size, made=made)
        if model.classes is not None:
            check_labels(labels, model.classes)
        self._known = KnownModel(model, preparation, caller, inputs=Inputs(preparation.usual))

    def known(self) -> KnownModel:
        """Ask the model, and return how to ask it."""
        known = self._known
        pictures = known.pictures(drawings()[:1], _normalised(1))
        rows = check_outputs(_first_output(known, pictures), 1, self._labels)
        started = time.perf_counter()
        known.outputs(pictures)  # the first call may also have loaded or compiled something
        seconds = time.perf_counter() - started
        forms = self._forms()
        if seconds > SEVERAL_SECONDS:
            return self._in(Inputs(forms[0], seconds=seconds), rows)
        if not are_digits(self._labels):
            rows = self._ask(known.model, forms[0], DIGITS)
            return self._in(Inputs(forms[0], seconds=seconds, is_doubtful=self._is_doubtful()), rows)
        return self._searched(forms, seconds)

    def _searched(self, forms: Sequence[Form], seconds: float) -> KnownModel:
        """Find out which of the forms the model expects."""
        search = Search(self._ask, self._known.model, self._other_sizes, seconds)
        started = time.perf_counter()
        usual = search.usual(forms[0])
        seconds = (time.perf_counter() - started) / len(usual.rows)
        best = search.best(usual, forms)
        is_resized = best.model is not usual.model

        def found(trial: Trial) -> Inputs:
            side = (trial.model.shape or (1, SIDE, SIDE))[1] if is_resized else None
            return Inputs(trial.form, side, trial.right, len(trial.rows), tried=len(forms), seconds=seconds)

        inputs = replace(found(best), usual=found(usual) if best is not usual else None)
        self._known = replace(self._known, model=best.model)
        is_doubtful = not inputs.is_known and self._is_doubtful()
        return self._in(replace(inputs, is_doubtful=is_doubtful), best.rows)

    def _is_doubtful(self) -> bool:
        """Return whether a network takes pictures of any size; what a function takes cannot be seen."""
        return self._known.model.shape is not None and bool(self._other_sizes())

    def _in(self, inputs: Inputs, rows: Rows) -> KnownModel:
        """Return how to ask the model in a form, in which it returned some rows."""
        inputs = replace(inputs, is_silent=not rows.any())
        return replace(self._known, returns_probabilities=are_probabilities(rows), inputs=inputs)

    def _ask(self, model: models.Model, form: Form, count: int) -> Rows:
        """Return the output of a model for some of the known drawings, in one form."""
        known = replace(self._known, model=model, inputs=Inputs(form))
        pictures = known.pictures(drawings()[:count], _normalised(count))
        return check_outputs(known.outputs(pictures), count, self._labels)

    def _forms(self) -> list[Form]:
        """Return the forms that the model may expect, the usual one first."""
        said, model = self._known.preparation, self._known.model
        takes_bytes = getattr(model, "takes_bytes", False)
        if takes_bytes and said.values not in (None, USUAL):
            message = (
                "inputs= is for models that take numbers; this one takes pictures with values from 0 to 255. Leave "
                "inputs= out; ink= and transposed= work."
            )
            raise models.ModelError(message)
        values = USUAL if said.transform or takes_bytes else said.values
        channels, side, _ = model.shape or (1, SIDE, SIDE)
        return forms(values=values, ink=said.ink, transposed=said.transposed, channels=channels, side=side)

    def _other_sizes(self) -> list[models.Model]:
        """Return the model for pictures of other sizes, if it takes any, and none was said."""
        said, model = self._known.preparation, self._known.model
        if said.transform or said.size:
            return []
        own = model.shape[1] if model.shape else SIDE
        sizes = (adapting.resized(model, (side, side)) for side in OTHER_SIDES if side != own)
        return list(takewhile(lambda resized: resized is not None, sizes))  # type: ignore[arg-type]


@cache
def _normalised(count: int) -> list[Ink]:
    return [normalise(ink) for ink in drawings()[:count]]


def _first_output(known: KnownModel, pictures: Pictures) -> npt.NDArray[np.generic]:
    try:
        return known.outputs(pictures)
    except models.ModelError:
        raise
    except Exception as error:
        what = f"The model could not answer a picture of shape {pictures.shape}."
        raise _failure(error, what) from error


def _failure(error: Exception, what: str) -> models.ModelError:
    """Return a `ModelError` that says what somebody's code raised."""
    return models.ModelError(f"{what} {type(error).__name__}: {short(error, 300)}")


def _warn(message: str) -> None:
    """Warn at the line of the user's that led here, however many of our modules lie between."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - warnings can skip files by itself only from Python 3.12 on
    while frame.f_back and frame.f_code.co_filename.startswith(str(Path(__file__).parent)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, models.ModelWarning, stacklevel=level)


def _warnings(inputs: Inputs, name: str) -> Iterator[str]:
    """Yield what the user should know about a model that was met."""
    if inputs.seconds > SLOW_SECONDS:
        yield (
            f"{name} takes {inputs.seconds:.1f} s for a picture. With predict_on='button' it is asked when Predict "
            "is pressed."
        )
    if inputs.is_silent:
        yield f"{name} returned None for each drawing, or zeros, which means none of the classes. Is a return missing?"
    elif not inputs.is_known:
        yield f"{name} is {inputs}"
    elif inputs.usual:
        yield f"{name} {inputs}. It is given that from now on; to say so yourself, pass {inputs.keywords}."
    if inputs.is_doubtful:
        yield (
            f"{name} takes pictures of any size, and is given 28 × 28 pixels. If it was trained on others, pass "
            "input_size=."
        )
