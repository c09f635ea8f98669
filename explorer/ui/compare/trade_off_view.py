"""Trade-off: accuracy against what it costs, a point a run, and the line of those that no other beats."""

from collections.abc import Callable, Sequence

import streamlit as st

from explorer.ui.charts import Chart
from explorer.ui.compare import charts
from explorer.ui.compare.charts import Mark
from explorer.ui.compare.chosen import RUN, Chosen, find
from explorer.ui.compare.groups import groups_of, preset_of


def trade_off_view(chosen: Sequence[Chosen], open_in_build: Callable[[Chosen], None]) -> None:
    """A click on a point opens its network."""
    drawn = trade_off_charts(chosen)
    if not drawn:
        st.html('<p class="hint">Nothing chosen has been trained or documented yet: “Train all” starts it.</p>')
        return
    for side, chart in zip(st.columns(2, gap="medium"), drawn, strict=True):
        with side:
            st.html(f'<h3 class="chart-title">{chart.title}</h3>')
            key = f"compare-{chart.name}"
            event = st.vega_lite_chart(chart.data, chart.spec, key=key, on_select="rerun", selection_mode="picked")
            picked = event.selection.get("picked") or []
            if picked and (found := find(str(picked[0]["opens"]))):
                open_in_build(found)
    st.html(
        '<p class="note">Filled: measured, each run after its final epoch. Hollow: the best that a document reports. The dashed '
        "line joins the measured points that no other beats. Click a point to open its network.</p>"
    )


def trade_off_charts(chosen: Sequence[Chosen]) -> tuple[Chart, ...]:
    """One a cost; none where there is no point to draw."""
    marks = _marks(chosen)
    series = tuple(dict.fromkeys(mark.series for mark in marks))
    return tuple(
        Chart(
            f"accuracy-against-{cost.replace('_', '-')}",
            f"Test accuracy against {title}",
            charts.trade_off_chart(series, cost),
            charts.trade_off_data(marks, cost),
        )
        for cost, title in charts.COSTS.items()
        if marks
    )


def _marks(chosen: Sequence[Chosen]) -> list[Mark]:
    marks = []
    for group in groups_of(chosen):
        for record in group.records:
            began = preset_of(record.architecture)
            opens = f"{RUN}{record.run_id}" if record.run_id else began.id if began else ""
            accuracy = record.epochs[-1].test_accuracy
            marks.append(Mark(began.id if began else group.label, opens, record.architecture, accuracy, False))
    for each in chosen:
        if each.preset and each.preset.documented:
            best = each.preset.documented.best.test_accuracy
            marks.append(Mark(each.preset.id, each.preset.id, each.architecture, best, True))
    return marks
