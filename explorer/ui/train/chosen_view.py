"""Which view of a run is shown, of whichever run."""

import streamlit as st

from explorer.ui.remembered_inputs import remember_value, remembered_value

VIEW = "run-view"
_OPENED = "run-view-opened"  # how often a view was opened by something else than the choice itself


def choice_key() -> str:
    """The key of the choice: another one where a view was opened by something else, so that the
    choice shows it.
    """
    return f"{VIEW}-{st.session_state.get(_OPENED, 0)}"


def keep_choice(key: str) -> None:
    """The callback of the choice, which has this key."""
    remember_value(VIEW, st.session_state[key])


def chosen_view(default: str) -> str:
    return remembered_value(VIEW, default)


def open_view(name: str) -> None:
    """Show this view from the next run of the page on. For callbacks."""
    remember_value(VIEW, name)
    st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1
