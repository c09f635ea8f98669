"""What a piece of work costs in CPU time, on machines where a neighbour makes a single try several times slower."""

import sys
import time
from collections.abc import Callable

TRIES = 8


def forget_networks() -> None:
    """Empty whatever explorer.network remembers of networks and tables it has met."""
    for name, module in list(sys.modules.items()):
        if name.startswith("explorer.network"):
            for value in list(vars(module).values()):
                if clear := getattr(value, "cache_clear", None):
                    clear()


def least_seconds(work: Callable[[], object], enough: float, prepare: Callable[[], object] = forget_networks) -> float:
    """The least CPU time in which this thread did `work`, in seconds: it is done again, at most TRIES times in all, while
    each time took `enough` or longer. A busy neighbour slows some tries; what is slow in `work` slows every one, as long
    as `prepare`, which is not timed, lets none find the answer of the one before."""
    least = float("inf")
    for _ in range(TRIES):
        prepare()
        began = time.thread_time()
        work()
        least = min(least, time.thread_time() - began)
        if least < enough:
            break
    return least
