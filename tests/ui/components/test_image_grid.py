"""The grid of test images: which of them the browser gets, and that it cannot choose another."""

import pytest
import streamlit as st

from explorer.ui.components.image_grid import component
from explorer.ui.components.image_grid.component import PAGE, chosen_of, first_of, first_within


@pytest.mark.parametrize(
    ("first", "total", "found"),
    [(0, 0, 0), (PAGE, PAGE, 0), (PAGE, PAGE + 1, PAGE), (3 * PAGE, 2 * PAGE + 1, 2 * PAGE)],
)
def test_where_there_are_fewer_images_the_last_page_is_shown(first, total, found):
    assert first_within(first, total) == found


@pytest.mark.parametrize(
    "sent",
    [
        None,
        5,
        "a",
        [],
        {},
        {"index": None},
        {"index": "3"},
        {"index": True},
        {"index": 4},
        {"index": {}},
    ],
)
def test_a_forged_image_chooses_none(sent):
    assert chosen_of(sent, {0, 1, 3}) is None


def test_an_image_of_the_grid_is_chosen():
    assert chosen_of({"index": 3, "at": 1.5}, {0, 1, 3}) == 3


@pytest.mark.parametrize("sent", [None, "0", -PAGE, 1, PAGE + 1, 10**30, True, 1.0, float("nan")])
def test_a_forged_page_is_none(sent):
    assert first_of(sent) is None


def test_a_page_is_where_the_browser_asks_for_it():
    assert (first_of(0), first_of(2 * PAGE)) == (0, 2 * PAGE)


def test_another_list_begins_at_its_first_page_and_the_same_where_it_was_left(monkeypatch):
    monkeypatch.setattr(st, "session_state", {"grid": {"first": 2 * PAGE}})
    assert component._first("grid", "all") == 0
    component._keep_first("grid", "all")
    assert component._first("grid", "all") == 2 * PAGE
    assert component._first("grid", "class 3") == 0
    st.session_state["grid"] = {"first": "forged"}
    component._keep_first("grid", "class 3")
    assert component._first("grid", "all") == 2 * PAGE
