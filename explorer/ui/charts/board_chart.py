"""A class's runs as points: test accuracy against parameters.

The axis of accuracies is stretched towards 100 %, where a class's networks crowd: a point's height
is that of -ln(1 + the test error in percent). So one run that went wrong does not press all others
together, and halving the error is about the same step everywhere.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import altair as alt
import pandas as pd

from explorer.compare.pareto import front
from explorer.text import counted
from explorer.ui.charts.chart import Chart, Spec, plain
from explorer.ui.charts.end_labels import spread_labels
from explorer.ui.charts.palette import BLUE, GREEN, LINE, ORANGE, TEXT
from explorer.ui.charts.projected import TYPE

# What is told of a person, with colour and shape: met, handed in, and all the others.
KINDS = {
    "met the assignment": (GREEN, "diamond"),
    "handed in": (ORANGE, "square"),
    "not handed in": (BLUE, "circle"),
}
MET, HANDED_IN, OTHERS = KINDS
LABEL_TYPE = 13  # pixels of the names' type
LABEL_WIDTH = 11  # of a name at most, in sizes of its type
TICK_GAP = 0.09  # of the chart's height, between two accuracies on the axis
LEAST_SPAN = 0.1  # of the heights that the axis is made for
TICK_STEPS = (10.0, 5.0, 1.0, 0.5, 0.1, 0.01)  # percent, the rounder ones first
LABEL_GAP = 0.055  # of the chart's height, between two names one above the other
NEAR = 0.12  # of the chart's width; names of points that are nearer side by side could touch
HEADINGS = {
    "name": "Name",
    "cost": "Parameters",
    "accuracy": "Test accuracy, %",
    "kind": "Assignment",
    "front": "On the Pareto front",
}


class BoardPoint(NamedTuple):
    """What somebody has reached."""

    name: str
    opens: str  # what a click on it names
    parameters: int
    accuracy: float  # test accuracy, from 0 to 1
    kind: str  # one of KINDS


def board_chart(points: Sequence[BoardPoint], with_names: bool) -> Chart:
    """A point a person; the line joins those that no other beats."""
    best = set(front([(point.parameters, point.accuracy) for point in points]))
    accuracies = [100 * point.accuracy for point in points]
    heights = list(map(_height, accuracies))
    rows = [
        (
            point.name,
            point.opens,
            point.parameters,
            accuracy,
            point.kind,
            place in best,
            point.name if with_names else "",
            height,
            label_at,
        )
        for place, (point, accuracy, height, label_at) in enumerate(
            zip(points, accuracies, heights, _label_heights(points, heights), strict=True)
        )
    ]
    columns = ["name", "opens", "cost", "accuracy", "kind", "front", "label", "height", "label_at"]
    data = pd.DataFrame(rows, columns=columns)
    kinds = tuple(kind for kind in KINDS if any(point.kind == kind for point in points))
    headings = HEADINGS if with_names else {k: v for k, v in HEADINGS.items() if k != "name"}
    return Chart(
        "board",
        "Test accuracy against parameters",
        board_spec(kinds, with_names, _ticks(accuracies)),
        data,
        _in_words(points, best, with_names),
        headings,
        layout=("label", "height", "label_at", "opens"),
    )


def _height(percent: float) -> float:
    """Of a test accuracy, on the stretched axis."""
    return -math.log1p(100 - percent)


def _ticks(accuracies: Sequence[float]) -> tuple[float, ...]:
    """Heights of round accuracies for the axis, the roundest that stand far enough apart."""
    if not accuracies:
        return ()
    low, high = min(accuracies), max(accuracies)
    gap = TICK_GAP * max(_height(high) - _height(low), LEAST_SPAN)
    chosen = list[float]()
    for step in TICK_STEPS:
        for number in range(math.ceil(high / step), math.floor(low / step) - 1, -1):
            at = _height(min(100.0, number * step))
            if all(abs(at - other) >= gap for other in chosen):
                chosen.append(at)
    return tuple(sorted(chosen))


def _label_heights(points: Sequence[BoardPoint], at: Sequence[float]) -> list[float]:
    """Where each name stands, so that names of points side by side do not touch. `at` is where the
    points do.
    """
    costs = [point.parameters for point in points]
    if not points:
        return []
    low, high = min(at), max(at)
    gap, near = LABEL_GAP * (high - low), NEAR * (max(costs) - min(costs))
    heights, together = list(at), list[int]()
    order = sorted(range(len(points)), key=lambda place: costs[place])
    for place, after in zip(order, [*order[1:], None], strict=True):
        together.append(place)
        if after is None or costs[after] - costs[place] > near:
            spread = spread_labels([at[each] for each in together], gap, low, high)
            for each, height in zip(together, spread, strict=True):
                heights[each] = height
            together = []
    return heights


def _in_words(points: Sequence[BoardPoint], best: set[int], with_names: bool) -> str:
    if not points:
        return "Nobody has reached anything yet"
    first = max(points, key=lambda point: point.accuracy)
    whose = f", {first.name}'s" if with_names else ""
    return (
        f"{counted(len(points), 'point')}, of which {len(best)} on the Pareto front. The highest "
        f"accuracy is {100 * first.accuracy:.2f} % with {first.parameters:,} parameters{whose}"
    )


@lru_cache(maxsize=16)
def board_spec(kinds: tuple[str, ...], with_names: bool, ticks: tuple[float, ...]) -> Spec:
    """The specification for points of these kinds, with accuracies on the axis at these heights."""
    picked = alt.selection_point(fields=["opens"], on="click", name="picked", empty=False)
    legend = alt.Legend(title=None, orient="top", symbolSize=110, labelLimit=0)
    colours = alt.Scale(domain=list(kinds), range=[KINDS[kind][0].css for kind in kinds])
    shapes = alt.Scale(domain=list(kinds), range=[KINDS[kind][1] for kind in kinds])
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X(
            "cost:Q",
            title="parameters",
            scale=alt.Scale(zero=False, padding=40),
            axis=alt.Axis(format=".3~s", tickCount=6),
        ),
        y=alt.Y(
            "height:Q",
            title="test accuracy in %",
            scale=alt.Scale(zero=False, nice=False, padding=24),
            axis=alt.Axis(values=ticks, labelExpr="format(101 - exp(-datum.value), '.4~g')"),
        ),
    )
    line = base.mark_line(
        color=LINE.css, strokeDash=[3, 3], interpolate="step-after"
    ).transform_filter("datum.front")
    named = [alt.Tooltip("name:N")] if with_names else []
    points = base.mark_point(size=130, filled=True, opacity=0.9, cursor="pointer").encode(
        color=alt.Color("kind:N", scale=colours, legend=legend),
        shape=alt.Shape("kind:N", scale=shapes, legend=legend),
        tooltip=[
            *named,
            alt.Tooltip("cost:Q", format=",", title="parameters"),
            alt.Tooltip("accuracy:Q", format=".2f", title="test accuracy, %"),
        ],
    )
    # Measured by the type of labels, which a projector enlarges.
    size, beside = alt.ExprRef(TYPE), alt.ExprRef(f"0.6 * {TYPE}")
    above = alt.ExprRef(f"-0.9 * {TYPE}")  # the line leaves a point to the right, and from below
    width = alt.ExprRef(f"{LABEL_WIDTH} * {TYPE}")
    # To a name that stands aside of its point.
    leaders = base.mark_rule(color=LINE.css, opacity=0.6).encode(y2=alt.Y2("label_at:Q"))
    labels = base.mark_text(align="left", dx=beside, dy=above, fontSize=size, limit=width).encode(
        y=alt.Y("label_at:Q", title="test accuracy in %"),
        text=alt.Text("label:N"),
        color=alt.value(TEXT.css),
    )
    kind = alt.param(name=TYPE, value=LABEL_TYPE)
    named_points = [leaders, labels] if with_names else [labels]
    drawn = alt.layer(line, *named_points, points.add_params(picked)).add_params(kind)
    return plain(drawn.properties(height=420, width="container"))
