"""What can be had of a run: its report, its weights, its events and its charts. The Train and the Runs page have the same."""

import streamlit as st
import torch

from explorer.assignment import Assignment
from explorer.compare.verdict import origin
from explorer.network.export import class_name
from explorer.presets import load_presets
from explorer.report import tensorboard
from explorer.report.archive import zipped
from explorer.report.run_report import Trained, run_report
from explorer.training.event import events_csv
from explorer.training.jobs import NoWeights
from explorer.training.run import Snapshot
from explorer.ui import charts, pictures, process, state
from explorer.ui.charts import Chart, Curve
from explorer.ui.download_menu import Item, chart_items, items
from explorer.ui.part import part

POINTS = 2000  # step events of a picture: more than it has pixels across
BINARY = "application/octet-stream"
CHARTS = {"loss": "Loss", "accuracy": "Accuracy"}


@st.fragment
@part
def run_downloads(run_id: str, place: str) -> None:
    """The popover; `place` tells that of one page from that of another. What is in it is looked up when it is opened."""
    key, assignment = f"{place}-{run_id}", state.current().assignment
    menu = st.popover("Download", icon=":material/download:", key=f"download-{key}", width="content", on_change="rerun")
    if not menu.open:
        return
    snapshot = process.jobs().snapshot(run_id, 4)
    stem = f"{class_name(snapshot.run.architecture)}-{run_id}"
    with menu:
        items(_items(snapshot, assignment, stem), key)
        if snapshot.started:
            st.html('<p class="heading">Charts</p>')
            chart_items(CHARTS, lambda name: _charts(process.jobs().snapshot(run_id, POINTS))[name], key, stem)


def _items(snapshot: Snapshot, assignment: Assignment, stem: str) -> list[Item]:
    """Before its first epoch has ended, a run has nothing but events."""
    run_id, submitted = snapshot.run.id, snapshot.run.submitted
    events = Item(
        "Events",
        "everything that was measured, as CSV",
        f"{run_id}.csv",
        "text/csv",
        lambda: events_csv(process.jobs().events(run_id)),
    )
    if not snapshot.epochs:
        return [events]
    return [
        Item(
            "Report",
            "README, code, weights and charts, to hand in",
            f"{stem}.zip",
            "application/zip",
            lambda: report_zip(run_id, assignment, stem),
        ),
        Item(
            "Weights",
            "safetensors, by the state_dict’s names",
            f"{run_id}.safetensors",
            BINARY,
            lambda: process.jobs().weights_file(run_id),
            why_not="" if process.jobs().has_weights(run_id) else "lost: no checkpoint of this run is left",
        ),
        events,
        Item(
            "TensorBoard",
            "its scalars, as an event file",
            tensorboard.file_name(run_id, submitted),
            BINARY,
            lambda: tensorboard.event_file(process.jobs().events(run_id), submitted),
        ),
    ]


def report_zip(run_id: str, assignment: Assignment, folder: str) -> bytes:
    """The report as one file. Raises UnknownRun."""
    trained = trained_run(run_id)
    presets = tuple(load_presets().values())
    return zipped(run_report(trained, assignment, presets, run_pictures(trained.snapshot)), folder)


def trained_run(run_id: str) -> Trained:
    """Raises UnknownRun."""
    jobs = process.jobs()
    try:
        weights = jobs.weights(run_id).weights
    except NoWeights:
        weights = None
    snapshot = jobs.snapshot(run_id, POINTS)
    return Trained(snapshot, jobs.events(run_id), weights, jobs.precision(run_id), torch.get_num_threads())


def run_pictures(snapshot: Snapshot) -> dict[str, bytes]:
    return pictures.files(_charts(snapshot).values())


def _charts(snapshot: Snapshot) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts.run_charts(snapshot, documented_beside(snapshot))}


def documented_beside(snapshot: Snapshot) -> tuple[Curve, ...]:
    """What the document of the run's network reports, where it is of the same images."""
    preset = origin(snapshot.run.architecture, load_presets().values())
    if preset is None or preset.documented is None or preset.recipe.dataset != snapshot.run.recipe.dataset:
        return ()
    return charts.documented_curves(preset.documented)
