"""Which view of a run is shown, of whichever run."""

from collections.abc import Sequence

import streamlit as st

from explorer.ui.arrival import asked_for
from explorer.ui.remembered_inputs import remember_value, remembered_value

VIEW = "run-view"
PARAMETER = "look"  # of the address, in small letters; none for the first view
_OPENED = "run-view-opened"  # how often a view was opened by something else than the choice itself
_CHANGED = "run-view-changed"  # since the page was drawn as a whole


def choice_key() -> str:
    """The key of the choice: another one where a view was opened by something else, so that the
    choice shows it.
    """
    return f"{VIEW}-{st.session_state.get(_OPENED, 0)}"


def keep_choice(key: str) -> None:
    """The callback of the choice, which has this key."""
    _remember(st.session_state[key])


def open_view(name: str) -> None:
    """Show this view from the next run of the page on. For callbacks."""
    _remember(name)
    st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1


def _remember(name: str) -> None:
    remember_value(VIEW, name)
    st.session_state[_CHANGED] = True


def take_change() -> bool:
    """Whether another view was chosen since the page was drawn as a whole, or this asked."""
    return bool(st.session_state.pop(_CHANGED, False))


def chosen_view(names: Sequence[str]) -> str:
    """The one of these that was chosen last, before that the one that the address asked for, else
    the first.
    """
    by_word = {name.lower(): name for name in names}
    chosen = remembered_value(VIEW, by_word.get(asked_for(PARAMETER) or "", names[0]))
    return chosen if chosen in names else names[0]


def view_address(names: Sequence[str]) -> dict[str, str]:
    """What the address holds of it; "" where it needs nothing."""
    chosen = chosen_view(names)
    return {PARAMETER: "" if chosen == names[0] else chosen.lower()}
