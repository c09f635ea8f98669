"""What is selected in a chart, as far as the browser says it in the form that is expected.

Streamlit passes on whatever the browser sent as a selection, and the chart may be another one by
now.
"""

from collections.abc import Collection
from typing import Any

import streamlit as st


def selected_points(
    key: str, selection: str, field: str, known: Collection[str]
) -> list[str] | None:
    """The values of `field` in the selected points of the chart `key`, as far as they are in
    `known`.

    [] if nothing is selected, None if the browser's message cannot be read.
    """
    found = _selection(key).get(selection)
    if found == {}:  # as the browser says that nothing is selected any more
        return []
    if not isinstance(found, list):
        return None
    values = [point.get(field) for point in found if isinstance(point, dict)]
    return [value for value in values if isinstance(value, str) and value in known]


def _selection(key: str) -> dict[str, Any]:
    found = st.session_state[key].get("selection")
    return found if isinstance(found, dict) else {}
