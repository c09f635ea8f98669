"""A class's runs as points: who is on the Pareto front, whose names stand where."""

import math
from itertools import pairwise

import pytest

from explorer.ui.charts.board_chart import (
    HANDED_IN,
    KINDS,
    LABEL_GAP,
    LEAST_SPAN,
    MET,
    OTHERS,
    TICK_GAP,
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
    height = max(data["height"]) - min(data["height"])
    gap = min(LABEL_GAP, 1 / max(1, count - 1)) * height
    assert all(b - a >= gap * 0.99 for a, b in pairwise(heights))
    assert data["label_at"][count] == data["height"][count] == -math.log1p(10.0)


def test_one_run_that_went_wrong_does_not_press_the_others_together():
    points = [BoardPoint(f"P{n}", f"r{n}", 1000 * n, 0.97 + n / 1000, OTHERS) for n in range(5)]
    wrong = BoardPoint("wrong", "wrong", 3_000, 0.1, OTHERS)
    heights = list(board_chart([*points, wrong], with_names=True).data["height"])
    assert sorted(heights) == [heights[5], *heights[:5]]
    share = (heights[4] - heights[0]) / (heights[4] - heights[5])
    even = (0.974 - 0.97) / (0.974 - 0.1)
    assert share > 5 * even


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.3361, 0.9444, 0.9722], {"40", "60", "80", "90", "95"}),
        ([0.992, 0.9945], {"99.2", "99.3", "99.4"}),
        ([0.98, 1.0], {"98", "99", "100"}),
        ([0.0, 1.0], {"30", "60", "80", "90", "95", "99", "100"}),
        ([0.99], {"99"}),
        ([], set()),
    ],
)
def test_the_axis_has_round_accuracies_that_stand_apart(accuracies, expected):
    points = [BoardPoint(f"P{n}", f"r{n}", 1000, each, OTHERS) for n, each in enumerate(accuracies)]
    chart = board_chart(points, with_names=False)
    axis = chart.spec["layer"][0]["encoding"]["y"]["axis"]
    shown = [f"{101 - math.exp(-at):.4g}" for at in axis["values"]]
    assert expected <= set(shown)
    assert len(shown) == len(set(shown)) <= 16
    heights = list(chart.data["height"]) or [0.0]
    gap = TICK_GAP * max(max(heights) - min(heights), LEAST_SPAN)
    assert all(b - a >= gap * 0.999 for a, b in pairwise(axis["values"]))


def test_only_kinds_that_there_are_stand_in_the_legend():
    assert str(
        board_chart([ANN], True).spec["layer"][-1]["encoding"]["color"]["scale"]["domain"]
    ) == str([MET])
    everything = board_chart([ANN, BEN, CEM], True).spec["layer"][-1]["encoding"]["shape"]["scale"]
    assert everything["domain"] == list(KINDS)
    assert len(set(everything["range"])) == len(KINDS)
