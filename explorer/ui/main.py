"""The page script: one for all pages, so that no message of the browser names a page."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from explorer.ui import build_page, compare_page, messages, runs_page, state, train_page
from explorer.ui.address import keep_address
from explorer.ui.navigation import Page, current_page, navigation_bar

ICON = Path(__file__).parent / "icon.svg"
PAGES: dict[Page, Callable[[], None]] = {
    Page.BUILD: build_page.show,
    Page.TRAIN: train_page.show,
    Page.COMPARE: compare_page.show,
    Page.RUNS: runs_page.show,
}


def _accept() -> None:
    state.accept_draft()


def main() -> None:
    page = current_page()
    st.set_page_config(f"{page.title} · Architecture explorer", str(ICON), "wide")
    st.html(Path(__file__).parent / "page.css")
    with st.container(key="top"):
        navigation_bar()
    if notice := state.accept_draft().notice:
        messages.warning(notice, icon=messages.NOT_FOUND)
    if page is not Page.COMPARE:
        compare_page.forget_click()
    PAGES[page]()
    held = {**state.address(), **compare_page.address()}
    keep_address(page, held, key=state.ADDRESS_KEY, changed=_accept)


if __name__ == "__main__":
    main()
