"""What people say about answers: saved with their drawings, and read again to test and to train with."""

from __future__ import annotations

import secrets
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digit_widget.errors import a
from digit_widget.feedback.folder import FolderStore
from digit_widget.feedback.record import FeedbackError, Record
from digit_widget.locks import Lock

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd
    from torch.utils.data import TensorDataset

    from digit_widget.feedback.database import DatabaseStore
    from digit_widget.feedback.evaluation import Evaluation
    from digit_widget.feedback.fine_tuning import FineTuned
    from digit_widget.feedback.wall import Wall

__all__ = ["Feedback", "FeedbackError", "Record"]


class Feedback:
    """Where a pad saves what people say about its answers, and where it is read again.

    Parameters
    ----------
    place
        A folder, which is made with the first record; or a database, as a URL of SQLAlchemy's (extra ``db``):
        ``"postgresql://user:password@host/name"``, ``"sqlite:///feedback.db"``.
    consent
        What people are told before anything is saved; the widget's own words when ``""``. They say yes, or nothing is.

    Notes
    -----
    Any number of pads, kernels and machines may save to one place and read from it at the same time. A record is saved
    when `add` returns: it is on the disk. Nothing that names a person is saved, unless they write it in a comment.

    Examples
    --------
    >>> from digit_widget import DigitWidget, Feedback
    >>> feedback = Feedback("feedback")
    >>> pad = DigitWidget(feedback=feedback)
    >>> wrong = [record for record in feedback if not record.is_right]
    """

    def __init__(self, place: str | os.PathLike[str] = "feedback", *, consent: str = "") -> None:
        self.consent = consent
        self.session = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self._store = _store(place)
        self._waiting: deque[Record] = deque()
        self._lock = Lock()

    @classmethod
    def of(cls, given: object) -> Feedback:
        """Return what `DigitWidget` was given as `feedback`: a folder, True for one called feedback, or a `Feedback`.

        Raises
        ------
        FeedbackError
            If it is something else.
        """
        if isinstance(given, Feedback):
            return given
        if given is True:
            return cls()
        if isinstance(given, (str, Path)) and str(given).strip():
            return cls(given)
        message = f"feedback= takes a folder, True (for a folder called feedback) or a Feedback, not {a(given)}."
        raise FeedbackError(message)

    @property
    def place(self) -> str:
        """Where the records are, for people to read."""
        return str(self._store)

    @property
    def waiting(self) -> int:
        """How many records could not be saved yet: they are tried again with the next one, and by `retry`."""
        return len(self._waiting)

    def add(self, record: Record) -> None:
        """Save a record.

        Raises
        ------
        FeedbackError
            If it could not be saved. It is kept, and tried again with the next one.
        """
        with self._lock:
            self._waiting.append(record)
            self._save_waiting()

    def add_file(self, path: str | os.PathLike[str]) -> int:
        """Save the records in a file that a page of its own has written (see `digit_widget.DigitWidget.save`).

        Parameters
        ----------
        path
            What *Save what was said* has saved there, such as ``"digits-feedback.jsonl"``.

        Returns
        -------
        int
            How many were added. One that is here already, by its id, is not added again, and stays as it is.

        Raises
        ------
        FeedbackError
            If the file cannot be read, or a record cannot be saved; the file can be added again then. When some lines
            cannot be read, the others are added all the same, and the sentence names those lines by number.
        """
        from digit_widget.feedback.imports import add_file  # noqa: PLC0415 - few need it

        records, _ = self.read()
        return add_file(Path(path), {record.id for record in records}, self._store.add)

    def retry(self) -> None:
        """Save the records that could not be saved before, in order; it raises what `add` does."""
        with self._lock:
            self._save_waiting()

    def change(self, record: Record) -> None:
        """Save a record in the place of the one with its id: ``feedback.change(record.changed(target=7))``.

        Raises
        ------
        FeedbackError
            If it could not be saved, or if the record is not there any more.
        """
        with self._lock:
            waiting = [one.id for one in self._waiting]
            if record.id in waiting:
                self._waiting[waiting.index(record.id)] = record
                self._save_waiting()
            else:
                self._store.change(record)

    def drop(self, record: Record) -> None:
        """Remove a record and its picture; one that is gone already is no error."""
        with self._lock:
            self._waiting = deque(one for one in self._waiting if one.id != record.id)
            self._store.drop(record)  # one that waits may be there all the same, if that could not be told

    def read(self) -> tuple[list[Record], list[FeedbackError]]:
        """Return the records that can be read, and what is wrong with each of the others.

        Raises
        ------
        FeedbackError
            If the place itself cannot be read.
        """
        entries = list(self._store.entries())
        return (
            [entry for entry in entries if isinstance(entry, Record)],
            [entry for entry in entries if isinstance(entry, FeedbackError)],
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row for each record; see `digit_widget.feedback.tables.to_pandas`."""
        from digit_widget.feedback.tables import to_pandas  # noqa: PLC0415 - it imports numpy

        return to_pandas(self)

    def to_torch(self) -> TensorDataset:
        """Return drawings and classes to train a network with; see `digit_widget.feedback.tables.to_torch`."""
        from digit_widget.feedback.tables import to_torch  # noqa: PLC0415 - it imports numpy

        return to_torch(self)

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write all records for another program, in the form that the name says.

        ``"digits.npz"`` (numpy), ``"folder/"`` (torchvision's ImageFolder), ``"table.csv"``, ``"strokes.ndjson"``
        (*Quick, Draw!*), ``"labelstudio.json"``; see `digit_widget.feedback.exports.export`.
        """
        from digit_widget.feedback.exports import export  # noqa: PLC0415 - it imports numpy

        return export(self, path)

    def wall(self) -> Wall:
        """Return a widget with all drawings on it: to look through, to relabel and to drop them; it shows itself."""
        from digit_widget.feedback.wall import Wall  # noqa: PLC0415 - a widget, which few need

        return Wall(self)

    def evaluate(self, models: object = None) -> Evaluation:
        """Ask models about the drawings; see `digit_widget.feedback.evaluation.evaluate`.

        Parameters
        ----------
        models
            One model, as `digit_widget.Classifier` takes it; or several, as a list or by name:
            ``{"new": net, "old": None}``. None is the bundled CNN.
        """
        from digit_widget.feedback.evaluation import evaluate  # noqa: PLC0415 - it imports numpy

        return evaluate(self, models)

    def fine_tune(
        self, path: str | os.PathLike[str] = "fine-tuned.safetensors", *, data: str | os.PathLike[str] = "data"
    ) -> FineTuned:
        """Train the bundled network on with what people said; see `digit_widget.feedback.fine_tuning.fine_tune`.

        Parameters
        ----------
        path
            Where the weights go: ``DigitWidget(model="fine-tuned.safetensors")`` answers with them. They are kept only
            if no more than 0.1 points of MNIST's test digits were lost.
        data
            A folder with MNIST, as torchvision keeps it; it is downloaded where it is missing.
        """
        from digit_widget.feedback.fine_tuning import fine_tune  # noqa: PLC0415 - torch takes seconds to import

        return fine_tune(self, path, data=data)

    def _save_waiting(self) -> None:
        while self._waiting:
            try:
                self._store.add(self._waiting[0])
            except FeedbackError as error:
                message = f"{error} What was to be saved is kept, and tried again with the next."
                raise FeedbackError(message) from error
            self._waiting.popleft()

    def __iter__(self) -> Iterator[Record]:
        """Return all records that are saved, of whichever session; it raises `FeedbackError` if they cannot be read."""
        return iter(self._store)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Return True: a place without records is a place all the same."""
        return True

    def __repr__(self) -> str:
        return f"Feedback({self.place!r})"


def _store(place: str | os.PathLike[str]) -> FolderStore | DatabaseStore:
    if isinstance(place, str) and "://" in place:
        from digit_widget.feedback.database import DatabaseStore  # noqa: PLC0415 - SQLAlchemy is an extra

        return DatabaseStore(place)
    return FolderStore(Path(place).absolute())
