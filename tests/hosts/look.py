"""What a pad looks like on the screen, in any host: measured on a picture of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from padview import PadView

    Colour = tuple[float, ...]

READABLE = 4.5
"""The contrast of small text that WCAG 2.2 asks for, level AA."""

# Each element with a text of its own that can be read or pressed: what it is, where, and in which colour. The way up
# to the page goes out of shadow roots.
TEXTS = """(root) => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const above = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host;
  const { left, top } = root.getBoundingClientRect();
  return [...root.querySelectorAll("*:not(:disabled)")]
    .filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .map((e) => {
      const [r, g, b, a] = rgba(getComputedStyle(e).color);
      let opacity = a;
      for (let up = e; up; up = above(up)) opacity *= Number(getComputedStyle(up).opacity);
      const box = e.getBoundingClientRect();
      return [`${e.className} ${e.textContent}`, [box.left - left, box.top - top, box.right - left, box.bottom - top],
              [r, g, b], opacity];
    });
}"""


def contrasts(pad: PadView) -> dict[str, float]:
    """Return the contrast of every text with its ground, by WCAG's formula, but for buttons that cannot be pressed."""
    picture = _picture(pad)
    found = {}
    for name, box, text, opacity in pad.root.evaluate(TEXTS):
        ground = _commonest(picture.crop(tuple(map(round, box))))
        shown = tuple(opacity * t + (1 - opacity) * g for t, g in zip(text, ground, strict=True))
        light, dark = sorted((_luminance(shown), _luminance(ground)), reverse=True)
        found[name] = round((light + 0.05) / (dark + 0.05), 1)
    return found


def ground(pad: PadView) -> float:
    """Return how light it is behind the panel, from 0 (black) to 1 (white)."""
    picture = _picture(pad)
    return _luminance(_commonest(picture.crop((0, 0, picture.width, 3))))


def paper(pad: PadView) -> float:
    """Return how light the sheet is, from 0 (black) to 1 (white)."""
    shot = Image.open(io.BytesIO(pad.canvas.screenshot())).convert("RGB")
    return _luminance(_commonest(shot))


def _picture(pad: PadView) -> Image.Image:
    pad.page.mouse.move(0, 0)
    pad.come_to_rest()
    return Image.open(io.BytesIO(pad.root.screenshot())).convert("RGB")


def _commonest(picture: Image.Image) -> Colour:
    colours = picture.getcolors(picture.width * picture.height)
    return max(colours)[1]


def _luminance(colour: Colour) -> float:
    red, green, blue = ((c / 255 / 12.92) if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
