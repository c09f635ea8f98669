"""A chart: its specification and its data apart, so that a specification is built once and filled
by whoever draws it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

Spec = dict[str, Any]


class Wide(NamedTuple):
    """Columns of a chart's data that make a table with a column a series."""

    rows: str
    series: str
    values: str


@dataclass(frozen=True, eq=False)
class Chart:
    """One chart with its data, as a page draws it and as it is downloaded."""

    name: str  # of its files, without the ending
    title: str
    spec: Spec
    data: pd.DataFrame
    alt: str = ""  # what it shows, in words and numbers, for those who do not see it
    # Of the table's columns, by the data's.
    headings: Mapping[str, str] = field(default_factory=dict)
    wide: Wide | None = None
    layout: tuple[str, ...] = ()  # columns that only say where something is drawn

    @property
    def numbers(self) -> pd.DataFrame:
        """The table behind the chart: the columns that have a heading, without what is not
        drawn.
        """
        if self.data.empty:
            return pd.DataFrame(columns=list(self.headings.values()))
        if self.wide is None:
            return self.data[list(self.headings)].rename(columns=dict(self.headings))
        rows, series, values = self.wide
        table = self.data.dropna(subset=[values]).pivot_table(
            index=rows, columns=series, values=values, sort=False, aggfunc="last"
        )
        table = table.sort_index().reset_index().rename(columns=dict(self.headings))
        table.columns.name = None
        return table


def plain(chart: Any) -> Spec:
    """The specification less what is given with each drawing: the data, and the look."""
    spec: Spec = chart.to_dict(validate=False)
    for name in ("config", "$schema", "data"):
        spec.pop(name, None)
    return {**spec, "padding": {"left": 0, "top": 4, "right": 8, "bottom": 4}}
