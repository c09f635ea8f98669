"""Both passes in numbers: what a unit is made of, and what it passes back."""

import math

import pytest
import torch
import torch.nn.functional as F

from explorer.insight.backward import (
    SPELT_OUT,
    BothPasses,
    run_both_ways,
    spelt_out_rows,
    strongest_unit,
    unit_arithmetic,
)
from explorer.network.analysis import Row, analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.layers import LAYERS
from explorer.network.tree import input_of
from explorer.presets import load_presets
from explorer.training.initialisation import RandomStreams, new_network


def conv(**given) -> dict:
    return {"kind": "Conv2d", "out_channels": 3, "kernel_size": 3, **given}


# Each from maps of 4×9×8, whose values may be below zero, to maps.
KINDS = {
    "convolution": conv(),
    "with a border": conv(padding=1, stride=2),
    "in groups": conv(out_channels=6, groups=2, kernel_size=[2, 3], bias=False),
    "dilated": conv(dilation=2),
    "reflected": conv(padding=2, padding_mode="reflect"),
    "depthwise": conv(out_channels=8, groups=4),
    "MaxPool2d": {"kind": "MaxPool2d", "kernel_size": 2},
    "overlapping": {"kind": "MaxPool2d", "kernel_size": 3, "stride": 1, "padding": 1},
    "AvgPool2d": {"kind": "AvgPool2d", "kernel_size": 3, "padding": 1},
    "with a divisor": {"kind": "AvgPool2d", "kernel_size": 2, "divisor_override": 1},
    "beyond the edge": {"kind": "AvgPool2d", "kernel_size": 4, "stride": 3, "ceil_mode": True},
    "around": conv(padding=1, padding_mode="circular"),
    "repeated": conv(padding=1, padding_mode="replicate"),
    "AdaptiveAvgPool2d": {"kind": "AdaptiveAvgPool2d", "output_size": [4, 3]},
    "AdaptiveMaxPool2d": {"kind": "AdaptiveMaxPool2d", "output_size": 1},
    **{
        kind: {"kind": kind}
        for kind in SPELT_OUT
        if kind not in ("Conv2d", "Linear") and "Pool" not in kind
    },
}


def network_of(*layers: dict):
    """Some rows, the network with its first weights, and an image."""
    data = {"schema_version": 1, "input_shape": [2, 9, 8], "layers": list(layers)}
    architecture = parse_architecture(data)
    streams = RandomStreams.of(0, torch.device("cpu"))
    network = new_network(architecture, streams.weights, streams.dropout).eval()
    image = torch.randn(1, 2, 9, 8, generator=torch.Generator().manual_seed(1))
    return analyze(architecture).rows, network.requires_grad_(False), image


FIRST = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 1}
LAST = ({"kind": "Flatten"}, {"kind": "Linear", "out_features": 5})


def check_chain_rule(rows: list[Row], row: Row, network, passes: BothPasses) -> None:
    """What all units of a layer pass on adds up to the gradient of what came in."""
    came_in = passes.outputs[input_of(row.path)][0]
    passed = torch.zeros_like(came_in, dtype=torch.float64)
    output = passes.outputs[row.path][0]
    for place in torch.cartesian_prod(*map(torch.arange, output.shape)).reshape(-1, output.dim()):
        unit = unit_arithmetic(row, network, passes, tuple(place.tolist()))
        assert unit.value == pytest.approx(float(output[tuple(place)]), rel=1e-4, abs=1e-6)
        upstream = float(passes.gradients[row.path][0][tuple(place)])
        assert unit.upstream == pytest.approx(upstream, abs=1e-12)
        for term in unit.terms:
            if term.place is None:
                assert term.value == 0
            else:
                assert term.value == float(came_in[term.place])
                passed[term.place] += unit.upstream * term.local
        if row.kind in ("Conv2d", "Linear"):
            total = sum(term.value * term.local for term in unit.terms) + (unit.bias or 0)
            assert total == pytest.approx(unit.value, rel=1e-9, abs=1e-12)
    expected = passes.gradients[input_of(row.path)][0].double()
    assert torch.allclose(passed, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", KINDS)
def test_what_units_pass_on_adds_up_to_the_gradient_of_what_came_in(name):
    rows, network, image = network_of(FIRST, KINDS[name], *LAST)
    passes = run_both_ways(rows, network, image, 3)
    for row in spelt_out_rows(rows):
        check_chain_rule(rows, row, network, passes)


@pytest.mark.parametrize("name", ["convolution", "in groups", "with a border", "reflected"])
def test_gradients_of_weights_are_those_of_the_training(name):
    rows, network, image = network_of(FIRST, KINDS[name], *LAST)
    passes = run_both_ways(rows, network, image, 3)
    network.requires_grad_(True)
    F.cross_entropy(network(image), torch.tensor([3])).backward()
    for row in spelt_out_rows(rows):
        gradient = network.get_submodule(row.place).weight.grad
        unit = unit_arithmetic(row, network, passes, strongest_unit(passes, row))
        channel = strongest_unit(passes, row)[0]
        found = torch.tensor([term.weight_gradient for term in unit.terms])
        assert torch.allclose(found, gradient[channel].flatten(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("end", [(), ({"kind": "Softmax"},), ({"kind": "LogSoftmax"},)])
def test_the_loss_is_that_of_softmax_and_cross_entropy(end):
    rows, network, image = network_of(FIRST, *LAST, *end)
    found = run_both_ways(rows, network, image, 2).loss
    scores = [float(each) for each in found.scores]
    shares = [math.exp(each) / sum(map(math.exp, scores)) for each in scores]
    assert found.probabilities.tolist() == pytest.approx(shares, rel=1e-5)
    assert found.loss == pytest.approx(-math.log(shares[2]), rel=1e-5)
    targets = [0, 0, 1, 0, 0]
    assert found.gradient.tolist() == pytest.approx(
        [share - target for share, target in zip(shares, targets, strict=True)], abs=1e-6
    )
    passes = run_both_ways(rows, network, image, 2)
    assert torch.allclose(passes.gradients[rows[2].path][0], found.gradient, atol=1e-6)


@pytest.mark.parametrize("end", [{"kind": "Identity"}, {"kind": "Dropout", "p": 0.1}])
def test_the_loss_is_the_one_that_is_trained_where_something_follows_the_softmax(end):
    rows, network, image = network_of(FIRST, *LAST, {"kind": "Softmax"}, end)
    found = run_both_ways(rows, network, image, 2).loss
    assert found.loss == pytest.approx(float(F.cross_entropy(network(image), torch.tensor([2]))))
    assert -math.log(found.probabilities[2]) == pytest.approx(found.loss, rel=1e-5)


def test_branches_are_followed_and_nothing_is_left_behind():
    block = {
        "kind": "Branches",
        "merge": "add",
        "branches": [[{"kind": "ReLU"}, conv(out_channels=4, padding=1)], []],
    }
    rows, network, image = network_of(FIRST, block, {"kind": "ReLU"}, *LAST)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    passes = run_both_ways(rows, network, image, 0)
    for row in spelt_out_rows(rows):
        if row.path != (0,):
            unit = unit_arithmetic(row, network, passes, strongest_unit(passes, row))
            assert math.isfinite(unit.value)
    inner = next(row for row in rows if row.path == (1, 0, 1))
    check_chain_rule(rows, inner, network, passes)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(each.grad is None for each in network.parameters())


def test_the_strongest_unit_is_where_the_gradient_is_largest():
    rows, network, image = network_of(FIRST, {"kind": "ReLU"}, *LAST)
    passes = run_both_ways(rows, network, image, 0)
    place = strongest_unit(passes, rows[1])
    gradient = passes.gradients[rows[1].path][0].abs()
    assert gradient[place] == gradient.max()


def test_layers_behind_the_scores_and_kinds_that_mix_are_not_offered():
    rows, _, _ = network_of(FIRST, {"kind": "BatchNorm2d"}, *LAST, {"kind": "Softmax"})
    assert [row.kind for row in spelt_out_rows(rows)] == ["Conv2d", "Linear"]
    assert set(SPELT_OUT) <= set(LAYERS)


@pytest.mark.parametrize(
    ("place", "error"),
    [((4, 0, 0), IndexError), ((-1, 0, 0), IndexError), ((0, 0), ValueError)],
)
def test_a_unit_that_is_none_is_refused(place, error):
    rows, network, image = network_of(FIRST, *LAST)
    passes = run_both_ways(rows, network, image, 0)
    with pytest.raises(error):
        unit_arithmetic(rows[0], network, passes, place)


@pytest.mark.slow
@pytest.mark.parametrize("id", ["gap-17k", "mini-inception", "mini-densenet", "mini-senet"])
def test_on_presets(id):
    architecture = load_presets()[id].architecture
    streams = RandomStreams.of(0, torch.device("cpu"))
    network = new_network(architecture, streams.weights, streams.dropout).eval()
    rows = analyze(architecture).rows
    image = torch.randn(1, *architecture.input_shape)
    passes = run_both_ways(rows, network.requires_grad_(False), image, 7)
    for row in spelt_out_rows(rows):
        unit = unit_arithmetic(row, network, passes, strongest_unit(passes, row))
        expected = float(passes.outputs[row.path][0][strongest_unit(passes, row)])
        assert unit.value == pytest.approx(expected, rel=1e-3, abs=1e-4)
