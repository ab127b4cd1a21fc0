"""What `deploy/` holds, really started: the same answers as here, and no drawing lost when a server goes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from deployed import ROOT, SERVERS, installed
from drawings import digit_ink, digit_strokes
from inference import until

from digit_widget import Classifier, DigitWidget, ModelError, Remote
from digit_widget.models import load_model

if TYPE_CHECKING:
    from deployed import Serving

    from digit_widget.normalise import Ink

ONNX = ROOT / "models" / "digits.onnx"


@pytest.fixture(scope="session")
def here(digits: list[Ink]) -> list[str]:
    """What is answered in this process."""
    return [answer.result for answer in Classifier().classify(digits)]


def test_the_answers_are_those_given_here(server: Serving, digits: list[Ink], here: list[str]) -> None:
    """10,000 of 10,000 digits, the 🤔 among them."""
    answers = Classifier(server.url).classify(digits)
    assert len(answers) == len(here) == 10_000
    assert [answer.result for answer in answers] == here


def test_it_says_what_it_takes(server: Serving) -> None:
    """The shape and the calibration come from the server; another shape, and another name, are sentences."""
    found, own = Remote(server.url).met(), load_model()
    assert (found.shape, found.temperature, found.threshold) == (own.shape, own.temperature, own.threshold)
    assert found.declared.step is None
    with pytest.raises(ModelError, match=r"answered 400: Expected a batch of pictures of \(1, 28, 28\)"):
        Remote(server.url, shape=(784,)).met()
    with pytest.raises(ModelError, match=r"answered 404.*Check the name of the model"):
        Remote(server.url.replace("digits", "letters")).met()


def test_many_pads_are_answered_at_once(server: Serving) -> None:
    """Thirty-two pads, each in its thread: each gets the answers to its own drawings."""
    classifier = Classifier(server.url)

    def draw(number: int) -> list[int | None]:
        pad = DigitWidget(model=classifier)
        found = []
        for turn in range(5):
            pad.strokes = digit_strokes((number + turn) % 10)
            found.append(pad.prediction)
        return found

    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(draw, range(32)))
    assert found == [[(number + turn) % 10 for turn in range(5)] for number in range(32)]


def test_a_server_killed_under_load_loses_no_drawing(server: Serving) -> None:
    """Eight pads draw while it is killed and started again: each drawing is answered rightly, or is told why not."""
    classifier = Classifier(server.url)
    pads = [DigitWidget(model=classifier) for _ in range(8)]
    done = threading.Event()
    outcomes: list[tuple[int, int | None, str]] = []

    def draw(number: int) -> None:
        digit = number
        while not done.is_set():
            digit = (digit + 1) % 10
            pads[number].strokes = digit_strokes(digit)
            outcomes.append((digit, pads[number].prediction, pads[number].error))

    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(draw, number) for number in range(8)]
        try:
            until(lambda: len(outcomes) > 40, 60)
            server.kill()
            until(lambda: any(error for *_, error in outcomes), 60)
            server.start()
            began = len(outcomes)
            until(lambda: sum(not error for *_, error in outcomes[began:]) > 40, 60)
        finally:
            done.set()
        for one in running:
            one.result()
    for digit, prediction, error in outcomes:
        is_told = prediction is None and server.url in error
        assert (prediction == digit and not error) or is_told, (digit, prediction, error)
    for number, pad in enumerate(pads):
        pad.strokes = digit_strokes(number)
        assert (pad.prediction, pad.error) == (number, "")


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.folder)
def test_any_onnx_file_is_served(kind: type[Serving]) -> None:
    """A file that is named answers in place of the bundled network, several pictures in a question."""
    with installed(kind)(str(ONNX)) as server:
        found = Classifier(server.url)
        answers = found.classify([digit_ink(digit) for digit in range(10)])
        assert [answer.prediction for answer in answers] == list(range(10))
        assert found.model.threshold == pytest.approx(load_model(ONNX).threshold)
