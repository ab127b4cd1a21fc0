"""Labels: the names of the classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from digit_widget import shared
from digit_widget.models import ModelError

KEYCAPS = tuple(f"{digit}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}" for digit in range(10))
"""The default labels: the ten digits as emoji, 0️⃣ to 9️⃣."""

NO_ANSWER = shared.NO_ANSWER


class LabelsError(ModelError):
    """Labels cannot be used, or there is not one for each class."""


def as_labels(labels: object) -> tuple[str, ...]:
    """Return labels as a tuple.

    Parameters
    ----------
    labels
        Some strings, or one string with one visible character for each class: ``"🐱🐶🐭"`` or ``"ABC"``. White space in
        it is ignored.

    Raises
    ------
    LabelsError
        If there are none, if one is empty or not a string, or if two are equal.

    Examples
    --------
    >>> as_labels("🐱🐶 👩‍👩‍👧")
    ('🐱', '🐶', '👩‍👩‍👧')
    """
    if isinstance(labels, str):
        _check_is_no_list(labels)
        from wcwidth import iter_graphemes  # noqa: PLC0415 - only needed here; an emoji can be several code points

        labels = [cluster for cluster in iter_graphemes(labels) if not cluster.isspace()]
    if not isinstance(labels, Iterable):
        message = (
            "Expected labels as a list of strings, or as one string with a character for each class, but got "
            f"{labels!r:.60}."
        )
        raise LabelsError(message)
    each = tuple(labels)
    if wrong := [label for label in each if not (isinstance(label, str) and label)]:
        message = (
            f"Expected each label to be a string that is not empty, but got {wrong[0]!r:.60}. Convert it with str(…)."
        )
    elif len(set(each)) < len(each):
        twice = next(label for index, label in enumerate(each) if label in each[:index])
        message = f"Expected labels that differ, but {twice!r} occurs twice."
    elif not each:
        message = "Expected one label for each class, but there are no labels."
    else:
        return each
    raise LabelsError(message)


def _check_is_no_list(labels: str) -> None:
    """Check that a string is not several names: it would be read as one label for each character."""
    separator = next((mark for mark in ",;|" if mark in labels), "")
    names = [name.strip() for name in labels.split(separator)] if separator else []
    if len(names) > 1 and all(names):
        message = (
            f"Expected labels as a list, or as one string with a character for each class, but {labels!r:.60} has "
            f"{separator!r} between names. Pass a list: labels={names[:3]!r:.80}."
        )
        raise LabelsError(message)


def check_labels(labels: Sequence[str], classes: int) -> None:
    """Check that there is one label for each class.

    Raises
    ------
    LabelsError
        If there is not.
    """
    if len(labels) != classes:
        message = (
            f"The model knows {classes} classes but there are {len(labels)} labels. Pass one label for each class."
        )
        raise LabelsError(message)


def are_digits(labels: Sequence[str]) -> bool:
    """Return whether labels are the ten digits, 0 to 9, as text or as keycaps.

    Examples
    --------
    >>> are_digits(KEYCAPS), are_digits("0123456789"), are_digits("1234567890")
    (True, True, False)
    """
    return len(labels) == len(KEYCAPS) and all(label in (str(n), KEYCAPS[n]) for n, label in enumerate(labels))


def uniform(classes: int) -> tuple[float, ...]:
    """Return equal probabilities, which stand for not knowing.

    Examples
    --------
    >>> uniform(4)
    (0.25, 0.25, 0.25, 0.25)
    """
    return (1 / classes,) * classes
