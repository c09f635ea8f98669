"""No click is lost to the message after it, however close together the network brings the two."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.browser.conftest import ROOT, Server, serving
from tests.ui.socket_client import SocketClient, visiting

PAGE = """
import sys, time
sys.path.insert(0, {root!r})
import streamlit as st
from starlette.middleware import Middleware
from explorer.ui.server.message_pace import MessagePace
from explorer.ui.server.page_runs import part_run, page_run

app = st.App(__file__, middleware=[Middleware(MessagePace)] if {paced} else [])

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

with page_run():
    st.button("on the page", on_click=count)
    st.checkbox("on the page")
    time.sleep({drawing})
    st.info(f"page {{st.session_state.get('count', 0)}}")
    part()
"""


def page(folder: Path, paced: bool, drawing: float = 0.0) -> str:
    script = folder / "app.py"
    script.write_text(PAGE.format(root=str(ROOT), paced=paced, drawing=drawing))
    return str(script)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("paced")
    with serving(folder, page(folder, True), folder) as server:
        yield server


def click_then_tick(client: SocketClient, button: str, box: str) -> None:
    """A click, and at once a tick of a box, which is a message of its own."""
    for kind, label in (("button", button), ("checkbox", box)):
        found = next(
            each
            for each in client.inputs.values()
            if (each.kind, getattr(each.element, "label", "")) == (kind, label)
        )
        message = BackMsg()
        message.rerun_script.fragment_id = found.fragment
        state = message.rerun_script.widget_states.widgets.add(id=found.element.id)
        setattr(state, "trigger_value" if kind == "button" else "bool_value", True)
        client.socket.send(message.SerializeToString())


PLACES = ("on the page", "in the fragment")
CLICKS = 5


@pytest.mark.parametrize("box", PLACES)
@pytest.mark.parametrize("button", PLACES)
def test_a_click_counts_though_another_message_comes_at_once(
    button: str, box: str, server: Server
) -> None:
    with visiting(server.url) as client:
        for _ in range(CLICKS):
            click_then_tick(client, button, box)
        client.run()
        client.wait_for(f"page {CLICKS}")
