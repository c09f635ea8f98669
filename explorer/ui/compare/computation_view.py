"""Layer by layer: map size, channels, receptive field, parameters and cost against depth."""

import streamlit as st

from explorer.compare.chosen import MOST
from explorer.compare.comparison import Comparison
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.text import for_html
from explorer.ui.charts.compare_charts import DIMMED
from explorer.ui.charts.comparison import measure_charts
from explorer.ui.charts.palette import colour_of
from explorer.ui.show_chart import show_chart, show_legend

CHARTS = "depth-charts"  # the place that all charts stand in


def computation_view(comparison: Comparison) -> None:
    charts = measure_charts(comparison)
    show_legend([each.title for each in comparison.chosen])
    with st.container(key=CHARTS):
        # Side by side as far as there is room: styles/charts.css puts the others below.
        for column, chart in zip(st.columns(len(charts), gap="medium"), charts, strict=True):
            with column:
                show_chart(chart, f"compare-{chart.name}", height="half", level=2)
    st.html(LIFT_EVERYWHERE)
    st.html(f'<p class="note">Multiply-adds: {for_html(MULT_ADDS_RULE)}</p>')


def _lift_rule(colour: str) -> str:
    drawn = f'path:is([stroke="{for_html(colour)}"], [fill="{for_html(colour)}"])'
    dimmed = f'.st-key-{CHARTS}:has({drawn}[opacity="{DIMMED:g}"])'
    return f"{dimmed} {drawn} {{ opacity: {DIMMED:g}; }}"


# A chart dims all others when one is pointed at, and knows nothing of the charts beside it: by
# these styles a network whose line is dimmed in one chart is dimmed in all.
LIFT_EVERYWHERE = (
    f"<style>{''.join(_lift_rule(colour_of(place).css) for place in range(MOST))}</style>"
)
