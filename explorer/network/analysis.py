"""What each layer of an architecture does: shape, parameters, cost, receptive field, and where it
fails.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from explorer.network.build import measure
from explorer.network.fitting import ShapeMismatch
from explorer.network.layers import LAYERS, find_mismatch
from explorer.network.receptive_field import after_layer, estimated_cost, image_field
from explorer.network.spec import (
    MAX_IMAGE_CHANNELS,
    MAX_IMAGE_SIDE,
    Architecture,
    ArchitectureError,
    Layer,
    Shape,
    stated,
)
from explorer.text import counted, size_text

# An analysis allocates nothing of the network itself, so only what it costs to follow the receptive
# fields is bounded here. What a network may have to be trained stands in training/limits.py.
MAX_SIDE = MAX_IMAGE_SIDE  # rows or columns of a map
MAX_COST = 100_000_000  # numbers that following the receptive fields handles in all layers together
BYTES_PER_VALUE = 4  # float32


@dataclass(frozen=True)
class Row:
    """One layer. Shapes are without the batch, counts for one image."""

    index: int
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    params: int
    trainable_params: int
    mult_adds: int  # by mult_adds.MULT_ADDS_RULE
    torchinfo_mult_adds: int  # as torchinfo counts them
    output_bytes: int  # in float32
    receptive_field: tuple[int, int]  # theoretical window, rows × columns; may exceed the image
    jump: tuple[int, int] | None  # pixels between neighbouring units, None where it varies
    seen: tuple[int, int]  # rows × columns of real pixels that the unit sees that sees the most

    @property
    def kind(self) -> str:
        return self.layer.kind


@dataclass(frozen=True)
class Problem:
    """The first layer that does not fit, why, and what would fix it."""

    index: int
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
    def receptive_field(self) -> tuple[int, int]:
        """Theoretical window of the last layer's units."""
        return self.rows[-1].receptive_field if self.rows else (1, 1)


@lru_cache(maxsize=768)
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
    shape: Shape = architecture.input_shape
    field = image_field(shape)
    rows: list[Row] = []
    cost = 0
    for index, layer in enumerate(architecture.layers):
        if mismatch := find_mismatch(layer, shape):
            return Analysis(architecture, tuple(rows), _problem(architecture, index, mismatch))
        try:
            found = measure(layer, shape)
        except ArchitectureError as error:
            return Analysis(architecture, tuple(rows), Problem(index, error.message, None, None))
        axes = LAYERS[layer.kind].axes(layer)
        cost += estimated_cost(field, axes, found.output_shape)
        if excess := _excess(layer, found.output_shape, cost):
            return Analysis(architecture, tuple(rows), Problem(index, *excess, None))
        field = after_layer(field, axes, found.output_shape)
        rows.append(
            Row(
                index=index,
                layer=layer,
                input_shape=shape,
                output_shape=found.output_shape,
                params=found.params,
                trainable_params=found.trainable_params,
                mult_adds=LAYERS[layer.kind].mult_adds(layer, shape, found.output_shape),
                torchinfo_mult_adds=found.torchinfo_mult_adds,
                output_bytes=math.prod(found.output_shape) * BYTES_PER_VALUE,
                receptive_field=field.theoretical,
                jump=field.jump,
                seen=field.seen,
            )
        )
        shape = found.output_shape
    return Analysis(architecture, tuple(rows), None)


def analysis_to_data(analysis: Analysis) -> dict[str, Any]:
    """The JSON form that `python -m explorer analyze --json` prints."""
    problem = analysis.problem
    return {
        "input_shape": list(analysis.architecture.input_shape),
        "rows": [
            {
                "index": row.index,
                "kind": row.kind,
                "output_shape": list(row.output_shape),
                "params": row.params,
                "mult_adds": row.mult_adds,
                "receptive_field": list(row.receptive_field),
                "jump": list(row.jump) if row.jump else None,
            }
            for row in analysis.rows
        ],
        "total_params": analysis.total_params,
        "trainable_params": analysis.trainable_params,
        "total_mult_adds": analysis.total_mult_adds,
        "torchinfo_mult_adds": analysis.torchinfo_mult_adds,
        "problem": problem
        and {"index": problem.index, "message": problem.message, "remedy": problem.remedy},
    }


def _problem(architecture: Architecture, index: int, mismatch: ShapeMismatch) -> Problem:
    layers = architecture.layers

    def with_here(*here: Layer) -> Architecture:
        return architecture.model_copy(
            update={"layers": (*layers[:index], *here, *layers[index + 1 :])}
        )

    fix = None
    if mismatch.insert_before or mismatch.replace_with:
        fix = with_here(*mismatch.insert_before, mismatch.replace_with or layers[index])
    elif mismatch.remove:
        fix = with_here()
    elif mismatch.move_before_flatten:
        fix = _move_before_flatten(architecture, index)
    alternative = None
    if mismatch.alternative:
        text, layer = mismatch.alternative
        alternative = text, with_here(layer)
    message = mismatch.message + _images_that_fit(architecture, index)
    return Problem(index, message, mismatch.remedy, fix, alternative)


def _images_that_fit(architecture: Architecture, index: int) -> str:
    """The other way out where a file states more or fewer channels than the images bring to a
    convolution.
    """
    name, said = stated(architecture.layers[index]) or ("", 0)
    changes_channels = any(
        layer.kind in ("Conv2d", "Flatten") for layer in architecture.layers[:index]
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
    layers = len(architecture.layers)
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


def _apply_fixes_until_valid(
    fix: Architecture, index: int, layers: int
) -> tuple[Architecture, float] | None:
    """The architecture, fixed further where the same layer has another fault.

    Beside it stands how many of the layers after that one fit then. None where it stays at fault.
    """
    for _ in range(MAX_CHAINED_FIXES):
        problem, longer = _walk(fix).problem, len(fix.layers) - layers
        if problem is None:
            return fix, math.inf
        if problem.index > index + longer:
            return fix, problem.index - index - longer
        if problem.fix is None:
            return None
        fix = problem.fix
    return None


def _move_before_flatten(architecture: Architecture, index: int) -> Architecture:
    layers = architecture.layers
    # Only a Flatten makes a vector of maps.
    flatten = next(place for place in range(index) if layers[place].kind == "Flatten")
    moved = (*layers[:flatten], layers[index], *layers[flatten:index], *layers[index + 1 :])
    return architecture.model_copy(update={"layers": moved})


def _excess(layer: Layer, output_shape: Shape, cost: int) -> tuple[str, str] | None:
    """What is more than an analysis can follow, and what to do about it."""
    sides = output_shape[1:]
    if max(sides, default=1) > MAX_SIDE:
        return (
            f"{layer.kind} makes a map of {size_text(sides)}; "
            f"rows and columns can be followed up to {MAX_SIDE:,}",
            "use less padding or a smaller scale, or a smaller image",
        )
    if cost > MAX_COST:
        return (
            f"following which pixels the units see, up to {layer.kind}, "
            f"takes {cost:,} steps; the limit is {MAX_COST:,}",
            "reduce the map early, by a stride or pooling, or use a smaller image",
        )
    return None
