"""Health: how each layer of the network fared over the epochs, and what is wrong with it."""

import math

import streamlit as st

from explorer.insight.diagnosis import diagnose
from explorer.network.analysis import analyze
from explorer.runs.run import Snapshot
from explorer.text import for_html, sentence
from explorer.ui import messages, process
from explorer.ui.charts.health_chart import MEASURES, health_chart
from explorer.ui.remembered_inputs import remember_input, remembered_value
from explorer.ui.show_chart import show_chart


def show(snapshot: Snapshot) -> None:
    analysis = analyze(snapshot.run.architecture)
    found = process.jobs().health(snapshot.run.id)
    if not found:
        messages.info(
            "how its layers fared is not kept of this run: its weights were deleted, or it was "
            "trained before this was measured"
        )
        return
    last = max(found)
    problems = diagnose(analysis, found[last])
    told = "".join(f"<li>{for_html(sentence(problem))}</li>" for problem in problems)
    what = ":" if problems else ": nothing looks wrong in any layer."
    st.html(
        f'<div class="diagnosis" role="status"><p>After epoch {last:,}{what}</p>'
        + (f"<ul>{told}</ul>" if told else "")
        + "</div>"
    )
    names = [
        name
        for name, measure in MEASURES.items()
        if any(not math.isnan(measure.of(layer)) for health in found.values() for layer in health)
    ]
    key = "health-measure"
    before = remembered_value(key, names[0])
    chosen = st.segmented_control(
        "What the map shows",
        names,
        default=before if before in names else names[0],
        required=True,
        **remember_input(key),
    )
    measure = MEASURES[chosen]
    st.html(f'<p class="hint">{for_html(measure.meaning)}</p>')
    chart = health_chart(analysis, found, measure)
    show_chart(chart, f"{chart.name}-{chosen}", is_live=not snapshot.ended)
