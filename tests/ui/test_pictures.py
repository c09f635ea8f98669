"""Charts as files."""

import csv
import io
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from explorer.compare.learning import documented_curve
from explorer.presets import load_presets
from explorer.training.event import Event
from explorer.ui import charts, pictures
from explorer.ui.charts import Chart
from explorer.ui.compare.chosen import find, first_choice
from explorer.ui.compare.computation_view import computation_charts
from explorer.ui.compare.learning_view import learning_chart
from explorer.ui.compare.trade_off_view import trade_off_charts

EPOCH = {"test_loss": 0.2, "test_accuracy": 0.9, "train_accuracy": 0.8}


def loss() -> Chart:
    steps = tuple(Event(kind="step", step=step, metrics={"loss": 1 / step}) for step in range(1, 41))
    epochs = (Event(kind="epoch", epoch=1, metrics=EPOCH),)
    return Chart("loss", "Loss <of> a run", charts.loss_chart(2), charts.loss_data(steps, epochs, 4))


def documented() -> list[Chart]:
    presets = [preset for preset in load_presets().values() if preset.documented]
    curves = tuple(curve for preset in presets if (curve := documented_curve(preset)))
    chosen = [find(id) for id in first_choice()]
    return [learning_chart(chosen, (), curves, "test accuracy", zoom=zoom) for zoom in ("all", "last percent", "last per mille")]


@pytest.mark.parametrize(
    "make", [lambda: [loss()], documented, lambda: computation_charts([find(id) for id in first_choice()], "mnist")]
)
def test_svg_and_png_show_the_data(make):
    for chart in make():
        drawn = ElementTree.fromstring(pictures.svg(chart))
        text = "".join(drawn.itertext())
        assert chart.title in text
        paths = [path.get("d", "") for path in drawn.iter("{http://www.w3.org/2000/svg}path")]
        assert max(len(path) for path in paths) > 80  # a line of many points, which an empty chart has not
        assert pictures.png(chart).startswith(b"\x89PNG")


def test_csv_has_a_row_a_point():
    rows = list(csv.DictReader(io.StringIO(pictures.csv(loss()).decode())))
    assert [row["series"] for row in rows] == ["train"] * 40 + ["test"]
    assert float(rows[3]["value"]) == 0.25


def test_what_is_missing_is_null():
    chart = Chart("x", "x", {}, pd.DataFrame({"low": [None, 1.0], "name": ["a", None]}))
    assert pictures._records(chart) == [{"low": None, "name": "a"}, {"low": 1.0, "name": None}]


def test_all_files_of_some_charts():
    found = pictures.files([loss()])
    assert set(found) == {"loss.svg", "loss.png", "loss.csv"}


def test_names_of_a_comparisons_charts_differ():
    chosen = [find(id) for id in first_choice()]
    named = [*computation_charts(chosen, "mnist"), *trade_off_charts(chosen, "mnist"), *documented()]
    assert len({chart.name for chart in named}) == len(named)
