"""One view of the widget in a page: its parts by name, and what it shows."""

from __future__ import annotations

import base64
import contextlib
import io
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pointer
from PIL import Image
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pointer import Point, Strokes

NOTHING = "🤔"
KEPT = "[class^=digit-widget-]"
"""What a notebook keeps of a pad for readers without Python: below the widget, and hidden by it."""
LINE = "Drawing needs Python"
"""How what such readers are told begins, in that output and on the pad."""
ITSELF = "This page answers by itself; what you draw stays here."
"""What they are told where the page has the engine with it."""
STEPS = 40
"""So many presses of an arrow key lead across the pad."""


def keycap(digit: object) -> str:
    """Return a digit's emoji."""
    return f"{digit}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}"


@dataclass(frozen=True)
class PadView:
    """A pad with its panel, as a person sees it."""

    page: Page
    root: Locator

    @property
    def canvas(self) -> Locator:
        """The sheet to draw on."""
        return self.part("canvas")

    def part(self, name: str) -> Locator:
        """Return the element with the class ``dw-<name>``."""
        return self.root.locator(f".dw-{name}")

    def draw(self, strokes: Strokes, at: Point = (0.15, 0.15), side: float = 0.7) -> None:
        """Draw with the mouse; see `pointer.draw`."""
        pointer.draw(self.page, self.canvas, strokes, at, side)

    def draw_digit(self, digit: object, at: Point = (0.15, 0.15), side: float = 0.7) -> None:
        """Draw one of the ten shapes with the mouse."""
        self.draw(pointer.DIGITS[str(digit)], at, side)

    def draw_with_keys(self, strokes: Strokes, at: Point = (0.15, 0.15), side: float = 0.7) -> None:
        """Draw strokes with the keyboard alone, in stairs along the grid of its steps; the canvas has the focus."""
        for stroke in pointer.placed(strokes, at, side):
            start, first, *rest = [(round(STEPS * x), round(STEPS * y)) for x, y in (self.cursor(), *stroke)]
            self._walk(start, first)
            self.page.keyboard.press("Space")
            for here, there in pairwise([first, *rest]):
                self._walk(here, there)
            self.page.keyboard.press("Space")

    def _walk(self, here: tuple[int, int], there: tuple[int, int]) -> None:
        right, down = there[0] - here[0], there[1] - here[1]
        across = ["ArrowRight" if right > 0 else "ArrowLeft"] * abs(right)
        along = ["ArrowDown" if down > 0 else "ArrowUp"] * abs(down)
        places = [((n + 0.5) / len(keys), key) for keys in (across, along) for n, key in enumerate(keys)]
        for _, key in sorted(places):
            self.page.keyboard.press(key)

    def cursor(self) -> tuple[float, float]:
        """Return where the keyboard draws, in shares of the pad's side."""
        expect(self.part("cursor")).to_be_visible()
        x, y = self.part("cursor").evaluate(
            "(cursor) => ['--dw-x', '--dw-y'].map((name) => Number(cursor.style.getPropertyValue(name)))"
        )
        return x, y

    def drop(self, file: Path) -> None:
        """Drag a file over the pad, which is seen, and let it fall."""
        left, top, width, height = pointer.box(self.canvas)
        at = {"x": left + width / 2, "y": top + height / 2}
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        devtools = self.page.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver"):
            devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
        expect(self.part("sheet")).to_have_attribute("data-over", "true")
        devtools.send("Input.dispatchDragEvent", {"type": "drop", **at, "data": data})
        devtools.detach()
        expect(self.part("sheet")).to_have_attribute("data-over", "false")

    def click(self, button: str) -> None:
        """Press the undo, redo, clear, why or predict button."""
        self.part(button).click()

    @contextlib.contextmanager
    def drawing(self, stroke: Sequence[Point], at: Point = (0.15, 0.15), side: float = 0.7) -> Iterator[None]:
        """Draw one stroke with the mouse and keep the button down while the block runs."""
        first, *rest = pointer.placed([stroke], at, side)[0]
        with pointer.pressed(self.page, self.canvas, first) as (left, top, width, height):
            for x, y in rest:
                self.page.mouse.move(left + width * x, top + height * y)
            yield

    def expect_answer(self, result: str) -> None:
        """Wait for the answer to what is drawn now, and insist on what it is."""
        current = self.root.and_(self.page.locator("[data-state=current]"))
        expect(current.locator(".dw-result")).to_have_text(result)

    def expect_digit(self, digit: object) -> None:
        """Wait for the answer to what is drawn now, and insist that it is this digit."""
        self.expect_answer(keycap(digit))

    def picture(self) -> Image.Image:
        """Return the canvas's own pixels, in grey over white."""
        url: str = self.canvas.evaluate("(canvas) => canvas.toDataURL('image/png')")
        image = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")

    def grey(self, x: float, y: float) -> int:
        """Return the canvas's grey level at a place in pad units, 255 = white."""
        picture = self.picture()
        pixels = picture.tobytes()
        return pixels[int(y * picture.height / 280) * picture.width + int(x * picture.width / 280)]

    def ink(self) -> float:
        """Return how much of the sheet is inked, in 0..1."""
        levels = self.picture().histogram()
        return sum((255 - level) * count for level, count in enumerate(levels)) / (255 * sum(levels))

    def seen(self) -> list[int]:
        """Return the grey levels of the inset, row by row."""
        levels: list[int] = self.part("seen").evaluate(
            """(picture) => {
              const sheet = document.createElement("canvas");
              sheet.width = sheet.height = 28;
              const context = sheet.getContext("2d");
              context.drawImage(picture, 0, 0, 28, 28);
              return [...context.getImageData(0, 0, 28, 28).data].filter((_, n) => n % 4 === 0);
            }"""
        )
        return levels

    def overlay(self) -> Image.Image | None:
        """Return what is laid over the drawing, RGBA in pad units, or None when it is not to be seen."""
        url: str = self.part("overlay").evaluate(
            """async (picture) => {
              if (picture.getClientRects().length === 0) return "";
              await picture.decode();
              return picture.src;
            }"""
        )
        if not url:
            return None
        return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA").resize((280, 280))

    def opacity(self, part: str) -> float:
        """Return how opaque a part is, in 0..1, with all that it stands in."""
        found: float = self.part(part).evaluate(
            """(element) => {
              let product = 1;
              for (let e = element; e; e = e.parentElement) product *= Number(getComputedStyle(e).opacity);
              return product;
            }"""
        )
        return found

    def come_to_rest(self) -> None:
        """Wait until nothing of it fades or moves any more."""
        self.root.evaluate(
            """async (root) => {
              for (const moving of root.getAnimations({ subtree: true })) await moving.finished.catch(() => {});
            }"""
        )

    def watch(self) -> None:
        """Take note of every state and result that is shown from now on."""
        self.root.evaluate(
            """(root) => {
              const note = () => root.noted.push([root.dataset.state, root.querySelector(".dw-result").textContent]);
              root.noted = [];
              new MutationObserver(note).observe(
                root, { attributes: true, characterData: true, childList: true, subtree: true });
            }"""
        )

    def watched(self) -> list[tuple[str, str]]:
        """Return what was noted: pairs of state and result."""
        return [(state, result) for state, result in self.root.evaluate("(root) => root.noted")]
