"""Which layers of two networks stand for each other: the one answer that every comparison shows.

Layers are paired in their order and only with their own kind, so that as few as possible differ,
blocks with blocks and their branches in their order. A layer that was moved stands alone in both
networks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile, zip_longest
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.network.analysis import analyze
from explorer.network.spec import (
    Architecture,
    Branches,
    Node,
    Nodes,
    Path,
    Shape,
    arguments,
    walk,
    without_names,
)
from explorer.network.tree import node_at

# Places in two lists; None beside a layer that stands alone.
Pair = tuple[int | None, int | None]
ChangedArgument = tuple[str, Any, Any]  # name, value in the one layer, value in the other


@dataclass(frozen=True)
class Aligned:
    """Two nodes that stand for each other, by their paths; None beside one that stands alone.

    Of two blocks, `branches` says the same of what is in their branches: as many as the one has
    that has more.
    """

    before: Path | None
    after: Path | None
    branches: tuple[tuple["Aligned", ...], ...] = ()


# What it costs to pair two layers or to leave one alone. A layer with other arguments is one change
# and so cheaper than one removed and one added, unless it is nothing like what it was. A layer that
# gives maps of another size stands in another part of the network: of several that it may be, the
# one of the same size is likelier. That still is less than a change, so that a pooling layer put in
# at the top leaves all below it what they were.
# In hundredths, so that sums are exact.
ALONE = 100
OTHER_ARGUMENTS = 60
EACH_ARGUMENT = 25
OTHER_SIZE = 40
NEVER = 10**9  # of two kinds


class PlacedNode(NamedTuple):
    """A layer or block, and rows × columns of what it gives: () for a vector, None if unknown."""

    node: Node
    size: Shape | None
    # Of a block, the nodes of its branches.
    branches: tuple[tuple["PlacedNode", ...], ...] = ()

    @property
    def weight(self) -> int:
        """How many layers and merges it is."""
        return 1 + sum(node.weight for branch in self.branches for node in branch)


def align(before: Architecture, after: Architecture) -> tuple[Aligned, ...]:
    """All nodes of both networks in order, those that stand for each other as pairs.

    Example: where the second stack has one layer more in the middle, the pairs of paths are
    ((0,), (0,)), (None, (1,)) and ((1,), (2,)).
    """
    return _align_chains(_placed_nodes(before), _placed_nodes(after), (), ())


def paired_paths(
    aligned: Iterable[Aligned], before: Nodes, after: Nodes
) -> Iterator[tuple[Path | None, Path | None]]:
    """The rows of two networks that stand for each other, by path: what is in a block's branches,
    then the block itself as its merge. `before` and `after` are the networks' layers.
    """
    for each in _each(aligned):
        if each.before is None and each.after is not None:
            yield from ((None, path) for path in _paths_of(after, each.after))
        elif each.after is None and each.before is not None:
            yield from ((path, None) for path in _paths_of(before, each.before))
        else:
            yield each.before, each.after


def _each(aligned: Iterable[Aligned]) -> Iterator[Aligned]:
    for each in aligned:
        for branch in each.branches:
            yield from _each(branch)
        yield each


def _paths_of(nodes: Nodes, path: Path) -> Iterator[Path]:
    """The paths of all that is in a node's branches, then its own."""
    return ((*path, *inside[1:]) for inside, _ in walk((node_at(nodes, path),)))


def align_nodes(old: Sequence[PlacedNode], new: Sequence[PlacedNode]) -> list[Pair]:
    """Which nodes of two lists stand for each other, by their places.

    Seen from the other side, the pairs are the same.
    """
    start = _count_equal(zip(old, new, strict=False))
    rest = min(len(old), len(new)) - start
    backwards = list(islice(zip(reversed(old), reversed(new), strict=False), rest))
    end = _count_equal((one.node, other.node) for one, other in backwards)
    if max(len(old), len(new)) - start - end > 1:  # more than one edit, so that sizes count
        end = _count_equal(backwards)
    middle = _cheapest(old[start : len(old) - end], new[start : len(new) - end])[1]
    return [
        *((i, i) for i in range(start)),
        *((_later(one, start), _later(other, start)) for one, other in middle),
        *((len(old) - end + i, len(new) - end + i) for i in range(end)),
    ]


def _align_chains(
    old: Sequence[PlacedNode], new: Sequence[PlacedNode], before: Path, after: Path
) -> tuple[Aligned, ...]:
    """The nodes of two stacks or branches, which lie at `before` and `after`."""
    found = []
    for one, other in align_nodes(old, new):
        paths = (
            None if one is None else (*before, one),
            None if other is None else (*after, other),
        )
        inside: tuple[tuple[Aligned, ...], ...] = ()
        if one is not None and other is not None:
            pairs = zip_longest(old[one].branches, new[other].branches, fillvalue=())
            inside = tuple(
                _align_chains(*branches, (*before, one, number), (*after, other, number))
                for number, branches in enumerate(pairs)
            )
        found.append(Aligned(*paths, inside))
    return tuple(found)


def _count_equal(pairs: Iterable[tuple[object, object]]) -> int:
    """How many pairs of equals there are before the first that are not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def changed_arguments(one: Node, other: Node) -> tuple[ChangedArgument, ...]:
    """The arguments in which two layers of one kind differ; of blocks their merge, and how many
    branches they have.
    """
    before, after = _values(one), _values(other)
    return tuple(
        (name, before[name], after[name]) for name in before if before[name] != after[name]
    )


def _values(node: Node) -> dict[str, Any]:
    found = arguments(node)
    return found | {"branches": len(node.branches)} if isinstance(node, Branches) else found


def _placed_nodes(architecture: Architecture) -> tuple[PlacedNode, ...]:
    sizes = {row.path: row.output_shape[1:] for row in analyze(architecture).rows}

    def placed(nodes: Nodes, inside: Path) -> tuple[PlacedNode, ...]:
        return tuple(
            PlacedNode(
                node,
                sizes.get((*inside, place)),
                tuple(
                    placed(branch, (*inside, place, number))
                    for number, branch in enumerate(node.branches)
                )
                if isinstance(node, Branches)
                else (),
            )
            for place, node in enumerate(nodes)
        )

    return placed(without_names(architecture.layers), ())


def placed_row(node: Node, size: Shape | None) -> PlacedNode:
    """A row of a table, of which a block's is its merge alone: what is in its branches has rows of
    its own.
    """
    return PlacedNode(without_names((node,))[0], size)


def _later(place: int | None, by: int) -> int | None:
    return None if place is None else place + by


def _cheapest(old: Sequence[PlacedNode], new: Sequence[PlacedNode]) -> tuple[int, list[Pair]]:
    """What the cheapest pairs cost together, and these."""
    # Of equally cheap ways one is taken by what the stacks hold, not by which of them comes first.
    if old and new and [*map(repr, new)] < [*map(repr, old)]:
        total, turned = _cheapest(new, old)
        return total, [(one, other) for other, one in turned]
    prices = _prices(old, new)
    gone, come = ([ALONE * node.weight for node in nodes] for nodes in (old, new))
    # (i, j): what the first i and the first j cost. A row is made at once: to leave alone another
    # of `new` costs the same whatever comes before it, so it is the least so far plus those.
    added = np.cumsum([0, *come])
    cost = np.empty((len(old) + 1, len(new) + 1), dtype=np.int64)
    cost[0] = added
    for i, alone in enumerate(gone):
        paired = np.concatenate([[NEVER * len(old)], cost[i, :-1] + prices[i]])
        cost[i + 1] = np.minimum.accumulate(np.minimum(cost[i] + alone, paired) - added) + added
    pairs: list[Pair] = []
    i, j = len(old), len(new)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + prices[i - 1, j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and cost[i, j] == cost[i, j - 1] + come[j - 1]:
            j -= 1
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return int(cost[-1, -1]), pairs[::-1]


def _prices(old: Sequence[PlacedNode], new: Sequence[PlacedNode]) -> NDArray[np.int64]:
    """(old, new): what it costs to pair each with each."""
    prices = np.full((len(old), len(new)), NEVER, dtype=np.int64)
    for kind in {node.node.kind for node in old}:
        rows, columns = (
            [place for place, each in enumerate(nodes) if each.node.kind == kind]
            for nodes in (old, new)
        )
        if columns:
            ones, others = [old[i] for i in rows], [new[j] for j in columns]
            prices[np.ix_(rows, columns)] = _own_prices(ones, others) + _inner_prices(ones, others)
    return prices


def _own_prices(old: Sequence[PlacedNode], new: Sequence[PlacedNode]) -> NDArray[np.int64]:
    """What differs in the arguments and the sizes of nodes of one kind."""
    values = [[tuple(arguments(each.node).values()) for each in nodes] for nodes in (old, new)]
    changed = np.zeros((len(old), len(new)), dtype=np.int64)
    for argument in range(len(values[0][0])):
        changed += _differ(*([each[argument] for each in nodes] for nodes in values))
    sizes = [[each.size for each in nodes] for nodes in (old, new)]
    known = [np.array([size is not None for size in nodes]) for nodes in sizes]
    elsewhere = _differ(*sizes) & known[0][:, None] & known[1]
    own = np.where(changed > 0, OTHER_ARGUMENTS + EACH_ARGUMENT * changed, 0)
    return np.asarray(own + OTHER_SIZE * elsewhere)


def _differ(old: Sequence[Any], new: Sequence[Any]) -> NDArray[np.bool_]:
    """(old, new): whether each is another than each."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys([*old, *new]))}
    ones, others = (np.array([numbers[value] for value in values]) for values in (old, new))
    return np.asarray(ones[:, None] != others)


def _inner_prices(
    old: Sequence[PlacedNode], new: Sequence[PlacedNode]
) -> NDArray[np.int64] | Literal[0]:
    """What differs inside the branches of blocks. Blocks that come again are priced once."""
    if not isinstance(old[0].node, Branches):
        return 0
    known: dict[tuple[object, object], int] = {}
    prices = np.zeros((len(old), len(new)), dtype=np.int64)
    for i, one in enumerate(old):
        for j, other in enumerate(new):
            branches = one.branches, other.branches
            if branches not in known:
                pairs = zip_longest(*branches, fillvalue=())
                known[branches] = sum(_cheapest(*pair)[0] for pair in pairs)
            prices[i, j] = known[branches]
    return prices
