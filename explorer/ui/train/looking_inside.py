"""What the views that look inside a run's network have in common."""

from collections.abc import Sequence

import streamlit as st

from explorer.insight.limits import too_large
from explorer.network.analysis import Analysis, Row
from explorer.runs.images_access import may_see_images, unseen_text
from explorer.text import for_markdown, size_text
from explorer.ui.people import who
from explorer.ui.remembered_inputs import remember_input, remembered_index


def why_not_to_look(dataset: str, analysis: Analysis) -> str:
    """Why the visitor cannot see what this network makes of its images; "" where they can."""
    return too_large(analysis) if may_see_images(who(), dataset) else unseen_text(dataset)


def choose_row(rows: Sequence[Row], first: int, key: str) -> Row:
    """One of these layers, as the input of this key says; before that the one at `first`."""
    names = [f"{row.place} {row.title} {size_text(row.output_shape)}" for row in rows]
    chosen = st.selectbox(
        "Layer",
        range(len(rows)),
        index=remembered_index(key, range(len(rows)), first),
        format_func=lambda index: for_markdown(names[index]),
        width=320,
        **remember_input(key),
    )
    return rows[chosen]
