"""Which layers fit a row: the plainest first, and none that torch would not confirm."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.imports.summary.candidates import MAX_CANDIDATES, Wanted, candidates
from explorer.network.measure import measure
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    GroupNorm,
    LayerNorm,
    Linear,
    MaxPool2d,
    ReLU,
    ZeroPad2d,
)

PLAINEST = {
    # (kind, input, output, parameters) -> layer
    ("Conv2d", (1, 28, 28), (8, 26, 26), 80): Conv2d(out_channels=8, kernel_size=3),
    ("Conv2d", (1, 28, 28), (8, 28, 28), 72): Conv2d(
        out_channels=8, kernel_size=3, padding=1, bias=False
    ),
    ("Conv2d", (16, 14, 14), (24, 7, 7), 3480): Conv2d(
        out_channels=24, kernel_size=3, stride=2, padding=1
    ),
    ("Conv2d", (32, 32, 32), (32, 32, 32), 288): Conv2d(
        out_channels=32, kernel_size=3, padding=1, groups=32, bias=False
    ),
    ("Conv2d", (64, 15, 15), (64, 11, 11), 36864): Conv2d(
        out_channels=64, kernel_size=3, dilation=2, bias=False
    ),
    ("Conv2d", (8, 28, 28), (4, 30, 30), 36): Conv2d(out_channels=4, kernel_size=1, padding=1),
    ("Conv2d", (10, 7, 7), (10, 1, 1), 4900): Conv2d(out_channels=10, kernel_size=7, bias=False),
    ("Conv2d", (3, 224, 224), (64, 55, 55), 23296): Conv2d(
        out_channels=64, kernel_size=11, stride=4, padding=2
    ),
    ("Conv2d", (3, 224, 224), (768, 14, 14), 590592): Conv2d(
        out_channels=768, kernel_size=16, stride=16
    ),
    ("Conv2d", (16, 32, 32), (16, 32, 32), 4112): Conv2d(
        out_channels=16, kernel_size=4, padding="same"
    ),
    ("Conv2d", (8, 20, 25), (16, 16, 23), 1936): Conv2d(out_channels=16, kernel_size=(5, 3)),
    ("MaxPool2d", (8, 24, 24), (8, 12, 12), 0): MaxPool2d(kernel_size=2),
    ("MaxPool2d", (8, 7, 7), (8, 3, 3), 0): MaxPool2d(kernel_size=2),
    ("MaxPool2d", (8, 7, 7), (8, 4, 4), 0): MaxPool2d(kernel_size=3, stride=2, padding=1),
    ("MaxPool2d", (8, 40, 100), (8, 20, 25), 0): MaxPool2d(kernel_size=(2, 4)),
    ("MaxPool2d", (8, 8, 25), (8, 4, 26), 0): MaxPool2d(
        kernel_size=2, stride=(2, 1), padding=(0, 1)
    ),
    ("Conv2d", (1, 28, 28), (16, 10, 10), 160): Conv2d(
        out_channels=16, kernel_size=3, stride=3, padding=1
    ),
    ("AvgPool2d", (8, 6, 6), (8, 1, 1), 0): AvgPool2d(kernel_size=6),
    ("AvgPool2d", (40, 1, 1101), (40, 1, 69), 0): AvgPool2d(kernel_size=(1, 75), stride=(1, 15)),
    ("AvgPool2d", (40, 22, 1101), (40, 22, 69), 0): AvgPool2d(kernel_size=(1, 75), stride=(1, 15)),
    ("AvgPool2d", (40, 1, 476), (40, 1, 64), 0): AvgPool2d(kernel_size=(1, 35), stride=(1, 7)),
    ("MaxPool2d", (4, 500, 1), (4, 28, 1), 0): MaxPool2d(kernel_size=(64, 1), stride=(16, 1)),
    ("AvgPool2d", (16, 48, 48), (16, 4, 4), 0): AvgPool2d(kernel_size=12),
    ("MaxPool2d", (8, 22, 100), (8, 22, 50), 0): MaxPool2d(kernel_size=(1, 2)),
    ("MaxPool2d", (16, 22, 128), (16, 22, 32), 0): MaxPool2d(kernel_size=(1, 4)),
    ("AvgPool2d", (16, 90, 22), (16, 30, 22), 0): AvgPool2d(kernel_size=(3, 1)),
    ("AvgPool2d", (16, 1, 33), (16, 1, 4), 0): AvgPool2d(kernel_size=(1, 8)),
    ("Conv2d", (16, 1, 32), (16, 1, 33), 256): Conv2d(
        out_channels=16, kernel_size=(1, 16), padding=(0, 8), groups=16, bias=False
    ),
    ("AdaptiveAvgPool2d", (16, 8, 8), (16, 6, 6), 0): AdaptiveAvgPool2d(output_size=6),
    ("ZeroPad2d", (8, 28, 28), (8, 29, 29), 0): ZeroPad2d(padding=(0, 1, 0, 1)),
    ("BatchNorm2d", (8, 6, 6), (8, 6, 6), 16): BatchNorm2d(),
    ("BatchNorm2d", (8, 6, 6), (8, 6, 6), 0): BatchNorm2d(affine=False),
    ("GroupNorm", (8, 6, 6), (8, 6, 6), 16): GroupNorm(num_groups=1),
    ("LayerNorm", (8, 6, 6), (8, 6, 6), 576): LayerNorm(),
    ("ReLU", (8, 6, 6), (8, 6, 6), 0): ReLU(),
    ("Linear", (320,), (50,), 16050): Linear(out_features=50),
    ("Linear", (320,), (50,), 16000): Linear(out_features=50, bias=False),
}
# A table with a kernel column: (kernel, input, output) -> layer
OF_A_KERNEL = {
    ((1, 75), (40, 1, 1101), (40, 1, 69)): AvgPool2d(kernel_size=(1, 75), stride=(1, 15)),
    ((20, 20), (16, 100, 100), (16, 9, 9)): AvgPool2d(kernel_size=20, stride=10),
    ((13, 13), (16, 101, 101), (16, 23, 23)): AvgPool2d(kernel_size=13, stride=4),
    ((15, 15), (16, 17, 17), (16, 3, 3)): AvgPool2d(kernel_size=15, stride=1),
    ((40, 40), (16, 101, 101), (16, 15, 15)): AvgPool2d(kernel_size=40, stride=5, padding=5),
    ((1, 300), (16, 1, 1000), (16, 1, 29)): AvgPool2d(kernel_size=(1, 300), stride=(1, 25)),
    ((3, 3), (64, 55, 55), (64, 27, 27)): AvgPool2d(kernel_size=3, stride=2),
}
NOTHING = [
    ("Conv2d", (1, 28, 28), (8, 26, 26), 81),
    ("Conv2d", (1, 28, 28), (8, 26, 26), 0),
    ("Conv2d", (320,), (8, 26, 26), 80),
    ("Conv2d", (3, 28, 28), (8, 26, 13), 10**12),
    ("MaxPool2d", (8, 24, 24), (16, 12, 12), 0),
    ("MaxPool2d", (8, 24, 24), (8, 12, 12), 5),
    ("MaxPool2d", (8, 24, 24), (8, 200, 200), 0),
    ("BatchNorm2d", (8, 6, 6), (8, 6, 6), 17),
    ("BatchNorm2d", (8,), (8,), 16),
    ("ReLU", (8, 6, 6), (8, 3, 3), 0),
    ("Linear", (320,), (50,), 16051),
    ("Linear", (8, 6, 6), (50,), 14450),
    ("ZeroPad2d", (8, 28, 28), (8, 26, 26), 0),
]


@pytest.mark.parametrize(("kernel", "given", "output"), OF_A_KERNEL, ids=str)
def test_a_pooling_of_a_printed_kernel_is_found_whatever_its_length(kernel, given, output):
    assert (
        candidates(Wanted("AvgPool2d", output, kernel_size=kernel), given)[0].layer
        == OF_A_KERNEL[kernel, given, output]
    )


@pytest.mark.parametrize(("side", "output"), [(55, 27), (13, 6), (147, 73)])
def test_an_odd_map_is_halved_by_the_commonest_window_and_the_one_that_leaves_nothing_out_is_offered(
    side, output
):
    """Students' tables halve odd maps by 2×2 far more often than by AlexNet's 3×3, which fits as
    well.
    """
    found = [
        fits.layer
        for fits in candidates(Wanted("MaxPool2d", (64, output, output)), (64, side, side))
    ]
    assert found[:2] == [MaxPool2d(kernel_size=2), MaxPool2d(kernel_size=3, stride=2)]


@pytest.mark.parametrize("row", PLAINEST, ids=str)
def test_the_plainest_comes_first(row):
    kind, shape, output_shape, params = row
    assert candidates(Wanted(kind, output_shape, params), shape)[0].layer == PLAINEST[row]


@pytest.mark.parametrize("row", NOTHING, ids=str)
def test_nothing_fits(row):
    kind, shape, output_shape, params = row
    assert candidates(Wanted(kind, output_shape, params), shape) == ()


def test_a_kernel_that_the_table_gives_is_kept_to():
    wanted = Wanted("MaxPool2d", (8, 12, 12), kernel_size=(3, 3))
    assert candidates(wanted, (8, 24, 24))[0].layer == MaxPool2d(kernel_size=3, stride=2, padding=1)
    spread = Wanted("MaxPool2d", (8, 20, 20), kernel_size=(3, 3))
    assert candidates(spread, (8, 24, 24))[0].layer == MaxPool2d(
        kernel_size=3, stride=1, dilation=2
    )


@settings(deadline=None)
@given(
    st.sampled_from(["Conv2d", "MaxPool2d", "AvgPool2d"]),
    st.tuples(st.integers(1, 12), st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(1, 12), st.integers(1, 20), st.integers(1, 20)),
    st.integers(0, 2000),
)
def test_whatever_is_offered_gives_the_row(kind, shape, output_shape, params):
    found = candidates(Wanted(kind, output_shape, params), shape)
    assert len(found) <= MAX_CANDIDATES
    assert [each.cost for each in found] == sorted(each.cost for each in found)
    for each in found:
        measured = measure(each.layer, shape)
        assert (measured.output_shape, measured.params) == (output_shape, params)
