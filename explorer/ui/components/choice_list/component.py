"""A table whose rows are chosen by mouse or keyboard, in the order of any column.

The browser gets one page of the rows, in the order that it asked for: there may be thousands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.assets import component
from explorer.ui.components.columns import Column, cells, headings

PAGE = 100  # rows at once
MAX_FIRST = 10**9

_mount = component(
    "choice_list", Path(__file__).parent, "choice_list.js", ["choice_list.css", "choice_list.html"]
)


@dataclass(frozen=True)
class View:
    """Which rows are shown: from `first` on, in the order of a column, or as they come where that
    is None.
    """

    sort: int | None = None
    descending: bool = False
    first: int = 0


Row = Mapping[str, Any]  # a value for each column, by the column's name


def choice_list(
    rows: Sequence[Row],
    columns: Mapping[str, Column],
    chosen: str | None,
    choose: Callable[[str | None], None],
    *,
    title: str,
    key: str,
) -> None:
    """Draw the rows, each with an "id". `title` is read aloud.

    `choose` is called with a row's id, or with None where the chosen one is chosen no more.
    """
    view = _within(_view(key), len(rows))
    shown = _in_order(rows, list(columns), view)[view.first : view.first + PAGE]

    ids = [row["id"] for row in rows]

    _mount(
        key=key,
        data={
            "title": title,
            "columns": headings(columns),
            "rows": [{"id": row["id"], "cells": cells(row, columns)} for row in shown],
            "chosen": chosen,
            "view": {"sort": view.sort, "descending": view.descending, "first": view.first},
            "total": len(rows),
            "page": PAGE,
        },
        on_chosen_change=lambda: choose(chosen_of(st.session_state[key].get("chosen"), ids)),
        on_view_change=lambda: _keep_view(key, len(columns)),
    )


def _in_order(rows: Sequence[Row], names: Sequence[str], view: View) -> Sequence[Row]:
    """Rows without a value come last, whichever the order."""
    if view.sort is None:
        return rows
    name = names[view.sort]
    known = [row for row in rows if row[name] is not None]
    known.sort(key=lambda row: _sorted_as(row[name]), reverse=view.descending)
    return [*known, *(row for row in rows if row[name] is None)]


def _sorted_as(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _within(view: View, total: int) -> View:
    """The last page where there are fewer rows by now."""
    last = max(0, (total - 1) // PAGE * PAGE)
    return View(view.sort, view.descending, min(view.first, last))


def chosen_of(sent: object, ids: Sequence[str]) -> str | None:
    """Which row the browser says is chosen; None where it says none, or anything else."""
    id = sent.get("id") if isinstance(sent, dict) else None
    return id if isinstance(id, str) and id in ids else None


def view_of(sent: object, columns: int) -> View | None:
    """Which rows the browser asks for; None where it says anything else."""
    if not isinstance(sent, dict):
        return None
    sort, first, descending = sent.get("sort"), sent.get("first"), sent.get("descending")
    is_sort = sort is None or (type(sort) is int and 0 <= sort < columns)
    if not is_sort or type(first) is not int or not 0 <= first <= MAX_FIRST or first % PAGE:
        return None
    return View(sort, descending is True, first)


def _view(key: str) -> View:
    """As it was left: the component's own state ends with the page."""
    found: View = st.session_state.get(f"{key}-view", View())
    return found


def _keep_view(key: str, columns: int) -> None:
    if view := view_of(st.session_state[key].get("view"), columns):
        st.session_state[f"{key}-view"] = view
