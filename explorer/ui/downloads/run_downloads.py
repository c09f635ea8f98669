"""What can be had of a run: its report, its weights, its events and its charts.

The Train and the Runs page have the same.
"""

import streamlit as st

from explorer.assignment.assignment import Assignment
from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.exports import tensorboard
from explorer.exports.pytorch import class_name
from explorer.exports.report.reading import POINTS
from explorer.network.analysis import analyze
from explorer.runs.run import Snapshot
from explorer.training.event import events_csv
from explorer.ui import process, state
from explorer.ui.charts import run_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.documents import documented_beside
from explorer.ui.downloads.download_menu import Item, chart_items, items
from explorer.ui.notices import with_notices
from explorer.ui.part import part

BINARY = "application/octet-stream"
CHARTS = {"loss": "Loss", "accuracy": "Accuracy"}
QUICK_EPOCHS = 100  # whose some 5,000 events are written in a moment
QUICK_PARAMS = 2_000_000  # 8 MB of weights


@part
@with_notices
def run_downloads(run_id: str, place: str) -> None:
    """Draw a run's Download menu. Its content is looked up when it is opened; `place` tells one
    page's from another's.
    """
    key, assignment = f"{place}-{run_id}", state.assignment()
    menu = st.popover(
        "Download",
        icon=":material/download:",
        key=f"download-{key}",
        width="content",
        on_change="rerun",
    )
    if not menu.open:
        return
    snapshot = process.jobs().snapshot(run_id, 4)
    stem = f"{class_name(snapshot.run.architecture)}-{run_id}"
    with menu:
        items(_items(snapshot, assignment, stem), key)
        if snapshot.started:
            st.html('<p class="heading">Charts</p>')
            chart_items(
                CHARTS,
                lambda name: _charts(process.jobs().snapshot(run_id, POINTS))[name],
                key,
                stem,
            )


def _items(snapshot: Snapshot, assignment: Assignment, stem: str) -> list[Item]:
    """What can be downloaded. Before its first epoch has ended, a run has only events."""
    run_id, submitted = snapshot.run.id, snapshot.run.submitted
    version = f"{len(snapshot.epochs)} {snapshot.status} {snapshot.run.name}"
    is_short = len(snapshot.epochs) <= QUICK_EPOCHS
    is_small = analyze(snapshot.run.architecture).total_params <= QUICK_PARAMS
    events = Item(
        "Events",
        "everything that was measured, as CSV",
        f"{run_id}.csv",
        "text/csv",
        make=(lambda: events_csv(process.jobs().events(run_id))) if is_short else None,
        wanted={"what": "events", "run": run_id},
        version=version,
    )
    if not snapshot.epochs:
        return [events]
    report = {
        "what": "run report",
        "run": run_id,
        "assignment": assignment_to_data(assignment),
        "folder": stem,
    }
    return [
        Item(
            "Report",
            "README, code, weights and charts, to hand in",
            f"{stem}.zip",
            "application/zip",
            wanted=report,
            version=f"{version} {assignment}",
        ),
        Item(
            "Weights",
            "safetensors, by the state_dict’s names",
            f"{run_id}.safetensors",
            BINARY,
            make=(lambda: process.jobs().weights_file(run_id)) if is_small else None,
            wanted={"what": "weights", "run": run_id},
            version=version,
            why_not=""
            if process.jobs().has_weights(run_id)
            else "lost: no checkpoint of this run is left",
        ),
        events,
        Item(
            "TensorBoard",
            "its scalars, as an event file",
            tensorboard.file_name(run_id, submitted),
            BINARY,
            make=(lambda: tensorboard.event_file(process.jobs().events(run_id), submitted))
            if is_short
            else None,
            wanted={"what": "tensorboard", "run": run_id, "submitted": submitted},
            version=version,
        ),
    ]


def _charts(snapshot: Snapshot) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts.run_charts(snapshot, documented_beside(snapshot))}
