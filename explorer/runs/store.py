"""Store: the runs, their events and the queue in `runs.sqlite`, their checkpoints beside it. They outlive every process.

Several processes share one store, a server and any number of `python -m explorer train`: each trains only what it has
taken. Taking a run means holding its lock (checkpoint_files.py), which the system frees when the process ends, however it
ends; so a run that is said to be trained and whose lock is free was interrupted, and `recover` says so. A status changes in
a transaction that looks at the one before, so that no two processes take the same run.

An epoch is kept in this order: its checkpoint is on the disk first, then one transaction brings the events up to it. A
process that ends in between leaves a checkpoint that no event speaks of; it is passed over.
"""

import json
import logging
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any

from pydantic import TypeAdapter, ValidationError

from explorer.json_reading import decode_json
from explorer.network.spec import MAX_JSON_BYTES, Architecture, parse_architecture
from explorer.network.spec import to_json as architecture_to_json
from explorer.runs.checkpoint_files import KEPT, CheckpointFolder, CheckpointMemory, Checkpoints, Lock
from explorer.runs.database import Database, StoreError
from explorer.runs.disk import checkpoint_bytes, room_problem
from explorer.runs.fair_queue import in_turn
from explorer.runs.run import TRAINED_NOW, Environment, Run, RunError, Status, UnknownRun, Wish, shown_status
from explorer.runs.run_summary import RunSummary, summarise
from explorer.text import printable, quoted
from explorer.training.event import Event, EventError, finished_after, parse_event
from explorer.training.event import to_json as event_to_json
from explorer.training.memory import oom_kills
from explorer.training.recipe import Recipe, parse_recipe
from explorer.training.recipe import to_json as recipe_to_json
from explorer.validation import describe_fault

PROCESS_ENDED = "the process that trained it ended"
OUT_OF_MEMORY = "the system ended the process that trained it, for lack of memory"
IN_MEMORY = "--in-memory"  # the option of the server and of `train` for keeping nothing
RUNS, CHECKPOINTS = "runs.sqlite", "checkpoints"  # in the folder of a store
PARSED_AT_HAND = 1024  # architectures and recipes, a few kB each

log = logging.getLogger(__name__)


class UnreadableRun(RunError):
    """A row that no run can be made of; the message says why. The others are as they were."""


@dataclass(frozen=True)
class Kept:
    """A run as the store has it."""

    run: Run
    status: Status
    wish: Wish
    message: str


@dataclass(frozen=True)
class History:
    """What happened in a run, with some of its step events."""

    started: Event | None
    steps: tuple[Event, ...]
    epochs: tuple[Event, ...]
    latest: Event | None
    count: int  # of all its events: the number of the next


@dataclass(frozen=True)
class Missing:
    """Runs whose checkpoints lie there while the file of runs does not know of them."""

    runs: tuple[str, ...]  # of which nothing is known
    epochs: tuple[str, ...]  # whose last epochs are not known


@dataclass(frozen=True)
class Claim:
    """The right to train a run, until it is released."""

    run: Run
    lock: Lock


def home_folder() -> Path:
    """Where everything is kept: the folder that EXPLORER_HOME names."""
    given = os.environ.get("EXPLORER_HOME")
    return Path(given).expanduser() if given else Path.home() / ".local" / "share" / "architecture-explorer"


def in_memory() -> bool:
    """Whether EXPLORER_IN_MEMORY asks for a store that keeps nothing."""
    return os.environ.get("EXPLORER_IN_MEMORY", "") not in ("", "0")


def open_store(folder: Path, keep_nothing: bool = False) -> "Store":
    """The store in this folder; with `keep_nothing` one in memory, whose `notice` says so.

    The latter shows what can be read of the folder's runs, and changes nothing there. Raises StoreError.
    """
    if not keep_nothing:
        return Store(folder)
    store = Store(notice="Runs are kept in memory only, and end with this process", behind=folder)
    try:
        store.show_kept(folder)
    except StoreError as error:
        log.warning("the runs that are kept cannot be shown: %s", error)
    return store


class Store:
    """Every method may be called from any thread, and raises StoreError where the file cannot be read or written."""

    def __init__(self, folder: Path | None = None, notice: str = "", behind: Path | None = None):
        """In `folder`, which is made where it is not there; without one in memory, with the checkpoints of `behind` to read."""
        self.folder, self.notice = folder, notice
        kept = folder or behind
        on_disk = CheckpointFolder(kept / CHECKPOINTS) if kept else None
        self.checkpoints: Checkpoints = on_disk if folder and on_disk else CheckpointMemory(on_disk)
        if folder:
            try:
                (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
        self._database = Database(folder / RUNS if folder else None)

    def show_kept(self, folder: Path) -> None:
        """For a store in memory: the runs of a folder, as far as they went. Nothing of it is changed. Raises StoreError."""
        if not (folder / RUNS).is_file():
            return
        self._database.take_over(folder / RUNS)
        going_on: tuple[Status, ...] = ("queued", *TRAINED_NOW)
        with self._database.write() as connection:
            marks = ",".join("?" * len(going_on))
            change = f"UPDATE runs SET status = 'interrupted', wish = '', message = ? WHERE status IN ({marks})"
            connection.execute(change, ("as it stood when this server started; another one may train it", *going_on))

    def damage(self) -> str:
        """What is wrong with the file of runs, "" where nothing is."""
        return self._database.damage()

    def missing(self) -> "Missing":
        """What lies among the checkpoints that no run speaks of: the file of runs has lost it."""
        newest = self.checkpoints.newest()
        with self._database.read() as connection:
            reached = dict(map(tuple, connection.execute(_REACHED)))
            training = {row["id"] for row in connection.execute(_TRAINED)}
        runs = sorted(run_id for run_id in newest if run_id not in reached)
        # The checkpoint of an epoch is written just before its event: one of them may always be ahead.
        epochs = [run_id for run_id, epoch in newest.items() if epoch > reached.get(run_id, epoch) + 1]
        return Missing(tuple(runs), tuple(sorted(set(epochs) - training)))

    def check_room(self, architecture: Architecture, recipe: Recipe) -> None:
        """Raises StoreError where the checkpoints of such a run would take the room that is kept free on the disk."""
        if self.folder:
            # Those that are kept, and one that is being written.
            problem = room_problem(self.folder, (KEPT + 1) * checkpoint_bytes(architecture, recipe))
            if problem:
                raise StoreError(f"the checkpoints of this run do not fit: {problem}")

    def sizes(self) -> dict[str, int]:
        """Bytes of each run's checkpoints on the disk, by the run."""
        return self.checkpoints.sizes()

    def back_up(self, path: Path) -> None:
        """Write all runs with their events to one file, also while others train. The checkpoints are not in it."""
        self._database.back_up(path)

    def close(self) -> None:
        self._database.close()

    # --- questions --------------------------------------------------------------------------------------------------

    def revisions(self) -> dict[str, int]:
        """All runs by id, the newest first; the number grows with every change to the run."""
        with self._database.read() as connection:
            return dict(map(tuple, connection.execute("SELECT id, revision FROM runs ORDER BY number DESC")))

    def version(self) -> tuple[int, int]:
        """A value that is another after every change to any run, by whatever process. Costs no look at the runs."""
        with self._database.read() as connection:
            (others,) = connection.execute("PRAGMA data_version").fetchone()
            return others, connection.total_changes  # a store in memory reads and writes by one connection

    def summaries(self, run_ids: Sequence[str]) -> tuple[dict[str, RunSummary], dict[str, str]]:
        """The summaries of these runs by id, and why some cannot be read. Those that are gone are in neither.

        Two questions however many runs these are, and no step event but a run's latest is read.
        """
        if not run_ids:
            return {}, {}
        with self._database.read() as connection:
            rows = connection.execute(_SUMMARIES, (json.dumps(run_ids),)).fetchall()
            numbers = json.dumps([row["number"] for row in rows])
            texts: dict[int, list[Row]] = {row["number"]: [] for row in rows}
            for epoch in connection.execute(_EPOCHS, (numbers,)):
                texts[epoch["run"]].append(epoch)
        found, unreadable = {}, {}
        for row in rows:
            try:
                kept = _kept(row)
            except UnreadableRun as error:
                unreadable[row["id"]] = str(error)
                continue
            first, latest, finished = (_event(row[name]) for name in ("first", "latest", "finished"))
            started = first if first and first.kind == "started" else None
            status, epochs = shown_status(kept.status, kept.wish), _parsed(texts[row["number"]])
            found[row["id"]] = summarise(kept.run, status, kept.message, started, epochs, latest, finished)
        return found, unreadable

    def kept(self, run_id: str) -> Kept:
        """Raises UnknownRun and UnreadableRun."""
        with self._database.read() as connection:
            return _kept(_row(connection, run_id))

    def revision(self, run_id: str) -> int:
        """Raises UnknownRun."""
        with self._database.read() as connection:
            revision: int = _row(connection, run_id)["revision"]
            return revision

    def events(self, run_id: str) -> tuple[Event, ...]:
        """All of them. Raises UnknownRun."""
        with self._database.read() as connection:
            number = _row(connection, run_id)["number"]
            texts = connection.execute("SELECT event FROM events WHERE run = ? ORDER BY seq", (number,)).fetchall()
        return _parsed(texts)

    def history(self, run_id: str, limit: int) -> History:
        """With at most `limit` of the step events, see `downsample`; those that are left out are not read. Raises UnknownRun."""
        with self._database.read() as connection:
            number = _row(connection, run_id)["number"]
            ends = "SELECT event FROM events WHERE run = ? ORDER BY seq {} LIMIT 1"
            first, latest = (connection.execute(ends.format(way), (number,)).fetchall() for way in ("", "DESC"))
            of_epochs = "SELECT event FROM events INDEXED BY events_by_kind WHERE run = ? AND kind = 'epoch' ORDER BY seq"
            epochs = connection.execute(of_epochs, (number,))
            parts = [first, _steps(connection, number, limit), epochs.fetchall(), latest]
            count = _count(connection, number)
        started, steps, whole, last = map(_parsed, parts)
        begun = started[0] if started and started[0].kind == "started" else None
        return History(begun, steps, whole, last[0] if last else None, count)

    def last_epoch(self, run_id: str) -> int:
        """The last whole one, 0 where there is none. Raises UnknownRun."""
        with self._database.read() as connection:
            return _last_epoch(connection, _row(connection, run_id)["number"])

    def wish(self, run_id: str) -> Wish:
        with self._database.read() as connection:
            row = connection.execute("SELECT wish FROM runs WHERE id = ?", (run_id,)).fetchone()
            wish: Wish = row["wish"] if row else ""
            return wish

    def waiting(self) -> list[str]:
        """The queue, in the order in which its runs are taken."""
        with self._database.read() as connection:
            queued = "SELECT id, owner FROM runs WHERE status = 'queued' ORDER BY queued, number"
            waiting = [(row["id"], row["owner"]) for row in connection.execute(queued)]
            owners = ",".join("?" * len({owner for _, owner in waiting}))
            taken = f"SELECT owner, max(taken) FROM runs WHERE taken NOTNULL AND owner IN ({owners}) GROUP BY owner"
            served = dict(map(tuple, connection.execute(taken, sorted({owner for _, owner in waiting}))))
        return in_turn(waiting, served)

    # --- what somebody asks for -------------------------------------------------------------------------------------

    def add(self, run: Run) -> None:
        """Into the queue."""
        with self._database.write() as connection:
            _insert(connection, run, "queued", None)

    def enqueue(self, run_id: str, of: Sequence[Status], more_epochs: int = 0) -> bool:
        """Back into the queue, where its status is one `of` these; whether it was."""
        change = "status = 'queued', wish = '', message = '', queued = ?, more_epochs = more_epochs + ?"
        with self._database.write() as connection:
            return _change(connection, run_id, of, change, time.time(), more_epochs)

    def withdraw(self, run_id: str, status: Status, event: Event) -> bool:
        """Out of the queue, where it still is there; whether it was. The event is that of its latest moment.

        A run that was continued and is stopped is finished again, see `end_early`.
        """
        with self._database.write() as connection:
            if not _change(connection, run_id, ["queued"], "status = ?", status):
                return False
            row = _row(connection, run_id)
            if status == "stopped" and row["more_epochs"]:
                _finish_early(connection, row)
            else:
                (text,) = connection.execute(_LATEST, (row["number"],)).fetchone() or (None,)
                at = _event(text) or event
                event = event.model_copy(update={"time": at.time, "epoch": at.epoch, "step": at.step})
                _append(connection, row["number"], _count(connection, row["number"]), [event])
            return True

    def ask(self, run_id: str, wish: Wish) -> bool:
        """Of the process that trains it; whether one does."""
        with self._database.write() as connection:
            return _change(connection, run_id, TRAINED_NOW, "wish = ?", wish)

    def rename(self, run_id: str, name: str) -> None:
        """Raises UnknownRun."""
        with self._database.write() as connection:
            _row(connection, run_id)
            connection.execute("UPDATE runs SET name = ?, revision = revision + 1 WHERE id = ?", (name, run_id))

    def delete(self, run_id: str) -> bool:
        """With its events and checkpoints, unless it is being trained; whether it was not. Raises UnknownRun."""
        with self._database.write(durable=True) as connection:
            if _row(connection, run_id)["status"] in TRAINED_NOW:
                return False
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        self.checkpoints.delete(run_id)
        return True

    # --- taking runs ------------------------------------------------------------------------------------------------

    def begin(self, run: Run) -> Claim:
        """A new run that passes the queue by: the caller trains it."""
        lock = self.checkpoints.lock(run.id)
        if lock is None:
            raise StoreError(f"run {run.id} is being trained by another process")
        try:
            with self._database.write() as connection:
                _insert(connection, run, "preparing", time.time())
        except BaseException:
            lock.release()
            raise
        return Claim(run, lock)

    def take(self, run_id: str, of: Sequence[Status], more_epochs: int = 0) -> Claim | None:
        """To train it, where its status is one `of` these and nobody else has it. Its events after the last whole epoch are
        gone then. Raises UnreadableRun, after which it counts as failed."""
        lock = self.checkpoints.lock(run_id)
        if lock is None:
            return None
        try:
            with self._database.write() as connection:
                change = "status = 'preparing', wish = '', message = '', taken = ?, more_epochs = more_epochs + ?"
                if not _change(connection, run_id, of, change, time.time(), more_epochs):
                    lock.release()
                    return None
                row = _row(connection, run_id)
                try:
                    claim = Claim(_kept(row).run, lock)
                except UnreadableRun as error:
                    _change(connection, run_id, TRAINED_NOW, "status = 'failed', message = ?", str(error))
                    unreadable = error
                else:
                    _rewind(connection, row["number"])
                    return claim
        except BaseException:
            lock.release()
            raise
        lock.release()
        raise unreadable

    def take_next(self) -> Claim | None:
        """The next of the queue, or None where nothing waits."""
        for run_id in self.waiting():
            try:
                claim = self.take(run_id, ["queued"])
            except UnreadableRun as error:
                log.warning("%s", error)
                continue
            if claim is not None:
                return claim
        return None

    def recover(self) -> None:
        """Say of runs whose process has ended that they were interrupted, and forget what came after their last epoch."""
        with self._database.read() as connection:
            marks = ",".join("?" * len(TRAINED_NOW))
            rows = connection.execute(f"SELECT id FROM runs WHERE status IN ({marks})", TRAINED_NOW).fetchall()
        for row in rows:
            lock = self.checkpoints.lock(row["id"])
            if lock is not None:
                try:
                    self._end_interrupted(row["id"])
                finally:
                    lock.release()

    def _end_interrupted(self, run_id: str) -> None:
        """Of a run whose process is gone. Where the system has ended a process for lack of memory since, it was this one."""
        try:
            environment = self.kept(run_id).run.environment
        except UnreadableRun:
            self.end(run_id, "interrupted", PROCESS_ENDED)
            return
        now = oom_kills() if environment.host == platform.node() else None
        if now is None or environment.oom_kills is None or now <= environment.oom_kills:
            self.end(run_id, "interrupted", PROCESS_ENDED)
            return
        self.set_environment(run_id, replace(environment, out_of_memory=True))
        self.end(run_id, "interrupted", OUT_OF_MEMORY)

    # --- by whoever has taken it ------------------------------------------------------------------------------------

    def set_environment(self, run_id: str, environment: Environment) -> None:
        """What the run is computed with from now on."""
        with self._database.write() as connection:
            _change(connection, run_id, TRAINED_NOW, "environment = ?", _environment_json(environment))

    def running(self, run_id: str, message: str) -> None:
        with self._database.write() as connection:
            _change(connection, run_id, TRAINED_NOW, "status = 'running', message = ?", message)

    def append(self, run_id: str, first: int, events: Sequence[Event], durable: bool = False) -> None:
        """Events, numbered from `first` on. Raises RunError, and writes nothing, where the run is not being trained any more."""
        with self._database.write(durable) as connection:
            number = _row(connection, run_id)["number"]
            if not _change(connection, run_id, TRAINED_NOW, "status = status"):
                raise RunError(f"run {run_id} is not this process's to train any more")
            _append(connection, number, first, events)

    def end(self, run_id: str, status: Status, message: str = "", first: int = 0, events: Sequence[Event] = ()) -> None:
        """The last events of a run that is being trained, and how it stands then; nothing where it is not being trained."""
        with self._database.write(durable=True) as connection:
            if not _change(connection, run_id, TRAINED_NOW, "status = ?, wish = '', message = ?", status, message):
                return
            number = _row(connection, run_id)["number"]
            _append(connection, number, first, events)
            if status == "interrupted":
                _rewind(connection, number)

    def end_early(self, run_id: str) -> None:
        """End a continued run that is being trained after its last whole epoch: it is finished, with fewer epochs added."""
        with self._database.write(durable=True) as connection:
            if _change(connection, run_id, TRAINED_NOW, "status = 'finished', wish = '', message = ''"):
                _finish_early(connection, _row(connection, run_id))

    def rewind(self, run_id: str, epoch: int) -> None:
        """Forget what came after this epoch."""
        with self._database.write() as connection:
            _rewind(connection, _row(connection, run_id)["number"], epoch)


_REACHED = """
    SELECT id, ifnull((SELECT max(epoch) FROM events INDEXED BY events_by_kind WHERE run = number AND kind = 'epoch'), 0)
    FROM runs
"""
_TRAINED = f"SELECT id FROM runs WHERE status IN ({','.join(map(repr, TRAINED_NOW))})"
# The runs with their first, latest and last `finished` event, each found by an index; then all epochs of such runs.
_SUMMARIES = """
    SELECT runs.*,
        (SELECT event FROM events WHERE run = number ORDER BY seq LIMIT 1) AS first,
        (SELECT event FROM events WHERE run = number ORDER BY seq DESC LIMIT 1) AS latest,
        (SELECT event FROM events INDEXED BY events_by_kind WHERE run = number AND kind = 'finished'
            ORDER BY seq DESC LIMIT 1) AS finished
    FROM runs WHERE id IN (SELECT value FROM json_each(?))
"""
_EPOCHS = """
    SELECT run, event FROM events INDEXED BY events_by_kind
    WHERE run IN (SELECT value FROM json_each(?)) AND kind = 'epoch' ORDER BY run, seq
"""


# --- rows -----------------------------------------------------------------------------------------------------------


def _row(connection: Connection, run_id: str) -> Row:
    row: Row | None = connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise UnknownRun(f"there is no run {quoted(run_id)} here; it may have been deleted")
    return row


def _kept(row: Row) -> Kept:
    try:
        architecture = _architecture(row["architecture"])
        run = Run(
            id=row["id"],
            owner=row["owner"],
            architecture=architecture,
            recipe=_recipe(row["recipe"]),
            device=row["device"],
            environment=_environment(row["environment"]),
            submitted=row["submitted"],
            name=printable(row["name"]) or architecture.name,  # older runs may hold what cannot be seen
            more_epochs=row["more_epochs"],
        )
    except (ValueError, TypeError) as error:
        raise UnreadableRun(f"run {row['id']} cannot be read: {error}") from None
    return Kept(run, row["status"], row["wish"], row["message"])


@lru_cache(maxsize=PARSED_AT_HAND)
def _architecture(text: str) -> Architecture:
    """Runs of the same network share one object, and a run that changes is not parsed again."""
    return parse_architecture(text)


@lru_cache(maxsize=PARSED_AT_HAND)
def _recipe(text: str) -> Recipe:
    return parse_recipe(text)


def _environment(text: str | bytes) -> Environment:
    return parse_environment(decode_json(text, "what a run was computed with", MAX_JSON_BYTES, ValueError))


def parse_environment(data: object) -> Environment:
    """The environment of its JSON form, less what only newer versions know. Raises ValueError."""
    try:
        return TypeAdapter(Environment).validate_python(data)
    except ValidationError as error:
        raise ValueError(describe_fault(error, "what it was computed with")) from None


def _insert(connection: Connection, run: Run, status: Status, taken: float | None) -> None:
    row = {
        "id": run.id,
        "owner": run.owner,
        "name": run.name,
        "architecture": architecture_to_json(run.architecture),
        "recipe": recipe_to_json(run.recipe),
        "environment": _environment_json(run.environment),
        "device": run.device,
        "submitted": run.submitted,
        "more_epochs": run.more_epochs,
        "status": status,
        "wish": "",
        "message": "",
        "queued": run.submitted,
        "taken": taken,
        "revision": 0,
    }
    connection.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", row)


def _environment_json(environment: Environment) -> str:
    return json.dumps(asdict(environment), ensure_ascii=False)


def _change(connection: Connection, run_id: str, of: Sequence[Status], change: str, *values: Any) -> bool:
    """Of the run, where its status is one `of` these; whether it was."""
    marks = ",".join("?" * len(of))
    update = f"UPDATE runs SET {change}, revision = revision + 1 WHERE id = ? AND status IN ({marks})"
    return connection.execute(update, (*values, run_id, *of)).rowcount == 1


# --- events ---------------------------------------------------------------------------------------------------------


def _append(connection: Connection, number: int, first: int, events: Sequence[Event]) -> None:
    rows = (
        (number, seq, event.kind, event.epoch, event.metrics.get("loss"), event_to_json(event))
        for seq, event in enumerate(events, first)
    )
    connection.executemany("INSERT INTO events (run, seq, kind, epoch, loss, event) VALUES (?, ?, ?, ?, ?, ?)", rows)


def _parsed(rows: Sequence[Row]) -> tuple[Event, ...]:
    """Those that can be read; the others are told in the log."""
    return tuple(event for row in rows if (event := _event(row["event"])))


def _event(text: str | None) -> Event | None:
    """None where there is none, or none that can be read, which the log tells."""
    if text is None:
        return None
    try:
        return parse_event(text)
    except EventError as error:
        log.warning("left out: %s", error)
        return None


def _count(connection: Connection, number: int) -> int:
    count: int = connection.execute("SELECT ifnull(max(seq) + 1, 0) FROM events WHERE run = ?", (number,)).fetchone()[0]
    return count


def _last_epoch(connection: Connection, number: int) -> int:
    question = "SELECT ifnull(max(epoch), 0) FROM events WHERE run = ? AND kind = 'epoch'"
    epoch: int = connection.execute(question, (number,)).fetchone()[0]
    return epoch


def _rewind(connection: Connection, number: int, epoch: int | None = None) -> None:
    """To the end of this epoch, or of the last whole one. A run that was continued has `finished` after its epoch."""
    epoch = _last_epoch(connection, number) if epoch is None else epoch
    last = "SELECT max(seq) FROM events WHERE run = ? AND kind IN ('epoch', 'finished') AND epoch <= ?"
    (seq,) = connection.execute(last, (number, epoch)).fetchone()
    connection.execute("DELETE FROM events WHERE run = ? AND seq > ?", (number, -1 if seq is None else seq))


_LATEST = "SELECT event FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1"


def _finish_early(connection: Connection, row: Row) -> None:
    """The run ends at its last whole epoch, as if no more epochs had ever been added."""
    number = row["number"]
    _rewind(connection, number)
    epochs = _parsed(connection.execute(_EPOCHS, (json.dumps([number]),)).fetchall())
    more = max(0, len(epochs) - _recipe(row["recipe"]).epochs)
    _change(connection, row["id"], ["finished", "stopped"], "status = 'finished', more_epochs = ?", more)
    (text,) = connection.execute(_LATEST, (number,)).fetchone() or (None,)
    latest = _event(text)
    if epochs and latest and latest.kind != "finished":
        _append(connection, number, _count(connection, number), [finished_after(epochs)])


def _steps(connection: Connection, number: int, limit: int) -> list[Row]:
    """As `downsample` has it: the first, the last, and of each bucket of neighbours the lowest and the highest loss."""
    if limit == 0:
        return []
    ours = "FROM events INDEXED BY events_by_kind WHERE run = ? AND kind = 'step'"
    few = connection.execute(f"SELECT seq, event {ours} ORDER BY seq LIMIT ?", (number, limit + 1)).fetchall()
    if len(few) <= limit:
        return few
    first, last = few[0]["seq"], connection.execute(f"SELECT max(seq) {ours}", (number,)).fetchone()[0]
    buckets, kept = (limit - 2) // 2, {first, last}
    for bucket in range(buckets):
        between = (number, *(first + 1 + (bucket + end) * (last - first - 1) // buckets for end in (0, 1)))
        for extreme in ("min", "max"):  # with either, SQLite gives the seq of the row that has it
            seq, _ = connection.execute(f"SELECT seq, {extreme}(loss) {ours} AND seq >= ? AND seq < ?", between).fetchone()
            kept |= {seq} - {None}  # epochs are counted too, so that a bucket may be empty
    marks = ",".join("?" * len(kept))
    chosen = f"SELECT event FROM events WHERE run = ? AND seq IN ({marks}) ORDER BY seq"
    return connection.execute(chosen, (number, *kept)).fetchall()
