"""What a person said about an answer, as one frozen value, and as a line of JSON."""

from __future__ import annotations

import json
import math
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from digit_widget.errors import DigitWidgetError
from digit_widget.labels import NO_ANSWER
from digit_widget.strokes import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from digit_widget.strokes import Stroke

SCHEMA = 1
"""The version of the lines; a newer one is not read by this package."""
NONE = -1
"""How the lines write "none of the classes", as torchvision and Hugging Face do: so every column has one type."""


class FeedbackError(DigitWidgetError):
    """Feedback could not be saved or read; the message says why, and what to do."""


def cleaned(text: str) -> str:
    """Return a text as every place of records can have it: without NUL and halves of emoji."""
    return text.replace("\0", "").encode(errors="replace").decode()


def raising(entries: Iterable[Record | FeedbackError]) -> Iterator[Record]:
    """Return the records among what was read, up to the first that cannot be, which is raised."""
    for entry in entries:
        if isinstance(entry, FeedbackError):
            raise entry
        yield entry


def gone(record: Record) -> FeedbackError:
    """Return what is raised where a record that is to be changed is not there any more."""
    return FeedbackError(f"The record {record.id} is not there any more: somebody has removed it.")


class _Strokes:
    """The field `Record.strokes`: text of JSON is read when somebody asks for them, as few do who read many records."""

    def __set__(self, record: Record, value: list[Stroke] | str) -> None:
        record.__dict__["strokes"] = value

    def __get__(self, record: Record | None, _: type | None = None) -> list[Stroke]:
        if record is None:
            raise AttributeError  # the field has no default
        value = record.__dict__["strokes"]
        if isinstance(value, str):
            try:
                value = record.__dict__["strokes"] = checked(json.loads(value))
            except (ValueError, TypeError, RecursionError) as error:
                message = f"The strokes of record {record.id} cannot be read ({error})."
                raise FeedbackError(message) from error
        return value  # type: ignore[no-any-return]


@dataclass(frozen=True, repr=False)
class Record:
    """A drawing, what was answered, and what a person said about it."""

    _: KW_ONLY
    id: str
    session: str
    """The pad's: one a `Feedback`."""
    time: datetime
    """When it was said, in UTC."""
    strokes: _Strokes = _Strokes()
    """As `digit_widget.strokes.checked` returns them; empty for a picture that was dropped on the pad."""
    labels: tuple[str, ...]
    prediction: int | None
    """The class that was answered; None for 🤔."""
    confidence: float
    probabilities: tuple[float, ...]
    target: int | None
    """The class that the person says it is; None for "nothing of these"."""
    comment: str = ""
    model: str = ""
    """What answered, by name."""
    weights: str = ""
    """The SHA-256 of its weights, in hexadecimal; "" where a model has none to be read."""
    locale: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The pad's: `predict_on`, `size`, `panel`."""
    load: Callable[[], bytes] = field(compare=False)
    """Returns the picture, as PNG."""

    @property
    def png(self) -> bytes:
        """The drawing as a PNG file, black on white."""
        return self.load()

    @property
    def label(self) -> str:
        """What the person says it is; 🤔 for nothing of these."""
        return self._name(self.target)

    @property
    def result(self) -> str:
        """What was answered; 🤔 for nothing of these."""
        return self._name(self.prediction)

    @property
    def is_right(self) -> bool:
        """Whether the answer was what the person says it is."""
        return self.prediction == self.target

    def __repr__(self) -> str:
        """Return what matters, in one short line."""
        return f"Record({self.id!r}, result={self.result!r}, label={self.label!r}, comment={self.comment!r:.40})"

    def changed(self, **changes: Any) -> Record:  # noqa: ANN401 - whatever fields have
        """Return the record with other values."""
        return replace(self, **changes)

    def _name(self, index: int | None) -> str:
        return NO_ANSWER if index is None else self.labels[index]


def to_line(record: Record) -> dict[str, Any]:
    """Return a record as a line of ``metadata.jsonl``: flat, each column of one type whatever is in it."""
    return {
        "file_name": f"{record.id}.png",
        "label": record.label,
        "target": NONE if record.target is None else record.target,
        "result": record.result,
        "prediction": NONE if record.prediction is None else record.prediction,
        "confidence": float(record.confidence),
        "probabilities": [float(p) for p in record.probabilities],
        "labels": list(record.labels),
        "comment": record.comment,
        "model": record.model,
        "weights": record.weights,
        "locale": record.locale,
        "time": record.time.isoformat(timespec="milliseconds"),
        "session": record.session,
        "id": record.id,
        "strokes": json.dumps(record.strokes, separators=(",", ":")),
        "settings": json.dumps(dict(record.settings)),
        "schema": SCHEMA,
    }


def from_line(line: Any, load: Callable[[], bytes]) -> Record:  # noqa: ANN401 - a file may say anything
    """Return the record in a line; the opposite of `to_line`.

    Raises
    ------
    FeedbackError
        If it is no record, or one of a newer version.
    """
    if isinstance(line, dict) and (schema := line.get("schema", SCHEMA)) != SCHEMA:
        message = f"The record is of version {schema}, and this digit-widget reads {SCHEMA}: update digit-widget."
        raise FeedbackError(message)
    try:
        labels = tuple(str(label) for label in line["labels"])
        record = Record(
            id=str(line["id"]),
            session=str(line["session"]),
            time=datetime.fromisoformat(line["time"]).astimezone(UTC),
            strokes=str(line["strokes"]),
            labels=labels,
            prediction=_index(line["prediction"], len(labels)),
            confidence=float(line["confidence"]),
            probabilities=tuple(float(p) for p in line["probabilities"]),
            target=_index(line["target"], len(labels)),
            comment=str(line["comment"]),
            model=str(line["model"]),
            weights=str(line["weights"]),
            locale=str(line["locale"]),
            settings=dict(json.loads(line["settings"])),
            load=load,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        message = f"The record cannot be read ({type(error).__name__}: {error})."
        raise FeedbackError(message) from error
    if not all(map(math.isfinite, (record.confidence, *record.probabilities))):
        message = "The record's probabilities are not numbers."
        raise FeedbackError(message)
    return record


def _index(value: object, count: int) -> int | None:
    if type(value) is not int or not NONE <= value < count:
        message = f"{value!r} is no class of {count}"
        raise ValueError(message)
    return None if value == NONE else value
