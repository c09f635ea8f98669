"""The learning-rate finder: what it tries, that it touches no run, what it suggests, and that this
is worth taking.
"""

import math
from collections.abc import Callable
from itertools import chain, pairwise
from typing import Any

import pytest
import torch

from explorer.network.spec import Architecture
from explorer.presets import load_presets
from explorer.training import engine, learning_rate_finder
from explorer.training.dataset_files import Dataset, load_dataset
from explorer.training.engine import Learner, train
from explorer.training.event import Event
from explorer.training.learning_rate import with_peak_rate
from explorer.training.learning_rate_finder import (
    FEWEST_STEPS,
    HIGHEST,
    LOWEST,
    SMOOTHING,
    TOWARDS_STEEPEST,
    Tried,
    count_tries,
    find_rates,
    rate_between,
    searched,
    smooth,
    try_rates,
)
from explorer.training.problems import TrainingError, find_problem
from explorer.training.recipe import Recipe, parse_recipe
from tests.benchmarks.peak_rates import accuracy
from tests.runs.shared import without_times

CPU = torch.device("cpu")
CHANCY = {
    "rotation": 10,
    "shift": 1,
    "label_smoothing": 0.1,
    "batch_size": 32,
    "epochs": 2,
    "device": "cpu",
    "precision": "fp32",
}
SGD, ADAM = {"kind": "SGD", "momentum": 0.9}, {"kind": "Adam"}


def recipe(**fields: Any) -> Recipe:
    return parse_recipe({**CHANCY, **fields})


def tried(architecture: Architecture, data: Dataset, **fields: Any) -> list[Tried]:
    return list(try_rates(architecture, recipe(**fields), data, CPU))


# --- the steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "batch_size", "steps"),
    [(60_000, 128, 200), (1_437, 128, 100), (2_000, 128, 128), (70, 32, 100)],
)
def test_few_images_are_gone_through_a_few_times(images, batch_size, steps):
    assert count_tries(images, batch_size) == steps


def test_the_rate_rises_by_the_same_factor_at_each_step(small, tiny, monkeypatch):
    monkeypatch.setattr(learning_rate_finder, "DIVERGED", math.inf)
    lrs = [each.lr for each in tried(small, tiny)]
    assert len(lrs) == FEWEST_STEPS
    assert (lrs[0], lrs[-1]) == (LOWEST, pytest.approx(HIGHEST))
    factors = [after / before for before, after in pairwise(lrs)]
    assert factors == pytest.approx([factors[0]] * len(factors))


@pytest.mark.parametrize("optimizer", [SGD, ADAM])
@pytest.mark.parametrize("seed", [0, 5])
def test_it_begins_with_the_network_images_and_chance_of_the_run(small, tiny, optimizer, seed):
    fields = {"optimizer": optimizer, "seed": seed}
    first = next(event for event in train(small, recipe(**fields), tiny, CPU) if event.step == 1)
    assert tried(small, tiny, **fields)[0].loss == pytest.approx(first.metrics["loss"], rel=1e-6)


def test_no_run_is_changed_by_a_search_beside_it(small, tiny):
    def events(beside: Callable[[], object]) -> list[Event]:
        found = []
        for event in train(small, recipe(), tiny, CPU):
            found.append(without_times(event))
            beside()
        return found

    alone, state = events(lambda: None), torch.get_rng_state()
    search = try_rates(small, recipe(), tiny, CPU)
    assert events(lambda: [next(search) for _ in range(5)]) == alone
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1)  # what others draw meanwhile
    again = tried(small, tiny)
    torch.manual_seed(2)
    assert tried(small, tiny) == again


class Seen:
    """What each step of a search is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.chosen: list[list[int]] = []
        self.plain: set[bool] = set()
        self.numbers: set[tuple[Any, ...]] = set()
        learn = Learner.learn

        def watched(learner: Learner, chosen: torch.Tensor, plain: bool) -> torch.Tensor:
            (group,) = learner.optimizer.param_groups
            self.chosen.append(chosen.tolist())
            self.plain.add(plain)
            self.numbers.add((group.get("momentum"), group.get("betas")))
            return learn(learner, chosen, plain)

        monkeypatch.setattr(engine.Learner, "learn", watched)


def test_each_pass_goes_through_all_images_in_another_order(small, tiny, monkeypatch):
    seen = Seen(monkeypatch)
    tried(small, tiny)
    whole = len(seen.chosen) // 3  # 70 images in batches of 32
    passes = [list(chain(*seen.chosen[3 * each : 3 * each + 3])) for each in range(whole)]
    assert whole > 2
    assert all(sorted(each) == list(range(70)) for each in passes)
    assert len(set(map(tuple, passes))) == whole


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({"optimizer": SGD}, (0.9, None)),
        ({"optimizer": ADAM}, (None, (0.9, 0.999))),
        ({"optimizer": SGD, "scheduler": {"kind": "OneCycleLR"}}, (0.85, None)),
        ({"optimizer": ADAM, "scheduler": {"kind": "OneCycleLR"}}, (None, (0.85, 0.999))),
        (
            {"optimizer": SGD, "scheduler": {"kind": "OneCycleLR", "cycle_momentum": False}},
            (0.9, None),
        ),
    ],
)
def test_the_momentum_is_that_of_the_highest_rate(small, tiny, monkeypatch, fields, numbers):
    seen = Seen(monkeypatch)
    tried(small, tiny, **fields)
    assert seen.numbers == {numbers}


@pytest.mark.parametrize(("plain_epochs", "plain"), [(0, False), (1, False), (2, True)])
def test_images_are_augmented_as_in_the_first_epoch(small, tiny, monkeypatch, plain_epochs, plain):
    seen = Seen(monkeypatch)
    tried(small, tiny, plain_epochs=plain_epochs)
    assert seen.plain == {plain}


def test_it_ends_once_the_loss_diverges(stack, tiny):
    deep = stack(
        "Flatten",
        *[{"kind": "Linear", "out_features": 64}, "ReLU"] * 4,
        {"kind": "Linear", "out_features": 3},
    )
    steps = tried(deep, tiny, optimizer=SGD)
    assert len(steps) < FEWEST_STEPS
    losses = smooth([each.loss for each in steps])
    assert not losses[-1] <= losses[0]


def test_it_ends_where_it_is_told_to(small, tiny):
    asked = iter([False] * 7 + [True])
    assert len(list(try_rates(small, recipe(), tiny, CPU, lambda: next(asked)))) == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input_shape": (3, 8, 8)}, "the network takes images of 3×8×8"),
        ({"layers": ()}, "the network ends in 1 map of 8×8"),
    ],
)
def test_a_network_that_cannot_be_trained_is_refused(small, tiny, change, words):
    with pytest.raises(TrainingError, match=words):
        next(try_rates(small.model_copy(update=change), recipe(), tiny, CPU))


def test_too_little_memory_is_told_with_what_to_try(small, tiny, monkeypatch):
    def fail(*given: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(engine.Learner, "learn", fail)
    with pytest.raises(TrainingError, match="try a batch size of 16 instead of 32"):
        next(try_rates(small, recipe(), tiny, CPU))


# --- what the losses suggest ----------------------------------------------------------------------


def test_smoothing_is_the_weighted_mean_of_what_came_before():
    losses = [2.0, 1.0, 4.0, 3.0]
    weights = [SMOOTHING**age for age in range(4)]
    for count, mean in enumerate(smooth(losses), 1):
        newest_first = losses[:count][::-1]
        expected = sum(w * loss for w, loss in zip(weights, newest_first, strict=False))
        assert mean == pytest.approx(expected / sum(weights[:count]))
    assert smooth([2.3] * 50) == pytest.approx([2.3] * 50)


def curve(loss: Callable[[float], float], steps: int = 200) -> list[Tried]:
    lrs = [LOWEST * (HIGHEST / LOWEST) ** (step / (steps - 1)) for step in range(steps)]
    return [Tried(lr, loss(lr)) for lr in lrs]


def valley(lr: float) -> float:
    """Falls most at 0.001, is lowest at 0.1 and rises from there."""
    fall = 2.3 - 2 / (1 + (0.001 / lr) ** 2)
    return fall + (10 * math.log10(lr / 0.1) if lr > 0.1 else 0)


def late(lr: float) -> float:
    """Falls most at 0.05, is lowest at 0.1 and rises from there."""
    fall = 2.3 - 2 / (1 + (0.05 / lr) ** 4)
    return fall + (10 * math.log10(lr / 0.1) if lr > 0.1 else 0)


def test_the_suggestion_is_a_tenth_of_where_the_loss_is_lowest():
    found = find_rates(curve(valley), recipe())
    # Smoothing moves both up by some steps, each of 7 %.
    assert found.tenth_of_minimum == pytest.approx(0.01, rel=0.8)
    assert found.steepest == pytest.approx(0.001, rel=1.2)
    assert found.suggested == found.tenth_of_minimum
    assert f"{found.suggested:g}" in found.why
    assert found.field == "lr"
    assert len(found.lrs) == len(found.losses) == len(found.smoothed) == 200


def test_the_peak_of_one_cycle_lies_between_the_two():
    cycle = recipe(scheduler={"kind": "OneCycleLR"})
    found = find_rates(curve(late), cycle)
    low, high = found.tenth_of_minimum, found.steepest
    assert low < math.sqrt(low * high) < found.suggested < high < 0.2
    assert math.log(found.suggested / low) == pytest.approx(
        TOWARDS_STEEPEST * math.log(high / low), abs=0.05
    )
    assert f"{found.suggested:g} between the two" in found.why
    assert find_rates(curve(late), recipe()).suggested == found.tenth_of_minimum
    early = find_rates(curve(valley), cycle)
    assert early.steepest < early.tenth_of_minimum == early.suggested


def test_two_rates_with_nothing_between_them_are_not_said_to_have():
    for steepest in (0.011, 0.013):
        assert rate_between(0.01, steepest, TOWARDS_STEEPEST) in (0.011, 0.012)

    def steep_near_the_end(lr: float) -> float:
        fall = 2.3 - 2 / (1 + (0.05 / lr) ** 40)
        return fall + (10 * math.log10(lr / 0.6) if lr > 0.6 else 0)

    found = find_rates(curve(steep_near_the_end), recipe(scheduler={"kind": "OneCycleLR"}))
    assert found.suggested in (found.steepest, found.tenth_of_minimum)
    assert "between" not in found.why


def test_a_lucky_first_batch_is_no_minimum():
    steps = curve(valley)
    lucky = [Tried(steps[0].lr, 0.0), *steps[1:]]
    assert find_rates(lucky, recipe()).suggested == find_rates(steps, recipe()).suggested


def test_with_one_cycle_it_is_the_peak():
    cycle = recipe(scheduler={"kind": "OneCycleLR"})
    found = find_rates(curve(valley), cycle)
    assert found.field == "max_lr"
    assert "max_lr" in str(with_peak_rate(cycle, found.suggested).scheduler)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [Tried(LOWEST, math.nan)],
        [Tried(LOWEST, 2.3), Tried(2 * LOWEST, math.inf)],
        curve(lambda lr: 2.3),
        curve(lambda lr: 2.3 + lr),
        curve(lambda lr: 2.3 - 0.01 * lr),
    ],
    ids=["none", "no number", "infinite", "level", "only up", "hardly down"],
)
def test_where_nothing_is_learnt_nothing_is_suggested(steps):
    found = find_rates(steps, recipe())
    assert (found.suggested, found.steepest, found.tenth_of_minimum) == (None, None, None)
    assert "the loss falls at none of these rates" in found.why


def test_what_came_after_a_divergence_counts_for_nothing():
    steps = curve(valley)
    broken = [each if each.lr < 1 else Tried(each.lr, math.nan) for each in steps]
    assert find_rates(broken, recipe()).suggested == find_rates(steps, recipe()).suggested


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"seed": 1}, {"seed": 2}, True),
        ({"epochs": 1}, {"epochs": 9}, True),
        ({"optimizer": {**SGD, "lr": 1.0}}, {"optimizer": {**SGD, "lr": 0.1}}, True),
        ({"scheduler": {"kind": "StepLR"}}, {"scheduler": {"kind": "constant"}}, True),
        (
            {"scheduler": {"kind": "OneCycleLR", "max_lr": 1.0}},
            {"scheduler": {"kind": "OneCycleLR", "pct_start": 0.5}},
            True,
        ),
        ({"scheduler": {"kind": "OneCycleLR"}}, {"scheduler": {"kind": "constant"}}, False),
        ({"optimizer": SGD}, {"optimizer": ADAM}, False),
        ({"optimizer": SGD}, {"optimizer": {**SGD, "weight_decay": 0.1}}, False),
        ({"batch_size": 32}, {"batch_size": 64}, False),
        ({"plain_epochs": 1}, {"plain_epochs": 0}, True),
        ({"plain_epochs": 2}, {"plain_epochs": 0}, False),
    ],
)
def test_what_a_search_depends_on(one, other, alike):
    assert (searched(recipe(**one)) == searched(recipe(**other))) is alike


# --- is the suggestion worth taking? --------------------------------------------------------------

QUICK = ("adaptive-pool-16k", "bias-free-12k", "mini-resnet")
# Whose 24 or 46 steps at a peak of 1.0 end by chance about as well as at the one suggested: the
# accuracies of four seeds are in tests/benchmarks/RESULTS.md. On another processor any may.
BY_CHANCE = ("mini-senet", "mini-densenet", "mini-mobilenet", "under-10k")
LEARN_DIGITS = [
    pytest.param(id, marks=() if id in QUICK else pytest.mark.slow)
    for id, preset in load_presets().items()
    if id != "blank" and not find_problem(preset.architecture, load_dataset("digits").kind)
]


@pytest.mark.parametrize("id", LEARN_DIGITS)
def test_two_epochs_on_digits_are_better_than_with_a_low_and_a_high_rate(id):
    preset, data = load_presets()[id], load_dataset("digits")
    given = preset.recipe.model_copy(
        update={"dataset": "digits", "epochs": 2, "device": "cpu", "precision": "fp32"}
    )
    found = find_rates(list(try_rates(preset.architecture, given, data, CPU)), given)
    assert found.suggested is not None
    reached = accuracy(preset.architecture, given, found.suggested, data)
    low, high = (accuracy(preset.architecture, given, rate, data) for rate in (0.001, 1.0))
    if id in BY_CHANCE and reached <= max(low, high):
        pytest.xfail(f"by chance: {reached:.1%} at the rate suggested, {low:.1%} and {high:.1%}")
    assert reached > low
    assert reached > high
