"""Hand-ins: the work that people handed in for an assignment, with its verdict and its report.

The report is a zip of the runs, made a little later from what they are then; once it is made,
nothing that happens to them changes it. Of several hand-ins the newest counts, and alone has one.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from sqlite3 import Row
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from explorer.assignment.clauses import Clause, State, clauses, verdict
from explorer.assignment.results import Result
from explorer.classroom.assignments import GivenOut
from explorer.classroom.judging import AllTries, judge
from explorer.link import LinkError, Shared, parse_shared
from explorer.link import to_data as shared_to_data
from explorer.people.permissions import THE_CLASS, Action, Kind, Thing, check
from explorer.people.person import Person
from explorer.refusal import Refusal
from explorer.runs.database import Database
from explorer.runs.home import HAND_INS
from explorer.runs.run import RunError
from explorer.text import counted, printable_lines
from explorer.training.recipe import Recipe

# How a report is; anything else says why there is none.
WAITING, MADE, REPLACED = "waiting", "made", "a newer one was handed in"
MAX_NOTE = 2_000  # characters
MOST_OF_A_PERSON = 50  # for one assignment

log = logging.getLogger(__name__)


class NotHandedIn(Refusal):
    """It cannot be handed in; the message says why, and what to do."""


class NoReport(RunError):
    """A report was made, and its file is gone."""


@dataclass(frozen=True)
class Notes:
    """What whoever hands in says about it."""

    target: str = ""
    result: str = ""
    analysis: str = ""


@dataclass(frozen=True)
class HandIn:
    """What was handed in, and how it was judged then."""

    number: int
    assignment: str  # its id
    person: str
    handed: float  # seconds since 1970
    shared: Shared
    result: Result
    clauses: tuple[Clause, ...]
    notes: Notes
    report: str  # WAITING, MADE, or why there is none

    @property
    def verdict(self) -> State:
        return verdict(self.clauses)


class _Content(BaseModel):
    """The JSON of a row."""

    model_config = ConfigDict(extra="forbid")

    shared: dict[str, Any]
    result: Result
    clauses: tuple[Clause, ...]
    notes: Notes


class HandIns:
    """What was handed in. Every method may be called from any thread, and raises StoreError if the
    file cannot be read or written.
    """

    def __init__(self, database: Database, home: Path | None):
        """`home` is where everything is kept; None where nothing is, which has no reports."""
        self.database = database
        self._folder = home / HAND_INS if home else None

    def hand_in(
        self, given: GivenOut, shared: Shared, runs: AllTries, notes: Notes, by: Person
    ) -> HandIn:
        """Judge somebody's work by their own runs, and keep it. Raises NotAllowed and
        NotHandedIn.
        """
        check(by, Action.HAND_IN, Thing(Kind.HAND_IN, by.id))
        now = time.time()
        if why := given.why_closed(now):
            raise NotHandedIn(why)
        notes = _checked(notes, given.assignment.notes)
        _, result = judge(given.assignment, shared.architecture, shared.recipe, runs)
        if result is None:
            raise NotHandedIn(
                "no run of yours of this very network has finished on these images; train it to "
                "the end first"
            )
        if result.seeds < given.assignment.seeds:
            raise NotHandedIn(
                f"the mean over {given.assignment.seeds} seeds counts, and you have trained "
                f"{counted(result.seeds, 'seed')}: start the others with the same recipe"
            )
        # The form may hold another recipe by now.
        shared = replace(shared, recipe=_recipe_of(result, runs), assignment=given.assignment)
        found = clauses(given.assignment, shared.architecture, shared.recipe, result)
        content = _Content(shared=shared_to_data(shared), result=result, clauses=found, notes=notes)
        with self.database.write(durable=True) as connection:
            there = "SELECT 1 FROM assignments WHERE id = ?"
            if connection.execute(there, (given.id,)).fetchone() is None:
                raise NotHandedIn("your teacher has deleted this assignment")
            own = "SELECT count(*) FROM hand_ins WHERE assignment = ? AND person = ?"
            if connection.execute(own, (given.id, by.id)).fetchone()[0] >= MOST_OF_A_PERSON:
                raise NotHandedIn(
                    f"you have handed this in {counted(MOST_OF_A_PERSON, 'time')}; ask your teacher"
                )
            report = WAITING if self._folder else "this server keeps nothing, so no report either"
            number = connection.execute(
                "INSERT INTO hand_ins (assignment, person, handed, content, report) "
                "VALUES (?, ?, ?, ?, ?)",
                (given.id, by.id, now, content.model_dump_json(), report),
            ).lastrowid
        assert number is not None
        return HandIn(number, given.id, by.id, now, shared, result, found, notes, report)

    def newest(self, assignment: str, person: str | None = None) -> tuple[HandIn, ...]:
        """The newest hand-in of everybody for an assignment, or of this person alone."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM hand_ins WHERE number IN (SELECT max(number) FROM hand_ins "
                "WHERE assignment = ? AND (? IS NULL OR person = ?) GROUP BY person) "
                "ORDER BY number",
                (assignment, person, person),
            ).fetchall()
        return tuple(_readable(rows))

    def look_at(self, number: int, by: Person) -> HandIn:
        """One hand-in, for whoever handed it in or a teacher. Raises NotAllowed and NotHandedIn."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM hand_ins WHERE number = ?", (number,)
            ).fetchall()
        found = next(_readable(rows), None)
        if found is None:
            raise NotHandedIn(f"there is no hand-in {number} here")
        check(by, Action.LOOK, Thing(Kind.HAND_IN, found.person))
        return found

    def waiting(self) -> tuple[HandIn, ...]:
        """Those whose report is still to be made, the oldest first: of each person and assignment
        the newest, as only that counts.
        """
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM hand_ins WHERE report = ? AND number IN "
                "(SELECT max(number) FROM hand_ins GROUP BY assignment, person) ORDER BY number",
                (WAITING,),
            ).fetchall()
        return tuple(_readable(rows))

    def read_report(self, handed: HandIn) -> bytes:
        """The report of a hand-in. Raises NoReport where it is gone."""
        try:
            return self.report_path(handed.number).read_bytes()
        except OSError:
            raise NoReport(
                f"the report of hand-in {handed.number} is lost; have it made again"
            ) from None

    def report_path(self, number: int) -> Path:
        """Where the report of a hand-in lies, once it is made."""
        assert self._folder is not None
        return self._folder / f"{number}.zip"

    def make_report(self, handed: HandIn, make: Callable[[HandIn, Path], object]) -> None:
        """Have `make` write the report of a hand-in, and note how that went. It raises Refusal."""
        path = self.report_path(handed.number)
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make(handed, part)
            part.replace(path)
            report = MADE
        except (Refusal, OSError) as error:
            part.unlink(missing_ok=True)
            report = str(error) or "it could not be made"
        with self.database.write(durable=True) as connection:
            is_there = connection.execute(
                "UPDATE hand_ins SET report = ? WHERE number = ?", (report, handed.number)
            ).rowcount
            older = connection.execute(
                "UPDATE hand_ins SET report = ? WHERE assignment = ? AND person = ? AND number < ? "
                "RETURNING number",
                (REPLACED, handed.assignment, handed.person, handed.number),
            ).fetchall()
        if not is_there:  # forgotten meanwhile
            path.unlink(missing_ok=True)
        for row in older:
            with suppress(OSError):
                self.report_path(row["number"]).unlink(missing_ok=True)

    def make_again(self, number: int, by: Person) -> None:
        """Have a report made once more that could not be made, or is lost. Raises NotAllowed."""
        check(by, Action.MANAGE, THE_CLASS)
        with self.database.write(durable=True) as connection:
            connection.execute("UPDATE hand_ins SET report = ? WHERE number = ?", (WAITING, number))

    def delete_all_of(self, person: str) -> int:
        """Delete all that somebody handed in, as they are forgotten. Returns how many it was."""
        return self._delete("DELETE FROM hand_ins WHERE person = ? RETURNING number", person)

    def delete_all_for(self, assignment: str) -> int:
        """Delete all that was handed in for an assignment, as it is deleted. Returns how many it
        was.
        """
        return self._delete(
            "DELETE FROM hand_ins WHERE assignment = ? RETURNING number", assignment
        )

    def _delete(self, statement: str, value: str) -> int:
        with self.database.write(durable=True) as connection:
            rows = connection.execute(statement, (value,)).fetchall()
        if self._folder:
            for row in rows:
                with suppress(OSError):
                    self.report_path(row["number"]).unlink(missing_ok=True)
        return len(rows)


def _recipe_of(result: Result, runs: AllTries) -> Recipe:
    return next(
        each.recipe
        for tries in runs.values()
        for each in tries.finished
        if each.run_id == result.run_ids[0]
    )


def _checked(notes: Notes, are_asked_for: bool) -> Notes:
    """The notes as lines that can be seen. Raises NotHandedIn."""
    checked = Notes(**{name: printable_lines(text) for name, text in asdict(notes).items()})
    for name, text in asdict(checked).items():
        if len(text) > MAX_NOTE:
            raise NotHandedIn(
                f"{name} is too long: {len(text):,} of at most {MAX_NOTE:,} characters"
            )
        if are_asked_for and not text:
            raise NotHandedIn(f"write down your {name} first: this assignment asks for it")
    return checked


def _readable(rows: list[Row]) -> Iterator[HandIn]:
    """The hand-ins of these rows; one that cannot be read is left out, and the log says so."""
    for row in rows:
        try:
            content = _Content.model_validate_json(row["content"])
            shared = parse_shared(content.shared)
        except (ValidationError, LinkError) as error:
            log.warning("hand-in %s cannot be read: %s", row["number"], error)
            continue
        yield HandIn(
            row["number"],
            row["assignment"],
            row["person"],
            row["handed"],
            shared,
            content.result,
            content.clauses,
            content.notes,
            row["report"],
        )
