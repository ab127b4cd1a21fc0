"""What a notebook keeps of a pad: below the widget, a picture and a line for whoever reads it without Python."""

from __future__ import annotations

import html
import json
import threading
import time
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython import get_ipython
from IPython.core.displaypub import CapturingDisplayPublisher

from digit_widget.data_url import DATA_URL
from digit_widget.errors import DigitWidgetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from digit_widget.drawing import Drawing

PAUSE = 1.0
"""Seconds after which the output follows a hand: one that draws on is not followed stroke by stroke."""
REST = 60.0
"""Seconds after which the thread that follows a hand ends. To start one for each stroke takes 0.3 ms of each answer."""


class Kept(NamedTuple):
    """What is to be kept: the drawing, the answer in words, and the pad's locale."""

    drawing: Drawing
    answer: str
    locale: str


class Keepsake:
    """An output of its own in the notebook, with the drawing and its answer as they were last.

    A notebook's file names its widgets but has neither their drawings nor their code, unless a setting of JupyterLab's
    has them saved too; read without a kernel, or as static HTML without a network, their place is empty. This output
    is plain HTML, which any reader shows. A view of the widget, where there is one, hides it by its name.

    Parameters
    ----------
    content
        Returns what is to be kept now; an output that follows a hand calls it in a thread of its own.
    """

    def __init__(self, content: Callable[[], Kept]) -> None:
        self._name, self._content, self._lock = "", content, threading.RLock()
        self._publisher: Any = None
        self._is_due = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_scheduled = False

    def show(self, name: str) -> None:
        """Put it below all that the cell which runs now shows; it stays away where no cell of a notebook runs.

        Parameters
        ----------
        name
            Letters and digits; no other output's.
        """
        self._name = name
        shell = get_ipython()
        cell = _running(shell)
        if self._is_scheduled or not cell:
            return

        def below() -> None:
            shell.events.unregister("post_execute", below)
            self._is_scheduled = False
            is_captured = isinstance(shell.display_pub, CapturingDisplayPublisher)  # and goes wherever that is shown
            if _running(shell) == cell and not is_captured:  # or another cell ended: a thread has shown the pad
                self._publisher = shell.display_pub
                self._publish(update=False)

        self._is_scheduled = True
        shell.events.register("post_execute", below)

    def follow(self, *, soon: bool = False) -> None:
        """Update the output, wherever it is shown.

        At once, because the notebook may end with this cell; or soon: after a pause, once for all that happens in it.
        """
        with self._lock:
            if not self._publisher:
                return
            if not soon:
                self._publish(update=True)
                return
            self._is_due.set()
            if self._thread and self._thread.is_alive():  # not where an update failed, or after a fork
                return
            self._thread = threading.Thread(target=self._follow_hand, name="digit-widget: keep", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # no thread can be started, as in a browser's Python
                self._thread = None
                self._publish(update=True)

    def _follow_hand(self) -> None:
        while True:
            if self._is_due.wait(REST):
                time.sleep(PAUSE)
            with self._lock:
                if self._is_due.is_set():
                    self._publish(update=True)
                else:
                    self._thread = None
                    return

    def _publish(self, *, update: bool) -> None:
        with self._lock:
            self._is_due.clear()
            bundle = _bundle(self._name, self._content())
            self._publisher.publish(bundle, metadata={}, transient={"display_id": self._name}, update=update)


def _running(shell: Any) -> str:  # noqa: ANN401 - IPython's are not typed
    """Return the name of the request to run a cell that the shell is at, or "" where there is none."""
    in_browser = getattr(shell, "kernel", None)  # where the kernel knows it, as Pyodide's
    # A terminal's shell has none.
    parent: dict[str, Any] = getattr(shell, "get_parent", getattr(in_browser, "get_parent", dict))()
    header = parent.get("header", {})
    return str(header["msg_id"]) if header.get("msg_type") == "execute_request" else ""


def _bundle(name: str, kept: Kept) -> dict[str, str]:
    picture = ""
    with suppress(DigitWidgetError):  # said on the pad
        picture = _picture(kept.drawing)
    if not picture:
        return {"text/html": "", "text/plain": ""}
    language, texts = _texts(kept.locale)
    line = " — ".join(filter(None, [kept.answer, texts["alone"]]))
    page = (
        f'<div class="digit-widget-{name}" lang="{language}"><img src="{html.escape(picture)}" '
        f'alt="{texts["last"]}" width="140"><p>{html.escape(line)}</p></div>'
    )
    return {"text/html": page, "text/plain": line}


def _picture(drawing: Drawing) -> str:
    try:
        return drawing.cleaned()
    except ImportError:  # numpy or Pillow is missing: as the page has drawn it
        return drawing.picture if DATA_URL.match(drawing.picture) else ""


@cache
def _texts(locale: str) -> tuple[str, dict[str, str]]:
    """Return the language for a locale, and all that the widget says in it."""
    said = json.loads(files(__package__).joinpath("texts.json").read_text(encoding="utf-8"))
    languages, language = said["languages"], locale.partition("-")[0].lower()
    index = languages.index(language) if language in languages else 0
    return languages[index], {key: texts[index] for key, texts in said["texts"].items()}
