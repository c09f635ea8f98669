"""The steps of an epoch: eager, or captured whole as a CUDA graph and replayed.

Both do the same: take the next images in the epoch's order, compute gradients, update the
parameters, and put the step's loss and right answers into the tally.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from cachetools import LRUCache
from torch import Generator, Tensor, nn

from explorer.training.cuda_graph import Capture, CaptureFailed, capture_preserving_state
from explorer.training.optimizers import Numbers, Schedule, fill_state, state_tensors, update
from explorer.training.self_check import LiveState, Trial, find_fault
from explorer.training.tally import Tally

Learn = Callable[[Tensor, bool], Tensor]
"""Computes the gradients of the images with these indices, (B,), augmented unless the second
argument is true. Returns the step's row of the tally.
"""

CHECKED_AT_HAND = 64  # outcomes of checks, by what was checked
_faults: LRUCache[Hashable, str] = LRUCache(CHECKED_AT_HAND)
_faults_lock = threading.Lock()


class Steps(Protocol):
    def begin(self, order: Tensor, done: int, plain: bool) -> None:
        """Begin an epoch.

        Args:
            order: indices of the training images, (N,), on the device.
            done: steps of the run before this epoch.
            plain: whether the images are left without augmentation.
        """

    def step(self, batch: int) -> float:
        """Do the step of this batch, counted from 0; each once and in order. Returns its learning
        rate.
        """


@dataclass
class EagerSteps:
    """Steps in which Python launches each kernel."""

    learn: Learn
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    tally: Tally
    batch_size: int

    def begin(self, order: Tensor, done: int, plain: bool) -> None:
        self._order, self._done, self._plain = order, done, plain

    def step(self, batch: int) -> float:
        chosen = self._order[batch * self.batch_size : (batch + 1) * self.batch_size]  # (B,)
        self.tally.rows[batch] = self.learn(chosen, self._plain)
        self.optimizer.step()
        lr = self.schedule.numbers().lr
        self.schedule.after_step(self._done + batch + 1)
        return lr


class GraphSteps:
    """Steps that replay a CUDA graph.

    Image indices, learning rates and the count of steps lie on the device, so that a step is one
    launch. A short last batch runs eagerly.

    If capture fails, or the graph does not do what the eager step does, or is no faster, `problem`
    says why and every step runs eagerly. The check is made once in a process for the same `what`: a
    device, network and recipe.
    """

    def __init__(
        self,
        eager: EagerSteps,
        network: nn.Module,
        images: int,
        generators: Sequence[Generator],
        capture: Capture,
        what: Hashable = None,
        precision: str = "fp32",
    ):
        """`images` is the number of training images, at least one batch.

        `generators` are those that `learn` draws from.
        """
        self.problem = ""
        self._what, self._precision = what, precision
        self._eager, self._network, self._generators, self._capture = (
            eager,
            network,
            generators,
            capture,
        )
        self._whole, self._steps = images // eager.batch_size, len(eager.tally.rows)
        device = eager.tally.rows.device
        self._order = torch.zeros(images, dtype=torch.int64, device=device)
        # Of a batch's images in the order, from its first.
        self._places = torch.arange(eager.batch_size, device=device)
        # Lr and momentum of the epoch's steps.
        self._numbers = torch.zeros(self._steps, 2, device=device)
        self._batch = torch.zeros(1, dtype=torch.int64, device=device)
        self._plan: list[Numbers] = []
        self._replays: dict[bool, Callable[[], None]] = {}

    def prepare(self, plain: bool, done: int) -> None:
        """Capture and check the graph, unless that is done, after `done` steps of the run. Changes
        no state.
        """
        if plain in self._replays or self.problem:
            return
        with _faults_lock:
            known = _faults.get((self._what, plain))
        self.problem = known or ""
        if self.problem:
            return
        optimizer = self._eager.optimizer
        fill_state(optimizer)
        changed = [*self._network.parameters(), *self._network.buffers(), *state_tensors(optimizer)]
        changed += [self._batch, self._eager.tally.rows]
        try:
            self._replays[plain] = capture_preserving_state(
                self._capture, lambda: self._step(plain), changed, self._generators
            )
        except CaptureFailed as error:
            self.problem = f"CUDA graph capture failed: {error}"
            return
        if known is None:
            self.problem = self._find_fault(changed, plain, done)
            if self._what is not None:
                with _faults_lock:
                    _faults[self._what, plain] = self.problem

    def _find_fault(self, changed: Sequence[Tensor], plain: bool, done: int) -> str:
        trial = Trial(
            eager_steps=self._eager,
            replayed_steps=self,
            parameters=list(self._network.parameters()),
            rows=self._eager.tally.rows,
            images=len(self._order),
            batches=self._whole,
            precision=self._precision,
            device=self._order.device,
        )
        return find_fault(
            trial, LiveState(changed, self._generators, self._eager.schedule), done, plain
        )

    def begin(self, order: Tensor, done: int, plain: bool) -> None:
        self.prepare(plain, done)
        self._eager.begin(order, done, plain)
        if self.problem:
            return
        self._done, self._replay, schedule = done, self._replays[plain], self._eager.schedule
        self._plan = [schedule.numbers()]
        # It is at the last step then, which may be short and come as it comes.
        for step in range(1, self._steps):
            schedule.after_step(done + step)
            self._plan.append(schedule.numbers())
        self._order.copy_(order)
        self._numbers.copy_(torch.tensor(self._plan))
        self._batch.zero_()

    def step(self, batch: int) -> float:
        if self.problem or batch >= self._whole:
            return self._eager.step(batch)
        self._replay()
        if batch + 1 == self._steps:
            self._eager.schedule.after_step(self._done + self._steps)
        return self._plan[batch].lr

    def _step(self, plain: bool) -> None:
        """What is captured: nothing in it may wait for the device, nor copy to it."""
        # (B,).
        chosen = self._order.index_select(0, self._batch * self._eager.batch_size + self._places)
        row = self._eager.learn(chosen, plain)
        lr, momentum = self._numbers.index_select(0, self._batch)[0].unbind()
        update(self._eager.optimizer, lr, momentum)
        self._eager.tally.rows.index_copy_(0, self._batch, row[None])
        # So that warming up finds images however often it does it.
        self._batch.add_(1).remainder_(self._whole)
