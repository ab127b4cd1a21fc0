"""Records in a folder: a folder for each session, with a line of JSON and a PNG file for each record.

The whole is an ImageFolder of Hugging Face's: ``load_dataset("imagefolder", data_dir="feedback")`` reads it as it is.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from digit_widget.feedback.record import FeedbackError, Record, from_line, gone, raising, to_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINES = "metadata.jsonl"
"""The name is Hugging Face's."""
PATIENCE = 10.0
"""Seconds to wait for another program that writes to the same session."""


class FolderStore:
    """A folder of records, which any number of processes may write to and read at the same time.

    A record is on the disk when `add` returns: written in full, and synced. A process that is killed while it writes
    leaves at most a line without an end, which readers ignore.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, tuple[tuple[int, int, int], list[Record | FeedbackError]]] = {}

    def __str__(self) -> str:
        return str(self.folder)

    def add(self, record: Record) -> None:
        """Add a record; one that is there already, by its id, is not added again.

        Raises
        ------
        FeedbackError
            If it cannot be written: the sentence says why. Readers see nothing of it then.
        """
        folder = self.folder / record.session
        with self._writing(folder):
            picture = folder / f"{record.id}.png"
            if picture.exists() and any(known.id == record.id for known in self._records(folder / LINES)):
                return
            _write_file(picture, record.png)
            _append(folder / LINES, _encoded(record))

    def change(self, record: Record) -> None:
        """Put a record in the place of the one with its id; it raises `FeedbackError` if that is not there."""

        def change(records: list[Record]) -> list[Record]:
            if all(one.id != record.id for one in records):
                raise gone(record)
            return [record if one.id == record.id else one for one in records]

        self._rewrite(record, change)

    def drop(self, record: Record) -> None:
        """Remove a record and its picture."""
        self._rewrite(record, lambda records: [one for one in records if one.id != record.id])
        picture = self.folder / record.session / f"{record.id}.png"
        try:
            picture.unlink(missing_ok=True)
        except OSError as error:
            raise _told(error, picture) from error

    def __iter__(self) -> Iterator[Record]:
        """Return the records of all sessions, each session's in order.

        Raises
        ------
        FeedbackError
            If a line cannot be read: the sentence names the file and the line.
        """
        return raising(self.entries())

    def entries(self) -> Iterator[Record | FeedbackError]:
        """Return the records of all sessions; in the place of one that cannot be read, what would be raised."""
        for file in sorted(self.folder.glob(f"*/{LINES}")):
            try:
                yield from self._entries(file)
            except FeedbackError as error:
                yield error

    def _records(self, file: Path) -> list[Record]:
        return list(raising(self._entries(file)))

    def _entries(self, file: Path) -> list[Record | FeedbackError]:
        """Return what is in a file; it is read again only when it has changed."""
        try:
            state = file.stat()
            stamp = (state.st_ino, state.st_mtime_ns, state.st_size)
            if (known := self._read.get(file)) and known[0] == stamp:
                return known[1]
            content = file.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _told(error, file) from error
        entries = list(_parsed(content, file))
        self._read[file] = stamp, entries
        return entries

    def _rewrite(self, record: Record, change: Callable[[list[Record]], list[Record]]) -> None:
        folder = self.folder / record.session
        file = folder / LINES
        if not folder.is_dir():  # nothing is made to find nothing in it
            change([])
            return
        with self._writing(folder):
            if lines := b"".join(map(_encoded, change(self._records(file)))):
                _write_file(file, lines)
            else:  # Hugging Face's reader takes no empty file
                file.unlink(missing_ok=True)

    @contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        """Keep other writers out of a session's folder, which is made if needed."""
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                _sync(folder.parent)
            with FileLock(folder / ".lock", timeout=PATIENCE):
                yield
        except Timeout as error:
            message = f"Another program has been writing to {folder} for {PATIENCE:g} seconds; try again."
            raise FeedbackError(message) from error
        except OSError as error:
            raise _told(error, folder) from error


def _parsed(content: bytes, file: Path) -> Iterator[Record | FeedbackError]:
    *lines, _unfinished = content.split(b"\n")  # nothing, or a line that is being written, or never was in full
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            record = from_line(entry, partial(_picture, file.with_name(Path(entry["file_name"]).name)))
            if record.session != file.parent.name or Path(record.id).name != record.id:
                reason = "the record names a file outside of this folder; give the folder its session's name."
                raise FeedbackError(reason)  # noqa: TRY301 - told with its line below
            yield record
        except (FeedbackError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            yield FeedbackError(f"{file}, line {number}: {error}")


def _picture(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _told(error, file) from error


def _encoded(record: Record) -> bytes:
    text = json.dumps(to_line(record), ensure_ascii=False)
    return text.encode(errors="replace") + b"\n"  # a comment may have half an emoji


def _write_file(file: Path, content: bytes) -> None:
    """Write a whole file: under its name there is all of it or what was there before."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    _sync(file.parent)


def _append(file: Path, line: bytes) -> None:
    """Add a line to a file: in the place of one that never got its end, of a writer that was killed or had no room."""
    with file.open("ab+", buffering=0) as out:  # one call of the system's, so that it is hardly ever cut in two
        size = out.seek(0, os.SEEK_END)
        out.seek(max(0, size - 1))
        if size and out.read(1) != b"\n":
            out.seek(0)
            out.truncate(out.read().rfind(b"\n") + 1)
        while line:
            line = line[out.write(line) :]
        os.fsync(out.fileno())
    _sync(file.parent)


def _sync(folder: Path) -> None:
    """Have the names of new files in a folder written, too; Windows has no way to, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _told(error: OSError, place: Path) -> FeedbackError:
    match error.errno:
        case errno.ENOSPC:
            words = f"The disk is full, so that nothing more can be saved in {place}. Make room there."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            words = f"{place} cannot be written to or read by this user. Choose another folder, or change its rights."
        case errno.ENOTDIR | errno.EEXIST:
            words = f"{place} cannot be made, because a file is in its way. Choose another folder."
        case _:
            words = f"{place} cannot be used: {error.strerror or error}."
    return FeedbackError(words)
