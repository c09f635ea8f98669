"""Short notices from callbacks, shown by the page or part that is drawn next; errors of runs
are shown as messages.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from explorer.refusal import Refusal
from explorer.ui import messages
from explorer.ui.server.message_guard import unreadable_message

P = ParamSpec("P")

_KEY = "notices"
DONE, WRONG = ":material/check:", ":material/error:"


def notify(text: str, icon: str = DONE) -> None:
    """Queue a short message, shown by the page or part that is drawn next.

    For callbacks: what they draw themselves would stand in place of the first elements of the page.
    """
    st.session_state.setdefault(_KEY, []).append((text, icon))


@contextmanager
def refusals_as_notices() -> Iterator[None]:
    """Where the block is refused what it asks for, queue a notice that says why.

    For callbacks.
    """
    try:
        yield
    except Refusal as error:
        notify(str(error), WRONG)


def with_notices(draw: Callable[P, None]) -> Callable[P, None]:
    """Decorate the body of a page or of a part: show waiting notices, then draw it.

    A Refusal, as of a run that was deleted meanwhile or a store that cannot be read, is shown as
    a message in place of the rest.
    """

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        for text, icon in st.session_state.pop(_KEY, ()):
            st.toast(messages.shown(text), icon=icon)
        if unreadable := unreadable_message():
            st.toast(messages.shown(unreadable), icon=WRONG)
        try:
            draw(*args, **kwargs)
        except Refusal as error:
            messages.error(str(error))

    return drawn
