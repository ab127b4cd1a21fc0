"""What the widget promises in every host; conftest.py names them, and docs/hosts.md says what was found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pointer
import pytest
from look import READABLE, contrasts, ground, paper
from padview import NOTHING, PadView
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from base import Host, Theme
    from conftest import Tabs
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def drawn(tabs: Tabs, host: Host) -> Iterator[PadView]:
    """A pad in the host's light theme, on which a 7 was drawn."""
    with tabs.open("light") as page:
        pad = host.pad(page)
        pad.draw_digit(7)
        yield pad


def unreadable(pad: PadView) -> dict[str, float]:
    """Return the texts that do not stand out from their ground, and their contrast."""
    return {text: ratio for text, ratio in contrasts(pad).items() if ratio < READABLE}


@pytest.mark.column("Draw → emoji")
def test_a_drawing_is_answered_with_its_emoji(drawn: PadView) -> None:
    """Draw a digit with the mouse, and the panel shows its emoji."""
    drawn.expect_digit(7)


def test_the_answer_stands_beside_the_pad(drawn: PadView) -> None:
    """Wherever the host leaves room for both: 512 px."""
    drawn.expect_digit(7)
    left, _, side, _ = pointer.box(drawn.canvas)
    answer, *_ = pointer.box(drawn.part("answer"))
    assert drawn.root.evaluate("(root) => root.parentElement.clientWidth") >= 512
    assert left + side < answer < left + side + 40


@pytest.mark.column("Seen by the host")
def test_the_host_sees_the_prediction(drawn: PadView) -> None:
    """An element of the host's own, that follows ``prediction``, says the same as the panel."""
    expect(drawn.page.get_by_text("Python says 7")).to_be_visible()


@pytest.mark.column("Light theme")
def test_the_light_theme_is_readable(drawn: PadView, shoot: Callable[[Page, Theme], None]) -> None:
    """In the host's light theme the panel is on the host's light ground, and all of its text stands out."""
    drawn.expect_digit(7)
    shoot(drawn.page, "light")
    assert unreadable(drawn) == {}
    assert ground(drawn) > 0.8
    assert paper(drawn) == 1


@pytest.mark.column("Dark theme")
def test_the_dark_theme_is_readable(host: Host, tabs: Tabs, shoot: Callable[[Page, Theme], None]) -> None:
    """In the dark theme the ground is dark, all text stands out, and the paper stays white as Python's picture."""
    with tabs.open("dark") as page:
        pad = host.pad(page)
        pad.draw_digit(7)
        pad.expect_digit(7)
        shoot(page, "dark")
        assert unreadable(pad) == {}
        assert ground(pad) < 0.1
        assert paper(pad) == 1


@pytest.mark.column("Reload")
def test_a_reloaded_page_has_a_living_pad(host: Host, tabs: Tabs) -> None:
    """A reloaded page has the drawing where the host keeps the widget, and else a blank pad; either answers."""
    with tabs.open("light") as page:
        pad = host.pad(page)
        pad.draw_digit(7)
        pad.expect_digit(7)
        host.reload(page)
        pad = host.pad(page)
        if host.keeps_drawing:
            pad.expect_digit(7)
            assert pad.ink() > 0.01
            pad.click("clear")
        pad.expect_answer(NOTHING)
        assert pad.ink() == 0
        pad.draw_digit(3)
        pad.expect_digit(3)
        expect(page.get_by_text("Python says 3")).to_be_visible()


@pytest.mark.usefixtures("drawn")
@pytest.mark.column("Without the internet")
def test_no_other_machine_is_asked(host: Host, tabs: Tabs) -> None:
    """What was shown was shown without another machine: none is asked, but for what the host itself always asks for."""
    known = re.compile("|".join(host.asks_for) or r"(?!)")
    assert {url for url in tabs.asked if not known.fullmatch(url)} == set()
