"""Confusion: what the network takes for what, and how it does on each class."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from explorer.insight.predictions import (
    Counts,
    Order,
    Predictions,
    class_accuracies,
    confusion_matrix,
    find_images,
)
from explorer.runs.images_access import may_see_images
from explorer.runs.run import Snapshot, UnknownRun
from explorer.text import counted, for_html, for_markdown, percent
from explorer.training.dataset_lookup import find_dataset
from explorer.ui import process
from explorer.ui.components import confusion_matrix as matrix
from explorer.ui.components.columns import Column
from explorer.ui.components.figure_table import Figure, figure_table
from explorer.ui.people import who
from explorer.ui.remembered_inputs import remember_input, remembered_index
from explorer.ui.train.images_panel import images_panel
from explorer.ui.train.run_answers import choose_epoch, predictions_of

NOTHING = ""  # in place of a run's id: one matrix alone
OTHERS = 30  # runs that are offered to be laid beside, the newest
CELL = "confusion-cell"


class _Side(NamedTuple):
    """The answers of a run after one of its epochs."""

    name: str  # "a" at the left, "b" at the right
    snapshot: Snapshot
    epoch: int
    predictions: Predictions
    counts: Counts

    @property
    def classes(self) -> tuple[str, ...]:
        return find_dataset(self.snapshot.run.recipe.dataset).classes

    @property
    def title(self) -> str:
        run = self.snapshot.run
        return (
            f"{run.architecture.name}, run {run.id}, after epoch {self.epoch:,}: "
            f"{percent(self.predictions.accuracy)}"
        )


def show(snapshot: Snapshot) -> None:
    with st.container(key="confusion-line"):
        first, second, third = st.columns(3, gap="small")
    with first:
        side = _side("a", snapshot)
    with second:
        other = _choose_other(snapshot)
    with third:
        beside = _side("b", other) if other else None
    if side is None:
        return
    sides = [each for each in (side, beside) if each]
    with st.container(key="confusion-sides"):
        places = st.columns(2, gap="medium")
    for place, each in zip(places, sides, strict=False):
        with place:
            _matrix(each)
    if len(sides) == 1:
        with places[1]:
            _classes(sides)
    _images_of_cell(sides)
    if len(sides) > 1:
        _classes(sides)


def _side(name: str, snapshot: Snapshot) -> _Side | None:
    epoch = choose_epoch(snapshot, f"confusion-{name}")
    if epoch is None or (predictions := predictions_of(snapshot, epoch)) is None:
        return None
    classes = find_dataset(snapshot.run.recipe.dataset).classes
    return _Side(name, snapshot, epoch, predictions, confusion_matrix(predictions, len(classes)))


def _choose_other(snapshot: Snapshot) -> Snapshot | None:
    """A run of the same images to lay beside this one, which may be this one after another
    epoch.
    """
    run = snapshot.run
    names = {NOTHING: "nothing", run.id: "this run, another epoch"} | {
        each.run.id: f"{each.run.architecture.name}, run {each.run.id}"
        for each in process.jobs().runs()
        if each.run.recipe.dataset == run.recipe.dataset
        and each.run.id != run.id
        and each.epochs_done
    }
    options = list(names)[: OTHERS + 2]
    key = f"confusion-other-{run.id}"
    chosen = st.selectbox(
        "Beside it",
        options,
        index=remembered_index(key, options),
        format_func=lambda id: for_markdown(names[id]),
        **remember_input(key),
    )
    try:
        return process.jobs().snapshot(chosen, 0) if chosen != NOTHING else None
    except UnknownRun:  # deleted just now
        return None


# --- the matrix -----------------------------------------------------------------------------------


def _matrix(side: _Side) -> None:
    st.html(f'<p class="hint">{for_html(side.title)}</p>')
    chosen = _chosen()
    matrix.confusion_matrix(
        side.counts,
        side.classes,
        chosen[1] if chosen and chosen[0] == side.name else None,
        lambda cell: _choose(side.name, cell),
        title=f"Confusion of {side.title}",
        key=f"confusion-{side.name}-{side.snapshot.run.id}-matrix",
    )


def _choose(name: str, cell: matrix.Cell | None) -> None:
    st.session_state[CELL] = None if cell is None else (name, cell)


def _chosen() -> tuple[str, matrix.Cell] | None:
    """The side and the cell whose images are shown."""
    found: tuple[str, matrix.Cell] | None = st.session_state.get(CELL)
    return found


def _images_of_cell(sides: Sequence[_Side]) -> None:
    chosen = _chosen()
    side = next((each for each in sides if chosen and each.name == chosen[0]), None)
    if chosen is None or side is None or max(chosen[1]) >= len(side.classes):
        if may_see_images(who(), sides[0].snapshot.run.recipe.dataset):
            st.html('<p class="note">Choose a cell, and its images appear here.</p>')
        return
    label, predicted = chosen[1]
    indices = find_images(side.predictions, Order.WRONG_FIRST, label, predicted).tolist()
    what = (
        f"{side.classes[label]} recognised"
        if label == predicted
        else f"{side.classes[label]} taken for {side.classes[predicted]}"
    )
    title = f"{what}: {counted(len(indices), 'test image')}"
    images_panel(
        side.snapshot,
        side.epoch,
        side.predictions,
        indices,
        title,
        "confusion",
        of=what,
        followed=sides[0].snapshot.run.id,
    )


# --- each class -----------------------------------------------------------------------------------


def _classes(sides: Sequence[_Side]) -> None:
    st.html('<p class="hint">Accuracy of each class</p>')
    found = [class_accuracies(side.counts) for side in sides]
    first = found[0]
    rows = [
        {
            "class": sides[0].classes[each.label],
            "images": each.images,
            **{side.name: of[each.label].accuracy for side, of in zip(sides, found, strict=True)},
            "wrong": each.images - each.right,
        }
        for each in first
    ]
    columns = {"class": Column("class"), "images": Figure("test images", "{:,}".format)}
    if len(sides) == 1:
        columns |= {"wrong": Figure("wrong", "{:,}".format), "a": Figure("accuracy", percent)}
    else:
        columns |= {
            side.name: Figure(
                f"run {side.snapshot.run.id}, epoch {side.epoch}", percent, help=side.title
            )
            for side in sides
        }
    figure_table(rows, columns, "Accuracy of each class", key="confusion-classes")
