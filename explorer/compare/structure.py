"""Stacks side by side: layers that stand for each other on one line, what each stack comes to, what each change does.

Rows are those of `analyze`: of a network that does not fit, the layers above the problem.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from explorer.network.analysis import Analysis, Row, analyze
from explorer.network.difference import Added, Change, Changed, difference
from explorer.network.layers import size_text
from explorer.network.spec import Architecture, Layer, Shape, arguments

Size = tuple[int, int]  # rows × columns


@dataclass(frozen=True)
class Cell:
    """What one architecture has on a line: a layer, or nothing."""

    row: Row | None
    arguments: tuple[tuple[str, Any, Any], ...] = ()  # those other than the reference's: name, the reference's value, its own


@dataclass(frozen=True)
class Line:
    """Layers of one kind that stand for each other, a cell for each architecture. The reference is the first that has one."""

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
    """The layers, next to each other in the stack, that give maps of one size; None where they give vectors."""

    size: Size | None
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """ "24×24", or "vector"."""
        return size_text(self.size) if self.size else "vector"

    def rows(self, place: int) -> tuple[Row, ...]:
        """Those of the architecture at this place."""
        return tuple(row for line in self.lines if (row := line.cells[place].row))


@dataclass(frozen=True)
class Totals:
    """What the layers that fit come to, for one image. A layer counts as one with parameters if any is learned in it."""

    layers: int
    layers_with_params: int  # the depth as papers count it, normalisation included
    params: int
    mult_adds: int  # by layers.MULT_ADDS_RULE
    activation_bytes: int  # all layers' outputs, in float32
    receptive_field: Size  # the last layer's, theoretical: may exceed the image
    seen: Size  # pixels of the image that the last layer's unit sees that sees the most


@dataclass(frozen=True)
class Effect:
    """What some changes did together, in the units of Totals; negative where it fell.

    More than one change stand together where the network does not fit between them, so that each alone has no figure.
    """

    changes: tuple[Change, ...]
    input_shapes: tuple[Shape, Shape] | None  # where the images' shape changed too: what it was and what it is
    params: int
    mult_adds: int
    activation_bytes: int
    receptive_field: Size
    seen: Size


# --- side by side ---------------------------------------------------------------------------------------------------


def align(analyses: Sequence[Analysis]) -> tuple[Stage, ...]:
    """The stacks side by side. Every row of every one is in exactly one cell, and in its order.

    Stages come by falling size of the map, vectors last. Where maps grow again, a size comes twice. Within a stage, as many
    layers as possible stand beside one of their own kind, and of those ways the one with the fewest differing arguments is
    taken; the stacks are put in one after the other, each against the lines that there are by then.
    """
    waiting = [_runs(analysis.rows) for analysis in analyses]
    stages = []
    while any(waiting):
        size = max((runs[0][0] for runs in waiting if runs), key=_extent)
        here = [runs.popleft()[1] if runs and runs[0][0] == size else () for runs in waiting]
        stages.append(Stage(size, _lines(here)))
    return tuple(stages)


def params_shares(stages: Sequence[Stage]) -> tuple[tuple[float | None, ...], ...]:
    """For each stage the share, from 0 to 1, that it has of each architecture's parameters; None where that has none."""
    params = [[sum(row.params for row in stage.rows(place)) for place in range(_count(stages))] for stage in stages]
    totals = [sum(column) for column in zip(*params, strict=True)]
    return tuple(tuple(n / total if total else None for n, total in zip(line, totals, strict=True)) for line in params)


def totals(analysis: Analysis) -> Totals:
    return Totals(
        layers=len(analysis.rows),
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
    return deque((size, tuple(run)) for size, run in groupby(rows, key=_size))


def _size(row: Row) -> Size | None:
    return (row.output_shape[1], row.output_shape[2]) if len(row.output_shape) == 3 else None


def _extent(size: Size | None) -> tuple[int, int, int]:
    """To sort sizes by: pixels, and of as many pixels the taller first; vectors come last."""
    return (size[0] * size[1], *size) if size else (0, 0, 0)


def _lines(stacks: Sequence[tuple[Row, ...]]) -> tuple[Line, ...]:
    grid: list[tuple[Row | None, ...]] = []
    for place, rows in enumerate(stacks):
        known = [_reference(line).layer for line in grid]
        grid = [
            (*(grid[old] if old is not None else [None] * place), rows[new] if new is not None else None)
            for old, new in _matches(known, [row.layer for row in rows])
        ]
    return tuple(_line(line) for line in grid)


def _reference(line: tuple[Row | None, ...]) -> Row:
    return next(row for row in line if row)


def _line(line: tuple[Row | None, ...]) -> Line:
    reference = _reference(line)
    return Line(reference.kind, tuple(Cell(row, _other_arguments(reference.layer, row.layer) if row else ()) for row in line))


MATCHED = 10_000  # more than all arguments of a stage together, so that one more layer matched outweighs any of them


def _matches(old: Sequence[Layer], new: Sequence[Layer]) -> list[tuple[int | None, int | None]]:
    """Pairs of places in both, in order; None beside a layer that stands alone. Of equally good ways the one that matches
    soonest, and what stands alone at one place comes with `old` first."""
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]  # what can be reached with old[i:] and new[j:]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            together = best[i + 1][j + 1] + _likeness(old[i], new[j])
            best[i][j] = max(best[i + 1][j], best[i][j + 1], together if old[i].kind == new[j].kind else 0)
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        both = i < len(old) and j < len(new)
        if both and old[i].kind == new[j].kind and best[i][j] == best[i + 1][j + 1] + _likeness(old[i], new[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif j == len(new) or (both and best[i][j] == best[i + 1][j]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def _likeness(one: Layer, other: Layer) -> int:
    return MATCHED - len(_other_arguments(one, other)) if one.kind == other.kind else 0


@lru_cache(maxsize=8192)
def _other_arguments(one: Layer, other: Layer) -> tuple[tuple[str, Any, Any], ...]:
    """Of two layers of one kind."""
    there, here = arguments(one), arguments(other)
    return tuple((name, there[name], here[name]) for name in there if there[name] != here[name])


# --- what changes do ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def effect_of_changes(old: Architecture, new: Architecture) -> tuple[Effect, ...]:
    """What each change between two architectures did, the changes being those of `difference`.

    They are made one after the other: first the images' shape, then the layers from the first to the last, each upon all
    before it. The order matters: a layer's parameters depend on what comes in, so a Linear that shrinks the map that a wide
    convolution made is credited with more than the other way round. Whatever the order, the effects sum to the whole
    difference exactly. Changes between which the network does not fit are taken together.
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


def _steps(old: Architecture, new: Architecture) -> Iterator[tuple[Architecture, Change | tuple[Shape, Shape]]]:
    """The architecture after each change, and the change; for the images' shape what it was and what it is."""
    found = difference(old, new)
    stack = list(old.layers)
    shape = old.input_shape
    if old.input_shape != new.input_shape:
        shape = new.input_shape
        yield old.model_copy(update={"input_shape": shape}), found.input_shapes
    longer = 0  # by so many layers than before the changes so far
    for change in found.changes:
        # All above the change is as in `new` by now, so that what is added or changed lies at its place there.
        if isinstance(change, Added):
            stack.insert(change.index, change.layer)
            longer += 1
        elif isinstance(change, Changed):
            stack[change.index] = new.layers[change.index]
        else:
            del stack[change.index + longer]
            longer -= 1
        yield old.model_copy(update={"input_shape": shape, "layers": tuple(stack)}), change


def _effect(changes: Sequence[Change | tuple[Shape, Shape]], before: Totals, after: Totals) -> Effect:
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
