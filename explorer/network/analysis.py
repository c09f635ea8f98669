"""What each layer of an architecture does: shape, parameters, cost, receptive field, and where it fails."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from explorer.network.build import measure
from explorer.network.layers import LAYERS, Misfit, find_misfit, size_text
from explorer.network.receptive_field import after_layer, effort, image_field
from explorer.network.spec import MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, Architecture, ArchitectureError, Layer, Shape, stated

# An analysis allocates nothing of the network itself, so only what it costs to follow the receptive
# fields is bounded here. What a network may have to be trained stands in training/limits.py.
MAX_SIDE = MAX_IMAGE_SIDE  # rows or columns of a map
MAX_EFFORT = 100_000_000  # numbers that following the receptive fields handles in all layers together
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
    mult_adds: int  # by layers.MULT_ADDS_RULE
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
    """The first layer that does not fit, why, and what would mend it."""

    index: int
    message: str
    remedy: str | None
    mended: Architecture | None  # the whole architecture with the remedy applied, where the mend is certain
    otherwise: tuple[str, Architecture] | None = None  # another remedy as good, and the architecture with it


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
    """Rows and totals; where a layer does not fit, the rows above it and the problem, never an exception."""
    found = _walk(architecture)
    return replace(found, problem=_proven(found.problem, architecture)) if found.problem else found


def _walk(architecture: Architecture) -> Analysis:
    """Like `analyze`, without checking that the suggested fixes work."""
    shape: Shape = architecture.input_shape
    field = image_field(shape)
    rows: list[Row] = []
    handled = 0
    for index, layer in enumerate(architecture.layers):
        if misfit := find_misfit(layer, shape):
            return Analysis(architecture, tuple(rows), _problem(architecture, index, misfit))
        try:
            found = measure(layer, shape)
        except ArchitectureError as error:
            return Analysis(architecture, tuple(rows), Problem(index, error.message, None, None))
        axes = LAYERS[layer.kind].axes(layer)
        handled += effort(field, axes, found.output_shape)
        if excess := _excess(layer, found.output_shape, handled):
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
        "problem": problem and {"index": problem.index, "message": problem.message, "remedy": problem.remedy},
    }


def shape_text(shape: Shape) -> str:
    """(16, 24, 24) -> "16×24×24", the form that every screen and table uses."""
    return size_text(shape)


def _problem(architecture: Architecture, index: int, misfit: Misfit) -> Problem:
    layer = architecture.layers[index]

    def with_here(*here: Layer) -> Architecture:
        return architecture.model_copy(
            update={"layers": (*architecture.layers[:index], *here, *architecture.layers[index + 1 :])}
        )

    mended = None
    if misfit.insert_before or misfit.replace_with:
        mended = with_here(*misfit.insert_before, misfit.replace_with or layer)
    elif misfit.remove:
        mended = with_here()
    elif misfit.above_flatten:
        mended = _above_flatten(architecture, index)
    otherwise = (misfit.otherwise[0], with_here(misfit.otherwise[1])) if misfit.otherwise else None
    message = misfit.message + _images_that_fit(architecture, index)
    return Problem(index, message, misfit.remedy, mended, otherwise)


def _images_that_fit(architecture: Architecture, index: int) -> str:
    """The other way out where a file states more or fewer channels than the images bring to a convolution."""
    name, said = stated(architecture.layers[index]) or ("", 0)
    changes_channels = any(layer.kind in ("Conv2d", "Flatten") for layer in architecture.layers[:index])
    if name != "in_channels" or changes_channels or said == architecture.input_shape[0]:
        return ""
    if not isinstance(said, int) or said > MAX_IMAGE_CHANNELS:
        return ""
    return f"; images of {said} channel{'' if said == 1 else 's'} would fit it"


MENDS_IN_A_ROW = 4  # of one layer: its groups, then its padding, then its kernel, …


def _proven(problem: Problem, architecture: Architecture) -> Problem:
    """With only those remedies after which the layer fits, and of two the one first with which more of the stack does."""
    remedies = [(problem.remedy, problem.mended), problem.otherwise or (None, None)]
    tried = [(text, mended and _until_it_fits(mended, problem.index, len(architecture.layers))) for text, mended in remedies]
    fit = sorted(((text, *found) for text, found in tried if found), key=lambda remedy: -remedy[2])
    if not fit:
        return replace(problem, mended=None, otherwise=None)
    text, mended, _ = fit[0]
    return replace(problem, remedy=text, mended=mended, otherwise=(fit[1][0] or "", fit[1][1]) if fit[1:] else None)


def _until_it_fits(mended: Architecture, index: int, layers: int) -> tuple[Architecture, float] | None:
    """The architecture, mended further where the same layer has another fault, and how many of the layers after it fit."""
    for _ in range(MENDS_IN_A_ROW):
        problem, longer = _walk(mended).problem, len(mended.layers) - layers
        if problem is None:
            return mended, math.inf
        if problem.index > index + longer:
            return mended, problem.index - index - longer
        if problem.mended is None:
            return None
        mended = problem.mended
    return None


def _above_flatten(architecture: Architecture, index: int) -> Architecture:
    layers = architecture.layers
    flatten = next(place for place in range(index) if layers[place].kind == "Flatten")  # only a Flatten makes a vector of maps
    moved = (*layers[:flatten], layers[index], *layers[flatten:index], *layers[index + 1 :])
    return architecture.model_copy(update={"layers": moved})


def _excess(layer: Layer, output_shape: Shape, handled: int) -> tuple[str, str] | None:
    """What is more than an analysis can follow, and what to do about it."""
    sides = output_shape[1:]
    if max(sides, default=1) > MAX_SIDE:
        return (
            f"{layer.kind} makes a map of {size_text(sides)}; rows and columns can be followed up to {MAX_SIDE:,}",
            "use less padding or a smaller scale, or a smaller image",
        )
    if handled > MAX_EFFORT:
        return (
            f"following which pixels the units see, up to {layer.kind}, takes {handled:,} steps; the limit is {MAX_EFFORT:,}",
            "reduce the map early, by a stride or pooling, or use a smaller image",
        )
    return None
