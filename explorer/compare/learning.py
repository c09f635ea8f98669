"""How networks learnt, seeds together: from runs and from the presets' own results to curves with a
band.

What a document logged is a type of its own: it has no seed, was made elsewhere and in other digits,
and no mean is taken over it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Literal

from explorer.network.spec import Architecture, NetworkKey
from explorer.presets import FOLDER, RECIPE_VARIANT_NAMES, Preset, PresetError, measured
from explorer.runs.run import Snapshot, Status
from explorer.training.dataset_lookup import find_dataset
from explorer.training.engine import count_steps
from explorer.training.event import EpochMetric
from explorer.training.recipe import Recipe, count_images

Origin = Literal["run", "shipped"]
Axis = Literal["epoch", "step", "seconds"]


@dataclass(frozen=True, slots=True)  # there are many of them
class Epoch:
    """One epoch of one run, as event.py has it: accuracies are shares from 0 to 1, losses means
    over images.
    """

    epoch: int  # from 1
    step: int  # of the optimiser, since the run's start, at the epoch's end
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    lr: float
    seconds: float  # the epoch alone, its test included
    iterations_per_second: float  # of training alone
    validation_accuracy: float | None = None  # None where no images were held out


@dataclass(frozen=True)
class Record:
    """A run of one seed, ours or the visitor's.

    Its epochs are whole, and as many as there are so far.
    """

    label: str
    origin: Origin  # a run of this server, or a result that comes with a preset
    architecture: Architecture
    recipe: Recipe
    epochs: tuple[Epoch, ...]
    test_images: int | None  # None before the run has started
    run_id: str | None = None  # None for what comes with a preset, which has no weights
    device: str | None = None  # "cuda", "mps" or "cpu"; None where it was another machine's
    is_finished: bool = True  # whether it went to its end


@dataclass(frozen=True)
class Group:
    """Runs of one network with one recipe, which differ in nothing but the seed: the first of its
    records stands for all.

    A seed counts once: the same seed again gives the same numbers, and says nothing of how much
    they vary.
    """

    label: str  # of its first record, unless whoever shows several groups gives it another
    records: tuple[Record, ...]  # by seed, one of each, see `group`

    @property
    def architecture(self) -> Architecture:
        return self.records[0].architecture

    @property
    def recipe(self) -> Recipe:
        return self.records[0].recipe

    @property
    def origin(self) -> Origin:
        return self.records[0].origin

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(record.recipe.seed for record in self.records)

    @property
    def furthest(self) -> tuple[Record, ...]:
        """The records with the most epochs, so that their last ones can be compared; of a recipe by
        which runs stop early, those that went to their end, if there are any.

        Empty before the first epoch.
        """
        if self.recipe.early_stopping:
            finished = tuple(each for each in self.records if each.is_finished and each.epochs)
            if finished:
                return finished
        length = max(len(record.epochs) for record in self.records)
        return tuple(record for record in self.records if length and len(record.epochs) == length)


@dataclass(frozen=True)
class Point:
    """A metric after one epoch, over the seeds that reached it, and where that is on each axis."""

    epoch: int
    step: int
    # Since training began: the sum of what each epoch took in the mean, so that it never falls.
    seconds: float
    seeds: int
    mean: float
    deviation: float | None  # standard deviation of a sample (n − 1); None for a single seed

    @property
    def band(self) -> tuple[float, float] | None:
        """One standard deviation either way."""
        return (
            None
            if self.deviation is None
            else (self.mean - self.deviation, self.mean + self.deviation)
        )


@dataclass(frozen=True)
class DocumentedPoint:
    """One epoch of a document's log.

    Losses are brought to a mean over images, about; None where it gives nothing.
    """

    epoch: int
    step: int
    seconds: float  # since training began; the log gives whole seconds an epoch
    test_accuracy: float
    test_loss: float
    train_accuracy: float | None
    train_loss: float | None
    iterations_per_second: float


@dataclass(frozen=True)
class DocumentedCurve:
    """What the document of a preset logged: one run, its seed unknown, on its author's machine."""

    preset_id: str
    label: str
    points: tuple[DocumentedPoint, ...]


# --- records --------------------------------------------------------------------------------------


def record_of(snapshot: Snapshot) -> Record:
    """A run as it stands. Raises KeyError where an epoch lacks one of its metrics."""
    run = snapshot.run
    epochs = tuple(
        Epoch(
            epoch=event.epoch,
            step=event.step,
            train_loss=event.metrics["train_loss"],
            train_accuracy=event.metrics["train_accuracy"],
            test_loss=event.metrics["test_loss"],
            test_accuracy=event.metrics["test_accuracy"],
            lr=event.metrics["lr"],
            seconds=event.metrics["seconds"],
            iterations_per_second=event.metrics["iterations_per_second"],
            validation_accuracy=event.metrics.get("validation_accuracy"),
        )
        for event in snapshot.epochs
    )
    test_images = int(snapshot.started.metrics["test_images"]) if snapshot.started else None
    return Record(
        label=run.name,
        origin="run",
        architecture=run.architecture,
        recipe=run.recipe,
        epochs=epochs,
        test_images=test_images,
        run_id=run.id,
        device=run.device,
        is_finished=snapshot.status == Status.FINISHED,
    )


def records_of(preset: Preset, folder: Path = FOLDER) -> tuple[Record, ...]:
    """The results that come with a preset, its documented recipe's first, then by seed.

    Empty where there are none.

    Raises PresetError where there are results of a recipe that the preset does not have.
    """
    records = []
    for result in measured(preset.id, folder):
        found = preset.recipe_variant(result.variant)
        if not found:
            raise PresetError(
                f"{preset.id} has results of the {result.variant} recipe, which it does not have"
            )
        architecture, recipe = found
        images = find_dataset(recipe.dataset)
        steps = count_steps(count_images(recipe, images.train_images), recipe.batch_size)
        epochs = tuple(
            Epoch(step=each.epoch * steps, **each.model_dump()) for each in result.epochs
        )
        label = f"{preset.title}, {RECIPE_VARIANT_NAMES[result.variant]}"
        recipe = recipe.model_copy(update={"seed": result.seed})
        records.append(Record(label, "shipped", architecture, recipe, epochs, images.test_images))
    return tuple(records)


def documented_curve(preset: Preset) -> DocumentedCurve | None:
    """What the preset's document logged; None for a preset of ours."""
    found = preset.documented
    if not found:
        return None
    points = tuple(
        DocumentedPoint(
            epoch=epoch.epoch,
            step=place * found.iterations_per_epoch,
            seconds=float(seconds),
            test_accuracy=epoch.test_accuracy,
            test_loss=epoch.test_loss * found.test_loss_scale,
            train_accuracy=epoch.train_accuracy,
            train_loss=None
            if epoch.train_loss is None
            else epoch.train_loss * found.train_loss_scale,
            iterations_per_second=epoch.iterations_per_second,
        )
        for place, (epoch, seconds) in enumerate(
            zip(found.log, accumulate(e.seconds for e in found.log), strict=True), 1
        )
    )
    return DocumentedCurve(preset.id, preset.title, points)


# --- groups ---------------------------------------------------------------------------------------


def group(records: Iterable[Record], preferred: Collection[str] = ()) -> tuple[Group, ...]:
    """Runs of one network (layers and images' shape.

    Its name does not count) and one recipe but for the seed, together.

    What comes with a preset is kept apart from the visitor's runs of the same: it was computed on
    another machine, whose seconds do not belong in a mean with these. Groups come as their first
    records do. Of several runs with one seed the one whose id is in `preferred` is taken, else the
    one that came furthest, and of those the first.
    """
    found: dict[tuple[Origin, NetworkKey, Recipe], list[Record]] = {}
    for record in records:
        but_for_the_seed = record.recipe.model_copy(update={"seed": 0})
        kind = record.origin, record.architecture.key, but_for_the_seed
        found.setdefault(kind, []).append(record)
    return tuple(_group(same, preferred) for same in found.values())


def _group(records: Sequence[Record], preferred: Collection[str]) -> Group:
    best: dict[int, Record] = {}
    for record in sorted(
        records, key=lambda each: (each.run_id in preferred, len(each.epochs)), reverse=True
    ):
        best.setdefault(record.recipe.seed, record)  # the sort is stable: of equals the first
    kept = tuple(best[seed] for seed in sorted(best))
    return Group(kept[0].label, kept)


def curve(group: Group, metric: EpochMetric) -> tuple[Point, ...]:
    """The metric after each epoch that any seed has reached.

    How many have is with each point; where that falls, the mean may jump, as it is of other seeds
    then.
    """
    points: list[Point] = []
    seconds = 0.0
    for place in range(max(len(record.epochs) for record in group.records)):
        epochs = [record.epochs[place] for record in group.records if place < len(record.epochs)]
        # Not the mean: one machine with other work would be all that the others' time is lost in.
        seconds += median(epoch.seconds for epoch in epochs)
        values: list[float] = [getattr(epoch, metric) for epoch in epochs]
        points.append(
            Point(
                epoch=epochs[0].epoch,
                step=epochs[0].step,  # the same for all, as their batches are
                seconds=seconds,
                seeds=len(epochs),
                mean=fmean(values),
                deviation=stdev(values) if len(values) > 1 else None,
            )
        )
    return tuple(points)


def place_on(point: Point | DocumentedPoint, axis: Axis) -> float:
    """Where a point lies along the axis: epochs, steps of the optimiser, or seconds since training
    began.
    """
    places: dict[Axis, float] = {"epoch": point.epoch, "step": point.step, "seconds": point.seconds}
    return places[axis]
