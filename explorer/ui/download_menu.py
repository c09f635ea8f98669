"""A popover with things to download, each made when it is clicked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from explorer.text import for_html, for_markdown
from explorer.ui import pictures
from explorer.ui.charts import Chart


@dataclass(frozen=True)
class Item:
    """One thing to download. `make` must not need the visitor's session: it runs outside the page's script."""

    label: str
    note: str
    file: str
    mime: str
    make: Callable[[], str | bytes]
    why_not: str = ""  # stands in place of the note where it cannot be made


def items(of: Sequence[Item], key: str) -> None:
    """A line each."""
    with st.container(key=f"downloads-{key}", gap=None):
        for item in of:
            st.download_button(
                f"**{for_markdown(item.label)}** · {for_markdown(item.why_not or item.note)}",
                item.make,
                item.file,
                item.mime,
                key=f"{key}-{item.file}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                width="stretch",
                disabled=item.why_not != "",
            )


def chart_items(charts: dict[str, str], chart: Callable[[str], Chart], key: str, stem: str) -> None:
    """A line a chart, given by names and titles: SVG, PNG and CSV of what `chart` gives for its name by then."""
    for name, title in charts.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"chart-{key}-{name}"):
            st.html(f'<p class="chart-name">{for_html(title)}</p>', width="stretch")
            for ending, (mime, make) in pictures.FORMS.items():
                st.download_button(
                    for_markdown(ending.upper()),
                    partial(_made, make, chart, name),
                    f"{stem}-{name}.{ending}",
                    mime,
                    key=f"{key}-{name}-{ending}",
                    on_click="ignore",
                    type="tertiary",
                    help=for_markdown(f"{title}, as {ending.upper()}"),
                )


def _made(make: Callable[[Chart], bytes], chart: Callable[[str], Chart], name: str) -> bytes:
    return make(chart(name))
