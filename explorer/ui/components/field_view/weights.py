"""Which weights a network is looked at with: its first ones, or those that a run has learned."""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import torch

from explorer.network.analysis import analyze
from explorer.network.build import build_layer_unset
from explorer.network.evaluation import Weights
from explorer.network.spec import Architecture, Branches
from explorer.runs.manager import JobManager, NoWeights, UnknownRun
from explorer.training.initialisation import draw_first_weights


@dataclass(frozen=True)
class Untrained:
    """The first weights of a run with this seed."""

    seed: int


@dataclass(frozen=True)
class Trained:
    """What a run had learned after an epoch."""

    run: str
    epoch: int
    dataset: str
    test_accuracy: float


Source = Untrained | Trained


def find_trained(
    jobs: JobManager, architecture: Architecture, run: str | None, owner: str
) -> Trained | None:
    """Of exactly this network: the run `run`, else the newest of the owner's that has ended an
    epoch.

    The weights of that run are read, since only then is it known which epoch they are of.
    """
    trained = [
        each
        for each in jobs.runs()
        if (each.run.id == run or each.run.owner == owner)
        and each.epochs_done
        and each.run.architecture.key == architecture.key
    ]
    # Else as they were: the newest first.
    for each in sorted(trained, key=lambda each: each.run.id != run):
        with suppress(NoWeights, UnknownRun):  # lost, or deleted just now
            epoch = jobs.weights(each.run.id).epoch
            event = next(
                (event for event in jobs.snapshot(each.run.id, 0).epochs if event.epoch == epoch),
                None,
            )
            if event:
                return Trained(
                    each.run.id, epoch, each.run.recipe.dataset, event.metrics["test_accuracy"]
                )
    return None


@lru_cache(maxsize=4)
def first_weights(architecture: Architecture, count: int, seed: int) -> Weights:
    """Those of the first `count` layers that run: what comes after makes no difference to them."""
    found: dict[str, torch.Tensor] = {}
    generator = torch.Generator().manual_seed(seed)
    for row in analyze(architecture).rows[:count]:
        if not isinstance(row.layer, Branches):
            module = build_layer_unset(row.layer, row.input_shape)
            draw_first_weights(module, row.about.first_weights, generator)
            found |= {f"{row.place}.{name}": each for name, each in module.state_dict().items()}
    return found


def weights_of(jobs: JobManager, architecture: Architecture, count: int, source: Source) -> Weights:
    """The weights of at least the first `count` layers that run.

    Raises UnknownRun or NoWeights where a run's weights of that epoch are no longer there.
    """
    match source:
        case Untrained(seed):
            return first_weights(architecture, count, seed)
        case Trained(run, epoch):
            found = jobs.weights(run)
            if found.epoch != epoch:
                raise NoWeights(
                    f"the weights of run {run} after epoch {epoch} have been replaced by newer ones"
                )
            return found.weights
