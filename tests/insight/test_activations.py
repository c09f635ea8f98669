"""Values as pictures: their steps, scale, and size."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from explorer.insight.activations import LEVELS, as_maps, quantise, shrunk

VALUES = some.floats(-1e30, 1e30)


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=3, max_dims=3), elements=VALUES))
def test_a_value_comes_back_to_within_half_a_step(values):
    found = quantise(torch.from_numpy(values))
    assert found.finite
    assert found.scale == np.abs(values).max()
    assert np.abs(found.restored() - values).max() <= 0.51 * found.scale / LEVELS
    assert (np.sign(found.values) * np.sign(values) >= 0).all()  # zero is zero, no sign changes


@pytest.mark.parametrize("largest", [1e-300, 1.0, 1.7e308])
def test_any_scale_is_drawn(largest):
    found = quantise(torch.tensor([[[0.0, largest, -largest]]], dtype=torch.float64))
    assert found.values.tolist() == [[[0, LEVELS, -LEVELS]]]


def test_what_is_no_number_is_said_and_drawn_as_zero():
    found = quantise(torch.tensor([[[float("nan"), 2.0, float("inf"), -1.0]]]))
    assert not found.finite
    assert (found.scale, found.values.tolist()) == (2.0, [[[0, 127, 0, -64]]])
    nothing = quantise(torch.full((1, 1, 2), float("nan")))
    assert (nothing.scale, nothing.values.tolist()) == (0.0, [[[0, 0]]])
    assert quantise(torch.zeros(0, 3, 3)).values.shape == (0, 3, 3)


def test_a_vectors_values_are_pictures_of_one_pixel():
    assert as_maps(torch.arange(5.0)).shape == (5, 1, 1)
    assert as_maps(torch.zeros(3, 4, 5)).shape == (3, 4, 5)


def test_large_maps_are_drawn_by_means():
    maps = torch.arange(2 * 8 * 4.0).reshape(2, 8, 4)
    assert shrunk(maps, 8) is maps
    smaller = shrunk(maps, 4)
    assert smaller.shape == (2, 4, 4)
    torch.testing.assert_close(smaller, maps.reshape(2, 4, 2, 4).mean(2))
