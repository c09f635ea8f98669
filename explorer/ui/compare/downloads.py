"""What can be had of a comparison: its report, and the charts of the view that is open."""

from collections.abc import Callable, Sequence

import streamlit as st

from explorer.assignment import Assignment
from explorer.presets import load_presets
from explorer.report.archive import zipped
from explorer.report.comparison_report import Column, comparison_report, representatives
from explorer.ui import pictures, state
from explorer.ui.charts import Chart
from explorer.ui.compare.computation_view import computation_charts
from explorer.ui.compare.groups import Comparison
from explorer.ui.compare.learning_view import learning_chart
from explorer.ui.compare.trade_off_view import trade_off_charts
from explorer.ui.compare.verdict_view import answers
from explorer.ui.download_menu import Item, chart_items, items
from explorer.ui.part import part
from explorer.ui.run_downloads import run_pictures, trained_run

FOLDER = "comparison"
KEY = "compare-download"


@st.fragment
@part
def comparison_downloads(comparison: Comparison, shown: Callable[[], Sequence[Chart]]) -> None:
    """The popover. `shown` gives the charts as they are on the page when it is opened."""
    menu = st.popover("Download", icon=":material/download:", key=KEY, width="content", on_change="rerun")
    if not menu.open:
        return
    assignment = state.current().assignment
    with menu:
        note = "README, networks, runs with their weights, charts"
        report = Item("Report", note, f"{FOLDER}.zip", "application/zip", lambda: report_zip(comparison, assignment))
        items([report], "compare")
        charts = {chart.name: chart for chart in shown()}
        if charts:
            st.html('<p class="heading">Charts of this view</p>')
            chart_items({name: chart.title for name, chart in charts.items()}, charts.__getitem__, "compare", FOLDER)


def report_zip(comparison: Comparison, assignment: Assignment) -> bytes:
    """The report as one file."""
    groups = comparison.groups
    whole = {record.run_id: trained_run(record.run_id) for record in representatives(groups) if record.run_id}
    files = comparison_report(
        [Column(each.title, each.architecture) for each in comparison.chosen],
        groups,
        {run_id: (trained, run_pictures(trained.snapshot)) for run_id, trained in whole.items()},
        answers,
        assignment,
        tuple(load_presets().values()),
        pictures.files(_all_charts(comparison)),
    )
    return zipped(files, FOLDER)


def _all_charts(comparison: Comparison) -> list[Chart]:
    found = [*computation_charts(comparison), *trade_off_charts(comparison)]
    if comparison.groups or comparison.documents:
        found += [
            learning_chart(comparison, "test accuracy"),
            learning_chart(comparison, "test accuracy", zoom="last percent"),
            learning_chart(comparison, "train accuracy"),
            learning_chart(comparison, "test loss"),
        ]
    return found
