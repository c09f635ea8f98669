"""A class of the exported source as text: its docstring, its __init__ and its forward."""

import textwrap
from collections.abc import Sequence

from explorer.exports.source.block_forms import Block
from explorer.exports.source.plan import Attribute, SourceClass, SourcePlan
from explorer.exports.source.python_text import (
    WIDTH,
    call_text,
    commented,
    concatenation_text,
    indented,
    operation_text,
    plain_text,
)
from explorer.exports.source.shape_comments import ShapeComments
from explorer.network.spec import Branches, Nodes, Path

_BODY = 8  # columns before a line of a method
_SIGNS = {"add": "+", "multiply": "*"}


def class_text(plan: SourcePlan, source_class: SourceClass, docstring: Sequence[str]) -> str:
    """The whole class, formatted as `ruff format` does it; it uses the names `torch` and `nn`."""
    modules = {each.name: each for each in source_class.attributes.values()}
    taken = [each.declaration for each in source_class.parameters.all]
    lines = [
        f"class {source_class.name}(nn.Module):",
        *indented(docstring, 4),
        "",
        *call_text("def __init__", ["self", *taken], 4, ") -> None:"),
        "        super().__init__()",
        *(line for each in modules.values() for line in _assignment(source_class, each)),
        "",
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:",
        *_Forward(plan, source_class).lines(),
        "        return x",
    ]
    return "\n".join(lines) + "\n"


def block_docstring(plan: SourcePlan, source_class: SourceClass) -> list[str]:
    """What a class of blocks says of itself."""
    shapes = _shape_comments(plan, source_class)
    before = shapes.text([plan.tree.before(place) for place in source_class.places])
    after = shapes.text([plan.tree.after(place) for place in source_class.places])
    about = textwrap.wrap(f'"""{source_class.about}', WIDTH - 4)
    return [*about, "", *textwrap.wrap(f"Takes {before}, gives {after}.", WIDTH - 4), '"""']


def _assignment(source_class: SourceClass, attribute: Attribute) -> list[str]:
    given = [f"{each.name}={source_class.parameters.text(each)}" for each in attribute.arguments]
    return call_text(f"self.{attribute.name} = {attribute.constructor}", given, _BODY)


def _shape_comments(plan: SourcePlan, source_class: SourceClass) -> ShapeComments:
    before = [plan.tree.before(place) for place in source_class.places]
    return ShapeComments(source_class.parameters, before)


class _Forward:
    """Writes the lines of a forward: each statement reads one variable and sets another."""

    def __init__(self, plan: SourcePlan, source_class: SourceClass) -> None:
        self._tree, self._class = plan.tree, source_class
        self._shapes = _shape_comments(plan, source_class)
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        place = self._class.places[0]
        if place:
            self._block(place, "x", "x", frozenset())
        else:
            self._chain(place, self._tree.layers, "x", "x", frozenset())
        return self._lines

    def _chain(
        self, above: Path, nodes: Nodes, source: str, target: str, kept: frozenset[str]
    ) -> None:
        """What comes after each other; the variables in `kept` are still needed afterwards."""
        for number, node in enumerate(nodes):
            path = (*above, number)
            attribute = self._class.attributes.get(self._inside(path))
            if attribute:
                call = call_text(f"{target} = self.{attribute.name}", [source], _BODY)
                self._add(call, path)
            else:
                assert isinstance(node, Branches)
                self._block(path, source, target, kept)
            source = target

    def _block(self, path: Path, source: str, target: str, kept: frozenset[str]) -> None:
        """All branches of the block at a path, then their merge."""
        block = self._tree.block((path,))
        if name := self._block_name(path):
            self._lines += indented([f'# Block "{plain_text(name)}"'], _BODY)
        variables = _variables(block, source, target, kept)
        sources = [source] * len(variables)
        if block.skip is not None and _is_overwritten(block, source, target):
            sources[block.skip] = variables[block.skip]
            self._lines += indented([f"{variables[block.skip]} = {source}"], _BODY)
        needed = kept | {source, *variables}
        for number, (above, branch) in enumerate(self._tree.branches(path)):
            variable = variables[number]
            self._chain(above, branch, sources[number], variable, needed - {variable})
        self._add(_merge_text(block, target, variables), path)

    def _block_name(self, path: Path) -> str:
        """The name of a block that is written out here, where it has the same one in all places."""
        inside = self._inside(path)
        rows = [self._tree.rows[(*place, *inside)] for place in self._class.places]
        names = {row.layer.name for row in rows if isinstance(row.layer, Branches)}
        return names.pop() if inside and len(names) == 1 else ""

    def _inside(self, path: Path) -> Path:
        return path[len(self._class.places[0]) :]

    def _add(self, statement: Sequence[str], path: Path) -> None:
        """A statement with the shape of what it gives, which is that of the node at a path."""
        inside = self._inside(path)
        shapes = [self._tree.after((*place, *inside)) for place in self._class.places]
        self._lines += commented(statement, self._shapes.text(shapes))


def _variables(block: Block, source: str, target: str, kept: frozenset[str]) -> list[str]:
    """Where the output of each branch is; of an empty one, where the block's input is."""

    def new(name: str) -> str:
        found, number = name, 1
        while found in kept or found in (source, target):
            number += 1
            found = f"{name}{number}"
        return found

    nested = "" if target == "x" else f"{target}_"
    found = [
        new(f"{nested or 'branch'}{number}") if branch else source
        for number, branch in enumerate(block.node.branches, 1)
    ]
    if block.gate is not None:
        found[block.gate] = new(f"{nested}gate")
    if block.skip is not None:
        found[1 - block.skip] = target
        if block.node.branches[block.skip] or _is_overwritten(block, source, target):
            found[block.skip] = new(f"{nested}skip")
    return found


def _is_overwritten(block: Block, source: str, target: str) -> bool:
    """Does the other branch overwrite what the skip still needs?"""
    comes_first = block.skip == 0 and bool(block.node.branches[0])
    return source == target and not comes_first


def _merge_text(block: Block, target: str, variables: Sequence[str]) -> list[str]:
    if block.node.merge == "concat":
        return concatenation_text(target, variables, _BODY)
    skip_last = block.skip == 0
    terms = [*variables[1:], variables[0]] if skip_last else variables
    return operation_text(target, _SIGNS[block.node.merge], terms, _BODY)
