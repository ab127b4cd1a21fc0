"""The traits of a pad: what they are, who may set them, and what they take."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import anywidget
import traitlets

from digit_widget.data_url import DATA_URL
from digit_widget.errors import DigitWidgetError
from digit_widget.labels import KEYCAPS, NO_ANSWER, as_labels, uniform
from digit_widget.strokes import LARGEST, PAD_SIZE, SMALLEST, checked

LOCALE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*")
"""The form of a BCP 47 tag."""
LARGEST_PICTURE = 4 * PAD_SIZE
"""Longer side, in pixels, that a picture set in Python is reduced to."""
MEMORY = 200_000
"""Characters of JSON that the pad's history may have; the pad itself keeps to a third of it."""

FROM_FRONT_END = (
    "_drawing",
    "_memory",
    "_correction",
    "image",
    "predict_on",
    "labels",
    "explaining",
    "size",
    "_view_count",
)
"""What a front end may set; whatever else it sends is ignored."""


class _Projected:
    """A trait that shows what a pad has; setting it is a request to the pad, which then changes it."""

    def set(self, pad: Any, value: Any) -> None:  # noqa: ANN401 - as traitlets has it
        new = self._validate(pad, value)  # type: ignore[attr-defined]
        pad._request(self.name, new)  # type: ignore[attr-defined]  # noqa: SLF001 - the trait is a part of the pad


class _Picture(_Projected, traitlets.Unicode):  # type: ignore[type-arg]
    def set(self, pad: Any, value: Any) -> None:  # noqa: ANN401
        super().set(pad, value if _is_url(value) else _tried(_as_url, value))

    def validate(self, obj: Any, value: Any) -> Any:  # noqa: ANN401
        if _is_url(value):  # a front end sends nothing else: it must not name a file
            return super().validate(obj, value)
        message = "Expected a picture as a data URL: data:image/png;base64,…"
        raise traitlets.TraitError(message)


class _Strokes(_Projected, traitlets.List):  # type: ignore[type-arg]
    def validate(self, obj: Any, value: Any) -> list[Any]:  # noqa: ANN401
        strokes: list[Any] = _tried(checked, super().validate(obj, value))
        return strokes


class _Labels(_Projected, traitlets.List):  # type: ignore[type-arg]
    def validate(self, obj: Any, value: Any) -> list[str]:  # noqa: ANN401
        labels = value if isinstance(value, str) else super().validate(obj, value)
        return list(_tried(as_labels, labels))


def _is_url(value: object) -> bool:
    return isinstance(value, str) and (not value or DATA_URL.match(value) is not None)


def _as_url(picture: Any) -> str:  # noqa: ANN401 - whatever `predict` takes
    from digit_widget.picture import shrink, to_data_url, to_ink  # noqa: PLC0415 - numpy and PIL come with the first one

    return to_data_url(shrink(to_ink(picture), LARGEST_PICTURE))


def _tried(check: Any, value: Any) -> Any:  # noqa: ANN401
    try:
        return check(value)
    except DigitWidgetError as error:
        raise traitlets.TraitError(str(error)) from error


class PadTraits(anywidget.AnyWidget):
    """What a pad syncs with its front end; `DigitWidget` says what the public traits mean."""

    image = _Picture(help="The drawing, a PNG data URL, black on white; '' when blank.").tag(
        sync=True, echo_update=False
    )
    strokes = _Strokes(help="The drawing, as strokes of [x, y, t, pressure].").tag(sync=True, echo_update=False)
    predict_on = traitlets.Enum(["stroke", "move", "button"], "stroke", help="When to ask the model.").tag(sync=True)
    labels = _Labels(traitlets.Unicode(), list(KEYCAPS), help="One a class.").tag(sync=True)
    explaining = traitlets.Bool(default_value=False, help="Whether to show what spoke for an answer.").tag(sync=True)
    size = traitlets.Int(PAD_SIZE, help="The pad's side on the page in CSS pixels, 160..600.").tag(sync=True)
    locale = traitlets.Unicode(help="The language of the panel, a BCP 47 tag; '' is the browser's.").tag(sync=True)

    prompt = traitlets.Unicode(help="What the blank pad says; '' is its own words.").tag(sync=True)
    panel = traitlets.Enum(["full", "compact", "none"], "full", help="How much stands beside the pad.").tag(sync=True)

    status = traitlets.Enum(
        ["blank", "answered", "unknown", "error", "waiting"], "blank", read_only=True, help="What `result` means."
    ).tag(sync=True)
    result = traitlets.Unicode(NO_ANSWER, read_only=True, help="The label; 🤔 when there is none.").tag(sync=True)
    prediction = traitlets.Int(
        None, allow_none=True, read_only=True, help="The class index; None when blank or not a digit."
    ).tag(sync=True)
    confidence = traitlets.Float(0.0, read_only=True, help="Probability of the prediction, 0..1.").tag(sync=True)
    probabilities = traitlets.List(traitlets.Float(), read_only=True, help="One a class, sums to 1.").tag(sync=True)
    error = traitlets.Unicode(read_only=True, help="What went wrong, in words; '' when nothing did.").tag(sync=True)

    # The drawing as one value: js/protocol.js says what is in it on the way to Python and back.
    _drawing: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True, echo_update=False)
    # What undo and redo know, for a page that is loaded again; the pad sends it when it clears, undoes or redoes.
    _memory: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True, echo_update=False)
    # What was found out about each model when it was met, in words; '' of the bundled one, and where nothing was.
    _met: traitlets.List[str] = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    # The picture the model saw, as a data URL.
    _seen = traitlets.Unicode(read_only=True).tag(sync=True)
    # The number of the last question: it and all before it are settled.
    _answered = traitlets.Int(0, read_only=True).tag(sync=True)
    # The drawing is newer than the answer, and nobody has asked.
    _unasked = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)
    # Why the answer of this number (`answered`) is what it is, as pictures and labels; or an `error`; or nothing.
    _why: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True)
    # What the page needs to answer without Python: js/offline.js says what is in it; {} unless that is wanted.
    _offline: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True)
    # How what people say about answers is asked and saved, with the code for it; {} unless that is wanted.
    _feedback: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True)
    # What a person says about the answer, as a message from a page; and what came of it. See js/feedback/asking.js.
    _correction: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True, echo_update=False)
    _saved: traitlets.Dict[str, Any] = traitlets.Dict(read_only=True).tag(sync=True)
    # The name of the copy that the notebook keeps; views of the pad hide the copy by it.
    _kept_as = traitlets.Unicode(read_only=True).tag(sync=True)

    @traitlets.default("_kept_as")
    def _default_kept_as(self) -> str:
        return uuid.uuid4().hex

    @traitlets.default("probabilities")
    def _default_probabilities(self) -> list[float]:
        return list(uniform(len(self.labels)))

    @traitlets.validate("_memory")
    def _validate_memory(self, proposal: Any) -> dict[str, Any]:  # noqa: ANN401
        memory: dict[str, Any] = proposal.value
        try:
            return memory if len(json.dumps(memory)) <= MEMORY else {}
        except RecursionError:
            return {}

    @traitlets.validate("size")
    def _validate_size(self, proposal: Any) -> int:  # noqa: ANN401
        size: int = proposal.value
        if not SMALLEST <= size <= LARGEST:
            message = f"size must be from {SMALLEST} to {LARGEST} (the pad's side in CSS pixels), and is {size}."
            raise traitlets.TraitError(message)
        return size

    @traitlets.validate("locale")
    def _validate_locale(self, proposal: Any) -> str:  # noqa: ANN401
        locale: str = proposal.value.replace("_", "-")  # as POSIX writes it
        if locale and not LOCALE.fullmatch(locale):
            message = f"locale must be a language tag like 'de' or 'zh-Hans', or '', and is {proposal.value!r:.60}."
            raise traitlets.TraitError(message)
        return locale
