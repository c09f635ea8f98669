"""Page runs take turns: those of many visitors end sooner one after the other than side by side.

The interpreter runs one of them at a time in any case. Side by side, each takes as long as all of
them together: the slowest twentieth of a class's edits took more than 885 ms, and with turns less
than 360 (tests/benchmarks/RESULTS.md).
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# After that a turn counts as over: whoever takes that long, as with a large comparison, does not
# hold up the others any more, but shares the interpreter with them.
LONGEST = 0.3  # seconds


@dataclass(order=True)
class _Waiter:
    due: float
    number: int
    called: threading.Event = field(compare=False, default_factory=threading.Event)


class Turns:
    """Who may run, one at a time. Every method may be called from any thread."""

    def __init__(self, longest: float = LONGEST, now: Callable[[], float] = time.monotonic):
        self._longest, self._now = longest, now
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: list[_Waiter] = []  # a heap
        self._running: _Waiter | None = None
        self._over_at = 0.0  # when the turn of the running one counts as over

    def waiting(self) -> int:
        """How many wait for a turn."""
        with self._lock:
            return len(self._waiting)

    @contextmanager
    def turn(self, grace: float = 0.0) -> Iterator[None]:
        """Wait for a turn, and have it for the time of the context.

        Whoever comes first runs first, except that those who can wait let pass whoever comes within
        `grace` seconds after them.
        """
        me = self._wait(grace)
        try:
            yield
        finally:
            with self._lock:
                if self._running is me:
                    self._running = None
                    self._call_next()

    def _wait(self, grace: float) -> _Waiter:
        me = _Waiter(self._now() + grace, next(self._numbers))
        with self._lock:
            heapq.heappush(self._waiting, me)
        while True:
            with self._lock:
                left = self._over_at - self._now() if self._running else 0.0
                if left <= 0 and self._waiting[0] is me:
                    heapq.heappop(self._waiting)
                    self._running, self._over_at = me, self._now() + self._longest
                    return me
                if left <= 0:
                    self._call_next()
                me.called.clear()
            me.called.wait(max(left, 0.0) or self._longest)

    def _call_next(self) -> None:
        """Wake the one that is next. With the lock held."""
        if self._waiting:
            self._waiting[0].called.set()
