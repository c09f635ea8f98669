"""Which layers of two stacks stand for each other."""

import time

import pytest
from hypothesis import given, settings

from explorer.network.alignment import align, changed_arguments, paired_paths
from explorer.network.analysis import analyze
from explorer.network.difference import Added, Changed, Removed, difference
from explorer.network.spec import MAX_LAYERS, Architecture, Conv2d, Dropout, MaxPool2d, ReLU, walk
from explorer.network.tree import node_at
from explorer.presets import load_presets
from tests.network.stacks import architectures, branching

networks = architectures() | branching(depth=2)


def pairs_of(before, after):
    """The paths of the rows of both that stand for each other, or alone."""
    return [*paired_paths(align(before, after), before.layers, after.layers)]


PRESETS = [preset.architecture for preset in load_presets().values() if preset.documented]


@given(networks, networks)
@settings(max_examples=100, deadline=None)
def test_any_two_networks(before, after):
    pairs = pairs_of(before, after)
    old, new = ([pair[place] for pair in pairs if pair[place] is not None] for place in (0, 1))
    # All of them once, in order.
    assert old == [path for path, _ in walk(before.layers)]
    assert new == [path for path, _ in walk(after.layers)]
    both = [pair for pair in pairs if None not in pair]
    for one, other in both:
        assert node_at(before.layers, one).kind == node_at(after.layers, other).kind
        # What stands in a block stands for what is in the block that stands for it.
        assert len(one) == len(other)
        assert len(one) == 1 or (one[:-2], other[:-2]) in both
        assert one[1::2] == other[1::2]  # the numbers of the branches
    back = {pair for pair in pairs_of(after, before) if None not in pair}
    assert {(i, j) for j, i in back} == set(both)


@given(networks)
@settings(max_examples=30, deadline=None)
def test_a_network_stands_for_itself(network):
    assert pairs_of(network, network) == [(path, path) for path, _ in walk(network.layers)]


def test_of_equal_layers_the_one_on_maps_of_the_same_size():
    half = MaxPool2d(kernel_size=2)
    deep = Architecture(layers=(ReLU(), half, ReLU(), half, ReLU()))
    flat = Architecture(layers=(Dropout(), half, ReLU(), Dropout()))
    both = [pair for pair in pairs_of(deep, flat) if None not in pair]
    assert both == [((1,), (1,)), ((2,), (2,))]


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
