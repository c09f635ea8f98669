"""Runs grouped by seed, and the curves that they give."""

from dataclasses import replace
from statistics import fmean, median, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.compare.learning import (
    Epoch,
    Record,
    curve,
    documented_curve,
    group,
    place_on,
    record_of,
    records_of,
)
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from explorer.presets import (
    RECIPE_VARIANT_NAMES,
    Preset,
    PresetError,
    load_presets,
    measured,
    preset,
)
from explorer.runs.run import Environment, Run, Snapshot, Status
from explorer.training.event import Event
from explorer.training.recipe import Recipe, parse_recipe

NARROW = Architecture(name="narrow", layers=(Flatten(), Linear(out_features=10)))
WIDE = Architecture(
    name="wide", layers=(Conv2d(out_channels=8, kernel_size=3), Flatten(), Linear(out_features=10))
)
STEPS = 12  # an epoch


def epoch(number, accuracy, seconds=2.0, **metrics):
    given = {
        "train_loss": 0.5,
        "train_accuracy": 0.8,
        "test_loss": 0.4,
        "lr": 0.1,
        "iterations_per_second": 6.0,
        **metrics,
    }
    return Epoch(
        epoch=number, step=STEPS * number, test_accuracy=accuracy, seconds=seconds, **given
    )


def record(*accuracies, seed=0, seconds=2.0, architecture=NARROW, label="", origin="run", **recipe):
    epochs = tuple(
        epoch(number, accuracy, seconds) for number, accuracy in enumerate(accuracies, 1)
    )
    asked = parse_recipe({"seed": seed, "epochs": 3, **recipe})
    return Record(
        label or architecture.name, origin, architecture, asked, epochs, 360, f"id{seed}", "cpu"
    )


# --- groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "seeds"),
    [
        ([], []),
        ([record(0.9)], [(0,)]),
        ([record(0.9, seed=2), record(0.8, seed=1)], [(1, 2)]),
        (
            [
                record(0.9),
                record(0.8, seed=1, architecture=NARROW.model_copy(update={"name": "renamed"})),
            ],
            [(0, 1)],
        ),
        (
            [record(0.9, seed=1), record(0.8, architecture=WIDE), record(0.9, seed=3)],
            [(1, 3), (0,)],
        ),
        ([record(0.9), record(0.9, seed=1, batch_size=64)], [(0,), (1,)]),
        ([record(0.9), record(0.9, seed=1, epochs=4)], [(0,), (1,)]),
        (
            [
                record(0.9),
                record(
                    0.9, seed=1, architecture=NARROW.model_copy(update={"input_shape": (3, 28, 28)})
                ),
            ],
            [(0,), (1,)],
        ),
        # Another machine's seconds.
        ([record(0.9), record(0.9, seed=1, origin="shipped")], [(0,), (1,)]),
        ([record(), record(seed=1)], [(0, 1)]),
    ],
)
def test_what_belongs_together(records, seeds):
    assert [found.seeds for found in group(records)] == seeds


def test_a_seed_counts_once_by_the_run_that_came_furthest():
    short, long, again = (
        record(0.8, label="short"),
        record(0.8, 0.9, label="long"),
        record(0.8, 0.9, label="again"),
    )
    (found,) = group([short, record(0.7, seed=1), long, again])
    assert [each.label for each in found.records] == ["long", "narrow"]
    assert found.furthest == (long,)


def test_a_preferred_run_stands_for_its_seed_however_far_another_came():
    short, long = replace(record(0.8), run_id="short"), replace(record(0.8, 0.9), run_id="long")
    (found,) = group([long, record(0.7, seed=1), short], preferred={"short"})
    assert [each.run_id for each in found.records] == ["short", "id1"]


def test_of_runs_that_stop_early_those_count_that_went_to_their_end():
    recipe = Recipe(validation_images=100, early_stopping=2)
    runs = [
        replace(record(*[0.9] * epochs, seed=seed), recipe=recipe.model_copy(update={"seed": seed}))
        for seed, epochs in enumerate((3, 2, 5))
    ]
    runs[2] = replace(runs[2], is_finished=False)
    (found,) = group(runs)
    assert [len(each.epochs) for each in found.furthest] == [3, 2]
    (going_on,) = group([replace(each, is_finished=False) for each in runs])
    assert [len(each.epochs) for each in going_on.furthest] == [5]


def test_furthest_are_none_before_the_first_epoch():
    (found,) = group([record(), record(seed=1)])
    assert found.furthest == ()
    assert curve(found, "test_accuracy") == ()


# --- curves ---------------------------------------------------------------------------------------


def test_a_curve_by_hand():
    (found,) = group(
        [record(0.5, 0.75, 0.875, seconds=2.0), record(0.75, 0.25, seed=1, seconds=6.0)]
    )
    first, second, third = curve(found, "test_accuracy")
    assert (first.seeds, first.mean) == (2, 0.625)
    assert first.deviation == pytest.approx(0.125 * 2**0.5)
    assert first.band == pytest.approx((0.625 - 0.125 * 2**0.5, 0.625 + 0.125 * 2**0.5))
    assert second.mean == 0.5
    assert (third.seeds, third.mean, third.deviation, third.band) == (1, 0.875, None, None)
    assert [place_on(point, "epoch") for point in (first, second, third)] == [1, 2, 3]
    assert [place_on(point, "step") for point in (first, second, third)] == [12, 24, 36]
    # the third epoch took the one that reached it two seconds; its own clock stood at 6, behind the
    # mean of both before
    assert [place_on(point, "seconds") for point in (first, second, third)] == [4.0, 8.0, 10.0]


@pytest.mark.parametrize(
    "metric",
    ["train_loss", "train_accuracy", "test_loss", "lr", "seconds", "iterations_per_second"],
)
def test_every_metric_has_a_curve(metric):
    one = replace(record(), epochs=(epoch(1, 0.5, **{"seconds": 1.0, metric: 0.25}),))
    two = replace(record(seed=1), epochs=(epoch(1, 0.5, **{"seconds": 1.0, metric: 0.75}),))
    (found,) = group([one, two])
    (point,) = curve(found, metric)
    assert (point.mean, point.deviation) == (0.5, pytest.approx(0.25 * 2**0.5))


accuracies = st.lists(st.integers(0, 10_000).map(lambda right: right / 10_000), max_size=5)


@given(st.lists(st.tuples(accuracies, st.floats(0.1, 100)), min_size=1, max_size=5))
def test_curves_against_their_definition(runs):
    records = [
        record(*values, seed=seed, seconds=seconds) for seed, (values, seconds) in enumerate(runs)
    ]
    (found,) = group(records)
    points = curve(found, "test_accuracy")
    assert len(points) == max(len(values) for values, _ in runs)
    for place, point in enumerate(points):
        reached = [values[place] for values, _ in runs if place < len(values)]
        assert point.seeds == len(reached)
        assert point.mean == pytest.approx(fmean(reached))
        assert point.deviation == (pytest.approx(stdev(reached)) if len(reached) > 1 else None)
    seconds = [point.seconds for point in points]
    assert seconds == sorted(seconds)
    complete = [place for place, point in enumerate(points) if point.seeds == len(runs)]
    assert [seconds[place] for place in complete] == pytest.approx(
        [median(each for _, each in runs) * (place + 1) for place in complete]
    )


def test_one_seed_on_a_machine_with_other_work_does_not_slow_down_the_curve():
    records = [record(0.5, 0.75, seed=seed, seconds=each) for seed, each in enumerate((2, 90, 3))]
    (found,) = group(records)
    assert [point.seconds for point in curve(found, "test_accuracy")] == [3, 6]


# --- where records come from ----------------------------------------------------------------------


def snapshot(started=True):
    run = Run(
        "abc",
        "ann",
        WIDE,
        Recipe(seed=4),
        "cpu",
        Environment("2.15.0", "3.11", "cpu"),
        0.0,
        "my run",
    )
    metrics = {
        "train_loss": 0.1,
        "train_accuracy": 0.2,
        "test_loss": 0.3,
        "test_accuracy": 0.4,
        "lr": 0.5,
        "seconds": 0.6,
        "iterations_per_second": 0.7,
    }
    beginning = Event(kind="started", metrics={"test_images": 360.0, "train_images": 1437.0})
    end = Event(kind="epoch", epoch=1, step=12, time=9.0, metrics=metrics)
    return Snapshot(
        run,
        Status("running"),
        None,
        "",
        beginning if started else None,
        (),
        (end,) if started else (),
        None,
    )


def test_a_run_as_a_record():
    expected = Epoch(1, 12, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    assert record_of(snapshot()) == Record(
        "my run", "run", WIDE, Recipe(seed=4), (expected,), 360, "abc", "cpu", is_finished=False
    )
    waiting = record_of(snapshot(started=False))
    assert (waiting.epochs, waiting.test_images) == ((), None)


def test_results_of_presets_as_records():
    found = 0
    for each in load_presets().values():
        records = records_of(each)
        for made, result in zip(records, measured(each.id), strict=True):
            found += 1
            architecture, recipe = each.recipe_variant(result.variant)
            assert (made.origin, made.run_id, made.test_images) == ("shipped", None, 10_000)
            assert made.architecture == architecture
            assert made.recipe == recipe.model_copy(update={"seed": result.seed})
            assert [epoch.test_accuracy for epoch in made.epochs] == [
                epoch.test_accuracy for epoch in result.epochs
            ]
            # Of 60,000 images.
            steps = {128: [469, 938], 64: [938, 1876]}[recipe.batch_size]
            assert [epoch.step for epoch in made.epochs[:2]] == steps
            assert made.epochs[-1].seconds == result.epochs[-1].seconds
            assert RECIPE_VARIANT_NAMES[result.variant] in made.label
            assert each.title in made.label
    assert found


def test_results_of_a_recipe_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "results").mkdir()
    columns = (
        "epoch,train_loss,train_accuracy,test_loss,test_accuracy,lr,seconds,iterations_per_second"
    )
    (tmp_path / "results" / "blank_tuned_0.csv").write_text(
        f"{columns}\n1,0.1,0.9,0.1,0.9,0.1,1.0,1.0\n"
    )
    with pytest.raises(PresetError, match="blank has results of the tuned recipe"):
        records_of(preset("blank"), tmp_path)


def test_what_a_document_logged_is_a_curve_of_its_own():
    each = preset("gap-17k")
    found, log = documented_curve(each), each.documented.log
    assert (found.preset_id, found.label) == ("gap-17k", each.title)
    assert [point.epoch for point in found.points] == [epoch.epoch for epoch in log]
    assert [point.test_accuracy for point in found.points] == [epoch.test_accuracy for epoch in log]
    # This document prints a loss an image of a batch.
    assert found.points[0].test_loss == log[0].test_loss * 128
    assert found.points[2].seconds == sum(epoch.seconds for epoch in log[:3])
    assert found.points[2].step == 3 * 468
    assert place_on(found.points[2], "step") == 1404


def test_a_preset_of_ours_has_no_documented_curve():
    found: Preset = preset("blank")
    assert documented_curve(found) is None
    assert records_of(found) == ()
