"""The Assignment menu of Build: what is asked for, an input for each demand, and for teachers how
it is given out to the class.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from explorer.assignment.assignment import (
    MAX_TEXT,
    MAX_TITLE,
    Assignment,
    AssignmentError,
    Part,
    parse_assignment,
    to_data,
)
from explorer.assignment.ready_made import READY_MADE
from explorer.classroom.assignments import PARAMETER, GivenOut
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT
from explorer.schema import field_values
from explorer.text import for_html, for_markdown, sentence
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DATASETS
from explorer.ui import people, process, state
from explorer.ui.components.address import link_box
from explorer.ui.moments import from_wall_time, moment_input
from explorer.ui.notices import WRONG, notify, refusals_as_notices
from explorer.ui.own_address import own_address, qr_code
from explorer.ui.people import who

# Limit, label, and what its input is told beside its bounds.
Field = tuple[str, str, dict[str, Any]]

NUMBERS: tuple[Field, ...] = (
    ("max_params", "Parameters below", {"step": 1000}),
    ("max_epochs", "Max. epochs", {"step": 1}),
    ("min_accuracy", "Test accuracy, %", {"step": 0.1, "format": "%g"}),
    ("seeds", "Mean over seeds", {"step": 1}),
)
MORE_NUMBERS: tuple[Field, ...] = (
    ("max_layers", "Max. layers", {"step": 1}),
    ("min_field", "Receptive field from", {"step": 1}),
    ("max_mult_adds", "Max. multiply-adds", {"step": 100_000, "help": MULT_ADDS_IN_SHORT}),
    ("min_poolings", "Poolings from", {"step": 1}),
    ("max_poolings", "Max. poolings", {"step": 1}),
)
LABELS = {limit: label for limit, label, _ in (*NUMBERS, *MORE_NUMBERS)} | {
    "title": "Title",
    "text": "What to do",
    "dataset": "Images",
    "required": "Required",
    "forbidden": "Not allowed",
    "deadline": "Deadline",
}
ANY_IMAGES = "Any images"
OFFERED = 8  # assignments that a student may take up, the newest


def assignment_menu(session: state.Session) -> None:
    """A popover. Its inputs are drawn once it is opened."""
    menu = st.popover(
        "Assignment",
        icon=":material/checklist:",
        width="content",
        key="assignment",
        on_change="rerun",
    )
    if not menu.open:
        return
    given = state.given_out()
    with menu, st.container(key="assignment-panel", gap="small"):
        if given and not who().is_teacher:
            _locked(given)
            return
        if who().is_teacher and people.is_class():
            _giving_out(session, given)
        elif people.is_class():
            _offered()
        _inputs(session)


# --- given out ------------------------------------------------------------------------------------


def _locked(given: GivenOut) -> None:
    st.html(
        f"<p>You work on <b>{for_html(given.assignment.title)}</b>.</p>"
        '<p class="note">Your teacher gave it out, and only a teacher can change it. It stands '
        "above the page.</p>"
    )
    st.button("Leave this assignment", on_click=state.leave_assignment, width="stretch")


def _offered() -> None:
    """The assignments that the class can work on, for whoever has lost the link."""
    now = time.time()
    offered = [each for each in process.assignments().all() if not each.why_closed(now)]
    if offered:
        st.html('<p class="note">Your class works on:</p>')
    for each in offered[:OFFERED]:
        st.button(
            for_markdown(each.assignment.title),
            key=f"take-{each.id}",
            icon=":material/assignment:",
            on_click=state.take_assignment,
            args=(each,),
            width="stretch",
        )


def _giving_out(session: state.Session, given: GivenOut | None) -> None:
    """For a teacher: the link under which the class has it, or the way to give it out."""
    if given is None:
        st.button(
            "Give out to the class",
            icon=":material/campaign:",
            type="primary",
            on_click=_give_out,
            width="stretch",
        )
        return
    address = own_address(f"/?{PARAMETER}={given.id}")
    picture = for_html(qr_code(address))
    st.html(
        f'<div class="device-code"><img alt="QR code of the link" src="{picture}">'
        f"<div><b>{for_html(given.id)}</b><p>Given out to the class. Scan the square, or open "
        f"<span>{for_html(address)}</span></p></div></div>"
    )
    link_box(given.id, key="given-link", parameter=PARAMETER, base=own_address("/"))
    if session.assignment != given.assignment:
        with st.container(horizontal=True, gap="small"):
            st.button("Change it for the class", type="primary", on_click=_change)
            st.button("Undo changes", on_click=state.take_assignment, args=(given,))
    st.button("Put it away", help="The class keeps it.", on_click=state.leave_assignment)


def _give_out() -> None:
    with refusals_as_notices():
        given = process.assignments().give_out(state.accept_draft().assignment, who())
        state.take_assignment(given)
        notify(f"Given out under the link ?{PARAMETER}={given.id}")


def _change() -> None:
    with refusals_as_notices():
        session = state.accept_draft()
        process.assignments().change(session.given, session.assignment, who())
        notify("Changed for the class. What was handed in keeps its verdict")


# --- the inputs -----------------------------------------------------------------------------------


def _inputs(session: state.Session) -> None:
    st.html(
        '<p class="note">Requirements for the network. An empty field means no limit. '
        "They are part of the share link.</p>"
    )
    assignment = session.assignment
    _selection(session, "Begin from", "begin", [*READY_MADE], None, _begin_words, _begin)
    _words(session, "title", MAX_TITLE)
    _words(session, "text", MAX_TEXT)
    _numbers(session, NUMBERS)
    _selection(
        session,
        LABELS["dataset"],
        "dataset",
        ["", *DATASETS],
        assignment.dataset or "",
        lambda name: find_dataset(name).title if name else ANY_IMAGES,
        lambda limit, key, work: _set(limit, key, work, lambda value: value or None),
    )
    for limit in ("required", "forbidden"):
        _parts(session, limit)
    with st.expander("More"):
        _numbers(session, MORE_NUMBERS)
        _toggle(
            session,
            "best_counts",
            "The best recipe counts, not the last",
            "Whoever tries many recipes reaches most limits by chance.",
        )
        _toggle(session, "notes", "Ask for target, result and analysis", "")
        _deadline(session)


def _key(session: state.Session, limit: str) -> str:
    return f"assignment-{limit}-{session.recipe_version}"


def _numbers(session: state.Session, fields: tuple[Field, ...]) -> None:
    for start in range(0, len(fields), 2):
        for column, (limit, label, given) in zip(
            st.columns(2, gap="small"), fields[start : start + 2], strict=False
        ):
            key = _key(session, limit)
            # An input with a value of its own could not be emptied, so the value comes from the
            # state. Each time: the browser is told of a value in the run that sets it.
            st.session_state[key] = _shown(limit, getattr(session.assignment, limit))
            change = partial(_set_number, limit, key, session.work)
            column.number_input(
                label, value=None, placeholder="no limit", key=key, on_change=change, **given
            )


def _words(session: state.Session, limit: str, longest: int) -> None:
    key = _key(session, limit)
    st.session_state[key] = getattr(session.assignment, limit)
    change = partial(_set, limit, key, session.work)
    if limit == "text":
        st.text_area(
            LABELS[limit],
            key=key,
            max_chars=longest,
            height=110,
            help="In Markdown: paragraphs, lists, emphasis and code.",
            on_change=change,
        )
    else:
        st.text_input(LABELS[limit], key=key, max_chars=longest, on_change=change)


def _selection(
    session: state.Session,
    label: str,
    limit: str,
    options: list[str],
    value: str | None,
    words: Callable[[str], str],
    change: Callable[[str, str, int], None],
) -> None:
    key = _key(session, limit)
    st.session_state[key] = value
    st.selectbox(
        label,
        options,
        index=None if value is None else 0,  # what is chosen stands in the state
        format_func=words,
        key=key,
        placeholder="an assignment of a course",
        on_change=change,
        args=(limit, key, session.work),
    )


def _begin_words(name: str) -> str:
    return READY_MADE[name].title


def _begin(limit: str, key: str, work: int) -> None:
    session, chosen = state.accept_draft(), st.session_state[key]
    if work == session.work and chosen in READY_MADE:
        state.keep_session(replace(session, assignment=READY_MADE[chosen]))


def _parts(session: state.Session, limit: str) -> None:
    key = _key(session, limit)
    st.session_state[key] = [part.value for part in getattr(session.assignment, limit)]
    st.multiselect(
        LABELS[limit],
        [part.value for part in Part],
        format_func=lambda part: Part(part).words,
        key=key,
        placeholder="nothing",
        on_change=_set,
        args=(limit, key, session.work),
    )


def _toggle(session: state.Session, limit: str, label: str, help: str) -> None:
    key = _key(session, limit)
    st.session_state[key] = getattr(session.assignment, limit)
    st.toggle(label, key=key, help=help or None, on_change=_set, args=(limit, key, session.work))


def _deadline(session: state.Session) -> None:
    key, until = _key(session, "deadline"), session.assignment.deadline
    moment_input(
        LABELS["deadline"],
        until,
        key,
        _set,
        (
            "deadline",
            key,
            session.work,
            lambda moment: None if moment is None else from_wall_time(moment),
        ),
    )


# --- what was set ---------------------------------------------------------------------------------


def _takes(limit: str) -> str:
    if limit == "min_accuracy":
        return "a number above 0 to 100"
    bounds = field_values(Assignment)[limit].bounds
    assert bounds is not None
    return f"a whole number from {bounds.low:,} to {bounds.high:,}"


def _shown(limit: str, value: Any) -> Any:
    """An accuracy is a share in the data and a percentage on screen."""
    return round(100 * value, 4) if limit == "min_accuracy" and value is not None else value


def _set_number(limit: str, key: str, work: int) -> None:
    """The limit as its input was set, which was drawn for that work: other work has its own."""
    session, value = state.accept_draft(), st.session_state[key]
    if work != session.work:
        return
    if limit == "min_accuracy" and value is not None:
        value = round(value / 100, 6)
    if limit == "seeds" and value is None:
        value = 1
    try:
        _keep(session, limit, value)
    except AssignmentError:
        notify(f"{LABELS[limit]}: {_takes(limit)}, or nothing. The old value was kept", WRONG)


def _set(
    limit: str, key: str, work: int, as_data: Callable[[Any], Any] = lambda value: value
) -> None:
    """Any other demand, as its input was set."""
    session, value = state.accept_draft(), st.session_state[key]
    if work != session.work:
        return
    try:
        _keep(session, limit, as_data(value))
    except AssignmentError as error:
        notify(f"{sentence(str(error))} The old value was kept", WRONG)


def _keep(session: state.Session, limit: str, value: Any) -> None:
    """Keep another value. Raises AssignmentError."""
    assignment = parse_assignment(to_data(session.assignment) | {limit: value})
    state.keep_session(replace(session, assignment=assignment))
