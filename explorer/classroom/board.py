"""The board of a class: a line for each person, with what they are at and what it reached."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explorer.classroom.hand_ins import HandIn
from explorer.classroom.register import Entry
from explorer.classroom.roll import Standing
from explorer.runs.run_summary import RunSummary


@dataclass(frozen=True)
class BoardLine:
    """A person on the board."""

    entry: Entry
    current: RunSummary | None  # what they are at
    reached: RunSummary | None  # their newest run that has reached something
    handed: HandIn | None  # what they handed in last for the assignment that the board is about


def board_lines(standings: Sequence[Standing], handed: Iterable[HandIn]) -> tuple[BoardLine, ...]:
    """Everybody who has done something here, in the order given."""
    by_person = {each.person: each for each in handed}
    lines = (
        BoardLine(
            each.entry,
            each.current,
            next((run for run in each.runs if run.final_accuracy is not None), None),
            by_person.get(each.entry.id),
        )
        for each in standings
    )
    return tuple(line for line in lines if line.current or line.handed)
