"""Who is next, and when."""

import pytest

from explorer.runs.fair_queue import fair_order, starts_in


@pytest.mark.parametrize(
    ("waiting", "served", "order"),
    [
        ([], {}, ""),
        (["a1", "a2", "a3"], {}, "a1 a2 a3"),
        (["a1", "a2", "a3", "b1"], {}, "a1 b1 a2 a3"),
        (["a1", "a2", "b1", "b2", "c1"], {}, "a1 b1 c1 a2 b2"),
        (["a1", "b1"], {"a": 5.0}, "b1 a1"),
        (["a1", "b1", "c1"], {"a": 5.0, "b": 3.0}, "c1 b1 a1"),
        (["a1", "a2", "a3", "b1", "b2"], {"a": 5.0}, "b1 a1 b2 a2 a3"),
        (["a1", "b1"], {"a": 5.0, "b": 5.0}, "a1 b1"),
        (["a1", "a2", "b1"], {"b": 1.7e9}, "a1 b1 a2"),
    ],
)
def test_owners_take_turns(waiting: list[str], served: dict[str, float], order: str) -> None:
    assert fair_order([(run, run[0]) for run in waiting], served) == order.split()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_order_is_that_of_taking_one_after_the_other(count: int) -> None:
    """What is told beforehand is what happens when each is taken in its turn."""
    waiting = [(f"{owner}{number}", owner) for owner in "abc" for number in range(count)]
    served, told = {"b": 10.0}, fair_order(waiting, {"b": 10.0})
    for time, run in enumerate(told, 11):
        assert fair_order(waiting, served)[0] == run
        waiting.remove((run, run[0]))
        served[run[0]] = float(time)
    assert waiting == []


@pytest.mark.parametrize(
    ("slots", "remaining", "durations", "starts"),
    [
        (1, [], [7.0], [0.0]),
        (1, [10.0], [5.0, 7.0, 1.0], [10.0, 15.0, 22.0]),
        (1, [None], [5.0, 7.0], [None, None]),
        (1, [10.0], [5.0, None, 7.0], [10.0, 15.0, None]),
        (2, [10.0, 4.0], [5.0, 7.0, 1.0], [4.0, 9.0, 10.0]),
        (2, [10.0], [5.0, 7.0, 1.0], [0.0, 5.0, 10.0]),
        (2, [None, 10.0], [5.0, 7.0], [10.0, 15.0]),
        (2, [3.0, 4.0], [None, 7.0, 1.0], [3.0, 4.0, 11.0]),
    ],
)
def test_when_each_starts(
    slots: int,
    remaining: list[float | None],
    durations: list[float | None],
    starts: list[float | None],
) -> None:
    assert starts_in(slots, remaining, durations) == starts
