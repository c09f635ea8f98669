"""What a browser may claim to be selected in a chart or a table."""

import json
from typing import Any

import pytest
import streamlit as st
from streamlit.elements.arrow import DataframeState
from streamlit.elements.vega_charts import VegaLiteState

from explorer.ui.charts import compare_charts as charts
from explorer.ui.compare.learning_view import HIDDEN, _keep_hidden
from explorer.ui.compare.trade_off_view import PICKED, _pick
from explorer.ui.runs.page import CHOSEN, _choose

NAMES = frozenset({"a", "b"})
# Not lists, lists of other things, points without the field, and fields that are no text.
FORGED: list[Any] = [None, 5, "a", True, {"a": 1}, [None], [5], ["a"], [["a"]], [{}], [{"x": "a"}]]
FORGED += [[{"opens": value, "series": value}] for value in (None, 5, ["a"], {"a": "b"}, "", "run:gone", "c")]


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


@pytest.mark.parametrize("state", [{}, {"selection": {}}, {"selection": 5}, {"selection": {"other": []}}])
def test_a_state_without_the_selection_changes_nothing(says, state):
    says |= {"chart": VegaLiteState(state), HIDDEN: frozenset("z")}
    _pick("chart", NAMES)
    _keep_hidden("chart", NAMES)
    assert PICKED not in says
    assert says[HIDDEN] == {"z"}


@pytest.mark.parametrize("selected", [[{"opens": "b"}], [{"opens": "c"}, {"opens": "b"}, {"opens": "a"}]])
def test_a_drawn_point_opens_its_network(says, selected):
    says["chart"] = chart_state("picked", selected)
    _pick("chart", NAMES)
    assert says[PICKED] == "b"


@pytest.mark.parametrize("selected", FORGED)
def test_a_forged_legend_hides_no_line_of_another_chart_and_fails_nowhere(says, selected):
    says |= {"chart": chart_state(charts.SHOWN, selected), HIDDEN: frozenset("z")}
    _keep_hidden("chart", NAMES)
    assert {"z"} <= says[HIDDEN] <= {"z", *NAMES}


@pytest.mark.parametrize(
    ("selected", "hidden"),
    [([{"series": "a"}, {"series": "b"}], "z"), ([{"series": "a"}], "zb"), ([], "zab"), ({}, "zab")],
)
def test_what_is_not_shown_by_the_legend_is_hidden(says, selected, hidden):
    says |= {"chart": chart_state(charts.SHOWN, selected), HIDDEN: frozenset("za")}
    _keep_hidden("chart", NAMES)
    assert says[HIDDEN] == set(hidden)


@pytest.mark.parametrize("rows", [None, 5, "0", {"0": 0}, {}, ["0"], [None], [[0]], [True], [0.0], [-1], [2], []])
def test_a_forged_row_chooses_no_run(says, rows):
    ids = ["first", "second"]
    says[f"runs-{hash(tuple(ids))}"] = DataframeState(json.loads(json.dumps({"selection": {"rows": rows}})))
    _choose(ids)
    assert says[CHOSEN] is None


def test_a_row_of_the_table_chooses_its_run(says):
    ids = ["first", "second"]
    says[f"runs-{hash(tuple(ids))}"] = DataframeState({"selection": {"rows": [9, 1]}})
    _choose(ids)
    assert says[CHOSEN] == "second"
