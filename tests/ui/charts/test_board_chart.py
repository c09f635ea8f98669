"""A class's runs as points: who is on the Pareto front, whose names stand where."""

from itertools import pairwise

import pytest

from explorer.ui.charts.board_chart import (
    HANDED_IN,
    KINDS,
    LABEL_GAP,
    MET,
    OTHERS,
    BoardPoint,
    board_chart,
)

ANN = BoardPoint("Ann", "a", 10_000, 0.99, MET)
BEN = BoardPoint("Ben", "b", 20_000, 0.98, HANDED_IN)
CEM = BoardPoint("Cem", "c", 20_000, 0.995, OTHERS)


def test_the_line_joins_those_that_nobody_beats():
    data = board_chart([ANN, BEN, CEM], with_names=True).data
    assert dict(zip(data["name"], data["front"], strict=True)) == {
        "Ann": True,
        "Ben": False,
        "Cem": True,
    }


def test_names_can_be_left_out_of_everything_that_is_shown():
    for with_names in (True, False):
        chart = board_chart([ANN, BEN], with_names)
        shown = f"{chart.alt} {chart.numbers} {list(chart.data['label'])}"
        assert ("Ann" in shown) == with_names
        (points,) = (each for each in chart.spec["layer"] if "tooltip" in each["encoding"])
        told = [each["field"] for each in points["encoding"]["tooltip"]]
        assert ("name" in told) == with_names


def test_in_words():
    assert board_chart([ANN, BEN, CEM], with_names=True).alt == (
        "3 points, of which 2 on the Pareto front. The highest accuracy is 99.50 % with 20,000 "
        "parameters, Cem's"
    )
    assert board_chart([], with_names=True).alt == "Nobody has reached anything yet"


@pytest.mark.parametrize("count", [1, 2, 30])
def test_names_of_points_side_by_side_do_not_touch(count):
    points = [
        BoardPoint(f"P{n}", f"r{n}", 12_000 + n % 2, 0.99 + n / 1e6, OTHERS) for n in range(count)
    ]
    far = BoardPoint("far", "far", 90_000, 0.9, OTHERS)
    data = board_chart([*points, far], with_names=True).data
    heights = sorted(data["label_at"][:count])
    height = 99.0 + 0.0001 * (count - 1) - 90.0
    gap = min(LABEL_GAP, 1 / max(1, count - 1)) * height
    assert all(b - a >= gap * 0.99 for a, b in pairwise(heights))
    assert data["label_at"][count] == 90.0


def test_only_kinds_that_there_are_stand_in_the_legend():
    assert str(
        board_chart([ANN], True).spec["layer"][-1]["encoding"]["color"]["scale"]["domain"]
    ) == str([MET])
    everything = board_chart([ANN, BEN, CEM], True).spec["layer"][-1]["encoding"]["shape"]["scale"]
    assert everything["domain"] == list(KINDS)
    assert len(set(everything["range"])) == len(KINDS)
