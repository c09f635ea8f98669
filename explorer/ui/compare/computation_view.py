"""Layer by layer: map size, channels, receptive field, parameters and cost against depth."""

import streamlit as st

from explorer.compare.comparison import Comparison
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.text import for_html
from explorer.ui.charts.compare_charts import ACROSS
from explorer.ui.charts.comparison import measure_charts
from explorer.ui.show_chart import show_chart, show_legend


def computation_view(comparison: Comparison) -> None:
    charts = measure_charts(comparison)
    show_legend([each.title for each in comparison.chosen])
    for start in range(0, len(charts), ACROSS):
        columns = st.columns(ACROSS, gap="medium")
        for column, chart in zip(columns, charts[start : start + ACROSS], strict=False):
            with column:
                show_chart(chart, f"compare-{chart.name}", height="half", level=2)
    st.html(f'<p class="note">Multiply-adds: {for_html(MULT_ADDS_RULE)}</p>')
