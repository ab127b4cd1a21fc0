"""The widget's other side in the Python tests: it sends states, and receives what Python syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drawings import digit_ink, digit_strokes

from digit_widget.picture import to_data_url

if TYPE_CHECKING:
    from digit_widget import DigitWidget


class Host:
    """What a front end does: it sends states, and receives what Python syncs."""

    def __init__(self, pad: DigitWidget) -> None:
        self.pad = pad
        self.received: list[dict[str, Any]] = []
        self.question = 0
        self._send = pad._send
        pad._send = self._receive

    def _receive(self, message: dict[str, Any], buffers: object = None) -> None:
        assert not buffers
        self.received.append(message)

    def draw(self, digit: int, *, ask: bool = True) -> None:
        """Send a drawing of a digit, with a question or without."""
        strokes = digit_strokes(digit)
        state = {"image": to_data_url(digit_ink(digit)), "strokes": strokes, "_background": ""}
        self.send(state, ask=ask)

    def send(self, state: dict[str, Any], *, ask: bool = True) -> None:
        """Send a state as one message, as the pad does: with its count when a drawing is in it."""
        if "strokes" in state:
            state["_drawn"] = self.pad._drawn + 1
        if ask:
            self.question += 1
            state["_question"] = self.question
        self.pad.set_state(state)

    @property
    def state(self) -> dict[str, Any]:
        """What the front end knows of all that Python sent."""
        return {name: value for update in self.updates for name, value in update.items()}

    @property
    def updates(self) -> list[dict[str, Any]]:
        """The states that Python sent back."""
        return [message["state"] for message in self.received if message["method"] == "update"]
