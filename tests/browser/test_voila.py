"""The dashboard as Voila serves it: no code, a pad, and other widgets that follow it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hosts import voila
from lab import EXAMPLES
from padview import PadView, keycap
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def test_the_dashboards_other_widgets_follow_its_pad(
    page: Page, tmp_path_factory: pytest.TempPathFactory, shoot: Callable[..., None]
) -> None:
    """Draw, and the emoji comes; the ten bars and the gallery say the same, one picture a drawing."""
    with voila(tmp_path_factory.mktemp("voila"), EXAMPLES / "dashboard.ipynb") as server:
        page.set_viewport_size({"width": 1000, "height": 700})
        page.goto(server.url)
        root = page.locator(".digit-widget")
        root.wait_for()
        pad = PadView(page, root)
        shares = page.locator(".widget-html").first.locator("span")
        for count, digit in enumerate(("3", "4", "7"), 1):
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            expect(page.locator(".widget-html figure")).to_have_text(
                [keycap(drawn) for drawn in ("3", "4", "7")[count - 1 :: -1]]
            )
            assert float(shares.nth(2 * int(digit) + 1).inner_text().rstrip("%")) > 50
            pad.click("clear")
            expect(shares.filter(has_text="%")).to_have_count(0)
        pad.draw_digit("7")
        pad.expect_digit("7")
        expect(page.locator("body")).not_to_contain_text("import")
        parts = page.locator("h1"), pad.root, page.locator(".widget-html").first, page.locator(".widget-html").last
        shoot("voila", page, *parts, margin=16)


def test_a_class_draws_and_its_teacher_sees_it(browser: Browser, tmp_path: Path) -> None:
    """Two pupils open one link, draw, and say what it was; the teacher's link shows their drawings and confusions."""
    shutil.copy(EXAMPLES / "classroom.ipynb", tmp_path)
    with voila(tmp_path, tmp_path / "classroom.ipynb") as server, contextlib.ExitStack() as visits:

        def visit(url: str) -> Page:
            page = visits.enter_context(browser.new_context()).new_page()
            page.goto(url)
            return page

        for digit in (7, 3):
            page = visit(server.url)
            root = page.locator(".digit-widget")
            root.wait_for()
            pad = PadView(page, root)
            pad.draw_digit(digit)
            pad.expect_digit(digit)
            asked = pad.part("feedback")
            asked.get_by_role("button", name="It was…").click()
            asked.get_by_role("button", name="1", exact=True).click()
            asked.get_by_role("button", name="Save it").click()
            expect(asked.get_by_role("status")).to_contain_text("Thank you.")
        teacher = visit(f"{server.url}?teacher")
        wall = teacher.locator(".digit-widget-wall")
        expect(wall.get_by_role("status")).to_have_text("2 of 2 drawings. 0% were answered rightly.")
        expect(teacher.locator(".digit-widget")).to_have_count(0)
        wall.locator("summary").click()
        expect(wall.locator("td button")).to_have_text(["1", "1"])


def test_several_visitors_at_a_time_are_answered_and_saved() -> None:
    """As `make load` sends them, to the dashboard as it is deployed: nothing is lost, wrong, or left unsaved."""
    load = EXAMPLES.parent / "benchmarks" / "load.py"
    few = ["--visitors", "3", "--arrive", "2", "--drawings", "3", "--pace", "0.5"]
    done = subprocess.run([sys.executable, load, *few], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "corrections saved 3 of 3" in done.stdout
