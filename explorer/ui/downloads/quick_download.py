"""Make a download when it is clicked, and say in words why one could not be made.

Streamlit (1.67) makes it in a thread of its own, outside the page's script. Where that raises, its
page says that the file could not be made, and its log gets the traceback. Here the log gets one
line, and the page the reason where it is drawn next.
"""

import logging
from collections.abc import Callable

import streamlit as st

from explorer.refusal import Refusal
from explorer.ui.downloads.pictures import PictureError

EXPECTED = (Refusal, PictureError)  # they say why, and are no fault of the program
_KEY = "downloads-not-made"
_STREAMLITS_LOG = "streamlit.runtime.backend_operation_handler"

Data = str | bytes


class NotMade(Exception):
    """A download could not be made; the message says why."""


def quick(make: Callable[[], Data], key: str) -> Callable[[], Data]:
    """A function like `make` that remembers a failure under `key` for the page. It raises NotMade
    then.
    """
    # Taken here, as the session's state is out of reach where the file is made.
    reasons: dict[str, str] = st.session_state.setdefault(_KEY, {})

    def made() -> Data:
        reasons.pop(key, None)
        try:
            return make()
        except EXPECTED as error:
            reasons[key] = str(error)
            raise NotMade(str(error)) from None

    return made


def reason_not_made(key: str) -> str:
    """Why the last click on this download gave no file, "" if it did."""
    reasons: dict[str, str] = st.session_state.get(_KEY, {})
    return reasons.get(key, "")


def _without_traceback(record: logging.LogRecord) -> bool:
    """Make one line of what Streamlit logs of a NotMade."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, NotMade):
        record.msg, record.args = "a download could not be made: %s", (error,)
        record.exc_info = record.exc_text = None
    return True


logging.getLogger(_STREAMLITS_LOG).addFilter(_without_traceback)
