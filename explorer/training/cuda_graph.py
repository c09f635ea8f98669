"""Capture GPU work as a CUDA graph, which is then replayed: one launch in place of some two
hundred.

On a GPU, networks as small as these take less time to compute than Python takes to launch each
kernel. A graph repeats its kernels on the same memory; what is to differ between replays is read
from there.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

import threading
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

_capturing = threading.Lock()  # a process can capture one graph at a time, on however many GPUs
WARM_UP = 3  # runs of the work before its capture, so that libraries have chosen their kernels

# Takes the work and the generators that it draws from; returns what replays it.
Capture = Callable[[Callable[[], None], Sequence[Generator]], Callable[[], None]]


class CaptureFailed(RuntimeError):
    """The work cannot be captured; the message says why."""


def find_capture(device: torch.device) -> Capture | None:
    """What captures work on the thread's current GPU; None for other devices."""
    return _capture if device.type == "cuda" else None


def _capture(work: Callable[[], None], generators: Sequence[Generator]) -> Callable[[], None]:
    # On a stream of its own throughout: the default one cannot be captured, and torch's own for
    # this lies on one GPU.
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch has no types here
    with _capturing:
        aside.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    work()
        finally:  # whoever puts things back must not be overtaken
            torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        for generator in generators:  # torch by itself does so with the default one alone
            graph.register_generator_state(generator)
        # The other threads of the server may use the GPU meanwhile.
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            work()
    return graph.replay


def capture_preserving_state(
    capture: Capture,
    work: Callable[[], None],
    changed: Sequence[Tensor],
    generators: Sequence[Generator],
) -> Callable[[], None]:
    """Capture the work, and return what replays it.

    The generators and `changed`, the tensors that the work changes, are as before afterwards.
    Raises CaptureFailed.
    """
    kept = [tensor.detach().clone() for tensor in changed]
    states = [generator.get_state() for generator in generators]
    try:
        return capture(work, generators)
    except RuntimeError as error:
        first = _first(error)
        raise CaptureFailed((str(first).strip() or type(first).__name__).splitlines()[0]) from error
    finally:
        with torch.no_grad():
            for tensor, was in zip(changed, kept, strict=True):
                tensor.copy_(was)
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)


def _first(error: BaseException) -> BaseException:
    """The first of chained errors: ending a failed capture fails as well, and says less."""
    while error.__context__ is not None:
        error = error.__context__
    return error
