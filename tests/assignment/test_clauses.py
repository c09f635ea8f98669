"""The clauses of an assignment: what holds, what fails, and what nobody can know yet."""

import pytest

from explorer.assignment.assignment import Assignment, Part, parse_assignment, to_data
from explorer.assignment.clauses import Clause, clauses, verdict
from explorer.assignment.results import Result
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    Architecture,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    Identity,
    Linear,
    MaxPool2d,
    ReLU,
)
from explorer.presets import load_presets
from explorer.training.recipe import Recipe

NOTHING = Assignment(max_params=None, max_epochs=None, min_accuracy=None)


def judged(
    layers=(), recipe: Recipe | None = None, result: Result | None = None, **limits
) -> Clause:
    """The one clause of an assignment with one limit."""
    assignment = parse_assignment(to_data(NOTHING) | limits)
    (clause,) = clauses(assignment, Architecture(layers=layers), recipe or Recipe(), result)
    return clause


def test_the_default_is_the_documents_task():
    assert Assignment() == Assignment(max_params=20_000, max_epochs=20, min_accuracy=0.994)
    preset = load_presets()["adaptive-pool-16k"]
    found = clauses(Assignment(), preset.architecture, preset.recipe, None)
    assert [(clause.limit, clause.state, clause.text) for clause in found] == [
        ("max_params", "holds", "16,426 < 20,000 parameters"),
        ("max_epochs", "holds", f"{preset.recipe.epochs} ≤ 20 epochs"),
        ("min_accuracy", "unknown", "99.4 % test accuracy: no finished run yet"),
    ]


def test_a_run_on_own_images_is_on_other_images():
    own = Recipe(dataset="own-k7f2m4qa-10-1x28x28")
    clause = judged(recipe=own, dataset="mnist")
    assert (clause.state, clause.text) == ("fails", "on own images, not on MNIST")


def test_no_limits_no_clauses():
    assert clauses(NOTHING, Architecture(), Recipe(), None) == ()


CONV = Conv2d(out_channels=8, kernel_size=3)  # 80 parameters, 26×26 from 28×28
BROKEN = (CONV, MaxPool2d(kernel_size=99))


@pytest.mark.parametrize(
    ("limits", "layers", "state", "text"),
    [
        (
            {"forbidden": ("linear",)},
            (Flatten(), Linear(out_features=10)),
            "fails",
            "must not use Linear",
        ),
        ({"forbidden": ("linear",)}, (CONV,), "holds", "without Linear"),
        ({"forbidden": ("batch_norm",)}, (CONV, BatchNorm2d()), "fails", "must not use BatchNorm"),
        ({"forbidden": ("global_pooling",)}, BROKEN, "unknown", "without global average pooling"),
        (
            {"required": ("depthwise",)},
            (CONV, Conv2d(out_channels=16, kernel_size=3, groups=8)),
            "holds",
            "uses a depthwise convolution",
        ),
        (
            {"required": ("depthwise",)},
            (CONV, Conv2d(out_channels=16, kernel_size=3, groups=4)),
            "fails",
            "needs a depthwise convolution",
        ),
        # One channel alone makes no convolution depthwise.
        ({"required": ("depthwise",)}, (CONV,), "fails", "needs a depthwise convolution"),
        ({"required": ("depthwise",)}, BROKEN, "unknown", "a depthwise convolution"),
        (
            {"required": ("dilated",)},
            (Conv2d(out_channels=8, kernel_size=3, dilation=(1, 2)),),
            "holds",
            "uses a dilated convolution",
        ),
        ({"required": ("dilated",)}, (CONV,), "fails", "needs a dilated convolution"),
        (
            {"required": ("skip",)},
            (CONV, Branches(merge="add", branches=((), (ReLU(),)))),
            "holds",
            "uses a skip connection",
        ),
        (
            {"required": ("skip",)},
            (Branches(merge="concat", branches=((), (CONV,))),),
            "holds",
            "uses a skip connection",
        ),
        (
            {"required": ("skip",)},
            (Branches(merge="concat", branches=((CONV,), (CONV,))),),
            "fails",
            "needs a skip connection",
        ),
        ({"min_field": 3}, (CONV,), "holds", "receptive field 3×3 ≥ 3"),
        ({"min_field": 4}, (CONV,), "fails", "receptive field 3×3 < 4"),
        (
            {"min_field": 4},
            (Conv2d(out_channels=8, kernel_size=(3, 7)),),
            "fails",
            "receptive field 3×7 < 4",
        ),
        ({"min_field": 4}, BROKEN, "unknown", "receptive field of at least 4"),
        ({"max_mult_adds": 48_672}, (CONV,), "holds", "48,672 ≤ 48,672 multiply-adds"),
        ({"max_mult_adds": 48_671}, (CONV,), "fails", "48,672 > 48,671 multiply-adds"),
        ({"max_mult_adds": 48_672}, BROKEN, "unknown", "at most 48,672 multiply-adds"),
        ({"min_poolings": 1}, (CONV, MaxPool2d(kernel_size=2)), "holds", "1 ≥ 1 pooling layers"),
        ({"min_poolings": 2}, (CONV, MaxPool2d(kernel_size=2)), "fails", "1 < 2 pooling layers"),
        (
            {"min_poolings": 1},
            (CONV, AdaptiveAvgPool2d(output_size=1)),
            "fails",
            "0 < 1 pooling layers",
        ),
        ({"min_poolings": 1}, BROKEN, "unknown", "at least 1 pooling layer"),
        (
            {"max_poolings": 1},
            (MaxPool2d(kernel_size=2), AvgPool2d(kernel_size=2)),
            "fails",
            "2 > 1 pooling layers",
        ),
        (
            {"max_poolings": 2},
            (MaxPool2d(kernel_size=2), AvgPool2d(kernel_size=2)),
            "holds",
            "2 ≤ 2 pooling layers",
        ),
        ({"max_poolings": 1}, BROKEN, "unknown", "at most 1 pooling layer"),
        ({"dataset": "digits"}, (), "holds", "on Digits"),
        ({"dataset": "mnist"}, (), "fails", "on Digits, not on MNIST"),
    ],
)
def test_what_courses_ask_for(limits, layers, state, text):
    test_before_any_training(limits, layers, state, text)


def test_every_part_is_found_and_missed():
    """In a network that has all of them, and in one that has none."""
    everything = (
        Branches(merge="add", branches=((), (ReLU(),))),
        Conv2d(out_channels=8, kernel_size=3, dilation=2),
        BatchNorm2d(),
        Dropout2d(p=0.1),
        Conv2d(out_channels=8, kernel_size=3, groups=8),
        AdaptiveAvgPool2d(output_size=1),
        Flatten(),
        Linear(out_features=10),
    )
    for part in Part:
        assert judged(everything, required=(part,)).state == "holds"
        assert judged((CONV,), required=(part,)).state == "fails"
        assert judged(everything, forbidden=(part,)).state == "fails"
        assert judged((CONV,), forbidden=(part,)).state == "holds"


@pytest.mark.parametrize(
    ("limits", "layers", "text"),
    [
        (
            {"required": ("dilated",)},
            (Conv2d(out_channels=8, kernel_size=(1, 3), dilation=(2, 1)),),
            "needs a dilated convolution",
        ),
        ({"required": ("dropout",)}, (Dropout(p=0), Dropout2d(p=0)), "needs Dropout"),
        (
            {"required": ("skip",)},
            (
                Branches(merge="add", branches=((), ())),
                Branches(merge="concat", branches=((), ())),
                Branches(merge="add", branches=((Identity(), Dropout(p=0)), ())),
                Branches(merge="add", branches=((MaxPool2d(kernel_size=1),), ())),
                Branches(
                    merge="add",
                    branches=((Branches(merge="add", branches=((), (Identity(),))),), ()),
                ),
            ),
            "needs a skip connection",
        ),
        (
            {"required": ("global_pooling",)},
            (
                Conv2d(out_channels=8, kernel_size=28),
                AdaptiveAvgPool2d(output_size=1),
                AvgPool2d(kernel_size=1),
            ),
            "needs global average pooling",
        ),
        (
            {"min_poolings": 1},
            (
                MaxPool2d(kernel_size=1),
                AvgPool2d(kernel_size=1),
                AdaptiveAvgPool2d(output_size=28),
                AdaptiveMaxPool2d(output_size=28),
            ),
            "0 < 1 pooling layers",
        ),
    ],
)
def test_layers_that_do_nothing_count_for_nothing(limits, layers, text):
    clause = judged(layers, **limits)
    assert (clause.state, clause.text) == ("fails", text)


def test_a_pooling_layer_of_single_values_counts_where_it_leaves_some_out():
    assert judged((MaxPool2d(kernel_size=1, stride=2),), min_poolings=1).state == "holds"
    assert judged((MaxPool2d(kernel_size=3, stride=1, padding=1),), min_poolings=1).state == "holds"


@pytest.mark.parametrize(
    ("limits", "layers", "state", "text"),
    [
        ({"max_params": 81}, (CONV,), "holds", "80 < 81 parameters"),
        ({"max_params": 80}, (CONV,), "fails", "80 parameters (limit: below 80)"),
        ({"max_params": 81}, BROKEN, "unknown", "below 81 parameters"),
        ({"max_params": 80}, BROKEN, "fails", "80 parameters (limit: below 80)"),
        ({"max_layers": 2}, (CONV, ReLU()), "holds", "2 ≤ 2 layers"),
        ({"max_layers": 1}, (CONV, ReLU()), "fails", "2 > 1 layers"),
        ({"required": ("batch_norm",)}, (CONV, BatchNorm2d()), "holds", "uses BatchNorm"),
        ({"required": ("batch_norm",)}, (Flatten(), BatchNorm1d()), "holds", "uses BatchNorm"),
        ({"required": ("batch_norm",)}, (CONV,), "fails", "needs BatchNorm"),
        ({"required": ("dropout",)}, (Dropout2d(p=0.1),), "holds", "uses Dropout"),
        ({"required": ("dropout",)}, (), "fails", "needs Dropout"),
        (
            {"required": ("global_pooling",)},
            (CONV, AdaptiveAvgPool2d(output_size=1)),
            "holds",
            "uses global average pooling",
        ),
        (
            {"required": ("global_pooling",)},
            (CONV, AdaptiveAvgPool2d(output_size=2)),
            "fails",
            "needs global average pooling",
        ),
        (
            {"required": ("global_pooling",)},
            (CONV, AvgPool2d(kernel_size=26)),
            "holds",
            "uses global average pooling",
        ),
        (
            {"required": ("global_pooling",)},
            (CONV, AvgPool2d(kernel_size=25, stride=2)),
            "fails",
            "needs global average pooling",
        ),
        (
            {"required": ("global_pooling",)},
            (CONV, MaxPool2d(kernel_size=26)),
            "fails",
            "needs global average pooling",
        ),
        ({"required": ("global_pooling",)}, BROKEN, "unknown", "global average pooling"),
        (
            {"required": ("linear_head",)},
            (CONV, Flatten(), Linear(out_features=10)),
            "holds",
            "uses a Linear head",
        ),
        (
            {"required": ("linear_head",)},
            (Flatten(), Linear(out_features=10), ReLU()),
            "holds",
            "uses a Linear head",
        ),
        (
            {"required": ("linear_head",)},
            (CONV, AdaptiveAvgPool2d(output_size=1), Flatten()),
            "fails",
            "needs a Linear head",
        ),
    ],
)
def test_before_any_training(limits, layers, state, text):
    clause = judged(layers, **limits)
    asked = (limits.get("required") or limits.get("forbidden") or tuple(limits))[0]
    assert (clause.state, clause.text, clause.limit) == (state, text, asked)


@pytest.mark.parametrize(
    ("limits", "planned", "result", "state", "text"),
    [
        ({"max_epochs": 20}, 20, None, "holds", "20 ≤ 20 epochs"),
        ({"max_epochs": 20}, 21, None, "fails", "21 > 20 epochs"),
        ({"max_epochs": 20}, 21, Result(15, 0.9), "holds", "15 ≤ 20 epochs"),
        ({"min_accuracy": 0.994}, 20, Result(15, 0.994), "holds", "99.4 % ≥ 99.4 % test accuracy"),
        (
            {"min_accuracy": 0.994},
            20,
            Result(15, 0.9939),
            "fails",
            "99.39 % < 99.4 % test accuracy",
        ),
        (
            {"min_accuracy": 0.994},
            20,
            Result(15, 0.993999),
            "fails",
            "99.39 % < 99.4 % test accuracy",
        ),
        ({"min_accuracy": 1.0}, 20, None, "unknown", "100 % test accuracy: no finished run yet"),
    ],
)
def test_with_and_without_a_run(limits, planned, result, state, text):
    clause = judged(recipe=Recipe(epochs=planned), result=result, **limits)
    assert (clause.state, clause.text) == (state, text)


def test_a_run_that_is_judged_alone_is_not_called_the_best():
    for limits in ({"max_epochs": 20}, {"min_accuracy": 0.99}):
        assert judged(result=Result(15, 0.99), **limits).note.startswith("of this run")


SEEDS = {"min_accuracy": 0.99, "seeds": 3}


@pytest.mark.parametrize(
    ("result", "state", "text"),
    [
        (None, "unknown", "99 % test accuracy, mean of 3 seeds: no finished run yet"),
        (
            Result(5, 0.995, seeds=2),
            "unknown",
            "99 % test accuracy, mean of 3 seeds: 2 of 3 so far",
        ),
        (Result(5, 0.995, seeds=3), "holds", "99.5 % ≥ 99 % test accuracy, mean of 3 seeds"),
        (Result(5, 0.985, seeds=4), "fails", "98.5 % < 99 % test accuracy, mean of 4 seeds"),
    ],
)
def test_the_mean_over_seeds(result, state, text):
    clause = judged(result=result, **SEEDS)
    assert (clause.state, clause.text) == (state, text)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "holds"),
        (("holds", "holds"), "holds"),
        (("holds", "unknown"), "unknown"),
        (("unknown", "fails", "holds"), "fails"),
    ],
)
def test_a_verdict_is_as_bad_as_its_worst_clause(states, expected):
    assert verdict(Clause("max_params", state, "", "") for state in states) == expected
