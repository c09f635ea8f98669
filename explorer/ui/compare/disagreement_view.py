"""Test images that one of two networks gets right and the other wrong."""

from typing import NamedTuple

import streamlit as st

from explorer.compare.learning import Record
from explorer.insight.predictions import Indices, Predictions, agreement
from explorer.runs.images_access import may_see_images, unseen_text
from explorer.text import counted, for_html, for_markdown, percent
from explorer.training.dataset_files import load_present_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetError
from explorer.ui import messages, process
from explorer.ui.components.image_grid import Picture, image_grid
from explorer.ui.people import who
from explorer.ui.remembered_inputs import remember_input, remembered_value
from explorer.ui.test_images import picture_address

GROUP, SHOWN = "compare-right", "compare-shown-image"


class _Answered(NamedTuple):
    """A network with its answers."""

    name: str
    record: Record
    predictions: Predictions


def disagreement_view(pair: tuple[Record, Record], names: tuple[str, str]) -> None:
    """Draw the images that the networks of these runs, after their last epochs, disagree on; words
    in their place where the visitor may not see them.
    """
    st.html('<h2 class="chart-title">Which images does only one get right?</h2>')
    answered = [_answered(record, name) for record, name in zip(pair, names, strict=True)]
    one, other = answered
    if one is None or other is None:
        return
    found = agreement(one.predictions, other.predictions)
    groups: dict[str, tuple[str, Indices, _Answered]] = {
        "only one": (f"only {one.name}", found.only_first, other),
        "only other": (f"only {other.name}", found.only_second, one),
        "neither": ("neither", found.neither, one),
    }
    counts = {key: f"{title}: {len(indices):,}" for key, (title, indices, _) in groups.items()}
    before = remembered_value(GROUP, "only one")
    chosen = st.segmented_control(
        "Images that are got right by",
        list(groups),
        default=before if before in groups else "only one",
        required=True,
        format_func=lambda key: for_markdown(counts[key]),
        **remember_input(GROUP),
        label_visibility="collapsed",
    )
    title, indices, wrong = groups[chosen]
    words = f"Test images that {title} gets right, with the answers of {wrong.name}"
    st.html(
        f'<p class="hint">{for_html(words)}. Both get {len(found.both):,} of '
        f"{counted(len(one.predictions.labels), 'image')} right.</p>"
    )
    dataset = wrong.record.recipe.dataset
    if not may_see_images(who(), dataset):
        messages.info(unseen_text(dataset))
        return
    shown = st.session_state.get(SHOWN)
    image_grid(
        indices.tolist(),
        lambda index: _picture(wrong, index),
        shown,
        _show,
        title=words,
        key=f"{GROUP}-{'-'.join(record.run_id or '' for record in pair)}-{chosen}",
        of=chosen,
    )
    if shown is not None and shown in set(indices.tolist()):
        st.html(f"<p>{for_html(_both_answers(one, other, shown))}</p>")


def _show(index: int | None) -> None:
    st.session_state[SHOWN] = index


def _answered(record: Record, name: str) -> _Answered | None:
    """None, and words on the page, where its answers are not kept, or the images are not here."""
    assert record.run_id is not None
    epoch = record.epochs[-1].epoch
    answers = process.jobs().answers(record.run_id, epoch)
    if answers is None:
        messages.info(f"the answers of {name} after epoch {epoch} are not kept")
        return None
    try:
        labels = load_present_dataset(record.recipe.dataset).test.labels
    except DatasetError as error:
        messages.info(str(error))
        return None
    return _Answered(name, record, Predictions(labels, answers))


def _picture(wrong: _Answered, index: int) -> Picture:
    classes = find_dataset(wrong.record.recipe.dataset).classes
    predictions = wrong.predictions
    label, answer = int(predictions.labels[index]), int(predictions.answers.predicted[index])
    return Picture(
        index=index,
        address=picture_address(wrong.record.recipe.dataset, index),
        label=classes[label],
        answer=classes[answer],
        probability=percent(predictions.answers.probability[index].item(), 0),
        is_right=label == answer,
    )


def _both_answers(one: _Answered, other: _Answered, index: int) -> str:
    classes = find_dataset(one.record.recipe.dataset).classes
    label = classes[int(one.predictions.labels[index])]
    said = "; ".join(
        f"{each.name} says {classes[int(each.predictions.answers.predicted[index])]} "
        f"({percent(each.predictions.answers.probability[index].item(), 0)})"
        for each in (one, other)
    )
    return f"Test image {index:,} is {label}. {said}."
