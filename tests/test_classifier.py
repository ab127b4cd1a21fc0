"""The bundled model answers people's digits, and rules answer what is no drawing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes
from PIL import Image

from digit_widget import Answer, Classifier, PictureError, predict
from digit_widget.classifier import BATCH
from digit_widget.dot import DOT_WIDTH, stroke_width
from digit_widget.labels import KEYCAPS
from digit_widget.picture import to_data_url
from digit_widget.strokes import PEN_WIDTH, checked, rasterise

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {"centre": (0.5, 0.5), "top left": (0.2, 0.2), "bottom right": (0.8, 0.8)}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Return the bundled model with the keycaps."""
    return Classifier()


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("place", PLACES)
def test_ten_digits_small_anywhere(classifier: Classifier, digit: int, place: str) -> None:
    """Each digit shape a quarter of the pad high is right in the middle and in the corners, whatever the pen."""
    inks = [digit_ink(digit, 0.25, PLACES[place], pen_width=PEN_WIDTH * pen) for pen in (0.5, 1)]
    assert [answer.prediction for answer in classifier.classify(inks)] == [digit] * 2


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("pen", [0.5, 1, 2])
def test_ten_digits_at_every_size(classifier: Classifier, digit: int, pen: float) -> None:
    """Each digit shape is right at every size, with pens from half to twice the pad's; a thick pen needs some room."""
    sides = [side for side in (0.2, 0.3, 0.45, 0.6, 0.75, 0.9) if side >= 0.3 or pen <= 1]
    answers = classifier.classify(digit_ink(digit, side, pen_width=PEN_WIDTH * pen) for side in sides)
    assert [answer.prediction for answer in answers] == [digit] * len(sides)


def test_what_is_no_digit() -> None:
    """A lying line, a scribble, a cross, two digits side by side and a smile are answered with 🤔."""
    drawings = {
        "line": [[[60, 140], [220, 150]]],
        "scribble": [[[60 + 37 * n % 160, 60 + 61 * n % 170] for n in range(24)]],
        "cross": [[[60, 60], [220, 220]], [[220, 60], [60, 220]]],
        "twenty-five": [*digit_strokes(2, 0.4, (0.25, 0.5)), *digit_strokes(5, 0.4, (0.7, 0.5))],
        "smile": [[[80, 150], [110, 190], [170, 190], [200, 150]], [[100, 80], [102, 84]], [[180, 80], [182, 84]]],
    }
    answers = predict([255 - rasterise(checked(strokes)) for strokes in drawings.values()])
    taken = {
        name: answer.result for name, answer in zip(drawings, answers, strict=True) if answer.prediction is not None
    }
    assert taken == {}


def test_an_answer_is_consistent(classifier: Classifier) -> None:
    """Label, class, confidence and probabilities are of one answer, and cannot be changed afterwards."""
    (answer,) = classifier.classify([digit_ink(7)])
    assert (answer.result, answer.prediction) == (KEYCAPS[7], 7)
    assert answer.confidence == max(answer.probabilities) == answer.probabilities[7]
    assert sum(answer.probabilities) == pytest.approx(1, abs=1e-12)
    assert len(answer.probabilities) == 10
    assert (answer.seen.shape, answer.seen.dtype) == ((28, 28), np.uint8)
    assert "seen" not in repr(answer)
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.prediction = 1


@pytest.mark.parametrize(
    "ink",
    [
        np.zeros((280, 280), np.uint8),
        np.zeros((1, 1), np.uint8),
        rasterise([[[140, 140, 0, 0.5]]]),
        rasterise([[[10, 10, 0, 0.5], [15, 14, 9, 0.5]]]),
        rasterise([[[140, 140, 0, 0.5]]], pen_width=PEN_WIDTH / 2),
        rasterise([[[140, 140, 0, 0.5]]], pen_width=PEN_WIDTH * 2),
        rasterise([[[140, 140, 0, 0.5], [144, 143, 9, 0.5]]], pen_width=PEN_WIDTH / 2),
    ],
    ids=[
        "blank",
        "one pixel of paper",
        "dot",
        "a tap that slipped",
        "thin dot",
        "thick dot",
        "a thin tap that slipped",
    ],
)
def test_blank_and_dot_are_answered_by_rule(ink: np.ndarray) -> None:
    """A blank pad and a lone dot get 🤔 without the model being asked."""

    class Unasked:
        classes, shape, temperature, threshold = 10, (1, 28, 28), 1.0, -np.inf
        asked = 0

        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            self.asked += 1
            return np.zeros((len(pictures), 10), np.float32)

    model = Unasked()
    classifier = Classifier(model)
    asked = model.asked
    (answer,) = classifier.classify([ink])
    assert model.asked == asked
    assert (answer.result, answer.prediction, answer.confidence) == ("🤔", None, 0.0)
    assert answer.probabilities == (0.1,) * 10


def test_stroke_width_tells_dots_from_digits() -> None:
    """The rule's threshold lies between a disc and the thickest legible digits."""
    from digit_widget.normalise import normalise

    dot = stroke_width(normalise(rasterise([[[140, 140, 0, 0.5]]])))
    thick = [stroke_width(normalise(digit_ink(digit, 0.3, pen_width=2 * PEN_WIDTH))) for digit in range(10)]
    assert max(thick) < DOT_WIDTH < dot


def test_predict_takes_one_or_a_list(tmp_path: Path) -> None:
    """One picture gives an answer, a list a list in its order, longer than a batch too; all kinds may be mixed."""
    inks = {digit: digit_ink(digit) for digit in range(10)}
    path = tmp_path / "three.png"
    Image.fromarray(255 - inks[3]).save(path)
    assert predict(path).prediction == 3
    assert predict([]) == []
    many = [path, 255 - inks[4], np.zeros((9, 9), np.uint8), to_data_url(inks[5])] * (BATCH // 4 + 1)
    answers = predict(many)
    assert [answer.prediction for answer in answers] == [3, 4, None, 5] * (BATCH // 4 + 1)
    assert isinstance(answers[0], Answer)


def test_one_and_many_agree() -> None:
    """A picture's answer does not depend on what else is in the list."""
    inks = [255 - digit_ink(digit) for digit in range(10)]
    for together, alone in zip(predict(inks), map(predict, inks), strict=True):
        assert together.prediction == alone.prediction
        assert together.probabilities == pytest.approx(alone.probabilities, abs=1e-6)


def test_predict_says_which_picture_is_bad() -> None:
    """In a list, the refusal names the place."""
    with pytest.raises(PictureError, match=r"Picture 1 of the list: The picture is empty"):
        predict([255 - digit_ink(1), b""])


def test_predict_takes_a_classifier() -> None:
    """A classifier with other labels answers with them."""
    assert predict(255 - digit_ink(2), Classifier(labels="abcdefghij")).result == "c"


def test_labels_and_classes_must_agree() -> None:
    """Too few labels are refused in a sentence with both numbers."""
    with pytest.raises(ValueError, match="knows 10 classes but there are 3 labels"):
        Classifier(labels="abc")


def test_what_is_of_no_class_is_not_answered() -> None:
    """Under the model's threshold there is no prediction; the probabilities still say what it would be."""

    class Unsure:
        classes, shape, temperature, threshold = 2, (1, 28, 28), 1.0, 0.0

        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            return np.array([[-1.0, -5.0]] * len(pictures), np.float32)

    classifier = Classifier(Unsure(), labels="ab")
    (answer,) = classifier.classify([digit_ink(0)])
    assert (answer.result, answer.prediction, answer.confidence) == ("🤔", None, 0.0)
    assert answer.probabilities[0] > 0.9
    classifier.model.threshold = -1.5
    assert classifier.classify([digit_ink(0)])[0].result == "a"


def test_probabilities_survive_large_logits() -> None:
    """Huge logits do not overflow, and the temperature divides them."""

    class Huge:
        classes, shape, temperature, threshold = 2, (1, 28, 28), 1000.0, -np.inf

        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            return np.array([[1e6, 0]] * len(pictures), np.float32)

    (answer,) = Classifier(Huge(), labels="ab").classify([digit_ink(0)])
    assert answer.probabilities == (1.0, 0.0)


def test_an_array_of_several_pictures() -> None:
    """Several pictures in one array are answered one by one, with and without channels; one picture stays one."""
    several = np.stack([255 - digit_ink(digit) for digit in (3, 5, 8, 7, 1)])
    for batch in (several, several[:, None], several[..., None], np.repeat(several[..., None], 3, axis=-1)):
        assert [answer.prediction for answer in predict(batch)] == [3, 5, 8, 7, 1]
    assert [answer.prediction for answer in predict(several[:1, None])] == [3]
    assert predict(several[:1]).prediction == predict(several[0, ..., None]).prediction == 3
    with pytest.raises(PictureError, match="Picture 1 of the list"):
        predict(np.stack([several[0] / 255, several[0] * np.nan]))


def test_three_pictures_or_one_in_colour() -> None:
    """An array that may be either is refused, and both ways to say which work."""
    three = np.stack([255 - digit_ink(digit) for digit in (3, 5, 8)])
    with pytest.raises(PictureError, match=r"may be 3 pictures, or one in colour. Pass list\(pictures\)"):
        predict(three)
    assert [answer.prediction for answer in predict(list(three))] == [3, 5, 8]
    assert predict(np.moveaxis(np.stack([three[0]] * 3), 0, -1)).prediction == 3


def test_an_answer_is_short_to_read() -> None:
    """What a cell shows of an answer is its label, its class and how sure it is."""
    answer = predict(255 - digit_ink(7))
    assert repr(answer) == f"Answer('7️⃣', prediction=7, confidence={answer.confidence:.2f})"
