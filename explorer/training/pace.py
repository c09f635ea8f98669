"""Pace: how long a run will take, by those before it."""

from collections.abc import Iterable

from explorer.network.analysis import analyze
from explorer.training.run import Snapshot


class Pace:
    """Asked about several runs, it looks at those before them once."""

    def __init__(self, runs: Iterable[Snapshot]):
        """The newest first. They are looked at only as far as needed."""
        self._runs = iter(runs)
        self._seconds: dict[tuple[str, str], float] = {}  # by data set and device: an epoch's for each operation

    def seconds_left(self, snapshot: Snapshot) -> float | None:
        """By its own epochs, else by those of the newest run on the same images and device, as much longer as this network
        has more operations. That is rough: small networks cost more than these. None where there is no such run."""
        run, cost = snapshot.run, analyze(snapshot.run.architecture).total_mult_adds
        seconds = _seconds_an_epoch(snapshot) or self._for_each_operation(run.recipe.dataset, run.device) * cost
        if not seconds:
            return None
        steps_per_epoch = snapshot.started.metrics["steps_per_epoch"] if snapshot.started else 1.0
        done = snapshot.latest.step / steps_per_epoch if snapshot.latest else 0.0
        return max(0.0, seconds * (run.epochs - done))

    def _for_each_operation(self, dataset: str, device: str) -> float:
        while (dataset, device) not in self._seconds:
            other = next(self._runs, None)
            if other is None:
                return 0.0
            seconds, cost = _seconds_an_epoch(other), analyze(other.run.architecture).total_mult_adds
            if seconds and cost:
                self._seconds.setdefault((other.run.recipe.dataset, other.run.device), seconds / cost)
        return self._seconds[dataset, device]


def _seconds_an_epoch(snapshot: Snapshot) -> float | None:
    """Of its last epochs."""
    last = snapshot.epochs[-3:]
    return sum(event.metrics["seconds"] for event in last) / len(last) if last else None
