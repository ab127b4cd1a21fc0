"""Records in a database: a row for each, with its line of JSON, its picture, and the columns to ask for in SQL.

PostgreSQL and SQLite are tested; SQLAlchemy knows others.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

from digit_widget.errors import short
from digit_widget.feedback.record import FeedbackError, Record, from_line, gone, raising, to_line

try:
    import sqlalchemy as sql
except ImportError as error:
    _message = (
        "SQLAlchemy is needed to save feedback in a database, but it is not installed. Install it with: pip install "
        "'digit-widget[db]'"
    )
    raise FeedbackError(_message) from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TABLE = sql.Table(
    "digit_widget_feedback",
    sql.MetaData(),
    sql.Column("id", sql.String(255), primary_key=True),
    sql.Column("session", sql.Text, nullable=False),
    sql.Column("time", sql.DateTime(timezone=True), nullable=False),
    sql.Column("target", sql.Integer, nullable=False),
    sql.Column("prediction", sql.Integer, nullable=False),
    sql.Column("model", sql.Text, nullable=False),
    sql.Column("weights", sql.Text, nullable=False),
    sql.Column("line", sql.JSON, nullable=False),
    sql.Column("png", sql.LargeBinary, nullable=False),
    sql.Index("digit_widget_feedback_in_order", "time", "id"),
)
"""What `to_line` returns is in `line`; some of it has a column of its own, for SQL."""
PATIENCE = 10
"""Seconds to wait for a server that does not answer, or for another program that writes to the same file."""
PAGE = 50
"""How many records are read at once, and then, when the first of their pictures is asked for, how many pictures."""

_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
"""What is meant by an address that names no driver; SQLAlchemy's own choice differs between its versions."""
_WAITS: dict[str, dict[str, int]] = {
    "sqlite": {"timeout": PATIENCE},
    "postgresql+psycopg": {"connect_timeout": PATIENCE, "tcp_user_timeout": 1000 * PATIENCE},
}
"""`PATIENCE` in the drivers' words."""
_FULL = ("53100", "SQLITE_FULL")
_NO_RIGHT = ("25006", "42501", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")
_BUSY = ("40001", "40P01", "55P03", "SQLITE_BUSY", "SQLITE_LOCKED")
"""How the codes of errors begin, PostgreSQL's and SQLite's."""


class DatabaseStore:
    """A table of records, which any number of processes and machines may write to and read at the same time.

    Parameters
    ----------
    url
        As SQLAlchemy writes it: ``postgresql://user:password@host/database`` or ``sqlite:///file.db``. The table is
        made with the first record, the database is not.

    Raises
    ------
    FeedbackError
        If it is no such address, or what reaches the database is not installed. Nothing is connected to yet.

    Notes
    -----
    A record is committed when `add` returns. Every use has a connection of its own, which is closed at once: a server
    has a hundred of them, and a hundred notebooks are open all day but rarely save. So there is none either that a
    forked process could share with its parent, or that a restarted server could have ended.
    """

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self._name = parsed.set(query={}).render_as_string(hide_password=True)
        self._secrets = [str(secret) for secret in (parsed.password, parsed.query.get("password")) if secret]
        self._engine = _engine(parsed)
        self._is_made = False
        self._pictures: dict[str, bytes] = {}

    def __str__(self) -> str:
        return self._name

    def add(self, record: Record) -> None:
        """Add a record; it takes the place of one that is there already, by its id.

        When the connection is lost, nobody knows whether the record was committed: added again, it is there once, and
        with what has been changed of it meanwhile.

        Raises
        ------
        FeedbackError
            If it cannot be written: the sentence says why.
        """
        row = _row(record) | {"png": record.png}
        with self._using():
            self._make()
            try:
                with self._engine.begin() as connection:
                    connection.execute(sql.insert(TABLE).values(row))
            except sql.exc.IntegrityError:
                if not self._update(row):
                    raise

    def change(self, record: Record) -> None:
        """Put a record in the place of the one with its id; the picture stays."""
        with self._using():
            self._make()
            is_there = self._update(_row(record))
        if not is_there:
            raise gone(record)

    def drop(self, record: Record) -> None:
        """Remove a record and its picture."""
        with self._using():
            self._make()
            with self._engine.begin() as connection:
                connection.execute(sql.delete(TABLE).where(TABLE.c.id == record.id))

    def __iter__(self) -> Iterator[Record]:
        """Return all records, the oldest first; a picture is read when it is asked for.

        No connection is open between two records, so that they may be changed and dropped on the way. What cannot be
        read, the database or a record, is named in a `FeedbackError`.
        """
        return raising(self.entries())

    def entries(self) -> Iterator[Record | FeedbackError]:
        """Return the same; in the place of a record that cannot be read, what would be raised."""
        last: sql.Row[Any] | None = None
        while rows := self._page(last):
            ids = [row.id for row in rows]
            for last in rows:
                yield self._record(last, ids)

    def _page(self, last: sql.Row[Any] | None) -> Sequence[sql.Row[Any]]:
        """Return the rows that follow one, or the first, without their pictures."""
        with self._using():
            if not self._is_there():
                return []
            order = TABLE.c.time, TABLE.c.id
            query = sql.select(*order, sql.cast(TABLE.c.line, sql.Text).label("line")).order_by(*order).limit(PAGE)
            if last is not None:
                query = query.where(sql.tuple_(*order) > (last.time, last.id))
            with self._engine.connect() as connection:
                return connection.execute(query).all()

    def _record(self, row: sql.Row[Any], page: list[str]) -> Record | FeedbackError:
        try:
            return from_line(json.loads(row.line), partial(self._picture, row.id, page))
        except (ValueError, RecursionError) as error:
            return FeedbackError(f"{self}, record {row.id}: {error}")

    def _picture(self, one: str, page: list[str]) -> bytes:
        """Return a record's picture; the others of its page are likely to be asked for next, and come with it."""
        pictures = self._pictures
        if one not in pictures:
            with self._using(), self._engine.connect() as connection:
                query = sql.select(TABLE.c.id, TABLE.c.png).where(TABLE.c.id.in_(page))
                self._pictures = pictures = {row.id: row.png for row in connection.execute(query)}
        if one not in pictures:
            message = f"The picture of the record {one} is gone: somebody has dropped the record from {self}."
            raise FeedbackError(message)
        return pictures[one]

    def _update(self, row: dict[str, Any]) -> bool:
        """Put a row in the place of the one with its id, and return whether there is one."""
        with self._engine.begin() as connection:
            return connection.execute(sql.update(TABLE).where(TABLE.c.id == row["id"]).values(row)).rowcount > 0

    def _make(self) -> None:
        """Make the table if it is not there."""
        if self._is_there():
            return
        try:
            TABLE.metadata.create_all(self._engine)
        except sql.exc.DBAPIError:
            if not self._is_there():  # another program was not faster
                raise
        self._is_made = True

    def _is_there(self) -> bool:
        if not self._is_made:
            with self._engine.connect() as connection:
                self._is_made = sql.inspect(connection).has_table(TABLE.name)
        return self._is_made

    @contextmanager
    def _using(self) -> Iterator[None]:
        """Say what goes wrong in a sentence."""
        try:
            yield
        except (sql.exc.SQLAlchemyError, ValueError) as error:  # the latter from drivers, for what they cannot convert
            self._is_made = False  # somebody may have removed the table: the next use looks for it
            raise FeedbackError(self._told(error)) from error

    def _told(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        words = _first_line(cause)
        for secret in self._secrets:
            words = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", words)
        code = _code(cause)
        if code.startswith(_FULL):
            return f"The disk is full, so that nothing more can be saved in the database {self}. Make room there."
        if code.startswith(_NO_RIGHT):
            return (
                f"The database {self} does not allow this ({words}). Choose another database or user, or have this "
                f"one given the right to make, read and write the table {TABLE.name}."
            )
        if code.startswith(_BUSY):
            return f"Other programs are using the database {self} ({words}). Try again."
        if code.startswith("SQLITE_CANTOPEN"):
            return (
                f"The file of the database {self} cannot be opened or made. Choose a folder that is there and that "
                f"this user may write to."
            )
        if isinstance(error, (sql.exc.OperationalError, sql.exc.InterfaceError)) and not code.startswith("SQLITE"):
            return (
                f"The database {self} cannot be reached ({words}). See that its address is right and that it is "
                f"running, and try again."
            )
        return f"The database {self} cannot be used ({words}). Choose another one, or have this one put right."


def _parsed(url: str) -> sql.URL:
    """Return an address in its parts; an error says nothing of it, because a password may be anywhere in it."""
    try:
        parsed = sql.make_url(url)
    except (sql.exc.ArgumentError, ValueError):
        parsed = None
    is_file = parsed is not None and parsed.drivername.partition("+")[0] == "sqlite"
    if parsed is None or (not is_file and "@" in f"{parsed.host}{parsed.database}"):
        message = (
            "This is no address of a database. Write it like postgresql://user:password@host/database or "
            "sqlite:///file.db; in a password, @ is written %40, : %3A, / %2F and % %25."
        )
        raise FeedbackError(message)
    if is_file and parsed.database in (None, "", ":memory:"):
        message = "A database in memory keeps nothing. Write the name of its file: sqlite:///file.db."
        raise FeedbackError(message)
    return parsed


def _engine(url: sql.URL) -> sql.Engine:
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    waits = _WAITS.get(url.drivername, {})
    try:
        return sql.create_engine(
            url,
            poolclass=sql.NullPool,
            connect_args={name: value for name, value in waits.items() if name not in url.query},
            hide_parameters=True,  # what people have written does not belong into error messages
        )
    except ImportError as error:
        is_ours = url.drivername in _DRIVERS.values()
        how = "with: pip install 'digit-widget[db]'" if is_ours else "from the package it comes in"
        message = (
            f"The driver for {url.drivername} databases cannot be loaded ({_first_line(error)}). Install it {how}."
        )
        raise FeedbackError(message) from error
    except sql.exc.NoSuchModuleError as error:
        message = (
            f"Nothing here knows databases called {url.drivername}. Write the address like "
            f"postgresql://user:password@host/database or sqlite:///file.db."
        )
        raise FeedbackError(message) from error
    except (sql.exc.SQLAlchemyError, TypeError, ValueError):
        message = f"What the address says after its question mark is nothing that {url.drivername} databases know."
        raise FeedbackError(message) from None


def _row(record: Record) -> dict[str, Any]:
    """Return a record as a row, without its picture."""
    line = to_line(record)
    columns = {name: line[name] for name in ("id", "session", "target", "prediction", "model", "weights")}
    return columns | {"time": record.time.astimezone(UTC), "line": line}


def _first_line(cause: BaseException) -> str:
    """Return the first line of a driver's words, and what it announces; what follows may be data."""
    lines = str(cause).splitlines() or [type(cause).__name__]
    return short(" ".join(lines[: 2 if lines[0].endswith(":") else 1])).rstrip(".")


def _code(cause: BaseException) -> str:
    """Return the code of an error: of SQL's or SQLite's, or ``""`` where the driver tells none."""
    names = ("sqlstate", "pgcode", "sqlite_errorname")
    return next((code for name in names if isinstance(code := getattr(cause, name, None), str)), "")
