"""Feedback in a database: SQLite's files, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sql
from drawings import digit_ink, digit_strokes

from digit_widget import DigitWidget
from digit_widget.feedback import Feedback, FeedbackError, Record
from digit_widget.feedback.database import PAGE, TABLE, DatabaseStore
from digit_widget.feedback.record import to_line
from digit_widget.labels import KEYCAPS
from digit_widget.picture import to_data_url

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = base64.b64decode(to_data_url(digit_ink(3)).partition(",")[2])
SECRET = "geheim-and-more"  # noqa: S105 - the servers' here take any

AT_ONCE = """
import json, sys
from pathlib import Path
from digit_widget.feedback import FeedbackError
from digit_widget.feedback.database import DatabaseStore
from digit_widget.feedback.record import from_line
url, line, png, own, count = sys.argv[1:]
png = Path(png).read_bytes()
record = from_line(json.loads(Path(line).read_text()), lambda: png)
store = DatabaseStore(url)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    store.add(record.changed(id=f"{own}-{number}", session=f"session {own}"))
"""


def record(number: int = 0, **changes: Any) -> Record:  # noqa: ANN401 - whatever fields have
    """Return a record: a 3 that was taken for an 8."""
    return Record(
        id=f"record-{number:05}",
        session="20260101T000000-00000000",
        time=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number),
        strokes=digit_strokes(3),
        labels=KEYCAPS,
        prediction=8,
        confidence=0.75,
        probabilities=(0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.75, 0.0),
        target=3,
        comment="a 3 – или три 🤔",
        model="bundled",
        weights="00ff",
        locale="en",
        settings={"predict_on": "stroke", "size": 280},
        load=lambda: PNG,
    ).changed(**changes)


class Server:
    """A PostgreSQL server in a folder of its own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.is_up = False
        self._programs, self._folder = programs, folder
        self._user = "postgres" if os.name == "posix" and os.getuid() == 0 else None  # it does not run as root
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "--username=hand", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        access = folder / "data" / "pg_hba.conf"
        access.write_text("host all stranger all scram-sha-256\nhost all all all trust\n", encoding="utf-8")

    def url(self, user: str = "hand") -> str:
        """Return its address."""
        return f"postgresql+psycopg://{user}:{SECRET}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "start", "--wait", f"--log={self._folder / 'log'}", f"--options={options}")
        self.is_up = True

    def stop(self, mode: str = "fast") -> None:
        """Stop it; "immediate" is without saying goodbye, as when it crashes."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")
        self.is_up = False

    def ask(self, *statements: str) -> None:
        """Have it do something as its owner."""
        engine = sql.create_engine(self.url(), poolclass=sql.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sql.text(statement))

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, f"--pgdata={self._folder / 'data'}", *arguments]
        groups = [] if self._user else None
        subprocess.run(
            command, check=True, cwd=self._folder, user=self._user, extra_groups=groups, stdout=subprocess.DEVNULL
        )


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    """Make a PostgreSQL server, and remove it when the tests have ended."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # pytest's own are root's alone, and too long for a socket's name
    try:
        server = Server(programs[-1].parent, folder)
        yield server
        if server.is_up:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def server(running: Server) -> Server:
    """Return the PostgreSQL server, running, without a table."""
    if not running.is_up:
        running.start()
    running.ask(f"DROP TABLE IF EXISTS {TABLE.name}")
    return running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path') / 'feedback.db'}"
    server: Server = request.getfixturevalue("server")
    return server.url()


def add_at_once(url: str, processes: int, count: int, folder: Path) -> list[str]:
    """Have processes add records, all from the same moment on, and return the ids of the records that came of it."""
    line, png = folder / "line.json", folder / "3.png"
    line.write_text(json.dumps(to_line(record())), encoding="utf-8")
    png.write_bytes(PNG)
    command = [sys.executable, "-W", "error", "-c", AT_ONCE, url, line, png]
    hands = [
        subprocess.Popen(
            [*command, f"{number:02}", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for hand in hands:
        assert hand.stdout
        assert hand.stdout.readline() == "ready\n"
    for hand in hands:
        assert hand.stdin
        hand.stdin.write("go\n")
        hand.stdin.flush()
    for hand in hands:
        _, words = hand.communicate(timeout=120)
        assert hand.returncode == 0, words
    found, strokes = list(DatabaseStore(url)), digit_strokes(3)
    assert all((one.strokes, one.png) == (strokes, PNG) for one in found)
    return [one.id for one in found]


def expected(processes: int, count: int) -> list[str]:
    """Return the ids of the records that processes add at once, sorted."""
    return sorted(f"{own:02}-{number}" for own in range(processes) for number in range(count))


def test_what_is_saved_is_read_again(url: str) -> None:
    """A record comes back as it was, with its picture, in whatever program; nothing comes of a database without one."""
    assert list(DatabaseStore(url)) == []
    odd = record(1, target=None, prediction=None, strokes=[], labels=("a",), probabilities=(0.5,), settings={})
    given = [record(0), odd, record(2, comment="'; -- \x00 \ud83e")]
    store = DatabaseStore(url)
    for one in reversed(given):
        store.add(one)
    for reader in (store, DatabaseStore(url)):
        found = list(reader)
        assert found == given
        assert [one.png for one in found] == [PNG, PNG, PNG]


def test_sql_can_ask_for_what_matters(url: str) -> None:
    """Time, session, target, prediction, model and weights are columns; all the rest is in the line of JSON."""
    store = DatabaseStore(url)
    store.add(record(0))
    store.add(record(1, target=None))
    engine = sql.create_engine(url, poolclass=sql.NullPool)
    with engine.connect() as connection:
        wrong = sql.text(f"SELECT * FROM {TABLE.name} WHERE target <> prediction ORDER BY id")  # noqa: S608
        first, second = connection.execute(wrong)
        comments = connection.scalars(sql.select(TABLE.c.line["comment"].as_string())).all()
    assert (first.id, first.session, first.model, first.weights) == (record().id, record().session, "bundled", "00ff")
    assert (first.target, second.target, first.prediction) == (3, -1, 8)
    assert str(first.time).startswith("2026-01-01 00:00:00")
    assert first.png == PNG
    assert comments == ["a 3 – или три 🤔"] * 2


def test_a_record_can_be_changed_and_dropped(url: str) -> None:
    """What was changed is read, and nothing of what was dropped; the other records stay as they are."""
    store = DatabaseStore(url)
    for number in range(3):
        store.add(record(number))
    changed = record(1, target=7, comment="")
    store.change(changed)
    assert list(store) == [record(0), changed, record(2)]
    store.drop(record(0))
    store.drop(record(0))
    with pytest.raises(FeedbackError, match="not there any more"):
        store.change(record(0))
    assert list(store) == [changed, record(2)]
    assert [one.png for one in store] == [PNG, PNG]


def test_adding_again_adds_nothing(url: str) -> None:
    """Tried again after a lost connection, a record is there once, with what was changed of it in between."""
    store = DatabaseStore(url)
    store.add(record())
    store.add(record())
    assert list(store) == [record()]
    DatabaseStore(url).add(record(target=5))
    assert list(store) == [record(target=5)]


def test_many_records_come_in_order_and_may_be_changed_on_the_way(url: str) -> None:
    """The oldest comes first, each once though many have the same time, and nobody who reads locks out who writes."""
    store, count = DatabaseStore(url), 2 * PAGE + 1
    given = [record(number // (PAGE + 10), id=f"{number:05}") for number in range(count)]
    for one in given[::2] + given[1::2]:
        store.add(one)
    for one in store:
        store.change(one.changed(comment=one.id))
    assert [one.comment for one in store] == [one.id for one in given]
    for one in store:
        store.drop(one)
    assert list(store) == []


def test_a_picture_is_read_when_it_is_asked_for(url: str) -> None:
    """If somebody has dropped the record by then, a sentence says so."""
    store = DatabaseStore(url)
    store.add(record(0))
    store.add(record(1))
    kept, dropped = store
    DatabaseStore(url).drop(dropped)
    assert kept.png == PNG
    with pytest.raises(FeedbackError, match="The picture of the record record-00001 is gone: somebody has dropped"):
        _ = dropped.png


def test_a_newer_record_is_not_read(url: str) -> None:
    """What a newer digit-widget has saved is told by a sentence that names the record."""
    store = DatabaseStore(url)
    store.add(record())
    engine = sql.create_engine(url, poolclass=sql.NullPool)
    with engine.begin() as connection:
        connection.execute(sql.update(TABLE).values(line=to_line(record()) | {"schema": 2}))
    with pytest.raises(FeedbackError, match=r"record record-00000: The record is of version 2, .* update digit-widget"):
        list(store)


def test_a_table_that_was_removed_is_made_again(url: str) -> None:
    """The first use after it says what is wrong, and the next one works."""
    store = DatabaseStore(url)
    store.add(record())
    TABLE.drop(sql.create_engine(url, poolclass=sql.NullPool))
    with pytest.raises(FeedbackError, match="cannot be used"):
        store.add(record())
    store.add(record())
    assert list(store) == [record()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_has_its_own_connections(url: str) -> None:
    """A store that has been used goes on working on both sides of a fork."""
    script = """
        import os, sys
        sys.path[:0] = [sys.argv[2], os.path.dirname(sys.argv[2])]
        from test_database import DatabaseStore, record
        store = DatabaseStore(sys.argv[1])
        store.add(record(0))
        child = os.fork()
        for number in range(1, 21):
            store.add(record(number + 100 * (child == 0)))
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(len(list(store)))
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(script), url, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "41\n"), done.stderr


def test_processes_write_to_one_file_at_once(tmp_path: Path) -> None:
    """4 processes that make the file and save 50 records each at the same time lose none."""
    found = add_at_once(f"sqlite:///{tmp_path / 'feedback.db'}", 4, 50, tmp_path)
    assert sorted(found) == expected(4, 50)


def test_processes_write_to_one_server_at_once(server: Server, tmp_path: Path) -> None:
    """20 processes that make the table and save 500 records each at the same time lose none: 10,000 are read again."""
    found = add_at_once(server.url(), 20, 500, tmp_path)
    assert len(found) == 10_000
    assert sorted(found) == expected(20, 500)


def test_a_server_that_crashes_meanwhile(server: Server) -> None:
    """Whoever saves then is told, and saves again; each record is there once, those from before the crash too."""
    store, count = DatabaseStore(server.url()), 200
    some, crashed, failed = threading.Event(), threading.Event(), threading.Event()
    told: list[str] = []

    def hand() -> None:
        for number in range(count):
            while True:
                try:
                    store.add(record(number))
                except FeedbackError as error:
                    told.append(str(error))
                    failed.set()
                else:
                    break
            if number == count // 4:
                some.set()
            if number == count // 2:
                assert crashed.wait(60)

    thread = threading.Thread(target=hand)
    thread.start()
    assert some.wait(60)
    server.stop("immediate")
    crashed.set()
    assert failed.wait(60)
    server.start()
    thread.join(60)
    assert not thread.is_alive()
    assert list(store) == [record(number) for number in range(count)]
    assert all(words.startswith("The database postgresql+psycopg://hand:***@127.0.0.1") for words in told)


def test_a_server_that_was_restarted(server: Server) -> None:
    """A store that was used before the restart is used after it as if nothing had been."""
    store = DatabaseStore(server.url())
    store.add(record(0))
    server.stop()
    server.start()
    store.add(record(1))
    assert [one.png for one in store] == [PNG, PNG]


def test_a_server_that_is_down(server: Server) -> None:
    """Whatever is asked of it, a sentence says that it cannot be reached, and why; once it is up, all is well."""
    store = DatabaseStore(server.url())
    store.add(record(0))
    (read,) = store
    server.stop()
    said = rf"^The database postgresql\+psycopg://hand:\*\*\*@127.0.0.1:{server.port}/postgres cannot be reached "
    uses = [lambda: store.add(record(1)), lambda: store.change(record(0)), lambda: store.drop(record(0))]
    for use in [*uses, lambda: list(store), lambda: read.png, lambda: DatabaseStore(server.url()).add(record(1))]:
        with pytest.raises(FeedbackError, match=said + r"\(connection failed: .*\)\. See that .*, and try again\.$"):
            use()
    server.start()
    store.add(record(1))
    assert list(store) == [record(0), record(1)]


def test_a_server_that_says_nothing() -> None:
    """Where something listens and never answers, it is waited for once, and not for ever."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://hand:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(FeedbackError, match=r"cannot be reached \(connection timeout expired\)"):
            DatabaseStore(f"{url}?connect_timeout=2").add(record())
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_server_that_lets_nobody_in(server: Server) -> None:
    """A wrong password is told in the server's words, and not shown; so is a database that is not there."""
    server.ask("DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN PASSWORD 'another'")
    for url, words in {
        server.url("stranger"): 'password authentication failed for user "stranger"',
        server.url() + "_of_nobody": 'database "postgres_of_nobody" does not exist',
    }.items():
        with pytest.raises(FeedbackError, match="cannot be reached") as caught:
            DatabaseStore(url).add(record())
        assert words in str(caught.value)
        assert SECRET not in str(caught.value)


def test_a_server_that_allows_reading_only(server: Server) -> None:
    """Who may read reads, and is told that more is not allowed; who may do nothing is told so."""
    DatabaseStore(server.url()).add(record())
    server.ask("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN", f"GRANT SELECT ON {TABLE.name} TO reader")
    reader = DatabaseStore(server.url("reader"))
    assert [one.png for one in reader] == [PNG]
    said = rf"does not allow this \(permission denied for table {TABLE.name}\)\. Choose another database or user"
    with pytest.raises(FeedbackError, match=said):
        reader.add(record(1))
    server.ask("DROP OWNED BY reader", "DROP ROLE reader")


def test_a_server_whose_disk_is_full(server: Server) -> None:
    """The server says so, and the sentence says what to do; there is nothing of the record."""
    store = DatabaseStore(server.url())
    store.add(record(0))
    server.ask(
        """CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$""",
        f"CREATE TRIGGER full_disk BEFORE INSERT ON {TABLE.name} EXECUTE FUNCTION full_disk()",
    )
    with pytest.raises(FeedbackError, match=r"^The disk is full, so that nothing more .* Make room there\.$"):
        store.add(record(1))
    assert list(store) == [record(0)]


def test_a_file_that_is_full(tmp_path: Path) -> None:
    """SQLite says so, and the sentence says what to do; there is nothing of the record."""
    store = DatabaseStore(f"sqlite:///{tmp_path / 'feedback.db'}")
    store.add(record(0))
    sql.event.listen(store._engine, "connect", lambda made, _: made.execute("PRAGMA max_page_count = 1").close())
    with pytest.raises(FeedbackError, match=r"^The disk is full, so that nothing more .* Make room there\.$"):
        store.add(record(1, load=lambda: PNG * 100))
    assert list(store) == [record(0)]


def test_a_file_that_can_only_be_read(tmp_path: Path) -> None:
    """It is read, and whoever writes is told that this is not allowed."""
    file = tmp_path / "feedback.db"
    DatabaseStore(f"sqlite:///{file}").add(record())
    store = DatabaseStore(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert [one.png for one in store] == [PNG]
    for use in (store.add, store.change, store.drop):
        with pytest.raises(FeedbackError, match=r"does not allow this \(attempt to write a readonly database"):
            use(record())


def test_a_file_that_another_program_keeps(tmp_path: Path) -> None:
    """After a while the sentence says so, and it works when the other program is done."""
    file = tmp_path / "feedback.db"
    store = DatabaseStore(f"sqlite:///{file}?timeout=0.1")
    store.add(record(0))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for use in (lambda: store.add(record(1)), lambda: list(store)):
        with pytest.raises(FeedbackError, match=r"^Other programs are using .* .database is locked.\. Try again\.$"):
            use()
    other.close()
    store.add(record(1))
    assert list(store) == [record(0), record(1)]


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """A folder that is not there, and a file of another kind, are told from each other."""
    with pytest.raises(FeedbackError, match=r"file of the database .* cannot be opened or made. Choose a folder"):
        DatabaseStore(f"sqlite:///{tmp_path / 'none' / 'feedback.db'}").add(record())
    other = tmp_path / "feedback.db"
    other.write_bytes(PNG)
    with pytest.raises(FeedbackError, match=r"cannot be used \(file is not a database\)\. Choose another one"):
        DatabaseStore(f"sqlite:///{other}").add(record())


@pytest.mark.parametrize(
    "damage",
    [
        {"line": '"\\u"'},
        {"line": "[1, 2"},
        {"line": b"\xff"},
        {"time": "yesterday"},
        {"line": '{"id": 1}'},
        {"line": "[" * 50_000},
    ],
)
def test_a_row_that_somebody_spoilt(tmp_path: Path, damage: dict[str, Any]) -> None:
    """Whatever a row holds, it is told by a sentence."""
    file = tmp_path / "feedback.db"
    store = DatabaseStore(f"sqlite:///{file}")
    store.add(record())
    other = sqlite3.connect(file)
    ((name, value),) = damage.items()
    other.execute(f"UPDATE {TABLE.name} SET {name} = ?", (value,))  # noqa: S608
    other.commit()
    other.close()
    with pytest.raises(FeedbackError, match=r"feedback\.db"):
        list(store)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "This is no address of a database. Write it like"),
        (SECRET, "This is no address of a database. Write it like"),
        (f"postgresql://hand:{SECRET}@127.0.0.1:port/x", "This is no address of a database. Write it like"),
        (f"postgresql://hand:@{SECRET}@127.0.0.1/x", "in a password, @ is written %40"),
        (f"postgresql://us/er:{SECRET}@127.0.0.1/x", "in a password, @ is written %40"),
        (f"https://hand:{SECRET}@127.0.0.1/x", "Nothing here knows databases called https. Write"),
        (f"postgresql+pigeon://hand:{SECRET}@127.0.0.1/x", "databases called postgresql+pigeon. Write"),
        (f"sqlite:///x.db?timeout={SECRET}", "after its question mark is nothing that sqlite databases know"),
        ("sqlite://", "A database in memory keeps nothing. Write the name of its file"),
        ("sqlite:///:memory:", "A database in memory keeps nothing."),
    ],
)
def test_an_address_that_is_none(url: str, words: str) -> None:
    """It is refused at once, with an example; nothing of it is shown, since a password may be anywhere in it."""
    with pytest.raises(FeedbackError) as caught:
        DatabaseStore(url)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://hand:{SECRET}@127.0.0.1:1/x",
        f"postgres://hand:{SECRET}@127.0.0.1:1/x?connect_timeout=2",
        f"postgresql+psycopg://127.0.0.1:1/x?password={SECRET}",
        f"postgresql://hand:{SECRET}@127.0.0.1/x?sslmode={SECRET}",
        f"postgresql://hand:{SECRET}@/x?host=127.0.0.1:1&host=127.0.0.1:2",
        f"postgresql://hand:{SECRET}@127.0.0.1:1/x?{SECRET}=1",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    """Neither as the name of the place nor in an error is a password shown, wherever in the address it stands."""
    store = DatabaseStore(url)
    with pytest.raises(FeedbackError) as caught:
        store.add(record())
    assert str(caught.value).startswith(f"The database {store} cannot be ")
    assert SECRET not in str(store) + repr(store) + str(caught.value)


def without(module: str, url: str) -> str:
    """Return what is said about a database where a module is not installed."""
    script = f"""
        import sys
        sys.modules[{module!r}] = None
        from digit_widget.feedback import FeedbackError
        try:
            from digit_widget.feedback.database import DatabaseStore
            DatabaseStore({url!r})
        except FeedbackError as error:
            print(error)
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(script)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_what_is_not_installed_is_named() -> None:
    """Without SQLAlchemy, or a driver, it is said what to install."""
    url = f"postgresql://hand:{SECRET}@127.0.0.1/x"
    words = without("sqlalchemy", url)
    assert words.startswith("SQLAlchemy is needed to save feedback in a database, but it is not installed.")
    assert "pip install 'digit-widget[db]'" in words
    words = without("psycopg", url)
    assert words.startswith("The driver for postgresql+psycopg databases cannot be loaded (")
    assert "pip install 'digit-widget[db]'" in words
    words = without("pg8000", url.replace("postgresql", "postgresql+pg8000"))
    assert words.startswith("The driver for postgresql+pg8000 databases cannot be loaded (")
    assert "from the package it comes in" in words


def test_a_pad_saves_to_a_database(url: str) -> None:
    """`DigitWidget(feedback=url)`: what is said is read again by `Feedback(url)`, changed, and taken back."""
    pad = DigitWidget(feedback=url, strokes=digit_strokes(7))
    of = {"answered": pad._answered, "drawn": pad._drawing["drawn"], "result": pad.result}
    before = len(Feedback(url))
    for number, target in enumerate((1, 2), 1):
        message = {"number": number, "does": "say", "consents": True, "target": target} | of
        pad.set_state({"_correction": message})
        assert pad._saved["state"] == "saved", pad._saved
    assert [record.target for record in Feedback(url) if record.prediction == 7] == [2]
    pad.set_state({"_correction": {"number": 3, "does": "undo"}})
    assert len(Feedback(url)) == before
