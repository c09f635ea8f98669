"""What a run has learnt, read from its checkpoints: always together with the epoch that it belongs
to.
"""

import threading
from contextlib import suppress
from typing import NamedTuple

from cachetools import LRUCache
from torch import Tensor

from explorer.runs.checkpoint_files import CheckpointError
from explorer.runs.checkpoint_format import newest_checkpoint, read_facts
from explorer.runs.rows import parse_environment
from explorer.runs.run import Environment, RunError
from explorer.runs.store import Store
from explorer.training.checkpoint import Checkpoint, network_weights

# Of all runs' weights that are kept in memory after they were read.
WEIGHTS_CACHE_BYTES = 128_000_000


class NoWeights(RunError):
    """The run has no weights that can be read; the message says why."""


class LearnedWeights(NamedTuple):
    """A network's weights after one whole epoch. Not to be changed, as others hold the same
    tensors.
    """

    epoch: int
    weights: dict[str, Tensor]  # on the CPU, by the names that build() gives
    precision: str  # "fp32" or "bf16": what that epoch was computed in
    note: str  # why they are not those of the epoch that was asked for; "" where they are
    # What that epoch was computed with; None where its checkpoint does not say.
    environment: Environment | None = None


class RunWeights:
    """Reads and remembers the weights of runs. Every method may be called from any thread."""

    def __init__(self, store: Store):
        self._store = store
        self._lock = threading.Lock()  # of the cache; never held while reading
        self._cache: LRUCache[tuple[str, int], LearnedWeights] = LRUCache(
            WEIGHTS_CACHE_BYTES, _bytes_in
        )

    def read(self, run_id: str, after: int | None = None) -> LearnedWeights:
        """The weights after this epoch if they are kept, else and by default after the run's last
        whole one, or after the newest that can be read; `note` says which, where it is another.

        Raises UnknownRun, and NoWeights before the first epoch has ended or if all checkpoints are
        lost. Failures are not remembered, so that a file that is there again is read.
        """
        last = self._store.last_epoch(run_id)
        if last == 0:
            raise NoWeights(f"run {run_id} has no weights yet: its first epoch has not ended")
        if after is None:
            return self._newest(run_id, last)
        if after <= last and after in self._store.checkpoints.epochs(run_id):
            with suppress(NoWeights):  # there may be newer ones
                found = self._newest(run_id, after)
                if found.epoch == after:
                    return found
        found = self._newest(run_id, last)
        lost = f"its weights after epoch {after} are no longer kept; these are those after epoch"
        return found._replace(note=f"{lost} {found.epoch}")

    def _newest(self, run_id: str, last: int) -> LearnedWeights:
        """The weights after the epoch `last`, or after the newest one before it that can be read.
        Raises NoWeights.
        """
        with self._lock:
            known = self._cache.get((run_id, last))
        if known:
            return known
        try:
            checkpoint, wrong = newest_checkpoint(self._store.checkpoints, run_id, last)
        except CheckpointError as error:
            raise NoWeights(f"the weights of run {run_id} are lost: {error}") from None
        found = LearnedWeights(
            epoch=checkpoint.epoch,
            weights=network_weights(checkpoint),
            precision=checkpoint.facts["precision"],
            note="",
            environment=_environment_of(checkpoint),
        )
        if found.epoch == last:
            with self._lock:
                self._cache[run_id, last] = found
            return found
        reason = wrong or f"the checkpoint of epoch {last} is missing"
        return found._replace(note=f"{reason}; these are the weights after epoch {found.epoch}")

    def epochs(self, run_id: str) -> tuple[int, ...]:
        """The whole epochs whose weights are kept, in their order, without reading any.

        Raises UnknownRun.
        """
        last = self._store.last_epoch(run_id)
        found = self._store.checkpoints.epochs(run_id)
        return tuple(sorted(epoch for epoch in found if 0 < epoch <= last))

    def exist(self, run_id: str) -> bool:
        """Whether there is a checkpoint of a whole epoch, without reading it. Raises UnknownRun."""
        return bool(self.epochs(run_id))

    def precision(self, run_id: str) -> str:
        """What the run was computed in, "fp32" or "bf16", as its newest checkpoint says.

        Without a checkpoint it is the recipe's choice. Raises UnknownRun.
        """
        last = self._store.last_epoch(run_id)
        for epoch in self._store.checkpoints.epochs(run_id):
            try:
                if epoch <= last:
                    return str(read_facts(self._store.checkpoints, run_id, epoch)["precision"])
            except CheckpointError:
                continue  # the one before may be whole
        return self._store.stored_run(run_id).run.recipe.precision

    def forget(self, run_id: str) -> None:
        """Drop the weights of a run that is being deleted or goes on."""
        with self._lock:
            for key in [key for key in self._cache if key[0] == run_id]:
                del self._cache[key]


def _environment_of(checkpoint: Checkpoint) -> Environment | None:
    try:
        return parse_environment(checkpoint.facts["environment"])
    except (KeyError, ValueError):
        return None


def _bytes_in(found: LearnedWeights) -> int:
    """The size of these weights in bytes, at most what the cache holds, so that the newest always
    fit.
    """
    return min(WEIGHTS_CACHE_BYTES, sum(tensor.nbytes for tensor in found.weights.values()))
