"""What a person says about an answer, from the pad to where it is saved."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from digit_widget.data_url import PNG
from digit_widget.errors import sentence
from digit_widget.feedback import Feedback, FeedbackError, Record
from digit_widget.feedback.record import cleaned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from digit_widget.drawing import Drawing
    from digit_widget.models.teacher import Teacher
    from digit_widget.shown import Shown

LONGEST_COMMENT = 2000
"""In characters."""


class Corrections:
    """Takes what is said on one pad to where it is saved, and to who learns from it; js/feedback/asking.js asks for it.

    Parameters
    ----------
    feedback
        Where it is saved, if it is.
    about
        Returns what a record says besides of the pad, as fields of `Record`: `model`, `weights`, `locale`, `settings`.
    teaches
        Whether the pad is taught.
    """

    def __init__(self, feedback: Feedback | None, about: Callable[[], Mapping[str, Any]], *, teaches: bool) -> None:
        self.feedback = feedback
        self.teaches = teaches
        self._about = about
        # Where nothing is saved, there is nothing to agree to.
        self._told: dict[str, Any] = {"number": 0, "consented": feedback is None}
        # What was said last: of which answer, as a record, and as what was learnt from it (a picture and its class).
        self._of: dict[str, Any] = {}
        self._last: Record | None = None
        self._lesson: tuple[Any, int] | None = None
        # Does once more what could not be saved last.
        self._again: Callable[[], None] | None = None

    def as_trait(self) -> dict[str, Any]:
        """Return what a page needs to ask for feedback: the value of the trait `_feedback`."""
        code = files(__package__).joinpath("static", "feedback.js").read_text(encoding="utf-8")
        consent = self.feedback.consent if self.feedback else ""
        return {"code": code, "consent": consent, "teaches": self.teaches, "saves": self.feedback is not None}

    def on_page(self) -> dict[str, Any] | None:
        """Return what a page of its own needs to keep what is said there, see `digit_widget.page.to_html`."""
        if not self.feedback:
            return None
        about = self._about()
        return {"consent": self.feedback.consent, "about": {name: about[name] for name in ("model", "weights")}}

    def tell(self, shown: Shown, teacher: Teacher | None) -> dict[str, Any]:
        """Return what the page is told, the value of the trait `_saved`: what came of the last message."""
        of, answer = self._of, shown.outcomes[0].answer
        if of and answer and (of["answered"], of["drawn"]) == (shown.settled, shown.drawn):
            is_told = self._told.get("of") == of
            self._of = of | {"result": answer.result}  # what was learnt may have changed it
            self._told |= {"of": self._of} if is_told else {}
        self._told["taught"] = teacher.counts if teacher else []
        return dict(self._told)

    def take(self, message: Any, shown: Shown, teacher: Teacher | None = None) -> bool:  # noqa: ANN401 - a front end may send anything
        """Do what a message asks for; `tell` then says what came of it.

        Parameters
        ----------
        message
            From the front end.
        shown
            What the pad shows.
        teacher
            Who learns from it.

        Returns
        -------
        bool
            Whether the teacher knows something else now.
        """
        if not isinstance(message, dict) or type(number := message.get("number")) is not int:
            return False
        self._told |= {"number": max(number, self._told["number"]), "error": "", "retries": False}
        if message.get("consents") is True:
            self._told["consented"] = True
        before = teacher.counts if teacher else []
        again, self._again = self._again, None
        try:
            self._do(message, shown, teacher, again)
        except Exception as error:  # noqa: BLE001 - raised, it would be swallowed: the pad says it
            self._told |= {"state": "failed", "error": sentence(error, "It could not be saved.")}
            self._told["retries"] = self._again is not None
            if message.get("does") == "say":
                self._told["of"] = _about_answer(message)
        else:
            self._again = None
        return teacher is not None and teacher.counts != before

    def _do(
        self, message: dict[str, Any], shown: Shown, teacher: Teacher | None, again: Callable[[], None] | None
    ) -> None:
        match message.get("does"):
            case "say":
                self._say(message, shown, teacher)
            case "comment" if self._last:
                self._save(
                    self._last.changed(comment=cleaned(str(message.get("comment", ""))[:LONGEST_COMMENT])), is_new=False
                )
            case "undo":
                self._undo(teacher)
            case "retry" if again:
                again()

    def _say(self, message: dict[str, Any], shown: Shown, teacher: Teacher | None) -> None:
        if not self._told["consented"]:
            reason = "Nothing is saved before whoever draws has agreed to it."
            raise FeedbackError(reason)
        target, answer = message.get("target"), shown.outcomes[0].answer
        of = _about_answer(message)
        is_same = answer and of == {"answered": shown.settled, "drawn": shown.drawn, "result": answer.result}
        if not (is_same and shown.status in ("answered", "unknown")):
            reason = "The drawing or its answer has changed meanwhile, so nothing was saved. Say it again."
            raise FeedbackError(reason)
        if target is not None and not (type(target) is int and 0 <= target < len(shown.labels)):
            reason = f"The pad sent a class that is not there: {target!r:.60}."
            raise FeedbackError(reason)
        is_again = self._of == of
        again = self._last if is_again else None
        record = None
        if self.feedback:  # made first: what is learnt from it changes the model
            record = again.changed(target=target) if again else self._record(shown, target)
        if not is_again:
            self._last = self._lesson = None
        if teacher:
            self._forget(teacher)
            if target is not None:
                seen = answer.seen  # type: ignore[union-attr]  # there is an answer: see `is_same`
                teacher.teach(seen, target)
                self._lesson = seen, target
        self._of = of
        self._told |= {"of": of, "label": "" if target is None else shown.labels[target], "state": "saved"}
        if record:
            self._save(record, is_new=not again)

    def _undo(self, teacher: Teacher | None) -> None:
        self._again = partial(self._undo, teacher)
        if teacher:
            self._forget(teacher)
        if self.feedback and self._last:
            self.feedback.drop(self._last)
        self._last = None
        self._told |= {"state": "undone", "of": self._of}

    def _forget(self, teacher: Teacher) -> None:
        if self._lesson:
            teacher.forget(*self._lesson)
        self._lesson = None

    def _record(self, shown: Shown, target: int | None) -> Record:
        answer: Any = shown.outcomes[0].answer
        now, png = datetime.now(UTC), _png(shown.drawing)
        return Record(
            id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
            session=self.feedback.session if self.feedback else "",
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

    def _save(self, record: Record, *, is_new: bool) -> None:
        self._last = record  # it is kept if it cannot be saved now
        self._again = partial(self._save, record, is_new=False)
        if self.feedback and is_new:
            self.feedback.add(record)
        elif self.feedback:
            self.feedback.change(record)
        self._told["state"] = "saved"


def _about_answer(message: dict[str, Any]) -> dict[str, Any]:
    """Return which answer a message is about; js/feedback/asking.js says what the numbers are."""
    return {name: message.get(name) for name in ("answered", "drawn", "result")}


def _png(drawing: Drawing) -> bytes:
    """Return a drawing as a PNG file, black on white: what the pad alone has drawn is that already."""
    is_of_pad = bool(drawing.strokes) and not drawing.background and drawing.picture.startswith(PNG)
    return base64.b64decode((drawing.picture if is_of_pad else drawing.cleaned()).removeprefix(PNG))
