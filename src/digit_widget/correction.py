"""What a person says about an answer, from the pad to where it is saved."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from digit_widget.errors import DigitWidgetError, sentence
from digit_widget.feedback import Feedback, FeedbackError, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from digit_widget.drawing import Drawing
    from digit_widget.shown import Shown

LONGEST_COMMENT = 2000
"""In characters."""
_PNG = "data:image/png;base64,"


class Corrections:
    """Saves what is said on one pad; js/feedback/index.js says what is in a message.

    Parameters
    ----------
    feedback
        Where it is saved.
    about
        Returns what a record says besides of the pad, as fields of `Record`: `model`, `weights`, `locale`, `settings`.

    Attributes
    ----------
    told
        What the front end is told: the value of the trait `_saved`.
    """

    def __init__(self, feedback: Feedback, about: Callable[[], Mapping[str, Any]]) -> None:
        self.feedback = feedback
        self.told: dict[str, Any] = {"number": 0, "consented": False}
        self._about = about
        self._last: Record | None = None

    def as_trait(self) -> dict[str, Any]:
        """Return what a page needs to ask for feedback: the value of the trait `_feedback`."""
        code = files(__package__).joinpath("static", "feedback.js").read_text(encoding="utf-8")
        return {"code": code, "consent": self.feedback.consent}

    def take(self, message: Any, shown: Shown) -> None:  # noqa: ANN401 - a front end may send anything
        """Do what a message asks for, and have `told` say what came of it.

        Parameters
        ----------
        message
            From the front end.
        shown
            What the pad shows.
        """
        if not isinstance(message, dict) or type(number := message.get("number")) is not int:
            return
        self.told = self.told | {"number": number, "error": ""}
        if message.get("consents") is True:
            self.told["consented"] = True
        try:
            self._do(message, shown)
        except (DigitWidgetError, ImportError) as error:
            self.told |= {"state": "failed", "error": sentence(error)}
        self.told["waiting"] = self.feedback.waiting

    def _do(self, message: dict[str, Any], shown: Shown) -> None:
        match message.get("does"):
            case "say":
                self._say(message, shown)
            case "comment" if self._last:
                self._save(self._last.changed(comment=str(message.get("comment", ""))[:LONGEST_COMMENT]))
            case "undo" if self._last:
                self.feedback.drop(self._last)
                self._last = None
                self.told["state"] = "undone"
            case "retry":
                self.feedback.retry()
                self.told["state"] = "saved"

    def _say(self, message: dict[str, Any], shown: Shown) -> None:
        if not self.told["consented"]:
            reason = "Nothing is saved before whoever draws has agreed to it."
            raise FeedbackError(reason)
        target, answer = message.get("target"), shown.outcomes[0].answer
        of = {name: message.get(name) for name in ("answered", "drawn", "result")}
        is_same = answer and of == {"answered": shown.settled, "drawn": shown.drawn, "result": answer.result}
        if not (is_same and shown.status in ("answered", "unknown")):
            reason = "The drawing or its answer has changed meanwhile, so nothing was saved. Say it again."
            raise FeedbackError(reason)
        if target is not None and not (type(target) is int and 0 <= target < len(shown.labels)):
            reason = f"The pad sent a class that is not there: {target!r:.60}."
            raise FeedbackError(reason)
        again = self._last if self.told.get("of") == of else None
        record = again.changed(target=target) if again else self._record(shown, target)
        self.told |= {"of": of, "label": "" if target is None else record.label}
        self._save(record, is_new=not again)

    def _record(self, shown: Shown, target: int | None) -> Record:
        answer: Any = shown.outcomes[0].answer
        now, png = datetime.now(UTC), _png(shown.drawing)
        return Record(
            id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
            session=self.feedback.session,
            time=now,
            strokes=shown.drawing.strokes,
            labels=shown.labels,
            prediction=answer.prediction,
            confidence=answer.confidence,
            probabilities=answer.probabilities,
            target=target,
            load=lambda: png,
            **self._about(),
        )

    def _save(self, record: Record, *, is_new: bool = False) -> None:
        self._last = record  # it is kept if it cannot be saved now
        if is_new:
            self.feedback.add(record)
        else:
            self.feedback.change(record)
        self.told["state"] = "saved"


def _png(drawing: Drawing) -> bytes:
    """Return a drawing as a PNG file, black on white: what the pad alone has drawn is that already."""
    is_of_pad = bool(drawing.strokes) and not drawing.background and drawing.picture.startswith(_PNG)
    return base64.b64decode((drawing.picture if is_of_pad else drawing.cleaned()).removeprefix(_PNG))
