"""The Compare page's charts: data in, altair's specifications out, each built once and filled with data by whoever draws it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from explorer.compare.learning import Axis, DocumentedCurve, Group, Metric, curve, place_on
from explorer.compare.pareto import front
from explorer.network.analysis import Analysis, analyze
from explorer.network.spec import Architecture
from explorer.training.event import downsampled
from explorer.ui.charts.chart import Spec, plain

# Okabe and Ito's, which colour-blind eyes tell apart; the yellow that no white wall shows is left out.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")

# --- against depth --------------------------------------------------------------------------------------------------

MEASURES = {  # a measure's name in the row, and its title
    "map": "map size, pixels a side",
    "channels": "channels, or values",
    "sees": "receptive field, pixels a side",
    "parameters": "parameters so far",
    "mult_adds": "mult-adds so far, an image",
}


def depth_data(analyses: Mapping[str, Analysis]) -> pd.DataFrame:
    """A row a layer of each network and measure. A vector has a map of one pixel; sides that differ count by their mean."""
    rows = []
    for name, analysis in analyses.items():
        parameters = mult_adds = 0
        for row in analysis.rows:
            parameters, mult_adds = parameters + row.params, mult_adds + row.mult_adds
            values = {
                "map": sum(row.output_shape[1:] or (1, 1)) / 2,
                "channels": row.output_shape[0],
                "sees": sum(row.receptive_field) / 2,
                "parameters": parameters,
                "mult_adds": mult_adds,
            }
            rows += [(name, row.index, row.kind, MEASURES[measure], value) for measure, value in values.items()]
    return pd.DataFrame(rows, columns=["network", "depth", "layer", "measure", "value"])


@lru_cache(maxsize=64)
def depth_chart(names: tuple[str, ...], across: int = 3) -> Spec:
    """A small chart a measure, `across` of them beside each other; pointing at a line lifts that network in all of them."""
    pointed = alt.selection_point(fields=["network"], on="pointerover", nearest=True, clear="pointerout", name="pointed")
    legend = alt.Legend(title=None, orient="top", columns=len(names), labelLimit=220, symbolType="stroke", symbolStrokeWidth=3)
    lines = (
        alt.Chart()
        .mark_line(interpolate="step-after", point=alt.OverlayMarkDef(size=16))
        .encode(
            x=alt.X("depth:Q", title="layer", axis=alt.Axis(tickMinStep=1, format="d", tickCount=6)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=5, format="~s")),
            color=alt.Color("network:N", scale=_colours(names), legend=legend),
            opacity=alt.condition(pointed, alt.value(1), alt.value(0.15)),
            tooltip=["network:N", "depth:Q", "layer:N", alt.Tooltip("value:Q", format=",.6~g")],
        )
        .add_params(pointed)
        .properties(width=262, height=170)
    )
    header = alt.Header(title=None, labelFontSize=13, labelFontWeight="bold", labelAnchor="start", labelPadding=4)
    charts = lines.facet(
        alt.Facet("measure:N", sort=list(MEASURES.values()), header=header), columns=across, data=alt.NamedData("rows")
    )
    return plain(charts.resolve_scale(y="independent").resolve_axis(x="independent"))


def _colours(names: tuple[str, ...]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=list(COLOURS[: len(names)]))


SYMBOL_ROOM = 40  # pixels of a legend's column that its symbol and the gap to the next one take


def _legend(least: int, **look: Any) -> alt.Legend:
    """A legend over the chart, in up to three columns of at least so many pixels.

    It follows the chart's width, as a chart cuts off what would not fit.
    """
    columns = f"max(1, min(3, floor(width / {least})))"
    room = f"width / {columns} - {SYMBOL_ROOM}"
    return alt.Legend(title=None, orient="top", columns=alt.ExprRef(columns), labelLimit=alt.ExprRef(room), **look)


# --- how they learnt ------------------------------------------------------------------------------------------------

METRICS: dict[str, tuple[Metric, float, str]] = {  # what the visitor chooses: its name in a record, a factor, the axis' title
    "test accuracy": ("test_accuracy", 100, "test accuracy in %"),
    "train accuracy": ("train_accuracy", 100, "train accuracy in %"),
    "test loss": ("test_loss", 1, "test loss (cross-entropy)"),
    "train loss": ("train_loss", 1, "train loss (cross-entropy)"),
    "learning rate": ("lr", 1, "learning rate"),
}
AXES: dict[str, tuple[Axis, str]] = {
    "epochs": ("epoch", "epoch"),
    "steps": ("step", "steps of the optimiser"),
    "seconds": ("seconds", "seconds since training began"),
}
DOCUMENTED = ", documented"
POINTS = 1500  # of all curves together, but for the documents'


def learning_data(groups: Sequence[Group], documented: Sequence[DocumentedCurve], metric: str, axis: str) -> pd.DataFrame:
    """A row a point of each curve: the mean over seeds and the band around it; of a document its one run, without a band."""
    name, factor, _ = METRICS[metric]
    rows: list[tuple[str, float, float, float | None, float | None, int, str]] = []
    each_has = max(4, POINTS // max(1, len(groups)))
    for group in groups:
        points = curve(group, name)
        for point in (points[index] for index in downsampled([point.mean for point in points], each_has)):
            low, high = point.band or (None, None)
            place = place_on(point, AXES[axis][0])
            band = [None if edge is None else factor * edge for edge in (low, high)]
            if factor == 100:  # no accuracy lies outside, however far its seeds are apart
                band = [None if edge is None else min(max(edge, 0.0), 100.0) for edge in band]
            rows.append((group.label, place, factor * point.mean, band[0], band[1], point.seeds, "measured"))
    for document in documented:
        for each in document.points:
            value = getattr(each, name, None)
            if value is not None:
                place = place_on(each, AXES[axis][0])
                rows.append((f"{document.preset_id}{DOCUMENTED}", place, factor * value, None, None, 1, "documented"))
    return pd.DataFrame(rows, columns=["series", "place", "value", "low", "high", "seeds", "kind"])


# Of an accuracy: all of it, its last percent, or the tenths of a percent in which the curves end.
ZOOMS = ("all", "last percent", "last per mille")
Domain = tuple[float, float]


def zoomed(data: pd.DataFrame, metric: str, zoom: str) -> Domain | None:
    """The part of the axis to draw, None for all. What is no accuracy has no last percent."""
    if METRICS[metric][1] != 100 or zoom == "all" or data.empty:
        return None
    if zoom == "last percent":
        return 99.0, 100.0
    ends = data.sort_values("place").groupby("series").value.last()
    return max(0.0, math.floor(10 * ends.min() - 1) / 10), min(
        100.0, math.ceil(10 * max(ends.max(), data.value.max()) + 0.5) / 10
    )


def within(data: pd.DataFrame, domain: Domain | None) -> pd.DataFrame:
    """Without what lies outside the part that is drawn: a chart would draw it along its edge. A line is broken there."""
    if domain is None:
        return data
    low, high = domain
    value = data.value.where(data.value.between(low, high))
    outside = value.isna()
    band = {name: data[name].astype(float).clip(low, high).mask(outside) for name in ("low", "high")}
    return data.assign(value=value, **band)


@dataclass(frozen=True)
class Style:
    """How a series is drawn: a network has one colour, its recipes and its document differ in their dashes."""

    series: str
    colour: str
    dashes: tuple[int, ...]


RECIPE_DASHES = ((1, 0), (9, 3), (9, 3, 2, 3))  # of a network's first recipe, its second, and all others
DOCUMENT_DASHES = (2, 3)
SHOWN = "shown"


@lru_cache(maxsize=64)
def learning_chart(
    styles: tuple[Style, ...], metric: str, axis: str, domain: Domain | None, hidden: frozenset[str] = frozenset()
) -> Spec:
    """A line a series and a band of one standard deviation. A click on a name in the legend hides its line.

    `hidden` are the series without a line at first. Which have one is the chart's selection SHOWN.
    """
    # Each click takes one out of the selection or puts it back: so the legend fades what is hidden.
    shown = alt.selection_point(
        fields=["series"],
        bind="legend",
        toggle="true",
        name=SHOWN,
        empty=False,
        value=[{"series": style.series} for style in styles if style.series not in hidden],
    )
    title = METRICS[metric][2]
    scale = alt.Scale(domain=list(domain), nice=False) if domain else alt.Scale(zero=False)
    legend = _legend(300, symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1, symbolSize=400)
    names = [style.series for style in styles]
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X("place:Q", title=AXES[axis][1], axis=alt.Axis(format="~s" if axis == "steps" else "d", tickMinStep=1)),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=[style.colour for style in styles]), legend=legend),
    )
    seen = alt.condition(shown, alt.value(1), alt.value(0))
    lines = base.mark_line(strokeWidth=2, clip=True, point=alt.OverlayMarkDef(size=18)).encode(
        y=alt.Y("value:Q", title=title, scale=scale),
        opacity=seen,
        strokeDash=alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=names, range=[list(style.dashes) for style in styles]), legend=legend
        ),
        tooltip=[
            alt.Tooltip("series:N"),
            alt.Tooltip("place:Q", format=",.0f", title=axis),
            alt.Tooltip("value:Q", format=".4~f", title=title),
            alt.Tooltip("seeds:Q"),
        ],
    )
    band = base.mark_area(clip=True).encode(
        y=alt.Y("low:Q", scale=scale), y2="high:Q", opacity=alt.condition(shown, alt.value(0.18), alt.value(0))
    )
    return plain((band + lines.add_params(shown)).properties(height=520, width="container"))


def colour(place: int) -> str:
    """Beyond six they come again: then names and places have to tell lines apart."""
    return COLOURS[place % len(COLOURS)]


# --- what accuracy costs --------------------------------------------------------------------------------------------

COSTS = {"parameters": "parameters", "mult_adds": "mult-adds, an image"}


@dataclass(frozen=True)
class Mark:
    """One point of the trade-off: a run, or what a document reports (hollow). `opens` names what a click on it opens."""

    series: str
    opens: str
    architecture: Architecture
    accuracy: float  # after the last epoch so far, from 0 to 1; of a document its best, as that is what it reports
    documented: bool


def trade_off_data(marks: Sequence[Mark], cost: str) -> pd.DataFrame:
    """A row a mark, and which of the measured ones no other beats."""
    totals = [analyze(mark.architecture) for mark in marks]
    costs = [total.total_params if cost == "parameters" else total.total_mult_adds for total in totals]
    ours = [place for place, mark in enumerate(marks) if not mark.documented]
    best = {ours[place] for place in front([(costs[place], marks[place].accuracy) for place in ours])}
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


@lru_cache(maxsize=64)
def trade_off_chart(series: tuple[str, ...], cost: str) -> Spec:
    """Accuracy against a cost. The line joins the measured points that no other beats."""
    picked = alt.selection_point(fields=["opens"], on="click", name="picked", empty=False)
    colours = alt.Scale(domain=list(series), range=[colour(place) for place in range(len(series))])
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X("cost:Q", title=COSTS[cost], scale=alt.Scale(zero=False, padding=24), axis=alt.Axis(format=".3~s", tickCount=6)),
        # There is room above 100 % for whole points, but nothing is there.
        y=alt.Y(
            "accuracy:Q",
            title="test accuracy in %",
            scale=alt.Scale(zero=False, padding=16),
            axis=alt.Axis(format=".4~g", labelExpr="datum.value > 100 ? '' : datum.label"),
        ),
    )
    line = base.mark_line(color="#8a94a3", strokeDash=[3, 3], interpolate="step-after").transform_filter("datum.front")
    tooltip = [
        "series:N",
        "kind:N",
        alt.Tooltip("cost:Q", format=",", title=COSTS[cost]),
        alt.Tooltip("accuracy:Q", format=".2f"),
    ]
    points = base.mark_point(size=110, strokeWidth=2).encode(
        color=alt.Color("series:N", scale=colours, legend=_legend(180)),
        fill=alt.condition(
            "datum.kind == 'measured'", alt.Color("series:N", scale=colours, legend=None), alt.value("transparent")
        ),
        tooltip=tooltip,
    )
    return plain((line + points.add_params(picked)).properties(height=460, width="container"))
