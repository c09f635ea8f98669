"""Pace: how long a run will take, by those before it."""

from collections.abc import Iterable

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.runs.fair_queue import Waiting, Work
from explorer.runs.run_summary import RunSummary
from explorer.training.recipe import Recipe


class Pace:
    """How fast runs train, by those before them. Asked about several runs, it looks at those before
    only once.
    """

    def __init__(self, runs: Iterable[RunSummary]):
        """`runs` are all of them, the newest first; they are looked at only as far as needed."""
        self._runs = iter(runs)
        # By data set and device: an epoch's for each operation.
        self._seconds: dict[tuple[str, str], float] = {}

    def work_left(self, summary: RunSummary) -> Work:
        """What a run has left to do, and how long an epoch of it takes.

        Its own epochs tell, else those of the newest run on the same images and device, times the
        ratio of mult-adds. The latter is rough: small networks take longer than it says.
        """
        run = summary.run
        seconds = summary.seconds_an_epoch or self.seconds_an_epoch(
            run.architecture, run.recipe, run.device
        )
        done = summary.step / (summary.steps_per_epoch or 1.0)
        left = max(0.0, run.epochs - done)
        return Work(Waiting(run.id, run.owner, run.batch), left, seconds or None)

    def seconds_an_epoch(
        self, architecture: Architecture, recipe: Recipe, device: str
    ) -> float | None:
        """Seconds that an epoch of this network will take, as the newest run on the same images and
        device tells; None if there is none.
        """
        cost = analyze(architecture).total_mult_adds * recipe.images_share
        return self._for_each_operation(recipe.dataset, device) * cost or None

    def _for_each_operation(self, dataset: str, device: str) -> float:
        while (dataset, device) not in self._seconds:
            other = next(self._runs, None)
            if other is None:
                return 0.0
            key, seconds = (other.run.recipe.dataset, other.run.device), other.seconds_an_epoch
            # Only the newest counts, so only its network is analysed.
            if key in self._seconds or not seconds:
                continue
            if cost := analyze(other.run.architecture).total_mult_adds:
                self._seconds[key] = seconds / (cost * other.run.recipe.images_share)
        return self._seconds[dataset, device]
