"""Who trains next, and about when. Pure functions over what the store knows.

A run keeps its slot for an epoch, its turn; where others wait it goes back into the queue then, and
on from its checkpoint at its next turn. So a class that starts at once has all its first epochs
soon, instead of one run after the other.
"""

import heapq
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST_TURNS = 3_000  # that are foreseen; a queue that takes more is too long for a forecast


@dataclass(frozen=True)
class Waiting:
    """A run that waits for its turn, or has it."""

    id: str
    owner: str
    batch: str = ""  # of the runs that were queued together, "" for a single one
    ahead: int = 0  # above 0 where a teacher moved it to the front; the highest is first


@dataclass(frozen=True)
class Work:
    """What a run has left to do."""

    run: Waiting
    epochs: float  # that are left; not whole where one is going on
    seconds_an_epoch: float | None  # None where that cannot be told


@dataclass(frozen=True)
class Forecast:
    """When a run begins its next turn and when it will have done all its epochs, in seconds from
    now; None where that cannot be told.
    """

    starts_in: float | None
    ends_in: float | None


class _Turns:
    """Those who wait, and whose turn is next.

    Those that a teacher moved to the front come first, then single runs, then those of a batch.
    Among either, owners take turns, so that nobody waits
    for all that another has queued: the next is the one whose last turn began the longest ago (who
    never had one comes first); of equals, the one who has waited longest.
    """

    def __init__(self, waiting: Iterable[Waiting], last_turn: Mapping[str, float]):
        self._front: list[Waiting] = []
        self._queues: tuple[dict[str, deque[Waiting]], dict[str, deque[Waiting]]] = ({}, {})
        self._arrived: dict[str, int] = {}
        self._last = dict(last_turn)
        self._now = max([0.0, *self._last.values()])
        for run in waiting:
            self.add(run)

    def add(self, run: Waiting, first: bool = False) -> None:
        """Have a run wait behind its owner's others, or before them."""
        if run.ahead and not first:  # it is at the front for one turn
            self._front.append(run)
            self._front.sort(key=lambda each: -each.ahead)
            return
        queue = self._queues[bool(run.batch)].setdefault(run.owner, deque())
        self._arrived.setdefault(run.owner, len(self._arrived))
        queue.appendleft(run) if first else queue.append(run)

    def take(self) -> Waiting | None:
        """The run whose turn begins now, None where nobody waits."""
        if self._front:
            run = self._front.pop(0)
            self.begin(run.owner)
            return run
        for queues in self._queues:
            if queues:
                owner = min(queues, key=lambda each: (self._last_of(each), self._arrived[each]))
                self.begin(owner)
                run = queues[owner].popleft()
                if not queues[owner]:
                    del queues[owner]
                return run
        return None

    def begin(self, owner: str) -> None:
        """Note that a turn of this owner's begins."""
        self._now += 1
        self._last[owner] = self._now

    def gives_way(self, run: Waiting) -> bool:
        """Whether a run whose turn ends lets somebody else have the slot."""
        if self._front:
            return True
        singles, batches = self._queues
        if singles:
            return bool(run.batch) or any(owner != run.owner for owner in singles)
        return bool(run.batch) and any(owner != run.owner for owner in batches)

    def _last_of(self, owner: str) -> float:
        return self._last.get(owner, -math.inf)


def fair_order(waiting: Iterable[Waiting], last_turn: Mapping[str, float]) -> list[Waiting]:
    """Those who wait, given from the oldest on, in the order in which their next turns begin.

    `last_turn` is when each owner's last turn began, in seconds since 1970.
    """
    turns = _Turns(waiting, last_turn)
    return list(iter(turns.take, None))


def gives_way(run: Waiting, waiting: Iterable[Waiting]) -> bool:
    """Whether a run that has done an epoch goes back into the queue, for one of those who wait."""
    return _Turns(waiting, {}).gives_way(run)


def forecast(
    slots: int, training: Sequence[Work], waiting: Sequence[Work], last_turn: Mapping[str, float]
) -> dict[str, Forecast]:
    """When each of these runs has its next turn and its end, by its id.

    Args:
        slots: how many runs train at the same time.
        training: the runs that have a slot now.
        waiting: those that wait, from the oldest on.
        last_turn: see `fair_order`.

    A slot whose run may go on for any time is not counted on, so that the latest time is told.
    """
    works = {each.run.id: each for each in (*training, *waiting)}
    left = {id: work.epochs for id, work in works.items()}
    starts: dict[str, float | None] = dict.fromkeys(works)
    ends: dict[str, float | None] = dict.fromkeys(works)
    turns = _Turns((each.run for each in waiting), last_turn)
    # When each slot is free, and the run whose turn ends then.
    free: list[tuple[float, int, Waiting | None]] = []
    for number in range(max(slots, len(training)) if slots else 0):
        work = training[number] if number < len(training) else None
        free.append((_turn(work, left), number, work.run if work else None))
    for work in training:
        turns.begin(work.run.owner)
        starts[work.run.id] = 0.0
        left[work.run.id] -= _part(left[work.run.id])
    heapq.heapify(free)
    for _ in range(MOST_TURNS):
        if not free:
            break
        now, slot, run = heapq.heappop(free)
        if now == math.inf:
            break
        if run and left[run.id] <= 0:
            ends[run.id] = now
            run = None
        if run and turns.gives_way(run):
            turns.add(run, first=True)
            run = None
        following = run or turns.take()
        if following is None:
            continue
        if starts[following.id] is None:
            starts[following.id] = now
        heapq.heappush(free, (now + _turn(works[following.id], left), slot, following))
        left[following.id] -= _part(left[following.id])
    return {id: Forecast(starts[id], ends[id]) for id in works}


def _part(epochs: float) -> float:
    """How much of its epochs a run does in its next turn: what is left of one that is going on,
    else one.
    """
    return epochs % 1 or min(1.0, epochs)


def _turn(work: Work | None, left: Mapping[str, float]) -> float:
    """Seconds of a run's next turn."""
    if work is None:
        return 0.0
    if work.seconds_an_epoch is None:
        return math.inf
    return work.seconds_an_epoch * _part(left[work.run.id])
