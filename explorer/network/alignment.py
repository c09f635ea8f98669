"""Which layers of two networks stand for each other: the one answer that every comparison shows.

Layers are paired in their order and only with their own kind, so that as few as possible differ,
blocks with blocks and their branches in their order. A layer that was moved stands alone in both
networks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, takewhile, zip_longest
from math import inf
from operator import ne
from typing import Any, NamedTuple

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
ALONE = 1.0
OTHER_ARGUMENTS = 0.6
EACH_ARGUMENT = 0.25
OTHER_SIZE = 0.4


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
    inside_before, inside_after = _paths_inside(before), _paths_inside(after)
    for each in _each(aligned):
        if each.before is None and each.after is not None:
            yield from ((None, path) for path in inside_after[each.after])
        elif each.after is None and each.before is not None:
            yield from ((path, None) for path in inside_before[each.before])
        yield each.before, each.after


def _each(aligned: Iterable[Aligned]) -> Iterator[Aligned]:
    for each in aligned:
        for branch in each.branches:
            yield from _each(branch)
        yield each


def _paths_inside(nodes: Nodes) -> Mapping[Path, list[Path]]:
    """The paths of all that is in a block's branches, by the block's path; of a layer none."""
    paths = [path for path, _ in walk(nodes)]
    return {
        block: [path for path in paths if len(path) > len(block) and path[: len(block)] == block]
        for block in paths
    }


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


def _cheapest(old: Sequence[PlacedNode], new: Sequence[PlacedNode]) -> tuple[float, list[Pair]]:
    """The pairs that cost the least, and what they cost."""
    # Of equally cheap ways one is taken by what the stacks hold, not by which of them comes first.
    if old and new and [*map(repr, new)] < [*map(repr, old)]:
        price, turned = _cheapest(new, old)
        return price, [(one, other) for other, one in turned]
    price_of = _prices(old, new)
    gone, come = _sums(old), _sums(new)
    cost = [[gone[i] + come[j] for j in range(len(new) + 1)] for i in range(len(old) + 1)]
    for i in range(len(old)):
        for j in range(len(new)):
            alone = min(
                cost[i][j + 1] + ALONE * old[i].weight, cost[i + 1][j] + ALONE * new[j].weight
            )
            cost[i + 1][j + 1] = min(alone, cost[i][j] + price_of[i][j])
    pairs: list[Pair] = []
    i, j = len(old), len(new)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + price_of[i - 1][j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and cost[i][j] == cost[i][j - 1] + ALONE * new[j - 1].weight:
            j -= 1
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return cost[-1][-1], pairs[::-1]


def _sums(nodes: Sequence[PlacedNode]) -> list[float]:
    """What it costs to leave alone the first 0, 1, 2, … of them."""
    return [ALONE * total for total in accumulate((node.weight for node in nodes), initial=0)]


def _prices(old: Sequence[PlacedNode], new: Sequence[PlacedNode]) -> list[list[float]]:
    """What it costs to pair each of `old` with each of `new`. What comes again is priced once."""
    values = {each: tuple(arguments(each.node).values()) for each in {*old, *new}}
    offered = dict.fromkeys(new)
    known: dict[PlacedNode, list[float]] = {}
    for one in old:
        if one not in known:
            row = {other: _price(one, other, values[one], values[other]) for other in offered}
            known[one] = [row[other] for other in new]
    return [known[one] for one in old]


def _price(one: PlacedNode, other: PlacedNode, old: tuple[Any, ...], new: tuple[Any, ...]) -> float:
    """`old` and `new` are the values of the two layers' arguments."""
    if one.node.kind != other.node.kind:
        return inf
    changed = sum(map(ne, old, new))
    elsewhere = one.size != other.size and one.size is not None and other.size is not None
    own = (OTHER_ARGUMENTS + EACH_ARGUMENT * changed if changed else 0.0) + OTHER_SIZE * elsewhere
    return own + sum(
        _cheapest(*branches)[0]
        for branches in zip_longest(one.branches, other.branches, fillvalue=())
    )
