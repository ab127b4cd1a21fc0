"""Several models behind one pad: each answers the same drawing, and disagreements are told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from drawings import digit_ink, digit_strokes
from host import Host
from torch import nn
from torchvision.transforms import v2

from digit_widget import Classifier, ModelError, models, predict
from digit_widget.comparison import Comparison, compare
from digit_widget.labels import KEYCAPS, NO_ANSWER
from digit_widget.models.cnn import CNN
from digit_widget.picture import to_data_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image


def always_three(_seen: Image.Image) -> int:
    """Answer 3, whatever is drawn."""
    return 3


class Moody:
    """A model that can be made to fail."""

    def __init__(self) -> None:
        self.fails = False

    def __call__(self, _seen: Image.Image) -> list[float]:
        """Answer 7, or fail."""
        if self.fails:
            message = "out of cheese"
            raise RuntimeError(message)
        return [0.0] * 7 + [0.8, 0.2, 0.0]


@pytest.fixture
def moody() -> Moody:
    """Return a model that can be made to fail."""
    return Moody()


@pytest.fixture
def pad(moody: Moody) -> Iterator[Comparison]:
    """Yield a pad with three models."""
    pad = compare({"bundled": None, "three": always_three, "moody": moody})
    yield pad
    pad.close()


@pytest.fixture
def host(pad: Comparison) -> Host:
    """Return a front end of the pad."""
    return Host(pad)


def results(pad: Comparison) -> list[str | None]:
    """Return the labels that the models gave."""
    return [answer and answer.result for answer in pad.answers.values()]


def rows(pad: Comparison, name: str) -> list[Any]:
    """Return one column of the rows that the panel shows."""
    return [row[name] for row in pad._rows]


def test_every_model_answers_the_drawing(host: Host, pad: Comparison) -> None:
    """The answers are those of each model alone, the pad's own is the first one's, and who differs is marked."""
    host.draw(7)
    picture = pad.image
    assert list(pad.answers) == ["bundled", "three", "moody"]
    assert pad.answers["bundled"] == predict(picture)
    assert pad.answers["three"] == predict(picture, always_three)
    assert results(pad) == [KEYCAPS[7], KEYCAPS[3], KEYCAPS[7]]
    assert (pad.result, pad.prediction, pad.confidence) == (KEYCAPS[7], 7, pad.answers["bundled"].confidence)
    assert (pad.agree, pad.errors) == (False, {})
    assert rows(pad, "differs") == [False, True, False]
    assert rows(pad, "confidence") == [answer.confidence for answer in pad.answers.values()]


def test_a_blank_pad_agrees_with_itself(host: Host, pad: Comparison) -> None:
    """Nothing is drawn, at first or any more: no answers, no disagreement, and a row for every model all the same."""
    for _ in range(2):
        assert pad.answers == {"bundled": None, "three": None, "moody": None}
        assert pad.agree is True
        assert rows(pad, "name") == ["bundled", "three", "moody"]
        assert rows(pad, "result") == [NO_ANSWER] * 3
        assert rows(pad, "differs") == [False] * 3
        host.draw(7)
        assert pad.agree is False
        pad.clear()


def test_models_that_agree(pad: Comparison) -> None:
    """What all call the same is agreed upon, drawn from Python too."""
    pair = compare([None, always_three])
    pair.strokes = digit_strokes(3)
    assert (pair.agree, rows(pair, "differs")) == (True, [False, False])
    pad.image = to_data_url(digit_ink(3))
    assert (pad.agree, rows(pad, "differs")) == (False, [False, False, True])


def test_all_answers_are_one_message(host: Host) -> None:
    """Rows, agreement and the pad's own answer travel together, and one drawing is one message."""
    host.draw(7)
    (update,) = host.updates
    assert {"result", "prediction", "_answered", "agree", "_rows"} <= update.keys()


def test_observers_see_all_answers_of_one_drawing(host: Host, pad: Comparison) -> None:
    """Whichever output is observed, the others are already those of the same drawing."""
    seen = []
    pad.observe(lambda change: seen.append((change.name, results(pad), pad.agree, pad.result)), ["result", "agree"])
    host.draw(7)
    assert [name for name, *_ in seen] == ["result", "agree"] or [name for name, *_ in seen] == ["agree", "result"]
    assert all(rest == [[KEYCAPS[7], KEYCAPS[3], KEYCAPS[7]], False, KEYCAPS[7]] for _, *rest in seen)


def test_a_model_that_fails_does_not_stop_the_others(host: Host, pad: Comparison, moody: Moody) -> None:
    """Its row says why in words, nobody is said to differ from it, and the next drawing is asked again."""
    moody.fails = True
    host.draw(7)
    sentence = "The model could not answer. RuntimeError: out of cheese"
    assert results(pad) == [KEYCAPS[7], KEYCAPS[3], None]
    assert (pad.errors, pad.error) == ({"moody": sentence}, "")
    assert rows(pad, "error") == ["", "", sentence]
    assert rows(pad, "differs") == [False, True, False]
    moody.fails = False
    host.draw(4)
    assert (pad.errors, results(pad)) == ({}, [KEYCAPS[4], KEYCAPS[3], KEYCAPS[7]])


def test_the_first_model_may_fail_too(moody: Moody) -> None:
    """The pad's own error is then its sentence, and the others are not marked: there is nothing to differ from."""
    pad = compare({"moody": moody, "bundled": None})
    moody.fails = True
    Host(pad).draw(4)
    assert (pad.prediction, pad.error) == (None, "The model could not answer. RuntimeError: out of cheese")
    assert results(pad) == [None, KEYCAPS[4]]
    assert (pad.agree, rows(pad, "differs")) == (True, [False, False])


def test_a_bad_picture_is_no_model_s_fault(host: Host, pad: Comparison) -> None:
    """What cannot be decoded is told once, by the pad; the rows are blank, and no old answer stays in them."""
    host.draw(7)
    host.send_drawing({"picture": "data:image/png;base64,AAAA"})
    assert pad.error
    assert (pad.errors, results(pad), pad.agree) == ({}, [None] * 3, True)


def test_a_message_that_is_refused_blanks_the_rows(host: Host, pad: Comparison) -> None:
    """Nonsense from a front end leaves no old answers beside the sentence about it."""
    host.draw(7)
    host.send_drawing({"strokes": "x"})
    assert "cannot be used" in pad.error
    assert (results(pad), rows(pad, "result")) == ([None] * 3, [NO_ANSWER] * 3)


def test_the_front_end_cannot_write_the_answers(host: Host, pad: Comparison) -> None:
    """What only Python writes stays as it is, whatever a page sends."""
    host.draw(7)
    before = pad._rows
    host.send({"agree": True, "_rows": []})
    assert (pad.agree, pad._rows) == (False, before)


def test_models_in_a_list_are_named_after_what_they_are(tmp_path: Path) -> None:
    """Class, function, file or the bundled one; the same name again gets a number."""
    file = tmp_path / "mine.onnx"
    shutil.copy(models.bundled().with_suffix(".onnx"), file)
    network = CNN.pretrained()
    pad = compare(
        [None, network, network, always_three, lambda _: 1, lambda _: 2, str(file), file, Classifier(network)]
    )
    assert list(pad.answers) == [
        *("bundled", "CNN", "CNN 2", "always_three", "function", "function 2", "mine", "mine 2", "CNN 3"),
    ]
    pad.strokes = digit_strokes(5)
    assert results(pad) == [KEYCAPS[n] for n in (5, 5, 5, 3, 1, 2, 5, 5, 5)]
    assert pad.agree is False


def test_labels_are_shared_unless_a_classifier_brings_its_own() -> None:
    """Labels given are everybody's, those of a classifier are of models that have none; agreement is by label."""
    letters = "abcdefghij"
    assert results(drawn(compare([None, always_three], labels=letters))) == ["d", "d"]
    assert results(drawn(compare([None, Classifier(None, letters)]))) == ["d", "d"]
    own = compare([Classifier(), Classifier(None, letters)])
    assert (results(drawn(own)), own.agree) == ([KEYCAPS[3], "d"], False)
    assert results(drawn(compare([Classifier(), Classifier(None, letters)], labels=letters))) == ["d", "d"]


def drawn(pad: Comparison) -> Comparison:
    """Draw a 3."""
    pad.strokes = digit_strokes(3)
    return pad


def test_labels_can_change(host: Host, pad: Comparison) -> None:
    """Other labels name the drawing anew in every row; too few are told there, and mended by the right number."""
    host.draw(3)
    pad.labels = list("abcdefghij")
    assert results(pad) == ["d", "d", "h"]
    pad.labels = ["a", "b"]
    assert all("label" in error for error in pad.errors.values())
    assert list(pad.errors) == ["bundled", "three", "moody"]
    pad.labels = list(KEYCAPS)
    assert (results(pad), pad.errors) == ([KEYCAPS[3], KEYCAPS[3], KEYCAPS[7]], {})


def test_a_transform_is_for_all_models() -> None:
    """Each model is given what the transform makes; a classifier keeps its own way."""
    shapes = []

    def note(pictures: Any) -> Any:  # noqa: ANN401
        shapes.append(tuple(pictures.shape[1:]))
        return np.eye(10)[[4] * len(pictures)]

    transform = v2.Compose([v2.Resize((12, 12)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    pad = drawn(compare({"one": note, "two": note, "own": Classifier()}, transform=transform))
    assert set(shapes) == {(1, 12, 12)}
    assert results(pad) == [KEYCAPS[4], KEYCAPS[4], KEYCAPS[3]]


@pytest.mark.parametrize("nothing", [[], (), {}])
def test_no_models_are_told(nothing: Any) -> None:  # noqa: ANN401
    """There must be something to compare."""
    with pytest.raises(ModelError, match="At least one model is needed"):
        compare(nothing)


@pytest.mark.parametrize("one", ["model.onnx", None, always_three, CNN()])
def test_one_model_is_no_list(one: Any) -> None:  # noqa: ANN401
    """A model in place of a list of them is told what to do instead."""
    with pytest.raises(TypeError, match=r"takes a list of models.*For one model alone, use DigitWidget\(model\)"):
        compare(one)


@pytest.mark.parametrize("name", [1, None, "", " "])
def test_a_name_is_a_text(name: Any) -> None:  # noqa: ANN401
    """A name that cannot be read is refused."""
    with pytest.raises(TypeError, match="The name of a model must be a string"):
        compare({name: None})


def test_the_model_that_cannot_be_used_is_named() -> None:
    """Of several models the message says which one is meant."""
    with pytest.raises(ModelError, match=r"^broken: Expected a model but got an int"):
        compare({"bundled": None, "broken": 3})
    with pytest.raises(ModelError, match=r"^Linear: .*9 classes"):
        compare([None, nn.Sequential(nn.Flatten(), nn.Linear(784, 9))[1]])


def test_a_misspelt_keyword_is_named() -> None:
    """The error names the misspelt keyword and those there are."""
    with pytest.raises(
        TypeError, match=r"Comparison has no keyword lables \(did you mean labels\?\); it takes models, transform"
    ):
        compare([None], lables="abc")


def test_other_keywords_are_the_pad_s() -> None:
    """What a pad takes, a comparison takes: here a drawing to begin with, and the button."""
    pad = compare([None, always_three], strokes=digit_strokes(8), predict_on="button")
    assert (pad.predict_on, results(pad)) == ("button", [KEYCAPS[8], KEYCAPS[3]])


def test_the_models_of_a_comparison_stay(pad: Comparison) -> None:
    """The first model cannot be exchanged under its name, and the refusal says what to do."""
    assert pad.model is None
    with pytest.raises(AttributeError, match="make another one"):
        pad.model = always_three


def test_the_first_model_is_explained(host: Host, pad: Comparison) -> None:
    """Why is asked of the model whose answer the pad shows."""
    host.draw(4)
    assert pad.explain().result == pad.result == KEYCAPS[4]


def test_text_where_widgets_are_not_to_be_had(host: Host, pad: Comparison) -> None:
    """The repr says what each model answered."""
    host.draw(7)
    said = ", ".join(f"{name}: {KEYCAPS[n]}" for name, n in (("bundled", 7), ("three", 3), ("moody", 7)))
    assert repr(pad) == f"<Comparison {said}; agree=False>"
