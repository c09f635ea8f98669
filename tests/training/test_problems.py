"""What stands in a training's way is said before it starts, with what to try."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from explorer.network.spec import Architecture
from explorer.training.dataset_files import Dataset
from explorer.training.datasets import DATASETS
from explorer.training.problems import find_problem
from tests.network.stacks import architectures

LINEAR = {"kind": "Linear", "out_features": 3}

UNFIT: list[tuple[tuple[Any, ...], tuple[int, int, int], str]] = [
    (
        ("Flatten", LINEAR),
        (3, 8, 8),
        "the network takes images of 3×8×8, those of Tiny are 1×8×8: set the input shape to 1×8×8",
    ),
    (("Flatten", LINEAR), (3, 32, 32), "set the input shape to 1×8×8, or choose CIFAR-10"),
    (
        (LINEAR,),
        (1, 8, 8),
        "layer 0: Linear takes a vector; it gets 1 map of 8×8: put Flatten before it",
    ),
    (
        ("Flatten", {"kind": "Linear", "out_features": 12}),
        (1, 8, 8),
        "ends in 12 values; Tiny needs 3 outputs, one per class",
    ),
    (
        (),
        (1, 8, 8),
        "ends in 1 map of 8×8; Tiny needs 3 outputs, one per class: "
        "add Flatten and Linear with 3 out_features",
    ),
    (
        ({"kind": "Conv2d", "out_channels": 3, "kernel_size": 8},),
        (1, 8, 8),
        "ends in 3 maps of 1×1; Tiny needs 3 outputs, one per class: add Flatten",
    ),
    (
        ({"kind": "AdaptiveAvgPool2d", "output_size": [3, 1]}, "Flatten"),
        (1, 8, 8),
        "no parameters, so there is nothing to learn",
    ),
]


@pytest.mark.parametrize(("layers", "shape", "words"), UNFIT)
def test_unfit_networks(
    layers: tuple[Any, ...],
    shape: tuple[int, int, int],
    words: str,
    stack: Callable[..., Architecture],
    tiny: Dataset,
) -> None:
    problem = find_problem(stack(*layers, shape=shape), tiny.kind)
    assert problem is not None
    assert words in problem.message


def test_fit_networks(
    small: Architecture, stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    maps = stack({"kind": "Conv2d", "out_channels": 3, "kernel_size": 8}, "Flatten")
    assert find_problem(small, tiny.kind) is None
    assert find_problem(maps, tiny.kind) is None


MENDED = [
    (["Flatten", {"kind": "Linear", "out_features": 7}], ["Flatten", "Linear"]),
    (
        ["Flatten", {"kind": "Linear", "out_features": 7}, "ReLU", "LogSoftmax"],
        ["Flatten", "Linear", "ReLU", "LogSoftmax"],
    ),
    ([{"kind": "Conv2d", "out_channels": 3, "kernel_size": 8}], ["Conv2d", "Flatten"]),
    (
        [{"kind": "Conv2d", "out_channels": 3, "kernel_size": 8}, "LogSoftmax"],
        ["Conv2d", "Flatten", "LogSoftmax"],
    ),
    ([{"kind": "Conv2d", "out_channels": 5, "kernel_size": 3}], ["Conv2d", "Flatten", "Linear"]),
    (
        ["Flatten", {"kind": "Linear", "out_features": 3}, {"kind": "Linear", "out_features": 9}],
        ["Flatten", "Linear"],
    ),
    (
        ["Flatten", {"kind": "Linear", "out_features": 3}, {"kind": "MaxPool2d", "kernel_size": 2}],
        ["Flatten", "Linear"],
    ),
    ([{"kind": "Linear", "out_features": 3}], ["Flatten", "Linear"]),
]


@pytest.mark.parametrize(("layers", "kinds"), MENDED)
def test_one_plain_mend_makes_it_fit(
    layers: list[Any], kinds: list[str], stack: Callable[..., Architecture], tiny: Dataset
) -> None:
    problem = find_problem(stack(*layers, shape=(1, 8, 8)), tiny.kind)
    assert problem is not None
    assert problem.fixed is not None
    assert [layer.kind for layer in problem.fixed.layers] == kinds
    assert find_problem(problem.fixed, tiny.kind) is None


@settings(max_examples=300, deadline=None)
@given(architectures())
def test_mends_come_to_an_end(architecture: Architecture) -> None:
    """Whatever is built, applying the fixes one by one ends, in a network that fits or in a
    sentence without a fix.
    """
    for _ in range(2 * len(architecture.layers) + 5):
        problem = find_problem(architecture, DATASETS["digits"])
        if problem is None or problem.fixed is None:
            return
        assert problem.fixed != architecture
        architecture = problem.fixed
    raise AssertionError("fixes without end")
