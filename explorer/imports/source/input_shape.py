"""How large a network's images are, where its code does not say it: the channels by its first
convolution, rows and columns by what its first Linear layer takes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from explorer.imports.source.graph import Arithmetic, Graph, GraphNode, PartShape
from explorer.network.sides import sides_after
from explorer.network.spec import MAX_IMAGE_SIDE, Flatten, Linear, Shape, stated

# Sides of images that people use, the likeliest first.
USUAL_SIDES = (28, 32, 224, 64, 96, 128, 48, 256, 227, 299, 112, 150, 100, 50, 40, 80, 160, 512)


@dataclass(frozen=True)
class Wanted:
    """A Linear layer that says how many values come in where a map is flattened."""

    linear: GraphNode
    flattened: GraphNode  # the map
    values: int


def channels_of(graph: Graph) -> int | None:
    """The channels that the network's first layer with such an argument says it takes."""
    for node in graph.nodes[1:]:
        operation = node.operation
        if operation is None or isinstance(operation, str | Arithmetic):
            continue
        statement = stated(operation)
        if statement and isinstance(statement[1], int) and _keeps_channels_up_to(node):
            is_map = len(node.inputs[0].shape) == 3
            return statement[1] if is_map else None
    return None


def _is_layer(node: GraphNode) -> bool:
    return node.operation is not None and hasattr(node.operation, "kind")


def _keeps_channels_up_to(node: GraphNode) -> bool:
    """Whether nothing between the image and the node changes the channels."""
    while node.inputs:
        node = node.inputs[0]
        is_other = isinstance(node.operation, Flatten | Linear) or node.operation == "concat"
        if is_other or hasattr(node.operation, "out_channels"):
            return False
    return True


def wanted_values(graph: Graph) -> Iterator[Wanted]:
    """What each Linear layer behind a Flatten says comes in, in the order in which they run; and
    what the code says of a map that it flattens, where no Linear layer does.
    """
    for node in graph.nodes:
        flatten = node
        if not isinstance(node.operation, Linear):
            continue
        while len(flatten.inputs) == 1:
            flatten = flatten.inputs[0]
            if isinstance(flatten.operation, Flatten | Linear):
                break
        if isinstance(flatten.operation, Flatten) and len(flatten.inputs[0].shape) == 3:
            statement = stated(node.operation)
            values = statement[1] if statement else flatten.values
            if isinstance(values, int):
                yield Wanted(node, flatten.inputs[0], values)
    for node in graph.nodes:
        if isinstance(node.operation, Flatten) and node.values is not None:
            yield Wanted(node, node.inputs[0], node.values)


def fitting_sides(wanted: Wanted, channels: int) -> range:
    """The sides of square images for which so many values come into the Linear layer; none where it
    does not depend on them or no size fits.
    """
    chain = _way_to(wanted.flattened)

    def values(side: int) -> int:
        shape = _shape_on_the_way(chain, (channels, side, side))
        return prod(each or 0 for each in shape)

    if values(MAX_IMAGE_SIDE) == values(1):
        return range(0)
    first = _first_side(lambda side: values(side) >= wanted.values)
    after = _first_side(lambda side: values(side) > wanted.values)
    return range(first, after)


def _first_side(holds: object) -> int:
    """The least side for which something holds that holds for all larger ones."""
    assert callable(holds)
    low, high = 1, MAX_IMAGE_SIDE + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _way_to(node: GraphNode) -> list[GraphNode]:
    """Nodes that lead from the image to a map, along the first branch of each block."""
    found = []
    while node.inputs:
        found.append(node)
        node = node.inputs[0]
    return found[::-1]


def _shape_on_the_way(chain: Sequence[GraphNode], shape: PartShape) -> PartShape:
    for node in chain:
        if len(node.shape) != 3 or len(shape) != 3:
            return node.shape
        sides = sides_after(node.operation, shape[1:]) if _is_layer(node) else shape[1:]  # type: ignore[arg-type]
        shape = (node.shape[0] if node.shape[0] is not None else shape[0], *sides)
    return shape


def likely_side(sides: Sequence[int], channels: int) -> int:
    """The usual one of several sides, or the smallest."""
    return next((side for side in usual_sides(channels) if side in sides), sides[0])


def usual_sides(channels: int) -> tuple[int, ...]:
    """Sides of images that people use, the likeliest first: of MNIST, or of CIFAR-10 in colour."""
    return USUAL_SIDES if channels == 1 else (32, 28, *USUAL_SIDES[2:])


def likely_shapes(channels: int, hints: Sequence[Shape]) -> Iterator[Shape]:
    """Shapes of images to try where nothing decides, the likeliest first."""
    yield from (hint for hint in hints if hint[0] == channels)
    yield from ((channels, side, side) for side in usual_sides(channels))
