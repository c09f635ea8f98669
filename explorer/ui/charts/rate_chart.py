"""The learning-rate finder's chart: the loss of each step over its learning rate."""

import math

import altair as alt
import pandas as pd

from explorer.training.learning_rate_finder import FoundRates
from explorer.ui.charts.chart import Chart, Spec, Wide, plain
from explorer.ui.charts.palette import BLUE, GREEN, LINE, ORANGE, VERMILION

STEP, SMOOTHED = "loss of the step", "smoothed"
MARKS = {  # colour and shape of the rates that are suggested
    "a tenth of the minimum": (ORANGE, "diamond"),
    "steepest": (VERMILION, "triangle-up"),
    "between the two": (GREEN, "square"),
}
TENTH, STEEPEST, BETWEEN = MARKS
ROOM = 1.1  # times the highest smoothed loss before the lowest: what is above has diverged


def rate_chart(found: FoundRates) -> Chart:
    """The losses, faint, their smoothed line, and a mark at each suggestion."""
    rows = [(rate, STEP, loss) for rate, loss in zip(found.lrs, found.losses, strict=True)]
    rows += [(rate, SMOOTHED, loss) for rate, loss in zip(found.lrs, found.smoothed, strict=True)]
    rows += [(rate, name, _smoothed_at(found, rate)) for name, rate in suggestions(found).items()]
    data = pd.DataFrame(
        [row for row in rows if math.isfinite(row[2])], columns=["rate", "series", "loss"]
    )
    return Chart(
        "learning-rates",
        "Loss at rising learning rates",
        _fitted(found),
        data,
        _in_words(found),
        headings={"rate": "learning rate"},
        wide=Wide("rate", "series", "loss"),
    )


def suggestions(found: FoundRates) -> dict[str, float]:
    """The different rates that are suggested, by where they come from, the better one first."""
    if found.suggested is None or found.tenth_of_minimum is None or found.steepest is None:
        return {}
    named = {TENTH: found.tenth_of_minimum, STEEPEST: found.steepest, BETWEEN: found.suggested}
    by_rate: dict[float, str] = {}
    for name, rate in named.items():
        by_rate.setdefault(rate, name)
    best_first = sorted(by_rate, key=lambda rate: rate != found.suggested)
    return {by_rate[rate]: rate for rate in best_first}


def _smoothed_at(found: FoundRates, rate: float) -> float:
    """The smoothed loss at the step whose rate is nearest."""
    distances = [abs(math.log(each / rate)) for each in found.lrs]
    return found.smoothed[distances.index(min(distances))]


def _top(found: FoundRates) -> float:
    """Where to cut off the losses, so that those before the divergence can be read."""
    finite = [loss for loss in found.smoothed if math.isfinite(loss)]
    if not finite:
        return 1.0
    return ROOM * max(finite[: finite.index(min(finite)) + 1])


def _in_words(found: FoundRates) -> str:
    finite = [
        (loss, rate)
        for rate, loss in zip(found.lrs, found.smoothed, strict=True)
        if math.isfinite(loss)
    ]
    if not finite:
        return "The loss is no number from the first step on"
    (first, start), (low, at), end = finite[0], min(finite), found.lrs[-1]
    marks = "".join(f"; {name}: {rate:g}" for name, rate in suggestions(found).items())
    return (
        f"The smoothed loss goes from {first:.3g} at a learning rate of {start:.2g} down to "
        f"{low:.3g} at {at:.2g}; the last rate tried is {end:.2g}{marks}"
    )


def _fitted(found: FoundRates) -> Spec:
    """The chart up to the losses that can be read, with what is drawn in its legend."""
    drawn = [SMOOTHED, *suggestions(found)]
    layers = []
    for layer in _SPEC["layer"]:
        channels = {
            name: {**channel, "legend": {**channel["legend"], "values": drawn}}
            if isinstance(channel, dict) and channel.get("legend")
            else channel
            for name, channel in layer["encoding"].items()
        }
        scale = {"domain": [0, _top(found)], "nice": False}
        channels["y"] = {**channels["y"], "scale": scale}
        layers.append({**layer, "encoding": channels})
    return {**_SPEC, "layer": layers}


def _spec() -> Spec:
    series = [SMOOTHED, *MARKS]
    colours = alt.Scale(
        domain=series, range=[BLUE.css, *(colour.css for colour, _ in MARKS.values())]
    )
    shapes = alt.Scale(domain=series, range=["stroke", *(shape for _, shape in MARKS.values())])
    legend = alt.Legend(title=None, orient="top", columns=2, offset=4, symbolStrokeWidth=2)
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X(
            "rate:Q",
            title="learning rate",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(values=[10**power for power in range(-5, 2)], format="~g", grid=True),
        ),
        y=alt.Y("loss:Q", title="loss (cross-entropy)", axis=alt.Axis(tickCount=5, format=".3~g")),
        tooltip=[
            alt.Tooltip("series:N"),
            alt.Tooltip("rate:Q", format=".2~g", title="learning rate"),
            alt.Tooltip("loss:Q", format=".4f"),
        ],
    )
    coloured = base.encode(
        color=alt.Color("series:N", scale=colours, legend=legend),
    )
    steps = base.mark_point(
        filled=True, size=14, opacity=0.45, clip=True, aria=False, color=LINE.css
    ).transform_filter(alt.FieldEqualPredicate(field="series", equal=STEP))
    line = coloured.mark_line(strokeWidth=2.5, clip=True).transform_filter(
        alt.FieldEqualPredicate(field="series", equal=SMOOTHED)
    )
    marks = (
        coloured.mark_point(filled=True, size=110, opacity=1, clip=True)
        .encode(shape=alt.Shape("series:N", scale=shapes, legend=legend))
        .transform_filter(alt.FieldOneOfPredicate("series", list(MARKS)))
    )
    return plain(alt.layer(steps, line, marks).properties(height=280, width="container"))


_SPEC = _spec()
