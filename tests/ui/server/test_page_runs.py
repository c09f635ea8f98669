"""The runs of one window come one after the other, so that none changes what another reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser.conftest import ROOT, Server, serving
from tests.ui.socket_client import visiting

# Streamlit copies the value of an input that it did not know before, and compares the one of an
# input that it knew with what the browser says. Both take long here: the first still goes on as
# the next request comes, and ends while that one's inputs are compared.
PAGE = """
import sys, time
sys.path.insert(0, {root!r})
import streamlit as st
from explorer.ui.server.page_runs import page_run

app = st.App(__file__)

class Compared(str):
    def __ne__(self, other):
        time.sleep(1)
        return super().__ne__(other)

class Copied(str):
    def __deepcopy__(self, memo):
        time.sleep(0.3)
        return self

known, new = Compared("known"), Copied("new")
with page_run():
    runs = st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.selectbox("known", [known], key="known")
    st.info(f"run {{runs}}")
    st.selectbox("new", [new], key=f"new {{runs}}")
"""

# Whoever holds it keeps its turn until somebody has said something.
TURNS = """
import sys, threading
sys.path.insert(0, {root!r})
import streamlit as st
from explorer.ui.server import page_runs
from explorer.ui.server.turns import Turns

app = st.App(__file__)

@st.cache_resource
def shared():
    return Turns(longest=1000), threading.Event()

page_runs._turns, said = shared()
with page_runs.page_run():
    if st.checkbox("hold", key="hold"):
        st.info("holds")
        st.info(f"heard: {{said.wait(30)}}")
    st.button("say", key="say", on_click=said.set)
"""


@contextmanager
def page(folder: Path, script: str) -> Iterator[Server]:
    """With the product's settings, which lie in the folder that its server is started in."""
    path = folder / "app.py"
    path.write_text(script.format(root=str(ROOT)))
    with serving(folder, str(path), ROOT) as server:
        yield server


def choose_known(state: WidgetState) -> None:
    state.string_value = "known"


def test_a_request_during_a_run_waits_until_that_one_has_let_go_of_the_inputs(
    tmp_path: Path,
) -> None:
    """With Streamlit's own `runner.fastReruns` the page shows an error in place of all that it had."""
    with page(tmp_path, PAGE) as server, visiting(server.url) as client:
        client.ask()
        client.hear("run 2")
        client.ask({client.the("selectbox", "known"): choose_known})
        client.hear("run 3")
        assert client.errors == []


def test_a_click_counts_at_once_though_its_window_waits_for_its_turn(tmp_path: Path) -> None:
    with (
        page(tmp_path, TURNS) as server,
        visiting(server.url) as holder,
        visiting(server.url) as client,
    ):
        holder.use("checkbox", "hold")
        holder.hear("holds")
        client.ask()
        client.hear_of_a_start()
        client.use("button", "say")
        holder.hear_of_an_end()
        assert holder.alerts == ["holds", "heard: True"]
        client.hear_of_an_end()
        assert client.errors == []
