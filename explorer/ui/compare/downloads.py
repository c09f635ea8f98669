"""What can be had of a comparison: its report, and the charts of the view that is open."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.compare.comparison import Comparison
from explorer.ui import state
from explorer.ui.charts.chart import Chart
from explorer.ui.downloads.download_menu import Item, chart_items, items
from explorer.ui.downloads.report_files import chosen_as_data
from explorer.ui.notices import with_notices
from explorer.ui.part import part

FOLDER = "comparison"
KEY = "compare-download"


@part
@with_notices
def comparison_downloads(
    comparison: Comparison,
    shown: Callable[[], Sequence[Chart]],
    table: Callable[[Comparison], str] | None,
) -> None:
    """The popover. `shown` gives the charts as they are on the page when it is opened, and `table`
    the view's table as CSV.
    """
    menu = st.popover(
        "Download", icon=":material/download:", key=KEY, width="content", on_change="rerun"
    )
    if not menu.open:
        return
    with menu:
        items([_report(comparison), *([_table(comparison, table)] if table else [])], "compare")
        charts = {chart.name: chart for chart in shown()}
        if charts:
            st.html('<p class="heading">Charts of this view</p>')
            chart_items(
                {name: chart.title for name, chart in charts.items()},
                charts.__getitem__,
                "compare",
                FOLDER,
            )


def _report(comparison: Comparison) -> Item:
    assignment = state.assignment()
    wanted = {
        "what": "comparison report",
        "chosen": [chosen_as_data(each) for each in comparison.chosen],
        "runs": [each.run.id for each in comparison.runs],
        "dataset": comparison.dataset,
        "assignment": assignment_to_data(assignment),
        "folder": FOLDER,
    }
    version = [
        (each.run.id, each.run.name, each.status, each.epochs_done) for each in comparison.runs
    ]
    note = "README, networks, runs with their weights, charts"
    return Item(
        "Report",
        note,
        f"{FOLDER}.zip",
        "application/zip",
        wanted=wanted,
        version=f"{wanted} {version}",
    )


def _table(comparison: Comparison, table: Callable[[Comparison], str]) -> Item:
    return Item(
        "Table",
        "what this view shows, as CSV",
        f"{FOLDER}-table.csv",
        "text/csv",
        make=partial(table, comparison),
    )
