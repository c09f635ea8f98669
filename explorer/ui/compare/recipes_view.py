"""In which hyperparameters the compared recipes differ."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.compare.learning import Group
from explorer.compare.recipe_difference import recipe_differences
from explorer.ui.components.columns import Column
from explorer.ui.components.figure_table import figure_table


def recipes_view(groups: Sequence[Group]) -> None:
    """A table of what differs, a column for each group, folded away at first; nothing where there
    is one group.
    """
    if len(groups) < 2:
        return
    folded = st.expander("What differs between the recipes", key=FOLDED, on_change="rerun")
    if not folded.open:
        return
    with folded:
        _differences(groups)


def _differences(groups: Sequence[Group]) -> None:
    differences = recipe_differences([group.recipe for group in groups])
    if not differences:
        st.html('<p class="hint">Nothing: all were trained by the same recipe.</p>')
        return
    columns = {"field": Column("hyperparameter")} | {
        str(place): Column(group.label) for place, group in enumerate(groups)
    }
    rows = [
        {"field": each.field, **{str(place): value for place, value in enumerate(each.values)}}
        for each in differences
    ]
    figure_table(rows, {name: _shown(column) for name, column in columns.items()}, _LABEL, key=_KEY)


_LABEL, _KEY = "Hyperparameters that differ", "compare-recipes"
FOLDED = "compare-recipes-fold"


def _shown(column: Column) -> Column:
    return Column(column.title, _value)


def _value(value: Any) -> str:
    """A number without the noise of its last digit; a switch in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
