"""The state of a graph that is being read: the value of each name, and the layers found so far."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer.imports.onnx_file.model import Array, Model, Step, Tensor
from explorer.imports.onnx_file.numbers import BATCH
from explorer.imports.source.graph import Graph, GraphNode
from explorer.imports.source.layer_data import layer_from
from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.network.spec import Layer, Shape
from explorer.text import quoted

_BORDERS = {"edge": "the nearest", "wrap": "the other side’s", "lowest": "very low"}


@dataclass(frozen=True)
class Padded:
    """A map with a border that no layer here makes: it is a part of the layer that follows."""

    node: GraphNode
    mode: str  # "edge", "wrap", or "lowest" of one that no maximum sees
    # Rows above and below, columns on the left and on the right.
    borders: tuple[tuple[int, int], tuple[int, int]]


Value = GraphNode | Tensor | Padded


def refused(step: Step, why: str) -> CodeProblem:
    """Why a node cannot be taken, in a sentence that begins with its operator."""
    return CodeProblem(f"{step.operator} {why}", step.number)


@dataclass
class Reading:
    """One way through a graph, for images of a certain size."""

    model: Model
    graph: Graph
    uses: Counter[str]  # how many nodes and outputs read a value
    producers: dict[str, Step]  # which node gives it
    # What a name stands for, or why that is not known: a problem matters only where it is read, as
    # some nodes are a part of a layer and none by themselves.
    values: dict[str, Value | CodeProblem]
    last: GraphNode  # what was computed last
    notes: dict[str, int] = field(default_factory=dict)  # with the node that each is about
    # Which node has which weights, by the identity of their Tensor.
    owners: dict[int, int] = field(default_factory=dict)

    def note(self, text: str, step: Step | None = None) -> None:
        self.notes.setdefault(text, step.number if step else 0)

    # --- what a node reads ------------------------------------------------------------------------

    def named(self, name: str, step: Step) -> Value:
        """What a node reads under a name. Raises CodeProblem where that is not known."""
        found = self.values.get(name)
        if isinstance(found, CodeProblem):
            raise found
        if found is None:
            raise CodeProblem(
                f"{step.operator} reads {quoted(name)}, which nothing before it gives", step.number
            )
        return found

    def value(self, step: Step, place: int) -> Value:
        """An input of a node: a map, or constants."""
        return self.named(step.input(place), step)

    def map(self, step: Step, place: int = 0) -> GraphNode:
        """An input that is computed from the image."""
        return self.map_named(step.input(place), step)

    def map_named(self, name: str, step: Step) -> GraphNode:
        """What stands under a name, computed from the image."""
        found = self.named(name, step)
        if isinstance(found, Padded):
            raise CodeProblem(
                f"a border of {_BORDERS.get(found.mode, found.mode)} values stands before "
                f"{step.operator}, which has none here",
                step.number,
            )
        if isinstance(found, Tensor):
            raise CodeProblem(
                f"{step.operator} reads a constant where a layer here reads a map", step.number
            )
        return found

    def tensor(self, step: Step, place: int) -> Tensor:
        """An input that is a weight or a constant."""
        found = self.value(step, place)
        if isinstance(found, Tensor):
            return found
        raise CodeProblem(
            f"{step.operator} takes its weights from the image; a layer here has its own",
            step.number,
        )

    def weights(self, step: Step, place: int) -> Tensor:
        """The weights of a layer. Raises CodeProblem where another layer has them already."""
        found = self.tensor(step, place)
        owner = self.owners.setdefault(id(found), step.number)
        if owner != step.number:
            raise CodeProblem(
                f"{step.operator} has the weights of node {owner} again; "
                "each layer here has its own",
                step.number,
            )
        return found

    def has(self, step: Step, place: int) -> bool:
        """Whether an optional input is given; raises CodeProblem where it is no constant."""
        return bool(step.input(place)) and bool(self.tensor(step, place))

    def keeps_batch(self, first: int) -> bool:
        """Whether a Reshape to a shape that begins so leaves each image by itself."""
        return first in (0, BATCH, *self.model.image_shape[:1])

    def numbers(self, step: Step, place: int, name: str) -> Array | None:
        """The numbers of an optional input; None where it is left out.

        Raises CodeProblem where they are not in the file.
        """
        if not step.input(place):
            return None
        found = self.tensor(step, place).numbers
        if found is None:
            raise CodeProblem(f"{name} of {step.operator} is not in the file", step.number)
        return found

    def integers(self, step: Step, place: int, name: str) -> list[int] | None:
        """What a newer file gives as an input and an older one as an attribute; None where it is
        left out.
        """
        given = self.numbers(step, place, f"the {name}")
        if given is None:
            given = step.attributes.get(name)
        return None if given is None else [int(number) for number in np.ravel(given)]

    def sides(self, node: GraphNode, step: Step) -> tuple[int, ...]:
        """Rows and columns of a map. Raises NeedsImage where they depend on the image."""
        if len(node.shape) != 3:
            raise CodeProblem(f"{step.operator} gets a vector, but is for maps", step.number)
        return self.shape(node, step)[1:]

    def shape(self, node: GraphNode, step: Step) -> Shape:
        """The shape of a value without the batch. Raises NeedsImage as `sides` does."""
        known = tuple(side for side in node.shape if side is not None)
        if len(known) < len(node.shape):
            raise NeedsImage(f"{step.operator} depends on the size of the image", step.number)
        return known

    # --- what it gives ----------------------------------------------------------------------------

    def layer(self, kind: str, given: dict[str, Any], before: GraphNode, step: Step) -> GraphNode:
        """What a layer gives, of torch's arguments."""
        return self.after(layer_from(kind, given, step.number), before, step)

    def after(self, layer: Layer, before: GraphNode, step: Step) -> GraphNode:
        """What a layer gives."""
        return self.made(self.graph.layer(layer, before, step.number))

    def made(self, node: GraphNode) -> GraphNode:
        self.last = node
        return node
