"""How long a piece of work takes, on machines where a neighbour makes a single try several times
slower.
"""

import sys
import time
from collections.abc import Callable

from cachetools import Cache

TRIES = 8


def forget_networks() -> None:
    """Empty whatever explorer.network remembers of networks and tables it has met."""
    for name, module in list(sys.modules.items()):
        if name.startswith("explorer.network"):
            for value in list(vars(module).values()):
                if clear := getattr(value, "cache_clear", None):
                    clear()
                elif isinstance(value, Cache):
                    value.clear()


def least_seconds(
    work: Callable[[], object], enough: float, prepare: Callable[[], object] = forget_networks
) -> float:
    """The least CPU time in which this thread did `work`, in seconds: it is done again, at most
    TRIES times in all, while each time took `enough` or longer. A busy neighbour slows some tries;
    what is slow in `work` slows every one, as long as `prepare`, which is not timed, lets none find
    the answer of the one before.
    """
    return _least(work, enough, prepare, time.thread_time)


def least_wait(
    work: Callable[[], object], enough: float, prepare: Callable[[], object] = lambda: None
) -> float:
    """As `least_seconds`, by the clock on the wall: for work that waits for others."""
    return _least(work, enough, prepare, time.monotonic)


def least_of(measure: Callable[[], float], enough: float) -> float:
    """The least figure that `measure` gives: it is asked again, at most TRIES times in all, while
    each was `enough` or more. For work that measures itself, such as a process of its own.
    """
    least = float("inf")
    for _ in range(TRIES):
        least = min(least, measure())
        if least < enough:
            break
    return least


def _least(
    work: Callable[[], object],
    enough: float,
    prepare: Callable[[], object],
    clock: Callable[[], float],
) -> float:
    def measure() -> float:
        prepare()
        began = clock()
        work()
        return clock() - began

    return least_of(measure, enough)
