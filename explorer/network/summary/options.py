"""Every answer to a row: its layer, and what ran before it without a row of its own.

Two things run in forward() that a table has no row for: flattening, which costs nothing to assume, and pooling, which is
seen only by the map being smaller at the next row. Before the first row stands the image, which most tables don't give:
the usual sizes of data sets are tried, and MNIST's before others.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf, isqrt, prod

from explorer.network import spec
from explorer.network.spec import MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, Layer, Shape
from explorer.network.summary.candidates import Wanted, candidates
from explorer.network.summary.rows import Table

MAX_OPTIONS = 24  # of one row
# Pooling that no row shows is considered beside an answer without it only where that answer is not PLAIN, and where the
# pooling and the layer after it are. Where nothing fits without pooling, other windows are considered too.
PLAIN = 0.45
PLAIN_POOLING = 0.9
FAIRLY_PLAIN = 0.9
WIDEST = 11  # window that is fairly plain


@dataclass(frozen=True)
class Option:
    """One answer to one row. What a whole network tends to do alike stands apart from the cost."""

    cost: float
    layers: tuple[Layer, ...]
    bias: bool | None = None  # of its convolution
    padded: bool | None = None  # of its convolution: by half its window, or not at all
    pools: bool = False  # pools in forward()
    loses: bool = False  # its pooling leaves the last rows or columns out
    input_shape: Shape | None = None  # the image; only at the first row


def options(wanted: Wanted, shape: Shape) -> list[Option]:
    """Every answer to a row after `shape`, plainest first; none where none fits."""
    found: list[Option] = []
    for bridge in _bridges(wanted, shape):
        if found and found[0].cost < PLAIN and not found[0].pools:
            break
        if found and bridge.pools and bridge.cost > (found[0].cost + 1 if found[0].pools else PLAIN_POOLING):
            continue
        if found and wanted.kind == "Conv2d" and not _is_within_a_window(bridge.shape, wanted.output_shape):
            continue
        found += [
            Option(bridge.cost + fits.cost, (*bridge.layers, fits.layer), fits.bias, fits.padded, bridge.pools, fits.loses)
            for fits in candidates(wanted, bridge.shape, cheaper_than=FAIRLY_PLAIN if found else inf)
            if not found or getattr(fits.layer, "stride", 1) == 1
        ]
    return sorted(found, key=lambda option: option.cost)[:MAX_OPTIONS]


def _is_within_a_window(shape: Shape, output_shape: Shape) -> bool:
    """Can a plain window that moves by 1 bring the one to the other; asked first, since most can't."""
    return all(output <= side <= output + WIDEST - 1 for side, output in zip(shape[1:], output_shape[1:], strict=True))


def first_options(wanted: Wanted, table: Table) -> list[Option]:
    """Every answer to the first row, each with the image that goes in."""
    found = []
    for cost, image in _images(wanted, table):
        for way in itertools.islice((way for way in _bridges(wanted, image) if not way.pools), 1):
            found += [
                Option(cost + fits.cost, (*way.layers, fits.layer), fits.bias, fits.padded, input_shape=image)
                for fits in candidates(wanted, way.shape, at_most=4)
            ]
    return sorted(found, key=lambda option: option.cost)[:MAX_OPTIONS]


# --- between two rows -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bridge:
    """Layers that ran between two rows without a row of their own."""

    cost: float
    layers: tuple[Layer, ...]
    shape: Shape  # after them
    pools: bool = False


def bridges(shape: Shape, target: Shape) -> Iterator[Bridge]:
    """Ways from one shape to another by flattening and pooling alone, plainest first; none where there is none."""
    if shape == target:
        yield Bridge(0, (), shape)
    elif len(shape) == 3 and target == (prod(shape),):
        yield Bridge(0, (spec.Flatten(),), target)
    elif len(shape) == 3 and len(target) == 1:
        side = isqrt(target[0] // shape[0])
        if (square := (shape[0], side, side)) != shape and prod(square) == target[0]:
            for bridge in _poolings(shape, square):
                yield replace(bridge, layers=(*bridge.layers, spec.Flatten()), shape=target)
    elif len(shape) == len(target) == 3:
        yield from _poolings(shape, target)


def _poolings(shape: Shape, target: Shape) -> Iterator[Bridge]:
    """Ways to make each map smaller. Down to one value it is the mean, which many networks end with and is no habit."""
    if shape[0] != target[0] or shape == target or any(n < o for n, o in zip(shape[1:], target[1:], strict=True)):
        return
    to_one = target[1:] == (1, 1)
    costs = {"AvgPool2d": 1.2, "MaxPool2d": 1.6} if to_one else {"MaxPool2d": 0.0, "AvgPool2d": 0.4}
    adaptive = candidates(Wanted("AdaptiveAvgPool2d", target), shape, at_most=1)[0].layer
    found = [Bridge(1.0 if to_one else 2.5, (adaptive,), target, pools=not to_one)]
    for kind, cost in costs.items():
        for fits in candidates(Wanted(kind, target), shape, at_most=2):
            found.append(Bridge(cost + fits.cost, (fits.layer,), target, pools=not to_one))
    yield from sorted(found, key=lambda bridge: bridge.cost)


def _bridges(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    """Ways from the output above to this row's input, doing nothing first."""
    if wanted.input_shape is not None:
        return bridges(shape, wanted.input_shape)
    return _TO_INPUT.get(wanted.kind, _to_same)(wanted, shape)


def _to_same(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    """To a layer whose input has its output's shape."""
    return bridges(shape, wanted.output_shape)


def _to_map(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    """To a layer that changes the map's size itself."""
    yield Bridge(0, (), shape)


def _to_conv(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    yield Bridge(0, (), shape)
    if len(shape) == len(wanted.output_shape) == 3:
        if wanted.output_shape[1:] == (1, 1):
            yield from _poolings(shape, (shape[0], 1, 1))
        for kernel, stride in ((2, 2), (3, 2), (3, 3), (4, 4)):
            sides = tuple((n - kernel) // stride + 1 for n in shape[1:])
            if all(
                max(2, output) <= side <= 2 * output + 16 for side, output in zip(sides, wanted.output_shape[1:], strict=True)
            ):
                yield from _poolings(shape, (shape[0], *sides))


def _to_linear(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    for features in _features(wanted):
        yield from bridges(shape, (features,))


def _to_flatten(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    """To the map that a Flatten with a row of its own took."""
    if wanted.output_shape == (prod(shape),):
        yield Bridge(0, (), shape)
    elif len(shape) == 3 and len(wanted.output_shape) == 1:
        side = isqrt(wanted.output_shape[0] // shape[0])
        if side:
            yield from _poolings(shape, (shape[0], side, side))


_TO_INPUT: dict[str, Callable[[Wanted, Shape], Iterator[Bridge]]] = {
    "Conv2d": _to_conv,
    "Linear": _to_linear,
    "Flatten": _to_flatten,
    **dict.fromkeys(("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "ZeroPad2d"), _to_map),
}


def _features(wanted: Wanted) -> Iterator[int]:
    """How many values a Linear with so many parameters takes: with a bias, and without."""
    outputs = wanted.output_shape[0]
    for bias in (True, False):
        features, rest = divmod(wanted.params - bias * outputs, outputs)
        if not rest and features >= 1:
            yield features


# --- before the first row -------------------------------------------------------------------------------------------

_MAX_IMAGES = 24  # that are tried
MAX_OBLONG_AREA = 256  # of a first window
PLAIN_WAY = 0.5  # by so much likelier is an image of no usual size that a window moving by 1 brings to the first row's
_USUAL_IMAGES: dict[Shape, float] = {(1, 28, 28): 0.0, (3, 32, 32): 0.0, (3, 224, 224): 0.1, (1, 32, 32): 0.6}
_USUAL_SIDES = {
    **dict.fromkeys((16, 24, 36, 40, 48, 50, 60, 80, 84, 100, 120, 150, 160, 180, 192, 200, 227, 240), 1.2),
    **dict.fromkeys((299, 300, 320, 384, 400, 448, 512), 1.2),
    **dict.fromkeys((64, 96, 128, 256), 0.6),
    28: 0.3,
    32: 0.3,
    224: 0.4,
}


def _images(wanted: Wanted, table: Table) -> list[tuple[float, Shape]]:
    """Images that may have gone in, the likeliest first, with what it costs to assume them."""
    if wanted.input_shape is None:
        found = _BEFORE.get(wanted.kind, _before_unchanged)(wanted)
    else:
        found = [wanted.input_shape] if len(wanted.input_shape) == 3 else _images_of(wanted.input_shape[0])
    images: set[Shape] = {image for image in found if _is_possible(image)}
    plain = set(_sizes_of_plain_ways(wanted))
    costs = (
        (_image_cost(image, table) - PLAIN_WAY * (image[1:] in plain and not set(image[1:]) <= _USUAL_SIDES.keys()), image)
        for image in images
    )
    return sorted(costs)[:_MAX_IMAGES]


def _is_possible(image: Shape) -> bool:
    """Whether an architecture may have this input shape."""
    limits = (MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, MAX_IMAGE_SIDE)
    return len(image) == 3 and all(1 <= size <= limit for size, limit in zip(image, limits, strict=True))


def _sizes_of_plain_ways(wanted: Wanted) -> Iterator[Shape]:
    """The size that goes into a row whose window moves by 1, if it is padded by half or not at all."""
    sides = wanted.output_shape[1:]
    if wanted.kind != "Conv2d":
        return
    yield sides
    for kernel in (3, 5, 7, 9):
        if wanted.params % kernel**2 in (0, wanted.output_shape[0] % kernel**2):
            yield tuple(side + kernel - 1 for side in sides)


def _image_cost(image: Shape, table: Table) -> float:
    channels, height, width = image
    cost = _USUAL_IMAGES.get(image)
    if cost is None:
        cost = max(_side_cost(height), _side_cost(width)) + (0 if height == width else 1.5)
        cost += {1: 0.3, 3: 0.0, 2: 0.8, 4: 0.8}.get(channels, min(3.0, 1 + 0.05 * channels))
    if table.input_mb is not None:
        # torchsummary counts in 2**20 bytes, torchinfo in 10**6 and with the batch.
        values = 4 * prod(image) * max(1, table.batch)
        if all(abs(values / unit - table.input_mb) > 0.0051 for unit in (2**20, 10**6)):
            cost += 4
    return cost - 3 * (image == table.input_hint)


def _side_cost(side: int) -> float:
    usual = _USUAL_SIDES.get(side)
    if usual is not None:
        return usual
    return 2.0 if side % 8 == 0 else 2.6 if side % 10 == 0 else 2.8 if side % 2 == 0 else 3.0


def _before_conv(wanted: Wanted) -> Iterator[Shape]:
    outputs, *sides = wanted.output_shape
    if len(sides) != 2:
        return
    for bias in (True, False):
        weights, rest = divmod(wanted.params - bias * outputs, outputs)
        if rest or weights < 1:
            continue
        for kernel in [wanted.kernel_size] if wanted.kernel_size else _first_kernels(weights):
            channels, rest = divmod(weights, kernel[0] * kernel[1])
            if not rest and channels >= 1:
                for before in _sides_before(sides, kernel):
                    yield channels, *before
                    if channels == 1 and outputs % 3 == 0:  # three groups, one for each colour
                        yield 3, *before


def _first_kernels(weights: int) -> Iterator[tuple[int, int]]:
    """Square windows, and of the oblong ones those that look at an image of a few channels."""
    yield from ((k, k) for k in (*range(1, 10), 11, 16, 32))
    for channels in (1, 2, 3, 4):
        area, rest = divmod(weights, channels)
        if not rest and area <= MAX_OBLONG_AREA:
            yield from ((rows, area // rows) for rows in range(1, area + 1) if area % rows == 0 and rows * rows != area)


def _sides_before(sides: list[int], kernel: tuple[int, int]) -> Iterator[tuple[int, ...]]:
    strides, dilations = ((1, 2, 3, 4, *kernel), (1, 2)) if kernel[0] == kernel[1] else ((1, 2), (1,))
    for stride, dilation in itertools.product(strides, dilations):
        reach = [dilation * (k - 1) + 1 for k in kernel]
        half = [r // 2 for r in reach]
        for paddings, lost in itertools.product(([0, 0], half, [1, 1], [2, 2], [3, 3]), range(min(stride, 4))):
            yield tuple((o - 1) * stride + r - 2 * p + lost for o, r, p in zip(sides, reach, paddings, strict=True))


def _before_pool(wanted: Wanted) -> Iterator[Shape]:
    channels, *sides = wanted.output_shape
    for factor, extra in itertools.product((1, 2, 3, 4), (0, 1, 2)):
        yield channels, *(factor * side + extra for side in sides)


def _before_pad(wanted: Wanted) -> Iterator[Shape]:
    channels, *sides = wanted.output_shape
    for border in (0, 1, 2, 4, 6, 8):
        yield channels, *(side - border for side in sides)


def _before_linear(wanted: Wanted) -> Iterator[Shape]:
    for features in _features(wanted):
        yield from _images_of(features)


def _before_unchanged(wanted: Wanted) -> Iterable[Shape]:
    return [wanted.output_shape] if len(wanted.output_shape) == 3 else _images_of(wanted.output_shape[0])


_BEFORE: dict[str, Callable[[Wanted], Iterable[Shape]]] = {
    "Conv2d": _before_conv,
    "Linear": _before_linear,
    "ZeroPad2d": _before_pad,
    **dict.fromkeys(("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"), _before_pool),
}


def _images_of(features: int) -> Iterator[Shape]:
    """Images that flatten to so many values: square grey and colour ones, or the squarest."""
    for channels in (1, 3, 2, 4):
        side = isqrt(features // channels)
        if channels * side * side == features:
            yield channels, side, side
    height = next(height for height in range(isqrt(features), 0, -1) if features % height == 0)
    yield 1, height, features // height
