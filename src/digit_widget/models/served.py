"""A model of the Open Inference Protocol: what it takes, and what it returns, as the protocol's JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import uuid4

import numpy as np

from digit_widget.models import ModelError, UnavailableError, calibration
from digit_widget.models.layouts import LAYOUTS, MAX_SIDE, USUAL_SIDE, Declared, arranged, as_bytes, batches, declared
from digit_widget.models.outputs import described, rows_of
from digit_widget.models.tensors import FLOATS, WHOLE, NonsenseError, arrays_of, calibration_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from digit_widget.models import Shape

    Array = npt.NDArray[Any]

USUAL_NAME = "input-0"
"""What an input is called if nobody says it: the name in the protocol's own examples."""
_MOST = 16  # inputs that a message names


class Server(Protocol):
    """What `Remote` is to a model: how it is asked."""

    @property
    def url(self) -> str:
        """Return where the model is, for messages."""

    @property
    def name(self) -> str:
        """Return what the model is called there."""

    def about(self) -> dict[str, Any]:
        """Return the model's metadata."""

    def ask(self, question: dict[str, Any], pictures: int) -> dict[str, Any]:
        """Return the answer to a question about some pictures."""

    def at_once(self, numbers: int) -> int:
        """Return how many pictures of so many numbers to ask about at once."""


class Wanted(NamedTuple):
    """What a user has said of a model's input and output; None is not said."""

    input_name: str | None = None
    output_name: str | None = None
    shape: tuple[int, ...] | None = None
    """The batch comes first; -1 is any length."""
    datatype: str | None = None

    @classmethod
    def checked(cls, input_name: object, output_name: object, shape: object, datatype: object) -> Wanted:
        """Return what was said.

        Raises
        ------
        ModelError
            If it cannot be meant.
        """
        for keyword, name in {"input_name": input_name, "output_name": output_name}.items():
            if name is not None and not (isinstance(name, str) and name.strip()):
                message = f"{keyword}= is the name of an input or output, a text that is not empty, not {name!r:.40}."
                raise ModelError(message)
        if datatype is not None and datatype not in (*FLOATS, *WHOLE):
            message = f"datatype= is one of {', '.join((*FLOATS, *WHOLE))}, not {datatype!r:.40}."
            raise ModelError(message)
        return cls(input_name, output_name, None if shape is None else _of_batch(shape), datatype)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Served:
    """A model on a server behind the `Model` interface."""

    server: Server
    shape: Shape
    declared: Declared
    """How the server says that its input is, or how it was found to be."""
    input_name: str
    datatype: str
    output_name: str | None
    takes_any_size: bool
    temperature: float = 1.0
    threshold: float = -math.inf
    classes: None = None

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes whole numbers from 0 to 255, whatever its pictures are given as."""
        return self.datatype in WHOLE

    @property
    def __name__(self) -> str:
        """What it is called on its server."""
        return self.server.name

    def __call__(self, pictures: npt.NDArray[np.float32]) -> Array:
        """Return the output, (n, classes), for pictures, (n, *shape); it raises what `Remote.met` does."""
        parts = [self.answered(part)[0] for part in self._parts(arranged(pictures, self.declared.layout))]
        if len({part.shape[1:] for part in parts}) > 1:
            message = f"{self.server.url} returned another number of classes for some pictures than for others."
            raise ModelError(message)
        return np.concatenate(parts)[: len(pictures)]

    def resized(self, size: tuple[int, int]) -> Served | None:
        """Return the same model for pictures of another size; None if it does not take it."""
        if not self.takes_any_size:
            return None
        other = replace(self, shape=(self.shape[0], *size))
        try:
            other(np.zeros((1, *other.shape), np.float32))
        except UnavailableError:
            raise
        except ModelError:
            return None
        return other

    def answered(self, given: Array) -> tuple[Array, dict[str, Any]]:
        """Ask once, about pictures as the server takes them.

        Returns
        -------
        tuple
            The rows of numbers, one a picture, and the whole answer.
        """
        values = as_bytes(given) if self.takes_bytes else given
        tensor = {"name": self.input_name, "shape": list(given.shape), "datatype": self.datatype}
        question: dict[str, Any] = {"id": uuid4().hex, "inputs": [tensor | {"data": values.reshape(-1).tolist()}]}
        if self.output_name:
            question["outputs"] = [{"name": self.output_name}]
        answer = self.server.ask(question, len(given))
        try:
            arrays = arrays_of(answer.get("outputs"))
        except NonsenseError as error:
            message = f"{self.server.url} returned outputs that cannot be read: {error}."
            raise ModelError(message) from None
        return rows_of(self._scores(arrays), len(given)), answer

    def _parts(self, given: Array) -> Iterator[Array]:
        """Yield as many pictures at once as it takes, or as is reasonable now."""
        if self.declared.step:
            yield from batches(given, self.declared.step)
            return
        first = 0
        while first < len(given):
            count = self.server.at_once(given[0].size)
            yield given[first : first + count]
            first += count

    def _scores(self, arrays: dict[str, Array]) -> object:
        """Return the output that was asked for, or all of them, floats first."""
        if self.output_name:
            if self.output_name in arrays:
                return arrays[self.output_name]
            message = f"{self.server.url} returned no output {self.output_name!r:.80}, but {described(arrays)}."
            raise ModelError(message)
        if len(arrays) == 1:  # what is wrong with it is then said of it
            return next(iter(arrays.values()))
        return dict(sorted(arrays.items(), key=lambda item: item[1].dtype.kind != "f"))


def meet(server: Server, wanted: Wanted, known: Mapping[str, Any]) -> Served:
    """Find out what a model takes.

    Parameters
    ----------
    wanted
        What was said of it.
    known
        Its temperature and threshold, as far as they were said.

    Raises
    ------
    UnavailableError
        If it is not there now.
    ModelError
        If it cannot be used.
    """
    about = server.about()
    entry = _input(about.get("inputs"), wanted, server.url)
    lengths = _lengths(wanted.shape or entry.get("shape"))
    datatype = wanted.datatype or entry.get("datatype", FLOATS[0])
    if datatype not in (*FLOATS, *WHOLE):
        message = f"Expected {server.url} to take numbers for pixels, but it takes {datatype!r:.40}."
        raise ModelError(message)
    failures: list[ModelError] = []
    for layout in _layouts(lengths, server.url):
        model = Served(
            server, layout.shape, layout, entry["name"], datatype, wanted.output_name, None in (lengths or [None])[1:]
        )
        blank = np.zeros((layout.step or 1, *layout.shape), np.float32)
        try:
            rows, answer = model.answered(arranged(blank, layout.layout))
        except UnavailableError:
            raise
        except ModelError as error:  # it may take another layout
            failures.append(error)
            continue
        if lengths or rows.ndim <= 2:  # noqa: PLR2004 - (n, classes); others may have been a guess too much
            temperature, threshold = calibration(calibration_in(answer) | calibration_in(about) | dict(known))
            return replace(model, temperature=temperature, threshold=threshold)
    raise failures[0]


def _input(entries: object, wanted: Wanted, url: str) -> dict[str, Any]:
    """Return what the metadata says of the input that takes the pictures, with its name."""
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if wanted.input_name:
        entry = next((one for one in found if one.get("name") == wanted.input_name), {})
        return entry | {"name": wanted.input_name}
    if len(found) > 1:
        names = ", ".join(f"{one.get('name')!r:.40}" for one in found[:_MOST])
        message = (
            f"Expected {url} to take pictures and nothing else, but it has the inputs {names}. If one of them is "
            "enough, say which: Remote(url, input_name=…)."
        )
        raise ModelError(message)
    entry = found[0] if found else {}
    return entry | {"name": str(entry.get("name") or USUAL_NAME)}


def _lengths(shape: object) -> list[int | None] | None:
    """Return the lengths of an input's axes, None where one is open; None if they are not said."""
    if not isinstance(shape, (list, tuple)) or not shape:
        return None
    return [length if isinstance(length, int) and length > 0 else None for length in shape]


def _layouts(lengths: list[int | None] | None, url: str) -> list[Declared]:
    """Return in which layouts to try a model: in the one that is said, or in all."""
    if lengths is None:
        return [Declared((1, USUAL_SIDE, USUAL_SIDE), layout, None) for layout in LAYOUTS]
    if found := declared(lengths) or declared([None, *lengths]):  # the batch may be left out
        return [found]
    message = (
        f"Expected {url} to take pictures in grey or colour with sides of 1 to {MAX_SIDE} pixels, or the pixels of a "
        f"square one, but its input has the shape {str(lengths).replace('None', '-1'):.80}. If that is wrong, say what "
        "is right: Remote(url, shape=…)."
    )
    raise ModelError(message)


def _of_batch(shape: object) -> tuple[int, ...]:
    """Return the shape of a batch, if that of a batch or of one picture was said."""
    lengths = tuple(shape) if isinstance(shape, (list, tuple)) else ()
    are_lengths = all(type(length) is int and (length > 0 or length == -1) for length in lengths)
    if not are_lengths or not 1 <= len(lengths) <= 4:  # noqa: PLR2004 - a batch in colour
        message = f"shape= is that of a picture, such as (1, 28, 28) or (784,), -1 for any length, not {shape!r:.80}."
        raise ModelError(message)
    return lengths if len(lengths) == 4 or lengths[0] == -1 else (-1, *lengths)  # noqa: PLR2004
