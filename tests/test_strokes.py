"""Strokes from Python are checked and drawn as the pad draws them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drawings import digit_ink

from digit_widget.dot import stroke_width
from digit_widget.normalise import normalise
from digit_widget.strokes import MAX_POINTS, PAD_SIZE, PEN_WIDTH, StrokesError, checked, rasterise, smooth


def test_time_and_pressure_may_be_left_out() -> None:
    """Points are completed to four numbers; empty strokes are dropped."""
    assert checked([[[1, 2]], [], [(3, 4, 5)]]) == [[[1, 2, 0, 0.5]], [[3, 4, 5, 0.5]]]


@pytest.mark.parametrize(
    "strokes",
    [
        [[1, 2], [3, 4]],
        [[[1]]],
        [[[1, 2, 3, 4, 5]]],
        [[["a", "b"]]],
        [[[1, math.nan]]],
        [[[math.inf, 1]]],
        [[[1e9, 1]]],
        [[[10**400, 1]]],
        [["12"]],
        ["hello"],
        [[None]],
    ],
)
def test_what_is_no_stroke_is_refused_in_words(strokes: list) -> None:
    """The sentence says what a stroke is and what came."""
    with pytest.raises(StrokesError, match=r"\[x, y, t, pressure\].*but got"):
        checked(strokes)


def test_a_drawing_without_end_is_refused() -> None:
    """Too many points are refused before they are copied."""
    with pytest.raises(StrokesError, match="too long"):
        checked([[[1, 1]] * (MAX_POINTS + 1)])


def test_a_tap_is_a_disc_of_the_pen() -> None:
    """One point is drawn as a round dot as wide as the pen."""
    ink = rasterise(checked([[[140, 140]]]))
    assert ink.sum() / 255 == pytest.approx(math.pi * PEN_WIDTH**2 / 4, rel=0.03)


def test_a_line_is_as_wide_as_the_pen() -> None:
    """A straight line has the pen's width all along, and soft edges."""
    ink = rasterise(checked([[[40, 140], [240, 140]]]))
    assert ink[:, 140].sum() / 255 == pytest.approx(PEN_WIDTH, abs=0.5)
    assert ink.shape == (PAD_SIZE, PAD_SIZE)


def test_off_the_pad_is_cut() -> None:
    """A stroke that leaves the pad is drawn where it is on it, and nowhere else."""
    ink = rasterise(checked([[[-500, 140], [100, 140]]]))
    assert ink[140, :100].min() == 255
    assert not ink[:, 120:].any()


def test_smoothing_keeps_ends_and_straight_lines() -> None:
    """The curve begins and ends where the hand did, and a straight line stays straight."""
    points = [(float(x), 2.0 * x) for x in range(5)]
    curve = smooth(points)
    assert (curve[0], curve[-1]) == (points[0], points[-1])
    assert all(y == pytest.approx(2 * x) for x, y in curve)


def test_corners_are_rounded_by_curves_between_midpoints() -> None:
    """The curve touches each segment at its middle, and at a corner stays at half the way to it: a quadratic Bézier."""
    points = [(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)]
    curve = smooth(points, steps=2)
    assert curve == [(0, 0), (4, 0), (7, 1), (8, 4), (7, 7), (4, 8), (0, 8)]


def test_a_finer_curve_is_the_same_curve() -> None:
    """With more steps all points of the coarse curve are on the fine one, and it never leaves its corners' triangle."""
    corner = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    coarse, fine = smooth(corner), smooth(corner, steps=16)
    assert set(coarse) <= set(fine)
    assert len(coarse) == 2 + 4 + 1
    assert all(0 <= y <= x <= 10 for x, y in fine)


def test_two_points_are_a_line_and_one_is_a_dot() -> None:
    """Where there is no corner nothing is rounded."""
    assert smooth([(1.0, 2.0)]) == [(1, 2)]
    assert smooth([(1.0, 2.0), (3.0, 4.0)]) == [(1, 2), (3, 4)]


def test_the_pen_takes_the_curve() -> None:
    """Drawn strokes are smoothed: the ink is on the curve, and not at the corner that the hand's points would make."""
    ink = rasterise(checked([[[40, 40], [240, 40], [240, 240]]]), pen_width=8)
    assert ink[40, 236] == 0  # beside the corner, which an unsmoothed line would pass
    assert ink[40, 240] == 0
    assert ink[65, 215] == 255  # the middle of the curve: half the way from the corner to the middle of the chord
    assert ink[40, 42] == ink[40, 130] == ink[150, 240] == ink[238, 240] == 255


def test_the_pen_is_as_wide_as_asked_and_round() -> None:
    """A pen of another width draws a line of that width, with half a disc beyond each end."""
    ink = rasterise(checked([[[100, 140], [180, 140]]]), pen_width=30) / 255
    assert ink[:, 140].sum() == pytest.approx(30, abs=0.5)
    assert ink[140].sum() == pytest.approx(80 + 30, abs=1)
    assert ink.sum() == pytest.approx(80 * 30 + math.pi * 15**2, rel=0.02)


def test_an_ordinary_digit_is_written_as_thick_as_mnist() -> None:
    """A little under half the pad high, the ten digits have strokes of about 2.4 px in the 28x28 picture."""
    widths = [stroke_width(normalise(digit_ink(digit, side=0.45))) for digit in range(10)]
    assert np.median(widths) == pytest.approx(2.4, abs=0.15)
