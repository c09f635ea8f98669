"""The selected layer's units on the page: what they see, what moves them, how their values come
about.

Every unit's exact field goes to the browser at once. What needs the network to be run is computed
only when the browser asks, which it does when the visitor pauses: an edit of the stack never waits
for it.

This is no fragment inside the page's fragment: where a run of the outer one overtakes a run of the
page, Streamlit 1.67 keeps the inner one's messages but drops those that make room for them, and the
browser gives up ("Bad delta path").
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.network.analysis import Analysis
from explorer.network.receptive_field import receptive_fields
from explorer.network.spec import Conv2d
from explorer.runs.manager import JobManager, NoWeights, UnknownRun
from explorer.text import counted, percent
from explorer.training.datasets import DATASETS
from explorer.ui import process
from explorer.ui.components.assets import component, keep_state
from explorer.ui.components.field_view import data, look
from explorer.ui.components.field_view.ask import Ask, parse_ask, unit_at
from explorer.ui.components.field_view.samples import samples
from explorer.ui.components.field_view.weights import Trained, Untrained, find_trained

FOLDER = Path(__file__).parent
CONSTANTS = {"sizes.js": {"ROOM": data.ROOM, "CELL": data.CELL, "GAP": data.GAP}}
_mount = component(
    "field_view", FOLDER, "panel.js", ["field_view.css", "field_view.html"], CONSTANTS
)


@dataclass(frozen=True)
class Around:
    """What the numbers of a network depend on beside the network."""

    dataset: str
    seed: int  # of the first weights
    run: str | None  # that the visitor looks at
    owner: str  # whose runs count as the visitor's own


def field_view(analysis: Analysis, index: int, around: Around, *, key: str) -> None:
    """The units of layer `index`, which must fit."""
    sent = st.session_state.get(key)
    kept = f"{key}-ask"  # the component's own state ends with the page
    ask = parse_ask(sent.get("ask")) if isinstance(sent, dict) else None
    ask = ask or st.session_state.get(kept) or Ask()
    # Another panel has no picture yet.
    st.session_state[kept] = ask.model_copy(update={"holds": ""})
    _mount(
        key=key,
        data=view_data(analysis, index, around, ask, process.jobs()),
        on_ask_change=keep_state,
    )


def view_data(
    analysis: Analysis, index: int, around: Around, ask: Ask, jobs: JobManager
) -> dict[str, Any]:
    """All that the browser gets: the exact field, and the answer to `ask` where it is about this
    layer.
    """
    fits = look.start_of(analysis.architecture, len(analysis.rows))
    _, height, width = fits.input_shape
    network = f"{hash((analysis.architecture.key, around)):x}"
    of = f"{network}:{index}"
    # Another layer of a network that was run already costs nothing; its effective field would.
    at_hand = ask.of.split(":")[0] == network and ask.mode != "effective"
    return {
        **data.field_data(receptive_fields(fits)[index], analysis, index),
        "of": of,
        "ask": ask.model_dump(mode="json"),
        "image": data.image_data(
            samples(around.dataset, height, width), ask.image, around.dataset, ask.holds
        ),
        "names": data.value_names(
            analysis.architecture, index, analysis.rows[index].output_shape[0], around.dataset
        ),
        "answer": {"to": of, **_answer(analysis, index, around, ask, jobs)}
        if ask.of == of or at_hand
        else None,
    }


def _answer(
    analysis: Analysis, index: int, around: Around, ask: Ask, jobs: JobManager
) -> dict[str, Any]:
    runs = look.layers_that_run(analysis)
    if index >= runs:
        return {"tooLarge": True}
    trained = find_trained(jobs, analysis.architecture, around.run, around.owner)
    untrained = Untrained(around.seed)
    weights = {
        "untrained": f"random (seed {around.seed})",
        "trained": trained and _trained_text(trained, around.dataset),
        "used": "trained" if trained and ask.trained else "untrained",
    }
    _, height, width = analysis.architecture.input_shape
    shown = samples(around.dataset, height, width).dataset
    glass = look.Glass(jobs, trained if trained and ask.trained else untrained, shown)
    try:
        return {"weights": weights, **_numbers(analysis, index, runs, ask, glass)}
    except (UnknownRun, NoWeights):  # deleted, or another epoch has just ended
        glass = look.Glass(jobs, untrained, shown)
        weights = {**weights, "trained": None, "used": "untrained"}
        return {"weights": weights, **_numbers(analysis, index, runs, ask, glass)}


def _numbers(
    analysis: Analysis, index: int, runs: int, ask: Ask, glass: look.Glass
) -> dict[str, Any]:
    row, architecture = analysis.rows[index], analysis.architecture
    is_map = len(row.output_shape) == 3
    channel: int | None = min(ask.channel, row.output_shape[0] - 1)
    found = look.forward(look.start_of(architecture, runs), ask.image, glass)
    if ask.mode == "arithmetic" and isinstance(row.layer, Conv2d):
        assert channel is not None
        _, height, width = architecture.input_shape
        normalised = samples(glass.dataset, height, width).normalisation_text(glass.trained_on)
        arithmetic = data.arithmetic_data(row.layer, found, index, channel, ask.first, normalised)
        return {"values": data.values_data(found, index, channel), "arithmetic": arithmetic}
    if ask.mode == "effective":
        if ask.together if ask.together is not None else is_map:
            channel = None
        unit = unit_at(ask, *row.output_shape[1:]) if is_map else (0, 0)
        above = analysis.rows[: index + 1]
        field = look.effective(
            look.start_of(architecture, index + 1),
            unit,
            channel,
            look.images_for(sum(row.mult_adds for row in above), prod(architecture.input_shape)),
            sum(row.output_bytes // 4 for row in above),
            glass,
        )
        return {
            "values": data.values_data(found, index, channel),
            "effective": data.effective_data(field, unit, channel),
        }
    return {"values": data.values_data(found, index, channel)}


def _trained_text(trained: Trained, dataset: str) -> str:
    epochs = counted(trained.epoch, "epoch")
    on = f" on {DATASETS[trained.dataset].title}" if trained.dataset != dataset else ""
    return f"trained{on}: {epochs}, {percent(trained.test_accuracy)} test accuracy"
