"""A table of figures that is read, searched and sorted in the page.

Streamlit's own is a picture on a canvas, which neither a screen reader nor the browser's search
can read.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.ui.components.assets import component
from explorer.ui.components.columns import Column, cells, headings

_mount = component(
    "figure_table",
    Path(__file__).parent,
    "figure_table.js",
    ["figure_table.css", "figure_table.html"],
)


# A column of numbers.
Figure = partial(Column, is_number=True)


def figure_table(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Column],
    label: str,
    *,
    key: str,
    height: int | None = None,
) -> None:
    """Draw the rows in the order given; a press on a heading sorts them by that column.

    The first column names a row. What is None in a row, or not there, is shown as a dash.

    Args:
        label: what the table is of, for whoever hears the page.
        height: pixels, however many rows there are; without it as high as they are, within limits.
    """
    _mount(
        key=key,
        data={
            "label": label,
            "height": height,
            "columns": headings(columns),
            "rows": [cells(row, columns) for row in rows],
        },
    )
