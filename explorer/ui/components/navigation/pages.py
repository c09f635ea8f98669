"""The pages, which of them is open, and the way from one to another.

There is one page script, and the session knows which page it draws. Streamlit's own `st.navigation`
and `st.query_params` take the page from the browser's address, which comes with every message:
until the browser has heard of the new page, each message would be a request to go back.

So the address leads only when the visitor arrives. Afterwards it follows: `navigation.js` adds a
step to the browser's history once Python draws another page, and asks for a page by a numbered
request when a link is clicked or the browser goes back or forward.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import streamlit as st

from explorer.ui import arrival
from explorer.ui.components.assets import component, keep_state

PARAMETER = "page"  # of the address
MAX_REQUESTS = 2**53 - 1  # JavaScript's largest whole number
BAR = "navigation"  # the component's key
_KEY = "open-page"


class Page(Enum):
    """A page of the explorer. Its value is its name in the address."""

    BUILD = "build"
    TRAIN = "train"
    COMPARE = "compare"
    RUNS = "runs"
    BOARD = "board"
    CLASS = "class"

    @property
    def title(self) -> str:
        return self.value.capitalize()


CONSTANTS = {
    "pages.js": {
        "PARAMETER": PARAMETER,
        "PAGES": [{"name": page.value, "title": page.title} for page in Page],
    }
}
_mount = component(
    "navigation",
    Path(__file__).parent,
    "navigation.js",
    ["navigation.css", "navigation.html"],
    CONSTANTS,
)


@dataclass(frozen=True)
class OpenPage:
    """The page that a session draws, and the number of the browser's last request that this page
    answers.
    """

    page: Page
    answers: int = 0


def _named(name: object) -> Page | None:
    return next((page for page in Page if page.value == name), None)


def _open() -> OpenPage:
    """The page that was requested last; at first the one in the address, else Build."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = OpenPage(_named(arrival.asked_for(PARAMETER)) or Page.BUILD)
    opened: OpenPage = st.session_state[_KEY]
    if (asked := _request()) and asked.answers > opened.answers:
        opened = st.session_state[_KEY] = asked
    return opened


def _request() -> OpenPage | None:
    """The browser's last request for a page, which comes again with every message. None if it is
    not readable.
    """
    sent = st.session_state.get(BAR)
    request = sent.get("request") if isinstance(sent, dict) else None
    if not isinstance(request, dict):
        return None
    page, number = _named(request.get("page")), request.get("number")
    return (
        OpenPage(page, number)
        if page and type(number) is int and 0 < number <= MAX_REQUESTS
        else None
    )


def current_page() -> Page:
    return _open().page


def go_to(page: Page) -> None:
    """Have the next run draw this page."""
    st.session_state[_KEY] = OpenPage(page, _open().answers)


def navigation_bar(without: Collection[Page] = ()) -> None:
    """Draw the links to the pages in the line at the top of the window, `without` some."""
    opened = _open()
    data = {
        "current": opened.page.value,
        "answers": opened.answers,
        "hidden": [page.value for page in without],
    }
    _mount(key=BAR, data=data, on_request_change=keep_state)
