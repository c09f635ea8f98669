"""Stacks side by side: layers that stand for each other on one line, what each stack comes to, what
each change does.

Rows are those of `analyze`: of a network that does not fit, the layers above the problem.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from explorer.network.alignment import (
    Aligned,
    ChangedArgument,
    PlacedNode,
    align,
    align_nodes,
    changed_arguments,
    paired_paths,
    placed_row,
)
from explorer.network.analysis import Analysis, Row, analyze, with_layers
from explorer.network.difference import Change, change_of, difference
from explorer.network.spec import Architecture, Branches, Node, Nodes, Path, Shape
from explorer.network.tree import node_at
from explorer.text import size_text

Size = tuple[int, int]  # rows × columns
# The stacks' rows on one line, for as many stacks as are in by then.
_GridLine = tuple[Row | None, ...]


@dataclass(frozen=True)
class Cell:
    """What one architecture has on a line: a layer, or nothing."""

    row: Row | None
    # Those other than the reference's, with its value and this one's.
    arguments: tuple[ChangedArgument, ...] = ()


@dataclass(frozen=True)
class Line:
    """Layers of one kind that stand for each other, a cell for each architecture.

    The reference is the first that has one.
    """

    kind: str
    cells: tuple[Cell, ...]

    @property
    def reference(self) -> int:
        """The place of the first architecture that has a layer here."""
        return next(place for place, cell in enumerate(self.cells) if cell.row)

    @property
    def is_common(self) -> bool:
        """Every architecture has this layer, with the same arguments."""
        return all(cell.row and not cell.arguments for cell in self.cells)


@dataclass(frozen=True)
class Stage:
    """The layers, next to each other in the stack, that give maps of one size.

    None where they give vectors.
    """

    size: Size | None
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """ "24×24", or "vector"."""
        return size_text(self.size) if self.size else "vector"

    def rows(self, place: int) -> tuple[Row, ...]:
        """The rows of the architecture at this place."""
        return tuple(row for line in self.lines if (row := line.cells[place].row))


@dataclass(frozen=True)
class Totals:
    """What the layers that fit come to, for one image.

    A layer counts as one with parameters if any is learned in it.
    """

    layers: int
    layers_with_params: int  # the depth as papers count it, normalisation included
    params: int
    mult_adds: int  # by mult_adds.MULT_ADDS_RULE
    activation_bytes: int  # all layers' outputs, in float32
    receptive_field: Size  # the last layer's, theoretical: may exceed the image
    seen: Size  # pixels of the image that the last layer's unit sees that sees the most


@dataclass(frozen=True)
class Effect:
    """What some changes did together, in the units of Totals; negative where it fell.

    More than one change stand together where the network does not fit between them, so that each
    alone has no figure.
    """

    changes: tuple[Change, ...]
    # Where the images' shape changed too: what it was and what it is.
    input_shapes: tuple[Shape, Shape] | None
    params: int
    mult_adds: int
    activation_bytes: int
    receptive_field: Size
    seen: Size


# --- side by side ---------------------------------------------------------------------------------


def side_by_side(analyses: Sequence[Analysis]) -> tuple[Stage, ...]:
    """The stacks side by side. Every row of every one is in exactly one cell, and in its order.

    Stages come by falling size of the map, vectors last. Where maps grow again, a size comes twice.
    Within a stage, layers stand on one line that stand for each other in `difference` from the
    first stack; what the first stack does not have is put in one stack after the other, each
    aligned with the lines that there are by then.
    """
    waiting = [_runs(analysis.rows) for analysis in analyses]
    partners = [_partners(analyses[0], analysis) for analysis in analyses]
    stages = []
    while any(waiting):
        size = max((runs[0][0] for runs in waiting if runs), key=_extent)
        here = [runs.popleft()[1] if runs and runs[0][0] == size else () for runs in waiting]
        stages.append(Stage(size, _lines(here, partners)))
    return tuple(stages)


def _partners(first: Analysis, other: Analysis) -> dict[Path, Path]:
    """Which row of `first` stands for a row of `other`, by the path in `other`."""
    aligned = align(first.architecture, other.architecture)
    pairs = paired_paths(aligned, first.architecture.layers, other.architecture.layers)
    return {new: old for old, new in pairs if old is not None and new is not None}


def params_shares(stages: Sequence[Stage]) -> tuple[tuple[float | None, ...], ...]:
    """The share, from 0 to 1, that each stage has of each architecture's parameters.

    None where that has none.
    """
    params = [
        [sum(row.params for row in stage.rows(place)) for place in range(_count(stages))]
        for stage in stages
    ]
    totals = [sum(column) for column in zip(*params, strict=True)]
    return tuple(
        tuple(n / total if total else None for n, total in zip(line, totals, strict=True))
        for line in params
    )


def totals(analysis: Analysis) -> Totals:
    return Totals(
        layers=sum(not isinstance(row.layer, Branches) for row in analysis.rows),
        layers_with_params=sum(row.params > 0 for row in analysis.rows),
        params=analysis.total_params,
        mult_adds=analysis.total_mult_adds,
        activation_bytes=analysis.activation_bytes,
        receptive_field=analysis.receptive_field,
        seen=analysis.rows[-1].seen if analysis.rows else (1, 1),
    )


def _count(stages: Sequence[Stage]) -> int:
    return len(stages[0].lines[0].cells) if stages else 0


def _runs(rows: Sequence[Row]) -> deque[tuple[Size | None, tuple[Row, ...]]]:
    """The rows in stages. All that is in a block counts with what the block gives, so that a gate's
    single values are no stage of their own.
    """
    blocks: dict[Path, Size | None] = {row.path: _size(row) for row in rows if len(row.path) == 1}

    def stage(row: Row) -> Size | None:
        return blocks.get(row.path[:1], _size(row))

    return deque((size, tuple(run)) for size, run in groupby(rows, key=stage))


def _size(row: Row) -> Size | None:
    return (row.output_shape[1], row.output_shape[2]) if len(row.output_shape) == 3 else None


def _extent(size: Size | None) -> tuple[int, int, int]:
    """To sort sizes by: pixels, and of as many pixels the taller first; vectors come last."""
    return (size[0] * size[1], *size) if size else (0, 0, 0)


def _lines(
    stage: Sequence[tuple[Row, ...]], partners: Sequence[Mapping[Path, Path]]
) -> tuple[Line, ...]:
    """The rows that the stacks have in one stage, on common lines.

    Args:
        stage: for each stack its rows.
        partners: for each stack which of the first stack's rows stands for a row of its own, by
            path.
    """
    grid: list[_GridLine] = [(row,) for row in stage[0]]
    for place, rows in enumerate(stage[1:], 1):
        found: list[_GridLine] = []
        lines, alone = grid, list[Row]()
        here = {line[0].path for line in grid if line[0]}
        for row in rows:
            partner = partners[place].get(row.path)
            if partner not in here:
                alone.append(row)
                continue
            own_line = next(
                i for i, line in enumerate(lines) if line[0] and line[0].path == partner
            )
            found += [*_beside(lines[:own_line], alone, place), (*lines[own_line], row)]
            lines, alone = lines[own_line + 1 :], []
        grid = found + _beside(lines, alone, place)
    return tuple(_line(line) for line in grid)


def _beside(lines: Sequence[_GridLine], rows: Sequence[Row], place: int) -> list[_GridLine]:
    """These lines and one more stack's rows, none of which stands for a layer of the first stack.

    The rows are aligned with the lines on which the first stack has no layer either. Where a row
    stands alone, the first stack's lines come before it.
    """
    free = [line for line in lines if line[0] is None]
    pairs = align_nodes([_placed(_reference(line)) for line in free], [*map(_placed, rows)])
    left, found = deque(lines), list[_GridLine]()
    for one, other in pairs:
        while left and left[0][0] is not None:
            found.append((*left.popleft(), None))
        line = (None,) * place if one is None else left.popleft()
        found.append((*line, None if other is None else rows[other]))
    return [*found, *((*line, None) for line in left)]


def _placed(row: Row) -> PlacedNode:
    return placed_row(row.layer, _size(row))


def _reference(line: _GridLine) -> Row:
    return next(row for row in line if row)


def _line(line: _GridLine) -> Line:
    reference = _reference(line)
    cells = (
        Cell(row, changed_arguments(reference.layer, row.layer) if row else ()) for row in line
    )
    return Line(reference.kind, tuple(cells))


# --- what changes do ------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def effect_of_changes(old: Architecture, new: Architecture) -> tuple[Effect, ...]:
    """What each change between two architectures did, the changes being those of `difference`.

    They are made one after the other: first the images' shape, then the layers from the first to
    the last, each upon all before it. The order matters: a layer's parameters depend on what comes
    in, so a Linear that shrinks the map that a wide convolution made is credited with more than the
    other way round. Whatever the order, the effects sum to the whole difference exactly. Changes
    between which the network does not fit are taken together.
    """
    steps = list(_steps(old, new))
    effects: list[Effect] = []
    before, taken = totals(analyze(old)), 0
    for made, (stack, _) in enumerate(steps, 1):
        analysis = analyze(stack)
        if analysis.problem and made < len(steps):
            continue
        after = totals(analysis)
        effects.append(_effect([change for _, change in steps[taken:made]], before, after))
        before, taken = after, made
    return tuple(effects)


def _steps(
    old: Architecture, new: Architecture
) -> Iterator[tuple[Architecture, Change | tuple[Shape, Shape]]]:
    """The architecture after each change, and the change.

    For the images' shape what it was and what it is.
    """
    found, aligned = difference(old, new), align(old, new)
    images = old
    if old.input_shape != new.input_shape:
        images = old.model_copy(update={"input_shape": new.input_shape})
        yield images, found.input_shapes
    for made, change in enumerate(found.changes, 1):
        layers = _partly_changed(aligned, old.layers, new.layers, set(found.changes[:made]))
        yield with_layers(images, layers), change


def _partly_changed(aligned: Sequence[Aligned], old: Nodes, new: Nodes, made: Set[Change]) -> Nodes:
    """The nodes on the way from `old` to `new` when only these changes were made."""
    found: list[Node] = []
    for each in aligned:
        change = change_of(each, old, new)
        is_made = change is None or change in made
        if each.before is None or each.after is None:
            path, nodes = (each.after, new) if each.before is None else (each.before, old)
            if path is not None and is_made == (each.before is None):
                found.append(node_at(nodes, path))
            continue
        node = node_at(new, each.after) if is_made else node_at(old, each.before)
        if isinstance(node, Branches):
            branches = [_partly_changed(b, old, new, made) for b in each.branches]
            node = node.model_copy(update={"branches": tuple(branches[: len(node.branches)])})
        found.append(node)
    return tuple(found)


def _effect(
    changes: Sequence[Change | tuple[Shape, Shape]], before: Totals, after: Totals
) -> Effect:
    return Effect(
        changes=tuple(change for change in changes if not isinstance(change, tuple)),
        input_shapes=next((change for change in changes if isinstance(change, tuple)), None),
        params=after.params - before.params,
        mult_adds=after.mult_adds - before.mult_adds,
        activation_bytes=after.activation_bytes - before.activation_bytes,
        receptive_field=_minus(after.receptive_field, before.receptive_field),
        seen=_minus(after.seen, before.seen),
    )


def _minus(one: Size, other: Size) -> Size:
    return one[0] - other[0], one[1] - other[1]
