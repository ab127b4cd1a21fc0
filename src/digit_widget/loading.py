"""Loading what the first answer needs before anybody draws."""

from __future__ import annotations

import threading
from contextlib import suppress


def load_in_background() -> None:
    """Load what the first answer needs, so that it does not wait: numpy, Pillow, the bundled network."""

    def load() -> None:
        with suppress(Exception):  # the first answer meets the failure again, where it can be said
            from digit_widget.classifier import Classifier  # noqa: PLC0415 - it imports numpy and Pillow

            Classifier()

    try:
        # No daemon: numpy must not be halfway through its import when the interpreter is taken down.
        threading.Thread(target=load, name="digit-widget: load the model").start()
    except RuntimeError:  # no thread can be started, as in a browser's Python
        load()
