"""Drawings that are no digit, made up: what people try a pad with first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hand import Lines, boxed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Line = npt.NDArray[np.float64]

UPRIGHT = 0.8
"""Drawings narrower than this share of their height may be a 1, whatever they were meant to be."""

TURNS = {2: (1, 3), 3: (1, 2, 3), 4: (1, 2, 3), 5: (1, 3), 7: (1, 2)}
"""Quarter turns after which a digit is none; the others still are, or are another."""


def scribble(rng: np.random.Generator) -> Lines:
    """Return a pen that goes to and fro with no aim."""
    return [curve(rng.uniform(-1, 1, (int(rng.integers(7, 25)), 2)))]


def walk(rng: np.random.Generator) -> Lines:
    """Return a pen that wanders about for long, turning as it likes."""
    steps = int(rng.integers(120, 300))
    heading = np.cumsum(rng.normal(0, 0.1) + np.convolve(rng.normal(0, 0.4, steps), np.ones(8) / 4, "same"))
    return [np.stack([np.cos(heading), np.sin(heading)], axis=1).cumsum(axis=0)]


def coil(rng: np.random.Generator) -> Lines:
    """Return loops from the middle outward, as a spiral or a ball of wool: no thick pen makes it a 0."""
    turns = rng.uniform(3, 8)
    t = np.linspace(0, 1, int(turns * 12))
    radius = t + rng.uniform(0, 0.3) * np.sin(t * rng.uniform(4, 40))
    angle = 2 * np.pi * turns * t
    loops = np.stack([np.cos(angle) * rng.uniform(0.6, 1), np.sin(angle)], axis=1) * radius[:, None]
    return [turned(loops, rng.uniform(0, 2 * np.pi))]


def zigzag(rng: np.random.Generator) -> Lines:
    """Return a saw or a wave across the sheet, or strokes filling it."""
    teeth = int(rng.integers(4, 12))
    x = np.linspace(-1, 1, 2 * teeth)
    height = rng.uniform(0.15, 1)
    corners = np.stack([x, height * (-1.0) ** np.arange(2 * teeth) * rng.uniform(0.6, 1, 2 * teeth)], axis=1)
    return [turned(curve(corners) if rng.random() < 0.5 else corners, rng.uniform(0, np.pi))]


def lines(rng: np.random.Generator) -> Lines:
    """Return one lying line or several of any direction; one that stands is a 1."""
    if rng.random() < 0.5:
        angle = rng.uniform(-0.6, 0.6)
        bow = rng.normal(0, 0.08)
        x = np.linspace(-1, 1, 12)
        return [turned(np.stack([x, bow * (1 - x**2)], axis=1), angle)]
    angle = rng.uniform(0, np.pi)
    count = int(rng.integers(2, 6))
    spread = rng.uniform(0.3, 1.5)
    made = []
    for offset in np.linspace(-spread, spread, count):
        x = np.linspace(-1, 1, 8) * rng.uniform(0.8, 1)
        tilt = angle + (rng.normal(0, 0.05) if count < 4 else rng.normal(0, 0.6))
        made.append(turned(np.stack([x, np.full(8, offset)], axis=1), tilt))
    return made


def dots(rng: np.random.Generator) -> Lines:
    """Return taps of the pen, too far apart to be anything."""
    return [rng.uniform(-1, 1, (1, 2)) + rng.normal(0, 0.01, (2, 2)) for _ in range(int(rng.integers(2, 8)))]


def picture(rng: np.random.Generator) -> Lines:
    """Return a star, a house, a face, an arrow, a heart, a tree, a sun: what a hand draws without thinking."""
    made = PICTURES[int(rng.integers(len(PICTURES)))](rng)
    squeeze = np.exp(rng.normal(0, 0.2, 2))
    return [turned(line * squeeze + rng.normal(0, 0.015, line.shape), rng.normal(0, 0.2)) for line in made]


def side_by_side(first: Lines, second: Lines, rng: np.random.Generator) -> Lines:
    """Return two characters next to each other, as a number of two digits."""
    gap, scale = rng.uniform(0.1, 0.6), np.exp(rng.normal(0, 0.15))
    first, second = boxed(first), [line * scale for line in boxed(second)]
    right = max(line[:, 0].max() for line in first)
    left = min(line[:, 0].min() for line in second)
    shift = np.array([right - left + gap, rng.normal(0, 0.08)])
    return [*first, *(line + shift for line in second)]


def part(digit: Lines, rng: np.random.Generator) -> Lines | None:
    """Return the beginning or the end of a digit, or None where that may be a digit itself."""
    longest = max(boxed(digit), key=len)
    count = int(len(longest) * rng.uniform(0.2, 0.4))
    piece = longest[:count] if rng.random() < 0.5 else longest[-count:]
    if count < 4 or np.ptp(piece[:, 0]) < UPRIGHT * np.ptp(piece[:, 1]):
        return None
    return [piece]


def quarter_turned(digit: Lines, label: int, rng: np.random.Generator) -> Lines | None:
    """Return a digit lying on its side or standing on its head, or None where that is a digit too."""
    if label not in TURNS:
        return None
    return [turned(line, np.pi / 2 * rng.choice(TURNS[label])) for line in boxed(digit)]


def struck_out(digit: Lines, rng: np.random.Generator) -> Lines:
    """Return a digit crossed out: by two strokes at least, since one through a 0 or a 7 is a way to write them."""
    strikes: Lines = []
    if rng.random() < 0.4:
        strikes = [line * 0.6 for line in zigzag(rng)]
    else:
        for angle in rng.choice([-0.8, 0.8, 0.0, 0.4, -0.4], int(rng.integers(2, 5)), replace=False):
            x = np.linspace(-0.65, 0.65, 8)
            line = turned(np.stack([x, np.zeros(8)], axis=1), angle + rng.normal(0, 0.1))
            strikes.append(line + rng.normal(0, 0.08, 2))
    return [*boxed(digit), *strikes]


def curve(corners: Line, steps: int = 6) -> Line:
    """Return a Catmull-Rom spline through some points."""
    padded = np.concatenate([corners[:1], corners, corners[-1:]])
    t = (np.arange(steps) / steps)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*pieces, corners[-1:]])


def turned(line: Line, angle: float) -> Line:
    """Return a line turned about the origin, by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    rotated: Line = line @ np.array([[cos, sin], [-sin, cos]])
    return rotated


def arc(x: float, y: float, radius: float, start: float = 0, end: float = 2 * np.pi) -> Line:
    """Return a piece of a circle, angles in radians from the right, clockwise."""
    angle = np.linspace(start, end, 20)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def _star(rng: np.random.Generator) -> Lines:
    points = 5 + 2 * int(rng.integers(2))
    order = np.arange(points + 1) * (points // 2) % points
    angle = order * 2 * np.pi / points - np.pi / 2
    return [np.stack([np.cos(angle), np.sin(angle)], axis=1)]


def _house(rng: np.random.Generator) -> Lines:
    eaves = rng.uniform(-0.3, 0.1)
    walls = np.array([[-0.8, eaves], [-0.8, 1], [0.8, 1], [0.8, eaves]])
    roof = np.array([[-1, eaves], [0, -1], [1, eaves], [-1, eaves]])
    door = np.array([[-0.2, 1], [-0.2, 0.5], [0.2, 0.5], [0.2, 1]])
    return [walls, roof, door][: int(rng.integers(2, 4))]


def _face(rng: np.random.Generator) -> Lines:
    mood = rng.choice([1, -1])
    mouth = arc(0, 0.35 - 0.25 * mood, 0.45, 0.3 if mood > 0 else np.pi + 0.3, np.pi - 0.3 if mood > 0 else -0.3)
    eyes = [arc(x, -0.3, 0.06) for x in (-0.35, 0.35)]
    return [arc(0, 0, 1), *eyes, mouth]


def _arrow(rng: np.random.Generator) -> Lines:
    angle = rng.uniform(0, 2 * np.pi)
    head = np.array([[0.5, -0.4], [1, 0], [0.5, 0.4]])
    return [turned(line, angle) for line in (np.array([[-1.0, 0], [1, 0]]), head)]


def _heart(_rng: np.random.Generator) -> Lines:
    t = np.linspace(0, 2 * np.pi, 40)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return [np.stack([16 * np.sin(t) ** 3, -y], axis=1) / 16]


def _tree(rng: np.random.Generator) -> Lines:
    crown = [np.array([[-w, y], [0, y - 0.7], [w, y], [-w, y]]) for w, y in ((0.7, 0.6), (0.5, 0.1), (0.35, -0.3))]
    trunk = np.array([[0, 0.6], [0, 1.0]])
    return [*crown[: int(rng.integers(2, 4))], trunk]


def _sun(rng: np.random.Generator) -> Lines:
    rays = int(rng.integers(6, 11))
    made = [arc(0, 0, 0.5)]
    return made + [turned(np.array([[0.65, 0], [1.0, 0]]), 2 * np.pi * ray / rays) for ray in range(rays)]


def _flower(rng: np.random.Generator) -> Lines:
    t = np.linspace(0, 2 * np.pi, 80)
    radius = 0.6 + 0.4 * np.cos(int(rng.integers(4, 8)) * t)
    return [np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1)]


def _spring(rng: np.random.Generator) -> Lines:
    t = np.linspace(0, 2 * np.pi * int(rng.integers(3, 7)), 90)
    return [np.stack([t / 8 + 0.6 * np.cos(t), 0.6 * np.sin(t)], axis=1)]


def _grid(rng: np.random.Generator) -> Lines:
    count = int(rng.integers(2, 5))
    at = np.linspace(-0.7, 0.7, count)
    across = [np.array([[-1, y], [1, y]]) for y in at]
    return [*across, *(line[:, ::-1] for line in across)]


PICTURES: tuple[Callable[[np.random.Generator], Lines], ...] = (
    _star,
    _house,
    _face,
    _arrow,
    _heart,
    _tree,
    _sun,
    _flower,
    _spring,
    _grid,
)
ALONE: tuple[Callable[[np.random.Generator], Lines], ...] = (
    scribble,
    scribble,
    scribble,
    walk,
    coil,
    zigzag,
    lines,
    lines,
    dots,
    picture,
    picture,
)
"""What is made from nothing, each as often as it stands here."""


def from_digit(digit: Lines, label: int, other: Lines, rng: np.random.Generator) -> Lines | None:
    """Return what is left of being a digit when something is done to it, or None where it may still be one."""
    match int(rng.integers(5)):
        case 0 | 1:
            return side_by_side(digit, other, rng)
        case 2:
            return part(digit, rng)
        case 3:
            return quarter_turned(digit, label, rng)
        case _:
            return struck_out(digit, rng)
