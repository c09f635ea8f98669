"""LAYERS: one row a kind. A new kind of layer is one data class in spec.py and one row here.

A row says what a layer takes, what torch wants to know beside the layer's own arguments, which inputs each output
touches along an axis, in which ways it may not fit, and where the palette shows it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from explorer.network import spec
from explorer.network.spec import MAX_CHANNELS, MAX_MARGIN, Architecture, Layer, Shape, pair

# --- which inputs one output touches, along one axis ----------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """Output i touches i·stride − padding + dilation·t for t < kernel; `fill` says what lies outside the map."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    fill: str = "zeros"


@dataclass(frozen=True)
class AdaptiveWindows:
    """Output i of o touches floor(i·n/o) up to ceil((i+1)·n/o)."""


Placing = Literal["nearest", "halves", "corners"]


@dataclass(frozen=True)
class Interpolated:
    """There are `scale` outputs to each input, and each touches the inputs nearest to it.

    "nearest": the one input that it repeats. "halves" and "corners": the one or two inputs that it
    lies on or between, where outputs and inputs are laid out as torch does without and with
    align_corners.
    """

    scale: int
    placing: Placing


@dataclass(frozen=True)
class EachItsOwn:
    """Output i touches input i alone: element-wise layers, batch normalisation, dropout."""


@dataclass(frozen=True)
class SharedStatistics:
    """Output i is input i scaled by a sum over the whole axis: it keeps its place, yet depends on every input."""


@dataclass(frozen=True)
class Everything:
    """One output that touches every input: flattening, and what follows it."""


Axis = Window | AdaptiveWindows | Interpolated | EachItsOwn | SharedStatistics | Everything
Axes = tuple[Axis, Axis]  # rows, columns


# --- a layer that does not fit --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Misfit:
    """Why a layer cannot take its input, and what would mend it.

    The mend as data, where it is certain, is one of these: `insert_before`, layers to put before this
    one; `replace_with`, the layer to put in its place; `above_flatten`, to move it above the Flatten;
    `remove`, to leave it out. `otherwise` is another remedy as good: its words, and the layer to put in
    this one's place.
    """

    message: str
    remedy: str | None = None
    insert_before: tuple[Layer, ...] = ()
    replace_with: Layer | None = None
    above_flatten: bool = False
    remove: bool = False
    otherwise: tuple[str, Layer] | None = None


def size_text(values: tuple[int, ...]) -> str:
    return "×".join(map(str, values))


def maps_text(shape: Shape) -> str:
    """(8, 5, 5) -> "8 maps of 5×5"."""
    return f"{shape[0]:,} map{'s' if shape[0] > 1 else ''} of {size_text(shape[1:])}"


def _no_misfit(layer: Any, shape: Shape) -> Misfit | None:
    return None


def _window_fits(layer: Any, shape: Shape) -> Misfit | None:
    """The window, dilated, must fit into the padded map; with ceil_mode it may hang over by less than its stride."""
    kernel, dilation, stride = pair(layer.kernel_size), pair(getattr(layer, "dilation", 1)), _strides(layer)
    overhang = tuple(s - 1 if getattr(layer, "ceil_mode", False) else 0 for s in stride)
    sides, padding = shape[1:], _padding(layer)
    padded = tuple(n + sum(p) for n, p in zip(sides, padding, strict=True))
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if all(r <= n + o for r, n, o in zip(reach, padded, overhang, strict=True)):
        return None
    smaller, words = _smaller_window(layer, sides, padding)
    pools_nothing = layer.kind != "Conv2d" and pair(smaller.kernel_size) == (1, 1)
    left = "one value" if sides == (1, 1) else "a window of one value"
    spread = f" (dilation spreads it over {size_text(reach)})" if reach != kernel else ""
    border = f", {size_text(padded)} with its padding" if padded != sides else ""
    return Misfit(
        f"{layer.kind} {size_text(kernel)}{spread} needs a map of at least {size_text(reach)}; "
        f"it gets {size_text(sides)}{border}",
        f"remove it, as {left} leaves nothing to pool" if pools_nothing else words,
        replace_with=None if pools_nothing else smaller,
        remove=pools_nothing,
        otherwise=_more_padding(layer, sides, reach),
    )


def _smaller_window(layer: Any, sides: tuple[int, ...], padding: "Padding") -> tuple[Any, str]:
    """The layer with a kernel that fits, and in words what that changes.

    Of pooling it is the largest, which pools the whole map; pooling pads at most half its kernel. Of
    a convolution it is 3 where that fits: the largest would leave one value of each map, and nothing
    of where things are.
    """
    pools = layer.kind != "Conv2d"

    def fits(kernel: int, side: int, border: int, dilation: int) -> bool:
        return dilation * (kernel - 1) < side + 2 * (min(border, kernel // 2) if pools else border)

    borders = tuple(before for before, _ in padding)
    axes = zip(pair(layer.kernel_size), sides, borders, pair(getattr(layer, "dilation", 1)), strict=True)
    kernel = tuple(
        given if fits(given, *axis) else next(k for k in range(given if pools else min(3, given), 0, -1) if fits(k, *axis))
        for given, *axis in axes
    )
    changes, words = {"kernel_size": _as_argument(kernel)}, f"shrink kernel_size to {size_text(kernel)}"
    if pools and any(p > k // 2 for p, k in zip(borders, kernel, strict=True)):
        borders = tuple(min(p, k // 2) for p, k in zip(borders, kernel, strict=True))
        changes["padding"], words = _as_argument(borders), f"{words} and padding to {size_text(borders)}"
    return layer.model_copy(update=changes), words


def _more_padding(layer: Any, sides: tuple[int, ...], reach: tuple[int, ...]) -> tuple[str, Layer] | None:
    """The least border with which a convolution's window fits. Pooling may not pad that far, "valid" asks for none."""
    if layer.kind != "Conv2d" or isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        return None
    border = tuple(max(p, -((n - r) // 2)) for p, n, r in zip(pair(layer.padding), sides, reach, strict=True))
    if max(border) > MAX_MARGIN:
        return None
    return f"set padding to {size_text(border)}", layer.model_copy(update={"padding": _as_argument(border)})


def _conv_fits(layer: spec.Conv2d, shape: Shape) -> Misfit | None:
    channels, groups = shape[0], layer.groups
    if channels % groups or layer.out_channels % groups:
        divisor = max(d for d in range(1, groups + 1) if channels % d == 0 and layer.out_channels % d == 0)
        fewer = f"set groups to {divisor}", layer.model_copy(update={"groups": divisor})
        # Where the groups suit what comes in, they are meant: as many maps for each group go out.
        multiple = -(-layer.out_channels // groups) * groups
        more = f"set out_channels to {multiple}", layer.model_copy(update={"out_channels": multiple})
        meant = channels % groups == 0 and multiple <= MAX_CHANNELS
        ways: list[tuple[str, Layer]] = [more, fewer] if meant else [fewer]
        return Misfit(
            f"groups={groups} must divide both the {channels} channels that come in and the {layer.out_channels} that go out",
            ways[0][0],
            replace_with=ways[0][1],
            otherwise=ways[1] if ways[1:] else None,
        )
    if layer.padding == "same" and pair(layer.stride) != (1, 1):
        plain = "set stride to 1", layer.model_copy(update={"stride": 1})
        strided = _same_with_stride(layer, shape[1:])
        ways = [strided, plain] if strided else [plain]
        return Misfit(
            f'padding "same" needs stride 1; this has stride {size_text(pair(layer.stride))}',
            ways[0][0],
            replace_with=ways[0][1],
            otherwise=ways[1] if ways[1:] else None,
        )
    largest_border = {"reflect": lambda n: n - 1, "circular": lambda n: n}.get(layer.padding_mode)
    if largest_border:
        border = tuple(max(p) for p in _padding(layer))
        if any(p > largest_border(n) for p, n in zip(border, shape[1:], strict=True)):
            return Misfit(
                f"{layer.padding_mode} padding of {size_text(border)} needs a larger map; it gets {size_text(shape[1:])}",
                'use padding_mode "zeros", or less padding',
                replace_with=layer.model_copy(update={"padding_mode": "zeros"}),
            )
    return _window_fits(layer, shape)


def _same_with_stride(layer: spec.Conv2d, sides: Shape) -> tuple[str, Layer] | None:
    """The padding that keeps the stride and, where one does, gives as many units as Keras' "same": ⌈side ÷ stride⌉.

    Keras pads an odd number of pixels unevenly. Where no even padding gives its number of units,
    this is the smaller one.
    """
    borders = []
    axes = zip(sides, pair(layer.kernel_size), pair(layer.stride), pair(layer.dilation), strict=True)
    for side, kernel, stride, dilation in axes:
        spread = dilation * (kernel - 1)
        wanted, choices = -(-side // stride), (spread // 2, -(-spread // 2))
        same = (border for border in choices if (side + 2 * border - spread - 1) // stride + 1 == wanted)
        borders.append(next(same, choices[0]))
    if max(borders) > MAX_MARGIN:
        return None
    padding = _as_argument(tuple(borders))
    words = f"set padding to {size_text(tuple(borders)) if isinstance(padding, tuple) else padding}"
    return f"{words}, which keeps the stride", layer.model_copy(update={"padding": padding})


def _pool_fits(layer: spec.MaxPool2d | spec.AvgPool2d, shape: Shape) -> Misfit | None:
    kernel, padding = pair(layer.kernel_size), pair(layer.padding)
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        largest = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
        return Misfit(
            f"padding {size_text(padding)} must be at most half the kernel {size_text(kernel)}",
            f"set padding to {size_text(largest)}",
            replace_with=layer.model_copy(update={"padding": _as_argument(largest)}),
        )
    misfit = _window_fits(layer, shape)
    return _windows_meet_the_map(layer, shape) if misfit is None and layer.kind == "MaxPool2d" else misfit


def _windows_meet_the_map(layer: spec.MaxPool2d, shape: Shape) -> Misfit | None:
    """A dilated window may step over a small map. Its largest value is then −inf, and torch's backward pass writes
    its gradient to a place outside the map, which can end the process."""
    of_axis = zip(pair(layer.padding), _strides(layer), pair(layer.dilation), shape[1:], strict=True)
    if all(_windows_meet(*axis) for axis in of_axis):
        return None
    return Misfit(
        f"{layer.kind} {size_text(pair(layer.kernel_size))} with dilation {size_text(pair(layer.dilation))} has windows "
        f"that lie in the padding alone, on a map of {size_text(shape[1:])}",
        "set dilation to 1",
        replace_with=layer.model_copy(update={"dilation": 1}),
    )


def _windows_meet(padding: int, stride: int, dilation: int, side: int) -> bool:
    """Whether each window reads at least one of `side` values. Only those that start before the first may read none."""
    return all(start % dilation < side for start in range(-padding, 0, stride))


def _groups_fit(layer: spec.GroupNorm, shape: Shape) -> Misfit | None:
    channels, groups = shape[0], layer.num_groups
    if channels % groups:
        divisor = max(d for d in range(1, min(groups, channels) + 1) if channels % d == 0)
        return Misfit(
            f"num_groups={groups} must divide the {channels} channels that come in",
            f"set num_groups to {divisor}",
            replace_with=layer.model_copy(update={"num_groups": divisor}),
        )
    values = channels // groups
    for side in shape[1:]:
        values *= side
    if values == 1:
        fewer = max((d for d in range(1, channels) if channels % d == 0), default=None)
        return Misfit(
            f"with num_groups={groups} each group is a single value here, which normalising turns into 0 whatever comes in",
            f"set num_groups to {fewer}" if fewer else "remove the layer",
            replace_with=layer.model_copy(update={"num_groups": fewer}) if fewer else None,
            remove=fewer is None,
        )
    return None


def _statistics_exist(layer: spec.BatchNorm2d | spec.BatchNorm1d, shape: Shape) -> Misfit | None:
    """Without running statistics the batch's own are used, of which one image has too few where each map is one value."""
    values = shape[1] * shape[2] if len(shape) == 3 else 1
    if layer.track_running_stats or values > 1:
        return None
    return Misfit(
        f"{layer.kind} without running statistics needs more than one value of each channel; one image gives one",
        "set track_running_stats to true",
        replace_with=layer.model_copy(update={"track_running_stats": True}),
    )


def _border_is_inside(layer: spec.ReflectionPad2d, shape: Shape) -> Misfit | None:
    """A map can be mirrored no further than its own pixels reach, without the one at the edge."""
    borders, sides = added_borders(layer), shape[1:]
    if all(max(border) < side for border, side in zip(borders, sides, strict=True)):
        return None
    (top, bottom), (left, right) = (tuple(min(n, side - 1) for n in border) for border, side in zip(borders, sides, strict=True))
    largest = _as_argument((left, right, top, bottom))
    fitting = f"set padding to {largest}", layer.model_copy(update={"padding": largest})
    widest = tuple(max(border) + 1 for border in borders)
    return Misfit(
        f"ReflectionPad2d mirrors a map without its edge, so this padding needs a map of at least "
        f"{size_text(widest)}; it gets {size_text(sides)}",
        "use ZeroPad2d",
        replace_with=spec.ZeroPad2d(padding=layer.padding),
        otherwise=fitting if largest else None,
    )


def _corners_are_bilinear(layer: spec.Upsample, shape: Shape) -> Misfit | None:
    if layer.mode == "bilinear" or layer.align_corners is None:
        return None
    return Misfit(
        f"align_corners is for interpolating, and mode {layer.mode} repeats values",
        'set mode to "bilinear"',
        replace_with=layer.model_copy(update={"mode": "bilinear"}),
        otherwise=("set align_corners to false", layer.model_copy(update={"align_corners": None})),
    )


def _dim_exists(layer: spec.Softmax | spec.LogSoftmax, shape: Shape) -> Misfit | None:
    dimensions = len(shape) + 1  # with the batch
    if not -dimensions < layer.dim < dimensions:
        return Misfit(
            f"{layer.kind} over dim {layer.dim} needs a map; it gets {shape[0]:,} values in a row",
            "set dim to 1",
            replace_with=layer.model_copy(update={"dim": 1}),
        )
    return None


def _as_argument(values: tuple[int, ...]) -> int | tuple[int, ...]:
    return values[0] if len(set(values)) == 1 else values


# --- the axes of each kind ------------------------------------------------------------------------------------------

Padding = tuple[tuple[int, int], tuple[int, int]]  # (above, below), (left, right)


def _padding(layer: Any) -> Padding:
    """The border in pixels. "same" puts the odd pixel below and to the right, as torch does."""
    if layer.padding == "valid":
        return (0, 0), (0, 0)
    if layer.padding == "same":
        total = [d * (k - 1) for k, d in zip(pair(layer.kernel_size), pair(layer.dilation), strict=True)]
        return (total[0] // 2, total[0] - total[0] // 2), (total[1] // 2, total[1] - total[1] // 2)
    rows, columns = pair(layer.padding)
    return (rows, rows), (columns, columns)


def _strides(layer: Any) -> tuple[int, int]:
    """Pooling that is given no stride takes its kernel's size."""
    return pair(layer.kernel_size if layer.stride is None else layer.stride)


def _windows(layer: Any) -> Axes:
    kernel, dilation, stride = pair(layer.kernel_size), pair(getattr(layer, "dilation", 1)), _strides(layer)
    (above, _), (left, _) = _padding(layer)
    fill = getattr(layer, "padding_mode", "zeros")
    return (
        Window(kernel[0], stride[0], above, dilation[0], fill),
        Window(kernel[1], stride[1], left, dilation[1], fill),
    )


def added_borders(layer: spec.ZeroPad2d | spec.ReflectionPad2d) -> Padding:
    """What a layer adds to a map: ((top, bottom), (left, right)) in pixels."""
    left, right, top, bottom = (layer.padding,) * 4 if isinstance(layer.padding, int) else layer.padding
    return (top, bottom), (left, right)


def _bordered(fill: str) -> Callable[[Any], Axes]:
    def axes(layer: Any) -> Axes:
        (top, _), (left, _) = added_borders(layer)
        return Window(1, padding=top, fill=fill), Window(1, padding=left, fill=fill)

    return axes


def _between_pixels(layer: spec.Upsample) -> Axes:
    rows, columns = pair(layer.scale_factor)
    placing: Placing = "nearest" if layer.mode == "nearest" else "corners" if layer.align_corners else "halves"
    return Interpolated(rows, placing), Interpolated(columns, placing)


def _of_the_batch(layer: spec.BatchNorm2d) -> Axes:
    """Running statistics are constants; the batch's own are taken over the whole map, in evaluation too."""
    axis = EachItsOwn() if layer.track_running_stats else SharedStatistics()
    return axis, axis


def _along_dim(layer: spec.Softmax | spec.LogSoftmax) -> Axes:
    rows, columns = layer.dim in (2, -2), layer.dim in (3, -1)
    return (SharedStatistics() if rows else EachItsOwn(), SharedStatistics() if columns else EachItsOwn())


def _constant(axis: Axis) -> Callable[[Any], Axes]:
    return lambda layer: (axis, axis)


# --- multiply-accumulates -------------------------------------------------------------------------------------------

_MULTIPLYING = {  # what is counted, and how
    "Conv2d and Linear": "one for each weight that each output uses, without biases",
    "normalisation": "one for each value that it scales",
    "average pooling": "one for each value in each window",
    "bilinear upsampling": "four for each output",
}
MULT_ADDS_RULE = (
    "Multiply-accumulates for one image. "
    + " ".join(f"{what[0].upper()}{what[1:]}: {how}." for what, how in _MULTIPLYING.items())
    + " Activations, max pooling and all other layers: none, as they multiply by no weight or only copy."
)
"""What the counts below count. Of Conv2d and Linear it is half of what torch's FlopCounterMode counts.

As there, a window counts whole at the border too. Of GroupNorm, LayerNorm and BatchNorm without
running statistics, the mean and variance are not counted, nor are the exponentials of a softmax.
torchinfo's own total differs: it counts biases, counts BatchNorm by its parameters whatever the
size of the map, and LayerNorm likewise, and leaves pooling out.
"""
MULT_ADDS_IN_SHORT = "multiply-accumulates of {}, {}, {} and {}".format(*_MULTIPLYING)
"""The rule where a line has room for no more; the whole stands elsewhere in the same file."""

Counts = Callable[[Any, Shape, Shape], int]  # of a layer, its input and its output, without the batch


def _no_mult_adds(layer: Any, before: Shape, after: Shape) -> int:
    return 0


def _convolved(layer: spec.Conv2d, before: Shape, after: Shape) -> int:
    return math.prod(after) * (before[0] // layer.groups) * math.prod(pair(layer.kernel_size))


def _all_to_all(layer: spec.Linear, before: Shape, after: Shape) -> int:
    return before[0] * after[0]


def _each_value(layer: Any, before: Shape, after: Shape) -> int:
    return math.prod(after)


def _each_window(layer: spec.AvgPool2d, before: Shape, after: Shape) -> int:
    return math.prod(after) * math.prod(pair(layer.kernel_size))


def _each_adaptive_window(layer: spec.AdaptiveAvgPool2d, before: Shape, after: Shape) -> int:
    lengths = (
        sum(-((i + 1) * n // -outputs) - i * n // outputs for i in range(outputs))
        for n, outputs in zip(before[1:], after[1:], strict=True)
    )
    return after[0] * math.prod(lengths)


def _each_four(layer: spec.Upsample, before: Shape, after: Shape) -> int:
    return 4 * math.prod(after) if layer.mode == "bilinear" else 0


# --- the table ------------------------------------------------------------------------------------------------------

Takes = Literal["map", "vector", "either"]


@dataclass(frozen=True)
class LayerKind:
    group: str  # the palette's heading
    summary: str  # one line for the palette
    takes: Takes
    axes: Callable[[Any], Axes]
    inferred: Callable[[Shape], dict[str, Any]] = lambda shape: {}  # constructor arguments that follow from the input
    misfit: Callable[[Any, Shape], Misfit | None] = _no_misfit  # only ever called with an input of the right `takes`
    mult_adds: Counts = _no_mult_adds  # by MULT_ADDS_RULE
    on_vector: str | None = None  # the torch.nn class that does the same to a vector, where the kind's own should not


def _channels(name: str) -> Callable[[Shape], dict[str, Any]]:
    return lambda shape: {name: shape[0]}


_own, _statistics, _all = _constant(EachItsOwn()), _constant(SharedStatistics()), _constant(Everything())
_adaptive = _constant(AdaptiveWindows())

LAYERS: dict[str, LayerKind] = {
    "Conv2d": LayerKind(
        "Convolution", "learned windows slide over the map", "map", _windows, _channels("in_channels"), _conv_fits, _convolved
    ),
    "MaxPool2d": LayerKind("Pooling", "largest value of each window", "map", _windows, misfit=_pool_fits),
    "AvgPool2d": LayerKind("Pooling", "mean of each window", "map", _windows, misfit=_pool_fits, mult_adds=_each_window),
    "AdaptiveAvgPool2d": LayerKind(
        "Pooling",
        "mean, to a stated size; 1 is global average pooling",
        "map",
        _adaptive,
        mult_adds=_each_adaptive_window,
    ),
    "AdaptiveMaxPool2d": LayerKind("Pooling", "largest value, to a stated size", "map", _adaptive),
    "BatchNorm2d": LayerKind(
        "Normalisation",
        "each map to mean 0 and variance 1 over the batch",
        "map",
        _of_the_batch,
        _channels("num_features"),
        _statistics_exist,
        _each_value,
    ),
    "BatchNorm1d": LayerKind(
        "Normalisation",
        "each feature to mean 0 and variance 1 over the batch",
        "vector",
        _own,
        _channels("num_features"),
        _statistics_exist,
        _each_value,
    ),
    "GroupNorm": LayerKind(
        "Normalisation",
        "groups of channels of one image",
        "either",
        _statistics,
        _channels("num_channels"),
        _groups_fit,
        _each_value,
    ),
    "LayerNorm": LayerKind(
        "Normalisation",
        "all values of one image",
        "either",
        _statistics,
        lambda shape: {"normalized_shape": shape},
        mult_adds=_each_value,
    ),
    "ReLU": LayerKind("Activation", "negative values to 0", "either", _own),
    "LeakyReLU": LayerKind("Activation", "negative values scaled down", "either", _own),
    "GELU": LayerKind("Activation", "smooth ReLU, by the normal distribution", "either", _own),
    "SiLU": LayerKind("Activation", "smooth ReLU, x·sigmoid(x)", "either", _own),
    "Tanh": LayerKind("Activation", "to between −1 and 1", "either", _own),
    "Sigmoid": LayerKind("Activation", "to between 0 and 1", "either", _own),
    "Dropout": LayerKind("Regularisation", "zero some values while training", "either", _own),
    "Dropout2d": LayerKind("Regularisation", "zero some whole maps while training", "either", _own, on_vector="Dropout"),
    "Flatten": LayerKind("Head and shape", "a map to a vector", "either", _all),
    "Linear": LayerKind(
        "Head and shape", "every output sees every input", "vector", _all, _channels("in_features"), mult_adds=_all_to_all
    ),
    "Softmax": LayerKind("Head and shape", "values to probabilities", "either", _along_dim, misfit=_dim_exists),
    "LogSoftmax": LayerKind("Head and shape", "values to log-probabilities", "either", _along_dim, misfit=_dim_exists),
    "ZeroPad2d": LayerKind("Head and shape", "a border of zeros", "map", _bordered("zeros")),
    "ReflectionPad2d": LayerKind(
        "Head and shape", "a border that mirrors the map", "map", _bordered("reflect"), misfit=_border_is_inside
    ),
    "Upsample": LayerKind(
        "Head and shape",
        "enlarges the map, without parameters",
        "map",
        _between_pixels,
        misfit=_corners_are_bilinear,
        mult_adds=_each_four,
    ),
}


def torch_name(layer: Layer, shape: Shape) -> str:
    """The torch.nn class for an input of `shape`: the layer's kind, but for the few that torch deprecates on vectors."""
    return (LAYERS[layer.kind].on_vector if len(shape) == 1 else None) or layer.kind


def find_misfit(layer: Layer, shape: Shape) -> Misfit | None:
    """Why `layer` cannot take an input of `shape` (without the batch), or None where it can."""
    kind = LAYERS[layer.kind]
    if kind.takes == "vector" and len(shape) == 3:
        values = shape[0] * shape[1] * shape[2]
        return Misfit(
            f"{layer.kind} takes a vector; it gets {maps_text(shape)}",
            f"put Flatten before it, which gives {values:,} values",
            insert_before=(spec.Flatten(),),
            otherwise=("use BatchNorm2d", spec.BatchNorm2d(**spec.arguments(layer))) if layer.kind == "BatchNorm1d" else None,
        )
    if kind.takes == "map" and len(shape) == 1:
        return Misfit(
            f"{layer.kind} takes maps with rows and columns; it gets a vector of {shape[0]:,} values",
            "move it above the Flatten",
            above_flatten=True,
            otherwise=("use BatchNorm1d", spec.BatchNorm1d(**spec.arguments(layer))) if layer.kind == "BatchNorm2d" else None,
        )
    return _untrue_statement(layer, shape) or kind.misfit(layer, shape)


def _untrue_statement(layer: Layer, shape: Shape) -> Misfit | None:
    """Whether the layer's file says of its input what is not so, as in "expected 3 channels, but got 1"."""
    statement = spec.stated(layer)
    if statement is None:
        return None
    name, said = statement
    found = LAYERS[layer.kind].inferred(shape)[name]
    found = found[0] if isinstance(found, tuple) and len(found) == 1 else found
    if said == found:
        return None
    texts = [size_text(value) if isinstance(value, tuple) else f"{value:,}" for value in (said, found)]
    unit = "channel" if len(shape) == 3 else "value"
    said_text = f"{texts[0]} {unit}{'' if said == 1 else 's'}"
    if name == "normalized_shape":
        said_text = f"values of shape {texts[0]}"
    return Misfit(
        f"it is said to take {said_text} ({name}) and gets {texts[1]}",
        f"set {name} to {texts[1]}, which is what comes in",
        replace_with=spec.without_statement(layer),
    )


def without_true_statements(architecture: Architecture) -> Architecture:
    """The architecture where what its file says of the layers' inputs is left out as far as it is so."""
    from explorer.network.build import measure  # it needs the table above

    if not any(map(spec.stated, architecture.layers)):
        return architecture
    shape, layers = architecture.input_shape, list(architecture.layers)
    for index, layer in enumerate(layers):
        if find_misfit(layer, shape):
            break
        layers[index] = spec.without_statement(layer) if spec.stated(layer) else layer
        try:
            shape = measure(layers[index], shape).output_shape  # type: ignore[assignment]
        except spec.ArchitectureError:  # analysing it says so
            break
    return architecture.model_copy(update={"layers": tuple(layers)})
