"""Feedback for other programs, in the files in which they keep drawings with labels."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.data_url import png_url
from digit_widget.feedback.quickdraw import simplified
from digit_widget.feedback.record import FeedbackError
from digit_widget.feedback.tables import COLUMNS, labels_of, to_arrays
from digit_widget.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from digit_widget.feedback.record import Record

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may run, as OWASP lists it."""
_LONGEST_NAME = 40  # of a class in the name of a folder, in characters


def export(records: Iterable[Record], path: str | os.PathLike[str]) -> Path:
    """Write records to a file, or to a folder, for another program.

    Parameters
    ----------
    records
        The whole `Feedback`, or some of it.
    path
        Its name says in which form:

        - ``….npz``, for numpy: ``x``, the pictures, and ``y``, the classes, as `to_arrays` returns them; ``labels``.
        - ``folder/``, or a name without a dot, for torchvision's ``ImageFolder``: the pictures as they were drawn, in a
          folder for each class that occurs; those of none of the classes in ``none``.
        - ``….csv``, for spreadsheets: the table that `to_pandas` returns, in UTF-8 with a mark that says so. Words
          that a spreadsheet might run get an apostrophe before them.
        - ``….ndjson``, as the simplified drawings of *Quick, Draw!*: the strokes, without pictures that were dropped on
          the pad. The ``key_id`` is a number made of the record's id.
        - ``….json``, for Label Studio: tasks with the picture, the model's answer as a prediction, and what was said of
          it as an annotation. The project needs an ``<Image name="image" value="$image"/>`` and ``<Choices
          name="digit" toName="image">`` with a ``<Choice value="…"/>`` for each label, and for 🤔.

        A file of this name is replaced, and folders above it are made.

    Returns
    -------
    pathlib.Path
        What was written. It is there as a whole, or not at all.

    Raises
    ------
    FeedbackError
        If there are no records that could be written, or the name is of no form. If the folder is there and not empty,
        or nothing can be written. If a picture cannot be read; or, for arrays and folders of classes, if the records
        have different labels.

    References
    ----------
    The forms are described by https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html,
    https://github.com/googlecreativelab/quickdraw-dataset, https://labelstud.io/guide/tasks.html and, for the
    apostrophes, https://owasp.org/www-community/attacks/CSV_Injection.

    Examples
    --------
    >>> export([], "digits.npz")
    Traceback (most recent call last):
    digit_widget.feedback.record.FeedbackError: There is nothing to export.
    """
    write = _writer(os.fspath(path))
    kept = list(records)
    if not kept:
        message = "There is nothing to export."
        raise FeedbackError(message)
    place = Path(path).absolute()
    try:
        if place.is_dir() and any(place.iterdir()):
            message = f"{place} is a folder with something in it. Export to a new one, or empty it first."
            raise FeedbackError(message)
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole(place) as part:
            write(kept, part)
    except OSError as error:
        message = f"{place} cannot be written: {error.strerror or error}."
        raise FeedbackError(message) from error
    return place


def _writer(path: str) -> Callable[[list[Record], Path], None]:
    """Return what writes the form that a path asks for."""
    suffix = Path(path).suffix.lower()
    if not suffix or path.endswith(("/", os.sep)):
        return _write_folder
    if suffix in _WRITERS:
        return _WRITERS[suffix]
    *some, last = _WRITERS
    message = (
        f"{Path(path).name} is of no form that is known. Feedback is exported to a name that ends in "
        f"{', '.join(some)} or {last}, or to a folder, whose name ends in / or has no dot."
    )
    raise FeedbackError(message)


def _write_npz(records: list[Record], file: Path) -> None:
    pictures, targets = to_arrays(records)
    with file.open("wb") as out:
        np.savez_compressed(out, x=pictures, y=targets, labels=np.array(labels_of(records)))


def _write_csv(records: list[Record], file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8-sig", errors="replace") as out:
        table = csv.writer(out, quoting=csv.QUOTE_ALL)
        table.writerow(COLUMNS)
        table.writerows([_cell(getattr(record, name)) for name in COLUMNS] for record in records)


def _cell(value: object) -> object:
    """Return what a cell says; words that a spreadsheet might run are defused.

    Examples
    --------
    >>> _cell("=1+1"), _cell("1+1"), _cell(0.5)
    ("'=1+1", '1+1', 0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _write_ndjson(records: list[Record], file: Path) -> None:
    drawn = [record for record in records if record.strokes]
    if not drawn:
        message = "There is nothing to export: these are pictures that were dropped on the pad, without strokes."
        raise FeedbackError(message)
    with file.open("wb") as out:
        for record in drawn:
            line = {
                "word": record.label,
                "countrycode": "",
                "timestamp": f"{record.time:%Y-%m-%d %H:%M:%S.%f} UTC",
                "recognized": record.is_right,
                "key_id": str(int.from_bytes(hashlib.sha256(record.id.encode(errors="replace")).digest()[:8], "big")),
                "drawing": simplified(record.strokes),
            }
            out.write(_json(line) + b"\n")


def _write_tasks(records: list[Record], file: Path) -> None:
    with file.open("wb") as out:
        for start, record in zip([b"[\n", *[b",\n"] * (len(records) - 1)], records, strict=True):
            out.write(start + _json(_task(record)))
        out.write(b"\n]\n")


def _task(record: Record) -> dict[str, Any]:
    """Return a record as a task of Label Studio's."""
    return {
        "data": {
            "image": png_url(record.png),
            "id": record.id,
            "time": record.time.isoformat(timespec="milliseconds"),
            "session": record.session,
            "comment": record.comment,
        },
        "predictions": [
            {
                "model_version": f"{record.model} {record.weights[:12]}".strip(),
                "score": record.confidence,
                "result": [_choice(record.result)],
            }
        ],
        "annotations": [{"result": [_choice(record.label)]}],
    }


def _choice(label: str) -> dict[str, Any]:
    return {"from_name": "digit", "to_name": "image", "type": "choices", "value": {"choices": [label]}}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")  # a comment may have half an emoji


def _write_folder(records: list[Record], folder: Path) -> None:
    names = _class_names(labels_of(records))
    for number, record in enumerate(records, 1):
        of_class = folder / ("none" if record.target is None else names[record.target])
        of_class.mkdir(parents=True, exist_ok=True)
        (of_class / f"{number:06}-{_safe(record.id)}.png").write_bytes(record.png)


def _class_names(labels: Sequence[str]) -> list[str]:
    """Return names of folders for classes, which sort as the classes do.

    Examples
    --------
    >>> _class_names(["0️⃣", "1️⃣"]), _class_names(["🐱", "../Hund", "?"])
    (['0', '1'], ['0-cat-face', '1-Hund', '2'])
    """
    width = len(str(len(labels) - 1))
    names = []
    for index, label in enumerate(labels):
        number, words = f"{index:0{width}}", _safe(label)[:_LONGEST_NAME].strip("-")
        names.append(number if words in ("", number, str(index)) else f"{number}-{words}")
    return names


def _safe(words: str) -> str:
    """Return words with nothing in them but letters, digits and hyphens; the names of emoji in their place."""
    found = []
    for sign in unicodedata.normalize("NFKC", words):
        kind = unicodedata.category(sign)
        if sign.isalnum():
            found.append(sign)
        elif kind == "So":  # emoji and the like
            found.append(f"-{unicodedata.name(sign, '').lower()}-".replace(" ", "-"))
        elif kind[0] != "M" and kind != "Cf":  # what only changes its neighbours, as a keycap
            found.append("-")
    return "-".join(filter(None, "".join(found).split("-")))


_WRITERS: dict[str, Callable[[list[Record], Path], None]] = {
    ".npz": _write_npz,
    ".csv": _write_csv,
    ".ndjson": _write_ndjson,
    ".json": _write_tasks,
}
