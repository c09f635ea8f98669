"""The browser's address as the place where the work is kept, and a box to copy the link from.

Streamlit's own st.query_params would add a step to the browser's history with every edit, so that Back went through
them all one by one; a script of ours replaces the address in place.
"""

from pathlib import Path

import streamlit as st

from explorer.link import PARAMETER

_FOLDER = Path(__file__).parent


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_address = st.components.v2.component("explorer.address", js=_read("address.js"))
_box = st.components.v2.component(
    "explorer.link_box", html=_read("link_box.html"), css=_read("link_box.css"), js=_read("link_box.js")
)


def keep_address(link: str, *, key: str) -> None:
    """Put a link's text into the browser's address, so that a reload shows the same; "" takes it out."""
    _address(key=key, data={"parameter": PARAMETER, "link": link}, width=1, height=1)


def link_box(link: str, *, key: str) -> None:
    """The whole link, with a button that copies it."""
    _box(key=key, data={"parameter": PARAMETER, "link": link})
