"""Test images with a network's answers, and all that it says of the one that is chosen."""

from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from explorer.insight.predictions import Predictions
from explorer.runs.images_access import may_see_images, unseen_text
from explorer.runs.run import RunError, Snapshot
from explorer.text import for_html, percent
from explorer.training.dataset_files import load_present_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.ui import messages, process
from explorer.ui.components.image_grid import Picture, image_grid
from explorer.ui.people import who
from explorer.ui.test_images import picture_address
from explorer.ui.train.chosen_view import open_view
from explorer.ui.train.shown_image import show_image, shown_image

BARS = 12  # classes whose probabilities are shown; of more, the likeliest
NONE_CHOSEN = (
    '<div class="one-image empty"><p>Choose an image: what the network says of it appears '
    "here.</p></div>"
)


def images_panel(
    snapshot: Snapshot,
    epoch: int,
    predictions: Predictions,
    indices: Sequence[int],
    title: str,
    key: str,
    *,
    of: str = "",
    followed: str | None = None,
) -> None:
    """Draw the images of these indices, and beside them the chosen one's probabilities; words in
    their place where the visitor may not see them.

    Args:
        of: what they are; where that changes, the first of them are shown.
        followed: the run through whose network the chosen one can be followed; this one by default.
    """
    run_id, dataset = snapshot.run.id, snapshot.run.recipe.dataset
    if not may_see_images(who(), dataset):
        st.html(f'<p class="hint">{for_html(title)}</p>')
        messages.info(unseen_text(dataset))
        return
    with st.container(key=f"images-{key}"):
        grid, one = st.columns([2.2, 1], gap="medium")
    with grid:
        st.html(f'<p class="hint">{for_html(title)}</p>')
        image_grid(
            indices,
            lambda index: _picture(dataset, predictions, index),
            shown_image(run_id),
            lambda index: show_image(run_id, index),
            title=title,
            key=f"{key}-{run_id}",
            of=of,
        )
    with one:
        chosen = shown_image(run_id)
        if chosen is None:
            st.html(NONE_CHOSEN)
            return
        st.html(_one_image(snapshot, epoch, predictions, chosen))
        st.button(
            "Follow it through the network",
            icon=":material/account_tree:",
            help="What each layer makes of it, in Inside.",
            key=f"inside-{key}",
            on_click=_follow,
            args=(followed or run_id, chosen),
            width="stretch",
        )


def _follow(run_id: str, index: int) -> None:
    show_image(run_id, index)
    open_view("Inside")


def _picture(dataset: str, predictions: Predictions, index: int) -> Picture:
    classes, answers = find_dataset(dataset).classes, predictions.answers
    label, answer = int(predictions.labels[index]), int(answers.predicted[index])
    return Picture(
        index=index,
        address=picture_address(dataset, index),
        label=classes[label],
        answer=classes[answer],
        probability=percent(answers.probability[index].item(), 0),  # kept to 1 in 255
        is_right=label == answer,
    )


def _one_image(snapshot: Snapshot, epoch: int, predictions: Predictions, index: int) -> str:
    """The picture, its class and the answer, and every class's probability."""
    dataset = snapshot.run.recipe.dataset
    classes = find_dataset(dataset).classes
    label = int(predictions.labels[index])
    answer = int(predictions.answers.predicted[index])
    said = (
        f"recognised as {classes[answer]}"
        if answer == label
        else f"taken for {classes[answer]}; it is {classes[label]}"
    )
    rows, note = _bars(snapshot, epoch, predictions, index)
    return (
        '<div class="one-image">'
        f'<img src="{for_html(picture_address(dataset, index))}" alt="">'
        f"<h3>Test image {index:,}</h3>"
        f'<p class="{"right" if answer == label else "wrong"}">{for_html(said)}</p>'
        f'<p class="note">After epoch {epoch:,}, loss '
        f"{predictions.answers.loss[index].item():.3g}</p>"
        f'<table class="bars"><caption>{for_html("Probability of each class")}</caption>'
        f"<tbody>{rows}</tbody></table>"
        f'<p class="note">{for_html(note)}</p></div>'
    )


def _bars(snapshot: Snapshot, epoch: int, predictions: Predictions, index: int) -> tuple[str, str]:
    """A row of HTML for each class's probability, and what there is to say of them."""
    found = _probabilities(snapshot, epoch, index)
    classes = find_dataset(snapshot.run.recipe.dataset).classes
    label = int(predictions.labels[index])
    answer = int(predictions.answers.predicted[index])
    if found is None:
        share = predictions.answers.probability[index].item()
        note = "The weights of this epoch are not kept, so only its answer is known."
        return _bar(classes[answer], share, is_answer=True, is_label=answer == label), note
    shown = list(range(len(classes)))
    note = ""
    if len(classes) > BARS:
        likeliest = found.argsort(descending=True)[:BARS].tolist()
        shown = sorted({*likeliest, label})
        note = f"The likeliest of {len(classes)} classes, and the right one."
    bars = (
        _bar(classes[each], found[each].item(), is_answer=each == answer, is_label=each == label)
        for each in shown
    )
    return "".join(bars), note


def _probabilities(snapshot: Snapshot, epoch: int, index: int) -> Tensor | None:
    """Of each class, (classes,); None where the weights of that epoch are not there."""
    try:
        trained = process.trained(snapshot.run.id, epoch)
    except RunError:
        return None
    if trained.epoch != epoch:
        return None
    images = load_present_dataset(snapshot.run.recipe.dataset).test.images
    return trained.probabilities(images[index : index + 1])[0]


def _bar(name: str, share: float, *, is_answer: bool, is_label: bool) -> str:
    kinds = " ".join(kind for kind, holds in (("answer", is_answer), ("label", is_label)) if holds)
    mark = '<span class="mark" title="the right class">✓</span>' if is_label else ""
    return (
        f'<tr class="{kinds}"><th scope="row">{for_html(name)}{mark}</th>'
        f'<td><span style="width: {100 * share:.1f}%"></span></td>'
        f"<td>{for_html(percent(share))}</td></tr>"
    )
