"""The runs of one window come one after the other, so that none changes what another reads."""

from pathlib import Path

from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser.conftest import ROOT, serving
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


def choose_known(state: WidgetState) -> None:
    state.string_value = "known"


def test_a_request_during_a_run_waits_until_that_one_has_let_go_of_the_inputs(
    tmp_path: Path,
) -> None:
    """With Streamlit's own `runner.fastReruns` the page shows an error in place of all that it had."""
    script = tmp_path / "app.py"
    script.write_text(PAGE.format(root=str(ROOT)))
    # The settings are those of the product: they lie in the folder that the server is started in.
    with serving(tmp_path, str(script), ROOT) as server, visiting(server.url) as client:
        client.ask()
        client.hear("run 2")
        client.ask({client.the("selectbox", "known"): choose_known})
        client.hear_of_an_end()
        assert client.errors == []
        assert "run 3" in client.alerts
