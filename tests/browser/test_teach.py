"""A pad that is taught: draw, tap the class, and it answers."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import nbformat
import pointer
import pytest
from hosts import voila
from padview import NOTHING, PadView, keycap
from playwright.sync_api import expect
from pointer import Finger
from test_access import faults
from test_corrections import button, expect_words, press

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab import Kernel, Lab
    from playwright.sync_api import Browser
    from pointer import Strokes

pytestmark = pytest.mark.browser

CELL = 'from digit_widget import DigitWidget\npad = DigitWidget(labels="○△□", teach=True)\npad'
LABELS = "○△□"
FLING = 1000
"""Milliseconds after a stroke that ends in full swing, as no person's does: a tap before is taken for its end."""


def corners(count: int, turn: float) -> Strokes:
    """Return a shape with so many corners, and points on the edges, without which the pad would round it."""
    angles = [turn + 2 * math.pi * n / count for n in range(count + 1)]
    ends = [(0.5 + 0.45 * math.cos(angle), 0.5 + 0.45 * math.sin(angle)) for angle in angles]
    steps = [n / 8 for n in range(9)]
    return [[(x + s * (u - x), y + s * (v - y)) for (x, y), (u, v) in pairwise(ends) for s in steps]]


def shape(label: str, turn: float = 0.0) -> Strokes:
    """Return one of the three shapes, turned a little."""
    return {
        "○": corners(24, turn),
        "△": corners(3, turn - math.pi / 2),
        "□": corners(4, turn + math.pi / 4),
    }[label]


def test_three_shapes_are_taught(lab: Lab, kernel: Kernel, shoot: Callable[..., None]) -> None:
    """It says 🤔 until two classes have a drawing, then answers, takes back, and is right about drawings of its own."""
    notebook = lab.open(kernel, CELL).run()
    pad = notebook.pad()
    found = []
    for count, label in enumerate(LABELS):
        pad.draw(shape(label))
        expect_words(pad, "Which one is it?")
        found += faults(pad)
        press(pad, f"{label} (0)")
        expect_words(pad, f"Learnt: {label}")
        expect(button(pad, f"{label} (1)")).to_be_visible()
        pad.expect_answer(label if count else NOTHING)
        found += faults(pad)
        if count < 2:
            pad.click("clear")
    shoot("teach", lab.page, *notebook.top(1))
    press(pad, "Take back")
    expect_words(pad, "Removed again.")
    assert kernel.read("pad.teacher.counts") == [1, 1, 0]
    press(pad, "□ (0)")
    pad.expect_answer("□")
    for label in LABELS:
        pad.click("clear")
        pad.draw(shape(label, 0.12), at=(0.3, 0.25), side=0.5)
        pad.expect_answer(label)
    assert kernel.read("pad.teacher.counts") == [1, 1, 1]
    assert found == []


def test_three_shapes_are_taught_by_touch(browser: Browser, tmp_path: Path) -> None:
    """On a phone's screen of 390 × 844, with a finger: drawn, tapped, answered."""
    cell = nbformat.v4.new_code_cell(CELL)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "teach.ipynb")
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=3)
    with voila(tmp_path, tmp_path / "teach.ipynb") as server, phone:
        page = phone.new_page()
        page.goto(server.url)
        root = page.locator(".digit-widget")
        root.wait_for()
        pad, finger = PadView(page, root), Finger(page)
        for count, turn in enumerate((0.0, 0.2, -0.2)):
            for label in LABELS:
                finger.draw(pad.canvas, shape(label, turn))
                page.wait_for_timeout(FLING)
                button(pad, f"{label} ({count})").tap()
                expect_words(pad, f"Learnt: {label}")
                left, _, width, height = pointer.box(button(pad, f"{label} ({count + 1})"))
                assert left + width <= 390
                assert height >= 44
                pad.part("clear").tap()
        for label in LABELS:
            finger.draw(pad.canvas, shape(label, -0.1), side=0.6)
            pad.expect_answer(label)
            page.wait_for_timeout(FLING)
            pad.part("clear").tap()


def test_a_hand_s_own_digit_is_learnt(lab: Lab, kernel: Kernel) -> None:
    """An arrow, which is no digit, is said to be a four: another arrow is a four then, and the digits stay."""
    pad = lab.open(kernel, CELL.replace('labels="○△□", ', "")).run().pad()
    arrow = [[(0.5, 0.0), (0.5, 1.0)], [(0.2, 0.35), (0.5, 0.0), (0.8, 0.35)]]
    pad.draw(arrow)
    expect_words(pad, "Which one is it?")
    before = pad.part("result").inner_text()
    assert before != keycap(4)
    press(pad, "4 (0)")
    pad.expect_digit(4)
    pad.click("clear")
    pad.draw(arrow, at=(0.3, 0.2), side=0.6)
    pad.expect_digit(4)
    for digit in range(10):
        pad.click("clear")
        pad.draw_digit(digit)
        pad.expect_digit(digit)
