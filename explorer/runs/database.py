"""The SQLite file of all runs: opening it, its schema and migrations, transactions, and errors in
plain words.

Several processes may have it open: readers never wait (WAL), a writer waits up to BUSY_SECONDS for
another. It must lie on a disk of this machine: SQLite's shared memory does not work over a network.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from explorer.files import write_whole
from explorer.runs.run import RunError

BUSY_SECONDS = 5.0
OPEN_SECONDS = 10.0  # for which a file that another program has locked is tried at the start
# Between two times that what is written is brought from the -wal file into the database itself.
TIDY_SECONDS = 60.0

# Number N of the list makes a database of version N from one of version N - 1. What was released is
# never changed.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- in order of submission
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        architecture TEXT NOT NULL,  -- JSON, as are recipe and environment
        recipe TEXT NOT NULL,
        environment TEXT NOT NULL,
        device TEXT NOT NULL,
        submitted REAL NOT NULL,  -- seconds since 1970, as are queued and taken
        more_epochs INTEGER NOT NULL,
        status TEXT NOT NULL,
        wish TEXT NOT NULL,  -- what another process wants of the one that trains it
        message TEXT NOT NULL,
        queued REAL NOT NULL,  -- when it last came into the queue
        taken REAL,  -- when it was last taken out of it to be trained
        revision INTEGER NOT NULL  -- grows with every change to the run or its events
    );
    CREATE INDEX runs_by_status ON runs (status);
    CREATE INDEX runs_by_owner ON runs (owner, taken);
    CREATE TABLE events (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        seq INTEGER NOT NULL,  -- from 0, without gaps
        kind TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        loss REAL,  -- of step events: so that they are thinned out without reading them
        event TEXT NOT NULL,  -- JSON
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    CREATE INDEX events_by_kind ON events (run, kind, seq, epoch, loss);
    """,
    """
    -- When it came into the bin, in seconds since 1970.
    ALTER TABLE runs ADD COLUMN deleted REAL;
    -- Of the runs that were queued together; '' for a single one.
    ALTER TABLE runs ADD COLUMN batch TEXT NOT NULL DEFAULT '';
    -- Above 0 where a teacher moved it to the front of the queue; the highest is first.
    ALTER TABLE runs ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;
    -- Values as JSON.
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE people (
        id TEXT PRIMARY KEY,  -- the owner of what they start and save
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,  -- the name as it is compared with others
        is_chosen INTEGER NOT NULL,  -- 0 for a made-up name, until it is answered
        teacher_mark TEXT NOT NULL,  -- of the key by which they became a teacher, "" for students
        first_seen REAL NOT NULL,
        last_seen REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE device_codes (
        code TEXT PRIMARY KEY,
        person TEXT NOT NULL UNIQUE REFERENCES people (id) ON DELETE CASCADE,
        expires REAL NOT NULL
    ) WITHOUT ROWID;
    -- People who were deleted, while some browser may still have their cookie.
    CREATE TABLE forgotten (id TEXT PRIMARY KEY) WITHOUT ROWID;
    """,
    """
    -- What teachers gave out.
    CREATE TABLE assignments (
        id TEXT PRIMARY KEY,  -- as its link names it
        assignment TEXT NOT NULL,  -- JSON
        given REAL NOT NULL,  -- when, in seconds since 1970
        is_open INTEGER NOT NULL  -- 0 once a teacher has ended it
    ) WITHOUT ROWID;
    -- What people handed in; of each the newest counts.
    CREATE TABLE hand_ins (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        assignment TEXT NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
        person TEXT NOT NULL,
        handed REAL NOT NULL,
        content TEXT NOT NULL,  -- JSON: network, recipe, result, verdict and notes
        report TEXT NOT NULL  -- how its report is: "waiting", "made", or why there is none
    );
    CREATE INDEX hand_ins_by_person ON hand_ins (person);
    CREATE INDEX hand_ins_by_assignment ON hand_ins (assignment, person, number);
    """,
    """
    -- What was found of the network after an epoch.
    CREATE TABLE insight (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        answers BLOB NOT NULL,  -- to the test images, as answers_format.py writes them
        PRIMARY KEY (run, epoch)
    );
    -- What its owner writes about it, and the tags by which it is found, as JSON.
    ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
    """,
    """
    -- How the layers fared after the epoch, as health_format.py writes it; NULL of older versions.
    ALTER TABLE insight ADD COLUMN health BLOB;
    """,
)

ELSEWHERE = "allow writing there, or let EXPLORER_HOME name another folder"
EXPLAINED = {  # SQLite's primary result codes, and what to say of the file
    sqlite3.SQLITE_BUSY: "is locked by another program; end that program or let it finish",
    sqlite3.SQLITE_LOCKED: "is locked by another program; end that program or let it finish",
    sqlite3.SQLITE_FULL: "cannot be written, the disk is full; make room on it",
    sqlite3.SQLITE_READONLY: f"cannot be written; {ELSEWHERE}",
    sqlite3.SQLITE_CANTOPEN: f"cannot be opened; {ELSEWHERE}",
    sqlite3.SQLITE_CORRUPT: (
        "is damaged; put a backup in its place, or move it away, "
        "and a new one is made at the next start"
    ),
    sqlite3.SQLITE_NOTADB: (
        "is no database of runs; move it away, and a new one is made at the next start"
    ),
    sqlite3.SQLITE_IOERR: "cannot be read or written, the disk has a fault or is full",
}


class StoreError(RunError):
    """The runs on disk cannot be read or written; the message says which file, why and what to
    do.
    """


class Database:
    """The SQLite file, or one in memory. Every method may be called from any thread."""

    def __init__(self, path: Path | None = None):
        """Open the file at `path`, and bring its schema up to date. Raises StoreError."""
        self.path = path
        self._writing, self._reading = threading.RLock(), threading.RLock()
        self._tidied = time.monotonic()
        with self._explained():
            self._writer, self._reader = self._opened()
            # So that even a plain copy of the file has what was there at this start.
            if path is not None:
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if path is None:  # one connection, so one lock
            self._reading = self._writing

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for questions, whose rows are sqlite3.Row. Raises StoreError."""
        with self._reading, self._explained():
            yield self._reader

    @contextmanager
    def write(self, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, if an exception leaves it, nothing.

        With `durable` it is on the disk afterwards, and all that came before it, even if the
        machine loses power. Raises StoreError.
        """
        with self._writing, self._explained():
            self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # SQLite may have rolled it back already, as when the disk is full.
                if self._writer.in_transaction:
                    with suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                raise

        if durable and time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            # Another time, where somebody reads just now.
            with self._writing, suppress(sqlite3.Error):
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def damage(self) -> str:
        """What SQLite's quick check finds wrong with the file, "" if nothing is.

        Raises StoreError.
        """
        with self.read() as connection:
            found = _quick_check(connection)
        return "" if found == "ok" else found

    def back_up(self, path: Path) -> None:
        """Write a whole copy to `path`, also while others write. Raises StoreError, and leaves no
        part of a copy then.
        """
        with self.read() as connection:
            try:
                write_whole(path, lambda part: _copy(connection, part))
            except (sqlite3.Error, OSError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise StoreError(f"{path} cannot be written: {reason}") from None

    def take_over(self, path: Path) -> None:
        """Replace the content by that of another file, which stays as it is. Raises StoreError."""
        with self._writing, self._explained():
            # Where the folder cannot be written, SQLite reads a file only if it is told that nobody
            # else writes it.
            how = "mode=ro" if os.access(path.parent, os.W_OK) else "immutable=1"
            other = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
            try:
                _check_version(path, _version(other))
                if (found := _quick_check(other)) != "ok":
                    raise StoreError(f"{path} is damaged ({found})")
                other.backup(self._writer)
            finally:
                other.close()
            self._migrate()

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def _opened(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        """The connections for writing and for reading, once nobody else locks the file."""
        deadline = time.monotonic() + OPEN_SECONDS
        while True:
            try:
                self._writer = _connect(self.path)
                try:
                    self._migrate()
                    return self._writer, self._writer if self.path is None else _connect(self.path)
                except BaseException:
                    self._writer.close()
                    raise
            except sqlite3.Error as error:
                if (
                    _code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                    or time.monotonic() > deadline
                ):
                    raise
            time.sleep(0.1)

    def _migrate(self) -> None:
        _check_version(self.path, _version(self._writer))
        # Also where nothing is to be done: it shows whether we may write.
        self._writer.execute("BEGIN IMMEDIATE")
        for number, script in enumerate(
            MIGRATIONS[_version(self._writer) :], _version(self._writer) + 1
        ):
            # Executescript would commit what stands before it.
            for statement in script.split(";\n"):
                self._writer.execute(statement)
            self._writer.execute(f"PRAGMA user_version = {number}")
        self._writer.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"{self.path or 'memory'} {EXPLAINED.get(_code(error), 'cannot be used')} ({error})"
            ) from error


def _copy(connection: sqlite3.Connection, path: Path) -> None:
    """Write all of a database to a file of its own. Raises sqlite3.Error."""
    copy = sqlite3.connect(path)
    try:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    finally:
        copy.close()


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code of an error."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _connect(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path or ":memory:", BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _quick_check(connection: sqlite3.Connection) -> str:
    """ "ok", or the first thing that is wrong with the file."""
    return " ".join(str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]).split())


def _check_version(path: Path | None, version: int) -> None:
    """Raises StoreError if a newer version of the explorer wrote the file."""
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer version of the program (its format is {version}, "
            f"this program reads up to {len(MIGRATIONS)}): update the program, "
            "or let EXPLORER_HOME name another folder"
        )


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
