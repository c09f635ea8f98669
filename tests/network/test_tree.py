"""Paths into the tree of layers and blocks."""

import pytest
from hypothesis import given, settings

from explorer.network.spec import Branches, Conv2d, ReLU, Tanh, path_text, walk
from explorer.network.tree import (
    IMAGE,
    chain_at,
    input_of,
    inputs_of,
    leading_to,
    node_at,
    paths_leading_to,
    with_instead,
)
from tests.network.stacks import branching

CONV = Conv2d(out_channels=4, kernel_size=1)
INNER = Branches(merge="concat", branches=((), (Tanh(),)))
OUTER = Branches(merge="add", branches=((CONV, INNER), ()))
NODES = (ReLU(), OUTER, ReLU())
PATHS = [(0,), (1, 0, 0), (1, 0, 1, 1, 0), (1, 0, 1), (1,), (2,)]


def test_a_block_comes_after_what_is_in_its_branches():
    assert [path for path, _ in walk(NODES)] == PATHS
    assert path_text((1, 0, 1, 1, 0)) == "1.0.1.1.0"


def test_a_node_by_its_path():
    assert node_at(NODES, (1, 0, 1, 1, 0)) == Tanh()
    assert node_at(NODES, (1, 0, 1)) == INNER
    assert chain_at(NODES, (1, 1)) == ()
    for missing in ((3,), (1, 2, 0), (1, 1, 0), (0, 0, 0)):
        with pytest.raises(IndexError):
            node_at(NODES, missing)


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ((0,), IMAGE),
        ((1, 0, 0), (0,)),
        ((1, 0, 1), (1, 0, 0)),
        ((1, 0, 1, 1, 0), (1, 0, 0)),
        ((2,), (1,)),
        ((0, 3, 0, 2, 0), IMAGE),
    ],
)
def test_what_comes_into_a_layer(path, before):
    assert input_of(path) == before


def test_what_comes_into_a_merge():
    assert inputs_of((1, 0, 1), INNER) == ((1, 0, 0), (1, 0, 1, 1, 0))
    assert inputs_of((1,), OUTER) == ((1, 0, 1), (0,))
    assert inputs_of((0,), Branches(merge="add", branches=((), ()))) == (IMAGE, IMAGE)


def test_the_way_to_a_layer_leaves_out_the_other_branches():
    assert leading_to(NODES, (1, 0, 1, 1, 0)) == (ReLU(), CONV, Tanh())
    assert paths_leading_to((1, 0, 1, 1, 0)) == ((0,), (1, 0, 0), (1, 0, 1, 1, 0))
    assert leading_to(NODES, (2,)) == NODES


@settings(max_examples=100, deadline=None)
@given(branching())
def test_any_tree(architecture):
    nodes = architecture.layers
    order = {path: place for place, (path, _) in enumerate(walk(nodes))}
    for path, node in walk(nodes):
        assert node_at(nodes, path) == node
        assert with_instead(nodes, path, node) == nodes
        assert all(order.get(each, -1) < order[path] for each in inputs_of(path, node))
        way = paths_leading_to(path)
        assert [node_at(nodes, each) for each in way] == [*leading_to(nodes, path)]
        without = with_instead(nodes, path)
        inside = sum(1 for each in order if each[: len(path)] == path)
        assert len([*walk(without)]) == len(order) - inside
