"""Shape of computation: map size, channels, receptive field, parameters and mult-adds against depth."""

import streamlit as st

from explorer.compare.comparison import Comparison
from explorer.network.layers import MULT_ADDS_RULE
from explorer.text import for_html
from explorer.ui.charts.comparison import computation_charts


def computation_view(comparison: Comparison) -> None:
    for chart in computation_charts(comparison):
        st.vega_lite_chart(chart.data, chart.spec, key="compare-depth")
    st.html(f'<p class="note">Mult-adds: {for_html(MULT_ADDS_RULE)}</p>')
