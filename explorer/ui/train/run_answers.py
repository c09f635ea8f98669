"""A run's answers to the test images, of an epoch that somebody chooses."""

import streamlit as st

from explorer.insight.predictions import Predictions
from explorer.runs.run import Snapshot
from explorer.text import for_markdown
from explorer.training.dataset_files import load_present_dataset
from explorer.training.datasets import DatasetError
from explorer.ui import messages, process
from explorer.ui.remembered_inputs import remember_input, remembered_value

LAST = 0  # in place of an epoch's number: the newest, whichever that is


def choose_epoch(snapshot: Snapshot, key: str) -> int | None:
    """Ask after which epoch, of those whose answers are kept; the last by default. None, and words
    on the page, where none are.
    """
    epochs = [
        epoch
        for epoch in reversed(process.jobs().answered_epochs(snapshot.run.id))
        if epoch <= snapshot.epochs[-1].epoch
    ]
    if not epochs:
        messages.info(
            "this run was trained before answers were kept. Whoever started it can continue it "
            "for an epoch, and then they are here"
        )
        return None
    options = [LAST, *epochs]
    key = f"{key}-{snapshot.run.id}"
    before = remembered_value(key, LAST)
    chosen = st.selectbox(
        "After epoch",
        options,
        index=options.index(before) if before in options else 0,
        format_func=lambda epoch: for_markdown(
            f"the last, {epochs[0]}" if epoch == LAST else f"{epoch}"
        ),
        **remember_input(key),
    )
    return epochs[0] if chosen == LAST else chosen


def predictions_of(snapshot: Snapshot, epoch: int) -> Predictions | None:
    """The answers of that epoch beside the labels. None, and words on the page, where they are
    gone, or the images are not here.
    """
    answers = process.jobs().answers(snapshot.run.id, epoch)
    if answers is None:
        messages.info(f"the answers after epoch {epoch} are no longer kept")
        return None
    try:
        labels = load_present_dataset(snapshot.run.recipe.dataset).test.labels
    except DatasetError as error:
        messages.info(str(error))
        return None
    return Predictions(labels, answers)
