"""Event: one flat record of what happened in a run.

The live chart, a finished run's chart and the log read the same ones.

kind      when                                       metrics
started   the network is on its device               epochs, steps_per_epoch, train_images,
test_images, parameters; validation_images where some are held out
step      on a fixed grid of steps, at most about    loss, accuracy, lr, iterations_per_second
          50 an epoch, and the last of each epoch
epoch     after the epoch's test                     train_loss, train_accuracy, test_loss,
test_accuracy, lr, seconds,
                                                     iterations_per_second; validation_loss and
validation_accuracy where images are held out
paused    somebody paused the run                    none
stopped   somebody stopped the run                   none
finished  after the last epoch, or early             test_accuracy, best_test_accuracy, best_epoch,
seconds; best_validation_accuracy where that picked the best epoch
failed    the run cannot go on                       none, or try_lr where the loss was no number,
or without_images where
                                                     they could not be had; message says what is
                                                     wrong and what to try

Every run has at most one started, first, and ends in one of paused, stopped, finished, failed; one
that was interrupted ends at its last whole epoch. When it goes on, what came after that epoch is
gone; a `finished` stays, and more epochs may follow it. `epoch` counts from 1 and is the one in
progress (0 before the first), `step` counts the optimiser's steps since the run's start. `time` is
in seconds since the run started, less those in which it was not trained.

Losses are means over images; accuracies are shares from 0 to 1. A step's loss and accuracy are over
the steps since the step event before it, an epoch's train_loss and train_accuracy over the whole
epoch: both of the images as the network was training on them (augmented, with dropout, before each
step). The loss is the cross-entropy as it was minimised, label smoothing and mixup included, an L1
penalty not; with mixup the class of the larger share is the right answer. test_loss and
test_accuracy are of plain evaluation, as are validation_loss and validation_accuracy, of training
images that the network does not learn from. best_test_accuracy is that of the best epoch: the one
with the highest accuracy on the images that the recipe has pick it, of equals the earliest. seconds
is the whole epoch with its test, in `finished` the whole run; iterations_per_second counts training
alone. The same seed gives the same events on one machine's CPU but for times.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from explorer.text import for_csv
from explorer.training.recipe import Picked
from explorer.validation import describe_fault

Kind = Literal["started", "step", "epoch", "paused", "stopped", "finished", "failed"]

LOWER_RATE = "try_lr"  # the metric of a `failed` event of a training that diverged
# How the message of such an event began in versions that had no such metric.
_DIVERGED_BEFORE = "the loss is no longer a number"

Finite = Annotated[float, Field(allow_inf_nan=False)]


class EventError(ValueError):
    """The line is no event."""


class Event(BaseModel):
    """One flat record of what happened in a run, see the top of this file. `metrics` is for reading
    only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    time: Finite = 0.0
    epoch: int = 0
    step: int = 0
    metrics: dict[str, Finite] = {}
    message: str = ""

    def __hash__(self) -> int:  # metrics, being a dict, cannot take part
        return hash((self.kind, self.time, self.epoch, self.step))


def to_json(event: Event) -> str:
    """The event as one line of JSON, without the line's end."""
    return json.dumps(event.model_dump(), ensure_ascii=False)


def parse_event(line: str | bytes) -> Event:
    """The event of one line of JSON. Raises EventError."""
    try:
        return Event.model_validate_json(line)
    except ValidationError as error:
        raise EventError(f"not an event: {describe_fault(error, 'the line')}") from None


def has_diverged(latest: Event | None) -> bool:
    """Whether a run whose latest event is this one failed because its training diverged.

    Runs of older versions lack the metric, and are known by their message.
    """
    if latest is None or latest.kind != "failed":
        return False
    return LOWER_RATE in latest.metrics or latest.message.startswith(_DIVERGED_BEFORE)


def best_of(epochs: Sequence[Event], picked_by: Picked) -> Event:
    """The whole epoch with the highest accuracy on these images, of equals the earliest; at least
    one.
    """
    metric = f"{picked_by}_accuracy"
    return max(epochs, key=lambda event: (event.metrics[metric], -event.epoch))


def best_metrics(
    epoch: int, test_accuracy: float, picked_by: Picked, accuracy: float
) -> dict[str, float]:
    """What a `finished` event says of the best epoch; `accuracy` is the one that picked it."""
    chosen = {"best_validation_accuracy": accuracy} if picked_by == "validation" else {}
    return {"best_test_accuracy": test_accuracy, "best_epoch": float(epoch), **chosen}


def finished_after(epochs: Sequence[Event], picked_by: Picked) -> Event:
    """The `finished` event of a run that is ended after these whole epochs, at least one."""
    last, best = epochs[-1], best_of(epochs, picked_by)
    metrics = {
        "test_accuracy": last.metrics["test_accuracy"],
        **best_metrics(
            best.epoch,
            best.metrics["test_accuracy"],
            picked_by,
            best.metrics[f"{picked_by}_accuracy"],
        ),
        "seconds": last.time,
    }
    return Event(kind="finished", time=last.time, epoch=last.epoch, step=last.step, metrics=metrics)


def downsample(events: Sequence[Event], limit: int, metric: str = "loss") -> tuple[Event, ...]:
    """At most `limit` (4 or more) of the events, in order.

    Those are the first, the last, and of each bucket of neighbours the two with the lowest and the
    highest `metric`, so that no spike is lost.
    """
    return tuple(
        events[index]
        for index in downsampled([event.metrics.get(metric, 0.0) for event in events], limit)
    )


def downsampled(values: Sequence[float], limit: int) -> list[int]:
    """The indices of the values that `downsample` keeps, at most `limit` (4 or more)."""
    if limit < 4:
        raise ValueError(f"limit must be at least 4; this is {limit}")
    if len(values) <= limit:
        return list(range(len(values)))
    buckets = (limit - 2) // 2
    kept = {0, len(values) - 1}
    for bucket in range(buckets):
        between = range(
            1 + bucket * (len(values) - 2) // buckets,
            1 + (bucket + 1) * (len(values) - 2) // buckets,
        )
        kept.add(min(between, key=values.__getitem__))
        kept.add(max(between, key=values.__getitem__))
    return sorted(kept)


EpochMetric = Literal[
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "lr",
    "seconds",
    "iterations_per_second",
]
"""The metrics of an `epoch` event."""
EPOCH_COLUMNS: tuple[str, ...] = get_args(EpochMetric)
VALIDATION_COLUMNS = ("validation_loss", "validation_accuracy")
"""The metrics of an `epoch` event of a run that holds images out."""


def epochs_csv(events: Sequence[Event]) -> str:
    """A CSV with one row for each epoch: its number, EPOCH_COLUMNS of its event, and
    VALIDATION_COLUMNS where the run has them.
    """
    rows = [{"epoch": event.epoch, **event.metrics} for event in events if event.kind == "epoch"]
    held_out = [name for name in VALIDATION_COLUMNS if any(name in each for each in rows)]
    return table_csv(("epoch", *EPOCH_COLUMNS, *held_out), rows)


def events_csv(events: Sequence[Event]) -> str:
    """A CSV of all events, with a column for each field and each metric that any of them has."""
    rows = [row(event) for event in events]
    return table_csv(list(dict.fromkeys(name for each in rows for name in each)), rows)


def table_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A table as CSV. Missing cells are empty, and no cell is a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: for_csv(value) for name, value in each.items()} for each in rows)
    return text.getvalue()


def row(event: Event) -> dict[str, Any]:
    """The event as one row of a table: its fields, then its metrics."""
    return {**event.model_dump(exclude={"metrics"}), **event.metrics}
