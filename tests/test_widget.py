"""The widget keeps its contract, driven as a host drives it and as Python does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import traitlets
from drawings import digit_ink, digit_strokes
from host import Host
from ipywidgets import IntSlider, Label
from PIL import Image

from digit_widget import DigitWidget, predict
from digit_widget.desk import Question
from digit_widget.drawing import Drawing
from digit_widget.labels import KEYCAPS, NO_ANSWER, LabelsError
from digit_widget.picture import from_data_url, to_data_url
from digit_widget.strokes import PAD_SIZE

if TYPE_CHECKING:
    from pathlib import Path

OUTPUTS = ("status", "result", "prediction", "confidence", "probabilities", "error")


def no_answer(pad: DigitWidget) -> bool:
    """Tell whether all outputs say that there is no answer."""
    return (pad.result, pad.prediction, pad.confidence) == (NO_ANSWER, None, 0.0) and pad.probabilities == [0.1] * 10


def test_a_new_pad_is_blank(pad: DigitWidget) -> None:
    """Nothing drawn: no image, no strokes, no answer, no error."""
    assert (pad.image, pad.strokes, pad.error) == ("", [], "")
    assert no_answer(pad)
    assert pad.labels == list(KEYCAPS)
    assert pad.predict_on == "stroke"


@pytest.mark.parametrize("digit", range(10))
def test_a_drawing_from_the_front_end_is_answered(host: Host, pad: DigitWidget, digit: int) -> None:
    """A drawing with its question gets its answer under the same number, as `predict` would answer it."""
    host.draw(digit)
    assert (pad.result, pad.prediction, pad.error) == (KEYCAPS[digit], digit, "")
    assert pad._answered == host.question
    answer = predict(pad.image)
    assert (pad.confidence, pad.probabilities) == (answer.confidence, list(answer.probabilities))
    assert np.array_equal(from_data_url(pad._seen), answer.seen)


def test_the_status_says_what_no_answer_means(host: Host, pad: DigitWidget) -> None:
    """Blank, answered, no digit, waiting for the button, and failed: `result` is 🤔 for all but one of them."""
    seen = [(pad.status, pad.result)]
    host.draw(7)
    seen.append((pad.status, pad.result))
    pad.strokes = [[[40, 240], [40, 40], [140, 160], [240, 40], [240, 240]]]
    seen.append((pad.status, pad.result))
    pad.predict_on = "button"
    host.draw(3, ask=False)
    seen.append((pad.status, pad.prediction))
    pad.predict_on = "stroke"
    seen.append((pad.status, pad.result))
    pad.image = "data:image/png;base64,x"
    seen.append((pad.status, pad.result))
    pad.clear()
    seen.append((pad.status, pad.result))
    assert seen == [
        ("blank", NO_ANSWER),
        ("answered", KEYCAPS[7]),
        ("unknown", NO_ANSWER),
        ("waiting", None),
        ("answered", KEYCAPS[3]),
        ("error", NO_ANSWER),
        ("blank", NO_ANSWER),
    ]
    with pytest.raises(traitlets.TraitError):
        pad.status = "answered"


def test_one_answer_is_one_message(host: Host) -> None:
    """All outputs of an answer travel together, and the drawing does not travel back."""
    host.draw(7)
    (update,) = host.updates
    assert {"result", "prediction", "confidence", "probabilities", "_seen", "_answered"} <= update.keys()
    echoed = {name for message in host.received for name in message["state"]}
    assert not echoed & {"image", "strokes", "_drawing"}


def test_observers_see_one_answer(host: Host, pad: DigitWidget) -> None:
    """Whichever output is observed, the others already belong to the same answer."""
    seen = []
    pad.observe(lambda change: seen.append((change.name, pad.result, pad.prediction, max(pad.probabilities))), OUTPUTS)
    host.draw(3)
    assert len(seen) == 5
    assert {rest for _, *rest in map(tuple, seen) for rest in [tuple(rest)]} == {(KEYCAPS[3], 3, pad.confidence)}


def test_an_observer_that_fails_does_not_hang_the_pad(host: Host, pad: DigitWidget) -> None:
    """A user's broken observer is the user's error; the pad hears its answer, and the next drawing works."""

    def broken(_change: object) -> None:
        message = "broken observer"
        raise RuntimeError(message)

    pad.observe(broken, "prediction")
    with pytest.raises(RuntimeError, match="broken observer"):
        host.draw(3)
    assert (host.state["_answered"], host.state["result"]) == (host.question, KEYCAPS[3])
    pad.unobserve(broken, "prediction")
    host.draw(4)
    assert pad.prediction == 4


def test_an_observer_s_wrong_value_is_its_own_fault(host: Host, pad: DigitWidget) -> None:
    """A label given a number fails in the user's observer; the answer stands, and the pad is not blamed."""
    label = Label()
    pad.observe(lambda change: setattr(label, "value", change.new), "prediction")
    with pytest.raises(traitlets.TraitError, match="Label"):
        host.draw(7)
    assert (pad.prediction, pad.error) == (7, "")
    assert (host.state["_answered"], host.state["result"]) == (host.question, KEYCAPS[7])


def test_an_observer_of_the_drawing_that_fails_does_not_eat_the_question(host: Host, pad: DigitWidget) -> None:
    """Even when a user's observer fails before the model is asked, the question is answered."""

    def broken(_change: object) -> None:
        message = "broken observer"
        raise RuntimeError(message)

    pad.observe(broken, ["strokes", "image"])
    with pytest.raises(RuntimeError, match="broken observer"):
        host.draw(7)
    assert (pad.prediction, pad._answered) == (7, host.question)


def test_what_python_draws_travels_as_one_message(host: Host, pad: DigitWidget) -> None:
    """Drawing and answer go to the page together: no new drawing is shown with an old answer."""
    host.draw(3)
    for draw in (
        lambda: setattr(pad, "image", to_data_url(digit_ink(4))),
        lambda: setattr(pad, "strokes", digit_strokes(5)),
        pad.clear,
    ):
        host.received.clear()
        draw()
        (update,) = host.updates
        assert {"image", "result"} <= update.keys()


def test_strokes_that_do_not_change_the_picture_are_the_pad_s_all_the_same(host: Host, pad: DigitWidget) -> None:
    """A tap on black ink changes the strokes alone: nothing is redrawn, no background lost, nobody asked."""
    pad.image = to_data_url(digit_ink(8))
    pad.predict_on = "button"
    background = pad._drawing["background"]
    host.send_drawing({"strokes": [[[140, 140, 0, 0.5]]], "background": background, "picture": pad.image}, ask=False)
    assert (pad._drawing["background"], len(pad.strokes)) == (background, 1)
    assert pad.prediction == 8


def test_leaving_the_button_answers_what_waited(host: Host, pad: DigitWidget) -> None:
    """Without a button a drawing that nobody asked about would wait for ever."""
    pad.predict_on = "button"
    host.draw(6, ask=False)
    pad.predict_on = "stroke"
    assert (pad.prediction, pad._unasked) == (6, False)


def test_an_observer_may_clear_the_pad(host: Host, pad: DigitWidget) -> None:
    """Wiping the pad in answer to an answer leaves it blank on both sides."""
    pad.observe(lambda change: change.new is not None and pad.clear(), "prediction")
    host.draw(3)
    assert (pad.image, pad.strokes) == ("", [])
    assert no_answer(pad)
    assert (host.state["image"], host.state["strokes"], host.state["prediction"]) == ("", [], None)


def test_each_drawing_is_answered_once(host: Host, pad: DigitWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    """Picture, strokes and question arrive as one; the model is asked once."""
    host.draw(1)
    asked = []
    [classifier] = pad._desk.classifiers
    classify = classifier.classify
    monkeypatch.setattr(classifier, "classify", lambda inks: asked.append(1) or classify(inks))
    host.draw(2)
    pad.strokes = digit_strokes(3)
    pad.image = to_data_url(digit_ink(4))
    pad.clear()
    assert len(asked) == 3
    assert no_answer(pad)


def test_the_same_drawing_asked_again_is_answered_again(host: Host, pad: DigitWidget) -> None:
    """A question without a new drawing gets its number back too: the front end waits for it."""
    host.draw(5)
    host.ask()
    assert pad._answered == host.question == 2
    assert pad.prediction == 5


def test_button_mode_waits_for_the_question(host: Host, pad: DigitWidget) -> None:
    """With a button a drawing is kept, but answered only when asked."""
    pad.predict_on = "button"
    host.draw(6, ask=False)
    assert pad.image
    assert no_answer(pad)
    host.ask()
    assert pad.prediction == 6


def test_a_drawing_that_nobody_asked_about_is_marked(host: Host, pad: DigitWidget) -> None:
    """With a button, every view and a reload can tell that the answer is not that of the drawing."""
    pad.predict_on = "button"
    host.draw(6, ask=False)
    assert pad._unasked
    host.ask()
    assert not pad._unasked
    host.draw(4, ask=False)
    pad.clear()
    assert not pad._unasked


def test_cells_and_the_pad_may_draw_at_the_same_time(host: Host, pad: DigitWidget) -> None:
    """Messages that come in a subshell's thread while a cell sets the drawing leave one drawing with its own answer."""
    pictures = {digit: to_data_url(digit_ink(digit)) for digit in (1, 7)}

    def cell() -> None:
        for n in range(30):
            pad.image = pictures[7 if n % 2 else 1]

    running = threading.Thread(target=cell)
    running.start()
    for _ in range(15):
        host.draw(3)
        host.draw(4)
    running.join()
    assert pad.error == ""
    assert pad.prediction == predict(pad.image).prediction
    host.draw(5)
    assert (pad.prediction, pad._answered) == (5, host.question)


def test_image_from_python_is_drawn_and_answered(host: Host, pad: DigitWidget) -> None:
    """A picture set in Python is answered, whatever `predict_on` says, and laid under the pad."""
    pad.predict_on = "button"
    host.draw(1)
    pad.image = to_data_url(digit_ink(8))
    assert (pad.prediction, pad.strokes) == (8, [])
    assert np.array_equal(from_data_url(pad._drawing["background"]), digit_ink(8))
    assert any(update.get("_drawing") == pad._drawing for update in host.updates)


def test_a_large_light_on_dark_picture_is_shown_as_ink_on_paper(pad: DigitWidget) -> None:
    """The pad is sent what was understood: dark on light, no larger than the pad."""
    pad.image = to_data_url(255 - np.asarray(Image.fromarray(digit_ink(9)).resize((1200, 1200))))
    assert pad.prediction == 9
    shown = from_data_url(pad._drawing["background"])
    assert max(shown.shape) == PAD_SIZE
    assert shown.mean() < 128


def test_strokes_from_python_are_drawn_and_answered(host: Host, pad: DigitWidget) -> None:
    """Strokes set in Python are sent to the pad and answered; points may be x and y alone."""
    pad.strokes = [[[x, y] for x, y, *_ in stroke] for stroke in digit_strokes(2)]
    assert pad.prediction == 2
    assert pad.strokes[0][0][2:] == [0, 0.5]
    assert np.array_equal(from_data_url(pad.image), digit_ink(2))
    assert host.updates[0]["strokes"] == pad.strokes


def test_a_drawing_to_begin_with() -> None:
    """The constructor takes an image or strokes, and answers them."""
    assert DigitWidget(image=to_data_url(digit_ink(4))).prediction == 4
    assert DigitWidget(image=255 - digit_ink(4)).prediction == 4
    assert DigitWidget(strokes=digit_strokes(4)).prediction == 4


@pytest.mark.parametrize("kind", ["array", "light on dark", "PIL", "bytes", "path", "name", "floats"])
def test_image_takes_what_predict_takes(pad: DigitWidget, tmp_path: Path, kind: str) -> None:
    """An array, a picture, the bytes or the path of a file: the trait is the data URL of it, and it is answered."""
    paper = 255 - digit_ink(7)
    file = tmp_path / "seven.png"
    Image.fromarray(paper).save(file)
    pad.image = {
        "array": paper,
        "light on dark": 255 - paper,
        "PIL": Image.fromarray(paper),
        "bytes": file.read_bytes(),
        "path": file,
        "name": str(file),
        "floats": paper / 255,
    }[kind]
    assert np.array_equal(from_data_url(pad.image), 255 - paper)
    assert (pad.prediction, pad.error) == (7, "")


@pytest.mark.parametrize(
    "bad", [5, [], "nowhere.png", b"", np.zeros((5, 28, 28)), np.full((9, 9), np.nan), None, "x" * 999]
)
def test_what_is_no_picture_is_refused_and_loses_nothing(host: Host, pad: DigitWidget, bad: object) -> None:
    """The drawing and its answer stay."""
    host.draw(3)
    before = pad.image
    with pytest.raises(traitlets.TraitError):
        pad.image = bad
    assert (pad.image, pad.prediction, pad.error) == (before, 3, "")


def test_a_front_end_cannot_name_a_file(host: Host, pad: DigitWidget, tmp_path: Path) -> None:
    """What Python may set to a path, a page may not: it would be sent the picture in it."""
    Image.fromarray(255 - digit_ink(7)).save(tmp_path / "seven.png")
    host.draw(3)
    pad.set_state({"image": str(tmp_path / "seven.png")})
    assert pad.prediction == 3
    assert "Expected a picture as a data URL" in pad.error


def test_clear(host: Host, pad: DigitWidget) -> None:
    """Clearing wipes drawing and answer, twice as well as once."""
    host.draw(4)
    pad.clear()
    pad.clear()
    assert (pad.image, pad.strokes, pad._seen) == ("", [], "")
    assert no_answer(pad)


def test_a_bad_picture_is_answered_in_words_and_the_next_works(host: Host, pad: DigitWidget) -> None:
    """The error says what is wrong, no old answer stays beside it, and the next drawing clears it."""
    host.draw(3)
    for bad in ("data:text/html,<b>x</b>", "javascript:alert(1)", "data:image/png;base64,AAAA", "x" * 10_000_000):
        host.send_drawing({"picture": bad})
        assert pad.error
        assert len(pad.error) < 250
        assert no_answer(pad)
        assert pad._answered == host.question
    host.draw(3)
    assert (pad.prediction, pad.error) == (3, "")


def test_strokes_that_cannot_be_used_are_answered_in_words(host: Host, pad: DigitWidget) -> None:
    """Nonsense from a front end changes no trait, and still gets its number back."""
    host.draw(3)
    strokes = pad.strokes
    for bad in (
        {"strokes": "x"},
        {"strokes": [[["a"]]]},
        {"strokes": [[[1, 1, 1, 1]] * 60_000]},
        {"strokes": [[[10**400, 1, 1, 1]]]},
        {"background": "javascript:alert(1)"},
        {"background": "data:image/png;base64," + "A" * 10_000_000},
        {"picture": 5},
    ):
        host.send_drawing({"strokes": [], "picture": "", "background": ""} | bad)
        assert pad.error
        assert pad._answered == host.question
        assert pad.strokes == strokes
    host.draw(4)
    assert (pad.prediction, pad.error) == (4, "")


@pytest.mark.parametrize("question", ["x", 1.5, None, True, -1, 10**400])
def test_a_question_without_a_number(host: Host, pad: DigitWidget, question: object) -> None:
    """A question that is not numbered is refused in words, and the next one answered."""
    host.draw(3)
    pad.set_state({"_drawing": host.drawing | {"number": question, "asks": True, "known": 0}})
    assert "without a valid number" in pad.error
    assert (pad.prediction, pad._answered) == (3, host.question)
    host.draw(4)
    assert (pad.prediction, pad._answered) == (4, host.question)


@pytest.mark.parametrize("bad", [{"size": 9999}, {"predict_on": "lift"}, {"image": 5}, {"labels": []}])
def test_a_setting_that_cannot_be_used_leaves_the_answer(host: Host, pad: DigitWidget, bad: dict[str, Any]) -> None:
    """It is told in words, nothing of the message is set, and the drawing keeps its answer."""
    host.draw(7)
    host.send({"explaining": True} | bad)
    assert "cannot be used" in pad.error
    assert (pad.prediction, pad.explaining) == (7, False)
    host.draw(3)
    assert (pad.prediction, pad.error) == (3, "")


def test_an_observer_s_failure_is_not_the_page_s(host: Host, pad: DigitWidget) -> None:
    """A user's observer that fails at a pasted picture or a new size leaves the answer, and the pad is not blamed."""
    label = Label()
    pad.observe(lambda change: setattr(label, "value", change.new), ["prediction", "size"])
    for state in ({"image": to_data_url(digit_ink(7))}, {"size": 300}):
        with pytest.raises(traitlets.TraitError, match="Label"):
            host.send(state)
        assert (pad.prediction, pad.error) == (7, "")


def test_hostile_depth_is_refused(host: Host, pad: DigitWidget) -> None:
    """Lists in lists without end, wherever they stand, cost neither the question nor the next answer."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    host.send_drawing({"strokes": deep})
    assert "Expected strokes" in pad.error
    assert pad._answered == host.question
    host.send({"_memory": {"past": deep}, "predict_on": "stroke"})
    assert pad._memory == {}
    host.draw(4)
    assert (pad.prediction, pad.error) == (4, "")


def test_strokes_that_a_user_changes_are_the_user_s(pad: DigitWidget) -> None:
    """A list that was read from a pad and changed changes no pad; set again, it is drawn."""
    pad.strokes = digit_strokes(7)
    pad.clear()
    pad.strokes.append([[1, 1, 0, 0.5]])
    assert DigitWidget().strokes == []
    changed = pad.strokes
    changed[:] = digit_strokes(3)
    pad.strokes = changed
    assert pad.prediction == 3
    assert np.array_equal(from_data_url(pad.image), digit_ink(3))


def test_what_failed_is_asked_again_when_it_is_set_again() -> None:
    """The same picture set again after a failure asks the model again; answered, it asks nobody."""
    is_broken = False
    asked = []

    def model(_picture: Image.Image) -> int:
        asked.append(1)
        if is_broken:
            message = "out of cheese"
            raise RuntimeError(message)
        return 3

    pad = DigitWidget(model)
    is_broken = True
    pad.image = to_data_url(digit_ink(3))
    assert "out of cheese" in pad.error
    is_broken = False
    pad.image = to_data_url(digit_ink(3))
    assert (pad.prediction, pad.error) == (3, "")
    asked.clear()
    pad.image = to_data_url(digit_ink(3))
    pad.labels = list(pad.labels)
    assert asked == []


def test_the_front_end_cannot_write_the_answer(host: Host, pad: DigitWidget) -> None:
    """What only Python writes stays as it is, whatever a page sends."""
    host.draw(3)
    code = {"_esm": "alert(1)", "_css": "* { display: none }", "_seen": "x"}
    esm = pad._esm
    host.send(code | {"result": "<b>", "prediction": 5, "error": "x", "_answered": 99})
    assert pad._esm == esm
    assert (pad.result, pad.prediction, pad.error, pad._answered) == (KEYCAPS[3], 3, "", host.question)


def test_outputs_are_read_only(pad: DigitWidget) -> None:
    """Setting an answer by hand fails at once instead of lying to whoever observes it."""
    with pytest.raises(traitlets.TraitError, match="read-only"):
        pad.prediction = 5


def test_a_misspelt_keyword_is_named() -> None:
    """The error names the misspelt keyword and those there are."""
    with pytest.raises(
        TypeError,
        match=r"no keyword lables \(did you mean labels\?\), predcit_on \(did you mean predict_on\?\); it takes model",
    ):
        DigitWidget(lables="abc", predcit_on="move")
    with pytest.raises(TypeError, match=r"no keyword normalize \(did you mean normalise\?\)"):
        DigitWidget(normalize=False)
    with pytest.raises(TypeError, match="no keyword result;"):
        DigitWidget(result="7")


@pytest.mark.parametrize(
    "bad", [{"predict_on": "lift"}, {"image": 5}, {"strokes": [[1, 2]]}, {"labels": []}, {"labels": [1]}]
)
def test_a_bad_value_is_refused(bad: dict[str, Any]) -> None:
    """A keyword's value that is not of its kind is an error at once."""
    with pytest.raises((traitlets.TraitError, LabelsError)):
        DigitWidget(**bad)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("abc", "knows 10 classes but there are 3 labels"),
        ("zero,one,two", r"labels=\['zero', 'one', 'two'\]"),
        ("a, b", r"labels=\['a', 'b'\]"),
        ("cat; dog", "has ';' between names"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused_at_once(labels: str, said: str) -> None:
    """Not when something is drawn, with the bundled model and with one of one's own."""
    with pytest.raises(LabelsError, match=said):
        DigitWidget(labels=labels)
    if "," in labels or ";" in labels:
        with pytest.raises(LabelsError, match=said):
            DigitWidget(lambda _: 1, labels=labels)


def test_labels_that_do_not_fit_are_told_on_a_blank_pad(pad: DigitWidget) -> None:
    """Set later, they are told in `error` at once; the right number mends it."""
    pad.labels = ["a", "b"]
    assert "knows 10 classes but there are 2 labels" in pad.error
    pad.labels = list("abcdefghij")
    assert pad.error == ""


def test_labels_can_change(host: Host, pad: DigitWidget) -> None:
    """Other labels name the drawing anew; too few are told, and mended by the right number."""
    host.draw(2)
    pad.labels = list("abcdefghij")
    assert pad.result == "c"
    pad.labels = ["a", "b"]
    assert "knows 10 classes but there are 2 labels" in pad.error
    assert (pad.prediction, pad.probabilities) == (None, [0.5, 0.5])
    pad.labels = list(KEYCAPS)
    assert (pad.result, pad.error) == (KEYCAPS[2], "")


def test_two_pads_do_not_touch_each_other(host: Host, pad: DigitWidget) -> None:
    """What is drawn on one pad is not on another, though they share the model."""
    other = DigitWidget()
    host.draw(3)
    Host(other).draw(4)
    assert (pad.prediction, other.prediction) == (3, 4)
    assert pad._desk.classifiers[0].model is other._desk.classifiers[0].model


def test_another_widget_can_be_linked(host: Host, pad: DigitWidget) -> None:
    """A slider follows the prediction."""
    slider = IntSlider(min=-1, max=9)
    traitlets.dlink((pad, "prediction"), (slider, "value"), lambda p: -1 if p is None else p)
    host.draw(9)
    assert slider.value == 9
    pad.clear()
    assert slider.value == -1


def test_text_where_widgets_are_not_to_be_had(host: Host, pad: DigitWidget) -> None:
    """The repr, shown by an untrusted notebook, says what was answered."""
    host.draw(7)
    assert repr(pad).startswith(f"<DigitWidget {KEYCAPS[7]} prediction=7 confidence=")
    assert len(repr(pad)) < 100


def test_the_model_loads_in_the_background() -> None:
    """The first widget starts a thread that loads the model, and does not wait for it."""
    started = []
    start = threading.Thread.start

    def note(thread: threading.Thread) -> None:
        started.append(thread)
        start(thread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", note)
        DigitWidget()
    (thread,) = started
    assert thread.name == "digit-widget: load the model"
    assert not thread.daemon


def test_a_model_that_fails_is_told() -> None:
    """An exception of the model ends in the error sentence with its own words, and the next drawing is asked again."""
    is_broken = False

    def model(_picture: Image.Image) -> int:
        if is_broken:
            message = "out of cheese"
            raise RuntimeError(message)
        return 3

    pad = DigitWidget(model)
    host = Host(pad)
    host.draw(1)
    assert pad.prediction == 3
    is_broken = True
    host.draw(2)
    assert pad.error == "The model could not answer. RuntimeError: out of cheese"
    assert "out of cheese" in pad.traceback
    assert no_answer(pad)
    assert pad._answered == host.question
    is_broken = False
    host.draw(3)
    assert (pad.prediction, pad.error, pad.traceback) == (3, "", "")


def test_a_drawing_that_only_waits_is_not_counted_as_answered(host: Host, pad: DigitWidget) -> None:
    """With a button, the number that is answered stays that of the last question."""
    host.draw(3)
    host.draw(4, ask=False)
    assert (pad._answered, pad._unasked) == (host.question - 1, True)
    host.ask()
    assert (pad._answered, pad._unasked) == (host.question, False)


def test_a_cell_that_is_interrupted_leaves_the_drawing_waiting(pad: DigitWidget) -> None:
    """The interrupt is raised, and the pad shows the drawing as one that nobody has asked about."""
    with pytest.raises(KeyboardInterrupt):
        pad._change(lambda: interrupted(pad))
    assert (pad.strokes, pad._unasked) == (digit_strokes(7), True)


def interrupted(pad: DigitWidget) -> None:
    """Draw, and be interrupted before there is an answer."""
    pad._desk.receive(Question(1, Drawing.of_strokes(digit_strokes(7)), asks=False))
    raise KeyboardInterrupt
