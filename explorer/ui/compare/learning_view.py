"""Learning: the curves of all runs of what is compared, seeds as a mean and a band, documents dotted beside them."""

from collections.abc import Sequence

import streamlit as st

from explorer.compare.learning import DocumentedCurve, Group
from explorer.ui.charts import Chart
from explorer.ui.compare import charts
from explorer.ui.compare.charts import Style
from explorer.ui.compare.chosen import Chosen
from explorer.ui.compare.groups import documents_of, groups_of, place_of


def learning_view(chosen: Sequence[Chosen], dataset: str) -> None:
    groups, documents = groups_of(chosen, dataset), documents_of(chosen, dataset)
    if not groups and not documents:
        st.html('<p class="hint">Nothing chosen has been trained yet: “Train all” starts it.</p>')
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        metric = st.selectbox("What", list(charts.METRICS), key="compare-metric", label_visibility="collapsed", width=180)
        axis = st.segmented_control(
            "Against", list(charts.AXES), default="epochs", required=True, key="compare-axis", label_visibility="collapsed"
        )
        zoom = st.segmented_control(
            "From",
            list(charts.ZOOMS),
            default="all",
            required=True,
            key="compare-zoom",
            label_visibility="collapsed",
            help=_ZOOM_HELP,
        )
        with_documents = st.toggle(
            "Documented", True, key="compare-documented", help="What the presets' documents logged, dotted."
        )
    chart = learning_chart(chosen, groups, documents if with_documents else (), metric, axis, zoom)
    st.vega_lite_chart(chart.data, chart.spec, key=f"compare-learning-{metric}-{axis}-{zoom}")
    st.html(
        '<p class="note">A line is the mean over seeds, its band one standard deviation either way. Click a name in the legend '
        "to hide its line. Dotted lines are what documents report; nothing here was computed from them. Shipped runs came "
        "with the explorer.</p>"
    )


_ZOOM_HELP = "Of an accuracy: all of it, the last percent, or the few tenths of a percent in which these networks end."


def shown_learning_charts(chosen: Sequence[Chosen], dataset: str) -> tuple[Chart, ...]:
    """As the view shows it."""
    documents = documents_of(chosen, dataset) if st.session_state.get("compare-documented", True) else ()
    metric = st.session_state.get("compare-metric") or "test accuracy"
    axis, zoom = st.session_state.get("compare-axis") or "epochs", st.session_state.get("compare-zoom") or "all"
    return (learning_chart(chosen, groups_of(chosen, dataset), documents, metric, axis, zoom),)


def learning_chart(
    chosen: Sequence[Chosen],
    groups: Sequence[Group],
    documents: Sequence[DocumentedCurve],
    metric: str,
    axis: str = "epochs",
    zoom: str = "all",
) -> Chart:
    data = charts.learning_data(groups, documents, metric, axis)
    domain = charts.zoomed(data, metric, zoom)
    data = charts.within(data, domain)
    spec = charts.learning_chart(_styles(chosen, groups, documents), metric, axis, domain)
    name = metric.replace(" ", "-") + ("" if domain is None else f"-{zoom.replace(' ', '-')}")
    return Chart(name, f"{metric.capitalize()} over {axis}", spec, data)


def _styles(chosen: Sequence[Chosen], groups: Sequence[Group], documents: Sequence[DocumentedCurve]) -> tuple[Style, ...]:
    """One a series, in the order of the legend."""
    recipes = [0] * len(chosen)  # how many of a network's have their dashes already
    styles = []
    for group in groups:
        place = place_of(group.architecture, chosen)
        dashes = charts.RECIPE_DASHES[min(recipes[place], len(charts.RECIPE_DASHES) - 1)]
        recipes[place] += 1
        styles.append(Style(group.label, charts.colour(place), dashes))
    for document in documents:
        place = next(place for place, each in enumerate(chosen) if each.preset and each.preset.id == document.preset_id)
        styles.append(Style(f"{document.preset_id}{charts.DOCUMENTED}", charts.colour(place), charts.DOCUMENT_DASHES))
    return tuple(styles)
