"""RunLoop: trains one run, from reading its images to its end, and has a RunWriter keep what
happens.

Whatever goes wrong ends in a `failed` event of this run and harms no other.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from explorer.runs.checkpoint_files import CheckpointError
from explorer.runs.checkpoint_format import newest_checkpoint
from explorer.runs.database import StoreError
from explorer.runs.new_run import environment_here
from explorer.runs.offers import IMAGES
from explorer.runs.run import Run, RunError, Status
from explorer.runs.run_writer import RunWriter
from explorer.runs.store import Claim, Store
from explorer.training.checkpoint import Checkpoint
from explorer.training.dataset_files import load_dataset
from explorer.training.datasets import BUILT_IN, DatasetError, Progress
from explorer.training.devices import DeviceError, choose_device
from explorer.training.engine import Noted, train
from explorer.training.event import Event

LOOK_EVERY = 1.0  # seconds between two looks at what other processes ask of the run

log = logging.getLogger(__name__)


def never(run: Run) -> bool:
    """Nobody has the run give way."""
    return False


def not_too_long(run: Run, seconds: float) -> str:
    """Nobody minds how long a turn takes."""
    return ""


class _StopBeforeTraining(Exception):
    """Somebody asked for an end while the images were coming."""


class RunLoop:
    """One run that this process has claimed, and the training of it."""

    def __init__(self, store: Store, claim: Claim):
        """Raises StoreError. The claim is released once the end of the run is written."""
        self.writer = RunWriter(store, claim)
        self._why_stopped = ""
        self._store = store
        self._looked = time.monotonic()
        self._too_long: Callable[[Run, float], str] = not_too_long
        self._turn_began: float | None = None  # None while the images are coming

    def train(
        self,
        data_root: Path | None = None,
        progress: Progress | None = None,
        gives_way: Callable[[Run], bool] = never,
        too_long: Callable[[Run, float], str] = not_too_long,
    ) -> Generator[Event]:
        """Train, and yield the events from here on; an epoch's once it is kept.

        After an epoch that is not the last, `gives_way` is asked whether the run lets somebody else
        have its place; it goes back into the queue then. `too_long` is asked about once a second
        within an epoch, with the seconds that this turn has taken so far: where it says why that is
        too long, the run is stopped. Whoever stops iterating interrupts the
        run, which can be resumed after its last whole epoch.
        """
        writer = self.writer
        self._too_long = too_long
        try:
            try:
                yield from self._train(data_root, progress, gives_way)
            except _StopBeforeTraining:
                message = "stopped while its data were coming"
                yield from self._end_as_requested(Event(kind="stopped", message=message))
            except DatasetError as error:
                yield self._fail(str(error), {IMAGES: 1.0})
            except (DeviceError, RunError, CheckpointError) as error:
                yield self._fail(str(error))
            except MemoryError:  # `engine.train` tells of those within a step
                yield self._fail(self._out_of_memory())
            except Exception as error:  # a fault of ours: this run ends, the others go on
                log.exception("run %s failed", writer.run_id)
                reason = f"{type(error).__name__}: {error}"
                yield self._fail(f"the program failed ({reason}); the server's log says where")
        finally:
            if not writer.has_final_status:
                writer.interrupt("the process that trained it ended")

    def _train(
        self, data_root: Path | None, progress: Progress | None, gives_way: Callable[[Run], bool]
    ) -> Iterator[Event]:
        writer, run = self.writer, self.writer.run

        def tell(file: str, done: int, total: int) -> None:
            """Show a download's progress. Raises _StopBeforeTraining where an end is asked for."""
            if self._should_stop():
                raise _StopBeforeTraining
            if not file:
                return
            of_total = f" of {total / 1e6:.1f} MB" if total else " MB"
            writer.tell(f"downloading {file}, {done / 1e6:.1f}{of_total}")
            if progress:
                progress(file, done, total)

        device = choose_device(run.device)
        writer.begin(environment_here(device))
        checkpoint = self._checkpoint_to_resume()
        dataset = load_dataset(run.recipe.dataset, data_root, tell)
        reached: list[Checkpoint] = []
        noted: list[Noted] = []
        events = train(
            run.architecture,
            run.recipe,
            dataset,
            device,
            self._should_stop,
            reached.append,
            checkpoint,
            run.more_epochs,
            noted.append,
            may_stop_early=not writer.is_continued,
        )
        del checkpoint  # as large as the network and the optimiser's state
        writer.start_running()
        self._turn_began = time.monotonic()
        for event in events:
            match event.kind:
                case "epoch":
                    checkpoint = reached.pop()
                    is_last = checkpoint.facts["is_last"]
                    writer.keep_epoch(event, checkpoint, noted.pop())
                    del checkpoint
                    yield event
                    self._turn_began = time.monotonic()
                    if not is_last and gives_way(writer.run) and writer.end_turn():
                        return
                case "stopped":
                    yield from self._end_as_requested(event)
                case "finished":
                    yield writer.end(Status.FINISHED, event)
                case "failed":
                    yield writer.end(Status.FAILED, event)
                case _:
                    writer.keep_event(event)
                    yield event

    def _checkpoint_to_resume(self) -> Checkpoint | None:
        """The newest checkpoint, None where the run begins. Events after it are forgotten.

        Raises CheckpointError where all of them are damaged.
        """
        run_id = self.writer.run_id
        epoch = self._store.last_epoch(run_id)
        if epoch == 0:
            return None
        try:
            checkpoint, problem = newest_checkpoint(self._store.checkpoints, run_id, epoch)
        except CheckpointError as error:
            message = f"{error}, so that the run cannot go on; start a new run"
            raise CheckpointError(message) from None
        if checkpoint.epoch < epoch:
            why = f"{problem}; the run went on from epoch {checkpoint.epoch}"
            self.writer.rewind(checkpoint.epoch, why)
        return checkpoint

    def stop(self, why: str) -> None:
        """Have the run end within a batch, for this reason, unless somebody asked for an end."""
        self._why_stopped = why
        self.writer.ask("stop")

    def _should_stop(self) -> bool:
        """Whether this process or another one has asked for an end."""
        writer = self.writer
        if not writer.request and time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            try:
                writer.ask(self._store.stop_request(writer.run_id))
            except StoreError as error:  # the next look may succeed
                log.warning("run %s: %s", writer.run_id, error)
            if self._turn_began is not None and not writer.request:
                why = self._too_long(writer.run, time.monotonic() - self._turn_began)
                if why:
                    self.stop(why)
        return writer.request != ""

    def _end_as_requested(self, event: Event) -> Iterator[Event]:
        """End as whoever stopped the training asked for: interrupt, pause or stop."""
        writer = self.writer
        match writer.request:
            case "interrupt":
                writer.interrupt("the process that trained it was told to end")
            case "pause":
                paused = {"kind": "paused", "message": event.message.replace("stopped", "paused")}
                kept = self._what_is_kept("paused", event)
                yield writer.end(Status.PAUSED, event.model_copy(update=paused), kept)
            case _ if writer.is_continued:
                if latest := writer.end_early(self._why_stopped):
                    yield latest
            case _:
                why = self._why_stopped or self._what_is_kept("stopped", event)
                yield writer.end(Status.STOPPED, event, why)

    def _what_is_kept(self, ended: str, event: Event) -> str:
        """What remains of a run that ends within an epoch; "" where nothing is lost."""
        epochs = self.writer.epochs
        if event.step == (epochs[-1].step if epochs else 0):
            return ""
        if not epochs:
            return (
                f"{ended} within the first epoch, so nothing was kept: "
                "it starts from the beginning when it is resumed"
            )
        return (
            f"{ended} within epoch {event.epoch}: what it learnt up to the end of epoch "
            f"{epochs[-1].epoch} is kept"
        )

    def _out_of_memory(self) -> str:
        if self.writer.status == Status.RUNNING:
            moment, remedy = "what it learnt was saved", "try fewer parameters"
        else:
            moment, remedy = "its data were read", f"choose {BUILT_IN}"
        return f"out of memory while {moment}: end other programs, or {remedy}"

    def _fail(self, message: str, metrics: dict[str, float] | None = None) -> Event:
        """End the run as failed at the moment of its latest event."""
        at = self.writer.latest or Event(kind="failed")
        event = Event(
            kind="failed",
            time=at.time,
            epoch=at.epoch,
            step=at.step,
            message=message,
            metrics=metrics or {},
        )
        return self.writer.end(Status.FAILED, event)
