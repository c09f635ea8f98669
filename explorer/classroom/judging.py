"""Judging somebody's work by their own runs."""

from collections.abc import Iterable, Mapping

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import Clause, clauses
from explorer.assignment.results import Finished, Result, counting_result
from explorer.network.spec import Architecture, NetworkKey
from explorer.runs.run_summary import RunSummary
from explorer.training.recipe import Recipe

Trained = tuple[NetworkKey, str]  # a network, and the data set that it was trained on
FinishedRuns = Mapping[Trained, tuple[Finished, ...]]


def finished_runs(runs: Iterable[RunSummary], owner: str | None) -> FinishedRuns:
    """This person's runs that went to their end on all images, by what was trained; everybody's
    where it is None.
    """
    found: dict[Trained, tuple[Finished, ...]] = {}
    for each in runs:
        if owner not in (None, each.run.owner) or (finished := _finished(each)) is None:
            continue
        key = each.run.architecture.key, each.run.recipe.dataset
        found[key] = (*found.get(key, ()), finished)
    return found


def _finished(each: RunSummary) -> Finished | None:
    """As it was when it had first gone through all its epochs, whatever was added since."""
    end, recipe = each.finished, each.run.recipe
    if end is None or recipe.images_share < 1:  # a quick look
        return None
    return Finished(
        each.run.id, recipe, end.epoch, end.metrics["test_accuracy"], each.run.submitted
    )


def judge(
    assignment: Assignment, architecture: Architecture, recipe: Recipe, runs: FinishedRuns
) -> tuple[tuple[Clause, ...], Result | None]:
    """Each demand, and what of these runs they were judged by."""
    dataset = assignment.dataset or recipe.dataset
    result = counting_result(assignment, runs.get((architecture.key, dataset), ()))
    return clauses(assignment, architecture, recipe, result), result
