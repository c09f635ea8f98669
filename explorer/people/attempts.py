"""Attempts: how often somebody may guess at a code or a key."""

import threading
import time
from collections import deque
from collections.abc import Callable

KNOWN = 10_000  # people or addresses whose attempts are remembered


class Attempts:
    """Counts wrong guesses, of each guesser and of all together. For any thread."""

    def __init__(
        self,
        each: int,
        together: int,
        seconds: float,
        now: Callable[[], float] = time.monotonic,
    ):
        """Allow so many wrong guesses in any `seconds`, to each guesser and to all together."""
        self._each, self._together, self._seconds, self._now = each, together, seconds, now
        self._lock = threading.Lock()
        self._wrong: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    def begin(self, guesser: str) -> bool:
        """Whether the guesser may try once more. The try counts as wrong from here on, so that many
        at the same moment count as many; `take_back` it once it was right.
        """
        with self._lock:
            own = self._recent(self._wrong.get(guesser, deque()))
            if len(own) >= self._each or len(self._recent(self._all)) >= self._together:
                return False
            if guesser not in self._wrong and len(self._wrong) >= KNOWN:
                del self._wrong[next(iter(self._wrong))]
            now = self._now()
            self._wrong.setdefault(guesser, deque()).append(now)
            self._all.append(now)
            return True

    def take_back(self, guesser: str) -> None:
        """Count the guesser's last try no more: it was right."""
        with self._lock:
            for times in (self._wrong.get(guesser), self._all):
                if times:
                    times.pop()

    def _recent(self, times: deque[float]) -> deque[float]:
        """The times, without those that are too long ago."""
        while times and times[0] <= self._now() - self._seconds:
            times.popleft()
        return times
