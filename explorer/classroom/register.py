"""Register: the people of this server, their names, and who of them is a teacher.

They are kept beside the runs, in the same file, so that a backup has both.
"""

import json
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from sqlite3 import Connection, Row

from cachetools import FIFOCache

from explorer.people.made_up_names import made_up_name
from explorer.people.person import SHELL
from explorer.refusal import Refusal
from explorer.runs.database import Database, StoreError
from explorer.text import printable, quoted

MAX_NAME = 40
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that are taken for another
CODE_LENGTH = 6
CODE_SECONDS = 600.0
SEEN_EVERY = 600.0  # seconds; so often it is noted that somebody is here
NOTED = 5_000  # people of whom it is remembered when they were noted
RESERVED = (SHELL.name, "you", "teacher", "nobody", "everyone")


class NameTaken(Refusal):
    """A name that nobody may have, or that somebody else has; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """A person as the register has them."""

    id: str
    name: str
    is_chosen: bool  # whether they typed the name, or kept the made-up one
    teacher_mark: str  # see `Register.make_teacher`
    first_seen: float  # seconds since 1970
    last_seen: float


class Register:
    """The people of this server. Every method may be called from any thread, and raises
    StoreError if the file cannot be read or written.
    """

    def __init__(self, database: Database):
        self.database = database
        # When it was last tried to note that somebody is here, so that a file that cannot be
        # written is not tried again with each page.
        self._lock = threading.Lock()
        self._noted: FIFOCache[str, float] = FIFOCache(NOTED)

    def find(self, person_id: str) -> Entry | None:
        """The person with this id, None if they have never been here."""
        with self.database.read() as connection:
            row = connection.execute("SELECT * FROM people WHERE id = ?", (person_id,)).fetchone()
        return _entry(row) if row else None

    def names(self, person_ids: Iterable[str]) -> dict[str, str]:
        """The names of those of these people who are known, by id."""
        wanted = json.dumps(sorted(set(person_ids)))
        known = "SELECT id, name FROM people WHERE id IN (SELECT value FROM json_each(?))"
        with self.database.read() as connection:
            return dict(map(tuple, connection.execute(known, (wanted,))))

    def all(self) -> tuple[Entry, ...]:
        """Everybody, those who were here last at the beginning."""
        with self.database.read() as connection:
            rows = connection.execute("SELECT * FROM people ORDER BY last_seen DESC, id").fetchall()
        return tuple(map(_entry, rows))

    def arrive(self, person_id: str, name: str = "") -> Entry | None:
        """The person with this id, who is here now; None where they were forgotten.

        Somebody new gets a made-up name, or the one that their school told, with a number where
        somebody has it. Whom a school names may come again after having been forgotten.
        """
        now, entry = time.time(), self.find(person_id)
        if entry is None and not name and self.is_forgotten(person_id):
            return None
        if entry is None:
            with self.database.write() as connection:
                self._add(connection, person_id, printable(name)[:MAX_NAME], now)
        elif not self._is_to_be_noted(entry, now):
            return entry
        else:
            try:
                with self.database.write() as connection:
                    seen = "UPDATE people SET last_seen = ? WHERE id = ?"
                    connection.execute(seen, (now, person_id))
            except StoreError:  # who they are does not depend on it
                return entry
        return self.find(person_id)

    def _is_to_be_noted(self, entry: Entry, now: float) -> bool:
        """Whether it is time to note that they are here, which is tried once."""
        with self._lock:
            if now - max(entry.last_seen, self._noted.get(entry.id, 0.0)) <= SEEN_EVERY:
                return False
            self._noted[entry.id] = now
            return True

    def rename(self, person_id: str, name: str) -> None:
        """Give a person the name that they typed. Raises NameTaken."""
        name = printable(name)
        key = name_key(name)
        if not key or len(name) > MAX_NAME:
            raise NameTaken(f"a name has 1 to {MAX_NAME} characters, at least one of them a letter")
        if key in map(name_key, RESERVED):
            raise NameTaken(f"nobody can be called {quoted(name)} here; choose another name")
        with self.database.write() as connection:
            if _is_taken(connection, name, except_for=person_id):
                raise NameTaken(
                    f"somebody here is called {quoted(name)} already; add a letter of your surname"
                )
            connection.execute(
                "UPDATE people SET name = ?, name_key = ?, is_chosen = 1 WHERE id = ?",
                (name, key, person_id),
            )

    def keep_name(self, person_id: str) -> None:
        """The person keeps the made-up name."""
        with self.database.write() as connection:
            connection.execute("UPDATE people SET is_chosen = 1 WHERE id = ?", (person_id,))

    def make_teacher(self, person_id: str, mark: str) -> None:
        """Note that a person gave the teacher's key of which this is the mark; "" ends that.

        The mark of another key makes nobody a teacher, so that a new key begins anew.
        """
        with self.database.write() as connection:
            connection.execute("UPDATE people SET teacher_mark = ? WHERE id = ?", (mark, person_id))

    # --- another device ---------------------------------------------------------------------------

    def new_code(self, person_id: str) -> str:
        """A code by which another device becomes this person, once, within CODE_SECONDS. The one
        before it is no longer good.
        """
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        now = time.time()
        with self.database.write() as connection:
            connection.execute(
                "DELETE FROM device_codes WHERE expires <= ? OR person = ?", (now, person_id)
            )
            connection.execute(
                "INSERT INTO device_codes (code, person, expires) VALUES (?, ?, ?)",
                (code, person_id, now + CODE_SECONDS),
            )
        return code

    def redeem(self, code: str) -> Entry | None:
        """The person whose code this is; it is used up then. None if nobody's is."""
        typed = "".join(code.upper().split())
        with self.database.write() as connection:
            row = connection.execute(
                "SELECT people.* FROM device_codes JOIN people ON people.id = person "
                "WHERE code = ? AND expires > ?",
                (typed, time.time()),
            ).fetchone()
            connection.execute("DELETE FROM device_codes WHERE code = ?", (typed,))
        return _entry(row) if row else None

    # --- forgetting -------------------------------------------------------------------------------

    def forget(self, person_id: str) -> None:
        """Delete the person. Their id is noted, so that a cookie that is left in some browser
        makes somebody new.
        """
        with self.database.write(durable=True) as connection:
            connection.execute("DELETE FROM people WHERE id = ?", (person_id,))
            connection.execute("INSERT OR IGNORE INTO forgotten (id) VALUES (?)", (person_id,))

    def not_forgotten(self, person_id: str, successor: Callable[[str], str]) -> str:
        """This person, or who their browser is next where they were forgotten."""
        while self.is_forgotten(person_id):
            person_id = successor(person_id)
        return person_id

    def is_forgotten(self, person_id: str) -> bool:
        """Whether the person with this id was deleted."""
        with self.database.read() as connection:
            found = connection.execute("SELECT 1 FROM forgotten WHERE id = ?", (person_id,))
            return found.fetchone() is not None

    def _add(self, connection: Connection, person_id: str, told: str, now: float) -> None:
        """Add somebody new, unless another of their windows has just done so."""
        told = told if name_key(told) else ""
        name = told or made_up_name(lambda name: _is_taken(connection, name))
        number = 1
        while _is_taken(connection, name):
            number += 1
            name = f"{told} {number}"
        connection.execute(
            "INSERT OR IGNORE INTO people VALUES (?, ?, ?, ?, '', ?, ?)",
            (person_id, name, name_key(name), bool(told), now, now),
        )


def name_key(name: str) -> str:
    """What two names have in common that a class would take for the same: capitals, spaces,
    punctuation and emoji do not count.
    """
    plain = unicodedata.normalize("NFKC", printable(name)).casefold()
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LMN")


def _is_taken(connection: Connection, name: str, except_for: str = "") -> bool:
    found = connection.execute(
        "SELECT 1 FROM people WHERE name_key = ? AND id != ?", (name_key(name), except_for)
    )
    return found.fetchone() is not None


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        name=row["name"],
        is_chosen=bool(row["is_chosen"]),
        teacher_mark=row["teacher_mark"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
    )
