"""The views of a run: its curves, and what it has learnt."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from explorer.runs.run import Snapshot
from explorer.text import for_markdown
from explorer.ui.train import confusion_view, curves_view, draw_view, inside_view, predictions_view
from explorer.ui.train.chosen_view import choice_key, chosen_view, keep_choice


class RunView(NamedTuple):
    """A view of a run."""

    show: Callable[[Snapshot], None]
    needs_epoch: bool = True  # whether it has nothing to show before an epoch has ended


RUN_VIEWS: dict[str, RunView] = {
    "Curves": RunView(curves_view.show, needs_epoch=False),
    "Predictions": RunView(predictions_view.show),
    "Confusion": RunView(confusion_view.show),
    "Inside": RunView(inside_view.show),
    "Draw": RunView(draw_view.show),
}


def show_run_view(snapshot: Snapshot) -> None:
    """Draw the view that was chosen last, and the choice above it once there is one.

    Nothing of a run that never began.
    """
    if snapshot.started is None:
        return
    names = [name for name, view in RUN_VIEWS.items() if snapshot.epochs or not view.needs_epoch]
    before, chosen = chosen_view(names[0]), names[0]
    if len(names) > 1:
        chosen = st.segmented_control(
            "View of the run",
            names,
            default=before if before in names else names[0],
            required=True,
            format_func=for_markdown,
            key=choice_key(),
            on_change=keep_choice,
            label_visibility="collapsed",
        )
    RUN_VIEWS[chosen].show(snapshot)
