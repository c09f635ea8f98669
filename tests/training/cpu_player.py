"""A player of recordings for the CPU: it does with a step what a CUDA graph does, so that this is
tested without a GPU.

torch's operations are logged with the numbers and tensors that they were called with, and done
again upon the same tensors, without the Python that called them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from explorer.network.spec import Architecture
from explorer.training.checkpoint import Checkpoint
from explorer.training.dataset_files import Dataset
from explorer.training.engine import train
from explorer.training.event import Event
from explorer.training.recipe import parse_recipe
from tests.runs.shared import without_times

CPU = torch.device("cpu")
ASKED = {
    "rotation": 10,
    "shift": 1,
    "scale": 0.1,
    "batch_size": 32,
    "epochs": 3,
    "device": "cpu",
    "precision": "fp32",
}
TUNED = {
    "optimizer": {"kind": "SGD", "momentum": 0.9, "nesterov": True},
    "scheduler": {"kind": "OneCycleLR"},
}


class Operations(TorchDispatchMode):
    """Logs what torch is asked to do, autograd's part with it, and refuses what a GPU could not
    record: waiting for a value, or for a shape that depends on values, new numbers from the
    program's memory, and drawing from a generator that the recording was not told of.
    """

    REFUSED = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "unique",
        "equal",
        "bincount",
        "lift_fresh",
    )

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        super().__init__()
        self.generators = generators
        self.log: list[tuple[Any, Any, Any, list[torch.Tensor]]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name().removeprefix("aten::").partition(".")[0]
        assert not name.startswith(self.REFUSED), f"{name} cannot be recorded"
        for each in tree_leaves((args, kwargs)):
            if isinstance(each, torch.Generator):
                known = [state(generator) for generator in self.generators]
                assert state(each) in known, f"{name} draws from a generator that is not known"
        result = func(*args, **(kwargs or {}))
        if not _is_view(func):  # which lies in memory that is filled already
            self.log.append((func, args, kwargs or {}, _tensors(result)))
        return result

    def replay(self) -> None:
        with torch.no_grad():
            for func, args, kwargs, results in self.log:
                for old, new in zip(results, _tensors(func(*args, **kwargs)), strict=True):
                    if old.data_ptr() != new.data_ptr():
                        old.copy_(new)


def state(generator: torch.Generator) -> bytes:
    """What tells one generator from another: torch makes a new object for each call."""
    return bytes(generator.get_state().numpy().tobytes())


def _is_view(func: Any) -> bool:
    schema = func._schema
    writes = any(
        argument.alias_info and argument.alias_info.is_write for argument in schema.arguments
    )
    return not writes and any(result.alias_info for result in schema.returns)


def _tensors(results: Any) -> list[torch.Tensor]:
    return [each for each in tree_leaves(results) if isinstance(each, torch.Tensor)]


class Recorder:
    """Warms up and records as the real one does; counts how often it records and replays."""

    def __init__(self, warm_up: int = 3) -> None:
        self.warm_up, self.recorded, self.replayed = warm_up, 0, 0

    def __call__(
        self, work: Callable[[], None], generators: Sequence[torch.Generator]
    ) -> Callable[[], None]:
        self.recorded += 1
        for _ in range(self.warm_up):
            work()
        with Operations(generators) as operations:
            work()

        def replay() -> None:
            self.replayed += 1
            operations.replay()

        return replay


def run(
    architecture: Architecture,
    data: Dataset,
    resume: Checkpoint | None = None,
    keep: Any = None,
    **fields: Any,
) -> list[Event]:
    recipe = parse_recipe(ASKED | fields)
    return [
        without_times(event)
        for event in train(architecture, recipe, data, CPU, after_epoch=keep, resume=resume)
    ]


def assert_close(found: list[Event], expected: list[Event]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert (one.kind, one.epoch, one.step) == (other.kind, other.epoch, other.step)
        assert one.metrics == pytest.approx(other.metrics, rel=1e-3)
