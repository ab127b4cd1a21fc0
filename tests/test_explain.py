"""Why an answer is what it is: the heat says what the model hung on, whatever kind of model it is."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from drawings import digit_ink, digit_strokes
from host import Host
from networks import bundled_network, shared_network
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from digit_widget import Classifier, DigitWidget, ModelError, models
from digit_widget.explain import AT_ONCE, Explanation, explain, picture, tinted
from digit_widget.labels import KEYCAPS
from digit_widget.picture import from_data_url, to_data_url
from digit_widget.strokes import PAD_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from digit_widget.normalise import Ink

CORNER = (0.2, 0.8)
RECORDED = Path(__file__).parent / "fixtures" / "occlusion.npz"


@pytest.fixture(scope="module")
def bundled() -> Classifier:
    """Return the bundled model."""
    return Classifier()


def left_or_right(seen: Image.Image) -> list[float]:
    """Answer "left" or "right" by where there is more ink: every stroke speaks for its own side."""
    ink = np.asarray(seen, float) / 255
    half = ink.shape[1] // 2
    odds = math.exp((ink[:, :half].sum() - ink[:, half:].sum()) / 10)
    return [odds / (1 + odds), 1 / (1 + odds)]


@pytest.fixture(scope="module")
def sides() -> Classifier:
    """Return a model of which it is known what it hangs on."""
    return Classifier(left_or_right, ["left", "right"])


def warm_and_cold(rgba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where an overlay is orange and where it is blue."""
    return (rgba[..., 3] > 0) & (rgba[..., 0] > rgba[..., 2]), (rgba[..., 3] > 0) & (rgba[..., 0] < rgba[..., 2])


@pytest.mark.parametrize("digit", range(10))
def test_the_ink_of_a_digit_speaks_for_it(bundled: Classifier, digit: int) -> None:
    """Over each of the ten shapes the heat is positive on the whole, lies in -1..1, and only where there is ink."""
    why = explain(bundled, digit_ink(digit))
    assert (why.prediction, why.result) == (digit, KEYCAPS[digit])
    assert why.runner_up != digit
    assert why.runner_up_result == KEYCAPS[why.runner_up]
    assert why.heat.shape == why.runner_up_heat.shape == why.seen.shape == (28, 28)
    both = np.stack([why.heat, why.runner_up_heat])
    assert np.abs(both).max() == pytest.approx(1)
    assert not both[:, why.seen == 0].any()
    assert why.heat[why.seen > 0].mean() > 0.05
    assert why.heat[why.seen > 0].mean() > why.runner_up_heat[why.seen > 0].mean()


def test_heat_is_what_the_model_hangs_on(sides: Classifier) -> None:
    """Of a model that counts the ink left and right, the left is warm and the right cold for one, and the other way."""
    ink = digit_ink(0).copy()
    ink[:, : PAD_SIZE // 2] = np.maximum(ink[:, : PAD_SIZE // 2], digit_ink(1, 0.4, (0.4, 0.5))[:, : PAD_SIZE // 2])
    why = explain(sides, ink)
    assert (why.result, why.runner_up_result) == ("left", "right")
    left, right = (slice(None), slice(0, 12)), (slice(None), slice(16, None))  # no window there reaches over the middle
    for heat, sign in ((why.heat, 1), (why.runner_up_heat, -1)):
        assert (sign * heat[left] >= 0).all()
        assert (sign * heat[right] <= 0).all()
        assert heat[left].any()
        assert heat[right].any()


class Waves:
    """A model of two layers with weights of its own, so that what was recorded holds for any bundled network."""

    classes, temperature, threshold = 10, 1.5, -math.inf

    def __init__(self, channels: int, height: int, width: int, strength: float = 3) -> None:
        self.shape = (channels, height, width)
        self.first = np.sin(np.arange(channels * height * width * 16)).reshape(-1, 16) / 4
        self.second = strength * np.cos(np.arange(16 * self.classes)).reshape(16, -1)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Return logits, (n, 10)."""
        return np.tanh(pictures.reshape(len(pictures), -1) @ self.first) @ self.second


def two_papers(drawing: Image.Image) -> np.ndarray:
    """Return a picture of two channels; paper is 1 in the one and -0.5 in the other."""
    ink = np.asarray(drawing.resize((30, 20), Image.Resampling.BOX), np.float32) / 255
    return np.stack([1 - ink, ink / 2 - 0.5])


CASES: dict[str, Callable[[], tuple[Classifier, Ink]]] = {
    **{f"digit {n}": lambda n=n: (Classifier(Waves(1, 28, 28)), digit_ink(n)) for n in range(10)},
    "three channels": lambda: (Classifier(Waves(3, 25, 33)), digit_ink(7, 0.3, CORNER)),
    "hardly any difference": lambda: (Classifier(Waves(3, 25, 33, 0.003)), digit_ink(7, 0.3, CORNER)),
    "transform": lambda: (Classifier(Waves(2, 20, 30), transform=two_papers, normalise=False), digit_ink(4)),
}
"""Models and drawings whose heat tests/fixtures/record_occlusion.py recorded."""


@pytest.mark.parametrize("case", CASES)
def test_heat_is_that_of_captum(case: str) -> None:
    """Heat is what captum 0.9.0 computed for the same model and drawing; fixtures/record_occlusion.py recorded it."""
    why = explain(*CASES[case]())
    with np.load(RECORDED) as recorded:
        np.testing.assert_allclose([why.heat, why.runner_up_heat], recorded[case], rtol=0, atol=1e-5)


def test_each_window_over_ink_is_asked_about_once() -> None:
    """The model is asked about each window that hides ink, once for both classes, in small batches; about no other."""
    batches: list[np.ndarray] = []

    class Heard(Waves):
        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            batches.append(pictures)
            return super().__call__(pictures)

    classifier = Classifier(Heard(1, 28, 28))
    batches.clear()
    seen = explain(classifier, digit_ink(8)).seen
    asked = np.round(np.concatenate(batches)[:, 0] * 255)
    with_holes = (asked != seen).any(axis=(1, 2)).sum()
    assert with_holes == sliding_window_view(seen, (4, 4))[::2, ::2].any(axis=(2, 3)).sum()
    assert len(asked) - with_holes <= 3  # the whole picture: for the answer, for the runner-up, and to compare with
    assert max(batch.size for batch in batches) <= AT_ONCE


class Colours(nn.Module):
    """The bundled network behind one that takes three channels of 32 x 32."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 1, 1, bias=False)
        nn.init.constant_(self.mix.weight, 1 / 3)
        self.inside = nn.Linear(32 * 32, 28 * 28)  # so that other sizes are refused
        self.network = bundled_network()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Take (n, 3, 32, 32)."""
        self.inside(self.mix(pictures).flatten(1))
        return self.network(nn.functional.interpolate(self.mix(pictures), 28, mode="area"))


def one_by_one(seen: Image.Image) -> np.ndarray:
    """Answer one picture with probabilities, through the bundled network."""
    return (
        torch.softmax(
            shared_network()(v2.functional.to_dtype(v2.functional.to_image(seen), torch.float32, scale=True)[None]),
            1,
        )[0]
        .detach()
        .numpy()
    )


def test_every_kind_of_model_is_asked_in_the_same_way(bundled: Classifier) -> None:
    """The same network as a module, an ONNX file and a function of one picture gives much the same heat."""
    known = explain(bundled, digit_ink(4))
    for model in (bundled_network(), models.bundled().with_suffix(".onnx"), one_by_one):
        why = explain(Classifier(model), digit_ink(4))
        assert (why.prediction, why.runner_up) == (4, known.runner_up)
        assert np.corrcoef(why.heat.ravel(), known.heat.ravel())[0, 1] > 0.95


def test_a_function_that_answers_with_a_label_has_finite_heat() -> None:
    """Certainty is no infinity: what changes a label is hot, and where nothing does all is 0."""
    tall = Classifier(lambda seen: int(np.asarray(seen)[:8].any()), ["low", "tall"])
    why = explain(tall, digit_ink(1))
    assert np.isfinite(why.heat).all()
    assert not explain(Classifier(lambda _: 3), digit_ink(1)).heat.any()


def test_other_sizes_and_colours() -> None:
    """A model that takes three channels of another size gets heat of that size, laid back over the drawing."""
    why = explain(Classifier(Colours()), digit_ink(7, 0.3, CORNER))
    assert why.prediction == 7
    assert why.heat.shape == why.seen.shape == (32, 32)
    assert why.heat[why.seen > 0].mean() > 0.05
    assert why.overlay is not None
    assert why.overlay.shape == (PAD_SIZE, PAD_SIZE, 4)


def test_a_transform_s_picture_is_explained_as_it_is() -> None:
    """Paper is what the transform makes of it, not 0, and has no heat; where the drawing lies is not known."""
    network = bundled_network()
    transform = v2.Compose(
        [v2.Resize((28, 28)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.25])]
    )
    classifier = Classifier(lambda pictures: network(pictures / 4 + 0.5), transform=transform)
    why = explain(classifier, digit_ink(0))
    assert why.overlay is None
    assert not why.heat[why.seen == 0].any()
    assert 0 < np.count_nonzero(why.heat) <= np.count_nonzero(why.seen)
    assert np.abs(why.heat).max() <= 1


@pytest.mark.parametrize("normalise", [True, False])
def test_heat_is_laid_back_over_the_drawing(normalise: bool) -> None:
    """The overlay colours the drawing's own ink and no paper; what is warm to the model's left is so on the left."""
    ink = np.maximum(digit_ink(1, 0.25, (0.3, 0.8)), digit_ink(1, 0.1, (0.45, 0.8)))
    middle = 14 if normalise else round(28 * 0.38)

    def left(seen: Image.Image) -> list[float]:
        grey = np.asarray(seen, float) / 255
        odds = math.exp((grey[:, :middle].sum() - grey[:, middle:].sum()) / 10)
        return [odds / (1 + odds), 1 / (1 + odds)]

    why = explain(Classifier(left, ["left", "right"], normalise=normalise), ink)
    assert why.overlay is not None
    warm, cold = warm_and_cold(why.overlay)
    assert not (warm | cold)[ink == 0].any()
    assert (warm | cold)[ink > 200].mean() > 0.9
    columns = np.arange(PAD_SIZE)[None] + np.zeros((PAD_SIZE, 1))
    assert columns[warm].mean() < columns[cold].mean()
    assert warm[:, :80].sum() > 10 * cold[:, :80].sum()


def test_the_overlay_of_a_large_picture_is_no_larger_than_the_pad(bundled: Classifier) -> None:
    """A picture of any size and shape is explained, and its overlay has its shape at the pad's size."""
    ink = np.asarray(Image.fromarray(digit_ink(3)).resize((1400, 1400)))[:, 200:1100]
    why = explain(bundled, ink)
    assert why.prediction == 3
    assert why.overlay is not None
    assert why.overlay.shape == (280, 180, 4)
    warm, cold = warm_and_cold(why.overlay)
    small = np.asarray(Image.fromarray(ink).resize((180, 280), Image.Resampling.BOX))
    assert not (warm | cold)[small == 0].any()


def test_tints() -> None:
    """Orange for, blue against, nothing on paper or without heat; the stronger the less transparent."""
    heat, ink = np.array([[1.0, 0.25, 0, -1.0, 1.0]]), np.array([[255, 255, 255, 255, 0]], np.uint8)
    (row,) = tinted(heat, ink).tolist()
    assert [pixel[3] for pixel in row] == [255, 128, 0, 255, 0]
    assert row[0][0] > row[0][2]
    assert row[3][0] < row[3][2]


def test_an_explanation_shows_itself(bundled: Classifier) -> None:
    """In a notebook it is two pictures with their labels, which are text; its text is short."""
    why = explain(Classifier(bundled, [f"<b>{n}" for n in range(10)]), digit_ink(8))
    shown = why._repr_html_()
    assert shown.count("data:image/png;base64,") == 2
    assert "&lt;b&gt;8" in shown
    assert "<b>" not in shown
    assert len(repr(why)) < 200
    assert isinstance(why, Explanation)


def test_what_has_no_answer_has_none_explained(bundled: Classifier, sides: Classifier) -> None:
    """A dot and what is no digit are refused in words, and so is a model that has nothing else to answer."""
    dot = digit_ink(1, 0.02)
    with pytest.raises(ValueError, match="no answer to explain"):
        explain(bundled, dot)
    with pytest.raises(ValueError, match="no answer to explain"):
        explain(Classifier(lambda _: None), digit_ink(1))
    with pytest.raises(ModelError, match="one class only"):
        explain(Classifier(lambda _: 0, ["x"]), digit_ink(1))
    assert explain(sides, digit_ink(1)).runner_up in (0, 1)


def test_a_model_that_is_too_slow_ends_in_a_sentence() -> None:
    """A model that answers in time once, but not a hundred times, is given up on with the way to give it longer."""

    def slow(_seen: Image.Image) -> int:
        threading.Event().wait(0.05)
        return 1

    with pytest.raises(ModelError, match=r"has not come through in 0.5 s.*Classifier\(model, timeout=60\)"):
        explain(Classifier(slow, timeout=0.5), digit_ink(1))


def test_a_pad_explains_its_drawing(host: Host, pad: DigitWidget) -> None:
    """`explain` is about the drawing on the pad, and changes nothing there."""
    host.draw(4)
    host.received.clear()
    why = pad.explain()
    assert (why.prediction, why.result) == (pad.prediction, pad.result)
    assert np.array_equal(why.seen, from_data_url(pad._seen))
    assert (host.received, pad.explaining, pad._why) == ([], False, {})


def test_a_blank_pad_has_nothing_to_explain(pad: DigitWidget) -> None:
    """It says to draw first."""
    with pytest.raises(ValueError, match="The pad is blank; draw something first"):
        pad.explain()


def test_the_answer_goes_first_and_its_reasons_follow(host: Host, pad: DigitWidget) -> None:
    """While it is on, a question is answered in one message without reasons, and the reasons come in the next."""
    host.send({"explaining": True})
    for digit in (7, 4):
        host.received.clear()
        host.draw(digit)
        answer, reasons = host.updates
        assert (answer["result"], answer.get("_why", {})) == (KEYCAPS[digit], {})
        assert reasons.keys() == {"_why"}
        assert reasons["_why"]["answered"] == pad._answered == host.question
        assert reasons["_why"]["label"] == KEYCAPS[digit]
    why = pad.explain()
    assert pad._why["runner_up_label"] == why.runner_up_result
    assert pad._why["seen"] == picture(why.heat, why.seen)
    assert pad._why["runner_up"] == picture(why.runner_up_heat, why.seen)
    assert pad._why["overlay"].startswith("data:image/png;base64,")


def test_reasons_are_never_of_an_older_drawing(host: Host, pad: DigitWidget) -> None:
    """Whatever comes next, another drawing of the page's or Python's, or none, takes them away with its answer."""
    pad.explaining = True
    for change in (
        lambda: host.draw(3),
        lambda: setattr(pad, "strokes", digit_strokes(5)),
        lambda: setattr(pad, "image", to_data_url(digit_ink(6))),
        pad.clear,
    ):
        host.draw(2)
        assert pad._why["label"] == KEYCAPS[2]
        host.received.clear()
        change()
        assert host.updates[0]["_why"] == {}
        assert pad._why.get("label") == (None if pad.prediction is None else pad.result)


def test_the_toggle_works_on_the_drawing_that_is_there(host: Host, pad: DigitWidget) -> None:
    """Turned on, the answer that is shown is explained; turned off, nothing is shown and nothing is computed."""
    host.draw(3)
    pad.explaining = True
    assert pad._why["label"] == KEYCAPS[3]
    pad.explaining = False
    assert pad._why == {}
    host.received.clear()
    host.draw(4)
    assert len(host.updates) == 1
    assert pad._why == {}


def test_a_drawing_that_nobody_asked_about_has_no_reasons(host: Host, pad: DigitWidget) -> None:
    """With a button, the reasons come with the answer."""
    pad.predict_on = "button"
    pad.explaining = True
    host.draw(6, ask=False)
    assert pad._why == {}
    host.ask()
    assert pad._why["label"] == KEYCAPS[6]


def test_reasons_come_though_an_observer_fails(host: Host, pad: DigitWidget) -> None:
    """A user's broken observer costs neither the answer nor its reasons."""

    def broken(_change: object) -> None:
        message = "broken observer"
        raise RuntimeError(message)

    pad.explaining = True
    pad.observe(broken, "prediction")
    with pytest.raises(RuntimeError, match="broken observer"):
        host.draw(7)
    assert (host.state["result"], host.state["_why"]["label"]) == (KEYCAPS[7], KEYCAPS[7])


def test_a_model_that_cannot_be_asked_why_keeps_its_answer() -> None:
    """A model that fails at pictures with holes has answered all the same, and the toggle goes off and says so once."""
    asked: list[Any] = []
    met: list[bool] = []

    def moody(seen: Image.Image) -> int:
        asked.append(seen)
        if met and len(asked) == 20:
            message = "out of cheese"
            raise RuntimeError(message)
        return 3

    pad = DigitWidget(moody)
    pad.explaining = True
    host = Host(pad)
    asked.clear()
    met.append(True)
    host.draw(3)
    assert (pad.prediction, pad.error, pad.explaining) == (3, "", False)
    assert pad._why == {"error": "The answer could not be explained. RuntimeError: out of cheese"}
    assert (host.state["explaining"], host.state["_why"]) == (False, pad._why)
    host.draw(5)
    assert (pad.prediction, pad._why) == (3, {})


def test_only_explanations_load_their_module() -> None:
    """A pad that answers with the toggle off has not loaded `digit_widget.explain`."""
    script = """
import sys
from digit_widget import DigitWidget
from digit_widget.known import drawings
from digit_widget.picture import to_data_url
pad = DigitWidget(image=to_data_url(drawings()[3]))
print(pad.prediction, "digit_widget.explain" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["3", "False"], done.stderr


def test_a_drawing_that_waits_has_no_reasons_of_the_one_before(host: Host, pad: DigitWidget) -> None:
    """With a button, the reasons of an older drawing are not computed anew for one that nobody has asked about."""
    pad.explaining = True
    host.draw(6)
    host.draw(4, ask=False)
    assert (pad._why, pad.explaining) == ({}, True)


def test_what_is_no_digit_has_no_reasons_and_no_error() -> None:
    """The toggle stays on where there is no answer to explain."""
    pad = DigitWidget(lambda _: None)
    pad.explaining = True
    Host(pad).draw(3)
    assert (pad._why, pad.explaining, pad.error) == ({}, True, "")
