"""What a browser may claim to be selected in a chart, and what is hidden there."""

import json
from typing import Any

import pytest
import streamlit as st
from streamlit.elements.vega_charts import VegaLiteState

from explorer.ui.compare.learning_view import HIDDEN, _show
from explorer.ui.compare.trade_off_view import PICKED, _pick

NAMES = frozenset({"a", "b"})
# Not lists, lists of other things, points without the field, and fields that are no text.
FORGED: list[Any] = [None, 5, "a", True, {"a": 1}, [None], [5], ["a"], [["a"]], [{}], [{"x": "a"}]]
FORGED += [
    [{"opens": value, "series": value}]
    for value in (None, 5, ["a"], {"a": "b"}, "", "run:gone", "c")
]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    session: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", session)
    return session


def chart_state(name: str, value: Any) -> VegaLiteState:
    return VegaLiteState(json.loads(json.dumps({"selection": {name: value}})))


@pytest.mark.parametrize("selected", FORGED)
def test_a_forged_point_opens_nothing(says, selected):
    says["chart"] = chart_state("picked", selected)
    _pick("chart", NAMES)
    assert PICKED not in says


@pytest.mark.parametrize(
    "state", [{}, {"selection": {}}, {"selection": 5}, {"selection": {"other": []}}]
)
def test_a_state_without_the_selection_changes_nothing(says, state):
    says["chart"] = VegaLiteState(state)
    _pick("chart", NAMES)
    assert PICKED not in says


@pytest.mark.parametrize(
    "selected", [[{"opens": "b"}], [{"opens": "c"}, {"opens": "b"}, {"opens": "a"}]]
)
def test_a_drawn_point_opens_its_network(says, selected):
    says["chart"] = chart_state("picked", selected)
    _pick("chart", NAMES)
    assert says[PICKED] == "b"


@pytest.mark.parametrize(("ticked", "hidden"), [(False, "za"), (True, "z")])
def test_a_line_that_is_not_ticked_is_hidden_and_the_others_stay_as_they_are(says, ticked, hidden):
    says |= {"box": ticked, HIDDEN: frozenset("z")}
    _show("box", "a")
    assert says[HIDDEN] == set(hidden)
