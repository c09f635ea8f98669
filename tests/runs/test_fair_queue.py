"""Who is next, and when."""

import random

import pytest

from explorer.runs import fair_queue
from explorer.runs.fair_queue import Waiting, Work, fair_order, forecast, gives_way


def run(text: str) -> Waiting:
    """ "a2" is Ann's second single run, "A2" her second of a batch."""
    return Waiting(text, text[0].lower(), "batch" if text[0].isupper() else "")


@pytest.mark.parametrize(
    ("waiting", "served", "order"),
    [
        ("", {}, ""),
        ("a1 a2 a3", {}, "a1 a2 a3"),
        ("a1 a2 a3 b1", {}, "a1 b1 a2 a3"),
        ("a1 a2 b1 b2 c1", {}, "a1 b1 c1 a2 b2"),
        ("a1 b1", {"a": 5.0}, "b1 a1"),
        ("a1 b1 c1", {"a": 5.0, "b": 3.0}, "c1 b1 a1"),
        ("a1 a2 a3 b1 b2", {"a": 5.0}, "b1 a1 b2 a2 a3"),
        ("a1 b1", {"a": 5.0, "b": 5.0}, "a1 b1"),
        ("a1 a2 b1", {"b": 1.7e9}, "a1 b1 a2"),
        # Those of a batch come behind all single ones.
        ("A1 A2 A3 b1", {}, "b1 A1 A2 A3"),
        ("A1 A2 a1 B1 b1", {}, "a1 b1 A1 B1 A2"),
        ("A1 A2 B1 B2", {"a": 5.0}, "B1 A1 B2 A2"),
        ("A1 b1 b2", {"b": 5.0}, "b1 b2 A1"),
    ],
)
def test_owners_take_turns(waiting: str, served: dict[str, float], order: str) -> None:
    found = fair_order([run(each) for each in waiting.split()], served)
    assert [each.id for each in found] == order.split()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_order_is_that_of_taking_one_after_the_other(count: int) -> None:
    """What is told beforehand is what happens when each is taken in its turn."""
    waiting = [run(f"{owner}{number}") for owner in "abCD" for number in range(count)]
    served, told = {"b": 10.0}, fair_order(waiting, {"b": 10.0})
    for time, each in enumerate(told, 11):
        assert fair_order(waiting, served)[0] == each
        waiting.remove(each)
        served[each.owner] = float(time)
    assert waiting == []


@pytest.mark.parametrize(
    ("training", "waiting", "gives"),
    [
        ("a1", "", False),
        ("a1", "a2 a3", False),  # its own come after it
        ("a1", "b1", True),
        ("a1", "a2 b1", True),
        ("a1", "B1", False),  # a batch waits for single runs
        ("A1", "A2", False),
        ("A1", "B1", True),
        ("A1", "a1", True),  # even for one's own
        ("A1", "b1", True),
    ],
)
def test_who_gives_way_after_an_epoch(training: str, waiting: str, gives: bool) -> None:
    assert gives_way(run(training), [run(each) for each in waiting.split()]) is gives


def works(text: str) -> list[Work]:
    """ "a1:3x10 b1:?" is Ann's run with three epochs of 10 seconds, and Ben's that nobody knows."""
    found = []
    for each in text.split():
        name, _, what = each.partition(":")
        epochs, _, seconds = what.partition("x")
        found.append(Work(run(name), float(epochs), float(seconds) if seconds else None))
    return found


@pytest.mark.parametrize(
    ("slots", "training", "waiting", "told"),
    [
        (1, "", "", {}),
        (1, "", "a1:2x5", {"a1": (0, 10)}),
        # One's own runs come one after the other.
        (1, "a1:2x5", "a2:1x3", {"a1": (0, 10), "a2": (10, 13)}),
        # Others alternate, epoch by epoch.
        (1, "a1:3x5", "b1:2x2", {"a1": (0, 19), "b1": (5, 14)}),
        (1, "a1:3x5", "b1:3x5 c1:1x5", {"a1": (0, 30), "b1": (5, 35), "c1": (10, 15)}),
        # What is going on of an epoch ends first.
        (1, "a1:1.5x10", "b1:1x2", {"a1": (0, 17), "b1": (5, 7)}),
        (2, "a1:2x10", "b1:1x4 c1:1x1", {"a1": (0, 20), "b1": (0, 4), "c1": (4, 5)}),
        # A batch behind single runs.
        (1, "A1:2x5", "A2:1x5 b1:2x1", {"A1": (0, 12), "A2": (12, 17), "b1": (5, 7)}),
        # Behind what nobody knows nothing can be told.
        (1, "a1:2", "b1:1x1", {"a1": (0, None), "b1": (None, None)}),
        (1, "a1:1x5", "b1:1 c1:1x1", {"a1": (0, 5), "b1": (5, None), "c1": (None, None)}),
        (2, "a1:1", "b1:1x4 c1:1x1", {"a1": (0, None), "b1": (0, 4), "c1": (4, 5)}),
        (0, "", "a1:1x1", {"a1": (None, None)}),  # nothing is trained by whoever asks
    ],
)
def test_when_each_has_its_turn_and_its_end(
    slots: int, training: str, waiting: str, told: dict[str, tuple[float, float]]
) -> None:
    found = forecast(slots, works(training), works(waiting), {})
    assert {id: (each.starts_in, each.ends_in) for id, each in found.items()} == told


def test_whoever_trains_has_just_had_a_turn() -> None:
    """Though only the owners of those who wait have their last turns told."""
    found = forecast(1, works("a1:3x10"), works("b1:3x10"), {"b": 100.0})
    told = {id: (each.starts_in, each.ends_in) for id, each in found.items()}
    assert told == {"a1": (0, 50), "b1": (10, 60)}


def test_everybody_of_a_class_has_a_first_epoch_before_anybody_has_a_third() -> None:
    waiting = [Work(Waiting(f"r{number}", f"p{number}"), 20, 10.0) for number in range(30)]
    found = forecast(1, [], waiting, {})
    assert [found[f"r{number}"].starts_in for number in range(30)] == [
        10.0 * number for number in range(30)
    ]
    assert max(each.ends_in or 0 for each in found.values()) == 30 * 20 * 10.0


def test_what_is_foreseen_is_what_happens_when_turns_are_taken() -> None:
    """Against a plain simulation of what the manager does, one slot."""
    draw = random.Random(5)
    for _ in range(300):
        names = [f"{draw.choice('abcABC')}{number}" for number in range(draw.randrange(1, 7))]
        jobs = [Work(run(name), draw.randrange(1, 5), draw.randrange(1, 9)) for name in names]
        left, now, turn, last = {w.run.id: w.epochs for w in jobs}, 0.0, 0.0, {}
        waiting, current = [w.run for w in jobs], None
        starts, ends = {}, {}
        speed = {w.run.id: w.seconds_an_epoch or 0 for w in jobs}
        while waiting or current:
            if current is None:
                current = fair_order(waiting, last)[0]
                waiting.remove(current)
                turn += 1
                last[current.owner] = turn
            starts.setdefault(current.id, now)
            now += speed[current.id]
            left[current.id] -= 1
            if left[current.id] == 0:
                ends[current.id], current = now, None
            elif gives_way(current, waiting):
                waiting = [w.run for w in jobs if w.run in waiting or w.run == current]
                current = None
        found = forecast(1, [], jobs, {})
        assert {id: each.starts_in for id, each in found.items()} == starts
        assert {id: each.ends_in for id, each in found.items()} == ends


def test_a_forecast_ends_however_long_the_queue_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "MOST_TURNS", 50)
    jobs = [Work(Waiting(f"r{number}", f"p{number}"), 1000, 1.0) for number in range(40)]
    found = forecast(1, [], jobs, {})
    assert found["r39"].starts_in == 39
    assert found["r39"].ends_in is None
