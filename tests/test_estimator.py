"""scikit-learn's estimators and pipelines behind the pad."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from drawings import digit_ink

from digit_widget import Classifier, DigitWidget, ModelError, predict
from digit_widget.known import drawings
from digit_widget.normalise import normalise

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")

PICTURES = [255 - digit_ink(digit) for digit in range(10)]
ROWS = np.stack([normalise(ink).reshape(-1) for ink in drawings()])
DIGITS = np.arange(len(ROWS)) % 10


def estimators() -> dict[str, Any]:
    """Return estimators that say probabilities, scores, or classes alone."""
    from sklearn.base import BaseEstimator
    from sklearn.linear_model import RidgeClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    class Plain(BaseEstimator):
        """Says nothing but the class."""

        def fit(self, rows: np.ndarray, classes: np.ndarray) -> Plain:
            self.inner = KNeighborsClassifier(1).fit(rows, classes)
            self.n_features_in_, self.classes_ = self.inner.n_features_in_, self.inner.classes_
            return self

        def predict(self, rows: np.ndarray) -> np.ndarray:
            classes: np.ndarray = self.inner.predict(rows)
            return classes

    return {
        "probabilities": KNeighborsClassifier(1),
        "scores": SVC(C=100),
        "one against one": SVC(C=100, decision_function_shape="ovo"),
        "pipeline": make_pipeline(StandardScaler(), RidgeClassifier()),
        "classes alone": Plain(),
    }


@pytest.mark.parametrize("values", [255, 1], ids=["raw pixels", "0..1"])
@pytest.mark.parametrize("kind", ["probabilities", "scores", "one against one", "pipeline", "classes alone"])
def test_an_estimator_is_a_model(kind: str, values: int) -> None:
    """Raw pixels and 0..1 are found out, and each kind of answer is read."""
    estimator = estimators()[kind].fit(ROWS / (255 / values), DIGITS)
    with warnings.catch_warnings(action="ignore"):
        classifier = Classifier(estimator)
    if kind != "pipeline":  # which brings them to one scale itself
        assert classifier.inputs.form.values == ("0..255" if values == 255 else "0..1"), str(classifier.inputs)
    right = sum(answer.prediction == digit for digit, answer in enumerate(predict(PICTURES, classifier)))
    assert right == 10


def test_the_names_of_its_classes_tell_their_order() -> None:
    """Classes that are strings, as fetch_openml has them, or are called as the labels are, in whatever order."""
    neighbours = estimators()["probabilities"]
    names = np.array(list("zyxwvutsrq"))
    as_strings = Classifier(neighbours.fit(ROWS / 255, DIGITS.astype(str)))
    assert [answer.prediction for answer in predict(PICTURES, as_strings)] == list(range(10))
    called = Classifier(estimators()["probabilities"].fit(ROWS / 255, names[DIGITS]), labels=names)
    assert [answer.result for answer in predict(PICTURES, called)] == list(names)


def test_two_classes() -> None:
    """A score for two classes is that of the second one."""
    from sklearn.svm import SVC

    is_large = Classifier(SVC().fit(ROWS / 255, DIGITS > 4), labels=["small", "large"])
    said = [answer.result for answer in predict(PICTURES, is_large)]
    assert said == ["small"] * 5 + ["large"] * 5


def test_digits_of_8_by_8() -> None:
    """A model of scikit-learn's own digits is given pictures of 8 × 8 that the ink fills, from 0 to 16."""
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    data = load_digits()
    with pytest.warns(UserWarning, match=r"expects 0\.\.16"):
        pad = DigitWidget(SVC().fit(data.data, data.target))
    answers = predict([255 - ink for ink in drawings()[:10]], pad._desk.classifiers[0])
    assert sum(answer.prediction == digit for digit, answer in enumerate(answers)) >= 8
    pad.close()


def test_an_estimator_of_no_use_is_told() -> None:
    """One that is not fitted, and one for rows of other numbers than pixels."""
    from sklearn.svm import SVC

    with pytest.raises(ModelError, match=r"SVC is not fitted, .* call fit"):
        Classifier(SVC())
    with pytest.raises(ModelError, match="such as 784 of 28 × 28, but it takes 5 numbers"):
        Classifier(SVC().fit(np.eye(10, 5), np.arange(10)))
