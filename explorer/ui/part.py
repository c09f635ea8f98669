"""What every page and every part that is drawn on its own has in common: it says what there is to
say, and fails in words.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from explorer.runs.run import RunError
from explorer.ui import messages
from explorer.ui.server.message_guard import unreadable_message
from explorer.ui.server.message_pace import fragment_run

P = ParamSpec("P")

_KEY = "to-say"
DONE, WRONG = ":material/check:", ":material/error:"


def say(text: str, icon: str = DONE) -> None:
    """A short message, shown by the part that is drawn next.

    For callbacks: what they draw themselves would stand in place of the first elements of the page.
    """
    st.session_state.setdefault(_KEY, []).append((text, icon))


def part(draw: Callable[P, None]) -> Callable[P, None]:
    """For the body of a page or a fragment.

    A run that was deleted meanwhile, or a store that cannot be read, is said where the part would
    have been.
    """

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        fragment_run()
        for text, icon in st.session_state.pop(_KEY, ()):
            st.toast(messages.shown(text), icon=icon)
        if unreadable := unreadable_message():
            st.toast(messages.shown(unreadable), icon=WRONG)
        try:
            draw(*args, **kwargs)
        except RunError as error:
            messages.error(str(error))

    return drawn
