"""Who is next in the queue, and about when. Pure functions over what the store knows."""

import heapq
import math
from collections.abc import Mapping, Sequence


def fair_order(waiting: Sequence[tuple[str, str]], last_started: Mapping[str, float]) -> list[str]:
    """The ids of the waiting runs, given as (id, owner) from the oldest on, in the order in which
    they will train.

    Owners take turns, so that nobody waits for all that another has queued. The next owner is the
    one whose last run started the longest ago (`last_started`, seconds since 1970; owners who are
    not in it never had one, and come first); of equals, the one who has waited longest.
    """
    queues: dict[str, list[str]] = {}
    for run, owner in waiting:
        queues.setdefault(owner, []).append(run)
    arrived = {owner: place for place, owner in enumerate(queues)}
    turn = {owner: last_started.get(owner, -math.inf) for owner in queues}
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


def starts_in(
    slots: int, remaining: Sequence[float | None], durations: Sequence[float | None]
) -> list[float | None]:
    """Seconds until each waiting run starts, in the order of the queue; None if that cannot be
    told.

    Args:
        slots: how many runs train at the same time.
        remaining: seconds that each run in a slot still takes, None if not known.
        durations: seconds that each waiting run will take, None if not known.

    A slot whose run may end at any time is not counted on, so that the latest start is told.
    """
    if slots == 0:
        return [None] * len(durations)  # nothing is trained by whoever asks
    free = [math.inf if left is None else left for left in remaining] + [0.0] * (
        slots - len(remaining)
    )
    heapq.heapify(free)
    found: list[float | None] = []
    for duration in durations:
        start = heapq.heappop(free)
        found.append(None if start == math.inf else start)
        heapq.heappush(free, math.inf if duration is None else start + duration)
    return found
