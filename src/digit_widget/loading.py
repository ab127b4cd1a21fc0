"""Loading what the first answer needs before anybody draws."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from digit_widget.errors import sentence
from digit_widget.models import ModelError

if TYPE_CHECKING:
    from digit_widget.classifier import Classifier


def classifier_class() -> type[Classifier]:
    """Import `Classifier`, which imports numpy and Pillow.

    Raises
    ------
    ModelError
        If one of them cannot be imported: a model of one's own cannot be checked then.
    """
    try:
        from digit_widget.classifier import Classifier  # noqa: PLC0415 - only now
    except ImportError as error:
        raise ModelError(sentence(error)) from error
    return Classifier


def load_in_background() -> None:
    """Load what the first answer needs, so that it does not wait: numpy, Pillow, the bundled network."""

    def load() -> None:
        with suppress(Exception):  # the first answer meets the failure again, where it can be said
            classifier_class()()

    try:
        # No daemon: numpy must not be halfway through its import when the interpreter is taken down.
        threading.Thread(target=load, name="digit-widget: load the model").start()
    except RuntimeError:  # no thread can be started, as in a browser's Python
        load()
