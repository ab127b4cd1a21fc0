"""What a teacher needs, learnt on little: every part runs, is repeatable, and says what the widget says."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from drawings import SHAPES

from digit_widget.models import load_model
from digit_widget.models.plda import Background, features, load_background

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

import teach

from digit_widget.models.cnn import CNN

import data
from data import NOTHING, Item

NAMES = "ABCDEFGHIJ"


def items(writers: int) -> list[Item]:
    """Return ten characters by so many writers, who all write alike."""
    return [
        Item(
            NOTHING,
            "here",
            f"writer {writer}",
            name,
            tuple(tuple((int(1000 * x), int(1000 * y)) for x, y in stroke) for stroke in SHAPES[str(number)]),
        )
        for number, name in enumerate(NAMES)
        for writer in range(writers)
    ]


@pytest.fixture(scope="module")
def drawings() -> teach.Known:
    """Return characters by eight writers, drawn somewhere."""
    return teach.known(teach.as_written(items(8), np.random.default_rng(0)), CNN.pretrained())


@pytest.fixture(scope="module")
def background() -> Background:
    """Return what is learnt from a few drawings."""
    return learnt()[1]


def learnt() -> tuple[dict[str, np.ndarray], Background]:
    """Learn from a few drawings of ten characters and of twenty symbols."""
    rng, network = np.random.default_rng(1), CNN.pretrained()
    written = list(teach.written(items(2), rng))
    assert len(written) == 10 * 2 * teach.VERSIONS
    of_written = teach.known(written, network)
    turned = teach.known([teach.turned(drawing, way) for drawing in written for way in (1, 6)], network)
    made_up = teach.known(teach.Symbols(items(2)).draw(rng, 20, 6), network)
    assert len(set(made_up.names)) == 20
    pairs = [teach.covariances(known) for known in (of_written, turned, made_up)]
    within, between = (np.mean([pair[which] for pair in pairs], axis=0) for which in (0, 1))
    return teach.quantised(*teach.discriminants(within, between), of_written.features.mean(axis=0))


def test_a_drawing_is_known_as_the_widget_knows_it() -> None:
    """By torch in training and by numpy in the widget, the same drawing has the same features."""
    made = list(teach.as_written(items(1), np.random.default_rng(0)))
    by_torch = teach.known(made, CNN.pretrained()).features
    pictures = np.stack([drawing.picture for drawing in made])[:, None].astype(np.float32) / 255
    by_numpy = features(*load_model().inside(pictures))  # type: ignore[attr-defined]  # the bundled one is of numpy
    assert by_torch.shape == (10, 832)
    assert np.abs(by_torch - by_numpy).max() < 1e-3


def test_the_ways_to_turn_a_drawing_differ() -> None:
    """Seven ways and the drawing itself: eight pictures."""
    (drawing, *_) = teach.as_written([item for item in items(1) if item.text == "H"], np.random.default_rng(0))
    pictures = {drawing.picture.tobytes(), *(teach.turned(drawing, way).picture.tobytes() for way in range(1, 8))}
    assert len(pictures) == 8


def test_what_is_learnt_is_repeatable_and_has_the_widget_s_form(background: Background) -> None:
    """The same seed gives the same bytes; shapes and types are those of the file that is shipped."""
    parts, again = learnt()[0], learnt()[0]
    shipped = load_background()
    for name, part in parts.items():
        assert np.array_equal(part, again[name]), name
    assert parts["projection"].dtype == np.int8
    for name in ("projection", "shift", "spread"):
        assert getattr(background, name).shape == getattr(shipped, name).shape, name
    assert (np.diff(background.spread) <= 1e-5).all()


def test_a_lesson_keeps_writers_and_look_alikes_apart(drawings: teach.Known) -> None:
    """No writer teaches a class and is asked about it; what is not taught is among the others."""
    names = teach.usable(drawings, digits=False)
    assert names == list(NAMES)
    given = teach.lesson(drawings, names, (3, 5), np.random.default_rng(2))
    assert [len(taught) for taught in given.taught] == [5, 5, 5]
    for index, taught in enumerate(given.taught):
        asked = [which for which, of in zip(given.asked, given.classes, strict=True) if of == index]
        assert len(asked) == 3
        assert len({drawings.names[which] for which in (*taught, *asked)}) == 1
        assert len({drawings.writers[which] for which in (*taught, *asked)}) == 8
    taught_names = {drawings.names[which] for taught in given.taught for which in taught}
    assert {drawings.names[which] for which in given.others} == set(NAMES) - taught_names


def test_taught_classes_are_told_apart(drawings: teach.Known, background: Background) -> None:
    """What was learnt from other drawings tells ten characters apart; a threshold lets most of them through."""
    given = teach.lesson(drawings, list(NAMES), (5, 3), np.random.default_rng(3))
    of_taught, of_others = teach.scores(drawings, given, background)
    assert (of_taught.argmax(axis=1) == given.classes).mean() > 0.9
    assert np.median(of_taught.max(axis=1)) > np.median(of_others.max(axis=1))
    threshold, temperature = teach.calibrate(drawings, background, 2, seed=4)
    assert np.isfinite(threshold)
    assert 1 <= temperature <= 30
    assert (of_taught.max(axis=1) >= threshold).mean() > 0.8


def test_the_shipped_file_is_what_is_measured(tmp_path: Path) -> None:
    """On real pen strokes, where they are at hand: of three classes with one drawing each nine in ten are right."""
    roots = [Path(__file__).parents[1] / "data", Path(__file__).parents[2] / "shared" / "data"]
    root = next((root for root in roots if data.pen_items(root, "test")), tmp_path)
    if root == tmp_path:
        pytest.skip("the pen strokes are not at hand")
    table = teach.measure(root, draws=20)
    (line,) = [line for line in table.splitlines() if "symbols, 3 × 1" in line]
    assert float(line.split("|")[1].strip(" %")) > 90
