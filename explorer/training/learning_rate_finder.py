"""The learning-rate finder: a few steps at rising learning rates, and what their losses suggest.

It is Leslie Smith's learning-rate range test (Cyclical Learning Rates for Training Neural Networks,
2017, arXiv:1506.01186, section 3.3) in the form that fastai gave it: the rate rises exponentially
from step to step, the losses are smoothed, and the test ends once they diverge
(https://docs.fast.ai/callback.schedule.html#lrfinder).

A search has a network, an optimiser and random numbers of its own: those that a run of the same
architecture and recipe begins with. So what it finds is for this very network, and no run's numbers
depend on whether there was a search.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import torch

from explorer.network.spec import Architecture
from explorer.training.dataset_files import Dataset
from explorer.training.devices import DeviceError, choose_device
from explorer.training.engine import Learner, check_can_begin, count_steps, is_plain, never
from explorer.training.learning_rate import peak_rate_name
from explorer.training.optimizers import Schedule
from explorer.training.problems import TrainingError, explain
from explorer.training.recipe import Constant, OneCycleLR, Recipe

LOWEST, HIGHEST = 1e-5, 10.0  # the highest that a recipe takes
MOST_STEPS, FEWEST_STEPS = 200, 100
# Passes over the training images. Of few images 200 steps would be so many passes that the loss
# falls because they are learnt by heart, whatever the rate.
PASSES = 8
SMOOTHING = 0.9  # share of the past in each smoothed loss
FIRST_SHARE = 0.05  # of the steps: the first, whose losses, even smoothed, are those of few batches
DIVERGED = 4  # times the lowest smoothed loss
# Of the way, on the rates' logarithm, from a tenth of the minimum to the steepest fall.
# `python -m tests.benchmarks.peak_rates` compares shares.
TOWARDS_STEEPEST = 0.8
LEARNT = 0.95  # times the first loss: the lowest of a network that learns comes below


class Tried(NamedTuple):
    """One step of a search."""

    lr: float
    loss: float  # of its batch, before the step; NaN or infinite where the training has diverged


# --- the steps ------------------------------------------------------------------------------------


def count_tries(images: int, batch_size: int) -> int:
    """Steps of a search over so many training images, at most."""
    return min(MOST_STEPS, max(FEWEST_STEPS, PASSES * count_steps(images, batch_size)))


def try_rates(
    architecture: Architecture,
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device | None = None,
    should_stop: Callable[[], bool] = never,
) -> Iterator[Tried]:
    """Take steps at rates that rise from LOWEST to HIGHEST, and yield each, see `count_tries`.

    It ends early once the losses diverge, or where `should_stop`, which is asked before each step,
    says so. Where the training images are used up they come again, in another order. Without a
    device the recipe's is taken.

    Raises TrainingError, with what to try, where the network cannot be trained.
    """
    try:
        device = device or choose_device(recipe.device)
        check_can_begin(architecture, recipe, dataset, device)
        yield from _steps(architecture, recipe, dataset, device, should_stop)
    except (DeviceError, RuntimeError, ValueError, KeyError, MemoryError) as error:
        raise TrainingError(explain(error, recipe)) from error


def _steps(
    architecture: Architecture,
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> Iterator[Tried]:
    learner = Learner.new(architecture, recipe, dataset, device, recipe.precision)
    learner.network.train()
    images, size = len(learner.images), recipe.batch_size
    steps_per_epoch, steps = count_steps(images, size), count_tries(images, size)
    if isinstance(recipe.scheduler, OneCycleLR):
        Schedule(recipe, learner.optimizer, steps_per_epoch)  # which sets the swing of the momentum
    plain, losses, lowest = is_plain(recipe, 1), list[float](), math.inf
    for step in range(steps):
        if should_stop():
            return
        batch = step % steps_per_epoch
        if batch == 0:
            order = torch.randperm(images, generator=learner.streams.order).to(device)  # (N,)
        lr = LOWEST * (HIGHEST / LOWEST) ** (step / (steps - 1))
        _set_rate(learner.optimizer, lr)
        chosen = order[batch * size : (batch + 1) * size]  # (B,)
        row = learner.learn(chosen, plain)
        learner.optimizer.step()
        losses.append(row[0].item() / len(chosen))
        yield Tried(lr, losses[-1])
        smoothed = smooth(losses)
        if step >= FIRST_SHARE * steps:
            lowest = min(lowest, smoothed[-1])
        # Losses of images that are known by heart are so low that chance makes them four times as
        # high. Those of a training that diverges also come above the first.
        if not smoothed[-1] <= max(DIVERGED * lowest, smoothed[0]):
            return


def _set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate, and OneCycleLR's momentum as it is at the highest rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr
        if "base_momentum" not in group:
            continue
        if "momentum" in group:
            group["momentum"] = group["base_momentum"]
        else:
            group["betas"] = (group["base_momentum"], *group["betas"][1:])


def smooth(losses: Sequence[float]) -> list[float]:
    """The exponentially weighted mean of each loss and those before it, without the pull towards 0
    that it has at first (Kingma and Ba, Adam, arXiv:1412.6980, section 3).
    """
    means = accumulate(
        losses, lambda mean, loss: SMOOTHING * mean + (1 - SMOOTHING) * loss, initial=0.0
    )
    return [mean / (1 - SMOOTHING**count) for count, mean in enumerate(means) if count]


# --- what the losses suggest ----------------------------------------------------------------------


@dataclass(frozen=True)
class FoundRates:
    """What a search found. Where its losses suggest nothing, the suggestions are None."""

    field: str  # "lr" or "max_lr": what the rates are for
    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    steepest: float | None  # where the smoothed loss falls most, for the same factor of the rate
    tenth_of_minimum: float | None  # of the rate at which the smoothed loss is lowest
    suggested: float | None  # the tenth, or for a peak what lies between the two
    why: str  # a sentence on the suggestion, or on why there is none


def find_rates(tried: Sequence[Tried], recipe: Recipe) -> FoundRates:
    """What the steps of a search suggest.

    There are two, as with fastai: a tenth of the rate at which the loss is lowest, as training has
    begun to diverge there, which the loss shows only some steps later; and the rate at which the
    loss falls most. The tenth is the better one, as the steepest fall depends on how far the steps
    before it have come. The peak of OneCycleLR, where training stays for a moment, may be higher:
    it is TOWARDS_STEEPEST of the way to the steepest, if that lies above the tenth.
    """
    lrs, losses = tuple(each.lr for each in tried), tuple(each.loss for each in tried)
    smoothed = tuple(smooth(losses))
    field, first = peak_rate_name(recipe), math.ceil(FIRST_SHARE * len(tried))
    told = [place for place in range(first, len(tried)) if math.isfinite(smoothed[place])]
    lowest = min(told, key=lambda place: smoothed[place], default=0)
    if not told or smoothed[lowest] > LEARNT * smoothed[first]:
        why = (
            "the loss falls at none of these rates: the network does not learn these images with "
            f"{recipe.optimizer.kind}. Try another optimiser, or BatchNorm2d after each convolution"
        )
        return FoundRates(field, lrs, losses, smoothed, None, None, None, why)
    steepest = _rounded(lrs[_steepest(lrs, smoothed, first, lowest)])
    tenth = _rounded(lrs[lowest] / 10)
    is_between = field == "max_lr" and steepest > tenth
    suggested = rate_between(tenth, steepest, TOWARDS_STEEPEST) if is_between else tenth
    if not is_between:
        reason = "is safe, and fast"
    elif tenth < suggested < steepest:
        reason = "between the two suits the short peak"
    else:  # they are so near that, rounded, there is nothing between
        reason = "suits the short peak"
    is_turn = lowest < told[-1]
    after = "after which it rises" if is_turn else "the highest that was tried"
    why = (
        f"the loss falls most at {steepest:g}. It is lowest at {lrs[lowest]:.2g}, {after}; "
        f"a tenth of that is {tenth:g}. A rate of {suggested:g} {reason}"
    )
    return FoundRates(field, lrs, losses, smoothed, steepest, tenth, suggested, why)


def _steepest(lrs: Sequence[float], smoothed: Sequence[float], first: int, lowest: int) -> int:
    """The place between the two at which the smoothed loss falls most on the rates' logarithm."""

    def fall(place: int) -> float:
        before, after = max(place - 1, first), min(place + 1, lowest)
        apart = math.log(lrs[after]) - math.log(lrs[before])
        return (smoothed[before] - smoothed[after]) / apart if apart else 0.0

    return max(range(first, lowest + 1), key=fall)


def rate_between(low: float, high: float, share: float) -> float:
    """The rate at this share of the way from one to the other, on the rates' logarithm."""
    return _rounded(low * (high / low) ** share)


def _rounded(rate: float) -> float:
    """To two digits: what is finer is chance."""
    return float(f"{rate:.1e}")


def searched(recipe: Recipe) -> Recipe:
    """What of a recipe a search depends on: equal for two recipes that have the same suggestion,
    whatever rate they have themselves.

    The seed is left out: another gives another curve, and about the same suggestion.
    """
    cycle = recipe.scheduler if isinstance(recipe.scheduler, OneCycleLR) else None
    scheduler = OneCycleLR(cycle_momentum=cycle.cycle_momentum) if cycle else Constant()
    plain = int(is_plain(recipe, 1))
    alike = {"epochs": 1, "plain_epochs": plain, "seed": 0, "scheduler": scheduler}
    optimizer = type(recipe.optimizer)
    lr = optimizer.model_fields["lr"].default
    return recipe.model_copy(
        update={**alike, "optimizer": recipe.optimizer.model_copy(update={"lr": lr})}
    )
