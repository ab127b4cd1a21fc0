"""Feedback of pages of their own: what a page gets for it, and the file that it saves, whatever is in the file."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from test_feedback import made

from digit_widget import DigitWidget, Feedback, FeedbackError
from digit_widget.feedback import imports
from digit_widget.feedback.record import to_line
from digit_widget.models.weights import digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PNG = io.BytesIO()
Image.new("L", (280, 280), 255).save(PNG, "PNG")
URL = f"data:image/png;base64,{base64.b64encode(PNG.getvalue()).decode()}"


def line(name: str, **changes: Any) -> str:  # noqa: ANN401 - of any field's type
    """Return a line as a page writes it."""
    content = to_line(made(Feedback("nowhere"), name)) | {"session": "20261126T123015-0badcafe", "png": URL}
    del content["file_name"]
    return json.dumps(content | changes)


def written(folder: Path, *lines: str) -> Path:
    """Write a file as a page saves it."""
    file = folder / "digits-feedback.jsonl"
    file.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    return file


@pytest.fixture(params=["folder", "database"])
def feedback(request: pytest.FixtureRequest, tmp_path: Path) -> Feedback:
    """Make a place for records, of either kind."""
    return Feedback(tmp_path / "feedback" if request.param == "folder" else f"sqlite:///{tmp_path}/feedback.db")


def test_a_page_has_what_it_needs_and_no_more() -> None:
    """Words about consent and the model's name and weights; a page without feedback has none of it, and stays small."""
    plain, asking = DigitWidget(), DigitWidget(feedback=Feedback("nowhere", consent="</script> is what I say"))
    html, page = asking.to_html(title="t"), plain.to_html(title="t")
    assert "Feedback=" not in page
    assert "dw-kept" not in page
    assert '"feedback"' not in page
    assert digest(None) not in page
    assert 10_000 < len(html) - len(page) < 20_000
    assert html.count("<script") == html.count("</script>") == 4
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-[^']+' 'sha256-[^']+' 'wasm-unsafe-eval'; style-src 'sha256-[^']+'; "
        r"img-src data:; base-uri 'none'; form-action 'none'",
        policy[1],
    )
    found = re.search(r'id="digit-widget-data">(.*?)</script>', html)
    assert found
    about = {"model": "bundled", "weights": digest(None)}
    assert json.loads(found[1])["feedback"] == {"consent": "</script> is what I say", "about": about}


def test_a_file_is_read_once(feedback: Feedback, tmp_path: Path) -> None:
    """All records with their pictures; added again nothing is, and what was changed or said elsewhere stays."""
    other = made(feedback, "other", session=feedback.session)
    feedback.add(other)
    file = written(tmp_path, line("a"), "", line("b", target=-1, prediction=-1, comment="half an emoji \ud83d, NUL \0"))
    assert feedback.add_file(file) == 2
    by_id = {record.id: record for record in feedback}
    assert by_id.keys() == {"other", "a", "b"}
    assert by_id["a"].png == by_id["b"].png == PNG.getvalue()
    assert by_id["a"] == made(feedback, "a", session="20261126T123015-0badcafe")
    assert (by_id["b"].target, by_id["b"].prediction, by_id["b"].comment) == (None, None, "half an emoji ?, NUL ")
    feedback.change(by_id["a"].changed(target=4))
    assert feedback.add_file(file) == 0
    assert feedback.add_file(written(tmp_path, line("a"), line("c"), line("c"))) == 1
    assert sorted((one.id, one.target) for one in feedback) == [("a", 4), ("b", None), ("c", 1), ("other", 1)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (line("x")[:300], "not JSON, or was cut off"),
        ("[" * 100_000, "not JSON"),
        ("[1, 2]", "no record"),
        (line("x", schema=2), "version 2"),
        (line("x", target=10), "10 is no class of 10"),
        (line("x", probabilities=[0.5]), "do not match"),
        (line("x", confidence=float("nan")), "not numbers"),
        (line("x", strokes="[[[1, 2, 3, 4, 5]]]"), "strokes of record x cannot be read"),
        (line("x", comment="x" * 3000), "too long"),
        (line("x", png=None), "no picture"),
        (line("x", png="data:image/png;base64,AAAA"), "cannot be read"),
        (line("x", png="data:image/png;base64,?"), "base64"),
        (line("x", png="data:image/svg+xml;base64,AAAA"), "no picture"),
        (line("x", png="data:image/png;base64," + "A" * 3_000_000), "2 MB"),
        (line("../x"), "No page calls"),
        (line(""), "No page calls"),
        (line("x", session="/etc"), "No page calls"),
        (line("x", session=".."), "No page calls"),
        (line("x", strokes="[" + "[" * 9_000_000), "too long"),
    ],
    ids=lambda value: value if len(value) < 60 else "",
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, wrong: str, words: str) -> None:
    """By its number, with the reason; the lines before and after it are added, and nothing of it is."""
    feedback = Feedback(tmp_path / "feedback")
    file = written(tmp_path, line("a"), wrong, line("b"))
    with pytest.raises(FeedbackError, match=words) as caught:
        feedback.add_file(file)
    assert "2 of the records in digits-feedback.jsonl were added, but 1 line cannot be read: line 2: " in str(
        caught.value
    )
    assert [record.id for record in feedback] == ["a", "b"]
    assert len(list((tmp_path / "feedback").glob("**/*.png"))) == 2
    assert len(str(caught.value)) < 500


def test_many_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    """Five are named."""
    with pytest.raises(FeedbackError, match=r"100 lines cannot be read: line 1: .*line 5: [^;]*; and 95 more\.$"):
        Feedback(tmp_path / "feedback").add_file(written(tmp_path, *["nonsense"] * 100))
    assert not (tmp_path / "feedback").exists()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there, a folder, one that is too large; an empty one adds nothing."""
    feedback = Feedback(tmp_path / "feedback")
    with pytest.raises(FeedbackError, match=r"gone\.jsonl cannot be read: No such file"):
        feedback.add_file(tmp_path / "gone.jsonl")
    with pytest.raises(FeedbackError, match="cannot be read"):
        feedback.add_file(tmp_path)
    assert feedback.add_file(written(tmp_path)) == 0
    monkeypatch.setattr(imports, "LARGEST", 1000)
    with pytest.raises(FeedbackError, match="too large"):
        feedback.add_file(written(tmp_path, line("a")))
    assert not (tmp_path / "feedback").exists()


def test_what_could_not_be_saved_is_added_the_next_time(tmp_path: Path) -> None:
    """A file in the folder's way is told; once it is gone, the same file can be added."""
    place = tmp_path / "feedback"
    place.write_text("in the way")
    feedback, file = Feedback(place), written(tmp_path, line("a"))
    with pytest.raises(FeedbackError, match="a file is in its way"):
        feedback.add_file(file)
    place.unlink()
    assert feedback.add_file(file) == 1
    assert [record.id for record in feedback] == ["a"]


def test_a_file_may_be_added_by_several_at_once(feedback: Feedback, tmp_path: Path) -> None:
    """Four threads add the same file, while a pad saves: each record is there once."""
    file = written(tmp_path, *(line(f"r{n}") for n in range(10)))
    failures: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except FeedbackError as error:
            failures.append(error)

    acts: list[Callable[[], object]] = [lambda: feedback.add_file(file)] * 4
    acts += [lambda: feedback.add(made(feedback, "of a pad"))]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(record.id for record in feedback) == ["of a pad", *(f"r{n}" for n in range(10))]
