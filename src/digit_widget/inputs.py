"""Find out in which form a model of digits expects its pictures: ask it about drawings whose answers are known."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from digit_widget.contract import ROUNDING, are_probabilities, log_probabilities
from digit_widget.forms import USUAL, Form
from digit_widget.known import DIGITS, drawings
from digit_widget.models import UnavailableError
from digit_widget.normalise import SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from digit_widget.models import Model

    Rows = npt.NDArray[np.float64]

GOOD = 0.2
"""A form with a score below this is good enough: no less likely one is taken, and none is tried after the usual one."""
MARGIN = 0.05
"""Another form is taken when its score is lower by this at least."""
TIE = 0.02
"""Of forms whose scores differ by less than this, the likelier one is taken."""
FEWER = 2
"""How many drawings less a model may get right in another form, though with more confidence in what is right."""
CLEARLY = 3
"""How many more drawings must be right if a model gives no probabilities, so that the scores are coarse."""
ENOUGH = 0.5
"""Share of the drawings that a model of digits gets right in some form; below it, it is none, or was not trained."""
MOST = 0.7
"""Share of upright drawings from which on transposed ones need not be tried."""
WORST = 7.0
"""The score of a drawing whose digit the model rules out, in nats: some models rule out all but one."""
SCREENED = 20
"""Drawings that every form is tried on; the best are tried on all."""
FINALISTS = 3
SECONDS = 3.0
"""How long the search may take. A model that is asked in microseconds has been tried in each form long before."""


@dataclass(frozen=True)
class Inputs:
    """In which form a model is given its pictures, and why; as a string, one sentence."""

    form: Form = field(default_factory=Form)
    side: int | None = None
    """Side of the pictures, in pixels, if another than the usual one was tried."""
    right: int | None = None
    """How many of the known drawings the model gets right in this form; None if it was not asked."""
    drawings: int = 0
    """How many it was asked about."""
    tried: int = 1
    """In how many forms."""
    usual: Inputs | None = None
    """What came of the usual form and size, if these are others."""
    seconds: float = 0.0
    """Time that the model takes for one picture."""
    is_silent: bool = False
    """Whether it said "none of them" to all of them."""
    is_doubtful: bool = False
    """Whether a network takes pictures of any size, and no drawings told which."""

    @property
    def is_known(self) -> bool:
        """Whether the model is better than one of something else would be."""
        return self.right is None or self.right >= ENOUGH * self.drawings

    @property
    def keywords(self) -> str:
        """What says the same, as keywords in Python."""
        form = self.form
        said = [f"inputs={form.values!r}"] * (form.values != USUAL) + [f"ink={form.ink!r}"] * (form.ink != "light")
        said += ["transposed=True"] * form.transposed + [f"input_size={self.side}"] * bool(self.side)
        return ", ".join(said)

    def __str__(self) -> str:
        """Return what is known, in a sentence."""
        if self.right is None:
            return f"given {self.given}"
        if not self.is_known:
            ways = " whichever way it is asked" if self.tried > 1 else ""
            return f"right on {self.right} of {self.drawings} digits{ways}; is it a digit model?"
        verb = "expects" if self.usual else "given"
        instead = f", on {self.usual.right} with {self.usual.given}" if self.usual else ""
        return f"{verb} {self.given}: right on {self.right} of {self.drawings} drawings{instead}; {self._speed}"

    @property
    def summary(self) -> str:
        """The same in a few words, for the pad; "" if the model was not asked."""
        if self.right is None:
            return ""
        more = f", {self._speed}, given {self.given}" if self.is_known else "; is it a digit model?"
        return f"right on {self.right} of {self.drawings} known digits{more}"

    @property
    def _speed(self) -> str:
        return f"{self.seconds * 1000:.2g} ms each"

    @property
    def given(self) -> str:
        """Form and size, in words."""
        return f"{self.form}{f' at {self.side} × {self.side} pixels' if self.side else ''}"


class Trial(NamedTuple):
    """What came of asking a model about some drawings in one form."""

    model: Model
    form: Form
    rows: Rows
    """What it returned."""
    score: float
    """Mean negative logarithm of the right digit's probability, plus the share of wrong answers; less is better."""
    right: int
    """How many of the answers are right."""

    @property
    def is_coarse(self) -> bool:
        """Whether its numbers are no probabilities: it answers with labels alone, or has a sigmoid for each class."""
        if not are_probabilities(self.rows):
            return False
        is_certain = ((self.rows == 0) | (self.rows == 1)).all()
        return bool(is_certain or (abs(self.rows.sum(axis=1) - 1) > ROUNDING).any())


class Search:
    """The search for the form in which a model is best.

    Parameters
    ----------
    ask
        Takes a model, a form, and how many of the known drawings; returns the model's checked output for them.
    model
        The model, for pictures of its usual size.
    others
        Returns the same model for pictures of other sizes, if it takes any.
    seconds
        Time that the model takes for one picture.
    """

    def __init__(
        self,
        ask: Callable[[Model, Form, int], Rows],
        model: Model,
        others: Callable[[], Sequence[Model]],
        seconds: float,
    ) -> None:
        self._ask, self._model, self._others, self._seconds = ask, model, others, seconds
        self._until = time.perf_counter() + SECONDS
        affordable = SECONDS / 2 / max(seconds, 1e-6)
        self._most = len(drawings()) if affordable >= len(drawings()) else DIGITS

    def usual(self, form: Form) -> Trial:
        """Return what comes of the usual form."""
        return self._trial(self._model, form, self._most)

    def best(self, usual: Trial, forms: Sequence[Form]) -> Trial:
        """Return the best trial, which is that of the usual form unless another one is clearly better."""
        if usual.score < GOOD:
            return usual
        model = self._best_size(forms)
        count = min(SCREENED, self._most)
        screened = list(self._trials([model], [form for form in forms if not form.transposed], count))
        if not any(trial.right >= MOST * count for trial in screened):
            screened += self._trials([model], [form for form in forms if form.transposed], count)
        finalists = {trial.form for trial in sorted(screened, key=_score)[:FINALISTS]}
        trials = list(self._trials([model], [form for form in forms if form in finalists], self._most))
        lowest = min((trial.score for trial in trials), default=usual.score)
        best = next((trial for trial in trials if trial.score <= max(lowest + TIE, GOOD)), usual)
        return best if _is_clearly_better(best, usual) else usual

    def _best_size(self, forms: Sequence[Form]) -> Model:
        """Return the model for pictures of the size at which it does best with upright digits."""
        others = self._others()
        if not others:
            return self._model
        upright = [form for form in forms if not form.transposed]
        trials = list(self._trials([self._model, *others], upright, DIGITS))
        return min(trials, key=_score).model if trials else self._model

    def _trials(self, models: Sequence[Model], forms: Sequence[Form], count: int) -> Iterator[Trial]:
        """Try forms while there is time, leaving out those in which the model fails."""
        for model, form in product(models, forms):
            cost = count * self._seconds * _pixels(model) / _pixels(self._model)
            if time.perf_counter() + cost > self._until:
                return
            try:
                yield self._trial(model, form, count)
            except UnavailableError:  # what it takes is not known then
                raise
            except Exception:  # noqa: BLE001, S112 - it takes pictures in the usual form; in others it may do anything
                continue

    def _trial(self, model: Model, form: Form, count: int) -> Trial:
        return _judged(model, form, self._ask(model, form, count))


def _score(trial: Trial) -> float:
    return trial.score


def _pixels(model: Model) -> int:
    return model.shape[1] * model.shape[2] if model.shape else SIDE * SIDE


def _judged(model: Model, form: Form, rows: Rows) -> Trial:
    each = np.arange(len(rows))
    digits = each % DIGITS
    logits = log_probabilities(rows) if are_probabilities(rows) else rows / model.temperature
    with np.errstate(invalid="ignore"):  # a row of minus infinity: none of the digits
        losses = np.logaddexp.reduce(logits, axis=1) - logits[each, digits]
    losses = np.nan_to_num(losses, nan=WORST, posinf=WORST).clip(0, WORST)
    right = np.isfinite(logits).any(axis=1) & (logits.argmax(axis=1) == digits)
    return Trial(model, form, rows, float(losses.mean() + 1 - right.mean()), int(right.sum()))


def _is_clearly_better(trial: Trial, usual: Trial) -> bool:
    if trial.score > usual.score - MARGIN or trial.right < ENOUGH * len(trial.rows):
        return False
    return trial.right >= usual.right + (CLEARLY if usual.is_coarse else -FEWER)
