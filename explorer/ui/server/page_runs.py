"""What each run of the page, or of a fragment by itself, begins with: its callbacks have run, and
it waits for its turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from explorer.ui.server.message_pace import callbacks_have_run
from explorer.ui.server.turns import Turns

# Fragments mostly look by themselves at what goes on; after an edit, somebody waits for the page.
FRAGMENTS_GRACE = 0.3  # seconds

_turns = Turns()
_draws_page: ContextVar[bool] = ContextVar("draws_page", default=False)


@contextmanager
def page_run() -> Iterator[None]:
    """Around all that the page script does."""
    callbacks_have_run()
    token = _draws_page.set(True)
    try:
        with _turns.turn():
            yield
    finally:
        _draws_page.reset(token)


@contextmanager
def fragment_run() -> Iterator[None]:
    """Around all that a fragment does. Nothing more where it is drawn as a part of the page."""
    if _draws_page.get():
        yield
        return
    callbacks_have_run()
    with _turns.turn(FRAGMENTS_GRACE):
        yield
