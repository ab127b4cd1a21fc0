"""Learn once how drawings of one class differ, whatever the class is; writes teaching.npz, which a `Teacher` needs.

    python models/teach.py --data ../shared/data

takes ten minutes on two cores. It estimates how the bundled network's inner values vary within classes and between
them, from characters by writers to train with, from the same turned and mirrored, and from symbols that are made up;
and the threshold and the temperature from other writers. ``--measure`` then prints what it is worth on writers that it
has never seen. Nothing is trained step by step: it is linear discriminant analysis, in closed form.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from digit_widget.models.cnn import CNN
from digit_widget.models.plda import Background, features, load_background, places, score
from digit_widget.models.teacher import Teacher, bent, bundled_network
from digit_widget.models.weights import digest
from digit_widget.strokes import PAD_SIZE, PEN_WIDTH

import hand
import nonsense
from data import NOTHING, as_batch, pen_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from digit_widget.normalise import Ink

    from data import Item

    Array = npt.NDArray[np.floating[Any]]
    Indices = npt.NDArray[np.intp]

HERE = Path(__file__).parent
DIMENSIONS = 96
SHRINKAGE = 0.1
"""How far the covariance within classes is drawn towards that of noise, so that it can be inverted."""
VERSIONS = 4
"""Drawings made of each letter, as it was written and as other hands would; of digits, which are many more, one."""
SYMBOLS, DRAWINGS = 3000, 10
"""Made-up symbols, and drawings of each."""
WEIGHTS = {"written": 1.0, "turned": 0.3, "made up": 0.3}
"""How much each kind of classes counts."""
FEWEST = 4
"""Drawings that a class needs to be learnt from."""
ANSWERED = 0.95
"""The share of drawings of taught classes that the threshold lets through."""
LOOK_ALIKE = ("Cc", "Kk", "Mm", "Pp", "Uu", "Vv", "Ww", "Xx", "-_")
"""Characters that cannot be told apart without a line to stand on: they never meet in one lesson."""
LESSONS = ((3, 1), (3, 3), (5, 5), (10, 5))
"""What is measured: classes, and drawings taught of each."""
ASKED = 10
"""Drawings of each class that are asked about, each by another writer."""
FEWEST_DIGITS = 30
"""Digits that a writer needs for it to be measured what two drawings of each are worth."""
BATCH = 256


class Drawing(NamedTuple):
    """A drawing as the network sees it, of which class it is, and whose."""

    picture: Ink
    name: str
    writer: str


class Known(NamedTuple):
    """Drawings as a teacher knows them."""

    features: npt.NDArray[np.float32]
    """Shape (n, 832)."""
    names: npt.NDArray[np.str_]
    """The class of each."""
    writers: npt.NDArray[np.str_]


def known(drawings: Iterable[Drawing], network: CNN) -> Known:
    """Return drawings as a teacher knows them; by torch, which is several times as fast as numpy."""
    made, found = list(drawings), []
    with torch.inference_mode():
        for start in range(0, len(made), BATCH):
            x = network.conv1(as_batch([one.picture for one in made[start : start + BATCH]])).relu()
            x = network.pool(network.conv2(x).relu())
            x = network.pool(network.conv3(x).relu())
            hidden = network.fc1(x.flatten(1)).relu()
            convolved = x.permute(0, 2, 3, 1).flatten(1)  # channels last, as NumpyCNN has them
            found.append(features(convolved.numpy(), hidden.numpy()).astype(np.float32))
    names, writers = (np.array([getattr(one, field) for one in made]) for field in ("name", "writer"))
    return Known(np.concatenate(found), names, writers)


def written(items: Sequence[Item], rng: np.random.Generator) -> Iterator[Drawing]:
    """Make drawings of characters, as they were written and as other hands would write them."""
    for item in items:
        for version in range(VERSIONS if item.label == NOTHING else 1):
            lines = hand.another(item.lines, rng) if version else item.lines
            picture = hand.seen(lines, hand.random_setting(rng))
            yield Drawing(picture, item.text, f"{item.source} {item.writer}")


def as_written(items: Sequence[Item], rng: np.random.Generator) -> Iterator[Drawing]:
    """Draw characters as they were written, with the pad's own pen, anywhere on it."""
    for item in items:
        side = float(rng.uniform(0.3, 0.75)) * PAD_SIZE
        setting = hand.Setting(side, PEN_WIDTH, hand.anywhere(rng, side, PEN_WIDTH))
        yield Drawing(hand.seen(item.lines, setting), item.text, f"{item.source} {item.writer}")


def turned(drawing: Drawing, way: int) -> Drawing:
    """Turn and mirror a drawing in one of the seven ways, from 1, in which a square can be."""
    picture = drawing.picture.T if way > 3 else drawing.picture
    return drawing._replace(picture=np.ascontiguousarray(np.rot90(picture, way)))


class Symbols:
    """Symbols that nobody has seen: of characters, turned and cut, and of lines, arcs and curves.

    Parameters
    ----------
    items
        Characters to take parts of, whoever wrote them.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        by_name: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            by_name[item.text].append(item)
        self._characters = [by_name[name] for name in sorted(by_name)]

    def draw(self, rng: np.random.Generator, count: int, drawings: int) -> Iterator[Drawing]:
        """Make up some symbols, and draw each several times."""
        for number in range(count):
            parts = self._parts(rng)
            for _ in range(drawings):
                lines = [line for part in parts for line in part(rng)]
                side, pen = float(rng.uniform(60, 130)), 8 * float(2 ** rng.uniform(-0.8, 0.8))
                setting = hand.Setting(side, pen, (PAD_SIZE / 2, PAD_SIZE / 2))
                yield Drawing(hand.seen(hand.another(lines, rng), setting), f"symbol {number}", "nobody")

    def _parts(self, rng: np.random.Generator) -> list[Callable[[np.random.Generator], hand.Lines]]:
        kind = rng.choice(["two", "with a line", "cut", "lines"], p=[0.45, 0.25, 0.1, 0.2])
        if kind == "lines":
            return [_stroke(rng) for _ in range(int(rng.integers(2, 4)))]
        first = self._character(rng, is_first=True, is_cut=kind == "cut")
        if kind == "cut":
            return [first]
        return [first, _stroke(rng) if kind == "with a line" else self._character(rng, is_first=False)]

    def _character(
        self, rng: np.random.Generator, *, is_first: bool, is_cut: bool = False
    ) -> Callable[[np.random.Generator], hand.Lines]:
        """Return a character, by another writer each time, turned, stretched and perhaps mirrored or cut off."""
        writers = self._characters[int(rng.integers(len(self._characters)))]
        angle = float(rng.choice([0, 0, 0, 1, 2, 3])) * np.pi / 2 + rng.normal(0, 0.3)
        cos, sin = np.cos(angle), np.sin(angle)
        matrix = np.array([[cos, -sin], [sin, cos]]) * np.exp(rng.normal(0, 0.25, 2))
        matrix = matrix * [-1, 1] if rng.random() < 0.4 else matrix
        matrix = matrix if is_first else matrix * rng.uniform(0.35, 1)
        offset = np.zeros(2) if is_first else rng.uniform(-0.9, 0.9, 2)
        share = float(rng.uniform(0.4, 0.75)) if is_cut or rng.random() < 0.35 else 1.0

        def part(rng: np.random.Generator) -> hand.Lines:
            lines = hand.boxed(writers[int(rng.integers(len(writers)))].lines)
            if share < 1:
                longest = max(lines, key=len)
                lines = [longest[: max(2, int(len(longest) * (share + rng.normal(0, 0.03))))]]
            size, moved = np.exp(rng.normal(0, 0.08)), offset + rng.normal(0, 0.05, 2)
            return [line @ (size * matrix).T + moved for line in lines]

        return part


def _stroke(rng: np.random.Generator) -> Callable[[np.random.Generator], hand.Lines]:
    """Return a line, a piece of a circle, a curve or a zigzag."""
    kind = int(rng.integers(5))
    if kind == 0:
        ends = rng.uniform(-0.6, 0.6, (2, 2))
        share = np.linspace(0, 1, 4)[:, None]

        def straight(rng: np.random.Generator) -> hand.Lines:
            first, last = ends + rng.normal(0, 0.04, (2, 2))
            return [nonsense.curve(first + share * (last - first))]

        return straight
    if kind == 1:
        x, y = rng.uniform(-0.5, 0.5, 2)
        radius, start = rng.uniform(0.08, 0.6), rng.uniform(0, 2 * np.pi)
        end = start + rng.choice([2 * np.pi, rng.uniform(1.5, 5)])

        def arc(rng: np.random.Generator) -> hand.Lines:
            (dx, dy), (first, last) = rng.normal(0, 0.04, 2), rng.normal(0, 0.15, 2)
            size = radius * np.exp(rng.normal(0, 0.1))
            return [nonsense.arc(x + dx, y + dy, size, start + first, end + last) * np.exp(rng.normal(0, 0.06, 2))]

        return arc
    corners = rng.uniform(-0.6, 0.6, (int(rng.integers(3, 7)), 2))
    is_smooth = kind == 2

    def line(rng: np.random.Generator) -> hand.Lines:
        moved = corners + rng.normal(0, 0.05, corners.shape)
        return [nonsense.curve(moved) if is_smooth else moved]

    return line


def covariances(drawings: Known) -> tuple[Array, Array]:
    """Return the covariances, (832, 832), of drawings within their classes, and of the middles of classes."""
    within, middles = np.zeros((drawings.features.shape[1],) * 2), []
    for name in np.unique(drawings.names):
        of_class = drawings.features[drawings.names == name].astype(float)
        if len(of_class) >= FEWEST:
            within += np.cov(of_class.T)
            middles.append(of_class.mean(axis=0))
    return within / len(middles), np.cov(np.stack(middles).T)


def discriminants(within: Array, between: Array) -> tuple[Array, Array]:
    """Return the directions, (832, 96), in which classes lie farthest apart, scaled such that within a class the
    variance is 1 in each; and the variance between classes in each, (96,).
    """  # noqa: D205 - one sentence
    noise = np.eye(len(within)) * np.trace(within) / len(within)
    values, vectors = np.linalg.eigh((1 - SHRINKAGE) * within + SHRINKAGE * noise)
    whitening = vectors / np.sqrt(values)
    variances, directions = np.linalg.eigh(whitening.T @ between @ whitening)
    best = np.argsort(-variances)[:DIMENSIONS]
    return whitening @ directions[:, best], variances[best]


class Lesson(NamedTuple):
    """What is taught and asked: indices of drawings."""

    taught: list[list[int]]
    """For each class."""
    asked: list[int]
    classes: list[int]
    """Of what is asked."""
    others: list[int]
    """Of classes that are not taught."""


def lesson(drawings: Known, names: Sequence[str], size: tuple[int, int], rng: np.random.Generator) -> Lesson:
    """Return a lesson of so many classes with so many drawings of each, no two of one class by the same writer."""
    count, each = size
    groups = {character: group for group in LOOK_ALIKE for character in group}
    chosen: list[str] = []
    for name in rng.permutation(list(names)):
        if len(chosen) < count and groups.get(name, name) not in {groups.get(one, one) for one in chosen}:
            chosen.append(str(name))
    met = {groups.get(one, one) for one in chosen}
    taught, asked, classes, others = [], [], [], []
    for name in names:
        by_writer = _one_a_writer(drawings, name, rng)
        if name in chosen:
            taught.append(by_writer[:each])
            asked += by_writer[each : each + ASKED]
            classes += [chosen.index(name)] * len(by_writer[each : each + ASKED])
        elif groups.get(name, name) not in met:
            others += by_writer[:ASKED]
    order = [name for name in names if name in chosen]
    return Lesson([taught[order.index(name)] for name in chosen], asked, classes, others)


def _one_a_writer(drawings: Known, name: str, rng: np.random.Generator) -> list[int]:
    of_class = rng.permutation(np.flatnonzero(drawings.names == name))
    _, first = np.unique(drawings.writers[of_class], return_index=True)
    return [int(index) for index in rng.permutation(of_class[first])]


def scores(drawings: Known, given: Lesson, background: Background) -> tuple[Array, Array]:
    """Return the scores of what is asked, and of the others: (n, classes)."""
    placed = places(drawings.features, background)
    found = [
        np.stack([score(placed[which], placed[taught], background.spread) for taught in given.taught], axis=1)
        for which in (given.asked, given.others)
    ]
    return found[0], found[1]


def usable(drawings: Known, *, digits: bool) -> list[str]:
    """Return the classes by enough writers to teach five drawings and ask about two."""
    names = [str(name) for name in np.unique(drawings.names) if digits or not str(name).isdigit()]
    return [name for name in names if len(np.unique(drawings.writers[drawings.names == name])) > 6]


def quantised(projection: Array, spread: Array, middle: Array) -> tuple[dict[str, Any], Background]:
    """Return what is written, the projection as int8 with a scale for each column, and what is read of it."""
    scale = np.abs(projection).max(axis=0) / 127
    whole = np.round(projection / scale).astype(np.int8)
    parts = {"projection": whole, "scale": scale.astype(np.float32), "spread": spread.astype(np.float32)}
    parts["shift"] = (middle @ (whole * scale)).astype(np.float32)
    return parts, Background(whole * scale, parts["shift"], parts["spread"], 0.0, 1.0)


def calibrate(drawings: Known, background: Background, repeats: int, seed: int) -> tuple[float, float]:
    """Return the threshold and the temperature, from lessons with writers that were not learnt from."""
    rng, names = np.random.default_rng(seed), usable(drawings, digits=True)
    best, rows, rights = [], [], []
    for size in (*LESSONS, (5, 1), (5, 3), (10, 3)):
        for _ in range(repeats):
            given = lesson(drawings, names, size, rng)
            of_taught, of_others = scores(drawings, given, background)
            best.append(of_taught.max(axis=1))
            others = of_others[rng.permutation(len(of_others))[: len(of_taught)]]
            rows += [*of_taught, *others]
            rights += [*given.classes, *[-1] * len(others)]  # the last one is "something else"
    threshold = float(np.quantile(np.concatenate(best), 1 - ANSWERED))

    def surprise(temperature: float) -> float:
        total = 0.0
        for row, right in zip(rows, rights, strict=True):
            logits = np.append(row, threshold) / temperature
            total += np.logaddexp.reduce(logits) - logits[right]
        return total

    return threshold, float(min(np.geomspace(1, 30, 15), key=surprise))


def learn(root: Path, seed: int = 0, repeats: int = 60, symbols: int = SYMBOLS) -> dict[str, Any]:
    """Return the content of teaching.npz."""
    rng, network = np.random.default_rng(seed), CNN.pretrained()
    items = pen_items(root, "train")
    drawings = list(written(items, rng))
    of_written = known(drawings, network)
    found = {"written": [covariances(of_written)]}
    found["turned"] = [
        covariances(known((turned(drawing, way) for drawing in drawings), network)) for way in range(1, 8)
    ]
    found["made up"] = [covariances(known(Symbols(items).draw(rng, symbols, DRAWINGS), network))]
    total = sum(WEIGHTS.values())
    within, between = (
        sum(WEIGHTS[kind] / total * np.mean([pair[which] for pair in pairs], axis=0) for kind, pairs in found.items())
        for which in (0, 1)
    )
    parts, background = quantised(*discriminants(within, between), of_written.features.mean(axis=0))
    others = known(as_written(pen_items(root, "calibrate"), rng), network)
    threshold, temperature = calibrate(others, background, repeats, seed)
    limits = {"threshold": np.float32(threshold), "temperature": np.float32(temperature)}
    return parts | limits | {"weights": np.array(digest(None))}


def measure(root: Path, draws: int, seed: int = 1) -> str:
    """Return a table of what the file is worth on writers that were never learnt from."""
    rng, background = np.random.default_rng(seed), load_background()
    items = [item for item in pen_items(root, "test") if item.label == NOTHING]
    drawings = known(as_written(items, rng), CNN.pretrained())
    every = usable(drawings, digits=False)
    lines = [
        f"{draws} draws; test writers",
        "classes × drawings | right | answered | others refused | at 95 % answered",
    ]
    for kind, names in (("symbols", every), ("letters", [name for name in every if name.isalpha()])):
        for size in LESSONS:
            right, answered, refused, at_95 = [], [], [], []
            for _ in range(draws):
                given = lesson(drawings, names, size, rng)
                of_taught, of_others = scores(drawings, given, background)
                right.append(np.mean(of_taught.argmax(axis=1) == given.classes))
                best, others = of_taught.max(axis=1), of_others.max(axis=1)
                answered.append(np.mean(best >= background.threshold))
                refused.append(np.mean(others < background.threshold))
                at_95.append(np.mean(others < np.quantile(best, 1 - ANSWERED)))
            shares = " | ".join(f"{100 * np.mean(share):.1f} %" for share in (right, answered, refused, at_95))
            lines.append(f"{len(names)} {kind}, {size[0]} × {size[1]} | {shares}")
    return "\n".join(lines)


def measure_digits(root: Path, draws: int, seeds: Sequence[int] = (2, 3, 4, 5)) -> str:
    """Return what two drawings of each digit by one hand are worth, for the other digits of that hand.

    Writers are test writers with at least 30 digits. All digits are drawn anew for each seed, at other sizes and
    places; in each draw other drawings are taught.
    """
    items = [item for item in pen_items(root, "test") if item.label != NOTHING]
    found = [_errors(items, draws, seed) for seed in seeds]
    before, after, asked = (np.array([rows[:10, column].sum() for rows in found]) for column in range(3))
    lost = [100 * (rows[10:, 1] - rows[10:, 0]) / rows[10:, 2] for rows in found]
    each = ", ".join(f"{100 * (new / old - 1):.0f} %" for old, new in zip(before, after, strict=True))
    return (
        f"two drawings of each digit taught, {len(found[0])} writers, {len(seeds)} renderings, {draws} draws each: of "
        f"the ten writers with most errors {before.sum():.0f} of {asked.sum():.0f} digits were wrong, then "
        f"{after.sum():.0f} ({each}); the others lost {np.mean(lost):.2f} points on average, the one that lost most "
        f"{', '.join(f'{one.max():.2f}' for one in lost)}"
    )


def _errors(items: Sequence[Item], draws: int, seed: int) -> Array:
    """Return a row for each writer, (n, 3), those with most errors first: errors before and after, and digits asked."""
    rng, background, network = np.random.default_rng(seed), load_background(), bundled_network()
    drawings = list(as_written(items, rng))
    batches = [as_batch([one.picture for one in drawings[n : n + BATCH]]).numpy() for n in range(0, len(items), BATCH)]
    convolved, hidden = map(np.concatenate, zip(*map(network.inside, batches), strict=True))
    placed = places(features(convolved, hidden), background)
    classes, writers = np.array([item.label for item in items]), np.array([one.writer for one in drawings])

    def wrong(asked: Indices, taught: Sequence[Indices]) -> int:
        found = np.full((len(asked), 10), -np.inf)
        for digit, which in enumerate(taught):
            if len(which):
                found[:, digit] = score(placed[asked], placed[which], background.spread)
        logits = bent(network, hidden[asked], found)
        answers = np.where(logits.max(axis=1) > Teacher.threshold, logits.argmax(axis=1), NOTHING)
        return int((answers != classes[asked]).sum())

    rows = []
    for writer in np.unique(writers):
        own = np.flatnonzero(writers == writer)
        if len(own) < FEWEST_DIGITS:
            continue
        row = np.zeros(3)
        for _ in range(draws):
            shuffled = [rng.permutation(own[classes[own] == digit]) for digit in range(10)]
            taught = [one[: min(2, len(one) - 1)] if len(one) else one for one in shuffled]  # one is left to ask about
            asked = np.setdiff1d(own, np.concatenate(taught))
            row += wrong(asked, [own[:0]] * 10), wrong(asked, taught), len(asked)
        rows.append(row / draws)
    return np.array(sorted(rows, key=lambda row: -row[0]))


def main() -> None:
    """Write teaching.npz beside this file, or measure it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("data"), help="the folder with pen-strokes")
    parser.add_argument("--measure", action="store_true", help="measure the file that is there")
    parser.add_argument("--draws", type=int, default=300)
    arguments = parser.parse_args()
    if not pen_items(arguments.data, "test"):
        parser.error(f"There are no pen strokes in {arguments.data}.")
    if not arguments.measure:
        np.savez(HERE / "teaching.npz", **learn(arguments.data))
    print(measure(arguments.data, arguments.draws))  # noqa: T201 - a script
    print(measure_digits(arguments.data, arguments.draws // 5))  # noqa: T201


if __name__ == "__main__":
    main()
