"""Draw in a notebook cell, and a deep-learning model answers with an emoji."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digit_widget.answer import Answer
    from digit_widget.classifier import Classifier
    from digit_widget.comparison import Comparison, compare
    from digit_widget.explain import Explanation
    from digit_widget.feedback import Feedback, FeedbackError
    from digit_widget.models import ModelError, ModelWarning, load_model
    from digit_widget.models.remote import Remote
    from digit_widget.models.teacher import Teacher
    from digit_widget.picture import PictureError
    from digit_widget.prediction import predict
    from digit_widget.widget import DigitWidget

__all__ = [
    "Answer",
    "Classifier",
    "Comparison",
    "DigitWidget",
    "Explanation",
    "Feedback",
    "FeedbackError",
    "ModelError",
    "ModelWarning",
    "PictureError",
    "Remote",
    "Teacher",
    "compare",
    "load_model",
    "predict",
]

_HOMES = {
    "Answer": "answer",
    "Classifier": "classifier",
    "Comparison": "comparison",
    "DigitWidget": "widget",
    "Explanation": "explain",
    "Feedback": "feedback",
    "FeedbackError": "feedback",
    "ModelError": "models",
    "ModelWarning": "models",
    "PictureError": "picture",
    "Remote": "models.remote",
    "Teacher": "models.teacher",
    "compare": "comparison",
    "load_model": "models",
    "predict": "prediction",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import digit_widget` alone costs nothing."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
