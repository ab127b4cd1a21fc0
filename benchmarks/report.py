"""What the benchmarks say: medians and percentiles in tables, for the terminal and for README.md."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    Samples = Sequence[float] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Rows of text under a head, with a line that says what they are and another of remarks."""

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    remark: str = ""

    def markdown(self) -> str:
        """Return the table as README.md shows it; all columns but the first are numbers."""
        rule = "|---|" + "---:|" * (len(self.head) - 1)
        lines = [f"**{self.caption}**", "", _bar(self.head), rule, *map(_bar, self.rows)]
        return "\n".join([*lines, "", self.remark] if self.remark else lines)

    def text(self) -> str:
        """Return the table as a terminal shows it."""
        rows = [tuple(cell.replace("`", "") for cell in row) for row in (self.head, *self.rows)]
        widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                _pad(cell, width, right=index > 0) for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(["", self.caption, "", *lines, *([self.remark] if self.remark else [])])


def timings(caption: str, samples: dict[str, Samples], unit: str, base: str, remark: str = "") -> Table:
    """Tell times side by side.

    Parameters
    ----------
    caption
        What was timed.
    samples
        Label -> what was measured, in `unit`.
    unit
        ``"ms"`` or ``"s"``.
    base
        The label whose median the ratios are to.
    remark
        What to say below.
    """
    reference = median(samples[base])
    form = ".3f" if unit == "s" else ".2f"
    rows: list[tuple[str, ...]] = [
        (
            label,
            f"{median(times):{form}}",
            f"{p95(times):{form}}",
            f"{median(times) / reference:.2f}",
            str(len(times)),
        )
        for label, times in samples.items()
    ]
    return Table(caption, ("", f"median, {unit}", f"p95, {unit}", "ratio", "n"), rows, remark)


def median(samples: Samples) -> float:
    """Return the median."""
    return float(np.median(samples))


def p95(samples: Samples) -> float:
    """Return the 95th percentile."""
    return float(np.percentile(samples, 95))


def insert(readme: Path, name: str, text: str) -> None:
    """Put text between the markers of that name in a file.

    Raises
    ------
    ValueError
        When the file has no such markers.
    """
    before = readme.read_text(encoding="utf-8")
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marked.search(before):
        message = f"{readme.name} has no <!-- {name} --> ... <!-- /{name} -->."
        raise ValueError(message)
    after = marked.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", before)
    readme.write_text(after, encoding="utf-8")


def _bar(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)


def _pad(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space
