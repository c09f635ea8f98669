"""Every answer to a row: its layer, and what ran before it without a row of its own.

Two things run in forward() that a table has no row for: flattening, which costs nothing to assume,
and pooling, which is seen only by the map being smaller at the next row. The first row, before
which stands the image, is first_row.py's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf, isqrt, prod

from explorer.imports.summary.candidates import MAX_CANDIDATES, Wanted, candidates
from explorer.network import spec
from explorer.network.spec import Layer, Shape

MAX_OPTIONS = 24  # of one row
# Pooling that no row shows is considered beside an answer without it only where that answer is not
# PLAIN, and where the pooling and the layer after it are. Where nothing fits without pooling, other
# windows are considered too.
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


def options(wanted: Wanted, shape: Shape, at_most: int = MAX_CANDIDATES) -> list[Option]:
    """The answers to a row after `shape`, plainest first, `at_most` for each way to it; none where
    none fits.
    """
    found: list[Option] = []
    for bridge in bridges_to(wanted, shape):
        if found and found[0].cost < PLAIN and not found[0].pools:
            break
        if (
            found
            and bridge.pools
            and bridge.cost > (found[0].cost + 1 if found[0].pools else PLAIN_POOLING)
        ):
            continue
        if (
            found
            and wanted.kind == "Conv2d"
            and not _is_within_a_window(bridge.shape, wanted.output_shape)
        ):
            continue
        found += [
            Option(
                bridge.cost + fits.cost,
                (*bridge.layers, fits.layer),
                fits.bias,
                fits.padded,
                bridge.pools,
                fits.loses,
            )
            for fits in candidates(wanted, bridge.shape, at_most, FAIRLY_PLAIN if found else inf)
            if not found or getattr(fits.layer, "stride", 1) == 1
        ]
    return sorted(found, key=lambda option: option.cost)[:MAX_OPTIONS]


def _is_within_a_window(shape: Shape, output_shape: Shape) -> bool:
    """Can a plain window that moves by 1 bring the one to the other; asked first, since most
    can't.
    """
    return all(
        output <= side <= output + WIDEST - 1
        for side, output in zip(shape[1:], output_shape[1:], strict=True)
    )


# --- between two rows -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Bridge:
    """Layers that ran between two rows without a row of their own."""

    cost: float
    layers: tuple[Layer, ...]
    shape: Shape  # after them
    pools: bool = False


def bridges(shape: Shape, target: Shape) -> Iterator[Bridge]:
    """Ways from one shape to another by flattening and pooling alone, plainest first; none where
    there is none.
    """
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
    """Ways to make each map smaller.

    Down to one value it is the mean, which many networks end with and is no habit.
    """
    if (
        shape[0] != target[0]
        or shape == target
        or any(n < o for n, o in zip(shape[1:], target[1:], strict=True))
    ):
        return
    to_one = target[1:] == (1, 1)
    costs = {"AvgPool2d": 1.2, "MaxPool2d": 1.6} if to_one else {"MaxPool2d": 0.0, "AvgPool2d": 0.4}
    adaptive = candidates(Wanted("AdaptiveAvgPool2d", target), shape, at_most=1)[0].layer
    found = [Bridge(1.0 if to_one else 2.5, (adaptive,), target, pools=not to_one)]
    for kind, cost in costs.items():
        for fits in candidates(Wanted(kind, target), shape, at_most=2):
            found.append(Bridge(cost + fits.cost, (fits.layer,), target, pools=not to_one))
    yield from sorted(found, key=lambda bridge: bridge.cost)


def bridges_to(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
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
                max(2, output) <= side <= 2 * output + 16
                for side, output in zip(sides, wanted.output_shape[1:], strict=True)
            ):
                yield from _poolings(shape, (shape[0], *sides))


def _to_linear(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    for features in linear_features(wanted):
        yield from bridges(shape, (features,))


def _to_flatten(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    """To the map that a Flatten with a row of its own took."""
    if wanted.output_shape == (prod(shape),):
        yield Bridge(0, (), shape)
    elif len(shape) == 3 and len(wanted.output_shape) == 1:
        side = isqrt(wanted.output_shape[0] // shape[0])
        if side:
            yield from _poolings(shape, (shape[0], side, side))


def _as_it_is(wanted: Wanted, shape: Shape) -> Iterator[Bridge]:
    """Nothing ran before it that has no row: what it takes does not follow from what it gives."""
    yield Bridge(0, (), shape)


_TO_INPUT: dict[str, Callable[[Wanted, Shape], Iterator[Bridge]]] = {
    "Conv2d": _to_conv,
    "Linear": _to_linear,
    "Flatten": _to_flatten,
    "ConvTranspose2d": _as_it_is,
    **dict.fromkeys(("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"), _to_map),
    **dict.fromkeys(("ZeroPad2d", "ReflectionPad2d", "Upsample"), _to_map),
}


def linear_features(wanted: Wanted) -> Iterator[int]:
    """How many values a Linear with so many parameters takes: with a bias, and without."""
    outputs = wanted.output_shape[0]
    for bias in (True, False):
        features, rest = divmod(wanted.params - bias * outputs, outputs)
        if not rest and features >= 1:
            yield features
