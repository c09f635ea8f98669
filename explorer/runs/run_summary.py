"""RunSummary: a run as a list shows it: how it stands and what it reached, without its curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.runs.run import Run, Snapshot, Status
from explorer.text import ordinal
from explorer.training.event import Event, best_of, has_diverged
from explorer.training.recipe import picks_best

PACE_EPOCHS = 3  # the last epochs, whose mean tells how long the next one takes


@dataclass(frozen=True)
class RunSummary:
    """A run at one moment, about as large in memory however many epochs it has."""

    run: Run
    status: Status
    message: str  # what there is to say about how it stands, as why it was interrupted
    epochs_done: int  # whole ones
    epoch: int  # of the latest event: the one in progress, or the last; 0 before the first
    step: int  # of the latest event: steps of the optimiser since the run's start
    steps_per_epoch: float | None  # None before it has started, as are the parameters
    parameters: int | None
    final_accuracy: float | None  # on the test images, after the last whole epoch
    best_accuracy: float | None  # on the test images, after its best epoch
    seconds_an_epoch: float | None  # the mean of its last epochs
    # The first time that it had gone through all its epochs; more may have been added since.
    finished: Event | None
    diverged: bool = False  # its loss was no longer a number
    position: int | None = None  # place in the queue, from 1
    starts_in: float | None = None  # about how many seconds it will still wait in the queue
    ends_in: float | None = None  # see `Snapshot.ends_in`

    @property
    def ended(self) -> bool:
        """Nothing more comes unless somebody asks for it."""
        return self.status.has_ended

    @property
    def resumable(self) -> bool:
        """Whether going on may succeed, see `Snapshot.resumable`."""
        return self.status.is_resumable and not self.diverged


def status_text(each: RunSummary | Snapshot) -> str:
    """The status, and of a run that waits its place: "4th in queue"."""
    return each.status if each.position is None else f"{ordinal(each.position)} in queue"


def progress_text(each: RunSummary) -> str:
    """How a run stands: "running, 3 of 20", "2nd in queue, 3 of 20"."""
    return f"{status_text(each)}, {each.epochs_done} of {each.run.epochs}"


def summarise(
    run: Run,
    status: Status,
    message: str,
    started: Event | None,
    epochs: Sequence[Event],
    latest: Event | None,
    finished: Event | None,
) -> RunSummary:
    """The summary of a run with these events."""
    picked_by = picks_best(run.recipe)
    tested = [epoch for epoch in epochs if "test_accuracy" in epoch.metrics]
    accuracies = [epoch.metrics["test_accuracy"] for epoch in tested]
    picked = [epoch for epoch in tested if f"{picked_by}_accuracy" in epoch.metrics]
    best = best_of(picked, picked_by) if picked else None
    seconds = [
        epoch.metrics["seconds"] for epoch in epochs[-PACE_EPOCHS:] if "seconds" in epoch.metrics
    ]
    facts = started.metrics if started else {}
    parameters = facts.get("parameters")
    return RunSummary(
        run=run,
        status=status,
        message=message,
        epochs_done=len(epochs),
        epoch=latest.epoch if latest else 0,
        step=latest.step if latest else 0,
        steps_per_epoch=facts.get("steps_per_epoch"),
        parameters=None if parameters is None else int(parameters),
        final_accuracy=accuracies[-1] if accuracies else None,
        best_accuracy=best.metrics["test_accuracy"] if best else None,
        seconds_an_epoch=sum(seconds) / len(seconds) if seconds else None,
        finished=finished,
        diverged=has_diverged(latest),
    )


def summary_of(snapshot: Snapshot, finished: Event | None = None) -> RunSummary:
    """The summary of a snapshot. `finished` is its first `finished` event, if more epochs follow
    that.
    """
    if finished is None and snapshot.latest and snapshot.latest.kind == "finished":
        finished = snapshot.latest
    return summarise(
        snapshot.run,
        snapshot.status,
        snapshot.message,
        snapshot.started,
        snapshot.epochs,
        snapshot.latest,
        finished,
    )
