"""Measure the weights beside this file, the way the widget uses them, and write the model card with its figures.

    python models/evaluate.py --data ../shared/data

Everything goes through ``Classifier``: drawn on the pad, normalised, asked, rejected. Only writers and sources that the
network was not trained on are measured, on MNIST its test digits. Writes figures.json, three pictures and README.md.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from tqdm import tqdm

from digit_widget.classifier import Classifier
from digit_widget.strokes import PAD_SIZE, PEN_WIDTH, rasterise

import hand
import nonsense
from data import NOTHING, UNSEEN_SOURCES, Item, made_up, mnist, pen_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from digit_widget.answer import Answer
    from digit_widget.normalise import Ink

mpl.use("agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
PENS = (0.5, 1.0, 2.0)
"""Pen widths measured, in widths of the pad's own pen."""
BINS = 15
RESAMPLES = 2000
NONSENSE = 1000
"""How many of each kind of nonsense are made."""


def large(_rng: np.random.Generator, pen: float) -> hand.Setting:
    """Three quarters of the pad, in its middle."""
    return hand.Setting(0.75 * PAD_SIZE, pen, (PAD_SIZE / 2, PAD_SIZE / 2))


def small(rng: np.random.Generator, pen: float) -> hand.Setting:
    """Three tenths of the pad, in one of its corners."""
    x, y = (PAD_SIZE * rng.choice([0.2, 0.8]) for _ in range(2))
    return hand.Setting(0.3 * PAD_SIZE, pen, (x, y))


def anywhere(rng: np.random.Generator, pen: float) -> hand.Setting:
    """Under half of the pad, at any place of it."""
    side = 0.45 * PAD_SIZE
    return hand.Setting(side, pen, hand.anywhere(rng, side, pen))


PLACES: dict[str, Callable[[np.random.Generator, float], hand.Setting]] = {
    "large, in the middle": large,
    "small, in a corner": small,
    "medium, anywhere": anywhere,
}


@dataclass(frozen=True)
class Measured:
    """Answers beside what was drawn."""

    labels: npt.NDArray[np.int64]
    writers: Sequence[str]
    sources: Sequence[str]
    answers: Sequence[Answer]

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """Shape (n, 10)."""
        return np.array([answer.probabilities for answer in self.answers])

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether the most probable class is the label, answered or not."""
        same: npt.NDArray[np.bool_] = self.probabilities.argmax(axis=1) == self.labels
        return same

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Whether there was a prediction at all."""
        return np.array([answer.prediction is not None for answer in self.answers])

    def share(self, which: npt.NDArray[np.bool_]) -> dict[str, float]:
        """Return a share with its 95 % interval, from a bootstrap over writers: one hand's digits are no strangers."""
        low, high = bootstrap(which, self.writers)
        return {"share": float(which.mean()), "low": low, "high": high, "n": len(which)}


def bootstrap(which: npt.NDArray[np.bool_], writers: Sequence[str], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a share when writers, not samples, are drawn anew."""
    _, index = np.unique(writers, return_inverse=True)
    counts, hits = np.bincount(index), np.bincount(index, weights=which)
    drawn = np.random.default_rng(seed).integers(len(counts), size=(RESAMPLES, len(counts)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def calibration(measured: Iterable[Measured]) -> dict[str, Any]:
    """Return the expected calibration error over bins of equal width, and the bins."""
    confidence = np.concatenate([m.probabilities.max(axis=1) for m in measured])
    right = np.concatenate([m.right for m in measured])
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        {"n": int(mask.sum()), "confidence": float(confidence[mask].mean()), "right": float(right[mask].mean())}
        for mask in (which == index for index in range(BINS))
        if mask.any()
    ]
    error = sum(row["n"] * abs(row["right"] - row["confidence"]) for row in bins) / len(right)
    return {"error": float(error), "n": len(right), "bins": bins}


def measure_items(classifier: Classifier, items: list[Item], place: str, pen: float) -> Measured:
    """Draw every item as it was written, at a place and with a pen, and ask."""
    rng = np.random.default_rng(1)
    inks = (hand.draw(item.lines, PLACES[place](rng, pen * PEN_WIDTH)) for item in items)
    return Measured(
        np.array([item.label for item in items]),
        [f"{item.source} {item.writer}" for item in items],
        [item.source for item in items],
        ask(classifier, inks, len(items), f"{place}, pen × {pen:g}"),
    )


def ask(classifier: Classifier, inks: Iterable[Ink], count: int, title: str) -> list[Answer]:
    """Return the answers, with a bar while they come."""
    return classifier.classify(tqdm(inks, total=count, desc=title, unit="drawing", leave=False))


def made(make: Callable[[np.random.Generator], hand.Lines]) -> Iterator[Ink]:
    """Yield drawings of a kind of nonsense, of any size and pen."""
    rng = np.random.default_rng(2)
    while True:
        yield hand.draw(make(rng), hand.random_setting(rng))


def line(rng: np.random.Generator) -> hand.Lines:
    """Return one straight line, lying or slanting up to 35 degrees; steeper ones are taken for a 1, rightly."""
    x = np.linspace(-1, 1, 20)
    return [nonsense.turned(np.stack([x, 0 * x], axis=1), rng.uniform(-0.6, 0.6))]


def nonsense_figures(classifier: Classifier, items: list[Item]) -> dict[str, float]:
    """Return the share answered of each kind of nonsense."""
    digits = [item for item in items if item.label != NOTHING]
    rng = np.random.default_rng(3)
    taps = (
        rasterise([[[140.0, 140.0], (140 + rng.normal(0, 1.5, 2)).tolist()]], pen_width=PEN_WIDTH * pen)
        for pen in np.tile(PENS, NONSENSE)
    )
    kinds: dict[str, Iterator[Ink]] = {
        "scribbles": made(nonsense.scribble),
        "walks and coils": made(lambda rng: (nonsense.walk if rng.random() < 0.5 else nonsense.coil)(rng)),
        "lying lines": made(line),
        "several lines, zigzags": made(lambda rng: (nonsense.zigzag if rng.random() < 0.5 else nonsense.lines)(rng)),
        "pictures": made(nonsense.picture),
        "dots": taps,
        "blank": (np.zeros((PAD_SIZE, PAD_SIZE), np.uint8) for _ in range(NONSENSE)),
        "all nonsense, digits spoilt or side by side among it": (made_up(digits, rng) for _ in range(NONSENSE)),
    }
    shares = {}
    for kind, inks in kinds.items():
        answers = ask(classifier, islice(inks, NONSENSE), NONSENSE, kind)
        shares[kind] = float(np.mean([answer.prediction is not None for answer in answers]))
    return shares


def figures(classifier: Classifier, root: Path) -> tuple[dict[str, Any], dict[str, Measured]]:
    """Measure everything the card states."""
    items = pen_items(root, "test")
    digits = [item for item in items if item.label != NOTHING]
    letters = [item for item in items if item.label == NOTHING]
    pen = {
        f"{place} × {width:g}": measure_items(classifier, digits, place, width) for place in PLACES for width in PENS
    }
    usual = [pen[f"{place} × 1"] for place in PLACES]
    not_digits = [measure_items(classifier, letters, place, 1.0) for place in PLACES]
    images, labels = mnist(root, train=False)
    test = Measured(
        np.array(labels),
        [str(index) for index in range(len(labels))],  # MNIST's writers are not known: every digit counts as one
        ["mnist"] * len(labels),
        ask(classifier, images.numpy(), len(images), "MNIST"),
    )

    def by(keys: Callable[[Measured], Sequence[str]]) -> dict[str, dict[str, float]]:
        groups: dict[str, list[bool]] = defaultdict(list)
        for measured in usual:
            for key, right in zip(keys(measured), measured.right, strict=True):
                groups[key].append(bool(right))
        return {key: {"share": float(np.mean(g)), "n": len(g) // len(usual)} for key, g in sorted(groups.items())}

    letters_answered: dict[str, list[bool]] = defaultdict(list)
    for measured in not_digits:
        for item, answered in zip(letters, measured.answered, strict=True):
            letters_answered[item.text].append(bool(answered))
    middle = pen["medium, anywhere × 1"]
    predicted = np.where(middle.answered, middle.probabilities.argmax(axis=1), NOTHING)
    confusion = np.zeros((10, 11), int)
    np.add.at(confusion, (middle.labels, predicted), 1)
    found = {
        "mnist": {"right": test.share(test.right), "answered": test.share(test.answered)},
        "mnist_calibration": calibration([test]),
        "pen": {name: {"right": m.share(m.right), "answered": m.share(m.answered)} for name, m in pen.items()},
        "pen_calibration": calibration(usual),
        "letters_answered": join(not_digits).share(join(not_digits).answered),
        "letters_by_character": {text: float(np.mean(g)) for text, g in sorted(letters_answered.items())},
        "nonsense_answered": nonsense_figures(classifier, items),
        "by_source": by(lambda measured: measured.sources),
        "by_writer": by(lambda measured: measured.writers),
        "confusion": confusion.tolist(),
        "writers": len(set(middle.writers)),
    }
    return found, pen | {"mnist": test}


def join(parts: Sequence[Measured]) -> Measured:
    """Return several measurements as one."""
    return Measured(
        np.concatenate([part.labels for part in parts]),
        [writer for part in parts for writer in part.writers],
        [source for part in parts for source in part.sources],
        [answer for part in parts for answer in part.answers],
    )


def plot_confusion(matrix: list[list[int]], path: Path) -> None:
    """Draw what was taken for what; the diagonal is left pale, so that the errors show."""
    table = np.array(matrix)
    errors = table / table.sum(axis=1, keepdims=True)
    errors[np.arange(10), np.arange(10)] = 0
    figure, axes = plt.subplots(figsize=(6, 5.2), layout="constrained")
    axes.imshow(errors, cmap="Reds", vmax=0.06)
    for (row, column), count in np.ndenumerate(table):
        if count:
            axes.text(
                column, row, count, ha="center", va="center", fontsize=8, color="grey" if row == column else "black"
            )
    axes.set_xticks(range(11), [*map(str, range(10)), "none"])
    axes.set_yticks(range(10), [*map(str, range(10))])
    axes.set(xlabel="answered", ylabel="written", title="Pen digits of unseen writers, medium size, anywhere")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_reliability(sets: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw how often an answer is right against how sure it was, the number of answers as the size of the point."""
    figure, axes = plt.subplots(figsize=(5.5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, label="honest")
    for name, found in sets.items():
        rows = found["bins"]
        axes.scatter(
            [row["confidence"] for row in rows],
            [row["right"] for row in rows],
            s=[12 + 12 * np.log10(row["n"]) ** 2 for row in rows],
            alpha=0.7,
            label=f"{name}: error {found['error']:.4f}",
        )
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_errors(measured: Measured, path: Path, count: int = 40) -> None:
    """Show the digits that were most surely taken for another, as the model saw them."""
    probabilities = measured.probabilities
    surest = np.argsort(-np.where(measured.right, 0, probabilities.max(axis=1)))[
        : min(count, int((~measured.right).sum()))
    ]
    figure, grid = plt.subplots(4, count // 4, figsize=(10, 4.8), layout="constrained")
    for axes in grid.flat:
        axes.axis("off")
    for axes, index in zip(grid.flat, surest, strict=False):
        axes.imshow(measured.answers[index].seen, cmap="gray_r", vmin=0, vmax=255)
        row = probabilities[index]
        axes.set_title(f"{measured.labels[index]} → {row.argmax()}\n{row.max():.0%}", fontsize=8)
    figure.suptitle("Written → answered, the surest errors first", fontsize=10)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def percent(share: dict[str, float]) -> str:
    """Return a share with its interval."""
    return f"{share['share']:.2%} ({share['low']:.2%} to {share['high']:.2%})"


def card(found: dict[str, Any], training: dict[str, Any], comparison: list[dict[str, Any]]) -> str:
    """Return the card: its template with what was measured."""
    pen_rows = [
        f"| {place} | " + " | ".join(percent(found["pen"][f"{place} × {pen:g}"]["right"]) for pen in PENS) + " |"
        for place in PLACES
    ]
    answered_rows = [
        f"| {place} | "
        + " | ".join(f"{found['pen'][f'{place} × {pen:g}']['answered']['share']:.2%}" for pen in PENS)
        + " |"
        for place in PLACES
    ]
    nonsense_rows = [f"| {kind} | {share:.1%} |" for kind, share in found["nonsense_answered"].items()]
    source_rows = [
        f"| {source}{' (never trained on)' if source in UNSEEN_SOURCES else ''} | {row['n']:,} | {row['share']:.2%} |"
        for source, row in found["by_source"].items()
    ]
    comparison_rows = [
        f"| {row['taught']} | {row['score']} | {row['right']:.1%} | {row['letters']:.1%} | {row['nonsense']:.1%} |"
        for row in comparison
    ]
    writers = np.array([row["share"] for row in found["by_writer"].values()])
    letters = sorted(found["letters_by_character"].items(), key=lambda pair: -pair[1])
    about = {
        "mnist_right": percent(found["mnist"]["right"]),
        "mnist_wrong": round((1 - found["mnist"]["right"]["share"]) * found["mnist"]["right"]["n"]),
        "mnist_answered": f"{found['mnist']['answered']['share']:.2%}",
        "mnist_error": f"{found['mnist_calibration']['error']:.4f}",
        "pen_error": f"{found['pen_calibration']['error']:.4f}",
        "pen_n": f"{found['pen']['medium, anywhere × 1']['right']['n']:,}",
        "writers": found["writers"],
        "pen_rows": "\n".join(pen_rows),
        "answered_rows": "\n".join(answered_rows),
        "letters": percent(found["letters_answered"]),
        "worst_letters": ", ".join(f"`{text}` {share:.0%}" for text, share in letters[:8]),
        "comparison_rows": "\n".join(comparison_rows),
        "nonsense_rows": "\n".join(nonsense_rows),
        "source_rows": "\n".join(source_rows),
        "writer_low": f"{writers.min():.1%}",
        "writer_tenth": f"{np.quantile(writers, 0.1):.1%}",
        "writer_median": f"{np.median(writers):.1%}",
        "unseen": ", ".join(sorted(UNSEEN_SOURCES)),
        "recipe_rows": "\n".join(
            f"| {name.replace('_', ' ')} | {value:g} |" for name, value in training["recipe"].items()
        ),
    }
    template = (HERE / "card.md").read_text(encoding="utf-8")
    return template.format(**about, **training)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure the bundled weights and write the model card.")
    parser.add_argument("--data", type=Path, default=HERE.parent / "data", help="folder of MNIST/ and pen-strokes/")
    arguments = parser.parse_args()
    if not (arguments.data / "pen-strokes").is_dir():
        parser.error(f"there are no pen strokes in {arguments.data / 'pen-strokes'} to measure with")
    found, measured = figures(Classifier(), arguments.data)
    (HERE / "figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    plot_confusion(found["confusion"], HERE / "confusion.png")
    plot_reliability({"MNIST": found["mnist_calibration"], "pen": found["pen_calibration"]}, HERE / "reliability.png")
    plot_errors(measured["medium, anywhere × 1"], HERE / "errors.png")
    training, comparison = (
        json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")) for name in ("training", "comparison")
    )
    (HERE / "README.md").write_text(card(found, training, comparison), encoding="utf-8")


if __name__ == "__main__":
    main()
