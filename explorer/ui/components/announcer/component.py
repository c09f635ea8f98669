"""A live region: a text that a screen reader says whenever it changes, and nobody sees."""

import time
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from explorer.ui.components.assets import component

MIN_SECONDS = 5.0  # between two of one kind: a sentence takes about as long to be said

_mount = component(
    "announcer", Path(__file__).parent, "announcer.js", ["announcer.css", "announcer.html"]
)


class _Said(NamedTuple):
    text: str
    at: float
    urgent: str | None


def announce(text: str, key: str, urgent: str | None = None) -> None:
    """Have `text` said if it is another one than before.

    With `urgent` the text is one that changes with every look at a run: it is said every
    MIN_SECONDS at most, and at once where `urgent` is another than before, such as the run's
    status.
    """
    now, kept = time.monotonic(), f"{key}-said"
    said: _Said | None = st.session_state.get(kept)
    if said is None or urgent is None or said.urgent != urgent or now - said.at >= MIN_SECONDS:
        said = _Said(text, now if said is None or text != said.text else said.at, urgent)
        st.session_state[kept] = said
    _mount(key=f"announcer-{key}", data={"text": said.text})
