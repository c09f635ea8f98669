"""What the charts are given, and that their specifications hold together."""

import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from explorer.presets import Result, load_presets
from explorer.runs.run import Environment, Run, Snapshot, Status
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from explorer.ui.charts import run_charts as charts
from explorer.ui.charts.chart import Chart
from explorer.ui.downloads import pictures

SVG = "{http://www.w3.org/2000/svg}"
PRESETS = [id for id, preset in load_presets().items() if preset.documented]


def _epoch(number: int, accuracy: float) -> Event:
    metrics = {
        "train_loss": 1.0,
        "test_loss": 0.5,
        "train_accuracy": accuracy,
        "test_accuracy": accuracy,
    }
    return Event(kind="epoch", epoch=number, step=10 * number, metrics=metrics)


def test_the_loss_lies_over_the_epochs_axis():
    steps = tuple(
        Event(kind="step", epoch=1, step=step, metrics={"loss": float(step)})
        for step in (5, 10, 15)
    )
    data = charts.loss_data(steps, (_epoch(1, 0.5),), steps_per_epoch=10)
    assert data.values.tolist() == [
        [0.5, "train", 5.0],
        [1.0, "train", 10.0],
        [1.5, "train", 15.0],
        [1.0, "test", 0.5],
    ]


def test_accuracies_are_in_percent_and_the_documents_stand_apart():
    documented = load_presets()["avg-pool-13k"].documented
    data = charts.accuracy_data((_epoch(1, 0.25),), charts.documented_curves(documented))
    assert data[data.epoch == 1].sort_values("series").values.tolist() == [
        [1, "author's log, test", pytest.approx(98.44)],
        [1, "author's log, train", pytest.approx(92.72)],
        [1, "test", 25.0],
        [1, "train", 25.0],
    ]
    assert set(charts.accuracy_data((_epoch(1, 0.25),), ()).series) == {"train", "test"}


TUNED = charts.measured_curve("tuned", Result(2, (0.98, 0.99), 0.001))


def test_measured_runs_are_a_curve_of_percents():
    assert TUNED.points == ((1, 98.0), (2, 99.0))


@pytest.mark.parametrize(
    ("beside", "series"),
    [
        ((), 2),
        (charts.documented_curves(load_presets()["adaptive-pool-16k"].documented), 3),
        (charts.documented_curves(load_presets()["avg-pool-13k"].documented), 4),
        ((TUNED, charts.measured_curve("documented", Result(1, (0.9,), None))), 4),
    ],
)
def test_the_legend_names_what_is_drawn_and_the_axis_is_the_whole_run(beside, series):
    spec = charts.accuracy_chart(20, beside)
    assert set(charts.accuracy_data((_epoch(1, 0.5),), beside).series) == set(
        spec["layer"][0]["encoding"]["color"]["scale"]["domain"]
    )
    line = spec["layer"][0]["encoding"]
    assert len(line["color"]["scale"]["domain"]) == series
    assert all(layer["encoding"]["x"]["scale"]["domain"] == [0, 20] for layer in spec["layer"])
    assert "data" not in spec
    assert isinstance(charts.accuracy_data((), ()), pd.DataFrame)


def test_the_longest_run_gives_no_chart_more_than_two_thousand_points():
    epochs = tuple(_epoch(number, 0.5 + 0.4 * (number == 777)) for number in range(1, 2001))
    steps = tuple(
        Event(kind="step", epoch=1, step=step, metrics={"loss": 1.0}) for step in range(400)
    )
    run = Run(
        "r",
        "o",
        load_presets()["gap-17k"].architecture,
        Recipe(epochs=1000),
        "cpu",
        Environment("", "", ""),
        0.0,
    )
    started = Event(kind="started", metrics={"steps_per_epoch": 10, "epochs": 2000})
    snapshot = Snapshot(run, Status("running"), None, "", started, steps, epochs, epochs[-1])
    beside = (*charts.documented_curves(load_presets()["avg-pool-13k"].documented), TUNED)
    for chart in charts.run_charts(snapshot, beside):
        assert len(chart.data) <= 2000
        shown = chart.data[chart.data.series == "test"].epoch.tolist()
        assert shown[0] == 1
        assert shown[-1] == 2000
        assert 777 in shown  # the highest


@pytest.mark.parametrize(("epochs", "every"), [(1, 1), (20, 1), (60, 1), (61, 2), (1000, 17)])
def test_a_long_run_has_a_dot_at_some_epochs_and_always_at_the_first(epochs, every):
    """As Vega draws it: each dot is an element of the page."""
    rows = charts.loss_data((), tuple(_epoch(number, 0.5) for number in range(1, epochs + 1)), 10)
    drawn = ElementTree.fromstring(
        pictures.svg(Chart("loss", "Loss", charts.loss_chart(epochs), rows))
    )
    marks = next(
        group for group in drawn.iter(f"{SVG}g") if "layer_1_marks" in group.get("class", "")
    )
    dots = len(list(marks.iter(f"{SVG}path")))
    assert dots == len({1} | set(range(every, epochs + 1, every)))
    assert dots <= charts.DOTS + 1


def test_a_chart_for_one_run_does_not_change_the_next_ones():
    charts.loss_chart(3)
    assert charts.loss_chart(7)["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 7]
    assert "domain" not in str(charts._LOSS[charts.MEASURED]["layer"][0]["encoding"]["x"])


def test_loss_and_accuracy_of_a_run_share_one_axis_of_epochs():
    architecture = load_presets()["gap-17k"].architecture
    started = Event(kind="started", epoch=0, step=0, metrics={"steps_per_epoch": 10, "epochs": 2})
    run = Run("r", "", architecture, Recipe(), "cpu", Environment("", "", ""), 0.0)
    snapshot = Snapshot(run, Status("running"), None, "", started, (), (_epoch(1, 0.5),), None)
    documented = charts.documented_curves(load_presets()["avg-pool-13k"].documented)
    loss, accuracy = charts.run_charts(snapshot, documented)
    domains = [
        chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"] for chart in (loss, accuracy)
    ]
    assert domains[0] == domains[1] == [0, len(load_presets()["avg-pool-13k"].documented.log)]


@pytest.mark.parametrize(
    ("losses", "top"),
    [
        ([], None),
        ([2.3, 1.0, 0.2], None),
        ([2.3, 9.0, 0.2], None),
        ([2.3, 2.1, 1.2e20], 9.2),
        ([2.3, float("inf"), float("nan"), 40.0], 9.2),
        ([float("nan")], None),
    ],
)
def test_after_a_divergence_the_losses_before_it_can_be_read(losses, top):
    found = charts.loss_top(losses)
    assert found == (None if top is None else pytest.approx(top))
    if top is not None:
        axis = charts.loss_chart(3, found)["layer"][0]["encoding"]["y"]
        assert axis["scale"]["domainMax"] == pytest.approx(top)
        assert axis["title"] == "loss (cross-entropy), cut off at 9.2"
