"""What can be asked of a run as it stands, as a row of buttons: the Train and the Runs page have the same."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from explorer.training.jobs import JobManager
from explorer.training.run import RESUMABLE, RunError, Snapshot, Status
from explorer.ui import messages, process
from explorer.ui.part import WRONG, say

MORE_EPOCHS = 5  # offered first


@dataclass(frozen=True)
class Action:
    label: str
    icon: str
    ask: Callable[[JobManager, str], None]
    when: tuple[Status, ...]
    help: str


GOING_ON: tuple[Status, ...] = ("queued", "preparing", "running")

ACTIONS = (
    Action("Pause", ":material/pause:", JobManager.pause, GOING_ON, "Ends within a batch, for going on later."),
    Action("Stop", ":material/stop:", JobManager.stop, GOING_ON, "Ends within a batch. What it has learnt is kept."),
    Action("Resume", ":material/play_arrow:", JobManager.resume, RESUMABLE, "Goes on after its last whole epoch."),
)


def notices() -> None:
    """What whoever starts a run here should know before: nothing can be kept, say."""
    for notice in process.jobs().notices:
        messages.warning(notice)


def run_actions(snapshot: Snapshot, place: str) -> None:
    """The buttons; `place` tells those of one page from those of another."""
    run_id = snapshot.run.id
    with st.container(horizontal=True, width="content", gap="small"):
        for action in ACTIONS:
            if snapshot.status in action.when:
                key, args = f"{place}-{action.label}-{run_id}", (action.ask, run_id)
                st.button(action.label, key=key, icon=action.icon, help=action.help, on_click=ask, args=args)
        if snapshot.status == "finished":
            _continue(run_id, place)


def _continue(run_id: str, place: str) -> None:
    with st.popover("Continue", icon=":material/fast_forward:"):
        key = f"{place}-more-{run_id}"
        st.number_input("Epochs more", 1, 1000, MORE_EPOCHS, key=key, help="At the last learning rate of its schedule.")
        st.button("Go on", key=f"{place}-continue-{run_id}", on_click=_go_on, args=(run_id, key), width="stretch")


def _go_on(run_id: str, key: str) -> None:
    epochs = int(st.session_state[key])
    ask(lambda jobs, run: jobs.continue_run(run, epochs), run_id)


def ask(action: Callable[[JobManager, str], None], run_id: str) -> None:
    """Do it, or say why it cannot be done: the run may have gone on since the page was drawn."""
    try:
        action(process.jobs(), run_id)
    except RunError as error:
        say(str(error), WRONG)
