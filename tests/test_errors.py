"""What went wrong, in sentences."""

from __future__ import annotations

import pytest

from digit_widget import ModelError, PictureError
from digit_widget.deadline import DeadlineError
from digit_widget.drawing import DrawingError
from digit_widget.errors import sentence
from digit_widget.labels import LabelsError
from digit_widget.strokes import StrokesError


class SilentError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        message = "no words"
        raise RuntimeError(message)


@pytest.mark.parametrize("kind", [ModelError, PictureError, StrokesError, DrawingError, LabelsError])
def test_what_was_written_for_people_is_said_as_it_is(kind: type[Exception]) -> None:
    """The errors of this package are sentences already."""
    assert sentence(kind("What to do."), "It broke.") == "What to do."


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (DeadlineError("It has not answered for 5 s."), "It broke. It has not answered for 5 s."),
        (ValueError("x"), "It broke. ValueError: x"),
        (TimeoutError("x"), "It broke. TimeoutError: x"),
        (ImportError("No module named 'ski'", name="ski"), "It broke. ImportError: No module named 'ski'"),
        (SilentError(), "It broke. SilentError: (its message cannot be read)"),
    ],
)
def test_other_failures_are_named(failure: Exception, said: str) -> None:
    """Anything else is said with its kind and its own words, where it has any."""
    assert sentence(failure, "It broke.") == said
