"""What an answer is called."""

from __future__ import annotations

from collections.abc import Iterable

from digit_widget.models import ModelError

KEYCAPS = tuple(f"{digit}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}" for digit in range(10))
"""The ten digits as emoji, 0️⃣ to 9️⃣: the labels unless others are given."""

NO_ANSWER = "\N{THINKING FACE}"
"""The label while the pad is blank, and of what is not a digit."""


class LabelsError(ModelError):
    """Labels that cannot be used, or not one a class."""


def as_labels(labels: object) -> tuple[str, ...]:
    """Return labels one by one: those in a text are its characters as a person counts them, "🐱🐶🐭" or "ABC".

    Raises
    ------
    LabelsError
        When there are none, or one is no text, empty, or there twice.
    """
    if isinstance(labels, str):
        from wcwidth import iter_graphemes  # noqa: PLC0415 - an emoji can be several code points; only a text needs this

        labels = [cluster for cluster in iter_graphemes(labels) if not cluster.isspace()]
    if not isinstance(labels, Iterable):
        message = f"Labels are a list of texts, or one text with a character a class; {labels!r:.60} is neither."
        raise LabelsError(message)
    each = tuple(labels)
    if wrong := [label for label in each if not (isinstance(label, str) and label)]:
        message = f"A label is a text that is not empty; {wrong[0]!r:.60} is none. Write str(…) around it."
    elif len(set(each)) < len(each):
        twice = next(label for index, label in enumerate(each) if label in each[:index])
        message = f"The label {twice!r} is there twice; give each class one of its own."
    elif not each:
        message = "There are no labels; give one a class."
    else:
        return each
    raise LabelsError(message)


def uniform(classes: int) -> tuple[float, ...]:
    """Return the probabilities of not knowing."""
    return (1 / classes,) * classes
