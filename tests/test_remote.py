"""A model that is served elsewhere, over real connections: behind the pad, in a batch, and in all that can go wrong."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes
from inference import PATH, Handler, Inference, bundled_logits, calibration, until

from digit_widget import (
    Classifier,
    DigitWidget,
    Feedback,
    ModelError,
    ModelWarning,
    Remote,
    compare,
    load_model,
    predict,
)
from digit_widget.known import drawings
from digit_widget.labels import KEYCAPS
from digit_widget.models import UnavailableError
from digit_widget.models.adapting import called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Act = Callable[[Handler], object]

SECRET = "s3cr3t-t0ken"  # noqa: S105 - of this test alone
SEVEN = digit_strokes(7)


@pytest.fixture
def server() -> Iterator[Inference]:
    """Yield a server with the bundled network, calibrated."""
    with Inference(parameters=calibration()) as started:
        yield started


def in_turn(*acts: Act | None) -> Act:
    """Return what does one thing at each question, and at last nothing."""
    left = list(acts)

    def act(handler: Handler) -> object:
        if handler.command == "GET" or not left:
            return False
        does = left.pop(0)
        return does(handler) if does else False

    return act


def said(status: int, answer: object, **headers: str) -> Act:
    """Return what answers so to each question."""

    def act(handler: Handler) -> bool:
        handler.say(status, answer, **headers)
        return True

    return act


def sent(raw: bytes) -> Act:
    """Return what sends bytes that need not be HTTP, and closes the connection."""

    def act(handler: Handler) -> bool:
        handler.close_connection = True
        handler.wfile.write(raw)
        return True

    return act


def rows_answer(data: object, shape: object = None, datatype: str = "FP32", name: str = "logits") -> dict[str, Any]:
    """Return an answer with one output."""
    return {"outputs": [{"name": name, "datatype": datatype, "shape": shape, "data": data}]}


# ---- answers


def test_a_url_is_a_model_behind_the_pad(server: Inference) -> None:
    """The pad answers through the server as the bundled network does, with its probabilities and its threshold."""
    pad, own = DigitWidget(model=server.url), DigitWidget()
    for digit in range(10):
        pad.strokes = own.strokes = digit_strokes(digit)
        assert (pad.error, pad.prediction, pad.result) == ("", digit, own.result)
        assert pad.probabilities == pytest.approx(own.probabilities, abs=1e-9)
    letter = [[[60, 230], [140, 60], [220, 230]], [[90, 160], [190, 160]]]
    pad.strokes = own.strokes = letter
    assert own.status == "unknown"
    assert (pad.status, pad.error) == ("unknown", "")
    assert pad.model == server.url
    assert "known digits" in pad._met[0]


def test_a_list_goes_in_batches_and_comes_back_in_order(server: Inference) -> None:
    """Two hundred drawings are a few questions of at most 63 pictures; the answers are those of this process."""
    inks = [255 - ink for ink in drawings()] * 4
    classifier = Classifier(Remote(server.url))
    before = len(server.questions())
    answers = predict(inks, classifier)
    sizes = [question["inputs"][0]["shape"][0] for question in server.questions()[before:]]
    assert sum(sizes) == len(inks)
    assert 4 <= len(sizes) < 30
    assert max(sizes) <= 63
    for answer, own in zip(answers, predict(inks), strict=True):
        assert answer.result == own.result
        assert answer.probabilities == pytest.approx(own.probabilities, abs=1e-6)


def test_a_slow_server_is_asked_about_fewer_pictures_at_once() -> None:
    """No question takes as long as the limit, though all the pictures take longer."""

    def slow(pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
        time.sleep(0.02 * len(pictures))
        return bundled_logits(pictures)

    with Inference(slow) as server:
        classifier = Classifier(Remote(server.url, timeout=0.6))
        answers = predict([255 - ink for ink in drawings()], classifier)
        assert len(answers) == 50
        assert 1 < max(question["inputs"][0]["shape"][0] for question in server.questions()) < 15
        with_batch = Remote(server.url, batch=2).met()
        before = len(server.questions())
        assert len(with_batch(np.zeros((5, 1, 28, 28), np.float32))) == 5
        assert [one["inputs"][0]["shape"][0] for one in server.questions()[before:]] == [2, 2, 1]


def test_sixteen_threads_ask_at_once_over_connections_that_are_kept(server: Inference) -> None:
    """Each gets the answer to its own drawing, and connections are used again."""
    accepted = set()
    server.acts = lambda handler: accepted.add(handler.client_address)
    classifier = Classifier(server.url)
    pads = [DigitWidget(model=classifier) for _ in range(16)]

    def draw(number: int) -> list[int | None]:
        found = []
        for turn in range(10):
            pads[number].strokes = digit_strokes((number + turn) % 10)
            found.append(pads[number].prediction)
        return found

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(draw, range(16)))
    assert found == [[(number + turn) % 10 for turn in range(10)] for number in range(16)]
    assert len(server.asked) > 160
    assert len(accepted) <= 20


def test_models_are_compared_and_evaluated(server: Inference, tmp_path: Path) -> None:
    """`compare` and `evaluate` take a URL or a `Remote` as any model, and call it by its name there."""
    pad = compare([server.url, None, Remote(server.url)], feedback=tmp_path)
    pad.strokes = SEVEN
    assert {name: answer.prediction for name, answer in pad.answers.items() if answer} == {
        "digits": 7,
        "bundled": 7,
        "digits 2": 7,
    }
    target = {"number": 1, "does": "say", "consents": True, "target": 7}
    pad.set_state({"_correction": target | {"answered": pad._answered, "drawn": 1, "result": pad.result}})
    (record,) = Feedback(tmp_path)
    assert (record.model, record.weights) == ("digits", "")
    assert Feedback(tmp_path).evaluate(server.url)["digits"].accuracy == 1
    assert load_model(server.url)(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


def test_why_is_answered_too(server: Inference) -> None:
    """A served model explains itself as others do: it is asked about the drawing with parts of it hidden."""
    pad = DigitWidget(model=server.url)
    pad.strokes = SEVEN
    assert pad.explain().prediction == 7


def test_other_labels_are_those_of_its_classes(server: Inference) -> None:
    """Labels are checked against what comes back, and can be changed."""
    assert predict(255 - digit_ink(2), server.url, labels="abcdefghij").result == "c"
    with pytest.raises(ModelError, match="3 labels"):
        Classifier(server.url, labels="abc")


# ---- what it takes


@pytest.mark.parametrize("is_said", [True, False])
@pytest.mark.parametrize("shape", [(-1, 1, 28, 28), (-1, 784), (-1, 28, 28, 1), (-1, 28, 28), (1, 1, 28, 28), (1, 784)])
def test_each_layout_is_told_by_the_metadata_or_found(shape: tuple[int, ...], *, is_said: bool) -> None:
    """A server that says nothing of its input is asked in each layout; the name alone has to be said then."""
    with Inference(shape=shape, parameters=calibration()) as server:
        if not is_said:
            server.about = {"name": "digits", "inputs": []}
        known = {} if is_said or shape[0] == -1 else {"shape": shape if len(shape) == 4 else (784,), "batch": 1}
        source = Remote(server.url, input_name=None if is_said else "ink", **known)
        assert [answer.prediction for answer in predict([255 - digit_ink(n) for n in range(10)], source)] == [
            *range(10)
        ]
        sizes = {question["inputs"][0]["shape"][0] for question in server.questions()}
        assert (max(sizes) == 1) == (shape[0] == 1)


def test_a_server_without_metadata_is_asked_all_the_same() -> None:
    """404 for the metadata is not yet a refusal; the input is called input-0 if nothing is said."""
    with Inference(parameters=calibration()) as server:
        server.about = None
        assert predict(255 - digit_ink(3), Remote(server.url, input_name="ink", shape=(1, 28, 28))).prediction == 3
        with pytest.raises(ModelError, match=r"unexpected input input-0 FP32.*Remote\(url, input_name"):
            Classifier(server.url)


def test_the_form_is_found_as_for_other_models() -> None:
    """A served model that was trained on 0..255, dark on light, is found out, and said."""
    with (
        Inference(lambda pictures: bundled_logits(1 - pictures / 255)) as server,
        pytest.warns(ModelWarning, match=r"digits expects 0\.\.255.* dark ink on light paper"),
    ):
        classifier = Classifier(server.url)
    assert classifier.inputs.form.values == "0..255"


def test_whole_numbers_are_sent_where_they_are_wanted() -> None:
    """A model of UINT8 gets pixels from 0 to 255."""
    with Inference(lambda pictures: bundled_logits(pictures / 255), datatype="UINT8") as server:
        assert predict(255 - digit_ink(4), server.url).prediction == 4
        data = server.questions()[-1]["inputs"][0]["data"]
        assert set(map(type, data)) == {int}
        assert max(data) > 200


def test_a_model_of_any_size_is_asked_in_the_size_that_was_said() -> None:
    """Open sides take `input_size`; fixed ones refuse another in a sentence."""

    def wide(pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return bundled_logits(pictures[..., ::2, ::2] if pictures.shape[-1] == 56 else pictures)

    with Inference(wide, shape=(-1, 1, -1, -1)) as server:
        classifier = Classifier(server.url, input_size=56)
        assert classifier.model.shape == (1, 56, 56)
        assert server.questions()[-1]["inputs"][0]["shape"][1:] == [1, 56, 56]
    with Inference() as server, pytest.raises(ModelError, match="takes pictures of 28 × 28, and none of 56 × 56"):
        Classifier(server.url, input_size=56)


def test_outputs_are_read_as_other_models_are() -> None:
    """Indices of classes, probabilities, the scores beside a label, and the output that is named."""
    index = lambda pictures: bundled_logits(pictures).argmax(axis=1)  # noqa: E731
    with Inference(index) as server:
        server.outputs = "INT64"
        assert predict(255 - digit_ink(5), server.url).prediction == 5

    def both(handler: Handler) -> bool:
        question = json.loads(server.asked[-1][3] or b"{}")
        rows = bundled_logits(np.array(question["inputs"][0]["data"]))
        label = {"name": "label", "datatype": "INT64", "shape": [len(rows)], "data": [9] * len(rows)}
        text = {"name": "text", "datatype": "BYTES", "shape": [len(rows)], "data": ["x"] * len(rows)}
        scores = {"name": "s", "datatype": "FP32", "shape": list(rows.shape), "data": rows.tolist()}
        upside = scores | {"name": "t", "data": (-rows).tolist()}
        handler.say(200, {"outputs": [text, label, scores, upside]})
        return True

    with Inference() as server:
        server.acts = lambda handler: handler.command == "POST" and both(handler)
        assert predict(255 - digit_ink(5), server.url).prediction == 5
        with pytest.warns(ModelWarning, match="is it a digit model"):
            assert predict(255 - digit_ink(5), Remote(server.url, output_name="t")).prediction != 5
        assert server.questions()[-1]["outputs"] == [{"name": "t"}]
        with pytest.raises(ModelError, match=r"no output 'u', but a dict with the keys 'label', 's', 't'"):
            Classifier(Remote(server.url, output_name="u"))


def test_calibration_comes_from_the_server_or_is_said() -> None:
    """Temperature and threshold are read from the parameters of an answer or of the metadata, unless they are given."""
    with Inference(parameters={"temperature": "2.5", "threshold": -3}) as server:
        found = Remote(server.url).met()
        assert (found.temperature, found.threshold) == (2.5, -3.0)
        found = Remote(server.url, temperature=0.5, threshold=1.5).met()
        assert (found.temperature, found.threshold) == (0.5, 1.5)
        server.parameters = None
        assert Remote(server.url).met().threshold == -np.inf
        server.about = (server.about or {}) | {"parameters": {"threshold": 0.25}}
        assert Remote(server.url).met().threshold == 0.25
        server.parameters = {"temperature": "warm"}
        with pytest.raises(ModelError, match="the model's temperature to be a positive number, but it is 'warm'"):
            Remote(server.url).met()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([{"name": "a"}, {"name": "b"}], "it has the inputs 'a', 'b'.*input_name"),
        ([{"name": "a", "datatype": "BYTES", "shape": [-1]}], "take numbers for pixels, but it takes 'BYTES'"),
        ([{"name": "a", "datatype": "FP32", "shape": [-1, 5, 5, 5]}], r"has the shape \[-1, 5, 5, 5\].*shape="),
        ([{"name": "a", "shape": [-1, 10**9]}], "sides of 1 to 1024 pixels"),
        ([{"name": "a", "datatype": ["FP32"]}], "takes \\['FP32'\\]"),
    ],
)
def test_an_input_that_is_no_picture_is_refused(server: Inference, inputs: Any, words: str) -> None:  # noqa: ANN401
    """The sentence says what it takes, and what to do."""
    server.about = {"inputs": inputs}
    with pytest.raises(ModelError, match=words):
        Classifier(server.url)


def test_metadata_of_another_kind_is_as_none(server: Inference) -> None:
    """Whatever stands for the inputs, the model is asked; the name is the server's if it says one."""
    for about in ({"inputs": 3}, {"inputs": [3]}, {"inputs": [{"name": 5, "shape": "x"}]}, {}):
        server.about = about
        assert predict(255 - digit_ink(3), Remote(server.url, input_name="ink")).prediction == 3


# ---- what goes wrong


REFUSALS: dict[str, tuple[Act, str]] = {
    "401": (said(401, {"error": "no token"}), r"answered 401: no token\. It wants a token.*headers="),
    "403": (said(403, b"<html><h1>Forbidden</h1></html>"), r"answered 403\. It wants a token with other rights"),
    "404": (said(404, {"detail": "no digits"}), r"answered 404: no digits\. Check the name of the model"),
    "413": (said(413, b""), r"answered 413\. Ask about fewer pictures at once"),
    "422": (
        said(422, {"detail": [{"loc": ["inputs"], "msg": "field required"}]}),
        r"422: .*field required.*\. If it wants another input, say which",
    ),
    "500": (said(500, {"error": "boom\n  at line 3"}), r"500: boom at line 3\. The server failed; its log says more\."),
    "503": (said(503, {"error": "loading"}), r"503: loading\. The server is not ready, or busy; the next drawing"),
    "429": (said(429, {}), r"answered 429\. The server is not ready, or busy"),
    "302": (
        said(302, b"", Location="https://ann:pw@login.example/in?next=%2F&key=1"),
        r"302\. Redirects are not followed; pass the address that it leads to: https://login\.example/in$",
    ),
    "no JSON": (said(200, b"\xff\x00 hello"), "answered with something that is no JSON. Is it the address"),
    "deep JSON": (said(200, b"[" * 100_000), "answered with something that is no JSON"),
    "a list": (said(200, [1, 2]), "answered with a list in place of a JSON object"),
    "nothing": (said(200, {}), "returned outputs that cannot be read: there are none"),
    "no outputs": (said(200, {"outputs": [3, None]}), "cannot be read: there are none"),
    "text": (said(200, rows_answer(["7"], [1], "BYTES")), "they are text; a model has to return a number for each"),
    "ragged": (
        said(200, rows_answer([[1, 2], [3]], [2, 2])),
        "the data of 'logits' are not numbers of the type 'FP32'",
    ),
    "objects": (said(200, rows_answer([{}] * 10, [1, 10])), "are not numbers of the type 'FP32'"),
    "overflow": (said(200, rows_answer([10**400] * 10, [1, 10])), "are not numbers"),
    "no data": (said(200, rows_answer(None, [1, 10])), "'logits' has no list of data; binary answers are not read"),
    "too few": (said(200, rows_answer([1.0] * 9, [1, 10])), r"'logits' has 9 numbers and the shape \[1, 10\]"),
    "no shape": (said(200, rows_answer([1.0] * 10, "1x10")), "'logits' has 10 numbers and the shape '1x10'"),
    "two rows": (said(200, rows_answer([1.0] * 20, [2, 10])), r"an array of shape \(2, 10\)"),
    "classes": (said(200, rows_answer([1.0] * 3, [1, 3])), "10 labels|3 classes"),
    "NaN": (said(200, rows_answer([float("nan")] * 10, [1, 10])), "NaN or infinity"),
    "null": (said(200, rows_answer([None] * 10, [1, 10])), "NaN or infinity"),
    "no HTTP": (sent(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "does not answer as HTTP servers do"),
    "a long line": (sent(b"HTTP/1.1 200 " + b"x" * 100_000), "does not answer as HTTP servers do"),
    "closed": (sent(b""), "cannot be reached: it closed the connection without an answer"),
    "cut off": (sent(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"), "broke off in the middle of its answer"),
    "cut chunks": (sent(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), "broke off in the middle"),
    "long": (sent(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"), "answered with more than 16 MiB"),
    "endless": (sent(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (17 << 20)), "answered with more than 16 MiB"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_failure_is_a_sentence_and_the_next_drawing_is_answered(server: Inference, name: str) -> None:
    """Whatever comes in place of an answer, the pad says it, and answers the next drawing."""
    act, words = REFUSALS[name]
    pad = DigitWidget(model=server.url)
    server.acts = lambda handler: handler.command == "POST" and act(handler)
    pad.strokes = SEVEN
    assert pad.status == "error"
    assert pad.error.count("\n") == 0
    assert len(pad.error) < 500
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(pad.error)
    server.acts = None
    pad.strokes = digit_strokes(3)
    assert (pad.error, pad.prediction) == ("", 3)


@pytest.mark.parametrize("name", ["401", "403", "500", "NaN", "no HTTP", "endless", "302"])
def test_a_model_that_cannot_be_used_is_refused_at_once(server: Inference, name: str) -> None:
    """What the next drawing would not mend is raised where the model is given, as for other models."""
    act, words = REFUSALS[name]
    server.acts = act
    with pytest.raises(ModelError, match=words) as raised:
        DigitWidget(model=server.url)
    assert not isinstance(raised.value, UnavailableError)


def test_a_server_that_hangs_is_given_up_on(server: Inference) -> None:
    """Its sentence comes before the classifier's own limit, also when a byte comes now and then."""
    released = threading.Event()

    def drips(handler: Handler) -> bool:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not released.wait(0.02):
            handler.wfile.write(b"x")
        return True

    pad = DigitWidget(model=Remote(server.url, timeout=0.5))
    for hangs in (lambda _: released.wait(60), drips):
        server.acts = hangs
        pad.strokes = SEVEN
        assert f"{server.url} did not answer within 0.45 s. The next drawing asks again; for a slow model" in pad.error
        assert "Remote(url, timeout=" in pad.error
        released.set()
        server.acts = None
        pad.strokes = digit_strokes(1)
        assert (pad.error, pad.prediction) == ("", 1)
        released.clear()


def test_the_limit_of_a_remote_is_that_of_its_classifier(server: Inference) -> None:
    """A slow model needs one number, not two."""
    assert Classifier(Remote(server.url, timeout=30)).timeout == 30
    assert Classifier(Remote(server.url), timeout=2).timeout == 2
    assert Classifier(server.url).timeout == Remote(server.url).timeout == 5


def test_a_connection_that_the_server_closed_is_opened_anew(server: Inference) -> None:
    """Servers close connections that rest: nobody notices."""
    pad = DigitWidget(model=server.url)
    for digit in range(4):
        until(lambda: server.open)
        server.drop()
        until(lambda: not server.open)
        pad.strokes = digit_strokes(digit)
        assert (pad.error, pad.prediction) == ("", digit)


def test_a_question_is_asked_again_once(server: Inference) -> None:
    """A connection that is closed in place of an answer is tried a second time, and no third."""
    pad = DigitWidget(model=server.url)
    server.acts = in_turn(sent(b""))
    pad.strokes = SEVEN
    assert (pad.error, pad.prediction) == ("", 7)
    before = len(server.asked)
    server.acts = in_turn(sent(b""), sent(b""))
    pad.strokes = digit_strokes(2)
    assert "closed the connection without an answer" in pad.error
    assert len(server.asked) == before + 2
    server.acts = in_turn(said(503, {}), None)
    pad.strokes = digit_strokes(4)
    assert "answered 503" in pad.error
    assert len(server.asked) == before + 3


def test_a_restarted_server_is_found_again(server: Inference) -> None:
    """While it is gone the pad says so; the same pad answers when another process listens there."""
    pad = DigitWidget(model=server.url)
    server.stop()
    pad.strokes = SEVEN
    assert pad.error.startswith(f"{server.url} cannot be reached: nothing listens there.")
    with Inference(port=server.server_port):
        pad.strokes = digit_strokes(3)
        assert (pad.error, pad.prediction) == ("", 3)


def test_a_pad_comes_alive_when_its_server_does(server: Inference) -> None:
    """A pad can be made, shown, relabelled and compared before its server is there; the first drawing meets it."""
    port, url = server.server_port, server.url
    server.stop()
    pads = [DigitWidget(model=url), DigitWidget(model=Remote(url), labels="abcdefghij"), compare([None, url])]
    for pad in pads:
        assert (
            pad.error == f"{url} cannot be reached: nothing listens there. Start the server, or check the port. The "
            "next drawing asks again."
        )
        assert pad.status == "blank"
    pads[0].strokes = SEVEN
    assert "nothing listens" in pads[0].error
    pads[0].labels = list("0123456789")
    assert "nothing listens" in pads[0].error
    pads[2].strokes = SEVEN
    assert (pads[2].prediction, list(pads[2].errors)) == (7, ["digits"])
    with Inference(port=port, parameters=calibration()):
        for pad, result in zip(pads, ["3", "d", KEYCAPS[3]], strict=True):
            pad.strokes = digit_strokes(3)
            assert (pad.error, pad.prediction, pad.result) == ("", 3, result)
        assert "known digits" in pads[0]._met[0]
        answer = pads[2].answers["digits"]
        assert answer is not None
        assert answer.prediction == 3
    with pytest.raises(UnavailableError, match="nothing listens"):
        predict(255 - digit_ink(3), url)


def test_a_model_is_swapped_for_one_whose_server_is_not_there(pad: DigitWidget, server: Inference) -> None:
    """The blank pad says it, and answers later; one that refuses is raised, and changes nothing."""
    server.stop()
    pad.model = server.url
    assert "nothing listens there" in pad.error
    with Inference(port=server.server_port) as back:
        pad.strokes = SEVEN
        assert (pad.error, pad.prediction) == ("", 7)
        back.acts = said(500, {})
        with pytest.raises(ModelError, match="answered 500"):
            pad.model = f"{server.url}?again"
        back.acts = None
        assert pad.model == server.url


@pytest.mark.parametrize("after", [1, 2, 3, 5, 8])
def test_a_server_that_goes_while_it_is_met_is_met_later(after: int) -> None:
    """What was found of its form up to then is not taken for the truth."""
    asked = []

    def go(handler: Handler) -> bool:
        asked.append(handler.command)
        return len(asked) > after and bool(sent(b"")(handler))

    with Inference(lambda pictures: bundled_logits(1 - pictures / 255), acts=go) as server:
        classifier = Classifier(server.url)
        assert classifier.unmet
        server.acts = None
        with pytest.warns(ModelWarning, match="expects 0..255"):
            assert classifier.classify([digit_ink(7)])[0].prediction == 7
        assert classifier.unmet == ""


def test_many_pads_meet_a_late_server_at_once(server: Inference) -> None:
    """Pads that share a classifier, in threads, are all answered."""
    server.stop()
    classifier = Classifier(server.url)
    with Inference(port=server.server_port), ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda digit: classifier.classify([digit_ink(digit)])[0].prediction, range(8)))
    assert found == list(range(8))


def test_a_server_restarted_under_load_loses_no_drawing(server: Inference) -> None:
    """Eight threads draw while it goes and comes back: each drawing is answered rightly, or is told why not."""
    classifier = Classifier(server.url)
    pads = [DigitWidget(model=classifier) for _ in range(8)]
    done, outcomes = threading.Event(), []

    def draw(number: int) -> None:
        turn = number
        while not done.is_set():
            turn += 1
            pads[number].strokes = digit_strokes(turn % 10)
            outcomes.append((turn % 10, pads[number].prediction, pads[number].error))

    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(draw, number) for number in range(8)]
        try:
            until(lambda: len(outcomes) > 40)
            server.stop()
            until(lambda: any(error for _, _, error in outcomes))
            with Inference(port=server.server_port):
                reached = len(outcomes)
                until(lambda: sum(not error for _, _, error in outcomes[reached:]) > 40)
                done.set()
                for one in running:
                    one.result()
        finally:
            done.set()
    for digit, prediction, error in outcomes:
        assert (prediction == digit and not error) or (prediction is None and "The next drawing asks again." in error)
    assert not any(error for _, _, error in outcomes[-8:])


@pytest.mark.parametrize("name", ["404", "429", "503", "closed", "cut off"])
def test_a_server_that_is_still_starting_is_met_later(server: Inference, name: str) -> None:
    """What the next drawing may mend is said on the blank pad: a model that is being loaded, a gateway without it."""
    act, words = REFUSALS[name]
    server.acts = act
    pad = DigitWidget(model=server.url)
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(pad.error)
    server.acts = None
    pad.strokes = SEVEN
    assert (pad.error, pad.prediction) == ("", 7)


def test_hosts_that_are_not_there() -> None:
    """A name that nobody knows is a sentence."""
    pad = DigitWidget(model="http://no-such-host.invalid/v2/models/digits")
    assert "http://no-such-host.invalid/v2/models/digits cannot be reached" in pad.error


# ---- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate of 127.0.0.1's own, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    whole = folder / "whole.pem"
    whole.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return whole


def test_https_is_spoken_to_those_who_can_be_trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate of one's own is refused until it is named; http and https are not confused in silence."""
    with Inference(certificate=certificate) as server:
        with pytest.raises(ModelError, match=r"certificate that cannot be trusted .*self.signed.*SSL_CERT_FILE"):
            Classifier(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        pad = DigitWidget(model=server.url)
        for digit in (7, 2):
            pad.strokes = digit_strokes(digit)
            assert (pad.error, pad.prediction) == ("", digit)
    with Inference() as server, pytest.raises(ModelError, match="does not speak TLS"):
        Classifier(server.url.replace("http:", "https:"))


# ---- addresses, and what is not told


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://host/v2/models/digits", "begins with http:// or https://, not with ftp://"),
        ("file:///etc/passwd", "not with file://"),
        ("http://", "has a host"),
        ("http:///v2/models/digits", "has a host"),
        ("http://host:99999/v2/models/digits", "port from 1 to 65535"),
        ("http://host:0/v2/models/digits", "port from 1 to 65535"),
        ("http://host:eighty/v2", "port from 1 to 65535"),
        ("http://[::1/v2/models/digits", "has a host"),
        ("http://host", "ends in its path.*ends after the host host"),
        ("http://host/infer", "ends after the host"),
        ("http://host/v2/models/digits\r\nX: 1", "no spaces, line breaks"),
        ("http://host/v2/models/my digits", "no spaces, line breaks"),
        (" http://host/v2/models/digits", "no spaces, line breaks"),
        (f"http://{'a' * 70}.example/v2/models/digits", "host that cannot exist"),
        ("https://host/files/net.onnx", "address of a file, net.onnx.*Download it"),
    ],
)
def test_addresses_that_cannot_be_are_refused(url: str, words: str) -> None:
    """At once, in a sentence, by the pad and by `Remote`."""
    for use in (DigitWidget, Remote):
        with pytest.raises(ModelError, match=words):
            use(url)


def test_what_is_nearly_an_address_is_told() -> None:
    """Without http:// it is taken for a file, and the sentence says so; a list is no text."""
    with pytest.raises(ModelError, match="begins with http:// or https://"):
        DigitWidget("localhost:8080/v2/models/digits")
    with pytest.raises(ModelError, match=r"is a text such as 'http.*not a list"):
        Remote([])  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="into= is not needed"):
        load_model("http://host/v2/models/digits", into=object())


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X-A": f"{SECRET}\r\nX-B: 1"}, "header X-A must be a text of one line"),
        ({"X-A\r\nX-B": "1"}, "name of a header consists of letters"),
        ({"": "1"}, "name of a header"),
        ({"X-A": 3}, "header X-A must be a text"),
        ({"X-A": "é"}, "of one line in ASCII"),
        ({"Content-Length": "3"}, "Content-Length cannot be set"),
        ({"transfer-encoding": "chunked"}, "cannot be set"),
        ("Bearer x", "headers= is a dict"),
        (["Bearer x"], "headers= is a dict"),
    ],
)
def test_headers_that_cannot_be_are_refused(headers: Any, words: str) -> None:  # noqa: ANN401
    """Nothing can be smuggled into the question, and the value is not repeated."""
    with pytest.raises(ModelError, match=words) as raised:
        Remote("http://host/v2/models/digits", headers=headers)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"timeout": 0}, "timeout= is a number of seconds"),
        ({"timeout": float("inf")}, "timeout="),
        ({"timeout": "5"}, "timeout="),
        ({"batch": 0}, "batch= is a number of pictures"),
        ({"batch": True}, "batch="),
        ({"input_name": ""}, "input_name= is the name"),
        ({"output_name": 3}, "output_name= is the name"),
        ({"shape": (1, 0, 28)}, "shape= is that of a picture"),
        ({"shape": "784"}, "shape="),
        ({"shape": (1, 1, 1, 28, 28)}, "shape="),
        ({"datatype": "BYTES"}, "datatype= is one of FP32"),
        ({"temperature": 0}, "temperature to be a positive number"),
        ({"threshold": float("nan")}, "threshold to be a number"),
    ],
)
def test_keywords_that_cannot_be_are_refused(keywords: dict[str, Any], words: str) -> None:
    """At once, in a sentence."""
    with pytest.raises(ModelError, match=words):
        Remote("http://host/v2/models/digits", **keywords)


def test_a_misspelt_keyword_is_named() -> None:
    """And so is what was probably meant."""
    with pytest.raises(TypeError, match=r"no keyword header \(did you mean headers\?\)"):
        Remote("http://host/v2/models/digits", header={})  # type: ignore[call-arg]


def test_secrets_are_sent_and_never_told(
    server: Inference, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A token, a password and a query reach the server; no error, traceback, repr, log, record or state has them."""
    caplog.set_level(logging.DEBUG)
    with_password = server.url.replace("//", f"//ann:{SECRET.replace('-', '%2D')}@") + f"/infer?key={SECRET}-key"
    told = []
    for source in (with_password, Remote(server.url, headers={"Authorization": f"Bearer {SECRET}"})):
        pad = DigitWidget(model=source, feedback=tmp_path)
        pad.strokes = SEVEN
        assert (pad.error, pad.prediction) == ("", 7)
        target = {"number": 1, "does": "say", "consents": True, "target": 7}
        pad.set_state({"_correction": target | {"answered": pad._answered, "drawn": 1, "result": pad.result}})
        told += [repr(pad), repr(pad.get_state()), called(source)]
        for act in (
            said(401, {"error": f"Bearer {SECRET} and key={SECRET}-key are wrong"}),
            said(302, b"", Location=f"http://ann:{SECRET}@elsewhere/{SECRET}?key={SECRET}"),
            said(500, f"<p>{SECRET}".encode()),
            sent(b""),
        ):
            server.acts = lambda handler, act=act: handler.command == "POST" and act(handler)
            pad.strokes = digit_strokes(3)
            assert server.url in pad.error
            told += [pad.error, pad.traceback]
            pad.clear()
        with pytest.raises(ModelError) as raised:
            pad.save(tmp_path / "page.html")
        told += [str(raised.value)]
        server.acts = None
    told += [repr(Remote(with_password)), Remote(with_password).url, caplog.text, *capfd.readouterr()]
    told += [file.read_text() for file in tmp_path.rglob("*.jsonl")]
    assert len(list(Feedback(tmp_path))) == 2
    assert {record.model for record in Feedback(tmp_path)} == {"digits"}
    assert not [text for text in told if SECRET in text]
    paths, headers = zip(*[(path, headers) for _, path, headers, _ in server.asked], strict=True)
    assert f"{PATH}/infer?key={SECRET}-key" in paths
    assert f"{PATH}?key={SECRET}-key" in paths
    sent_as = {header.get("Authorization", "") for header in headers}
    assert f"Bearer {SECRET}" in sent_as
    assert any(one.startswith("Basic ") for one in sent_as)


def test_a_redirect_leads_nowhere(server: Inference) -> None:
    """The other server is not asked, whichever it is: it would be told the token."""
    with Inference() as other:
        server.acts = said(307, b"", Location=other.url)
        with pytest.raises(ModelError, match=f"Redirects are not followed.*: {other.url}"):
            Classifier(Remote(server.url, headers={"Authorization": SECRET}))
        assert other.asked == []


@pytest.mark.parametrize(
    ("url", "shown", "name"),
    [
        ("http://h:8080/v2/models/digits/", "http://h:8080/v2/models/digits", "digits"),
        ("https://h:443/v2/models/digits/infer", "https://h/v2/models/digits", "digits"),
        ("http://h/v2/models/digits/versions/3", "http://h/v2/models/digits/versions/3", "digits/3"),
        ("http://[::1]:8080/v2/models/digits", "http://[::1]:8080/v2/models/digits", "digits"),
        ("HTTP://Example.COM/a/v2/models/d%20e", "http://example.com/a/v2/models/d%20e", "d e"),
        ("http://münchen.example/v2/models/ziffern", "http://xn--mnchen-3ya.example/v2/models/ziffern", "ziffern"),
        ("http://h/v2/models/ziffer-für-ziffer", "http://h/v2/models/ziffer-f%C3%BCr-ziffer", "ziffer-für-ziffer"),
        ("http://h/v2/models/a%0ab", "http://h/v2/models/a%0ab", "a%0ab"),
        ("http://h/gateway", "http://h/gateway", "gateway"),
        ("http://u:p@h/v2/models/digits?key=1#top", "http://h/v2/models/digits", "digits"),
    ],
)
def test_addresses_are_read_as_people_write_them(url: str, shown: str, name: str) -> None:
    """What is shown has no user, password, query or fragment; the name is the model's."""
    assert (Remote(url).url, Remote(url).name, called(url)) == (shown, name, name)


def test_a_page_cannot_have_it(server: Inference, tmp_path: Path) -> None:
    """A page answers by itself: a served model is refused before a byte is written, and with offline=True, too."""
    pad = DigitWidget(model=server.url)
    with pytest.raises(ModelError, match=r"\(digits\) cannot answer without Python"):
        pad.save(tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ModelError, match="cannot answer without Python"):
        DigitWidget(model=server.url, offline=True)


# ---- what is left behind


def test_connections_are_closed_with_the_model(server: Inference) -> None:
    """Nothing stays open, and nothing warns, once nobody has the model any more."""
    remote = Remote(server.url)
    remote.met()
    until(lambda: server.open)
    del remote
    until(lambda: not server.open)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_asks_over_connections_of_its_own(server: Inference) -> None:
    """Parent and child would read each other's answers otherwise."""
    script = f"""
    import os, sys, warnings
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    warnings.simplefilter("ignore")
    from drawings import digit_ink
    from digit_widget import Classifier
    classifier = Classifier({server.url!r})
    def right(): return all(classifier.classify([digit_ink(n % 10)])[0].prediction == n % 10 for n in range(40))
    assert right()
    child = os.fork()
    if not child: os._exit(0 if right() else 1)
    assert right()
    assert os.waitpid(child, 0)[1] == 0
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
