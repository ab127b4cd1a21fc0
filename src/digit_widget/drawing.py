"""A drawing is one frozen value: its strokes, the picture under them, and the picture made of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from digit_widget.data_url import DATA_URL, MAX_BYTES
from digit_widget.errors import DigitWidgetError, a
from digit_widget.strokes import PAD_SIZE, Stroke, checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digit_widget.normalise import Ink

_MAX_CHARACTERS = 2 * MAX_BYTES  # base64 makes four characters of three bytes


class DrawingError(DigitWidgetError):
    """A drawing that cannot be used; the message says what was received and what was expected."""


@dataclass(frozen=True)
class Drawing:
    """What is on the pad. A drawing never changes; another stroke makes another drawing.

    Notes
    -----
    `BLANK` is the only drawing that Python makes without a picture. Drawings with the same `content` have the same ink.
    """

    strokes: list[Stroke] = field(default_factory=list, hash=False)
    """As `digit_widget.strokes.checked` returns them; not to be changed."""
    background: str = field(default="", repr=False)
    """The picture under the strokes, as a data URL; "" when there is none."""
    picture: str = field(default="", repr=False)
    """The background with the strokes on it, as a data URL: what a model is asked about; "" when the pad is blank."""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to ask about."""
        return not self.picture

    @property
    def content(self) -> tuple[str, bool]:
        """The picture, and whether it is known to be dark on light because the pad alone has drawn it."""
        return self.picture, bool(self.strokes) and not self.background

    @classmethod
    def of_strokes(cls, strokes: Iterable[Iterable[Sequence[Any]]]) -> Drawing:
        """Return a drawing of strokes that come from Python.

        Raises
        ------
        StrokesError
            When they cannot be drawn.
        """
        drawn = checked(strokes)
        if not drawn:
            return BLANK
        from digit_widget.picture import to_data_url  # noqa: PLC0415 - numpy and PIL come with the first drawing

        return cls(drawn, picture=to_data_url(rasterise(drawn)))

    @classmethod
    def of_picture(cls, url: str) -> Drawing:
        """Return a drawing of a picture that comes from Python: it lies under the pad, and can be drawn on.

        One that cannot be read makes a drawing all the same, whose `ink` says what is wrong.
        """
        if not url:
            return BLANK
        try:
            background = cls(picture=url).cleaned()
        except DigitWidgetError:
            background = ""
        return cls(background=background, picture=url)

    @classmethod
    def received(cls, state: object) -> Drawing:
        """Return the drawing that a front end sent, once it is known to be one.

        Parameters
        ----------
        state
            A mapping with ``picture``, ``background`` and ``strokes``; what else is in it is ignored. Whether the
            picture can be read shows when it is asked about.

        Raises
        ------
        DrawingError, StrokesError
            When something is missing, of another type, too long, or does not fit the rest.
        """
        if not isinstance(state, dict):
            message = f"Expected a mapping with picture, background and strokes, but got {a(state)}."
            raise DrawingError(message)
        picture, background = (_text(name, state.get(name)) for name in ("picture", "background"))
        if background and not DATA_URL.match(background):
            message = "The picture under the strokes (background) must be a data URL: data:image/png;base64,…"
            raise DrawingError(message)
        strokes = state.get("strokes")
        if not isinstance(strokes, list):
            message = f"The drawing's strokes must be a list of strokes, not {a(strokes)}."
            raise DrawingError(message)
        drawing = cls(checked(strokes), background, picture)
        if drawing.is_blank and (drawing.strokes or background):
            message = "The drawing has strokes or a background, but no picture made of them."
            raise DrawingError(message)
        return drawing

    def ink(self) -> Ink:
        """Return the drawing as a model is asked about it.

        Returns
        -------
        numpy.ndarray
            Shape (height, width), uint8, 0 = paper, 255 = full ink.

        Raises
        ------
        PictureError
            When the picture cannot be read, as that of a blank pad.
        """
        from digit_widget.picture import from_data_url  # noqa: PLC0415 - numpy and PIL come with the first drawing

        picture, dark_on_light = self.content
        return from_data_url(picture, dark_on_light=dark_on_light)

    def cleaned(self) -> str:
        """Return the drawing's ink, at most as large as the pad, as a PNG data URL that Python made; "" when blank.

        Raises
        ------
        PictureError
            When the picture cannot be read.
        """
        if self.is_blank:
            return ""
        from digit_widget.picture import shrink, to_data_url  # noqa: PLC0415 - numpy and PIL come with the first drawing

        return to_data_url(shrink(self.ink(), PAD_SIZE))


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        message = f"The drawing's {name} must be a string, not {a(value)}."
        raise DrawingError(message)
    if len(value) > _MAX_CHARACTERS:
        message = f"The drawing's {name} is too long: {len(value)} characters; the limit is {_MAX_CHARACTERS}."
        raise DrawingError(message)
    return value


BLANK = Drawing()
"""Nothing drawn."""
