"""What a model expects is found out, and said; or it is said by the user, and holds."""

from __future__ import annotations

import gzip
import io
import json
import time
import warnings
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from drawings import digit_ink
from networks import bundled_network, shared_network
from torch import nn
from torch.nn import functional
from torchvision import datasets, transforms

from digit_widget import Classifier, DigitWidget, ModelError, ModelWarning, compare, predict
from digit_widget.forms import VALUES, Form
from digit_widget.normalise import normalise
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from pathlib import Path

RANGES = ("0..1", "mnist", "-1..1", "-0.5..0.5", "0..255")
DIGITS = list(range(10))
INKS = [digit_ink(digit) for digit in DIGITS]
CORNER = [digit_ink(digit, 0.2, (0.15, 0.15)) for digit in DIGITS]


class Expects(nn.Module):
    """The bundled network, for pictures in another form: it undoes the form first."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        self.network = bundled_network()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Undo the form, and answer."""
        mean, deviation = VALUES[self.form.values] if isinstance(self.form.values, str) else self.form.values
        column = (-1, 1, 1)
        pictures = pictures * torch.tensor(deviation).reshape(column) + torch.tensor(mean).reshape(column)
        pictures = 1 - pictures if self.form.ink == "dark" else pictures
        pictures = pictures.swapaxes(2, 3) if self.form.transposed else pictures
        logits: torch.Tensor = self.network(pictures.mean(dim=1, keepdim=True))
        return logits


class Coloured(nn.Module):
    """The same for pictures of three channels."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1)  # says how many channels it takes
        self.network = Expects(form)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Undo the form, and answer."""
        logits: torch.Tensor = self.network(pictures)
        return logits


def right(classifier: Classifier, inks: list[np.ndarray] = INKS) -> int:
    """Return how many of ten digits are answered right."""
    return sum(answer.prediction == digit for answer, digit in zip(classifier.classify(inks), DIGITS, strict=True))


@pytest.mark.parametrize(
    "form",
    [Form(), Form(ink="dark"), Form(transposed=True), Form("0..255"), Form("0..255", "dark", transposed=True)],
    ids=str,
)
def test_the_form_is_found(form: Form) -> None:
    """Range, ink and transposition are found; what was found is said once, unless it is the usual, and can be said."""
    network = Expects(form)
    if form == Form():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            classifier = Classifier(network)
        assert str(classifier.inputs).startswith("given 0..1: right on ")
    else:
        with pytest.warns(ModelWarning, match=r"expects .*: right on \d\d of 50 drawings, on \d+ with 0\.\.1") as said:
            classifier = Classifier(network)
        assert (len(said), said[0].filename) == (1, __file__)
        assert classifier.inputs.keywords in str(said[0].message)
    assert classifier.inputs.form == form
    assert right(classifier) == right(classifier, CORNER) == 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = Classifier(network, inputs=form.values, ink=form.ink, transposed=form.transposed)
    assert [answer.probabilities for answer in told.classify(INKS)] == [
        answer.probabilities for answer in classifier.classify(INKS)
    ]


def test_a_low_confidence_is_cured() -> None:
    """A network that is right in the usual form, but not sure, is given the form in which it is sure."""

    class Unsure(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = bundled_network()

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            strength = pictures.amax(dim=(1, 2, 3), keepdim=False)[:, None] / 255
            logits: torch.Tensor = self.network(pictures / pictures.amax()) * strength.clamp(min=0.05)
            return logits

    with pytest.warns(ModelWarning, match="expects 0..255"):
        classifier = Classifier(Unsure())
    assert classifier.inputs.usual
    assert (classifier.inputs.usual.right or 0) > 40
    assert min(answer.confidence for answer in classifier.classify(INKS)) > 0.9


@pytest.mark.parametrize("kind", ["widget", "predict", "compare"])
def test_every_door_takes_the_keywords(kind: str) -> None:
    """A pad, the batch call and a comparison take what is said, and find out the rest."""
    network = Expects(Form("-1..1", "dark"))
    keywords: Any = {"inputs": "-1..1", "ink": "dark"}
    if kind == "predict":
        assert [answer.prediction for answer in predict([255 - ink for ink in INKS], network, **keywords)] == DIGITS
        return
    pad = compare([network, None], **keywords) if kind == "compare" else DigitWidget(network, **keywords)
    pad.image = _data_url(CORNER[7])
    assert (pad.prediction, pad.error) == (7, "")
    if kind == "widget":
        pad.model = Expects(Form("-1..1", "dark"))  # what was said of the first holds for the next
        assert (pad.prediction, pad.error) == (7, "")
    else:
        assert all(answer and answer.prediction == 7 for answer in pad.answers.values())
    pad.close()


def _data_url(ink: np.ndarray) -> str:
    from digit_widget.picture import to_data_url

    return to_data_url(ink)


def test_mean_and_deviation() -> None:
    """Any mean and deviation can be said, one for all channels or one for each."""
    assert right(Classifier(Expects(Form(((0.2,), (0.7,)))), inputs=(0.2, 0.7))) == 10
    colours = ((0.1, 0.2, 0.3), (0.5, 0.6, 0.7))

    assert right(Classifier(Coloured(Form(colours)), inputs=colours)) == 10
    with pytest.warns(ModelWarning, match="expects ImageNet's mean and deviation"):
        found = Classifier(Coloured(Form("imagenet")))
    assert found.inputs.form == Form("imagenet")


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"inputs": "0-1"}, "Expected inputs to be 'auto', '0..1', .*but got '0-1'"),
        ({"inputs": (0.5, 0)}, "a deviation above 0"),
        ({"inputs": (0.5, float("nan"))}, "a deviation above 0"),
        ({"inputs": 255}, "but got 255"),
        ({"ink": "black"}, "Expected ink to be 'light' .* or 'dark', but got 'black'"),
        ({"input_size": 0}, "from 1 to 1024, but got 0"),
        ({"input_size": (28, 28, 1)}, r"but got \(28, 28, 1\)"),
        ({"input_size": "28"}, "but got '28'"),
        ({"input_size": True}, "but got True"),
        ({"input_size": 32}, "CNN accepted none of the usual sizes of pictures .1 × 32 × 32"),
        ({"inputs": "mnist", "transform": transforms.ToTensor()}, r"Pass transform= or inputs=, not both"),
        ({"input_size": 28, "transform": transforms.ToTensor()}, r"Pass transform= or input_size=, not both"),
    ],
    ids=str,
)
def test_what_cannot_be_said_is_refused(keywords: Any, said: str) -> None:  # noqa: ANN401
    """Each keyword that cannot be used ends in a sentence that says what could be."""
    with pytest.raises(ModelError, match=said):
        Classifier(bundled_network(), **keywords)
    with pytest.raises(ModelError, match=said):
        DigitWidget(bundled_network(), **keywords)


def test_the_bundled_network_has_its_own_way() -> None:
    """What is for models of one's own is refused without one, and for functions of pictures, which scale themselves."""
    for keywords in ({"inputs": "0..255"}, {"ink": "dark"}, {"input_size": 32}, {"transposed": True}):
        with pytest.raises(ModelError, match="are for a model of your own"):
            DigitWidget(**keywords)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="this one takes pictures with values from 0 to 255"):
        Classifier(lambda picture: list(picture.resize((2, 5)).tobytes()), inputs="-1..1")


def test_what_another_classifier_was_told_holds() -> None:
    """A classifier of a classifier keeps what was said, and asks anew when something else is."""
    first = Classifier(Expects(Form("0..255", "dark")), inputs="0..255", ink="dark")
    assert Classifier(first, labels="abcdefghij").inputs is first.inputs
    assert Classifier.of(first, inputs="0..255") is first
    with pytest.warns(ModelWarning, match=r"right on \d of 50 digits whichever way"):
        turned = Classifier(first, inputs="-1..1")
    assert turned.inputs.form == Form("-1..1", "dark")
    transform = transforms.Compose([transforms.Resize(28), transforms.ToTensor(), lambda batch: batch * 255])
    with_transform = Classifier(first, transform=transform)
    assert (with_transform.transform, with_transform.inputs.form.ink) == (transform, "dark")
    assert right(with_transform) == 10
    assert Classifier(with_transform, inputs="0..255").transform is None


def test_a_transform_gets_the_centred_ink() -> None:
    """Ten small digits in a corner, through the article's `Compose` with `Normalize`: ten of ten."""
    steps = [transforms.Resize((28, 28)), transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    transform = transforms.Compose(steps)
    network = Expects(Form("mnist"))
    assert right(Classifier(network, transform=transform), CORNER) == 10
    assert right(Classifier(network, transform=transform, normalise=False), CORNER) < 5
    with pytest.warns(ModelWarning, match="dark ink on light paper, transposed"):
        turned = Classifier(Expects(Form("mnist", "dark", transposed=True)), transform=transform)
    assert right(turned, CORNER) == 10


@pytest.mark.parametrize("transform", [None, transforms.Compose([transforms.Resize(28), transforms.ToTensor()])])
@pytest.mark.parametrize("layout", ["flat", "channels last", "no channels"])
@pytest.mark.parametrize("kind", ["module", "function"])
def test_other_layouts(kind: str, layout: str, transform: Any) -> None:  # noqa: ANN401
    """Rows of 784 numbers, channels last, and no channels: as a module and as a function, with a transform, too."""
    network = shared_network()

    def answer(batch: torch.Tensor) -> torch.Tensor:
        dimensions = {"flat": 2, "channels last": 4, "no channels": 3}[layout]
        assert batch.ndim == dimensions
        if layout == "channels last":
            assert batch.shape[-1] == 1
        logits: torch.Tensor = network(torch.as_tensor(batch).reshape(-1, 1, 28, 28)).detach()
        return logits

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(784, 1) if layout == "flat" else nn.Conv2d(1, 1, 1)

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return answer(batch)

    assert right(Classifier(Module() if kind == "module" else answer, transform=transform), CORNER) == 10


def test_a_function_of_colours() -> None:
    """A function around a network of three channels gets three."""

    def answer(batch: torch.Tensor) -> torch.Tensor:
        assert batch.shape[1] == 3
        return shared_network()(batch.mean(dim=1, keepdim=True)).detach()

    assert right(Classifier(answer)) == 10


class AnySize(nn.Module):
    """A network that takes pictures of any size, and was trained on one."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.first = nn.Conv2d(1, 1, 1)
        self.network = bundled_network()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See a part as large as what it was trained on, from the corner."""
        seen = torch.zeros(len(pictures), 1, self.side, self.side)
        height, width = (min(self.side, length) for length in pictures.shape[2:])
        seen[:, :, :height, :width] = pictures[:, :, :height, :width]
        logits: torch.Tensor = self.network(nn.functional.interpolate(seen, 28, mode="area"))
        return logits


@pytest.mark.parametrize("side", [28, 64, 112])
def test_the_size_of_a_network_that_takes_any(side: int) -> None:
    """It is found by the drawings; said by the user, it holds."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        classifier = Classifier(AnySize(side))
    (sentence,) = [str(warning.message) for warning in said] or [f"given 0..1 at {side} × {side} pixels"]
    assert f"0..1 at {side} × {side} pixels" in sentence
    assert classifier.model.shape == (1, side, side)
    assert right(classifier, CORNER) == 10
    assert right(Classifier(AnySize(side), input_size=side), CORNER) == 10


def test_a_size_that_nothing_tells_is_said() -> None:
    """With other labels than the digits, a network of any size gets 28 × 28, and the user is told."""
    with pytest.warns(ModelWarning, match=r"takes pictures of any size, and is given 28 × 28.*input_size="):
        Classifier(AnySize(28), labels="abcdefghij")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier = Classifier(AnySize(28), labels="abcdefghij", input_size=(64, 48))
    assert classifier.pictures(INKS[:1]).shape == (1, 1, 64, 48)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        lambda _: 3,
        lambda batch: -torch.ones(len(batch), 10),
        lambda batch: np.random.default_rng(0).normal(size=(len(batch), 10)),
    ],
    ids=["untrained", "constant", "equal", "noise"],
)
def test_what_is_no_digit_model_is_told(model: Any) -> None:  # noqa: ANN401
    """Nothing is applied, and the user is asked whether it is one."""
    torch.manual_seed(0)
    with pytest.warns(
        ModelWarning, match=r"right on \d+ of 50 digits whichever way it is asked; is it a digit model\?"
    ):
        classifier = Classifier(model)
    assert classifier.inputs.form == Form()
    assert not classifier.inputs.is_known


def test_other_labels_ask_nothing() -> None:
    """Where the labels are not the digits, nothing can be found out, and the usual form is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier = Classifier(Expects(Form("0..255")), labels="abcdefghij")
    assert (str(classifier.inputs), classifier.inputs.right) == ("given 0..1", None)
    with pytest.warns(ModelWarning, match="expects 0..255"):  # with the digits as labels, it is found out
        assert Classifier(classifier, labels="0123456789").inputs.form == Form("0..255")


def test_a_model_that_fails_in_other_forms() -> None:
    """Forms that a model refuses are left out, and the others are tried."""

    def refuses(batch: torch.Tensor) -> torch.Tensor:
        if batch.min() < 0:
            message = "no negative numbers"
            raise ValueError(message)
        return Expects(Form("0..255"))(batch).detach()

    with pytest.warns(ModelWarning, match="expects 0..255"):
        assert right(Classifier(refuses)) == 10


# --- Networks that were trained, each its own way, on MNIST


def _network(kind: str) -> nn.Module:
    if kind == "MLP":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return nn.Sequential(
        *(nn.Conv2d(1, 12, 5, stride=2), nn.ReLU(), nn.Conv2d(12, 24, 3, stride=2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(24 * 25, 10)),
    )


def _trained(kind: str, form: Form, pictures: torch.Tensor, digits: torch.Tensor) -> nn.Module:
    """Return a network trained on pictures, (n, 1, 28, 28), 0 = paper, 1 = full ink, in a form."""
    torch.manual_seed(0)
    network = _network(kind)
    encoded = torch.from_numpy(form.encode(pictures.numpy()))
    optimizer = torch.optim.Adam(network.parameters(), 2e-4 if form.values == "0..255" else 1e-3)
    for _ in range(2):
        for batch in torch.randperm(len(digits)).split(64):
            optimizer.zero_grad()
            functional.cross_entropy(network(encoded[batch]), digits[batch]).backward()
            optimizer.step()
    return network.eval()


FORMS = [Form(values, ink) for values, ink in product(RANGES, ("light", "dark"))]


@pytest.fixture(scope="module", params=list(product(("MLP", "CNN"), FORMS)), ids=lambda case: f"{case[0]}, {case[1]}")
def case(request: pytest.FixtureRequest, mnist_root: Path) -> tuple[nn.Module, Form, torch.Tensor, torch.Tensor]:
    """Return a network that was trained its own way, its form, and what it is tested on."""
    kind, form = request.param
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    learnt, tested = (datasets.MNIST(mnist_root, train=train) for train in (True, False))
    network = _trained(kind, form, learnt.data[:30_000, None] / 255, learnt.targets[:30_000])
    torch.set_num_threads(threads)
    return network, form, tested.data[:500], tested.targets[:500]


LAYOUTS = ("channels first", "channels last", "flat")


class InLayout(nn.Module):
    """A network that takes its pictures in another layout."""

    def __init__(self, network: nn.Module, layout: str) -> None:
        super().__init__()
        self.network, self.layout = network, layout

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Bring them back."""
        if self.layout == "channels last":
            batch = batch.squeeze(3).unsqueeze(1)
        if self.layout == "flat":
            batch = batch.unflatten(1, (1, 28, 28))
        assert batch.shape[2:] == (28, 28)
        logits: torch.Tensor = self.network(batch)
        return logits


def _exported(network: nn.Module, layout: str) -> Any:  # noqa: ANN401
    shape = {"channels first": (1, 1, 28, 28), "channels last": (1, 28, 28, 1), "flat": (1, 784)}[layout]
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # torch has announced the end of this exporter
        torch.onnx.export(
            network, (torch.zeros(shape),), file, dynamo=False, dynamic_axes={"input": {0: "n"}}, input_names=["input"]
        )
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["module", "function", "ONNX"])
def test_networks_trained_on_mnist(
    case: tuple[nn.Module, Form, torch.Tensor, torch.Tensor], kind: str, layout: str, tmp_path: Path
) -> None:
    """Without a hint each is right as often as its owner's way, within a point, and what was found is true."""
    trained, form, pictures, digits = case
    network = InLayout(trained, layout)
    model: Any = network
    if kind == "function":

        def model(batch: torch.Tensor) -> torch.Tensor:
            return network(batch).detach()

    if kind == "ONNX":
        onnx.save(_exported(network, layout), tmp_path / "network.onnx")
        model = tmp_path / "network.onnx"
    with warnings.catch_warnings(action="ignore"):
        classifier = Classifier(model)
    assert classifier.inputs.form == form, str(classifier.inputs)
    with torch.no_grad():
        own = trained(torch.from_numpy(form.encode(pictures.numpy()[:, None] / np.float32(255))))
    owners = (own.argmax(dim=1) == digits).float().mean().item()
    answers = predict([255 - picture for picture in pictures.numpy()], classifier)
    assert np.mean([answer.prediction == digit for answer, digit in zip(answers, digits, strict=True)]) >= owners - 0.01


def test_labels_of_any_number() -> None:
    """A model of a hundred classes, and one of a single class, are met like any other."""
    for count in (100, 1):
        labels = [f"class {n}" for n in range(count)]
        assert len(Classifier(lambda _, count=count: [1 / count] * count, labels=labels).labels) == count


def test_a_model_is_called_by_its_name() -> None:
    """What is said of a model begins with its name, so that one knows which of several is meant."""
    with pytest.warns(ModelWarning, match=r"^Expects expects 0\.\.255"):
        compare({"theirs": Expects(Form("0..255")), "bundled": None}).close()


def test_letters_are_no_digits(pen_root: Path) -> None:
    """A network of ten letters, with the digits as labels by mistake: nothing is applied, and the hint is given."""
    letters, pictures, classes = "AEFHKMRWXY", [], []
    with gzip.open(pen_root / "pen-not-digits-train.ndjson.gz", "rt", encoding="utf-8") as lines:
        for item in map(json.loads, lines):
            if item["label"] in letters:
                ink = rasterise(checked([[[40 + x / 5, 40 + y / 5] for x, y in s] for s in item["strokes"]]))
                pictures.append(normalise(ink))
                classes.append(letters.index(item["label"]))
    learnt = torch.from_numpy(np.stack(pictures))[:, None] / 255
    for kind, form in product(("MLP", "CNN"), (Form(), Form("-1..1", "dark"))):
        network = _trained(kind, form, learnt, torch.tensor(classes))
        with pytest.warns(ModelWarning, match=r"is right on \d+ of 50 digits whichever way"):
            assert Classifier(network).inputs.form == Form()


def test_a_slow_model_is_asked_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes longer is asked about ten drawings, and in as many forms as there is time for."""
    monkeypatch.setattr("digit_widget.inputs.SECONDS", 0.4)
    asked: list[int] = []

    def slow(batch: torch.Tensor) -> torch.Tensor:
        batch = torch.as_tensor(batch)
        asked.append(len(batch))
        time.sleep(0.01 * len(batch))
        return -torch.ones(len(batch), 10)

    with pytest.warns(ModelWarning, match=r"right on \d of 10 digits"):
        Classifier(slow)
    assert max(asked) == 10
    assert sum(asked) <= 10 * (1 + 0.4 / 0.1) + 2


def test_a_form_in_which_few_are_right_is_not_taken() -> None:
    """Better than nothing is not enough: it takes half of the drawings."""
    network = Expects(Form("0..255"))

    def knows_four(batch: torch.Tensor) -> torch.Tensor:
        if batch.max() < 2:
            return torch.full((len(batch), 10), -5.0).index_fill(1, torch.tensor([9]), 5.0)
        logits: torch.Tensor = network(batch).detach()
        logits[logits.argmax(dim=1) > 3] = torch.zeros(10)
        return logits

    with pytest.warns(ModelWarning, match="is it a digit model"):
        assert Classifier(knows_four).inputs.form == Form()


@pytest.mark.parametrize("more", [1, 5])
def test_labels_alone_must_tell_clearly(more: int) -> None:
    """A function that answers with labels is given another form only if several more drawings are right in it."""

    def label(batch: torch.Tensor) -> torch.Tensor:
        batch = torch.as_tensor(batch)
        if batch.min() < 0 or batch.max() > 1:
            return functional.one_hot(torch.zeros(len(batch), dtype=torch.int64), 10)
        is_dark = batch[:, :, 0, 0].mean() > 0.5
        logits = shared_network()(1 - batch if is_dark else batch).detach()
        found = logits.argmax(dim=1)
        for n in range(len(found)):
            rank = sum(1 for k in range(len(found)) if found[k] == 8 and k < n)
            if found[n] == 8 and not (is_dark and rank < more):
                found[n] = 0
            if found[n] == 9:
                found[n] = 0
        return functional.one_hot(found, 10)

    with warnings.catch_warnings(action="ignore"):
        inputs = Classifier(label).inputs
    assert inputs.form.ink == ("dark" if more == 5 else "light"), str(inputs)


def test_the_model_s_own_temperature_counts() -> None:
    """A model that is sure of everything, but says by which temperature it is calibrated, is no worse for it."""

    class Loud:
        classes, shape, threshold, temperature = 10, (1, 28, 28), -np.inf, 50.0

        def __call__(self, pictures: np.ndarray) -> Any:  # noqa: ANN401
            return 50 * shared_network()(torch.tensor(pictures)).detach().numpy()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier = Classifier(Loud())
    assert classifier.inputs.form == Form()
