"""A table of figures that is read, searched and sorted in the page.

Streamlit's own is a picture on a canvas, which neither a screen reader nor the browser's search
can read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.ui.components.assets import component

_mount = component(
    "figure_table",
    Path(__file__).parent,
    "figure_table.js",
    ["figure_table.css", "figure_table.html"],
)


@dataclass(frozen=True)
class Column:
    """A column: its heading, how one of its values is shown, and what pointing at it tells."""

    title: str
    shown: Callable[[Any], str] = str
    help: str = ""
    is_number: bool = True


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
            "columns": [
                {"title": column.title, "help": column.help, "isNumber": column.is_number}
                for column in columns.values()
            ],
            "rows": [_cells(row, columns) for row in rows],
        },
    )


def _cells(row: Mapping[str, Any], columns: Mapping[str, Column]) -> list[str]:
    return [
        "–" if (value := row.get(name)) is None else column.shown(value)
        for name, column in columns.items()
    ]
