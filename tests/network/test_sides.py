"""Rows and columns by arithmetic are those that torch gives."""

from hypothesis import given, settings

from explorer.network.analysis import analyze
from explorer.network.sides import sides_after
from explorer.network.spec import AvgPool2d, Conv2d, Dropout, MaxPool2d
from tests.network.stacks import architectures


@settings(max_examples=300, deadline=None)
@given(architectures())
def test_any_layer_gives_the_sides_that_torch_gives(architecture):
    for row in analyze(architecture).rows:
        if len(row.input_shape) == len(row.output_shape) == 3:
            assert sides_after(row.layer, row.input_shape[1:]) == row.output_shape[1:], row.layer


def test_a_window_that_does_not_fit_gives_none():
    assert sides_after(Conv2d(out_channels=1, kernel_size=5), (4, 9)) == (None, 5)
    assert sides_after(MaxPool2d(kernel_size=4), (3, 3)) == (None, None)
    assert sides_after(MaxPool2d(kernel_size=4, ceil_mode=True), (3, 3)) == (1, 1)


def test_a_side_that_is_not_known_stays_unknown_where_a_layer_changes_it():
    assert sides_after(AvgPool2d(kernel_size=2), (None, 8)) == (None, 4)
    assert sides_after(Dropout(), (None, 8)) == (None, 8)
    assert sides_after(Conv2d(out_channels=1, kernel_size=1), (None, None)) == (None, None)
