"""What would do in place of a run that failed: the same network with another recipe."""

from dataclasses import dataclass

from explorer.runs.run import Snapshot
from explorer.training.datasets import BUILT_IN, DATASETS
from explorer.training.event import LOWER_RATE, Event, has_diverged
from explorer.training.recipe import OneCycleLR, Recipe

IMAGES = "without_images"  # 1 in one whose images could not be had


@dataclass(frozen=True)
class Offer:
    """A recipe that would do, and what a button calls it."""

    label: str
    recipe: Recipe


def find_offer(snapshot: Snapshot) -> Offer | None:
    """What to train in place of a run that failed, where one recipe is known to be better."""
    if snapshot.status != "failed" or snapshot.latest is None:
        return None
    recipe, metrics = snapshot.run.recipe, snapshot.latest.metrics
    if (rate := offered_rate(recipe, snapshot.latest)) is not None:
        return Offer(f"Try {rate_name(recipe)} {rate:g} instead of {rate_of(recipe):g}", with_rate(recipe, rate))
    shape = DATASETS[recipe.dataset].input_shape
    if metrics.get(IMAGES) and recipe.dataset != BUILT_IN and DATASETS[BUILT_IN].input_shape == shape:
        return Offer("Train on the built-in digits instead", recipe.model_copy(update={"dataset": BUILT_IN}))
    return None


def offered_rate(recipe: Recipe, latest: Event | None) -> float | None:
    """The learning rate to try in place of the recipe's, where the run's latest event says that it diverged."""
    if latest is None or not has_diverged(latest):
        return None
    return latest.metrics.get(LOWER_RATE, lower_rate(recipe))


def lower_rate(recipe: Recipe) -> float:
    """The learning rate to try after a training that diverged."""
    return rate_of(recipe) / 10


def rate_of(recipe: Recipe) -> float:
    """The highest learning rate of a training."""
    return recipe.scheduler.max_lr if isinstance(recipe.scheduler, OneCycleLR) else recipe.optimizer.lr


def rate_name(recipe: Recipe) -> str:
    return "max_lr" if isinstance(recipe.scheduler, OneCycleLR) else "lr"


def with_rate(recipe: Recipe, rate: float) -> Recipe:
    if isinstance(recipe.scheduler, OneCycleLR):
        return recipe.model_copy(update={"scheduler": recipe.scheduler.model_copy(update={"max_lr": rate})})
    return recipe.model_copy(update={"optimizer": recipe.optimizer.model_copy(update={"lr": rate})})
