"""Predictions: test images with the network's answers."""

import streamlit as st

from explorer.insight.predictions import Order, Predictions, find_images
from explorer.runs.run import Snapshot
from explorer.text import counted, for_markdown
from explorer.training.dataset_lookup import find_dataset
from explorer.ui.remembered_inputs import remember_input, remembered_index
from explorer.ui.train.images_panel import images_panel
from explorer.ui.train.run_answers import choose_epoch, predictions_of

ANY = -1  # in place of a class


def show(snapshot: Snapshot) -> None:
    classes = find_dataset(snapshot.run.recipe.dataset).classes
    with st.container(key="predictions-line"):
        places = st.columns(4, gap="small")
    with places[0]:
        order = _choose("Order", list(Order), "predictions-order")
    with places[1]:
        label = _choose_class("Class", classes, "predictions-label")
    with places[2]:
        predicted = _choose_class("Answer", classes, "predictions-predicted")
    with places[3]:
        epoch = choose_epoch(snapshot, "predictions-epoch")
    if epoch is None or (predictions := predictions_of(snapshot, epoch)) is None:
        return
    indices = find_images(predictions, Order(order), label, predicted).tolist()
    title = _title(predictions, indices)
    of = f"{order} {label} {predicted}"
    images_panel(snapshot, epoch, predictions, indices, title, "predictions", of=of)


def _title(predictions: Predictions, indices: list[int]) -> str:
    """How many images these are, and how many of them are wrong."""
    if not indices:
        return "There are no such test images."
    wrong = len(indices) - int(predictions.is_right[indices].sum())
    return f"{counted(len(indices), 'test image')}, {wrong:,} of them wrong"


def _choose(label: str, options: list[Order], key: str) -> str:
    return st.selectbox(
        label,
        options,
        index=remembered_index(key, options),
        format_func=lambda option: for_markdown(option.capitalize()),
        **remember_input(key),
    )


def _choose_class(label: str, classes: tuple[str, ...], key: str) -> int | None:
    options = [ANY, *range(len(classes))]
    chosen = st.selectbox(
        label,
        options,
        index=remembered_index(key, options),
        format_func=lambda each: for_markdown("any" if each == ANY else classes[each]),
        **remember_input(key),
    )
    return None if chosen == ANY else chosen
