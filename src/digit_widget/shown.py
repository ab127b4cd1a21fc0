"""What is shown, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from digit_widget.errors import sentence

if TYPE_CHECKING:
    from digit_widget.answer import Answer
    from digit_widget.drawing import Drawing


@dataclass(frozen=True)
class Outcome:
    """What came of asking one classifier: an answer, a failure, or neither when it was not asked."""

    answer: Answer | None = None
    failure: BaseException | None = None
    seen: str = ""
    """The picture that the model saw, as a data URL, if the front end gave the answer."""

    @property
    def error(self) -> str:
        """What went wrong, in words; "" when nothing did."""
        return "" if self.failure is None else sentence(self.failure)


@dataclass(frozen=True)
class Shown:
    """All that is shown, of one drawing. Whoever publishes drops one of a lower generation than the last published."""

    drawing: Drawing
    outcomes: tuple[Outcome, ...]
    """One per classifier."""
    labels: tuple[str, ...]
    """The labels of the first classifier."""
    failure: BaseException | None = None
    """Why no classifier was asked: the picture cannot be read, or a message could not be used."""
    is_stale: bool = False
    """Whether the drawing is newer than the outcomes, and nobody has asked."""
    number: int = 0
    """The highest of all drawings received."""
    asked: int = 0
    """The highest of those that asked."""
    generation: int = 0
    """How many changes there have been."""
    drawn: int = 0
    """How many drawings came from Python."""

    @property
    def settled(self) -> int:
        """The number up to which all questions are settled."""
        return self.asked if self.is_stale else self.number

    @property
    def error(self) -> str:
        """What went wrong, in words; of several classifiers, with the first."""
        return self.outcomes[0].error if self.failure is None else sentence(self.failure, "The drawing cannot be read.")

    @property
    def status(self) -> str:
        """``"blank"``, ``"answered"``, ``"unknown"``, ``"error"`` or ``"waiting"``; of several, the first's."""
        answer = self.outcomes[0].answer
        if self.error:
            return "error"
        if self.drawing.is_blank:
            return "blank"
        if self.is_stale or answer is None:
            return "waiting"
        return "unknown" if answer.prediction is None else "answered"

    @property
    def has_failed(self) -> bool:
        """Whether anything went wrong, with whichever classifier."""
        return self.failure is not None or any(outcome.failure is not None for outcome in self.outcomes)
