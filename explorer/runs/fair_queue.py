"""Who is next in the queue, and about when. Pure functions over what the store knows."""

import heapq
import math
from collections.abc import Mapping, Sequence


def fair_order(waiting: Sequence[tuple[str, str]], served: Mapping[str, float]) -> list[str]:
    """The ids of (id, owner), given the oldest first, in the order in which they are taken.

    Owners take turns, so that nobody waits for all that another has queued: next is the owner whose last run was taken the
    longest ago (`served`; those who are not in it never had one, and come first), of equals the one who waits longest.
    """
    queues: dict[str, list[str]] = {}
    for run, owner in waiting:
        queues.setdefault(owner, []).append(run)
    arrived = {owner: place for place, owner in enumerate(queues)}
    turn = {owner: served.get(owner, -math.inf) for owner in queues}
    now = max([0.0, *turn.values()])
    order = []
    while queues:
        owner = min(queues, key=lambda owner: (turn[owner], arrived[owner]))
        order.append(queues[owner].pop(0))
        now += 1
        turn[owner] = now
        if not queues[owner]:
            del queues[owner]
    return order


def starts_in(slots: int, remaining: Sequence[float | None], durations: Sequence[float | None]) -> list[float | None]:
    """Seconds until each waiting run starts, in the order of the queue; None where that cannot be told.

    remaining: of the runs that have a slot, the seconds they still take; durations: of those that wait, how long each will
    take; None where it is not known. A slot whose run may end at any time is not counted on, so that what is told is the
    latest.
    """
    if slots == 0:
        return [None] * len(durations)  # nothing is trained by whoever asks
    free = [math.inf if left is None else left for left in remaining] + [0.0] * (slots - len(remaining))
    heapq.heapify(free)
    found: list[float | None] = []
    for duration in durations:
        start = heapq.heappop(free)
        found.append(None if start == math.inf else start)
        heapq.heappush(free, math.inf if duration is None else start + duration)
    return found
