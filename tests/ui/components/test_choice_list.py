"""The list to choose from: which rows the browser gets, and that it cannot choose what is not there."""

import pytest

from explorer.ui.components.choice_list.component import (
    PAGE,
    View,
    _in_order,
    _within,
    chosen_of,
    view_of,
)
from explorer.ui.components.columns import Column, cells

ROWS = [
    {"id": "a", "name": "beta", "best": 98.0},
    {"id": "b", "name": "Alpha", "best": None},
    {"id": "c", "name": "gamma", "best": 99.5},
]
NAMES = ["name", "best"]


@pytest.mark.parametrize(
    ("view", "ids"),
    [
        (View(), "abc"),
        (View(sort=0), "bac"),  # capitals count as small letters
        (View(sort=0, descending=True), "cab"),
        (View(sort=1), "acb"),
        (View(sort=1, descending=True), "cab"),  # what has no value comes last all the same
    ],
)
def test_rows_come_in_the_order_of_a_column(view, ids):
    assert "".join(row["id"] for row in _in_order(ROWS, NAMES, view)) == ids


@pytest.mark.parametrize(
    ("first", "total", "found"), [(0, 0, 0), (PAGE, PAGE, 0), (3 * PAGE, 2 * PAGE + 1, 2 * PAGE)]
)
def test_where_runs_were_deleted_the_last_page_is_shown(first, total, found):
    assert _within(View(first=first), total).first == found


def test_a_value_is_shown_as_its_column_says_and_what_is_not_there_as_a_dash():
    columns = {"name": Column("Name"), "best": Column("Best", "{:.2f}".format)}
    assert [cells(row, columns) for row in ROWS] == [
        ["beta", "98.00"],
        ["Alpha", "–"],
        ["gamma", "99.50"],
    ]


@pytest.mark.parametrize(
    "sent", [None, 5, "a", [], {}, {"id": None}, {"id": 0}, {"id": ["a"]}, {"id": "z"}, {"id": {}}]
)
def test_a_forged_row_chooses_no_run(sent):
    assert chosen_of(sent, ["a", "b"]) is None


def test_a_row_of_the_list_chooses_its_run():
    assert chosen_of({"id": "b", "at": 1.5}, ["a", "b"]) == "b"


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {},
        {"sort": "name", "first": 0},
        {"sort": 2, "first": 0},
        {"sort": -1, "first": 0},
        {"sort": True, "first": 0},
        {"sort": 0, "first": 1},
        {"sort": 0, "first": -PAGE},
        {"sort": 0, "first": 10**30},
        {"sort": 0, "first": float("nan")},
    ],
)
def test_a_forged_view_is_none(sent):
    assert view_of(sent, 2) is None


def test_a_view_is_as_the_browser_asks_for_it():
    assert view_of({"sort": 1, "descending": True, "first": PAGE}, 2) == View(1, True, PAGE)
    assert view_of({"sort": None, "first": 0}, 2) == View()
