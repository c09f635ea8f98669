"""What the chart of costs is given; how it is drawn is tested in tests/javascript and in a browser."""

import pytest

from explorer.network.analysis import analyze
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.presets import load_presets
from explorer.ui.components.cost_chart.component import CONSTANTS, cost_bars

PRESETS = [id for id, preset in load_presets().items() if preset.documented]


@pytest.mark.parametrize("id", PRESETS)
def test_the_bars_add_up_to_all_of_the_cost(id):
    analysis = analyze(load_presets()[id].architecture)
    bars = cost_bars(analysis, None)
    assert sum(bar["params"] for bar in bars) == analysis.total_params
    assert sum(bar["mult_adds"] for bar in bars) == analysis.total_mult_adds


def test_small_layers_share_a_bar_and_the_selected_ones_is_marked():
    analysis = analyze(load_presets()["adaptive-pool-16k"].architecture)
    bars = cost_bars(analysis, selected=3)
    assert [bar["layer"] for bar in bars] == ["0 Conv2d", "3 Conv2d", "7 Conv2d", "11 Conv2d", "16 Linear", "5 others"]
    assert [bar["layer"] for bar in bars if bar["selected"]] == ["3 Conv2d"]
    assert [bar["layer"] for bar in cost_bars(analysis, selected=2) if bar["selected"]] == ["5 others"]


def test_a_network_without_cost_has_no_bars():
    assert cost_bars(analyze(load_presets()["blank"].architecture), None) == []


def test_the_chart_says_how_mult_adds_are_counted():
    assert MULT_ADDS_RULE in CONSTANTS["constants.js"].values()
