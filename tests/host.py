"""The widget's other side in the Python tests: it sends states, and receives what Python syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drawings import digit_ink, digit_strokes

from digit_widget.picture import to_data_url

if TYPE_CHECKING:
    from digit_widget import DigitWidget


BLANK = {"picture": "", "background": "", "strokes": []}


class Host:
    """What a front end does: it sends states, and receives what Python syncs."""

    def __init__(self, pad: DigitWidget) -> None:
        self.pad = pad
        self.received: list[dict[str, Any]] = []
        self.question = 0
        self.drawing: dict[str, Any] = BLANK
        self._known = pad._drawing["drawn"]
        pad._send = self._receive

    def _receive(self, message: dict[str, Any], buffers: object = None) -> None:
        assert not buffers
        self.received.append(message)

    def draw(self, digit: int, *, ask: bool = True) -> None:
        """Draw a digit, and send it with a question or without."""
        picture = to_data_url(digit_ink(digit))
        self.send_drawing({"picture": picture, "strokes": digit_strokes(digit), "background": ""}, ask=ask)

    def send_drawing(self, drawing: dict[str, Any], *, ask: bool = True) -> None:
        """Send a drawing as one message, as the pad does."""
        self.drawing = BLANK | drawing
        self.ask(ask=ask)

    def ask(self, *, ask: bool = True) -> None:
        """Send the drawing that is there, with a question or without."""
        self.question += 1
        sent = self.drawing | {"number": self.question, "asks": ask, "known": self.known}
        self.send({"_drawing": sent})

    def send(self, state: dict[str, Any]) -> None:
        """Send a state as one message."""
        self.pad.set_state(state)

    @property
    def known(self) -> int:
        """How many of Python's own drawings have been seen."""
        return max([self._known, *(update["_drawing"]["drawn"] for update in self.updates if "_drawing" in update)])

    @property
    def state(self) -> dict[str, Any]:
        """What the front end knows of all that Python sent."""
        return {name: value for update in self.updates for name, value in update.items()}

    @property
    def updates(self) -> list[dict[str, Any]]:
        """The states that Python sent back."""
        return [message["state"] for message in self.received if message["method"] == "update"]
