"""What each layer of an architecture does: shape, parameters, cost, receptive field, and where it
fails.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached

from explorer.network.fitting import ShapeMismatch
from explorer.network.layers import LayerKind, find_mismatch, kind_of
from explorer.network.measure import Measure, measure
from explorer.network.merging import find_merge_mismatch, merged_shape
from explorer.network.receptive_field import (
    ReceptiveField,
    after_layer,
    after_merge,
    estimated_cost,
    estimated_merge_cost,
    image_field,
)
from explorer.network.spec import (
    MAX_IMAGE_CHANNELS,
    MAX_IMAGE_SIDE,
    MAX_LAYERS,
    Architecture,
    ArchitectureError,
    Branches,
    Node,
    Nodes,
    Path,
    Shape,
    path_text,
    stated,
    walk,
)
from explorer.network.tree import (
    IMAGE,
    chain_at,
    input_of,
    inputs_of,
    leading_to,
    node_at,
    paths_leading_to,
    with_chain,
    with_instead,
)
from explorer.text import counted, size_text

# An analysis allocates nothing of the network itself, so only what it costs to follow the receptive
# fields is bounded here. What a network may have to be trained stands in training/limits.py.
MAX_SIDE = MAX_IMAGE_SIDE  # rows or columns of a map
MAX_COST = 100_000_000  # numbers that following the receptive fields handles in all layers together
BYTES_PER_VALUE = 4  # float32


@dataclass(frozen=True)
class Row:
    """One layer, or the merge of a block. Shapes are without the batch, counts for one image."""

    index: int  # the row's own number, from 0, in the order in which the network runs
    path: Path  # of the layer, or of the block; of a stack without blocks it is (index,)
    layer: Node
    input_shapes: tuple[Shape, ...]  # a layer's one; of a merge what each branch gives
    output_shape: Shape
    params: int
    trainable_params: int
    mult_adds: int  # by mult_adds.MULT_ADDS_RULE
    torchinfo_mult_adds: int  # as torchinfo counts them
    output_bytes: int  # in float32
    # In float32, all that lies in memory while the layer runs and its output is made: what comes
    # in, what comes out, and what other branches or later layers still need.
    live_bytes: int
    receptive_field: tuple[int, int]  # theoretical window, rows × columns; may exceed the image
    # Pixels between neighbouring units, None where it varies.
    jump: tuple[Fraction, Fraction] | None
    seen: tuple[int, int]  # rows × columns of real pixels that the unit sees that sees the most

    @property
    def kind(self) -> str:
        return self.layer.kind

    @property
    def input_shape(self) -> Shape:
        """What comes in; of a merge what its first branch gives."""
        return self.input_shapes[0]

    @property
    def about(self) -> LayerKind:
        """What is special about this kind of layer."""
        return kind_of(self.layer)

    @property
    def place(self) -> str:
        """The path as it is shown: "5.1.0"."""
        return path_text(self.path)

    @property
    def title(self) -> str:
        """The kind as it is shown; of a merge what it does, as "add of 2"."""
        return node_title(self.layer)


@dataclass(frozen=True)
class Problem:
    """The first layer or merge that does not fit, why, and what would fix it."""

    index: int  # that its row would have
    path: Path
    message: str
    remedy: str | None
    # The whole architecture with the remedy applied, where that is certain.
    fix: Architecture | None
    # Another remedy as good, and its architecture.
    alternative: tuple[str, Architecture] | None = None


@dataclass(frozen=True)
class Analysis:
    """Rows up to the first layer that does not fit, or all of them; totals over those rows."""

    architecture: Architecture
    rows: tuple[Row, ...]
    problem: Problem | None

    @property
    def output_shape(self) -> Shape:
        return self.rows[-1].output_shape if self.rows else self.architecture.input_shape

    @property
    def total_params(self) -> int:
        return sum(row.params for row in self.rows)

    @property
    def trainable_params(self) -> int:
        return sum(row.trainable_params for row in self.rows)

    @property
    def total_mult_adds(self) -> int:
        return sum(row.mult_adds for row in self.rows)

    @property
    def torchinfo_mult_adds(self) -> int:
        """The total that torchinfo prints, by its own rule."""
        return sum(row.torchinfo_mult_adds for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Memory of all layers' outputs for one image, in float32."""
        return sum(row.output_bytes for row in self.rows)

    @property
    def peak_bytes(self) -> int:
        """The most that lies in memory at one time for one image in evaluation mode, in float32,
        weights apart.
        """
        image = math.prod(self.architecture.input_shape) * BYTES_PER_VALUE
        return max((row.live_bytes for row in self.rows), default=image)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """Theoretical window of the last layer's units."""
        return self.rows[-1].receptive_field if self.rows else (1, 1)


ROOM = 200_000_000  # bytes of analyses that are kept
ROW_BYTES = 2_200  # of a row and its layer, as the largest networks have them
_analyses: LRUCache[Any, Analysis] = LRUCache(
    ROOM,
    getsizeof=lambda found: ROW_BYTES * (5 + max(len(found.rows), len(found.architecture.layers))),
)


@cached(_analyses, lock=Lock(), info=True)
def analyze(architecture: Architecture) -> Analysis:
    """Rows and totals.

    Where a layer does not fit, the rows above it and the problem, never an exception.
    """
    found = _walk(architecture)
    if found.problem is None:
        return found
    return replace(found, problem=_with_working_fixes(found.problem, architecture))


def _walk(architecture: Architecture) -> Analysis:
    """Like `analyze`, without checking that the suggested fixes work."""
    shapes: dict[Path, Shape] = {IMAGE: architecture.input_shape}
    fields = {IMAGE: image_field(architecture.input_shape)}
    memory = _Memory(architecture)
    rows: list[Row] = []
    cost = 0

    def ending(path: Path, message: str, remedy: str | None = None) -> Analysis:
        problem = Problem(len(rows), path, message, remedy, fix=None)
        return Analysis(architecture, tuple(rows), problem)

    for path, node in walk(architecture.layers):
        inputs = inputs_of(path, node)
        if isinstance(node, Branches):
            outputs = [shapes[each] for each in inputs]
            merged = merged_shape(node.merge, outputs)
            if merged is None:
                mismatch = find_merge_mismatch(node, shapes[input_of(path)], outputs)
                problem = _problem(architecture, len(rows), path, mismatch)
                return Analysis(architecture, tuple(rows), problem)
            before = [fields[each] for each in inputs]
            found = Measure(merged, 0, 0, 0)
            cost += estimated_merge_cost(before, merged)
        else:
            shape = shapes[inputs[0]]
            if found_mismatch := find_mismatch(node, shape):
                problem = _problem(architecture, len(rows), path, found_mismatch)
                return Analysis(architecture, tuple(rows), problem)
            try:
                found = measure(node, shape)
            except ArchitectureError as error:
                return ending(path, error.message)
            before = [fields[inputs[0]]]
            cost += estimated_cost(before[0], kind_of(node).axes(node), found.output_shape)
        if excess := _excess(node, found.output_shape, cost):
            return ending(path, *excess)
        field = _field_after(node, before, found.output_shape)
        input_shapes = tuple(shapes[each] for each in inputs)
        shapes[path], fields[path] = found.output_shape, field
        output_bytes = math.prod(found.output_shape) * BYTES_PER_VALUE
        rows.append(
            Row(
                index=len(rows),
                path=path,
                layer=node,
                input_shapes=input_shapes,
                output_shape=found.output_shape,
                params=found.params,
                trainable_params=found.trainable_params,
                mult_adds=kind_of(node).mult_adds(node, input_shapes[0], found.output_shape),
                torchinfo_mult_adds=found.torchinfo_mult_adds,
                output_bytes=output_bytes,
                live_bytes=memory.after(path, inputs, output_bytes),
                receptive_field=field.theoretical,
                jump=field.jump,
                seen=field.seen,
            )
        )
    return Analysis(architecture, tuple(rows), None)


def _field_after(
    node: Node, before: Sequence[ReceptiveField], output_shape: Shape
) -> ReceptiveField:
    """What the units of a layer or a merge see, given what those that come in see."""
    if isinstance(node, Branches):
        return after_merge(before, output_shape)
    return after_layer(before[0], kind_of(node).axes(node), output_shape)


def receptive_fields(analysis: Analysis) -> tuple[ReceptiveField, ...]:
    """One ReceptiveField for each row."""
    fields = {IMAGE: image_field(analysis.architecture.input_shape)}
    for row in analysis.rows:
        before = [fields[each] for each in inputs_of(row.path, row.layer)]
        fields[row.path] = _field_after(row.layer, before, row.output_shape)
    return tuple(fields[row.path] for row in analysis.rows)


def rows_leading_to(analysis: Analysis, path: Path) -> tuple[Row, ...]:
    """The rows that the one at `path` is computed from, itself the last: those of other branches
    are left out.
    """
    leading = paths_leading_to(path)
    return tuple(
        row for row in analysis.rows if any(row.path[: len(each)] == each for each in leading)
    )


class _Memory:
    """Which outputs lie in memory as the network runs, each until the last that needs it has
    run.
    """

    def __init__(self, architecture: Architecture) -> None:
        nodes = walk(architecture.layers)
        self._uses = Counter(each for path, node in nodes for each in inputs_of(path, node))
        self._live = {IMAGE: math.prod(architecture.input_shape) * BYTES_PER_VALUE}

    def after(self, path: Path, inputs: Sequence[Path], output_bytes: int) -> int:
        """Bytes in memory while the node at `path` runs, which makes so many."""
        self._live[path] = output_bytes
        total = sum(self._live.values())
        self._uses.subtract(inputs)
        for each in set(inputs):
            if not self._uses[each]:
                del self._live[each]
        return total


def require_fitting(architecture: Architecture) -> Analysis:
    """The analysis of an architecture in which every layer fits.

    Raises ArchitectureError, which names the one that does not.
    """
    analysis = analyze(architecture)
    if problem := analysis.problem:
        where = place_text(analysis, problem)
        raise ArchitectureError(f"layer {where}: {problem.message}", problem.path)
    return analysis


def place_text(analysis: Analysis, problem: Problem) -> str:
    """The layer that does not fit, as messages name it: "3 (Conv2d)"."""
    title = node_title(node_at(analysis.architecture.layers, problem.path))
    return f"{path_text(problem.path)} ({title})"


def analysis_to_data(analysis: Analysis) -> dict[str, Any]:
    """The JSON form that `python -m explorer analyze --json` prints."""
    problem = analysis.problem
    return {
        "input_shape": list(analysis.architecture.input_shape),
        "rows": [
            {
                "index": row.index,
                "path": row.place,
                "kind": row.kind,
                "output_shape": list(row.output_shape),
                "params": row.params,
                "mult_adds": row.mult_adds,
                "receptive_field": list(row.receptive_field),
                "jump": [_number(each) for each in row.jump] if row.jump else None,
            }
            for row in analysis.rows
        ],
        "total_params": analysis.total_params,
        "trainable_params": analysis.trainable_params,
        "total_mult_adds": analysis.total_mult_adds,
        "torchinfo_mult_adds": analysis.torchinfo_mult_adds,
        "peak_bytes": analysis.peak_bytes,
        "problem": problem
        and {
            "index": problem.index,
            "path": path_text(problem.path),
            "message": problem.message,
            "remedy": problem.remedy,
        },
    }


def node_title(node: Node) -> str:
    """A layer's kind; of a block what its merge does, as "add of 2"."""
    return f"{node.merge} of {len(node.branches)}" if isinstance(node, Branches) else node.kind


def jump_text(jump: tuple[Fraction, Fraction] | None) -> str:
    """A jump as it is shown: "2×2", "1/2×1/2", or "varies"."""
    return "×".join(map(str, jump)) if jump else "varies"


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def _problem(
    architecture: Architecture, index: int, path: Path, mismatch: ShapeMismatch
) -> Problem:
    layers = architecture.layers

    def with_here(*here: Node) -> Architecture:
        return with_layers(architecture, with_instead(layers, path, *here))

    fix = None
    if mismatch.insert_before or mismatch.replace_with:
        here = mismatch.replace_with or node_at(layers, path)
        fix = with_here(*mismatch.insert_before, here)
    elif mismatch.remove:
        fix = with_here()
    elif mismatch.move_before_flatten:
        fix = _move_before_flatten(architecture, path)
    alternative = None
    if mismatch.alternative:
        text, node = mismatch.alternative
        alternative = text, with_here(node)
    message = mismatch.message + _images_that_fit(architecture, path)
    return Problem(index, path, message, mismatch.remedy, fix, alternative)


def with_layers(architecture: Architecture, layers: Nodes) -> Architecture:
    """The same images and name, with other layers."""
    return architecture.model_copy(update={"layers": layers})


def _images_that_fit(architecture: Architecture, path: Path) -> str:
    """The other way out where a file states more or fewer channels than the images bring to a
    convolution.
    """
    *above, layer = leading_to(architecture.layers, path)
    if isinstance(layer, Branches):
        return ""
    name, said = stated(layer) or ("", 0)
    changes_channels = any(
        node.kind in ("Conv2d", "ConvTranspose2d", "Flatten", "Branches") for node in above
    )
    if name != "in_channels" or changes_channels or said == architecture.input_shape[0]:
        return ""
    if not isinstance(said, int) or said > MAX_IMAGE_CHANNELS:
        return ""
    return f"; images of {counted(said, 'channel')} would fit it"


MAX_CHAINED_FIXES = 4  # of one layer: its groups, then its padding, then its kernel, …


def _with_working_fixes(problem: Problem, architecture: Architecture) -> Problem:
    """The problem with only those remedies after which the layer fits.

    Of two, the one comes first with which more of the stack fits.
    """
    layers = _count(architecture)
    remedies = [(problem.remedy, problem.fix), problem.alternative or (None, None)]
    working = []
    for text, fix in remedies:
        if fix and (found := _apply_fixes_until_valid(fix, problem.index, layers)):
            working.append((text, *found))
    if not working:
        return replace(problem, fix=None, alternative=None)
    (text, fix, _), *others = sorted(working, key=lambda remedy: -remedy[2])
    alternative = (others[0][0] or "", others[0][1]) if others else None
    return replace(problem, remedy=text, fix=fix, alternative=alternative)


def _count(architecture: Architecture) -> int:
    """The rows of an architecture in which every layer fits."""
    return sum(1 for _ in walk(architecture.layers))


def _apply_fixes_until_valid(
    fix: Architecture, index: int, layers: int
) -> tuple[Architecture, float] | None:
    """The architecture, fixed further where the same layer has another fault.

    Beside it stands how many of the layers after that one fit then. None where it stays at fault.
    """
    for _ in range(MAX_CHAINED_FIXES):
        longer = _count(fix) - layers
        if layers + longer > MAX_LAYERS:
            return None
        problem = _walk(fix).problem
        if problem is None:
            return fix, math.inf
        if problem.index > index + longer:
            return fix, problem.index - index - longer
        if problem.fix is None:
            return None
        fix = problem.fix
    return None


def _move_before_flatten(architecture: Architecture, path: Path) -> Architecture | None:
    """The layer moved above the Flatten that made a vector of the maps; None where that is outside
    the layer's own branch.
    """
    inside, place = path[:-1], path[-1]
    chain = chain_at(architecture.layers, inside)
    flatten = next((i for i in range(place) if chain[i].kind == "Flatten"), None)
    if flatten is None:
        return None
    moved = (*chain[:flatten], chain[place], *chain[flatten:place], *chain[place + 1 :])
    return with_layers(architecture, with_chain(architecture.layers, inside, moved))


def _excess(node: Node, output_shape: Shape, cost: int) -> tuple[str, str] | None:
    """What is more than an analysis can follow, and what to do about it."""
    sides = output_shape[1:]
    if max(sides, default=1) > MAX_SIDE:
        return (
            f"{node.kind} makes a map of {size_text(sides)}; "
            f"rows and columns can be followed up to {MAX_SIDE:,}",
            "use less padding or a smaller scale, or a smaller image",
        )
    if cost > MAX_COST:
        return (
            f"following which pixels the units see, up to {node.kind}, "
            f"takes {cost:,} steps; the limit is {MAX_COST:,}",
            "reduce the map early, by a stride or pooling, or use a smaller image",
        )
    return None
