"""All drawings that people have said something about, on one wall: found, relabelled and dropped."""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from digit_widget.data_url import png_url
from digit_widget.errors import DigitWidgetError
from digit_widget.feedback.record import FeedbackError, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digit_widget.feedback import Feedback

_STATIC = Path(__file__).parents[1] / "static"
PAGE = 60
"""Drawings that are shown at once; no more are ever sent to the browser."""
_FROM_FRONT_END = ("_asked", "_edited")
_REMEMBERED = 1000
"""Edits that are known to be done already, if they come again."""


class Wall(anywidget.AnyWidget):
    """The drawings in a place for feedback, a page at a time, with what was answered and what it was.

    Parameters
    ----------
    feedback
        Where the drawings are.

    Notes
    -----
    It shows what is there when it is made; its button *Refresh*, or `refresh`, reads again.
    """

    _esm = _STATIC / "wall.js"
    _css = _STATIC / "wall.css"

    # What a person wants to see, and what is to be changed; js/wall.js says what is in these two.
    _asked: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True, echo_update=False)
    _edited: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True, echo_update=False)
    # What is shown: a page of drawings, and numbers about all that are found.
    _shown: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, feedback: Feedback) -> None:
        self._feedback = feedback
        self._done: deque[str] = deque(maxlen=_REMEMBERED)
        self._acknowledged: list[str] = []
        super().__init__()

    @traitlets.default("_shown")
    def _default_shown(self) -> dict[str, Any]:
        return self._found({})

    def refresh(self) -> None:
        """Read again what is there."""
        self._show(self._asked)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a front end sends: another question, or changes of records."""
        state = {name: sync_data[name] for name in _FROM_FRONT_END if isinstance(sync_data.get(name), dict)}
        super().set_state(state)
        if state:
            self._show(self._asked, self._edit(state.get("_edited", {}).get("edits")))

    def _edit(self, edits: object) -> list[str]:
        """Do what a front end has not heard to be done, and return what went wrong."""
        if not isinstance(edits, list):
            return []
        keyed = {one["key"]: one for one in edits if isinstance(one, dict) and isinstance(one.get("key"), str)}
        self._acknowledged = list(keyed)
        errors = []
        for key in [key for key in keyed if key not in self._done]:
            self._done.append(key)
            try:
                self._edit_one(keyed[key])
            except DigitWidgetError as failure:
                errors.append(str(failure))
        return errors

    def _edit_one(self, wanted: dict[str, Any]) -> None:
        records, _ = self._feedback.read()
        record = next((record for record in records if record.id == wanted.get("id")), None)
        if record is None:
            message = "That record is not there any more."
            raise FeedbackError(message)
        match wanted:
            case {"does": "drop"}:
                self._feedback.drop(record)
            case {"does": "relabel", "target": None}:
                self._feedback.change(record.changed(target=None))
            case {"does": "relabel", "target": target} if type(target) is int and 0 <= target < len(record.labels):
                self._feedback.change(record.changed(target=target))
            case _:
                message = f"The record has no class {wanted.get('target')!r:.40}."
                raise FeedbackError(message)

    def _show(self, asked: dict[str, Any], errors: Sequence[str] = ()) -> None:
        self.set_trait("_shown", self._found(asked, errors))

    def _found(self, asked: dict[str, Any], errors: Sequence[str] = ()) -> dict[str, Any]:
        try:
            records, failures = self._feedback.read()
        except FeedbackError as failure:
            records, failures = [], [failure]
        first, *more = [*errors, *map(str, failures), ""]
        error = f"{first} (And {len(more) - 1} more like this.)" if more[1:] else first
        return page(records, asked) | {"error": error, "done": self._acknowledged}


def page(records: Sequence[Record], asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the wall shows.

    Parameters
    ----------
    records
        All that there are.
    asked
        Which of them: `label` and `result` (texts), `which` (``"right"`` or ``"wrong"``), `model`, `hours` (only the
        last so many), `page` (from 0). What is missing, or makes no sense, narrows nothing.
    """
    found = sorted(filter(_filter(asked), records), key=lambda record: record.time, reverse=True)
    pages = max(1, -(-len(found) // PAGE))
    number = asked.get("page", 0)
    number = min(max(0, number), pages - 1) if type(number) is int else 0
    counts = Counter((record.label, record.result) for record in found)
    return {
        "items": [_item(record) for record in found[number * PAGE : (number + 1) * PAGE]],
        "found": len(found),
        "right": sum(record.is_right for record in found),
        "all": len(records),
        "page": number,
        "pages": pages,
        "labels": _in_order(records, "label"),
        "results": _in_order(records, "result"),
        "models": _in_order(records, "model"),
        "confusion": [[label, result, count] for (label, result), count in counts.items()],
        "number": asked.get("number", 0),
    }


def _filter(asked: dict[str, Any]) -> Any:  # noqa: ANN401 - a function of a record
    hours = asked.get("hours")
    since = datetime.now(UTC) - timedelta(hours=hours) if isinstance(hours, (int, float)) and 0 < hours < 1e5 else None  # noqa: PLR2004
    named = {name: asked[name] for name in ("label", "result", "model") if asked.get(name)}
    is_right = {"right": True, "wrong": False}.get(str(asked.get("which")))

    def fits(record: Record) -> bool:
        return (
            all(getattr(record, name) == value for name, value in named.items())
            and is_right in (None, record.is_right)
            and (since is None or record.time >= since)
        )

    return fits


def _in_order(records: Sequence[Record], name: str) -> list[str]:
    """Return the values that a field has, labels in the order of their classes."""
    order = {label: index for record in records[:1] for index, label in enumerate(record.labels)}
    return sorted({getattr(record, name) for record in records}, key=lambda value: (order.get(value, 1e9), value))


def _item(record: Record) -> dict[str, Any]:
    try:
        picture = png_url(record.png)
    except FeedbackError:  # the file is gone; the rest is shown
        picture = ""
    return {
        "id": record.id,
        "picture": picture,
        "result": record.result,
        "confidence": record.confidence,
        "label": record.label,
        "target": record.target,
        "labels": list(record.labels),
        "isRight": record.is_right,
        "comment": record.comment,
        "model": record.model,
        "time": record.time.isoformat(),
    }
