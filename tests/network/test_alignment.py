"""Which layers of two stacks stand for each other."""

import time

import pytest
from hypothesis import given, settings

from explorer.network.alignment import align, changed_arguments
from explorer.network.analysis import analyze
from explorer.network.difference import Added, Changed, Removed, difference
from explorer.network.spec import MAX_LAYERS, Architecture, Conv2d, Dropout, MaxPool2d, ReLU
from explorer.presets import load_presets
from tests.network.stacks import architectures

PRESETS = [preset.architecture for preset in load_presets().values() if preset.architecture.layers]


@given(architectures(), architectures())
@settings(max_examples=100, deadline=None)
def test_any_two_stacks(before, after):
    pairs = align(before, after)
    old, new = ([pair[place] for pair in pairs if pair[place] is not None] for place in (0, 1))
    # All of them once, in order.
    assert (old, new) == ([*range(len(before.layers))], [*range(len(after.layers))])
    assert all(
        before.layers[i].kind == after.layers[j].kind
        for i, j in pairs
        if i is not None and j is not None
    )
    back = {pair for pair in align(after, before) if None not in pair}
    assert {(i, j) for j, i in back} == {pair for pair in pairs if None not in pair}


@given(architectures())
@settings(max_examples=30, deadline=None)
def test_a_stack_stands_for_itself(stack):
    assert align(stack, stack) == [(i, i) for i in range(len(stack.layers))]


def test_of_equal_layers_the_one_on_maps_of_the_same_size():
    half = MaxPool2d(kernel_size=2)
    deep = Architecture(layers=(ReLU(), half, ReLU(), half, ReLU()))
    flat = Architecture(layers=(Dropout(), half, ReLU(), Dropout()))
    assert [pair for pair in align(deep, flat) if None not in pair] == [(1, 1), (2, 2)]


def edits(stack):
    """Each of these is one change in the eyes of whoever makes it."""
    layers = stack.layers
    for place in range(len(layers) + 1):
        for new in (
            MaxPool2d(kernel_size=2),
            Conv2d(out_channels=5, kernel_size=3),
            Dropout(p=0.123),
        ):
            yield Added, (*layers[:place], new, *layers[place:])
    for place, layer in enumerate(layers):
        yield Removed, (*layers[:place], *layers[place + 1 :])
        if layer.kind == "Conv2d":
            for changes in ({"stride": 3}, {"kernel_size": 7}, {"out_channels": 37, "padding": 2}):
                yield (
                    Changed,
                    (*layers[:place], layer.model_copy(update=changes), *layers[place + 1 :]),
                )


@pytest.mark.parametrize("stack", PRESETS, ids=lambda stack: stack.name)
def test_one_edit_is_one_change_however_the_maps_below_it_shrink(stack):
    for kind, layers in edits(stack):
        found = difference(stack, stack.model_copy(update={"layers": layers})).changes
        assert [type(change) for change in found] == [kind]


def test_the_arguments_that_differ():
    one, other = (
        Conv2d(out_channels=8, kernel_size=3),
        Conv2d(out_channels=8, kernel_size=(1, 3), bias=False),
    )
    assert changed_arguments(one, other) == (("kernel_size", 3, (1, 3)), ("bias", True, False))
    assert changed_arguments(one, one) == ()


def test_the_longest_stacks_are_aligned_in_a_moment():
    one, other = (
        Architecture(
            layers=tuple(
                Conv2d(out_channels=c + i, kernel_size=3, padding=1) for i in range(MAX_LAYERS)
            )
        )
        for c in (1, 300)
    )
    analyze(one), analyze(other)
    began = time.process_time()
    align(one, other)
    assert time.process_time() - began < 2
