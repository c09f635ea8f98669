"""The assignments that teachers gave out, each under a short link."""

import json
import re
import secrets
import time
from dataclasses import dataclass
from sqlite3 import Row

from explorer.assignment.assignment import (
    Assignment,
    AssignmentError,
    parse_assignment,
    to_data,
)
from explorer.people.permissions import THE_CLASS, Action, check
from explorer.people.person import Person
from explorer.refusal import Refusal
from explorer.runs.database import Database
from explorer.text import quoted

PARAMETER = "assignment"  # of the address
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are taken for another
ID_LENGTH = 4
_ID = re.compile(f"[{LETTERS}]{{{ID_LENGTH}}}")
MOST = 500


class NotGivenOut(Refusal):
    """There is no such assignment, or it cannot be given out; the message says why."""


@dataclass(frozen=True)
class GivenOut:
    """An assignment as the class has it."""

    id: str
    assignment: Assignment
    given: float  # seconds since 1970
    is_open: bool  # whether it can still be handed in, as far as the teacher says

    def why_closed(self, now: float) -> str:
        """Why nothing can be handed in any more; "" where something can."""
        deadline = self.assignment.deadline
        if not self.is_open:
            return "your teacher has ended this assignment"
        if deadline is not None and now > deadline:
            return "its deadline is over; only your teacher can extend it"
        return ""


class Assignments:
    """What was given out. Every method may be called from any thread, and raises StoreError if
    the file cannot be read or written.
    """

    def __init__(self, database: Database):
        self.database = database

    def give_out(self, assignment: Assignment, by: Person) -> GivenOut:
        """Give an assignment out to the class. Raises NotAllowed and NotGivenOut."""
        check(by, Action.MANAGE, THE_CLASS)
        _check_title(assignment)
        with self.database.write(durable=True) as connection:
            if connection.execute("SELECT count(*) FROM assignments").fetchone()[0] >= MOST:
                raise NotGivenOut(f"{MOST} assignments were given out here; delete an old one")
            known = {row["id"] for row in connection.execute("SELECT id FROM assignments")}
            id = _new_id(known)
            given = GivenOut(id, assignment, time.time(), is_open=True)
            connection.execute(
                "INSERT INTO assignments VALUES (?, ?, ?, 1)",
                (given.id, _text(assignment), given.given),
            )
        return given

    def find(self, id: str) -> GivenOut:
        """The assignment of this link. Raises NotGivenOut."""
        if not _ID.fullmatch(id.casefold()):
            raise _unknown(id)
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT * FROM assignments WHERE id = ?", (id.casefold(),)
            ).fetchone()
        if row is None:
            raise _unknown(id)
        return _given_out(row)

    def all(self) -> tuple[GivenOut, ...]:
        """All that can be read, the newest first."""
        with self.database.read() as connection:
            rows = connection.execute("SELECT * FROM assignments ORDER BY given DESC, id")
            return tuple(map(_given_out, rows.fetchall()))

    def change(self, id: str, assignment: Assignment, by: Person) -> None:
        """Put another assignment in its place, under the same link. What was handed in keeps its
        verdict. Raises NotAllowed and NotGivenOut.
        """
        check(by, Action.MANAGE, THE_CLASS)
        _check_title(assignment)
        self._update("UPDATE assignments SET assignment = ? WHERE id = ?", _text(assignment), id)

    def set_open(self, id: str, is_open: bool, by: Person) -> None:
        """End it, or open it again. Raises NotAllowed and NotGivenOut."""
        check(by, Action.MANAGE, THE_CLASS)
        self._update("UPDATE assignments SET is_open = ? WHERE id = ?", int(is_open), id)

    def set_deadline(self, id: str, deadline: int | None, by: Person) -> None:
        """Extend it, or close it earlier, in seconds since 1970; None is no deadline. Raises
        NotAllowed and NotGivenOut.
        """
        check(by, Action.MANAGE, THE_CLASS)
        self.find(id)
        with self.database.write(durable=True) as connection:
            row = connection.execute(
                "SELECT assignment FROM assignments WHERE id = ?", (id,)
            ).fetchone()
            if row is None:
                raise _unknown(id)
            try:
                assignment = parse_assignment(json.loads(row["assignment"]))
            except (ValueError, AssignmentError):  # of a newer version, or changed by hand
                raise NotGivenOut("this assignment cannot be read, so it stays as it is") from None
            changed = assignment.model_copy(update={"deadline": deadline})
            connection.execute(
                "UPDATE assignments SET assignment = ? WHERE id = ?", (_text(changed), id)
            )

    def delete(self, id: str, by: Person) -> None:
        """Delete an assignment, and with it what was handed in; the files of its reports HandIns
        deletes. Raises NotAllowed and NotGivenOut.
        """
        check(by, Action.MANAGE, THE_CLASS)
        self.find(id)
        with self.database.write(durable=True) as connection:
            connection.execute("DELETE FROM assignments WHERE id = ?", (id,))

    def delete_all(self, by: Person) -> int:
        """Delete every assignment as `delete` does. Returns how many it was."""
        check(by, Action.MANAGE, THE_CLASS)
        with self.database.write(durable=True) as connection:
            return connection.execute("DELETE FROM assignments").rowcount

    def _update(self, statement: str, value: object, id: str) -> None:
        self.find(id)
        with self.database.write(durable=True) as connection:
            connection.execute(statement, (value, id))


def _unknown(id: str) -> NotGivenOut:
    return NotGivenOut(f"there is no assignment {quoted(id)} on this server")


def _check_title(assignment: Assignment) -> None:
    if not assignment.title:
        raise NotGivenOut("give the assignment a title first, by which the class knows it")


def _new_id(known: set[str]) -> str:
    while True:
        id = "".join(secrets.choice(LETTERS) for _ in range(ID_LENGTH))
        if id not in known:
            return id


def _text(assignment: Assignment) -> str:
    return json.dumps(to_data(assignment), ensure_ascii=False)


def _given_out(row: Row) -> GivenOut:
    try:
        assignment = parse_assignment(json.loads(row["assignment"]))
    except (ValueError, AssignmentError):  # of a newer version, or changed by hand
        assignment = Assignment(
            title="This assignment cannot be read",
            max_params=None,
            max_epochs=None,
            min_accuracy=None,
        )
        return GivenOut(row["id"], assignment, row["given"], is_open=False)
    return GivenOut(row["id"], assignment, row["given"], bool(row["is_open"]))
