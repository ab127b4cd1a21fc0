"""Answers as people return them, and what is refused, in words that are true."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from drawings import digit_ink
from networks import bundled_network, shared_network
from torch import nn
from torchvision.transforms import v2

from digit_widget import Classifier, DigitWidget, ModelError, ModelWarning, predict
from digit_widget.models.outputs import described

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

DIGITS = [3, 5, 8]
PICTURES = [255 - digit_ink(digit) for digit in DIGITS]


def scores(picture: Image.Image) -> torch.Tensor:
    """Return the probabilities of the bundled network for one picture, (10,)."""
    batch = v2.functional.to_dtype(v2.functional.to_image(picture), torch.float32, scale=True)[None]
    return shared_network()(batch).softmax(1)[0].detach()


def ranked(picture: Image.Image, name: Callable[[int], str] = str) -> list[dict[str, Any]]:
    """Return an answer as pipelines of Hugging Face return it."""
    each = [{"label": name(n), "score": float(p)} for n, p in enumerate(scores(picture))]
    return sorted(each, key=lambda one: -one["score"])


ONE = {
    "tuple of one": lambda p: (scores(p),),
    "with other numbers": lambda p: [scores(p), torch.zeros(3)],
    "other numbers first": lambda p: (torch.zeros(64), scores(p)),
    "logits in a mapping": lambda p: {"logits": scores(p).log()},
    "under a name of its own": lambda p: {"digit_scores": scores(p)},
    "a mapping in a tuple": lambda p: ({"probs": scores(p)[None]}, "x"),
    "an object with logits": lambda p: SimpleNamespace(logits=scores(p).log()[None]),
    "a list of numbers": lambda p: scores(p).tolist(),
    "index": lambda p: int(scores(p).argmax()),
    "index of numpy": lambda p: np.int64(scores(p).argmax()),
    "index in an array": lambda p: scores(p).numpy().argmax(keepdims=True),
    "index as a float": lambda p: float(scores(p).argmax()),
    "index in a tensor": lambda p: scores(p).argmax(),
    "digit": lambda p: str(int(scores(p).argmax())),
    "digit of numpy": lambda p: np.array([str(int(scores(p).argmax()))]),
    "digit in bytes of numpy": lambda p: np.str_(int(scores(p).argmax())),
    "pipeline": ranked,
    "pipeline of a batch": lambda p: [ranked(p)],
    "pipeline of the five best": lambda p: ranked(p)[:5],
    "pipeline without names": lambda p: ranked(p, lambda n: f"LABEL_{n}"),
    "best of a pipeline": lambda p: ranked(p)[0],
    "probability by label": lambda p: {str(n): float(share) for n, share in enumerate(scores(p))},
    "probability by index": lambda p: dict(enumerate(scores(p))),
    "label and probability": lambda p: (ranked(p)[0]["label"], ranked(p)[0]["score"]),
    "index and probability": lambda p: (int(scores(p).argmax()), scores(p).max()),
    "fastai": lambda p: (str(int(scores(p).argmax())), scores(p).argmax(), scores(p)),
    "prediction in a mapping": lambda p: {"prediction": int(scores(p).argmax())},
}


@pytest.mark.parametrize("way", ONE)
def test_one_picture_one_answer(way: str) -> None:
    """Whatever a function returns for a picture is read, and its confidence where it says one."""
    answers = predict(PICTURES, ONE[way])
    assert [answer.prediction for answer in answers] == DIGITS
    if not any(word in way for word in ("index", "digit", "prediction")) or "probability" in way:
        expected = [answer.confidence for answer in predict(PICTURES, scores)]
        assert [answer.confidence for answer in answers] == pytest.approx(expected, abs=0.01)


BATCH = {
    "tuple of one": lambda y: (y,),
    "with other numbers": lambda y: [y, torch.zeros(3)],
    "logits in a mapping": lambda y: {"logits": y, "hidden": torch.zeros(len(y), 64)},
    "another name": lambda y: {"digit": y},
    "an object with logits": lambda y: SimpleNamespace(logits=y),
    "indices": lambda y: y.argmax(dim=1),
    "indices in a column": lambda y: y.argmax(dim=1, keepdim=True),
    "labels": lambda y: [str(int(n)) for n in y.argmax(dim=1)],
    "pipelines": lambda y: [{"label": str(int(n)), "score": 1.0} for n in y.argmax(dim=1)],
    "lists": lambda y: y.tolist(),
}


@pytest.mark.parametrize("way", BATCH)
def test_many_pictures_many_answers(way: str) -> None:
    """The same for a function of batches, and for a module where it returns numbers."""

    def function(batch: torch.Tensor) -> Any:  # noqa: ANN401
        return BATCH[way](shared_network()(batch).detach())

    assert [answer.prediction for answer in predict(PICTURES, function)] == DIGITS
    if way in ("labels", "pipelines"):
        return

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = bundled_network()

        def forward(self, batch: torch.Tensor) -> Any:  # noqa: ANN401
            return BATCH[way](self.network(batch))

    assert [answer.prediction for answer in predict(PICTURES, Module())] == DIGITS


@pytest.mark.parametrize("shape", ["column", "row", "picture"])
@pytest.mark.parametrize("kind", ["logit", "probability"])
def test_one_number_for_two_classes(kind: str, shape: str) -> None:
    """A single logit, or a single probability, is that of the second class."""

    def is_three(batch: torch.Tensor) -> torch.Tensor:
        logits = shared_network()(batch).detach()
        logit = logits[:, 3] - logits[:, [5, 8]].logsumexp(dim=1)
        return logit.sigmoid() if kind == "probability" else logit

    def of_one(picture: Image.Image) -> torch.Tensor:
        return is_three(v2.functional.to_dtype(v2.functional.to_image(picture), torch.float32, scale=True)[None])[0]

    ways = {"column": lambda batch: is_three(batch)[:, None], "row": is_three, "picture": of_one}
    classifier = Classifier(ways[shape], labels=["other", "three"])
    answers = predict(PICTURES, classifier)
    assert [answer.result for answer in answers] == ["three", "other", "other"]
    alone = [predict(picture, classifier).confidence for picture in PICTURES]
    assert alone == pytest.approx([answer.confidence for answer in answers], abs=1e-4)
    assert min(alone) > 0.9


def test_a_forgotten_return_is_told() -> None:
    """A function that returns None for every drawing is asked whether it was meant to."""

    def forgetful(picture: Image.Image) -> None:
        scores(picture)

    with pytest.warns(ModelWarning, match=r"forgetful returned None for each drawing.*Is a return missing"):
        answer = predict(PICTURES[0], forgetful)
    assert answer.result == "🤔"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"boxes": "x", "n": "y"}, "returned a dict with the keys 'boxes', 'n'"),
        ({}, "returned a dict without keys"),
        ((), "returned an empty tuple"),
        (("x", object()), "returned 'x'"),
        (object(), "returned an object of the type object"),
        ({"cow": 0.9, "cat": 0.1}, "returned 'cow'"),
        ([{"label": "cow", "score": 1}], "returned 'cow'"),
        (12, "returned 12"),
        (-1, "returned -1"),
        ("11", "returned '11'"),
        (np.zeros((2, 3)), r"shape \(1, 10\).*shape \(1, 2, 3\)"),
    ],
    ids=str,
)
def test_what_came_is_named(output: Any, said: str) -> None:  # noqa: ANN401
    """The sentence says what the function returned, by value, keys or shape."""
    with pytest.raises(ModelError, match=said):
        Classifier(lambda _: output)


def test_a_module_whose_output_is_of_no_use_is_not_told_of_sizes() -> None:
    """It took the pictures: what is said is what it returned."""

    class Boxes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3)

        def forward(self, batch: torch.Tensor) -> Any:  # noqa: ANN401
            return {"boxes": self.conv(batch).sum()}

    with pytest.raises(ModelError, match=r"shape \(3, classes\), but it returned a dict with the keys 'boxes'"):
        DigitWidget(Boxes())


def test_what_is_described_is_short() -> None:
    """However large an output is, its description is a line."""
    large = {f"key {n}": n for n in range(1000)}
    assert len(described(large)) < 200
    assert len(described([large] * 50)) < 500
    assert len(described("x" * 10_000)) < 100
