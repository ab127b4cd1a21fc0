"""A model is asked about known drawings once, when it is passed in, and not again unless something changes for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink
from torchvision import transforms

from digit_widget import Classifier, DigitWidget, ModelError, predict
from digit_widget.deadline import DeadlineError
from digit_widget.labels import KEYCAPS, LabelsError
from digit_widget.shared import NO_ANSWER, SLOW_SECONDS

if TYPE_CHECKING:
    from PIL import Image

LETTERS = tuple("abcdefghij")


class Counts:
    """A model that counts how often it is asked."""

    classes, shape, temperature, threshold = 10, (1, 28, 28), 1.0, -np.inf

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Answer 3."""
        self.asked += 1
        return np.eye(10)[[3] * len(pictures)]


def test_other_labels_and_another_timeout_ask_nobody() -> None:
    """A classifier made of another one asks its model only for drawings, and answers with its own labels."""
    model = Counts()
    first = Classifier(model, timeout=9)
    asked = model.asked
    renamed = Classifier(first, LETTERS)
    patient = Classifier(renamed, timeout=60)
    again = Classifier(first, "0123456789", timeout=1, normalise=True)
    assert model.asked == asked
    assert [one.classify([digit_ink(3)])[0].result for one in (first, renamed, patient, again)] == [
        KEYCAPS[3],
        "d",
        "d",
        "3",
    ]
    assert model.asked == asked + 4
    assert (renamed.timeout, patient.timeout, patient.labels, patient.source) == (9, 60, LETTERS, model)
    assert again.classify([digit_ink(3)])[0].probabilities == first.classify([digit_ink(3)])[0].probabilities


def test_relabelling_a_pad_asks_nobody_again(pad: DigitWidget) -> None:
    """Setting a pad's labels asks its model once, about the drawing."""
    model = Counts()
    pad.model = model
    pad.strokes = [[[80, 60], [200, 60], [130, 230]]]
    asked = model.asked
    pad.labels = list(LETTERS)
    assert pad.result == "d"
    assert model.asked == asked + 1


def test_other_pictures_and_another_number_of_classes_ask_again() -> None:
    """What changes the model's input is tried on known drawings; labels that do not fit are refused at once."""
    model = Counts()
    first = Classifier(model)
    asked = model.asked
    raw = Classifier(first, normalise=False)
    assert model.asked > asked
    asked = model.asked
    transform = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
    assert Classifier(raw, transform=transform).transform is transform
    assert model.asked > asked
    with pytest.raises(LabelsError, match="knows 10 classes but there are 3 labels"):
        Classifier(first, "abc")
    with pytest.raises(LabelsError, match="knows 10 classes but there are 3 labels"):
        Classifier(Classifier(), "abc")


def test_a_function_that_answers_with_labels_is_renamed() -> None:
    """It may answer with the labels that it was given with, or with the new ones, which count first."""
    answers: list[Any] = ["cat"]
    asked: list[Image.Image] = []

    def function(picture: Image.Image) -> Any:  # noqa: ANN401
        asked.append(picture)
        return answers[0]

    first = Classifier(function, ["cat", "dog"])
    count = len(asked)
    renamed = Classifier(first, "🐱🐶")
    swapped = Classifier(first, ["dog", "cat"])
    assert len(asked) == count
    said = []
    for answer in ("cat", "dog", "🐶", 0, None, "cow"):
        answers[0] = answer
        row = []
        for classifier in (first, renamed, swapped):
            try:
                row.append(classifier.classify([digit_ink(1)])[0].result)
            except ModelError:
                row.append("refused")
        said.append(row)
    assert said == [
        ["cat", "🐱", "cat"],
        ["dog", "🐶", "dog"],
        ["refused", "🐶", "refused"],
        ["cat", "🐱", "dog"],
        [NO_ANSWER] * 3,
        ["refused"] * 3,
    ]


def test_normalise_can_be_switched_on_again() -> None:
    """True and False count; None is the other classifier's, or True. The same holds for `predict` and a pad."""
    ink = digit_ink(7, 0.2, (0.15, 0.15))
    model = Counts()
    raw = Classifier(model, normalise=False)
    assert not raw.classify([ink])[0].seen[14:].any()
    assert [Classifier(raw).normalise, Classifier(raw, normalise=None).normalise] == [False, False]
    on = Classifier(raw, normalise=True)
    assert on.normalise
    assert on.classify([ink])[0].seen[14:].any()
    assert Classifier(model).normalise
    assert Classifier.of(raw) is Classifier.of(raw, normalise=False) is raw
    assert Classifier.of(on, normalise=True) is on
    assert not predict(255 - ink, raw).seen[14:].any()
    assert predict(255 - ink, raw, normalise=True).seen[14:].any()
    pad = DigitWidget(raw)
    assert pad._desk.classifiers == (raw,)
    pad.close()


def test_calls_that_hang_count_for_the_model_whatever_its_classes_are_called() -> None:
    """A classifier with other labels asks the same model, so the calls of this that hang are counted together."""
    release, hangs = threading.Event(), [False]

    def function(_: object) -> int:
        if hangs[0]:
            release.wait(20)
        return 3

    first = Classifier(function, timeout=0.05)
    hangs[0] = True
    for labels in (None, LETTERS, None, LETTERS):
        with pytest.raises(DeadlineError, match="no answer within"):
            Classifier(first, labels).classify([digit_ink(3)])
    with pytest.raises(DeadlineError, match="are still running"):
        Classifier(first, LETTERS).classify([digit_ink(3)])
    release.set()


def test_what_the_front_end_says_too_is_read_from_one_file() -> None:
    """A model is slow when the panel calls Python busy, and no answer is 🤔 on both sides."""
    assert (SLOW_SECONDS, NO_ANSWER) == (1.0, "\N{THINKING FACE}")
