"""A class's runs as points: test accuracy against parameters."""

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
    rows = [
        (
            point.name,
            point.opens,
            point.parameters,
            100 * point.accuracy,
            point.kind,
            place in best,
            point.name if with_names else "",
            label_at,
        )
        for place, (point, label_at) in enumerate(zip(points, _label_heights(points), strict=True))
    ]
    columns = ["name", "opens", "cost", "accuracy", "kind", "front", "label", "label_at"]
    data = pd.DataFrame(rows, columns=columns)
    kinds = tuple(kind for kind in KINDS if any(point.kind == kind for point in points))
    headings = HEADINGS if with_names else {k: v for k, v in HEADINGS.items() if k != "name"}
    return Chart(
        "board",
        "Test accuracy against parameters",
        board_spec(kinds, with_names),
        data,
        _in_words(points, best, with_names),
        headings,
        layout=("label", "label_at", "opens"),
    )


def _label_heights(points: Sequence[BoardPoint]) -> list[float]:
    """Where each name stands, in percent, so that names of points side by side do not touch."""
    accuracies = [100 * point.accuracy for point in points]
    costs = [point.parameters for point in points]
    if not points:
        return []
    low, high = min(accuracies), max(accuracies)
    gap, near = LABEL_GAP * (high - low), NEAR * (max(costs) - min(costs))
    heights, together = list(accuracies), list[int]()
    order = sorted(range(len(points)), key=lambda place: costs[place])
    for place, after in zip(order, [*order[1:], None], strict=True):
        together.append(place)
        if after is None or costs[after] - costs[place] > near:
            spread = spread_labels([accuracies[each] for each in together], gap, low, high)
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
def board_spec(kinds: tuple[str, ...], with_names: bool) -> Spec:
    """The specification for points of these kinds."""
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
            "accuracy:Q",
            title="test accuracy in %",
            scale=alt.Scale(zero=False, padding=24),
            axis=alt.Axis(format=".4~g", labelExpr="datum.value > 100 ? '' : datum.label"),
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
    labels = base.mark_text(align="left", dx=beside, dy=above, fontSize=size, limit=width).encode(
        y=alt.Y("label_at:Q", title="test accuracy in %"),
        text=alt.Text("label:N"),
        color=alt.value(TEXT.css),
    )
    kind = alt.param(name=TYPE, value=LABEL_TYPE)
    drawn = (line + labels + points.add_params(picked)).add_params(kind)
    return plain(drawn.properties(height=420, width="container"))
