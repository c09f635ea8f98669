"""Charts in words and as tables: the numbers are those that are drawn."""

import re

import pandas as pd
import pytest

from explorer.compare.comparison import Comparison
from explorer.presets import load_presets
from explorer.ui.charts.alt_text import NOTHING, lines_in_words, points_in_words
from explorer.ui.charts.chart import Chart, Wide
from explorer.ui.charts.comparison import learning_chart, measure_charts, trade_off_charts
from explorer.ui.compare.chosen import find
from explorer.ui.show_chart import table_html

PERCENT = "{:.1f} %".format


def curves(*rows: tuple[str, float, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["series", "epoch", "value"])


def test_a_line_is_told_by_where_it_starts_and_ends_and_between_what_it_lies():
    data = curves(("a", 1, 90.0), ("a", 2, 99.0), ("a", 3, 95.0), ("b", 1, 80.0))
    assert lines_in_words(data, "epoch", "series", "value", PERCENT) == (
        "2 lines. a: from 90.0 % at epoch 1 to 95.0 % at epoch 3, lowest 90.0 %, "
        "highest 99.0 %; b: 80.0 % at epoch 1."
    )


def test_what_is_not_drawn_is_not_told():
    data = curves(("a", 1, None), ("a", 2, 99.0))
    assert (
        lines_in_words(data, "epoch", "series", "value", PERCENT) == "1 line. a: 99.0 % at epoch 2."
    )
    assert lines_in_words(data[:1], "epoch", "series", "value", PERCENT) == NOTHING


def test_a_line_is_told_from_left_to_right_however_its_rows_lie():
    data = curves(("a", 3, 95.0), ("b", 2, 80.0), ("a", 1, 90.0), ("b", 1, 70.0))
    assert lines_in_words(data, "epoch", "series", "value", PERCENT) == (
        "2 lines. a: from 90.0 % at epoch 1 to 95.0 % at epoch 3, lowest 90.0 %, highest 95.0 %; "
        "b: from 70.0 % at epoch 1 to 80.0 % at epoch 2, lowest 70.0 %, highest 80.0 %."
    )


def test_a_point_is_told_with_its_kind():
    data = pd.DataFrame(
        [("a", "our run", 100, 99.0)], columns=["series", "kind", "cost", "accuracy"]
    )
    found = points_in_words(data, "series", "cost", "{:,} parameters".format, "accuracy", PERCENT)
    assert found == "1 point. a, our run: 99.0 % at 100 parameters."


class NoRuns:
    def snapshots(self, run_ids):
        return ()


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    found = [find(id) for id, preset in load_presets().items() if preset.documented]
    return Comparison.of(found, [], NoRuns()).on("mnist")


def all_charts(comparison: Comparison) -> list[Chart]:
    return [
        *measure_charts(comparison),
        learning_chart(comparison, "test accuracy"),
        *trade_off_charts(comparison),
    ]


def test_every_chart_tells_of_every_network_with_numbers(comparison):
    for chart in all_charts(comparison):
        for each in comparison.chosen:
            assert re.search(rf"{each.title}\b[^;]*\d", chart.alt), (chart.name, each.title)


def test_every_chart_has_a_table_with_all_that_is_drawn(comparison):
    for chart in all_charts(comparison):
        values = chart.numbers.select_dtypes("number").stack()
        column = "accuracy" if "accuracy" in chart.data else "value"
        assert set(chart.data[column].dropna()) <= set(values)
        html = table_html(chart.numbers, chart.title)
        assert html.count("<tr>") == len(chart.numbers) + 1
        assert 'tabindex="0"' in html


def test_a_wide_table_has_a_column_for_each_line():
    data = curves(("b", 1, 1.0), ("a", 1, 2.0), ("a", 2, 3.0))
    found = Chart(
        "x", "X", {}, data, headings={"epoch": "epoch"}, wide=Wide("epoch", "series", "value")
    ).numbers
    assert set(found.columns) == {"epoch", "a", "b"}
    assert found["a"].tolist() == [2.0, 3.0]
    assert "–" in table_html(found, "X")


def test_names_in_a_table_are_text():
    found = table_html(pd.DataFrame({"<b>": ["<i>x"]}), '"><script>')
    assert "<i>" not in found
    assert "<script>" not in found
