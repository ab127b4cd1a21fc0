"""Feedback in the forms of other programs, read back with their own readers."""

from __future__ import annotations

import base64
import csv
import json
import resource
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes

from digit_widget import predict
from digit_widget.feedback import Feedback, FeedbackError, Record
from digit_widget.feedback.exports import export
from digit_widget.feedback.quickdraw import BOX, EPSILON, simplified
from digit_widget.feedback.tables import to_arrays, to_pandas, to_torch
from digit_widget.labels import KEYCAPS, NO_ANSWER
from digit_widget.normalise import normalise
from digit_widget.picture import from_data_url, to_data_url
from digit_widget.strokes import PAD_SIZE, checked, rasterise, smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
FILES = ["x.npz", "x.csv", "x.ndjson", "x.json", "x"]
SCRIBBLE = '=HYPERLINK("https://example.org";"look"), she said\nand then: 🤷'


def record(number: int, **changes: Any) -> Record:  # noqa: ANN401 - whatever fields have
    """Return what somebody said about a drawing of the last digit of a number; it was answered rightly."""
    digit = number % 10
    png = png_of(digit)
    said: dict[str, Any] = {
        "id": f"20260501T093000{number:06}-0123abcd",
        "session": "20260501T093000-abcd0123",
        "time": START + timedelta(seconds=number),
        "strokes": digit_strokes(digit),
        "labels": KEYCAPS,
        "prediction": digit,
        "confidence": 0.75,
        "probabilities": (0.1,) * 10,
        "target": digit,
        "model": "bundled network",
        "weights": "ab" * 32,
        "locale": "en",
        "settings": {"size": 280},
        "load": lambda: png,
    }
    return Record(**said | changes)


def png_of(digit: int) -> bytes:
    """Return a digit as a PNG file."""
    return base64.b64decode(to_data_url(digit_ink(digit)).partition(",")[2])


def dropped(number: int, **changes: Any) -> Record:  # noqa: ANN401 - the same
    """Return what somebody said about a picture that was dropped on the pad: it is nothing of these."""
    return record(number, **{"strokes": [], "target": None} | changes)


@pytest.fixture
def feedback(tmp_path: Path) -> Feedback:
    """Return a folder of thirteen records: a hand's ten digits, of which one was answered wrongly, and three pictures.

    Of these nothing is said but that they are none of the classes. The pictures come from other sessions.
    """
    feedback = Feedback(tmp_path / "feedback")
    for number in range(10):
        feedback.add(record(number, prediction=1 if number == 7 else number, comment=SCRIBBLE if number == 3 else ""))
    feedback.add(dropped(18, session="a"))
    nothing = {"model": "", "weights": "", "locale": "", "settings": {}, "prediction": None, "confidence": 0.0}
    for number in (28, 38):
        feedback.add(dropped(number, session="b", **nothing))
    return feedback


def test_a_table_has_a_row_for_each_record(feedback: Feedback) -> None:
    """Each value is the record's, in a column of its type: a missing class is missing, and time is in UTC."""
    table = to_pandas(feedback)
    kinds = table.dtypes.astype(str).to_dict()
    assert [kinds[name] for name in ("target", "prediction", "is_right", "confidence")] == [
        "Int64",
        "Int64",
        "bool",
        "float64",
    ]
    assert kinds["time"].startswith("datetime64[")
    assert str(table["time"].dt.tz) == "UTC"
    for said, row in zip(feedback, table.to_dict("records"), strict=True):
        assert row.pop("target") == said.target or said.target is None
        assert row.pop("prediction") == said.prediction or said.prediction is None
        assert row == {name: getattr(said, name) for name in row}
    assert table["target"].isna().sum() == 3
    assert table["prediction"].isna().sum() == 2
    assert table.loc[~table["is_right"], "label"].tolist() == [KEYCAPS[7], NO_ANSWER]


def test_a_table_of_nothing_has_the_same_columns(feedback: Feedback) -> None:
    """Code that was written for feedback runs before there is any."""
    empty = to_pandas([])
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == to_pandas(feedback).dtypes.to_dict()


def test_arrays_are_what_the_normaliser_makes(feedback: Feedback) -> None:
    """Pictures are those that a model is asked about, and "none of these" is -1 unless it is not wanted."""
    pictures, targets = to_arrays(feedback)
    drawn = [said.target for said in feedback]
    assert (pictures.shape, pictures.dtype, targets.dtype) == ((13, 28, 28), np.uint8, np.int64)
    assert targets.tolist() == [-1 if target is None else target for target in drawn]
    for picture, target in zip(pictures, drawn, strict=True):
        assert np.array_equal(picture, normalise(digit_ink(8 if target is None else target)))
    known, classes = to_arrays(feedback, keep_none=False)
    assert np.array_equal(known, pictures[targets >= 0])
    assert np.array_equal(classes, targets[targets >= 0])
    assert [array.shape for array in to_arrays([])] == [(0, 28, 28), (0,)]


def test_tensors_can_be_trained_with(feedback: Feedback) -> None:
    """A loader takes them as it takes MNIST, the bundled network is right about them, and none is without a class."""
    import torch
    from torch.utils.data import DataLoader
    from torchvision.transforms.functional import to_tensor

    from digit_widget.models.cnn import CNN

    digits = to_torch(feedback)
    [(pictures, targets)] = DataLoader(digits, batch_size=32, shuffle=True)
    assert (pictures.shape, pictures.dtype, targets.dtype) == ((10, 1, 28, 28), torch.float32, torch.int64)
    assert sorted(targets.tolist()) == list(range(10))
    assert torch.equal(CNN.pretrained()(pictures).argmax(1), targets)
    [alone] = [picture for picture, target in digits if target == 3]
    assert torch.equal(alone, to_tensor(normalise(digit_ink(3))))
    assert len(to_torch([])) == 0


@pytest.mark.parametrize(("module", "to"), [("pandas", to_pandas), ("torch", to_torch)])
def test_what_is_missing_is_named(
    module: str, to: Callable[[list[Record]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pandas or torch is not installed, it is said how it is."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FeedbackError, match=f"is needed for a .*pip install '{module}"):
        to([record(1)])


def test_an_npz_is_read_by_numpy(feedback: Feedback, tmp_path: Path) -> None:
    """It holds the arrays and the labels, and nothing that would have to be unpickled."""
    place = export(feedback, tmp_path / "digits.NPZ")
    assert place == tmp_path / "digits.NPZ"
    with np.load(place, allow_pickle=False) as file:
        pictures, targets = to_arrays(feedback)
        assert set(file) == {"x", "y", "labels"}
        assert np.array_equal(file["x"], pictures)
        assert np.array_equal(file["y"], targets)
        assert (file["x"].dtype, file["y"].dtype) == (np.uint8, np.int64)
        assert tuple(file["labels"]) == KEYCAPS


def test_a_csv_says_what_the_table_says(feedback: Feedback, tmp_path: Path) -> None:
    """Python's reader and pandas' find each record, with an empty cell for a missing class."""
    import pandas as pd

    place = export(feedback, tmp_path / "digits.csv")
    with place.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    table = to_pandas(feedback)
    assert list(rows[0]) == list(table.columns)
    assert [row["target"] for row in rows] == [*map(str, range(10)), "", "", ""]
    assert [row["label"] for row in rows] == table["label"].tolist()
    assert rows[3]["comment"] == f"'{SCRIBBLE}"
    read = pd.read_csv(place, parse_dates=["time"], dtype=dict.fromkeys(("target", "prediction"), "Int64"))
    for name in ("id", "time", "label", "target", "result", "prediction", "is_right", "confidence", "session"):
        assert read[name].tolist() == table[name].tolist() or read[name].equals(table[name]), name


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_a_csv_is_a_formula(start: str, tmp_path: Path) -> None:
    """Whichever words begin as a formula does, a spreadsheet gets them with an apostrophe, and with all of the rest."""
    words = f"{start}1+1\";=1+1,=1'"
    names = {"comment": words, "model": words, "locale": words, "session": words}
    said = record(0, labels=(words, "b"), prediction=0, target=0, **names)
    place = export([said, record(1, comment=f"a{words}")], tmp_path / "x.csv")
    with place.open(newline="", encoding="utf-8-sig") as file:
        first, second = csv.DictReader(file)
    assert {first[name] for name in ("comment", "model", "locale", "session", "label", "result")} == {f"'{words}"}
    assert second["comment"] == f"a{words}"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in [*first.values()])


def test_ndjson_is_quick_draws(feedback: Feedback, tmp_path: Path) -> None:
    """A line for each drawing with strokes, with *Quick, Draw!*'s keys and types; pictures have none, and no line."""
    place = export(feedback, tmp_path / "digits.ndjson")
    lines = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]
    assert [line["word"] for line in lines] == list(KEYCAPS)
    assert [line["recognized"] for line in lines] == [digit != 7 for digit in range(10)]
    assert lines[3]["timestamp"] == "2026-05-01 09:30:03.000000 UTC"
    assert len({line["key_id"] for line in lines}) == 10
    assert all(int(line["key_id"]) < 2**64 for line in lines)
    assert {line["countrycode"] for line in lines} == {""}
    for line, said in zip(lines, feedback, strict=False):
        assert set(line) == {"word", "countrycode", "timestamp", "recognized", "key_id", "drawing"}
        assert line["drawing"] == simplified(said.strokes)


@pytest.mark.parametrize("digit", range(10))
def test_a_simplified_drawing_is_the_same_drawing(digit: int) -> None:
    """It fills a box of 255 from the top left, is nowhere off by more than 2 and rounding, and is the same digit."""
    strokes = checked([smooth([(x, y) for x, y, *_ in stroke]) for stroke in digit_strokes(digit)])
    drawing = simplified(strokes)
    corners = np.concatenate([np.array(stroke).T for stroke in drawing])
    assert corners.dtype.kind == "i"
    assert corners.min() >= 0
    assert BOX - EPSILON <= corners.max() <= BOX
    given = [np.array(stroke)[:, :2] for stroke in strokes]
    corner = np.concatenate(given).min(axis=0)
    scale = BOX / (np.concatenate(given).max(axis=0) - corner).max()
    for line, stroke in zip(given, drawing, strict=True):
        fine = along(np.array(stroke).T)
        off = np.linalg.norm(((line - corner) * scale)[:, None] - fine, axis=2).min(axis=1)
        assert off.max() <= EPSILON + 1
        assert len(stroke[0]) < len(line) / 2
    middle = (PAD_SIZE - corners.max(axis=0) * 0.7) / 2
    again = checked([[(middle + 0.7 * np.array(point)).tolist() for point in zip(*s, strict=True)] for s in drawing])
    assert predict(255 - rasterise(again)).prediction == digit


def along(line: np.ndarray) -> np.ndarray:
    """Return many points on a line."""
    parts = [np.linspace(start, end, 400) for start, end in pairwise(line)]
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("stroke", "expected"),
    [
        ([[140, 140]], [[0, 0], [0, 0]]),
        ([[140, 140], [140, 140], [140, 140]], [[0, 0], [0, 0]]),
        ([[140, 140], [140, 140 + 5e-324]], [[0, 0], [0, 0]]),
        ([[28000, 50], [-28000, 50]], [[255, 0], [0, 0]]),
        ([[10, 10], [110, 10], [10, 10]], [[0, 255, 0], [0, 0, 0]]),
        ([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], [[0, 255, 255, 0, 0], [0, 0, 255, 255, 0]]),
    ],
    ids=["a dot", "a dot that took long", "a tremor", "far off the pad", "there and back", "a square"],
)
def test_a_line_without_width_or_end_is_simplified_too(stroke: list[list[float]], expected: list[list[int]]) -> None:
    """A dot stays one, however often it was touched, and a line that ends where it began keeps its shape."""
    assert simplified(checked([stroke])) == [expected]


def test_a_scribble_is_simplified_in_no_time() -> None:
    """A thousand lines across the pad, which are a quarter of a million points at a distance of 1."""
    scribble = checked([[[PAD_SIZE * (n % 2), n * PAD_SIZE / 1000] for n in range(1000)]])
    started = datetime.now(UTC)
    [[x, _]] = simplified(scribble)
    assert len(x) > 900
    assert datetime.now(UTC) - started < timedelta(seconds=5)


def test_dropped_pictures_alone_are_no_ndjson(tmp_path: Path) -> None:
    """It says why there is nothing to write, and writes nothing."""
    with pytest.raises(FeedbackError, match=r"There is nothing to export: .* without strokes"):
        export([dropped(1)], tmp_path / "x.ndjson")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["labelstudio.json", "digits.json"])
def test_json_is_label_studios(name: str, feedback: Feedback, tmp_path: Path) -> None:
    """A task for each record: the picture itself, the answer as a prediction, what was said as an annotation."""
    tasks = json.loads(export(feedback, tmp_path / name).read_text(encoding="utf-8"))
    for task, said in zip(tasks, feedback, strict=True):
        assert np.array_equal(
            from_data_url(task["data"]["image"]), digit_ink(8 if said.target is None else said.target)
        )
        assert (task["data"]["id"], task["data"]["comment"]) == (said.id, said.comment)
        [prediction], [annotation] = task["predictions"], task["annotations"]
        assert prediction["score"] == said.confidence
        assert choice(prediction) == said.result
        assert choice(annotation) == said.label
    assert tasks[0]["predictions"][0]["model_version"] == "bundled network abababababab"
    assert choice(tasks[-1]["annotations"][0]) == NO_ANSWER


def choice(said: dict[str, Any]) -> str:
    """Return the one choice in a prediction or an annotation of Label Studio's."""
    [result] = said["result"]
    assert (result["from_name"], result["to_name"], result["type"]) == ("digit", "image", "choices")
    [label] = result["value"]["choices"]
    return str(label)


@pytest.mark.parametrize("name", ["classes", "classes/", "new/and.new/classes", "v1.0/"])
def test_a_folder_is_read_by_torchvision(name: str, feedback: Feedback, tmp_path: Path) -> None:
    """ImageFolder finds each picture, as it was drawn, in the folder of its class, or in that of none."""
    from torchvision.datasets import ImageFolder

    place = export(feedback, f"{tmp_path}/{name}")
    assert place == tmp_path / name
    pictures = ImageFolder(place)
    assert pictures.classes == [*"0123456789", "none"]
    assert Counter(pictures.targets) == dict.fromkeys(range(10), 1) | {10: 3}
    for picture, index in pictures:
        assert np.array_equal(255 - np.asarray(picture)[..., 0], digit_ink(index if index < 10 else 8))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("🐱", "🐶", "👩‍👩‍👧"), ["0-cat-face", "1-dog-face", "2-woman-woman-girl"]),
        (("../../x", "a/b", r"C:\con"), ["0-x", "1-a-b", "2-C-con"]),
        (("a", "A", "\uff41", "none"), ["0-a", "1-A", "2-a", "3-none"]),
        (("1", "0", "2"), ["0-1", "1-0", "2"]),
        (("?", "…", " .", "x" * 999), ["0", "1", "2-", "3-" + "x" * 40]),
        (tuple(map(str, range(12))), [f"{n:02}" for n in range(12)]),
    ],
    ids=["emoji", "paths", "alike", "another order", "signs", "twelve"],
)
def test_each_class_has_a_folder_of_its_own(labels: tuple[str, ...], expected: list[str], tmp_path: Path) -> None:
    """Its name is safe on any disk and begins with the class, so that torchvision's order is that of the labels."""
    from torchvision.datasets import ImageFolder

    classes = range(len(labels))
    changes = {"labels": labels, "prediction": None, "id": "../../outside"}
    place = export([record(n, target=n, **changes) for n in classes], tmp_path / "x")
    assert [name.rstrip("-") for name in expected] == ImageFolder(place).classes
    assert [index for _, index in ImageFolder(place).samples] == list(classes)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert len(list(place.rglob("*.png"))) == len(labels)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_not_exported(name: str, tmp_path: Path) -> None:
    """Without records there is no file, and a sentence."""
    with pytest.raises(FeedbackError, match=r"^There is nothing to export\.$"):
        export(iter([]), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.xlsx", "x.jsonl", "x.2026", "x.npz.gz"])
def test_an_unknown_form_is_refused_with_those_that_are_known(name: str, tmp_path: Path) -> None:
    """The sentence names each of them."""
    with pytest.raises(
        FeedbackError, match=rf"^{name} is of no form.*\.npz, \.csv, \.ndjson or \.json, or to a folder"
    ):
        export([record(1)], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond a hundred bytes: for the call alone, or pytest could not write its own log."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", FILES)
def test_what_cannot_be_written_in_full_is_not_there(name: str, tmp_path: Path) -> None:
    """Where there is no room, what was there before stays, and nothing lies beside it."""
    place = there(tmp_path / name)
    with full_disk(), pytest.raises(FeedbackError, match=rf"{name} cannot be written: File too large\.$"):
        export([record(1)], place)
    assert [path.name for path in tmp_path.rglob("*")] == [name]
    assert place.is_dir() or place.read_text() == "old"


@pytest.mark.parametrize("name", ["x.npz", "x.json", "x"])
def test_a_picture_that_cannot_be_had_ends_the_export(name: str, tmp_path: Path) -> None:
    """It is not left out in silence: what was there before stays."""

    def gone() -> bytes:
        message = "The picture is gone."
        raise FeedbackError(message)

    place = there(tmp_path / name)
    with pytest.raises(FeedbackError, match=r"^The picture is gone\.$"):
        export([record(1), record(2, load=gone)], place)
    assert [path.name for path in tmp_path.rglob("*")] == [name]
    assert place.is_dir() or place.read_text() == "old"


@pytest.mark.parametrize("name", FILES)
def test_what_was_there_is_replaced(name: str, tmp_path: Path) -> None:
    """A file, or an empty folder, makes room for the new one."""
    place = there(tmp_path / name)
    assert export([record(1)], place) == place
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert list(place.iterdir()) if name == "x" else place.read_bytes() != b"old"


def there(place: Path) -> Path:
    """Put a file in a place, or an empty folder where its name says so."""
    if place.suffix:
        place.write_text("old")
    else:
        place.mkdir()
    return place


@pytest.mark.parametrize("name", FILES)
def test_a_folder_with_something_in_it_is_left_alone(name: str, tmp_path: Path) -> None:
    """Pictures of two exports are never mixed, and nobody's folder is replaced by a file."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("mine")
    with pytest.raises(FeedbackError, match="with something in it"):
        export([record(1)], tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == [name, "mine.txt"]


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    """What cannot be written is a sentence with its name, and what was there stays."""
    (tmp_path / "x").write_text("mine")
    for path in ("x", "x/y.csv", "x/y"):
        with pytest.raises(FeedbackError, match=r"cannot be written: .*\.$"):
            export([record(1)], tmp_path / path)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "mine"


@pytest.mark.parametrize("name", ["x.npz", "x", None])
def test_different_labels_are_not_mixed(name: str | None, tmp_path: Path) -> None:
    """A number does not say which class it is of whose labels: what has numbers for classes refuses two sets."""
    mixed = [record(1), record(0, labels=("🐱", "🐶"))]
    with pytest.raises(FeedbackError, match=r"different labels .*🐱, 🐶.*Take those with the same"):
        export(mixed, tmp_path / name) if name else to_torch(mixed)
    assert list(tmp_path.iterdir()) == []
    assert export(mixed, tmp_path / "x.csv").is_file()


def test_a_damaged_picture_is_named() -> None:
    """The sentence says which drawing it is, in which session."""
    bad = record(1, load=lambda: png_of(1)[:200])
    with pytest.raises(FeedbackError, match=f"{bad.id} of session {bad.session} cannot be used. .*damaged"):
        to_arrays([record(0), bad])


@pytest.mark.parametrize("name", FILES)
def test_half_an_emoji_does_not_stop_an_export(name: str, tmp_path: Path) -> None:
    """A comment that was cut in the middle of a sign is written with a question mark."""
    place = export([record(1, comment="so 😀"[:-1] + "\ud83d")], tmp_path / name)
    if place.is_file() and name != "x.npz":
        assert "\ufffd" not in place.read_text(encoding="utf-8")


def test_the_folder_itself_is_a_data_set_of_hugging_faces(
    feedback: Feedback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded as it is, from all sessions; a picture that a killed writer left without a line is left out."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    (tmp_path / "feedback" / "a" / "20260501T093000000099-0123abcd.png").write_bytes(png_of(1))
    loaded = datasets.load_dataset("imagefolder", data_dir=feedback.place, cache_dir=str(tmp_path / "cache"))["train"]
    said = {one.id: one for one in feedback}
    assert Counter(loaded["label"]) == Counter(one.label for one in feedback)
    assert sorted(loaded["id"]) == sorted(said)
    for row in loaded:
        one = said[row["id"]]
        assert row["target"] == (-1 if one.target is None else one.target)
        assert (row["comment"], row["session"]) == (one.comment, one.session)
        assert json.loads(row["strokes"]) == one.strokes
        assert np.array_equal(255 - np.asarray(row["image"]), digit_ink(8 if one.target is None else one.target))
