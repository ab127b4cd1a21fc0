"""Records out of a file that a page of its own has saved: JSON Lines, each a record with its picture.

js/feedback/keeper.js writes them. Whoever has the file may have changed it: nothing in it is believed.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from digit_widget.data_url import MAX_BYTES, PNG
from digit_widget.errors import DigitWidgetError
from digit_widget.feedback.record import FeedbackError, Record, cleaned, from_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

LARGEST = 200_000_000
"""Bytes that a file may have: some 20,000 drawings."""
LONGEST_LINE = 2 * MAX_BYTES + 4_000_000
"""Bytes that a line may have: the largest picture in base64, and a long drawing's strokes."""
LONGEST_TEXT = 2000
"""Characters that a comment, a name or a label may have."""
NAMED = 5
"""How many lines that cannot be read are named one by one."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""What a record and its session may be called: folders and files are named after them."""


def add_file(file: Path, known: Collection[str], add: Callable[[Record], None]) -> int:
    """Add the records of a file.

    Parameters
    ----------
    file
        What a page has saved.
    known
        The ids of the records that are there already, and are not added again.
    add
        Adds a record.

    Returns
    -------
    int
        How many were added.

    Raises
    ------
    FeedbackError
        If the file cannot be read or is too large, or a record cannot be saved. When some lines cannot be read: the
        others have been added by then, and the sentence says how many, and names those lines by number.
    """
    seen, added = set(known), 0
    wrong: list[str] = []
    for number, line in _lines(file):
        try:
            record = _record(line)
        except DigitWidgetError as error:
            wrong.append(f"line {number}: {str(error).rstrip('.')}")
            continue
        if record.id not in seen:
            add(record)
            seen.add(record.id)
            added += 1
    if wrong:
        lines = "1 line" if len(wrong) == 1 else f"{len(wrong)} lines"
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        message = (
            f"{added} of the records in {file.name} were added, but {lines} cannot be read: "
            f"{'; '.join(wrong[:NAMED])}{more}."
        )
        raise FeedbackError(message)
    return added


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Return the lines that are not blank, with their numbers; of one that is too long only the beginning."""
    try:
        if file.stat().st_size > LARGEST:
            message = f"{file.name} is too large: {LARGEST // 1_000_000} MB are the limit. Cut it into several files."
            raise FeedbackError(message)
        with file.open("rb") as content:
            number = 0
            while line := content.readline(LONGEST_LINE + 1):
                number += 1
                rest = line
                while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                    rest = content.readline(LONGEST_LINE + 1)
                if line.strip():
                    yield number, line
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror or error}."
        raise FeedbackError(message) from error


def _record(line: bytes) -> Record:
    if len(line) > LONGEST_LINE:
        message = f"It is too long: {LONGEST_LINE:,} bytes are the limit."
        raise FeedbackError(message)
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = "It is not JSON, or was cut off."
        raise FeedbackError(message) from error
    if not isinstance(content, dict):
        message = "It is no record."
        raise FeedbackError(message)
    png = _picture(content.get("png"))
    record = from_line({name: _cleaned(value) for name, value in content.items()}, lambda: png)
    if not (_NAME.fullmatch(record.id) and _NAME.fullmatch(record.session)):
        message = f"No page calls a record or its session so: {record.id!r:.40}, {record.session!r:.40}."
        raise FeedbackError(message)
    texts = (record.comment, record.model, record.weights, record.locale, *record.labels)
    if len(record.probabilities) != len(record.labels) or max(map(len, texts)) > LONGEST_TEXT:
        message = "Its labels and probabilities do not match, or a text in it is too long."
        raise FeedbackError(message)
    _ = record.strokes  # they are read when somebody asks for them: here, so that it is told here if they are none
    return record


def _picture(url: object) -> bytes:
    """Return the PNG file in a data URL, once it is known to be a picture."""
    from digit_widget.picture import from_data_url  # noqa: PLC0415 - it imports numpy and Pillow

    if not (isinstance(url, str) and url.startswith(PNG)):
        message = "It has no picture as a PNG data URL."
        raise FeedbackError(message)
    from_data_url(url, dark_on_light=True)
    return base64.b64decode(url.removeprefix(PNG))


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    if isinstance(value, list):
        return [cleaned(one) if isinstance(one, str) else one for one in value]
    return cleaned(value) if isinstance(value, str) else value
