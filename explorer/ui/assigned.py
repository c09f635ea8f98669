"""The assignment that the class was given, above the pages on which one works on it, and the way to
hand it in.
"""

import time

import streamlit as st

from explorer.assignment.clauses import SIGNS, State, verdict
from explorer.classroom.assignments import GivenOut
from explorer.classroom.hand_ins import MAX_NOTE, HandIn, Notes
from explorer.classroom.judging import AllTries, find_tries, judge
from explorer.refusal import Refusal
from explorer.text import counted, duration, for_html, percent
from explorer.ui import messages, people, process, state
from explorer.ui.clause_items import clause_items
from explorer.ui.markdown_text import markdown_to_html
from explorer.ui.moments import moment_text
from explorer.ui.notices import notify, refusals_as_notices
from explorer.ui.people import who

SOON = 48 * 3600.0  # seconds before a deadline from which on the time that is left is told
VERDICTS: dict[State, str] = {
    "holds": "all met",
    "fails": "not all met",
    "unknown": "not all known yet",
}
NOTES = {  # each with what it asks
    "target": "Target: what did you want to reach?",
    "result": "Result: what came of it?",
    "analysis": "Analysis: why, and what next?",
}


def own_runs() -> AllTries:
    """The runs that this visitor's work is judged by: their own, those in the bin too, so that
    nobody gains by deleting a bad one; all where nobody else can be here. Raises StoreError.
    """
    jobs = process.jobs()
    if not people.is_class():
        return find_tries(jobs.runs(), None)
    owner = who().id
    return find_tries((*jobs.runs(), *jobs.binned_runs(owner)), owner)


def assigned() -> None:
    """Draw the line with the assignment; nothing where none was given out."""
    given = state.given_out()
    if given is None:
        if gone := state.given_no_more():
            messages.info(gone)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="assigned"):
        st.html(
            f'<p class="assigned"><b>{for_html(given.assignment.title)}</b>'
            f"<span>{for_html(_until(given))}</span></p>"
        )
        if given.assignment.text:
            with st.popover("What to do", icon=":material/description:", key="assigned-text"):
                st.html(f'<div class="given-text">{markdown_to_html(given.assignment.text)}</div>')
        _hand_in_menu(given)


def _until(given: GivenOut) -> str:
    """Until when it can be handed in; "" where that is open."""
    now, deadline = time.time(), given.assignment.deadline
    if not given.is_open:
        return "ended by your teacher"
    if deadline is None:
        return ""
    if now > deadline:
        return f"was due {moment_text(deadline)}"
    left = f", in {duration(deadline - now)}" if deadline - now < SOON else ""
    return f"due {moment_text(deadline)}{left}"


# --- handing in -----------------------------------------------------------------------------------


def _hand_in_menu(given: GivenOut) -> None:
    """Drawn once it is opened."""
    person = who()
    try:
        before = next(iter(process.hand_ins().newest(given.id, person.id)), None)
        own = own_runs()
    except Refusal as error:
        messages.warning(str(error))
        return
    label = "Hand in" if before is None else "Handed in"
    icon = ":material/upload:" if before is None else ":material/task_alt:"
    menu = st.popover(label, icon=icon, key="hand-in", on_change="rerun")
    if not menu.open:
        return
    with menu, st.container(key="hand-in-panel", gap="small"):
        if before is not None:
            _handed_in(before)
        _judged(given, own)
        if why := given.why_closed(time.time()):
            messages.info(why)
            return
        _form(given, before)


def _handed_in(handed: HandIn) -> None:
    reached = percent(handed.result.test_accuracy)
    st.html(
        f'<p class="handed-in {for_html(handed.verdict)}"><b>{SIGNS[handed.verdict]}</b> Handed in '
        f"{for_html(moment_text(handed.handed))}: {for_html(reached)} test accuracy, "
        f"{for_html(VERDICTS[handed.verdict])}</p>"
    )


def _judged(given: GivenOut, own: AllTries) -> None:
    """How the work stands now."""
    session = state.accept_draft()
    found, result = judge(given.assignment, session.architecture, session.recipe, own)
    lines = clause_items(found)
    judged_by = "Your work now, by your own runs of this very network"
    runs = f": {counted(result.seeds, 'run')}" if result else ": none has finished"
    st.html(
        f'<p class="note">{judged_by}{runs}.</p>'
        f'<ul class="verdict {for_html(verdict(found))}" aria-label="Judged">{lines}</ul>'
    )


def _form(given: GivenOut, before: HandIn | None) -> None:
    with st.form(f"hand-in-{given.id}", border=False):
        if given.assignment.notes:
            for name, question in NOTES.items():
                st.text_area(
                    question,
                    getattr(before.notes, name) if before else "",
                    key=f"hand-in-{given.id}-{name}",
                    max_chars=MAX_NOTE,
                    height=80,
                )
        st.form_submit_button(
            "Hand in" if before is None else "Hand in again",
            type="primary",
            on_click=_hand_in,
            args=(given.id,),
            width="stretch",
        )
    st.html(
        '<p class="note">Your teacher gets the network, the runs that it is judged by, their '
        "report and this verdict. The last one that you hand in counts.</p>"
    )


def _hand_in(id: str) -> None:
    """Hand in the work as it stands now."""
    notes = Notes(**{name: str(st.session_state.get(f"hand-in-{id}-{name}", "")) for name in NOTES})
    with refusals_as_notices():
        given = process.assignments().find(id)
        handed = process.hand_ins().hand_in(
            given, state.accept_draft().shared, own_runs(), notes, who()
        )
        process.hand_in_reports().look()
        notify(f"Handed in: {VERDICTS[handed.verdict]}")
