"""The assignment on the Build page: a line of clauses that follows every edit, and a small form to
set the limits.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from explorer.assignment import (
    SIGNS,
    Assignment,
    AssignmentError,
    Result,
    best_result,
    clauses,
    parse_assignment,
)
from explorer.network.difference import Difference, change_text, difference, difference_text
from explorer.network.spec import Architecture, NetworkKey, path_text
from explorer.runs.run_summary import RunSummary
from explorer.schema import field_values
from explorer.text import for_html
from explorer.training.datasets import DATASETS, DatasetKind
from explorer.ui import process, state
from explorer.ui.notices import WRONG, notify

Trained = tuple[NetworkKey, str]  # a network, and the data set that it was trained on
Results = Mapping[Trained, tuple[Result, ...]]

NAMED_CHANGES = 12  # in the tooltip; the others are counted


# --- what the runs reached ------------------------------------------------------------------------


def finished_results() -> Results:
    """What every run that went to its end has reached, by what it trained.

    Looked up once a page, not at every edit.
    """
    found: dict[Trained, tuple[Result, ...]] = {}
    for each in process.jobs().runs():
        if (result := _result(each)) is not None:
            key = _trained(each.run.architecture, each.run.recipe.dataset)
            found[key] = (*found.get(key, ()), result)
    return found


def _result(each: RunSummary) -> Result | None:
    if each.finished is None:  # a run that was continued and stopped has still gone to its end once
        return None
    if each.run.recipe.images_share < 1:  # a quick look
        return None
    return Result(each.finished.epoch, each.finished.metrics["test_accuracy"])


def _trained(architecture: Architecture, dataset: str) -> Trained:
    return architecture.key, dataset


# --- the line under the totals --------------------------------------------------------------------


def assignment_line(
    session: state.Session, results: Results, in_the_way: str = "", has_fix: bool = False
) -> str:
    """The clauses; beside them what stands in the way of training, else whether the images are
    still to come, and how far the network is from where it started.

    With `has_fix` there is room at the end for a button.
    """
    architecture, recipe = session.architecture, session.recipe
    result = best_result(
        session.assignment, results.get(_trained(architecture, recipe.dataset), ())
    )
    chips = "".join(
        f'<li class="{for_html(clause.state)}" data-limit="{for_html(clause.limit)}" '
        f'title="{for_html(clause.note)}">'
        f"<b>{SIGNS[clause.state]}</b> {for_html(clause.text)}</li>"
        for clause in clauses(session.assignment, architecture, recipe, result)
    )
    if in_the_way:
        beside = _in_the_way(in_the_way, has_fix)
    else:
        beside = f"{_absent_images(DATASETS[recipe.dataset])}{_origin(session)}"
    return f'<div class="assignment"><ul aria-label="Assignment">{chips}</ul>{beside}</div>'


def _in_the_way(text: str, has_fix: bool) -> str:
    kind = "in-the-way has-fix" if has_fix else "in-the-way"
    return f'<p class="{kind}" title="{for_html(text)}"><b>✗</b> {for_html(text)}</p>'


def _absent_images(kind: DatasetKind) -> str:
    """That the chosen images are still to be downloaded; "" if they are here."""
    if kind.is_here():
        return ""
    text = f"{kind.title} is not on this server yet; training downloads it."
    return f'<p class="absent">{for_html(text)}</p>'


def _origin(session: state.Session) -> str:
    """Where the work comes from: the preset's character, or what was changed since."""
    start = session.start
    if session.is_unchanged:
        return (
            f'<p class="origin" title="{for_html(start.character)}">{for_html(start.character)}</p>'
        )
    found = difference(start.architecture, session.architecture)
    text = for_html(f"since {start.title}: {difference_text(found)}")
    return f'<p class="origin changed" title="{_changes(found)}">{text}</p>'


def _changes(found: Difference) -> str:
    """A line a change, for a tooltip."""
    lines = [
        f"{path_text(change.path)} {change_text(change)}"
        for change in found.changes[:NAMED_CHANGES]
    ]
    if len(found.changes) > NAMED_CHANGES:
        lines.append(f"and {len(found.changes) - NAMED_CHANGES} more")
    return "&#10;".join(for_html(line) for line in lines)


# --- the form -------------------------------------------------------------------------------------

# Limit, label, and what its input is told beside its bounds.
Field = tuple[str, str, dict[str, Any]]

NUMBERS: tuple[Field, ...] = (
    ("max_params", "Parameters below", {"step": 1000}),
    ("max_epochs", "Max. epochs", {"step": 1}),
    ("min_accuracy", "Test accuracy, %", {"step": 0.1, "format": "%g"}),
    ("max_layers", "Max. layers", {"step": 1}),
)
LABELS = {limit: label for limit, label, _ in NUMBERS}
SWITCHES = (
    ("batch_norm", "BatchNorm"),
    ("dropout", "Dropout"),
    ("global_pooling", "Global average pooling"),
    ("linear_head", "Linear head"),
)


def assignment_form(session: state.Session) -> None:
    """A popover with one input a limit; an empty one asks for nothing.

    Its inputs are drawn once it is opened.
    """
    menu = st.popover(
        "Assignment",
        icon=":material/checklist:",
        width="content",
        key="assignment",
        on_change="rerun",
    )
    if menu.open:
        with menu:
            _limits(session)


def _limits(session: state.Session) -> None:
    st.html(
        '<p class="note">Requirements for the network. An empty field means no limit. '
        "They are part of the share link.</p>"
    )
    version = f"{session.recipe_version}"
    for start in range(0, len(NUMBERS), 2):
        for column, (limit, label, given) in zip(
            st.columns(2, gap="small"), NUMBERS[start : start + 2], strict=False
        ):
            key = f"assignment-{limit}-{version}"
            # An input with a value of its own could not be emptied, so the value comes from the
            # state. Each time: the browser is told of a value in the run that sets it.
            st.session_state[key] = _shown(limit, getattr(session.assignment, limit))
            change = partial(_set, limit, key, session.work)
            column.number_input(
                label, value=None, placeholder="no limit", key=key, on_change=change, **given
            )
    st.html('<p class="note">Required</p>')
    for start in range(0, len(SWITCHES), 2):
        for column, (limit, label) in zip(
            st.columns(2, gap="small"), SWITCHES[start : start + 2], strict=False
        ):
            key = f"assignment-{limit}-{version}"
            change = partial(_set, limit, key, session.work)
            column.toggle(label, getattr(session.assignment, limit), key=key, on_change=change)


def _takes(limit: str) -> str:
    if limit == "min_accuracy":
        return "a number above 0 to 100"
    bounds = field_values(Assignment)[limit].bounds
    assert bounds is not None
    return f"a whole number from {bounds.low:,} to {bounds.high:,}"


def _shown(limit: str, value: Any) -> Any:
    """An accuracy is a share in the data and a percentage on screen."""
    return round(100 * value, 4) if limit == "min_accuracy" and value is not None else value


def _set(limit: str, key: str, work: int) -> None:
    """The limit as its input was set, which was drawn for that work: other work has its own."""
    session, value = state.accept_draft(), st.session_state[key]
    if work != session.work:
        return
    if limit == "min_accuracy" and value is not None:
        value = round(value / 100, 6)
    try:
        assignment = parse_assignment(session.assignment.model_dump() | {limit: value})
    except AssignmentError:
        notify(f"{LABELS[limit]}: {_takes(limit)}, or nothing. The old value was kept", WRONG)
    else:
        state.keep_session(replace(session, assignment=assignment))
