"""From a graph of tensors to the tree of layers and blocks that a network is here.

A block begins at the nearest tensor that all ways to its merge lead through. What cannot be a tree,
as two blocks would share a layer, is named with its line.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from explorer.imports.source.graph import MAX_JOINED, Arithmetic, GraphNode, nearest_common, ways_to
from explorer.imports.source.problem import CodeProblem
from explorer.network.architecture_json import layer_to_data, parse_architecture
from explorer.network.layers import LAYERS, FirstWeights
from explorer.network.spec import (
    MAX_BRANCHES,
    MAX_DEPTH,
    MAX_LAYERS,
    MAX_NAME,
    Architecture,
    Branches,
    Merge,
    Node,
    Nodes,
    Shape,
)

_WORDS = {"+": "adds a number to", "*": "multiplies by a number"}


@dataclass
class Folded:
    """The tree, and the lines of its layers and merges in the order of `walk`."""

    layers: Nodes
    lines: tuple[int, ...]
    used: frozenset[int]  # numbers of the graph's nodes that are in it


@dataclass
class _Folding:
    names: dict[int, str]  # of blocks, by the number of their merge
    lines: list[int] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    depth: int = 0  # of blocks inside each other


def fold(output: GraphNode) -> Folded:
    """The network that computes a tensor. Raises CodeProblem where it is no tree."""
    joined = _with_shared_joins(output)
    folding = _Folding(_block_names(joined))
    image = joined
    while image.source is not None:
        image = image.source
    layers = _chain(folding, joined, image)
    return Folded(layers, tuple(folding.lines), frozenset(folding.used))


def fold_as_far(output: GraphNode) -> Folded | None:
    """The network that computes a tensor, as far as it is one: up to the last tensor on all ways to
    it that is.
    """
    ways = [output]  # and all tensors that all ways to it lead through
    while ways[-1].source is not None:
        ways.append(ways[-1].source)
    ways = ways[-MAX_LAYERS:]
    best: Folded | None = None
    low, high = 0, len(ways) - 1  # the last of them, which is the image, is none
    while low <= high:
        middle = (low + high) // 2
        try:
            best = fold(ways[middle])
            high = middle - 1
        except CodeProblem:
            low = middle + 1
    return best


def as_architecture(title: str, folded: Folded, shape: Shape) -> Architecture:
    """The network for images of a shape. Raises ArchitectureError where it is too large."""
    return parse_architecture(
        {
            "name": title,
            "input_shape": list(shape),
            "layers": [layer_to_data(node) for node in folded.layers],
        }
    )


def _chain(folding: _Folding, end: GraphNode, start: GraphNode) -> Nodes:
    """The layers and blocks that lead from one tensor to another that depends on it."""
    steps: list[GraphNode] = []
    node = end
    while node is not start:
        steps.append(node)
        assert node.source is not None
        node = node.source
    return tuple(_folded(folding, each) for each in reversed(steps))


def _folded(folding: _Folding, node: GraphNode) -> Node:
    operation = node.operation
    if isinstance(operation, Arithmetic):
        raise CodeProblem(f"it {_WORDS[operation.sign]} a map, which no layer here does", node.line)
    if operation in ("add", "multiply", "concat"):
        return _block(folding, node)
    assert operation is not None
    assert not isinstance(operation, str)
    is_shareable = LAYERS[operation.kind].first_weights is FirstWeights.NONE
    if node.number in folding.used and not is_shareable:
        raise CodeProblem(
            f"what {operation.kind} gives goes two ways that come together in different places; "
            "blocks here stand beside or inside each other",
            node.line,
        )
    folding.used.add(node.number)
    folding.lines.append(node.made_at)
    return operation


def _block(folding: _Folding, node: GraphNode) -> Branches:
    merge: Merge = node.operation  # type: ignore[assignment]
    if node.number in folding.used:
        raise CodeProblem(
            "what comes together here goes two ways that meet in different places; blocks here "
            "stand beside or inside each other",
            node.line,
        )
    folding.used.add(node.number)
    assert node.source is not None
    groups = _groups(node.inputs, node.source, merge)
    name = folding.names.get(node.number, "")
    if folding.depth == MAX_DEPTH:
        raise CodeProblem(f"blocks stand in each other more than {MAX_DEPTH} deep here", node.line)
    folding.depth += 1
    branches: list[Nodes] = []
    lines: list[list[int]] = []  # of each branch
    for group in groups:
        before = len(folding.lines)
        branches.append(_branch(folding, group, node.source, merge, node.line))
        lines.append(folding.lines[before:])
        del folding.lines[before:]
    folding.depth -= 1
    while len(branches) > MAX_BRANCHES:
        # A block of more branches as blocks of blocks, in the same order.
        cuts = range(0, len(branches), MAX_BRANCHES)
        parts = [branches[cut : cut + MAX_BRANCHES] for cut in cuts]
        lines = [
            [*chain(*lines[cut : cut + MAX_BRANCHES]), *([node.line] if len(part) > 1 else [])]
            for cut, part in zip(cuts, parts, strict=True)
        ]
        branches = [
            (Branches(merge=merge, branches=tuple(part)),) if len(part) > 1 else part[0]
            for part in parts
        ]
    folding.lines += chain(*lines)
    folding.lines.append(node.line)
    return Branches(merge=merge, branches=tuple(branches), name=name)


def _branch(
    folding: _Folding, group: Sequence[GraphNode], start: GraphNode, merge: Merge, line: int
) -> Nodes:
    """One branch, of several inputs of a merge that share layers a block of their own."""
    if len(group) == 1:
        return _chain(folding, group[0], start)
    common = group[0]
    for each in group[1:]:
        common = nearest_common(common, each)
    before = _chain(folding, common, start)
    inner = [_branch(folding, part, common, merge, line) for part in _groups(group, common, merge)]
    folding.lines.append(line)
    return (*before, Branches(merge=merge, branches=tuple(inner)))


def _groups(
    inputs: Sequence[GraphNode], start: GraphNode, merge: Merge
) -> list[tuple[GraphNode, ...]]:
    """The inputs of a merge; those whose ways from `start` share a layer are in one group."""
    found: list[list[GraphNode]] = []
    firsts: list[GraphNode | None] = []
    for each in inputs:
        first = _first_after(each, start)
        is_last = bool(firsts) and firsts[-1] is first
        if first is not None and first in firsts and (merge != "concat" or is_last):
            found[firsts.index(first)].append(each)
        else:
            found.append([each])
            firsts.append(first)
    return [tuple(group) for group in found] if len(found) > 1 else [(each,) for each in inputs]


def _first_after(node: GraphNode, start: GraphNode) -> GraphNode | None:
    """The first tensor after `start` that all ways to the node lead through."""
    found = None
    while node is not start:
        assert node.source is not None
        found, node = node, node.source
    return found


# --- merges that grow -----------------------------------------------------------------------------


_Numbers = tuple[int, ...]


class _Joins:
    """The merges that there are, by what they merge at last."""

    def __init__(self) -> None:
        self._found: dict[tuple[Merge, _Numbers], GraphNode] = {}
        self._merged: dict[tuple[Merge, int], _Numbers] = {}

    def flat(self, merge: Merge, inputs: Sequence[GraphNode]) -> _Numbers:
        """What is merged, where some of it is merged in the same way already."""
        parts = [self._merged.get((merge, each.number), (each.number,)) for each in inputs]
        if sum(map(len, parts)) > MAX_JOINED:
            return tuple(each.number for each in inputs)
        return tuple(number for part in parts for number in part)

    def get(self, merge: Merge, inputs: Sequence[GraphNode]) -> GraphNode | None:
        """The merge of the same tensors, where there is one."""
        return self._found.get((merge, self.flat(merge, inputs)))

    def add(self, merge: Merge, inputs: Sequence[GraphNode], node: GraphNode) -> None:
        numbers = self.flat(merge, inputs)
        self._found[merge, numbers] = node
        self._merged[merge, node.number] = numbers


def _with_shared_joins(output: GraphNode) -> GraphNode:
    """The graph in which a merge of a, b and c, where a and b are merged elsewhere, merges that
    with c: so dense blocks are blocks inside each other.
    """
    order = ways_to(output)
    joins = _Joins()
    made: dict[int, GraphNode] = {}
    changed = False
    for node in order:
        inputs = tuple(made[each.number] for each in node.inputs)
        merge = node.operation
        if isinstance(merge, str):
            same = joins.get(merge, inputs)
            if same is not None and _shares_more_than_its_source(same, inputs):
                made[node.number], changed = same, True
                continue
            inputs = _joined(merge, inputs, joins)
        if inputs == node.inputs:
            made[node.number] = node
        else:
            made[node.number] = _with_inputs(node, inputs)
            changed = True
        if isinstance(merge, str):
            joins.add(merge, inputs, made[node.number])
    return made[output.number] if changed else output


def _joined(merge: Merge, inputs: tuple[GraphNode, ...], joins: _Joins) -> tuple[GraphNode, ...]:
    """The inputs, of which the longest beginning or end that is merged elsewhere is one."""
    for length in range(len(inputs) - 1, 1, -1):
        begin, end = inputs[:length], inputs[-length:]
        if (begun := joins.get(merge, begin)) and _shares_more_than_its_source(begun, begin):
            return (begun, *inputs[length:])
        if (ended := joins.get(merge, end)) and _shares_more_than_its_source(ended, end):
            return (*inputs[:-length], ended)
    return inputs


def _shares_more_than_its_source(merge: GraphNode, inputs: Sequence[GraphNode]) -> bool:
    """Whether merging the same tensors twice would take a layer twice: not where all of them are
    the tensor that the merge begins with.
    """
    return any(each is not merge.source for each in inputs)


def _with_inputs(node: GraphNode, inputs: tuple[GraphNode, ...]) -> GraphNode:
    source = inputs[0]
    for each in inputs[1:]:
        source = nearest_common(source, each)
    copy = GraphNode(
        node.number,
        node.operation,
        inputs,
        node.shape,
        node.line,
        node.place,
        node.module,
        values=node.values,
    )
    copy.source, copy.depth = source, source.depth + 1
    return copy


# --- names ----------------------------------------------------------------------------------------


def _block_names(output: GraphNode) -> dict[int, str]:
    """Names for the blocks that are the only ones of their module: "layer1.0"."""
    merges = [
        node for node in ways_to(output) if isinstance(node.operation, str) and any(node.place[1:])
    ]
    count = Counter(node.place for node in merges)
    return {
        node.number: ".".join(filter(None, node.place[1:]))[:MAX_NAME]
        for node in merges
        if count[node.place] == 1
    }
