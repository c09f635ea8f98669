"""The four pages, which of them is open, and the way from one to another.

There is one page script, and `?page=` in the address says which page it draws. Streamlit's own `st.navigation` makes a
script of each page, whose inputs name it in every message: what the browser still says of the page that it leaves would
then be taken for a request to come back to it.
"""

from enum import Enum
from pathlib import Path

import streamlit as st

PARAMETER = "page"  # of the address
KEY = "navigation"
_FOLDER = Path(__file__).parent


class Page(Enum):
    """A page; its value is its name in the address."""

    BUILD = "build"
    TRAIN = "train"
    COMPARE = "compare"
    RUNS = "runs"

    @property
    def title(self) -> str:
        return self.value.capitalize()


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "explorer.navigation",
    html=_read("navigation.html"),
    css=_read("navigation.css"),
    js=_read("navigation.js"),
)


def current_page() -> Page:
    """The page that the address names; Build where it names none."""
    asked = st.query_params.get(PARAMETER)
    return next((page for page in Page if page.value == asked), Page.BUILD)


def go_to(page: Page) -> None:
    """Open another page: one step in the browser's history. For callbacks: the run that follows draws that page."""
    if page is not current_page():
        st.query_params.from_dict({PARAMETER: page.value})


def navigation_bar(current: Page) -> None:
    """The links to the pages, in the line at the top of the window."""
    pages = [{"name": page.value, "title": page.title} for page in Page]
    _mount(
        key=KEY,
        data={"parameter": PARAMETER, "pages": pages, "current": current.value},
        on_asked_change=_follow_link,
    )


def _follow_link() -> None:
    sent = st.session_state.get(KEY)
    asked = sent.get("asked") if isinstance(sent, dict) else None
    if page := next((page for page in Page if page.value == asked), None):
        go_to(page)
