"""Learning: the curves of all runs of what is compared, seeds as a mean and a band, documents dotted beside them."""

from functools import partial

import streamlit as st

from explorer.compare.comparison import Comparison
from explorer.ui.charts import compare_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.comparison import How, learning_chart
from explorer.ui.remembered_inputs import last, lasting
from explorer.ui.selected import selected_points

HIDDEN = "compare-hidden"  # the series whose lines the visitor hid


def learning_view(comparison: Comparison) -> None:
    if not comparison.groups and not comparison.documents:
        st.html('<p class="hint">Nothing chosen has been trained yet: “Train all” starts it.</p>')
        return
    metric, axis, zoom, with_documents = _asked(_how())
    chart = learning_chart(comparison, metric, axis, zoom, with_documents, _hidden())
    names = frozenset(chart.data["series"])
    # Another set of lines is another chart: in the same one Streamlit would hide those that come in.
    key = f"compare-learning-{metric}-{axis}-{zoom}-{hash(names)}"
    st.vega_lite_chart(
        chart.data, chart.spec, key=key, on_select=partial(_keep_hidden, key, names), selection_mode=[charts.SHOWN]
    )
    st.html(
        '<p class="note">A line is the mean over seeds, its band one standard deviation either way. Click a name in the legend '
        "to hide its line. Dotted lines are what documents report; nothing here was computed from them. Shipped runs came "
        "with the explorer.</p>"
    )


def _how() -> How:
    """As was chosen last."""
    return How(*(last(_key(name), default) for name, default in How._field_defaults.items()))


def _key(name: str) -> str:
    return f"compare-{name}"


def _asked(before: How) -> How:
    metrics = list(charts.METRICS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        metric = st.selectbox(
            "What", metrics, metrics.index(before.metric), **lasting(_key("metric")), label_visibility="collapsed", width=180
        )
        axis = st.segmented_control(
            "Against",
            list(charts.AXES),
            default=before.axis,
            required=True,
            **lasting(_key("axis")),
            label_visibility="collapsed",
        )
        zoom = st.segmented_control(
            "From",
            list(charts.ZOOMS),
            default=before.zoom,
            required=True,
            **lasting(_key("zoom")),
            label_visibility="collapsed",
            help=_ZOOM_HELP,
        )
        documented = st.toggle(
            "Documented", before.documented, **lasting(_key("documented")), help="What the presets' documents logged, dotted."
        )
    return How(metric, axis, zoom, documented)


_ZOOM_HELP = "Of an accuracy: all of it, the last percent, or the few tenths of a percent in which these networks end."


def _keep_hidden(key: str, names: frozenset[str]) -> None:
    """What was hidden by a click in one chart is hidden in those that the visitor looks at next, and in what is downloaded."""
    shown = selected_points(key, charts.SHOWN, "series", names)
    if shown is not None:
        st.session_state[HIDDEN] = (_hidden() - names) | (names - set(shown))


def _hidden() -> frozenset[str]:
    found: frozenset[str] = st.session_state.get(HIDDEN, frozenset())
    return found


def shown_learning_charts(comparison: Comparison) -> tuple[Chart, ...]:
    """As the view shows it."""
    metric, axis, zoom, with_documents = _how()
    return (learning_chart(comparison, metric, axis, zoom, with_documents, _hidden()),)
