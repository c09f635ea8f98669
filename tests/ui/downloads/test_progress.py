"""A page shows how far a download is, and is drawn anew when that is no longer true."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import process
from explorer.ui.downloads import progress
from explorer.ui.downloads.preparing import Preparation, Preparer, Stage
from tests.runs.shared import wait_until


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Once it is set, what was requested is made."""
    go = threading.Event()

    def make(wanted: dict, path: Path) -> str:
        assert go.wait(60)
        return ""

    preparer = Preparer(make, at_once=1)
    monkeypatch.setattr(process, "_downloads", preparer)
    yield go
    go.set()
    preparer.close()


def page() -> None:
    import streamlit as st

    from explorer.ui.downloads.progress import preparations_followed, show_progress
    from explorer.ui.server.page_runs import page_run

    with page_run(), preparations_followed():
        for each in st.session_state["requested"]:
            show_progress(each, "Preparing: Report")


def part_alone() -> None:
    import streamlit as st

    from explorer.ui.downloads.progress import show_progress

    st.session_state["runs"] += 1
    show_progress(st.session_state["requested"][0], "Preparing: Report")


def opened(script, requested: list[Preparation]) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["requested"], app.session_state["runs"] = requested, 0
    app.run()
    assert not app.exception
    return app


def test_a_page_follows_what_it_shows_until_it_is_over(go, monkeypatch):
    followed = []
    monkeypatch.setattr(progress, "follow", lambda *args, **kwargs: followed.append((args, kwargs)))
    requested = [process.downloads().ask({"number": each}) for each in range(3)]
    wait_until(lambda: requested[0].stage is Stage.WORKING)
    app = opened(page, requested[::2])
    assert [each.value.split("_top: ")[1] for each in app.caption] == [
        "Preparing: Report…",
        "Preparing: Report… 1 other first",
    ]
    (((look, before), how),) = followed
    assert how["every"] < 2
    assert look() == before
    go.set()
    wait_until(lambda: requested[2].stage.is_over)
    assert look() != before
    app.session_state["requested"] = []
    followed.clear()
    app.run()
    assert followed == []


def test_a_part_has_the_page_drawn_for_what_was_requested_in_it(go):
    app = opened(part_alone, [process.downloads().ask({})])
    assert app.session_state["runs"] == 2
    app.run()
    assert app.session_state["runs"] == 3  # the page follows it already
