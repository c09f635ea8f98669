"""Which weights a network is looked at with: its first ones, or those that a run has learned."""

from dataclasses import dataclass
from functools import lru_cache

import torch

from explorer.network.evaluation import Weights
from explorer.network.spec import Architecture
from explorer.training.jobs import JobManager, UnknownRun
from explorer.training.network import new_network


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


def find_trained(jobs: JobManager, architecture: Architecture, run: str | None, owner: str) -> Trained | None:
    """Of exactly this network: the run `run`, else the newest of the owner's that has ended an epoch."""
    found = None
    for snapshot in jobs.runs():
        ours = snapshot.run.id == run or snapshot.run.owner == owner
        if not ours or not snapshot.epochs or not _same(snapshot.run.architecture, architecture):
            continue
        if jobs.weights(snapshot.run.id) is None:
            continue
        last = snapshot.epochs[-1]
        trained = Trained(snapshot.run.id, last.epoch, snapshot.run.recipe.dataset, last.metrics["test_accuracy"])
        if snapshot.run.id == run:
            return trained
        found = found or trained
    return found


def _same(one: Architecture, other: Architecture) -> bool:
    return (one.layers, one.input_shape) == (other.layers, other.input_shape)


@lru_cache(maxsize=8)
def first_weights(architecture: Architecture, seed: int) -> Weights:
    """Those of a network that begins with these layers: what comes after makes no difference to them."""
    network = new_network(architecture, torch.Generator().manual_seed(seed), torch.Generator())
    return network.state_dict()


@lru_cache(maxsize=8)
def _learned(jobs: JobManager, run: str, epoch: int) -> Weights:
    """`epoch` tells one state of the run's weights from the next."""
    weights = jobs.weights(run)
    if weights is None:
        raise UnknownRun(run)
    return weights


def weights_of(jobs: JobManager, architecture: Architecture, source: Source) -> Weights:
    """Raises UnknownRun where a run's weights were forgotten since it was found."""
    match source:
        case Untrained(seed):
            return first_weights(architecture, seed)
        case Trained(run, epoch):
            return _learned(jobs, run, epoch)
