"""How layers fared, as it is kept."""

import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.runs.health_format import (
    BYTES_A_LAYER,
    NUMBERS,
    HealthError,
    health_bytes,
    health_from_bytes,
    health_to_bytes,
)
from explorer.training.health import LayerHealth

layers = st.builds(LayerHealth, *[st.floats(width=32)] * NUMBERS)


@given(st.lists(layers, max_size=6).map(tuple))
def test_it_comes_back(health):
    data = health_to_bytes(health)
    assert repr(health_from_bytes(data, len(health))) == repr(health)
    assert len(data) <= health_bytes(len(health))


whole = health_to_bytes((LayerHealth(*map(float, range(NUMBERS))),) * 3)


@pytest.mark.parametrize(
    "data",
    [b"", b"noise", whole[:-3], whole[:5], bytes(100), whole[:-1] + b"x", zlib.compress(b"abc")],
    ids=["empty", "noise", "cut", "begun", "zeros", "wrong sum", "part of a layer"],
)
def test_what_is_damaged_is_refused_in_a_sentence(data):
    with pytest.raises(HealthError, match="damaged"):
        health_from_bytes(data, 3)


@pytest.mark.parametrize("layers", [0, 2, 4])
def test_those_of_another_network_are_refused(layers):
    with pytest.raises(HealthError, match="not those of"):
        health_from_bytes(whole, layers)


def test_what_would_fill_the_memory_is_not_read():
    bomb = zlib.compress(bytes(100_000 * BYTES_A_LAYER))
    assert len(bomb) < 10_000
    with pytest.raises(HealthError):
        health_from_bytes(bomb, 3)


def test_what_a_layer_lacks_is_no_number():
    (layer,) = health_from_bytes(health_to_bytes((LayerHealth(0.5, *[math.nan] * 5),)), 1)
    assert layer.silent == 0.5
    assert all(map(math.isnan, layer[1:]))
