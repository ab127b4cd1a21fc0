"""What a model says about a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digit_widget.normalise import Ink


@dataclass(frozen=True, repr=False)
class Answer:
    """What a model says about a picture."""

    result: str
    """The label of the class, an emoji unless other labels were given; 🤔 if there is no prediction."""
    prediction: int | None
    """The index of the class; None if the picture is blank or of none of the classes."""
    confidence: float
    """The calibrated probability of the prediction, 0..1; 0 if there is no prediction."""
    probabilities: tuple[float, ...]
    """One for each class, sums to 1: what it would be if it were any of them; all equal if the model was not asked."""
    seen: Ink = field(compare=False)
    """The picture that the model was given: uint8, 0 = paper, 255 = full ink; (28, 28) unless it takes another size."""

    def __repr__(self) -> str:
        """Return what matters, in one short line.

        Examples
        --------
        >>> import numpy as np
        >>> Answer("7️⃣", 7, 0.9812, (0.1,) * 10, np.zeros((28, 28), np.uint8))
        Answer('7️⃣', prediction=7, confidence=0.98)
        """
        return f"Answer({self.result!r}, prediction={self.prediction}, confidence={self.confidence:.2f})"
