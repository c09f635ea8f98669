"""What the chart of costs is given; how it is drawn is tested in tests/javascript and in a
browser.
"""

import pytest

from explorer.network.analysis import analyze
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.presets import load_presets
from explorer.ui.components.cost_chart.component import CONSTANTS, cost_bars

PRESETS = [id for id, preset in load_presets().items() if preset.documented]


@pytest.mark.parametrize("id", PRESETS)
def test_the_bars_add_up_to_all_of_the_cost(id):
    analysis = analyze(load_presets()[id].architecture)
    bars, selected = cost_bars(analysis, None)
    assert sum(bar.params for bar in bars) == analysis.total_params
    assert sum(bar.mult_adds for bar in bars) == analysis.total_mult_adds
    assert selected is None


@pytest.mark.parametrize(("layer", "line"), [(3, "3 Conv2d"), (2, "5 others"), (1, None)])
def test_small_layers_share_a_bar_and_the_selected_ones_is_marked(layer, line):
    bars, selected = cost_bars(analyze(load_presets()["adaptive-pool-16k"].architecture), layer)
    assert [bar.layer for bar in bars] == [
        "0 Conv2d",
        "3 Conv2d",
        "7 Conv2d",
        "11 Conv2d",
        "16 Linear",
        "5 others",
    ]
    assert (None if selected is None else bars[selected].layer) == line


def test_a_network_without_cost_has_no_bars():
    assert cost_bars(analyze(load_presets()["blank"].architecture), None) == ([], None)


def test_the_chart_says_how_mult_adds_are_counted():
    assert MULT_ADDS_RULE in CONSTANTS["constants.js"].values()
