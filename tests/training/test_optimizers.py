"""The optimiser's step with numbers from memory does what torch's does, and schedules say their
numbers.
"""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.training.optimizers import Schedule, fill_state, new_optimizer, state_tensors, update
from explorer.training.recipe import Recipe, parse_recipe

STEPS = 20

OPTIMIZERS: list[dict[str, Any]] = [
    {"kind": "SGD", "lr": 0.1},
    {"kind": "SGD", "lr": 0.1, "weight_decay": 0.01},
    {"kind": "SGD", "lr": 0.05, "momentum": 0.9},
    {"kind": "SGD", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"kind": "Adam", "lr": 0.01},
    {"kind": "Adam", "lr": 0.01, "weight_decay": 0.1},
    {"kind": "AdamW", "lr": 0.01, "weight_decay": 0.1},
]
SCHEDULES: list[dict[str, Any]] = [
    {"kind": "constant"},
    {"kind": "CosineAnnealingLR"},
    {"kind": "OneCycleLR", "max_lr": 0.1},  # which swings the momentum
    {"kind": "OneCycleLR", "max_lr": 0.1, "cycle_momentum": False},
]


def new_network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(1, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 36, 3),
    ]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last).double()


def learn(network: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    images = torch.rand(
        8, 1, 8, 8, generator=torch.Generator().manual_seed(step), dtype=torch.float64
    )
    optimizer.zero_grad()
    network(images).square().mean().backward()


def asked(
    optimizer: dict[str, Any], scheduler: dict[str, Any], weight_decay_on: str = "all"
) -> Recipe:
    return parse_recipe(
        {
            "optimizer": optimizer,
            "scheduler": scheduler,
            "weight_decay_on": weight_decay_on,
            "epochs": 2,
        }
    )


def trained(recipe: Recipe, ours: bool | None) -> tuple[list[Tensor], list[Tensor]]:
    """Parameters and state after STEPS steps: ours, torch's, or (None) by turns."""
    network = new_network()
    optimizer = new_optimizer(recipe, network)
    schedule = Schedule(recipe, optimizer, STEPS // recipe.epochs)
    if ours is not False:
        fill_state(optimizer)
    for step in range(STEPS):
        learn(network, optimizer, step)
        if ours or (ours is None and step % 3):
            update(optimizer, *torch.tensor(schedule.numbers(), dtype=torch.float64).unbind())
        else:
            optimizer.step()
        schedule.after_step(step + 1)
    return list(network.parameters()), state_tensors(optimizer)


@pytest.mark.parametrize("weight_decay_on", ["all", "weights"])
@pytest.mark.parametrize("scheduler", SCHEDULES, ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("ours", [True, None], ids=["ours", "by turns"])
def test_update_is_torchs_step(
    ours: bool | None, optimizer: Any, scheduler: Any, weight_decay_on: str
) -> None:
    recipe = asked(optimizer, scheduler, weight_decay_on)
    (expected, theirs), (found, kept) = trained(recipe, False), trained(recipe, ours)
    assert len(kept) == len(theirs)
    for one, other in zip([*found, *kept], [*expected, *theirs], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_update_moves_every_parameter_and_needs_no_new_memory() -> None:
    network = new_network()
    optimizer = new_optimizer(asked(OPTIMIZERS[3], SCHEDULES[0]), network)
    fill_state(optimizer)
    places = [tensor.data_ptr() for tensor in (*network.parameters(), *state_tensors(optimizer))]
    before = [parameter.detach().clone() for parameter in network.parameters()]
    learn(network, optimizer, 0)
    update(optimizer, torch.tensor(0.1), torch.tensor(0.9))
    assert [
        tensor.data_ptr() for tensor in (*network.parameters(), *state_tensors(optimizer))
    ] == places
    assert not any(
        torch.equal(one, other) for one, other in zip(network.parameters(), before, strict=True)
    )


def test_a_state_that_is_there_stays() -> None:
    network = new_network()
    optimizer = new_optimizer(asked(OPTIMIZERS[4], SCHEDULES[0]), network)
    learn(network, optimizer, 0)
    optimizer.step()
    kept = [tensor.clone() for tensor in state_tensors(optimizer)]
    fill_state(optimizer)
    assert all(
        torch.equal(one, other) for one, other in zip(kept, state_tensors(optimizer), strict=True)
    )


def test_a_cycle_says_learning_rate_and_momentum() -> None:
    recipe = asked(
        {"kind": "SGD", "lr": 1, "momentum": 0.5},
        {"kind": "OneCycleLR", "max_lr": 0.2, "div_factor": 10, "pct_start": 0.5},
    )
    schedule = Schedule(recipe, new_optimizer(recipe, new_network()), 5)
    seen = []
    for step in range(10):
        seen.append(schedule.numbers())
        schedule.after_step(step + 1)
    assert seen[0] == pytest.approx((0.02, 0.95))
    assert seen[4] == pytest.approx((0.2, 0.85))
    assert seen[9].momentum == pytest.approx(0.95)
    assert schedule.numbers() == seen[9]  # after the run's last step they stay


def test_a_drop_comes_after_its_epochs() -> None:
    recipe = asked({"kind": "Adam", "lr": 0.1}, {"kind": "StepLR", "step_size": 1, "gamma": 0.5})
    schedule = Schedule(recipe, new_optimizer(recipe, new_network()), 2)
    schedule.after_step(1)
    assert schedule.numbers() == (0.1, 0.9)
    schedule.after_epoch(1, 1.0)
    assert schedule.numbers() == (0.05, 0.9)
    schedule.after_epoch(2, 1.0)  # the run's last
    assert schedule.numbers() == (0.05, 0.9)
