"""Store: the runs, their events and the queue in `runs.sqlite`, their checkpoints beside it.

They outlive every process.

Several processes share one store, a server and any number of `python -m explorer train`: each
trains only what it has taken. Taking a run means holding its lock (checkpoint_files.py), which the
system frees when the process ends, however it ends; so a run that is said to be trained and whose
lock is free was interrupted, and `recover` says so. A status changes in a transaction that looks at
the one before, so that no two processes take the same run.

An epoch is kept in this order: its checkpoint is on the disk first, then one transaction brings the
events up to it. A process that ends in between leaves a checkpoint that no event speaks of; it is
passed over.
"""

import json
import logging
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Row
from typing import NamedTuple

from explorer.runs.checkpoint_files import CheckpointFolder, CheckpointMemory, Checkpoints, Lock
from explorer.runs.class_rules import ClassRules, Taken, parse_rules
from explorer.runs.database import Database, StoreError
from explorer.runs.fair_queue import Waiting, fair_order
from explorer.runs.oom_kills import oom_kills
from explorer.runs.rows import (
    EPOCHS,
    FINISHED,
    LATEST,
    NotedBytes,
    StoredRun,
    UnreadableRun,
    answered_epochs,
    any_row,
    append_events,
    change_run,
    count_events,
    environment_json,
    find_binned,
    find_row,
    finish_early,
    insert_run,
    keep_noted,
    last_epoch,
    parse_event_or_none,
    parse_events,
    parse_run,
    read_answers,
    read_health,
    rewind_events,
    tags_json,
    thinned_steps,
)
from explorer.runs.run import (
    IN_TRAINING,
    Environment,
    Run,
    RunError,
    Status,
    StopRequest,
    shown_status,
)
from explorer.runs.run_summary import RunSummary, summarise
from explorer.training.event import Event

PROCESS_ENDED = "the process that trained it ended"
OUT_OF_MEMORY = "the system ended the process that trained it, for lack of memory"
RUNS, CHECKPOINTS = "runs.sqlite", "checkpoints"  # in the folder of a store
LEAVE_QUEUE = "status = ?, message = '', ahead = 0"
RULES = "class rules"  # the name of the setting
EVENT_BYTES = 300  # about what an event takes in the file of runs, with its indexes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class History:
    """What happened in a run, with some of its step events."""

    started: Event | None
    steps: tuple[Event, ...]
    epochs: tuple[Event, ...]
    latest: Event | None
    finished: Event | None  # the first time that it had gone through all its epochs
    count: int  # of all its events: the number of the next


@dataclass(frozen=True)
class Missing:
    """Runs whose checkpoints lie there while the file of runs does not know of them."""

    runs: tuple[str, ...]  # of which nothing is known
    epochs: tuple[str, ...]  # whose last epochs are not known


class Queue(NamedTuple):
    """Those who wait, from the oldest on, and when each owner's last turn began."""

    waiting: tuple[Waiting, ...]
    last_turn: dict[str, float]  # seconds since 1970


@dataclass(frozen=True)
class Binned:
    """A run that was deleted and can still be restored."""

    id: str
    owner: str
    name: str
    deleted: float  # seconds since 1970


@dataclass(frozen=True)
class Claim:
    """The right to train a run, until it is released."""

    run: Run
    lock: Lock


class Store:
    """All runs.

    Every method may be called from any thread, and raises StoreError if the file cannot be read or
    written.
    """

    def __init__(self, folder: Path | None = None, notice: str = "", behind: Path | None = None):
        """Open the store in `folder`, and create the folder if needed.

        Without a folder the store is in memory; the checkpoints of the folder `behind` can be read.
        """
        self.folder, self.notice = folder, notice
        kept = folder or behind
        on_disk = CheckpointFolder(kept / CHECKPOINTS) if kept else None
        self.checkpoints: Checkpoints = on_disk if folder and on_disk else CheckpointMemory(on_disk)
        if folder:
            try:
                (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
        self.database = Database(folder / RUNS if folder else None)

    def show_kept(self, folder: Path) -> None:
        """Show the runs of a folder in a store in memory.

        Nothing in the folder is changed. Raises StoreError.
        """
        if not (folder / RUNS).is_file():
            return
        self.database.take_over(folder / RUNS)
        going_on = (Status.QUEUED, *IN_TRAINING)
        with self.database.write() as connection:
            marks = ",".join("?" * len(going_on))
            change = (
                "UPDATE runs SET status = 'interrupted', wish = '', message = ? "
                f"WHERE status IN ({marks})"
            )
            connection.execute(
                change,
                ("as it stood when this server started; another one may train it", *going_on),
            )

    def damage(self) -> str:
        """What is wrong with the file of runs, "" if nothing is."""
        return self.database.damage()

    def missing(self) -> "Missing":
        """What lies among the checkpoints that no run speaks of: the file of runs has lost it."""
        newest = self.checkpoints.newest()
        with self.database.read() as connection:
            reached = dict(map(tuple, connection.execute(_REACHED)))
            training = {row["id"] for row in connection.execute(_TRAINED)}
        runs = sorted(run_id for run_id in newest if run_id not in reached)
        # The checkpoint of an epoch is written just before its event: one of them may always be
        # ahead.
        epochs = [
            run_id for run_id, epoch in newest.items() if epoch > reached.get(run_id, epoch) + 1
        ]
        return Missing(tuple(runs), tuple(sorted(set(epochs) - training)))

    def sizes(self) -> dict[str, int]:
        """Bytes of each run's checkpoints on the disk, by the run."""
        return self.checkpoints.sizes()

    def back_up(self, path: Path) -> None:
        """Write all runs with their events to one file, also while others train.

        The checkpoints are not in it.
        """
        self.database.back_up(path)

    def close(self) -> None:
        self.database.close()

    # --- questions --------------------------------------------------------------------------------

    def revisions(self) -> dict[str, int]:
        """All runs by id, the newest first, without those in the bin; the number grows with every
        change to the run.
        """
        shown = "SELECT id, revision FROM runs WHERE deleted IS NULL ORDER BY number DESC"
        with self.database.read() as connection:
            return dict(map(tuple, connection.execute(shown)))

    def version(self) -> tuple[int, int]:
        """A value that is another after every change to any run, by whatever process.

        Costs no look at the runs.
        """
        with self.database.read() as connection:
            (others,) = connection.execute("PRAGMA data_version").fetchone()
            # A store in memory reads and writes by one connection.
            return others, connection.total_changes

    def summaries(self, run_ids: Sequence[str]) -> tuple[dict[str, RunSummary], dict[str, str]]:
        """The summaries of these runs by id, and why some cannot be read.

        Those that are gone are in neither.

        Two questions however many runs these are, and no step event but a run's latest is read.
        """
        if not run_ids:
            return {}, {}
        with self.database.read() as connection:
            rows = connection.execute(_SUMMARIES, (json.dumps(run_ids),)).fetchall()
            numbers = json.dumps([row["number"] for row in rows])
            texts: dict[int, list[Row]] = {row["number"]: [] for row in rows}
            for epoch in connection.execute(EPOCHS, (numbers,)):
                texts[epoch["run"]].append(epoch)
        found, unreadable = {}, {}
        for row in rows:
            try:
                kept = parse_run(row)
            except UnreadableRun as error:
                unreadable[row["id"]] = str(error)
                continue
            first, latest, finished = (
                parse_event_or_none(row[name]) for name in ("first", "latest", "finished")
            )
            started = first if first and first.kind == "started" else None
            status, epochs = (
                shown_status(kept.status, kept.request),
                parse_events(texts[row["number"]]),
            )
            found[row["id"]] = summarise(
                kept.run, status, kept.message, started, epochs, latest, finished
            )
        return found, unreadable

    def stored_run(self, run_id: str) -> StoredRun:
        """Raises UnknownRun and UnreadableRun."""
        with self.database.read() as connection:
            return parse_run(find_row(connection, run_id))

    def revision(self, run_id: str) -> int:
        """Raises UnknownRun."""
        with self.database.read() as connection:
            revision: int = find_row(connection, run_id)["revision"]
            return revision

    def events(self, run_id: str) -> tuple[Event, ...]:
        """All events of the run. Raises UnknownRun."""
        with self.database.read() as connection:
            number = find_row(connection, run_id)["number"]
            texts = connection.execute(
                "SELECT event FROM events WHERE run = ? ORDER BY seq", (number,)
            ).fetchall()
        return parse_events(texts)

    def history(self, run_id: str, limit: int) -> History:
        """What happened in the run, with at most `limit` of its step events (see `downsample`).

        Step events that are left out are not read. Raises UnknownRun.
        """
        with self.database.read() as connection:
            number = find_row(connection, run_id)["number"]
            ends = "SELECT event FROM events WHERE run = ? ORDER BY seq {} LIMIT 1"
            first, latest = (
                connection.execute(ends.format(way), (number,)).fetchall() for way in ("", "DESC")
            )
            of_epochs = (
                "SELECT event FROM events INDEXED BY events_by_kind WHERE run = ? "
                "AND kind = 'epoch' ORDER BY seq"
            )
            epochs = connection.execute(of_epochs, (number,))
            parts = [first, thinned_steps(connection, number, limit), epochs.fetchall(), latest]
            parts.append(connection.execute(FINISHED, (number,)).fetchall())
            count = count_events(connection, number)
        started, steps, whole, last, finished = map(parse_events, parts)
        begun = started[0] if started and started[0].kind == "started" else None
        return History(
            begun,
            steps,
            whole,
            last[0] if last else None,
            finished[0] if finished else None,
            count,
        )

    def last_epoch(self, run_id: str) -> int:
        """The number of the last whole epoch, 0 if there is none. Raises UnknownRun."""
        with self.database.read() as connection:
            return last_epoch(connection, find_row(connection, run_id)["number"])

    def answered_epochs(self, run_id: str) -> list[int]:
        """The epochs after which the network's answers are kept, in order. Raises UnknownRun."""
        with self.database.read() as connection:
            return answered_epochs(connection, find_row(connection, run_id)["number"])

    def answers(self, run_id: str, epoch: int) -> bytes | None:
        """What the network answered to the test images after this epoch (see answers_format.py),
        None where that is not kept.

        Raises UnknownRun.
        """
        with self.database.read() as connection:
            return read_answers(connection, find_row(connection, run_id)["number"], epoch)

    def names_images(self, dataset: str) -> bool:
        """Whether the recipe of any run, also of one in the bin, names these images."""
        named = "CASE WHEN json_valid(recipe) THEN json_extract(recipe, '$.dataset') END"
        question = f"SELECT 1 FROM runs WHERE {named} = ? LIMIT 1"
        with self.database.read() as connection:
            return connection.execute(question, (dataset,)).fetchone() is not None

    def health(self, run_id: str) -> dict[int, bytes]:
        """How the layers fared (see health_format.py) after each epoch of which that is kept.
        Raises UnknownRun.
        """
        with self.database.read() as connection:
            return read_health(connection, find_row(connection, run_id)["number"])

    def stop_request(self, run_id: str) -> StopRequest:
        """What somebody asks of the process that trains the run; "" for nothing, and of no run."""
        with self.database.read() as connection:
            row = connection.execute("SELECT wish FROM runs WHERE id = ?", (run_id,)).fetchone()
            request: StopRequest = row["wish"] if row else ""
            return request

    def queue(self) -> Queue:
        """Those who wait, and when their owners had their last turns."""
        with self.database.read() as connection:
            queued = (
                "SELECT id, owner, batch, ahead FROM runs WHERE status = 'queued' "
                "ORDER BY queued, number"
            )
            waiting = tuple(Waiting(*row) for row in connection.execute(queued))
            owners = sorted({each.owner for each in waiting})
            taken = (
                "SELECT owner, max(taken) FROM runs WHERE taken NOTNULL "
                f"AND owner IN ({','.join('?' * len(owners))}) GROUP BY owner"
            )
            return Queue(waiting, dict(map(tuple, connection.execute(taken, owners))))

    def waiting(self) -> list[str]:
        """The queue, in the order in which its runs are taken."""
        return [each.id for each in fair_order(*self.queue())]

    # --- what somebody asks for -------------------------------------------------------------------

    def add(self, run: Run) -> None:
        """Put a new run into the queue."""
        with self.database.write() as connection:
            insert_run(connection, run, Status.QUEUED, None)

    def enqueue(self, run_id: str, allowed: Sequence[Status], more_epochs: int = 0) -> bool:
        """Put a run back into the queue if it has one of the allowed statuses.

        Returns whether it had.
        """
        change = (
            "status = 'queued', wish = '', message = '', queued = ?, more_epochs = more_epochs + ?"
        )
        with self.database.write() as connection:
            return change_run(connection, run_id, allowed, change, time.time(), more_epochs)

    def withdraw(self, run_id: str, status: Status, event: Event) -> bool:
        """Take a run out of the queue and end it with this event.

        Returns whether it was in the queue.

        A run that was continued and is stopped is finished again, see `end_early`.
        """
        with self.database.write() as connection:
            if not change_run(connection, run_id, [Status.QUEUED], LEAVE_QUEUE, status):
                return False
            row = find_row(connection, run_id)
            was_finished = connection.execute(FINISHED, (row["number"],)).fetchone()
            if status == "stopped" and (row["more_epochs"] or was_finished):
                finish_early(connection, row)
            else:
                (text,) = connection.execute(LATEST, (row["number"],)).fetchone() or (None,)
                at = parse_event_or_none(text) or event
                event = event.model_copy(
                    update={"time": at.time, "epoch": at.epoch, "step": at.step}
                )
                append_events(
                    connection, row["number"], count_events(connection, row["number"]), [event]
                )
            return True

    def ask_to_stop(self, run_id: str, request: StopRequest) -> bool:
        """Ask the process that trains the run to stop. Returns False if none does."""
        with self.database.write() as connection:
            return change_run(connection, run_id, IN_TRAINING, "wish = ?", request)

    def rename(self, run_id: str, name: str) -> None:
        """Raises UnknownRun."""
        with self.database.write() as connection:
            find_row(connection, run_id)
            connection.execute(
                "UPDATE runs SET name = ?, revision = revision + 1 WHERE id = ?", (name, run_id)
            )

    def annotate(self, run_id: str, note: str, tags: Sequence[str]) -> None:
        """Raises UnknownRun."""
        change = "UPDATE runs SET note = ?, tags = ?, revision = revision + 1 WHERE id = ?"
        with self.database.write() as connection:
            find_row(connection, run_id)
            connection.execute(change, (note, tags_json(tags), run_id))

    def delete(self, run_id: str) -> bool:
        """Put a run into the bin, unless it waits or is being trained; whether it did not.

        Raises UnknownRun.
        """
        with self.database.write(durable=True) as connection:
            if find_row(connection, run_id)["status"] in (Status.QUEUED, *IN_TRAINING):
                return False
            connection.execute(
                "UPDATE runs SET deleted = ?, revision = revision + 1 WHERE id = ?",
                (time.time(), run_id),
            )
        return True

    # --- the bin ----------------------------------------------------------------------------------

    def binned(self) -> tuple[Binned, ...]:
        """The runs in the bin, the one that was deleted last at the beginning."""
        deleted = (
            "SELECT id, owner, name, deleted FROM runs WHERE deleted NOTNULL ORDER BY deleted DESC"
        )
        with self.database.read() as connection:
            return tuple(Binned(*row) for row in connection.execute(deleted))

    def owner(self, run_id: str) -> str:
        """Whose the run is, also of one in the bin. Raises UnknownRun."""
        with self.database.read() as connection:
            owner: str = any_row(connection, run_id)["owner"]
            return owner

    def owned_by(self, owner: str) -> list[str]:
        """All runs of this owner's, also those in the bin and those that cannot be read."""
        owned = "SELECT id FROM runs WHERE owner = ? ORDER BY number"
        with self.database.read() as connection:
            return [row["id"] for row in connection.execute(owned, (owner,))]

    def taken_by(self, owner: str) -> list[Taken]:
        """What each of this owner's runs takes of the disk, also of those in the bin: checkpoints,
        answers, and about what its events take.
        """
        with self.database.read() as connection:
            rows = connection.execute(_OWNED, (owner,)).fetchall()
        sizes = self.checkpoints.sizes([row["id"] for row in rows])
        return [
            Taken(
                row["id"],
                row["name"],
                sizes.get(row["id"], 0) + EVENT_BYTES * row["events"] + row["noted"],
                row["deleted"] is not None,
            )
            for row in rows
        ]

    def restore(self, run_id: str) -> None:
        """Take a run out of the bin again. Raises UnknownRun."""
        with self.database.write() as connection:
            find_binned(connection, run_id)
            connection.execute(
                "UPDATE runs SET deleted = NULL, revision = revision + 1 WHERE id = ?", (run_id,)
            )

    def delete_weights(self, run_id: str) -> None:
        """Delete the checkpoints of a run in the bin, and its answers. Raises UnknownRun."""
        with self.database.write() as connection:
            number = find_binned(connection, run_id)["number"]
            connection.execute("DELETE FROM insight WHERE run = ?", (number,))
        self.checkpoints.delete(run_id)

    def delete_for_good(self, run_id: str) -> None:
        """Delete a run in the bin with its events and checkpoints. Raises UnknownRun."""
        with self.database.write(durable=True) as connection:
            find_binned(connection, run_id)
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        self.checkpoints.delete(run_id)

    # --- the class --------------------------------------------------------------------------------

    def rules(self) -> ClassRules:
        """What a teacher has set for everybody's runs."""
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT value FROM settings WHERE name = ?", (RULES,)
            ).fetchone()
        return parse_rules(row["value"] if row else None)

    def set_rules(self, rules: ClassRules) -> None:
        with self.database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
                (RULES, rules.model_dump_json()),
            )

    def move_to_front(self, run_id: str) -> bool:
        """Have a run that waits be the next that has a turn. Returns False if it does not wait."""
        with self.database.write() as connection:
            change = "ahead = (SELECT 1 + max(ahead) FROM runs)"
            return change_run(connection, run_id, [Status.QUEUED], change)

    # --- taking runs ------------------------------------------------------------------------------

    def begin(self, run: Run) -> Claim:
        """Add a run past the queue: the caller trains it. Raises StoreError."""
        lock = self.checkpoints.lock(run.id)
        if lock is None:
            raise StoreError(f"run {run.id} is being trained by another process")
        try:
            with self.database.write() as connection:
                insert_run(connection, run, Status.PREPARING, time.time())
        except BaseException:
            lock.release()
            raise
        return Claim(run, lock)

    def claim(self, run_id: str, allowed: Sequence[Status], more_epochs: int = 0) -> Claim | None:
        """Claim a run for training if it has one of the allowed statuses and nobody else has it.

        Its events after the last whole epoch are deleted. Raises UnreadableRun, and the run counts
        as failed then.
        """
        lock = self.checkpoints.lock(run_id)
        if lock is None:
            return None
        try:
            with self.database.write() as connection:
                change = (
                    "status = 'preparing', wish = '', message = '', ahead = 0, taken = ?, "
                    "more_epochs = more_epochs + ?"
                )
                if not change_run(connection, run_id, allowed, change, time.time(), more_epochs):
                    lock.release()
                    return None
                row = find_row(connection, run_id)
                try:
                    claim = Claim(parse_run(row).run, lock)
                except UnreadableRun as error:
                    change_run(
                        connection,
                        run_id,
                        IN_TRAINING,
                        "status = 'failed', message = ?",
                        str(error),
                    )
                    unreadable = error
                else:
                    rewind_events(connection, row["number"])
                    return claim
        except BaseException:
            lock.release()
            raise
        lock.release()
        raise unreadable

    def claim_next(self) -> Claim | None:
        """Claim the next run of the queue. None if nothing waits."""
        for run_id in self.waiting():
            try:
                claim = self.claim(run_id, [Status.QUEUED])
            except UnreadableRun as error:
                log.warning("%s", error)
                continue
            if claim is not None:
                return claim
        return None

    def recover(self) -> None:
        """Mark runs whose process has ended as interrupted, and delete what came after their last
        epoch.
        """
        with self.database.read() as connection:
            marks = ",".join("?" * len(IN_TRAINING))
            rows = connection.execute(
                f"SELECT id FROM runs WHERE status IN ({marks})", IN_TRAINING
            ).fetchall()
        for row in rows:
            lock = self.checkpoints.lock(row["id"])
            if lock is not None:
                try:
                    self._end_interrupted(row["id"])
                finally:
                    lock.release()

    def _end_interrupted(self, run_id: str) -> None:
        """Mark a run whose process is gone as interrupted.

        If the system has ended a process for lack of memory since, it was this one.
        """
        try:
            environment = self.stored_run(run_id).run.environment
        except UnreadableRun:
            self.end(run_id, Status.INTERRUPTED, PROCESS_ENDED)
            return
        now = oom_kills() if environment.host == platform.node() else None
        if now is None or environment.oom_kills is None or now <= environment.oom_kills:
            self.end(run_id, Status.INTERRUPTED, PROCESS_ENDED)
            return
        self.set_environment(run_id, replace(environment, out_of_memory=True))
        self.end(run_id, Status.INTERRUPTED, OUT_OF_MEMORY)

    # --- by whoever has taken it ------------------------------------------------------------------

    def set_environment(self, run_id: str, environment: Environment) -> None:
        """Note what the run is computed with from now on."""
        with self.database.write() as connection:
            change_run(
                connection, run_id, IN_TRAINING, "environment = ?", environment_json(environment)
            )

    def running(self, run_id: str, message: str) -> None:
        with self.database.write() as connection:
            change_run(connection, run_id, IN_TRAINING, "status = 'running', message = ?", message)

    def append(
        self,
        run_id: str,
        first: int,
        events: Sequence[Event],
        durable: bool = False,
        noted: NotedBytes | None = None,
    ) -> None:
        """Add events, numbered from `first` on, and what was noted after the epoch of the last of
        them.

        Raises RunError, and adds none, if the run is no longer in training.
        """
        with self.database.write(durable) as connection:
            number = find_row(connection, run_id)["number"]
            if not change_run(connection, run_id, IN_TRAINING, "status = status"):
                raise RunError(f"run {run_id} is not this process's to train any more")
            append_events(connection, number, first, events)
            if noted:
                keep_noted(connection, number, events[-1].epoch, noted)

    def end(
        self,
        run_id: str,
        status: Status,
        message: str = "",
        first: int = 0,
        events: Sequence[Event] = (),
    ) -> None:
        """Add the last events of a run in training, and set how it stands.

        Does nothing for other runs.
        """
        with self.database.write(durable=True) as connection:
            if not change_run(
                connection,
                run_id,
                IN_TRAINING,
                "status = ?, wish = '', message = ?",
                status,
                message,
            ):
                return
            number = find_row(connection, run_id)["number"]
            append_events(connection, number, first, events)
            if status == "interrupted":
                rewind_events(connection, number)

    def end_turn(self, run_id: str, message: str) -> bool:
        """Put a run in training back into the queue, to go on at its next turn from where it is.
        Returns False if somebody asked for an end, which comes first.
        """
        with self.database.write(durable=True) as connection:
            if find_row(connection, run_id)["wish"]:
                return False
            change = "status = 'queued', message = ?"
            return change_run(connection, run_id, IN_TRAINING, change, message)

    def end_early(self, run_id: str, message: str = "") -> None:
        """Finish a continued run in training at its last whole epoch: fewer epochs were added
        then. `message` says why.
        """
        ended = "status = 'finished', wish = '', message = ?"
        with self.database.write(durable=True) as connection:
            if change_run(connection, run_id, IN_TRAINING, ended, message):
                finish_early(connection, find_row(connection, run_id))

    def rewind(self, run_id: str, epoch: int) -> None:
        """Delete the events after this epoch."""
        with self.database.write() as connection:
            rewind_events(connection, find_row(connection, run_id)["number"], epoch)


_REACHED = """
    SELECT id, ifnull((
        SELECT max(epoch) FROM events INDEXED BY events_by_kind
        WHERE run = number AND kind = 'epoch'
    ), 0)
    FROM runs
"""
# An owner's runs with the numbers of their events, each found by the last one's number.
_OWNED = """
    SELECT id, name, deleted,
        ifnull((SELECT 1 + max(seq) FROM events WHERE run = number), 0) AS events,
        ifnull((SELECT sum(length(answers) + ifnull(length(health), 0)) FROM insight
            WHERE run = number), 0) AS noted
    FROM runs WHERE owner = ? ORDER BY number
"""
_TRAINED = (
    "SELECT id FROM runs WHERE status IN "
    f"({', '.join(repr(status.value) for status in IN_TRAINING)})"
)
# The runs with their first, latest and first `finished` event, each found by an index; then all
# epochs of such runs.
_SUMMARIES = """
    SELECT runs.*,
        (SELECT event FROM events WHERE run = number ORDER BY seq LIMIT 1) AS first,
        (SELECT event FROM events WHERE run = number ORDER BY seq DESC LIMIT 1) AS latest,
        (SELECT event FROM events INDEXED BY events_by_kind WHERE run = number AND kind = 'finished'
            ORDER BY seq LIMIT 1) AS finished
    FROM runs WHERE id IN (SELECT value FROM json_each(?))
"""
