"""A step's kernels, recorded once as a CUDA graph and replayed: one launch in place of some two hundred.

On a GPU networks as small as these take less time to compute than Python takes to ask for each kernel. The graph holds
what is the same in every step: taking the images, augmentation, forward, loss, backward. The optimiser's step and its
schedule stay outside: fused, they are a few launches, and their numbers (learning rate, momentum) change from step to step,
which a recording could not follow.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from collections.abc import Callable, Iterable

import torch
from torch import Generator, Tensor, nn

WARM_UP = 3  # times that the work is done before it is recorded, so that libraries have chosen their kernels

# Of the images with these places, (B,), as they are or augmented: afterwards their gradients are in the parameters.
Learn = Callable[[Tensor, bool], None]
Record = Callable[[Callable[[], None]], Callable[[], None]]  # gives what repeats the work


def cuda_recorder(generators: Iterable[Generator]) -> Record:
    """Records on the current device. The generators are those that the work draws from."""

    def record(work: Callable[[], None]) -> Callable[[], None]:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch has no types here
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                work()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
            graph.register_generator_state(generator)
        # The other threads of the server may use the GPU meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
        return graph.replay

    return record


class Replayed:
    """`learn`, recorded for batches of `batch_size` and replayed; batches of another size are learnt as they come.

    Where recording fails, `problem` says why, and every batch is learnt as it comes. What recording itself computes leaves
    no trace in `changed`, the tensors that the work changes beside the gradients, nor in the generators.
    """

    def __init__(
        self,
        learn: Learn,
        network: nn.Module,
        generators: Iterable[Generator],
        changed: Iterable[Tensor],
        batch_size: int,
        device: torch.device,
        record: Record,
    ):
        self.problem = ""
        self._learn, self._record = learn, record
        self._parameters, self._generators = list(network.parameters()), list(generators)
        self._changed = [*network.buffers(), *changed]
        self._chosen = torch.zeros(batch_size, dtype=torch.int64, device=device)  # where the graph finds the images' places
        self._graphs: dict[bool, tuple[Callable[[], None], list[Tensor | None]]] = {}  # with the gradients that each fills

    def __call__(self, chosen: Tensor, plain: bool) -> None:
        if len(chosen) != len(self._chosen) or self.problem:
            self._learn(chosen, plain)
            return
        if plain not in self._graphs:
            self.prepare(plain)
            if self.problem:
                self._learn(chosen, plain)
                return
        replay, gradients = self._graphs[plain]
        self._chosen.copy_(chosen)
        replay()
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient  # another batch may have put others in its place

    def prepare(self, plain: bool) -> None:
        """Record, if that is still to do. The first images stand for those of any batch."""
        if plain in self._graphs or self.problem:
            return
        kept = [tensor.clone() for tensor in self._changed]
        states = [generator.get_state() for generator in self._generators]
        try:
            replay = self._record(lambda: self._learn(self._chosen, plain))
            self._graphs[plain] = replay, [parameter.grad for parameter in self._parameters]
        except RuntimeError as error:
            self.problem = (str(error).strip() or type(error).__name__).splitlines()[0]
        for tensor, was in zip(self._changed, kept, strict=True):
            tensor.copy_(was)
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)
