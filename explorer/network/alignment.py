"""Which layers of two stacks stand for each other: the one answer that every comparison shows.

Layers are paired in their order and only with their own kind, so that as few as possible differ. A
layer that was moved stands alone in both stacks.
"""

from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from math import inf
from operator import ne
from typing import Any, NamedTuple

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, Layer, Shape, arguments

# Places in the two stacks; None beside a layer that stands alone.
Pair = tuple[int | None, int | None]
ChangedArgument = tuple[str, Any, Any]  # name, value in the one layer, value in the other

# What it costs to pair two layers or to leave one alone. A layer with other arguments is one change
# and so cheaper than one removed and one added, unless it is nothing like what it was. A layer that
# gives maps of another size stands in another part of the network: of several that it may be, the
# one of the same size is likelier. That still is less than a change, so that a pooling layer put in
# at the top leaves all below it what they were.
ALONE = 1.0
OTHER_ARGUMENTS = 0.6
EACH_ARGUMENT = 0.25
OTHER_SIZE = 0.4


class PlacedLayer(NamedTuple):
    """A layer of a stack, and rows × columns of what it gives: () for a vector, None if unknown."""

    layer: Layer
    size: Shape | None


def align(before: Architecture, after: Architecture) -> list[Pair]:
    """All layers of both stacks in order, those that stand for each other as pairs.

    Example: where the second stack has one layer more in the middle, [(0, 0), (None, 1), (1, 2)].
    """
    return align_layers(_placed_layers(before), _placed_layers(after))


def align_layers(old: Sequence[PlacedLayer], new: Sequence[PlacedLayer]) -> list[Pair]:
    """Like `align`, for any part of two stacks.

    Seen from the other side, the pairs are the same.
    """
    start = _count_equal(zip(old, new, strict=False))
    rest = min(len(old), len(new)) - start
    backwards = list(islice(zip(reversed(old), reversed(new), strict=False), rest))
    end = _count_equal((one.layer, other.layer) for one, other in backwards)
    if max(len(old), len(new)) - start - end > 1:  # more than one edit, so that sizes count
        end = _count_equal(backwards)
    middle = _cheapest(old[start : len(old) - end], new[start : len(new) - end])
    return [
        *((i, i) for i in range(start)),
        *((_later(one, start), _later(other, start)) for one, other in middle),
        *((len(old) - end + i, len(new) - end + i) for i in range(end)),
    ]


def _count_equal(pairs: Iterable[tuple[object, object]]) -> int:
    """How many pairs of equals there are before the first that are not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def changed_arguments(one: Layer, other: Layer) -> tuple[ChangedArgument, ...]:
    """The arguments in which two layers of one kind differ."""
    before, after = arguments(one), arguments(other)
    return tuple(
        (name, before[name], after[name]) for name in before if before[name] != after[name]
    )


def _placed_layers(architecture: Architecture) -> list[PlacedLayer]:
    sizes = [row.output_shape[1:] for row in analyze(architecture).rows]
    unknown = [None] * (len(architecture.layers) - len(sizes))
    return [
        PlacedLayer(*each) for each in zip(architecture.layers, [*sizes, *unknown], strict=True)
    ]


def _later(place: int | None, by: int) -> int | None:
    return None if place is None else place + by


def _cheapest(old: Sequence[PlacedLayer], new: Sequence[PlacedLayer]) -> list[Pair]:
    # Of equally cheap ways one is taken by what the stacks hold, not by which of them comes first.
    if old and new and [*map(repr, new)] < [*map(repr, old)]:
        return [(one, other) for other, one in _cheapest(new, old)]
    price = _prices(old, new)
    cost = [[ALONE * (i + j) for j in range(len(new) + 1)] for i in range(len(old) + 1)]
    for i in range(len(old)):
        for j in range(len(new)):
            alone = min(cost[i][j + 1], cost[i + 1][j]) + ALONE
            cost[i + 1][j + 1] = min(alone, cost[i][j] + price[i][j])
    pairs: list[Pair] = []
    i, j = len(old), len(new)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + price[i - 1][j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and cost[i][j] == cost[i][j - 1] + ALONE:
            j -= 1
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return pairs[::-1]


def _prices(old: Sequence[PlacedLayer], new: Sequence[PlacedLayer]) -> list[list[float]]:
    """What it costs to pair each of `old` with each of `new`. What comes again is priced once."""
    values = {layer: tuple(arguments(layer).values()) for layer, _ in {*old, *new}}
    offered = {other: values[other.layer] for other in new}
    known: dict[PlacedLayer, list[float]] = {}
    for one in old:
        if one not in known:
            row = {
                other: _price(one, other, values[one.layer], given)
                for other, given in offered.items()
            }
            known[one] = [row[other] for other in new]
    return [known[one] for one in old]


def _price(
    one: PlacedLayer, other: PlacedLayer, old: tuple[Any, ...], new: tuple[Any, ...]
) -> float:
    """`old` and `new` are the values of the two layers' arguments."""
    if one.layer.kind != other.layer.kind:
        return inf
    changed = sum(map(ne, old, new))
    elsewhere = one.size != other.size and one.size is not None and other.size is not None
    return (OTHER_ARGUMENTS + EACH_ARGUMENT * changed if changed else 0.0) + OTHER_SIZE * elsewhere
