"""A recipe's optimiser and schedule: torch's, and the optimiser's step once more for a recording.

A recording repeats its kernels as they were, with every plain number in them: a learning rate or
momentum that a schedule changes must lie in memory that the kernels read. torch's own optimisers
take a learning rate so, but no momentum, which OneCycleLR swings. `update` therefore does what
their step does with both read from tensors, upon the same state, so that either may take the next
step.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from explorer.training.recipe import SCHEDULERS, Recipe, arguments

# --- torch's --------------------------------------------------------------------------------------


def new_optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """torch's optimiser over the network's parameters, those without weight decay in a group of
    their own.
    """
    make = getattr(torch.optim, recipe.optimizer.kind)
    given = arguments(recipe.optimizer)
    # One kernel for all the parameters; torch has it for CPUs and CUDA.
    given["fused"] = next(network.parameters()).device.type != "mps"
    if recipe.weight_decay_on == "all":
        return cast(torch.optim.Optimizer, make(network.parameters(), **given))
    pulled = decayed(recipe, network)
    others = [parameter for parameter in network.parameters() if parameter.dim() <= 1]
    groups = [{"params": pulled}, *([{"params": others, "weight_decay": 0.0}] if others else [])]
    return cast(torch.optim.Optimizer, make(groups, **given))


class Numbers(NamedTuple):
    """The numbers that a schedule changes."""

    lr: float
    momentum: float  # SGD's momentum, or the first of Adam's betas


class Schedule:
    """torch's scheduler of a run, which sets the optimiser's numbers for the next step."""

    def __init__(self, recipe: Recipe, optimizer: torch.optim.Optimizer, steps_per_epoch: int):
        kind = SCHEDULERS[recipe.scheduler.kind]
        self._groups = optimizer.param_groups
        self._group = optimizer.param_groups[0]  # the numbers of the others are the same
        self._epochs, self._steps = recipe.epochs, recipe.epochs * steps_per_epoch
        self._advances, self._watches_loss = kind.advances, kind.watches_loss
        self.scheduler: Any = None  # torch's object
        optimizer._opt_called = True  # type: ignore[attr-defined]  # it warns where it has seen no step, and sees no replay
        if kind.advances != "never":
            inferred = {
                **arguments(recipe.scheduler),
                **kind.inferred(recipe.scheduler, recipe.epochs, steps_per_epoch),
            }
            self.scheduler = getattr(torch.optim.lr_scheduler, recipe.scheduler.kind)(
                optimizer, **inferred
            )

    def numbers(self) -> Numbers:
        """Learning rate and momentum of the next step."""
        momentum = self._group["momentum"] if "momentum" in self._group else self._group["betas"][0]
        return Numbers(self._group["lr"], momentum)

    def state(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """All that a schedule changes: its own numbers and those of the optimiser's groups."""
        groups = [
            {name: value for name, value in group.items() if name != "params"}
            for group in self._groups
        ]
        return ({} if self.scheduler is None else self.scheduler.state_dict()), groups

    def set_state(self, state: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
        """Restore what `state` returned."""
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state[0])
        for group, kept in zip(self._groups, state[1], strict=True):
            group.update(kept)

    def after_step(self, step: int) -> None:
        """Go on to the numbers after `step` steps of the run. After the last they stay."""
        if self.scheduler and self._advances == "each step" and step < self._steps:
            self.scheduler.step()

    def after_epoch(self, epoch: int, loss: float) -> None:
        """Go on to the numbers after this epoch. After the run's last they stay.

        `loss` is the epoch's, of the images that may choose: validation images, else training ones.
        """
        if self.scheduler and self._advances == "each epoch" and epoch < self._epochs:
            self.scheduler.step(*([loss] if self._watches_loss else []))


def planned_rates(recipe: Recipe, steps_per_epoch: int) -> list[float]:
    """The learning rate of every step of a run, as its schedule sets it before the run; one that
    watches the loss never changes here.
    """
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=recipe.optimizer.lr, momentum=0.9)
    schedule, rates = Schedule(recipe, optimizer, steps_per_epoch), []
    for epoch in range(1, recipe.epochs + 1):
        for step in range((epoch - 1) * steps_per_epoch, epoch * steps_per_epoch):
            rates.append(schedule.numbers().lr)
            schedule.after_step(step + 1)
        schedule.after_epoch(epoch, 1 / epoch)
    return rates


# --- the gradient ---------------------------------------------------------------------------------


def decayed(recipe: Recipe, network: nn.Module) -> list[nn.Parameter]:
    """The parameters that weight decay and the L1 penalty are on."""
    # Normalisation's are vectors.
    return [p for p in network.parameters() if recipe.weight_decay_on == "all" or p.dim() > 1]


def add_l1(parameters: list[nn.Parameter], l1: float) -> None:
    """Add to each gradient that of the L1 penalty, l1 times the sum of all absolute values."""
    with torch.no_grad():
        weights: list[Tensor] = [*parameters]
        gradients: Any = [parameter.grad for parameter in parameters]
        torch._foreach_add_(gradients, torch._foreach_sign(weights), alpha=l1)


# --- for a recording ------------------------------------------------------------------------------


def fill_state(optimizer: torch.optim.Optimizer) -> None:
    """Create the state that torch creates in the first step, so that every step does the same.

    Starting from zeros gives the same first step.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state[parameter]
            if not state:
                state |= {name: _zeros(parameter, name) for name in _state_names(group)}


def state_tensors(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [tensor for state in optimizer.state.values() for tensor in state.values()]


def update(optimizer: torch.optim.Optimizer, lr: Tensor, momentum: Tensor) -> None:
    """What optimizer.step() does, with learning rate and momentum as tensors, ().

    The state must be filled. Nothing here waits for the device.
    """
    with torch.no_grad():
        for group in optimizer.param_groups:
            parameters = group["params"]
            if not parameters:
                continue
            states = [optimizer.state[parameter] for parameter in parameters]
            kept = [[state[name] for state in states] for name in _state_names(group)]
            _UPDATES[type(optimizer)](
                group, parameters, [p.grad for p in parameters], kept, lr, momentum
            )


def _sgd(
    group: Any,
    parameters: list[Tensor],
    gradients: Any,
    kept: list[list[Tensor]],
    lr: Tensor,
    momentum: Tensor,
) -> None:
    """https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html"""
    if group["weight_decay"]:
        gradients = torch._foreach_add(gradients, parameters, alpha=group["weight_decay"])
    if kept:
        (buffers,) = kept
        torch._foreach_mul_(buffers, momentum)
        torch._foreach_add_(buffers, gradients)
        gradients = (
            torch._foreach_add(gradients, torch._foreach_mul(buffers, momentum))
            if group["nesterov"]
            else buffers
        )
    torch._foreach_sub_(parameters, torch._foreach_mul(gradients, lr))


def _adam(
    group: Any,
    parameters: list[Tensor],
    gradients: Any,
    kept: list[list[Tensor]],
    lr: Tensor,
    beta1: Tensor,
) -> None:
    """https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html, and AdamW's weight
    decay
    """
    (steps, means, squares), beta2 = kept, group["betas"][1]
    torch._foreach_add_(steps, 1)
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        torch._foreach_mul_(parameters, 1 - lr * group["weight_decay"])
    elif group["weight_decay"]:
        gradients = torch._foreach_add(gradients, parameters, alpha=group["weight_decay"])
    torch._foreach_mul_(means, beta1)
    torch._foreach_add_(means, torch._foreach_mul(gradients, 1 - beta1))
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
    step = steps[0]  # every parameter has taken as many
    # 1 - beta ** step, precisely.
    missing1, missing2 = -torch.expm1(step * beta1.log()), -torch.expm1(step * math.log(beta2))
    roots = torch._foreach_sqrt(squares)
    torch._foreach_div_(roots, missing2.sqrt())
    torch._foreach_add_(roots, group["eps"])
    strides = torch._foreach_div(means, roots)
    torch._foreach_mul_(strides, lr / missing1)
    torch._foreach_sub_(parameters, strides)


_UPDATES: dict[type, Callable[..., None]] = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
}


def _state_names(group: dict[str, Any]) -> tuple[str, ...]:
    """The names of an optimiser's state tensors, torch's own."""
    if "betas" in group:
        return ("step", "exp_avg", "exp_avg_sq")
    return ("momentum_buffer",) if group["momentum"] else ()


def _zeros(parameter: Tensor, name: str) -> Tensor:
    if name == "step":
        return torch.zeros((), device=parameter.device)
    return torch.zeros_like(parameter, memory_format=torch.preserve_format)
