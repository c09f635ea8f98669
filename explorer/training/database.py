"""The SQLite file of all runs: opening it, its schema and migrations, transactions, and errors in plain words.

Several processes may have it open: readers never wait (WAL), a writer waits up to BUSY_SECONDS for another. It must lie on
a disk of this machine: SQLite's shared memory does not work over a network.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from explorer.training.run import RunError

BUSY_SECONDS = 5.0

# Number N of the list makes a database of version N from one of version N - 1. What was released is never changed.
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
)

EXPLAINED = {  # SQLite's primary result codes, and what to say of the file
    sqlite3.SQLITE_BUSY: "is locked by another program; end that program or let it finish",
    sqlite3.SQLITE_LOCKED: "is locked by another program; end that program or let it finish",
    sqlite3.SQLITE_FULL: "cannot be written, the disk is full; make room on it",
    sqlite3.SQLITE_READONLY: "cannot be written; allow writing there, or let EXPLORER_HOME name another folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; allow writing there, or let EXPLORER_HOME name another folder",
    sqlite3.SQLITE_CORRUPT: "is damaged; move it away, and a new one is made at the next start",
    sqlite3.SQLITE_NOTADB: "is no database of runs; move it away, and a new one is made at the next start",
    sqlite3.SQLITE_IOERR: "cannot be read or written, the disk has a fault or is full",
}


class StoreError(RunError):
    """The runs on disk cannot be read or written; the message says which file, why and what to do."""


class Database:
    """Every method may be called from any thread. Without a path the database is in memory."""

    def __init__(self, path: Path | None = None):
        """Opens and migrates. Raises StoreError, also where the file cannot be written."""
        self.path = path
        self._writing, self._reading = threading.RLock(), threading.RLock()
        with self._explained():
            self._writer = _connect(path)
            try:
                self._migrate()
                self._reader = self._writer if path is None else _connect(path)
            except BaseException:
                self._writer.close()
                raise
        if path is None:  # one connection, so one lock
            self._reading = self._writing

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """For questions. Rows come as sqlite3.Row. Raises StoreError."""
        with self._reading, self._explained():
            yield self._reader

    @contextmanager
    def write(self, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, where an exception leaves it, nothing. What is `durable`, and all that came
        before it, is on the disk afterwards, also where the machine loses power. Raises StoreError."""
        with self._writing, self._explained():
            self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # SQLite may have rolled it back already, as when the disk is full
                    with suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def _migrate(self) -> None:
        version = _version(self._writer)
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by a newer version of the program (its format is {version}, this program "
                f"reads up to {len(MIGRATIONS)}): update the program, or let EXPLORER_HOME name another folder"
            )
        self._writer.execute("BEGIN IMMEDIATE")  # also where nothing is to be done: it shows whether we may write
        for number, script in enumerate(MIGRATIONS[_version(self._writer) :], _version(self._writer) + 1):
            for statement in script.split(";\n"):  # executescript would commit what stands before it
                self._writer.execute(statement)
            self._writer.execute(f"PRAGMA user_version = {number}")
        self._writer.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it is detail
            raise StoreError(f"{self.path or 'memory'} {EXPLAINED.get(code, 'cannot be used')} ({error})") from error


def _connect(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(path or ":memory:", BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    if path is not None:
        connection.execute("PRAGMA journal_mode = WAL")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
