"""Runs: every run of this server, of everybody here and its command line, and what can be done
with each.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime

import streamlit as st

from explorer.network.analysis import analyze
from explorer.people.permissions import Action, Kind, Thing, may
from explorer.people.person import SHELL
from explorer.runs.manager import JobManager
from explorer.runs.run import ENDED, MAX_NAME, MAX_NOTE, Run, Snapshot, UnknownRun
from explorer.runs.run_summary import RunSummary, status_text
from explorer.text import bytes_text, counted, duration, for_html, percent
from explorer.training.dataset_lookup import find_dataset
from explorer.training.event import best_of
from explorer.training.recipe import picks_best
from explorer.ui import messages, process
from explorer.ui.components.choice_list import choice_list
from explorer.ui.components.columns import Column
from explorer.ui.components.navigation import Page, go_to
from explorer.ui.downloads.run_downloads import run_downloads
from explorer.ui.follow import answer, follow
from explorer.ui.notices import with_notices
from explorer.ui.part import part
from explorer.ui.people import register, who
from explorer.ui.remembered_inputs import remember_input, remembered_value
from explorer.ui.run_actions import (
    open_in_build,
    perform_action,
    run_actions,
    show_curves,
    show_server_notices,
)
from explorer.ui.runs.bin_menu import bin_menu

EVERY = 2.0  # seconds between two looks while something goes on
LIST = "runs"  # the list's key
CHOSEN = "runs-chosen"
SEARCH, STATUS, MINE = "runs-search", "runs-status", "runs-mine"  # the filters

# The filter's choices, and the runs that each stands for.
SHOWN: dict[str, Callable[[RunSummary], bool]] = {
    "active": lambda each: not each.ended,
    "resumable": lambda each: each.resumable,
    "failed": lambda each: each.status == "failed",
    "finished": lambda each: each.status == "finished",
}


@with_notices
def show() -> None:
    show_server_notices()
    standing, version = answer(_standing_of_chosen), answer(_version)
    snapshots = process.jobs().runs()
    going_on = any(not snapshot.ended for snapshot in snapshots)
    if going_on:
        follow(_standing_of_chosen, standing)
    else:
        follow(_version, version)
    if not snapshots:
        _nothing_yet()
        return
    _filters()
    part(_table, every=EVERY if going_on else None)(going_on)
    chosen = _chosen()
    if chosen is None:
        if _filtered(snapshots):
            st.html(
                '<p class="hint">Select a run to open, rename, resume, download or delete it.</p>'
            )
        return
    _details(chosen)


def _nothing_yet() -> None:
    st.html(
        '<div class="empty"><h2>No runs yet</h2><p>All runs of this server, of every '
        "person, are listed here until they are deleted.</p></div>"
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button("Go to Train", icon=":material/play_arrow:", on_click=go_to, args=(Page.TRAIN,))
        bin_menu()


# --- the list -------------------------------------------------------------------------------------


def _filters() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search",
            remembered_value(SEARCH, ""),
            **remember_input(SEARCH),
            placeholder="Search names, networks and tags",
            label_visibility="collapsed",
            width=300,
        )
        st.pills(
            "Status",
            list(SHOWN),
            selection_mode="multi",
            default=remembered_value(STATUS, []),
            **remember_input(STATUS),
            label_visibility="collapsed",
        )
        st.toggle(
            "Mine only",
            remembered_value(MINE, False),
            **remember_input(MINE),
            help="Runs you started.",
        )
        bin_menu()


@with_notices
def _table(was_going_on: bool) -> None:
    snapshots = process.jobs().runs()
    if any(not snapshot.ended for snapshot in snapshots) != was_going_on:
        st.rerun()  # whether this repeats itself is decided outside
    found = _filtered(snapshots)
    waiting, training = (
        sum(s.status == status for s in snapshots) for status in ("queued", "running")
    )
    slots = process.jobs().slots
    sizes = process.jobs().sizes()
    st.html(
        f'<p class="note" data-runs="{len(found)}">{len(found)} of {len(snapshots)} runs · '
        f"{training:,} in training, "
        f"{waiting:,} queued · {_at_a_time(slots)} · "
        f"{for_html(bytes_text(sum(sizes.values())))} of checkpoints on disk</p>"
    )
    if not found:
        st.html(f'<p class="hint">{for_html(_nothing_found())}</p>')
        return
    owners = register().names(each.run.owner for each in found) | {SHELL.id: SHELL.name}
    owners[who().id] = "you"
    rows = [_row(each, sizes.get(each.run.id, 0), owners) for each in found]
    choice_list(rows, COLUMNS, st.session_state.get(CHOSEN), _choose, title="Runs", key=LIST)
    if st.session_state.pop("runs-just-chosen", False):
        st.rerun()  # the details stand outside this part, where downloads keep working


def _at_a_time(slots: int) -> str:
    if slots == 1:
        return "one run trains at a time; people take turns"
    return f"{slots:,} runs train at a time; people take turns"


def _nothing_found() -> str:
    if remembered_value(MINE, False) and not (
        remembered_value(SEARCH, "") or remembered_value(STATUS, [])
    ):
        return "None of these runs is yours. Switch off “Mine only” to see the others."
    return "No run matches the search and the filters."


def _choose(run_id: str | None) -> None:
    st.session_state[CHOSEN] = run_id
    st.session_state["runs-just-chosen"] = True


def _filtered(runs: Sequence[RunSummary]) -> list[RunSummary]:
    words = remembered_value(SEARCH, "").casefold().split()
    chosen: list[str] = remembered_value(STATUS, [])
    wanted = [SHOWN[name] for name in chosen]
    mine = who().id if remembered_value(MINE, False) else None
    return [
        each
        for each in runs
        if (not wanted or any(belongs(each) for belongs in wanted))
        and (mine is None or each.run.owner == mine)
        and all(word in _searched(each.run) for word in words)
    ]


def _searched(run: Run) -> str:
    """All that a search looks through."""
    return " ".join((run.name, run.architecture.name, run.id, *run.tags, run.note)).casefold()


def _points(value: float) -> str:
    return f"{value:.2f}"


COLUMNS = {  # by the name of a row's value
    "name": Column("Name"),
    "status": Column("Status"),
    "wait": Column("Starts in", duration, "Estimate for a queued run.", is_number=True),
    "epoch": Column("Epochs"),
    "final": Column(
        "Final, %", _points, "Test accuracy after the last completed epoch.", is_number=True
    ),
    "best": Column(
        "Best, %",
        _points,
        "Test accuracy of the best epoch, which validation images choose where the recipe holds "
        "some out. Choosing it on the test set is optimistic.",
        is_number=True,
    ),
    "parameters": Column("Parameters", "{:,}".format, is_number=True),
    "images": Column("Images"),
    "recipe": Column("Recipe"),
    "network": Column("Network"),
    "owner": Column("Owner"),
    "tags": Column("Tags"),
    "started": Column("Submitted", lambda at: f"{at.day} {at:%b, %H:%M}", is_number=True),
    "size": Column("Disk, MB", "{:.1f}".format, "Size of its checkpoints.", is_number=True),
    "id": Column("Run"),
}


def _row(each: RunSummary, size: int, owners: Mapping[str, str]) -> dict[str, object]:
    # Once it has started, without another analysis.
    run, known = each.run, each.parameters is not None
    return {
        "name": run.name,
        "status": status_text(each),
        "wait": each.starts_in if each.position is not None else None,
        "epoch": f"{each.epochs_done} of {run.epochs}",
        "final": _in_percent(each.final_accuracy),
        "best": _in_percent(each.best_accuracy),
        "parameters": each.parameters if known else analyze(run.architecture).total_params,
        "images": find_dataset(run.recipe.dataset).title,
        "recipe": recipe_text(run),
        "network": run.architecture.name,
        "owner": owners.get(run.owner, "unknown"),
        "tags": ", ".join(run.tags) or None,
        "started": datetime.fromtimestamp(run.submitted),
        "size": size / 1e6,
        "id": run.id,
    }


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _wait_text(each: RunSummary | Snapshot) -> str:
    """How long it will still wait; "" where it does not, or where that cannot be told."""
    return "" if each.position is None or each.starts_in is None else duration(each.starts_in)


def recipe_text(run: Run) -> str:
    """A run's recipe in a line: "SGD 0.01, OneCycleLR, 20 epochs of 128, seed 0"."""
    recipe, epochs = run.recipe, run.epochs
    schedule = "" if recipe.scheduler.kind == "constant" else f", {recipe.scheduler.kind}"
    length = f"{counted(epochs, 'epoch')} of {recipe.batch_size}, seed {recipe.seed}"
    part = "" if recipe.images_share == 1 else f", {percent(recipe.images_share, 0)} of the images"
    return f"{recipe.optimizer.kind} {recipe.optimizer.lr:g}{schedule}, {length}{part}"


# --- the chosen one -------------------------------------------------------------------------------


def _chosen() -> Snapshot | None:
    run_id = st.session_state.get(CHOSEN)
    if run_id is None:
        return None
    try:
        return process.jobs().snapshot(run_id, 4)
    except UnknownRun:
        st.session_state[CHOSEN] = None
        return None


def _version() -> Hashable:
    return process.jobs().store.version()


def _standing_of_chosen() -> tuple[object, ...] | None:
    """What the chosen run's details tell of it, but for the numbers that come with each epoch."""
    run_id = st.session_state.get(CHOSEN)
    if run_id is None:
        return None
    snapshot = process.jobs().snapshot(run_id, 4)
    run = snapshot.run
    return snapshot.status, snapshot.position, run.name, run.note, run.tags, snapshot.message


def _details(snapshot: Snapshot) -> None:
    run = snapshot.run
    status = status_text(snapshot)
    if wait := _wait_text(snapshot):
        status += f", starts in about {wait}"
    st.html(
        f'<div class="run"><h2>{for_html(run.name)}</h2> '
        f'<span class="status {for_html(snapshot.status)}">{for_html(status)}</span>'
        f"<p>{for_html(_facts(snapshot))}</p>{_note(run)}</div>"
    )
    if snapshot.message:
        (messages.error if snapshot.status == "failed" else messages.info)(
            snapshot.message, icon=None
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Show curves",
            icon=":material/monitoring:",
            help="On the Train page.",
            on_click=show_curves,
            args=(run.id,),
        )
        st.button(
            "Open in Build",
            icon=":material/stacks:",
            help="Its network and its recipe.",
            on_click=open_in_build,
            args=(run,),
        )
        run_actions(snapshot, "runs")
        with st.container(width="content"):  # a part would take as much room as it can get
            run_downloads(run.id, "runs")
        person, thing = who(), Thing(Kind.RUN, run.owner)
        if may(person, Action.RENAME, thing):
            _rename(snapshot)
        if may(person, Action.ANNOTATE, thing):
            _annotate(snapshot)
        if may(person, Action.DELETE, thing):
            _delete(snapshot)


def _note(run: Run) -> str:
    """What its owner wrote on it, as HTML."""
    tags = "".join(f'<span class="tag">{for_html(tag)}</span>' for tag in run.tags)
    note = f'<p class="run-note">{for_html(run.note)}</p>' if run.note else ""
    return (f'<p class="tags">{tags}</p>' if tags else "") + note


def _facts(snapshot: Snapshot) -> str:
    run = snapshot.run
    parts = [
        f"run {run.id}",
        run.environment.device,
        f"torch {run.environment.torch}",
        recipe_text(run),
    ]
    if snapshot.epochs:
        picked_by = picks_best(run.recipe)
        final, best = snapshot.epochs[-1], best_of(snapshot.epochs, picked_by)
        which = "the best on the validation images" if picked_by == "validation" else "the highest"
        parts.append(
            f"{percent(final.metrics['test_accuracy'])} after epoch {final.epoch}, "
            f"{which} {percent(best.metrics['test_accuracy'])} after epoch {best.epoch}"
        )
    return " · ".join(parts)


def _rename(snapshot: Snapshot) -> None:
    with st.popover(
        "Rename", icon=":material/edit:", key=f"rename-{snapshot.run.id}-{hash(snapshot.run.name)}"
    ):
        key = f"runs-name-{snapshot.run.id}"
        st.text_input(
            "Name",
            snapshot.run.name,
            max_chars=MAX_NAME,
            key=key,
            on_change=_name,
            args=(snapshot.run.id, key),
        )


def _name(run_id: str, key: str) -> None:
    name = st.session_state[key]
    perform_action(lambda jobs, run, by: jobs.rename(run, name, by), run_id)


def _annotate(snapshot: Snapshot) -> None:
    run = snapshot.run
    version = hash((run.note, run.tags))  # another key once another person has changed them
    note, tags = f"runs-note-{run.id}-{version}", f"runs-tags-{run.id}-{version}"
    with (
        st.popover("Note", icon=":material/sticky_note_2:", key=f"note-{run.id}-{version}"),
        st.form(f"note-form-{run.id}", border=False),
    ):
        st.text_area("Note, for all to see", run.note, max_chars=MAX_NOTE, key=note)
        st.text_input("Tags, with commas between them", ", ".join(run.tags), key=tags)
        st.form_submit_button("Keep", on_click=_keep_note, args=(run.id, note, tags))


def _keep_note(run_id: str, note_key: str, tags_key: str) -> None:
    note, tags = st.session_state[note_key], st.session_state[tags_key]
    perform_action(lambda jobs, run, by: jobs.annotate(run, note, tags, by), run_id)


def _delete(snapshot: Snapshot) -> None:
    with st.popover(
        "Delete",
        icon=":material/delete:",
        key=f"delete-{snapshot.run.id}",
        disabled=snapshot.status not in ENDED,
    ):
        st.html(
            '<p class="note">It stays in the bin for a week. Then its log and weights are '
            "deleted.</p>"
        )
        key = f"danger-{snapshot.run.id}"
        st.button(
            "Delete this run",
            type="primary",
            key=key,
            on_click=_deleted,
            args=(snapshot.run.id,),
            width="stretch",
        )


def _deleted(run_id: str) -> None:
    perform_action(JobManager.delete, run_id, "Deleted. It stays in the bin for a week")
