"""The board of a class: a line for each person, with what they are at and what it reached."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explorer.classroom.hand_ins import HandIn
from explorer.classroom.register import Entry
from explorer.classroom.roll import Standing
from explorer.network.spec import Architecture
from explorer.runs.run_summary import RunSummary
from explorer.training.recipe import Recipe


@dataclass(frozen=True)
class Reached:
    """What one network of somebody's has reached."""

    network: Architecture
    recipe: Recipe
    run: str  # its id
    accuracy: float  # test accuracy, from 0 to 1


@dataclass(frozen=True)
class BoardLine:
    """A person on the board."""

    entry: Entry
    current: RunSummary | None  # what they are at
    # What they handed in, else their newest run on all of the board's images with a whole epoch.
    reached: Reached | None
    handed: HandIn | None  # what they handed in last for the assignment that the board is about


def board_lines(
    standings: Sequence[Standing], handed: Iterable[HandIn], dataset: str | None
) -> tuple[BoardLine, ...]:
    """Everybody who has done something here, in the order given.

    `dataset` are the images that what was reached is compared on; None where they do not matter.
    """
    by_person = {each.person: each for each in handed}
    lines = (
        BoardLine(
            each.entry,
            each.current,
            _reached(each, by_person.get(each.entry.id), dataset),
            by_person.get(each.entry.id),
        )
        for each in standings
    )
    return tuple(line for line in lines if line.current or line.handed)


def _reached(standing: Standing, handed: HandIn | None, dataset: str | None) -> Reached | None:
    if handed is not None:
        result, work = handed.result, handed.shared
        return Reached(work.architecture, work.recipe, result.run_ids[0], result.test_accuracy)
    for each in standing.runs:
        recipe = each.run.recipe
        is_on_them = recipe.images_share == 1 and dataset in (None, recipe.dataset)
        if is_on_them and each.final_accuracy is not None:
            return Reached(each.run.architecture, recipe, each.run.id, each.final_accuracy)
    return None


def most_common_images(standings: Iterable[Standing]) -> str | None:
    """The data set that most people's newest runs are on; None where there are none."""
    newest = Counter(each.runs[0].run.recipe.dataset for each in standings if each.runs)
    return newest.most_common(1)[0][0] if newest else None
