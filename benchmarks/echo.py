"""What the latency benchmark runs in its notebook: the pad, and the least a widget can do, both timing themselves.

`spent` holds what Python spends on each message from the page.
"""

from __future__ import annotations

import time
from typing import Any

import anywidget
import traitlets

from digit_widget import DigitWidget


class Timed:
    """A widget that keeps the time."""

    def __init__(self) -> None:
        super().__init__()
        # The traits that came with a value (none for a blank pad), and ms.
        self.spent: list[tuple[tuple[str, ...], float]] = []

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sends."""
        begin = time.perf_counter()
        super().set_state(sync_data)  # type: ignore[misc] - a mixin
        ms = 1000 * (time.perf_counter() - begin)
        blank = sync_data.get("_drawing", {}).get("picture") == ""  # cleared, which is not measured
        self.spent.append((tuple(name for name, value in sync_data.items() if value and not blank), ms))


class TimedPad(Timed, DigitWidget):
    """The pad."""


class Echo(Timed, anywidget.AnyWidget):
    """Copies a number that the page sets into another trait, with or without a load beside it."""

    _esm = """
    function render({ model, el }) {
      const make = (name, send) => {
        const button = document.createElement("button");
        button.className = button.textContent = name;
        button.style.padding = "8px";
        button.addEventListener("pointerup", () => {
          send();
          model.set("there", model.get("there") + 1);
          model.save_changes();
        });
        return button;
      };
      const answer = document.createElement("output");
      answer.className = "echoed";
      const plain = make("echo", () => {});
      const loaded = make("loaded", () => {
        const bytes = window.digitWidgetProbe.drawingBytes - plainBytes;
        model.set("load", String(model.get("there")).padEnd(bytes, "A"));
      });
      const plainBytes = 470; // of the message around the load
      model.on("change:back", () => { answer.textContent = model.get("back"); });
      el.append(plain, loaded, answer);
    }
    export default { render };
    """

    there = traitlets.Int().tag(sync=True, echo_update=False)
    load = traitlets.Unicode().tag(sync=True, echo_update=False)
    back = traitlets.Int().tag(sync=True)

    @traitlets.observe("there")
    def _echo(self, change: Any) -> None:  # noqa: ANN401
        self.back = change.new
