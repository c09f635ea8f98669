"""The canvas on a page. While somebody draws, its script asks for answers at an address of their
own (ui/server/drawing_route.py); the drawing itself is told to the page once the pen rests.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from explorer.insight.drawing import MAX_POINTS, MAX_STROKES, MIN_STEP, UNITS, Drawing
from explorer.insight.trained import Trained
from explorer.ui.components.assets import component
from explorer.ui.components.draw_canvas.answers import layers_data

CONSTANTS = {
    "limits.js": {
        "UNITS": UNITS,
        "MAX_POINTS": MAX_POINTS,
        "MAX_STROKES": MAX_STROKES,
        "MIN_STEP": MIN_STEP,
    }
}
_mount = component(
    "draw_canvas",
    Path(__file__).parent,
    "draw_canvas.js",
    ["draw_canvas.css", "projector.css", "draw_canvas.html"],
    CONSTANTS,
)
NOTHING = Drawing(pen=80, strokes=())


def draw_canvas(
    trained: Trained,
    file: dict[str, Any] | None,
    layer: int,
    choose_layer: Callable[[int], None],
    *,
    key: str,
) -> None:
    """The canvas with what `trained` makes of the drawing; or, of an image file, its `answer` and
    its "picture" as an address.

    `choose_layer` is called with the index of the row whose maps somebody chooses.
    """
    layers = layers_data(trained.architecture)
    _mount(
        key=key,
        data={
            "run": trained.run_id,
            "epoch": trained.epoch,
            "classes": trained.kind.classes,
            "layers": layers,
            "layer": layer,
            "drawing": kept_drawing(key).model_dump(),
            "file": file,
        },
        on_drawing_change=lambda: _keep(key),
        on_layer_change=lambda: _choose(key, len(layers), choose_layer),
    )


def kept_drawing(key: str) -> Drawing:
    """What was drawn last on the canvas of this key: the component's own state ends with the
    page.
    """
    found: Drawing = st.session_state.get(_kept(key), NOTHING)
    return found


def _keep(key: str) -> None:
    """Leave it as it was where the browser says something else."""
    if drawing := parse_drawing(st.session_state[key].get("drawing")):
        st.session_state[_kept(key)] = drawing


def parse_drawing(sent: object) -> Drawing | None:
    try:
        return Drawing.model_validate(sent)
    except ValidationError:
        return None


def _choose(key: str, layers: int, choose: Callable[[int], None]) -> None:
    chosen = st.session_state[key].get("layer")
    if type(chosen) is int and 0 <= chosen < layers:
        choose(chosen)


def _kept(key: str) -> str:
    return f"{key}-drawing"
