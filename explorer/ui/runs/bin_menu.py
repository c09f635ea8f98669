"""The bin: runs that were deleted within a week, and the way back."""

from datetime import datetime

import streamlit as st

from explorer.people.permissions import Action, Kind, Thing, may
from explorer.people.person import Person
from explorer.runs.manager import BIN_SECONDS, JobManager
from explorer.runs.store import Binned
from explorer.text import counted, for_html, printable
from explorer.ui import process
from explorer.ui.people import register, who
from explorer.ui.run_actions import perform_action

SHOWN = 30  # deleted runs at once, the newest


def bin_menu() -> None:
    """The menu of those that this person may restore; nothing where there are none."""
    person = who()
    found = [
        each
        for each in process.jobs().store.binned()
        if may(person, Action.RESTORE, Thing(Kind.RUN, each.owner))
    ]
    if not found:
        return
    with st.popover(f"Bin ({len(found)})", icon=":material/delete:", key="bin"):
        st.html('<p class="note">Deleted runs can be restored for a week.</p>')
        owners = register().names(each.owner for each in found[:SHOWN])
        for each in found[:SHOWN]:
            _binned(each, person, owners.get(each.owner, "unknown"))
        if len(found) > SHOWN:
            st.caption(f"{counted(len(found) - SHOWN, 'older run')} not shown.")


def _binned(each: Binned, person: Person, owner: str) -> None:
    until = datetime.fromtimestamp(each.deleted + BIN_SECONDS)
    whose = "" if each.owner == person.id else f"{owner} · "
    facts = f"{whose}run {each.id} · until {until.day} {until:%b, %H:%M}"
    name = printable(each.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="binned"><b>{for_html(name)}</b><br>{for_html(facts)}</p>')
        st.button(
            "Restore",
            key=f"restore-{each.id}",
            on_click=perform_action,
            args=(JobManager.restore, each.id, f"Restored “{name}”"),
        )
        if may(person, Action.ERASE, Thing(Kind.RUN, each.owner)):
            key, help = "delete-for-good", "Delete its log and weights now"
            call, done = JobManager.delete_for_good, f"Deleted “{name}” for good"
        elif process.jobs().store.checkpoints.epochs(each.id):
            key = "delete-weights"
            help = "Delete its weights now, to make room; its log stays in the bin"
            call, done = JobManager.delete_weights, f"Deleted the weights of “{name}”"
        else:
            return
        st.button(
            "",
            key=f"{key}-{each.id}",
            icon=":material/delete_forever:",
            help=help,
            on_click=perform_action,
            args=(call, each.id, done),
        )
