"""The projector view as Python knows of it: from the address at first, then from the browser."""

import pytest
import streamlit as st

from explorer.ui.compare import page as compare
from explorer.ui.components.projector import component, is_projected, with_view


@pytest.fixture
def arrive(monkeypatch: pytest.MonkeyPatch):
    """Come with this view in the address; returns the session's state."""

    def arrive(view: str | None) -> dict[str, object]:
        arrived = {} if view is None else {component.PARAMETER: view}
        state: dict[str, object] = {"arrived-with": arrived}
        monkeypatch.setattr(st, "session_state", state)
        return state

    return arrive


@pytest.mark.parametrize(
    ("view", "projected", "shown"),
    [
        (None, False, ""),
        ("Verdict", False, "Verdict"),
        ("projector", True, ""),
        ("Verdict,projector", True, "Verdict"),
        ("projector,Shape of computation", True, "Shape of computation"),
        ("Projector", False, ""),
        (",", False, ""),
    ],
)
def test_the_address_names_it_beside_a_view_of_compare(arrive, view, projected, shown):
    arrive(view)
    assert is_projected() is projected
    held = with_view(compare.address())
    words = [*([shown] if shown else []), *(["projector"] if projected else [])]
    assert held[component.PARAMETER] == ",".join(words)


@pytest.mark.parametrize("said", [True, False])
def test_the_browser_decides_once_it_has_said_something(arrive, said):
    state = arrive("projector" if not said else None)
    state[component.KEY] = {"projected": said}
    assert is_projected() is said


@pytest.mark.parametrize("said", [None, "yes", 1, {"projected": "yes"}, {"projected": 1}, {}, []])
def test_what_the_browser_cannot_have_said_changes_nothing(arrive, said):
    state = arrive("projector")
    state[component.KEY] = said
    assert is_projected() is True
