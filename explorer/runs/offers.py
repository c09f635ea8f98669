"""What would do in place of a run that failed: the same network with another recipe."""

from dataclasses import dataclass

from explorer.runs.run import Snapshot
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import BUILT_IN
from explorer.training.event import LOWER_RATE, Event, has_diverged
from explorer.training.learning_rate import lower_rate, peak_rate, peak_rate_name, with_peak_rate
from explorer.training.recipe import Recipe, with_changes

IMAGES = "without_images"  # 1 in one whose images could not be had


@dataclass(frozen=True)
class Offer:
    """A recipe to train instead, and what a button calls it."""

    label: str
    recipe: Recipe


def find_offer(snapshot: Snapshot) -> Offer | None:
    """What to train in place of a run that failed; None if no other recipe is known to be
    better.
    """
    if snapshot.status != "failed" or snapshot.latest is None:
        return None
    recipe, metrics = snapshot.run.recipe, snapshot.latest.metrics
    if (rate := offered_rate(recipe, snapshot.latest)) is not None:
        return Offer(
            f"Try {peak_rate_name(recipe)} {rate:g} instead of {peak_rate(recipe):g}",
            with_peak_rate(recipe, rate),
        )
    shape = find_dataset(recipe.dataset).input_shape
    if (
        metrics.get(IMAGES)
        and recipe.dataset != BUILT_IN
        and find_dataset(BUILT_IN).input_shape == shape
    ):
        return Offer("Train on the built-in digits instead", with_changes(recipe, dataset=BUILT_IN))
    return None


def offered_rate(recipe: Recipe, latest: Event | None) -> float | None:
    """The learning rate to try instead if the run's latest event says that it diverged, else
    None.
    """
    if latest is None or not has_diverged(latest):
        return None
    return latest.metrics.get(LOWER_RATE, lower_rate(recipe))
