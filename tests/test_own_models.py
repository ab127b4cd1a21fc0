"""A model of one's own behind the pad: every kind, in the widget and in a batch; what is wrong with one, in words."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from drawings import digit_ink, digit_strokes
from host import Host
from networks import bundled_network, shared_network
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torchvision import transforms
from torchvision.transforms import v2

from digit_widget import Classifier, DigitWidget, ModelError, ModelWarning, load_model, models, predict
from digit_widget.labels import KEYCAPS
from digit_widget.models.cnn import CNN
from digit_widget.normalise import normalise
from digit_widget.picture import from_data_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THREE = [3, 5, 8]
INKS = [digit_ink(digit) for digit in THREE]
PICTURES = [255 - ink for ink in INKS]


class Takes(nn.Module):
    """A network that takes pictures of one shape alone."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.mix = nn.Conv2d(channels, 1, 1, bias=False)
        nn.init.constant_(self.mix.weight, 1 / channels)
        self.network = bundled_network()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Refuse another shape, as a fully connected layer does."""
        if pictures.shape[2:] != (self.side, self.side):
            message = f"mat1 and mat2 shapes cannot be multiplied ({pictures.shape})"
            raise RuntimeError(message)
        logits: torch.Tensor = self.network(functional.interpolate(self.mix(pictures), 28, mode="area"))
        return logits


class Rows(nn.Module):
    """A network that takes pictures as rows of 784 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(784, 784, bias=False)
        nn.init.eye_(self.first.weight)
        self.network = bundled_network()

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Take (n, 784)."""
        logits: torch.Tensor = self.network(self.first(rows).reshape(-1, 1, 28, 28))
        return logits


class InPlace(nn.Module):
    """A network that works on the very pictures it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.network = bundled_network()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Change the pictures and change them back too late."""
        logits: torch.Tensor = self.network(pictures.clone())
        pictures.neg_().add_(1)
        return logits


def one_picture(picture: Image.Image) -> torch.Tensor:
    """Return a PIL picture as the bundled network takes it."""
    assert isinstance(picture, Image.Image)
    return v2.functional.to_dtype(v2.functional.to_image(picture), torch.float32, scale=True)[None]


def scripted() -> torch.jit.ScriptModule:
    """Return the bundled network as TorchScript, which torch has announced to end."""
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.script(bundled_network())


def frozen() -> torch.jit.ScriptModule:
    """Return it frozen: without parameters, and without a mode."""
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.freeze(scripted())


def saved_module(folder: Path) -> Path:
    """Save a whole module, as people do."""
    torch.save(bundled_network(), folder / "network.pt")
    return folder / "network.pt"


def saved_weights(folder: Path) -> Path:
    """Save a state dict with other things beside it, as a training loop does."""
    torch.save({"epoch": 3, "model_state_dict": bundled_network().state_dict()}, folder / "weights.pth")
    return folder / "weights.pth"


def saved_safetensors(folder: Path) -> Path:
    """Save weights with no word about what they are."""
    save_file(bundled_network().state_dict(), folder / "plain.safetensors")
    return folder / "plain.safetensors"


KINDS: dict[str, Callable[[Path], Any]] = {
    "the bundled one": lambda _: None,
    "module": lambda _: bundled_network(),
    "module in training": lambda _: bundled_network().train(),
    "module of doubles": lambda _: bundled_network().double(),
    "module that ends in log_softmax": lambda _: nn.Sequential(bundled_network(), nn.LogSoftmax(dim=1)),
    "module that ends in softmax": lambda _: nn.Sequential(bundled_network(), nn.Softmax(dim=1)),
    "module of rows": lambda _: Rows(),
    "module of 3 × 28 × 28": lambda _: Takes(3, 28),
    "module of 1 × 32 × 32": lambda _: Takes(1, 32),
    "module of 1 × 64 × 64": lambda _: Takes(1, 64),
    "safetensors of ours": lambda _: models.bundled(),
    "safetensors, plain": saved_safetensors,
    "torch weights": saved_weights,
    "torch module": lambda folder: str(saved_module(folder)),
    "ONNX": lambda _: models.bundled().with_suffix(".onnx"),
    "picture to probabilities": lambda _: lambda picture: shared_network()(one_picture(picture)).softmax(1)[0].tolist(),
    "picture to logits": lambda _: lambda picture: shared_network()(one_picture(picture))[0],
    "picture to label": lambda _: lambda picture: KEYCAPS[int(shared_network()(one_picture(picture)).argmax())],
    "picture to index": lambda _: lambda picture: shared_network()(one_picture(picture)).argmax().numpy(),
    "batch to logits": lambda _: lambda batch: shared_network().forward(batch),
    "batch to probabilities": lambda _: lambda batch: shared_network()(batch).softmax(dim=1).detach().numpy(),
    "picture to argmax": lambda _: lambda picture: shared_network()(one_picture(picture)).argmax(),
    "module that ends in sigmoid": lambda _: nn.Sequential(bundled_network(), nn.Sigmoid()),
    "module that works in place": lambda _: InPlace(),
    "scripted module": lambda _: scripted(),
    "frozen module": lambda _: frozen(),
    "classifier": lambda _: Classifier(bundled_network()),
    "model of load_model": lambda _: load_model(models.bundled()),
}


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Any:  # noqa: ANN401
    """Return a model of each kind that can stand behind the pad; all have the bundled weights."""
    return KINDS[request.param](tmp_path)


def test_every_kind_in_the_widget(model: Any) -> None:  # noqa: ANN401
    """Each kind answers what is drawn on the pad."""
    pad = DigitWidget(model=model)
    host = Host(pad)
    for digit in THREE:
        host.draw(digit)
        assert (pad.prediction, pad.result, pad.error) == (digit, KEYCAPS[digit], "")
        assert pad._answered == host.question
        assert pad.confidence > 0.3
        seen = from_data_url(pad._seen, dark_on_light=True)
        assert np.array_equal(seen, normalise(digit_ink(digit), len(seen)))
    pad.close()


def test_every_kind_in_a_batch(model: Any) -> None:  # noqa: ANN401
    """Each kind answers a list of pictures, and each picture as it does alone."""
    answers = predict(PICTURES, model=model)
    assert [answer.prediction for answer in answers] == THREE
    alone = predict(PICTURES[0], model=model)
    assert alone.probabilities == pytest.approx(answers[0].probabilities, abs=1e-4)
    assert sum(alone.probabilities) == pytest.approx(1)


def test_the_same_weights_agree_in_every_format(tmp_path: Path) -> None:
    """Torch, safetensors and ONNX give the same logits within 1e-4."""
    files = [saved_module(tmp_path), saved_safetensors(tmp_path), models.bundled().with_suffix(".onnx")]
    classifiers = [Classifier(load_model(file)) for file in files]
    inks = [digit_ink(digit, side) for digit in range(10) for side in (0.25, 0.6)]
    first, *others = (classifier.logits(classifier.pictures(inks)) for classifier in classifiers)
    for other in others:
        assert np.abs(first - other).max() < 1e-4


def test_onnx_needs_no_torch() -> None:
    """With an ONNX file neither the batch call nor the widget imports torch."""
    code = """
import sys
import numpy as np
from digit_widget import DigitWidget, predict, models
path = models.bundled().with_suffix(".onnx")
paper = np.full((60, 60), 255, np.uint8)
paper[5:55, 28:33] = 0
assert predict(paper, model=path).prediction == 1
pad = DigitWidget(model=path)
pad.strokes = [[[140, 40], [140, 240]]]
assert pad.prediction == 1
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_article_s_transform() -> None:
    """`Compose([Resize(28), ToTensor()])` gets the centred ink, also of a corner; with `normalise=False` the pad."""
    transform = transforms.Compose([transforms.Resize(28), transforms.ToTensor()])
    ink = digit_ink(7, 0.2, (0.15, 0.15))
    (small,) = Classifier(bundled_network(), transform=transform).classify([ink])
    assert small.prediction == 7
    assert np.abs(small.seen.astype(int) - normalise(ink)).mean() < 3
    (raw,) = Classifier(bundled_network(), transform=transform, normalise=False).classify([ink])
    expected = np.asarray(transform(Image.fromarray(ink))[0] * 255).round().astype(np.uint8)
    assert np.array_equal(raw.seen, expected)
    assert not raw.seen[14:].any()


@pytest.mark.parametrize(
    "transform",
    [
        lambda ink: ink.resize((28, 28)),
        lambda ink: np.asarray(ink.resize((28, 28))),
        lambda ink: np.asarray(ink.resize((28, 28)), np.float32)[None] / 255,
        v2.Compose([v2.Resize((28, 28)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
    ],
    ids=["picture", "array", "channels first", "tensor"],
)
def test_whatever_a_transform_makes(transform: Callable[[Image.Image], Any]) -> None:
    """A picture, an array or a tensor: the model gets the same numbers."""
    answer = predict(255 - digit_ink(2, 0.7), model=bundled_network(), transform=transform)
    assert answer.prediction == 2
    assert answer.seen.shape == (28, 28)


def test_what_a_transform_brings_out_of_range_is_shown() -> None:
    """After `Normalize` the picture seen is brought back to what an eye can see; the model gets it as it is."""
    given = []
    transform = v2.Compose(
        [v2.Resize((28, 28)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.13], [0.31])]
    )

    def function(batch: torch.Tensor) -> torch.Tensor:
        given.append(batch)
        return shared_network()(batch * 0.31 + 0.13)

    answer = predict(255 - digit_ink(2, 0.7), model=function, transform=transform)
    assert answer.prediction == 2
    assert float(given[-1].min()) == pytest.approx(-0.13 / 0.31, abs=1e-4)
    assert (answer.seen.min(), answer.seen.max()) == (0, 255)


def test_raw_resize() -> None:
    """With `normalise=False` the pad is only resized: what is small and in a corner stays so."""
    ink = digit_ink(7, 0.2, (0.15, 0.15))
    raw = predict(255 - ink, model=bundled_network(), normalise=False).seen
    assert not raw[14:].any()
    assert predict(255 - ink, model=bundled_network()).seen[14:].any()


def test_labels_of_one_s_own() -> None:
    """One text is one label a character as a person counts them; a function may answer with a label."""
    animals = "🐱🐶🐭"
    pad = DigitWidget(model=lambda picture: [0.2, 0.7, 0.1] if picture.getbbox() else None, labels=animals)
    Host(pad).draw(3)
    assert (pad.result, pad.prediction, pad.labels) == ("🐶", 1, list(animals))
    assert pad.probabilities == pytest.approx([0.2, 0.7, 0.1])
    pad.close()
    family = "👩‍👩‍👧🇩🇪7️⃣"
    assert Classifier(lambda _: "🇩🇪", labels=family).labels == ("👩‍👩‍👧", "🇩🇪", "7️⃣")
    letters = Classifier(lambda _: "C", labels="A B C")
    assert letters.classify(INKS)[0].result == "C"


def test_none_is_no_answer() -> None:
    """A function that answers None means that it is none of them."""
    answer = predict(PICTURES[0], model=lambda _: None)
    assert (answer.result, answer.prediction, answer.confidence) == ("🤔", None, 0.0)


def test_scikit_learn_behind_the_pad() -> None:
    """A function around an estimator, which makes its pictures itself, answers."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    neighbors = pytest.importorskip("sklearn.neighbors")
    data = datasets.load_digits()
    estimator = neighbors.KNeighborsClassifier(3).fit(data.images.reshape(-1, 64), data.target)

    def function(picture: Image.Image) -> Any:  # noqa: ANN401
        small = np.asarray(picture.crop((3, 3, 25, 25)).resize((8, 8), Image.Resampling.BOX)) / 16
        return estimator.predict(small.reshape(1, -1))

    answers = predict(PICTURES, model=function)
    assert all(answer.prediction in range(10) for answer in answers)


def fails(error: str) -> Callable[[Any], Any]:
    """Return a function that raises."""

    def function(_: object) -> None:
        raise RuntimeError(error)

    return function


@pytest.mark.parametrize(
    ("model", "keywords", "said"),
    [
        (5, {}, "Expected a model but got an int"),
        ({"fc.weight": np.zeros(3)}, {}, r"got a dict.*These are weights.*load_state_dict"),
        ({"mine": CNN()}, {}, r"got a dict.*compare\(models\)"),
        ([CNN(), CNN()], {}, r"got a list.*compare\(models\)"),
        ("resnet18", {}, "'resnet18' does not exist. A model is passed as an object"),
        (CNN, {}, r"got the class CNN. Pass an instance: CNN\(\)"),
        ("nowhere.pt", {}, "The model file 'nowhere.pt' does not exist"),
        (__file__, {}, r"ends in \.safetensors, .* but got test_own_models\.py"),
        (CNN(5), {}, "knows 5 classes but there are 10 labels"),
        (bundled_network(), {"labels": "abc"}, "knows 10 classes but there are 3 labels"),
        (nn.Conv2d(1, 4, 3), {}, r"for 1 picture to have the shape \(1, 10\), .* has the shape \(1, 4, 26, 26\)"),
        (nn.Conv2d(2, 4, 300), {}, "Conv2d accepted none of the usual sizes.*input_size="),
        (nn.Linear(50, 10), {}, "Linear accepted none of the usual sizes"),
        (nn.LSTM(28, 10), {}, r"\(1, 10\), one row for each picture .* shape \(1, 28, 10\)"),
        (nn.Linear(400, 10), {"labels": "abc"}, "knows 10 classes"),
        (nn.Linear(3072, 10), {"labels": "abc"}, "knows 10 classes"),
        (CNN().to("meta"), {}, "has no weights yet"),
        (bundled_network(), {"labels": ["a"] * 10}, "'a' occurs twice"),
        (bundled_network(), {"labels": range(10)}, "not empty, but got 0"),
        (bundled_network(), {"labels": []}, "there are no labels"),
        (bundled_network(), {"labels": 10}, "but got 10"),
        (lambda _: "🐘", {}, "but it returned '🐘'"),
        (lambda _: 12, {}, "but it returned 12"),
        (lambda _: np.full(10, np.nan), {}, "NaN or infinity"),
        (lambda _: [1, 2], {}, "knows 2 classes but there are 10 labels"),
        (lambda _: {"a": 1}, {}, "but it returned 'a'"),
        (lambda _: {"boxes": "x"}, {}, "a dict with the keys 'boxes'"),
        (fails("no cheese"), {}, r"neither a PIL picture \(RuntimeError: no cheese\) nor a batch of tensors"),
        (bundled_network(), {"transform": lambda _: "x"}, "Expected the transform to .* it returned a str"),
        (bundled_network(), {"transform": v2.ToImage()}, "could not answer a picture of shape"),
        (bundled_network(), {"transform": fails("torn")}, "RuntimeError: torn"),
        (None, {"transform": fails("torn")}, "RuntimeError: torn"),
        (sys.exit, {}, "SystemExit"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(model: Any, keywords: dict[str, Any], said: str) -> None:  # noqa: ANN401
    """What came, what was expected, what to do: at construction, by the widget and by the batch call."""
    with pytest.raises(ModelError, match=said):
        DigitWidget(model=model, **keywords)
    with pytest.raises(ModelError, match=said):
        predict(PICTURES[0], model=model, **keywords)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.safetensors", b"\x10\x00\x00\x00\x00\x00\x00\x00{}"),
        ("text.onnx", b"not a graph"),
        ("empty.onnx", b""),
        ("empty.safetensors", b""),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that is none of what its name says ends in a sentence with its name."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name):
        load_model(tmp_path / name)


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime the sentence has the command that installs it."""
    monkeypatch.delitem(sys.modules, "digit_widget.models.onnx", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'onnxruntime>=1\.20'"):
        load_model(models.bundled().with_suffix(".onnx"))


def test_the_article_s_bug_is_caught() -> None:
    """A model that learnt dark ink on light paper is given that; the sentence says how to say so."""
    network = bundled_network()

    class Dark(nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = network(1 - pictures)
            return logits

    with pytest.warns(ModelWarning, match=r"dark ink on light paper: right on .* pass ink='dark'"):
        found = Classifier(Dark())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = Classifier(Dark(), ink="dark")
    assert [[answer.prediction for answer in one.classify(INKS)] for one in (found, said)] == [THREE, THREE]


def test_the_article_s_bug_is_caught_behind_a_transform() -> None:
    """What is inverted is the drawing, before the transform; the warning is at the line of the user's."""
    network = bundled_network()
    steps = [transforms.Resize((28, 28)), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]

    def dark(pictures: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = network(0.5 - pictures / 2)
        return logits

    with pytest.warns(ModelWarning, match="dark ink on light paper") as warned:
        DigitWidget(model=dark, transform=transforms.Compose(steps), labels="0123456789").close()
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Classifier(dark, transform=transforms.Compose(steps), ink="dark")
        Classifier(dark, transform=transforms.Compose([ImageOps.invert, *steps]))


def test_a_slow_model_is_told() -> None:
    """A second a picture is said at construction; a slow start alone is not."""

    def slow(_: Image.Image) -> list[float]:
        time.sleep(1.1)
        return [0.1] * 10

    with pytest.warns(ModelWarning, match=r"takes 1\.\d s for a picture"):
        Classifier(slow)
    started: list[bool] = []

    def slow_once(picture: Image.Image) -> list[float]:
        return [0.1] * 10 if started else [started.append(True), *slow(picture)][1:]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Classifier(slow_once, "abcdefghij")


class Moody(nn.Module):
    """A network that misbehaves when it is told to."""

    mood: Callable[[torch.Tensor, torch.Tensor], Any] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.network = bundled_network()

    def forward(self, pictures: torch.Tensor) -> Any:  # noqa: ANN401
        """Answer as the bundled network, or as the mood is."""
        logits = self.network(pictures)
        return Moody.mood(pictures, logits) if Moody.mood else logits


def raises(*_: object) -> None:
    """Raise."""
    message = "out of cheese"
    raise RuntimeError(message)


def leaves(*_: object) -> None:
    """End the program."""
    sys.exit("bye")


def interrupts(*_: object) -> None:
    """Raise what is no Exception."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        (raises, "RuntimeError: out of cheese"),
        (leaves, "SystemExit: bye"),
        (interrupts, "KeyboardInterrupt"),
        (lambda _, logits: logits * np.nan, "NaN or infinity"),
        (lambda _, logits: logits[:, :4], "knows 4 classes but there are 10 labels"),
        (lambda _, logits: logits[0, 0], r"returned a tensor of shape \(\)"),
        (lambda _, logits: logits.repeat(3, 1), r"shape \(1, classes\), but it returned a tensor of shape \(3, 10\)"),
        (lambda _, logits: {"boxes": logits[:, None]}, r"has the shape \(1, 1, 10\)"),
        (lambda *_: {"boxes": "x"}, "returned a dict with the keys 'boxes'"),
        (lambda *_: None, "but it returned None"),
        (lambda pictures, _: pictures.cuda(), "CUDA|NVIDIA|cuda"),
        (lambda pictures, _: pictures.to("meta"), "meta"),
    ],
    ids=["raise", "exit", "interrupt", "NaN", "classes", "number", "rows", "axes", "dict", "None", "GPU", "meta"],
)
def test_a_model_that_misbehaves(
    monkeypatch: pytest.MonkeyPatch, mood: Callable[[torch.Tensor, torch.Tensor], Any], said: str
) -> None:
    """It ends in a sentence, with the traceback at hand; the next drawing is answered."""
    import re

    if "GPU" in said and torch.cuda.is_available():
        pytest.skip("this machine has what the model needs")
    pad = DigitWidget(model=Moody())
    host = Host(pad)
    monkeypatch.setattr(Moody, "mood", staticmethod(mood))
    host.draw(3)
    assert re.search(said, pad.error), pad.error
    assert (pad.prediction, pad._answered) == (None, host.question)
    assert "Traceback" in pad.traceback
    monkeypatch.setattr(Moody, "mood", None)
    host.draw(5)
    assert (pad.prediction, pad.error, pad.traceback) == (5, "", "")
    pad.close()


def test_a_model_leaves_things_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    """One that prints, changes its mode or switches gradients answers all the same; the mode is as the user had it."""

    class Restless(Moody):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            print("hello")  # noqa: T201
            logits: torch.Tensor = super().forward(pictures)
            self.train()
            torch.set_grad_enabled(True)
            return logits

    network = Restless()
    network.train()
    network.network.conv1.eval()
    pad = DigitWidget(model=network)
    before = torch.is_grad_enabled()
    Host(pad).draw(8)
    assert (pad.prediction, pad.error) == (8, "")
    assert "hello" in capsys.readouterr().out
    assert torch.is_grad_enabled() == before
    assert network.training
    assert not network.network.conv1.training
    pad.close()


def test_a_model_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up on with a sentence that says where it hangs; the next drawing is answered meanwhile."""
    release = threading.Event()
    pad = DigitWidget(model=Classifier(Moody(), timeout=0.5))
    host = Host(pad)

    def hang_here(_: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        release.wait(20)
        return logits

    monkeypatch.setattr(Moody, "mood", staticmethod(hang_here))
    host.draw(3)
    assert pad.error == "The model could not answer. There was no answer within 0.5 s."
    assert "hang_here" in pad.traceback
    monkeypatch.setattr(Moody, "mood", None)
    host.draw(5)
    assert (pad.prediction, pad.error) == (5, "")
    release.set()
    pad.close()


def test_a_model_that_hangs_when_it_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up on, too."""
    monkeypatch.setattr("digit_widget.probe.TIMEOUT", 0.2)
    release = threading.Event()
    with pytest.raises(ModelError, match="no answer within"):
        Classifier(lambda _: release.wait(20))
    release.set()


def test_turned_probabilities_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that gave probabilities and gives logits now is not made a confidence of."""
    network = Moody()
    monkeypatch.setattr(Moody, "mood", staticmethod(lambda _, logits: logits.softmax(dim=1)))
    classifier = Classifier(network)
    monkeypatch.setattr(Moody, "mood", None)
    with pytest.raises(ModelError, match="contains negative numbers"):
        classifier.classify([digit_ink(3)])


def test_a_classifier_of_a_classifier() -> None:
    """What is said anew counts, the rest is the other's; labels reach a function."""
    transform = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
    first = Classifier(bundled_network(), timeout=9)
    second = Classifier(first, transform=transform, normalise=False)
    assert (second.timeout, second.transform, second.labels) == (9, transform, first.labels)
    assert not second.classify([digit_ink(7, 0.2, (0.15, 0.15))])[0].seen[14:].any()
    named = Classifier(lambda _: 1, labels="AB")
    assert Classifier(named, labels="XY").classify(INKS)[0].result == "Y"


def test_a_classifier_behind_the_pad_gets_the_pads_transform_unless_it_is_put_there_later() -> None:
    """A transform beside a classifier counts, and goes on counting with other labels; a swapped one keeps its own."""
    transform = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
    first = Classifier(bundled_network())
    pad = DigitWidget(first, transform=transform, normalise=False)
    pad.strokes = digit_strokes(7, 0.2, (0.15, 0.15))
    laid_out = pad._seen
    assert not from_data_url(laid_out)[14:].any()
    pad.labels = list("abcdefghij")
    assert pad._seen == laid_out
    pad.model = first
    assert from_data_url(pad._seen)[14:].any()
    pad.close()


@pytest.mark.parametrize(
    "about", [{"temperature": "hot"}, {"temperature": "0"}, {"temperature": "-1"}, {"threshold": "nan"}], ids=str
)
def test_a_file_s_numbers_are_checked(tmp_path: Path, about: dict[str, str]) -> None:
    """A temperature or threshold that is none is refused, in safetensors and in ONNX."""
    save_file(bundled_network().state_dict(), tmp_path / "odd.safetensors", metadata=about)
    graph = onnx.load(models.bundled().with_suffix(".onnx"))
    onnx.helper.set_model_props(graph, about)
    onnx.save(graph, tmp_path / "odd.onnx")
    for name in ("odd.safetensors", "odd.onnx"):
        with pytest.raises(ModelError, match="number, but it is"):
            load_model(tmp_path / name)


def test_the_model_can_be_swapped(pad: DigitWidget) -> None:
    """The drawing is answered anew; what cannot be used is refused and nothing changes."""
    host = Host(pad)
    host.draw(3)
    seen = []
    pad.observe(lambda change: seen.append((change.new, pad.result)), "prediction")
    pad.model = lambda _: 8
    assert (pad.prediction, pad.result) == (8, KEYCAPS[8])
    assert host.state["prediction"] == 8
    with pytest.raises(ModelError, match="knows 5 classes"):
        pad.model = CNN(5)
    assert (pad.prediction, pad.error) == (8, "")
    pad.model = Classifier(lambda _: 1, labels="🐱🐶🐭")
    assert (pad.result, pad.labels) == ("🐶", list("🐱🐶🐭"))
    pad.model = Classifier(None)
    assert (pad.prediction, pad.labels) == (3, list(KEYCAPS))
    assert seen == [(8, KEYCAPS[8]), (1, "🐶"), (3, KEYCAPS[3])]


def test_swapping_a_hundred_times_keeps_nothing(pad: DigitWidget) -> None:
    """Old models are let go: after a hundred swaps memory is as after ten, but for a share of one model."""
    import copy
    import gc
    import weakref

    Host(pad).draw(3)
    pad.model = bundled_network()
    gone: list[weakref.ref[nn.Module]] = []
    pattern = bundled_network()  # copied, for reading its file a hundred times leaves 60 kB in safetensors
    tracemalloc.start()
    for count in range(100):
        network = copy.deepcopy(pattern)
        gone.append(weakref.ref(network))
        pad.model = network
        if count == 10:
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
    del network
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(reference() is not None for reference in gone) == 1
    assert after - before < 200_000
    assert pad.prediction == 3


def test_an_older_answer_never_shows_for_a_newer_drawing() -> None:
    """While a slow function thinks, newer drawings wait; each answer bears the number of the drawing it is of."""
    met = threading.Event()

    def slow(picture: Image.Image) -> int:
        time.sleep(2 if met.is_set() else 0)
        return int(shared_network()(one_picture(picture)).argmax())

    pad = DigitWidget(model=slow)
    met.set()
    host = Host(pad)
    drawn = {0: None}
    for digit in (3, 5, 8):
        host.draw(digit)
        drawn[host.question] = digit
    shown = [(update["_answered"], update["prediction"]) for update in host.updates if "_answered" in update]
    assert shown[-1][1] == pad.prediction == 8
    assert all(drawn[number] == prediction for number, prediction in shown)
    pad.close()


def test_a_trained_model_is_met_as_it_is(pad: DigitWidget) -> None:
    """The user goes on training the module; the pad answers with what it has become."""
    network = bundled_network()
    pad.model = network
    host = Host(pad)
    host.draw(3)
    with torch.no_grad():
        network.fc2.weight.zero_()
        network.fc2.bias.copy_(functional.one_hot(torch.tensor(6), 10).float() * 20)
    host.draw(5)
    assert pad.prediction == 6


def test_inverted_pictures_need_no_glue() -> None:
    """A transform may invert: `ImageOps.invert` gives the model black on white, as the article's canvas was."""
    network = bundled_network()
    transform = v2.Compose([ImageOps.invert, v2.Resize((28, 28)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    answer = predict(255 - digit_ink(2, 0.7), model=lambda batch: network(1 - batch), transform=transform)
    assert answer.prediction == 2
    assert answer.seen[0, 0] == 255
