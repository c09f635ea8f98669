"""Which of a person's runs an assignment is judged by.

Never the best of many, unless the assignment says so: whoever tries often enough reaches most
limits by chance. What counts is the recipe that was tried last, as the mean over its seeds. Epochs
that were added to a run once it had finished change nothing: a new run takes more of them. A run
that is stopped before its end does not count, but is told of: whoever stops those that go badly
picks the best of many, too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from explorer.assignment.assignment import Assignment
from explorer.text import counted
from explorer.training.recipe import Recipe


@dataclass(frozen=True)
class Finished:
    """A run of the network in question that went through all its epochs."""

    run_id: str
    recipe: Recipe
    epochs: int
    test_accuracy: float  # after the last of them
    submitted: float  # seconds since 1970

    @property
    def tried(self) -> tuple[Recipe, int]:
        """What runs have in common that differ in nothing but the seed, by which runs that may stop
        early come to different numbers of epochs.
        """
        epochs = 0 if self.recipe.early_stopping else self.epochs
        return self.recipe.model_copy(update={"seed": 0}), epochs


@dataclass(frozen=True)
class Result:
    """What an assignment is judged by: one run, or several of one recipe."""

    epochs: int  # of the seed that has most
    test_accuracy: float  # after the final epoch, the mean over the seeds
    whose: str = "of this run"  # as a note says it
    seeds: int = 1
    run_ids: tuple[str, ...] = ()
    unfinished: int = 0  # other runs of the network, that have not gone to their end


def counting_result(
    assignment: Assignment, finished: Iterable[Finished], unfinished: int = 0
) -> Result | None:
    """What counts of somebody's runs of one network; None where none has finished.

    Each seed counts once, with its newest run. `unfinished` is how many others have not
    gone to their end.
    """
    tries: dict[tuple[Recipe, int], dict[int, Finished]] = {}
    for each in sorted(finished, key=lambda run: run.submitted):
        tries.setdefault(each.tried, {})[each.recipe.seed] = each
    results = [(list(runs.values()), _mean(runs.values())) for runs in tries.values()]
    if not results:
        return None
    if not assignment.best_counts:
        runs, accuracy = max(results, key=lambda each: max(run.submitted for run in each[0]))
        return _result(
            runs, accuracy, "your last run", "the recipe that you tried last", unfinished
        )
    limit = assignment.max_epochs
    runs, accuracy = max(
        results,
        key=lambda each: (
            limit is None or _longest(each[0]) <= limit,
            len(each[0]) >= assignment.seeds,
            each[1],
        ),
    )
    within = limit is not None and _longest(runs) <= limit
    of_at_most = f" of at most {counted(limit, 'epoch')}" if limit and within else ""
    one, several = f"your best run{of_at_most}", f"your best recipe{of_at_most}"
    return _result(runs, accuracy, one, several, unfinished)


def _longest(runs: Sequence[Finished]) -> int:
    """The epochs of the run that has most."""
    return max(run.epochs for run in runs)


def _mean(runs: Iterable[Finished]) -> float:
    return fmean(run.test_accuracy for run in runs)


def _result(
    runs: Sequence[Finished], accuracy: float, one: str, several: str, unfinished: int
) -> Result:
    ids = tuple(run.run_id for run in sorted(runs, key=lambda run: run.recipe.seed))
    if len(runs) == 1:
        whose = f"of {one} of this network that finished"
    else:
        seeds = ", ".join(map(str, sorted(run.recipe.seed for run in runs)))
        whose = f"the mean over seeds {seeds} of {several} with this network"
    if unfinished:
        verb = "has" if unfinished == 1 else "have"
        whose += f" ({counted(unfinished, 'other run')} {verb} not gone to the end)"
    return Result(_longest(runs), accuracy, whose, len(runs), ids, unfinished)
