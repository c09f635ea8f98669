"""Whatever the browser asks for, and whenever, a page's parts stay in their places."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from explorer.ui.server.page_runs import part_run
from tests.browser.conftest import ROOT, serving
from tests.ui.socket_client import SocketClient, visiting

# All is drawn at once after a while, so that none of it was sent when the next run begins.
PAGE = """
import sys, time
sys.path.insert(0, {root!r})
import streamlit as st
from explorer.ui.part import part
from explorer.ui.server.page_runs import page_run

app = st.App(__file__)

def table():
    st.checkbox("in the table")

def menu():
    with st.popover("menu"):
        st.checkbox("in the menu")

with page_run():
    time.sleep(0.1)
    st.text("above")
    part(table)()
    st.text("between")
    with st.container():
        part(menu)()
    st.text("below")
"""
TRIES = 20


@contextmanager
def page(folder: Path) -> Iterator[SocketClient]:
    script = folder / "app.py"
    script.write_text(PAGE.format(root=str(ROOT)))
    with serving(folder, str(script), ROOT) as server, visiting(server.url) as client:
        yield client


def ask_for_a_part_during_a_run(client: SocketClient) -> None:
    """Then for another part, which stands further down."""
    client.ask()
    client.hear_of_a_start()
    client.ask(fragment=client.labelled("in the table").fragment)
    client.hear_of_an_end()
    client.hear_of_an_end()
    client.run(fragment=client.labelled("in the menu").fragment)


def test_the_page_stays_whole_though_a_part_is_asked_for_while_it_is_drawn(tmp_path):
    """With `st.fragment` in place of `part`, one of two such requests breaks it on an idle machine."""
    with page(tmp_path) as client:
        whole = client.tree.shape()
        for _ in range(TRIES):
            ask_for_a_part_during_a_run(client)
            assert client.tree.shape() == whole


def test_no_part_stands_in_another():
    with part_run(), pytest.raises(RuntimeError, match="cannot stand in another"), part_run():
        pass


def test_whatever_the_browser_asks_for_by_itself_begins_alike():
    """Else each message after it waits: see message_pace.py."""
    makers = {
        path.name: path.read_text()
        for path in (ROOT / "explorer").rglob("*.py")
        if re.search(r"st\.(fragment|dialog)\b", path.read_text())
    }
    assert makers.keys() == {"part.py", "open_dialog.py", "own_images_dialog.py"}
    for source in makers.values():
        assert "with part_run():" in source
