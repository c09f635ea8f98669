"""By which strides, paddings and dilations a window brings a map to another size, and how plain
each way is.

A cost is the number of ways in which one would wonder: 0 is what anyone would write, 1 raises a
brow, from 3 on it is only believed for want of anything else. Rows and columns are solved apart,
since both have few answers, and brought together where they agree; where they don't, or a window is
oblong, in pairs.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from explorer.network.spec import Shape

MAX_WINDOWS = 8  # ways that are returned; more would help nobody to choose
_DILATIONS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 18, 24)  # of larger windows only the first three
_MAX_AXIS_OPTIONS = 40  # of one axis, before both are brought together


# --- convolutions ---------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def conv_windows(
    kernel: tuple[int, int], sides: Shape, outputs: Shape
) -> tuple[tuple[float, Any, Any, Any], ...]:
    """(cost, stride, padding, dilation) that bring `sides` to `outputs`, the plainest few."""
    axes = [_conv_axis(k, n, o) for k, n, o in zip(kernel, sides, outputs, strict=True)]
    found: list[tuple[float, Any, Any, Any]] = [
        (max(cost, axes[1][option]), *option)
        for option, cost in axes[0].items()
        if option in axes[1]
    ]
    if sides == outputs and (kernel[0] % 2 == 0 or kernel[1] % 2 == 0):
        found.append((0.8, 1, "same", 1))
    oblong = kernel[0] != kernel[1]
    if oblong or not found or min(cost for cost, *_ in found) > 2:
        # For a stride, a padding, a dilation that differs between the axes.
        unlike = (1.5, 0 if oblong else 1, 2)
        pairs = [
            (
                max(cost_a, cost_b)
                + sum(extra for extra, x, y in zip(unlike, a, b, strict=True) if x != y),
                a,
                b,
            )
            for (a, cost_a), (b, cost_b) in _pairs(axes[0], axes[1], limit=6)
            if a != b
        ]
        found += [
            (cost, *(plain(both) for both in zip(a, b, strict=True)))
            for cost, a, b in heapq.nsmallest(MAX_WINDOWS, pairs)
        ]
    return tuple(heapq.nsmallest(MAX_WINDOWS, found, key=lambda option: (option[0], str(option))))


@lru_cache(maxsize=1024)
def _conv_axis(kernel: int, side: int, output: int) -> dict[tuple[int, int, int], float]:
    """(stride, padding, dilation) that bring one side to `output`, with their costs, cheapest
    first.
    """
    found: dict[tuple[int, int, int], float] = {}
    for dilation in (1,) if kernel == 1 else _DILATIONS if kernel <= 5 else _DILATIONS[:3]:
        reach = dilation * (kernel - 1) + 1
        half = (reach - 1) // 2
        strides = {1, 2, 3, 4, 5, kernel}
        for padding in (0, half):  # and the strides that these two paddings ask for
            spare = side + 2 * padding - reach
            if spare >= 0:
                strides |= {spare // output + 1, spare // max(1, output - 1)}
        for stride in strides:
            # 2·padding lies between these, by the rounding down of torch's rule.
            low = (output - 1) * stride + reach - side
            for padding in range(max(0, -(-low // 2)), (low + stride - 1) // 2 + 1)[:4]:
                if stride < 1 or padding > 1024 or (stride > 1 and padding > reach + 4):
                    continue
                lost = output > 1 and (side + 2 * padding - reach) % stride
                found[stride, padding, dilation] = (
                    stride_cost(stride, padding, kernel)
                    + padding_cost(padding, half, reach)
                    + dilation_cost(dilation, padding, half)
                    + 2 * (dilation > 1 and stride > 1)
                    + (0.05 if lost else 0)
                )
    if output == 1:  # one window doesn't move: only the plainest stride means anything
        found = _plainest_of_each(found, lambda option: option[1:])
    return _cheapest(found)


def stride_cost(stride: int, padding: int, kernel: int) -> float:
    if stride == 1:
        return 0
    if stride == 2:
        return 0.5 if kernel > 1 else 1.5  # a window that leaves pixels out is rare
    if stride == kernel and padding == 0 and kernel % 2 == 0:  # patches, as in vision transformers
        return 1.5
    if stride == 4 and kernel >= 7:
        return 1
    return (2 if stride <= kernel else 3) + 0.1 * stride


def padding_cost(padding: int, half: int, reach: int) -> float:
    if padding == 0:
        return 0
    if padding == half:
        return 0.2
    if padding == reach // 2:  # of an even window
        return 1.0
    return 2 + 0.01 * padding if padding < reach else 3 + 0.1 * (padding - reach)


def dilation_cost(dilation: int, padding: int, half: int) -> float:
    if dilation == 1:
        return 0
    return (1.2 if padding in (0, half) else 2) + 0.3 * (dilation - 1)


# --- pooling --------------------------------------------------------------------------------------

Pair = tuple[int, int]
Reaches = Iterable[Pair | None]  # of a window on both axes; None where it is not known
AxisCosts = dict[tuple[int, int, int, int], float]
ALONG_ONE_AXIS = 0.3  # for a window of 1 across the other
_LONGEST_STRIDE = 32  # of a window that overlaps, where the table does not give it


def pool_windows(
    sides: Shape, outputs: Shape, reaches: Reaches = (None,)
) -> Iterator[tuple[float, Pair, Pair, Pair, bool]]:
    """(cost, window, stride, padding, ceil_mode) that bring `sides` to `outputs`.

    `reaches` are the pixels that the table's kernel may span, where it gives one. Such a window is
    tried at every padding, so that there is no way where none is found. Without one there always
    is, unless the map grows.
    """
    for reach in reaches:
        rows, columns = (
            _pool_axis(*axis) for axis in zip(sides, outputs, reach or (None, None), strict=True)
        )
        yield from _pool_windows(sides, outputs, rows, columns, is_given=reach is not None)


def _pool_windows(
    sides: Shape, outputs: Shape, rows: AxisCosts, columns: AxisCosts, is_given: bool
) -> Iterator[tuple[float, Pair, Pair, Pair, bool]]:
    """The ways of both axes brought together: alike where they agree, else in pairs."""
    both = {
        (option, option): max(cost, columns[option])
        for option, cost in rows.items()
        if option in columns
    }
    if is_given or not both or min(both.values()) > 2:
        for ceil_mode in (0, 1):
            down, across = (
                {way: cost for way, cost in axis.items() if way[3] == ceil_mode}
                for axis in (rows, columns)
            )
            for (a, cost_a), (b, cost_b) in _pairs(down, across, _MAX_AXIS_OPTIONS):
                # Across an axis that keeps its size the window is 1: it moves along the other
                # alone.
                stays = [
                    s == o and way[:3] == (1, 1, 0)
                    for s, o, way in zip(sides, outputs, (a, b), strict=True)
                ]
                if a != b and any(stays):
                    both[a, b] = (cost_b if stays[0] else cost_a) + (
                        0 if 1 in sides else ALONG_ONE_AXIS
                    )
                elif a != b:
                    # A window that differs between the axes is odder than a stride that does.
                    unlike = zip((1.5, 0.8, 1), a, b, strict=False)
                    both[a, b] = max(cost_a, cost_b) + sum(cost for cost, x, y in unlike if x != y)
    for (a, b), cost in both.items():
        if a[3] and ((*a[:3], 0), (*b[:3], 0)) in both:  # where ceil_mode changes nothing it is off
            continue
        yield cost, (a[0], b[0]), (a[1], b[1]), (a[2], b[2]), bool(a[3])


@lru_cache(maxsize=1024)
def _pool_axis(side: int, output: int, reach: int | None) -> AxisCosts:
    """(window, stride, padding, ceil_mode) that bring one side to `output`, with their costs, the
    cheapest of each ceil_mode.
    """
    ways = _pools_to_try(side, output) if reach is None else _pools_of_window(side, output, reach)
    found: dict[tuple[int, int, int, int], float] = {}
    for kernel, stride, padding in ways:
        for ceil_mode in (0, 1):
            if _pooled(side, kernel, stride, padding, ceil_mode) == output:
                cost = _pool_cost(kernel, stride, padding, side, output)
                found[kernel, stride, padding, ceil_mode] = cost + 1.3 * ceil_mode
    if output == 1:  # one window doesn't move: only the plainest stride means anything
        found = _plainest_of_each(found, lambda option: (option[0], *option[2:]))
    return {
        way: cost
        for ceil_mode in (0, 1)
        for way, cost in _cheapest(
            {way: cost for way, cost in found.items() if way[3] == ceil_mode}
        ).items()
    }


def _pools_to_try(side: int, output: int) -> Iterator[tuple[int, int, int]]:
    """(window, stride, padding) that may be, where nothing is known of the window."""
    ratios = {side // output, -(-side // output)}
    for kernel in {*range(1, 12), side, max(1, side - output + 1)} | ratios:
        for stride in {kernel, 1, 2, 3, 4, 5} | ratios:
            for padding in {0, 1, 2, 3, kernel // 2}:
                if _can_pool(side, kernel, stride, padding):
                    yield kernel, stride, padding
    # Longer windows, which overlap: all that a stride leaves, as 67 to 81 by 15 bring 1101 to 69.
    if output > 1:
        for stride in range(1, min(_LONGEST_STRIDE, (side - 1) // (output - 1)) + 1):
            for kernel in range(
                max(12, side - output * stride + 1), side - (output - 1) * stride + 1
            ):
                yield kernel, stride, 0


def _pools_of_window(side: int, output: int, reach: int) -> Iterator[tuple[int, int, int]]:
    """(window, stride, padding) that may be, where the window is known: at each padding the
    plainest strides.
    """
    for padding in range(reach // 2 + 1):
        spare = side + 2 * padding - reach
        ends = {spare // output + 1, spare // max(1, output - 1), -(-spare // max(1, output - 1))}
        for stride in {reach, 1, 2, 3, 4, 5} | ends:
            if _can_pool(side, reach, stride, padding):
                yield reach, stride, padding


def _can_pool(side: int, kernel: int, stride: int, padding: int) -> bool:
    """Whether torch lets a window pool the side at all; with ceil_mode it may hang over by less
    than its stride.
    """
    return (
        stride >= 1
        and kernel >= 1
        and padding <= kernel // 2
        and kernel <= side + 2 * padding + stride - 1
    )


def _pooled(side: int, kernel: int, stride: int, padding: int, ceil_mode: int) -> int:
    spare = side + 2 * padding - kernel
    output = (-(-spare // stride) if ceil_mode else spare // stride) + 1
    # The last window must begin inside the map or its left padding.
    return output - 1 if ceil_mode and (output - 1) * stride >= side + padding else output


def _pool_cost(kernel: int, stride: int, padding: int, side: int, output: int) -> float:
    # The whole map; its stride left as torch has it.
    if kernel == side and output == 1 and padding == 0:
        return 0.1 if stride == kernel else 0.2
    if kernel == 1:  # it takes single values
        return 3 + 0.1 * stride
    if kernel == stride and padding == 0:
        left_over = side - output * kernel
        inexact = 0 if left_over == 0 else 0.15 if kernel == 2 else 0.6 + 0.02 * left_over
        return {2: 0.0, 3: 0.3, 4: 0.4}.get(kernel, 0.6 + 0.02 * kernel) + inexact
    if (kernel, stride) == (3, 2):
        return 0.8
    if (kernel, stride, padding) in ((3, 1, 1), (2, 1, 0)):
        return 1
    # A running mean over time.
    if kernel > 11 and kernel % stride == 0 and 2 <= kernel // stride <= 8 and padding == 0:
        return (
            1.8 + 0.005 * kernel + (0 if stride <= 8 or stride % 5 == 0 or stride % 8 == 0 else 0.4)
        )
    return 2 + 0.1 * kernel + 0.1 * stride + 0.3 * padding


# --- both axes ------------------------------------------------------------------------------------


def _pairs(
    a: dict[Any, float], b: dict[Any, float], limit: int = 12
) -> Iterator[tuple[tuple[Any, float], tuple[Any, float]]]:
    for first in list(a.items())[:limit]:
        for second in list(b.items())[:limit]:
            yield first, second


def _cheapest(found: dict[Any, float]) -> dict[Any, float]:
    return dict(
        heapq.nsmallest(_MAX_AXIS_OPTIONS, found.items(), key=lambda item: (item[1], item[0]))
    )


def _plainest_of_each(found: dict[Any, float], what: Callable[[Any], Any]) -> dict[Any, float]:
    best: dict[Any, Any] = {}
    for option in sorted(found, key=lambda option: (found[option], option)):
        best.setdefault(what(option), option)
    return {option: found[option] for option in best.values()}


def plain(values: tuple[Any, ...]) -> Any:
    return values[0] if len(set(values)) == 1 else values
