"""Work for a GPU recorded once as a CUDA graph, and repeated: one launch in place of some two hundred.

On a GPU networks as small as these take less time to compute than Python takes to ask for each kernel. A recording repeats
its kernels upon the same memory; whatever is to differ from one time to the next must be read from there.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

import threading
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

_recording = threading.Lock()  # a process can record one graph at a time, whatever it has of GPUs
WARM_UP = 3  # times that the work is done before it is recorded, so that libraries have chosen their kernels

Record = Callable[[Callable[[], None]], Callable[[], None]]  # gives what repeats the work


class NotRecorded(RuntimeError):
    """The work cannot be recorded; the message says why."""


def recorder(device: torch.device) -> Record | None:
    """What records on the thread's current GPU, None for other devices."""
    return _record if device.type == "cuda" else None


def _record(work: Callable[[], None]) -> Callable[[], None]:
    # On a stream of its own throughout: the default one cannot be recorded, and torch's own for this lies on one GPU.
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch has no types here
    with _recording:
        aside.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    work()
        finally:  # whoever puts things back must not be overtaken
            torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # The other threads of the server may use the GPU meanwhile.
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            work()
    return graph.replay


def record_without_trace(
    record: Record, work: Callable[[], None], changed: Sequence[Tensor], generators: Sequence[Generator]
) -> Callable[[], None]:
    """What repeats the work. `changed`, the tensors that the work changes, and the generators are as before.

    Raises NotRecorded.
    """
    kept = [tensor.detach().clone() for tensor in changed]
    states = [generator.get_state() for generator in generators]
    try:
        return record(work)
    except RuntimeError as error:
        first = _first(error)
        raise NotRecorded((str(first).strip() or type(first).__name__).splitlines()[0]) from error
    finally:
        with torch.no_grad():
            for tensor, was in zip(changed, kept, strict=True):
                tensor.copy_(was)
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)


def _first(error: BaseException) -> BaseException:
    """What went wrong first: ending a recording that has failed fails as well, and says less."""
    while error.__context__ is not None:
        error = error.__context__
    return error
