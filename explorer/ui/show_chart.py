"""A chart on a page: its title, the drawing, its numbers in words for a screen reader, and as a
table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import streamlit as st

from explorer.text import for_html
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.compare_charts import DOCUMENT_DASHES, RECIPE_DASHES, Style
from explorer.ui.charts.palette import CONFIG, GLYPHS, SHAPES, colour_of
from explorer.ui.charts.projected import projected
from explorer.ui.components.projector import is_projected

# How much of the window a chart may take: all that there is, or a half of that, or what a run's
# numbers leave. styles/charts.css has the heights.
Height = Literal["its own", "window", "half", "run"]
MOST_ROWS = 2000  # of the table; a chart has about as many points at most


@dataclass(frozen=True)
class Selection:
    """A selection of a chart's that the page follows."""

    name: str
    changed: Callable[[], None]


def show_chart(
    chart: Chart,
    key: str,
    *,
    is_live: bool = False,
    height: Height = "its own",
    level: int = 3,
    selection: Selection | None = None,
) -> None:
    """Draw it as wide as its place, and as high as the window allows a chart of this kind.

    A live chart is drawn anew every second: its words stand beside the drawing, as a drawing with
    other words of its own would be put together anew.
    """
    kind = height.replace(" ", "-")
    with st.container(key=f"figure-{kind}-{key}", gap="xsmall"):
        st.html(f'<h{level:d} class="chart-title">{for_html(chart.title)}</h{level:d}>')
        words = f"{chart.title}. {chart.alt}"
        st.vega_lite_chart(
            chart.data,
            projected(chart.spec) if is_projected() else {**chart.spec, "config": CONFIG},
            key=key,
            alt=f"{chart.title}. The numbers follow in words." if is_live else words,
            height="content" if height == "its own" else "stretch",
            on_select=selection.changed if selection else "ignore",
            selection_mode=selection.name if selection else None,
        )
        if is_live:
            st.html(f'<p class="for-readers">{for_html(words)}</p>')
        _table(chart, key)


def show_legend(networks: Sequence[str]) -> None:
    """The networks' shapes and colours, for several charts at once."""
    entries = [
        (GLYPHS[place % len(GLYPHS)], colour_of(place).css, name)
        for place, name in enumerate(networks)
    ]
    st.html(_legend_html(entries, "Networks"))


def show_narrow_legend(styles: Sequence[Style]) -> None:
    """The lines of a chart, for a window in which it has no room for their names."""
    glyphs = dict(zip(SHAPES, GLYPHS, strict=True))
    entries = [
        (_DASHES.get(style.dashes, "━") + glyphs[style.shape], style.colour, style.label)
        for style in styles
    ]
    st.html(f'<div class="narrow-alone">{_legend_html(entries, "Lines")}</div>')


_DASHES = {DOCUMENT_DASHES: "┈", **dict(zip(RECIPE_DASHES, "━╍┅", strict=True))}


def _legend_html(entries: Iterable[tuple[str, str, str]], name: str) -> str:
    rows = "".join(
        (
            f'<li><i aria-hidden="true" style="color: {for_html(colour)}">{for_html(glyph)}</i> '
            f"{for_html(text)}</li>"
        )
        for glyph, colour, text in entries
    )
    return f'<ul class="legend" aria-label="{name}">{rows}</ul>'


def _table(chart: Chart, key: str) -> None:
    """A menu with the numbers, made only once it is opened."""
    menu = st.popover(
        "Show the numbers",
        key=f"numbers-{key}",
        width="content",
        on_change="rerun",
        type="tertiary",
    )
    if menu.open:
        with menu:
            show_numbers(chart.numbers, f"{chart.title}, the numbers")


def show_numbers(table: pd.DataFrame, name: str) -> None:
    """A table of this name that scrolls, by the keyboard too."""
    st.html(table_html(table, name))


def table_html(table: pd.DataFrame, name: str) -> str:
    shown = table.head(MOST_ROWS)
    head = "".join(f'<th scope="col">{for_html(str(column))}</th>' for column in shown.columns)
    body = "".join(_row(list(values)) for values in shown.itertuples(index=False))
    left_out = len(table) - len(shown)
    note = f"<p>{left_out:,} more rows are in the download.</p>" if left_out else ""
    return (
        f'<div class="numbers" role="region" tabindex="0" aria-label="{for_html(name)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}</div>"
    )


def _row(values: Sequence[object]) -> str:
    cells = "".join(f"<td>{for_html(_cell(value))}</td>" for value in values[1:])
    return f'<tr><th scope="row">{for_html(_cell(values[0]))}</th>{cells}</tr>'


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return "–" if value != value else f"{value:,.6g}"
    return str(value)
