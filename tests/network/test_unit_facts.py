"""What is said of a unit: counted here once more, pixel by pixel."""

import numpy as np
from hypothesis import HealthCheck, given, settings

from explorer.network.analysis import analyze, receptive_fields
from explorer.network.architecture_json import parse_architecture
from explorer.network.receptive_field import AxisField
from explorer.network.spec import Architecture
from explorer.network.unit_facts import AxisFacts, axis_facts, first_spreading_row, unseen
from tests.network.stacks import architectures


def stack(*layers, shape=(1, 28, 28)) -> Architecture:
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    return parse_architecture({"name": "tested", "input_shape": list(shape), "layers": data})


def conv(**fields):
    return {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3, **fields}


def rows_after(*layers, shape=(1, 28, 28)) -> AxisField:
    return receptive_fields(analyze(stack(*layers, shape=shape)))[-1].rows


def test_a_window_that_reaches_into_the_padding():
    facts = axis_facts(rows_after(conv(kernel_size=5, padding=1)))
    assert facts[0] == AxisFacts(seen=((0, 4),), first=-1, window=5, inside=4)
    assert facts[13] == AxisFacts(seen=((12, 5),), first=12, window=5, inside=5)
    assert facts[25] == AxisFacts(seen=((24, 4),), first=24, window=5, inside=4)
    assert facts[0].pixels == 4


def test_gaps_between_the_taps():
    facts = axis_facts(rows_after(conv(dilation=3)))
    assert facts[0] == AxisFacts(seen=((0, 1), (3, 1), (6, 1)), first=0, window=7, inside=7)
    assert facts[0].pixels == 3


def test_a_unit_that_sees_padding_alone():
    facts = axis_facts(rows_after({"kind": "ZeroPad2d", "padding": 3}, conv(), shape=(1, 8, 8)))
    assert facts[0] == AxisFacts(seen=(), first=-3, window=3, inside=0)


def test_pixels_that_no_unit_sees():
    assert unseen(rows_after(conv(stride=2), shape=(1, 28, 28))) == ((27, 1),)
    assert unseen(
        rows_after({"kind": "MaxPool2d", "kernel_size": 1, "stride": 3}, shape=(1, 8, 8))
    ) == ((1, 2), (4, 2), (7, 1))
    assert unseen(rows_after(conv())) == ()


def test_the_layer_that_normalises_over_the_image():
    norm = {"kind": "GroupNorm", "num_groups": 2}

    def first(*layers):
        row = first_spreading_row(analyze(stack(*layers)).rows)
        return row and row.path

    assert first(conv(), norm, conv(), "LayerNorm") == (1,)
    assert first(conv()) is None
    assert first(conv(), {"kind": "BatchNorm2d", "track_running_stats": False}) == (1,)
    assert first(conv(), "BatchNorm2d", {"kind": "Softmax", "dim": 1}) is None
    assert first(conv(), {"kind": "Softmax", "dim": 2}) == (1,)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(architectures())
def test_any_stack(architecture):
    fits = architecture.model_copy(
        update={"layers": architecture.layers[: len(analyze(architecture).rows)]}
    )
    filled = [
        layer.kind == "ReflectionPad2d" or getattr(layer, "padding_mode", "zeros") != "zeros"
        for layer in fits.layers
    ]
    for index, field in enumerate(receptive_fields(analyze(fits))):
        for axis in (field.rows, field.columns):
            facts, pixels = axis_facts(axis), axis.touched.shape[1]
            for fact, touched, first, last in zip(
                facts, axis.touched, axis.first, axis.last, strict=True
            ):
                expanded = np.zeros(pixels, dtype=bool)
                for begin, count in fact.seen:
                    assert count > 0
                    # A gap lies between two runs.
                    assert not expanded[max(0, begin - 1) : begin + count].any()
                    expanded[begin : begin + count] = True
                np.testing.assert_array_equal(expanded, touched)
                assert fact.pixels == touched.sum()
                assert fact.window == max(0, last - first + 1)
                assert fact.inside == sum(first <= pixel <= last for pixel in range(pixels))
                spread = first_spreading_row(analyze(fits).rows[: index + 1]) is not None
                assert fact.pixels <= fact.inside or spread or any(filled[: index + 1])
            missed = {begin + i for begin, count in unseen(axis) for i in range(count)}
            assert missed == set(np.flatnonzero(axis.touched.sum(axis=0) == 0).tolist())
