"""Whatever picture comes in, ink comes out, or a sentence that says why not."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawings import digit_ink
from PIL import Image, ImageFilter, ImageOps

from digit_widget import DigitWidget, predict
from digit_widget.normalise import normalise
from digit_widget.picture import MAX_BYTES, PictureError, data_url, from_data_url, shrink, to_data_url, to_ink
from digit_widget.strokes import checked, rasterise

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def ink() -> np.ndarray:
    """Return a seven, off the middle."""
    return digit_ink(7, at=(0.4, 0.45))


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the bytes of an image file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def as_url(raw: bytes, kind: str = "png") -> str:
    """Return bytes as a data URL."""
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode()}"


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that says it is so large and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_every_way_in_gives_the_same_ink(ink: np.ndarray, tmp_path: Path) -> None:
    """Data URL, bytes, path, PIL image and arrays of every kind agree to the byte."""
    paper = 255 - ink
    image = Image.fromarray(paper)
    raw = encode(image)
    path = tmp_path / "seven.png"
    path.write_bytes(raw)
    ways = {
        "data URL": as_url(raw),
        "bytes": raw,
        "bytearray": bytearray(raw),
        "memoryview": memoryview(raw),
        "path": path,
        "path as text": str(path),
        "PIL": image,
        "PIL in colour": image.convert("RGB"),
        "PIL with a palette": image.convert("P"),
        "PIL of floats": Image.fromarray((paper / 255).astype(np.float32)),
        "PIL of 32-bit integers": image.convert("I"),
        "uint8": paper,
        "int64": paper.astype(np.int64),
        "float": paper / 255,
        "float32": (paper / 255).astype(np.float32),
        "channel last": paper[..., None],
        "colour": np.stack([paper] * 3, -1),
        "channel first": np.stack([paper] * 3),
        "one channel first": paper[None],
        "light on dark": ink,
    }
    for name, way in ways.items():
        assert np.array_equal(to_ink(way), ink), name


def test_a_torch_tensor_is_an_array(ink: np.ndarray) -> None:
    """A tensor as torchvision gives it, (1, height, width) in 0..1, light on dark, is read."""
    import torch

    assert np.array_equal(to_ink(torch.from_numpy(ink.copy())[None].float() / 255), ink)
    with pytest.raises(PictureError, match="Tensor could not be converted"):
        to_ink(torch.zeros(28, 28, requires_grad=True))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP"])
def test_other_formats(ink: np.ndarray, kind: str) -> None:
    """The other raster formats are read, in bytes and as data URLs."""
    raw = encode(Image.fromarray(255 - ink), kind)
    for found in (to_ink(raw), to_ink(as_url(raw, kind.lower()))):
        assert np.abs(found.astype(int) - ink).mean() < 2


def test_transparent_is_white(ink: np.ndarray) -> None:
    """Black ink on a canvas that was never painted, transparent black, is ink on white."""
    rgba = np.zeros((*ink.shape, 4), np.uint8)
    rgba[..., 3] = ink
    assert np.array_equal(to_ink(rgba), ink)
    assert np.array_equal(to_ink(Image.fromarray(rgba)), ink)
    assert not to_ink(np.zeros((50, 50, 4), np.uint8)).any()


def test_an_opaque_picture_is_what_it_is_without_its_alpha_channel() -> None:
    """So browsers send what is on a pad; a single pixel that is not opaque makes it one to be laid on white."""
    colours = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    rgba = np.dstack([colours, np.full((40, 50), 255, np.uint8)])
    expected = from_data_url(data_url(colours), dark_on_light=True)
    assert np.array_equal(from_data_url(data_url(rgba), dark_on_light=True), expected)
    rgba[20, 30] = (0, 0, 0, 0)
    found = from_data_url(data_url(rgba), dark_on_light=True)
    assert found[20, 30] == 0
    expected[20, 30] = 0
    assert np.array_equal(found, expected)


def test_sixteen_bits(ink: np.ndarray) -> None:
    """A 16-bit scan keeps its greys."""
    scan = Image.fromarray((255 - ink).astype(np.uint16) * 257)
    assert np.array_equal(to_ink(encode(scan)), ink)


def test_a_photo_is_read_upright(ink: np.ndarray) -> None:
    """A camera's turn, in the EXIF data, is undone."""
    exif = Image.Exif()
    exif[0x0112] = 6
    raw = encode(Image.fromarray(255 - ink).rotate(90), "PNG", exif=exif)
    assert np.array_equal(to_ink(raw), ink)


def test_light_on_dark_is_told_by_border_and_area(ink: np.ndarray) -> None:
    """A blackboard is not inverted; a frame drawn along the edges of white paper is still ink."""
    assert np.array_equal(to_ink(Image.fromarray(ink)), ink)
    framed = np.full((100, 100), 255, np.uint8)
    framed[:10] = framed[-10:] = framed[:, :10] = framed[:, -10:] = 0
    assert np.array_equal(to_ink(framed), 255 - framed)


def test_the_pad_s_own_picture_is_never_inverted() -> None:
    """A pad painted nearly black is ink on paper all the same: that it is dark on light is known."""
    ink = np.full((280, 280), 255, np.uint8)
    ink[100:180, 130:150] = 0
    assert np.array_equal(from_data_url(to_data_url(ink), dark_on_light=True), ink)
    assert not np.array_equal(from_data_url(to_data_url(ink)), ink)


def test_a_pad_painted_nearly_black_is_given_to_the_model_as_ink() -> None:
    """A model gets what the pad's strokes draw, however dark: no drawing of the pad's is taken for a blackboard's."""
    given: list[np.ndarray] = []
    pad = DigitWidget(model=lambda picture: given.append(np.asarray(picture)) or 3)
    strokes = checked([[[x, 0], [x, 280]] for bar in (0, 105, 210) for x in range(bar, bar + 71, 10)])
    ink = rasterise(strokes)
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    assert min(np.mean(border > 128), np.mean(ink > 128)) > 0.5
    pad.strokes = strokes
    assert pad.prediction == 3
    assert np.array_equal(given[-1], normalise(ink))
    assert not np.array_equal(normalise(ink), normalise(255 - ink))
    pad.close()


def test_data_url_and_back(ink: np.ndarray) -> None:
    """What Python sends to the pad is what it would read from it."""
    assert np.array_equal(from_data_url(to_data_url(ink)), ink)


def test_any_pixels_as_a_data_url(ink: np.ndarray) -> None:
    """Grey, RGB and RGBA pixels become a PNG that has exactly these pixels."""
    for pixels in (ink, np.stack([ink, 255 - ink, ink // 2], -1), np.stack([ink, ink, 255 - ink, ink], -1)):
        url = data_url(pixels)
        assert url.startswith("data:image/png;base64,")
        with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
            assert np.array_equal(np.asarray(image), pixels)


def test_shrink_keeps_the_aspect() -> None:
    """A large picture fits the pad, a small one is left alone."""
    assert shrink(np.zeros((1000, 500), np.uint8), 280).shape == (280, 140)
    assert shrink(np.zeros((1000, 1), np.uint8), 280).shape == (280, 1)
    assert shrink(np.zeros((28, 28), np.uint8), 280).shape == (28, 28)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        ("data:text/html,<script>alert(1)</script>", r"begins with 'data:text/html'"),
        ("data:text/html;base64,PGI+", "data:text/html"),
        ("javascript:alert(1)", "javascript:alert"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("http://localhost/seven.png", "begins with 'http:"),
        ("data:image/svg+xml;base64," + base64.b64encode(SVG).decode(), "svg"),
        ("data:image/png;base64,not base64!", "not valid base64"),
        ("data:image/png;base64,é", "not valid base64"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png;base64," + base64.b64encode(b"hello").decode(), "not an image that can be read"),
        ("data:image/png;base64," + "A" * (MAX_BYTES * 2), "too large: it has 3.0 MB, and at most 2 MB"),
        (SVG, "SVG"),
        (b"", "empty"),
        (b"hello", "not an image"),
        (b"\0" * (MAX_BYTES + 1), "at most 2 MB"),
        (encode(Image.new("L", (100, 100)))[:60], "cut short or damaged"),
        (encode(Image.new("L", (100, 100)), "BMP")[:-999], "cut short or damaged"),
        (encode(Image.effect_noise((100, 100), 99), "JPEG")[:-999], "cut short or damaged"),
        (png_header(4097, 10), "4097 × 10 pixels, and at most 4096"),
        (png_header(10_000, 10_000), "too large"),
        (png_header(100_000, 100_000), "it has too many pixels"),
        (png_header(4000, 4000), "cut short or damaged"),
        ("no/such/file.png", "No such file"),
        (".", "The picture file .* could not be read"),
        ("a" * 5000, "The picture file .* could not be read"),
        ("nul\0byte", "The picture file .* could not be read"),
        (np.zeros((0, 5), np.uint8), "no pixels"),
        (np.zeros((5, 5, 5), np.uint8), r"but got \(5, 5, 5\)"),
        (np.zeros(784, np.uint8), r"but got \(784,\)"),
        (np.zeros((2, 5000), np.uint8), "5000 × 2 pixels"),
        (np.full((5, 5), 200.0), "from 0 to 1 .* range from 200"),
        (np.full((5, 5), -1), "from 0 to 255"),
        (np.full((5, 5), np.nan), "range from nan"),
        (None, "Expected a picture but got a NoneType"),
        (3, "shape"),
        ({"a": 1}, "Expected a picture but got a dict"),
        (Image.new("L", (5000, 10)), "5000 × 10 pixels"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(picture: object, says: str) -> None:
    """Every refusal is one sentence that names what came, and every one is a PictureError."""
    with pytest.raises(PictureError, match=says) as refusal:
        to_ink(picture)
    assert len(str(refusal.value)) < 250


def test_a_front_end_cannot_name_a_file(tmp_path: Path) -> None:
    """Text from a front end is a data URL or nothing: no path of this machine is opened for it."""
    path = tmp_path / "seven.png"
    path.write_bytes(encode(Image.new("L", (28, 28))))
    with pytest.raises(PictureError, match="Expected a picture as data:"):
        from_data_url(str(path))


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    """A file over the limit is refused by its size, unread."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(10**10)  # sparse: reading it would take long and 10 GB
    with pytest.raises(PictureError, match=r"10000\.0 MB, and at most 2 MB"):
        to_ink(path)


def photo(digit: int, pen_width: float, shadow: float, *, seed: int = 0) -> Image.Image:
    """Return a digit in blue ink as a camera would see it: yellowish paper, light from one side, grain, soft edges."""
    rng = np.random.default_rng((seed, digit))
    height, width = 450, 600
    sheet = Image.new("L", (width, height))
    sheet.paste(Image.fromarray(digit_ink(digit, 0.45, (0.45, 0.55), pen_width)).resize((height, height)), (75, 0))
    ink = np.asarray(sheet.filter(ImageFilter.GaussianBlur(1.2)))[..., None] / 255
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - shadow * (x * np.cos(angle) + y * np.sin(angle) + 0.5) - 0.15 * (x**2 + y**2)
    colour = np.array([0.92, 0.88, 0.8]) * (1 - ink) + np.array([0.15, 0.18, 0.4]) * ink
    taken = 255 * colour * light[..., None] + rng.normal(0, 6, (height, width, 3))
    return Image.fromarray(taken.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize(("pen_width", "shadow"), [(5, 0.6), (8, 0.45), (14, 0.6)])
def test_a_photo_is_evened_out(digit: int, pen_width: float, shadow: float) -> None:
    """Uneven light, grey paper and grain go: the paper is white, the digit stands and is answered right."""
    ink = to_ink(photo(digit, pen_width, shadow))
    assert np.mean(ink == 0) > 0.8
    assert not any(edge.any() for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))
    assert predict(photo(digit, pen_width, shadow)).prediction == digit


def test_a_photo_of_a_blackboard() -> None:
    """Light on dark is told by the border, in a photo too."""
    assert predict(ImageOps.invert(photo(4, 10, 0.3))).prediction == 4


def test_a_photo_of_empty_paper_is_blank() -> None:
    """Shadow and grain alone are no ink."""
    rng = np.random.default_rng(0)
    paper = 210 - np.linspace(0, 90, 600) + rng.normal(0, 6, (450, 600))
    assert not to_ink(paper.clip(0, 255).astype(np.uint8)).any()


@pytest.mark.parametrize(
    ("ink", "paper"),
    [(0, 240), (0, 200), (190, 250), (180, 240), (80, 30), (255, 30), (255, 150), (0, 120), (30, 110), (140, 190)],
)
@pytest.mark.parametrize("soft", [True, False], ids=["soft", "hard"])
def test_paper_of_any_tone(ink: int, paper: int, *, soft: bool) -> None:
    """A screenshot in any two greys, with soft edges or hard ones, is black on white."""
    shares = [digit_ink(digit) / 255 if soft else (digit_ink(digit) > 127) * 1.0 for digit in (2, 3, 7, 8)]
    answers = predict([np.round(paper + (ink - paper) * share).astype(np.uint8) for share in shares])
    assert [answer.prediction for answer in answers] == [2, 3, 7, 8]


@pytest.mark.parametrize("colour", [(220, 30, 30), (30, 90, 200), (250, 180, 60)], ids=["red", "blue", "orange"])
def test_paper_of_any_colour(colour: tuple[int, int, int]) -> None:
    """Black or white on a coloured ground is told by what differs from it."""
    share = digit_ink(5)[..., None] / 255
    for ink in (0, 255):
        picture = np.round(np.array(colour) * (1 - share) + ink * share).astype(np.uint8)
        assert predict(picture).prediction == 5, ink


@pytest.mark.parametrize("side", [28, 40, 60])
def test_small_pictures_on_grey(side: int) -> None:
    """A picture of few pixels is evened out as a large one is."""
    small = Image.fromarray(240 - (digit_ink(3, 0.8) * 0.9).astype(np.uint8)).resize((side, side))
    assert predict(small).prediction == 3


def test_off_white_paper_in_a_white_frame() -> None:
    """The paper's tone is that of most of it, wherever pure white is."""
    sheet = np.full((280, 280), 240, np.uint8) - (digit_ink(6) * 0.8).astype(np.uint8)
    assert predict(np.pad(sheet, 6, constant_values=255)).prediction == 6
