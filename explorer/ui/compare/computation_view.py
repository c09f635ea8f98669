"""Shape of computation: map size, channels, receptive field, parameters and mult-adds against depth."""

import streamlit as st

from explorer.network.analysis import analyze
from explorer.network.layers import MULT_ADDS_RULE
from explorer.text import for_html
from explorer.ui.charts import Chart
from explorer.ui.compare import charts
from explorer.ui.compare.groups import Comparison


def computation_view(comparison: Comparison) -> None:
    for chart in computation_charts(comparison):
        st.vega_lite_chart(chart.data, chart.spec, key="compare-depth")
    st.html(f'<p class="note">Mult-adds: {for_html(MULT_ADDS_RULE)}</p>')


def computation_charts(comparison: Comparison) -> tuple[Chart, ...]:
    analyses = {each.title: analyze(each.architecture) for each in comparison.chosen}
    spec = charts.depth_chart(tuple(analyses))
    return (Chart("computation", "Shape of computation, layer by layer", spec, charts.depth_data(analyses)),)
