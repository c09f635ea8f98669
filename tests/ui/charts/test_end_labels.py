"""Labels at the ends of lines: near their lines, and none upon another."""

import itertools
import random

import pytest

from explorer.ui.charts.end_labels import short_names, spread_labels


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], []),
        ([5.0], [5.0]),
        ([1.0, 9.0, 5.0], [1.0, 9.0, 5.0]),  # with room for all, each where it wants to be
        ([5.0, 5.0, 9.0], [4.0, 6.0, 9.0]),
        ([0.0, 0.0], [0.0, 2.0]),  # not below the chart
        ([10.0, 10.0], [8.0, 10.0]),  # nor above it
    ],
)
def test_labels_stand_near_their_lines(wanted, found):
    assert spread_labels(wanted, 2.0, 0.0, 10.0) == pytest.approx(found)


@pytest.mark.parametrize("seed", range(50))
def test_no_label_stands_upon_another_and_their_order_is_that_of_the_lines(seed):
    draw = random.Random(seed)
    wanted = [draw.choice([draw.uniform(90, 100), 99.5]) for _ in range(draw.randint(1, 16))]
    found = spread_labels(wanted, 0.5, 90, 100)
    heights = sorted(found)
    assert all(below + 0.5 <= above + 1e-9 for below, above in itertools.pairwise(heights))
    assert heights[0] >= 90 - 1e-9
    assert heights[-1] <= 100 + 1e-9
    by_line = sorted(range(len(wanted)), key=lambda place: wanted[place])
    assert [found[place] for place in by_line] == heights


def test_more_labels_than_there_is_room_for_stand_closer():
    found = sorted(spread_labels([5.0] * 21, 2.0, 0.0, 10.0))
    assert found == pytest.approx([place / 2 for place in range(21)])


def test_a_name_is_as_short_as_it_can_be_told_from_the_others():
    names = [
        "gap-17k, our recipe, 20 epochs, included with the app",
        "gap-17k, our recipe, 5 epochs",
        "gap-17k, author's log",
        "wide",
    ]
    found = short_names(names)
    assert list(found.values()) == [
        "gap-17k, our recipe, 20 epochs",
        "gap-17k, our recipe, 5 epochs",
        "gap-17k, author's log",
        "wide",
    ]


def test_a_name_that_another_begins_with_is_told_from_it():
    found = short_names(["a, b", "a, b, c"])
    assert len(set(found.values())) == 2
