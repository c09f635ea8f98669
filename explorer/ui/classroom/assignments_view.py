"""The assignments of a class on the teacher's page: who has handed in what, and what came of it."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import streamlit as st

from explorer.assignment.clauses import SIGNS
from explorer.classroom.assignments import PARAMETER, GivenOut
from explorer.classroom.forgetting import delete_assignment
from explorer.classroom.hand_ins import MADE, WAITING, HandIn
from explorer.network.analysis import analyze
from explorer.text import counted, for_html
from explorer.ui import process, state
from explorer.ui.clause_items import clause_items
from explorer.ui.components.choice_list import choice_list
from explorer.ui.components.columns import Column
from explorer.ui.components.navigation import Page, go_to
from explorer.ui.downloads.download_menu import Item, items
from explorer.ui.downloads.quick_download import quick
from explorer.ui.moments import from_wall_time, moment_input, moment_text
from explorer.ui.notices import notify, refusals_as_notices, with_notices
from explorer.ui.part import part
from explorer.ui.people import is_teacher, register, who
from explorer.ui.run_actions import copy_and_curves

EVERY = 3.0  # seconds between two looks
LIST, CHOSEN, SHOWN = "hand-ins", "class-hand-in", "class-assignment"
COLUMNS = {  # by the name of a row's value
    "name": Column("Name"),
    "handed": Column("Handed in", moment_text, is_number=True),
    "verdict": Column("Met", str, "Whether all that the assignment asks for was met then."),
    "accuracy": Column("Test, %", "{:.2f}".format, "Mean over the seeds.", is_number=True),
    "parameters": Column("Parameters", "{:,}".format, is_number=True),
    "network": Column("Network"),
}


def assignments_view() -> None:
    """Choose an assignment; below it what was handed in for it."""
    given = process.assignments().all()
    st.html('<h2 class="section">Assignments</h2>')
    if not given:
        st.html(
            '<p class="note">None is given out. Set one in Build under Assignment, and press '
            "“Give out to the class” there.</p>"
        )
        return
    by_id = {each.id: each for each in given}
    if st.session_state.get(SHOWN) not in by_id:
        st.session_state[SHOWN] = given[0].id
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="given"):
        chosen = st.selectbox(
            "Assignment",
            list(by_id),
            format_func=lambda id: _words(by_id[id]),
            key=SHOWN,
            label_visibility="collapsed",
            width="stretch",
        )
        _actions(by_id[chosen])
    part(_handed_in, every=EVERY)(chosen)
    _details(chosen)


def _words(given: GivenOut) -> str:
    why = given.why_closed(time.time())
    until = given.assignment.deadline
    how = "closed" if why else f"due {moment_text(until)}" if until else "open"
    return f"{given.assignment.title} · ?{PARAMETER}={given.id} · {how}"


def _actions(given: GivenOut) -> None:
    st.button("Open in Build", icon=":material/stacks:", on_click=_open, args=(given,))
    if given.is_open:
        st.button("End", icon=":material/lock:", on_click=_set_open, args=(given.id, False))
    else:
        st.button(
            "Open again", icon=":material/lock_open:", on_click=_set_open, args=(given.id, True)
        )
    with st.popover("Deadline", icon=":material/event:", key=f"deadline-{given.id}"):
        key = f"deadline-input-{given.id}"
        moment_input(
            "Until when it can be handed in",
            given.assignment.deadline,
            key,
            _set_deadline,
            (given.id, key),
        )
        st.html('<p class="note">Empty is no deadline. It holds at once for the class.</p>')
    menu = st.popover(
        "Download all", icon=":material/download:", key="hand-in-downloads", on_change="rerun"
    )
    if menu.open:
        with menu:
            items([_all_of(given)], f"hand-ins-{given.id}")
    _deletion(given)


def _deletion(given: GivenOut) -> None:
    with st.popover("Delete", icon=":material/delete:", key=f"delete-assignment-{given.id}"):
        handed = len(process.hand_ins().newest(given.id))
        st.html(
            '<p class="note">Deletes the assignment and what was handed in for it '
            f"({'by 1 person' if handed == 1 else f'by {handed} people'}), for good. Networks and "
            "runs stay.</p>"
        )
        st.button(
            "Delete this assignment",
            type="primary",
            on_click=_delete,
            args=(given.id,),
            width="stretch",
        )


def _delete(id: str) -> None:
    with refusals_as_notices():
        handed = delete_assignment(id, who(), process.assignments(), process.hand_ins())
        notify(f"Deleted the assignment and {counted(handed, 'hand-in')}")


def _set_deadline(id: str, key: str) -> None:
    moment = st.session_state[key]
    deadline = None if moment is None else from_wall_time(moment)
    with refusals_as_notices():
        process.assignments().set_deadline(id, deadline, who())
        state.take_deadline(id, deadline)
        notify(f"Due {moment_text(deadline)}" if deadline else "It has no deadline now")


def _all_of(given: GivenOut) -> Item:
    handed = process.hand_ins().newest(given.id)
    return Item(
        "All hand-ins",
        f"table, networks, notes and reports of {counted(len(handed), 'hand-in')}",
        f"hand-ins-{given.id}.zip",
        "application/zip",
        wanted={"what": "hand-ins", "assignment": given.id, "folder": f"hand-ins-{given.id}"},
        version=" ".join(f"{each.number}{each.report}" for each in handed),
        why_not=reports_waiting_text(handed) if handed else "nobody has handed in yet",
    )


def reports_waiting_text(handed: Sequence[HandIn]) -> str:
    """Why not all of it can be downloaded yet; "" where it can."""
    waiting = sum(each.report == WAITING for each in handed)
    return (
        f"{counted(waiting, 'report')} still being made; try again in a moment" if waiting else ""
    )


def _open(given: GivenOut) -> None:
    state.take_assignment(given)
    go_to(Page.BUILD)


def _set_open(id: str, is_open: bool) -> None:
    with refusals_as_notices():
        process.assignments().set_open(id, is_open, who())


# --- what was handed in ---------------------------------------------------------------------------


@with_notices
def _handed_in(id: str) -> None:
    handed = process.hand_ins().newest(id)
    people = [entry for entry in register().all() if not is_teacher(entry) and entry.id != who().id]
    met = sum(each.verdict == "holds" for each in handed)
    st.html(
        f'<p class="note" data-handed-in="{len(handed)}">{len(handed)} of {len(people)} handed in'
        f" · {met} met all of it</p>"
    )
    if handed:
        choice_list(
            _rows(handed),
            COLUMNS,
            st.session_state.get(CHOSEN),
            _choose,
            title="Hand-ins",
            key=LIST,
        )
    if st.session_state.pop("hand-in-just-chosen", False):
        st.rerun()  # the details stand outside this part


def _rows(handed: Sequence[HandIn]) -> list[dict[str, Any]]:
    names = register().names(each.person for each in handed)
    return [
        {
            "id": str(each.number),
            "name": names.get(each.person, "unknown"),
            "handed": each.handed,
            "verdict": SIGNS[each.verdict],
            "accuracy": 100 * each.result.test_accuracy,
            "parameters": analyze(each.shared.architecture).total_params,
            "network": each.shared.architecture.name,
        }
        for each in handed
    ]


def _choose(number: str | None) -> None:
    st.session_state[CHOSEN] = number
    st.session_state["hand-in-just-chosen"] = True


def _details(id: str) -> None:
    chosen = st.session_state.get(CHOSEN)
    if chosen is None or all(str(each.number) != chosen for each in process.hand_ins().newest(id)):
        return
    handed = process.hand_ins().look_at(int(chosen), who())
    name = register().names([handed.person]).get(handed.person, "unknown")
    lines = clause_items(handed.clauses)
    notes = "".join(
        f"<dt>{for_html(title.capitalize())}</dt><dd>{for_html(text)}</dd>"
        for title, text in asdict(handed.notes).items()
        if text
    )
    st.html(
        f'<div class="run"><h2>{for_html(name)}</h2>'
        f"<p>Handed in {for_html(moment_text(handed.handed))}</p></div>"
        f'<ul class="verdict" aria-label="Verdict">{lines}</ul>'
        f'<dl class="hand-in-notes">{notes}</dl>'
    )
    with st.container(horizontal=True, gap="small"):
        copy_and_curves("hand-in", handed.result.run_ids[0], _copy, handed)
        if handed.report == MADE:
            st.download_button(
                "Report",
                quick(partial(process.hand_ins().read_report, handed), "hand-in-report"),
                f"hand-in-{handed.number}.zip",
                "application/zip",
                on_click="ignore",
                icon=":material/download:",
            )
        elif handed.report == WAITING:
            st.html('<p class="note">Its report is being made.</p>')
        else:
            st.html(f'<p class="note">It has no report: {for_html(handed.report)}.</p>')
        if handed.report != WAITING:
            st.button(
                "Make the report again", icon=":material/refresh:", on_click=_again, args=(handed,)
            )


def _again(handed: HandIn) -> None:
    """Have the report made once more, from what its runs are now."""
    with refusals_as_notices():
        process.hand_ins().make_again(handed.number, who())
    process.hand_in_reports().look()


def _copy(handed: HandIn) -> None:
    """Show a copy of what was handed in on Build."""
    state.open_shared(handed.shared.architecture.name, handed.shared)
    go_to(Page.BUILD)
