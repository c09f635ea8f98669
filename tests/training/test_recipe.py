"""Recipes: what is taken, what is refused, and in what words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.training.recipe import (
    OPTIMIZERS,
    SCHEDULERS,
    SGD,
    OneCycleLR,
    Recipe,
    RecipeError,
    StepLR,
    arguments,
    count_images,
    parse_recipe,
    picks_best,
    quick_look,
    to_data,
    to_json,
    with_changes,
)


def test_an_empty_object_is_the_default_recipe() -> None:
    assert parse_recipe({}) == Recipe()
    assert Recipe().dataset == "digits"


def test_fields_are_taken() -> None:
    recipe = parse_recipe(
        {
            "dataset": "mnist",
            "epochs": 3,
            "optimizer": {"kind": "SGD", "lr": 1, "momentum": 0.9, "nesterov": True},
            "scheduler": {"kind": "StepLR", "step_size": 2},
            "rotation": 7,
        }
    )
    assert recipe.optimizer == SGD(lr=1.0, momentum=0.9, nesterov=True)
    assert recipe.scheduler == StepLR(step_size=2, gamma=0.1)
    assert (recipe.dataset, recipe.epochs, recipe.rotation) == ("mnist", 3, 7.0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_json_round_trip(optimizer: str, scheduler: str) -> None:
    recipe = parse_recipe(
        {"optimizer": {"kind": optimizer}, "scheduler": {"kind": scheduler}, "seed": 3}
    )
    assert (recipe.optimizer.kind, recipe.scheduler.kind) == (optimizer, scheduler)
    assert parse_recipe(to_json(recipe)) == recipe
    assert parse_recipe(to_json(recipe).encode()) == recipe
    assert json.loads(json.dumps(to_data(recipe))) == to_data(recipe)
    assert hash(parse_recipe(to_json(recipe))) == hash(recipe)


REFUSED: list[tuple[Any, str | None, str]] = [
    ("[]", None, "a recipe is a JSON object with dataset, epochs"),
    ("{", None, "not JSON"),
    ("[" * 10_000, None, "not JSON"),
    ("1" * 30_000, None, "at most 20,000"),
    ({1: 2}, None, "unknown field 1"),
    (
        {"epoch": 3},
        "epoch",
        'unknown field "epoch" (did you mean epochs?); a recipe takes dataset, epochs',
    ),
    ({"epochs": 0}, "epochs", "epochs must be a whole number from 1 to 1000; this has 0"),
    ({"epochs": "3"}, "epochs", 'this has "3"'),
    ({"epochs": True}, "epochs", "this has true"),
    ({"epochs": 2.0}, "epochs", "this has 2.0"),
    ({"batch_size": 1}, "batch_size", "from 2 to 4096"),
    (
        {"dataset": "mnsit"},
        "dataset",
        "dataset must be one of digits, mnist, fashion-mnist, kmnist, cifar10",
    ),
    ({"dataset": None}, "dataset", "this has null"),
    ({"label_smoothing": 1.5}, "label_smoothing", "a number from 0 to 1"),
    ({"rotation": float("nan")}, "rotation", "a number from 0 to 180"),
    ({"shift": float("inf")}, "shift", "a number from 0 to 32"),
    ({"seed": -1}, "seed", "a whole number from 0 to 999999"),
    ({"device": "gpu"}, "device", '"auto" or "cpu" or "cuda" or "mps"; this has "gpu"'),
    ({"precision": 16}, "precision", '"auto" or "fp32" or "bf16"; this has 16'),
    ({"optimizer": "SGD"}, "optimizer", 'an object such as {"kind": "SGD"}; this has "SGD"'),
    ({"optimizer": {}}, "optimizer", "kind is missing; the kinds are SGD, Adam, AdamW"),
    (
        {"optimizer": {"kind": "RMSprop"}},
        "optimizer",
        'unknown kind "RMSprop"; the kinds are SGD, Adam, AdamW',
    ),
    ({"optimizer": {"kind": []}}, "optimizer", "unknown kind []"),
    (
        {"optimizer": {"kind": "SGD", "lr": 0}},
        "optimizer.lr",
        "optimizer.lr must be a number above 0 to 10; this has 0",
    ),
    (
        {"optimizer": {"kind": "SGD", "momentun": 0.9}},
        "optimizer.momentun",
        "did you mean momentum?",
    ),
    (
        {"optimizer": {"kind": "Adam", "momentum": 0.9}},
        "optimizer.momentum",
        "Adam takes lr, weight_decay",
    ),
    (
        {"optimizer": {"kind": "SGD", "nesterov": True}},
        "optimizer",
        "nesterov needs momentum above 0; set momentum to 0.9",
    ),
    ({"optimizer": {"kind": "SGD", 1: 2}}, "optimizer", "optimizer: "),
    ({"scheduler": None}, "scheduler", 'an object such as {"kind": "constant"}; this has null'),
    (
        {"scheduler": {"kind": "constant", "gamma": 1}},
        "scheduler.gamma",
        "constant takes no arguments",
    ),
    (
        {"scheduler": {"kind": "MultiStepLR", "milestones": [6, 6]}},
        "scheduler.milestones",
        "each milestone must be later than the one before it",
    ),
    (
        {"scheduler": {"kind": "MultiStepLR", "milestones": []}},
        "scheduler.milestones",
        "a list of 1 to 20 whole numbers from 1 to 1000; this has []",
    ),
    (
        {"scheduler": {"kind": "MultiStepLR", "milestones": "6"}},
        "scheduler.milestones",
        'from 1 to 1000; this has "6"',
    ),
    (
        {"scheduler": {"kind": "ReduceLROnPlateau", "factor": 1}},
        "scheduler.factor",
        "a number from 0.01 to 0.99; this has 1",
    ),
    (
        {"scheduler": {"kind": "OneCycleLR", "peak_epoch": 4}, "epochs": 3},
        "scheduler.peak_epoch",
        "must be one of the run's 3 epochs; this has 4",
    ),
    ({"early_stopping": 3}, "early_stopping", "needs validation images, as the test set must not"),
    ({"best_epoch_by": "validation"}, "best_epoch_by", "needs validation images"),
    (
        {"validation_images": 1436},
        "validation_images",
        "must leave 2 or more training images to learn from, so it is at most 1,435 here",
    ),
    (
        {"validation_images": 143, "images_share": 0.1},
        "validation_images",
        "at most 142 here; this has 143",
    ),
    ({"flip": 1.5}, "flip", "a number from 0 to 1; this has 1.5"),
    ({"crop_padding": 1.5}, "crop_padding", "a whole number from 0 to 32"),
    ({"clip_grad_norm": -1}, "clip_grad_norm", "a number from 0 to 1000"),
    (
        {"scheduler": {"kind": "OneCycleLR", "pct_start": 2}},
        "scheduler.pct_start",
        "from 0 to 1; this has 2",
    ),
]


@pytest.mark.parametrize(("data", "field", "words"), REFUSED)
def test_what_is_refused_is_named(data: Any, field: str | None, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(data)
    assert caught.value.field == field
    assert words in caught.value.message


def test_every_field_has_help() -> None:
    models = [Recipe, *OPTIMIZERS.values(), *(kind.model for kind in SCHEDULERS.values())]
    bare = [
        (m.__name__, name)
        for m in models
        for name, f in m.model_fields.items()
        if name != "kind" and not f.description
    ]
    assert bare == []


def test_one_cycle_of_any_length_can_be_built() -> None:
    """torch divides by zero where the rise is exactly one step."""
    arguments = SCHEDULERS["OneCycleLR"].inferred(OneCycleLR(pct_start=0.25), 4, 1)
    assert arguments["total_steps"] == 4
    assert arguments["pct_start"] * 4 != 1


def test_a_recipe_of_an_older_version_means_what_it_meant() -> None:
    """It has none of the later lessons' fields, and OneCycleLR no peak epoch."""
    recipe = parse_recipe({"epochs": 4, "scheduler": {"kind": "OneCycleLR", "pct_start": 0.25}})
    assert SCHEDULERS["OneCycleLR"].inferred(recipe.scheduler, 4, 3)["pct_start"] == 0.25
    assert (picks_best(recipe), count_images(recipe, 100)) == ("test", 100)
    assert parse_recipe(to_data(recipe)) == recipe


@pytest.mark.parametrize(("peak", "epochs", "steps"), [(1, 4, 5), (3, 4, 5), (4, 4, 5), (2, 7, 3)])
def test_a_peak_epoch_is_the_share_of_the_run_up_to_its_end(
    peak: int, epochs: int, steps: int
) -> None:
    scheduler = OneCycleLR(pct_start=0.9, peak_epoch=peak)
    inferred = SCHEDULERS["OneCycleLR"].inferred(scheduler, epochs, steps)
    assert inferred["pct_start"] * inferred["total_steps"] == pytest.approx(peak * steps)
    assert "peak_epoch" not in arguments(scheduler)


@pytest.mark.parametrize(
    ("fields", "picked"),
    [
        ({}, "test"),
        ({"validation_images": 100}, "validation"),
        ({"validation_images": 100, "best_epoch_by": "test"}, "test"),
        ({"validation_images": 100, "best_epoch_by": "validation"}, "validation"),
    ],
)
def test_validation_images_pick_the_best_epoch_where_there_are_some(
    fields: dict[str, Any], picked: str
) -> None:
    assert picks_best(parse_recipe(fields)) == picked


@pytest.mark.parametrize(
    "fields",
    [
        {"epochs": 9, "scheduler": {"kind": "OneCycleLR", "peak_epoch": 7}, "plain_epochs": 2},
        {"validation_images": 1400, "early_stopping": 2, "best_epoch_by": "validation"},
        {"validation_images": 5, "best_epoch_by": "validation"},
        {"validation_images": 1435},
    ],
)
def test_a_quick_look_is_a_recipe_too(fields: dict[str, Any]) -> None:
    recipe = quick_look(parse_recipe(fields))
    assert parse_recipe(to_data(recipe)) == recipe
    assert (recipe.epochs, recipe.images_share, recipe.early_stopping) == (1, 0.1, 0)


SPLIT = {"dataset": "mnist", "validation_images": 5000, "early_stopping": 3}
PEAK = {"epochs": 20, "scheduler": {"kind": "OneCycleLR", "peak_epoch": 8}}


@pytest.mark.parametrize(
    ("fields", "changes", "expected"),
    [
        ({}, {"epochs": 3}, {"epochs": 3}),
        (PEAK, {"epochs": 9}, {}),
        (PEAK, {"epochs": 7}, {"scheduler": OneCycleLR()}),
        (SPLIT, {"epochs": 3}, {"validation_images": 5000, "early_stopping": 3}),
        # A fifth of the 1,437 that digits has.
        (SPLIT, {"dataset": "digits"}, {"validation_images": 287, "early_stopping": 3}),
        (
            SPLIT | {"best_epoch_by": "validation"},
            {"dataset": "digits", "images_share": 0.01},
            {"validation_images": 2, "best_epoch_by": "validation"},
        ),
        (
            SPLIT | {"best_epoch_by": "validation"},
            {"validation_images": 0},
            {"early_stopping": 0, "best_epoch_by": "auto"},
        ),
        (SPLIT | {"best_epoch_by": "test"}, {"validation_images": 0}, {"best_epoch_by": "test"}),
    ],
)
def test_a_changed_recipe_loses_what_no_longer_goes_with_it(fields, changes, expected) -> None:
    found = with_changes(parse_recipe(fields), **changes)
    assert parse_recipe(to_data(found)) == found
    for name, value in expected.items():
        assert getattr(found, name) == value


@given(st.integers(0, 59_990), st.sampled_from(["digits", "mnist", "cifar10"]), st.integers(1, 30))
def test_a_recipe_for_other_images_and_epochs_can_be_read_again(held_out, dataset, epochs) -> None:
    recipe = parse_recipe(PEAK | {"dataset": "mnist", "validation_images": held_out})
    for found in (with_changes(recipe, dataset=dataset, epochs=epochs), quick_look(recipe)):
        assert parse_recipe(to_data(found)) == found
