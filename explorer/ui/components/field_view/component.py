"""The selected layer's units on the page: what they see, what moves them, how their values come
about.

Every unit's exact field goes to the browser at once. What needs the network to be run is computed
only when the browser asks, which it does when the visitor pauses: an edit of the stack never waits
for it.

This is a part of its own, so that such an answer costs no page.
"""

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.network.analysis import Analysis, receptive_fields, rows_leading_to
from explorer.network.spec import Conv2d
from explorer.runs.manager import JobManager, NoWeights, UnknownRun
from explorer.text import counted, percent
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import BUILT_IN
from explorer.ui import process
from explorer.ui.components.assets import component, keep_state
from explorer.ui.components.field_view import data, forward
from explorer.ui.components.field_view.request import FieldViewRequest, parse_request, unit_at
from explorer.ui.components.field_view.samples import OwnImage, samples
from explorer.ui.components.field_view.weights import Trained, Untrained, find_trained
from explorer.ui.notices import with_notices
from explorer.ui.part import part

FOLDER = Path(__file__).parent
CONSTANTS = {"sizes.js": {"ROOM": data.ROOM, "CELL": data.CELL, "GAP": data.GAP}}
_mount = component(
    "field_view",
    FOLDER,
    "panel.js",
    ["field_view.css", "projector.css", "field_view.html"],
    CONSTANTS,
)


@dataclass(frozen=True)
class FieldViewContext:
    """What the field view shows depends on this and on the network."""

    dataset: str
    seed: int  # of the first weights
    run: str | None  # that the visitor looks at
    owner: str  # whose runs count as the visitor's own
    sees_images: bool = True  # whether the visitor may see the data set's images
    own: OwnImage | None = None  # an image of the visitor's, in place of the data set's

    @property
    def shown(self) -> str:
        """The data set whose images are shown, as far as they are here, or that the visitor's own
        is made like.
        """
        return self.dataset if self.sees_images or self.own else BUILT_IN


@part
@with_notices
def field_view(analysis: Analysis, index: int, context: FieldViewContext, *, key: str) -> None:
    """The units of the layer or merge at row `index` of the analysis, as a part of its own."""
    field_view_in_part(analysis, index, context, key=key)


def field_view_in_part(
    analysis: Analysis, index: int, context: FieldViewContext, *, key: str
) -> None:
    """The same within another part, as no part may stand in another."""
    sent = st.session_state.get(key)
    kept = f"{key}-ask"  # the component's own state ends with the page
    request = parse_request(sent.get("ask")) if isinstance(sent, dict) else None
    request = request or st.session_state.get(kept) or FieldViewRequest()
    # Another panel has no picture yet.
    st.session_state[kept] = request.model_copy(update={"holds": ""})
    _mount(
        key=key,
        data=view_data(analysis, index, context, request, process.jobs()),
        on_ask_change=keep_state,
    )


def view_data(
    analysis: Analysis,
    index: int,
    context: FieldViewContext,
    request: FieldViewRequest,
    jobs: JobManager,
) -> dict[str, Any]:
    """All that the browser gets: the exact field, and the answer to `request` if that is about
    this layer.
    """
    _, height, width = analysis.architecture.input_shape
    # Another image of the visitor's is no reason to wait until he or she pauses.
    network = f"{hash((analysis.architecture.key, replace(context, own=None))):x}"
    of = f"{network}:{index}"
    # Another layer of a network that was run already costs nothing; its effective field would.
    at_hand = request.of.split(":")[0] == network and request.mode != "effective"
    return {
        **data.field_data(receptive_fields(analysis)[index], analysis, index),
        "of": of,
        "ask": request.model_dump(mode="json"),
        "image": data.image_data(
            samples(context.shown, height, width, context.own),
            _image(context, request),
            context.dataset,
            request.holds,
        ),
        "names": data.value_names(analysis.architecture, analysis.rows[index], context.dataset),
        "answer": {"to": of, **_answer(analysis, index, context, request, jobs)}
        if request.of == of or at_hand
        else None,
    }


def _image(context: FieldViewContext, request: FieldViewRequest) -> int:
    """The place of the image that is looked at among the samples."""
    return 0 if context.own else request.image


def _answer(
    analysis: Analysis,
    index: int,
    context: FieldViewContext,
    request: FieldViewRequest,
    jobs: JobManager,
) -> dict[str, Any]:
    runs = forward.layers_that_run(analysis)
    if index >= runs:
        return {"tooLarge": True}
    trained = find_trained(jobs, analysis.architecture, context.run, context.owner)
    untrained = Untrained(context.seed)
    weights = {
        "untrained": f"random (seed {context.seed})",
        "trained": trained and _trained_text(trained, context.dataset),
        "used": "trained" if trained and request.trained else "untrained",
    }
    _, height, width = analysis.architecture.input_shape
    shown = samples(context.shown, height, width, context.own)
    request = request.model_copy(update={"image": _image(context, request)})
    forward_context = forward.ForwardContext(
        jobs, trained if trained and request.trained else untrained, shown.dataset, context.own
    )
    try:
        return {"weights": weights, **_numbers(analysis, index, runs, request, forward_context)}
    except (UnknownRun, NoWeights):  # deleted, or another epoch has just ended
        forward_context = replace(forward_context, source=untrained)
        weights = {**weights, "trained": None, "used": "untrained"}
        return {"weights": weights, **_numbers(analysis, index, runs, request, forward_context)}


def _numbers(
    analysis: Analysis,
    index: int,
    runs: int,
    request: FieldViewRequest,
    forward_context: forward.ForwardContext,
) -> dict[str, Any]:
    row, architecture = analysis.rows[index], analysis.architecture
    is_map = len(row.output_shape) == 3
    channel: int | None = min(request.channel, row.output_shape[0] - 1)
    found = forward.run_forward(architecture, runs, request.image, forward_context)
    if request.mode == "arithmetic" and isinstance(row.layer, Conv2d):
        assert channel is not None
        _, height, width = architecture.input_shape
        normalised = forward_context.samples(height, width).normalisation_text(
            forward_context.trained_on
        )
        arithmetic = data.arithmetic_data(
            row.layer, found, row.path, channel, request.first, normalised
        )
        return {"values": data.values_data(found, row.path, channel), "arithmetic": arithmetic}
    if request.mode == "effective":
        if request.together if request.together is not None else is_map:
            channel = None
        unit = unit_at(request, *row.output_shape[1:]) if is_map else (0, 0)
        above = rows_leading_to(analysis, row.path)
        field = forward.unit_influence(
            architecture,
            index,
            unit,
            channel,
            1
            if forward_context.own
            else forward.images_for(
                sum(row.mult_adds for row in above), prod(architecture.input_shape)
            ),
            sum(row.output_bytes // 4 for row in above),
            forward_context,
        )
        return {
            "values": data.values_data(found, row.path, channel),
            "effective": data.effective_data(field, unit, channel),
        }
    return {"values": data.values_data(found, row.path, channel)}


def _trained_text(trained: Trained, dataset: str) -> str:
    epochs = counted(trained.epoch, "epoch")
    on = f" on {find_dataset(trained.dataset).title}" if trained.dataset != dataset else ""
    return f"trained{on}: {epochs}, {percent(trained.test_accuracy)} test accuracy"
