"""Judging somebody's work by their own runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import Clause, clauses
from explorer.assignment.results import Finished, Result, counting_result
from explorer.network.spec import Architecture, NetworkKey
from explorer.runs.run_summary import RunSummary
from explorer.training.event import Event
from explorer.training.recipe import Recipe

Trained = tuple[NetworkKey, str]  # a network, and the data set that it was trained on


@dataclass(frozen=True)
class Tries:
    """Somebody's runs of one network on all images of one data set."""

    finished: tuple[Finished, ...] = ()
    # How many have not gone to their end, but through a whole epoch, whose result was seen.
    unfinished: int = 0


AllTries = Mapping[Trained, Tries]


def find_tries(runs: Iterable[RunSummary], owner: str | None) -> AllTries:
    """This person's runs by what was trained; everybody's where it is None. Quick looks do not
    count.
    """
    found: dict[Trained, Tries] = {}
    for each in runs:
        recipe = each.run.recipe
        if owner not in (None, each.run.owner) or recipe.images_share < 1:
            continue
        key = each.run.architecture.key, recipe.dataset
        tries = found.get(key, Tries())
        if each.finished is not None:
            finished = (*tries.finished, _finished(each, each.finished))
            found[key] = replace(tries, finished=finished)
        elif each.epochs_done:
            found[key] = replace(tries, unfinished=tries.unfinished + 1)
    return found


def _finished(each: RunSummary, end: Event) -> Finished:
    """As it was when it had first gone through all its epochs, whatever was added since."""
    return Finished(
        each.run.id, each.run.recipe, end.epoch, end.metrics["test_accuracy"], each.run.submitted
    )


def judge(
    assignment: Assignment, architecture: Architecture, recipe: Recipe, runs: AllTries
) -> tuple[tuple[Clause, ...], Result | None]:
    """Each demand, and what of these runs they were judged by."""
    dataset = assignment.dataset or recipe.dataset
    tries = runs.get((architecture.key, dataset), Tries())
    result = counting_result(assignment, tries.finished, tries.unfinished)
    return clauses(assignment, architecture, recipe, result), result
