"""What is on the desk, as the values of traits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digit_widget.labels import NO_ANSWER, uniform

if TYPE_CHECKING:
    from digit_widget.drawing import Drawing
    from digit_widget.shown import Shown


def values(shown: Shown) -> dict[str, Any]:
    """Return the values of all traits that the desk decides on, by name; `digit_widget.traits` says what they mean."""
    drawing, answer, seen = shown.drawing, shown.outcomes[0].answer, shown.outcomes[0].seen
    if answer and not seen:
        from digit_widget.picture import to_data_url  # noqa: PLC0415 - it imports numpy and Pillow

        seen = to_data_url(answer.seen)
    return {
        "image": drawing.picture,
        "strokes": [[list(point) for point in stroke] for stroke in drawing.strokes],  # the user may change it
        "labels": list(shown.labels),
        "status": shown.status,
        "result": answer.result if answer else NO_ANSWER,
        "prediction": answer.prediction if answer else None,
        "confidence": answer.confidence if answer else 0.0,
        "probabilities": list(answer.probabilities if answer else uniform(len(shown.labels))),
        "error": shown.error,
        "_drawing": on_page(drawing, shown.number, shown.drawn),
        "_seen": seen,
        "_answered": shown.settled,
        "_unasked": shown.is_stale,
        "_why": {},
    }


def on_page(drawing: Drawing, number: int, drawn: int) -> dict[str, Any]:
    """Return a drawing as a page needs it to show it: the value of the trait `_drawing`, see js/protocol.js."""
    return {"strokes": drawing.strokes, "background": drawing.background, "number": number, "drawn": drawn}
