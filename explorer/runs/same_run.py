"""Which run is this already: the same network trained by the same recipe, seed included."""

from collections.abc import Iterable, Iterator

from explorer.network.spec import Architecture, NetworkKey
from explorer.runs.run_summary import RunSummary
from explorer.training.recipe import Recipe

Task = tuple[NetworkKey, Recipe]

MOMENT = 10.0  # seconds after a start in which the same start again is taken for a double click


def same_runs(
    runs: Iterable[RunSummary], architecture: Architecture, recipe: Recipe
) -> Iterator[RunSummary]:
    """The runs of this network and this recipe, in the order given.

    Names do not count. A run that was continued for more epochs than its recipe has is another.
    """
    for each in runs:
        run = each.run
        if _was_continued(each) or run.recipe != recipe:
            continue
        if task(run.architecture, recipe) == task(architecture, recipe):
            yield each


def run_in_hand(
    runs: Iterable[RunSummary], architecture: Architecture, recipe: Recipe, owner: str, now: float
) -> RunSummary | None:
    """The owner's first run of this network and recipe that waits or trains, or that finished a
    moment ago.

    A run that failed, or that somebody paused or stopped, does not count: starting anew is meant.
    Neither do other people's: a class that presses Start with the defaults wants a run each.

    Args:
        now: seconds since 1970.
    """
    own = (each for each in runs if each.run.owner == owner)
    for each in same_runs(own, architecture, recipe):
        is_new = now - each.run.submitted < MOMENT
        if not each.ended or (each.status == "finished" and is_new):
            return each
    return None


def _was_continued(each: RunSummary) -> bool:
    """Whether the run goes on, or went on, after it had finished. One that stopped early may so
    come to exactly its recipe's epochs.
    """
    if each.run.more_epochs:
        return True
    return each.finished is not None and (not each.ended or each.epochs_done > each.finished.epoch)


def task(architecture: Architecture, recipe: Recipe) -> Task:
    """What two runs have in common that do the same: the network but for its name, and the recipe
    with its seed.
    """
    return architecture.key, recipe


def done_or_coming(runs: Iterable[RunSummary]) -> tuple[set[Task], set[Task]]:
    """The tasks of the runs that finished, wait or train, and those of the runs that ended before
    they were done.

    A run that was continued for more epochs than its recipe has did another task.
    """
    present: set[Task] = set()
    unfinished: set[Task] = set()
    for each in runs:
        if not _was_continued(each):
            is_present = not each.ended or each.status == "finished"
            (present if is_present else unfinished).add(
                task(each.run.architecture, each.run.recipe)
            )
    return present, unfinished
