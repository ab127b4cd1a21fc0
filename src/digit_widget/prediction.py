"""The same answers without a pad: for one picture, or for many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, overload

from digit_widget.loading import classifier_class

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import numpy.typing as npt
    from PIL.Image import Image

    from digit_widget.answer import Answer
    from digit_widget.keywords import PictureKeywords
    from digit_widget.picture import Picture


@overload
def predict(
    picture: list[Picture],
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    **pictures: Unpack[PictureKeywords],
) -> list[Answer]: ...
@overload
def predict(
    picture: str | bytes | os.PathLike[str] | Image,
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    **pictures: Unpack[PictureKeywords],
) -> Answer: ...
@overload
def predict(
    picture: npt.ArrayLike,
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    **pictures: Unpack[PictureKeywords],
) -> Any: ...  # noqa: ANN401 - one or several
def predict(
    picture: Picture | list[Picture],
    model: object = None,
    *,
    labels: str | Iterable[str] | None = None,
    **pictures: Unpack[PictureKeywords],
) -> Answer | list[Answer]:
    """Answer a picture as the pad would, without a pad.

    Parameters
    ----------
    picture
        A data URL, the bytes of an image file, its path, a PIL image, or an array; see `digit_widget.picture.to_ink`.
        A list of pictures gives a list of answers, and so does an array of several: (n, height, width) or with an axis
        of channels, (n, height, width, channels) or (n, channels, height, width).
    model, labels
        As `Classifier` takes them. A model is asked about known drawings at each call, so one that is used often should
        be passed as a `Classifier`, made once.
    **pictures
        What `Classifier` takes to say how the model's pictures are made: ``transform``, ``normalise``, ``inputs``,
        ``ink``, ``input_size``, ``transposed``.

    Raises
    ------
    PictureError
        If a picture cannot be read or is too large; of several, the message says which one. If an array of shape (3,
        height, width) may be three pictures or one in colour: the message says how to say which.
    ModelError
        If the model cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from digit_widget import predict
    >>> paper = np.full((60, 60), 255, np.uint8)
    >>> paper[5:55, 28:33] = 0
    >>> predict(paper).result
    '1️⃣'
    """
    Classifier = classifier_class()  # noqa: N806 - a class
    from digit_widget.picture import to_ink, to_inks  # noqa: PLC0415 - numpy and PIL, which a browser's Python may lack

    classifier = Classifier.of(model, labels, **pictures)
    several = picture if isinstance(picture, list) else _several(picture)
    if several is not None:
        return classifier.classify(to_inks(several))
    return classifier.classify([to_ink(picture)])[0]  # type: ignore[arg-type]  # no list


def _several(picture: Any) -> list[Picture] | None:  # noqa: ANN401 - most are no arrays
    """Return the pictures in an array of several, or None if it is one picture, or no array."""
    from digit_widget.picture import CHANNELS, PictureError  # noqa: PLC0415 - as above

    shape = tuple(getattr(picture, "shape", ()))
    if len(shape) == 4:  # noqa: PLR2004 - with channels, first or last
        return list(picture)
    if len(shape) != 3 or shape[-1] in CHANNELS or shape[0] == 1:  # noqa: PLR2004 - (n, height, width)
        return None
    if shape[0] not in CHANNELS:
        return list(picture)
    message = (
        f"An array of shape {shape} may be {shape[0]} pictures, or one in colour. Pass list(pictures) if it is "
        "several; pass numpy.moveaxis(picture, 0, -1) if it is one."
    )
    raise PictureError(message)
