"""No click is lost to the message after it, however close together the network brings the two."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import ROOT, Server, serving
from tests.ui.socket_client import visiting

PAGE = """
import sys, time
sys.path.insert(0, {root!r})
import streamlit as st
from starlette.middleware import Middleware
from explorer.ui.server import message_pace, page_runs
from explorer.ui.server.message_pace import MessagePace
from explorer.ui.server.page_runs import part_run, page_run

app = st.App(__file__, middleware=[Middleware(MessagePace)])

def count():
    for _ in range(5):
        time.sleep(0.01)
        found = st.session_state.get("count", 0)
    st.session_state["count"] = found + 1

@st.fragment
def part():
    with part_run():
        st.button("in the fragment", on_click=count)
        st.checkbox("in the fragment")
        st.info(f"fragment {{st.session_state.get('count', 0)}}")

if getattr(page_runs, "begin_late", False):
    time.sleep(0.3)
    page_runs.begin_late, message_pace.LONGEST_WAIT = False, 1.0

with page_run():
    if st.button("begin again"):
        page_runs.begin_late, message_pace.LONGEST_WAIT = True, 60.0  # however slow the machine is
        st.rerun()
    st.button("on the page", on_click=count)
    st.checkbox("on the page")
    if st.button("draw for long"):
        st.info("drawing")
        time.sleep(3)  # without a call of Streamlit
    st.info(f"page {{st.session_state.get('count', 0)}}")
    part()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("paced")
    script = folder / "app.py"
    script.write_text(PAGE.format(root=str(ROOT)))
    with serving(folder, str(script), ROOT) as server:
        yield server


PLACES = ("on the page", "in the fragment")
CLICKS = 5


@pytest.mark.parametrize("box", PLACES)
@pytest.mark.parametrize("button", PLACES)
def test_a_click_counts_though_another_message_comes_at_once(
    button: str, box: str, server: Server
) -> None:
    with visiting(server.url) as client:
        for _ in range(CLICKS):
            client.use("button", button)
            client.use("checkbox", box)
        client.run()
        client.wait_for(f"page {CLICKS}")


def test_clicks_count_though_the_page_before_them_is_drawn_for_longer_than_any_callback_takes(
    server: Server,
) -> None:
    with visiting(server.url) as client:
        client.use("button", "draw for long")
        client.hear("drawing")
        for _ in range(2):
            client.use("button", "on the page")
        client.wait_for("page 2")


def test_a_click_counts_that_comes_as_the_page_begins_again_by_itself(server: Server) -> None:
    with visiting(server.url) as client:
        for clicks in range(1, CLICKS + 1):
            client.use("button", "begin again")
            client.hear_of_a_start()
            client.hear_of_a_start()
            client.use("button", "on the page")
            client.use("checkbox", "on the page")
            client.wait_for(f"page {clicks}")
