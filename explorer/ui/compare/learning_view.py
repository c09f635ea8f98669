"""Learning: the curves of all runs of what is compared, seeds as a mean and a band, documents dashed beside them."""

from collections.abc import Sequence

import streamlit as st

from explorer.compare.learning import DocumentedCurve, Group
from explorer.ui.compare import charts
from explorer.ui.compare.chosen import Chosen
from explorer.ui.compare.groups import documents_of, groups_of, preset_of


def learning_view(chosen: Sequence[Chosen]) -> None:
    groups, documents = groups_of(chosen), documents_of(chosen)
    if not groups and not documents:
        st.html('<p class="hint">Nothing chosen has been trained yet: “Train all” starts it.</p>')
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        metric = st.selectbox("What", list(charts.METRICS), key="compare-metric", label_visibility="collapsed", width=180)
        axis = st.segmented_control(
            "Against", list(charts.AXES), default="epochs", key="compare-axis", label_visibility="collapsed"
        )
        closest = st.toggle("Last percent", key="compare-closest", help="From 99 to 100 %, where these networks differ.")
        with_documents = st.toggle(
            "Documented", True, key="compare-documented", help="What the presets' documents logged, dashed."
        )
    shown = documents if with_documents else ()
    axis = axis or "epochs"
    series = (*(group.label for group in groups), *(f"{each.preset_id}{charts.DOCUMENTED}" for each in shown))
    chart = charts.learning_chart(series, _colours(groups, shown), metric, axis, closest)
    st.vega_lite_chart(
        charts.learning_data(groups, shown, metric, axis), chart, key=f"compare-learning-{metric}-{axis}-{closest}"
    )
    st.html(
        '<p class="note">A line is the mean over seeds, its band one standard deviation either way. Click a name in the legend '
        "to hide its line. Dashed lines are what documents report; nothing here was computed from them.</p>"
    )


def _colours(groups: Sequence[Group], documents: Sequence[DocumentedCurve]) -> tuple[str, ...]:
    """One a group; a document has the colour of the first group of its network."""
    colours = [charts.colour(place) for place in range(len(groups))]
    networks = [preset.id if (preset := preset_of(group.architecture)) else "" for group in groups]
    for document in documents:
        known = document.preset_id in networks
        colours.append(colours[networks.index(document.preset_id)] if known else charts.colour(len(set(colours))))
    return tuple(colours)
