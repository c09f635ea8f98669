"""Checkpoint: a run after one of its epochs, whole, so that it goes on from there as if it had
never been interrupted.

It is plain tensors and plain JSON: nothing in it needs pickle, and where it is kept is not its
concern (store.py).
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn

NETWORK, OPTIMIZER, CHANCE = "network.", "optimizer.", "chance."  # what a tensor's name begins with


class Checkpoint(NamedTuple):
    """The run after `epoch` whole epochs, `step` steps of the optimiser.

    tensors, on the CPU: network.NAME by the names of its state_dict, optimizer.INDEX.NAME by the
    parameter's place, chance.NAME the states of the random generators (uint8). facts, as JSON has
    them: the optimiser's groups and the schedule's state, the precision in use, the best epoch so
    far, with validation images the lowest validation loss so far, the seconds that the run took
    so far, whether no epoch follows.
    """

    epoch: int
    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def network_weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The network's state_dict in a checkpoint."""
    return _part(checkpoint, NETWORK)


def capture(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    generators: Mapping[str, Generator],
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Copies of all that training changes: the tensors and the facts of a checkpoint."""
    state = optimizer.state_dict()
    tensors = {f"{NETWORK}{name}": _copied(tensor) for name, tensor in network.state_dict().items()}
    for index, kept in state["state"].items():
        tensors |= {
            f"{OPTIMIZER}{index}.{name}": _copied(value)
            for name, value in kept.items()
            if value is not None
        }
    tensors |= {
        f"{CHANCE}{name}": generator.get_state().clone() for name, generator in generators.items()
    }
    groups = [
        {name: value for name, value in group.items() if name != "params"}
        for group in state["param_groups"]
    ]
    schedule = (
        {}
        if scheduler is None
        else {n: v for n, v in scheduler.state_dict().items() if _is_plain(v)}
    )
    return tensors, {"groups": groups, "schedule": schedule}


def put_back(
    checkpoint: Checkpoint,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    generators: Mapping[str, Generator],
) -> None:
    """Restore what `capture` copied into a run that was made the same way.

    Raises RuntimeError, KeyError or ValueError if the checkpoint is not of such a run.
    """
    network.load_state_dict(network_weights(checkpoint))
    for group, kept in zip(optimizer.param_groups, checkpoint.facts["groups"], strict=True):
        group.update(
            {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in kept.items()
            }
        )
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, value in _part(checkpoint, OPTIMIZER).items():
        index, _, key = name.partition(".")
        parameter = parameters[int(index)]
        # In the parameter's own layout: the optimiser's arithmetic may differ in the last bit
        # between layouts.
        if value.shape == parameter.shape:
            optimizer.state[parameter][key] = torch.empty_like(parameter).copy_(value)
        else:
            # Adam's count of steps, which a fused kernel wants beside the parameter, any other on
            # the CPU.
            beside = parameter.device if optimizer.defaults["fused"] else torch.device("cpu")
            optimizer.state[parameter][key] = value.to(beside, copy=True)
    if scheduler is not None:
        scheduler.load_state_dict(checkpoint.facts["schedule"])
    for name, state in _part(checkpoint, CHANCE).items():
        generators[name].set_state(state)


def _part(checkpoint: Checkpoint, prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in checkpoint.tensors.items()
        if name.startswith(prefix)
    }


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _is_plain(value: Any) -> bool:
    """Whether JSON gives the value back as it was: not infinity, which a scheduler that waits for
    its first loss begins with.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if isinstance(value, list):
        return all(_is_plain(each) for each in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(each) for name, each in value.items())
    return value is None or isinstance(value, bool | int | float | str)
