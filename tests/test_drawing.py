"""A drawing is one value, whoever made it, and what a front end calls a drawing is checked before it is one."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes
from PIL import Image
from test_imports import HEAVY, loaded_after

from digit_widget import drawing, picture
from digit_widget.drawing import BLANK, Drawing, DrawingError
from digit_widget.picture import PictureError, from_data_url, to_data_url
from digit_widget.strokes import PAD_SIZE, StrokesError, checked

LIMIT = 2 * drawing.MAX_BYTES
PNG = "data:image/png;base64,"


def received(**state: object) -> Drawing:
    """Return what comes of a front end's drawing of a 3, of which something is otherwise."""
    good = {"picture": to_data_url(digit_ink(3)), "background": "", "strokes": digit_strokes(3)}
    return Drawing.received(good | state)


def test_a_drawing_loads_nothing_heavy() -> None:
    """A drawing is taken from a front end before numpy and PIL are there: a notebook's first cell must not wait."""
    state = {"picture": PNG, "background": PNG, "strokes": [[[1, 2]]]}
    statement = f"from digit_widget.drawing import Drawing; Drawing.received({state!r}); Drawing.of_strokes([])"
    assert loaded_after(statement + "; Drawing.of_picture('')") & HEAVY == set()


def test_a_drawing_never_changes() -> None:
    """Nothing of it can be set, so that it may be handed to any thread."""
    for name in ("strokes", "background", "picture"):
        with pytest.raises(FrozenInstanceError):
            setattr(BLANK, name, "x")


def test_drawings_are_values() -> None:
    """The same strokes are the same drawing, others another; and a drawing can be in a set."""
    three = Drawing.of_strokes(digit_strokes(3))
    assert three == Drawing.of_strokes(digit_strokes(3)) != Drawing.of_strokes(digit_strokes(4))
    assert len({three, Drawing.of_strokes(digit_strokes(3)), BLANK}) == 2


def test_a_drawing_shows_in_a_line_without_its_pictures() -> None:
    """A traceback with a drawing in it stays readable."""
    assert "base64" not in repr(Drawing.of_picture(to_data_url(digit_ink(3))))


@pytest.mark.parametrize("blank", [BLANK, Drawing.of_strokes([]), Drawing.of_strokes([[]]), Drawing.of_picture("")])
def test_nothing_drawn_is_blank(blank: Drawing) -> None:
    """No strokes and no picture are the blank drawing, about which nothing can be asked."""
    assert blank == BLANK
    assert blank.is_blank
    assert (blank.strokes, blank.background, blank.picture) == ([], "", "")
    with pytest.raises(PictureError):
        blank.ink()


def test_strokes_from_python_are_checked_and_drawn() -> None:
    """Points may be x and y alone; the picture is that of the strokes, pixel for pixel."""
    made = Drawing.of_strokes([[point[:2] for point in stroke] for stroke in digit_strokes(5)])
    assert made.strokes == digit_strokes(5)
    assert not made.is_blank
    assert made.background == ""
    assert np.array_equal(made.ink(), digit_ink(5))
    assert np.array_equal(from_data_url(made.picture), digit_ink(5))


def test_strokes_from_python_that_cannot_be_drawn_are_refused() -> None:
    """The sentence is that of the strokes."""
    with pytest.raises(StrokesError, match=r"\[x, y, t, pressure\]"):
        Drawing.of_strokes([[[1, math.nan]]])


def test_a_picture_from_python_lies_under_the_pad_and_is_asked_about_as_it_came() -> None:
    """The background is dark on light and no larger than the pad; the picture is the one given, to the letter."""
    large = Image.fromarray(digit_ink(9)).resize((1200, 600))
    url = to_data_url(255 - np.asarray(large))
    made = Drawing.of_picture(url)
    assert (made.picture, made.strokes, made.is_blank) == (url, [], False)
    assert from_data_url(made.background).shape == (PAD_SIZE // 2, PAD_SIZE)
    assert from_data_url(made.background).mean() < 128
    assert made.ink().shape == (600, 1200)


@pytest.mark.parametrize("url", ["x", PNG + "AAAA", "javascript:alert(1)", PNG + "A" * 3_000_000])
def test_a_picture_that_cannot_be_read_is_a_drawing_all_the_same(url: str) -> None:
    """It is kept with nothing under the pad, and asking about it says what is wrong."""
    made = Drawing.of_picture(url)
    assert (made.picture, made.background, made.is_blank) == (url, "", False)
    with pytest.raises(PictureError):
        made.ink()


def test_only_what_the_pad_alone_has_drawn_is_known_to_be_dark_on_light() -> None:
    """A pad inked over, border and all, is still ink on paper; a picture, or strokes on one, must be looked at."""
    full = to_data_url(np.full((28, 28), 255, np.uint8))
    strokes = checked([[[1, 2]]])
    assert Drawing(strokes, picture=full).ink().min() == 255
    assert Drawing(strokes, background=full, picture=full).ink().max() == 0
    assert Drawing(picture=full).ink().max() == 0


def test_drawings_that_read_the_same_have_the_same_ink() -> None:
    """What is asked about is the picture and whether it is known to be dark on light, and nothing else."""
    url = to_data_url(digit_ink(3))
    one, two = Drawing(checked([[[1, 2]]]), picture=url), Drawing(checked([[[3, 4]]]), picture=url)
    assert one != two
    assert one.content == two.content
    assert Drawing(one.strokes, background=url, picture=url).content != one.content != Drawing(picture=url).content
    assert Drawing(one.strokes, picture=to_data_url(digit_ink(4))).content != one.content


def test_a_drawing_from_a_front_end_arrives_whole() -> None:
    """Picture, background and strokes are taken as they came, points completed, and what else came is ignored."""
    url = to_data_url(digit_ink(3))
    made = received(background=PNG.upper() + "x", picture=url, strokes=[[[1, 2]]], number=3, _esm="alert(1)")
    assert made == Drawing([[[1, 2, 0, 0.5]]], PNG.upper() + "x", url)
    assert np.array_equal(received().ink(), digit_ink(3))
    assert received(picture="", strokes=[]) == BLANK


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"picture": 5}, "picture must be a string, not an int"),
        ({"picture": None}, "picture must be a string, not a NoneType"),
        ({"picture": b"x"}, "picture must be a string"),
        ({"picture": "x" * (LIMIT + 1)}, "picture is too long: 4000001 characters"),
        ({"background": []}, "background must be a string, not a list"),
        ({"background": "javascript:alert(1)"}, "must be a data URL"),
        ({"background": "data:image/svg+xml;base64,AAAA"}, "must be a data URL"),
        ({"background": " " + PNG}, "must be a data URL"),
        ({"background": PNG + "A" * (LIMIT + 1 - len(PNG))}, "background is too long"),
        ({"strokes": "x"}, "strokes must be a list of strokes, not a str"),
        ({"strokes": {}}, "strokes must be a list of strokes, not a dict"),
        ({"strokes": None}, "strokes must be a list of strokes, not a NoneType"),
        ({"strokes": ["x"]}, r"Expected strokes as lists of points"),
        ({"strokes": [[["a"]]]}, "Expected strokes as lists of points"),
        ({"strokes": [[[10**400, 1, 1, 1]]]}, "Expected strokes as lists of points"),
        ({"strokes": [[[1, 1, 1, 1]] * 60_000]}, "too long: it has more than 50,000 points"),
        ({"picture": ""}, "no picture made of them"),
        ({"picture": "", "strokes": [], "background": PNG}, "no picture made of them"),
    ],
)
def test_what_is_no_drawing_is_refused_in_words(state: dict[str, Any], said: str) -> None:
    """What comes from a page is bounded and checked before anything keeps it; the sentence says what is wrong."""
    with pytest.raises(ValueError, match=said) as refused:
        received(**state)
    assert isinstance(refused.value, DrawingError | StrokesError)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("state", [None, [], "x", 3])
def test_what_is_no_mapping_is_refused_in_words(state: object) -> None:
    """A message of another kind is named."""
    with pytest.raises(
        DrawingError, match=f"mapping with picture, background and strokes, but got an? {type(state).__name__}"
    ):
        Drawing.received(state)


@pytest.mark.parametrize("missing", ["picture", "background", "strokes"])
def test_half_a_drawing_is_refused(missing: str) -> None:
    """A drawing travels as one: what is not there is not made up."""
    state = {"picture": "", "background": "", "strokes": []}
    del state[missing]
    with pytest.raises(DrawingError, match=missing):
        Drawing.received(state)


def test_the_longest_that_may_come() -> None:
    """A text just under the limit is taken; whether it is a picture shows when it is asked about."""
    longest = PNG + "A" * (LIMIT - 1 - len(PNG))
    made = received(picture=longest, background=longest)
    with pytest.raises(PictureError, match="2 MB"):
        made.ink()


def test_pictures_and_drawings_have_the_same_bounds() -> None:
    """What a drawing takes for the beginning of a picture, and how large one may be, is what `picture` takes."""
    assert (drawing.DATA_URL, drawing.MAX_BYTES) == (picture.DATA_URL, picture.MAX_BYTES)
