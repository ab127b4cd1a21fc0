"""A model without Python: what is packed, what is refused, and that the engine in JavaScript answers as Python does."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes

from digit_widget import Classifier, DigitWidget, ModelError, compare
from digit_widget.explain import explain
from digit_widget.known import HANDS, Hand, _drawn
from digit_widget.models import bundled
from digit_widget.models.numpy_cnn import NumpyCNN
from digit_widget.normalise import SIDE
from digit_widget.packed import bundled_packed
from digit_widget.picture import to_data_url
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from host import Host

    from digit_widget.answer import Answer
    from digit_widget.normalise import Ink

RUNNER = Path(__file__).with_name("engine.mjs")
SHAPES = json.loads((Path(__file__).parents[1] / "src" / "digit_widget" / "digits.json").read_text(encoding="utf-8"))


def varied() -> Iterator[Ink]:
    """Yield 500 drawings: digits in many hands, sizes and places, scribbles, dots and specks, noise, grain."""
    random = np.random.default_rng(14)
    for index in range(380):
        jitter = random.uniform(0.8, 1.2, 6)
        hand = Hand(*(a * b for a, b in zip(HANDS[index % 5], jitter, strict=True)))
        sheet = np.zeros(random.integers(150, 400, 2), np.uint8)
        drawn = _drawn(SHAPES[str(index % 10)], hand)
        top, left = (random.integers(0, length - 139) for length in sheet.shape)
        sheet[top : top + 140, left : left + 140] = drawn
        yield sheet
    for _ in range(60):
        points = random.uniform(0, 280, (random.integers(2, 12), 2))
        yield rasterise(checked([points.tolist()]), pen_width=random.uniform(4, 40))
    for _ in range(30):
        x, y = random.uniform(20, 260, 2)
        yield rasterise(checked([[[x, y], [x + random.uniform(0, 12), y]]]), pen_width=random.uniform(8, 30))
    for _ in range(20):
        yield random.integers(0, 256, random.integers(1, 90, 2), np.uint8)
    for _ in range(10):
        yield random.integers(0, 12, (50, 60), np.uint8)


def by_engine(classifier: Classifier, inks: list[Ink], *, explains: bool = False) -> list[dict[str, Any]]:
    """Answer drawings in Node, or explain their answers, by what a page would be given."""
    node = shutil.which("node")
    if not node:
        pytest.skip("Node is not installed: the engine of the front end cannot be run")
    packed = classifier.packed()
    data = {
        "packed": packed.description,
        "parts": {name: base64.b64encode(part).decode() for name, part in packed.parts.items()},
        "inks": [
            {"width": ink.shape[1], "height": ink.shape[0], "ink": base64.b64encode(ink.tobytes()).decode()}
            for ink in inks
        ],
        "explains": explains,
    }
    run = subprocess.run([node, RUNNER], input=json.dumps(data), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def array(found: dict[str, Any], kind: type[np.generic]) -> npt.NDArray[Any]:
    """Return what a picture, or a map of heat, holds: one number a pixel, or four (RGBA)."""
    numbers = np.frombuffer(base64.b64decode(found["data"]), kind)
    return numbers.reshape(found["height"], found["width"], -1).squeeze()


def check_same(found: list[dict[str, Any]], expected: list[Answer], side: tuple[int, int] = (SIDE, SIDE)) -> None:
    """Check that answers are the same: the picture to the byte, the class, and the probabilities within 1e-3."""
    assert len(found) == len(expected)
    for here, there in zip(found, expected, strict=True):
        assert np.array_equal(array(here["seen"], np.uint8), there.seen)
        assert there.seen.shape in (side, (SIDE, SIDE))  # a dot is shown as it is normalised
        assert here["prediction"] == there.prediction
        assert here["confidence"] == pytest.approx(there.confidence, abs=1e-3)
        assert here["probabilities"] == pytest.approx(there.probabilities, abs=1e-3)


def test_the_engine_answers_as_python_does() -> None:
    """Of 500 varied drawings each picture, class and probability is the same."""
    classifier, inks = Classifier(), list(varied())
    expected = classifier.classify(inks)
    assert len(inks) == 500
    assert sum(answer.prediction is not None for answer in expected) > 300
    assert sum(answer.prediction is None for answer in expected) > 50
    check_same(by_engine(classifier, inks), expected)


@pytest.mark.filterwarnings("ignore::digit_widget.ModelWarning")
@pytest.mark.parametrize(
    "keywords",
    [
        {"normalise": False},
        {"inputs": "mnist"},
        {"inputs": (0.2, 0.7), "ink": "dark", "transposed": True},
    ],
    ids=str,
)
def test_the_engine_makes_the_pictures_that_a_model_expects(keywords: dict[str, Any]) -> None:
    """Whatever was said of them."""
    weights = Classifier().model.weights  # type: ignore[attr-defined]
    classifier = Classifier(NumpyCNN(weights, 1.0, -np.inf), **keywords)
    inks = [digit_ink(digit, 0.4, (0.3, 0.6)) for digit in range(10)]
    check_same(by_engine(classifier, inks), classifier.classify(inks))


@pytest.mark.filterwarnings("ignore::digit_widget.ModelWarning")
@pytest.mark.parametrize("keywords", [{}, {"normalise": False}], ids=str)
def test_the_engine_explains_as_python_does(keywords: dict[str, Any]) -> None:
    """The same runner-up; the heat of both, and its colours on the drawing, but for rounding."""
    weights = Classifier().model.weights  # type: ignore[attr-defined]
    classifier = Classifier(NumpyCNN(weights, 1.0, -np.inf), **keywords)
    inks = [ink for ink in varied() if classifier.classify([ink])[0].prediction is not None][::12]
    found = by_engine(classifier, inks, explains=True)
    assert len(found) >= 25
    for here, ink in zip(found, inks, strict=True):
        there = explain(classifier, ink)
        assert (here["prediction"], here["runnerUp"]) == (there.prediction, there.runner_up)
        assert np.array_equal(array(here["seen"], np.uint8), there.seen)
        assert array(here["heat"], np.float64) == pytest.approx(there.heat, abs=0.005)
        assert array(here["runnerUpHeat"], np.float64) == pytest.approx(there.runner_up_heat, abs=0.005)
        assert there.overlay is not None
        overlay = array(here["overlay"], np.uint8)
        assert overlay.shape == there.overlay.shape
        apart = np.abs(overlay[..., 3].astype(int) - there.overlay[..., 3])
        assert apart.max() <= 16  # of 255: the root of a small difference
        assert apart.mean() < 0.1


def test_other_weights_of_the_architecture_are_packed_too() -> None:
    """As a torch module or in its checkpoint's form: four classes of random weights, with labels of their own."""
    torch = pytest.importorskip("torch")
    from digit_widget.models.cnn import CNN

    torch.manual_seed(3)
    classifier = Classifier(CNN(4), "🐱🐶🐭🐹")
    inks = [digit_ink(digit) for digit in range(10)]
    check_same(by_engine(classifier, inks), classifier.classify(inks))


def test_weights_come_back_as_they_were_given() -> None:
    """The numpy network turns them round to multiply fast."""
    random = np.random.default_rng(0)
    given = {name: random.random(weight.shape, np.float32) for name, weight in Classifier().model.weights.items()}  # type: ignore[attr-defined]
    found = NumpyCNN(given, 1.0, 0.0).weights
    assert given.keys() == found.keys()
    for name, weight in given.items():
        assert np.array_equal(found[name], weight), name


class Derived:
    """Stands for a model that only Python can run."""

    def __call__(self, _picture: object) -> int:
        """Answer 3."""
        return 3


@pytest.mark.parametrize(
    ("model", "keywords", "said"),
    [
        (lambda _picture: 3, {}, r"The model \(function\) cannot answer without Python"),
        (Derived(), {}, r"The model \(Derived\) cannot answer without Python"),
        (None, {"transform": lambda picture: picture.resize((28, 28))}, "A transform is Python code"),
    ],
    ids=["function", "callable", "transform"],
)
def test_what_needs_python_is_named_before_anything_is_written(
    model: object, keywords: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """And the file that was there stays."""
    pad = DigitWidget(model, **keywords)
    (tmp_path / "pad.html").write_text("mine")
    with pytest.raises(ModelError, match=said):
        pad.save(tmp_path / "pad.html")
    with pytest.raises(ModelError, match=said):
        DigitWidget(model, offline=True, **keywords)
    assert (tmp_path / "pad.html").read_text() == "mine"


def test_weights_that_are_no_numbers_are_refused() -> None:
    """A page would answer nothing at all."""
    weights = {name: weight.copy() for name, weight in Classifier().model.weights.items()}  # type: ignore[attr-defined]
    classifier = Classifier(NumpyCNN(weights, 1.0, 0.0))
    classifier.model._last[1][3] = np.nan  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="NaN"):
        classifier.packed()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """A session knows its model's file by name."""
    pytest.importorskip("onnxruntime")
    file = tmp_path / "net.onnx"
    shutil.copy(bundled().with_suffix(".onnx"), file)
    pad = DigitWidget(file)
    file.unlink()
    with pytest.raises(ModelError, match=r"cannot be read any more: .*net\.onnx"):
        pad.to_html()


def test_a_comparison_fits_on_no_page(tmp_path: Path) -> None:
    """It would answer as its first model alone."""
    pad = compare({"bundled": None, "always three": lambda _picture: 3})
    with pytest.raises(ModelError, match="A comparison does not fit onto a page"):
        pad.save(tmp_path / "both.html")
    with pytest.raises(ModelError, match="A comparison cannot be offline=True"):
        compare({"bundled": None}, offline=True)
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_one_small_file_that_asks_for_nothing(tmp_path: Path) -> None:
    """It holds script, styles and weights, and its policy forbids everything else."""
    file = DigitWidget().save(tmp_path / "digits.html")
    assert file == tmp_path / "digits.html"
    assert file.stat().st_size <= 700_000
    page = file.read_text(encoding="utf-8")
    assert "default-src 'none'; script-src 'sha256-" in page
    assert not re.search(r"""(src|href)\s*=\s*["']""", page)
    assert page.count("<script") == page.count("</script>") == 3


def test_nothing_a_user_says_breaks_out_of_the_page() -> None:
    """Labels, prompt and title are text."""
    evil = "</script><script>alert(1)</script>"
    pad = DigitWidget(labels=[evil, *"123456789"], prompt=evil)
    page = pad.to_html(title=evil)
    assert page.count("<script") == page.count("</script>") == 3
    assert "&lt;/script&gt;" in page


def test_a_pad_brings_the_engine_along_only_if_it_is_to() -> None:
    """Weights, engine and proofs are in one trait; another model brings its own."""
    assert DigitWidget()._offline == {}
    pad = DigitWidget(offline=True)
    brought = pad._offline
    assert brought["parts"] == Classifier().packed().parts
    assert "export" in brought["engine"]
    with pytest.raises(ModelError, match="cannot answer without Python"):
        pad.model = lambda _picture: 3
    assert pad.model is None
    assert pad._offline is brought
    weights = dict(Classifier().model.weights)  # type: ignore[attr-defined]
    weights["fc2.bias"] = weights["fc2.bias"][::-1]
    pad.model = NumpyCNN(weights, 1.0, -np.inf)
    assert pad._offline["parts"] != brought["parts"]


def test_the_bundled_network_lies_packed_beside_its_weights() -> None:
    """For a Python without numpy; `python models/pack.py` renews it after a training."""
    stored, packed = bundled_packed(), Classifier().packed()
    assert stored.parts == packed.parts
    assert stored.description["about"] == json.loads(json.dumps(packed.description["about"]))
    for before, now in zip(stored.description["proofs"], packed.description["proofs"], strict=True):
        assert before["ink"] == now["ink"]
        assert before["outputs"] == pytest.approx(now["outputs"], abs=1e-4)


def test_an_answer_of_the_pages_is_not_taken_from_a_pad_that_answers_itself(host: Host, pad: DigitWidget) -> None:
    """A page cannot say what it likes where Python can ask."""
    answer = {"prediction": 7, "confidence": 1.0, "probabilities": [0.1] * 10, "seen": to_data_url(digit_ink(7))}
    host.send_drawing({"picture": to_data_url(digit_ink(3)), "strokes": digit_strokes(3), "answer": answer})
    assert pad.prediction == 3
