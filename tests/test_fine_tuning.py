"""The bundled network learns from what people said, and forgets nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from drawings import digit_strokes

from digit_widget import DigitWidget, Feedback, FeedbackError
from digit_widget.feedback.fine_tuning import fine_tune

if TYPE_CHECKING:
    from pathlib import Path

    from digit_widget.strokes import Stroke


def arrow(lean: float) -> list[Stroke]:
    """Return an arrow that points up, which the bundled network takes for no digit or another than a four."""
    return [
        [[140 + lean, 40, 0, 0.5], [140, 240, 0, 0.5]],
        [[80 + lean, 110, 0, 0.5], [140 + lean, 40, 0, 0.5], [200 + lean, 110, 0, 0.5]],
    ]


def corrected(place: Path, drawings: list[list[Stroke]], target: int | None) -> Feedback:
    """Draw some drawings on a pad, and say of each what it was."""
    pad = DigitWidget(feedback=place)
    for number, strokes in enumerate(drawings, 1):
        pad.strokes = strokes
        of = {"answered": pad._answered, "drawn": pad._drawing["drawn"], "result": pad.result}
        pad.set_state({"_correction": {"number": number, "does": "say", "consents": True, "target": target} | of})
        assert pad._saved["state"] == "saved"
    return Feedback(place)


def test_it_learns_and_does_not_forget(tmp_path: Path, mnist_root: Path) -> None:
    """Six leaning arrows are said to be fours: another one is a four then; MNIST is known as well as before."""
    feedback = corrected(tmp_path / "feedback", [arrow(lean) for lean in (-20, -12, -4, 4, 12, 20)], 4)
    pad = DigitWidget()
    pad.strokes = arrow(0)
    assert pad.prediction != 4
    found = fine_tune(feedback, tmp_path / "tuned.safetensors", data=mnist_root, steps=120)
    assert found.learnt == (0.0, 1.0)
    assert found.mnist[0] - found.mnist[1] <= 0.001
    assert found.path == tmp_path / "tuned.safetensors"
    assert "Kept as" in str(found)
    pad.model = found.path
    assert pad.prediction == 4
    for digit in range(10):
        pad.strokes = digit_strokes(digit)
        assert pad.prediction == digit
    assert feedback.evaluate([found.path, None]).results[0].accuracy == 1.0


def test_what_has_forgotten_too_much_is_not_kept(
    tmp_path: Path, mnist_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sevens that are said to be ones, and nothing of old learnt along: the sentence says so, and there is no file."""
    monkeypatch.setattr("digit_widget.feedback.fine_tuning.REMEMBERED", 0.0)
    monkeypatch.setattr("digit_widget.feedback.fine_tuning.REHEARSED", 100)
    feedback = corrected(tmp_path / "feedback", [digit_strokes(7, side=side / 10) for side in range(3, 9)], 1)
    found = fine_tune(feedback, tmp_path / "tuned.safetensors", data=mnist_root, steps=30)
    assert found.mnist[0] - found.mnist[1] > 0.001
    assert found.path is None
    assert "Not kept" in str(found)
    assert not (tmp_path / "tuned.safetensors").exists()


def test_what_cannot_be_learnt_from_is_told(tmp_path: Path) -> None:
    """No feedback, other labels, no MNIST: each a sentence."""
    with pytest.raises(FeedbackError, match="no feedback yet"):
        Feedback(tmp_path / "none").fine_tune()
    feedback = corrected(tmp_path / "feedback", [digit_strokes(7)], 1)
    with pytest.raises(FeedbackError, match="other labels"):
        fine_tune(record.changed(labels=tuple("abcdefghij")) for record in feedback)
    (tmp_path / "file").touch()
    with pytest.raises(FeedbackError, match="MNIST is not in"):
        feedback.fine_tune(tmp_path / "new" / "tuned.safetensors", data=tmp_path / "file")
    for place in (tmp_path, tmp_path / "file" / "tuned.safetensors"):
        with pytest.raises(FeedbackError, match="cannot be written to"):
            feedback.fine_tune(place, data=tmp_path / "file")
