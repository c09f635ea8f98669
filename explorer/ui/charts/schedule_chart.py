"""The learning rate over a run, as its schedule plans it before the run begins."""

from functools import lru_cache
from typing import Literal

import altair as alt
import pandas as pd

from explorer.training.optimizers import planned_rates
from explorer.training.recipe import SCHEDULERS, SGD, Recipe, Scheduler
from explorer.ui.charts.alt_text import lines_in_words
from explorer.ui.charts.chart import Chart, plain
from explorer.ui.charts.palette import BLUE

POINTS = 400  # that are drawn at least; the shape of a longer run's is the same
HEIGHT = 150  # pixels


def schedule_chart(recipe: Recipe) -> Chart:
    """The learning rate over the epochs."""
    return _chart(recipe.scheduler, recipe.optimizer.lr, recipe.epochs)


@lru_cache(maxsize=32)
def _chart(scheduler: Scheduler, lr: float, epochs: int) -> Chart:
    advances = SCHEDULERS[scheduler.kind].advances
    steps = 1 if advances == "each epoch" else -(-POINTS // epochs)  # of an epoch
    plan = Recipe(epochs=epochs, scheduler=scheduler, optimizer=SGD(lr=lr))
    rates = planned_rates(plan, steps)
    rows = [(step / steps, rate) for step, rate in enumerate(rates)]
    rows.append((float(epochs), rates[-1]))
    data = pd.DataFrame(rows, columns=["epoch", "value"])
    data["series"] = "learning rate"
    interpolated: Literal["step-after", "linear"] = (
        "step-after" if advances == "each epoch" else "linear"
    )
    line = (
        alt.Chart(alt.NamedData("rows"))
        .mark_line(color=BLUE.css, strokeWidth=2, interpolate=interpolated)
        .encode(
            x=alt.X(
                "epoch:Q",
                title="epoch",
                scale=alt.Scale(domain=[0, epochs], nice=False),
                axis=alt.Axis(format="d", tickMinStep=1, tickCount=6),
            ),
            y=alt.Y(
                "value:Q",
                title="learning rate",
                scale=alt.Scale(domainMin=0),
                axis=alt.Axis(tickCount=3, format=".2~g"),
            ),
            tooltip=[
                alt.Tooltip("epoch:Q", format=".2f"),
                alt.Tooltip("value:Q", format=".3~g", title="learning rate"),
            ],
        )
    )
    return Chart(
        "schedule",
        "Learning rate over the run",
        plain(line.properties(height=HEIGHT, width="container")),
        data,
        alt=lines_in_words(data, "epoch", "series", "value", "{:.3g}".format),
        headings={"epoch": "epoch", "value": "learning rate"},
    )
