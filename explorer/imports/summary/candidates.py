"""Which layers of ours a table's row may stand for, given what goes in: plainest first.

A row gives a kind, an output shape and a count of parameters. From the count follow a convolution's
window, groups and bias, from the shapes its stride, padding and dilation; often several answers
fit. Each has a cost, and the plainest is the one with the least:

    window     3×3, 1×1, 5×5, 7×7; then other odd ones, even ones, oblong ones
    stride     1, 2; as the window; then others
    padding    none, half the window; then others
    dilation   none; then with the padding that keeps the size
    groups     1, one a channel, a power of two; then others
    pooling    2×2 by 2, other windows without overlap, the whole map where one value comes out, 3×3
    by 2; no ceil_mode

The arithmetic here only proposes. What is returned has been run by torch and gives the row's shape
and parameters.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, inf, prod
from typing import Any

import torch
from pydantic import ValidationError

from explorer.imports.summary.windows import MAX_WINDOWS, conv_windows, plain, pool_windows
from explorer.network.layers import LAYERS, find_mismatch
from explorer.network.measure import build_layer
from explorer.network.spec import LAYER_MODELS, Layer, Shape

MAX_CANDIDATES = MAX_WINDOWS  # of one row
UNTOLD_SIZE = 5  # of LocalResponseNorm, which no table tells: AlexNet's
_MAX_KERNELS = 8  # kernels, with their groups and bias, that are tried for one convolution


@dataclass(frozen=True)
class Candidate:
    """One layer that fits.

    What a whole network tends to do alike stands apart from the cost, for the inference to weigh.
    """

    layer: Layer
    cost: float
    bias: bool | None = None  # of a convolution
    padded: bool | None = None  # of a convolution: by half its window, or not at all
    loses: bool = False  # of a pooling: it leaves the last rows or columns out


@dataclass(frozen=True)
class Wanted:
    """What a row says of its layer. `kind` is one of ours; what a table doesn't say is None."""

    kind: str
    output_shape: Shape
    params: int = 0
    input_shape: Shape | None = None
    kernel_size: tuple[int, int] | None = None
    groups: int | None = None
    in_channels: int | None = None  # of a first row whose weights are used again further down


@lru_cache(maxsize=1024)
def candidates(
    wanted: Wanted, shape: Shape, at_most: int = MAX_CANDIDATES, cheaper_than: float = inf
) -> tuple[Candidate, ...]:
    """The layers that turn `shape` into what is wanted, plainest first; none where none fits."""
    propose = _PROPOSALS.get(wanted.kind, _unchanged)
    cheap = (proposal for proposal in propose(wanted, shape) if proposal.cost < cheaper_than)
    proposals = heapq.nsmallest(
        2 * at_most, cheap, key=lambda proposal: (proposal.cost, repr(proposal.arguments))
    )
    return tuple(itertools.islice(_that_fit(wanted, shape, proposals), at_most))


# --- proposals ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Proposal:
    """A layer as its arguments."""

    cost: float
    arguments: dict[str, Any]
    padded: bool | None = None
    loses: bool = False


def _that_fit(wanted: Wanted, shape: Shape, proposals: list[_Proposal]) -> Iterator[Candidate]:
    for proposal in proposals:
        try:
            layer = LAYER_MODELS[wanted.kind](**proposal.arguments)
        except ValidationError:  # beyond a bound of the field
            continue
        if result(layer, shape) == (wanted.output_shape, wanted.params):
            bias = proposal.arguments["bias"] if wanted.kind == "Conv2d" else None
            yield Candidate(layer, proposal.cost, bias, proposal.padded, proposal.loses)


@lru_cache(maxsize=4096)
def result(layer: Layer, shape: Shape) -> tuple[Shape, int] | None:
    """Output shape and parameters, from torch itself on its meta device; None where the layer
    doesn't fit.
    """
    if find_mismatch(layer, shape):
        return None
    try:
        with torch.device("meta"):
            module = build_layer(layer, shape).eval()
            params = sum(parameter.numel() for parameter in module.parameters())
            if LAYERS[layer.kind].group in ("Activation", "Normalisation", "Regularisation"):
                return shape, params
            return tuple(module(torch.empty(1, *shape)).shape[1:]), params
    except (RuntimeError, ValueError, TypeError, IndexError, OverflowError):
        return None


# --- windows --------------------------------------------------------------------------------------


def _conv(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    if len(shape) != 3 or len(wanted.output_shape) != 3:
        return
    sides, output_sides = shape[1:], wanted.output_shape[1:]
    costs: list[float] = []
    for base, kernel, groups, bias in heapq.nsmallest(_MAX_KERNELS, _convs_of(wanted, shape)):
        if sum(cost <= base for cost in costs) >= 2 * MAX_CANDIDATES:
            return  # what follows is less plain than all that anyone will ask for
        for cost, stride, padding, dilation in conv_windows(kernel, sides, output_sides):
            costs.append(base + cost)
            arguments = {
                "out_channels": wanted.output_shape[0],
                "kernel_size": plain(kernel),
                "stride": stride,
                "padding": padding,
                "dilation": dilation,
                "groups": groups,
                "bias": bias,
            }
            padded = is_padded(kernel, padding)
            if not padded and any(k == n > 1 for k, n in zip(kernel, sides, strict=True)):
                # A window over a whole side needs no border, whatever the network's habit.
                padded = None
            yield _Proposal(base + cost, arguments, padded)


def _convs_of(wanted: Wanted, shape: Shape) -> Iterator[tuple[float, tuple[int, int], int, bool]]:
    """(cost, kernel, groups, bias) that make so many parameters."""
    channels, outputs = shape[0], wanted.output_shape[0]
    largest = max(11, *shape[1:])
    for bias in (True, False):
        weights, rest = divmod(wanted.params - bias * outputs, outputs)
        if rest or weights < 1:
            continue
        for groups in divisors(gcd(channels, outputs)):
            area, rest = divmod(weights * groups, channels)
            if rest or wanted.groups not in (None, groups):
                continue
            for rows in divisors(area):
                kernel = rows, area // rows
                if wanted.kernel_size in (None, kernel) and max(kernel) <= largest:
                    yield (
                        _kernel_cost(kernel, shape[1:]) + groups_cost(groups, channels, kernel),
                        kernel,
                        groups,
                        bias,
                    )


def _kernel_cost(kernel: tuple[int, int], sides: Shape) -> float:
    rows, columns = kernel
    if 1 in sides and kernel != (1, 1):  # a row of values: a window along it, and none across it
        across = rows if sides[0] == 1 else columns
        return 0.2 + 0.01 * max(kernel) if across == 1 else 3 + 0.05 * (rows + columns)
    if rows != columns:
        return 2 + 0.05 * (rows + columns)
    return {3: 0.0, 1: 0.1, 5: 0.2, 7: 0.3}.get(
        rows, (0.5 if rows % 2 else 0.9) + 0.03 * rows + (rows > 11)
    )


def groups_cost(groups: int, channels: int, kernel: tuple[int, int]) -> float:
    if groups == 1:
        return 0
    if groups == channels and kernel != (1, 1):
        return 0.6
    return 2.5 if groups & (groups - 1) == 0 else 3.5


def is_padded(kernel: tuple[int, int], padding: Any) -> bool | None:
    if kernel == (1, 1):
        return None
    if padding == 0:
        return False
    half = (kernel[0] - 1) // 2, (kernel[1] - 1) // 2
    return True if padding in (half[0] if half[0] == half[1] else half, "same") else None


def _pool(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    if len(shape) != 3 or len(wanted.output_shape) != 3 or wanted.output_shape[0] != shape[0]:
        return
    dilations = _dilations(wanted, shape)
    for cost, reach, stride, padding, ceil_mode in pool_windows(
        shape[1:], wanted.output_shape[1:], dilations
    ):
        left_over = [(n - k) % s for n, k, s in zip(shape[1:], reach, stride, strict=True)]
        loses = padding == (0, 0) and not ceil_mode and any(left_over)
        dilation = dilations[reach] if wanted.kernel_size else (1, 1)
        kernel = wanted.kernel_size or reach
        arguments = {
            "kernel_size": plain(kernel),
            "stride": None if stride == kernel else plain(stride),
            "padding": plain(padding),
            "ceil_mode": ceil_mode,
        }
        if dilation != (1, 1):
            arguments["dilation"] = plain(dilation)
        yield _Proposal(cost + 2 * (dilation != (1, 1)), arguments, loses=loses)


def largest_dilation(kind: str, kernel: int) -> int:
    """The dilation up to which a pooling kernel that the table gives is tried."""
    return 8 if kind == "MaxPool2d" and 1 < kernel <= 31 else 1


def _dilations(wanted: Wanted, shape: Shape) -> dict[tuple[int, int] | None, tuple[int, int]]:
    """The windows that the table's kernel may span, with the dilation that does it; {None: (1, 1)}
    where it gives none.
    """
    if wanted.kernel_size is None:
        return {None: (1, 1)}
    rows, columns = (
        [
            (d * (k - 1) + 1, d)
            for d in range(1, largest_dilation(wanted.kind, k) + 1)
            if d == 1 or d * (k - 1) < 2 * side
        ]
        for k, side in zip(wanted.kernel_size, shape[1:], strict=True)
    )
    return {(a, b): (down, across) for a, down in rows for b, across in columns}


def _adaptive(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    if len(wanted.output_shape) == 3:
        yield _Proposal(0, {"output_size": plain(wanted.output_shape[1:])})


def _pad(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    if len(shape) != 3 or len(wanted.output_shape) != 3:
        return
    rows, columns = (o - n for n, o in zip(shape[1:], wanted.output_shape[1:], strict=True))
    if rows < 0 or columns < 0:
        return
    centred, off_centre = (columns // 2, rows // 2), (columns - columns // 2, rows - rows // 2)
    ways = {(columns, rows): 1.5, (0, 0): 1.0, off_centre: 0.5, centred: 0.0}
    for (left, top), cost in ways.items():
        padding = left, columns - left, top, rows - top
        yield _Proposal(cost + 0.02 * sum(padding), {"padding": plain(padding)})


_SCALE_COSTS = {2: 0.0, 4: 0.4, 3: 0.6, 8: 0.8, 1: 3.0}
_BILINEAR = 1.0


def _upsample(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    """Whole scales. The table does not tell whether values are repeated or interpolated."""
    if len(shape) != 3 or len(wanted.output_shape) != 3:
        return
    (rows, rest), (columns, more) = (
        divmod(o, n) for n, o in zip(shape[1:], wanted.output_shape[1:], strict=True)
    )
    if rest or more:
        return
    costs = [_SCALE_COSTS.get(scale, 1.0) for scale in (rows, columns)]
    cost = costs[0] if rows == columns else min(costs) + 1.5
    for mode, more_cost in (("nearest", 0), ("bilinear", _BILINEAR)):
        yield _Proposal(cost + more_cost, {"scale_factor": plain((rows, columns)), "mode": mode})


@lru_cache(maxsize=1024)
def divisors(number: int) -> tuple[int, ...]:
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return tuple(sorted({*small, *(number // d for d in small)}))


# --- the others -----------------------------------------------------------------------------------


def _unchanged(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    yield _Proposal(0, {})


def _normalisation(
    affine: str, count: Callable[[Shape], int]
) -> Callable[[Wanted, Shape], Iterator[_Proposal]]:
    """Scale and shift, no shift, or neither, by the number of parameters."""

    def propose(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
        size = count(shape)
        by_params: dict[int, dict[str, Any]] = {
            2 * size: {},
            size: {"bias": False},
            0: {affine: False},
        }
        if wanted.params in by_params:
            yield _Proposal(0, by_params[wanted.params])

    return propose


_over_channels = _normalisation("affine", lambda shape: shape[0])
_over_all = _normalisation("elementwise_affine", prod)


def _group_norm(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    for proposal in _over_channels(wanted, shape):
        for place, groups in enumerate(divisors(shape[0])):
            yield _Proposal(0.1 * place, {"num_groups": groups, **proposal.arguments})


def _linear(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    for bias in (True, False):
        yield _Proposal(0, {"out_features": wanted.output_shape[0], "bias": bias})


def _instance_norm(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    by_params: dict[int, dict[str, Any]] = {
        0: {},
        2 * shape[0]: {"affine": True},
        shape[0]: {"affine": True, "bias": False},
    }
    if wanted.params in by_params:
        yield _Proposal(0, by_params[wanted.params])


def _local_response_norm(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    yield _Proposal(0, {"size": UNTOLD_SIZE})


def _prelu(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    if wanted.params:
        yield _Proposal(0, {"num_parameters": wanted.params})


def _channel_shuffle(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    """No table tells the groups: the fewest that there can be, of one channel one."""
    groups = next((each for each in divisors(shape[0]) if each > 1), 1)
    yield _Proposal(0, {"groups": groups})


_MOST_TRANSPOSED = 16  # rows or columns of a transposed convolution's kernel
_WAYS_AN_AXIS = 3  # that are tried, for each kernel


def _conv_transpose(wanted: Wanted, shape: Shape) -> Iterator[_Proposal]:
    """Kernels that have as many weights, each axis with the plainest stride, padding and dilation
    that give its size.
    """
    if len(shape) != 3 or len(wanted.output_shape) != 3:
        return
    (channels, *sides), (out, *wider) = shape, wanted.output_shape
    for groups, bias in itertools.product(divisors(gcd(channels, out)), (True, False)):
        area, rest = divmod((wanted.params - bias * out) * groups, channels * out)
        if rest or area < 1:
            continue
        for rows in divisors(area):
            kernel = rows, area // rows
            if max(kernel) > _MOST_TRANSPOSED:
                continue
            axes = [_spread(*axis) for axis in zip(kernel, sides, wider, strict=True)]
            for down, across in itertools.product(*axes):
                names = ("stride", "padding", "output_padding", "dilation")
                pairs = zip(down[1], across[1], strict=True)
                given = {name: plain(pair) for name, pair in zip(names, pairs, strict=True)}
                cost = down[0] + across[0] + (groups > 1) + (not bias) + (kernel[0] != kernel[1])
                fixed = {"out_channels": out, "groups": groups, "bias": bias}
                yield _Proposal(cost, {"kernel_size": plain(kernel), **given, **fixed})


def _spread(kernel: int, before: int, after: int) -> list[tuple[float, tuple[int, int, int, int]]]:
    """Strides, paddings, output_paddings and dilations with which `after` values come of `before`,
    the plainest first, each with its cost.
    """
    found = []
    for stride, dilation in itertools.product(range(1, max(kernel, 3) + 1), (1, 2, 3)):
        # Twice the padding, less the output_padding.
        spare = (before - 1) * stride + dilation * (kernel - 1) + 1 - after
        padding = max(0, -(-spare // 2))
        added = 2 * padding - spare
        if added < max(stride, dilation):
            cost = 0.3 * abs(stride - 2) + 0.3 * padding + 0.5 * added + (dilation - 1)
            found.append((cost, (stride, padding, added, dilation)))
    return sorted(found)[:_WAYS_AN_AXIS]


_PROPOSALS: dict[str, Callable[[Wanted, Shape], Iterator[_Proposal]]] = {
    "Conv2d": _conv,
    "MaxPool2d": _pool,
    "AvgPool2d": _pool,
    "AdaptiveAvgPool2d": _adaptive,
    "AdaptiveMaxPool2d": _adaptive,
    "ZeroPad2d": _pad,
    "ReflectionPad2d": _pad,
    "Upsample": _upsample,
    "BatchNorm2d": _over_channels,
    "BatchNorm1d": _over_channels,
    "GroupNorm": _group_norm,
    "LayerNorm": _over_all,
    "Linear": _linear,
    "ConvTranspose2d": _conv_transpose,
    "InstanceNorm2d": _instance_norm,
    "LocalResponseNorm": _local_response_norm,
    "PReLU": _prelu,
    "ChannelShuffle": _channel_shuffle,
}
