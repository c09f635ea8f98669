"""How often somebody may guess."""

from explorer.people import attempts
from explorer.people.attempts import Attempts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_of_each_and_of_all_together(monkeypatch) -> None:
    clock = Clock()
    door = Attempts(each=2, together=3, seconds=60.0, now=clock)
    for _ in range(2):
        assert door.may_try("ann")
        door.note_wrong("ann")
    assert not door.may_try("ann")
    assert door.may_try("ben")
    clock.now = 59.9
    door.note_wrong("ben")
    assert not door.may_try("cleo")  # all together
    clock.now = 60.0
    assert door.may_try("ann")
    assert door.may_try("ben")


def test_no_number_of_guessers_fills_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(attempts, "KNOWN", 10)
    door = Attempts(each=1, together=1000, seconds=60.0)
    for number in range(100):
        door.note_wrong(str(number))
    assert len(door._wrong) == 10
    assert not door.may_try("99")
