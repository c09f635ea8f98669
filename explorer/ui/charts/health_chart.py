"""How the layers of a network fared over the epochs: a map with a row a layer and a column an
epoch.
"""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import altair as alt
import pandas as pd

from explorer.insight.diagnosis import Fared, layers_of
from explorer.network.analysis import Analysis
from explorer.text import percent
from explorer.training.health import FIRING_IMAGES, Health, LayerHealth
from explorer.ui.charts.alt_text import NOTHING
from explorer.ui.charts.chart import Chart, Spec, Wide, plain
from explorer.ui.charts.palette import BLUE, VERMILION, Colour

ROW_HEIGHT, LOW_ROW_HEIGHT = 24, 15  # pixels
MANY_LAYERS = 40  # whose rows are low
GAP = 0.06  # between cells, of their size
DECADES = 6  # of the sizes that are told apart by their shade
FAINTEST = 0.06  # opacity of the least value, so that its cell is still seen to be one


class Measure(NamedTuple):
    """What the map may show of each layer."""

    title: str
    meaning: str  # a sentence for who has never heard of it
    of: Callable[[LayerHealth], float]  # not a number where a layer has none
    told: Callable[[float], str]
    colour: Colour
    key: str  # Vega's expression for the labels of what is drawn
    is_share: bool = False  # of 0 to 1; else of any size above zero, and drawn by its logarithm


def _of_a_hundred(share: float) -> str:
    return f"{100 * share:.2g} %"


MEASURES: dict[str, Measure] = {
    "Silent units": Measure(
        "Units that never fire",
        f"The share of each ReLU's units that give 0 for all of the first {FIRING_IMAGES} test "
        "images. A unit is a channel of a map, or one value of a vector. A few are usual; many are "
        "room that the network does not use.",
        lambda health: health.silent,
        percent,
        VERMILION,
        "format(datum.value, '.0%')",
        is_share=True,
    ),
    "Gradient": Measure(
        "Length of the gradient",
        "How strongly the loss pulls at each layer's weights after the epoch, on some of the "
        "training images. Where it shrinks from row to row towards the top, the first layers "
        "hardly learn.",
        lambda health: health.gradient,
        "{:.2g}".format,
        BLUE,
        "format(pow(10, datum.value), '.2~g')",
    ),
    "Change per step": Measure(
        "Change of the weights in one step",
        "By how much the epoch's last step changed each layer's weights, as a share of their "
        "length. A tenth of a percent up to a few percent is usual; a schedule that lowers the "
        "learning rate lowers it too.",
        lambda health: health.update / health.weight if health.weight else math.nan,
        _of_a_hundred,
        BLUE,
        "format(100 * pow(10, datum.value), '.2~g') + ' %'",
    ),
    "BatchNorm's mean": Measure(
        "Mean that BatchNorm expects",
        "The running mean of the channel where it is farthest from 0, by which BatchNorm shifts "
        "what comes in. It should settle as the network does.",
        lambda health: health.mean,
        "{:.2g}".format,
        BLUE,
        "format(pow(10, datum.value), '.2~g')",
    ),
    "BatchNorm's variance": Measure(
        "Variance that BatchNorm expects",
        "The running variance of the channel where it is least. Near 0, a channel is the same for "
        "every image.",
        lambda health: health.least_variance,
        "{:.2g}".format,
        BLUE,
        "format(pow(10, datum.value), '.2~g')",
    ),
}


def health_chart(analysis: Analysis, found: Mapping[int, Health], measure: Measure) -> Chart:
    """The map of one measure; without rows where no layer has it.

    Raises ValueError where the figures are not of this network.
    """
    rows = [
        (epoch, _name(each), value, measure.told(value))
        for epoch, health in found.items()
        for each in layers_of(analysis, health)
        if not math.isnan(value := measure.of(each.health))
    ]
    data = pd.DataFrame(rows, columns=["epoch", "layer", "value", "told"])
    values: list[float] = data["value"].tolist()
    data["shade"] = values if measure.is_share else _logarithms(values)
    shown = set(data["layer"])
    named = (f"{row.place} {row.title}" for row in analysis.rows if row.kind != "Branches")
    layers = [name for name in named if name in shown]
    return Chart(
        "health",
        measure.title,
        _spec(measure, tuple(layers)),
        data,
        _in_words(data, max(found, default=0)),
        headings={"epoch": "epoch"},
        wide=Wide("epoch", "layer", "value"),
    )


def _name(each: Fared) -> str:
    return f"{each.row.place} {each.row.title}"


def _logarithms(values: list[float]) -> list[float]:
    """Decimal logarithms, as they are drawn: what is a million times smaller than the largest, or
    more, and zero, is drawn alike, so that it does not make all else look the same.
    """
    known = [math.log10(value) for value in values if 0 < value < math.inf]
    most = max(known, default=0.0)
    least = most - DECADES
    return [
        most if value == math.inf else max(least, math.log10(value)) if value > 0 else least
        for value in values
    ]


def _in_words(data: pd.DataFrame, last: int) -> str:
    if data.empty:
        return NOTHING
    now = data[data["epoch"] == last]
    told = [f"{layer}: {text}" for layer, text in zip(now["layer"], now["told"], strict=True)]
    return f"After epoch {last}: {'; '.join(told) or 'no numbers'}"


@lru_cache(maxsize=16)
def _spec(measure: Measure, layers: tuple[str, ...]) -> Spec:
    scale = (
        alt.Scale(domain=[0, 1], range=[FAINTEST, 1])
        if measure.is_share
        else alt.Scale(zero=False, range=[FAINTEST, 1])
    )
    legend = alt.Legend(
        title=None,
        orient="top",
        offset=4,
        tickCount=3,
        symbolType="square",
        symbolSize=200,
        symbolFillColor=measure.colour.css,
        symbolStrokeWidth=0,
        labelExpr=measure.key,
    )
    cells = (
        alt.Chart(alt.NamedData("rows"))
        .mark_rect(color=measure.colour.css)
        .encode(
            x=alt.X(
                "epoch:O",
                title="epoch",
                scale=alt.Scale(paddingInner=GAP),
                axis=alt.Axis(labelAngle=0, labelOverlap=True, ticks=False, domain=False),
            ),
            y=alt.Y(
                "layer:N",
                title=None,
                sort=list(layers),
                scale=alt.Scale(paddingInner=GAP),
                axis=alt.Axis(labelLimit=220, ticks=False, domain=False),
            ),
            opacity=alt.Opacity("shade:Q", scale=scale, legend=legend),
            tooltip=[
                alt.Tooltip("layer:N"),
                alt.Tooltip("epoch:O"),
                alt.Tooltip("told:N", title=measure.title),
            ],
        )
    )
    row = LOW_ROW_HEIGHT if len(layers) > MANY_LAYERS else ROW_HEIGHT
    return plain(cells.properties(height=alt.Step(row), width="container"))
