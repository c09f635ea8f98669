"""The button that begins and ends the projector view, and how Python knows of it.

The browser owns the view: a key puts an attribute on the page's root, by which all styles change
at once. Python hears of it, as a chart's type stands in its specification, and as it is Python that
says what the address holds.
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from explorer.ui.arrival import words_asked_for
from explorer.ui.components.assets import component, keep_state

PARAMETER = "view"  # of the address, which may hold a view of Compare's too
WORD = "projector"
KEY = "projector"  # the component's

_mount = component(
    "projector", Path(__file__).parent, "projector.js", ["projector.css", "projector.html"]
)


def is_projected() -> bool:
    """Whether the visitor's window shows the projector view; at first as the address asks."""
    sent = st.session_state.get(KEY)
    projected = sent.get("projected") if isinstance(sent, dict) else None
    return projected if isinstance(projected, bool) else WORD in words_asked_for(PARAMETER)


def projector_button() -> None:
    """Draw the button at the right end of the line at the top."""
    _mount(key=KEY, data={"projected": is_projected()}, on_projected_change=keep_state)


def with_view(held: Mapping[str, str]) -> dict[str, str]:
    """What the address holds, with a word for the projector view beside what else is a view."""
    words = [held.get(PARAMETER, ""), WORD if is_projected() else ""]
    return {**held, PARAMETER: ",".join(word for word in words if word)}
