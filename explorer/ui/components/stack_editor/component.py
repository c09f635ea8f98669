"""The stack editor on the page: what is sent to the browser, and what came back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.network.analysis import Analysis
from explorer.network.blocks import BLOCKS
from explorer.network.hints import hints
from explorer.network.layers import size_text
from explorer.network.spec import MAX_LAYERS, Architecture, layer_to_data
from explorer.ui.components.assets import component
from explorer.ui.components.stack_editor.draft import Stack
from explorer.ui.components.stack_editor.fields import palette

FOLDER = Path(__file__).parent
MODULES = {  # what the scripts know of Python's tables
    "kinds.js": {
        "KINDS": palette(),
        "BLOCKS": {
            name: {"title": block.title, "summary": block.summary, "template": block.template} for name, block in BLOCKS.items()
        },
        "MAX_LAYERS": MAX_LAYERS,
    }
}
_mount = component("stack_editor", FOLDER, "editor.js", ["editor.css", "editor.html"], MODULES)


def sent_draft(key: str) -> object:
    """What the browser sent last, unread and not to be trusted: give it to `Stack.accepting`."""
    state = st.session_state.get(key)
    return state.get("draft") if isinstance(state, dict) else None


def stack_editor(
    stack: Stack,
    analysis: Analysis,
    *,
    classes: int = 10,
    described: int | None = None,
    key: str,
    changed: Callable[[], None],
) -> None:
    """Draw `stack` with the numbers of `analysis`, which is that of the same layers. A block with a head gives `classes` values.
    `described` is the layer that the page tells of where none is selected.

    The browser's edits arrive with the next run, and `changed` is called before any of it: accept there what came, with
    `stack.accepting(sent_draft(key))`, as the next page may be another one. Begin the fragment with the same, as Streamlit
    calls callbacks only for what it finds changed.
    """
    _mount(key=key, data=_data(stack, analysis, classes, described, key), on_draft_change=changed)


def _data(stack: Stack, analysis: Analysis, classes: int, described: int | None, key: str) -> dict[str, Any]:
    refusal = stack.refusal
    return {
        "key": key,
        "base": stack.base,
        "seq": stack.seq,
        "work": stack.work,
        "selected": stack.selected,
        "described": described,
        "input": size_text(analysis.architecture.input_shape),
        "channels": analysis.architecture.input_shape[0],
        "classes": classes,
        "stack": stack.to_data(),
        "rows": [
            {
                "shape": size_text(row.output_shape),
                "sees": size_text(row.receptive_field),
                "within": size_text(row.seen),
                "params": row.params,
                "channels": row.output_shape[0],
            }
            for row in analysis.rows
        ],
        "problem": _problem(stack, analysis),
        "hints": [{"index": hint.index, "message": hint.message, "mend": _mend(stack, hint.fixed)} for hint in hints(analysis)],
        "refusal": refusal and {"index": refusal.index, "message": refusal.message},
    }


def _problem(stack: Stack, analysis: Analysis) -> dict[str, Any] | None:
    """The first layer that does not fit."""
    problem = analysis.problem
    if problem is None:
        return None
    mend = _mend(stack, problem.mended)
    other = problem.otherwise and {"remedy": problem.otherwise[0], "mend": _mend(stack, problem.otherwise[1])}
    return {"index": problem.index, "message": problem.message, "remedy": problem.remedy, "mend": mend, "otherwise": other}


def _mend(stack: Stack, mended: Architecture | None) -> dict[str, Any] | None:
    """The way from the stack to `mended` as one change: at a place, so many layers out and these in."""
    if mended is None:
        return None
    old, new = stack.layers, mended.layers
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    inside = [layer_to_data(layer) for layer in new[start : len(new) - end]]
    return {"at": start, "remove": len(old) - end - start, "layers": inside}
