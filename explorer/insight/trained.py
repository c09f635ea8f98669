"""A network with what a run has learnt, ready to answer."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from cachetools import LRUCache
from torch import Tensor, nn

from explorer.network.spec import Architecture
from explorer.runs.run import Run
from explorer.runs.run_weights import LearnedWeights
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetKind
from explorer.training.engine import Numerics
from explorer.training.images import normalise
from explorer.training.initialisation import RandomStreams, new_network

CPU = torch.device("cpu")
# Of all networks that are kept in memory after they were made.
NETWORKS_CACHE_BYTES = 64_000_000


@dataclass(frozen=True, eq=False)
class Trained:
    """A run's network after one of its epochs, in eval mode on the CPU.

    Several threads may ask it at once, as nothing in it changes; whoever hooks its modules makes
    one of their own by `with_weights`.
    """

    run_id: str
    epoch: int
    architecture: Architecture
    dataset: str  # as its recipe names it: the images that it has learnt
    network: nn.Sequential
    numerics: Numerics
    note: str  # why it is not of the epoch that was asked for; "" where it is

    @property
    def kind(self) -> DatasetKind:
        return find_dataset(self.dataset)

    def scores(self, images: Tensor) -> Tensor:
        """Of images as a data set holds them, uint8 (B, C, H, W): the scores (B, classes)."""
        with torch.inference_mode():
            return self.numerics.run(self.network, normalise(images.float() / 255, self.kind))

    def probabilities(self, images: Tensor) -> Tensor:
        """Of images as a data set holds them, uint8 (B, C, H, W): (B, classes), each row of sum 1.

        Also of a network that ends in a LogSoftmax, as log_softmax leaves its output as it is.
        """
        return self.scores(images).softmax(1)


def as_trained(run: Run, found: LearnedWeights) -> Trained:
    """The run's network with these weights of its.

    Raises RuntimeError where they are not of this network.
    """
    numerics = Numerics.of(found.precision, CPU)
    network = with_weights(run.architecture, found.weights, numerics, CPU)
    return Trained(
        run_id=run.id,
        epoch=found.epoch,
        architecture=run.architecture,
        dataset=run.recipe.dataset,
        network=network,
        numerics=numerics,
        note=found.note,
    )


def with_weights(
    architecture: Architecture,
    weights: Mapping[str, Tensor],
    numerics: Numerics,
    device: torch.device,
) -> nn.Sequential:
    """The network as it is trained, with copies of these weights, in eval mode.

    Raises RuntimeError where the weights are not of this architecture, and ArchitectureError where
    it does not fit.
    """
    streams = RandomStreams.of(0, device)
    network = new_network(architecture, streams.weights, streams.dropout)
    network.load_state_dict(dict(weights))
    return network.to(device).to(memory_format=numerics.layout).eval().requires_grad_(False)


class TrainedNetworks:
    """Remembers the networks that were asked last. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of the cache; never held while a network is made
        self._cache: LRUCache[tuple[str, int], _Made] = LRUCache(NETWORKS_CACHE_BYTES, _bytes_in)

    def of(self, run: Run, found: LearnedWeights) -> Trained:
        """See `as_trained`."""
        key = (run.id, found.epoch)
        with self._lock:
            made = self._cache.get(key)
        # An epoch that was lost and trained again has other weights under the same number.
        if made is None or made.found is not found.weights:
            made = _Made(as_trained(run, found), found.weights)
            with self._lock:
                self._cache[key] = made
        return replace(made.trained, note=found.note)


class _Made(NamedTuple):
    trained: Trained
    found: Mapping[str, Tensor]  # what it was made of


def _bytes_in(made: _Made) -> int:
    """The size of its weights in bytes, and of the network's copy; at most what the cache holds."""
    size: int = sum(tensor.nbytes for tensor in made.found.values())
    return min(NETWORKS_CACHE_BYTES, 2 * size)
