"""The recipe, on little: every part runs, is repeatable, and writes what the widget loads."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from drawings import SHAPES, digit_ink

from digit_widget import Answer
from digit_widget.models.numpy_cnn import load_safetensors
from digit_widget.normalise import normalise
from digit_widget.strokes import PAD_SIZE

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "models"))

import evaluate  # noqa: E402

import data  # noqa: E402
import hand  # noqa: E402
import nonsense  # noqa: E402
import train  # noqa: E402

LETTERS = {
    "L": [[[0, 0], [0, 500], [0, 1000], [400, 1000]]],
    "X": [[[0, 0], [1000, 1000]], [[1000, 0], [0, 1000]]],
    "=": [[[0, 0], [1000, 0]], [[0, 400], [1000, 400]]],
}
RECIPE = train.Recipe(epochs=4, batch=20, average=0.9, scanned=60, written=100, others=30, made_up=30)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder as `data.py` expects it: the ten digit shapes and a few letters of many made-up writers."""
    root = tmp_path_factory.mktemp("data")
    (root / "pen-strokes").mkdir()
    shapes = {digit: [[[1000 * x, 1000 * y] for x, y in line] for line in lines] for digit, lines in SHAPES.items()}
    for name, characters in (("pen-digits-train", shapes), ("pen-not-digits-train", LETTERS)):
        with gzip.open(root / "pen-strokes" / f"{name}.ndjson.gz", "wt", encoding="utf-8") as file:
            for writer in range(40):
                source = "unipen/val" if writer < 2 else "pendigits"
                for label, strokes in characters.items():
                    row = {"id": f"{name}{writer}{label}", "label": label, "source": source, "writer": f"w{writer}"}
                    file.write(json.dumps(row | {"strokes": strokes}) + "\n")
    return root


@pytest.fixture(scope="module")
def drawings(root: Path) -> data.Drawings:
    """Return the training drawings of the tiny data; its scans are the ten shapes, normalised."""
    images = torch.from_numpy(np.stack([normalise(digit_ink(digit)) for digit in range(10)]))
    return data.Drawings(images, list(range(10)), data.pen_items(root, "train"), RECIPE.shares)


def test_every_writer_is_in_one_part(root: Path) -> None:
    """No writer is trained on and measured; whole sources are measured alone; letters are no digits."""
    parts = {part: data.pen_items(root, part) for part in ("train", "calibrate", "test")}
    writers = [{(item.source, item.writer) for item in items} for items in parts.values()]
    assert sum(map(len, writers)) == len(set.union(*writers)) == 40
    assert all(writers)
    assert {item.source for item in parts["test"]} >= data.UNSEEN_SOURCES & {"unipen/val"}
    assert not any(item.source in data.UNSEEN_SOURCES for item in parts["train"])
    assert {item.label for item in parts["train"]} == set(range(11))


def test_a_drawing_is_its_key_s(drawings: data.Drawings) -> None:
    """The same key makes the same drawing whoever asks; another epoch makes another."""
    for key in drawings.keys(seed=0, epoch=0)[:40]:
        picture, label = drawings[key]
        again, same = drawings[key]
        assert torch.equal(picture, again)
        assert label == same
    assert not torch.equal(drawings[0, 0, 5][0], drawings[0, 1, 5][0])


def test_an_epoch_holds_its_shares(drawings: data.Drawings) -> None:
    """Digits and others are drawn as often as the recipe says, all normalised."""
    labels = []
    for key in drawings.keys(seed=0, epoch=0):
        picture, label = drawings[key]
        assert picture.shape == (1, 28, 28)
        assert picture.dtype == torch.float32
        seen = (picture[0] * 255).round().to(torch.uint8).numpy()
        assert seen.any()
        assert np.abs(normalise(seen).astype(int) - seen).mean() < 1
        labels.append(label)
    assert labels.count(data.NOTHING) == RECIPE.others + RECIPE.made_up


def test_another_hand_writes_the_same_character() -> None:
    """Strokes keep their number; nothing becomes infinite; where on the pad it is drawn makes no difference."""
    rng = np.random.default_rng(0)
    lines = [np.array(line, float) for line in SHAPES["4"]]
    inside = 0
    for _ in range(200):
        other = hand.another(lines, rng)
        assert len(other) == len(lines)
        assert all(np.isfinite(line).all() for line in other)
        setting = hand.random_setting(rng)
        ink = hand.draw(other, setting)
        assert ink.shape == (PAD_SIZE, PAD_SIZE)
        if not (ink[[0, -1]].any() or ink[:, [0, -1]].any()):
            inside += 1
            assert np.array_equal(hand.seen(other, setting), normalise(ink))
    assert inside > 150


@pytest.mark.parametrize("make", {*nonsense.ALONE, *nonsense.PICTURES})
def test_nonsense_can_be_drawn(make: object) -> None:
    """Every kind of nonsense is made of strokes with ink."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        lines = make(rng)
        assert all(line.shape[1:] == (2,) and np.isfinite(line).all() for line in lines)
        assert hand.seen(lines, hand.random_setting(rng)).any()


def test_what_may_be_a_digit_is_not_made_nonsense() -> None:
    """No part that stands upright, and no turn of a digit that is a digit again."""
    rng = np.random.default_rng(0)
    shapes = {int(digit): [np.array(line, float) for line in lines] for digit, lines in SHAPES.items()}
    assert all(nonsense.quarter_turned(shapes[digit], digit, rng) is None for digit in (0, 1, 6, 8, 9))
    assert nonsense.quarter_turned(shapes[4], 4, rng) is not None
    upright = [np.linspace([0.0, 0.0], [0.2, 1.0], 30)]
    assert all(nonsense.part(upright, rng) is None for _ in range(50))
    pieces = [piece for _ in range(50) if (piece := nonsense.part(shapes[0], rng))]
    assert pieces
    assert all(np.ptp(line[:, 0]) >= nonsense.UPRIGHT * np.ptp(line[:, 1]) for (line,) in pieces)


def test_training_learns_and_is_repeatable(drawings: data.Drawings) -> None:
    """A few epochs lower the loss; the same seed gives the same weights."""
    first, second = (train.Run(drawings, RECIPE).train() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    logits = train.logits_of(first, data.as_batch(drawings.images.numpy()))
    untrained = train.logits_of(train.Run(drawings, RECIPE).model.eval(), data.as_batch(drawings.images.numpy()))
    labels = torch.arange(10)
    assert torch.nn.functional.cross_entropy(logits, labels) < torch.nn.functional.cross_entropy(untrained, labels)


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(drawings: data.Drawings, tmp_path: Path) -> None:
    """Saved after an epoch and taken up by another process, a run ends with the weights of an unbroken one."""
    whole = train.Run(drawings, RECIPE).train()
    broken = train.Run(drawings, RECIPE)

    class Interrupt(Exception):  # noqa: N818 - it is no error
        pass

    save = broken.save

    def save_once(path: Path) -> None:
        save(path)
        raise Interrupt

    broken.save = save_once
    with pytest.raises(Interrupt):
        broken.train(tmp_path / "checkpoint.pt")
    again = train.Run(drawings, RECIPE)
    again.restore(tmp_path / "checkpoint.pt")
    assert again.epoch == 1
    assert all(torch.equal(a, b) for a, b in zip(again.train().parameters(), whole.parameters(), strict=True))


def test_folding_takes_normalisation_out_and_changes_nothing(drawings: data.Drawings) -> None:
    """The plain CNN gives the logits of the network that learnt, and has none of its extra numbers."""
    run = train.Run(drawings, RECIPE)
    plain = run.train()
    assert type(plain) is train.CNN
    pictures = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    learnt = train.logits_of(run.kept.eval(), pictures)
    assert torch.allclose(train.logits_of(plain, pictures), learnt, atol=1e-4)
    assert sum(p.numel() for p in plain.parameters()) == 228_010


def test_another_recipe_s_checkpoint_is_refused(drawings: data.Drawings, tmp_path: Path) -> None:
    """Going on with other settings would be neither run."""
    train.Run(drawings, RECIPE).save(tmp_path / "checkpoint.pt")
    other = train.Run(drawings, train.Recipe(epochs=5, seed=3))
    with pytest.raises(ValueError, match="another recipe"):
        other.restore(tmp_path / "checkpoint.pt")


def test_nothing_is_a_class_without_parameters() -> None:
    """The log-odds of being a digit at all are the log-sum-exp of the ten logits."""
    logits = torch.randn(5, 10)
    nothing = train.with_nothing(logits).softmax(dim=1)[:, data.NOTHING]
    assert torch.allclose((1 - nothing).logit(), logits.logsumexp(dim=1), atol=1e-5)


def test_temperature_undoes_overconfidence() -> None:
    """Logits made three times too large are divided by about three."""
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(4000, 10, generator=generator) * 2
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=generator)[:, 0]
    assert train.fit_temperature(3 * honest, labels) == pytest.approx(3, rel=0.1)


def test_the_threshold_leaves_its_share_unanswered() -> None:
    """Of the drawings it is fitted on, just that share lies under it."""
    logits = torch.randn(1000, 10, generator=torch.Generator().manual_seed(0))
    threshold = train.fit_threshold(logits, 0.05)
    assert (logits.logsumexp(dim=1) < threshold).float().mean() == pytest.approx(0.05, abs=0.002)


def test_both_files_are_written(tmp_path: Path) -> None:
    """The weights come back as they were, and say how to read their logits in both formats."""
    network = train.CNN().eval()
    train.write_weights(network, {"temperature": "1.25", "threshold": "-0.5"}, tmp_path)
    loaded = load_safetensors(tmp_path / "digits.safetensors")
    assert (loaded.temperature, loaded.threshold) == (1.25, -0.5)
    picture = np.zeros((1, 1, 28, 28), np.float32)
    assert np.allclose(loaded(picture), network(torch.from_numpy(picture)).detach(), atol=1e-6)
    properties = {entry.key: entry.value for entry in onnx.load(tmp_path / "digits.onnx").metadata_props}
    assert properties == {"architecture": "cnn", "classes": "10", "temperature": "1.25", "threshold": "-0.5"}


@pytest.mark.parametrize("with_pens", [True, False])
def test_the_script_from_data_to_weights(
    root: Path, drawings: data.Drawings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_pens: bool
) -> None:
    """Trained, folded, fitted and written; where there are no pen strokes, from MNIST alone."""
    scans = drawings.images.repeat(4, 1, 1), drawings.labels * 4
    monkeypatch.setattr(train, "mnist", lambda *_args, **_kind: scans)
    monkeypatch.setattr(train, "KEPT", 10)
    short = replace(RECIPE, epochs=1)
    monkeypatch.setattr(train, "Recipe", lambda: short)
    source = root if with_pens else tmp_path
    monkeypatch.setattr(sys, "argv", ["train.py", "--data", str(source), "--out", str(tmp_path / "out")])
    train.main()
    model = load_safetensors(tmp_path / "out" / "digits.safetensors")
    assert model.temperature > 0
    assert model.classes == 10
    log = json.loads((tmp_path / "out" / "training.json").read_text(encoding="utf-8"))
    assert log["recipe"]["epochs"] == 1
    assert not list((tmp_path / "out").glob("checkpoint*"))


def test_there_is_nothing_to_measure_without_pen_strokes(tmp_path: Path) -> None:
    """The measuring script says so in a sentence, before it does anything."""
    command = [sys.executable, ROOT / "models" / "evaluate.py", "--data", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there are no pen strokes in" in done.stderr


def test_bootstrap_draws_writers() -> None:
    """Two writers, one always right and one never: the interval is everything; one digit a writer: it is narrow."""
    which = np.repeat([True, False], 100)
    assert evaluate.bootstrap(which, ["a"] * 100 + ["b"] * 100) == (0, 1)
    low, high = evaluate.bootstrap(which, [str(index) for index in range(200)])
    assert 0.4 < low < 0.5 < high < 0.6


def test_calibration_error() -> None:
    """Answers that are right as often as they say have next to none; sure answers that are half wrong have half."""

    def measured(confidence: float, right: int, wrong: int) -> evaluate.Measured:
        rest = (1 - confidence) / 9
        answer = Answer("", 0, confidence, (confidence, *[rest] * 9), np.zeros((28, 28), np.uint8))
        n = right + wrong
        return evaluate.Measured(np.array([0] * right + [1] * wrong), ["w"] * n, ["s"] * n, [answer] * n)

    assert evaluate.calibration([measured(0.9, 90, 10)])["error"] == pytest.approx(0, abs=1e-9)
    assert evaluate.calibration([measured(1.0, 50, 50)])["error"] == pytest.approx(0.5)


def test_the_card_states_the_figures() -> None:
    """The card is what its template and the figures beside it make, so that no number in it was typed."""
    files = ("figures.json", "training.json", "comparison.json")
    figures = (json.loads((ROOT / "models" / name).read_text(encoding="utf-8")) for name in files)
    assert evaluate.card(*figures) == (ROOT / "models" / "README.md").read_text(encoding="utf-8")
