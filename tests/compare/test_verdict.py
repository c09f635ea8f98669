"""The figures of a group of runs."""

from dataclasses import replace
from statistics import median, stdev

import pytest

from explorer.compare.learning import group, records_of
from explorer.compare.verdict import (
    accuracy_per_parameter,
    epochs_to,
    noise_note,
    standard_error,
    verdict,
)
from explorer.network.spec import Architecture, Flatten
from explorer.presets import load_presets, preset
from tests.compare.test_learning import epoch, record

PRESETS = tuple(load_presets().values())


def of(*records, **options):
    (found,) = group(records)
    return verdict(found, **options)


def test_three_seeds_by_hand():
    found = of(
        record(0.90, 0.96, 0.94),
        record(0.92, 0.92, 0.91, seed=1),
        record(0.99, 0.99, seed=2),  # not there yet: it would flatter
        target=0.93,
    )
    assert (found.label, found.seeds, found.epochs, found.parameters) == ("narrow", 2, 3, 7850)
    assert found.best == pytest.approx(0.94)
    assert found.final == pytest.approx(0.925)
    assert found.final_deviation == pytest.approx(stdev([0.94, 0.91]))
    assert found.epochs_to_target == 1  # 0.9366… with the third
    assert found.accuracy_per_parameter == pytest.approx(82.5 / 7.85)
    assert found.documented is None


def test_one_seed_has_no_deviation():
    found = of(record(0.9))
    assert (found.best, found.final, found.final_deviation, found.epochs_to_target) == (
        0.9,
        0.9,
        None,
        None,
    )


def test_before_the_first_epoch_nothing_is_known_but_the_network():
    found = of(replace(record(), test_images=None))
    assert (found.seeds, found.epochs, found.parameters) == (0, 0, 7850)
    assert [found.best, found.final, found.final_deviation, found.epochs_to_target] == [None] * 4
    assert [found.seconds_an_epoch, found.iterations_per_second, found.accuracy_per_parameter] == [
        None
    ] * 3


def test_times_are_the_median_of_all_epochs():
    both = (
        epoch(1, 0.9, 1.0, iterations_per_second=10.0),
        epoch(2, 0.9, 50.0, iterations_per_second=0.2),
    )
    one = replace(record(), epochs=both)
    two = replace(record(seed=1), epochs=(epoch(1, 0.9, 2.0, iterations_per_second=5.0),))
    found = of(one, two)
    assert (found.seconds_an_epoch, found.iterations_per_second) == (2.0, 5.0)


@pytest.mark.parametrize(
    ("runs", "target", "expected"),
    [
        ([(0.9, 0.993, 0.994)], 0.994, 3),
        ([(0.9, 0.995, 0.99)], 0.994, 2),  # once is enough
        ([(0.9, 0.993)], 0.994, None),
        ([(0.9938, 0.5), (0.9942, 0.5)], 0.994, 1),
        # Floating point makes 0.99399… of their mean.
        ([(0.9942,), (0.9944,), (0.9934,)], 0.994, 1),
        ([(0.994,), (0.994,), (0.994,)], 0.994, 1),
        ([(0.9939,), (0.994,), (0.994,)], 0.994, None),  # one image in 10,000 short
        ([()], 0.994, None),
    ],
)
def test_epochs_to_a_target(runs, target, expected):
    (found,) = group([record(*accuracies, seed=seed) for seed, accuracies in enumerate(runs)])
    assert epochs_to(found, target) == expected


def test_a_network_that_is_a_presets_knows_its_document():
    each = preset("gap-17k")
    mine = each.architecture.model_copy(update={"name": "mine"})
    # It was trained on digits.
    assert of(record(0.9, architecture=mine), presets=PRESETS).documented is None
    found = of(record(0.9, architecture=mine, dataset="mnist"), presets=PRESETS)
    assert found.documented is not None
    assert (found.documented.preset_id, found.documented.best) == ("gap-17k", 0.9957)
    assert found.documented.iterations_per_second == median(
        epoch.iterations_per_second for epoch in each.documented.log
    )


def test_the_results_that_come_with_a_preset():
    for each in PRESETS:
        for same in group(records_of(each)):
            found = verdict(same, PRESETS)
            of = found.documented and found.documented.preset_id
            assert of == (each.id if each.documented else None)
            assert found.final <= found.best <= 1
            assert found.epochs == same.recipe.epochs


@pytest.mark.parametrize(
    ("accuracy", "parameters", "classes", "expected"),
    [
        (0.994, 16_000, 10, 89.4 / 16),
        (0.1, 500, 10, 0.0),
        (0.75, 1000, 2, 25.0),
        (0.5, 0, 10, None),
    ],
)
def test_accuracy_per_parameter(accuracy, parameters, classes, expected):
    assert accuracy_per_parameter(accuracy, parameters, classes) == pytest.approx(expected)


def test_a_network_without_parameters():
    found = of(record(0.2, architecture=Architecture(layers=(Flatten(),))))
    assert (found.parameters, found.accuracy_per_parameter) == (0, None)


def test_what_may_be_noise_follows_the_number_of_images():
    assert noise_note(group([record(0.9), record(0.4, seed=1)])).startswith(
        "On 360 test images one standard error at 90.0 % is 1.58 points: "
    )
    assert noise_note(group([record(1.0)])).startswith(
        "On 360 test images one standard error at 99.4 % is 0.41 points: "
    )
    assert noise_note([]).startswith(
        "On 10,000 test images one standard error at 99.4 % is 0.08 points: "
    )


def test_standard_error():
    assert standard_error(0.994, 10_000) == pytest.approx(0.00077227, rel=1e-4)
    assert standard_error(0.5, 100) == pytest.approx(0.05)
    assert standard_error(1.0, 10_000) == 0.0
    for accuracy, images in ((0.9, 0), (-0.1, 10), (99.4, 10)):
        with pytest.raises(ValueError, match="from 0 to 1"):
            standard_error(accuracy, images)
