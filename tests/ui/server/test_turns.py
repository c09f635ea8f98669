"""Page runs take turns."""

import random
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from explorer.ui.server.turns import Turns
from tests.runs.shared import wait_until

FOR_EVER = 1e6  # seconds


class Visitors:
    """Each wants a turn, and has it until it is told to end."""

    def __init__(self, longest: float) -> None:
        self.time = 0.0
        self.began: list[str] = []
        self.turns = Turns(longest, lambda: self.time)
        self._ends: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def come(self, name: str, grace: float = 0.0) -> None:
        """One more, until it has its turn or waits for it."""
        self._ends[name] = threading.Event()
        thread = threading.Thread(target=self._stay, args=(name, grace))
        self._threads.append(thread)
        thread.start()
        wait_until(lambda: len(self.began) + self.turns.waiting() == len(self._threads))

    def _stay(self, name: str, grace: float) -> None:
        with self.turns.turn(grace):
            self.began.append(name)
            self._ends[name].wait(60)

    def end(self, *names: str) -> None:
        """One after the other, each once it has begun."""
        for name in names:
            wait_until(lambda name=name: name in self.began)
            self._ends[name].set()

    def close(self) -> None:
        for each in self._ends.values():
            each.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)


@pytest.fixture
def visitors() -> Iterator[Visitors]:
    visitors = Visitors(FOR_EVER)
    yield visitors
    visitors.close()


def test_they_run_one_at_a_time_in_the_order_in_which_they_came(visitors: Visitors):
    for name in "abcd":
        visitors.come(name)
        assert visitors.began == ["a"]
    visitors.end(*"abcd")
    wait_until(lambda: visitors.began == list("abcd"))


def test_who_can_wait_lets_others_pass_but_not_for_ever(visitors: Visitors):
    visitors.come("first")
    visitors.come("look", grace=0.3)
    visitors.time = 0.2
    visitors.come("edit")
    visitors.time = 0.4
    visitors.come("late edit")
    visitors.end("first", "edit", "look", "late edit")
    wait_until(lambda: visitors.began == ["first", "edit", "look", "late edit"])


def test_who_takes_too_long_does_not_hold_up_the_others():
    visitors = Visitors(longest=0.01)
    visitors.come("large comparison")
    visitors.come("edit")
    assert visitors.began == ["large comparison"]
    visitors.time = 0.02
    wait_until(lambda: visitors.began == ["large comparison", "edit"])
    # It ends while another has its turn, which goes on.
    visitors.end("large comparison")
    visitors.come("another edit")
    assert visitors.began == ["large comparison", "edit"]
    visitors.end("edit", "another edit")
    visitors.close()


def test_a_turn_ends_with_an_error_too():
    turns = Turns(FOR_EVER)
    with pytest.raises(ValueError, match="a rerun"), turns.turn():
        raise ValueError("a rerun")
    with turns.turn():
        assert turns.waiting() == 0


def test_who_gives_up_waiting_holds_up_nobody(visitors: Visitors):
    turns, asked, ended = visitors.turns, threading.Event(), threading.Event()

    def give_up() -> None:
        if asked.is_set():
            raise ValueError("a rerun")

    def visit() -> None:
        with pytest.raises(ValueError, match="a rerun"), turns.turn(meanwhile=give_up):
            raise AssertionError("it had its turn")
        ended.set()

    visitors.come("first")
    thread = threading.Thread(target=visit)
    thread.start()
    wait_until(lambda: turns.waiting() == 1)
    asked.set()
    assert ended.wait(60)
    assert turns.waiting() == 0
    visitors.come("second")
    assert visitors.began == ["first"]
    visitors.end("first", "second")
    wait_until(lambda: visitors.began == ["first", "second"])


def test_of_many_no_two_run_at_once_and_none_is_forgotten():
    turns, running, most, done = Turns(FOR_EVER), [0], [0], []
    chance = random.Random(0)

    def sometimes_give_up() -> None:
        if chance.random() < 0.1:
            raise KeyError

    def visit(number: int) -> None:
        for _ in range(50):
            with suppress(KeyError), turns.turn(0.001 * (number % 3), sometimes_give_up):
                running[0] += 1
                most[0] = max(most[0], running[0])
                threading.Event().wait(0.0001)  # lets the others in, if they may
                running[0] -= 1
        done.append(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == list(range(20))
    assert most == [1]
