"""Recording work leaves no trace in what it changes, and says why it could not be done.

On a GPU, that a replay draws anew.

Without a GPU the recording is played by a function that repeats the work.
"""

from collections.abc import Callable, Sequence

import pytest
import torch

from explorer.training.cuda_graph import CaptureFailed, capture_preserving_state, find_capture

Work = Callable[[], None]


def played(work: Work, generators: Sequence[torch.Generator]) -> Work:
    for _ in range(3):
        work()
    return work


def refused(work: Work, generators: Sequence[torch.Generator]) -> Work:
    """As torch refuses: ending the recording fails as well, and says less."""
    work()
    try:
        raise RuntimeError("operation not permitted when stream is capturing\nat some place")
    finally:
        raise RuntimeError("operation failed due to a previous error during capture")


def test_only_a_gpu_is_recorded() -> None:
    assert find_capture(torch.device("cpu")) is None
    assert find_capture(torch.device("cuda")) is not None


class Doubling:
    """Draws numbers, and doubles a weight."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(3)
        self.drawn, self.weight = torch.zeros(4), torch.nn.Parameter(torch.ones(2))

    def __call__(self) -> None:
        self.drawn.add_(torch.rand(4, generator=self.generator))
        self.weight.data.mul_(2)

    def assert_done(self, times: int) -> None:
        expected = Doubling()
        for _ in range(times):
            expected()
        assert torch.equal(self.drawn, expected.drawn)
        assert torch.equal(self.weight, expected.weight)
        assert torch.equal(self.generator.get_state(), expected.generator.get_state())


def test_recording_leaves_no_trace() -> None:
    work = Doubling()
    replay = capture_preserving_state(played, work, [work.drawn, work.weight], [work.generator])
    work.assert_done(0)
    replay()
    work.assert_done(1)


def test_what_cannot_be_recorded_leaves_no_trace_either() -> None:
    work = Doubling()
    with pytest.raises(CaptureFailed, match=r"^operation not permitted when stream is capturing$"):
        capture_preserving_state(refused, work, [work.drawn, work.weight], [work.generator])
    work.assert_done(0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_on_a_gpu_every_replay_draws_anew() -> None:
    generator = torch.Generator("cuda").manual_seed(0)
    drawn = torch.zeros(4, device="cuda")
    record = find_capture(torch.device("cuda"))
    assert record is not None

    def work() -> None:
        drawn.copy_(torch.rand(4, generator=generator, device="cuda"))

    replay = record(work, [generator])
    seen = set()
    for _ in range(3):
        replay()
        seen.add(tuple(drawn.tolist()))
    assert len(seen) == 3
