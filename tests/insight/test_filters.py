"""Filters: each is what its unit weighs one channel by."""

import pytest
import torch

from explorer.insight.filters import filters
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.build import build
from explorer.network.evaluation import modules_in

SHAPE = (4, 6, 6)


def found(*layers, at=-1):
    """The filters of a layer of this stack, the layer itself, and what comes into it for a single
    one in each channel.
    """
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    architecture = parse_architecture({"name": "t", "input_shape": list(SHAPE), "layers": data})
    rows = analyze(architecture).rows
    assert len(rows) == len(layers)
    modules = modules_in(build(architecture).eval(), rows)
    row = rows[at]
    return filters(rows, row, modules[row.path]), modules[row.path]


@pytest.mark.parametrize(
    ("kind", "groups"),
    [("Conv2d", 1), ("Conv2d", 2), ("Conv2d", 4), ("ConvTranspose2d", 1), ("ConvTranspose2d", 2)],
)
def test_one_channel_alone_is_answered_by_its_filter(kind, groups):
    weights, module = found(
        {"kind": kind, "out_channels": 8, "kernel_size": 3, "groups": groups, "bias": False}
    )
    assert weights.shape == (8, 4 // groups, 3, 3)
    for channel in range(4):
        # A single one, so that the answer is the filter: mirrored by a convolution.
        x = torch.zeros(1, 4, 5, 5)
        x[0, channel, 2, 2] = 1
        with torch.no_grad():
            answer = module(x)[0]  # (8, H, W)
        group = channel // (4 // groups)
        for unit in range(8):
            if unit // (8 // groups) != group:
                assert not answer[unit].any()
                continue
            filter = weights[unit, channel % (4 // groups)]
            seen = answer[unit][0:3, 0:3].flip(0, 1) if kind == "Conv2d" else answer[unit][2:5, 2:5]
            torch.testing.assert_close(seen, filter)


@pytest.mark.parametrize("between", [(), ("Dropout",), ("Identity", "Dropout")])
def test_of_a_linear_layer_after_flatten_they_are_as_large_as_the_maps(between):
    weights, module = found(
        "Flatten", *between, {"kind": "Linear", "out_features": 3, "bias": False}
    )
    assert weights.shape == (3, *SHAPE)
    x = torch.randn(1, *SHAPE)
    torch.testing.assert_close((weights * x).sum(dim=(1, 2, 3)), module(x.flatten(1))[0])


def test_what_has_no_filters_has_none():
    second = {"kind": "Linear", "out_features": 2}
    assert found("Flatten", {"kind": "Linear", "out_features": 3}, second)[0] is None
    assert found("Flatten", {"kind": "Linear", "out_features": 3}, "ReLU", second)[0] is None
    assert found("ReLU")[0] is None
    assert found("BatchNorm2d")[0] is None
    assert (
        found({"kind": "Conv2d", "out_channels": 2, "kernel_size": 3}, "Flatten", second, at=1)[0]
        is None
    )
