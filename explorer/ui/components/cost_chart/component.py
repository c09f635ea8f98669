"""Each layer's share of all parameters and of all mult-adds, as a table with bars.

A chart of Streamlit's would bring its specification with every edit; this one gets numbers, and is read by a screen reader.
"""

from pathlib import Path
from typing import TypedDict

from explorer.network.analysis import Analysis
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.ui.charts.palette import BLUE, ORANGE
from explorer.ui.components.assets import component

SMALL = 0.01  # a layer with less than this share of both measures is counted with its like

CONSTANTS = {
    "constants.js": {
        "MULT_ADDS_RULE": MULT_ADDS_RULE,
        "COLOURS": {"params": BLUE.css, "mult_adds": ORANGE.css},
    }
}
_mount = component("cost_chart", Path(__file__).parent, "cost_chart.js", ["cost_chart.css", "cost_chart.html"], CONSTANTS)


class Bar(TypedDict):
    """One line of the chart: a layer, or all the small ones together."""

    layer: str
    params: int
    mult_adds: int
    selected: bool


def cost_chart(analysis: Analysis, selected: int | None, *, key: str) -> None:
    """The shares of the layers that fit; the selected one's line is marked."""
    totals = {"params": analysis.total_params, "mult_adds": analysis.total_mult_adds}
    _mount(key=key, data={"totals": totals, "bars": cost_bars(analysis, selected)})


def cost_bars(analysis: Analysis, selected: int | None) -> list[Bar]:
    """A bar for each layer that costs something, in their order; the small ones share the last."""
    costly = [row for row in analysis.rows if row.params or row.mult_adds]
    large = [
        row
        for row in costly
        if row.params >= SMALL * analysis.total_params > 0 or row.mult_adds >= SMALL * analysis.total_mult_adds > 0
    ]
    small = [row for row in costly if row not in large]
    bars = [
        Bar(layer=f"{row.index} {row.kind}", params=row.params, mult_adds=row.mult_adds, selected=row.index == selected)
        for row in large
    ]
    if small:
        bars.append(
            Bar(
                layer=f"{len(small)} others",
                params=sum(row.params for row in small),
                mult_adds=sum(row.mult_adds for row in small),
                selected=any(row.index == selected for row in small),
            )
        )
    return bars
