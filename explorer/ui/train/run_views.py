"""The views of a run: its curves, and what it has learnt."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from explorer.runs.run import Snapshot
from explorer.text import for_markdown
from explorer.ui import state
from explorer.ui.train import (
    backward_view,
    confusion_view,
    curves_view,
    draw_view,
    health_view,
    inside_view,
    predictions_view,
)
from explorer.ui.train.chosen_view import (
    PARAMETER,
    choice_key,
    chosen_view,
    keep_choice,
    view_address,
)


class RunView(NamedTuple):
    """A view of a run."""

    show: Callable[[Snapshot], None]
    needs_epoch: bool = True  # whether it has nothing to show before an epoch has ended


RUN_VIEWS: dict[str, RunView] = {
    "Curves": RunView(curves_view.show, needs_epoch=False),
    "Predictions": RunView(predictions_view.show),
    "Confusion": RunView(confusion_view.show),
    "Inside": RunView(inside_view.show),
    "Backward": RunView(backward_view.show),
    "Health": RunView(health_view.show),
    "Draw": RunView(draw_view.show),
}


def address() -> dict[str, str]:
    """What the address holds of the view of the run that is shown, by parameter, on the other pages
    too; "" where it needs nothing.
    """
    return view_address(list(RUN_VIEWS)) if state.current().run else {PARAMETER: ""}


def show_run_view(snapshot: Snapshot) -> None:
    """Draw the choice of views and the one that was chosen last. Nothing of a run that never
    began.
    """
    if snapshot.started is None:
        return
    names, key = list(RUN_VIEWS), choice_key()
    chosen = st.segmented_control(
        "View of the run",
        names,
        default=chosen_view(names),
        required=True,
        format_func=for_markdown,
        key=key,
        on_change=keep_choice,
        args=(key,),
        label_visibility="collapsed",
    )
    view = RUN_VIEWS[chosen]
    if view.needs_epoch and not snapshot.epochs:
        st.html(_ENDED_TOO_SOON if snapshot.ended else _NO_EPOCH_YET)
        return
    view.show(snapshot)


_NO_EPOCH_YET = (
    '<div class="empty"><p>What the network has learnt is seen here once its first epoch has '
    "ended.</p></div>"
)
_ENDED_TOO_SOON = (
    '<div class="empty"><p>The run ended within its first epoch, so there is nothing that it '
    "has learnt.</p></div>"
)
