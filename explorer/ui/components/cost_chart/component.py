"""Each layer's share of all parameters and of all mult-adds, as a table with bars.

A chart of Streamlit's would bring its specification with every edit; this one gets numbers, and is
read by a screen reader.
"""

from pathlib import Path
from typing import NamedTuple

from explorer.network.analysis import Analysis
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.ui.charts.palette import BLUE, ORANGE
from explorer.ui.components.assets import component

SMALL = 0.01  # a layer with less than this share of both measures is counted with its like

CONSTANTS = {
    "constants.js": {
        "MULT_ADDS_RULE": MULT_ADDS_RULE,
        "COLOURS": [BLUE.css, ORANGE.css],
    }
}
_mount = component(
    "cost_chart",
    Path(__file__).parent,
    "cost_chart.js",
    ["cost_chart.css", "cost_chart.html"],
    CONSTANTS,
)


class Bar(NamedTuple):
    """One line of the chart: a layer, or all the small ones together."""

    layer: str
    params: int
    mult_adds: int


def cost_chart(analysis: Analysis, selected: int | None, *, key: str) -> None:
    """The shares of the layers that fit; the selected one's line is marked."""
    bars, place = cost_bars(analysis, selected)
    _mount(
        key=key,
        data={
            "totals": [analysis.total_params, analysis.total_mult_adds],
            "bars": bars,
            "selected": place,
        },
    )


def cost_bars(analysis: Analysis, selected: int | None) -> tuple[list[Bar], int | None]:
    """A bar for each layer that costs something, in their order; the small ones share the last.

    Returns them, and the place of the selected layer's.
    """
    costly = [row for row in analysis.rows if row.params or row.mult_adds]
    large = [
        row
        for row in costly
        if row.params >= SMALL * analysis.total_params > 0
        or row.mult_adds >= SMALL * analysis.total_mult_adds > 0
    ]
    small = [row for row in costly if row not in large]
    bars = [Bar(f"{row.place} {row.title}", row.params, row.mult_adds) for row in large]
    if small:
        bars.append(
            Bar(
                f"{len(small)} others",
                sum(row.params for row in small),
                sum(row.mult_adds for row in small),
            )
        )
    places = {row.index: place for place, row in enumerate(large)} | {
        row.index: len(large) for row in small
    }
    return bars, None if selected is None else places.get(selected)
