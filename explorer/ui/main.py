"""The page script: one for all pages, so that no message of the browser names a page."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from explorer.lesson.lesson import Control
from explorer.people.person import Person
from explorer.text import for_html
from explorer.ui import messages, people, state
from explorer.ui.assigned import assigned
from explorer.ui.board import page as board_page
from explorer.ui.build import page as build_page
from explorer.ui.class_notice import class_notice
from explorer.ui.classroom import page as class_page
from explorer.ui.compare import page as compare_page
from explorer.ui.components.address import keep_address
from explorer.ui.components.navigation import Page, current_page, navigation_bar
from explorer.ui.components.projector import projector_button, with_view
from explorer.ui.downloads.progress import preparations_followed
from explorer.ui.lesson_panel import lesson_panel
from explorer.ui.page_styles import STYLES
from explorer.ui.person_menu import ask_for_name, log_in_page, person_menu
from explorer.ui.runs import page as runs_page
from explorer.ui.server.page_runs import page_run
from explorer.ui.train import page as train_page
from explorer.ui.train import run_views

# As a text: a file's name would make Streamlit send it in base64, a third longer, with every run.
_SVG = (Path(__file__).parent / "icon.svg").read_text(encoding="utf-8")
ICON = "data:image/svg+xml," + _SVG.replace("#", "%23")


class Drawn(NamedTuple):
    """How a page is drawn: its heading, a line on what can be done there, and all that is below."""

    heading: str
    lead: str
    show: Callable[[], None]


PAGES = {
    Page.BUILD: Drawn(
        "Build a convolutional network",
        "Change a layer: shapes, receptive fields, parameters and cost follow at once. "
        "Then go to Train.",
        build_page.show,
    ),
    Page.TRAIN: Drawn(
        "Train the network",
        "Press Start: loss and accuracy come in live, and the run goes on when you leave.",
        train_page.show,
    ),
    Page.COMPARE: Drawn(
        "Compare networks",
        "Two to six side by side: their layers, how they learn, "
        "and whether a difference is more than chance.",
        compare_page.show,
    ),
    Page.RUNS: Drawn(
        "All runs",
        "Every training on this server: watch, resume, rename, download or delete it.",
        runs_page.show,
    ),
    Page.BOARD: Drawn(
        "Class board",
        "Everybody's network, how its training stands, and what it reached.",
        board_page.show,
    ),
    Page.CLASS: Drawn(
        "Your class",
        "Everybody and how their work stands; choose somebody to see more.",
        class_page.show,
    ),
}


def main() -> None:
    page = current_page()
    drawn = PAGES[page]
    st.set_page_config(f"{page.title} · Architecture explorer", ICON, "wide")
    st.html(STYLES)
    # First, so that what it notes of somebody new is no change to what the page shows.
    person = people.who()
    if people.must_log_in():
        log_in_page()
        return
    with st.container(key="top"):
        navigation_bar(hidden := _hidden(person))
    projector_button()
    person_menu()
    heading = f"<h1>{for_html(drawn.heading)}</h1><p>{for_html(drawn.lead)}</p>"
    links = len(Page) - len(hidden)  # which the heading stands beside
    st.html(f'<div class="page-heading after-{links}">{heading}</div>')
    class_notice()
    ask_for_name()
    if page in (Page.BUILD, Page.TRAIN):
        assigned()
        lesson_panel()
    if notice := state.accept_draft().notice:
        messages.warning(notice, icon=messages.NOT_FOUND)
    if page is not Page.COMPARE:
        compare_page.forget_click()
    if page is not Page.BUILD:
        state.close_dialog()
    with preparations_followed():
        drawn.show()
        held = with_view({**state.address(), **compare_page.address(), **run_views.address()})
        keep_address(page, held, key=state.ADDRESS_KEY, changed=state.accept_draft)


HIDDEN_BY = {Control.TRAIN: Page.TRAIN, Control.COMPARE: Page.COMPARE, Control.RUNS: Page.RUNS}


def _hidden(person: Person) -> tuple[Page, ...]:
    """The pages to which no link leads for this person, in the lesson that they are in."""
    by_lesson = tuple(page for control, page in HIDDEN_BY.items() if state.hides(control))
    if not people.is_class():
        return Page.BOARD, Page.CLASS, *by_lesson
    return by_lesson if person.is_teacher else (Page.CLASS, *by_lesson)


if __name__ == "__main__":
    with page_run():
        main()
