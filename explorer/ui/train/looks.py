"""How often a page looks at a run that goes on: the less often, the more windows do, as each look
takes processor time from the training and from everyone else on the server.
"""

import threading
import time
from collections.abc import Callable

# Seconds between two looks: a page on the processor that trains takes its share of it.
EVERY = {"cpu": 2.0}
ELSE = 1.0  # where a GPU trains
TOGETHER = 5.0  # looks a second, of all windows
GONE = 30.0  # seconds after which a window that has not looked again is no longer counted
FAR_OFF = 1.5  # times as often, or as seldom: less than that is not worth a page drawn anew


class Looks:
    """The windows that look at runs. Every method may be called from any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self._now = now
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}  # by window, when it looked

    def note(self, window: str) -> None:
        """This window looks now."""
        now = self._now()
        with self._lock:
            self._last[window] = now
            self._last = {each: when for each, when in self._last.items() if now - when < GONE}

    def interval(self, device: str) -> float:
        """Seconds between two looks of one window at a run on this type of device."""
        with self._lock:
            windows = len(self._last)
        return max(EVERY.get(device, ELSE), windows / TOGETHER)

    def is_far_off(self, interval: float, device: str) -> bool:
        """Whether a window with this interval should have another one by now."""
        right = self.interval(device)
        return not right / FAR_OFF <= interval <= right * FAR_OFF


looks = Looks()
"""Of this process."""
