"""Which blocks of a network are alike, so that one class is written for them all.

Blocks are alike that differ in numbers alone: channels, strides, rates. What differs becomes the
class's parameters.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

from explorer.exports.source.block_forms import SQUEEZE_EXCITATION, Block, form_of
from explorer.exports.source.parameters import (
    arguments_of,
    constructor_of,
    count_differing,
    values_of,
)
from explorer.network.analysis import Analysis, Row
from explorer.network.spec import Branches, Nodes, Path, Shape, walk
from explorer.network.tree import IMAGE, input_of

MAX_PARAMETERS = 8  # of a class: an Inception block has seven
NETWORK: Path = ()  # in place of a block's path, the network itself
Places = tuple[Path, ...]  # of blocks that are alike, in the order in which they run


class Tree:
    """A network's rows by their paths."""

    def __init__(self, analysis: Analysis) -> None:
        self.layers = analysis.architecture.layers
        self.input_shape = analysis.architecture.input_shape
        self.rows = {row.path: row for row in analysis.rows}

    def before(self, path: Path) -> Shape:
        """The shape of what comes into the layer or block at a path, and into the network."""
        source = input_of(path)
        return self.input_shape if source == IMAGE else self.rows[source].output_shape

    def after(self, path: Path) -> Shape:
        """The shape of what comes out of the layer or block at a path, and of the network."""
        if path != NETWORK:
            return self.rows[path].output_shape
        return self.rows[(len(self.layers) - 1,)].output_shape if self.layers else self.input_shape

    def branches(self, block: Path) -> tuple[tuple[Path, Nodes], ...]:
        """The branches of a block, each with the path that its layers' paths begin with; of the
        network its whole stack.
        """
        if block == NETWORK:
            return ((NETWORK, self.layers),)
        node = self.rows[block].layer
        assert isinstance(node, Branches)
        return tuple(((*block, number), branch) for number, branch in enumerate(node.branches))

    def layers_inside(self, block: Path) -> list[Row]:
        """The rows of all layers in a block, in the order in which they run."""
        return [
            self.rows[path]
            for above, branch in self.branches(block)
            for path, node in walk(branch, above)
            if not isinstance(node, Branches)
        ]

    def block(self, places: Places) -> Block:
        """Blocks that are alike, as one."""
        node = self.rows[places[0]].layer
        assert isinstance(node, Branches)
        return Block(node, tuple(map(self.before, places)), tuple(map(self.after, places)))


def alike_blocks(tree: Tree) -> list[Places]:
    """The places of the blocks for which a class is written, inner blocks before outer ones.

    Such blocks stand in at least two places. A class that another class would use in one place
    alone is left out, unless it is known by its name: squeeze-and-excitation.
    """
    groups = _groups(tree)
    members = {path: number for number, places in enumerate(groups) for path in places}
    return [
        places
        for places in groups
        if len({_use(path, members) for path in places}) > 1
        or form_of(tree.block(places)) == SQUEEZE_EXCITATION
    ]


def enclosing(path: Path) -> Iterator[Path]:
    """What a layer or block stands in: blocks, the innermost first, and at last the network."""
    while len(path) > 1:
        path = path[:-2]
        yield path
    yield NETWORK


def _use(path: Path, members: dict[Path, int]) -> Hashable:
    """Where the source makes the block: the class that does it, and the place in there."""
    return next(
        ((members.get(each), path[len(each) :]) for each in enclosing(path) if each in members),
        path,
    )


def _groups(tree: Tree) -> list[Places]:
    """The places of blocks that are alike and differ in few numbers, of two blocks or more."""
    exact: set[Hashable] = set()
    while True:
        found: dict[Hashable, list[Path]] = defaultdict(list)
        for path, row in tree.rows.items():
            if isinstance(row.layer, Branches):
                found[_skeleton(tree, path, exact)].append(path)
        groups = {skeleton: tuple(places) for skeleton, places in found.items() if len(places) > 1}
        manifold = {
            skeleton
            for skeleton, places in groups.items()
            if _count_parameters(tree, places) > MAX_PARAMETERS
        }
        if not manifold:
            return list(groups.values())
        exact |= manifold


def _count_parameters(tree: Tree, places: Places) -> int:
    rows = zip(*map(tree.layers_inside, places), strict=True)
    return count_differing(each for some in rows for each in arguments_of(some))


def _skeleton(tree: Tree, path: Path, exact: set[Hashable]) -> Hashable:
    """What blocks that are alike have in common; of those in `exact`, their numbers too."""
    row = tree.rows[path]
    if not isinstance(row.layer, Branches):
        given = {name: _shape_of(value) for name, value in values_of(row).items()}
        return constructor_of(row), tuple(given.items())
    branches = tuple(
        tuple(_skeleton(tree, (*above, place), exact) for place in range(len(branch)))
        for above, branch in tree.branches(path)
    )
    found = row.layer.merge, len(tree.before(path)), branches
    if found not in exact:
        return found
    return found, tuple(tuple(values_of(each).items()) for each in tree.layers_inside(path))


def _shape_of(value: Any) -> Any:
    """Numbers, and pairs of them, are as good as any other; all else has to be equal."""
    is_number = isinstance(value, int | float | tuple) and not isinstance(value, bool)
    return "number" if is_number else value
