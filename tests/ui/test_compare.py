"""The Compare page without a browser: what is chosen, what each view shows, and which runs are
still to do.
"""

import csv
import re
import time
from collections.abc import Iterator
from html import unescape
from io import StringIO

import pandas as pd
import pyarrow
import pytest
from streamlit.testing.v1 import AppTest

from explorer.compare.chosen import MOST, Chosen
from explorer.compare.comparison import Comparison
from explorer.compare.learning import Epoch, Record, group
from explorer.compare.verdict import verdict
from explorer.exports.report.comparison_report import representatives
from explorer.link import Shared
from explorer.network.analysis import analyze
from explorer.network.difference import Changed, change_text, difference
from explorer.network.layers import LAYERS
from explorer.network.spec import Architecture, Branches, Conv2d, Flatten, Linear, ReLU, path_text
from explorer.presets import load_presets
from explorer.runs import manager as jobs_module
from explorer.runs.manager import JobManager
from explorer.runs.run import RunError
from explorer.training.dataset_files import load_present_dataset
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from explorer.ui import process
from explorer.ui.charts import compare_charts as charts
from explorer.ui.charts.comparison import computation_charts, learning_styles, trade_off_charts
from explorer.ui.compare.chosen import find, find_all, first_choice, read_link, write_link
from explorer.ui.compare.train_all import NewRun, missing_runs
from explorer.ui.compare.verdict_view import COLUMNS, results_csv
from explorer.ui.downloads import report_files
from explorer.ui.downloads.preparing import Preparer
from explorer.ui.downloads.report_files import Answers
from tests.people.shared import BEN, SOMEBODY, TEACHER
from tests.runs.shared import wait_until
from tests.ui import pages
from tests.ui.pages import address, component_data

DOCUMENTED = [id for id, preset in load_presets().items() if preset.documented]


def tiny(channels: int) -> Architecture:
    layers = (
        Conv2d(out_channels=channels, kernel_size=5, stride=3),
        ReLU(),
        Flatten(),
        Linear(out_features=10),
    )
    return Architecture(name=f"tiny {channels}", layers=layers)


pytestmark = pytest.mark.usefixtures("runs_of_its_own")


@pytest.fixture
def two_saved() -> list[str]:
    """The keys of two small networks that were saved here, with a recipe for the built-in
    images.
    """
    recipe = Recipe(dataset="digits", epochs=1, batch_size=256, device="cpu", precision="fp32")
    for channels in (2, 6):
        process.saved().save(f"tiny {channels}", Shared(tiny(channels), recipe), SOMEBODY)
    return ["saved:tiny 2", "saved:tiny 6"]


def opened(compare: str = "", view: str = "") -> AppTest:
    asked = {"compare": compare, "view": view}
    return pages.opened("compare", **{name: value for name, value in asked.items() if value})


def html(app: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


def results(app: AppTest) -> dict[str, dict[str, str]]:
    """The table of results: what it shows of each network, by the names of its columns."""
    rows = component_data(app, "compare-verdict")["rows"]
    return {cells[0]: dict(zip(COLUMNS, cells, strict=True)) for cells in rows}


def compared(chosen: list[Chosen], dataset: str) -> Comparison:
    """As the page has it at this moment."""
    return Comparison.of(chosen, process.jobs().runs(), process.jobs()).on(dataset)


def missing(
    chosen: list[Chosen], variant: str, dataset: str, seeds: int, epochs: int
) -> list[NewRun]:
    return missing_runs(chosen, process.jobs().runs(), variant, dataset, seeds, epochs).runs


def train_everything(keys: list[str], seeds: int = 2, epochs: int = 1) -> None:
    for each in missing([find(key) for key in keys], "tuned", "digits", seeds, epochs):
        process.jobs().submit(each.architecture, each.recipe, SOMEBODY, each.title)
    wait_until(lambda: all(snapshot.ended for snapshot in process.jobs().runs()), patience=120)


# --- what is chosen -------------------------------------------------------------------------------


def test_the_documented_networks_stand_side_by_side_at_first():
    app = opened()
    assert app.multiselect[0].value == list(DOCUMENTED)
    assert address(app)["compare"] == ""  # as is shown without a word
    for id in DOCUMENTED:
        assert f'<th scope="col">{id}</th>' in html(app)
        assert f"<td>{analyze(load_presets()[id].architecture).total_params:,}</td>" in html(app)


def test_a_link_is_read_back_and_what_is_gone_is_said(two_saved):
    keys = [two_saved[1], "gap-17k"]
    assert read_link(write_link(keys)) == (keys, [])
    assert read_link("gap-17k,nonsense,run:abc,gap-17k") == (["gap-17k"], ["nonsense", "run:abc"])
    assert read_link(None) == ([], [])
    assert len(read_link(",".join([*DOCUMENTED, *two_saved, "blank"]))[0]) == MOST
    app = opened("gap-17k,run:gone,saved:tiny 2")
    assert "Not on this server, so left out: run" in app.warning[0].value
    assert app.multiselect[0].value == ["gap-17k", "saved:tiny 2"]


def test_fewer_than_two_is_said():
    assert "Nothing to compare yet" in html(opened("gap-17k"))


# --- the views ------------------------------------------------------------------------------------


def test_what_differs_names_every_change_and_its_effect():
    """The changes are all between the two, and their effects add up to the difference of the
    totals.
    """
    app = opened("gap-17k,bias-free-12k")
    gap, bias_free = (load_presets()[id].architecture for id in ("gap-17k", "bias-free-12k"))
    rows = table_rows(html(app), "effects")[1:]
    named = [change for row in rows for change in row[0].split("\n")]
    assert sorted(named) == sorted(
        f"{place_of(each)} {change_text(each)}" for each in difference(gap, bias_free).changes
    )
    assert "0 Conv2d: padding 1 → 0, bias yes → no" in named
    moved = "7 → 10 Conv2d: out_channels 8 → 16, kernel_size 1 → 3, bias yes → no"
    assert moved in named
    before, after = analyze(gap), analyze(bias_free)
    for column, total in ((1, "total_params"), (2, "total_mult_adds")):
        assert sum(signed(row[column]) for row in rows) == getattr(after, total) - getattr(
            before, total
        )
    assert (
        sum(signed(row[3]) for row in rows) == after.receptive_field[0] - before.receptive_field[0]
    )
    next(box for box in app.selectbox if box.label == "From").set_value("bias-free-12k").run()
    assert "Select two different networks" in html(app)
    assert table_rows(html(app), "effects") == []


def place_of(change) -> str:
    """Both places of a layer that changed and moved up or down by others' coming and going."""
    if isinstance(change, Changed) and change.before_path != change.path:
        return f"{path_text(change.before_path)} → {path_text(change.path)}"
    return path_text(change.path)


def test_the_structure_sets_a_layer_behind_a_rail_for_each_block_around_it():
    chosen = ["mini-senet", "mini-resnet"]
    page = html(opened(",".join(chosen)))
    lines = re.findall(r'<tr class="(?:common|differs)">.*?</tr>', page, re.DOTALL)
    for column, id in enumerate(chosen, 1):
        cells = [re.findall(r"<td.*?</td>", line, re.DOTALL)[column] for line in lines]
        shown = [
            (kind[1], int(rails[1]) if (rails := re.search(r"--around: (\d)", cell)) else 0)
            for cell in cells
            if (kind := re.search(r"<b>(\w+)</b>", cell))
        ]
        rows = analyze(load_presets()[id].architecture).rows
        assert shown == [
            (row.layer.merge if isinstance(row.layer, Branches) else row.kind, len(row.path) // 2)
            for row in rows
        ]
        assert {around for _, around in shown} == ({0, 1, 2} if id == "mini-senet" else {0, 1})


def table_rows(page: str, name: str) -> list[list[str]]:
    """The cells of the table in the division of that class, row by row."""
    table = re.search(rf'<div class="{name}".*?</table>', page, re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", table[0], re.DOTALL) if table else []
    cells = (re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows)
    return [
        [unescape(re.sub("<[^>]+>", "", cell.replace("<br>", "\n"))) for cell in row]
        for row in cells
    ]


def signed(text: str) -> int:
    return 0 if text == "·" else int(text.replace("−", "-").replace(",", ""))


def test_the_measures_against_depth_end_in_the_totals():
    analyses = {id: analyze(load_presets()[id].architecture) for id in DOCUMENTED}
    data = charts.depth_data(analyses)
    for id, analysis in analyses.items():
        last = (
            data[(data.network == id) & (data.depth == len(analysis.rows) - 1)]
            .set_index("measure")
            .value
        )
        assert last[charts.MEASURES["parameters"].title] == analysis.total_params
        assert last[charts.MEASURES["mult_adds"].title] == analysis.total_mult_adds
        assert last[charts.MEASURES["channels"].title] == 10
        assert last[charts.MEASURES["sees"].title] == sum(analysis.receptive_field) / 2
    assert set(data.measure) == {measure.title for measure in charts.MEASURES.values()}


@pytest.mark.parametrize("trained", [False, True])
def test_what_was_learnt_is_shown_of_networks_trained_here_or_is_said_to_be_missing(
    trained, two_saved
):
    if trained:
        train_everything(two_saved, seeds=1)
    for view in ("Learning", "Verdict", "Trade-off"):
        app = opened(write_link(two_saved), view)
        assert ("has been trained" in html(app)) != trained
        if view == "Verdict":
            assert [row["final"] != "–" for row in results(app).values()] == [trained] * 2
        else:
            assert bool(len(app.get("vega_lite_chart"))) == trained


def test_the_structure_view_has_every_layer_and_total_of_both(two_saved):
    analyses = [analyze(tiny(channels)) for channels in (2, 6)]
    rows = table_rows(html(opened(write_link(two_saved), "Structure")), "compare")
    assert rows[0] == ["", "tiny 2", "tiny 6"]
    for place, analysis in enumerate(analyses, start=1):
        cells = [row[place] for row in rows if len(row) == 3]
        shown = [cell for cell in cells if cell.split(" ")[0] in LAYERS]
        assert [cell.split(" ")[0] for cell in shown] == [row.kind for row in analysis.rows]
        for cell, row in zip(shown, analysis.rows, strict=True):
            assert cell.endswith(f"{row.params:,}") or not row.params
    totals = {row[0]: row[1:] for row in rows}
    assert totals["Parameters"] == [f"{analysis.total_params:,}" for analysis in analyses]


def test_the_shape_of_computation_is_drawn_of_both(two_saved):
    drawn = opened(write_link(two_saved), "Shape of computation").get("vega_lite_chart")
    assert len(drawn) == len(charts.MEASURES)
    data = pd.concat(
        [pyarrow.ipc.open_stream(chart.proto.data.data).read_pandas() for chart in drawn]
    )
    for channels in (2, 6):
        analysis = analyze(tiny(channels))
        mine = data[data.network == f"tiny {channels}"].pivot_table(
            index="depth", columns="measure", values="value"
        )
        assert mine[charts.MEASURES["channels"].title].tolist() == [
            row.output_shape[0] for row in analysis.rows
        ]
        assert mine[charts.MEASURES["parameters"].title].iloc[-1] == analysis.total_params


@pytest.fixture
def made_in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is prepared is made by a thread, as a process of its own takes seconds to start."""
    preparer = Preparer(lambda wanted, path: report_files.make(wanted, process.jobs(), path))
    monkeypatch.setattr(process, "_downloads", preparer)
    yield
    preparer.close()


def test_the_table_has_the_groups_figures_and_two_are_tested_on_the_same_images(
    two_saved, made_in_this_process
):
    train_everything(two_saved)
    app = opened(",".join(two_saved), "Verdict")
    table = results(app)
    assert set(table) == {f"tiny {channels}, SGD 0.01, 1 epoch" for channels in (2, 6)}
    for channels in (2, 6):
        finals = [
            snapshot.final_accuracy
            for snapshot in process.jobs().runs()
            if snapshot.run.architecture.layers == tiny(channels).layers
        ]
        row = table[f"tiny {channels}, SGD 0.01, 1 epoch"]
        assert (row["seeds"], row["epochs"], row["parameters"]) == (
            "2",
            "1",
            f"{analyze(tiny(channels)).total_params:,}",
        )
        assert float(row["final"]) == pytest.approx(100 * sum(finals) / 2, abs=0.006)
        deviation = 100 * abs(finals[0] - finals[1]) / 2**0.5
        assert float(row["deviation"]) == pytest.approx(deviation, abs=0.006)
    next(button for button in app.button if button.label == "Run McNemar's test").click().run()
    assert not app.exception
    deadline = time.monotonic() + 120
    while "McNemar&#x27;s test, exact, on 360 images).</p>" not in html(app):
        assert time.monotonic() < deadline
        time.sleep(0.2)
        app.run()


def test_the_table_of_results_is_had_as_csv_with_every_digit_and_no_formula(two_saved):
    shared = Shared(tiny(3), Recipe(dataset="digits", epochs=1, device="cpu", precision="fp32"))
    process.saved().save("=tiny", shared, SOMEBODY)
    train_everything(two_saved, seeds=1)
    comparison = compared(find_all([*two_saved, "saved:=tiny"]), "digits")
    rows = list(csv.DictReader(StringIO(results_csv(comparison))))
    assert [row["Network and recipe"].split(",")[0] for row in rows] == [
        "tiny 2",
        "tiny 6",
        "'=tiny",
    ]
    for row, each in zip(rows, comparison.groups, strict=False):
        assert float(row["Final, %"]) == 100 * each.records[0].epochs[-1].test_accuracy
        assert row["±"] == ""


def test_the_right_answers_are_the_accuracy_that_the_run_reported(two_saved):
    for each in missing([find(two_saved[1])], "tuned", "digits", 1, 2):
        for precision in ("fp32", "bf16"):
            recipe = each.recipe.model_copy(update={"precision": precision})
            process.jobs().submit(each.architecture, recipe, SOMEBODY, precision)
    wait_until(lambda: all(snapshot.ended for snapshot in process.jobs().runs()), patience=120)
    for snapshot in process.jobs().runs():
        assert process.jobs().precision(snapshot.run.id) == snapshot.run.recipe.precision
        right = Answers(process.jobs()).after(snapshot.run.id, snapshot.epochs_done)
        assert right.mean() == snapshot.final_accuracy


def test_results_on_other_images_are_not_mixed():
    bias_free = find("bias-free-12k")
    assert compared([bias_free], "").datasets == ["mnist"]
    (new,) = missing([bias_free], "tuned", "digits", 1, 1)
    process.jobs().submit(new.architecture, new.recipe, SOMEBODY, "on digits")
    train_everything([])
    assert set(compared([bias_free], "").datasets) == {"digits", "mnist"}
    on_digits, on_mnist = (compared([bias_free], dataset).groups for dataset in ("digits", "mnist"))
    assert [group.label for group in on_digits] == ["bias-free-12k, our recipe, 1 epoch"]
    assert all(group.origin == "shipped" for group in on_mnist)
    assert compared([bias_free], "digits").documents == ()
    presets = tuple(load_presets().values())
    assert verdict(on_digits[0], presets).documented is None
    assert verdict(on_mnist[0], presets).documented.best == 0.9942
    app = opened("bias-free-12k,gap-17k", "Verdict")
    assert app.selectbox(key="compare-dataset").value == "mnist"
    app.selectbox(key="compare-dataset").set_value("digits").run()
    table = results(app)
    assert list(table) == [
        "bias-free-12k, our recipe, 1 epoch",
        "gap-17k, not trained on Digits here yet",
    ]
    assert {row["documented"] for row in table.values()} == {"–"}
    run = f"run:{process.jobs().runs()[0].run.id}"
    app = opened(f"{run},gap-17k", "Learning")
    app.selectbox(key="compare-dataset").set_value("mnist").run()
    assert "Trained on other images than MNIST, so left out: " in html(app)
    app.selectbox(key="compare-dataset").set_value("digits").run()
    assert "left out" not in html(app)


def test_what_is_queued_or_done_is_not_trained_again(two_saved):
    chosen = [find(key) for key in two_saved]
    found = missing(chosen, "tuned", "digits", 3, 2)
    assert [(each.title, each.recipe.seed, each.recipe.epochs) for each in found] == [
        (f"tiny {channels}", seed, 2) for channels in (2, 6) for seed in range(3)
    ]
    train_everything(two_saved, seeds=1, epochs=2)
    assert [each.recipe.seed for each in missing(chosen, "tuned", "digits", 3, 2)] == [1, 2, 1, 2]
    assert len(missing(chosen, "tuned", "digits", 1, 3)) == 2
    assert missing(chosen, "tuned", "cifar10", 3, 2) == []  # its images have another shape


def test_what_is_on_its_way_is_told(two_saved):
    for each in missing([find(key) for key in two_saved], "tuned", "digits", 1, 1000):
        process.jobs().submit(each.architecture, each.recipe, SOMEBODY, each.title)
    text = html(opened(",".join(two_saved), "Learning"))
    assert re.search(
        r'data-coming="2">In training: tiny 2, epoch \d+ of 1000 · 1 run queued<', text
    )


def test_an_address_without_a_view_shows_the_first():
    app = pages.opened("compare", view="")
    assert "What differs" in html(app)


def test_what_was_typed_just_before_train_all_is_what_is_queued(two_saved):
    app = opened(",".join(two_saved))
    app.number_input(key="compare-seeds").set_value(1)
    app.number_input(key="compare-epochs").set_value(3)
    next(button for button in app.button if button.label == "Train 4 runs").click().run()
    assert [snapshot.run.recipe.epochs for snapshot in process.jobs().runs()] == [3, 3]
    assert app.toast[0].value == "2 runs queued."


@pytest.mark.parametrize("variant", ["documented", "tuned"])
def test_presets_are_trained_with_the_recipe_that_was_asked_for(variant):
    for each in missing([find(id) for id in first_choice()], variant, "", 1, 5):
        architecture, recipe = load_presets()[each.title].recipe_variant(variant)
        assert (each.architecture, each.recipe) == (
            architecture,
            recipe.model_copy(update={"epochs": 5, "seed": 0}),
        )


def test_the_zoom_to_the_end_is_where_the_curves_end():
    rows = [("a", 1, 98.0), ("a", 2, 99.52), ("b", 1, 97.0), ("b", 2, 99.41)]
    data = pd.DataFrame(rows, columns=["series", "place", "value"])
    assert charts.zoomed(data, "test accuracy", "all") is None
    assert charts.zoomed(data, "test accuracy", "last percent") == (99, 100)
    low, high = charts.zoomed(data, "test accuracy", charts.TO_THE_END)
    assert (low, high) == pytest.approx((99.3, 99.6))
    assert charts.zoomed(data, "test loss", charts.TO_THE_END) is None


def test_where_curves_end_far_apart_all_of_them_is_shown():
    """Their ends alone would be dots, and a band of seeds all over the chart."""
    rows = [("a", 1, 30.0), ("a", 2, 92.5), ("b", 1, 14.0), ("b", 2, 41.0)]
    data = pd.DataFrame(rows, columns=["series", "place", "value"])
    assert charts.zoomed(data, "test accuracy", charts.TO_THE_END) is None
    one = data[data.place == 2]
    assert charts.zoomed(one, "test accuracy", charts.TO_THE_END) is None


def test_a_run_that_was_stopped_is_called_by_the_epochs_it_has():
    preset = load_presets()["bias-free-12k"]
    recipe = preset.recipe.model_copy(update={"dataset": "digits", "epochs": 1})
    run = process.jobs().submit(preset.architecture, recipe, SOMEBODY)
    train_everything([])
    process.jobs().continue_run(run, 500, TEACHER)
    assert [group.label for group in compared([find(preset.id)], "digits").groups] == [
        "bias-free-12k, author's recipe, 501 epochs"
    ]
    process.jobs().stop(run, TEACHER)
    train_everything([])
    epochs = len(process.jobs().snapshot(run, 0).epochs)
    label = f"bias-free-12k, author's recipe, {epochs} epoch" + ("" if epochs == 1 else "s")
    assert [group.label for group in compared([find(preset.id)], "digits").groups] == [label]


def test_many_long_runs_are_drawn_with_at_most_two_thousand_points():
    names = (
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
        "lr",
        "seconds",
        "iterations_per_second",
    )
    epochs = tuple(Epoch(epoch=n, step=n, **dict.fromkeys(names, 1 / n)) for n in range(1, 1001))
    network = load_presets()["gap-17k"].architecture
    records = [
        Record(
            f"run {size}", "run", network, Recipe(batch_size=size), epochs, 360, f"{size}", "cpu"
        )
        for size in range(2, 12)
    ]
    data = charts.learning_data(group(records), (), "test loss", "epochs")
    assert len(data) <= 2000
    assert data.groupby("series").place.agg(["min", "max"]).values.tolist() == [[1, 1000]] * 10


def test_what_lies_outside_the_part_that_is_drawn_is_not_drawn_along_its_edge():
    rows = [("a", 1, 98.0, 97.0, 99.0), ("a", 2, 99.5, 98.5, 100.0), ("a", 3, 99.6, None, None)]
    data = pd.DataFrame(rows, columns=["series", "place", "value", "low", "high"])
    assert charts.within(data, None) is data
    found = charts.within(data, (99.0, 100.0))
    assert found.value.isna().tolist() == [True, False, False]
    assert found.low.isna().tolist() == found.high.isna().tolist() == [True, False, True]
    assert (found.low[1], found.high[1]) == (99.0, 100.0)
    assert data.value[0] == 98.0


def test_a_network_has_one_colour_and_its_recipes_and_document_dashes_of_their_own():
    found = [find(id) for id in ("gap-17k", "strided-20k")]
    styles = learning_styles(compared(found, "mnist"), with_documents=True)
    gap, strided = (
        [style for style in styles if style.series.startswith(name)] for name in ("gap", "strided")
    )
    assert len({style.colour for style in gap}) == 1
    assert len({style.shape for style in gap}) == 1
    assert gap[0].shape != strided[0].shape
    assert len({style.dashes for style in gap}) == len(gap)
    assert not {style.colour for style in gap} & {style.colour for style in strided}
    assert len({(style.colour, style.dashes) for style in styles}) == len(styles)


def test_the_front_is_of_measured_points_alone():
    def mark(channels: int, accuracy: float, documented: bool = False) -> charts.Mark:
        return charts.Mark("s", "o", tiny(channels), accuracy, documented)

    data = charts.trade_off_data(
        [mark(2, 0.9), mark(4, 0.8), mark(6, 0.95), mark(1, 0.99, documented=True)], "parameters"
    )
    assert data.front.tolist() == [True, False, True, False]
    assert data.accuracy.tolist() == pytest.approx([90, 80, 95, 99])
    assert data.cost.tolist() == [analyze(tiny(channels)).total_params for channels in (2, 4, 6, 1)]


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["wide, deep", ",", "100 %", "50%2C", "a%2Cb, c", "größer, schöner"]
)
def test_a_saved_name_of_any_letters_outlasts_the_link(name):
    process.saved().save(name, Shared(tiny(2), Recipe(dataset="digits")), SOMEBODY)
    keys = [f"saved:{name}", "gap-17k"]
    assert read_link(write_link(keys)) == (keys, [])
    app = opened(write_link(keys))
    assert app.multiselect[0].value == keys
    assert read_link(address(app)["compare"]) == (keys, [])


def test_a_link_of_before_is_read_as_it_was_written(two_saved):
    process.saved().save("100%2C", Shared(tiny(2), Recipe(dataset="digits")), SOMEBODY)
    assert read_link("saved:tiny 2,gap-17k,saved:100%2C") == (
        ["saved:tiny 2", "gap-17k", "saved:100%2C"],
        [],
    )


@pytest.fixture
def same_titles() -> list[Chosen]:
    """A preset, a saved network named like it, and one named like what tells that one apart."""
    for name, channels in (("gap-17k", 2), ("gap-17k (saved)", 4)):
        process.saved().save(name, Shared(tiny(channels), Recipe(dataset="digits")), SOMEBODY)
    return find_all(["saved:gap-17k", "gap-17k", "saved:gap-17k (saved)"])


def test_networks_of_one_name_are_told_apart(same_titles):
    assert [each.title for each in same_titles] == [
        "gap-17k (saved)",
        "gap-17k",
        "gap-17k (saved) (2)",
    ]
    comparison = compared(same_titles, "mnist")
    (chart,) = computation_charts(comparison)
    assert chart.data.network.nunique() == 3
    for chart in trade_off_charts(comparison):
        domain = chart.spec["layer"][1]["encoding"]["color"]["scale"]["domain"]
        assert len(domain) == len(set(domain)) == 3
    for view in ("Shape of computation", "Verdict"):
        app = opened("saved:gap-17k,gap-17k", view)
    assert any(name.startswith("gap-17k (saved)") for name in results(app))


# --- which runs -----------------------------------------------------------------------------------


def submitted(channels: int, seed: int, **changes: object) -> str:
    recipe = Recipe(
        dataset="digits", epochs=1, batch_size=256, device="cpu", precision="fp32", seed=seed
    )
    return process.jobs().submit(
        tiny(channels), recipe.model_copy(update=changes), SOMEBODY, f"tiny {channels}"
    )


def test_runs_that_were_chosen_one_by_one_stand_apart_and_can_be_tested():
    zero, one, two = (submitted(2, seed) for seed in (0, 1, 2))
    train_everything([])
    keys = [f"run:{zero}", f"run:{one}"]
    comparison = compared(find_all(keys), "digits")
    assert [[record.run_id for record in group.records] for group in comparison.groups] == [
        [zero],
        [one],
    ]
    assert [group.label[-6:] for group in comparison.groups] == ["seed 0", "seed 1"]
    assert [comparison.place_of(group) for group in comparison.groups] == [0, 1]
    app = opened(",".join(keys), "Verdict")
    assert "Train two networks here" not in html(app)
    assert any(button.label == "Run McNemar's test" for button in app.button)
    # One of them alone stands for all its seeds, as does the network.
    (group,) = compared(find_all([keys[0], "gap-17k"]), "digits").groups
    assert {record.run_id for record in group.records} == {zero, one, two}


def test_the_same_run_twice_stands_apart_too():
    first, second = submitted(2, 0), submitted(2, 0)
    train_everything([])
    groups = compared(find_all([f"run:{first}", f"run:{second}"]), "digits").groups
    assert [group.records[0].run_id for group in groups] == [first, second]
    assert len({group.label for group in groups}) == 2


@pytest.mark.parametrize("which", [0, 1])
def test_of_two_equal_runs_the_chosen_one_is_shown(which):
    runs = [submitted(2, 0), submitted(2, 0)]
    train_everything([])
    (group,) = compared(find_all([f"run:{runs[which]}", "gap-17k"]), "digits").groups
    assert [record.run_id for record in group.records] == [runs[which]]


def trained_run(seed: int, epochs: int = 1) -> str:
    """A run of the tiny network's recipe for one epoch, that ended after so many."""
    run = submitted(2, seed)
    train_everything([])
    if epochs > 1:
        process.jobs().continue_run(run, epochs - 1, TEACHER)
        train_everything([])
    return run


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "others", [["gap-17k"], ["saved:tiny 2"]], ids=["alone", "with its network"]
)
def test_a_chosen_run_is_shown_beside_runs_that_went_further(seed, others, two_saved):
    """In every view, and whole in the report: whether the longer run has its own seed or
    another.
    """
    chosen, longer = trained_run(0), trained_run(seed, epochs=2)
    comparison = compared(find_all([f"run:{chosen}", *others]), "digits")
    shown = next(group for group in comparison.groups if comparison.place_of(group) == 0)
    assert [record.run_id for record in shown.furthest] == [chosen]
    assert [record.run_id for record in representatives([shown], comparison.chosen_runs)] == [
        chosen
    ]
    rest = [
        record.run_id
        for group in comparison.groups
        if group is not shown
        for record in group.records
    ]
    assert rest == ([longer] if others == ["saved:tiny 2"] else [])


def test_a_chosen_run_is_reported_whole_for_its_seeds():
    runs = [trained_run(seed) for seed in range(3)]
    comparison = compared(find_all([f"run:{runs[1]}", "gap-17k"]), "digits")
    (group,) = comparison.groups
    assert [record.run_id for record in group.records] == runs
    assert [
        record.run_id for record in representatives(comparison.groups, comparison.chosen_runs)
    ] == [runs[1]]


def test_a_chosen_run_has_the_place_that_it_was_chosen_at(two_saved):
    """Though its network was chosen before it."""
    run, other = trained_run(0), submitted(2, 0, batch_size=128)
    train_everything([])
    comparison = compared(find_all(["saved:tiny 2", f"run:{run}"]), "digits")
    places = {group.records[0].run_id: comparison.place_of(group) for group in comparison.groups}
    assert places == {other: 0, run: 1}


def test_runs_that_stand_alone_are_called_by_their_own_names_first():
    runs = [submitted(2, 0), submitted(2, 0), submitted(2, 1)]
    process.jobs().rename(runs[0], "my best, seed 0", TEACHER)
    train_everything([])
    groups = compared(find_all([f"run:{run}" for run in runs]), "digits").groups
    assert [group.label for group in groups] == [
        f"my best, seed 0 ({runs[0][:4]}), tiny 2, SGD 0.01, 1 epoch",
        f"tiny 2 ({runs[1][:4]}), SGD 0.01, 1 epoch, seed 0",
        f"tiny 2 ({runs[2][:4]}), SGD 0.01, 1 epoch, seed 1",
    ]


def test_groups_of_one_name_are_numbered_where_a_narrow_column_shows_it():
    for size in (64, 128, 256):
        submitted(2, 0, batch_size=size)
    train_everything([])
    process.saved().save("mine", Shared(tiny(2), Recipe(dataset="digits")), SOMEBODY)
    groups = compared(find_all(["saved:mine", "gap-17k"]), "digits").groups
    assert sorted(group.label for group in groups) == [
        "tiny 2 (2), SGD 0.01, 1 epoch",
        "tiny 2 (3), SGD 0.01, 1 epoch",
        "tiny 2, SGD 0.01, 1 epoch",
    ]


def test_a_look_at_the_page_reads_the_runs_once(two_saved, monkeypatch):
    train_everything(two_saved, seeds=1)
    reads: list[str] = []
    read = JobManager.runs
    monkeypatch.setattr(JobManager, "runs", lambda self: reads.append("once") or read(self))
    for view in ("Structure", "Learning", "Verdict", "Trade-off"):
        reads.clear()
        opened(",".join(two_saved), view)
        assert reads == ["once"], view


# --- Train all ------------------------------------------------------------------------------------


def begun(channels: int, status: str) -> str:
    """A run of the tiny network that has this status."""
    if status == "finished":
        run = submitted(channels, 0)
        train_everything([])
        return run
    waits = submitted(6, 0, epochs=1000)  # holds the only slot
    run = submitted(channels, 0)
    if status == "failed":
        process.jobs().store.withdraw(run, "failed", Event(kind="failed"))
    elif status == "interrupted":
        process.jobs().store.withdraw(run, "interrupted", Event(kind="stopped"))
    elif status != "queued":
        (process.jobs().pause if status == "paused" else process.jobs().stop)(run, TEACHER)
    process.jobs().stop(waits, TEACHER)
    if status == "queued":
        process.jobs().pause(waits, TEACHER)
    return run


@pytest.mark.parametrize(
    ("status", "trained_again"),
    [("finished", 0), ("stopped", 1), ("paused", 1), ("failed", 1), ("interrupted", 1)],
)
def test_only_a_run_that_was_carried_out_or_is_coming_counts_as_there(status, trained_again):
    process.saved().save(
        "tiny",
        Shared(
            tiny(2),
            Recipe(dataset="digits", epochs=1, batch_size=256, device="cpu", precision="fp32"),
        ),
        BEN,
    )
    run = begun(2, status)
    assert process.jobs().snapshot(run, 0).status == status
    found = missing_runs([find("saved:tiny")], process.jobs().runs(), "tuned", "digits", 1, 1)
    assert (len(found.runs), found.begun_before) == (trained_again, trained_again)
    if trained_again:
        assert "1 run of these started earlier and did not finish" in html(
            train_all_page(["saved:tiny", "gap-17k"])
        )


def train_all_page(keys: list[str]) -> AppTest:
    app = opened(",".join(keys))
    app.number_input(key="compare-seeds").set_value(1)
    app.number_input(key="compare-epochs").set_value(1)
    app.selectbox(key="compare-images").set_value("digits")
    return app.run()


def test_of_two_that_are_the_same_network_one_is_queued():
    recipe = Recipe(dataset="digits", epochs=1, batch_size=256, device="cpu", precision="fp32")
    for name in ("one", "other"):
        process.saved().save(name, Shared(tiny(2).model_copy(update={"name": name}), recipe), BEN)
    chosen = find_all(["saved:one", "saved:other"])
    assert [
        (each.title, each.recipe.seed) for each in missing(chosen, "tuned", "digits", 2, 1)
    ] == [("one", 0), ("one", 1)]


def test_a_queue_that_fills_on_the_way_is_told_with_what_came_in(two_saved, monkeypatch):
    monkeypatch.setattr(jobs_module, "MAX_QUEUED", 2)
    submitted(2, 9, epochs=1000)
    app = opened(",".join(two_saved))
    app.number_input(key="compare-seeds").set_value(2)
    app.number_input(key="compare-epochs").set_value(1000)
    app.run()
    next(button for button in app.button if button.label == "Train 4 runs").click().run()
    (toast,) = app.toast
    count = sum(snapshot.run.recipe.seed != 9 for snapshot in process.jobs().runs())
    assert 0 < count < 4
    assert toast.value.startswith(f"{count} of 4 runs queued: ")
    for snapshot in process.jobs().runs():
        process.jobs().stop(snapshot.run.id, TEACHER)


def test_two_are_tested_again_up_to_the_limit_and_refused_beyond(
    two_saved, monkeypatch: pytest.MonkeyPatch
):
    train_everything(two_saved[:1], seeds=1)
    (run,) = process.jobs().runs()
    images = len(load_present_dataset("digits").test.labels)
    work = images * analyze(run.run.architecture).total_mult_adds
    monkeypatch.setattr(report_files, "MOST_WORK", work)
    assert Answers(process.jobs()).after(run.run.id, 1).mean() == run.final_accuracy
    monkeypatch.setattr(report_files, "MOST_WORK", work - 1)
    with pytest.raises(RunError) as refusal:
        Answers(process.jobs()).after(run.run.id, 1)
    assert str(refusal.value) == (
        f"“{run.run.name}” is too large to be tested again here: "
        f"{work:,} mult-adds on {images:,} images, and at most {work - 1:,} are done"
    )
