"""The rows of the database as runs and events, and back.

Every function works on the connection of a transaction that store.py has opened.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from sqlite3 import Connection, Row
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from explorer.json_reading import decode_json
from explorer.network.architecture_json import MAX_JSON_BYTES, parse_architecture
from explorer.network.architecture_json import to_json as architecture_to_json
from explorer.network.spec import Architecture
from explorer.runs.kept_epochs import kept_epochs
from explorer.runs.run import Environment, Run, RunError, Status, StopRequest, UnknownRun
from explorer.text import printable, quoted
from explorer.training.event import Event, EventError, finished_after, parse_event
from explorer.training.event import to_json as event_to_json
from explorer.training.recipe import Recipe, parse_recipe, picks_best
from explorer.training.recipe import to_json as recipe_to_json
from explorer.validation import describe_fault

PARSED_AT_HAND = 128  # architectures and recipes, a few kB each
# All epochs of the runs whose numbers a JSON list holds.
EPOCHS = """
    SELECT run, event FROM events INDEXED BY events_by_kind
    WHERE run IN (SELECT value FROM json_each(?)) AND kind = 'epoch' ORDER BY run, seq
"""
# The event of the first time that the run with this number finished.
FINISHED = (
    "SELECT event FROM events INDEXED BY events_by_kind WHERE run = ? AND kind = 'finished' "
    "ORDER BY seq LIMIT 1"
)
# The latest event of the run with this number.
LATEST = "SELECT event FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1"

log = logging.getLogger(__name__)


class UnreadableRun(RunError):
    """A row of the database that is no run; the message says why.

    The other rows are not affected.
    """


class NotedBytes(NamedTuple):
    """What was noted of the network after an epoch."""

    answers: bytes  # as answers_format.py writes them
    health: bytes  # as health_format.py writes it


@dataclass(frozen=True)
class StoredRun:
    """A run as the store has it."""

    run: Run
    status: Status
    request: StopRequest
    message: str


# --- rows -----------------------------------------------------------------------------------------


def any_row(connection: Connection, run_id: str) -> Row:
    """The row of a run, also of one in the bin. Raises UnknownRun."""
    row: Row | None = connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise UnknownRun(f"there is no run {quoted(run_id)} here; it may have been deleted")
    return row


def find_row(connection: Connection, run_id: str) -> Row:
    """The row of a run that is not in the bin. Raises UnknownRun."""
    row = any_row(connection, run_id)
    if row["deleted"] is not None:
        raise UnknownRun(f"run {run_id} was deleted; it lies in the bin on the Runs page")
    return row


def find_binned(connection: Connection, run_id: str) -> Row:
    """The row of a run in the bin. Raises UnknownRun."""
    row = any_row(connection, run_id)
    if row["deleted"] is None:
        raise UnknownRun(f"run {run_id} is not in the bin")
    return row


def parse_run(row: Row) -> StoredRun:
    """The run of a row. Raises UnreadableRun."""
    try:
        status, architecture = Status(row["status"]), _architecture(row["architecture"])
        run = Run(
            id=row["id"],
            owner=row["owner"],
            architecture=architecture,
            recipe=_recipe(row["recipe"]),
            device=row["device"],
            environment=_environment(row["environment"]),
            submitted=row["submitted"],
            # Older runs may hold what cannot be seen.
            name=printable(row["name"]) or architecture.name,
            more_epochs=row["more_epochs"],
            batch=row["batch"],
            note=row["note"],
            tags=_tags(row["tags"]),
        )
    except (ValueError, TypeError) as error:
        raise UnreadableRun(f"run {row['id']} cannot be read: {error}") from None
    return StoredRun(run, status, row["wish"], row["message"])


def _tags(text: str) -> tuple[str, ...]:
    """Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError("its tags are no list of texts")
    return tuple(found)


@lru_cache(maxsize=PARSED_AT_HAND)
def _architecture(text: str) -> Architecture:
    """The architecture of its JSON form. Runs of the same network share one object."""
    return parse_architecture(text)


@lru_cache(maxsize=PARSED_AT_HAND)
def _recipe(text: str) -> Recipe:
    return parse_recipe(text)


def _environment(text: str | bytes) -> Environment:
    return parse_environment(
        decode_json(text, "what a run was computed with", MAX_JSON_BYTES, ValueError)
    )


def parse_environment(data: object) -> Environment:
    """The environment of its JSON form. Fields that only newer versions know are left out. Raises
    ValueError.
    """
    try:
        return TypeAdapter(Environment).validate_python(data)
    except ValidationError as error:
        raise ValueError(describe_fault(error, "what it was computed with")) from None


def insert_run(connection: Connection, run: Run, status: Status, taken: float | None) -> None:
    row = {
        "id": run.id,
        "owner": run.owner,
        "name": run.name,
        "architecture": architecture_to_json(run.architecture),
        "recipe": recipe_to_json(run.recipe),
        "environment": environment_json(run.environment),
        "device": run.device,
        "submitted": run.submitted,
        "more_epochs": run.more_epochs,
        "status": status,
        "wish": "",
        "message": "",
        "queued": run.submitted,
        "taken": taken,
        "revision": 0,
        "batch": run.batch,
        "note": run.note,
        "tags": tags_json(run.tags),
    }
    connection.execute(
        f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", row
    )


def tags_json(tags: Sequence[str]) -> str:
    return json.dumps(tags, ensure_ascii=False)


def environment_json(environment: Environment) -> str:
    return json.dumps(asdict(environment), ensure_ascii=False)


def change_run(
    connection: Connection, run_id: str, allowed: Sequence[Status], change: str, *values: Any
) -> bool:
    """Change a run if it has one of the allowed statuses. Returns whether it had."""
    marks = ",".join("?" * len(allowed))
    update = (
        f"UPDATE runs SET {change}, revision = revision + 1 "
        f"WHERE id = ? AND deleted IS NULL AND status IN ({marks})"
    )
    return connection.execute(update, (*values, run_id, *allowed)).rowcount == 1


# --- events ---------------------------------------------------------------------------------------


def append_events(connection: Connection, number: int, first: int, events: Sequence[Event]) -> None:
    rows = (
        (number, seq, event.kind, event.epoch, event.metrics.get("loss"), event_to_json(event))
        for seq, event in enumerate(events, first)
    )
    connection.executemany(
        "INSERT INTO events (run, seq, kind, epoch, loss, event) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def parse_events(rows: Sequence[Row]) -> tuple[Event, ...]:
    """The events that can be read; the log names the others."""
    return tuple(event for row in rows if (event := parse_event_or_none(row["event"])))


def parse_event_or_none(text: str | None) -> Event | None:
    """The event of its JSON form; None of None, and of what cannot be read, which the log names."""
    if text is None:
        return None
    try:
        return parse_event(text)
    except EventError as error:
        log.warning("left out: %s", error)
        return None


def keep_noted(connection: Connection, number: int, epoch: int, noted: NotedBytes) -> None:
    """Keep what was noted of the network after this epoch, and of earlier ones no more than has
    room.
    """
    connection.execute(
        "INSERT OR REPLACE INTO insight (run, epoch, answers, health) VALUES (?, ?, ?, ?)",
        (number, epoch, *noted),
    )
    epochs = answered_epochs(connection, number)
    kept = kept_epochs(epochs, (), len(noted.answers) + len(noted.health))
    connection.executemany(
        "DELETE FROM insight WHERE run = ? AND epoch = ?",
        [(number, epoch) for epoch in epochs if epoch not in kept],
    )


def answered_epochs(connection: Connection, number: int) -> list[int]:
    """The epochs whose answers are kept, in order."""
    question = "SELECT epoch FROM insight WHERE run = ? ORDER BY epoch"
    return [row["epoch"] for row in connection.execute(question, (number,))]


def read_answers(connection: Connection, number: int, epoch: int) -> bytes | None:
    """What the network answered after this epoch (see answers_format.py), None where that is not
    kept.
    """
    question = "SELECT answers FROM insight WHERE run = ? AND epoch = ?"
    row = connection.execute(question, (number, epoch)).fetchone()
    return bytes(row["answers"]) if row else None


def read_health(connection: Connection, number: int) -> dict[int, bytes]:
    """How the layers fared (see health_format.py) after each epoch of which that is kept, in
    order.
    """
    question = (
        "SELECT epoch, health FROM insight WHERE run = ? AND health IS NOT NULL ORDER BY epoch"
    )
    return {row["epoch"]: bytes(row["health"]) for row in connection.execute(question, (number,))}


def count_events(connection: Connection, number: int) -> int:
    count: int = connection.execute(
        "SELECT ifnull(max(seq) + 1, 0) FROM events WHERE run = ?", (number,)
    ).fetchone()[0]
    return count


def last_epoch(connection: Connection, number: int) -> int:
    question = "SELECT ifnull(max(epoch), 0) FROM events WHERE run = ? AND kind = 'epoch'"
    epoch: int = connection.execute(question, (number,)).fetchone()[0]
    return epoch


def rewind_events(connection: Connection, number: int, epoch: int | None = None) -> None:
    """Delete the events after this epoch, or after the last whole one.

    A run that was continued has its `finished` event after its epoch's.
    """
    epoch = last_epoch(connection, number) if epoch is None else epoch
    last = (
        "SELECT max(seq) FROM events WHERE run = ? AND kind IN ('epoch', 'finished') AND epoch <= ?"
    )
    (seq,) = connection.execute(last, (number, epoch)).fetchone()
    connection.execute(
        "DELETE FROM events WHERE run = ? AND seq > ?", (number, -1 if seq is None else seq)
    )
    connection.execute("DELETE FROM insight WHERE run = ? AND epoch > ?", (number, epoch))


def finish_early(connection: Connection, row: Row) -> None:
    """End a run at its last whole epoch, as if no more epochs had ever been added."""
    number = row["number"]
    rewind_events(connection, number)
    epochs = parse_events(connection.execute(EPOCHS, (json.dumps([number]),)).fetchall())
    recipe = _recipe(row["recipe"])
    more = max(0, len(epochs) - recipe.epochs)
    change_run(
        connection,
        row["id"],
        [Status.FINISHED, Status.STOPPED],
        "status = 'finished', more_epochs = ?",
        more,
    )
    (text,) = connection.execute(LATEST, (number,)).fetchone() or (None,)
    latest = parse_event_or_none(text)
    if epochs and latest and latest.kind != "finished":
        append_events(
            connection,
            number,
            count_events(connection, number),
            [finished_after(epochs, picks_best(recipe))],
        )


def thinned_steps(connection: Connection, number: int, limit: int) -> list[Row]:
    """At most `limit` step events: the first, the last, and of each bucket of neighbours the lowest
    and the highest loss.

    They are those that `downsample` would keep.
    """
    if limit == 0:
        return []
    ours = "FROM events INDEXED BY events_by_kind WHERE run = ? AND kind = 'step'"
    few = connection.execute(
        f"SELECT seq, event {ours} ORDER BY seq LIMIT ?", (number, limit + 1)
    ).fetchall()
    if len(few) <= limit:
        return few
    first, last = (
        few[0]["seq"],
        connection.execute(f"SELECT max(seq) {ours}", (number,)).fetchone()[0],
    )
    buckets, kept = (limit - 2) // 2, {first, last}
    for bucket in range(buckets):
        between = (
            number,
            *(first + 1 + (bucket + end) * (last - first - 1) // buckets for end in (0, 1)),
        )
        for extreme in ("min", "max"):  # with either, SQLite gives the seq of the row that has it
            seq, _ = connection.execute(
                f"SELECT seq, {extreme}(loss) {ours} AND seq >= ? AND seq < ?", between
            ).fetchone()
            kept |= {seq} - {None}  # epochs are counted too, so that a bucket may be empty
    marks = ",".join("?" * len(kept))
    chosen = f"SELECT event FROM events WHERE run = ? AND seq IN ({marks}) ORDER BY seq"
    return connection.execute(chosen, (number, *kept)).fetchall()
