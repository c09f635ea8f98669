"""What the first row may be, together with the image that goes into it, which most tables do not
give.

A first convolution is solved from its output and parameters backwards: each split of its weights
into channels and a window, each usual stride and padding gives one image. Which of them
is believed is a matter of cost, as in candidates.py: usual images and usual windows are cheap.
Where the table prints the size of its input, an image of another size costs more than anything
else.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isqrt, prod
from typing import Any, NamedTuple

from pydantic import ValidationError

from explorer.imports.summary.candidates import (
    Wanted,
    candidates,
    divisors,
    groups_cost,
    is_padded,
    result,
)
from explorer.imports.summary.options import Option, bridges_to, linear_features
from explorer.imports.summary.rows import InputSize, Table
from explorer.imports.summary.windows import padding_cost, plain, stride_cost
from explorer.network import spec
from explorer.network.layers import LAYERS
from explorer.network.spec import MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, Shape

MAX_FIRST_OPTIONS = 32
# Of them with the same window on as many channels, so that other windows are offered too.
MAX_ALIKE = 5
_MAX_IMAGES = 24  # that are tried for a first row that is no convolution
_MAX_WINDOWS = 60  # splits of a first convolution's weights that are tried, the plainest
_MAX_TRIED = 120  # solutions that are looked at
_TOO_COSTLY = 6.0  # above the cheapest: what is dearer is offered to nobody
_MAX_SQUARE = 64
# Of a window on an image of at most _FEW channels; on more channels 1×3 and its like.
_MAX_OBLONG_AREA = 1024
_FEW = 4

WRONG_SIZE = 8.0  # the table prints another size of its input
OLD_UNIT = 0.5  # megabytes of 2**20 bytes in a tree, as torchinfo's forerunner printed them
NAMED_IN_THE_TEXT = -3.0  # summary(model, (1, 28, 28)) stands beside the table
# By so much likelier is an image of no usual size that a window moving by 1 brings to the row's
# output.
PLAIN_WAY = 0.5
# Images made larger beforehand instead of by a first Upsample: unless nothing else has the printed
# size.
SIZED_BEFOREHAND = 7.9
LONGER_THAN_THE_IMAGE = 2.0  # a window that only its border lets in
PATCHES = 1.0  # non-overlapping windows on a colour image, as vision transformers begin


@dataclass(frozen=True)
class Told:
    """What a table and the text around it tell of the image."""

    size: InputSize | None
    shape: Shape | None  # of a call of summary beside the table


def first_options(wanted: Wanted, table: Table) -> list[Option]:
    """Every answer to the first row, each with the image that goes in, plainest first."""
    if wanted.kind == "Conv2d" and wanted.input_shape is None:
        found = list(_first_convolutions(wanted, Told(table.input_size, table.input_hint)))
    else:
        found = [
            option
            for cost, image in _images(wanted, Told(table.input_size, table.input_hint))
            for option in _options_on(wanted, image, cost)
        ]
    if wanted.kind == "Upsample" and is_possible_image(wanted.output_shape):
        # A size given in numbers, Upsample(size=32), is no layer here: the images can be made as
        # large beforehand.
        found.append(Option(SIZED_BEFOREHAND, (), input_shape=wanted.output_shape))
    return sorted(found, key=lambda option: option.cost)[:MAX_FIRST_OPTIONS]


def _options_on(wanted: Wanted, image: Shape, cost: float) -> Iterator[Option]:
    way = next((way for way in bridges_to(wanted, image) if not way.pools), None)
    for fits in candidates(wanted, way.shape, at_most=4) if way else ():
        layers = (*way.layers, fits.layer) if way else ()
        yield Option(cost + fits.cost, layers, fits.bias, fits.padded, input_shape=image)


# --- which images are usual -----------------------------------------------------------------------

_USUAL_IMAGES: dict[Shape, float] = {
    (1, 28, 28): 0.0,
    (3, 32, 32): 0.0,
    (3, 224, 224): 0.1,
    (4, 84, 84): 0.1,  # four frames of a game
    (1, 32, 32): 0.6,
}
_USUAL_SIDES = {
    **dict.fromkeys(
        (16, 24, 36, 40, 48, 50, 60, 80, 84, 100, 120, 150, 160, 180, 192, 200, 227, 240), 1.2
    ),
    **dict.fromkeys((299, 300, 320, 384, 400, 448, 512), 1.2),
    **dict.fromkeys(
        (250, 480, 500, 600, 640, 720, 750, 768, 800, 1000, 1024, 1080, 1125, 1200, 1280, 1920), 1.2
    ),
    **dict.fromkeys((64, 96, 128, 256), 0.6),
    28: 0.3,
    32: 0.3,
    224: 0.4,
}
_USUAL_MAP_SIDES = (4, 5, 6, 7, 8, 10, 12, 13, 14, 16, 20, 24, 26, 28, 30, 32, 56, 64)


def image_cost(image: Shape, told: Told) -> float:
    """How unusual an image is, by its shape and by what is told of it."""
    return (
        _shape_cost(image)
        + _size_cost(image, told.size)
        + NAMED_IN_THE_TEXT * (image == told.shape)
    )


def _shape_cost(image: Shape) -> float:
    usual = _USUAL_IMAGES.get(image)
    if usual is not None:
        return usual
    channels, height, width = image
    if channels > _FEW:
        cost, of_side = _map_channels_cost(channels), _map_side_cost
    else:
        cost, of_side = {1: 0.3, 3: 0.0}.get(channels, 0.8), _side_cost
    return cost + (of_side(height) + of_side(width)) / 2 + (0 if height == width else 1.5)


def _side_cost(side: int) -> float:
    usual = _USUAL_SIDES.get(side)
    if usual is not None:
        return usual
    return 2.0 if side % 8 == 0 else 2.6 if side % 10 == 0 else 2.8 if side % 2 == 0 else 3.0


def _map_channels_cost(channels: int) -> float:
    """Of what is no image but another layer's output."""
    return 1.6 if channels % 16 == 0 or channels == 8 else min(3.0, 2.0 + 0.05 * channels)


def _map_side_cost(side: int) -> float:
    return 0.0 if side in _USUAL_MAP_SIDES else 0.5 if side <= 64 else 1.0


def _size_cost(image: Shape, size: InputSize | None) -> float:
    if size is None:
        return 0
    places = [place for place, (low, high) in enumerate(size.values) if low <= prod(image) <= high]
    return OLD_UNIT * (places[0] > 0) if places else WRONG_SIZE


def is_possible_image(image: Shape) -> bool:
    """Whether an architecture may have this input shape."""
    limits = (MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, MAX_IMAGE_SIDE)
    return len(image) == 3 and all(
        1 <= size <= limit for size, limit in zip(image, limits, strict=True)
    )


# --- a first convolution, solved backwards --------------------------------------------------------


Pair = tuple[int, int]


@dataclass(frozen=True)
class _Window:
    """One split of a convolution's parameters."""

    cost: float
    channels: int
    kernel: tuple[int, int]
    groups: int
    bias: bool


class _Way(NamedTuple):
    """How a window gives the output: the image that it takes, and by which stride and border."""

    cost: float
    image: Shape
    stride: Pair
    padding: Pair | str


@lru_cache(maxsize=128)
def _first_convolutions(wanted: Wanted, told: Told) -> tuple[Option, ...]:
    if len(wanted.output_shape) != 3:
        return ()
    outputs = wanted.output_shape[0]
    solutions = [
        (cost, way.image, _arguments(window, way, outputs))
        for cost, window, way in _plain_enough(wanted, told)
    ]
    found: list[Option] = []
    alike: Counter[tuple[Any, ...]] = Counter()
    plainest = heapq.nsmallest(
        _MAX_TRIED, solutions, key=lambda solution: (solution[0], repr(solution))
    )
    for cost, image, arguments in plainest:
        window_of = image[0], arguments["kernel_size"], arguments["bias"]
        if alike[window_of] >= MAX_ALIKE:
            continue
        try:
            layer = spec.Conv2d(**arguments)
        except ValidationError:  # beyond a bound of the field
            continue
        if result(layer, image) == (wanted.output_shape, wanted.params):
            padded = is_padded(spec.pair(layer.kernel_size), layer.padding)
            found.append(Option(cost, (layer,), layer.bias, padded, input_shape=image))
            alike[window_of] += 1
            if len(found) == MAX_FIRST_OPTIONS:
                break
    return tuple(found)


def _plain_enough(wanted: Wanted, told: Told) -> list[tuple[float, _Window, _Way]]:
    """(cost, window, way) of all that costs little enough above the cheapest to be offered."""
    found: list[tuple[float, _Window, _Way]] = []
    cheapest = inf
    for window in heapq.nsmallest(
        _MAX_WINDOWS, _windows(wanted), key=lambda window: (window.cost, window.kernel)
    ):
        if window.cost > cheapest + _TOO_COSTLY:
            break
        for way in _ways(window, wanted.output_shape):
            if is_possible_image(way.image):
                of_image = image_cost(way.image, told)
                cost = window.cost + way.cost + of_image
                cost = min(cost, PATCHES + of_image) if _is_patches(window, way) else cost
                cheapest = min(cheapest, cost)
                if cost <= cheapest + _TOO_COSTLY:
                    found.append((cost, window, way))
    return [solution for solution in found if solution[0] <= cheapest + _TOO_COSTLY]


def _arguments(window: _Window, way: _Way, out_channels: int) -> dict[str, Any]:
    return {
        "out_channels": out_channels,
        "kernel_size": plain(window.kernel),
        "stride": plain(way.stride),
        "padding": way.padding if isinstance(way.padding, str) else plain(way.padding),
        "groups": window.groups,
        "bias": window.bias,
    }


def _windows(wanted: Wanted) -> Iterator[_Window]:
    """Every split of the parameters into channels, window, groups and bias."""
    outputs = wanted.output_shape[0]
    for bias in (True, False):
        weights, rest = divmod(wanted.params - bias * outputs, outputs)
        if rest or not 1 <= weights <= MAX_IMAGE_CHANNELS * _MAX_SQUARE**2:
            continue
        for channels in divisors(weights) if wanted.in_channels is None else (wanted.in_channels,):
            if weights % channels:
                continue
            for kernel in _kernels(channels, weights // channels):
                if wanted.kernel_size in (None, kernel) and wanted.groups in (None, 1):
                    yield _Window(_kernel_cost(kernel, wanted), channels, kernel, 1, bias)
        if (
            outputs % 3 == 0 and wanted.groups in (None, 3) and wanted.in_channels in (None, 3)
        ):  # three groups, one for each colour
            for kernel in _kernels(1, weights):
                if wanted.kernel_size in (None, kernel):
                    yield _Window(
                        _kernel_cost(kernel, wanted) + groups_cost(3, 3, kernel), 3, kernel, 3, bias
                    )


def _kernels(channels: int, area: int) -> Iterator[tuple[int, int]]:
    if channels > MAX_IMAGE_CHANNELS or area > max(_MAX_SQUARE**2, _MAX_OBLONG_AREA):
        return
    side = isqrt(area)
    if side * side == area and side <= _MAX_SQUARE:
        yield side, side
    if area <= (_MAX_OBLONG_AREA if channels <= _FEW else 15):
        oblong = ((rows, area // rows) for rows in divisors(area) if rows * rows != area)
        yield from (kernel for kernel in oblong if 1 in kernel or kernel in _OF_SPECTROGRAMS)


_USUAL_LENGTHS = (3, 5, 7, 9, 10, 11, 15, 16, 20, 25, 30, 32, 50, 64, 65, 100, 125, 128, 250, 256)

# Windows of the published networks for speech.
_OF_SPECTROGRAMS = ((10, 4), (20, 8), (21, 8), (41, 11), (21, 11))
# Times as long as it is wide is a map of signals over time, such as 22 electrodes × 256 samples.
_LONG = 6
ALONG_TIME = -0.4  # for a window along such a map alone
ACROSS_SIGNALS = 1.0  # for a square window that mixes neighbouring signals


def _kernel_cost(kernel: tuple[int, int], wanted: Wanted) -> float:
    rows, columns = kernel
    height, width = wanted.output_shape[1:]
    if max(height, width) >= _LONG * min(height, width):
        time = rows if height > width else columns
        along = (
            ALONG_TIME
            if time == rows * columns > 1
            else ACROSS_SIGNALS
            if rows == columns > 3
            else 0
        )
        return along + _plain_kernel_cost(kernel, wanted)
    return _plain_kernel_cost(kernel, wanted)


def _plain_kernel_cost(kernel: tuple[int, int], wanted: Wanted) -> float:
    rows, columns = kernel
    if rows != columns:  # fits an oblong map; along one axis it is plainer, as over time
        unlike = 1.5 if wanted.output_shape[1] == wanted.output_shape[2] else 0
        if kernel in _OF_SPECTROGRAMS:
            return unlike + 1.4
        return (
            unlike
            + 1.2
            + 0.005 * max(kernel)
            + (0 if max(kernel) in _USUAL_LENGTHS else 0.8 if max(kernel) <= 32 else 1.5)
        )
    return {3: 0.0, 1: 0.1, 5: 0.2, 7: 0.3}.get(rows, (0.5 if rows % 2 else 0.8) + 0.03 * rows)


def _is_patches(window: _Window, way: _Way) -> bool:
    rows, columns = window.kernel
    usual = (
        window.channels == 3
        and rows == columns
        and rows in (4, 7, 8, 14, 16, 32)
        and set(way.image[1:]) <= _USUAL_SIDES.keys()
    )
    return usual and way.stride == window.kernel and way.padding == (0, 0)


def _ways(window: _Window, output_shape: Shape) -> Iterator[_Way]:
    """Every usual way in which the window gives the output."""
    sides = output_shape[1:]
    for stride in _strides(window.kernel):
        for padding, of_padding in _paddings(window.kernel, stride):
            plainly = window.channels <= _FEW and stride == (1, 1) and of_padding <= 0.5
            cost = of_padding + _step_cost(window.kernel, stride, padding)
            for before in _sides_before(sides, window.kernel, stride, padding):
                bonus = PLAIN_WAY if plainly and not set(before) <= _USUAL_SIDES.keys() else 0
                malus = LONGER_THAN_THE_IMAGE * any(
                    k > n for k, n in zip(window.kernel, before, strict=True)
                )
                yield _Way(cost - bonus + malus, (window.channels, *before), stride, padding)


def _strides(kernel: Pair) -> set[Pair]:
    """Of an oblong window the one too that moves along its length alone."""
    strides = {(s, s) for s in (1, 2, 3, 4, 5)} | {kernel}
    if kernel[0] == kernel[1]:
        return strides | {(max(1, kernel[0] // 2),) * 2}
    return strides | {(1, 2), (2, 1)}


@lru_cache(maxsize=1024)
def _paddings(kernel: Pair, stride: Pair) -> tuple[tuple[Pair | str, float], ...]:
    """Paddings with their costs: none, half the window (of an even one, rounded either way), a few
    more, "same".
    """
    half, up = tuple((k - 1) // 2 for k in kernel), tuple(k // 2 for k in kernel)
    found: dict[Pair | str, float] = {}
    for padding in ((0, 0), half, up, (1, 1), (2, 2), (3, 3)):
        rows, columns = padding
        costs = [
            _one_padding_cost(p, h, u, k, s)
            for p, h, u, k, s in zip(padding, half, up, kernel, stride, strict=True)
        ]
        if padding == up != half and kernel[0] != kernel[1]:
            costs = [0.4]
        if (kernel, stride, padding) == ((11, 11), (4, 4), (2, 2)):  # AlexNet's
            costs = [0.2]
        found.setdefault((rows, columns), max(costs))
    is_odd = half == up
    if stride == (1, 1) and not is_odd:
        found["same"] = 0.5 if 1 in kernel else 2.0 if kernel[0] == kernel[1] else 1.0
    return tuple(found.items())


def _one_padding_cost(padding: int, half: int, up: int, reach: int, stride: int) -> float:
    if padding == up != half:
        return 1.0
    if 0 < padding == half != up and stride == 1:  # the map shrinks by one, which is seldom meant
        return 0.8
    return (
        1.2
        if 0 < padding <= 3 and padding != half and reach >= 5
        else padding_cost(padding, half, reach)
    )


def _step_cost(kernel: Pair, stride: Pair, padding: Pair | str) -> float:
    paddings = (0, 0) if isinstance(padding, str) else padding
    cost = max(stride_cost(s, p, k) for s, p, k in zip(stride, paddings, kernel, strict=True))
    return cost + (1.0 if stride[0] != stride[1] else 0)


def _sides_before(
    sides: Shape, reach: Iterable[int], stride: Pair, padding: Pair | str
) -> Iterator[Shape]:
    """Sizes that the window brings to `sides`: several, where the stride leaves the last rows and
    columns out.
    """
    if isinstance(padding, str):
        yield sides
        return
    axes = []
    for o, r, s, p in zip(sides, reach, stride, padding, strict=True):
        least = (o - 1) * s + r - 2 * p
        lost = range(s) if s <= 5 else [n for n in range(s) if n == 0 or least + n in _USUAL_SIDES]
        axes.append([least + n for n in lost if least + n >= 1])
    if sides[0] == sides[1]:
        yield from ((a, b) for a, b in itertools.product(*axes) if a == b)
    else:
        yield from itertools.islice(itertools.product(*axes), 16)


# --- before a first row of another kind -----------------------------------------------------------


def _images(wanted: Wanted, told: Told) -> list[tuple[float, Shape]]:
    """Images that may have gone in, the likeliest first, with what it costs to assume them."""
    if len(wanted.output_shape) != 3 and LAYERS[wanted.kind].takes == "map":
        return []
    if wanted.input_shape is None:
        found = _BEFORE.get(wanted.kind, _before_unchanged)(wanted)
    else:
        found = (
            [wanted.input_shape]
            if len(wanted.input_shape) == 3
            else _images_of(wanted.input_shape[0])
        )
    images = {image for image in found if is_possible_image(image)}
    return sorted((image_cost(image, told), image) for image in images)[:_MAX_IMAGES]


def _before_pool(wanted: Wanted) -> Iterator[Shape]:
    channels, height, width = wanted.output_shape
    for factor, extra in itertools.product((1, 2, 3, 4), (0, 1, 2)):
        yield channels, factor * height + extra, factor * width + extra


def _before_pad(wanted: Wanted) -> Iterator[Shape]:
    channels, height, width = wanted.output_shape
    for border in (*range(13), 14, 16, 18, 20, 30, 40):
        yield channels, height - border, width - border


def _before_upsampling(wanted: Wanted) -> Iterator[Shape]:
    channels, *sides = wanted.output_shape
    for scale in (2, 4, 3, 8, 5, 6, 7, 1):
        if all(side % scale == 0 for side in sides):
            yield channels, *(side // scale for side in sides)


def _before_linear(wanted: Wanted) -> Iterator[Shape]:
    for features in linear_features(wanted):
        yield from _images_of(features)


def _before_unchanged(wanted: Wanted) -> Iterable[Shape]:
    return (
        [wanted.output_shape]
        if len(wanted.output_shape) == 3
        else _images_of(wanted.output_shape[0])
    )


_BEFORE: dict[str, Callable[[Wanted], Iterable[Shape]]] = {
    "Linear": _before_linear,
    "ZeroPad2d": _before_pad,
    "ReflectionPad2d": _before_pad,
    "Upsample": _before_upsampling,
    **dict.fromkeys(("MaxPool2d", "AvgPool2d"), _before_pool),
}


def _images_of(features: int) -> Iterator[Shape]:
    """Images that flatten to so many values: square grey and colour ones, or the squarest."""
    for channels in (1, 3, 2, 4):
        side = isqrt(features // channels)
        if channels * side * side == features:
            yield channels, side, side
    height = next(height for height in range(isqrt(features), 0, -1) if features % height == 0)
    yield 1, height, features // height
