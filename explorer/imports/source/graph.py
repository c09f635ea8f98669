"""What some code does to an image, as a graph: a node for each layer that runs and for each place
where tensors come together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.values import LayerModule
from explorer.network.merging import merged_shape
from explorer.network.sides import sides_after
from explorer.network.spec import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    Merge,
    stated,
)

MAX_NODES = 2_500  # more than a network here may have layers, some of which lead nowhere
MAX_JOINED = 128  # tensors that come together in one place
# Without the batch. None stands for what depends on the size of the image.
PartShape = tuple[int | None, ...]


@dataclass(frozen=True)
class Arithmetic:
    """A number that is added to every value or that every value is multiplied by: no layer, and
    known here only as a part of Hardsigmoid.
    """

    sign: str  # "+" or "*"
    number: float


@dataclass(eq=False)
class GraphNode:
    """A tensor of the network, and what it is computed by."""

    number: int
    operation: Layer | Merge | Arithmetic | None  # None: the image
    inputs: tuple["GraphNode", ...]
    shape: PartShape
    line: int  # that runs it
    place: tuple[str, ...] = ()  # the names of the modules in whose forward it is computed
    module: LayerModule | None = None
    # The nearest tensor that all ways from the image lead through, itself apart.
    source: "GraphNode | None" = None
    depth: int = 0  # how many such tensors there are
    values: int | None = None  # that the code says a flattened image has
    batch: int | None = None  # of an image that the code makes itself: how many there are

    @property
    def made_at(self) -> int:
        """The line that makes the layer, where its arguments are mended; else `line`."""
        return self.module.line if self.module else self.line

    def sizes_known(self) -> bool:
        return None not in self.shape


@dataclass
class Graph:
    """The nodes in the order in which they are computed; the first is the image."""

    nodes: list[GraphNode] = field(default_factory=list)

    def image(self, shape: PartShape, batch: int | None = None) -> GraphNode:
        """The image, for which all else is computed."""
        node = GraphNode(len(self.nodes), None, (), shape, 0, batch=batch)
        self.nodes.append(node)
        return node

    def layer(
        self,
        layer: Layer,
        before: GraphNode,
        line: int,
        place: tuple[str, ...] = (),
        module: LayerModule | None = None,
    ) -> GraphNode:
        """What a layer gives."""
        shape = _shape_after(layer, before.shape)
        return self._added(layer, (before,), shape, line, place, module)

    def merge(
        self, merge: Merge, inputs: Sequence[GraphNode], line: int, place: tuple[str, ...]
    ) -> GraphNode:
        """What several tensors come to, value by value or behind each other."""
        if len(inputs) > MAX_JOINED:
            raise CodeProblem(f"more than {MAX_JOINED} tensors come together here", line)
        return self._added(merge, tuple(inputs), _merged(merge, inputs), line, place, None)

    def arithmetic(self, step: Arithmetic, before: GraphNode, line: int) -> GraphNode:
        """A number added to a tensor, or multiplied with it."""
        return self._added(step, (before,), before.shape, line, (), None)

    def _added(self, operation: Any, inputs: Any, shape: Any, line: int, *more: Any) -> GraphNode:
        if len(self.nodes) >= MAX_NODES:
            raise CodeProblem(f"the network runs more than {MAX_NODES:,} layers", line)
        source = inputs[0]
        for each in inputs[1:]:
            source = nearest_common(source, each)
        node = GraphNode(len(self.nodes), operation, inputs, shape, line, *more)
        node.source, node.depth, node.batch = source, source.depth + 1, source.batch
        self.nodes.append(node)
        return node


def nearest_common(a: GraphNode, b: GraphNode) -> GraphNode:
    """The nearest tensor that lies on all ways from the image to either."""
    while a is not b:
        deeper, other = (a, b) if a.depth >= b.depth else (b, a)
        if deeper.source is None:
            raise CodeProblem("a tensor that is not computed from the image joins it here", 0)
        a, b = deeper.source, other
    return a


def ways_to(output: GraphNode) -> list[GraphNode]:
    """All nodes that a tensor depends on, and its own, in the order in which they are computed."""
    found: dict[int, GraphNode] = {}
    pending = [output]
    while pending:
        node = pending.pop()
        if node.number not in found:
            found[node.number] = node
            pending += node.inputs
    return [found[number] for number in sorted(found)]


def _shape_after(layer: Layer, shape: PartShape) -> PartShape:
    """What a layer gives for what is known of its input's shape."""
    if isinstance(layer, Flatten):
        return (None if None in shape else prod(each or 0 for each in shape),)
    if isinstance(layer, Linear):
        return (*shape[:-1], layer.out_features)
    if len(shape) != 3:
        return shape
    return (getattr(layer, "out_channels", shape[0]), *sides_after(layer, shape[1:]))


def _merged(merge: Merge, inputs: Sequence[GraphNode]) -> PartShape:
    shapes = [each.shape for each in inputs]
    if all(each.sizes_known() for each in inputs):
        found = merged_shape(merge, shapes)  # type: ignore[arg-type]
        if found is not None:
            return found
    channels = [shape[0] for shape in shapes]
    first: int | None
    if merge == "concat":
        first = None if None in channels else sum(channel or 0 for channel in channels)
    else:
        first = next((each for each in channels if each not in (None, 1)), channels[0])
    longest = max(shapes, key=len)
    rest = [
        next((shape[axis] for shape in shapes if len(shape) > axis and shape[axis] != 1), 1)
        for axis in range(1, len(longest))
    ]
    return (first, *rest)


# --- vectors as maps of one pixel -----------------------------------------------------------------


def as_one_pixel_map(graph: Graph, node: GraphNode, line: int) -> GraphNode | None:
    """A vector that was made of a map of one pixel as such a map, its Linear layers as 1×1
    convolutions, which compute the same: so squeeze-and-excitation is written.

    None where the vector was made otherwise.
    """
    chain: list[GraphNode] = []
    while not isinstance(node.operation, Flatten):
        if len(node.inputs) != 1 or len(node.shape) != 1:
            return None
        chain.append(node)
        node = node.inputs[0]
    found = node.inputs[0]
    if len(found.shape) != 3 or found.shape[1:] != (1, 1):
        return None
    for each in reversed(chain):
        layer = _on_maps(each.operation)
        if layer is None:
            return None
        found = graph.layer(layer, found, each.line, each.place, each.module)
    return found


def _on_maps(operation: Any) -> Layer | None:
    """The layer for maps that computes on one pixel what this one computes on vectors."""
    if isinstance(operation, Linear):
        convolution = Conv2d(
            out_channels=operation.out_features, kernel_size=1, bias=operation.bias
        )
        if statement := stated(operation):
            convolution._stated = ("in_channels", statement[1])
        return convolution
    if isinstance(operation, BatchNorm1d):
        return BatchNorm2d(**operation.model_dump(exclude={"kind"}))
    takes_either = not isinstance(operation, str | Arithmetic | Flatten)
    return operation if takes_either else None
