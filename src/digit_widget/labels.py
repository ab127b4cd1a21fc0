"""What an answer is called."""

KEYCAPS = tuple(f"{digit}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}" for digit in range(10))
"""The ten digits as emoji, 0️⃣ to 9️⃣: the labels unless others are given."""

NO_ANSWER = "\N{THINKING FACE}"
"""The label while the pad is blank, and of what is not a digit."""


def uniform(classes: int) -> tuple[float, ...]:
    """Return the probabilities of not knowing."""
    return (1 / classes,) * classes
