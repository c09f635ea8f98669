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
MEANWHILE = 0.05  # seconds after which one who waits looks again, at whatever else there is to do


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
    def turn(
        self, grace: float = 0.0, meanwhile: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Wait for a turn, and have it for the time of the context.

        Whoever comes first runs first, except that those who can wait let pass whoever comes within
        `grace` seconds after them. Who waits calls `meanwhile` now and then: what that raises ends
        the waiting.
        """
        me = _Waiter(self._now() + grace, next(self._numbers))
        try:
            self._wait(me, meanwhile)
        except BaseException:
            with self._lock:
                self._waiting.remove(me)
                heapq.heapify(self._waiting)
                if not self._running:  # it may have been called itself
                    self._call_next()
            raise
        try:
            yield
        finally:
            with self._lock:
                if self._running is me:
                    self._running = None
                    self._call_next()

    def _wait(self, me: _Waiter, meanwhile: Callable[[], object]) -> None:
        with self._lock:
            heapq.heappush(self._waiting, me)
        while True:
            with self._lock:
                left = self._over_at - self._now() if self._running else 0.0
                if left <= 0 and self._waiting[0] is me:
                    heapq.heappop(self._waiting)
                    self._running, self._over_at = me, self._now() + self._longest
                    return
                if left <= 0:
                    self._call_next()
                me.called.clear()
            me.called.wait(min(left, MEANWHILE) if left > 0 else MEANWHILE)
            meanwhile()

    def _call_next(self) -> None:
        """Wake the one that is next. With the lock held."""
        if self._waiting:
            self._waiting[0].called.set()
