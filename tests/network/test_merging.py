"""Where branches come together: the shape of the merge, what is wrong, and what mends it."""

import pytest
import torch
from hypothesis import given, settings

from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.merging import merged_shape
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    Architecture,
    BatchNorm2d,
    Branches,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
)
from tests.network.stacks import branching, merge_on_torch

CONV = Conv2d(out_channels=32, kernel_size=3, padding=1)
HALF = Conv2d(out_channels=32, kernel_size=3, stride=2, padding=1)


def block(merge, *branches):
    return Branches(merge=merge, branches=branches)


def problem(*layers, input_shape=(16, 28, 28)):
    return analyze(Architecture(layers=layers, input_shape=input_shape)).problem


@pytest.mark.parametrize(
    ("merge", "outputs", "shape"),
    [
        ("add", [(8, 4, 4), (8, 4, 4)], (8, 4, 4)),
        ("add", [(8, 4, 4), (8, 1, 1)], None),
        ("add", [(8,), (8,)], (8,)),
        ("concat", [(8, 4, 4), (2, 4, 4), (1, 4, 4)], (11, 4, 4)),
        ("concat", [(8, 4, 4), (8, 4, 5)], None),
        ("concat", [(8,), (2,)], (10,)),
        ("concat", [(8, 1, 1), (8,)], None),
        ("multiply", [(8, 4, 4), (8, 1, 1)], (8, 4, 4)),
        ("multiply", [(8, 1, 1), (8, 4, 4)], (8, 4, 4)),
        ("multiply", [(8, 4, 4), (1, 4, 4)], (8, 4, 4)),
        ("multiply", [(8, 4, 1), (8, 1, 5)], (8, 4, 5)),
        ("multiply", [(8, 4, 4), (4, 1, 1)], None),
        ("multiply", [(8, 1, 1), (8, 2, 2), (8, 3, 3)], None),
    ],
)
def test_the_shape_of_a_merge_is_torchs(merge, outputs, shape):
    assert merged_shape(merge, outputs) == shape == merge_on_torch(merge, outputs)


@pytest.mark.parametrize(
    ("layers", "message", "remedy", "alternative"),
    [
        (  # a stride in the body, as where a ResNet's stage begins
            [block("add", (CONV, ReLU(), HALF), ())],
            "branch 1 gives 32×14×14, branch 2 gives 16×28×28: add needs equal shapes",
            "add a 1×1 convolution to branch 2, with 32 channels and stride 2×2",
            "set stride to 1 in branch 1, and add a 1×1 convolution to branch 2, with 32 channels",
        ),
        (  # more channels
            [block("add", (CONV, BatchNorm2d()), ())],
            "branch 1 gives 32×28×28, branch 2 gives 16×28×28: add needs equal shapes",
            "add a 1×1 convolution to branch 2, with 32 channels",
            "set out_channels to 16 in the last convolution of branch 1",
        ),
        (  # no padding
            [block("add", (Conv2d(out_channels=16, kernel_size=3),), ())],
            "branch 1 gives 16×26×26, branch 2 gives 16×28×28: add needs equal shapes",
            "set padding to 1 in branch 1, which keeps the map's size",
            None,
        ),
        (  # a projection that does not fit yet
            [block("add", (HALF,), (Conv2d(out_channels=16, kernel_size=1),))],
            "branch 1 gives 32×14×14, branch 2 gives 16×28×28: add needs equal shapes",
            "give the 1×1 convolution of branch 2 32 channels and stride 2×2",
            "set stride to 1 in branch 1, and give the 1×1 convolution of branch 2 32 channels",
        ),
        (  # of an Inception block, one branch without padding
            [block("concat", (CONV,), (Conv2d(out_channels=8, kernel_size=5),), ())],
            "branch 1 gives 32×28×28, branch 2 gives 8×24×24: concat needs maps of one size, of "
            "any number of channels",
            "set padding to 2 in branch 2, which keeps the map's size",
            None,
        ),
        (  # a gate with the wrong number of channels
            [
                block(
                    "multiply",
                    (),
                    (
                        AdaptiveAvgPool2d(output_size=1),
                        Conv2d(out_channels=4, kernel_size=1),
                        ReLU(),
                        Conv2d(out_channels=8, kernel_size=1),
                        Sigmoid(),
                    ),
                )
            ],
            "branch 1 gives 16×28×28, branch 2 gives 8×1×1: multiply needs equal shapes, of which "
            "a side may be 1",
            "set out_channels to 16 in the last convolution of branch 2",
            None,
        ),
        (  # nothing is certain here
            [block("multiply", (), (Flatten(), Linear(out_features=16)))],
            "branch 1 gives 16×28×28, branch 2 gives 16 values: multiply needs equal shapes, of "
            "which a side may be 1",
            None,
            None,
        ),
    ],
)
def test_a_merge_that_does_not_fit(layers, message, remedy, alternative):
    found = problem(*layers)
    assert (found.path, found.message) == ((0,), message)
    assert found.remedy == remedy
    assert (found.alternative and found.alternative[0]) == alternative
    for fixed in (found.fix, found.alternative and found.alternative[1]):
        assert fixed is None or analyze(fixed).problem is None


def test_a_misfit_inside_a_branch_is_named_by_its_path_and_mended_there():
    found = problem(CONV, block("add", (CONV, Linear(out_features=3)), ()))
    assert found.path == (1, 0, 1)
    assert found.message.startswith("Linear takes a vector")
    (_, fixed) = found.fix.layers
    assert fixed.branches[0] == (CONV, Flatten(), Linear(out_features=3))


def test_a_vector_in_a_branch_is_not_moved_above_a_flatten_outside_of_it():
    found = problem(CONV, Flatten(), block("add", (CONV,), ()))
    assert (found.path, found.fix) == ((2, 0, 0), None)


@settings(max_examples=100, deadline=None)
@given(branching())
def test_what_is_offered_mends_it(architecture):
    found = analyze(architecture).problem
    offered = [found.fix, found.alternative and found.alternative[1]] if found else []
    for fixed in filter(None, offered):
        after = analyze(fixed)
        assert after.problem is None or after.problem.index > found.index
        if after.problem is None:
            build(fixed).eval()(torch.zeros(1, *fixed.input_shape))


def test_a_block_pools_as_any_layer_does():
    pooled = block("concat", (MaxPool2d(kernel_size=2),), (HALF,))
    assert analyze(Architecture(layers=(pooled,), input_shape=(3, 28, 28))).output_shape == (
        35,
        14,
        14,
    )
