"""In which hyperparameters the compared recipes differ."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.compare.learning import Group
from explorer.compare.recipe_difference import recipe_differences
from explorer.ui.components.columns import Column
from explorer.ui.components.figure_table import figure_table


def recipes_view(groups: Sequence[Group]) -> None:
    """A table of what differs, a column for each group; nothing where there is one."""
    if len(groups) < 2:
        return
    st.html('<h2 class="chart-title">What differs between the recipes</h2>')
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


def _shown(column: Column) -> Column:
    return Column(column.title, _value)


def _value(value: Any) -> str:
    """A number without the noise of its last digit; a switch in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
