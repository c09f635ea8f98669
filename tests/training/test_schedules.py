"""Each schedule of a recipe is torch's own, step by step, also where a run is resumed."""

import json
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from explorer.training import checkpoint
from explorer.training.checkpoint import Checkpoint
from explorer.training.optimizers import Numbers, Schedule, new_optimizer, planned_rates
from explorer.training.recipe import Recipe, parse_recipe

EPOCHS, STEPS = 8, 3
LOSSES = [2.0, 1.0, 1.0, 0.99995, 1.5, 0.5, 0.5, 0.7]  # after each epoch

# A recipe's schedule, and torch's beside it as one would write it by hand.
CASES: list[tuple[dict[str, Any], Any]] = [
    (
        {"kind": "StepLR", "step_size": 3, "gamma": 0.5},
        lambda optimizer: lr_scheduler.StepLR(optimizer, 3, 0.5),
    ),
    (
        {"kind": "MultiStepLR", "milestones": [2, 3, 7], "gamma": 0.3},
        lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [2, 3, 7], 0.3),
    ),
    (
        {"kind": "MultiStepLR", "milestones": [900]},
        lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [900]),
    ),
    (
        {"kind": "CosineAnnealingLR", "eta_min": 0.01},
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * STEPS, 0.01),
    ),
    (
        {"kind": "OneCycleLR", "max_lr": 0.2, "pct_start": 0.25},
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, 0.2, total_steps=EPOCHS * STEPS, pct_start=0.25
        ),
    ),
    (
        {"kind": "OneCycleLR", "max_lr": 0.2, "pct_start": 0.9, "peak_epoch": 5},
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, 0.2, epochs=EPOCHS, steps_per_epoch=STEPS, pct_start=5 / EPOCHS
        ),
    ),
    (
        {"kind": "ReduceLROnPlateau", "patience": 0, "factor": 0.5},
        lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5),
    ),
    (
        {"kind": "ReduceLROnPlateau", "patience": 1, "threshold": 0.6, "min_lr": 0.02},
        lambda optimizer: lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=1, threshold=0.6, min_lr=0.02
        ),
    ),
    (
        {"kind": "ReduceLROnPlateau", "patience": 0, "cooldown": 2, "threshold": 1.0},
        lambda optimizer: lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=0, cooldown=2, threshold=1.0
        ),
    ),
]
OPTIMIZERS: list[dict[str, Any]] = [
    {"kind": "SGD", "lr": 0.1, "momentum": 0.9},
    {"kind": "AdamW", "lr": 0.1},
]


class Training:
    """A run of this recipe without its steps: its schedule, the optimiser and their checkpoints."""

    def __init__(self, recipe: Recipe):
        self.network = torch.nn.Linear(2, 2)
        self.optimizer = new_optimizer(recipe, self.network)
        self.schedule = Schedule(recipe, self.optimizer, STEPS)

    def epoch(self, epoch: int) -> list[Numbers]:
        seen = []
        for step in range((epoch - 1) * STEPS, epoch * STEPS):
            seen.append(self.schedule.numbers())
            self.schedule.after_step(step + 1)
        self.schedule.after_epoch(epoch, LOSSES[epoch - 1])
        return seen

    def kept(self) -> Checkpoint:
        """Through a file's JSON, which has no infinity."""
        tensors, facts = checkpoint.capture(
            self.network, self.optimizer, self.schedule.scheduler, {}
        )
        return Checkpoint(0, 0, tensors, json.loads(json.dumps(facts, allow_nan=False)))

    def resume(self, kept: Checkpoint) -> None:
        checkpoint.put_back(kept, self.network, self.optimizer, self.schedule.scheduler, {})


def recipe_of(scheduler: dict[str, Any], optimizer: dict[str, Any]) -> Recipe:
    return parse_recipe({"epochs": EPOCHS, "scheduler": scheduler, "optimizer": optimizer})


def torchs(recipe: Recipe, make: Any) -> list[Numbers]:
    """What torch's own scheduler sets for each step."""
    optimizer = new_optimizer(recipe, torch.nn.Linear(2, 2))
    scheduler, seen = make(optimizer), []
    each_step = isinstance(scheduler, lr_scheduler.OneCycleLR | lr_scheduler.CosineAnnealingLR)
    watches = isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
    for epoch in range(EPOCHS):
        for step in range(STEPS):
            (group,) = optimizer.param_groups
            momentum = group["momentum"] if "momentum" in group else group["betas"][0]
            seen.append(Numbers(group["lr"], momentum))
            optimizer.step()
            if each_step and epoch * STEPS + step + 1 < EPOCHS * STEPS:
                scheduler.step()
        if not each_step:
            scheduler.step(*([LOSSES[epoch]] if watches else []))
    return seen


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda given: given["kind"])
@pytest.mark.parametrize(("scheduler", "make"), CASES, ids=[str(case) for case, _ in CASES])
def test_each_step_is_torchs(scheduler: Any, make: Any, optimizer: Any) -> None:
    recipe = recipe_of(scheduler, optimizer)
    training, seen = Training(recipe), []
    for epoch in range(1, EPOCHS + 1):
        seen += training.epoch(epoch)
    assert seen == torchs(recipe, make)


@pytest.mark.parametrize(("scheduler", "make"), CASES, ids=[str(case) for case, _ in CASES])
def test_each_step_is_torchs_though_every_epoch_is_resumed(scheduler: Any, make: Any) -> None:
    recipe = recipe_of(scheduler, OPTIMIZERS[0])
    kept, seen = Training(recipe).kept(), []
    for epoch in range(1, EPOCHS + 1):
        training = Training(recipe)
        training.resume(kept)
        seen += training.epoch(epoch)
        kept = training.kept()
    assert seen == torchs(recipe, make)


@pytest.mark.parametrize(("scheduler", "make"), CASES[:6], ids=[str(case) for case, _ in CASES[:6]])
def test_what_is_drawn_before_the_run_is_what_the_run_does(scheduler: Any, make: Any) -> None:
    recipe = recipe_of(scheduler, OPTIMIZERS[0])
    assert planned_rates(recipe, STEPS) == [numbers.lr for numbers in torchs(recipe, make)]


@pytest.mark.parametrize("peak", range(1, EPOCHS + 1))
def test_the_rise_ends_with_the_peak_epoch(peak: int) -> None:
    scheduler = {"kind": "OneCycleLR", "max_lr": 0.2, "peak_epoch": peak}
    rates = planned_rates(recipe_of(scheduler, OPTIMIZERS[0]), STEPS)
    assert rates.index(max(rates)) == peak * STEPS - 1
    assert max(rates) == pytest.approx(0.2)


def test_the_plan_of_a_schedule_that_watches_the_loss_never_changes() -> None:
    scheduler = {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 0.0}
    assert set(planned_rates(recipe_of(scheduler, OPTIMIZERS[0]), STEPS)) == {0.1}
