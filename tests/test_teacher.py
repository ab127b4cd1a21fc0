"""Classes of one's own from a few drawings, and the ten digits as one person draws them."""

from __future__ import annotations

import json
import math
import threading
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes

from digit_widget import Classifier, DigitWidget, Feedback, ModelError, Teacher, compare, load_model, predict
from digit_widget.labels import NO_ANSWER
from digit_widget.models import bundled, plda
from digit_widget.models.weights import digest
from digit_widget.normalise import normalise
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from pathlib import Path

    from digit_widget.normalise import Ink
    from digit_widget.strokes import Stroke

CORNERS = {"○": 40, "△": 3, "□": 4}
LABELS = "".join(CORNERS)


def shape(label: str, turn: float = 0.0, side: float = 90.0) -> list[Stroke]:
    """Return one of three shapes, turned by an angle."""
    count = CORNERS[label]
    start = turn - math.pi / 2 + (math.pi / 4) * (count == 4)
    ends = [start + 2 * math.pi * n / count for n in range(count + 1)]
    corners = np.array([(math.cos(angle), math.sin(angle)) for angle in ends]) * side + 140
    between = np.linspace(0, 1, 9)[:-1, None]
    line = np.concatenate([*(a + between * (b - a) for a, b in pairwise(corners)), corners[-1:]])
    return checked([line.tolist()])


def seen(label: str, turn: float = 0.0) -> Ink:
    """Return a shape as a model sees it."""
    return normalise(rasterise(shape(label, turn)))


def taught(drawings: int = 3) -> Teacher:
    """Return a teacher that knows the three shapes from so many drawings of each."""
    teacher = Teacher(LABELS)
    for target, label in enumerate(LABELS):
        for turn in np.linspace(-0.2, 0.2, drawings):
            teacher.teach(seen(label, float(turn)), target)
    return teacher


def say(pad: DigitWidget, target: object, number: int) -> dict[str, Any]:
    """Do what a person does who taps a class."""
    of = {"answered": pad._answered, "drawn": pad._drawing["drawn"], "result": pad.result}
    pad.set_state({"_correction": {"number": number, "does": "say", "consents": True, "target": target} | of})
    return pad._saved


def test_a_pad_is_taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw and tap: it answers from the second class on, and the drawing that is there at once; nothing is stored."""
    monkeypatch.chdir(tmp_path)
    pad = DigitWidget(labels=LABELS, teach=True)
    assert pad.teacher
    pad.strokes = shape("○")
    assert (pad.status, pad.result) == ("unknown", NO_ANSWER)
    told = say(pad, 0, 1)
    assert (told["state"], told["label"], told["taught"]) == ("saved", "○", [1, 0, 0])
    assert pad.result == NO_ANSWER  # of one class alone nothing can be told apart
    pad.strokes = shape("△")
    assert pad.result == NO_ANSWER
    say(pad, 1, 2)
    assert (pad.result, pad.status) == ("△", "answered")
    pad.strokes = shape("□")
    say(pad, 1, 3)  # a slip of the finger
    assert pad.result == "△"
    say(pad, 2, 4)  # another word about the same drawing takes the place of the first
    assert (pad.result, pad.teacher.counts) == ("□", [1, 1, 1])
    for label in LABELS:
        pad.strokes = shape(label, 0.1, side=50)
        assert pad.result == label
    pad.set_state({"_correction": {"number": 5, "does": "undo"}})
    assert pad.teacher.counts == [1, 1, 0]
    assert pad._saved["state"] == "undone"
    pad.set_state({"_correction": {"number": 6, "does": "undo"}})  # twice: only what was said last is taken back
    assert pad.teacher.counts == [1, 1, 0]
    assert list(tmp_path.iterdir()) == []


def test_what_was_never_taught_is_no_answer() -> None:
    """Digits, a scribble and a cross are none of three shapes; the shapes are, turned and of other sizes."""
    classifier = Classifier(taught())
    assert classifier.labels == tuple(LABELS)
    shapes = [rasterise(shape(label, turn, side)) for label in LABELS for turn in (-0.1, 0.15) for side in (40, 110)]
    assert [answer.result for answer in classifier.classify(shapes)] == [label for label in LABELS for _ in range(4)]
    cross = rasterise(checked([[[40, 40], [240, 240]], [[240, 40], [40, 240]]]))
    others = [cross, *(digit_ink(digit) for digit in (1, 2, 3, 5, 7))]
    assert {answer.result for answer in classifier.classify(others)} == {NO_ANSWER}


def test_what_was_taught_is_kept(tmp_path: Path) -> None:
    """Saved and loaded it is the same; a pad, `predict` and `load_model` take the file, and bring its labels."""
    teacher = taught()
    file = teacher.save(tmp_path / "shapes.json")
    again = Teacher.load(file)
    assert (again.labels, again.counts, again.digest) == (teacher.labels, [3, 3, 3], teacher.digest)
    pictures = np.stack([seen(label, 0.1) for label in LABELS])[:, None].astype(np.float32) / 255
    assert np.array_equal(again(pictures), teacher(pictures))
    pad = DigitWidget(model=file)
    assert (pad.labels, pad.teacher, pad.feedback) == (list(LABELS), None, None)
    pad.strokes = shape("△")
    assert pad.result == "△"
    assert predict(pad.image, model=str(file)).result == "△"
    assert load_model(file).classes == 3
    more = DigitWidget(model=file, teach=True)
    assert more.teacher
    assert more.teacher.counts == [3, 3, 3]
    renamed = DigitWidget(model=file, labels="abc")
    renamed.strokes = shape("△")
    assert renamed.result == "b"
    other = DigitWidget()
    other.model = file
    other.strokes = shape("□")
    assert (other.labels, other.result) == (list(LABELS), "□")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version 2"),
        ({"labels": "aa"}, r"shapes\.json cannot be used: .*occurs twice"),
        ({"drawings": [{"class": 5, "picture": "AAAA"}]}, "damaged"),
        ({"drawings": [{"class": 0, "picture": "not base64"}]}, "damaged"),
        ({"drawings": 5}, "damaged"),
        ({"drawings": [{}]}, "damaged"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """What is no file of a teacher's, or of a newer version, is a sentence with the name of the file."""
    file = taught(1).save(tmp_path / "shapes.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelError, match=words):
        DigitWidget(model=file)
    file.write_text(file.read_text()[:200])
    with pytest.raises(ModelError, match=r"shapes\.json is no file of a teacher's"):
        Teacher.load(file)
    file.write_text('{"format": "layers-model"}')
    with pytest.raises(ModelError, match=r"TensorFlow\.js"):
        load_model(file)


def test_the_digits_bend_to_a_hand() -> None:
    """An arrow is said to be a four: another arrow is one then; what the bundled network is sure of stays as it is."""
    pad = DigitWidget(teach=True)
    plain = DigitWidget()
    arrow = checked([[[140, 40], [140, 240]], [[80, 110], [140, 40], [200, 110]]])
    pad.strokes = arrow
    assert pad.prediction != 4
    say(pad, 4, 1)
    assert pad.prediction == 4
    pad.strokes = checked([[[145, 60], [140, 230]], [[95, 120], [145, 60], [190, 115]]])
    assert pad.prediction == 4
    for digit in range(10):
        for side in (0.3, 0.6):
            pad.strokes = plain.strokes = digit_strokes(digit, side)
            assert (pad.prediction, plain.prediction) == (digit, digit)
            assert pad.confidence == pytest.approx(plain.confidence, abs=1e-6)
    plain.strokes = pad.strokes = checked([[[40, 40], [240, 240]], [[240, 40], [40, 240]], [[140, 20], [140, 260]]])
    assert (pad.prediction, plain.prediction) == (None, None)


def test_a_correction_counts_although_the_network_is_sure() -> None:
    """A seven that is said to be a one is one at once, until that is taken back; other digits stay what they are."""
    pad = DigitWidget(teach=True)
    pad.strokes = digit_strokes(7, 0.5)
    assert (pad.prediction, pad.confidence > 0.99) == (7, True)
    say(pad, 1, 1)
    assert pad.prediction == 1
    for digit in (0, 2, 3, 4, 5, 6, 8, 9):
        pad.strokes = digit_strokes(digit, 0.5)
        assert pad.prediction == digit
    pad.strokes = digit_strokes(7, 0.5)
    assert pad.prediction == 1
    pad.set_state({"_correction": {"number": 2, "does": "undo"}})
    assert pad.prediction == 7


def test_lessons_are_feedback_too(tmp_path: Path) -> None:
    """A pad that is taught and saves: each lesson is a record, with the model's state by its hash."""
    pad = DigitWidget(labels=LABELS, teach=True, feedback=tmp_path)
    assert pad.teacher
    for number, label in enumerate(LABELS, 1):
        pad.strokes = shape(label)
        say(pad, number - 1, number)
    records = list(Feedback(tmp_path))
    assert [(record.label, record.model) for record in records] == [(label, "Teacher") for label in LABELS]
    assert len({record.weights for record in records}) == 3
    assert digest(pad.teacher) not in ("", records[-1].weights)
    pad.set_state({"_correction": {"number": 9, "does": "undo"}})
    assert (len(Feedback(tmp_path)), pad.teacher.counts) == (2, [1, 1, 0])


def test_a_renamed_teacher_keeps_its_names_and_its_kind(tmp_path: Path) -> None:
    """Labels that a pad is given are saved; digits by other names are bent all the same, ten other classes are not."""
    pad = DigitWidget(model=taught().save(tmp_path / "shapes.json"), labels="abc", teach=True)
    assert pad.teacher
    assert Teacher.load(pad.teacher.save(tmp_path / "abc.json")).labels == tuple("abc")
    pad.labels = "xyz"
    assert Teacher.load(pad.teacher.save(tmp_path / "xyz.json")).labels == tuple("xyz")
    pad.labels = "xy"
    assert "3 classes" in pad.error
    assert pad.teacher.labels == tuple("xyz")
    digits = DigitWidget(teach=True)
    digits.labels = "0123456789"
    assert digits.teacher
    again = DigitWidget(model=digits.teacher.save(tmp_path / "digits.json"))
    again.strokes = digit_strokes(7, 0.5)
    assert (again.result, again.status) == ("7", "answered")
    others = DigitWidget(labels="abcdefghij", teach=True)
    others.labels = "0123456789"
    assert others.teacher
    again = DigitWidget(model=others.teacher.save(tmp_path / "others.json"))
    again.strokes = digit_strokes(7, 0.5)
    assert again.status == "unknown"


def test_a_pad_that_is_taught_takes_teachers_alone(tmp_path: Path) -> None:
    """Another model is refused, and changes nothing; another teacher answers, and its drawings are counted."""
    pad = DigitWidget(labels=LABELS, teach=True)
    pad.strokes = shape("△")
    before = pad.teacher
    with pytest.raises(ModelError, match="classes of your own and for the bundled"):
        pad.model = lambda _: [1, 0, 0]
    assert (pad.teacher, pad.status) == (before, "unknown")
    pad.model = taught().save(tmp_path / "shapes.json")
    assert (pad.result, pad._saved["taught"]) == ("△", [3, 3, 3])
    pad.model = Classifier(taught(1), labels="abc")
    assert (pad.result, pad._saved["taught"]) == ("b", [1, 1, 1])
    assert pad.teacher
    pad.teacher.teach(seen("○", 0.1), 0)
    pad.strokes = shape("○")
    assert (pad.result, pad._saved["taught"]) == ("a", [2, 1, 1])
    pad.model = None
    assert (pad.status, pad._saved["taught"]) == ("unknown", [0, 0, 0])


def test_weights_that_were_not_learnt_for_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a teacher needs was learnt for the bundled weights; with others it says what to do."""
    for name in ("digits.safetensors", "teaching.npz"):
        (tmp_path / name).write_bytes(bundled().with_name(name).read_bytes())
    content = dict(np.load(tmp_path / "teaching.npz"))
    np.savez(tmp_path / "teaching.npz", **content | {"weights": np.array("0" * 64)})
    monkeypatch.setattr(plda, "bundled", lambda: tmp_path / "digits.safetensors")
    plda.load_background.cache_clear()
    with pytest.raises(ModelError, match="make teach"):
        taught(1)
    monkeypatch.undo()
    plda.load_background.cache_clear()
    assert taught(1).counts == [1, 1, 1]


def test_what_cannot_be_taught_is_told(tmp_path: Path) -> None:
    """Another model, a class that is not there, another picture, too many: each a sentence."""
    with pytest.raises(ModelError, match="classes of your own and for the bundled"):
        DigitWidget(model=lambda _: 3, teach=True)
    with pytest.raises(ModelError, match="A comparison cannot be taught"):
        compare([Teacher(), None], teach=True)
    assert compare([Teacher(), None]).answers.keys() == {"Teacher", "bundled"}
    teacher = Teacher(LABELS)
    for wrong in (3, -1, "○", True):
        with pytest.raises(ModelError, match="no class"):
            teacher.teach(seen("○"), wrong)  # type: ignore[arg-type]
    for picture in (np.zeros((27, 28), np.uint8), np.zeros((28, 28), np.float32)):
        with pytest.raises(ModelError, match="Expected a picture"):
            teacher.teach(picture, 0)  # type: ignore[arg-type]
    pad = DigitWidget(labels=LABELS, teach=True)
    pad.strokes = shape("○")
    assert "class that is not there" in say(pad, 3, 1)["error"]
    with pytest.raises(ModelError, match="fewer than two classes"):
        pad.save(tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_two_pads_share_a_teacher() -> None:
    """What one takes back is what it has taught, whoever has taught since."""
    teacher = Teacher(LABELS)
    one, other = DigitWidget(model=teacher, teach=True), DigitWidget(model=teacher, teach=True)
    one.strokes, other.strokes = shape("○"), shape("△")
    say(one, 0, 1)
    say(other, 1, 1)
    one.set_state({"_correction": {"number": 2, "does": "undo"}})
    assert teacher.counts == [0, 1, 0]
    one.set_state({"_correction": {"number": 3, "does": "undo"}})
    assert teacher.counts == [0, 1, 0]


def test_a_teacher_may_be_asked_while_it_learns() -> None:
    """Four threads teach and ask at the same time: no drawing is lost, and every answer is whole."""
    teacher = taught(1)
    picture = seen("△", 0.1)[None, None].astype(np.float32) / 255
    failures: list[object] = []

    def work(target: int) -> None:
        for n in range(10):
            teacher.teach(seen(LABELS[target], n / 50), target)
            logits = teacher(picture)
            if logits.shape != (1, 3) or logits.argmax() != 1:
                failures.append(logits)

    threads = [threading.Thread(target=work, args=(target % 3,)) for target in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(teacher.counts) == 43
