"""Tally: what the steps of an epoch came to. It lies on the device, and the program waits for that only to read it."""

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


# A CUDA GPU works on what it was asked for while the program goes on. There, what it has done is read this many seconds
# apart, as reading lets it run dry; and the program marks the ends of stretches in its queue, and goes no further ahead of
# it than these many: far enough for it never to wait, not so far that a stop comes late.
READ_EVERY = {"cuda": 0.25}
MARKS: dict[str, Callable[[], Wait]] = {"cuda": _mark_cuda}
AHEAD = 2


class Sums(NamedTuple):
    """Of some steps: the images' losses and right answers summed, how many images and steps, how long they took."""

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


class Stretch(NamedTuple):
    """Steps of an epoch between two places of the grid."""

    end: int  # its last step, from 1
    lr: float  # of that
    sums: Sums
    ended: float  # perf_counter's


class Tally:
    """Whoever takes a step puts into `rows`, (steps, 2), at its place the sum of its images' losses and its right answers.

    The grid of stretches, which are read whole, does not depend on any clock.
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
        """An epoch begins."""
        self._read, self._at = 0, time.perf_counter()
        self._ends: list[tuple[int, float]] = []  # of stretches that were not read yet, each with its learning rate
        self._marks.clear()

    def read(self, done: int, lr: float) -> list[Stretch]:
        """Once after each step: `done` are done or on their way, the last at this learning rate. The stretches that have
        come to their end since the last reading; none where it is too early for another."""
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
        a_step, stretches, first = (now - self._at) / (done - self._read), [], self._read
        for end, rate in self._ends:
            losses, right = (sum(column) for column in zip(*rows[first - self._read : end - self._read], strict=True))
            images = min(end * self._batch_size, self._images) - first * self._batch_size
            sums = Sums(losses, right, images, end - first, a_step * (end - first))
            stretches.append(Stretch(end, rate, sums, now - a_step * (done - end)))
            first = end
        self._read, self._at, self._ends = done, now, []
        self._marks.clear()
        return stretches


def row_of(loss: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
    """A step's row, (2,), of its mean loss, its scores (B, classes) and labels (B,)."""
    right = (scores.detach().argmax(1) == labels).sum()
    return torch.stack((loss.detach() * len(labels), right))
