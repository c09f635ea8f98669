"""The charts of a comparison: its networks layer by layer, how they learn, and accuracy against cost."""

from typing import NamedTuple

from explorer.compare.chosen import RUN
from explorer.compare.comparison import Comparison
from explorer.network.analysis import analyze
from explorer.ui.charts import compare_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.compare_charts import Mark, Style


class How(NamedTuple):
    """What the view shows, and as it does at first. Each is an input's key too."""

    metric: str = "test accuracy"
    axis: str = "epochs"
    zoom: str = "all"
    documented: bool = True


def computation_charts(comparison: Comparison) -> tuple[Chart, ...]:
    analyses = {each.title: analyze(each.architecture) for each in comparison.chosen}
    spec = charts.depth_chart(tuple(analyses))
    return (Chart("computation", "Shape of computation, layer by layer", spec, charts.depth_data(analyses)),)


def learning_chart(
    comparison: Comparison,
    metric: str,
    axis: str = How().axis,
    zoom: str = How().zoom,
    with_documents: bool = How().documented,
    hidden: frozenset[str] = frozenset(),
) -> Chart:
    documents = comparison.documents if with_documents else ()
    data = charts.learning_data(comparison.groups, documents, metric, axis)
    domain = charts.zoomed(data, metric, zoom)
    data = charts.within(data, domain)
    styles = _styles(comparison, with_documents)
    spec = charts.learning_chart(styles, metric, axis, domain, hidden.intersection(style.series for style in styles))
    name = metric.replace(" ", "-") + ("" if domain is None else f"-{zoom.replace(' ', '-')}")
    return Chart(name, f"{metric.capitalize()} over {axis}", spec, data)


def _styles(comparison: Comparison, with_documents: bool) -> tuple[Style, ...]:
    """One a series, in the order of the legend."""
    chosen = comparison.chosen
    recipes = [0] * len(chosen)  # how many of a network's have their dashes already
    styles = []
    for group in comparison.groups:
        place = comparison.place_of(group)
        dashes = charts.RECIPE_DASHES[min(recipes[place], len(charts.RECIPE_DASHES) - 1)]
        recipes[place] += 1
        styles.append(Style(group.label, charts.colour(place), dashes))
    for document in comparison.documents if with_documents else ():
        place = next(place for place, each in enumerate(chosen) if each.preset and each.preset.id == document.preset_id)
        styles.append(Style(f"{document.preset_id}{charts.DOCUMENTED}", charts.colour(place), charts.DOCUMENT_DASHES))
    return tuple(styles)


def trade_off_charts(comparison: Comparison) -> tuple[Chart, ...]:
    """One a cost; none where there is no point to draw."""
    marks = _marks(comparison)
    series = tuple(each.title for each in comparison.chosen)
    return tuple(
        Chart(
            f"accuracy-against-{cost.replace('_', '-')}",
            f"Test accuracy against {title}",
            charts.trade_off_chart(series, cost),
            charts.trade_off_data(marks, cost),
        )
        for cost, title in charts.COSTS.items()
        if marks
    )


def _marks(comparison: Comparison) -> list[Mark]:
    marks = []
    for group in comparison.groups:
        each = comparison.chosen[comparison.place_of(group)]
        for record in group.furthest:
            opens = f"{RUN}{record.run_id}" if record.run_id else each.key
            marks.append(Mark(each.title, opens, record.architecture, record.epochs[-1].test_accuracy, False))
    for each in comparison.chosen:
        if each.preset and each.preset.documented and each.preset.recipe.dataset == comparison.dataset:
            best = each.preset.documented.best.test_accuracy
            marks.append(Mark(each.title, each.key, each.architecture, best, True))
    return marks
