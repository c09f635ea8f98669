"""Data in, altair's specifications out.

Each is built once and filled with data by whoever draws it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from explorer.presets import RECIPE_VARIANT_NAMES, Documented, Result
from explorer.runs.run import Snapshot
from explorer.training.event import Event, downsample
from explorer.ui.charts.alt_text import lines_in_words
from explorer.ui.charts.chart import Chart, Spec, Wide, plain
from explorer.ui.charts.palette import BLUE, GREEN, ORANGE, PURPLE

# --- a run, live and finished ---------------------------------------------------------------------

MEASURED = ("train", "test")
VALIDATED = (*MEASURED, "validation")  # of a run that holds images out
FAR_ABOVE = 4  # times the first loss: what is higher has diverged, and would flatten all before it
EPOCHS = 400  # that a chart is drawn with, whatever the run's length
DOTS = 60  # a series at most: each is an element of the page, drawn anew whenever something comes
SOLID, DASHED, DOTTED = [1, 0], [5, 4], [2, 2]
STYLES = {  # a series' colour and dashes
    "train": (BLUE, SOLID),
    "test": (ORANGE, SOLID),
    "validation": (GREEN, SOLID),
    "author's log, train": (BLUE, DASHED),
    "author's log, test": (ORANGE, DASHED),
    "our run, author's recipe": (PURPLE, DOTTED),
    "our run, our recipe": (GREEN, DOTTED),
}


@dataclass(frozen=True)
class Curve:
    """Accuracies to compare a run with, in percent, by epoch. `series` is one of STYLES."""

    series: str
    points: tuple[tuple[int, float], ...]


def documented_curves(documented: Documented) -> tuple[Curve, ...]:
    """What the document's log reports: test accuracy, and train accuracy where it has it."""
    test = tuple((epoch.epoch, 100 * epoch.test_accuracy) for epoch in documented.log)
    train = tuple(
        (epoch.epoch, 100 * epoch.train_accuracy)
        for epoch in documented.log
        if epoch.train_accuracy is not None
    )
    return tuple(
        curve
        for curve in (Curve("author's log, train", train), Curve("author's log, test", test))
        if curve.points
    )


def measured_curve(variant: str, result: Result) -> Curve:
    """The test accuracy of our own runs with the author's recipe or ours, the mean over their
    seeds.
    """
    return Curve(
        f"our run, {RECIPE_VARIANT_NAMES[variant]}",
        tuple((epoch, 100 * value) for epoch, value in enumerate(result.curve, 1)),
    )


def loss_data(
    steps: tuple[Event, ...], epochs: tuple[Event, ...], steps_per_epoch: int
) -> pd.DataFrame:
    """The training loss of each step event, and the test and validation losses of each epoch, over
    the epochs' axis.
    """
    rows = [(event.step / steps_per_epoch, "train", event.metrics["loss"]) for event in steps]
    rows += [
        (float(event.epoch), part, event.metrics[f"{part}_loss"])
        for part in ("test", "validation")
        for event in epochs
        if f"{part}_loss" in event.metrics
    ]
    return pd.DataFrame(rows, columns=["epoch", "series", "value"])


def accuracy_data(epochs: tuple[Event, ...], beside: tuple[Curve, ...]) -> pd.DataFrame:
    """The accuracies of each epoch in percent, and the curves to compare them with."""
    rows = [
        (event.epoch, part, 100 * event.metrics[f"{part}_accuracy"])
        for part in VALIDATED
        for event in epochs
        if f"{part}_accuracy" in event.metrics
    ]
    rows += [(epoch, curve.series, value) for curve in beside for epoch, value in curve.points]
    return pd.DataFrame(rows, columns=["epoch", "series", "value"])


def loss_chart(epochs: int, top: float | None = None, measured: tuple[str, ...] = MEASURED) -> Spec:
    """The loss over a run of so many epochs.

    The axis has the run's whole length from the start, so nothing moves.

    Losses above `top` are cut off, see `loss_top`; the axis says so.
    """
    spec = _over(_LOSS[measured], epochs)
    return (
        spec
        if top is None
        else {**spec, "layer": [_cut_off(layer, top) for layer in spec["layer"]]}
    )


def loss_top(losses: Sequence[float]) -> float | None:
    """Where to cut off the axis of these losses, in their order, so that those before a divergence
    can still be read.

    None where none is far above the first.
    """
    finite = [loss for loss in losses if math.isfinite(loss)]
    if not finite or max(finite) <= FAR_ABOVE * finite[0]:
        return None
    return FAR_ABOVE * finite[0]


def _cut_off(layer: Spec, top: float) -> Spec:
    y = layer["encoding"]["y"]
    scale = {**y["scale"], "domainMax": top, "nice": False}
    y = {**y, "scale": scale, "title": f"{y['title']}, cut off at {top:.3g}"}
    return {**layer, "encoding": {**layer["encoding"], "y": y}}


def accuracy_chart(
    epochs: int, beside: tuple[Curve, ...], measured: tuple[str, ...] = MEASURED
) -> Spec:
    """The accuracies over so many epochs, with a place in the legend for each curve to compare them
    with.
    """
    return _over(_accuracy_spec((*measured, *(curve.series for curve in beside))), epochs)


def run_charts(snapshot: Snapshot, beside: tuple[Curve, ...]) -> tuple[Chart, ...]:
    """Of a run that has started: its loss, and its accuracies with the curves to compare them
    with.
    """
    assert snapshot.started is not None
    steps_per_epoch, epochs = (
        int(snapshot.started.metrics[name]) for name in ("steps_per_epoch", "epochs")
    )
    longest = max([epochs, *(epoch for curve in beside for epoch, _ in curve.points)])
    shown = downsample(snapshot.epochs, EPOCHS, "test_accuracy")
    measured = VALIDATED if snapshot.run.recipe.validation_images else MEASURED
    loss = loss_data(snapshot.steps, shown, steps_per_epoch)
    accuracy = accuracy_data(shown, beside)
    return (
        Chart(
            "loss",
            "Loss",
            loss_chart(longest, loss_top(loss["value"].tolist()), measured),
            loss,
            alt=lines_in_words(loss, "epoch", "series", "value", "{:.4g}".format),
            headings={"epoch": "epoch"},
            wide=_BY_EPOCH,
        ),
        Chart(
            "accuracy",
            "Accuracy after each epoch",
            accuracy_chart(longest, beside, measured),
            accuracy,
            alt=lines_in_words(accuracy, "epoch", "series", "value", "{:.2f} %".format),
            headings={"epoch": "epoch"},
            wide=_BY_EPOCH,
        ),
    )


_BY_EPOCH = Wide("epoch", "series", "value")


@lru_cache(maxsize=64)
def _accuracy_spec(series: tuple[str, ...]) -> Spec:
    return _run_spec("accuracy in %", ".2f", False, series, [*VALIDATED])


def _over(spec: Spec, epochs: int) -> Spec:
    lines, dots = (
        {**layer, "encoding": {**layer["encoding"], "x": _domain(layer["encoding"]["x"], epochs)}}
        for layer in spec["layer"]
    )
    every = -(-epochs // DOTS)
    some = {"filter": f"datum.epoch === 1 || datum.epoch % {every} === 0"}
    return {**spec, "layer": [lines, {**dots, "transform": [*dots["transform"], some]}]}


def _domain(x: Spec, epochs: int) -> Spec:
    return {**x, "scale": {"domain": [0, epochs], "nice": False}}


def _run_spec(
    title: str, format: str, zero: bool, series: tuple[str, ...], dotted: list[str]
) -> Spec:
    colours = alt.Scale(domain=list(series), range=[STYLES[name][0].css for name in series])
    dashes = alt.Scale(domain=list(series), range=[STYLES[name][1] for name in series])
    legend = alt.Legend(
        title=None, orient="top", symbolType="stroke", symbolStrokeWidth=3, columns=2, offset=4
    )
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(format="d", tickMinStep=1, tickCount=10)),
        y=alt.Y(
            "value:Q",
            title=title,
            scale=alt.Scale(zero=zero, nice=True),
            axis=alt.Axis(tickCount=6, format=".4~g"),
        ),
        color=alt.Color("series:N", scale=colours, legend=legend),
    )
    lines = base.mark_line(strokeWidth=2, clip=True).encode(
        strokeDash=alt.StrokeDash("series:N", scale=dashes, legend=None)
    )
    # A line of one point is nothing to see, and a line's tooltip knows no point of it, so what is
    # of a whole epoch has a dot.
    tooltip = [
        alt.Tooltip("series:N"),
        alt.Tooltip("epoch:Q", format=".2f"),
        alt.Tooltip("value:Q", format=format, title=title),
    ]
    whole = alt.FieldOneOfPredicate("series", dotted)
    dots = (
        base.mark_point(filled=True, size=26, opacity=1, clip=True, aria=False)
        .encode(tooltip=tooltip)
        .transform_filter(whole)
    )
    return plain((lines + dots).properties(height=300, width="container"))


_LOSS: dict[tuple[str, ...], Spec] = {
    measured: _run_spec("loss (cross-entropy)", ".4f", True, measured, ["test", "validation"])
    for measured in (MEASURED, VALIDATED)
}
