"""Classes of one's own from a few drawings of each, without training; and the ten digits as one person draws them.

A drawing is of the class whose drawings it is most alike, as `plda` tells, or of none.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from digit_widget.labels import KEYCAPS, LabelsError, are_digits, as_labels
from digit_widget.locks import Lock
from digit_widget.models import ModelError, load_model
from digit_widget.models.files import TAUGHT
from digit_widget.models.plda import features, load_background, places, score
from digit_widget.whole import whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from digit_widget.models.numpy_cnn import NumpyCNN

    Array = npt.NDArray[np.floating[Any]]

VERSION = 1
"""Of the files."""
MOST = 5000
"""Drawings that a teacher may have."""
SURE = 0.99
"""The bundled network's answers at least this probable are bent by strong evidence alone."""
STRONG = 20.0
"""The least score that counts in full: that of a drawing which was taught itself, or is very much like one."""
WEAK = 0.15
"""How much other scores count: they come of the same inner values as the network's own answer, which knows most of it
already. Chosen, as `STRONG`, such that a hand's errors fall most while nobody else's answers get worse."""
NEVER = -1e6
"""A score in the place of minus infinity, which no model may return."""
_SIDE = 28
_THRESHOLD = NEVER / 2


class Taught(NamedTuple):
    """What a teacher knows at a moment."""

    is_personal: bool
    """Whether the bundled network answers, bent towards the drawings."""
    counts: list[int]
    """How many drawings each class has."""
    sums: Array
    """The sums of their places, (classes, 96)."""
    says: Callable[[npt.NDArray[np.float32]], Array]
    """Returns, for pictures as `Teacher` takes them, (n, classes): logits if it is personal, and otherwise the scores
    themselves, also of drawings of none of the classes."""


class Teacher:
    """A model that learns from a few drawings of each class while it is used.

    It answers once two classes have a drawing, and gets better with each. If its labels are the ten digits, the bundled
    network answers, and the drawings bend its answers towards the hand that has drawn them.

    Parameters
    ----------
    labels
        One for each class, as a list or as one string: ``"○△□"``.

    Raises
    ------
    LabelsError
        If they cannot be labels.

    Examples
    --------
    >>> from digit_widget import DigitWidget
    >>> pad = DigitWidget(labels="○△□", teach=True)
    >>> pad.teacher
    Teacher('○△□', drawings=[0, 0, 0])
    """

    shape = (1, _SIDE, _SIDE)
    threshold = _THRESHOLD

    def __init__(self, labels: str | Iterable[str] = KEYCAPS) -> None:
        self.labels = as_labels(labels)
        self._is_personal = are_digits(self.labels)
        self._lock = Lock()
        self._drawings: tuple[tuple[int, bytes, Array], ...] = ()  # class, picture, place

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.labels)

    @property
    def temperature(self) -> float:
        """What the logits are divided by."""
        return 1.0 if self._is_personal else load_background().temperature

    @property
    def counts(self) -> list[int]:
        """How many drawings each class has."""
        found = Counter(which for which, _, _ in self._drawings)
        return [found[index] for index in range(len(self.labels))]

    def teach(self, seen: npt.NDArray[np.uint8], target: int) -> None:
        """Learn that a drawing is of a class.

        Parameters
        ----------
        seen
            The drawing as the model sees it, `Answer.seen`: (28, 28), uint8, 0 = paper, 255 = full ink.
        target
            The index of its label.

        Raises
        ------
        ModelError
            If there is no such class, or the picture is of another shape, or there are too many.
        """
        if type(target) is not int or not 0 <= target < len(self.labels):
            message = f"There is no class {target!r}; there are {len(self.labels)}, counted from 0."
            raise ModelError(message)
        if seen.shape != (_SIDE, _SIDE) or seen.dtype != np.uint8:
            message = (
                f"Expected a picture of shape (28, 28), uint8, as Answer.seen, but got {seen.shape}, {seen.dtype}."
            )
            raise ModelError(message)
        (place,) = places(features(*bundled_network().inside(_as_input(seen[None]))), load_background())
        with self._lock:
            if len(self._drawings) >= MOST:
                message = f"The teacher has {MOST:,} drawings, which is all that it may have."
                raise ModelError(message)
            self._drawings = (*self._drawings, (target, seen.tobytes(), place))

    def forget(self, seen: npt.NDArray[np.uint8], target: int) -> None:
        """Take back that a drawing is of a class; of what was taught twice, once."""
        picture = seen.tobytes()
        with self._lock:
            for index in reversed(range(len(self._drawings))):
                if self._drawings[index][:2] == (target, picture):
                    self._drawings = self._drawings[:index] + self._drawings[index + 1 :]
                    return

    def __call__(self, pictures: npt.NDArray[np.float32]) -> Array:
        """Return logits, (n, classes), for pictures, (n, 1, 28, 28), float32, 0 = paper, 1 = full ink."""
        drawings = self._drawings
        scores, hidden = _asked(pictures, drawings, len(self.labels))
        if self._is_personal:
            return bent(bundled_network(), hidden, scores)
        is_known = scores.max(axis=1, keepdims=True) >= load_background().threshold
        has_two = len({which for which, _, _ in drawings}) > 1
        logits: Array = np.where(is_known & has_two, scores, scores + NEVER)
        return logits

    @property
    def taught(self) -> Taught:
        """All that its answers depend on, besides the bundled network, as it is now."""
        drawings, count, is_personal = self._drawings, len(self.labels), self._is_personal

        def says(pictures: npt.NDArray[np.float32]) -> Array:
            scores, hidden = _asked(pictures, drawings, count)
            return bent(bundled_network(), hidden, scores) if is_personal else scores

        of = np.array([which for which, _, _ in drawings], int)
        sums = np.zeros((count, len(load_background().spread)))
        np.add.at(sums, of, [place for _, _, place in drawings] or np.zeros((0, sums.shape[1])))
        counts = np.bincount(of, minlength=count).tolist()
        return Taught(is_personal, counts, sums, says)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write what was taught to a JSON file, with which ``DigitWidget(model=path)`` answers."""
        file = Path(path)
        about = {"kind": TAUGHT, "version": VERSION, "labels": list(self.labels), "personal": self._is_personal}
        drawings = [
            {"class": which, "picture": base64.b64encode(picture).decode()} for which, picture, _ in self._drawings
        ]
        with whole(file) as part:
            part.write_text(json.dumps(about | {"drawings": drawings}), encoding="utf-8")
        return file

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return what `save` has written; it can be taught more.

        Raises
        ------
        ModelError
            If the file is none that `save` has written, or of a newer version.
        """
        file = Path(path)
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["version"] != VERSION:
                message = f"it is of version {content['version']}, and this digit-widget reads {VERSION}."
                raise ModelError(message)  # noqa: TRY301 - told with the file's name below
            teacher = cls(content["labels"])
            if len(teacher.labels) == len(KEYCAPS):  # the digits may have other names
                teacher._is_personal = content.get("personal", teacher._is_personal) is True
            for drawing in content["drawings"]:
                picture = np.frombuffer(base64.b64decode(drawing["picture"], validate=True), np.uint8)
                teacher.teach(picture.reshape(_SIDE, _SIDE), drawing["class"])
        except (ModelError, LabelsError) as error:
            message = f"{file.name} cannot be used: {error}"
            raise ModelError(message) from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            message = f"{file.name} is no file of a teacher's, or is damaged ({type(error).__name__}: {error})."
            raise ModelError(message) from error
        return teacher

    @property
    def digest(self) -> str:
        """The SHA-256 of all that was taught, in hexadecimal."""
        found = hashlib.sha256("\n".join(self.labels).encode())
        for which, picture, _ in self._drawings:
            found.update(bytes([which % 256]) + picture)
        return found.hexdigest()

    def __repr__(self) -> str:
        labels = self.labels if max(map(len, self.labels)) > 1 else "".join(self.labels)
        return f"Teacher({labels!r}, drawings={self.counts})"


def bundled_network() -> NumpyCNN:
    """Return the bundled network, by numpy."""
    return load_model()  # type: ignore[return-value]  # the bundled one is of numpy


def _as_input(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.divide(seen[:, None], 255, dtype=np.float32)


def _asked(
    pictures: npt.NDArray[np.float32], drawings: tuple[tuple[int, bytes, Array], ...], classes: int
) -> tuple[Array, npt.NDArray[np.float32]]:
    """Return the scores of pictures, (n, classes), and the network's hidden values."""
    convolved, hidden = bundled_network().inside(pictures)
    placed = places(features(convolved, hidden), load_background())
    return _scores(placed, drawings, classes), hidden


def _scores(placed: Array, drawings: tuple[tuple[int, bytes, Array], ...], classes: int) -> Array:
    scores: Array = np.full((len(placed), classes), NEVER)
    for which in {which for which, _, _ in drawings}:
        taught = np.stack([place for index, _, place in drawings if index == which])
        scores[:, which] = score(placed, taught, load_background().spread)
    return scores


def bent(network: NumpyCNN, hidden: npt.NDArray[np.float32], scores: Array) -> Array:
    """Return the network's answers as logits, bent towards drawings that were taught.

    Only what is nearer to what was taught than to drawings in general counts; against an answer that the network is
    sure of, only what is very near.
    """
    raw = network.last(hidden).astype(np.float64)
    logits = raw / network.temperature
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    is_digit = np.logaddexp.reduce(raw, axis=1, keepdims=True) >= network.threshold
    is_sure = is_digit & (logits.max(axis=1, keepdims=True) >= np.log(SURE))
    evidence = np.where(scores >= STRONG, scores, np.where(is_sure, 0, WEAK * np.maximum(scores, 0)))
    is_known = is_digit | (evidence.max(axis=1, keepdims=True) > 0)
    found: Array = np.where(is_known, logits + evidence, logits + NEVER)
    return found
