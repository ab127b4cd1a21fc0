"""A pad on a page of its own in Firefox, opened from the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import firefox
import pointer
import pytest
from documentation import build
from padview import keycap

from digit_widget import DigitWidget
from digit_widget.models import bundled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from firefox import Firefox

pytestmark = pytest.mark.browser

BOX = "(({x, y, width}) => [x, y, width])(document.querySelector('.dw-canvas').getBoundingClientRect())"
RESULT = """((root) => [root.dataset.state, root.querySelector(".dw-result").textContent])
  (document.querySelector(".digit-widget"))"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Give a tab of a Firefox without a network."""
    path = firefox.find()
    if path is None:
        pytest.skip("Firefox is not installed, and cannot be by apt-get here")
    with firefox.started(path, tmp_path_factory.mktemp("firefox")) as tab:
        yield tab


@pytest.mark.parametrize("engine", ["small", "onnxruntime"])
def test_the_page_answers_in_firefox(tab: Firefox, tmp_path: Path, engine: str) -> None:
    """Each digit, drawn with the mouse."""
    pad = DigitWidget() if engine == "small" else DigitWidget(bundled().with_suffix(".onnx"))
    tab.open(pad.save(tmp_path / "pad.html").as_uri())
    draw_digits(tab, pointer.DIGITS)


def test_the_pad_answers_in_the_documentation(tab: Firefox, tmp_path: Path) -> None:
    """On the first page, read from the disk."""
    tab.open((build(tmp_path) / "index.html").as_uri())
    with tab.inside():
        draw_digits(tab, "73")


def draw_digits(tab: Firefox, digits: Iterable[str]) -> None:
    """Draw digits with the mouse, and insist on the answers."""
    tab.until("document.querySelectorAll('.dw-canvas').length", 1)
    left, top, side = tab.read(BOX)
    for digit in digits:
        for stroke in pointer.placed(pointer.DIGITS[digit]):
            tab.draw([(left + side * x, top + side * y) for x, y in stroke])
        tab.until(RESULT, ["current", keycap(digit)])
        tab.read("document.querySelector('.dw-clear').click()")
        tab.until(RESULT, ["current", "🤔"])
