"""How long a piece of work takes, on machines of which some are slower than others, and where a
neighbour makes a single try several times slower.
"""

import sys
import time
from collections.abc import Callable

from cachetools import Cache

TRIES = 8
# The speed that the tests' limits are meant for: CPython 3.11 counts this far in this time.
COUNTED, NORMAL_SECONDS = 500_000, 0.0145


def slowness() -> float:
    """How many times longer than normal this thread takes now for the same work; at least 1."""
    began, total = time.thread_time(), 0
    for number in range(COUNTED):
        total += number
    return max(1.0, (time.thread_time() - began) / NORMAL_SECONDS)


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
    """The least CPU time in which this thread did `work`, in seconds of a machine of normal speed:
    it is done again, at most TRIES times in all, while each time took `enough` or longer. A busy
    neighbour slows some tries; what is slow in `work` slows every one, as long as `prepare`, which
    is not timed, lets none find the answer of the one before.
    """

    def measure() -> float:
        prepare()
        before, seconds = slowness(), _seconds(work, time.thread_time)
        return seconds / ((before + slowness()) / 2)

    return least_of(measure, enough)


def least_wait(
    work: Callable[[], object], enough: float, prepare: Callable[[], object] = lambda: None
) -> float:
    """As `least_seconds`, but in plain seconds of the clock on the wall: for work that waits for
    others.
    """

    def measure() -> float:
        prepare()
        return _seconds(work, time.monotonic)

    return least_of(measure, enough)


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


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began
