"""What people say about answers, on its way from the pad to the disk and back: nothing is lost, whatever happens."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_strokes
from PIL import Image

from digit_widget import Classifier, DigitWidget, Feedback, FeedbackError, compare
from digit_widget.feedback import Record
from digit_widget.feedback.record import from_line, to_line
from digit_widget.feedback.wall import page
from digit_widget.labels import KEYCAPS
from digit_widget.models import bundled
from digit_widget.models.weights import digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PNG = b"\x89PNG not read by anything here"
SCRIPT = """
import json, os, sys
from datetime import UTC, datetime
from digit_widget.feedback import Feedback, FeedbackError, Record

STROKES = [[[float(x), 140.0, 16.0 * x, 0.5] for x in range(100)]]

def record(feedback, name):
    return Record(
        id=name, session=feedback.session, time=datetime.now(UTC), strokes=STROKES, labels=tuple("0123456789"),
        prediction=7, confidence=0.9, probabilities=(0.1,) * 10, target=1, load=lambda: os.urandom(1500),
    )
"""


def made(feedback: Feedback, name: str, **changes: Any) -> Record:  # noqa: ANN401 - of any field's type
    """Return a record as a pad makes it."""
    record = Record(
        id=name,
        session=feedback.session,
        time=datetime(2026, 11, 26, 12, 30, 15, 250_000, tzinfo=UTC),
        strokes=digit_strokes(7),
        labels=KEYCAPS,
        prediction=7,
        confidence=0.9,
        probabilities=(0.01,) * 10,
        target=1,
        comment="looks like “1”\n",
        model="bundled",
        weights="8cd2",
        locale="de",
        settings={"size": 280},
        load=lambda: PNG,
    )
    return record.changed(**changes)


def run(script: str, *arguments: str, before: Sequence[str] = ()) -> str:
    """Run a script in a process of its own, and return what it prints."""
    command = [*before, sys.executable, "-c", SCRIPT + textwrap.dedent(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def say(pad: DigitWidget, target: object, number: int = 1, **changes: object) -> dict[str, Any]:
    """Send what a page sends when a person has said what it was, and return what the pad then tells the page."""
    drawn = pad._drawing.get("drawn", 0)
    of = {"answered": pad._answered, "drawn": drawn, "result": pad.result}
    message = {"number": number, "does": "say", "consents": True, "target": target} | of | changes
    pad.set_state({"_correction": message})
    return pad._saved


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """All that a record holds is read again, its picture too, by another object on the same folder."""
    feedback = Feedback(tmp_path / "feedback")
    first, second = made(feedback, "a"), made(feedback, "b", target=None, prediction=None, strokes=[], comment="")
    assert list(feedback) == []
    feedback.add(first)
    feedback.add(second)
    again = Feedback(tmp_path / "feedback")
    assert list(again) == [first, second]
    assert [(one.label, one.result, one.is_right, one.png) for one in again] == [
        ("1️⃣", "7️⃣", False, PNG),
        ("🤔", "🤔", True, PNG),
    ]
    assert len(feedback) == 2
    assert "feedback" in repr(feedback)


def test_records_are_changed_and_dropped(tmp_path: Path) -> None:
    """Of three records one is relabelled by another object, and one dropped with its picture; the rest stays."""
    feedback = Feedback(tmp_path)
    records = [made(feedback, name) for name in "abc"]
    for record in records:
        feedback.add(record)
    other = Feedback(tmp_path)
    other.change(records[1].changed(target=4, comment="four"))
    other.drop(records[0])
    assert [(one.id, one.target, one.comment) for one in feedback] == [("b", 4, "four"), ("c", 1, records[2].comment)]
    assert sorted(file.name for file in tmp_path.glob("*/*.png")) == ["b.png", "c.png"]
    for record in records[1:]:
        feedback.drop(record)
    with pytest.raises(FeedbackError, match="not there any more"):
        feedback.change(records[1])
    feedback.drop(records[1])
    assert list(tmp_path.glob("*/*.*l")) == []  # no file without a line: Hugging Face's reader takes none
    feedback.add(records[0])
    assert list(other) == [records[0]]


def test_a_line_has_columns_of_one_type(tmp_path: Path) -> None:
    """Whatever is in a record, each column has the type that it has in every other: readers of tables need that."""
    feedback = Feedback(tmp_path)
    empty = made(feedback, "a", strokes=[], target=None, prediction=None, confidence=0, comment="", settings={})
    kinds = [{name: type(value) for name, value in to_line(one).items()} for one in (empty, made(feedback, "b"))]
    assert kinds[0] == kinds[1]
    assert {type(p) for p in to_line(made(feedback, "c", probabilities=(0, 1)))["probabilities"]} == {float}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "version 2"),
        ({"target": 10}, "10 is no class of 10"),
        ({"target": True}, "no class"),
        ({"prediction": "7"}, "no class"),
        ({"time": "yesterday"}, "cannot be read"),
        ({"confidence": float("nan")}, "not numbers"),
        ({"labels": None}, "cannot be read"),
        ({"confidence": 10**400}, "cannot be read"),
        ({"session": "/elsewhere"}, "outside of this folder"),
        ({"session": "../other"}, "outside of this folder"),
        ({"id": "../victim"}, "outside of this folder"),
    ],
)
def test_a_line_that_is_no_record_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """A file may say anything: what is no record, or of a newer version, is a sentence that names file and line."""
    feedback = Feedback(tmp_path)
    record = made(feedback, "a")
    assert from_line(to_line(record), lambda: PNG) == record
    feedback.add(record)
    file = tmp_path / feedback.session / "metadata.jsonl"
    file.write_text(file.read_text() + json.dumps(to_line(record) | change) + "\n")
    with pytest.raises(FeedbackError, match=words) as caught:
        list(feedback)
    assert "line 2" in str(caught.value)


@pytest.mark.parametrize("strokes", ["[[[", "[[[1, 2, 3, 4, 5]]]", "7", "[" * 100_000])
def test_strokes_that_are_none_are_told(tmp_path: Path, strokes: str) -> None:
    """They are read when they are asked for; the rest of the record is there all the same."""
    feedback = Feedback(tmp_path)
    record = from_line(to_line(made(feedback, "a")) | {"strokes": strokes}, lambda: PNG)
    assert record.label == "1️⃣"
    with pytest.raises(FeedbackError, match="strokes of record a cannot be read"):
        _ = record.strokes


def test_a_line_without_an_end_is_left_out_and_written_over(tmp_path: Path) -> None:
    """What a killed writer has left half-way is no record, and the next record does not grow onto it."""
    feedback = Feedback(tmp_path)
    first, second = made(feedback, "a"), made(feedback, "b")
    feedback.add(first)
    file = tmp_path / feedback.session / "metadata.jsonl"
    with file.open("a") as out:
        out.write('{"file_name": "x.p')
    assert list(feedback) == [first]
    feedback.add(second)
    assert list(feedback) == [first, second]
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["a", "b"]


def test_twenty_processes_lose_nothing(tmp_path: Path) -> None:
    """Twenty kernels save five hundred records each, all at once: ten thousand are read back."""
    script = """
    feedback = Feedback(sys.argv[1])
    for n in range(500):
        feedback.add(record(feedback, f"{sys.argv[2]}-{n}"))
    """
    command = [sys.executable, "-c", SCRIPT + textwrap.dedent(script), str(tmp_path)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(20)]
    assert [writer.wait() for writer in writers] == [0] * 20
    records = list(Feedback(tmp_path))
    assert {record.id for record in records} == {f"{number}-{n}" for number in range(20) for n in range(500)}
    assert len(records) == 10_000
    assert all(len(record.png) == 1500 for record in records[::100])


def test_several_processes_write_to_one_session(tmp_path: Path) -> None:
    """After a fork the copies of a pad share its session: no line of theirs is lost or mixed with another's."""
    script = """
    feedback = Feedback(sys.argv[1])
    children = []
    for number in range(4):
        child = os.fork()
        if not child:
            for n in range(50):
                feedback.add(record(feedback, f"{number}-{n}"))
                if n % 10 == 9:
                    feedback.change(record(feedback, f"{number}-{n}").changed(target=2))
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    """
    run(script, str(tmp_path))
    records = list(Feedback(tmp_path))
    assert len({record.session for record in records}) == 1
    assert {record.id for record in records} == {f"{number}-{n}" for number in range(4) for n in range(50)}
    assert sum(record.target == 2 for record in records) == 20


def test_what_was_acknowledged_survives_a_killed_process(tmp_path: Path) -> None:
    """Two hundred writers are killed in the middle of their work: each record that they were sure of is there."""
    script = """
    import random, select, signal, time
    random.seed(1)
    acknowledged = []
    for writer in range(200):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            feedback = Feedback(sys.argv[1])
            n = 0
            while True:
                feedback.add(record(feedback, f"{writer}-{n}"))
                os.write(write, f"{writer}-{n} ".encode())
                n += 1
        os.close(write)
        select.select([read], [], [])
        time.sleep(random.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged += os.read(read, 65536).decode().split()
        os.close(read)
    print(json.dumps(acknowledged))
    """
    acknowledged = json.loads(run(script, str(tmp_path)))
    found = {record.id: record for record in Feedback(tmp_path)}
    assert len(acknowledged) > 200
    assert set(acknowledged) <= set(found)
    assert all(len(record.png) == 1500 for record in found.values())


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """On a disk without room there is a sentence; when there is room again, all that waited is saved, each once."""
    script = """
    import pathlib
    place = pathlib.Path(sys.argv[1])
    feedback = Feedback(place / "feedback")
    failed = []
    for n in range(20):
        try:
            feedback.add(record(feedback, str(n)))
        except FeedbackError as error:
            failed.append(str(error))
    assert failed and all("The disk is full" in one and "is kept" in one for one in failed), failed
    saved = len(feedback)
    assert 0 < saved < 20 and saved + feedback.waiting == 20, (saved, feedback.waiting)
    os.system(f"mount -o remount,size=4m {place}")
    feedback.retry()
    assert [one.id for one in feedback] == [str(n) for n in range(20)]
    assert feedback.waiting == 0
    assert all(len(one.png) == 1500 for one in feedback)
    """
    small = f"mount -t tmpfs -o size=64k tmpfs {tmp_path}"
    alone = ["/usr/bin/env", "unshare", "-rm", "sh", "-c"]  # in a namespace of its own, which any user may mount in
    if subprocess.run([*alone, small], check=False, capture_output=True).returncode:
        pytest.skip("A small disk cannot be mounted here.")
    run(script, str(tmp_path), before=[*alone, f'{small} && exec "$@"', "sh"])


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="Users are not told apart here.")
def test_a_folder_that_may_not_be_written_to_is_said(tmp_path: Path) -> None:
    """A read-only folder is a sentence; the record is kept, and saved once the folder's rights are changed."""
    (tmp_path / "feedback").mkdir()
    script = """
    import pathlib
    place = pathlib.Path(sys.argv[1])
    place.chmod(0o555)
    is_root = not os.getuid()
    if is_root:
        os.seteuid(65534)
    feedback = Feedback(place)
    try:
        feedback.add(record(feedback, "a"))
    except FeedbackError as error:
        assert "cannot be written to" in str(error) and str(place) in str(error), error
    else:
        raise AssertionError
    assert (len(feedback), feedback.waiting) == (0, 1)
    if is_root:
        os.seteuid(0)
    place.chmod(0o755)
    feedback.retry()
    assert (len(feedback), feedback.waiting) == (1, 0)
    """
    for folder in (tmp_path, *tmp_path.parents[:2]):  # pytest's own are for their owner alone
        folder.chmod(0o755)
    run(script, str(tmp_path / "feedback"))


def test_what_is_no_place_is_refused() -> None:
    """A keyword that makes no sense is a sentence, at once."""
    for wrong in (5, "", ["feedback"]):
        with pytest.raises(FeedbackError, match="takes a folder, True"):
            DigitWidget(feedback=wrong)
    assert DigitWidget().feedback is None
    assert DigitWidget(feedback=False).feedback is None


def test_without_feedback_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pad without feedback does not ask for any, and keeps nothing that a page sends."""
    monkeypatch.chdir(tmp_path)
    pad = DigitWidget(strokes=digit_strokes(7))
    assert say(pad, 1) == {}
    assert pad._feedback == {}
    assert list(tmp_path.iterdir()) == []


def test_a_pad_saves_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record has the drawing, the answer, the model, and what was said; nothing is written before consent."""
    monkeypatch.chdir(tmp_path)
    pad = DigitWidget(feedback=True, locale="de", size=200, strokes=digit_strokes(7))
    assert pad.feedback
    assert "agreed" in say(pad, 1, consents=False)["error"]
    assert list(tmp_path.iterdir()) == []
    told = say(pad, 1, number=2)
    assert (told["state"], told["label"], told["consented"], told["number"]) == ("saved", "1️⃣", True, 2)
    (record,) = Feedback(tmp_path / "feedback")
    assert (record.strokes, record.prediction, record.target) == (pad.strokes, 7, 1)
    assert (record.confidence, record.probabilities) == (pad.confidence, tuple(pad.probabilities))
    assert (record.model, record.locale) == ("bundled", "de")
    assert record.settings == {"predict_on": "stroke", "size": 200, "panel": "full"}
    assert record.weights == hashlib.sha256(bundled().read_bytes()).hexdigest()
    from digit_widget import predict

    assert predict(record.png).prediction == 7


def test_whatever_a_comment_has_in_it_is_saved(tmp_path: Path) -> None:
    """Line ends, quotes, half an emoji: the record is saved, and the next one too."""
    pad = DigitWidget(feedback=tmp_path, strokes=digit_strokes(7))
    say(pad, 7)
    for number, comment in enumerate(('a "b"\n\u2028c', "half an emoji \ud83d", 5), 2):
        pad.set_state({"_correction": {"number": number, "does": "comment", "comment": comment}})
        assert pad._saved["state"] == "saved", pad._saved
    pad.strokes = digit_strokes(3)
    say(pad, 3, number=9)
    assert [record.comment for record in Feedback(tmp_path)] == ["5", ""]


def test_a_transparent_picture_is_saved_black_on_white(tmp_path: Path) -> None:
    """Whoever reads the PNG without its transparency sees the drawing."""
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (45, 10, 55, 90))
    pad = DigitWidget(feedback=tmp_path)
    pad.image = picture
    say(pad, 1)
    (record,) = Feedback(tmp_path)
    assert np.asarray(Image.open(io.BytesIO(record.png)).convert("L"))[0, 0] == 255


def test_a_second_word_changes_the_record_and_undo_drops_it(tmp_path: Path) -> None:
    """One drawing is one record, whatever is said about it, with a comment; taken back, it is gone; another is new."""
    pad = DigitWidget(feedback=tmp_path, strokes=digit_strokes(7))
    feedback = Feedback(tmp_path)
    say(pad, 1)
    say(pad, None, number=2)
    assert [record.target for record in feedback] == [None]
    pad.set_state({"_correction": {"number": 3, "does": "comment", "comment": "x" * 5000}})
    assert [len(record.comment) for record in feedback] == [2000]
    pad.strokes = digit_strokes(4)
    say(pad, 4, number=4)
    assert [(record.prediction, record.target) for record in feedback] == [(7, None), (4, 4)]
    pad.set_state({"_correction": {"number": 5, "does": "undo"}})
    assert [record.prediction for record in feedback] == [7]
    assert pad._saved["state"] == "undone"
    pad.set_state({"_correction": {"number": 6, "does": "undo"}})  # twice: there is nothing left to be taken back
    assert [record.prediction for record in feedback] == [7]


def test_what_was_said_about_another_answer_is_not_saved(tmp_path: Path) -> None:
    """The drawing, the model or the labels changed while the message was under way: told, and nothing is saved."""
    pad = DigitWidget(feedback=tmp_path, strokes=digit_strokes(7))
    for change in ({"drawn": 0}, {"answered": 5}, {"result": "8️⃣"}):
        assert "has changed meanwhile" in say(pad, 1, **change)["error"], change
    for wrong in (10, -1, "7", True, 1.0):
        assert "class that is not there" in say(pad, wrong)["error"], wrong
    for nonsense in (None, [], "say", {}, {"number": "1"}, {"number": 1}, {"number": 1, "does": "dance"}):
        pad.set_state({"_correction": nonsense})
    pad.clear()
    assert "has changed meanwhile" in say(pad, 1)["error"]  # a blank pad has no answer
    assert list(Feedback(tmp_path)) == []


def test_a_refusal_is_about_the_drawing_it_refuses(tmp_path: Path) -> None:
    """After a first record, a word about another answer is refused as such, and never changes the first record."""
    pad = DigitWidget(feedback=tmp_path, strokes=digit_strokes(7))
    say(pad, 7)
    pad.strokes = digit_strokes(3)
    told = say(pad, 3, number=2, result="9️⃣")
    assert (told["state"], told["of"]["result"]) == ("failed", "9️⃣")
    told = say(pad, 3, number=3)
    assert (told["state"], told["of"]["result"]) == ("saved", "3️⃣")
    assert [(record.prediction, record.target) for record in Feedback(tmp_path)] == [(7, 7), (3, 3)]


def test_a_comparison_saves_what_is_said_of_its_first_model(tmp_path: Path) -> None:
    """With several models a record has the first one's answer, and its name."""
    pad = compare({"mine": lambda _: 4, "bundled": None}, feedback=tmp_path)
    pad.strokes = digit_strokes(7)
    say(pad, 7)
    (record,) = Feedback(tmp_path)
    assert (record.prediction, record.target, record.model) == (4, 7, "function")


def test_pads_in_several_threads_share_a_place(tmp_path: Path) -> None:
    """Four pads on one `Feedback`, corrected at the same time: each record is there once."""
    feedback = Feedback(tmp_path)
    pads = [DigitWidget(feedback=feedback, strokes=digit_strokes(digit)) for digit in range(4)]

    def correct(pad: DigitWidget, digit: int) -> None:
        for n in range(10):
            pad.strokes = digit_strokes(digit, side=0.4 + n / 50)
            say(pad, digit, number=n + 1)

    threads = [threading.Thread(target=correct, args=(pad, digit)) for digit, pad in enumerate(pads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(record.target or 0 for record in feedback) == [digit for digit in range(4) for _ in range(10)]
    assert len({record.id for record in feedback}) == 40


def test_weights_are_told_apart(tmp_path: Path) -> None:
    """The hash of a torch module changes when a weight does; a function has none; a file's is that of the file."""
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10, dtype=torch.bfloat16))
    before = digest(network)
    assert len(before) == 64
    assert digest(network) == before
    with torch.no_grad():
        network[1].bias[3] += 1
    assert digest(network) not in ("", before)
    assert digest(lambda _: 3) == ""
    assert digest(bundled()) == digest(None)
    assert digest(tmp_path / "gone.onnx") == ""


def test_a_record_names_the_weights_that_answered(tmp_path: Path) -> None:
    """A file that is written anew, or removed, while a pad answers with what it was, is not taken for what answers."""
    file = tmp_path / "mine.safetensors"
    file.write_bytes(bundled().read_bytes())
    pad = DigitWidget(model=file, feedback=tmp_path / "feedback")
    file.unlink()
    pad.strokes = digit_strokes(7, 0.5)
    say(pad, 7, 1)
    assert [record.weights for record in Feedback(tmp_path / "feedback")] == [digest(None)]


def test_models_are_evaluated_with_what_people_said(tmp_path: Path) -> None:
    """Each model's accuracy, what it mends and what it breaks, against the answers that were recorded."""
    feedback = Feedback(tmp_path)
    with pytest.raises(FeedbackError, match="no feedback yet"):
        feedback.evaluate()
    pad = DigitWidget(lambda _: 7, feedback=feedback)
    for number, digit in enumerate([7, 7, 3, 4], 1):
        pad.strokes = digit_strokes(digit, side=0.5 + number / 50)
        say(pad, digit, number=number)
    pad.strokes = [[[40, 40], [240, 240]], [[240, 40], [40, 240]], [[140, 20], [140, 260]], [[20, 140], [260, 140]]]
    say(pad, None, number=9)
    found = feedback.evaluate({"bundled": None, "always four": lambda _: 4})
    assert (found.count, found.recorded) == (5, 0.4)
    bundled, four = found.results
    assert (bundled.accuracy, len(bundled.mends), bundled.breaks) == (1.0, 3, ())
    assert bundled.answers == ("7️⃣", "7️⃣", "3️⃣", "4️⃣", "🤔")
    assert (four.accuracy, [r.target for r in four.mends], [r.target for r in four.breaks]) == (0.2, [4], [7, 7])
    assert found["always four"] is four
    assert "always four: 20.0% of 5, mends 1, breaks 2" in str(found)
    page = found._repr_html_()
    assert page.count("<figure") == 6
    assert "7️⃣ → 4️⃣" in page
    other = feedback.evaluate(Classifier(lambda _: "b", labels="abc"))  # of its labels none was said: one is left
    assert (len(other.results[0].records), other.results[0].accuracy) == (1, 0.0)


def test_the_wall_finds_what_is_asked_for() -> None:
    """By label, answer, right or wrong, model and time, a page at a time; nonsense narrows nothing."""
    feedback = Feedback("nowhere")
    now = datetime.now(UTC)
    records = [
        made(feedback, str(n), prediction=n % 10, target=n % 5, model="ab"[n % 2], time=now - timedelta(hours=n))
        for n in range(130)
    ]

    def found(**asked: object) -> int:
        return int(page(records, asked)["found"])

    first = page(records, {})
    assert [item["id"] for item in first["items"]] == [str(n) for n in range(60)]
    assert (first["found"], first["right"], first["all"], first["pages"], first["page"]) == (130, 65, 130, 3, 0)
    assert first["labels"] == list(KEYCAPS[:5])
    assert first["results"] == list(KEYCAPS)
    assert sum(count for *_, count in first["confusion"]) == 130
    assert len(page(records, {"page": 2})["items"]) == 10
    assert page(records, {"page": 99})["page"] == 2
    assert (found(label="3️⃣"), found(result="3️⃣"), found(which="wrong"), found(model="a")) == (26, 13, 65, 65)
    assert (found(hours=24), found(label="3️⃣", which="right"), found(label="x")) == (24, 13, 0)
    for nonsense in ({"page": "1"}, {"page": -1}, {"hours": "x"}, {"hours": -1}, {"which": 5}, {"label": ""}):
        assert found(**nonsense) == 130, nonsense


def test_the_wall_tells_what_it_cannot_do(tmp_path: Path) -> None:
    """A record that is gone, a class that is not there, a file that is no record: a sentence, and the rest is shown."""
    feedback = Feedback(tmp_path)
    feedback.add(made(feedback, "a"))
    feedback.add(made(feedback, "b"))
    wall = feedback.wall()
    for edit, words in (
        ({"id": "z", "does": "drop"}, "not there any more"),
        ({"id": "a", "does": "relabel", "target": 10}, "no class 10"),
        ({"id": "a", "does": "relabel", "target": "7"}, "no class '7'"),
        ({"id": "a", "target": 3}, "no class"),
    ):
        wall.set_state({"_edited": {"edits": [edit | {"key": words}]}})
        assert words in wall._shown["error"], edit
        assert words in wall._shown["done"]
        assert [item["label"] for item in wall._shown["items"]] == ["1️⃣", "1️⃣"]
    wall.set_state({"_edited": "nonsense", "_asked": 5, "_shown": {}})
    assert len(wall._shown["items"]) == 2
    (tmp_path / feedback.session / "a.png").unlink()
    wall.refresh()
    assert [item["picture"] == "" for item in wall._shown["items"]] == [True, False]
    with (tmp_path / feedback.session / "metadata.jsonl").open("a") as file:
        file.write("nonsense\n\n")
    wall.refresh()
    assert "metadata.jsonl, line 3" in wall._shown["error"]
    assert "1 more" in wall._shown["error"]
    assert len(wall._shown["items"]) == 2
    with pytest.raises(FeedbackError, match="line 3"):
        list(feedback)
    records, errors = feedback.read()
    assert ([record.id for record in records], len(errors)) == (["a", "b"], 2)
    wall.set_state({"_edited": {"edits": [{"key": "k", "id": "a", "does": "drop"}]}})
    assert "line 3" in wall._shown["error"], "a file is not written anew without what cannot be read in it"
    assert len(feedback.read()[0]) == 2


def test_the_wall_does_all_that_was_asked_for_once(tmp_path: Path) -> None:
    """While a cell runs, a host sends only the last state: it holds all changes that are not known to be done."""
    feedback = Feedback(tmp_path)
    for name in "abcd":
        feedback.add(made(feedback, name))
    wall = feedback.wall()
    edits = [
        {"key": "1", "id": "a", "does": "relabel", "target": 4},
        {"key": "2", "id": "b", "does": "drop"},
        {"key": "3", "id": "c", "does": "relabel", "target": None},
    ]
    wall.set_state({"_edited": {"edits": edits}})
    assert [(one.id, one.target) for one in feedback] == [("a", 4), ("c", None), ("d", 1)]
    feedback.change(next(iter(feedback)).changed(target=5))
    wall.set_state({"_edited": {"edits": [*edits, {"key": "4", "id": "d", "does": "drop"}]}})
    assert [(one.id, one.target) for one in feedback] == [("a", 5), ("c", None)]
    assert (wall._shown["error"], wall._shown["done"]) == ("", ["1", "2", "3", "4"])
    wall.set_state({"_edited": {"edits": [5, {"key": 5}, {}, None]}})
    assert len(feedback) == 2
