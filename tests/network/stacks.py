"""Stacks of any layers, for hypothesis, and what real torch says of them."""

import math
import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn
from torch.autograd import forward_ad
from torch.nn import functional as F

from explorer.network import spec
from explorer.network.measure import build_layer
from explorer.network.merging import chain_shape
from explorer.network.spec import Architecture, Branches, Layer, Node, Nodes, Path, Shape, pair

# --- drawing --------------------------------------------------------------------------------------


def _int_or_pair(low: int, high: int) -> st.SearchStrategy[Any]:
    number = st.integers(low, high)
    return st.one_of(number, number, st.tuples(number, number))


def _layer(model: type[Layer], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Layer]:
    return st.builds(model, **fields)


_window = {
    "kernel_size": _int_or_pair(1, 5),
    "padding": _int_or_pair(0, 2),
    "ceil_mode": st.booleans(),
}
_stride = st.none() | _int_or_pair(1, 3)
_mostly = st.sampled_from([True, True, True, False])
_dims = st.sampled_from([1, 1, 1, 2, 3, -1, -2, -3])

LAYERS_BY_KIND: dict[str, st.SearchStrategy[Layer]] = {
    "Conv2d": _layer(
        spec.Conv2d,
        out_channels=st.integers(1, 6),
        kernel_size=_int_or_pair(1, 5),
        stride=_int_or_pair(1, 3),
        padding=st.one_of(_int_or_pair(0, 3), st.sampled_from(["same", "valid"])),
        dilation=_int_or_pair(1, 3),
        groups=st.sampled_from([1, 1, 1, 2, 3]),
        bias=st.booleans(),
        padding_mode=st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"]),
    ),
    "ConvTranspose2d": _layer(
        spec.ConvTranspose2d,
        out_channels=st.integers(1, 6),
        kernel_size=_int_or_pair(1, 4),
        stride=_int_or_pair(1, 3),
        padding=_int_or_pair(0, 2),
        output_padding=_int_or_pair(0, 1),
        groups=st.sampled_from([1, 1, 1, 2, 3]),
        bias=st.booleans(),
        dilation=_int_or_pair(1, 2),
    ),
    "MaxPool2d": _layer(spec.MaxPool2d, **_window, stride=_stride, dilation=_int_or_pair(1, 2)),
    "AvgPool2d": _layer(
        spec.AvgPool2d,
        **_window,
        stride=_stride,
        count_include_pad=st.booleans(),
        divisor_override=st.none() | st.integers(1, 9),
    ),
    "AdaptiveAvgPool2d": _layer(spec.AdaptiveAvgPool2d, output_size=_int_or_pair(1, 7)),
    "AdaptiveMaxPool2d": _layer(spec.AdaptiveMaxPool2d, output_size=_int_or_pair(1, 7)),
    "ZeroPad2d": _layer(
        spec.ZeroPad2d, padding=st.integers(0, 3) | st.tuples(*[st.integers(0, 3)] * 4)
    ),
    "ConstantPad2d": _layer(
        spec.ConstantPad2d,
        padding=st.integers(0, 3) | st.tuples(*[st.integers(0, 3)] * 4),
        value=st.floats(-2, 2),
    ),
    "ReflectionPad2d": _layer(
        spec.ReflectionPad2d, padding=st.integers(0, 3) | st.tuples(*[st.integers(0, 3)] * 4)
    ),
    "Upsample": _layer(
        spec.Upsample,
        scale_factor=_int_or_pair(1, 3),
        mode=st.sampled_from(["nearest", "bilinear", "bilinear"]),
        align_corners=st.sampled_from([None, None, True]),
    ),
    "BatchNorm2d": _layer(
        spec.BatchNorm2d, affine=st.booleans(), bias=st.booleans(), track_running_stats=_mostly
    ),
    "BatchNorm1d": _layer(
        spec.BatchNorm1d, affine=st.booleans(), bias=st.booleans(), track_running_stats=_mostly
    ),
    "GroupNorm": _layer(
        spec.GroupNorm, num_groups=st.integers(1, 4), affine=st.booleans(), bias=st.booleans()
    ),
    "LayerNorm": _layer(spec.LayerNorm, elementwise_affine=st.booleans(), bias=st.booleans()),
    "InstanceNorm2d": _layer(
        spec.InstanceNorm2d,
        affine=st.booleans(),
        bias=st.booleans(),
        track_running_stats=st.booleans(),
    ),
    "LocalResponseNorm": _layer(
        spec.LocalResponseNorm,
        size=st.integers(1, 6),
        alpha=st.floats(0, 1),
        beta=st.floats(0, 1),
        k=st.floats(0.5, 2),
    ),
    "ReLU": st.just(spec.ReLU()),
    "LeakyReLU": _layer(spec.LeakyReLU, negative_slope=st.floats(0, 1)),
    "PReLU": _layer(
        spec.PReLU, num_parameters=st.sampled_from([1, 1, 2, 3, 4, 6]), init=st.floats(0, 1)
    ),
    "ReLU6": st.just(spec.ReLU6()),
    "ELU": _layer(spec.ELU, alpha=st.floats(0, 2)),
    "GELU": _layer(spec.GELU, approximate=st.sampled_from(["none", "tanh"])),
    "SiLU": st.just(spec.SiLU()),
    "Hardswish": st.just(spec.Hardswish()),
    "Mish": st.just(spec.Mish()),
    "Hardsigmoid": st.just(spec.Hardsigmoid()),
    "Tanh": st.just(spec.Tanh()),
    "Sigmoid": st.just(spec.Sigmoid()),
    "Softmax": _layer(spec.Softmax, dim=_dims),
    "LogSoftmax": _layer(spec.LogSoftmax, dim=_dims),
    "Dropout": _layer(spec.Dropout, p=st.floats(0, 1)),
    "Dropout2d": _layer(spec.Dropout2d, p=st.floats(0, 1)),
    "Flatten": st.just(spec.Flatten()),
    "Linear": _layer(spec.Linear, out_features=st.integers(1, 12), bias=st.booleans()),
    "ChannelShuffle": _layer(spec.ChannelShuffle, groups=st.sampled_from([1, 2, 2, 3])),
    "Identity": st.just(spec.Identity()),
}

# Kinds that change the map are drawn more often; heads less, so that stacks do not all end at once.
_often = (
    ["Conv2d"] * 8
    + ["MaxPool2d"] * 3
    + ["AvgPool2d"] * 3
    + ["AdaptiveAvgPool2d"] * 2
    + ["AdaptiveMaxPool2d"]
)
layers = st.sampled_from([*_often, *LAYERS_BY_KIND]).flatmap(LAYERS_BY_KIND.__getitem__)
sides = st.sampled_from([*range(1, 17), *range(8, 17), *range(8, 17)])


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Deep stacks that mostly fit: a layer that torch refuses is drawn anew, but for one in eight
    stacks that end in it.
    """
    input_shape = (draw(st.sampled_from([1, 2, 3, 6])), draw(sides), draw(sides))
    keep_misfit = draw(st.integers(0, 7)) == 0
    stack, _ = _chain(draw, input_shape, draw(st.integers(1, 9)), 0, keep_misfit)
    return Architecture(name="drawn", input_shape=input_shape, layers=stack)


MAX_VALUES = 5_000  # an output has at most so many, so that each unit's derivative can be had
small_sides = st.sampled_from([1, 2, *range(3, 11), *range(6, 11)])


@st.composite
def branching(draw: st.DrawFn, depth: int = 4) -> Architecture:
    """Networks with blocks in them, and blocks in these, up to `depth`. They mostly fit; one in
    eight may end in a layer or a merge that does not.
    """
    input_shape = (draw(st.sampled_from([1, 2, 3, 6])), draw(small_sides), draw(small_sides))
    keep_misfit = draw(st.integers(0, 7)) == 0
    before, shape = _chain(draw, input_shape, draw(st.integers(0, 2)), 0, False)
    nodes: list[Node] = [*before]
    for _ in range(draw(st.integers(1, 2))):
        if shape is None:
            break
        block, shape = _block(draw, shape, depth, keep_misfit)
        after, shape = _chain(draw, shape, draw(st.integers(0, 3)), 0, keep_misfit)
        nodes += [block, *after]
    return Architecture(name="drawn", input_shape=input_shape, layers=tuple(nodes))


def _chain(
    draw: st.DrawFn, shape: Shape | None, length: int, depth: int, keep_misfit: bool
) -> tuple[tuple[Node, ...], Shape | None]:
    """Up to so many layers, and blocks where there may be such, and what they give: None where the
    last does not fit.
    """
    chain: list[Node] = []
    for _ in range(length):
        if shape is None:
            break
        if depth and draw(st.integers(0, 3)) == 0:
            block, shape = _block(draw, shape, depth, keep_misfit)
            chain.append(block)
            continue
        for _ in range(6):
            layer = draw(layers)
            after = output_on_torch(layer, shape)
            if math.prod(after) <= MAX_VALUES if after else keep_misfit:
                break
        else:
            break
        chain.append(layer)
        shape = after
    return tuple(chain), shape


def _block(
    draw: st.DrawFn, shape: Shape | None, depth: int, keep_misfit: bool
) -> tuple[Branches, Shape | None]:
    assert shape is not None
    merge = draw(st.sampled_from(["add", "add", "concat", "concat", "multiply"]))
    lengths = draw(st.lists(st.integers(0, 3), min_size=2, max_size=4))
    drawn: list[tuple[tuple[Node, ...], Shape | None]]
    drawn = [_chain(draw, shape, length, depth - 1, keep_misfit) for length in lengths]
    wanted = next((output for _, output in reversed(drawn) if output), shape)
    branches, outputs = [], []
    for branch, output in drawn:
        gate = merge == "multiply" and draw(st.integers(0, 2)) == 0
        goal = (wanted[0], 1, 1) if gate and len(wanted) == 3 else wanted
        if output is not None and (not keep_misfit or draw(st.booleans())):
            end = _towards(output, goal, merge)
            branch = (*branch, *end)
            output, _ = _run_chain(end, (), output, Run([], {}, None))
        branches.append(branch)
        outputs.append(output)
    fitting = [output for output in outputs if output]
    after = merge_on_torch(merge, fitting) if len(fitting) == len(outputs) else None
    block = Branches(merge=merge, branches=tuple(branches))
    if most_values((block,), shape) > MAX_VALUES:
        return Branches(merge="add", branches=((), ())), shape
    return block, after


def most_values(nodes: Nodes, shape: Shape) -> int:
    """How many values the largest output has, of these nodes as far as they fit and of all that is
    in their blocks.
    """
    most = 0
    for node in nodes:
        if isinstance(node, Branches):
            most = max(most, *(most_values(branch, shape) for branch in node.branches))
        after = chain_shape((node,), shape)
        if after is None:
            break
        most, shape = max(most, math.prod(after)), after
    return most


def _towards(shape: Shape, wanted: Shape, merge: str) -> tuple[Layer, ...]:
    """Layers that bring a branch to the shape that the others have, as far as the merge needs."""
    if shape == wanted:
        return ()
    if len(wanted) == 1:
        end = (
            () if merge == "concat" and len(shape) == 1 else (spec.Linear(out_features=wanted[0]),)
        )
        return (spec.Flatten(), *end) if len(shape) == 3 else end
    if len(shape) == 1:  # nothing here makes a map of a vector
        return ()
    sized = (spec.AdaptiveAvgPool2d(output_size=wanted[1:]),) if shape[1:] != wanted[1:] else ()
    projected = (
        (spec.Conv2d(out_channels=wanted[0], kernel_size=1),)
        if shape[0] != wanted[0] and merge != "concat"
        else ()
    )
    return (*sized, *projected)


# --- what real torch says -------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Real modules and merges run one by one on a real tensor, up to the first that fails, in the
    order in which they run.
    """

    modules: list[nn.Module | None]  # None for a merge
    shapes: dict[Path, Shape]
    failed_at: Path | None


def output_on_torch(layer: Layer, shape: Shape) -> Shape | None:
    """The shape that a real tensor has after the layer, or None where torch fails, leaves nothing
    or makes infinite values, as of a window that lies in the border alone.
    """
    if torch_would_hide(layer, shape):
        return None
    try:
        values = build_layer(layer, shape).eval()(torch.zeros(1, *shape))
    except (RuntimeError, ValueError, IndexError):
        return None
    after = tuple(values.shape[1:])
    return after if all(after) and bool(torch.isfinite(values).all()) else None


def run_on_torch(architecture: Architecture) -> Run:
    run = Run([], {}, None)
    _, failed_at = _run_chain(architecture.layers, (), architecture.input_shape, run)
    return replace(run, failed_at=failed_at)


def _run_chain(
    nodes: tuple[Node, ...], inside: Path, shape: Shape, run: Run
) -> tuple[Shape, Path | None]:
    """What comes out, and the path of what fails."""
    for place, node in enumerate(nodes):
        path = (*inside, place)
        if isinstance(node, Branches):
            outputs = []
            for number, branch in enumerate(node.branches):
                output, failed_at = _run_chain(branch, (*path, number), shape, run)
                if failed_at:
                    return shape, failed_at
                outputs.append(output)
            after = merge_on_torch(node.merge, outputs)
        else:
            after = output_on_torch(node, shape)
        if after is None:
            return shape, path
        module = None if isinstance(node, Branches) else build_layer(node, shape)
        run.modules.append(module)
        run.shapes[path] = shape = after
    return shape, None


def merge_on_torch(merge: str, outputs: list[Shape]) -> Shape | None:
    """The shape of merged tensors, or None where torch fails or would do what a reader does not
    expect: "add" repeats nothing here, and a vector is no map.
    """
    hidden = merge == "add" and len(set(outputs)) > 1
    if hidden or len({len(output) for output in outputs}) > 1:
        return None
    tensors = [torch.zeros(2, *output) for output in outputs]
    try:
        if merge == "concat":
            return tuple(torch.cat(tensors, dim=1).shape[1:])
        return tuple(reduce(operator.mul, tensors).shape[1:])
    except RuntimeError:
        return None


def torch_would_hide(layer: Layer, shape: Shape) -> bool:
    """Linear works on a map's last axis; these others take a batch of vectors for one map.

    We call all of them misfits.
    """
    is_map = len(shape) == 3
    if layer.kind == "InstanceNorm2d" and layer.track_running_stats:
        # Torch raises at a map of one value only as it trains.
        return is_map and shape[1:] == (1, 1)
    if layer.kind in ("Softmax", "LogSoftmax"):
        return not is_map and layer.dim in (-2, 2, 3, -3)
    return (layer.kind == "Linear" and is_map) or (
        layer.kind in ("ZeroPad2d", "ConstantPad2d", "AdaptiveAvgPool2d") and not is_map
    )


# Over a single value these give a constant, whatever comes in; x + f(x) keeps the path that a
# gradient shows.
_SUMS_TO_A_CONSTANT = ("Softmax", "LogSoftmax", "GroupNorm", "LayerNorm")
_IDENTITY = (
    *("ReLU", "LeakyReLU", "PReLU", "ReLU6", "ELU", "GELU", "SiLU", "Hardswish", "Mish", "Tanh"),
    *("Sigmoid", "Hardsigmoid", "Dropout", "Dropout2d", "LocalResponseNorm", "Identity"),
)


def masks_by_derivative(
    architecture: Architecture, shapes: dict[Path, Shape]
) -> dict[Path, torch.Tensor]:
    """(rows, columns, H, W) bool for each layer and merge: where the derivative of each of its
    units by the image is not zero.

    Positive weights that average, no biases, no activations, max pooling as a mean, a product of
    branches as their sum, evaluation mode, float64. Behind the image, in one batch with it, stands
    a change of each of its pixels, which a linear layer takes as it takes the image: one pass gives
    all the units of all the layers.
    """
    channels, height, width = architecture.input_shape
    generator = torch.Generator().manual_seed(0)
    values = torch.zeros(1 + height * width, channels, height, width, dtype=torch.float64)
    values[0] = torch.rand(channels, height, width, dtype=torch.float64, generator=generator) + 0.5
    pixel = torch.arange(height * width)
    change = torch.rand(channels, dtype=torch.float64, generator=generator) + 0.5
    values[1 + pixel, :, pixel // width, pixel % width] = change
    touched: dict[Path, torch.Tensor] = {}
    with torch.no_grad():
        _smooth_chain(architecture.layers, (), values, shapes, generator, touched)
    return {
        path: by_pixel.movedim(0, -1).reshape(*by_pixel.shape[1:], height, width)
        for path, by_pixel in touched.items()
    }


def _smooth_chain(
    nodes: tuple[Node, ...],
    inside: Path,
    values: torch.Tensor,
    shapes: dict[Path, Shape],
    generator: torch.Generator,
    touched: dict[Path, torch.Tensor],
) -> torch.Tensor:
    """What the layers of a stack or a branch make of the values and their changes, as far as they
    fit; `touched` takes which units of each change with which pixel.
    """
    for place, node in enumerate(nodes):
        path = (*inside, place)
        if isinstance(node, Branches):
            outputs = [
                _smooth_chain(branch, (*path, number), values, shapes, generator, touched)
                for number, branch in enumerate(node.branches)
            ]
            if path not in shapes:
                break
            joined = node.merge == "concat"
            values = torch.cat(outputs, dim=1) if joined else reduce(operator.add, outputs)
        elif path not in shapes:
            break
        else:
            values = _smooth(node, values, shapes[path], generator)
        units = (values[1:] != 0).any(dim=1)
        touched[path] = units if values.dim() == 4 else units[:, None, None]
    return values


def _smooth(
    layer: Layer, values: torch.Tensor, output_shape: Shape, generator: torch.Generator
) -> torch.Tensor:
    if layer.kind in _IDENTITY:
        return values
    if layer.kind == "AdaptiveMaxPool2d":
        return F.adaptive_avg_pool2d(values, layer.output_size)
    if layer.kind == "MaxPool2d":
        return _mean_instead_of_max(layer, values, output_shape)
    if layer.kind == "Upsample" and layer.mode == "bilinear":
        rows, columns = (_interpolation(layer, values.shape, axis) for axis in (0, 1))
        return rows @ values @ columns.T
    if layer.kind in ("BatchNorm2d", "InstanceNorm2d") and not layer.track_running_stats:
        # The statistics of one image alone: here each copy is one.
        return values + _derivative_of(F.instance_norm, values)
    if layer.kind == "ConstantPad2d":
        layer = layer.model_copy(update={"value": 0.0})
    module = build_layer(layer, tuple(values.shape[1:])).double().eval()
    for name, parameter in module.named_parameters():
        if name == "bias":
            parameter.zero_()
            continue
        drawn = torch.rand(parameter.shape, dtype=torch.float64, generator=generator) + 0.5
        averages = layer.kind in ("Conv2d", "ConvTranspose2d", "Linear")
        parameter.copy_(drawn / parameter[0].numel() if averages else drawn)
    if layer.kind in _SUMS_TO_A_CONSTANT:
        return values + _derivative_of(module, values)
    return module(values)


def _derivative_of(
    function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor
) -> torch.Tensor:
    """What a function that is not linear gives for the image, and how that changes with the
    image's changes.
    """
    with forward_ad.dual_level(), warnings.catch_warnings():
        # The first call loads a script of torch's own, in its old form.
        warnings.simplefilter("ignore", FutureWarning)
        image = values[:1].expand_as(values[1:]).clone()
        given = forward_ad.unpack_dual(function(forward_ad.make_dual(image, values[1:])))
        return torch.cat([given.primal[:1], given.tangent])


def _interpolation(layer: spec.Upsample, shape: torch.Size, axis: int) -> torch.Tensor:
    """(outputs, inputs) along one axis: torch's own weights, where those that are rounding noise
    are zero.
    """
    scale = (pair(layer.scale_factor)[axis], 1)
    size = shape[2 + axis]
    each = torch.eye(size, dtype=torch.float64)[None, None]  # each column has one input that is one
    how = {"mode": "bilinear", "align_corners": layer.align_corners}
    weights = F.interpolate(each, scale_factor=tuple(map(float, scale)), **how)[0, 0]
    return weights * (weights.abs() > 1e-12)


def _mean_instead_of_max(
    layer: spec.MaxPool2d, values: torch.Tensor, output_shape: Shape
) -> torch.Tensor:
    kernel, padding, dilation = pair(layer.kernel_size), pair(layer.padding), pair(layer.dilation)
    stride = kernel if layer.stride is None else pair(layer.stride)
    channels = values.shape[1]
    # ceil_mode lets the last window hang over the end: zeros there, so that a plain depthwise mean
    # has its size.
    missing = [
        max(0, (o - 1) * s + d * (k - 1) + 1 - (n + 2 * p))
        for o, s, d, k, n, p in zip(
            output_shape[1:], stride, dilation, kernel, values.shape[2:], padding, strict=True
        )
    ]
    padded = F.pad(
        values, (padding[1], padding[1] + missing[1], padding[0], padding[0] + missing[0])
    )
    weight = torch.full((channels, 1, *kernel), 1 / (kernel[0] * kernel[1]), dtype=torch.float64)
    pooled = F.conv2d(padded, weight, stride=stride, dilation=dilation, groups=channels)
    return pooled[:, :, : output_shape[1], : output_shape[2]]
