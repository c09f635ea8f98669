"""The clauses of an assignment: what holds, what fails, and what nobody can know yet."""

import pytest

from explorer.assignment import (
    Assignment,
    AssignmentError,
    Clause,
    Result,
    best_result,
    clauses,
    parse_assignment,
    to_data,
)
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    Architecture,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout2d,
    Flatten,
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
    assignment = NOTHING.model_copy(update=limits)
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


def test_no_limits_no_clauses():
    assert clauses(NOTHING, Architecture(), Recipe(), None) == ()


CONV = Conv2d(out_channels=8, kernel_size=3)  # 80 parameters, 26×26 from 28×28
BROKEN = (CONV, MaxPool2d(kernel_size=99))


@pytest.mark.parametrize(
    ("limits", "layers", "state", "text"),
    [
        ({"max_params": 81}, (CONV,), "holds", "80 < 81 parameters"),
        ({"max_params": 80}, (CONV,), "fails", "80 parameters (limit: below 80)"),
        ({"max_params": 81}, BROKEN, "unknown", "below 81 parameters"),
        ({"max_params": 80}, BROKEN, "fails", "80 parameters (limit: below 80)"),
        ({"max_layers": 2}, (CONV, ReLU()), "holds", "2 ≤ 2 layers"),
        ({"max_layers": 1}, (CONV, ReLU()), "fails", "2 > 1 layers"),
        ({"batch_norm": True}, (CONV, BatchNorm2d()), "holds", "uses BatchNorm"),
        ({"batch_norm": True}, (Flatten(), BatchNorm1d()), "holds", "uses BatchNorm"),
        ({"batch_norm": True}, (CONV,), "fails", "needs BatchNorm"),
        ({"dropout": True}, (Dropout2d(p=0.1),), "holds", "uses Dropout"),
        ({"dropout": True}, (), "fails", "needs Dropout"),
        (
            {"global_pooling": True},
            (CONV, AdaptiveAvgPool2d(output_size=1)),
            "holds",
            "uses global average pooling",
        ),
        (
            {"global_pooling": True},
            (CONV, AdaptiveAvgPool2d(output_size=2)),
            "fails",
            "needs global average pooling",
        ),
        (
            {"global_pooling": True},
            (CONV, AvgPool2d(kernel_size=26)),
            "holds",
            "uses global average pooling",
        ),
        (
            {"global_pooling": True},
            (CONV, AvgPool2d(kernel_size=25, stride=2)),
            "fails",
            "needs global average pooling",
        ),
        (
            {"global_pooling": True},
            (CONV, MaxPool2d(kernel_size=26)),
            "fails",
            "needs global average pooling",
        ),
        ({"global_pooling": True}, BROKEN, "unknown", "global average pooling"),
        (
            {"linear_head": True},
            (CONV, Flatten(), Linear(out_features=10)),
            "holds",
            "uses a Linear head",
        ),
        (
            {"linear_head": True},
            (Flatten(), Linear(out_features=10), ReLU()),
            "holds",
            "uses a Linear head",
        ),
        (
            {"linear_head": True},
            (CONV, AdaptiveAvgPool2d(output_size=1), Flatten()),
            "fails",
            "needs a Linear head",
        ),
    ],
)
def test_before_any_training(limits, layers, state, text):
    clause = judged(layers, **limits)
    assert (clause.state, clause.text, clause.limit) == (state, text, next(iter(limits)))


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


@pytest.mark.parametrize(
    ("max_epochs", "best", "whose"),
    [
        (20, (20, 0.993), "of the best finished run of this network of at most 20 epochs"),
        (None, (30, 0.995), "of the best finished run of this network"),
        (5, (30, 0.995), "of the best finished run of this network"),
    ],
)
def test_the_most_accurate_run_within_the_epochs_counts_and_is_named_so(max_epochs, best, whose):
    runs = [Result(30, 0.995), Result(20, 0.991), Result(20, 0.993)]
    found = best_result(Assignment(max_epochs=max_epochs), runs)
    assert (found.epochs, found.test_accuracy) == best
    for limits in ({"max_epochs": 20}, {"min_accuracy": 0.99}):
        assert judged(result=found, **limits).note.startswith(whose)


def test_without_a_finished_run_there_is_no_best():
    assert best_result(Assignment(), []) is None


def test_a_run_that_is_judged_alone_is_not_called_the_best():
    for limits in ({"max_epochs": 20}, {"min_accuracy": 0.99}):
        assert judged(result=Result(15, 0.99), **limits).note.startswith("of this run")


def test_json_form():
    assignment = Assignment(max_params=None, max_layers=30, dropout=True)
    assert parse_assignment(to_data(assignment)) == assignment
    assert parse_assignment({}) == Assignment()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "an assignment is an object with max_params"),
        ({"max_params": 0}, "max_params must be at least 1; this has 0"),
        ({"max_params": True}, "max_params must be a whole number; this has true"),
        ({"max_epochs": 2.0}, "max_epochs must be a whole number; this has 2.0"),
        ({"min_accuracy": float("nan")}, "min_accuracy must be .*; this has NaN"),
        ({"min_accuracy": 99.4}, "min_accuracy must be at most 1.0; this has 99.4"),
        ({"dropout": 1}, "dropout must be true or false; this has 1"),
        ({"max_parameters": 1}, 'unknown limit "max_parameters"; an assignment has max_params, '),
    ],
)
def test_what_is_no_assignment(data, message):
    with pytest.raises(AssignmentError, match=message):
        parse_assignment(data)
