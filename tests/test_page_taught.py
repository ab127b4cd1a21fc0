"""What was taught, on a page without Python: answered there as in Python, or refused before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes
from test_offline import by_engine, check_same, varied
from test_teacher import LABELS, say, seen, shape, taught

from digit_widget import Classifier, DigitWidget, ModelError, Teacher
from digit_widget.models.plda import load_background
from digit_widget.normalise import normalise
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from pathlib import Path

    from digit_widget.normalise import Ink

ARROW = [[[140, 40], [140, 240]], [[80, 110], [140, 40], [200, 110]]]


def shapes() -> list[Ink]:
    """Return the three shapes, turned, of many sizes and with other pens, and bent more and more."""
    random = np.random.default_rng(7)
    found = []
    for n in range(210):
        (stroke,) = shape(LABELS[n % 3], turn=random.uniform(-0.5, 0.5), side=random.uniform(20, 120))
        bend = random.normal(0, 0.06 * (n // 30), (len(stroke), 2)) * 20
        points = np.clip(np.array([point[:2] for point in stroke]) + bend, 0, 280)
        found.append(rasterise(checked([points.tolist()]), pen_width=random.uniform(8, 24)))
    return found


def personal() -> Teacher:
    """Return a teacher of the ten digits that was corrected: an arrow is a four, a seven is a one, and so on."""
    teacher = Teacher()
    teacher.teach(normalise(rasterise(checked(ARROW))), 4)
    teacher.teach(normalise(digit_ink(7, 0.5)), 1)
    for n, ink in enumerate(varied()):
        if n % 40 == 3:
            teacher.teach(normalise(ink), (n // 40) % 10)
    return teacher


def test_classes_of_ones_own_are_answered_as_in_python() -> None:
    """Of 710 drawings, of the three shapes and of anything, the same; some are of none of the classes."""
    classifier, inks = Classifier(taught()), [*shapes(), *varied()]
    expected = classifier.classify(inks)
    assert len(inks) == 710
    predictions = [answer.prediction for answer in expected]
    assert all(predictions.count(target) > 30 for target in range(3))
    assert predictions.count(None) > 200
    check_same(by_engine(classifier, inks), expected)


def test_a_class_without_drawings_is_never_the_answer() -> None:
    """Two of three classes are taught: the page answers with these."""
    teacher = Teacher(LABELS)
    teacher.teach(seen("○"), 0)
    teacher.teach(seen("□"), 2)
    classifier, inks = Classifier(teacher), shapes()[:60]
    expected = classifier.classify(inks)
    assert {answer.prediction for answer in expected} >= {0, 2}
    check_same(by_engine(classifier, inks), expected)


def test_what_is_hardly_a_class_is_told_by_its_best_score() -> None:
    """Two classes of the same drawing: an arc a little too far from each is of none, however near they are together."""
    teacher = Teacher("ab")
    for target in (0, 1):
        teacher.teach(seen("○"), target)
    classifier = Classifier(teacher)
    arcs = [shape("○", turn)[0][:length] for turn in np.linspace(0, 0.5, 10) for length in range(180, 210)]
    inks = [rasterise([arc]) for arc in arcs]
    best = teacher.taught.says(classifier.pictures(inks)).max(axis=1)
    threshold = load_background().threshold
    assert ((threshold - np.log(2) < best) & (best < threshold)).any()
    check_same(by_engine(classifier, inks), classifier.classify(inks))


def test_digits_bent_to_a_hand_are_answered_as_in_python() -> None:
    """Of 710 drawings the same; some are answered otherwise than by the bundled network."""
    classifier, inks = Classifier(personal()), [*varied(), *shapes()]
    expected = classifier.classify(inks)
    plain = Classifier().classify(inks)
    assert sum(here.prediction != there.prediction for here, there in zip(expected, plain, strict=True)) > 20
    check_same(by_engine(classifier, inks), expected)


def test_digits_that_were_never_corrected_are_the_bundled_network() -> None:
    """Their page is no larger than its page."""
    assert Classifier(Teacher()).packed().parts.keys() == {"weights"}
    inks = [digit_ink(digit) for digit in range(10)]
    check_same(by_engine(Classifier(Teacher()), inks), Classifier().classify(inks))


def test_a_page_has_what_was_taught_when_it_was_saved(tmp_path: Path) -> None:
    """By drawing and saying it, or out of a file; a page grows by 120 kB at most, and by nothing for more drawings."""
    pad, file = DigitWidget(labels=LABELS, teach=True), tmp_path / "shapes.html"
    for number, label in enumerate(LABELS[:2]):
        pad.strokes = shape(label)
        with pytest.raises(ModelError, match="fewer than two classes"):
            pad.save(file)
        say(pad, number, number + 1)
    assert list(tmp_path.iterdir()) == []
    assert pad.save(file).stat().st_size <= DigitWidget().save(tmp_path / "plain.html").stat().st_size + 120_000
    few = taught().save(tmp_path / "few.json")
    many = taught(40).save(tmp_path / "many.json")
    sizes = [len(DigitWidget(model=file).to_html()) for file in (few, many)]
    assert abs(sizes[0] - sizes[1]) < 20
    assert DigitWidget(model=few, offline=True)._offline["packed"]["taught"]["counts"] == [3, 3, 3]


def test_what_is_taught_later_would_not_reach_a_saved_notebook() -> None:
    """A pad that is taught cannot be offline=True: a sentence says what can be done instead."""
    for labels in (LABELS, None):
        with pytest.raises(ModelError, match=r"do not go together.*pad\.save"):
            DigitWidget(labels=labels, teach=True, offline=True)
    pad = DigitWidget(teach=True)
    pad.strokes = digit_strokes(7)
    say(pad, 7, 1)
    assert pad._offline == {}


def test_the_proofs_notice_a_wrong_number() -> None:
    """One wrong byte in a thousand of what was taught, and the page would not answer."""
    for teacher in (taught(), personal()):
        classifier = Classifier(teacher)
        packed = classifier.packed()
        part = bytearray(packed.parts["teaching"])
        part[5000::1000] = bytes(byte ^ 0x40 for byte in part[5000::1000])
        packed.parts["teaching"] = bytes(part)
        classifier.packed = lambda packed=packed: packed  # type: ignore[method-assign,misc]
        with pytest.raises(AssertionError, match="calculates otherwise in this browser"):
            by_engine(classifier, [])
