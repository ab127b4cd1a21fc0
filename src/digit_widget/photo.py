"""Ink out of a photo, a screenshot or a scan: paper of any colour, uneven light, grain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFilter, ImageOps

if TYPE_CHECKING:
    import numpy.typing as npt

    from digit_widget.normalise import Ink

FLAT = 12
"""Paper is of one tone if its grey levels, of 255, differ from the median by less than this."""
EVEN_BORDER = 0.75
"""Share of the border that must be of one tone; a stroke or a bar may touch the rest."""
NIGHT = 90
"""Median grey level, of 255, below which a photo shows something light on something dark, such as a blackboard."""
PAPER_SIDE = 72
"""Longer side of the small copy, in pixels, in which the paper's light is estimated."""
PAPER_WINDOW = 13
"""Window of that copy, in pixels, whose lightest pixel is paper; it is wider than any stroke."""
DIMMEST = 40
"""Paper darker than this, of 255, is treated as being this light, or its grain would count as ink."""
FAINTEST = 0.12
"""Contrast below which nothing is ink: by what share of the paper's light the ink is darker."""


def even_out(grey: npt.NDArray[np.uint8]) -> Ink:
    """Separate ink from paper, whatever the paper's tone and the light on it.

    If the border is of one tone, that is the paper's tone, and the ink is whatever differs from it: lighter or darker,
    whichever differs more. In uneven light the paper's tone at each place is estimated by removing everything thinner
    than a sixth of the picture; ink is then darker than paper, unless most of the picture is dark. The threshold that
    separates the two best [1]_ becomes the middle of each stroke's edge.

    Parameters
    ----------
    grey
        Shape (height, width), uint8, 0 = black, 255 = white.

    Returns
    -------
    numpy.ndarray
        The same shape, uint8, 0 = paper, 255 = full ink; all zero if the contrast is too low to be ink.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9, 1979.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    tone = float(np.median(border))
    level: npt.NDArray[np.float32] | float
    if np.mean(np.abs(border - tone) < FLAT) > EVEN_BORDER:
        photo, level = grey.astype(np.float32), tone
        difference = photo - level
        is_light = np.maximum(difference - FLAT, 0).sum() > np.maximum(-difference - FLAT, 0).sum()
    else:
        smooth = Image.fromarray(grey).filter(ImageFilter.MedianFilter(3))  # removes grain, which is single pixels
        is_light = np.median(grey) < NIGHT
        level = _paper(ImageOps.invert(smooth) if is_light else smooth)
        level = 255 - level if is_light else level
        photo = np.asarray(smooth, np.float32)
    # Relative to the light that the paper reflects, because a shadow dims paper and ink by the same factor.
    difference = (
        (photo - level) / np.maximum(255 - level, DIMMEST) if is_light else (level - photo) / np.maximum(level, DIMMEST)
    )
    difference = difference.clip(0, 1)
    threshold = _otsu(difference)
    if 2 * threshold < FAINTEST:
        return np.zeros_like(grey)
    ink: Ink = np.round(255 * np.clip((difference / threshold - 0.6) / 0.8, 0, 1)).astype(np.uint8)
    return ink


def _paper(photo: Image.Image) -> npt.NDArray[np.float32]:
    """Return how light the paper is at each place of a dark-on-light photo: (height, width), float32, 0..255."""
    scale = PAPER_SIDE / max(photo.size)
    width, height = (max(PAPER_WINDOW + 1, round(side * scale)) for side in photo.size)
    small = np.asarray(photo.resize((width, height), Image.Resampling.BOX), int)
    # Extrapolated beyond the edges, or a dark corner would look like a stroke.
    wide = np.pad(small, PAPER_WINDOW, mode="reflect", reflect_type="odd").clip(0, 255).astype(np.uint8)
    # A morphological closing: strokes, thinner than the window, disappear, while a gradient of light remains.
    closed = (
        Image.fromarray(wide).filter(ImageFilter.MaxFilter(PAPER_WINDOW)).filter(ImageFilter.MinFilter(PAPER_WINDOW))
    )
    smooth = closed.filter(ImageFilter.GaussianBlur(PAPER_WINDOW / 4))
    paper = smooth.crop((PAPER_WINDOW, PAPER_WINDOW, width + PAPER_WINDOW, height + PAPER_WINDOW))
    return np.asarray(paper.resize(photo.size, Image.Resampling.BICUBIC), np.float32)


def _otsu(values: npt.NDArray[np.floating[Any]]) -> float:
    """Return the threshold in 0..1 that maximises the variance between the numbers below and above it."""
    counts, edges = np.histogram(values, 128, (0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below, weight = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    apart = np.where(above > 0, weight / below.clip(1) - (weight[-1] - weight) / above.clip(1), 0)
    variance = below * above * apart**2
    best = np.flatnonzero(variance >= variance.max() * (1 - 1e-9))  # of equally good ones the middle
    return float(edges[1:][best].mean())
