"""The picture of the latencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLOURS = ("#7a7a7a", "#e08214", "#2166ac")
LINES = (":", "--", "-")
PARTS = ("#9ecae1", "#c7c7c7", "#2166ac", "#e08214", "#ececec")


def latency(times: dict[str, Sequence[float]], parts: dict[str, Sequence[float]], path: Path) -> None:
    """Draw which share of the answers was there after how long, and beside it where the time went.

    Parameters
    ----------
    times
        Label -> what each answer took, in ms.
    parts
        Part of the way -> how long it took for each of the labels, in ms.
    path
        Where to write the PNG.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", facecolor="white")
    for (label, own), colour, line in zip(times.items(), COLOURS, LINES, strict=True):
        share = 100 * np.arange(1, len(own) + 1) / len(own)
        name = f"{label}: median {np.median(own):.0f} ms"
        left.step(np.sort(own), share, where="post", color=colour, linestyle=line, linewidth=2, label=name)
    longest = max(np.percentile(own, 95) for own in times.values())
    left.set(xlim=(0, 1.2 * longest), ylim=(0, 100), xlabel="ms from pen lifted to answer painted")
    left.set(ylabel="answers painted, %", title=f"JupyterLab, {len(own)} answers each")
    left.grid(color="#e5e5e5")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), fontsize=9, frameon=False)

    names = [label.replace(", ", ",\n") for label in times]
    begin = np.zeros(len(times))
    for (part, spent), colour in zip(parts.items(), PARTS, strict=True):
        right.barh(names, spent, left=begin, color=colour, edgecolor="white", label=part)
        begin += spent
    right.invert_yaxis()
    right.set(xlabel="ms, medians", title="Where the time goes, from left to right")
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, fontsize=9, frameon=False)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=200)
    plt.close(figure)
