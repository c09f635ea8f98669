"""The lines of a class's board: what each person is at, reached and handed in."""

from dataclasses import replace

from explorer.classroom.board import board_lines
from explorer.classroom.register import Entry
from explorer.classroom.roll import Standing
from tests.classroom.test_judging import summary


def standing(name: str, *runs: object) -> Standing:
    return Standing(Entry(name, name.capitalize(), True, "", 0.0, 0.0), runs)  # type: ignore[arg-type]


def reached(accuracy: float | None):
    return replace(summary(accuracy), final_accuracy=accuracy)


def test_who_has_done_nothing_is_not_on_it():
    assert board_lines([standing("ann")], ()) == ()


def test_what_was_reached_is_of_the_newest_run_that_has_an_epoch():
    new, old = reached(None), reached(0.95)
    (line,) = board_lines([standing("ann", new, old)], ())
    assert (line.current, line.reached, line.handed) == (new, old, None)


def test_the_order_stays():
    lines = board_lines([standing("ben", reached(0.9)), standing("ann", reached(0.8))], ())
    assert [line.entry.id for line in lines] == ["ben", "ann"]
