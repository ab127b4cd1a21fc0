"""Draw in a notebook cell, and a deep-learning model answers with an emoji."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digit_widget.classifier import Answer, Classifier, predict
    from digit_widget.picture import PictureError
    from digit_widget.widget import DigitWidget

__all__ = ["Answer", "Classifier", "DigitWidget", "PictureError", "predict"]

_HOMES = {
    "Answer": "classifier",
    "Classifier": "classifier",
    "DigitWidget": "widget",
    "PictureError": "picture",
    "predict": "classifier",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import digit_widget` alone costs nothing."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
