"""The actions that a run allows now, as a row of buttons on the Train and the Runs page."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from explorer.people.permissions import Action, Kind, Thing, may
from explorer.people.person import Person
from explorer.runs.manager import JobManager
from explorer.runs.offers import find_offer
from explorer.runs.run import Run, Snapshot
from explorer.text import for_markdown
from explorer.ui import messages, process, state
from explorer.ui.components.navigation import Page, go_to
from explorer.ui.notices import notify, refusals_as_notices
from explorer.ui.people import who

MORE_EPOCHS = 5  # offered first


@dataclass(frozen=True)
class Offered:
    """A button for what a run allows while it stands in some way."""

    action: Action
    label: str
    icon: str
    call: Callable[[JobManager, str, Person], None]
    when: Callable[[Snapshot], bool]
    help: str


KEPT = "What it learned up to the last completed epoch is kept."


def _is_active(snapshot: Snapshot) -> bool:
    return snapshot.status in ("queued", "preparing", "running")


ACTIONS = (
    Offered(
        Action.PAUSE,
        "Pause",
        ":material/pause:",
        JobManager.pause,
        _is_active,
        f"Pauses after the current batch. {KEPT} Resume begins the current epoch again.",
    ),
    Offered(
        Action.STOP,
        "Stop",
        ":material/stop:",
        JobManager.stop,
        _is_active,
        f"Stops after the current batch. {KEPT}",
    ),
    Offered(
        Action.RESUME,
        "Resume",
        ":material/play_arrow:",
        JobManager.resume,
        lambda snapshot: snapshot.resumable,
        "Continues from the last completed epoch.",
    ),
)


def show_server_notices() -> None:
    """What whoever starts a run here should know before, such as that nothing can be kept."""
    for notice in process.jobs().notices:
        messages.warning(notice)


def run_actions(snapshot: Snapshot, place: str) -> None:
    """Draw the buttons of what this person may do with a run. `place` tells those of one page from
    those of another.
    """
    run_id, offer, person = snapshot.run.id, find_offer(snapshot), who()
    thing = Thing(Kind.RUN, snapshot.run.owner)
    with st.container(horizontal=True, width="content", gap="small"):
        if offer and st.button(
            for_markdown(offer.label),
            key=f"{place}-offer-{run_id}",
            icon=":material/refresh:",
            help="Starts a new run of the same network; this one stays as it is.",
        ):
            _take_offer(run_id, place)
            st.rerun()  # the form too, which stands outside this part
        for each in ACTIONS:
            if each.when(snapshot) and may(person, each.action, thing):
                st.button(
                    each.label,
                    key=f"{place}-{each.label}-{run_id}",
                    icon=each.icon,
                    help=each.help,
                    on_click=perform_action,
                    args=(each.call, run_id),
                )
        if snapshot.status == "finished" and may(person, Action.CONTINUE, thing):
            _continue(run_id, place)


def copy_and_curves(place: str, run_id: str, open_copy: Callable[..., None], *args: object) -> None:
    """Draw the buttons of what anybody may do with another's work: `open_copy`, called with `args`,
    opens it on Build, and the run's curves are on Train. `place` tells them from those elsewhere.
    """
    st.button(
        "Open a copy",
        key=f"{place}-copy",
        icon=":material/stacks:",
        help="Of their network and recipe, in Build.",
        on_click=open_copy,
        args=args,
    )
    st.button(
        "Show curves",
        key=f"{place}-curves",
        icon=":material/monitoring:",
        on_click=show_curves,
        args=(run_id,),
    )


def open_in_build(run: Run) -> None:
    """Show a copy of a run's network and recipe on Build."""
    state.open_run(run)
    go_to(Page.BUILD)


def show_curves(run_id: str) -> None:
    """Show a run on Train."""
    state.keep_session(replace(state.current(), run=run_id))
    go_to(Page.TRAIN)


def _take_offer(run_id: str, place: str) -> None:
    """Train the run's network as its offer says, and show that run and its recipe on Train."""

    def start(jobs: JobManager, run_id: str, by: Person) -> None:
        snapshot = jobs.snapshot(run_id, 0)
        if (offer := find_offer(snapshot)) is None:
            return
        new = jobs.submit(snapshot.run.architecture, offer.recipe, by)
        session = state.current()
        if place == "train" and session.run in (run_id, None):
            state.keep_session(
                replace(
                    session, recipe=offer.recipe, recipe_version=session.recipe_version + 1, run=new
                )
            )
        else:
            notify("A new run is queued")

    perform_action(start, run_id)


def _continue(run_id: str, place: str) -> None:
    with st.popover("Continue", icon=":material/fast_forward:"):
        key = f"{place}-more-{run_id}"
        st.number_input(
            "Additional epochs",
            1,
            1000,
            MORE_EPOCHS,
            key=key,
            help="Goes on with its schedule, and after its end at the last learning rate.",
        )
        st.button(
            "Continue training",
            key=f"{place}-continue-{run_id}",
            on_click=_continue_training,
            args=(run_id, key),
            width="stretch",
        )


def _continue_training(run_id: str, key: str) -> None:
    epochs = int(st.session_state[key])
    perform_action(lambda jobs, run, by: jobs.continue_run(run, epochs, by), run_id)


def perform_action(
    action: Callable[[JobManager, str, Person], None], run_id: str, done: str = ""
) -> None:
    """Call an action of the job manager for this person, and say what was `done`, or why it cannot
    be.
    """
    with refusals_as_notices():
        action(process.jobs(), run_id, who())
        if done:
            notify(done)
