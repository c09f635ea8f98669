"""JobManager: trains networks in the background, a few at a time, the others waiting in the store's
queue.

The only place that starts a thread which trains runs. Whoever makes a manager calls `shutdown` at
the end: its threads are no daemons, so that a server told to end finishes the batch it is in and
leaves in order. What it was training is interrupted then, what waited still waits; the next manager
on the same store goes on with the queue at once, and with what was interrupted when somebody
resumes it.

run.py says what a run's statuses mean, store.py how several processes share one store.
"""

import logging
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

import torch
from cachetools import RRCache

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, count_layers
from explorer.people.permissions import THE_CLASS, Action, Kind, Thing, check
from explorer.people.person import Person
from explorer.runs.admission import (
    CannotTrain,
    added_epochs,
    check_more_epochs,
    check_resumable,
    check_trainable,
    refusal_message,
)
from explorer.runs.answers_format import AnswersError, answers_from_bytes
from explorer.runs.checkpoint_format import weights_to_bytes
from explorer.runs.checkpoint_size import check_room, foreseen_bytes
from explorer.runs.class_rules import (
    PAUSED,
    AgainstTheRules,
    ClassRules,
    check_disk,
    check_rules,
    check_time,
    check_turn,
    checked_rules,
)
from explorer.runs.database import StoreError
from explorer.runs.eta import Pace
from explorer.runs.fair_queue import Forecast, Waiting, Work, forecast, gives_way
from explorer.runs.health_format import HealthError, health_from_bytes
from explorer.runs.images_access import check_images
from explorer.runs.new_run import new_run
from explorer.runs.rows import UnreadableRun
from explorer.runs.run import (
    RESUMABLE,
    Environment,
    Run,
    RunError,
    Snapshot,
    Status,
    StopRequest,
    UnknownRun,
    checked_name,
    checked_note,
    checked_tags,
    shown_status,
)
from explorer.runs.run_list import RunList
from explorer.runs.run_loop import RunLoop
from explorer.runs.run_summary import RunSummary, summary_of
from explorer.runs.run_weights import LearnedWeights, NoWeights, RunWeights
from explorer.runs.run_writer import RunWriter, with_all_epochs
from explorer.runs.store import Store
from explorer.training.answers import Answers
from explorer.training.devices import use_gpu
from explorer.training.event import Event
from explorer.training.health import Health
from explorer.training.memory import estimate_memory, free_memory
from explorer.training.recipe import Recipe

__all__ = [
    "BeingTrained",
    "CannotTrain",
    "Environment",
    "JobManager",
    "LearnedWeights",
    "NoWeights",
    "QueueFull",
    "Run",
    "RunError",
    "Snapshot",
    "Status",
    "UnknownRun",
]

MAX_QUEUED = 1_000
LARGEST_BATCH = 50  # a student's; it waits behind all single runs, so it keeps nobody from theirs
FORECAST_SECONDS = 1.0  # for which it is not computed anew
RETRY_SECONDS = 1.0  # between two tries where the store cannot be written
# Seconds between two looks at whether other processes still train what they say.
RECOVER_EVERY = 2.0
BIN_SECONDS = 7 * 24 * 3600.0  # for which a deleted run can be restored
EMPTY_EVERY = 600.0  # seconds between two looks for what has lain in the bin for so long
# What SQLite says of the values of one run, not of its file.
OF_ONE_RUN = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
)
SIZES_EVERY = 10.0  # seconds between two looks at how large the checkpoints are
EVENTS_AT_HAND = 100_000  # in snapshots that are not read again, about 1.5 kB each

Shown = TypeVar("Shown", Snapshot, RunSummary)

log = logging.getLogger(__name__)


class QueueFull(RunError):
    """The queue takes no more runs; the message says why."""


class BeingTrained(RunError):
    """A run cannot be deleted yet; the message says what to do first."""


class JobManager:
    """Runs in the background.

    Every method may be called from any thread, and only `shutdown` waits for a training. Methods
    that change a run are told who asks (`by`), and raise NotAllowed where that person may not do
    it, UnknownRun if there is no such run, and RunError (StoreError is one) if the change cannot be
    made.
    """

    def __init__(
        self,
        slots: int = 1,
        data_root: Path | None = None,
        store: Store | None = None,
        notices: Sequence[str] = (),
    ):
        """Start training what waits in the store's queue.

        Args:
            slots: how many runs train at the same time, each on a GPU of its own where there are as
                many.
            data_root: the folder of the data sets.
            store: where runs are kept; without it, in memory.
            notices: what to tell whoever runs the server about the store as it was found.
        """
        self.slots = slots
        self.store = store or Store()
        self._data_root = data_root
        self._workers_lock = (
            threading.Lock()
        )  # held while a worker looks for its next run, or one is started; it may wait for the disk
        self._lock = threading.Lock()  # of all that follows; never held while waiting
        # What this process trains, or could not yet write the end of.
        self._live: dict[str, RunWriter] = {}
        self._workers: dict[int, threading.Thread] = {}  # by slot, from 0
        self._closed = threading.Event()
        self._problem = ""
        self._unsettled: dict[str, str] = {}  # why the end of a run cannot be written, by id
        self._recovered = self._emptied = float("-inf")
        # By id and limit, with the revision. A comparison looks at all its runs in turn, so one is
        # forgotten by chance: the oldest would always be the one that is needed next.
        self._snapshots: RRCache[tuple[str, int], tuple[int, Snapshot]] = RRCache(
            EVENTS_AT_HAND, getsizeof=_events_in
        )
        self._weights = RunWeights(self.store)
        self._found = tuple(notices)
        self._sizes: tuple[float, dict[str, int]] | None = None
        self._foreseen: tuple[float, Mapping[str, Forecast]] | None = None
        self._unreadable: dict[str, str] = {}
        self._list = RunList(self.store)
        self._recover()
        self._start_workers(self.store.waiting())

    @property
    def notices(self) -> tuple[str, ...]:
        """What whoever runs the server should know, such as that nothing can be written or a run
        cannot be read.
        """
        with self._lock:
            found = (self.store.notice, *self._found, self._problem)
            return tuple(
                filter(None, (*found, *self._unsettled.values(), *self._unreadable.values()))
            )

    # --- what can be asked for --------------------------------------------------------------------

    def submit(
        self,
        architecture: Architecture,
        recipe: Recipe,
        by: Person,
        name: str = "",
        batch: str = "",
    ) -> str:
        """Queue a run of this person's, and return its id.

        Runs with the same `batch` can be stopped together, and wait behind all single ones. Raises
        QueueFull; CannotTrain if the training could only fail; DeviceError if this machine lacks
        the recipe's device.
        """
        check(by, Action.START, Thing(Kind.RUN, by.id))
        check_images(by, recipe.dataset)
        run = new_run(architecture, recipe, by.id, name and checked_name(name), batch)
        device = torch.device(run.device)
        check_trainable(
            architecture,
            recipe,
            device,
            self.store.checkpoints,
            self._memory_room(device),
            self._data_root,
        )
        try:
            self._check_queue(by, batch)
            self._check_rules(by, run)
            self._check_disk(by, run)
            check_room(self.store.folder, architecture, recipe)
            self.store.add(run)
        except StoreError as error:
            raise QueueFull(str(error)) from None
        self._start_workers([run.id])
        return run.id

    def stop(self, run_id: str, by: Person) -> None:
        """Take a run out of the queue, or end it within a batch. Does nothing if it has ended."""
        self._check(by, Action.STOP, run_id)
        self._end(run_id, "stop", Status.STOPPED)

    def stop_batch(self, batch: str, by: Person) -> int:
        """Stop all runs of a batch that wait or train. Returns how many those were."""
        return self._stop_those(lambda run: bool(batch) and run.batch == batch, by)

    def stop_all_of(self, owner: str, by: Person) -> int:
        """Stop all runs of this owner's that wait or train. Returns how many those were."""
        return self._stop_those(lambda run: run.owner == owner, by)

    def _stop_those(self, wanted: Callable[[Run], bool], by: Person) -> int:
        stopped = 0
        for each in self.runs():
            if wanted(each.run) and not each.ended:
                with suppress(UnknownRun):  # deleted meanwhile
                    self.stop(each.run.id, by)
                    stopped += 1
        return stopped

    def pause(self, run_id: str, by: Person) -> None:
        """Like `stop`, for a run that will be resumed."""
        self._check(by, Action.PAUSE, run_id)
        self._end(run_id, "pause", Status.PAUSED)

    def binned_runs(self, owner: str) -> tuple[RunSummary, ...]:
        """This owner's runs that lie in the bin and can be read. Raises StoreError."""
        binned = [each.id for each in self.store.binned() if each.owner == owner]
        return tuple(self.store.summaries(binned)[0].values())

    def resume(self, run_id: str, by: Person) -> None:
        """Queue a paused, interrupted, stopped or failed run again, to go on after its last whole
        epoch.
        """
        self._check(by, Action.RESUME, run_id)
        self._queue_again(run_id, RESUMABLE, 0, "resumed", by)

    def continue_run(self, run_id: str, epochs: int, by: Person) -> None:
        """Queue a finished run for this many more epochs."""
        self._check(by, Action.CONTINUE, run_id)
        check_more_epochs(epochs)
        run, done = self.store.stored_run(run_id).run, self.store.last_epoch(run_id)
        added = added_epochs(run, done, epochs)
        self._queue_again(run_id, [Status.FINISHED], added, "continued", by)

    def rename(self, run_id: str, name: str, by: Person) -> None:
        self._check(by, Action.RENAME, run_id)
        name = checked_name(name)
        self.store.rename(run_id, name)
        with self._lock:
            if run_id in self._live:
                self._live[run_id].rename(name)

    def annotate(self, run_id: str, note: str, tags: str, by: Person) -> None:
        """Write a note on a run and its tags, a text with commas between them, for all to see."""
        self._check(by, Action.ANNOTATE, run_id)
        note, checked = checked_note(note), checked_tags(tags)
        self.store.annotate(run_id, note, checked)
        with self._lock:
            if run_id in self._live:
                self._live[run_id].annotate(note, checked)

    def delete(self, run_id: str, by: Person) -> None:
        """Put a run into the bin for BIN_SECONDS. One that waits leaves the queue."""
        self._check(by, Action.DELETE, run_id)
        self.store.withdraw(run_id, Status.STOPPED, Event(kind="stopped"))
        if not self.store.delete(run_id):
            raise BeingTrained(f"run {run_id} is being trained; stop it first")

    def restore(self, run_id: str, by: Person) -> None:
        """Take a run out of the bin, as it was."""
        self._check(by, Action.RESTORE, run_id)
        self.store.restore(run_id)

    def delete_for_good(self, run_id: str, by: Person) -> None:
        """Delete a run in the bin with its events and weights."""
        self._check(by, Action.ERASE, run_id)
        self._delete_for_good(run_id)

    def delete_weights(self, run_id: str, by: Person) -> None:
        """Make room on the disk by deleting the weights of a run in the bin; its events stay."""
        self._check(by, Action.DELETE, run_id)
        self.store.delete_weights(run_id)
        self._weights.forget(run_id)
        with self._lock:
            self._sizes = None

    def delete_all_of(self, owner: str, by: Person) -> int:
        """Delete all runs of a person who is forgotten, for good, none of which is being trained.
        Returns how many it was. Raises NotAllowed, and BeingTrained where one is all the same.
        """
        check(by, Action.FORGET, Thing(Kind.PERSON, owner))
        runs = self.store.owned_by(owner)  # also what cannot be read
        binned = {each.id for each in self.store.binned()}
        for run_id in runs:
            if run_id not in binned:
                self.delete(run_id, by)
        for run_id in runs:
            self._delete_for_good(run_id)
        return len(runs)

    # --- the class --------------------------------------------------------------------------------

    def set_rules(self, rules: ClassRules, by: Person) -> None:
        """Set what holds for everybody's runs. Raises NotAllowed."""
        check(by, Action.MANAGE, THE_CLASS)
        self.store.set_rules(checked_rules(rules))
        self._start_workers(self.store.waiting())  # they may have been paused

    def stop_all(self, by: Person) -> int:
        """Stop all runs that wait or train. Returns how many those were. Raises NotAllowed."""
        check(by, Action.MANAGE, THE_CLASS)
        return self._stop_those(lambda run: True, by)

    def move_to_front(self, run_id: str, by: Person) -> None:
        """Have a run that waits be the next that has a turn. Raises NotAllowed."""
        check(by, Action.MANAGE, THE_CLASS)
        if not self.store.move_to_front(run_id):
            raise RunError(f"run {run_id} does not wait any more")
        with self._lock:
            self._foreseen = None

    # --- how things stand -------------------------------------------------------------------------

    def snapshot(self, run_id: str, limit: int = 400) -> Snapshot:
        """The run as it stands, with at most `limit` of its step events. Raises UnknownRun."""
        self._recover()
        found = self._look(run_id, self.store.revision(run_id), limit)
        if found is None:
            raise UnknownRun(self._unreadable.get(run_id, f"run {run_id} cannot be read"))
        return self._placed([found])[0]

    def runs(self) -> tuple[RunSummary, ...]:
        """All runs that can be read, the newest first; `notices` names the others.

        Costs next to nothing if nothing has changed since the last look.
        """
        self._recover()
        found = self._list.runs()
        with self._lock:
            self._unreadable = self._list.unreadable()
            live = {run_id: writer for run_id, writer in self._live.items() if not writer.settled}
        if live:
            found = tuple(
                summary_of(live[each.run.id].snapshot(0), each.finished)
                if each.run.id in live
                else each
                for each in found
            )
        return self._placed(found)

    def snapshots(self, run_ids: Iterable[str]) -> tuple[Snapshot, ...]:
        """These runs with all their epochs and without step events. Deleted ones are left out."""
        self._recover()
        revisions = self._list.revisions()
        found = (
            self._look(run_id, revisions[run_id], 0) for run_id in run_ids if run_id in revisions
        )
        return self._placed([snapshot for snapshot in found if snapshot])

    def events(self, run_id: str) -> tuple[Event, ...]:
        """All events of a run so far. Raises UnknownRun."""
        live = self._live_run(run_id)
        return live.events() if live else self.store.events(run_id)

    def weights(self, run_id: str, after: int | None = None) -> LearnedWeights:
        """What the network has learnt, and after which epoch: this one where its weights are kept,
        by default the last. Raises UnknownRun and NoWeights.
        """
        return self._weights.read(run_id, after)

    def answered_epochs(self, run_id: str) -> list[int]:
        """The epochs after which the network's answers are kept, in order. Raises UnknownRun."""
        return self.store.answered_epochs(run_id)

    def answers(self, run_id: str, epoch: int) -> Answers | None:
        """What the network answered to the test images after this epoch, None where that is not
        kept, or cannot be read.

        Raises UnknownRun.
        """
        data = self.store.answers(run_id, epoch)
        try:
            return answers_from_bytes(data) if data else None
        except AnswersError as error:
            log.warning("run %s, epoch %d: %s", run_id, epoch, error)
            return None

    def health(self, run_id: str) -> dict[int, Health]:
        """How the layers fared after each epoch of which that is kept, and can be read, in order.

        Raises UnknownRun.
        """
        found = {}
        layers = count_layers(self.store.stored_run(run_id).run.architecture.layers)
        for epoch, data in self.store.health(run_id).items():
            try:
                found[epoch] = health_from_bytes(data, layers)
            except HealthError as error:
                log.warning("run %s, epoch %d: %s", run_id, epoch, error)
        return found

    def kept_epochs(self, run_id: str) -> tuple[int, ...]:
        """The epochs whose weights are kept, in their order. Raises UnknownRun."""
        return self._weights.epochs(run_id)

    def has_weights(self, run_id: str) -> bool:
        """Whether the run has saved weights, without reading them. Raises UnknownRun."""
        return self._weights.exist(run_id)

    def precision(self, run_id: str) -> str:
        """What the run was computed in, "fp32" or "bf16"; its recipe's choice if its checkpoints
        are lost.

        Raises UnknownRun.
        """
        return self._weights.precision(run_id)

    def weights_file(self, run_id: str) -> bytes:
        """The weights as a safetensors file, whose metadata name the run and the epoch.

        Raises UnknownRun and NoWeights.
        """
        found = self.weights(run_id)
        return weights_to_bytes(found.weights, {"run": run_id, "epoch": str(found.epoch)})

    def sizes(self) -> dict[str, int]:
        """Bytes of each run's checkpoints, by the run's id, as they were at most SIZES_EVERY
        seconds ago.
        """
        with self._lock:
            if self._sizes and time.monotonic() - self._sizes[0] < SIZES_EVERY:
                return self._sizes[1]
        sizes = self.store.sizes()
        with self._lock:
            self._sizes = time.monotonic(), sizes
        return sizes

    def shutdown(self, timeout: float = 30) -> bool:
        """Interrupt what is in training, and wait for the threads to end. The queue stays as it is.

        Returns False if some threads have not ended within `timeout` seconds.
        """
        with self._lock:
            self._closed.set()
            for writer in self._live.values():
                writer.ask("interrupt")
            workers = list(self._workers.values())
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0, deadline - time.monotonic()))
        return not any(worker.is_alive() for worker in workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()

    # --- asking -----------------------------------------------------------------------------------

    def _check(self, by: Person, action: Action, run_id: str) -> None:
        """Raises NotAllowed if this person may not do that with the run, and UnknownRun."""
        check(by, action, Thing(Kind.RUN, self.store.owner(run_id)))

    def _delete_for_good(self, run_id: str) -> None:
        self.store.delete_for_good(run_id)
        with self._lock:
            self._unreadable.pop(run_id, None)
            self._sizes = None
            for key in [key for key in self._snapshots if key[0] == run_id]:
                del self._snapshots[key]
        self._weights.forget(run_id)

    def _check_queue(self, by: Person, batch: str) -> None:
        """Raises QueueFull if the queue takes no more, or no more of this person's."""
        if self._closed.is_set():
            raise QueueFull("the server is shutting down")
        waiting = self.store.queue().waiting
        if len(waiting) >= MAX_QUEUED:
            raise QueueFull(
                f"The queue is full ({MAX_QUEUED:,} runs). Stop one of your own runs, or try later"
            )
        if by.is_teacher:
            return
        own = [each for each in waiting if each.owner == by.id]
        if batch and sum(bool(each.batch) for each in own) >= LARGEST_BATCH:
            raise QueueFull(
                f"{LARGEST_BATCH} runs that you queued together wait already, the most for one "
                "person; wait until some have ended, or stop them"
            )
        most = self.store.rules().most_waiting
        if not batch and sum(not each.batch for each in own) >= most:
            raise QueueFull(
                f"{most} of your runs {'wait' if most > 1 else 'waits'} already, the most for one "
                "person; wait until one has ended, or stop one"
            )

    def _check_rules(self, by: Person, run: Run, more_epochs: int = 0) -> None:
        """Raises AgainstTheRules if a student may not train this for so many epochs."""
        if not by.is_teacher:
            rules, parameters = self.store.rules(), analyze(run.architecture).total_params
            check_rules(rules, run.epochs + more_epochs, parameters)
            check_time(rules, self._seconds_of(run))

    def _check_disk(self, by: Person, run: Run, more_epochs: int = 0) -> None:
        """Raises AgainstTheRules if a student's runs would take too much of the disk with this one.
        Of those that wait or train, what they will take counts.
        """
        if by.is_teacher or self.store.folder is None:
            return
        going_on = {each.run.id: each.run for each in self.runs() if not each.ended}
        others = [
            replace(each, size=max(each.size, foreseen_bytes(going_on[each.id])))
            if each.id in going_on
            else each
            for each in self.store.taken_by(by.id)
            if each.id != run.id
        ]
        check_disk(self.store.rules(), others, foreseen_bytes(run, more_epochs))

    def _seconds_of(self, run: Run) -> float:
        """For how long it has trained; 0 of a run that is not there yet."""
        try:
            latest = self.store.history(run.id, 0).latest
        except UnknownRun:
            return 0.0
        return latest.time if latest else 0.0

    def _memory_room(self, device: torch.device) -> int | None:
        """Bytes that a run may take once it has a slot, None if that cannot be told.

        That is what is free, and what the run before it in the slot gives back.
        """
        free = free_memory(device)
        if free is None:
            return None
        with self._lock:
            live = [writer.snapshot(0).run for writer in self._live.values() if not writer.settled]
        sizes = (
            estimate_memory(run.architecture, run.recipe, run.device).total
            for run in live
            if run.device == device.type
        )
        return free + max(sizes, default=0)  # one: the others go on, each on a GPU of its own

    def _end(self, run_id: str, request: StopRequest, status: Status) -> None:
        live = self._live_run(run_id)
        if live and live.ask(request):
            return
        if self.store.stored_run(run_id).status == "queued":
            # Where it is taken at this very moment, whoever takes it is asked instead.
            if not self.store.withdraw(run_id, status, Event.model_validate({"kind": status})):
                self._end(run_id, request, status)
            return
        asked = self.store.ask_to_stop(run_id, request)
        if live := self._live_run(run_id):  # this process has just taken it
            live.ask(request)
        # Its turn may have ended at this very moment, and with it what could hear the request.
        if not asked and self.store.stored_run(run_id).status == "queued":
            self._end(run_id, request, status)

    def _queue_again(
        self, run_id: str, allowed: Sequence[Status], more_epochs: int, done: str, by: Person
    ) -> None:
        kept = self.store.stored_run(run_id)
        check_images(by, kept.run.recipe.dataset)
        self._check_queue(by, kept.run.batch)
        self._check_rules(by, kept.run, more_epochs)
        self._check_disk(by, kept.run, more_epochs)
        if kept.status in allowed:
            room, latest = (
                self._memory_room(torch.device(kept.run.device)),
                self.store.history(run_id, 0).latest,
            )
            check_resumable(kept.run, latest, self.store.checkpoints, room, self._data_root)
            check_room(self.store.folder, kept.run.architecture, kept.run.recipe)
        if self._live_run(run_id) or not self.store.enqueue(run_id, allowed, more_epochs):
            raise RunError(refusal_message(run_id, kept.status, allowed, done))
        self._start_workers([run_id])

    # --- looking ----------------------------------------------------------------------------------

    def _live_run(self, run_id: str) -> RunWriter | None:
        with self._lock:
            live = self._live.get(run_id)
        return live if live and not live.settled else None

    def _look(self, run_id: str, revision: int, limit: int) -> Snapshot | None:
        """The run as this process knows it, else as the store has it, read again only if it has
        changed.
        """
        live = self._live_run(run_id)
        if live:
            return live.snapshot(limit)
        with self._lock:
            known = self._snapshots.get((run_id, limit))
        if known and known[0] == revision:
            return known[1]
        try:
            kept, history = self.store.stored_run(run_id), self.store.history(run_id, limit)
        except UnreadableRun as error:
            with self._lock:
                self._unreadable[run_id] = str(error)
            return None
        except UnknownRun:  # deleted since
            return None
        snapshot = Snapshot(
            run=kept.run,
            status=shown_status(kept.status, kept.request),
            position=None,
            note="",
            started=with_all_epochs(history.started, kept.run),
            steps=history.steps,
            epochs=history.epochs,
            latest=history.latest,
            message=kept.message,
        )
        with self._lock:
            self._snapshots[run_id, limit] = revision, snapshot
        return snapshot

    def _placed(self, runs: Sequence[Shown]) -> tuple[Shown, ...]:
        """The runs, with the place of those that wait, and with when those that wait or train have
        their turns and their ends.
        """
        if all(each.ended for each in runs):
            return tuple(runs)
        waiting = self.store.waiting()
        if not waiting:
            return tuple(runs)
        places, foreseen = {id: place for place, id in enumerate(waiting, 1)}, self._forecast()
        is_paused = self.store.rules().is_paused
        placed = []
        for each in runs:
            seen = foreseen.get(each.run.id, Forecast(None, None))
            if each.status == "queued":
                # Why nothing is taken, if so; between two turns, that it waits for the next.
                message = self._problem or (PAUSED if is_paused else each.message)
                place, soon = places.get(each.run.id), None if is_paused else seen.starts_in
                each = replace(each, position=place, starts_in=soon, message=message)
            placed.append(each if each.ended else replace(each, ends_in=seen.ends_in))
        return tuple(placed)

    def _forecast(self) -> Mapping[str, Forecast]:
        """When those that wait or train have their turns and their ends, by the run."""
        with self._lock:
            if self._foreseen and time.monotonic() - self._foreseen[0] < FORECAST_SECONDS:
                return self._foreseen[1]
            live = [
                summary_of(writer.snapshot(0))
                for writer in self._live.values()
                if not writer.settled
            ]
        runs, queue = self._list.runs(), self.store.queue()
        pace, by_id = Pace(runs), {each.run.id: each for each in runs}
        training = [pace.work_left(each) for each in live if not each.ended]
        going_on = {work.run.id for work in training}
        waiting = [
            replace(pace.work_left(by_id[each.id]), run=each)
            if each.id in by_id
            else Work(each, 1.0, None)
            for each in queue.waiting
            if each.id not in going_on  # it has just begun its turn
        ]
        slots = 0 if self.store.rules().is_paused else self.slots
        found = forecast(slots, training, waiting, queue.last_turn)
        with self._lock:
            self._foreseen = time.monotonic(), found
        return found

    def _recover(self) -> None:
        """Mark runs as interrupted whose process was killed."""
        with self._lock:
            if time.monotonic() - self._recovered < RECOVER_EVERY:
                return
            self._recovered = time.monotonic()
        try:
            self.store.recover()
        except StoreError as error:  # it is tried again
            log.warning("%s", error)
        self._empty_bin()

    def _empty_bin(self) -> None:
        """Delete for good what has lain in the bin for BIN_SECONDS."""
        with self._lock:
            if time.monotonic() - self._emptied < EMPTY_EVERY:
                return
            self._emptied = time.monotonic()
        try:
            for each in self.store.binned():
                if each.deleted + BIN_SECONDS <= time.time():
                    with suppress(UnknownRun):  # restored, or deleted by another process
                        self._delete_for_good(each.id)
        except StoreError as error:  # it is tried again
            log.warning("%s", error)

    # --- in threads of their own ------------------------------------------------------------------

    def _start_workers(self, waiting: Sequence[str]) -> None:
        with self._workers_lock:
            free = [slot for slot in range(self.slots) if slot not in self._workers]
            for slot, run_id in zip(free, waiting, strict=False):
                if not self._closed.is_set():
                    worker = threading.Thread(
                        target=self._work, args=[slot], name=f"training-{run_id}"
                    )
                    self._workers[slot] = worker
                    worker.start()

    def _work(self, slot: int) -> None:
        """Train what waits, one run after the other, until the queue is empty. The slot is free
        then.
        """
        try:
            try:
                use_gpu(slot)
            except RuntimeError as error:  # the runs that want one say so themselves
                log.warning("slot %d has no GPU: %s", slot, error)
            while (loop := self._next(slot)) is not None:
                try:
                    for event in loop.train(
                        self._data_root, gives_way=self._gives_way, too_long=self._too_long
                    ):
                        if event.kind == "epoch":
                            self._stop_if_too_long(loop, event)
                except BaseException as error:
                    # A fault of the program: this run ends, the others go on.
                    log.error("run %s failed: %s", loop.writer.run_id, _place_of(error))
                    loop.writer.give_up(error)
                    with suppress(Exception):  # else it is tried again before the next run
                        loop.writer.settle()
                    if not isinstance(error, Exception):
                        raise
        finally:
            with self._workers_lock:
                if self._workers.get(slot) is threading.current_thread():
                    del self._workers[slot]

    def _next(self, slot: int) -> RunLoop | None:
        """The next run of the queue, once the store can be written. None if nothing waits or the
        server ends.
        """
        while True:
            try:
                self._settle()
                # So that a run is queued either before this look, or after this thread has left.
                with self._workers_lock:
                    ends = self._closed.is_set() or self.store.rules().is_paused
                    claim = None if ends else self.store.claim_next()
                    if claim is None and (ends or not self.store.waiting()):
                        del self._workers[slot]
                        return None
                # What waits is locked for a moment, as by whoever finds that it was interrupted.
                if claim is None:
                    self._closed.wait(RETRY_SECONDS)
                    continue
                loop = RunLoop(self.store, claim)
                self._weights.forget(claim.run.id)  # of an epoch that it goes back before
                with self._lock:
                    self._live[claim.run.id] = loop.writer
                    self._problem = ""
                # What was asked for between its taking and its being known here.
                with suppress(StoreError):
                    loop.writer.ask(self.store.stop_request(claim.run.id))
                if self._closed.is_set():  # it may have been taken while the others were told
                    loop.writer.ask("interrupt")
                return loop
            except Exception as error:  # StoreError, or a fault of the program
                self._tell(
                    str(error)
                    if isinstance(error, StoreError)
                    else f"the program failed: {_place_of(error)}"
                )
                if self._closed.wait(RETRY_SECONDS):
                    return None

    def _stop_if_too_long(self, loop: RunLoop, event: Event) -> None:
        """Stop a run that has trained as long as the class's rules allow."""
        try:
            check_time(self.store.rules(), event.time)
        except AgainstTheRules as error:
            loop.stop(str(error))
        except StoreError:  # the next epoch is looked at again
            return

    def _gives_way(self, run: Run) -> bool:
        """Whether a run that has done an epoch goes back into the queue: for one of those who wait,
        or as a teacher has paused all.
        """
        try:
            return self.store.rules().is_paused or self._others_wait(run)
        except StoreError:  # it keeps its turn
            return False

    def _too_long(self, run: Run, seconds: float) -> str:
        """Why a turn that goes on within an epoch must end, for one of those who wait; "" where it
        may go on.
        """
        try:
            check_turn(self.store.rules(), seconds)
            return ""
        except AgainstTheRules as error:
            why = str(error)
        except StoreError:  # the next look may succeed
            return ""
        try:
            return why if self._others_wait(run) else ""
        except StoreError:
            return ""

    def _others_wait(self, run: Run) -> bool:
        """Whether one of those who wait comes before the next epoch of this run. Raises
        StoreError.
        """
        return gives_way(Waiting(run.id, run.owner, run.batch), self.store.queue().waiting)

    def _settle(self) -> None:
        """Forget the runs that have ended, once the store has all of them.

        Raises StoreError if nothing can be written. If only one run's end cannot be written, it is
        told among the notices and tried again before the next run.
        """
        with self._lock:
            ended = [writer for writer in self._live.values() if writer.snapshot(0).ended]
        unsettled = {}
        for writer in ended:
            try:
                writer.settle()
            except Exception as error:
                if isinstance(error, StoreError) and not isinstance(error.__cause__, OF_ONE_RUN):
                    raise
                unsettled[writer.run_id] = (
                    f"how run {writer.run_id} ended cannot be written: {error}"
                )
        with self._lock:
            for problem in unsettled.values():
                if problem not in self._unsettled.values():
                    log.error("%s", problem)
            self._unsettled = unsettled
            self._live = {
                run_id: writer for run_id, writer in self._live.items() if not writer.settled
            }

    def _tell(self, problem: str) -> None:
        with self._lock:
            if problem != self._problem:
                log.error("%s. Nothing more is trained until then", problem)
            self._problem = problem


def _place_of(error: BaseException) -> str:
    """What went wrong and where, in one line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"


def _events_in(known: tuple[int, Snapshot]) -> int:
    return min(EVENTS_AT_HAND, 1 + len(known[1].steps) + len(known[1].epochs))
