"""What a notebook keeps of a pad, in IPython's own shell: an output below the widget that follows the drawing."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output

from digit_widget import DigitWidget, compare, keepsake
from digit_widget.labels import KEYCAPS, NO_ANSWER
from digit_widget.picture import from_data_url, to_data_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from host import Host

    from digit_widget.normalise import Ink

WIDGET = "application/vnd.jupyter.widget-view+json"
LINE = "Drawing needs Python: run the notebook to draw."


class Outputs:
    """What a notebook's outputs hold."""

    def __init__(self, shell: InteractiveShell, captured: CapturedIO) -> None:
        self._shell, self._captured = shell, captured

    def show(self, pad: DigitWidget) -> list[dict[str, Any]]:
        """Run a cell that ends with the pad, and return what came into its output."""
        before = len(self._published)
        self._shell.push({"pad": pad})
        self._shell.run_cell("pad").raise_error()
        return self._published[before:]

    @property
    def kept(self) -> dict[str, Any]:
        """What the output below the widget holds now."""
        bundle = self._published[-1]
        assert WIDGET not in bundle
        return bundle

    @property
    def ink(self) -> Ink:
        """The picture in it."""
        [url] = re.findall('src="([^"]+)"', self.kept["text/html"])
        return from_data_url(url)

    @property
    def updates(self) -> int:
        """How often an output was changed."""
        return sum(output.update for output in self._captured.outputs)

    @property
    def _published(self) -> list[dict[str, Any]]:
        return [output.data for output in self._captured.outputs]


@pytest.fixture
def outputs() -> Iterator[Outputs]:
    """Start IPython's shell, and capture what is displayed in it."""
    shell = InteractiveShell.instance()
    with capture_output() as captured:
        yield Outputs(shell, captured)
    InteractiveShell.clear_instance()


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the output follow when the test says so: at the end of the pause."""
    over = threading.Event()

    class Timer(threading.Thread):
        def __init__(self, _seconds: float, function: Callable[[], None]) -> None:
            super().__init__(target=lambda: over.wait(20) and function(), name="pause", daemon=True)

    monkeypatch.setattr(keepsake.threading, "Timer", Timer)
    yield over
    over.set()


def end(pause: threading.Event) -> None:
    """End the pause, and wait until the output has followed."""
    pause.set()
    for thread in threading.enumerate():
        if thread.name == "pause":
            thread.join()


def test_a_pad_is_shown_with_an_empty_output_below(outputs: Outputs, pad: DigitWidget) -> None:
    """The widget comes first; while the pad is blank there is nothing to keep."""
    widget, kept = outputs.show(pad)
    assert widget[WIDGET]["model_id"] == pad.model_id
    assert kept == {"text/html": "", "text/plain": ""}


def test_what_python_draws_is_kept_at_once(outputs: Outputs, pad: DigitWidget) -> None:
    """A notebook that is run as a whole may end with the cell: the drawing is there by then, and gone when cleared."""
    outputs.show(pad)
    pad.strokes = digit_strokes(3)
    assert KEYCAPS[3] in outputs.kept["text/html"]
    assert np.array_equal(outputs.ink, from_data_url(pad.image))
    assert outputs.kept["text/plain"] == f"{KEYCAPS[3]} ({int(100 * pad.confidence)}%). {LINE}"
    pad.clear()
    assert outputs.kept["text/html"] == ""


def test_a_hand_is_followed_after_a_pause(
    outputs: Outputs, pad: DigitWidget, host: Host, pause: threading.Event
) -> None:
    """However much is drawn meanwhile, the output changes once, to the last drawing; and then again after the next."""
    outputs.show(pad)
    for digit in (1, 2, 3):
        host.draw(digit)
    assert outputs.updates == 0
    end(pause)
    assert outputs.updates == 1
    assert KEYCAPS[3] in outputs.kept["text/html"]
    host.draw(4)
    end(pause)
    assert outputs.updates == 2
    assert KEYCAPS[4] in outputs.kept["text/html"]


def test_a_drawing_nobody_asked_about_has_no_answer(outputs: Outputs, host: Host, pause: threading.Event) -> None:
    """With a button, the drawing may be newer than the answer: that answer is not kept beside it."""
    host.pad.predict_on = "button"
    outputs.show(host.pad)
    host.draw(3)
    host.draw(4, ask=False)
    end(pause)
    assert np.array_equal(outputs.ink, from_data_url(host.pad.image))
    assert outputs.kept["text/plain"].strip() == LINE


def test_a_picture_from_python_is_kept(outputs: Outputs, pad: DigitWidget) -> None:
    """A picture that was set is kept as it lies on the pad, however large it came."""
    outputs.show(pad)
    pad.image = to_data_url(np.kron(digit_ink(5), np.ones((4, 4), np.uint8)))
    assert np.array_equal(outputs.ink, digit_ink(5))
    assert KEYCAPS[5] in outputs.kept["text/plain"]


def test_no_text_becomes_html(outputs: Outputs) -> None:
    """A label stands in the page as text, whatever it is; and what is no picture is not kept as one."""
    pad = DigitWidget(labels=[f"<script>{n}" for n in range(10)])
    outputs.show(pad)
    pad.strokes = digit_strokes(3)
    assert "<script>" not in outputs.kept["text/html"]
    assert "&lt;script&gt;3" in outputs.kept["text/html"]
    pad.image = 'data:text/html,"><script>'
    assert outputs.kept["text/html"] == ""
    pad.close()


def test_a_comparison_keeps_what_each_model_said(outputs: Outputs) -> None:
    """Every model's answer is in the line, by name."""
    pad = compare({"bundled": None, "always three": lambda _picture: 3})
    outputs.show(pad)
    pad.strokes = digit_strokes(7)
    assert outputs.kept["text/plain"] == f"bundled: {KEYCAPS[7]}, always three: {KEYCAPS[3]}. {LINE}"
    pad.close()


def test_a_closed_pad_is_its_text(outputs: Outputs, pad: DigitWidget) -> None:
    """There is no widget any more to be shown."""
    pad.close()
    assert outputs.show(pad) == [{"text/plain": f"<DigitWidget {NO_ANSWER} prediction=None confidence=0.00>"}]


def test_a_pad_that_is_not_shown_keeps_nothing(outputs: Outputs, pad: DigitWidget, host: Host) -> None:
    """Drawing on a pad in a dashboard's box writes into nobody's output."""
    host.draw(3)
    pad.strokes = digit_strokes(4)
    assert outputs.updates == 0
