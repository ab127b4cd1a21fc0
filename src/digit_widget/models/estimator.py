"""scikit-learn's estimators and pipelines as models. scikit-learn is not imported: whoever has one, has imported it."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.models import ModelError
from digit_widget.models.layouts import square

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


class Estimator:
    """An estimator behind the `Model` interface.

    Parameters
    ----------
    estimator
        A fitted classifier, or a pipeline that ends in one, for rows of pixels: of square pictures, in grey or in three
        colours.
    labels
        One for each class, which tell the order of the classes if the estimator has the same names.

    Raises
    ------
    ModelError
        If it is not fitted, or not for rows of as many numbers as a square picture has.
    """

    temperature = 1.0
    threshold = -math.inf

    def __init__(self, estimator: Any, labels: Sequence[str]) -> None:  # noqa: ANN401 - scikit-learn has no types
        self.function = estimator
        name = type(estimator).__name__
        count = getattr(estimator, "n_features_in_", None)
        known = getattr(estimator, "classes_", None)
        if count is None or known is None:
            message = f"{name} is not fitted, or does not say of which classes: call fit(pictures, digits) first."
            raise ModelError(message)
        shape = square(count)
        if shape is None:
            message = (
                f"Expected {name} to take rows of the pixels of square pictures, such as 784 of 28 × 28, but it takes "
                f"{count} numbers. Pass a function that makes them of a PIL picture, and asks it."
            )
            raise ModelError(message)
        self.shape = shape
        self.classes = len(known)
        self._columns = _columns(list(known), list(labels))

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return probabilities, or scores as logits, (n, classes), for pictures, (n, *shape)."""
        rows = pictures.reshape(len(pictures), -1)
        with warnings.catch_warnings(action="ignore"):  # an estimator fitted to a data frame misses the columns' names
            if hasattr(self.function, "predict_proba"):
                return np.asarray(self.function.predict_proba(rows))[:, self._columns]
            if hasattr(self.function, "decision_function"):
                scores = np.asarray(self.function.decision_function(rows))
                if scores.ndim == 1:  # of two classes: of the second one
                    scores = np.stack([-scores, scores], axis=1)
                if scores.shape[1] == self.classes:
                    return scores[:, self._columns]
            known = np.asarray(self.function.classes_)
            said = np.asarray(self.function.predict(rows))
            return np.stack([said == known[column] for column in self._columns], axis=1).astype(float)


def _columns(known: list[Any], labels: list[str]) -> list[int]:
    """Return which of the estimator's classes each label stands for: the one of its name, or of its number."""
    names = [str(one) for one in known]
    for wanted in (labels, [str(index) for index in range(len(labels))]):
        if sorted(wanted) == sorted(names):
            return [names.index(one) for one in wanted]
    return list(range(len(known)))
