"""Shape of computation: map size, channels, receptive field, parameters and mult-adds against depth."""

from collections.abc import Sequence

import streamlit as st

from explorer.network.analysis import analyze
from explorer.ui.charts import Chart
from explorer.ui.compare import charts
from explorer.ui.compare.chosen import Chosen


def computation_view(chosen: Sequence[Chosen], dataset: str) -> None:
    for chart in computation_charts(chosen, dataset):
        st.vega_lite_chart(chart.data, chart.spec, key="compare-depth")


def computation_charts(chosen: Sequence[Chosen], dataset: str) -> tuple[Chart, ...]:
    analyses = {each.title: analyze(each.architecture) for each in chosen}
    spec = charts.depth_chart(tuple(analyses))
    return (Chart("computation", "Shape of computation, layer by layer", spec, charts.depth_data(analyses)),)
