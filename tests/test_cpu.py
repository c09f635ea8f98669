"""What the tests of cost measure with: a slow neighbour is forgiven, slow work is not."""

import time

import pytest

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, ReLU
from tests.cpu import NORMAL_SECONDS, TRIES, forget_networks, least_seconds, slowness


@pytest.mark.parametrize(
    ("costs", "least", "tries"), [([5, 5, 1, 5], 1, 3), ([5] * 20, 5, TRIES), ([1, 9], 1, 1)]
)
def test_work_is_done_again_until_it_is_quick_enough(
    monkeypatch: pytest.MonkeyPatch, costs: list[int], least: int, tries: int
):
    clock, done = [0.0], []

    def work() -> None:
        clock[0] += costs[len(done)]
        done.append(True)

    monkeypatch.setattr(time, "thread_time", lambda: clock[0])
    assert least_seconds(work, 2) == least
    assert len(done) == tries


@pytest.mark.parametrize(("seconds", "times"), [(0.5, 1), (1, 1), (3, 3)])
def test_a_slow_machine_counts_slowly(
    monkeypatch: pytest.MonkeyPatch, seconds: float, times: float
):
    clock = iter([7.0, 7.0 + seconds * NORMAL_SECONDS])
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    assert slowness() == pytest.approx(times)


def test_a_slow_machine_is_forgiven(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 6.0])
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    speeds = iter([2.0, 4.0])  # before and after
    monkeypatch.setattr("tests.cpu.slowness", lambda: next(speeds))
    assert least_seconds(lambda: None, 3) == 2


def test_no_answer_is_remembered():
    analyze(Architecture(layers=(ReLU(),)))
    assert analyze.cache_info().currsize > 0
    forget_networks()
    assert analyze.cache_info().currsize == 0
