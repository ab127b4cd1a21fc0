"""What a notebook keeps of a pad, in a real kernel: an output below the widget that follows the drawing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink
from jupyter_client.manager import start_new_kernel

from digit_widget.labels import KEYCAPS, NO_ANSWER
from digit_widget.picture import from_data_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

    from digit_widget.normalise import Ink

TESTS = Path(__file__).parent
WIDGET = "application/vnd.jupyter.widget-view+json"
NOTHING = {"text/html": "", "text/plain": ""}
SAID = json.loads(files("digit_widget").joinpath("texts.json").read_text(encoding="utf-8"))
ALONE = dict(zip(SAID["languages"], SAID["texts"]["alone"], strict=True))

START = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import numpy as np
from digit_widget import DigitWidget, compare, keepsake
from digit_widget.picture import to_data_url
from drawings import digit_ink, digit_strokes
from host import Host
from IPython.display import display
from ipywidgets import Output
"""
PAD = "pad = DigitWidget()\nhost = Host(pad)\npad"


class Notebook:
    """A kernel, and the outputs that a notebook on it would hold."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self.outputs: list[tuple[str, dict[str, Any]]] = []
        """The name under which each can be changed, or "", and what is in it; the oldest first."""
        self.updates = 0

    def run(self, code: str) -> None:
        """Run a cell."""
        reply = self._client.execute_interactive(code, timeout=60, output_hook=self._take)
        assert reply["content"]["status"] == "ok", reply["content"].get("evalue")

    def wait(self) -> None:
        """Wait for the next update between the cells."""
        before = self.updates
        while self.updates == before:
            self._take(self._client.get_iopub_msg(timeout=20))

    def wait_for_widget(self) -> None:
        """Wait until a widget is shown between the cells."""
        while not self.widgets:
            self._take(self._client.get_iopub_msg(timeout=20))

    @property
    def widgets(self) -> list[int]:
        """Where among the outputs the widgets are."""
        return [n for n, (_, data) in enumerate(self.outputs) if WIDGET in data]

    @property
    def kept(self) -> dict[str, Any]:
        """What is in the outputs that can be changed: the same in all of them."""
        found = [data for name, data in self.outputs if name]
        assert all(data == found[0] for data in found)
        return found[0]

    @property
    def ink(self) -> Ink:
        """The picture that is kept."""
        [url] = re.findall('src="([^"]+)"', self.kept["text/html"])
        return from_data_url(url)

    def _take(self, message: dict[str, Any]) -> None:
        content = message["content"]
        name = content.get("transient", {}).get("display_id", "")
        if message["msg_type"] in ("display_data", "execute_result"):
            self.outputs.append((name, content["data"]))
        if message["msg_type"] == "update_display_data":
            self.updates += 1
            self.outputs = [(own, content["data"] if own == name else data) for own, data in self.outputs]


@pytest.fixture(scope="module")
def client() -> Iterator[BlockingKernelClient]:
    """Start a kernel."""
    manager, client = start_new_kernel()
    client.execute_interactive(START, timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel()


@pytest.fixture
def notebook(client: BlockingKernelClient) -> Iterator[Notebook]:
    """Give an empty notebook on the kernel, whose outputs follow a hand after a fifth of a second."""
    notebook = Notebook(client)
    notebook.run("keepsake.PAUSE = 0.2")
    yield notebook
    notebook.run("__import__('ipywidgets').Widget.close_all()")


def test_a_blank_pad_keeps_nothing(notebook: Notebook) -> None:
    """The widget comes first, and below it an output that is empty."""
    notebook.run(PAD)
    assert notebook.widgets == [0]
    assert len(notebook.outputs) == 2
    assert notebook.kept == NOTHING


def test_what_python_draws_is_kept_at_once(notebook: Notebook) -> None:
    """A notebook that is run as a whole may end with the cell: the drawing is there by then, and gone when cleared."""
    notebook.run(PAD)
    notebook.run("pad.strokes = digit_strokes(3)")
    assert np.array_equal(notebook.ink, digit_ink(3))
    assert notebook.kept["text/plain"] == f"{KEYCAPS[3]} — {ALONE['en']}"
    assert KEYCAPS[3] in notebook.kept["text/html"]
    notebook.run("pad.clear()")
    assert notebook.kept == NOTHING


def test_a_hand_is_followed_after_a_pause(notebook: Notebook) -> None:
    """However much is drawn meanwhile, the output changes once, to the last drawing; and again after the next."""
    notebook.run(PAD)
    notebook.run("with pad._keepsake._lock:\n  for digit in (1, 2, 3): host.draw(digit)")
    notebook.wait()
    assert notebook.updates == 1
    assert np.array_equal(notebook.ink, digit_ink(3))
    notebook.run("host.draw(4)")
    notebook.wait()
    assert notebook.updates == 2
    assert np.array_equal(notebook.ink, digit_ink(4))


def test_python_s_drawing_is_the_last_even_while_a_hand_is_waited_for(notebook: Notebook) -> None:
    """What Python draws within the pause is kept at once, and stays."""
    notebook.run(PAD)
    notebook.run("with pad._keepsake._lock:\n  host.draw(3)\n  pad.clear()")
    assert notebook.updates == 1
    assert notebook.kept == NOTHING
    notebook.run("host.draw(4)")
    notebook.wait()
    assert notebook.updates == 2
    assert np.array_equal(notebook.ink, digit_ink(4))


def test_one_thread_follows_stroke_after_stroke(notebook: Notebook) -> None:
    """It is not started again while it waits for the next stroke; once it has rested long enough, or failed, it is."""
    notebook.run(PAD)
    notebook.run("host.draw(1)")
    notebook.wait()
    notebook.run("first = pad._keepsake._thread\nhost.draw(2)")
    notebook.wait()
    notebook.run(
        "assert pad._keepsake._thread is first and first.is_alive()\nkeepsake.REST, rest = 0.01, keepsake.REST"
    )
    notebook.run("host.draw(3)")
    notebook.wait()
    notebook.run("first.join(20)\nassert not first.is_alive()\nkeepsake.REST = rest")
    notebook.run("content, pad._keepsake._content = pad._keepsake._content, None\nhost.draw(4)")
    notebook.run("failing = pad._keepsake._thread\nfailing.join(20)\npad._keepsake._content = content\nhost.draw(5)")
    notebook.wait()
    assert np.array_equal(notebook.ink, digit_ink(5))


def test_a_drawing_nobody_asked_about_is_kept_without_an_answer(notebook: Notebook) -> None:
    """With a button, the drawing may be newer than the answer, or have none: that of an older one is not kept by it."""
    notebook.run(PAD)
    notebook.run("pad.predict_on = 'button'; host.draw(3)")
    notebook.wait()
    assert KEYCAPS[3] in notebook.kept["text/plain"]
    notebook.run("host.draw(4, ask=False)")
    notebook.wait()
    assert np.array_equal(notebook.ink, digit_ink(4))
    assert notebook.kept["text/plain"] == ALONE["en"]


def test_a_picture_from_python_is_kept(notebook: Notebook) -> None:
    """A picture that was set is kept as it lies on the pad, however large it came."""
    notebook.run(PAD)
    notebook.run("pad.image = to_data_url(np.kron(digit_ink(5), np.ones((4, 4), np.uint8)))")
    assert np.array_equal(notebook.ink, digit_ink(5))
    assert KEYCAPS[5] in notebook.kept["text/plain"]


@pytest.mark.parametrize(
    "setting",
    [
        "pad.image = 'data:image/png;base64,\"><script>'",
        "host.send_drawing({'picture': 'https://example.org/t.png', 'strokes': digit_strokes(3)})",
        "host.send_drawing({'picture': '\"><script>', 'background': 'data:image/png;base64,AAAA'})",
    ],
)
def test_what_is_no_picture_is_not_kept(notebook: Notebook, setting: str) -> None:
    """Neither from Python nor from a page comes anything into the notebook but pixels."""
    notebook.run(PAD)
    notebook.run("pad.strokes = digit_strokes(7)")
    before = notebook.updates
    notebook.run(setting)
    if notebook.updates == before:
        notebook.wait()
    assert notebook.kept == NOTHING


def test_a_label_is_text(notebook: Notebook) -> None:
    """A label stands in the page as text, whatever it is."""
    notebook.run("pad = DigitWidget(labels=[f'<b>{n}' for n in range(10)])\npad")
    notebook.run("pad.strokes = digit_strokes(3)")
    assert "&lt;b&gt;3" in notebook.kept["text/html"]
    assert "<b>" not in notebook.kept["text/html"]


@pytest.mark.parametrize(("locale", "language"), [("de-AT", "de"), ("ZH", "zh"), ("fr", "en"), ("", "en")])
def test_the_line_is_in_the_pads_language(notebook: Notebook, locale: str, language: str) -> None:
    """It is a text of the panel's, marked with its language; English where the pad's is not spoken or not known."""
    notebook.run(f"pad = DigitWidget(locale={locale!r})\npad")
    notebook.run("pad.strokes = digit_strokes(3)")
    assert notebook.kept["text/plain"].endswith(ALONE[language])
    assert f'lang="{language}"' in notebook.kept["text/html"]


def test_a_comparison_keeps_what_each_model_said(notebook: Notebook) -> None:
    """Every model's answer is in the line, by name."""
    notebook.run("pad = compare({'bundled': None, 'always three': lambda _picture: 3})\npad")
    notebook.run("pad.strokes = digit_strokes(7)")
    line = f"bundled: {KEYCAPS[7]}, always three: {KEYCAPS[3]} — {ALONE['en']}"
    assert notebook.kept["text/plain"] == line


def test_a_pad_is_kept_once_in_each_cell_that_shows_it(notebook: Notebook) -> None:
    """Shown twice in one cell and once in another, the pad is kept twice, and both follow it."""
    notebook.run(PAD.replace("\npad", "\ndisplay(pad)\npad"))
    assert notebook.widgets == [0, 1]
    notebook.run("display(pad, display_id='mine')")
    assert notebook.widgets == [0, 1, 3]
    notebook.run("pad.strokes = digit_strokes(3)")
    pictures = [data for _, data in notebook.outputs if KEYCAPS[3] in data["text/plain"] and "text/html" in data]
    assert len(pictures) == 2


def test_a_pad_in_an_output_widget_is_there(notebook: Notebook) -> None:
    """The widget goes where it was put, and is kept below that."""
    notebook.run("pad = DigitWidget()\nout = Output()\nout.append_display_data(pad)\nout")
    notebook.run(f"assert {WIDGET!r} in out.outputs[0]['data']\npad.strokes = digit_strokes(3)")
    [(_, kept)] = [output for output in notebook.outputs if "text/html" in output[1]]
    assert KEYCAPS[3] in kept["text/html"]


def test_what_is_kept_stays_away_from_a_cell_that_did_not_show_the_pad(notebook: Notebook) -> None:
    """A pad that a thread shows when its cell has ended is shown, and nothing of it is kept in the next cell."""
    notebook.run(
        "import threading\npad = DigitWidget()\nthread = threading.Timer(0.3, lambda: display(pad))\nthread.start()"
    )
    notebook.wait_for_widget()
    notebook.run("thread.join()\npad.strokes = digit_strokes(3)")
    assert not any("text/html" in data for _, data in notebook.outputs)


def test_what_is_captured_is_not_followed(notebook: Notebook) -> None:
    """A cell that captures its outputs has the pad among them; what was kept of the pad before is kept on."""
    notebook.run(PAD)
    notebook.run("%%capture captured\ndisplay(pad)")
    notebook.run("pad.strokes = digit_strokes(3)")
    assert KEYCAPS[3] in notebook.kept["text/plain"]
    notebook.run("assert len(captured.outputs) == 1")


def test_another_language_is_kept_at_once(notebook: Notebook) -> None:
    """The line follows the pad's language, whatever is drawn."""
    notebook.run(PAD)
    notebook.run("pad.strokes = digit_strokes(3)\npad.locale = 'de'")
    assert notebook.kept["text/plain"].endswith(ALONE["de"])


def test_a_closed_pad_is_its_text(notebook: Notebook) -> None:
    """There is no widget any more to be shown, and nothing to keep."""
    notebook.run("pad = DigitWidget()\npad.close()\npad")
    text = f"<DigitWidget {NO_ANSWER} prediction=None confidence=0.00>"
    assert notebook.outputs == [("", {"text/plain": text})]


def test_a_pad_that_is_not_shown_keeps_nothing(notebook: Notebook) -> None:
    """Drawing on a pad that no cell shows by itself writes into nobody's output."""
    notebook.run("pad = DigitWidget()\npad.strokes = digit_strokes(4)\nHost(pad).draw(3)")
    assert notebook.outputs == []
    assert notebook.updates == 0


def test_a_terminal_shows_the_pads_text_alone() -> None:
    """IPython without a notebook says what the pad is, and nothing more when something is drawn on it."""
    code = "from digit_widget import DigitWidget; pad = DigitWidget()"
    cells = [code, "pad", "pad.strokes = [[[80, 60], [200, 60], [120, 230]]]; print(pad.prediction)"]
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "--no-banner", "--simple-prompt"]
    done = subprocess.run(command, input="\n".join(cells), capture_output=True, text=True, check=True, timeout=60)
    said = [re.sub(r"^((In|Out) ?\[\d+\]: )+", "", line) for line in done.stdout.splitlines()]
    said = [line for line in said if line.strip() and not line.startswith(("In", "Do you"))]
    assert said == [f"<DigitWidget {NO_ANSWER} prediction=None confidence=0.00>", "7"]
