"""The map of how layers fared over the epochs."""

import math

import pytest

from explorer.ui.charts.health_chart import MEASURES, health_chart
from tests.insight.test_diagnosis import NORMED, NOTHING, computes, fires, normalises

FOUND = {
    1: (computes(2.0, 0.02), normalises(0.5), fires(0.25), NOTHING, computes(0.5, 0.01)),
    2: (computes(1.0, 0.0), normalises(0.0), fires(0.0), NOTHING, computes(0.25, 0.01)),
}


@pytest.mark.parametrize(
    ("name", "layers", "told"),
    [
        ("Silent units", ["2 ReLU"], ["25.00 %", "0.00 %"]),
        (
            "Gradient",
            ["0 Conv2d", "1 BatchNorm2d", "4 Linear"],
            ["2", "1", "0.5", "1", "1", "0.25"],
        ),
        (
            "Change per step",
            ["0 Conv2d", "1 BatchNorm2d", "4 Linear"],
            ["2 %", "0.1 %", "1 %", "0 %", "0.1 %", "1 %"],
        ),
        ("BatchNorm's mean", ["1 BatchNorm2d"], ["0.1", "0.1"]),
        ("BatchNorm's variance", ["1 BatchNorm2d"], ["0.5", "0"]),
    ],
)
def test_a_row_a_layer_and_a_column_an_epoch(name, layers, told):
    chart = health_chart(NORMED, FOUND, MEASURES[name])
    assert list(dict.fromkeys(chart.data["layer"])) == layers
    assert chart.data["told"].tolist() == told
    assert chart.spec["encoding"]["y"]["sort"] == layers
    assert list(chart.numbers.columns) == ["epoch", *sorted(layers)]
    assert chart.numbers["epoch"].tolist() == [1, 2]
    assert chart.alt == "After epoch 2: " + "; ".join(
        f"{layer}: {text}" for layer, text in zip(layers, told[len(layers) :], strict=True)
    )
    assert all(map(math.isfinite, chart.data["shade"]))


def test_where_no_layer_has_it_there_is_nothing():
    chart = health_chart(NORMED, {1: (NOTHING,) * 5}, MEASURES["BatchNorm's mean"])
    assert chart.data.empty
    assert chart.alt == "Nothing to show yet."


def test_a_weight_of_length_zero_has_no_share_that_changed():
    nothing = computes()._replace(weight=0.0)
    chart = health_chart(
        NORMED, {1: (nothing, NOTHING, NOTHING, NOTHING, computes())}, MEASURES["Change per step"]
    )
    assert chart.data["layer"].tolist() == ["4 Linear"]


def test_a_layer_without_a_number_after_the_last_epoch_is_left_out_of_its_words():
    found = {1: FOUND[1], 2: (computes(), *FOUND[2][1:4], NOTHING)}
    chart = health_chart(NORMED, found, MEASURES["Gradient"])
    assert list(dict.fromkeys(chart.data["layer"])) == ["0 Conv2d", "1 BatchNorm2d", "4 Linear"]
    assert chart.alt == "After epoch 2: 0 Conv2d: 1; 1 BatchNorm2d: 1"
    gone = {1: FOUND[1], 2: (NOTHING,) * 5}
    assert health_chart(NORMED, gone, MEASURES["Gradient"]).alt == "After epoch 2: no numbers"


def test_neither_a_zero_nor_what_is_infinite_makes_all_else_look_alike():
    found = {
        epoch: (computes(gradient), NOTHING, NOTHING, NOTHING, NOTHING)
        for epoch, gradient in enumerate((0.0, 1e-30, 0.5, 1.0, 10.0, math.inf), 1)
    }
    shades = health_chart(NORMED, found, MEASURES["Gradient"]).data["shade"].tolist()
    assert shades == pytest.approx([-5, -5, math.log10(0.5), 0, 1, 1])
