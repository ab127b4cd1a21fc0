"""The trust boundary: whatever picture comes in, ink comes out, or a sentence that says why not.

Nothing is decoded before its size is known to be bearable, and only raster formats are.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, Image, ImageFilter, ImageOps, UnidentifiedImageError

from digit_widget.data_url import DATA_URL, MAX_BYTES
from digit_widget.errors import DigitWidgetError
from digit_widget.normalise import area_average

if TYPE_CHECKING:
    import numpy.typing as npt

    from digit_widget.normalise import Ink

    Picture = str | bytes | os.PathLike[str] | Image.Image | npt.ArrayLike

MAX_SIDE = 4096
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)  # two characters at least: C: is a drive
DARK = 128
CHANNELS = (1, 3, 4)
CLEAN = 0.5
"""Share of a picture that is pure white or pure black from which its paper is."""
FLAT = 12
"""Grey levels within which paper is of one tone."""
NIGHT = 90
"""Grey level under which a photo is of something light on something dark, as of a blackboard."""
PHOTO_SIDE = 1024
"""About what a larger photo's longer side is brought to, in pixels."""
PAPER_SIDE, PAPER_WINDOW = 72, 13
"""Pixels of the longer side, and of the window within which the lightest is paper: wider than any stroke."""
DIMMEST = 40
"""Light of the paper, of 255, under which grain would be made too large."""
FAINTEST = 0.12
"""By what share ink must be darker than its paper, at the least."""


class PictureError(DigitWidgetError):
    """A picture that cannot be used; the message says what came and what to do."""


def to_ink(picture: Picture) -> Ink:
    """Turn any picture into ink.

    Transparency is composited over white and colour turned grey. A light drawing on a dark ground, told by the border,
    is taken as it is; a dark one on a light ground is inverted. A photo, told by a border that is neither white nor
    black, is evened out first, and a large one made smaller: see `even_out`.

    Parameters
    ----------
    picture
        A data URL (``data:image/png;base64,...``), the bytes of an image file, its path, a PIL image, or an array (or
        tensor) of shape (height, width), (height, width, channels) or (channels, height, width) with 1, 3 or 4
        channels: whole numbers in 0..255, bool, or floats in 0..1.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), uint8, 0 = paper, 255 = full ink.

    Raises
    ------
    PictureError
        When it is not a picture, or over 2 MB or 4096 px a side.
    """
    match picture:
        case Image.Image() if picture.mode not in ("F", "I"):
            return _ink_of(_opened(picture))
        case str() if SCHEME.match(picture):
            return from_data_url(picture)
        case str() | os.PathLike():
            return _decode(_read(picture))
        case bytes() | bytearray() | memoryview():
            return _decode(bytes(picture))
        case _:
            return _ink_of(_from_array(picture))


def from_data_url(url: str, *, dark_on_light: bool = False) -> Ink:
    """Turn a data URL into ink; the only kind of text taken from a front end. See `to_ink`.

    With `dark_on_light` it is known to be so, as of the pad's own drawings, and need not be guessed.
    """
    if len(url) > MAX_BYTES * 4 // 3 + 64:
        raise PictureError(_too_many_bytes(len(url) * 3 // 4))
    start = DATA_URL.match(url)
    if start is None:
        found = url[:32].split(",", maxsplit=1)[0]
        message = f"Expected a picture as data:image/png;base64,… but this begins with {found!r}."
        raise PictureError(message)
    try:
        raw = base64.b64decode(url[start.end() :], validate=True)
    except (binascii.Error, ValueError):
        message = "The picture's data URL is not valid base64: it was cut or changed on its way. Send it again."
        raise PictureError(message) from None
    return _decode(raw, dark_on_light=dark_on_light)


def shrink(ink: Ink, side: int) -> Ink:
    """Return ink whose longer side is at most `side` pixels, the aspect kept."""
    scale = side / max(ink.shape)
    return ink if scale >= 1 else area_average(ink, *(max(1, round(n * scale)) for n in ink.shape))


def to_data_url(ink: Ink) -> str:
    """Return ink as a PNG data URL, black on white.

    Parameters
    ----------
    ink
        Shape (height, width), uint8, 0 = paper, 255 = full ink.
    """
    file = io.BytesIO()
    Image.fromarray(255 - ink).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _read(path: str | os.PathLike[str]) -> bytes:
    shown = os.fspath(path)[:80]
    try:
        size = Path(path).stat().st_size
        if size > MAX_BYTES:
            raise PictureError(_too_many_bytes(size))
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        message = f"No picture could be read from the file {shown!r}: {reason}."
        raise PictureError(message) from None


def _decode(raw: bytes, *, dark_on_light: bool = False) -> Ink:
    if len(raw) > MAX_BYTES:
        raise PictureError(_too_many_bytes(len(raw)))
    try:
        image = Image.open(io.BytesIO(raw), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_too_many_pixels()) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        kind = "SVG, which is drawn by code," if b"<svg" in raw[:1000] else "not an image that can be read"
        message = f"The picture is {kind if raw else 'empty'}; send a PNG, JPEG, WebP, GIF or BMP."
        raise PictureError(message) from None
    return _ink_of(_opened(image), dark_on_light=dark_on_light)


def _opened(image: Image.Image) -> Image.Image:
    """Return the image's first frame, upright and grey over white, once its size is known to be bearable."""
    if max(image.size) > MAX_SIDE:
        raise PictureError(_too_many_pixels(*image.size))
    if min(image.size) == 0:
        message = "The picture is empty: it has no pixels."
        raise PictureError(message)
    try:
        image.load()
        if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:  # without the question it costs a copy
            image = ImageOps.exif_transpose(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        elif image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return image if image.mode == "L" else image.convert("L")
    except Exception as error:  # whatever a decoder makes of hostile bytes, it is one thing to the person
        message = "The picture is cut short or damaged; send it again."
        raise PictureError(message) from error


def _from_array(picture: Any) -> Image.Image:  # noqa: ANN401 - anything numpy can look at
    try:
        array = np.asarray(picture)
    except Exception as error:
        message = f"A {type(picture).__name__} cannot be read as an array: {error}."
        raise PictureError(message) from error
    if array.dtype.kind not in "buif":
        message = (
            f"A {type(picture).__name__} is not a picture; give a data URL, bytes, a path, a PIL image or an array."
        )
        raise PictureError(message)
    array = _channels_last(array)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        array = _scaled(array)
    return _opened(Image.fromarray(array))


def _channels_last(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return (height, width) or (height, width, 3 or 4), small enough to go on with."""
    if array.ndim == 3:  # noqa: PLR2004 - an axis of channels
        if array.shape[-1] not in CHANNELS and array.shape[0] in CHANNELS:
            array = np.moveaxis(array, 0, -1)
        if array.shape[-1] == 1:
            array = array[..., 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in CHANNELS)):  # noqa: PLR2004
        message = (
            f"An array of shape {array.shape} is not one picture; give (height, width), "
            "(height, width, channels) or (channels, height, width)."
        )
        raise PictureError(message)
    if array.size == 0:
        message = "The picture is empty: it has no pixels."
        raise PictureError(message)
    if max(array.shape) > MAX_SIDE:
        raise PictureError(_too_many_pixels(array.shape[1], array.shape[0]))
    return array


def _scaled(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    low, high = array.min(), array.max()
    top = 1 if array.dtype.kind == "f" else 255
    if not (low >= 0 and high <= top):  # false for NaN too
        message = f"An array of {array.dtype} must lie in 0..{top}; this one goes from {low} to {high}."
        raise PictureError(message)
    return np.round(array * (255 // top)).astype(np.uint8)


def _ink_of(image: Image.Image, *, dark_on_light: bool = False) -> Ink:
    grey = np.asarray(image)
    if dark_on_light:
        return 255 - grey
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.mean((grey == 0) | (grey == 255)) < CLEAN:  # noqa: PLR2004 - black and white
        return even_out(np.asarray(image.reduce(max(1, max(grey.shape) // PHOTO_SIDE))))
    # Both, so that a frame drawn along the edges of a white sheet is still dark on light.
    light_on_dark = np.mean(border < DARK) > 0.5 and np.mean(grey < DARK) > 0.5  # noqa: PLR2004
    return grey.copy() if light_on_dark else 255 - grey


def even_out(grey: npt.NDArray[np.uint8]) -> Ink:
    """Take the ink out of a photo, a screenshot or a scan: paper of any colour, uneven light, grain.

    Paper of one tone is that of the border, and ink what differs from it the more, lighter or darker. In uneven light
    the paper is the picture without what is thinner than a sixth of it; it is taken for the lighter of the two unless
    all is dark. Where the two kinds part best [1]_ is the middle of a stroke's edge.

    Parameters
    ----------
    grey
        Shape (height, width), uint8, 0 = black, 255 = white.

    Returns
    -------
    numpy.ndarray
        The same shape, uint8, 0 = paper, 255 = full ink; all zero when nothing stands out.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9, 1979.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    tone = float(np.median(border))
    level: npt.NDArray[np.float32] | float
    if np.mean(np.abs(border - tone) < FLAT) > 0.75:  # noqa: PLR2004 - all but where a stroke or a bar meets the edge
        photo, level = grey.astype(np.float32), tone
        difference = photo - level
        is_light = np.maximum(difference - FLAT, 0).sum() > np.maximum(-difference - FLAT, 0).sum()
    else:
        smooth = Image.fromarray(grey).filter(ImageFilter.MedianFilter(3))  # grain is single pixels
        is_light = np.median(grey) < NIGHT
        level = _paper(ImageOps.invert(smooth) if is_light else smooth)
        level = 255 - level if is_light else level
        photo = np.asarray(smooth, np.float32)
    # In shares of the light that the paper gives back: a shadow takes the same share from paper and ink.
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
    """Return the light that the paper gives back at each place of a dark-on-light photo, (height, width), 0..255."""
    scale = PAPER_SIDE / max(photo.size)
    width, height = (max(PAPER_WINDOW + 1, round(side * scale)) for side in photo.size)
    small = np.asarray(photo.resize((width, height), Image.Resampling.BOX), int)
    # Continued over the edge, or a dark corner would be taken for a stroke.
    wide = np.pad(small, PAPER_WINDOW, mode="reflect", reflect_type="odd").clip(0, 255).astype(np.uint8)
    # Closed, first the lightest and then the darkest of that: what is thinner than the window goes, a slope stays.
    closed = (
        Image.fromarray(wide).filter(ImageFilter.MaxFilter(PAPER_WINDOW)).filter(ImageFilter.MinFilter(PAPER_WINDOW))
    )
    smooth = closed.filter(ImageFilter.GaussianBlur(PAPER_WINDOW / 4))
    paper = smooth.crop((PAPER_WINDOW, PAPER_WINDOW, width + PAPER_WINDOW, height + PAPER_WINDOW))
    return np.asarray(paper.resize(photo.size, Image.Resampling.BICUBIC), np.float32)


def _otsu(values: npt.NDArray[np.floating[Any]]) -> float:
    """Return where numbers in 0..1 part best into two kinds: the greatest variance between them."""
    counts, edges = np.histogram(values, 128, (0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below, weight = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    apart = np.where(above > 0, weight / below.clip(1) - (weight[-1] - weight) / above.clip(1), 0)
    variance = below * above * apart**2
    best = np.flatnonzero(variance >= variance.max() * (1 - 1e-9))  # anywhere between two clean tones: in the middle
    return float(edges[1:][best].mean())


def _too_many_bytes(size: int) -> str:
    return f"The picture is too large: {size / 1e6:.1f} MB, at most {MAX_BYTES / 1e6:.0f} MB. Make it smaller."


def _too_many_pixels(width: int | None = None, height: int | None = None) -> str:
    found = f"{width} × {height} px" if width else "too many pixels to open"
    return f"The picture is too large: {found}, at most {MAX_SIDE} px a side. Make it smaller."
