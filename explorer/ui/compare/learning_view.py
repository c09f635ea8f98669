"""Learning: the curves of all runs of what is compared, seeds as a mean and a band, documents
dotted beside them.
"""

import streamlit as st

from explorer.compare.comparison import Comparison
from explorer.text import counted, for_markdown
from explorer.ui.charts import compare_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.comparison import (
    LearningOptions,
    learning_chart,
    learning_styles,
    series_names,
)
from explorer.ui.charts.projected import PROJECTED_LABEL_SHARE
from explorer.ui.components.projector import is_projected
from explorer.ui.remembered_inputs import remember_input, remembered_value
from explorer.ui.show_chart import show_chart, show_narrow_legend

LINES = "compare-lines"  # the menu of lines
HIDDEN = "compare-hidden"  # the series whose lines the visitor hid


def learning_view(comparison: Comparison) -> None:
    if not comparison.groups and not comparison.documents:
        st.html(
            '<p class="hint">None of these networks has been trained yet. Click “Train all”.</p>'
        )
        return
    metric, axis, zoom, with_documents = _options_form(_remembered_options(), comparison)
    share = PROJECTED_LABEL_SHARE if is_projected() else charts.LABEL_SHARE
    chart = learning_chart(comparison, metric, axis, zoom, with_documents, _hidden(), share)
    styles = learning_styles(comparison, with_documents)
    shown = [style for style in styles if style.series not in _hidden()]
    show_chart(chart, f"compare-learning-{metric}-{axis}-{zoom}", height="window", level=2)
    show_narrow_legend(shown)
    st.html(
        '<p class="note">A line is the mean over seeds, its band one standard deviation. Dotted: '
        "the author's log; nothing here was computed from it. "
        "Runs “included with the app” were not "
        "re-run on this server. Point at a line or its name to highlight it.</p>"
    )


def _remembered_options() -> LearningOptions:
    """The options that were chosen last."""
    return LearningOptions(
        *(
            remembered_value(_key(name), default)
            for name, default in LearningOptions._field_defaults.items()
        )
    )


def _key(name: str) -> str:
    return f"compare-{name}"


def _options_form(before: LearningOptions, comparison: Comparison) -> LearningOptions:
    metrics = list(charts.METRICS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        metric = st.selectbox(
            "What",
            metrics,
            metrics.index(before.metric),
            **remember_input(_key("metric")),
            label_visibility="collapsed",
            width=180,
        )
        axis = st.segmented_control(
            "Against",
            list(charts.AXES),
            default=before.axis,
            required=True,
            **remember_input(_key("axis")),
            label_visibility="collapsed",
        )
        zoom = st.segmented_control(
            "From",
            list(charts.ZOOMS),
            default=before.zoom,
            required=True,
            **remember_input(_key("zoom")),
            label_visibility="collapsed",
            help=_ZOOM_HELP,
        )
        documented = st.toggle(
            "Author's log",
            before.documented,
            **remember_input(_key("documented")),
            help="The author's logged values, dotted.",
        )
        _lines(comparison, documented)
    return LearningOptions(metric, axis, zoom, documented)


_ZOOM_HELP = "Range of an accuracy: where these curves end, above 99 %, or all of it."


def _lines(comparison: Comparison, with_documents: bool) -> None:
    """A menu in which lines are hidden and shown again."""
    names = series_names(comparison, with_documents)
    hidden = _hidden() & set(names)
    drawn = f"{len(names) - len(hidden)} of {counted(len(names), 'line')}"
    with st.popover(drawn, icon=":material/visibility:", key=LINES, width="content"):
        for name in names:
            key = f"{LINES}-{name}"
            st.session_state[key] = name not in hidden
            st.checkbox(for_markdown(name), key=key, on_change=_show, args=(key, name))


def _show(key: str, name: str) -> None:
    """Hidden in one chart, a line is hidden in those that the visitor looks at next, and in what is
    downloaded.
    """
    others = _hidden() - {name}
    st.session_state[HIDDEN] = others if st.session_state[key] else others | {name}


def _hidden() -> frozenset[str]:
    found: frozenset[str] = st.session_state.get(HIDDEN, frozenset())
    return found


def shown_learning_charts(comparison: Comparison) -> tuple[Chart, ...]:
    """As the view shows it."""
    metric, axis, zoom, with_documents = _remembered_options()
    return (learning_chart(comparison, metric, axis, zoom, with_documents, _hidden()),)
