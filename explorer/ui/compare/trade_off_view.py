"""Trade-off: accuracy against what it costs, a point a run, and the line of those that no other
beats.
"""

from functools import partial

import streamlit as st

from explorer.compare.comparison import Comparison
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.text import for_html
from explorer.ui.charts.comparison import trade_off_charts
from explorer.ui.selected import selected_points
from explorer.ui.show_chart import Selection, show_chart

PICKED = "compare-picked"  # the key of what a click asked for, until the page has opened it


def trade_off_view(comparison: Comparison) -> None:
    """A click on a point asks for its network, which the whole page opens."""
    if PICKED in st.session_state:
        st.rerun()
    drawn = trade_off_charts(comparison)
    if not drawn:
        st.html(
            '<p class="hint">None of these networks has been trained or documented yet. '
            "Click “Train all”.</p>"
        )
        return
    for side, chart in zip(st.columns(2, gap="medium"), drawn, strict=True):
        with side:
            key = f"compare-{chart.name}"
            pick = partial(_pick, key, frozenset(chart.data["opens"]))
            show_chart(chart, key, height="window", level=2, selection=Selection("picked", pick))
    st.html(
        '<p class="note">Filled: our runs (last epoch; unfinished seeds left out). '
        "Hollow: the best in the author's log. The dashed line is the Pareto front of our runs: "
        "no other has more accuracy at less cost. Click a point to open its network.</p>"
        f'<p class="note">Multiply-adds: {for_html(MULT_ADDS_RULE)}</p>'
    )


def _pick(key: str, drawn: frozenset[str]) -> None:
    """Ask for the network of the point that was clicked, if it is one of those that were drawn."""
    if picked := selected_points(key, "picked", "opens", drawn):
        st.session_state[PICKED] = picked[0]
