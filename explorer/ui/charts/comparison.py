"""The charts of a comparison: its networks layer by layer, how they learn, and accuracy against
cost.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from explorer.compare.chosen import RUN
from explorer.compare.comparison import Comparison
from explorer.network.analysis import analyze
from explorer.ui.charts import compare_charts as charts
from explorer.ui.charts.alt_text import lines_in_words, points_in_words
from explorer.ui.charts.chart import Chart, Wide
from explorer.ui.charts.compare_charts import Mark, Style
from explorer.ui.charts.end_labels import short_names
from explorer.ui.charts.palette import colour_of, shape_of


class LearningOptions(NamedTuple):
    """What the view shows, and as it does at first. Each is an input's key too."""

    metric: str = "test accuracy"
    axis: str = "epochs"
    zoom: str = charts.TO_THE_END
    documented: bool = True


def computation_charts(comparison: Comparison) -> tuple[Chart, ...]:
    """All measures in one picture, as it is downloaded."""
    names, data = _depth(comparison)
    title = "Layer by layer"
    return (Chart("computation", title, charts.depth_chart(names), data, headings=DEPTH_HEADINGS),)


def measure_charts(comparison: Comparison) -> tuple[Chart, ...]:
    """The same as a chart for each measure, as the page shows them."""
    names, data = _depth(comparison)
    return tuple(_measure_chart(names, data, name) for name in charts.MEASURES)


DEPTH_HEADINGS = {
    "network": "network",
    "depth": "layer",
    "layer": "kind",
    "measure": "measure",
    "value": "value",
}


def _depth(comparison: Comparison) -> tuple[tuple[str, ...], pd.DataFrame]:
    analyses = {each.title: analyze(each.architecture) for each in comparison.chosen}
    return tuple(analyses), charts.depth_data(analyses)


def _measure_chart(names: tuple[str, ...], data: pd.DataFrame, name: str) -> Chart:
    title = charts.MEASURES[name].title
    data = data[data.measure == title].reset_index(drop=True)
    named = data.rename(columns={"depth": "layer", "layer": "kind"})
    return Chart(
        f"computation-{name.replace('_', '-')}",
        f"{title[0].upper()}{title[1:]}",
        charts.measure_chart(names, name),
        data,
        alt=lines_in_words(named, "layer", "network", "value", "{:,.6g}".format),
        headings={"depth": "layer"},
        wide=Wide("depth", "network", "value"),
    )


def learning_chart(
    comparison: Comparison,
    metric: str,
    axis: str = LearningOptions().axis,
    zoom: str = LearningOptions().zoom,
    with_documents: bool = LearningOptions().documented,
    hidden: frozenset[str] = frozenset(),
    label_share: float = charts.LABEL_SHARE,
) -> Chart:
    """The curves but for those that are hidden. A label takes that share of the height."""
    documents = comparison.documents if with_documents else ()
    data = charts.learning_data(comparison.groups, documents, metric, axis)
    data = data[~data.series.isin(hidden)].reset_index(drop=True)
    part = charts.zoomed(data, metric, zoom)
    data = charts.within(data, part)
    domain = part or charts.whole(data, metric)
    styles = tuple(
        style for style in learning_styles(comparison, with_documents) if style.series not in hidden
    )
    name = metric.replace(" ", "-") + ("" if part is None else f"-{zoom.replace(' ', '-')}")
    unit = "{:.2f} %" if charts.METRICS[metric][1] == 100 else "{:.4g}"
    along = charts.AXES[axis][1]
    return Chart(
        name,
        f"{metric.capitalize()} over {axis}",
        charts.learning_chart(styles, metric, axis, domain),
        charts.with_end_labels(
            data, domain, {style.series: style.label for style in styles}, label_share
        ),
        alt=lines_in_words(
            data.rename(columns={"place": along}), along, "series", "value", unit.format
        ),
        headings={"place": along},
        wide=Wide("place", "series", "value"),
        layout=("label_at", "label"),
    )


def series_names(comparison: Comparison, with_documents: bool) -> tuple[str, ...]:
    """All lines that there are, in the order of the chosen networks."""
    return tuple(style.series for style in learning_styles(comparison, with_documents))


def learning_styles(comparison: Comparison, with_documents: bool) -> tuple[Style, ...]:
    """One for each series: our runs by network, then the documents."""
    chosen = comparison.chosen
    recipes = [0] * len(chosen)  # how many of a network's have their dashes already
    styles = []
    for group in comparison.groups:
        place = comparison.place_of(group)
        dashes = charts.RECIPE_DASHES[min(recipes[place], len(charts.RECIPE_DASHES) - 1)]
        recipes[place] += 1
        styles.append(Style(group.label, colour_of(place).css, shape_of(place), dashes))
    for document in comparison.documents if with_documents else ():
        place = next(
            place
            for place, each in enumerate(chosen)
            if each.preset and each.preset.id == document.preset_id
        )
        series = f"{document.preset_id}{charts.AUTHORS_LOG}"
        styles.append(Style(series, colour_of(place).css, shape_of(place), charts.DOCUMENT_DASHES))
    labels = short_names([style.series for style in styles])
    return tuple(replace(style, label=labels[style.series]) for style in styles)


def trade_off_charts(comparison: Comparison) -> tuple[Chart, ...]:
    """One a cost; none where there is no point to draw."""
    marks = _marks(comparison)
    series = tuple(each.title for each in comparison.chosen)
    if not marks:
        return ()
    return tuple(_trade_off_chart(series, marks, cost) for cost in charts.COSTS)


def _trade_off_chart(series: tuple[str, ...], marks: Sequence[Mark], cost: str) -> Chart:
    title, data = charts.COSTS[cost], charts.trade_off_data(marks, cost)
    told = data.assign(kind=data.kind.map({"measured": "our run", "documented": "author's log"}))
    costs, accuracy = f"{{:,}} {title}".format, "{:.2f} %".format
    return Chart(
        f"accuracy-against-{cost.replace('_', '-')}",
        f"Test accuracy against {title}",
        charts.trade_off_chart(series, cost),
        data,
        alt=points_in_words(told, "series", "cost", costs, "accuracy", accuracy),
        headings={
            "series": "network",
            "kind": "kind",
            "cost": title,
            "accuracy": "test accuracy in %",
            "front": "on the Pareto front",
        },
    )


def _marks(comparison: Comparison) -> list[Mark]:
    marks = []
    for group in comparison.groups:
        each = comparison.chosen[comparison.place_of(group)]
        for record in group.furthest:
            opens = f"{RUN}{record.run_id}" if record.run_id else each.key
            marks.append(
                Mark(each.title, opens, record.architecture, record.epochs[-1].test_accuracy, False)
            )
    for each in comparison.chosen:
        if (
            each.preset
            and each.preset.documented
            and each.preset.recipe.dataset == comparison.dataset
        ):
            best = each.preset.documented.best.test_accuracy
            marks.append(Mark(each.title, each.key, each.architecture, best, True))
    return marks
