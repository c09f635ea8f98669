"""The stack editor on the page: what is sent to the browser, and what came back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.network.analysis import Analysis, Row
from explorer.network.architecture_json import layer_to_data
from explorer.network.blocks import BLOCKS
from explorer.network.hints import hints
from explorer.network.spec import MAX_LAYERS, Architecture
from explorer.ui.components.assets import component
from explorer.ui.components.stack_editor.draft import Stack
from explorer.ui.components.stack_editor.fields import palette

FOLDER = Path(__file__).parent
CONSTANTS = {  # what the scripts know of Python's tables
    "kinds.js": {
        "KINDS": palette(),
        "BLOCKS": {
            name: {"title": block.title, "summary": block.summary, "template": block.template}
            for name, block in BLOCKS.items()
        },
        "MAX_LAYERS": MAX_LAYERS,
    }
}
# Each may take back what came before it.
STYLES = ["editor.css", "rows.css", "palette.css", "narrow.css"]
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
    described: int | None = None,
    key: str,
    changed: Callable[[], object],
) -> None:
    """Draw `stack` with the numbers of `analysis`, which is that of the same layers.

    A block with a head gives `classes` values. `described` is the layer that the page tells of
    where none is selected.

    The browser's edits arrive with the next run, and `changed` is called before any of it: accept
    there what came, with `stack.accepting(sent_draft(key))`, as the next page may be another one.
    Begin the fragment with the same, as Streamlit calls callbacks only for what it finds changed.
    """
    whole = not stack.is_held_by_sender(sent_draft(key))
    data = editor_data(stack, analysis, whole=whole, classes=classes, described=described, key=key)
    _mount(key=key, data=data, on_draft_change=changed)


def editor_data(
    stack: Stack,
    analysis: Analysis,
    *,
    whole: bool,
    classes: int = 10,
    described: int | None = None,
    key: str = "stack",
) -> dict[str, Any]:
    """What the browser gets: the numbers of each layer, what is wrong and what could be better.

    The layers themselves only with `whole`: who edits has them already. They are named by uid, as
    the browser may have moved them meanwhile.
    """
    refusal = stack.refusal
    return {
        "key": key,
        "base": stack.base,
        "seq": stack.seq,
        "selected": stack.selected,
        "described": None if described is None else stack.uids[described],
        "input": analysis.architecture.input_shape,
        "classes": classes,
        # Fewer where one does not fit.
        "rows": [_row(uid, row) for uid, row in zip(stack.uids, analysis.rows, strict=False)],
        "problem": _problem(stack, analysis),
        "hints": [
            {"uid": stack.uids[hint.index], "message": hint.message, "fix": _fix(stack, hint.fix)}
            for hint in hints(analysis)
        ],
        "refusal": refusal and {"index": refusal.index, "message": refusal.message},
        "whole": {"stack": stack.to_data(), "work": stack.work} if whole else None,
    }


def _row(uid: str, row: Row) -> list[Any]:
    """A layer's uid, its shape, its receptive field in theory and its parameters; last the field's
    part inside the image, where it is another. A list, as the names of all these would be most of
    what an edit sends.
    """
    numbers = [uid, row.output_shape, row.receptive_field, row.params]
    return numbers if row.seen == row.receptive_field else [*numbers, row.seen]


def _problem(stack: Stack, analysis: Analysis) -> dict[str, Any] | None:
    """The first layer that does not fit."""
    problem = analysis.problem
    if problem is None:
        return None
    fix = _fix(stack, problem.fix)
    other = problem.alternative and {
        "remedy": problem.alternative[0],
        "fix": _fix(stack, problem.alternative[1]),
    }
    uid = stack.uids[problem.index]
    return {
        "uid": uid,
        "message": problem.message,
        "remedy": problem.remedy,
        "fix": fix,
        "alternative": other,
    }


def _fix(stack: Stack, fixed: Architecture | None) -> dict[str, Any] | None:
    """The way from the stack to `fixed` as one change: at a place, so many layers out and these
    in.
    """
    if fixed is None:
        return None
    old, new = stack.layers, fixed.layers
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    inside = [layer_to_data(layer) for layer in new[start : len(new) - end]]
    return {"at": start, "remove": len(old) - end - start, "layers": inside}
