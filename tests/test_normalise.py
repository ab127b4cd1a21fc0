"""The normaliser keeps MNIST's convention, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawings import digit_ink, digit_strokes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digit_widget.normalise import DIGIT, SIDE, area_average, normalise
from digit_widget.strokes import PAD_SIZE, PEN_WIDTH, rasterise

if TYPE_CHECKING:
    from pathlib import Path

digits = st.integers(0, 9)
small_inks = arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)))


def centre_of_mass(seen: np.ndarray) -> tuple[float, float]:
    """Return row and column of the ink's centre of mass, in pixel indices."""
    grid = np.indices(seen.shape)
    return tuple(float((axis * seen).sum() / seen.sum()) for axis in grid)


def test_blank_stays_blank() -> None:
    """No ink, or only paper grain, gives an empty picture."""
    assert not normalise(np.zeros((280, 280), np.uint8)).any()
    assert not normalise(np.full((280, 280), 8, np.uint8)).any()


@pytest.mark.parametrize("digit", range(10))
def test_longer_side_and_centre_of_mass(digit: int) -> None:
    """A drawn digit fills 20 px and has its centre of mass within half a pixel of pixel 14."""
    seen = normalise(digit_ink(digit))
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == DIGIT
    assert centre_of_mass(seen) == pytest.approx((SIDE // 2, SIDE // 2), abs=0.51)


@given(small_inks)
def test_any_ink_is_answered_with_its_shape_kept(ink: np.ndarray) -> None:
    """Whatever the ink, the picture is 28x28 uint8, and no ink is lost over its edge."""
    seen = normalise(ink)
    assert seen.shape == (SIDE, SIDE)
    assert seen.dtype == np.uint8
    if (ink > 100).any() and max(ink.shape) <= DIGIT:
        assert seen.max() > 0


@given(small_inks, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_moving_the_drawing_changes_nothing(ink: np.ndarray, top: int, bottom: int, left: int, right: int) -> None:
    """Paper around the ink, however much on each side, gives the same bytes."""
    assert np.array_equal(normalise(np.pad(ink, ((top, bottom), (left, right)))), normalise(ink))


@given(small_inks, st.integers(2, 5))
def test_a_pixel_ratio_changes_nothing(ink: np.ndarray, ratio: int) -> None:
    """Every pixel repeated in both directions gives the same bytes."""
    assert np.array_equal(normalise(np.kron(ink, np.ones((ratio, ratio), np.uint8))), normalise(ink))


@given(digits, st.floats(0.3, 0.8), st.floats(0, 1), st.floats(0, 1))
def test_scale_and_place_of_a_drawing_change_only_rounding(digit: int, side: float, x: float, y: float) -> None:
    """The same hand with the pen in proportion, elsewhere and at another size, is seen the same but for rounding."""
    margin = (side + PEN_WIDTH / PAD_SIZE) / 2
    at = (margin + x * (1 - 2 * margin), margin + y * (1 - 2 * margin)) if margin < 0.5 else (0.5, 0.5)
    here = normalise(rasterise(digit_strokes(digit, side, at), pen_width=PEN_WIDTH * side / 0.6)).astype(int)
    reference = normalise(digit_ink(digit)).astype(int)
    # The centre of mass may round to the pixel beside; the picture is then moved by one, not changed.
    moved = [np.roll(here, (down, across), (0, 1)) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    assert min(np.abs(one - reference).mean() for one in moved) < 14  # two different digits differ by 18 or more


@given(small_inks, st.integers(1, 50), st.integers(1, 50))
def test_area_average_is_the_plain_definition(ink: np.ndarray, height: int, width: int) -> None:
    """The matrices give what repeating every pixel and taking the mean of blocks gives, to the byte."""
    blocks = np.kron(ink.astype(np.int64), np.ones((height, width), np.int64))
    blocks = blocks.reshape(height, ink.shape[0], width, ink.shape[1]).sum(axis=(1, 3))
    cells = ink.size
    assert np.array_equal(area_average(ink, height, width), (2 * blocks + cells) // (2 * cells))


def test_the_largest_picture_is_exact() -> None:
    """Sums over 4096x4096 full ink are still whole numbers."""
    assert (area_average(np.full((4096, 4096), 255, np.uint8), 20, 20) == 255).all()


def test_an_enlarged_mnist_digit_comes_back(mnist_root: Path) -> None:
    """MNIST's own digits, enlarged tenfold, come back as they were: mean absolute difference under 0.002 of 255."""
    from torchvision.datasets import MNIST

    images = MNIST(mnist_root, train=False).data.numpy()[:1000]
    back = np.stack([normalise(np.kron(image, np.ones((10, 10), np.uint8))) for image in images])
    difference = np.abs(back.astype(int) - images)
    assert difference.mean() < 0.002
    assert (difference.reshape(len(images), -1).max(axis=1) == 0).mean() > 0.95
