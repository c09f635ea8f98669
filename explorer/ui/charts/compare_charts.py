"""The Compare page's charts: data in, altair's specifications out, each built once and filled with
data by whoever draws it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import altair as alt
import pandas as pd

from explorer.compare.learning import Axis, DocumentedCurve, Group, curve, place_on
from explorer.compare.pareto import front
from explorer.network.analysis import Analysis, analyze
from explorer.network.spec import Architecture
from explorer.training.event import EpochMetric, downsampled
from explorer.ui.charts.chart import Spec, plain
from explorer.ui.charts.end_labels import spread_labels
from explorer.ui.charts.palette import LINE, TEXT, colour_of, shape_of
from explorer.ui.charts.projected import TYPE

# --- against depth --------------------------------------------------------------------------------


class Measure(NamedTuple):
    title: str
    # Of its axis: what spans orders of magnitude would lie on a straight one's edge.
    scale: Literal["linear", "log"] = "linear"

    @property
    def axis(self) -> dict[str, Any]:
        return {"values": [1, 10, 100, 1_000, 10_000]} if self.scale == "log" else {"tickCount": 5}


MEASURES = {  # by a measure's name in a row
    "map": Measure("map size, pixels a side"),
    "channels": Measure("channels (values after Flatten)", "log"),
    "sees": Measure("receptive field, pixels a side"),
    "parameters": Measure("cumulative parameters"),
    "mult_adds": Measure("cumulative multiply-adds"),
}
DIMMED = 0.15  # opacity of the lines beside the one that is pointed at


def depth_data(analyses: Mapping[str, Analysis]) -> pd.DataFrame:
    """A row for each layer, network and measure; a block of branches has those of its merge.

    A vector has a map of one pixel; sides that differ count by their mean.
    """
    rows = []
    for name, analysis in analyses.items():
        parameters = mult_adds = 0
        for row in analysis.rows:
            parameters, mult_adds = parameters + row.params, mult_adds + row.mult_adds
            if len(row.path) > 1:
                continue
            values = {
                "map": sum(row.output_shape[1:] or (1, 1)) / 2,
                "channels": row.output_shape[0],
                "sees": sum(row.receptive_field) / 2,
                "parameters": parameters,
                "mult_adds": mult_adds,
            }
            rows += [
                (name, row.index, row.title, MEASURES[measure].title, value)
                for measure, value in values.items()
            ]
    return pd.DataFrame(rows, columns=["network", "depth", "layer", "measure", "value"])


DEPTH_WIDTH, DEPTH_HEIGHT, ACROSS = 262, 170, 3  # of one measure's chart in a picture of all


@lru_cache(maxsize=64)
def depth_chart(names: tuple[str, ...]) -> Spec:
    """All measures in one picture, a small chart each."""
    legend = alt.Legend(title=None, orient="top", columns=len(names), labelLimit=220, symbolSize=80)
    charts = [
        _depth(names, measure, legend).properties(
            width=DEPTH_WIDTH, height=DEPTH_HEIGHT, title=measure.title
        )
        for measure in MEASURES.values()
    ]
    return plain(alt.concat(*charts, columns=ACROSS, data=alt.NamedData("rows")))


@lru_cache(maxsize=64)
def measure_chart(names: tuple[str, ...], measure: str) -> Spec:
    """One measure as wide as its place on the page, which has the legend.

    Pointing at a line lifts that network.
    """
    pointed = alt.selection_point(
        fields=["network"], on="pointerover", nearest=True, clear="pointerout", name="pointed"
    )
    chart = _depth(names, MEASURES[measure], None, pointed).properties(
        width="container", height=DEPTH_HEIGHT
    )
    return plain(chart)


def _depth(
    names: tuple[str, ...], measure: Measure, legend: alt.Legend | None, pointed: Any = None
) -> Any:
    shapes = alt.Scale(domain=list(names), range=[shape_of(place) for place in range(len(names))])
    base = (
        alt.Chart(alt.NamedData("rows"))
        .transform_filter(alt.FieldEqualPredicate(field="measure", equal=measure.title))
        .encode(
            x=alt.X(
                "depth:Q", title="layer", axis=alt.Axis(tickMinStep=1, format="d", tickCount=6)
            ),
            y=alt.Y(
                "value:Q",
                title=None,
                scale=alt.Scale(type=measure.scale),
                axis=alt.Axis(format="~s", **measure.axis),
            ),
            color=alt.Color("network:N", scale=_colours(names), legend=legend),
            tooltip=["network:N", "depth:Q", "layer:N", alt.Tooltip("value:Q", format=",.6~g")],
        )
    )
    if pointed is not None:
        base = base.encode(opacity=alt.condition(pointed, alt.value(1), alt.value(DIMMED)))
    line = base.mark_line(interpolate="step-after", strokeWidth=2)
    points = base.mark_point(size=36, filled=True, opacity=1).encode(
        shape=alt.Shape("network:N", scale=shapes, legend=legend)
    )
    return line + (points if pointed is None else points.add_params(pointed))


def _colours(names: tuple[str, ...]) -> alt.Scale:
    return alt.Scale(
        domain=list(names), range=[colour_of(place).css for place in range(len(names))]
    )


LABEL_TYPE = 12  # pixels of the type of a chart's own labels
SYMBOL_ROOM = 40  # pixels of a legend's column that its symbol and the gap to the next one take


def _type() -> Any:
    """The parameter by which charts/projected.py enlarges a chart's own labels."""
    return alt.param(name=TYPE, value=LABEL_TYPE)


def _legend(least: int, **look: Any) -> alt.Legend:
    """A legend over the chart, in up to three columns of at least so many pixels at LABEL_TYPE.

    It follows the chart's width, as a chart cuts off what would not fit.
    """
    columns = f"max(1, min(3, floor(width / ({least / LABEL_TYPE:g} * {TYPE}))))"
    room = f"width / {columns} - {SYMBOL_ROOM}"
    return alt.Legend(
        title=None, orient="top", columns=alt.ExprRef(columns), labelLimit=alt.ExprRef(room), **look
    )


# --- how they learnt ------------------------------------------------------------------------------

# What the visitor chooses: its name in a record, a factor, and the axis' title.
METRICS: dict[str, tuple[EpochMetric, float, str]] = {
    "test accuracy": ("test_accuracy", 100, "test accuracy in %"),
    "train accuracy": ("train_accuracy", 100, "train accuracy in %"),
    "test loss": ("test_loss", 1, "test loss (cross-entropy)"),
    "train loss": ("train_loss", 1, "train loss (cross-entropy)"),
    "learning rate": ("lr", 1, "learning rate"),
}
AXES: dict[str, tuple[Axis, str]] = {
    "epochs": ("epoch", "epoch"),
    "steps": ("step", "optimiser steps"),
    "seconds": ("seconds", "seconds since training began"),
}
AUTHORS_LOG = ", author's log"
POINTS = 1500  # of all curves together, but for the documents'


def learning_data(
    groups: Sequence[Group], documented: Sequence[DocumentedCurve], metric: str, axis: str
) -> pd.DataFrame:
    """A row for each point of each curve: the mean over seeds, and the band around it.

    A document's curve is of its one run, without a band.
    """
    name, factor, _ = METRICS[metric]
    rows: list[tuple[str, float, float, float | None, float | None, int, str]] = []
    each_has = max(4, POINTS // max(1, len(groups)))
    for group in groups:
        points = curve(group, name)
        kept = downsampled([point.mean for point in points], each_has)
        for point in (points[index] for index in kept):
            low, high = point.band or (None, None)
            place = place_on(point, AXES[axis][0])
            band = [None if edge is None else factor * edge for edge in (low, high)]
            if factor == 100:  # no accuracy lies outside, however far its seeds are apart
                band = [None if edge is None else min(max(edge, 0.0), 100.0) for edge in band]
            rows.append(
                (group.label, place, factor * point.mean, band[0], band[1], point.seeds, "measured")
            )
    for document in documented:
        for each in document.points:
            value = getattr(each, name, None)
            if value is not None:
                place = place_on(each, AXES[axis][0])
                series = f"{document.preset_id}{AUTHORS_LOG}"
                rows.append((series, place, factor * value, None, None, 1, "documented"))
    return pd.DataFrame(rows, columns=["series", "place", "value", "low", "high", "seeds", "kind"])


# Of an accuracy: the tenths of a percent in which the curves end, its last percent, or all of it.
TO_THE_END = "zoom to the end"
ZOOMS = (TO_THE_END, "last percent", "all")
Domain = tuple[float, float]


def zoomed(data: pd.DataFrame, metric: str, zoom: str) -> Domain | None:
    """The part of the axis to draw; None for all.

    All is drawn of what is no accuracy, and where the curves end so far apart that the part would
    be more than half of it.
    """
    if METRICS[metric][1] != 100 or zoom == "all" or data.empty:
        return None
    if zoom == "last percent":
        return 99.0, 100.0
    ends = data.sort_values("place").groupby("series").value.last()
    low = max(0.0, math.floor(10 * ends.min() - 1) / 10)
    high = min(100.0, math.ceil(10 * max(ends.max(), data.value.max()) + 0.5) / 10)
    span = data.value.max() - data.value.min()
    return (low, high) if high - low <= span / 2 else None


def within(data: pd.DataFrame, domain: Domain | None) -> pd.DataFrame:
    """Without what lies outside the part that is drawn, which a chart would draw along its edge.

    A line is broken there.
    """
    if domain is None:
        return data
    low, high = domain
    value = data.value.where(data.value.between(low, high))
    outside = value.isna()
    band = {
        name: data[name].astype(float).clip(low, high).mask(outside) for name in ("low", "high")
    }
    return data.assign(value=value, **band)


def whole(data: pd.DataFrame, metric: str) -> Domain:
    """An axis on which all of it has room: the lines, their bands, and a little air."""
    values = data[["value", "low", "high"]].astype(float)
    low, high = float(values.min().min()), float(values.max().max())
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0.0, 1.0
    air = 0.04 * (high - low) or 0.04 * abs(high) or 1.0
    ceiling = 100.0 if METRICS[metric][1] == 100 else math.inf
    return max(0.0, low - air), min(ceiling, high + air)


# Of the chart's height that a label takes; a chart is at least 400 pixels high.
LABEL_SHARE = 15 / 400


def with_end_labels(
    data: pd.DataFrame,
    domain: Domain,
    labels: Mapping[str, str],
    label_share: float = LABEL_SHARE,
) -> pd.DataFrame:
    """What is the label of each line, and at the last point that is drawn, at which height it
    stands.
    """
    drawn = data.dropna(subset=["value"]).sort_values("place", kind="stable")
    last = drawn.groupby("series", sort=False).tail(1)
    low, high = domain
    heights = spread_labels(last.value.tolist(), label_share * (high - low), low, high)
    return data.assign(
        label_at=pd.Series(heights, index=last.index, dtype=float), label=data.series.map(labels)
    )


@dataclass(frozen=True)
class Style:
    """How a series is drawn: a network has one colour and one shape, its recipes differ in
    dashes.
    """

    series: str
    colour: str
    shape: str
    dashes: tuple[int, ...]
    label: str = ""  # at the line's end


# Of a network's first recipe, its second, and all others.
RECIPE_DASHES = ((1, 0), (9, 3), (9, 3, 2, 3))
DOCUMENT_DASHES = (2, 3)
LEARNING_HEIGHT = 520  # pixels of a picture; on a page it takes what the window has
# Of a label: a letter, by its type, and in pixels the line and the symbol before it.
LETTER, SYMBOL = 6.4 / LABEL_TYPE, 34
MOST_OF_WIDTH = 0.45  # that labels take; what does not fit is cut off
# By the labels' type: below, there is room for the symbols alone, and the page shows a legend.
NARROW = 400 / LABEL_TYPE


@lru_cache(maxsize=64)
def learning_chart(styles: tuple[Style, ...], metric: str, axis: str, domain: Domain) -> Spec:
    """A line for each series with its name at the end, and a band of one standard deviation.

    Pointing at a line or its name lifts it from the others.
    """
    title, names = METRICS[metric][2], [style.series for style in styles]
    longest = max((len(style.label) for style in styles), default=0)
    labels_take = f"min({LETTER * longest:.2f} * {TYPE} + {SYMBOL}, {MOST_OF_WIDTH} * width)"
    is_narrow = f"width < {NARROW:.2f} * {TYPE}"
    room = f"({is_narrow} ? {SYMBOL} : {labels_take})"
    pointed = alt.selection_point(
        fields=["series"], on="pointerover", nearest=True, clear="pointerout", name="pointed"
    )
    lifted = alt.condition(pointed, alt.value(1), alt.value(DIMMED))

    def by_series(attribute: str) -> alt.Scale:
        found = [getattr(style, attribute) for style in styles]
        return alt.Scale(
            domain=names, range=[list(each) if isinstance(each, tuple) else each for each in found]
        )

    x = alt.X(
        "place:Q",
        title=AXES[axis][1],
        scale=alt.Scale(zero=False, nice=False, range=[0, alt.ExprRef(f"width - {room}")]),
        axis=alt.Axis(format="~s" if axis == "steps" else "d", tickMinStep=1),
    )
    scale = alt.Scale(domain=list(domain), nice=False)
    colour = alt.Color("series:N", scale=by_series("colour"), legend=None)
    dash = alt.StrokeDash("series:N", scale=by_series("dashes"), legend=None)
    shape = alt.Shape("series:N", scale=by_series("shape"), legend=None)
    tooltip = [
        alt.Tooltip("series:N"),
        alt.Tooltip("place:Q", format=",.0f", title=axis),
        alt.Tooltip("value:Q", format=".4~f", title=title),
        alt.Tooltip("seeds:Q"),
    ]
    base = alt.Chart(alt.NamedData("rows")).encode(color=colour)
    y = alt.Y("value:Q", title=title, scale=scale)
    band = base.mark_area(clip=True).encode(
        x=x,
        y=alt.Y("low:Q", title=title, scale=scale),
        y2="high:Q",
        opacity=alt.condition(pointed, alt.value(0.12), alt.value(0.03)),
    )
    lines = base.mark_line(strokeWidth=2, clip=True).encode(
        x=x, y=y, opacity=lifted, strokeDash=dash, tooltip=tooltip
    )
    points = base.mark_point(size=26, filled=True, clip=True).encode(
        x=x, y=y, opacity=lifted, shape=shape, tooltip=tooltip
    )
    ends = base.transform_filter("isValid(datum.label_at)").encode(
        opacity=lifted, y=alt.Y("label_at:Q", title=title, scale=scale)
    )
    leaders = ends.mark_rule(strokeWidth=1).encode(
        x=x,
        x2=alt.value(alt.ExprRef(f"width - {room} + 12")),
        y=y,
        y2="label_at:Q",
        opacity=alt.condition(pointed, alt.value(0.7), alt.value(0.1)),
    )
    symbols = ends.mark_point(size=44, filled=True).encode(
        x=alt.value(alt.ExprRef(f"width - {room} + 18")), shape=shape
    )
    label_size, limit = alt.ExprRef(f"{is_narrow} ? 0 : {TYPE}"), alt.ExprRef(f"{room} - 28")
    labels = ends.mark_text(
        align="left", baseline="middle", fontSize=label_size, limit=limit
    ).encode(
        x=alt.value(alt.ExprRef(f"width - {room} + 27")),
        text=alt.Text("label:N"),
        color=alt.value(TEXT.css),
        tooltip=tooltip,
    )
    chart = band + lines + points.add_params(pointed) + leaders + symbols + labels
    chart = chart.add_params(_type())
    return plain(chart.properties(height=LEARNING_HEIGHT, width="container"))


# --- what accuracy costs --------------------------------------------------------------------------

COSTS = {"parameters": "parameters", "mult_adds": "multiply-adds per image"}


@dataclass(frozen=True)
class Mark:
    """One point of the trade-off: a run, or what a document reports (hollow).

    `opens` names what a click on it opens.
    """

    series: str
    opens: str
    architecture: Architecture
    # After the last epoch so far, from 0 to 1; of a document its best, as that is what it reports.
    accuracy: float
    documented: bool


def trade_off_data(marks: Sequence[Mark], cost: str) -> pd.DataFrame:
    """A row a mark, and which of the measured ones no other beats."""
    totals = [analyze(mark.architecture) for mark in marks]
    costs = [
        total.total_params if cost == "parameters" else total.total_mult_adds for total in totals
    ]
    ours = [place for place, mark in enumerate(marks) if not mark.documented]
    best = {
        ours[place] for place in front([(costs[place], marks[place].accuracy) for place in ours])
    }
    rows = [
        (
            mark.series,
            mark.opens,
            costs[place],
            100 * mark.accuracy,
            "documented" if mark.documented else "measured",
            place in best,
        )
        for place, mark in enumerate(marks)
    ]
    return pd.DataFrame(rows, columns=["series", "opens", "cost", "accuracy", "kind", "front"])


LABELS_TAKE = 38  # pixels beside the axis: a label that comes later finds the title where it is


@lru_cache(maxsize=64)
def trade_off_chart(series: tuple[str, ...], cost: str) -> Spec:
    """Accuracy against a cost. The line joins the measured points that no other beats."""
    picked = alt.selection_point(fields=["opens"], on="click", name="picked", empty=False)
    shapes = alt.Scale(domain=list(series), range=[shape_of(place) for place in range(len(series))])
    legend = _legend(180, symbolSize=110)
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X(
            "cost:Q",
            title=COSTS[cost],
            scale=alt.Scale(zero=False, padding=24),
            axis=alt.Axis(format=".3~s", tickCount=6),
        ),
        # There is room above 100 % for whole points, but nothing is there.
        y=alt.Y(
            "accuracy:Q",
            title="test accuracy in %",
            scale=alt.Scale(zero=False, padding=16),
            axis=alt.Axis(
                format=".4~g",
                labelExpr="datum.value > 100 ? '' : datum.label",
                minExtent=LABELS_TAKE,
            ),
        ),
    )
    line = base.mark_line(
        color=LINE.css, strokeDash=[3, 3], interpolate="step-after"
    ).transform_filter("datum.front")
    told = alt.expr.if_(alt.datum.kind == "measured", "our run", "author's log")
    base = base.transform_calculate(told=told)
    tooltip = [
        "series:N",
        alt.Tooltip("told:N", title="kind"),
        alt.Tooltip("cost:Q", format=",", title=COSTS[cost]),
        alt.Tooltip("accuracy:Q", format=".2f"),
    ]
    points = base.mark_point(size=110, strokeWidth=2, opacity=1).encode(
        color=alt.Color("series:N", scale=_colours(series), legend=legend),
        shape=alt.Shape("series:N", scale=shapes, legend=legend),
        fill=alt.condition(
            "datum.kind == 'measured'",
            alt.Color("series:N", scale=_colours(series), legend=None),
            alt.value("transparent"),
        ),
        tooltip=tooltip,
    )
    chart = (line + points.add_params(picked)).add_params(_type())
    return plain(chart.properties(height=460, width="container"))
