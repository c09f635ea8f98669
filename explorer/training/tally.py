"""Tally: losses and right answers of an epoch's steps, on the device until they are read."""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Self

import torch
from torch import Tensor

EVENTS_AN_EPOCH = 50

Wait = Callable[[], None]


def _mark_cuda() -> Wait:
    event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # torch has no types here
    event.record()
    return event.synchronize


# A CUDA GPU works while the program goes on. Reading the tally lets its queue run dry, so that is
# done this many seconds apart. The ends of windows are marked in the queue, and the program runs
# ahead of the GPU by at most AHEAD of them: far enough for the GPU never to wait, not so far that a
# stop comes late.
READ_EVERY = {"cuda": 0.25}
MARKS: dict[str, Callable[[], Wait]] = {"cuda": _mark_cuda}
AHEAD = 2


class Sums(NamedTuple):
    """Sums over some steps: losses, right answers, images, steps and seconds."""

    losses: float
    right: float
    images: int
    steps: int
    seconds: float

    @classmethod
    def of(cls, parts: list[Self]) -> Self:
        return cls(*(sum(column) for column in zip(*parts, strict=True)))

    @property
    def loss(self) -> float:
        return self.losses / self.images

    @property
    def accuracy(self) -> float:
        return self.right / self.images

    @property
    def speed(self) -> float:
        return self.steps / self.seconds


class StepWindow(NamedTuple):
    """Consecutive steps that become one event."""

    end: int  # its last step, from 1
    lr: float  # of that
    sums: Sums
    ended: float  # perf_counter's


class Tally:
    """Losses and right answers, step by step.

    Each step puts into `rows`, (steps, 2), the sum of its images' losses and its right answers. The
    grid of windows, which are read whole, does not depend on any clock.
    """

    def __init__(self, images: int, batch_size: int, steps: int, device: torch.device):
        self.rows = torch.zeros(steps, 2, device=device)
        self._images, self._batch_size, self._steps = images, batch_size, steps
        every = -(-steps // EVENTS_AN_EPOCH)
        self._grid = {*range(every, steps, every), steps}
        self._pause, self._mark = READ_EVERY.get(device.type, 0.0), MARKS.get(device.type)
        self._marks: deque[Wait] = deque()
        self.start()

    def start(self) -> None:
        """Begin an epoch."""
        self._read, self._at = 0, time.perf_counter()
        # Of windows that were not read yet, each with its learning rate.
        self._ends: list[tuple[int, float]] = []
        self._marks.clear()

    def read(self, done: int, lr: float) -> list[StepWindow]:
        """The windows that have ended since the last reading, to be asked once after each step.

        Args:
            done: steps that are done or queued on the device.
            lr: learning rate of the last of them.

        Returns none if it is too early for another reading.
        """
        if done not in self._grid:
            return []
        self._ends.append((done, lr))
        if self._mark:
            self._marks.append(self._mark())
            if len(self._marks) > AHEAD:
                self._marks.popleft()()
        if done < self._steps and time.perf_counter() - self._at < self._pause:
            return []
        rows = self.rows[self._read : done].tolist()  # waits for the device
        now = time.perf_counter()
        a_step, windows, first = (now - self._at) / (done - self._read), [], self._read
        for end, rate in self._ends:
            losses, right = (
                sum(column)
                for column in zip(*rows[first - self._read : end - self._read], strict=True)
            )
            images = min(end * self._batch_size, self._images) - first * self._batch_size
            sums = Sums(losses, right, images, end - first, a_step * (end - first))
            windows.append(StepWindow(end, rate, sums, now - a_step * (done - end)))
            first = end
        self._read, self._at, self._ends = done, now, []
        self._marks.clear()
        return windows


def row_of(loss: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
    """A step's row, (2,): of its mean loss, scores (B, classes) and labels (B,)."""
    right = (scores.detach().argmax(1) == labels).sum()
    return torch.stack((loss.detach() * len(labels), right))
