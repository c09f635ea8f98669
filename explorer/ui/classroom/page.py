"""Class: everybody, how their work stands, and what a teacher can do about it."""

import time
from typing import Any

import streamlit as st

from explorer.classroom.forgetting import end_class, forget_person, students_of
from explorer.classroom.register import Entry
from explorer.classroom.roll import Standing, call_the_roll
from explorer.people.permissions import THE_CLASS, Action, may
from explorer.runs.class_rules import MAX_MESSAGE, ClassRules
from explorer.runs.manager import JobManager
from explorer.text import counted, duration, for_html, for_markdown
from explorer.ui import messages, process, standing_columns
from explorer.ui.classroom.assignments_view import assignments_view, reports_waiting_text
from explorer.ui.components.choice_list import choice_list
from explorer.ui.components.columns import Column
from explorer.ui.downloads.download_menu import Item, items
from explorer.ui.notices import WRONG, notify, refusals_as_notices, with_notices
from explorer.ui.part import part
from explorer.ui.people import is_teacher, register, who
from explorer.ui.run_actions import copy_and_curves, open_in_build, perform_action
from explorer.ui.standing_columns import values_of

EVERY = 3.0  # seconds between two looks
LIST, CHOSEN, CONFIRM = "people", "class-chosen", "class-end-confirmed"
HERE = 900.0  # seconds since somebody was last seen, below which they are here
# Inputs of the limits: the field, its label, its help, and how many of its units one of the
# input's is.
LIMITS = (
    ("most_waiting", "Runs waiting", "For each person; runs queued by Train all do not count.", 1),
    ("most_epochs", "Epochs of a run", "", 1),
    ("most_parameters", "Parameters of a network", "To be trained; all can be built.", 1),
    ("most_seconds", "Minutes of training", "Of a run; it stops after the epoch then.", 60),
    (
        "most_turn",
        "Minutes of a turn",
        "While others wait: a run whose epoch takes longer is stopped.",
        60,
    ),
    ("most_disk", "MB of the disk", "For each person's runs, those in the bin too.", 1_000_000),
)


@with_notices
def show() -> None:
    if not may(who(), Action.MANAGE, THE_CLASS):
        messages.info("this page is for teachers; who has the key types it into the menu above")
        return
    _rules(process.jobs().store.rules())
    part(_people, every=EVERY)()
    if (chosen := _chosen()) is not None:
        _details(chosen)
    assignments_view()


# --- what holds for all ---------------------------------------------------------------------------


def _rules(rules: ClassRules) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="rules"):
        # Another key where another teacher has changed it meanwhile.
        paused = f"class-paused-{rules.is_paused}"
        st.toggle(
            "Eyes up: pause training",
            rules.is_paused,
            key=paused,
            help="Every run waits after the epoch that it is in, until you switch this off.",
            on_change=_set,
            args=("is_paused", paused),
        )
        message = f"class-message-{hash(rules.message)}"
        st.text_input(
            "Message for everybody",
            rules.message,
            key=message,
            max_chars=MAX_MESSAGE,
            placeholder="A message for everybody, above each page",
            label_visibility="collapsed",
            width="stretch",
            on_change=_set,
            args=("message", message),
        )
        with st.popover("Limits", icon=":material/speed:", key="limits"):
            st.html('<p class="note">For students. Empty is no limit.</p>')
            for field, label, help, unit in LIMITS:
                _limit(rules, field, label, help, unit)
        with st.popover("Stop all", icon=":material/stop:", key="stop-all"):
            st.html(
                '<p class="note">Everybody\'s runs, those that wait too. What they learned up to '
                "the last completed epoch is kept.</p>"
            )
            st.button("Stop all runs", type="primary", on_click=_stop_all, width="stretch")
        _end_of_class()


def _end_of_class() -> None:
    """The archive of the class, and the way to delete all of it."""
    menu = st.popover(
        "End class", icon=":material/inventory_2:", key="end-class", on_change="rerun"
    )
    if not menu.open:
        return
    students = len(students_of(register(), who(), is_teacher))
    with menu, st.container(key="end-class-panel", gap="small"):
        st.html(
            '<p class="note">The archive holds a table of everybody (CSV), all runs with their '
            "networks and recipes, and what was handed in with its reports.</p>"
        )
        items([_archive()], "class")
        st.html(
            f'<p class="note">To end the class deletes {_people_text(students)} with their runs, '
            "saved networks and hand-ins, and all assignments, for good. You stay, and so do all "
            "other teachers. Download the archive first.</p>"
        )
        st.text_input(
            "To confirm, type END", key=CONFIRM, max_chars=10, placeholder="END", width=220
        )
        st.button("End the class", type="primary", on_click=_end_class, width="stretch")


def _archive() -> Item:
    handed = [
        each
        for given in process.assignments().all()
        for each in process.hand_ins().newest(given.id)
    ]
    runs = process.jobs().runs()
    return Item(
        "Archive",
        f"{counted(len(runs), 'run')}, {counted(len(handed), 'hand-in')}",
        "class.zip",
        "application/zip",
        wanted={"what": "class", "folder": "class"},
        version=" ".join(
            [
                *(f"{each.run.id}{each.epochs_done}" for each in runs),
                *(f"{each.number}{each.report}" for each in handed),
            ]
        ),
        why_not=reports_waiting_text(handed),
    )


def _end_class() -> None:
    if st.session_state[CONFIRM].strip().upper() != "END":
        notify("Type END into the field first: nothing was deleted", WRONG)
        return

    with refusals_as_notices():
        by = who()
        for entry in students_of(register(), by, is_teacher):
            process.saved().delete_all_of(entry.id, by)
        people = end_class(by, process.jobs(), register(), is_teacher)
        notify(f"The class has ended: {_people_text(people)} and all that was theirs is deleted")


def _limit(rules: ClassRules, field: str, label: str, help: str, unit: int) -> None:
    value = getattr(rules, field)
    key = f"class-{field}-{value}"
    # By the state: an input that is given a value cannot be emptied.
    st.session_state.setdefault(key, None if value is None else max(1, value // unit))
    st.number_input(
        label,
        min_value=1,
        value=None,
        key=key,
        help=help or None,
        placeholder="no limit",
        on_change=_set,
        args=(field, key, unit),
    )


def _set(field: str, key: str, unit: int = 1) -> None:
    """Change one of the rules to what its input holds."""
    jobs, value = process.jobs(), st.session_state[key]
    if unit != 1 and value is not None:
        value *= unit
    if field == "most_waiting" and value is None:
        value = ClassRules().most_waiting
    try:
        with refusals_as_notices():
            changed = {**jobs.store.rules().model_dump(), field: value}
            jobs.set_rules(ClassRules.model_validate(changed), who())
    except ValueError:
        notify("This limit is out of range", WRONG)


def _stop_all() -> None:
    with refusals_as_notices():
        notify(f"{counted(process.jobs().stop_all(who()), 'run')} stopped")


# --- everybody ------------------------------------------------------------------------------------


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    return "now" if seconds < HERE else f"{duration(seconds)} ago"


COLUMNS = {  # by the name of a row's value
    **standing_columns.COLUMNS,
    "waiting": Column("Waiting", str, "Runs that wait or train.", is_number=True),
    "runs": Column("Runs", str, is_number=True),
    "seen": Column("Here", _ago, "When they were last here.", is_number=True),
}


@with_notices
def _people() -> None:
    everybody = sorted(register().all(), key=lambda entry: entry.name.casefold())
    standings = call_the_roll(everybody, process.jobs().runs())
    here = sum(time.time() - each.entry.last_seen < HERE for each in standings)
    active = sum(len(each.active) for each in standings)
    st.html(
        f'<p class="note" data-people="{len(standings)}">{_people_text(len(standings))}, '
        f"{here} here · {counted(active, 'run')} waiting or in training</p>"
    )
    rows = [_row(each) for each in standings]
    chosen = st.session_state.get(CHOSEN)
    choice_list(rows, COLUMNS, chosen, _choose, title="People", key=LIST)
    if st.session_state.pop("class-just-chosen", False):
        st.rerun()  # the details stand outside this part


def _people_text(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _row(standing: Standing) -> dict[str, Any]:
    entry = standing.entry
    return {
        **values_of(standing.current),
        "id": entry.id,
        "name": entry.name,
        "waiting": len(standing.active),
        "runs": len(standing.runs),
        "seen": entry.last_seen,
    }


def _choose(person_id: str | None) -> None:
    st.session_state[CHOSEN] = person_id
    st.session_state["class-just-chosen"] = True


# --- one of them ----------------------------------------------------------------------------------


def _chosen() -> Standing | None:
    person_id = st.session_state.get(CHOSEN)
    entry = register().find(person_id) if person_id else None
    if entry is None:
        return None
    return call_the_roll([entry], process.jobs().runs())[0]


def _details(standing: Standing) -> None:
    entry, current = standing.entry, standing.current
    words = counted(len(standing.runs), "run") if standing.runs else "No run yet."
    st.html(f'<div class="run"><h2>{for_html(entry.name)}</h2><p>{for_html(words)}</p></div>')
    with st.container(horizontal=True, gap="small"):
        if current is not None:
            copy_and_curves("person", current.run.id, open_in_build, current.run)
        if waiting := [each for each in standing.active if each.position is not None]:
            st.button(
                "Move to front",
                icon=":material/vertical_align_top:",
                help="Their oldest run that waits has the next turn.",
                on_click=perform_action,
                args=(JobManager.move_to_front, waiting[-1].run.id, "Moved to the front"),
            )
        if standing.active:
            st.button(
                f"Stop {counted(len(standing.active), 'run')}",
                icon=":material/stop:",
                on_click=_stop,
                args=(entry,),
            )
        _forget(entry)


def _stop(entry: Entry) -> None:
    """Stop what this person has waiting or in training at this moment."""
    with refusals_as_notices():
        notify(f"{counted(process.jobs().stop_all_of(entry.id, who()), 'run')} stopped")


def _forget(entry: Entry) -> None:
    with st.popover("Forget", icon=":material/person_remove:", key=f"forget-{entry.id}"):
        st.html(
            '<p class="note">Deletes their name, their runs, what they saved and what they handed '
            "in, for good. Their browser is somebody new then.</p>"
        )
        st.button(
            f"Forget {for_markdown(entry.name)}",
            type="primary",
            on_click=_forgotten,
            args=(entry,),
            width="stretch",
        )


def _forgotten(entry: Entry) -> None:
    with refusals_as_notices():
        by = who()
        saved = process.saved().delete_all_of(entry.id, by)
        runs = forget_person(entry.id, by, process.jobs(), register())
        notify(f"Forgot {entry.name}: {counted(runs, 'run')}, {counted(saved, 'saved network')}")
