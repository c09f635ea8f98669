"""What each run of the page, or of a part by itself, begins with: its callbacks have run, and it
waits for its turn.

The runs of one window come one after the other in any case (runner.fastReruns is off in
.streamlit/config.toml): a request that comes during a run ends it at its next call of Streamlit.
A run that waits for its turn makes such calls.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from explorer.ui.server.message_pace import callbacks_have_run
from explorer.ui.server.turns import Turns

# Parts mostly look by themselves at what goes on; after an edit, somebody waits for the page.
PARTS_GRACE = 0.3  # seconds

_turns = Turns()
_draws_page: ContextVar[bool] = ContextVar("draws_page", default=False)
_draws_part: ContextVar[bool] = ContextVar("draws_part", default=False)


def _end_if_asked_for_another() -> None:
    """End this run if the browser has asked for another one: Streamlit looks whether it has
    whenever a run asks for the state.
    """
    st.session_state.get("whatever")


def draws_page() -> bool:
    """Whether the whole page is being drawn, not a part by itself."""
    return _draws_page.get()


@contextmanager
def page_run() -> Iterator[None]:
    """Around all that the page script does."""
    callbacks_have_run()
    token = _draws_page.set(True)
    try:
        with _turns.turn(meanwhile=_end_if_asked_for_another):
            yield
    finally:
        _draws_page.reset(token)


@contextmanager
def part_run() -> Iterator[None]:
    """Around all that a part does. Raises RuntimeError within another one (see ui/part.py).

    Nothing more than that where it is drawn with the whole page.
    """
    if _draws_part.get():
        raise RuntimeError("a part of a page cannot stand in another one")
    token = _draws_part.set(True)
    try:
        if _draws_page.get():
            yield
        else:
            callbacks_have_run()
            with _turns.turn(PARTS_GRACE, _end_if_asked_for_another):
                yield
    finally:
        _draws_part.reset(token)
