"""What an answer is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYCAPS = tuple(f"{digit}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}" for digit in range(10))
"""The ten digits as emoji, 0️⃣ to 9️⃣: the labels unless others are given."""

NO_ANSWER = "\N{THINKING FACE}"
"""The label while the pad is blank, and of what is not a digit."""


def as_labels(labels: str | Iterable[str]) -> tuple[str, ...]:
    """Return labels one by one: those in a text are its characters as a person counts them, "🐱🐶🐭" or "ABC"."""
    if not isinstance(labels, str):
        return tuple(labels)
    from wcwidth import iter_graphemes  # noqa: PLC0415 - an emoji can be several code points; only a text needs this

    return tuple(cluster for cluster in iter_graphemes(labels) if not cluster.isspace())


def uniform(classes: int) -> tuple[float, ...]:
    """Return the probabilities of not knowing."""
    return (1 / classes,) * classes
