"""What each run of the page, or of a part by itself, begins with: its callbacks have run, and it
waits for its turn.

The runs of one window come one after the other (runner.fastReruns is off in
.streamlit/config.toml): a request for the page that comes during a run ends that at its next call
of Streamlit. A run that waits for its turn makes such calls.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

import streamlit as st

from explorer.ui.server.message_pace import letting_messages_pass
from explorer.ui.server.turns import Turns

# Parts mostly look by themselves at what goes on; after an edit, somebody waits for the page.
PARTS_GRACE = 0.3  # seconds

_turns = Turns()
_draws_page: ContextVar[bool] = ContextVar("draws_page", default=False)
_draws_part: ContextVar[bool] = ContextVar("draws_part", default=False)


def draws_page() -> bool:
    """Whether the whole page is being drawn, not a part by itself."""
    return _draws_page.get()


@contextmanager
def page_run() -> Iterator[None]:
    """Around all that the page script does."""
    token = _draws_page.set(True)
    try:
        with _run(grace=0.0):
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
        with nullcontext() if _draws_page.get() else _run(PARTS_GRACE):
            yield
    finally:
        _draws_part.reset(token)


@contextmanager
def _run(grace: float) -> Iterator[None]:
    """Around a run, which waits for its turn: it lets pass whoever comes within `grace` seconds,
    and ends where the browser has asked for another run.
    """
    # Where this run was not asked for by the browser but by st.rerun, the browser's next request
    # may be waiting already, and its callbacks have not run.
    _end_if_asked_for_another()
    with letting_messages_pass(), _turns.turn(grace, _end_if_asked_for_another):
        yield


def _end_if_asked_for_another() -> None:
    """End this run if the browser has asked for the page meanwhile: Streamlit looks whether it has
    whenever a run asks for the state.
    """
    st.session_state.get("whatever")
