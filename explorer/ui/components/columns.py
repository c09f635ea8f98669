"""The columns of a table that a component draws: what the browser gets of them and of a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column: its heading, how one of its values is shown, and what the heading's tooltip says.

    Numbers stand at the right, and are sorted with the largest first.
    """

    title: str
    shown: Callable[[Any], str] = str
    help: str = ""
    is_number: bool = False


def headings(columns: Mapping[str, Column]) -> list[dict[str, object]]:
    """The columns as the browser gets them."""
    return [
        {"title": column.title, "help": column.help, "isNumber": column.is_number}
        for column in columns.values()
    ]


def cells(row: Mapping[str, Any], columns: Mapping[str, Column]) -> list[str]:
    """A row's texts; what is None in it, or not there, is a dash."""
    return [
        "–" if (value := row.get(name)) is None else column.shown(value)
        for name, column in columns.items()
    ]
