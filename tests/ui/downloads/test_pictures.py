"""Charts as files."""

import csv
import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explorer.compare.comparison import Comparison
from explorer.text import printable
from explorer.training.event import Event
from explorer.ui import process
from explorer.ui.charts import run_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.charts.compare_charts import ZOOMS
from explorer.ui.charts.comparison import computation_charts, learning_chart, trade_off_charts
from explorer.ui.compare.chosen import find_all, first_choice
from explorer.ui.downloads import pictures
from explorer.ui.downloads.child_process import ChildDied

EPOCH = {"test_loss": 0.2, "test_accuracy": 0.9, "train_accuracy": 0.8}


def loss() -> Chart:
    steps = tuple(
        Event(kind="step", step=step, metrics={"loss": 1 / step}) for step in range(1, 41)
    )
    epochs = (Event(kind="epoch", epoch=1, metrics=EPOCH),)
    return Chart(
        "loss", "Loss <of> a run", charts.loss_chart(2), charts.loss_data(steps, epochs, 4)
    )


def comparison() -> Comparison:
    return Comparison.of(find_all(first_choice()), (), process.jobs()).on("mnist")


def documented() -> list[Chart]:
    return [learning_chart(comparison(), "test accuracy", zoom=zoom) for zoom in ZOOMS]


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [lambda: [loss()], documented, lambda: computation_charts(comparison())]
)
def test_svg_and_png_show_the_data(make):
    shown = make()
    assert pictures.png(shown[0]).startswith(b"\x89PNG")
    for chart in shown:
        drawn = ElementTree.fromstring(pictures.svg(chart))
        text = "".join(drawn.itertext())
        assert chart.title in text
        paths = [path.get("d", "") for path in drawn.iter("{http://www.w3.org/2000/svg}path")]
        # A line of many points, which an empty chart has not.
        assert max(len(path) for path in paths) > 80


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
    named = [*computation_charts(comparison()), *trade_off_charts(comparison()), *documented()]
    assert len({chart.name for chart in named}) == len(named)


# --- drawn where nothing else is lost -------------------------------------------------------------

# No XML has these: vl-convert aborts its process.
HOSTILE = ("a\0b", "a\x08b", "a\x0bb", "a\ufffeb")


def labelled(label: str) -> dict[str, Any]:
    """A specification whose legend has this label, as the drawing process gets it."""
    rows = [{"x": 1, "y": 2, "series": label}, {"x": 2, "y": 3, "series": label}]
    x, y = ({"field": name, "type": "quantitative"} for name in "xy")
    colour = {"field": "series", "type": "nominal"}
    return {"data": {"values": rows}, "mark": "line", "encoding": {"x": x, "y": y, "color": colour}}


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_label_that_aborts_the_drawing_costs_that_picture_alone(form: str):
    with pytest.raises(ChildDied, match="signal 6"):
        pictures._process.ask({"form": form, "spec": labelled(HOSTILE[0])}, 60)
    assert len(pictures._process.ask({"form": form, "spec": labelled("harmless")}, 60)) > 1000


@pytest.mark.parametrize("label", HOSTILE)
def test_a_chart_with_any_label_is_drawn(label: str):
    chart = loss()
    chart = Chart(chart.name, f"Loss of {label}", chart.spec, chart.data.assign(series=label))
    text = "".join(ElementTree.fromstring(pictures.svg(chart)).itertext())
    assert f"Loss of {printable(label)}" in text


def test_where_no_picture_comes_the_figures_come_with_the_reason(monkeypatch: pytest.MonkeyPatch):
    def ended(request: object, timeout: float) -> bytes:
        raise ChildDied("the process that makes it was ended by signal 6")

    monkeypatch.setattr(pictures._process, "ask", ended)
    found = pictures.files([loss()])
    assert set(found) == {"loss.txt", "loss.csv"}
    assert found["loss.txt"].decode() == (
        "“Loss <of> a run” could not be drawn as a picture: "
        "the process that makes it was ended by signal 6.\n"
    )


def test_drawing_needs_nothing_of_the_app():
    code = (
        "import sys; import explorer.ui.downloads.draw_pictures; "
        "print([name for name in ('torch', 'streamlit', 'altair') if name in sys.modules])"
    )
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
