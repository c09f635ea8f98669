"""The tree of layers and blocks as the flat list of rows that the browser edits, and back.

A layer is one row. A block is a row that begins it (kind "Branches"), the rows of its first branch,
for each further branch a row of kind "Next" and that branch's rows, and a row of kind "End".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from explorer.network.architecture_json import layer_to_data
from explorer.network.spec import MAX_BRANCHES, MAX_DEPTH, Branches, Layer, Merge, Nodes, Path
from explorer.refusal import Refusal


class RowError(Refusal, ValueError):
    """Rows that make no tree. `index` is the offending row's."""

    def __init__(self, message: str, index: int):
        super().__init__(message)
        self.message, self.index = message, index


@dataclass(frozen=True)
class Begin:
    """The row that begins a block."""

    merge: Merge
    name: str


# What a row is: a layer, the beginning of a block, of its next branch, or its end.
Content = Layer | Begin | Literal["Next", "End"]


class PlacedRow(NamedTuple):
    """A row, and the path of the layer or of the block that it belongs to."""

    path: Path
    content: Content

    @property
    def stands_for_node(self) -> bool:
        """Whether this is a layer's row or the first of a block's."""
        return not isinstance(self.content, str)


def flatten(nodes: Nodes, inside: Path = ()) -> Iterator[PlacedRow]:
    """The rows of a stack, from the first to the last."""
    for place, node in enumerate(nodes):
        path = (*inside, place)
        if not isinstance(node, Branches):
            yield PlacedRow(path, node)
            continue
        yield PlacedRow(path, Begin(node.merge, node.name))
        for number, branch in enumerate(node.branches):
            if number:
                yield PlacedRow(path, "Next")
            yield from flatten(branch, (*path, number))
        yield PlacedRow(path, "End")


def row_to_data(content: Content) -> dict[str, Any]:
    """A row's JSON form, without its uid."""
    if isinstance(content, str):
        return {"kind": content}
    if isinstance(content, Begin):
        name = {"name": content.name} if content.name else {}
        return {"kind": "Branches", "merge": content.merge, **name}
    return layer_to_data(content)


def is_marker(row: dict[str, Any]) -> bool:
    """Whether a row in its JSON form begins a further branch or ends a block: it then is neither a
    layer nor a merge.
    """
    return row.get("kind") == "Next" or row.get("kind") == "End"


@dataclass
class _OpenBlock:
    index: int  # of the row that begins it
    branches: list[list[Any]]


def nest(rows: list[dict[str, Any]]) -> tuple[list[Any], dict[Path, int]]:
    """The tree of these rows, in the JSON form of layers, and of each path the row that its layer
    or block begins at.

    What the layers themselves say is not looked at. Raises RowError where the rows make no tree.
    """
    stack: list[Any] = []
    places: dict[Path, int] = {}
    around: list[_OpenBlock] = []  # the blocks that have begun and not ended, the outermost first
    inside: Path = ()
    chain = stack  # what the next row belongs to
    for index, row in enumerate(rows):
        kind = row.get("kind")
        if kind == "Branches":
            if len(around) == MAX_DEPTH:
                raise RowError(f"blocks stand in each other at most {MAX_DEPTH} deep", index)
            if "branches" in row:
                raise RowError("a block's branches are the rows that follow it", index)
            branches: list[list[Any]] = [[]]
            path = (*inside, len(chain))
            places[path] = index
            chain.append({**row, "branches": branches})
            around.append(_OpenBlock(index, branches))
            inside, chain = (*path, 0), branches[0]
        elif not is_marker(row):
            places[*inside, len(chain)] = index
            chain.append(row)
        elif len(row) > 1:
            raise RowError(f"a row of kind {kind} has nothing but a uid", index)
        elif not around:
            verb = "ends" if kind == "End" else "continues"
            raise RowError(f"this row {verb} a block, and none has begun above it", index)
        elif kind == "Next":
            branches = around[-1].branches
            if len(branches) == MAX_BRANCHES:
                raise RowError(f"a block has at most {MAX_BRANCHES} branches", index)
            branches.append([])
            inside, chain = (*inside[:-1], len(branches) - 1), branches[-1]
        else:
            block = around.pop()
            if len(block.branches) < 2:
                raise RowError("a block has at least 2 branches; this has 1", block.index)
            inside = inside[:-2]
            chain = around[-1].branches[-1] if around else stack
    if around:
        raise RowError("this block has no end", around[-1].index)
    return stack, places
