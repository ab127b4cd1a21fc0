"""The trust boundary: any picture becomes ink, or an error whose message says why it cannot.

Sizes are checked before anything is decoded, and only raster formats are accepted.
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
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from digit_widget.data_url import DATA_URL, MAX_BYTES, png_url
from digit_widget.errors import DigitWidgetError, a
from digit_widget.normalise import area_average
from digit_widget.photo import even_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from digit_widget.normalise import Ink

    Picture = str | bytes | os.PathLike[str] | Image.Image | npt.ArrayLike

MAX_SIDE = 4096
"""Largest side of a picture, in pixels."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The only formats that Pillow may try."""
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
"""How a URL begins; at least two letters before the colon, because "C:" is a drive."""
DARK = 128
"""Grey levels below this, of 255, are dark."""
CHANNELS = (1, 3, 4)
"""How many channels an array may have: grey, RGB or RGBA."""
CLEAN = 0.5
"""Share of pixels that are pure white or pure black from which on a picture is not a photo."""
PHOTO_SIDE = 1024
"""About the longer side, in pixels, that a larger photo is reduced to."""


class PictureError(DigitWidgetError):
    """A picture cannot be used; the message says what was given and what to do."""


def to_ink(picture: Picture) -> Ink:
    """Convert any picture to ink.

    Transparent pixels are composited over white, and colours converted to grey. If most of the border and of the
    picture is dark, the drawing is light on dark, and is not inverted; otherwise it is. A picture in which less than
    half of the pixels are pure black or white is a photo: see `digit_widget.photo.even_out`.

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
        If it is not a picture, or is larger than 2 MB or 4096 px a side.

    Examples
    --------
    >>> import numpy as np
    >>> paper = np.full((3, 3), 255, np.uint8)
    >>> paper[1, 1] = 0
    >>> to_ink(paper)
    array([[  0,   0,   0],
           [  0, 255,   0],
           [  0,   0,   0]], dtype=uint8)
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


def to_inks(pictures: list[Picture]) -> Iterator[Ink]:
    """Convert pictures one by one, as `to_ink` does; an error's message says which one it is about."""
    for index, picture in enumerate(pictures):
        try:
            yield to_ink(picture)
        except PictureError as error:
            message = f"Picture {index} of the list: {error}"
            raise PictureError(message) from error


def from_data_url(url: str, *, dark_on_light: bool = False) -> Ink:
    """Convert a data URL to ink: the only kind of text that is accepted from a front end.

    Parameters
    ----------
    url
        ``data:image/png;base64,...``, or the same of another raster format.
    dark_on_light
        Whether the drawing is known to be dark on light, as those of the pad are. Otherwise `to_ink` describes how that
        is decided.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), uint8, 0 = paper, 255 = full ink.

    Raises
    ------
    PictureError
        If it is not such a URL, or the picture in it cannot be used.
    """
    if len(url) > MAX_BYTES * 4 // 3 + 64:
        raise PictureError(_too_many_bytes(len(url) * 3 // 4))
    start = DATA_URL.match(url)
    if start is None:
        found = url[:32].split(",", maxsplit=1)[0]
        message = f"Expected a picture as data:image/png;base64,… but this text begins with {found!r}."
        raise PictureError(message)
    try:
        raw = base64.b64decode(url[start.end() :], validate=True)
    except (binascii.Error, ValueError):
        message = "The picture's data URL is not valid base64. It may have been cut off; send it again."
        raise PictureError(message) from None
    return _decode(raw, dark_on_light=dark_on_light)


def shrink(ink: Ink, side: int) -> Ink:
    """Reduce ink so that its longer side is at most `side` pixels; the aspect ratio is kept."""
    scale = side / max(ink.shape)
    return ink if scale >= 1 else area_average(ink, *(max(1, round(n * scale)) for n in ink.shape))


def to_data_url(ink: Ink) -> str:
    """Return ink as a PNG data URL, black on white.

    Parameters
    ----------
    ink
        Shape (height, width), uint8, 0 = paper, 255 = full ink.
    """
    return data_url(255 - ink)


def data_url(pixels: npt.NDArray[np.uint8]) -> str:
    """Return pixels as a PNG data URL.

    Parameters
    ----------
    pixels
        Shape (height, width), or (height, width, channels) with 3 or 4 channels (RGB or RGBA); uint8.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)  # twice as fast, and hardly larger
    return png_url(file.getvalue())


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
        message = f"The picture file {shown!r} could not be read: {reason}."
        raise PictureError(message) from None


def _decode(raw: bytes, *, dark_on_light: bool = False) -> Ink:
    if len(raw) > MAX_BYTES:
        raise PictureError(_too_many_bytes(len(raw)))
    try:
        image = Image.open(io.BytesIO(raw), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_too_many_pixels()) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        kind = "an SVG, which cannot be read" if b"<svg" in raw[:1000] else "not an image that can be read"
        message = f"The picture is {kind if raw else 'empty'}. Send a PNG, JPEG, WebP, GIF or BMP."
        raise PictureError(message) from None
    return _ink_of(_opened(image), dark_on_light=dark_on_light)


def _opened(image: Image.Image) -> Image.Image:
    """Return the image's first frame, upright, in grey over white, if it is not too large."""
    if max(image.size) > MAX_SIDE:
        raise PictureError(_too_many_pixels(*image.size))
    if min(image.size) == 0:
        message = "The picture is empty: it has no pixels."
        raise PictureError(message)
    try:
        image.load()
        if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:  # transposing always copies
            image = ImageOps.exif_transpose(image)
        if image.has_transparency_data and not _is_opaque(image):
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        elif image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return image if image.mode == "L" else image.convert("L")
    except Exception as error:  # decoders raise all kinds of exceptions for hostile bytes
        message = "The picture is cut short or damaged. Send it again."
        raise PictureError(message) from error


def _is_opaque(image: Image.Image) -> bool:
    """Return whether a picture has an alpha channel that is full everywhere, as a browser writes that of a pad."""
    return image.mode == "RGBA" and bool((np.asarray(image)[..., 3] == 255).all())  # noqa: PLR2004 - full


def _from_array(picture: Any) -> Image.Image:  # noqa: ANN401 - anything numpy can look at
    try:
        array = np.asarray(picture)
    except Exception as error:
        message = f"The {type(picture).__name__} could not be converted to an array: {error}."
        raise PictureError(message) from error
    if array.dtype.kind not in "buif":
        message = f"Expected a picture but got {a(picture)}. Pass a data URL, bytes, a path, a PIL image or an array."
        raise PictureError(message)
    array = _channels_last(array)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        array = _scaled(array)
    return _opened(Image.fromarray(array))


def _channels_last(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return (height, width), or (height, width, channels) with 3 or 4 channels, if it is not too large."""
    if array.ndim == 3:  # noqa: PLR2004 - an axis of channels
        if array.shape[-1] not in CHANNELS and array.shape[0] in CHANNELS:
            array = np.moveaxis(array, 0, -1)
        if array.shape[-1] == 1:
            array = array[..., 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in CHANNELS)):  # noqa: PLR2004
        message = (
            f"Expected an array of shape (height, width), (height, width, channels) or (channels, height, width), with "
            f"1, 3 or 4 channels, but got {array.shape}."
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
        message = f"Expected values from 0 to {top} in an array of {array.dtype}, but they range from {low} to {high}."
        raise PictureError(message)
    return np.round(array * (255 // top)).astype(np.uint8)


def _ink_of(image: Image.Image, *, dark_on_light: bool = False) -> Ink:
    grey = np.asarray(image)
    if dark_on_light:
        return 255 - grey
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.mean((grey == 0) | (grey == 255)) < CLEAN:  # noqa: PLR2004 - black and white
        return even_out(np.asarray(image.reduce(max(1, max(grey.shape) // PHOTO_SIDE))))
    # Not the border alone: a frame drawn along the edges of a white sheet is dark on light.
    light_on_dark = np.mean(border < DARK) > 0.5 and np.mean(grey < DARK) > 0.5  # noqa: PLR2004
    return grey.copy() if light_on_dark else 255 - grey


def _too_many_bytes(size: int) -> str:
    return f"The picture is too large: it has {size / 1e6:.1f} MB, and at most {MAX_BYTES / 1e6:.0f} MB can be used."


def _too_many_pixels(width: int | None = None, height: int | None = None) -> str:
    found = f"{width} × {height}" if width else "too many"
    return f"The picture is too large: it has {found} pixels, and at most {MAX_SIDE} × {MAX_SIDE} can be used."
