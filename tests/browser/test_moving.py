"""The moving picture at the top of README: digits drawn and answered in JupyterLab."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pointer
import pytest
from conftest import DOCS, TIDY
from lab import ONE_PAD
from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt
    from lab import Kernel, Lab
    from padview import PadView

pytestmark = pytest.mark.browser

DIGITS = "742"
"""Drawn for README; without ``--screenshots``, the first one."""
STEP, PAUSE = 60, 1500
"""Milliseconds that a picture is shown: while it is drawn, and when it is answered."""
POINTS, APART = 3, 0.02
"""Points of a stroke from one picture to the next, and the distance between two."""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_moving_picture(lab: Lab, kernel: Kernel, tmp_path: Path, theme: str, screenshots: bool) -> None:
    """Each digit appears stroke by stroke, then its answer; it is under 1 MB."""
    lab.theme(f"JupyterLab {theme}")
    notebook = lab.open(kernel, ONE_PAD).run()
    try:
        digits = DIGITS if screenshots else DIGITS[:1]
        frames = record(notebook.pad(), digits, [pointer.box(element) for element in notebook.top(1)])
    finally:
        lab.theme("JupyterLab Light")
    file = (DOCS if screenshots else tmp_path) / f"moving{'-dark' if theme == 'Dark' else ''}.gif"
    pictures, times = zip(*frames, strict=True)
    pictures[0].save(file, save_all=True, append_images=pictures[1:], duration=times, loop=0, optimize=True)
    assert file.stat().st_size < 1_000_000
    with Image.open(file) as shown:
        assert shown.n_frames > 10  # type: ignore[attr-defined]
    assert all(ImageChops.difference(one, other).getbbox() for one, other in itertools.pairwise(pictures))


def record(pad: PadView, digits: str, boxes: list[tuple[float, float, float, float]]) -> list[tuple[Image.Image, int]]:
    """Draw the digits, and return pictures with the time that each is shown."""
    page, frames = pad.page, []
    left, top = (min(box[n] for box in boxes) for n in (0, 1))
    right, bottom = (max(box[n] + box[n + 2] for box in boxes) for n in (0, 1))
    x, y, side, _ = pointer.box(pad.canvas)

    def take(time: int) -> None:
        clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        picture = page.screenshot(clip=clip, scale="css", style=TIDY)  # type: ignore[arg-type]
        frames.append((Image.open(io.BytesIO(picture)).convert("RGB"), time))

    for digit in digits:
        take(PAUSE // 2)
        for stroke in pointer.placed(pointer.DIGITS[digit]):
            for n, (across, down) in enumerate(np.concatenate(list(between(stroke)))):
                page.mouse.move(x + side * across, y + side * down)
                if n == 0:
                    page.mouse.down()
                elif n % POINTS == 0:
                    take(STEP)
            page.mouse.up()
        pad.expect_digit(digit)
        pad.come_to_rest()
        take(PAUSE)
        pad.click("clear")
        pad.come_to_rest()
    return frames


def between(stroke: list[tuple[float, float]]) -> Iterator[npt.NDArray[np.float64]]:
    """Return points as far apart as a hand's, in shares of the pad's side."""
    for start, end in itertools.pairwise(np.array(stroke)):
        count = max(2, round(np.linalg.norm(end - start) / APART))
        yield start + np.linspace(0, 1, count)[:, None] * (end - start)
