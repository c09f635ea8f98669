"""What a group of runs came to, in figures that can stand beside another's.

Accuracies are shares from 0 to 1.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, median, stdev

from explorer.compare.learning import Group, Record, curve
from explorer.network.analysis import analyze
from explorer.presets import Preset, find_preset
from explorer.text import percent, points
from explorer.training.dataset_lookup import find_dataset
from explorer.training.recipe import picks_best

TARGET = 0.994  # test accuracy that the documented networks set out to reach
MNIST_TEST_IMAGES = 10_000  # taken where no run says how many there are
# Accuracies are whole images of some ten thousand: what floating point loses in a mean is far less
# than this.
ROUNDING = 1e-9


@dataclass(frozen=True)
class DocumentedFigures:
    """What the document of the preset that a group began from says, by its log."""

    preset_id: str
    best: float
    iterations_per_second: float  # median, on its author's machine


@dataclass(frozen=True)
class Verdict:
    """One group. None stands for what is not known, or not yet.

    best and final are over the seeds that have come furthest, so that no half-trained network is in
    them; `seeds` says how many. A best that the test images chose flatters, the more the
    longer the run: final is the one to report, or a best that validation images chose.
    """

    label: str
    seeds: int
    epochs: int  # that those seeds have behind them
    parameters: int
    # None where the network is no preset's, or its document is of other images.
    documented: DocumentedFigures | None
    best: float | None  # mean over the seeds of each one's, after its best epoch
    final: float | None  # mean over the seeds
    final_deviation: float | None  # standard deviation of a sample; None for a single seed
    epochs_to_target: int | None  # None where the mean has not reached it
    # Median of all epochs of all seeds: other work on the machine shifts it little.
    seconds_an_epoch: float | None
    iterations_per_second: float | None  # median likewise
    accuracy_per_parameter: float | None  # see accuracy_per_parameter


def verdict(group: Group, presets: Iterable[Preset] = (), target: float = TARGET) -> Verdict:
    """What the group came to. `presets` are those that its network may be."""
    records = group.furthest
    finals = [record.epochs[-1].test_accuracy for record in records]
    final = fmean(finals) if finals else None
    bests = [_best(record) for record in records]
    epochs = [epoch for record in group.records for epoch in record.epochs]
    parameters = analyze(group.architecture).total_params
    preset = find_preset(group.architecture, presets)
    return Verdict(
        label=group.label,
        seeds=len(records),
        epochs=len(records[0].epochs) if records else 0,
        parameters=parameters,
        documented=documented_figures(preset)
        if preset and preset.recipe.dataset == group.recipe.dataset
        else None,
        best=fmean(bests) if bests else None,
        final=final,
        final_deviation=stdev(finals) if len(finals) > 1 else None,
        epochs_to_target=epochs_to(group, target),
        seconds_an_epoch=median(epoch.seconds for epoch in epochs) if epochs else None,
        iterations_per_second=median(epoch.iterations_per_second for epoch in epochs)
        if epochs
        else None,
        accuracy_per_parameter=None
        if final is None
        else accuracy_per_parameter(
            final, parameters, len(find_dataset(group.recipe.dataset).classes)
        ),
    )


def _best(record: Record) -> float:
    """The test accuracy after the best epoch, by the images that the recipe has pick it."""
    if picks_best(record.recipe) == "test":
        return max(epoch.test_accuracy for epoch in record.epochs)
    picked = max(record.epochs, key=lambda each: (each.validation_accuracy or 0.0, -each.epoch))
    return picked.test_accuracy


def documented_figures(preset: Preset) -> DocumentedFigures | None:
    """The figures that the author's log gives; None for a preset of ours."""
    found = preset.documented
    if not found:
        return None
    return DocumentedFigures(
        preset_id=preset.id,
        best=found.best.test_accuracy,
        iterations_per_second=median(epoch.iterations_per_second for epoch in found.log),
    )


def epochs_to(group: Group, target: float) -> int | None:
    """The first epoch after which the mean test accuracy of the seeds that reached it is at least
    `target`; None if never.
    """
    reached = (
        point.epoch for point in curve(group, "test_accuracy") if point.mean >= target - ROUNDING
    )
    return next(reached, None)


def accuracy_per_parameter(accuracy: float, parameters: int, classes: int) -> float | None:
    """Percentage points of accuracy above chance (1 in `classes`) for every 1,000 parameters.

    None without parameters.

    99.4 % of ten classes with 16,000 parameters is 89.4 / 16 = 5.6. It says how dearly a network
    buys what it knows, not how good it is: as accuracy has a ceiling and parameters have none,
    smaller networks nearly always lead. Where accuracy has to count too, see pareto.py.
    """
    return 100 * (accuracy - 1 / classes) / (parameters / 1000) if parameters else None


def noise_note(groups: Iterable[Group]) -> str:
    """How close two of these come that may be equally good, in words.

    The error is that at the best one's accuracy, but at most at the target: near 100 % it says too
    little.
    """
    records = [record for group in groups for record in group.records]
    images = next((each.test_images for each in records if each.test_images), MNIST_TEST_IMAGES)
    reached = [each.epochs[-1].test_accuracy for each in records if each.epochs]
    accuracy = min(TARGET, max(reached, default=TARGET))
    return (
        f"On {images:,} test images one standard error at {percent(accuracy, 1)} is "
        f"{points(standard_error(accuracy, images))}: smaller differences "
        "may be chance."
    )


def standard_error(accuracy: float, images: int) -> float:
    """How far the accuracy on so many test images lies from that on all images of their kind, as a
    standard deviation.

    sqrt(p(1 − p) / n): 0.0008, 0.08 points, at 99.4 % on 10,000. Near 0 and 1 it says too little.
    Further seeds do not make it smaller, as they are tested on the same images; nor is it for two
    networks on the same images, see mcnemar.py.

    Raises ValueError for no images, or for what is no share.
    """
    if images < 1 or not 0 <= accuracy <= 1:
        raise ValueError(
            f"an accuracy is from 0 to 1, on at least one image; this is {accuracy} on {images}"
        )
    return math.sqrt(accuracy * (1 - accuracy) / images)
