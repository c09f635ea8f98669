"""Check on this very device that a CUDA graph does what the eager step does, and faster.

A wrong graph raises nothing: it may repeat the same random numbers, or read memory that was given
to others. So some steps are done both ways from one state before a graph is used; then the state is
restored.
"""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor

from explorer.training.optimizers import Schedule

STEPS = 20  # that are taken each way, fewer where an epoch has fewer or they take long
FEWEST = 3
SECONDS = 1.0  # that the steps of one of the three ways may take
FASTER = 0.95  # of a plain step's time: what gains less is not worth the difference
NOISE = 10  # times what two plain ways differ by, as a GPU adds in another order each time
TOLERANCE = {"fp32": 0.01, "bf16": 0.05}  # of how far losses and parameters may be apart at least


class Steps(Protocol):
    """See steps.Steps."""

    def begin(self, order: Tensor, done: int, plain: bool) -> None: ...

    def step(self, batch: int) -> float: ...


class LiveState:
    """All that a step changes, to be restored."""

    def __init__(
        self, tensors: Sequence[Tensor], generators: Sequence[Generator], schedule: Schedule
    ):
        self._tensors, self._generators, self._schedule = tensors, generators, schedule
        self._kept = [tensor.detach().clone() for tensor in tensors]
        self._states = [generator.get_state() for generator in generators]
        self._schedule_state = copy.deepcopy(schedule.state())

    def restore(self) -> None:
        with torch.no_grad():
            for tensor, kept in zip(self._tensors, self._kept, strict=True):
                tensor.copy_(kept)
        for generator, state in zip(self._generators, self._states, strict=True):
            generator.set_state(state)
        self._schedule.set_state(copy.deepcopy(self._schedule_state))


@dataclass(frozen=True)
class Trial:
    """What is compared: both kinds of steps, the parameters that they update, and where their
    losses lie.
    """

    eager_steps: Steps
    replayed_steps: Steps
    parameters: Sequence[Tensor]
    rows: Tensor  # (steps, 2), see tally.Tally
    images: int
    batches: int  # whole ones of an epoch
    precision: str
    device: torch.device


@dataclass(frozen=True)
class _Outcome:
    losses: Tensor
    parameters: list[Tensor]
    seconds: float  # a step


def find_fault(trial: Trial, state: LiveState, done: int, plain: bool) -> str:
    """Why the graph is not to be used, "" if it may be. All state is restored.

    Args:
        done: steps of the run so far, from which the schedule goes on.
        plain: whether the images are left without augmentation.
    """
    began = [tensor.detach().clone() for tensor in trial.parameters]
    try:
        few = min(FEWEST, trial.batches)
        first = _take(trial, trial.eager_steps, state, few, done, plain)
        count = max(few, min(STEPS, trial.batches, int(SECONDS / max(first.seconds, 1e-9))))
        one = _take(trial, trial.eager_steps, state, count, done, plain)
        other = _take(trial, trial.eager_steps, state, count, done, plain)
        replayed = _take(trial, trial.replayed_steps, state, count, done, plain)
    except RuntimeError as error:
        return (
            "replaying the CUDA graph failed: "
            f"{(str(error).strip() or type(error).__name__).splitlines()[0]}"
        )
    finally:
        state.restore()
    if not bool(torch.isfinite(one.losses).all()):
        return "the first losses are not finite, so the CUDA graph could not be checked"
    for what, noise, apart in zip(
        ("losses", "parameters"),
        _differences(one, other, began),
        _differences(one, replayed, began),
        strict=True,
    ):
        # Also where it is no number.
        if not apart <= max(TOLERANCE[trial.precision], NOISE * noise):
            return (
                f"the CUDA graph gave other {what} than eager steps (after {count} steps, "
                f"{apart:.1%} apart)"
            )
    seconds = min(one.seconds, other.seconds)
    if replayed.seconds > FASTER * seconds:
        return (
            f"the CUDA graph is no faster ({1000 * replayed.seconds:.2f} ms a step, "
            f"{1000 * seconds:.2f} ms eager)"
        )
    return ""


def _take(
    trial: Trial, steps: Steps, state: LiveState, count: int, done: int, plain: bool
) -> _Outcome:
    state.restore()
    wait = _waiting_for(trial.device)
    steps.begin(torch.arange(trial.images, device=trial.device), done, plain)
    wait()
    began = time.perf_counter()
    for batch in range(count):
        steps.step(batch)
    wait()
    seconds = (time.perf_counter() - began) / count
    return _Outcome(
        trial.rows[:count, 0].clone(),
        [tensor.detach().clone() for tensor in trial.parameters],
        seconds,
    )


def _differences(one: _Outcome, other: _Outcome, began: Sequence[Tensor]) -> tuple[float, float]:
    """How far two ways are apart: the losses relative to their size, the parameters relative to how
    far they moved.
    """
    apart = torch.linalg.vector_norm(one.losses - other.losses) / torch.linalg.vector_norm(
        one.losses
    )
    return float(apart), _norm(one.parameters, other.parameters) / max(
        _norm(one.parameters, began), 1e-12
    )


def _norm(some: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    """The norm of the difference over all tensors."""
    squares = [torch.linalg.vector_norm(a - b) ** 2 for a, b in zip(some, others, strict=True)]
    return float(torch.stack(squares).sum().sqrt())


def _waiting_for(device: torch.device) -> Callable[[], None]:
    return torch.cuda.synchronize if device.type == "cuda" else lambda: None
