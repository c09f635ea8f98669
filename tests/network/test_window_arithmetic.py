"""Patch × kernel + bias is what torch computes, at every unit, for drawn convolutions."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.network.measure import build_layer
from explorer.network.receptive_field import OUTSIDE
from explorer.network.spec import Conv2d
from explorer.network.window_arithmetic import window_arithmetic
from tests.network.stacks import LAYERS_BY_KIND, output_on_torch

shapes = st.tuples(st.sampled_from([1, 2, 3, 6, 12]), st.integers(1, 12), st.integers(1, 12))


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(LAYERS_BY_KIND["Conv2d"], shapes, st.data())
def test_products_summed_and_bias_are_torchs_value(layer, shape, data):
    output = output_on_torch(layer, shape)
    if output is None:
        return
    module = build_layer(layer, shape).double().eval()
    x = torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    channel = data.draw(st.integers(0, layer.out_channels - 1))
    first, count = data.draw(st.integers(0, shape[0])), data.draw(st.integers(1, 4))
    found = window_arithmetic(layer, module, x, channel, first, count)
    expected = module(x[None])[0, channel].detach().numpy()

    np.testing.assert_array_equal(found.value, expected)
    total = found.rest + sum(terms.sums for terms in found.shown) + (found.bias or 0)
    np.testing.assert_allclose(total, expected, rtol=1e-9, atol=1e-12)
    assert found.value.shape == output[1:]
    assert len(found.shown) + found.others == len(found.channels) == shape[0] // layer.groups
    assert (found.bias is None) == (not layer.bias)
    for terms in found.shown:
        assert terms.channel in found.channels
        np.testing.assert_array_equal(terms.values, x[terms.channel].numpy())
        for row, column in {
            (0, 0),
            (output[1] - 1, output[2] - 1),
            (output[1] // 2, output[2] // 2),
        }:
            products = found.patch(terms, row, column) * terms.kernel
            assert products.sum() == pytest.approx(terms.sums[row, column], rel=1e-9, abs=1e-12)


def test_by_hand():
    layer = Conv2d(out_channels=1, kernel_size=2, padding=1)
    module = build_layer(layer, (2, 2, 2)).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[[[1.0, 2], [3, 4]], [[0, 0], [0, 10]]]]))
        module.bias.fill_(0.5)
    x = torch.tensor([[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]], dtype=torch.float64)
    found = window_arithmetic(layer, module, x, 0, count=1)
    (terms,) = found.shown
    assert found.rows.tolist() == [[OUTSIDE, 0], [0, 1], [1, OUTSIDE]]
    assert found.patch(terms, 0, 0).tolist() == [[0, 0], [0, 1]]
    assert found.patch(terms, 1, 1).tolist() == [[1, 2], [3, 4]]
    assert terms.sums[1, 1] == 1 + 4 + 9 + 16
    assert (found.others, found.rest[1, 1], found.bias) == (1, 80, 0.5)
    assert found.value[1, 1] == 110.5


def test_a_group_reads_its_own_channels_alone():
    layer = Conv2d(out_channels=4, kernel_size=1, groups=2)
    module = build_layer(layer, (6, 3, 3)).double()
    found = window_arithmetic(
        layer, module, torch.rand(6, 3, 3, dtype=torch.float64), 2, first=1, count=5
    )
    assert found.channels == range(3, 6)
    assert [terms.channel for terms in found.shown] == [4, 5]
    assert found.others == 1


def test_counting_on_from_past_the_end_shows_the_last_channel():
    layer = Conv2d(out_channels=1, kernel_size=1)
    module = build_layer(layer, (3, 2, 2)).double()
    found = window_arithmetic(layer, module, torch.rand(3, 2, 2, dtype=torch.float64), 0, first=99)
    assert [terms.channel for terms in found.shown] == [2]


def test_what_a_mirrored_border_holds():
    layer = Conv2d(out_channels=1, kernel_size=3, padding=1, padding_mode="reflect")
    module = build_layer(layer, (1, 3, 3)).double()
    x = torch.arange(9, dtype=torch.float64).view(1, 3, 3)
    found = window_arithmetic(layer, module, x, 0)
    assert found.patch(found.shown[0], 0, 0).tolist() == [[4, 3, 4], [1, 0, 1], [4, 3, 4]]
