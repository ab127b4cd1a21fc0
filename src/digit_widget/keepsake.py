"""What a notebook keeps of a pad: below the widget, a picture and a line for whoever reads it without Python."""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.display import DisplayHandle

PAUSE = 1.0
"""Seconds after which the output follows the pad: a hand that draws on is not followed stroke by stroke."""


class Keepsake:
    """An output of its own in the notebook, with the drawing and its answer as they were last.

    A notebook's file names its widgets but has neither their drawings nor their code, unless a setting of JupyterLab's
    has them saved too; read without a kernel, or as static HTML without a network, their place is empty. This output
    is plain HTML, which any reader shows. Where the widget is there itself, its style sheet hides it.

    Parameters
    ----------
    content
        Returns the drawing, as the URL of a picture or ``""`` for a blank pad, and what was said of it.
    """

    def __init__(self, content: Callable[[], tuple[str, str]]) -> None:
        self._content = content
        self._handle: DisplayHandle | None = None
        self._timer: threading.Timer | None = None

    def show(self) -> None:
        """Put it into the output of the running cell; IPython runs that cell."""
        from IPython.display import DisplayHandle  # noqa: PLC0415 - slow, and not needed where nothing is shown

        self._handle = self._handle or DisplayHandle()  # a pad that is shown twice is kept twice, under one name
        self._handle.display(self._bundle(), raw=True)

    def follow(self) -> None:
        """Show what is to be kept now, wherever it is shown."""
        self._timer = None
        if self._handle:
            self._handle.update(self._bundle(), raw=True)

    def follow_soon(self) -> None:
        """Do so in a moment, once for all that happens until then."""
        if self._handle and self._timer is None:
            self._timer = threading.Timer(PAUSE, self.follow)
            self._timer.daemon = True
            self._timer.start()

    def _bundle(self) -> dict[str, str]:
        picture, said = self._content()
        if not picture:
            return {"text/html": "", "text/plain": ""}
        line = f"{said} Drawing needs Python: run the notebook to draw."
        page = (
            f'<div class="digit-widget-kept" lang="en"><img src="{html.escape(picture)}" alt="The last drawing" '
            f'width="140"><p>{html.escape(line)}</p></div>'
        )
        return {"text/html": page, "text/plain": line}
