"""RunWriter: how a run stands while this process trains it, brought to the store as it comes.

Step events are written at most once a second, so that they cost the training nothing. An epoch's
event is written only once its checkpoint is on the disk, and with it everything before, so that
nobody sees an epoch that a killed server has lost.
"""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from explorer.runs.answers_format import answers_to_bytes
from explorer.runs.checkpoint_format import save_checkpoint
from explorer.runs.database import StoreError
from explorer.runs.health_format import health_to_bytes
from explorer.runs.rows import NotedBytes
from explorer.runs.run import Environment, Run, Snapshot, Status, StopRequest, shown_status
from explorer.runs.store import Claim, Store
from explorer.training.checkpoint import Checkpoint
from explorer.training.engine import Noted
from explorer.training.event import Event, best_of, downsample
from explorer.training.recipe import picks_best

WRITE_EVERY = 1.0  # seconds between two writes of step events
NEXT_TURN = "waiting for its next turn"
STEPS_AT_HAND = 4000  # step events in memory, at least so many; all of them are in the store

log = logging.getLogger(__name__)


class RunWriter:
    """One run that this process has claimed.

    The thread that trains calls the methods from `begin` on; all others may be called from any
    thread, and wait for nothing.
    """

    def __init__(self, store: Store, claim: Claim):
        """Raises StoreError. The claim is released by `settle`."""
        self._store, self._claim = store, claim
        self._lock = threading.Lock()  # of all that a snapshot shows
        self._run = claim.run
        self._status = Status.PREPARING
        self._final: Status | None = None  # what the status becomes once it is written
        self._message = self._note = ""
        self._request: StopRequest = ""
        self._settled, self._settling = False, threading.Lock()
        self._ended_early = False  # continued, and stopped before it had all the added epochs
        self._pending: list[Event] = []  # not written yet; the first has number _written
        self._started: Event | None = None
        self._latest: Event | None = None
        # The first time that it had gone through all its epochs, or stopped early.
        self._finished: Event | None = None
        self._steps: list[Event] = []
        self._epochs: list[Event] = []
        try:
            self.reread()
        except BaseException:
            claim.lock.release()
            raise

    # --- from any thread --------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        return self._run

    @property
    def run_id(self) -> str:
        return self._run.id

    @property
    def settled(self) -> bool:
        """Whether the run has ended and the store has all of it."""
        return self._settled

    @property
    def request(self) -> StopRequest:
        """What somebody asked of this run, "" for nothing."""
        return self._request

    def ask(self, request: StopRequest) -> bool:
        """Have the training end within a batch. The first request counts. Returns False where the
        run is on its way back into the queue, and hears nothing any more.
        """
        with self._lock:
            # Kept in any case, should its turn not end after all.
            self._request = self._request or request
            return self._final != Status.QUEUED

    def rename(self, name: str) -> None:
        self._run = replace(self._run, name=name)

    def annotate(self, note: str, tags: tuple[str, ...]) -> None:
        self._run = replace(self._run, note=note, tags=tags)

    def snapshot(self, limit: int) -> Snapshot:
        """The run as it stands, with at most `limit` of its step events."""
        with self._lock:
            status, started, latest = self._status, self._started, self._latest
            steps, epochs = self._steps if limit else [], tuple(self._epochs)
            steps = steps.copy()
        return Snapshot(
            run=self._run,
            status=shown_status(status, self._request),
            position=None,
            note=self._note if status == Status.PREPARING else "",
            started=with_all_epochs(started, self._run),
            steps=downsample(steps, limit) if limit else (),
            epochs=epochs,
            latest=latest,
            message=self._message,
        )

    def events(self) -> tuple[Event, ...]:
        """All events so far, written or not. Raises StoreError."""
        with self._lock:
            first, pending = self._written, self._pending.copy()
        return (*self._store.events(self._run.id)[:first], *pending)

    def give_up(self, error: BaseException) -> None:
        """Count the run as failed after a fault of the program. `settle` writes that."""
        with self._lock:
            self._pending, self._final = [], self._final or Status.FAILED
            self._message = self._message or f"the program failed ({type(error).__name__}: {error})"
        self._status = self._final

    def settle(self) -> None:
        """Write how the run ended, and release the claim. Raises StoreError where that fails."""
        with self._settling:
            if self._settled or self._final is None:
                return
            if self._ended_early:
                self._store.end_early(self._run.id, self._message)
            else:
                self._store.end(
                    self._run.id, self._final, self._message, self._written, self._pending
                )
            with self._lock:
                self._written += len(self._pending)
                self._pending = []
            self._settled = True
            self._claim.lock.release()

    # --- from the thread that trains --------------------------------------------------------------

    @property
    def status(self) -> Status:
        return self._status

    @property
    def epochs(self) -> Sequence[Event]:
        """The events of all whole epochs."""
        return self._epochs

    @property
    def latest(self) -> Event | None:
        return self._latest

    @property
    def is_continued(self) -> bool:
        """Whether the run had finished before, and has been continued since."""
        return self._finished is not None or self._run.more_epochs != 0

    @property
    def has_final_status(self) -> bool:
        """Whether it is decided how the run ended, written or not."""
        return self._final is not None

    def begin(self, environment: Environment) -> None:
        """Note with what the run is computed from now on. Raises StoreError."""
        self._run = replace(self._run, environment=environment)
        self._store.set_environment(self._run.id, environment)

    def tell(self, note: str) -> None:
        """What keeps the run from training yet, as the download of its images."""
        self._note = note

    def start_running(self) -> None:
        """The run has its images and trains now. Raises StoreError."""
        self._store.running(self._run.id, self._message)
        self._status = Status.RUNNING

    def rewind(self, epoch: int, why: str) -> None:
        """Forget what came after this epoch. Raises StoreError."""
        self._message = why
        log.warning("run %s: %s", self._run.id, why)
        self._store.rewind(self._run.id, epoch)
        self.reread()

    def keep_event(self, event: Event) -> None:
        """Keep an event that no checkpoint belongs to."""
        self._add(event)
        if time.monotonic() - self._wrote > WRITE_EVERY:
            try:
                self._write(durable=False)
            except StoreError as error:  # the end of the epoch decides
                log.warning("run %s: %s", self._run.id, error)

    def keep_epoch(self, event: Event, checkpoint: Checkpoint, noted: Noted) -> None:
        """Keep an epoch, its checkpoint first. Raises StoreError and CheckpointError."""
        checkpoint.facts["environment"] = asdict(self._run.environment)
        save_checkpoint(self._store.checkpoints, self._run.id, checkpoint)
        try:
            self._write(durable=True, last=event, noted=_noted_bytes(noted))
        except StoreError:
            self._add(event)  # written together with the failure, once it can be
            raise
        self._show(event)
        recipe = self._run.recipe
        first_end = self._finished.epoch if self._finished else recipe.epochs
        outstanding = {best_of(self._epochs, picks_best(recipe)).epoch, first_end}
        self._store.checkpoints.trim(self._run.id, event.epoch, outstanding)

    def end(self, status: Status, event: Event, message: str | None = None) -> Event:
        """End the run with this event, and return it.

        `message` says how the run stands where the event does not; None leaves what was said last.
        """
        self._add(event)
        self._message = event.message or (self._message if message is None else message)
        self._final = status
        self._try_to_settle()
        return event

    def end_early(self, why: str = "") -> Event | None:
        """Finish a continued run with the epochs that it has. Returns its latest event."""
        self._message = why
        with self._lock:
            self._pending, self._final, self._ended_early = [], Status.FINISHED, True
        self._try_to_settle()
        if self._settled:
            with suppress(StoreError):
                self._run = self._store.stored_run(self._run.id).run
                self.reread()
        return self._latest

    def end_turn(self) -> bool:
        """Put the run back into the queue after a whole epoch. Returns False, and the run goes on,
        where somebody has asked for an end or the store cannot be written.
        """
        with self._lock:
            if self._request:
                return False
            self._final = Status.QUEUED
        try:
            ended = self._store.end_turn(self._run.id, NEXT_TURN)
        except StoreError as error:
            log.warning("run %s keeps its turn: %s", self._run.id, error)
            ended = False
        if not ended:
            with self._lock:
                self._final = None
            return False
        self._status, self._message, self._settled = Status.QUEUED, NEXT_TURN, True
        self._claim.lock.release()
        return True

    def interrupt(self, message: str) -> None:
        """End the run after its last whole epoch. `message` says why it was interrupted."""
        with self._lock:
            self._pending, self._message, self._final = [], message, Status.INTERRUPTED
        self._try_to_settle()
        if self._settled:
            with suppress(StoreError):
                self.reread()

    def reread(self) -> None:
        """Show what the store has of the run. Raises StoreError."""
        history = self._store.history(self._run.id, STEPS_AT_HAND)
        with self._lock:
            self._started, self._latest = history.started, history.latest
            self._finished = history.finished
            self._steps, self._epochs = list(history.steps), list(history.epochs)
            self._written = history.count
        self._wrote = time.monotonic()

    def _add(self, event: Event) -> None:
        with self._lock:
            self._pending.append(event)
        self._show(event)

    def _show(self, event: Event) -> None:
        with self._lock:
            self._latest = event
            if event.kind == "started":
                self._started = event
            elif event.kind == "epoch":
                self._epochs.append(event)
            elif event.kind == "step":
                self._steps.append(event)
                if len(self._steps) > 2 * STEPS_AT_HAND:
                    # Downsampling twice still keeps the lowest and the highest.
                    self._steps = list(downsample(self._steps, STEPS_AT_HAND))

    def _write(
        self, durable: bool, last: Event | None = None, noted: NotedBytes | None = None
    ) -> None:
        """Write the pending events, and after them `last` with what was noted after it. Raises
        StoreError.
        """
        self._wrote = time.monotonic()
        # Only the thread that trains changes what is pending.
        events = self._pending.copy() if last is None else [*self._pending, last]
        self._store.append(self._run.id, self._written, events, durable, noted)
        with self._lock:
            self._written += len(events)
            self._pending = []

    def _try_to_settle(self) -> None:
        try:
            self.settle()
        except StoreError as error:
            log.warning("run %s: how it ended cannot be written: %s", self._run.id, error)
        self._status = self._final or self._status


def _noted_bytes(noted: Noted) -> NotedBytes:
    return NotedBytes(answers_to_bytes(noted.answers), health_to_bytes(noted.health))


def with_all_epochs(started: Event | None, run: Run) -> Event | None:
    """The `started` event, sent before any epochs were added, with all epochs of the run."""
    if started is None or not run.more_epochs:
        return started
    metrics = {**started.metrics, "epochs": float(run.epochs)}
    return started.model_copy(update={"metrics": metrics})
