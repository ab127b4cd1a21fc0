"""A hand: strokes drawn with real input events, as mouse, finger or pen, at a given place and size."""

from __future__ import annotations

import contextlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import CDPSession, Locator, Page

    Point = Sequence[float]
    Strokes = Sequence[Sequence[Point]]

DIGITS: dict[str, list[list[list[float]]]] = json.loads(
    files("digit_widget").joinpath("digits.json").read_text(encoding="utf-8")
)
"""Ten shapes: digit -> strokes of [x, y] in the unit square, y down."""

FORCE = 0.6
"""How hard the pen presses, in 0..1."""

CORNERS = ((0.05, 0.05), (0.65, 0.05), (0.05, 0.65), (0.65, 0.65))
"""Places for a shape of side 0.3, where nothing is in the middle."""


def placed(strokes: Strokes, at: Point = (0.15, 0.15), side: float = 0.7) -> list[list[tuple[float, float]]]:
    """Put strokes of the unit square into the square of that side whose upper left corner is `at`."""
    return [[(at[0] + side * x, at[1] + side * y) for x, y in stroke] for stroke in strokes]


def draw(page: Page, pad: Locator, strokes: Strokes, at: Point = (0.15, 0.15), side: float = 0.7) -> None:
    """Draw strokes with the mouse.

    Parameters
    ----------
    pad
        The canvas.
    strokes
        Points in the unit square; a stroke of one point is a tap.
    at, side
        Where on the pad the unit square goes (its upper left corner), and how large it is, in fractions of the pad.
    """
    for stroke in placed(strokes, at, side):
        with pressed(page, pad, stroke[0]) as (left, top, width, height):
            for x, y in stroke[1:]:
                page.mouse.move(left + width * x, top + height * y)


@contextlib.contextmanager
def pressed(page: Page, pad: Locator, at: Point) -> Iterator[tuple[float, float, float, float]]:
    """Hold the mouse's button down from that point of the pad on; gives the pad's left, top, width and height."""
    left, top, width, height = _ready(pad, at)
    page.mouse.move(left + width * at[0], top + height * at[1])
    page.mouse.down()
    yield left, top, width, height
    page.mouse.up()


class Finger:
    """A hand that touches the screen, or holds a pen, through the browser's own input pipeline."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)

    def draw(self, pad: Locator, strokes: Strokes, at: Point = (0.15, 0.15), side: float = 0.7) -> None:
        """Draw strokes with one finger; see the module's `draw`."""
        for stroke in placed(strokes, at, side):
            left, top, width, height = _ready(pad, stroke[0], trial=True)
            points = [(left + width * x, top + height * y) for x, y in stroke]
            self.touch("touchStart", points[0])
            for point in points[1:]:
                self.touch("touchMove", point)
            self.touch("touchEnd")

    def touch(self, kind: Literal["touchStart", "touchMove", "touchEnd", "touchCancel"], *points: Point) -> None:
        """Send one touch event; `points` are all the fingers that are down, in page pixels."""
        fingers = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def pull(self, element: Locator, distance: int) -> None:
        """Move one finger down by that many pixels, from the element's middle on."""
        left, top, width, height = box(element)
        x, y = left + width / 2, top + height / 2
        self.touch("touchStart", (x, y))
        for step in range(1, 11):
            self.touch("touchMove", (x, y + distance * step / 10))
        self.touch("touchEnd")

    def draw_with_pen(self, pad: Locator, strokes: Strokes, at: Point = (0.15, 0.15), side: float = 0.7) -> None:
        """Draw strokes with a pen; see the module's `draw`."""
        for stroke in placed(strokes, at, side):
            left, top, width, height = _ready(pad, stroke[0], trial=True)
            first, *rest = [(left + width * x, top + height * y) for x, y in stroke]
            with self.pen(first) as pen:
                for place in rest:
                    pen(place)

    @contextlib.contextmanager
    def pen(self, at: Point, button: str = "left") -> Iterator[Callable[[Point], None]]:
        """Press a pen's tip, or the button on its side, at a place in page pixels; gives what moves it meanwhile."""
        held = {"button": button, "buttons": {"left": 1, "right": 2}[button], "pointerType": "pen"}

        def send(kind: str, place: Point, **more: object) -> None:
            self._pen({"type": kind, "x": place[0], "y": place[1]} | held | more)

        last = at

        def move(place: Point) -> None:
            nonlocal last
            last = place
            send("mouseMoved", place, force=FORCE)

        self.hover(at)
        send("mousePressed", at, force=FORCE, clickCount=1)
        yield move
        send("mouseReleased", last, force=0, clickCount=1, buttons=0)

    def hover(self, place: Point) -> None:
        """Move a pen above the page."""
        self._pen({"type": "mouseMoved", "x": place[0], "y": place[1], "pointerType": "pen", "force": 0})

    def _pen(self, event: dict[str, object]) -> None:
        self.devtools.send("Input.dispatchMouseEvent", event)


def _ready(pad: Locator, at: Point, *, trial: bool = False) -> tuple[float, float, float, float]:
    """Wait until the pad is in sight, stands still and receives events (bare events check none of it).

    The mouse is there then, but not in a trial: no mouse comes before a finger.
    """
    _, _, width, height = box(pad)
    pad.hover(position={"x": width * at[0], "y": height * at[1]}, trial=trial)
    return box(pad)  # hovering may have scrolled


def box(pad: Locator) -> tuple[float, float, float, float]:
    """Return the pad's left, top, width and height, in page pixels."""
    found = pad.bounding_box()
    assert found is not None, "The pad is not visible."
    return found["x"], found["y"], found["width"], found["height"]
