"""The roll of a class: everybody, and how their work stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explorer.classroom.register import Entry
from explorer.runs.run_summary import RunSummary


@dataclass(frozen=True)
class Standing:
    """A person, and how their runs stand."""

    entry: Entry
    runs: tuple[RunSummary, ...]  # all of theirs, the newest first

    @property
    def active(self) -> tuple[RunSummary, ...]:
        """Those that wait or train."""
        return tuple(each for each in self.runs if not each.ended)

    @property
    def current(self) -> RunSummary | None:
        """What they are at: the run that trains, else one that waits, else the newest."""
        training = (each for each in self.active if each.position is None)
        return next(training, next(iter((*self.active, *self.runs)), None))


def call_the_roll(people: Sequence[Entry], runs: Iterable[RunSummary]) -> tuple[Standing, ...]:
    """How everybody stands, in the order given; `runs` are all, the newest first."""
    by_owner: dict[str, list[RunSummary]] = {each.id: [] for each in people}
    for each in runs:
        if each.run.owner in by_owner:
            by_owner[each.run.owner].append(each)
    return tuple(Standing(each, tuple(by_owner[each.id])) for each in people)
