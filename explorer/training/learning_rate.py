"""The highest learning rate of a training: what a scheduler climbs to, or the optimiser's own."""

from explorer.training.recipe import OneCycleLR, Recipe


def lower_rate(recipe: Recipe) -> float:
    """The learning rate to try after a training that diverged."""
    return peak_rate(recipe) / 10


def peak_rate(recipe: Recipe) -> float:
    """The highest learning rate of a training."""
    return (
        recipe.scheduler.max_lr if isinstance(recipe.scheduler, OneCycleLR) else recipe.optimizer.lr
    )


def peak_rate_name(recipe: Recipe) -> str:
    return "max_lr" if isinstance(recipe.scheduler, OneCycleLR) else "lr"


def with_peak_rate(recipe: Recipe, rate: float) -> Recipe:
    if isinstance(recipe.scheduler, OneCycleLR):
        return recipe.model_copy(
            update={"scheduler": recipe.scheduler.model_copy(update={"max_lr": rate})}
        )
    return recipe.model_copy(update={"optimizer": recipe.optimizer.model_copy(update={"lr": rate})})
