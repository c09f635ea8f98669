"""How often somebody may guess."""

import threading

from explorer.people import attempts
from explorer.people.attempts import Attempts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_of_each_and_of_all_together(monkeypatch) -> None:
    clock = Clock()
    door = Attempts(each=2, together=3, seconds=60.0, now=clock)
    assert [door.begin("ann") for _ in range(3)] == [True, True, False]
    clock.now = 59.9
    assert door.begin("ben")
    assert not door.begin("cleo")  # all together
    clock.now = 60.0
    assert door.begin("ann")
    assert door.begin("ben")


def test_a_right_one_does_not_count(monkeypatch) -> None:
    door = Attempts(each=1, together=2, seconds=60.0)
    for _ in range(5):
        assert door.begin("ann")
        door.take_back("ann")
    door.take_back("nobody")
    assert door.begin("ann")
    assert not door.begin("ann")


def test_those_at_the_same_moment_count_as_many() -> None:
    door, let_in = Attempts(each=10, together=100, seconds=60.0), []
    threads = [threading.Thread(target=lambda: let_in.append(door.begin("ann"))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_in) == 10


def test_no_number_of_guessers_fills_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(attempts, "KNOWN", 10)
    door = Attempts(each=1, together=1000, seconds=60.0)
    for number in range(100):
        assert door.begin(str(number))
    assert len(door._wrong) == 10
    assert not door.begin("99")
