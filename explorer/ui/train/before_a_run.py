"""Train before there is a run: how long one is, and what will be seen of it, where it will be."""

from statistics import median

import streamlit as st

from explorer.network.analysis import analyze
from explorer.presets import RECIPE_VARIANTS, find_preset, measured
from explorer.runs.eta import Pace
from explorer.text import counted, duration, for_html
from explorer.training.dataset_lookup import find_dataset
from explorer.training.devices import DeviceError, choose_device
from explorer.training.engine import count_steps
from explorer.training.recipe import count_images
from explorer.ui import process, state


def show_what_comes(session: state.Session) -> None:
    """Shown in place of a run."""
    facts = "".join(
        f"<div><dt>{for_html(name)}</dt><dd>{for_html(text)}</dd></div>"
        for name, text in (
            ("Length", _length(session)),
            ("Time", _time(session)),
            ("Images", _images(session)),
        )
    )
    places = "".join(
        f'<section class="{kind}"><h3>{for_html(title)}</h3><p>{for_html(text)}</p></section>'
        for kind, title, text in _places(session)
    )
    st.html(
        '<div class="coming"><div class="layer"><h2>No run yet</h2><p>Start training, '
        "and loss and accuracy appear here as they come. "
        "The run continues when you leave or close this page; its link leads back to it.</p>"
        f'<dl>{facts}</dl></div><div class="places">{places}</div></div>'
    )


def _length(session: state.Session) -> str:
    recipe = session.recipe
    epochs, known = counted(recipe.epochs, "epoch"), find_dataset(recipe.dataset).train_images
    if not known:  # of own images that are not here
        return epochs
    steps = count_steps(count_images(recipe, known), recipe.batch_size)
    return f"{epochs} of {counted(steps, 'step')}, {counted(recipe.epochs * steps, 'step')} in all"


def _time(session: state.Session) -> str:
    """As the runs on this server tell, else those that come with the presets."""
    network, recipe = session.architecture, session.recipe
    title = find_dataset(recipe.dataset).title
    try:
        device = choose_device(recipe.device).type
    except DeviceError:
        device = ""
    if not analyze(network).problem:
        pace = Pace(process.jobs().runs()).seconds_an_epoch(network, recipe, device)
        if pace:
            whole = duration(pace * recipe.epochs)
            return f"about {whole}, going by the newest run on {title} here"
        if included := _included_seconds(session):
            return f"{duration(included)} where the runs included with the app were made"
    return "told here once training has begun"


def _included_seconds(session: state.Session) -> float | None:
    """Seconds that our runs of this network with this recipe took: the median, as some machines had
    other work too.
    """
    preset = find_preset(session.architecture)
    if preset is None:
        return None
    for variant in RECIPE_VARIANTS:
        found = preset.recipe_variant(variant)
        runs = [run for run in measured(preset.id) if run.variant == variant]
        if found and found[1] == session.recipe and runs:
            return median(sum(epoch.seconds for epoch in run.epochs) for run in runs)
    return None


def _images(session: state.Session) -> str:
    recipe = session.recipe
    kind = find_dataset(recipe.dataset)
    if kind.absent:
        return kind.absent
    held_out = f"{recipe.validation_images:,} to validate, " if recipe.validation_images else ""
    learned = count_images(recipe, kind.train_images)
    text = f"{learned:,} to train on, {held_out}{kind.test_images:,} to test"
    return text if kind.is_here() else f"{text}; not on this server yet, downloaded first"


def _places(session: state.Session) -> tuple[tuple[str, str, str], ...]:
    preset = find_preset(session.architecture)
    beside = ", beside the author's log" if preset and preset.documented else ""
    return (
        ("chart", "Loss", "At every step, and on the test images after each epoch"),
        (
            "chart",
            "Accuracy after each epoch",
            f"On the images it trains on, and on the test images{beside}",
        ),
        (
            "table",
            "Epochs",
            "A row for each: accuracy, loss, learning rate and speed",
        ),
    )
