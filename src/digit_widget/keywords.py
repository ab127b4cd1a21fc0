"""The keywords that models and pads take, with their types."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from PIL.Image import Image


class PictureKeywords(TypedDict, total=False):
    """How the pictures for a model are made; `digit_widget.Classifier` says what they mean. None is not said."""

    transform: Callable[[Image], Any] | None
    normalise: bool | None
    inputs: (
        Literal["auto", "0..1", "mnist", "-1..1", "0..255", "-0.5..0.5", "imagenet", "0..16"] | tuple[Any, Any] | None
    )
    ink: Literal["light", "dark"] | None
    input_size: int | tuple[int, int] | None
    transposed: bool | None


class PadKeywords(PictureKeywords, total=False):
    """All that `digit_widget.DigitWidget` takes besides the model, and says what it means."""

    image: Any
    strokes: Iterable[Any]
    predict_on: Literal["stroke", "move", "button"]
    labels: str | Iterable[str] | None
    explaining: bool
    size: int
    locale: str
    prompt: str
    panel: Literal["full", "compact", "none"]
    offline: bool
    feedback: Any
    teach: bool
    layout: Any
    tabbable: bool | None


class RemoteKeywords(TypedDict, total=False):
    """All that `digit_widget.Remote` takes besides the URL, and says what it means. None is not said."""

    headers: Mapping[str, str] | None
    input_name: str | None
    output_name: str | None
    shape: Sequence[int] | None
    datatype: str | None
    batch: int | None
    temperature: float | None
    threshold: float | None
    timeout: float | None


PICTURE_KEYWORDS = tuple(PictureKeywords.__annotations__)
PAD_KEYWORDS = tuple(PadKeywords.__annotations__)
REMOTE_KEYWORDS = tuple(RemoteKeywords.__annotations__)


def split(keywords: Mapping[str, Any]) -> tuple[PictureKeywords, dict[str, Any]]:
    """Return what is said of the pictures, without what is None, and the other keywords."""
    pictures = {name: keywords[name] for name in PICTURE_KEYWORDS if keywords.get(name) is not None}
    return cast("PictureKeywords", pictures), {n: v for n, v in keywords.items() if n not in PICTURE_KEYWORDS}


def meant(name: str, names: Sequence[str]) -> str:
    """Return a question about what was probably meant, or "".

    Examples
    --------
    >>> meant("normalize", PICTURE_KEYWORDS)
    ' (did you mean normalise?)'
    """
    close = get_close_matches(name, names, 1)
    return f" (did you mean {close[0]}?)" if close else ""
