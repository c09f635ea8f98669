"""The stack editor on the page: what is sent to the browser, and what came back."""

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from explorer.network.analysis import Analysis
from explorer.network.spec import MAX_BRANCHES, MAX_DEPTH, MAX_LAYERS, Path
from explorer.ui.components.assets import component
from explorer.ui.components.stack_editor.analysis_data import analysis_data
from explorer.ui.components.stack_editor.draft import Stack, uids_by_path
from explorer.ui.components.stack_editor.fields import block_kind, palette

FOLDER = pathlib.Path(__file__).parent
CONSTANTS = {  # what the scripts know of Python's tables
    "kinds.js": {
        "KINDS": palette(),
        "BRANCHES": block_kind(),
        "MAX_LAYERS": MAX_LAYERS,
        "MAX_BRANCHES": MAX_BRANCHES,
        "MAX_DEPTH": MAX_DEPTH,
    }
}
# Each may take back what came before it.
STYLES = [
    "editor.css",
    "rows.css",
    "blocks.css",
    "graph.css",
    "palette.css",
    "narrow.css",
    "projector.css",
]
_mount = component("stack_editor", FOLDER, "editor.js", [*STYLES, "editor.html"], CONSTANTS)


def sent_draft(key: str) -> object:
    """What the browser sent last, unread and not to be trusted: give it to `Stack.accepting`."""
    state = st.session_state.get(key)
    return state.get("draft") if isinstance(state, dict) else None


def stack_editor(
    stack: Stack,
    analysis: Analysis,
    *,
    classes: int = 10,
    described: Path | None = None,
    lesson: Mapping[str, Any] | None = None,
    key: str,
    changed: Callable[[], object],
) -> None:
    """Draw `stack` with the numbers of `analysis`, which is that of the same layers.

    What the palette adds as a head gives `classes` values. `described` is the path of the layer or
    block that the page tells of where none is selected. `lesson` says what a lesson leaves out:
    {adds, guess, revealed}, see types.d.ts.

    The browser's edits arrive with the next run, and `changed` is called before any of it: accept
    there what came, with `stack.accepting(sent_draft(key))`, as the next page may be another one.
    Begin the part with the same, as Streamlit calls callbacks only for what it finds changed.
    """
    sent = sent_draft(key)
    whole = not stack.is_held_by_sender(sent)
    data = editor_data(
        stack,
        analysis,
        whole=whole,
        analyzed=whole or not asks_itself(sent),
        classes=classes,
        described=described,
        lesson=lesson,
        key=key,
    )
    _mount(key=key, data=data, on_draft_change=changed)


def asks_itself(draft: object) -> bool:
    """Whether the editor that sent this draft asks for the analysis by itself, at the address in
    `ui/server/analysis_route.py`.
    """
    return isinstance(draft, dict) and draft.get("asked") is True


def editor_data(
    stack: Stack,
    analysis: Analysis,
    *,
    whole: bool,
    analyzed: bool = True,
    classes: int = 10,
    described: Path | None = None,
    lesson: Mapping[str, Any] | None = None,
    key: str = "stack",
) -> dict[str, Any]:
    """What the browser gets. With `whole` it holds the layers, which who edits has already; with
    `analyzed` it holds what they do.
    """
    refusal = stack.refusal
    return {
        "key": key,
        "base": stack.base,
        "seq": stack.seq,
        "selected": stack.selected,
        "described": described and uids_by_path(stack.uids, stack.layers)[described],
        "input": analysis.architecture.input_shape,
        "classes": classes,
        "analysis": analysis_data(stack.uids, analysis) if analyzed else None,
        "refusal": refusal and {"index": refusal.index, "message": refusal.message},
        "whole": {"stack": stack.to_data(), "work": stack.work} if whole else None,
        **({"lesson": lesson} if lesson else {}),
    }
