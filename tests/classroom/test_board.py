"""The lines of a class's board: what each person is at, reached and handed in."""

from dataclasses import replace

from explorer.classroom.board import board_lines, most_common_images
from explorer.classroom.register import Entry
from explorer.classroom.roll import Standing
from tests.classroom.test_judging import summary
from tests.exports.test_hand_ins import MET, hand_in


def standing(name: str, *runs: object) -> Standing:
    return Standing(Entry(name, name.capitalize(), True, "", 0.0, 0.0), runs)  # type: ignore[arg-type]


def reached(accuracy: float | None, **recipe: object):
    return replace(summary(accuracy, **recipe), final_accuracy=accuracy)


def test_who_has_done_nothing_is_not_on_it():
    assert board_lines([standing("ann")], (), "digits") == ()


def test_what_was_reached_is_of_the_newest_run_that_has_an_epoch():
    new, old = reached(None), reached(0.95)
    (line,) = board_lines([standing("ann", new, old)], (), "digits")
    assert (line.current, line.reached.run, line.handed) == (new, old.run.id, None)
    assert line.reached.accuracy == 0.95


def test_only_runs_on_all_of_the_same_images_are_compared():
    others = reached(0.99, dataset="mnist"), reached(0.98, images_share=0.1)
    (line,) = board_lines([standing("ann", *others, reached(0.9))], (), "digits")
    assert line.reached.accuracy == 0.9
    (line,) = board_lines([standing("ann", *others)], (), "digits")
    assert line.reached is None
    assert (
        most_common_images(
            [standing("a", others[0]), standing("b", reached(0.9)), standing("c", reached(None))]
        )
        == "digits"
    )
    assert most_common_images([]) is None


def test_the_point_of_who_has_handed_in_is_what_they_handed_in():
    handed = hand_in(1, "ann", MET)
    (line,) = board_lines([standing("ann", reached(0.5))], [handed], "mnist")
    assert line.reached.accuracy == handed.result.test_accuracy
    assert line.reached.network == handed.shared.architecture


def test_the_order_stays():
    both = [standing("ben", reached(0.9)), standing("ann", reached(0.8))]
    lines = board_lines(both, (), "digits")
    assert [line.entry.id for line in lines] == ["ben", "ann"]
