"""Recording: one run while this process trains it. What happens goes into the store as it comes.

Step events are written at most once a second, so that they cost the training nothing; an epoch's event only once its
checkpoint is on the disk, and with it everything before. Whoever iterates `train` sees an epoch when it is kept.

Whatever goes wrong ends in a `failed` event of this run and harms nothing else. Where even that cannot be written, it is
told from here, and `settle` tries again.
"""

import logging
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from explorer.runs.checkpoint_files import CheckpointError, newest_checkpoint
from explorer.runs.database import StoreError
from explorer.runs.offers import IMAGES
from explorer.runs.run import Run, RunError, Snapshot, Status, Wish, environment_here, shown_status
from explorer.runs.store import Claim, Store
from explorer.training.checkpoint import Checkpoint
from explorer.training.datasets import BUILT_IN, DatasetError, Progress, load_dataset
from explorer.training.devices import DeviceError, choose_device
from explorer.training.engine import train
from explorer.training.event import Event, downsample

WRITE_EVERY = 1.0  # seconds between two writes of step events
LOOK_EVERY = 1.0  # seconds between two looks at what other processes ask for
STEPS_AT_HAND = 4000  # step events in memory, at least this many where there are as many; the others are in the store

log = logging.getLogger(__name__)


class _Stopped(Exception):
    """Somebody wants it to end, and the training has not begun."""


class Recording:
    """`train` is for one thread; every other method may be called from any, and waits for nothing."""

    def __init__(self, store: Store, claim: Claim):
        """Raises StoreError. The claim is released when `train` ends."""
        self._store, self._lock = store, threading.Lock()
        self._claim = claim
        self._run = claim.run
        self._status: Status = "preparing"
        self._final: Status | None = None  # what the status becomes once that is written, or could not be
        self._message = self._note = ""
        self._wish: Wish = ""
        self._looked = time.monotonic()
        self._settled, self._settling = False, threading.Lock()
        self._is_early = False  # it was continued, and stopped before it had all the epochs that were added
        self._pending: list[Event] = []  # not written yet; the first has number _written
        self._started: Event | None = None
        self._latest: Event | None = None
        self._steps: list[Event] = []
        self._epochs: list[Event] = []
        try:
            self._reread()
        except BaseException:
            claim.lock.release()
            raise

    @property
    def run_id(self) -> str:
        return self._run.id

    @property
    def settled(self) -> bool:
        """It has ended, and the store has it all."""
        return self._settled

    def ask(self, wish: Wish) -> None:
        """To end within a batch; the first who asks for something is heard."""
        self._wish = self._wish or wish

    def rename(self, name: str) -> None:
        self._run = replace(self._run, name=name)

    def snapshot(self, limit: int) -> Snapshot:
        """With at most `limit` of its step events; one that an epoch was added to counts that epoch as planned."""
        with self._lock:
            status, started, latest = self._status, self._started, self._latest
            steps, epochs = self._steps if limit else [], tuple(self._epochs)
            steps = steps.copy()
        return Snapshot(
            run=self._run,
            status=shown_status(status, self._wish),
            position=None,
            note=self._note if status == "preparing" else "",
            started=with_all_epochs(started, self._run),
            steps=downsample(steps, limit) if limit else (),
            epochs=epochs,
            latest=latest,
            message=self._message,
        )

    def events(self) -> tuple[Event, ...]:
        """All so far. Raises StoreError."""
        with self._lock:
            first, pending = self._written, self._pending.copy()
        return (*self._store.events(self._run.id)[:first], *pending)

    # --- in the thread that trains ----------------------------------------------------------------------------------

    def train(self, data_root: Path | None = None, progress: Progress | None = None) -> Generator[Event]:
        """The events from here on. Left early, the run is interrupted, and goes on from its last whole epoch."""
        try:
            try:
                yield from self._train(data_root, progress)
            except _Stopped:
                yield from self._end_as_wished(Event(kind="stopped", message="stopped while its data were coming"))
            except DatasetError as error:
                yield self._end("failed", self._last(str(error), {IMAGES: 1.0}))
            except (DeviceError, RunError, CheckpointError) as error:
                yield self._end("failed", self._last(str(error)))
            except MemoryError:  # those of a step are told by `engine.train`
                moment, remedy = "its data were read", f"choose {BUILT_IN}"
                if self._status == "running":
                    moment, remedy = "what it learnt was saved", "try fewer parameters"
                yield self._end("failed", self._last(f"out of memory while {moment}: end other programs, or {remedy}"))
            except Exception as error:  # a fault of ours: this run ends, the others go on
                log.exception("run %s failed", self._run.id)
                reason = f"{type(error).__name__}: {error}"
                yield self._end("failed", self._last(f"the program failed ({reason}); the server's log says where"))
        finally:
            if self._final is None:
                self._interrupt("the process that trained it ended")

    def give_up(self, error: BaseException) -> None:
        """After a fault of the program that `train` let out: the run has failed, and is settled when that can be done."""
        with self._lock:
            self._pending, self._final = [], self._final or "failed"
            self._message = self._message or f"the program failed ({type(error).__name__}: {error})"
        self._status = self._final

    def settle(self) -> None:
        """Write what could not be written when the run ended. Raises StoreError where it still cannot be."""
        with self._settling:
            if self._settled or self._final is None:
                return
            if self._is_early:
                self._store.end_early(self._run.id)
            else:
                self._store.end(self._run.id, self._final, self._message, self._written, self._pending)
            with self._lock:
                self._written += len(self._pending)
                self._pending = []
            self._settled = True
            self._claim.lock.release()

    def _train(self, data_root: Path | None, progress: Progress | None) -> Iterator[Event]:
        run = self._run

        def tell(file: str, done: int, total: int) -> None:
            if self._should_stop():
                raise _Stopped
            if not file:
                return
            self._note = f"downloading {file}, {done / 1e6:.1f}" + (f" of {total / 1e6:.1f} MB" if total else " MB")
            if progress:
                progress(file, done, total)

        device = choose_device(run.device)
        self._run = replace(self._run, environment=environment_here(device))
        self._store.set_environment(run.id, self._run.environment)
        checkpoint = self._go_back()
        dataset = load_dataset(run.recipe.dataset, data_root, tell)
        reached: list[Checkpoint] = []
        events = train(
            run.architecture, run.recipe, dataset, device, self._should_stop, reached.append, checkpoint, run.more_epochs
        )
        del checkpoint  # as large as the network and the optimiser's state
        self._store.running(run.id, self._message)
        self._status = "running"
        for event in events:
            match event.kind:
                case "epoch":
                    self._keep_epoch(event, reached.pop())
                    yield event
                case "stopped":
                    yield from self._end_as_wished(event)
                case "finished":
                    yield self._end("finished", event)
                case "failed":
                    yield self._end("failed", event)
                case _:
                    self._keep(event)
                    yield event

    def _go_back(self) -> Checkpoint | None:
        """The checkpoint to go on from, None to begin. The events are those up to it. Raises CheckpointError."""
        epoch = self._store.last_epoch(self._run.id)
        if epoch == 0:
            return None
        try:
            checkpoint, wrong = newest_checkpoint(self._store.checkpoints, self._run.id, epoch)
        except CheckpointError as error:
            raise CheckpointError(f"{error}, so that the run cannot go on; start it anew") from None
        if checkpoint.epoch < epoch:
            self._message = f"{wrong}; the run went on from epoch {checkpoint.epoch}"
            log.warning("run %s: %s", self._run.id, self._message)
            self._store.rewind(self._run.id, checkpoint.epoch)
            self._reread()
        return checkpoint

    def _should_stop(self) -> bool:
        if not self._wish and time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            try:
                self._wish = self._store.wish(self._run.id)
            except StoreError as error:  # nothing is lost by not knowing
                log.warning("run %s: %s", self._run.id, error)
        return self._wish != ""

    # --- keeping ----------------------------------------------------------------------------------------------------

    def _keep(self, event: Event) -> None:
        self._add(event)
        if time.monotonic() - self._wrote > WRITE_EVERY:
            try:
                self._write(durable=False)
            except StoreError as error:  # the end of the epoch decides
                log.warning("run %s: %s", self._run.id, error)

    def _keep_epoch(self, event: Event, checkpoint: Checkpoint) -> None:
        """The epoch is shown once it is kept, so that nobody sees one that a killed server has lost."""
        checkpoint.facts["environment"] = asdict(self._run.environment)
        self._store.checkpoints.save(self._run.id, checkpoint)
        try:
            self._write(durable=True, last=event)
        except StoreError:
            self._add(event)  # written together with the failure, once it can be
            raise
        self._show(event)
        self._store.checkpoints.trim(self._run.id, event.epoch)

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
                if len(self._steps) > 2 * STEPS_AT_HAND:  # thinned out twice, the lowest and the highest are still there
                    self._steps = list(downsample(self._steps, STEPS_AT_HAND))

    def _write(self, durable: bool, last: Event | None = None) -> None:
        """What is pending, and after it `last`."""
        self._wrote = time.monotonic()
        events = self._pending.copy() if last is None else [*self._pending, last]  # only this thread changes it
        self._store.append(self._run.id, self._written, events, durable)
        with self._lock:
            self._written += len(events)
            self._pending = []

    def _last(self, message: str, metrics: dict[str, float] | None = None) -> Event:
        """A failure at the moment of the latest event."""
        at = self._latest or Event(kind="failed")
        return Event(kind="failed", time=at.time, epoch=at.epoch, step=at.step, message=message, metrics=metrics or {})

    def _end(self, status: Status, event: Event) -> Event:
        self._add(event)
        self._message = event.message or self._message
        self._final = status
        self._try_to_settle()
        return event

    def _end_as_wished(self, event: Event) -> Iterator[Event]:
        match self._wish:
            case "interrupt":
                self._interrupt("the process that trained it was told to end")
            case "pause":
                message = event.message.replace("stopped", "paused")
                self._message = self._what_is_kept("paused", event)
                yield self._end("paused", event.model_copy(update={"kind": "paused", "message": message}))
            case _ if self._run.more_epochs:
                yield from self._end_early()
            case _:
                self._message = self._what_is_kept("stopped", event)
                yield self._end("stopped", event)

    def _what_is_kept(self, ended: str, event: Event) -> str:
        """What a run has that ends within an epoch; "" before its first step, when nothing is lost."""
        if event.step == (self._epochs[-1].step if self._epochs else 0):
            return ""
        if not self._epochs:
            return f"{ended} within the first epoch, so nothing was kept: it begins anew when it is resumed"
        last = self._epochs[-1].epoch
        return f"{ended} within epoch {event.epoch}: what it learnt up to the end of epoch {last} is kept"

    def _end_early(self) -> Iterator[Event]:
        """A continued run that is stopped is finished again, with the epochs that it has."""
        with self._lock:
            self._pending, self._final, self._is_early = [], "finished", True
        self._try_to_settle()
        if self._settled:
            with suppress(StoreError):
                self._run = self._store.kept(self._run.id).run
                self._reread()
        if self._latest:
            yield self._latest

    def _interrupt(self, message: str) -> None:
        with self._lock:
            self._pending, self._message, self._final = [], message, "interrupted"
        self._try_to_settle()
        if self._settled:
            with suppress(StoreError):
                self._reread()

    def _try_to_settle(self) -> None:
        try:
            self.settle()
        except StoreError as error:
            log.warning("run %s: how it ended cannot be written: %s", self._run.id, error)
        self._status = self._final or self._status

    def _reread(self) -> None:
        """What the store has of it."""
        history = self._store.history(self._run.id, STEPS_AT_HAND)
        with self._lock:
            self._started, self._latest, self._written = history.started, history.latest, history.count
            self._steps, self._epochs = list(history.steps), list(history.epochs)
        self._wrote = time.monotonic()


def with_all_epochs(started: Event | None, run: Run) -> Event | None:
    """The first event, which was sent before any epochs were added, with all epochs of the run."""
    if started is None or not run.more_epochs:
        return started
    return started.model_copy(update={"metrics": {**started.metrics, "epochs": float(run.epochs)}})
