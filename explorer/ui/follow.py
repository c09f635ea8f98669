"""A page follows what others do: it is drawn anew once what it shows has changed on the server.

For what has come to rest, such as an ended run: what goes on has a live part of its own. The
browser asks every LOOK_EVERY seconds, and gets an empty answer as long as nothing has changed.
"""

from collections.abc import Callable, Hashable

import streamlit as st

from explorer.runs.run import RunError
from explorer.ui.server.message_pace import fragment_run

LOOK_EVERY = 5.0  # seconds


def follow(look: Callable[[], Hashable], before: Hashable) -> None:
    """Draw the whole page anew once `look` answers otherwise than `before`.

    `before` is what `answer(look)` was before the page read what it shows: what changes while the
    page is being drawn would otherwise never be seen. Every open page calls `look` every few
    seconds, so it must be cheap.
    """
    st.fragment(_redraw_if_changed, run_every=LOOK_EVERY)(look, before)


def _redraw_if_changed(look: Callable[[], Hashable], before: Hashable) -> None:
    """Look whether the page has to be drawn again. Draws nothing itself, so that a page at rest
    stays as it is.
    """
    fragment_run()
    if answer(look) != before:
        st.rerun()


def answer(look: Callable[[], Hashable]) -> Hashable:
    """What `look` returns now. The name of a RunError, as of a deleted run, is an answer like
    another.
    """
    try:
        return look()
    except RunError as error:
        return type(error).__name__
