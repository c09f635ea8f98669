"""Operators that slide a window over a map, and borders: convolutions, poolings, Pad."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from explorer.imports.onnx_file.model import Step, shortest
from explorer.imports.onnx_file.reading import Padded, Reading, Value, refused
from explorer.imports.source.graph import GraphNode
from explorer.network.axes import Padding, Window
from explorer.network.sides import windows_in
from explorer.network.spec import (
    Flatten,
)


def _kernel(step: Step, kernel: Sequence[int]) -> tuple[int, int]:
    if len(kernel) != 2:
        sides = f"{len(kernel)} dimension" + ("s" if len(kernel) != 1 else "")
        raise refused(step, f"slides over {sides}; layers here slide over rows and columns")
    return int(kernel[0]), int(kernel[1])


def _borders(run: Reading, step: Step, node: GraphNode, kernel: Sequence[int]) -> Padding:
    """The border that a node pads its map with: ((above, below), (left, right))."""
    how = step.attributes.get("auto_pad", "NOTSET")
    if how in ("SAME_UPPER", "SAME_LOWER"):
        strides, dilations = _two(step, "strides"), _two(step, "dilations")
        found = []
        for side, size, stride, dilation in zip(
            run.sides(node, step), kernel, strides, dilations, strict=True
        ):
            reach = dilation * (size - 1) + 1
            total = max(0, (-(-side // stride) - 1) * stride + reach - side)
            less, more = total // 2, total - total // 2
            found.append((less, more) if how == "SAME_UPPER" else (more, less))
        return found[0], found[1]
    pads = step.attributes.get("pads", [0, 0, 0, 0]) if how == "NOTSET" else [0, 0, 0, 0]
    if len(pads) != 4 or any(pad < 0 for pad in pads):
        raise refused(step, "has other pads than a border on four sides")
    return (pads[0], pads[2]), (pads[1], pads[3])


def _two(step: Step, name: str, default: int = 1) -> tuple[int, int]:
    given = step.attributes.get(name) or [default, default]
    if len(given) != 2:
        raise refused(step, f"has {name} for {len(given)} dimensions; here they are two")
    return int(given[0]), int(given[1])


def _is_even(borders: Padding) -> bool:
    return all(before == after for before, after in borders)


def _firsts(borders: Padding) -> list[int]:
    return [before for before, _ in borders]


def _bordered(run: Reading, step: Step, node: GraphNode, borders: Padding) -> GraphNode:
    """The map behind a layer that gives it a border of zeros."""
    (above, below), (left, right) = borders
    return run.layer("ZeroPad2d", {"padding": [left, right, above, below]}, node, step)


def conv(run: Reading, step: Step) -> GraphNode:
    weight = run.weights(step, 1).shape
    kernel, groups = _kernel(step, weight[2:]), step.attributes.get("group", 1)
    given: dict[str, Any] = {
        "in_channels": weight[1] * groups,
        "out_channels": weight[0],
        "kernel_size": kernel,
        "stride": _two(step, "strides"),
        "dilation": _two(step, "dilations"),
        "groups": groups,
        "bias": run.has(step, 2),
    }
    before = run.value(step, 0)
    is_own_border = (
        isinstance(before, Padded)
        and before.mode in _CONV_BORDERS
        and _is_even(before.borders)
        and _has_no_border(step)
    )
    if isinstance(before, Padded) and is_own_border:
        node, borders = before.node, before.borders
        given["padding_mode"] = _CONV_BORDERS[before.mode]
    else:
        node = run.map(step)
        borders = _borders(run, step, node, kernel)
    if _is_even(borders):
        given["padding"] = _firsts(borders)
    elif given["stride"] == (1, 1) and step.attributes.get("auto_pad") == "SAME_UPPER":
        given["padding"] = "same"
    else:
        node = _bordered(run, step, node, borders)
    return run.layer("Conv2d", given, node, step)


def _has_no_border(step: Step) -> bool:
    how = step.attributes.get("auto_pad", "NOTSET")
    return how == "VALID" or (how == "NOTSET" and not any(step.attributes.get("pads", ())))


_CONV_BORDERS = {"edge": "replicate", "wrap": "circular"}


def conv_transpose(run: Reading, step: Step) -> GraphNode:
    weight = run.weights(step, 1).shape
    kernel, groups = _kernel(step, weight[2:]), step.attributes.get("group", 1)
    is_sized = step.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")
    if is_sized or "output_shape" in step.attributes:
        raise refused(step, "is given the size that comes out; a layer here is given its padding")
    node = run.map(step)
    cut = _borders(run, step, node, kernel)
    if not _is_even(cut):
        raise refused(step, "cuts off more on one side than on the other, which no layer here does")
    given = {
        "in_channels": weight[0],
        "out_channels": weight[1] * groups,
        "kernel_size": kernel,
        "stride": _two(step, "strides"),
        "padding": _firsts(cut),
        "output_padding": _two(step, "output_padding", 0),
        "groups": groups,
        "dilation": _two(step, "dilations"),
        "bias": run.has(step, 2),
    }
    return run.layer("ConvTranspose2d", given, node, step)


# --- pooling --------------------------------------------------------------------------------------


def max_pool(run: Reading, step: Step) -> GraphNode:
    if step.outputs[1:] and run.uses[step.outputs[1]]:
        raise refused(step, "also gives the places of the maxima, which no layer here does")
    before = run.value(step, 0)
    is_lowest = (
        isinstance(before, Padded)
        and before.mode == "lowest"
        and step.attributes.get("auto_pad", "NOTSET") in ("NOTSET", "VALID")
    )
    node = before.node if isinstance(before, Padded) and is_lowest else run.map(step)
    kernel = _kernel(step, step.attributes.get("kernel_shape", ()))
    borders = _borders(run, step, node, kernel)
    if isinstance(before, Padded) and is_lowest:
        borders = _sum_of(before.borders, borders)
    padding, ceil_mode = _pool_border(run, step, node, kernel, borders)
    given = {
        "kernel_size": kernel,
        "stride": _pool_stride(step, kernel),
        "padding": padding,
        "dilation": _two(step, "dilations"),
        "ceil_mode": ceil_mode,
    }
    return run.layer("MaxPool2d", given, node, step)


def _sum_of(one: Padding, other: Padding) -> Padding:
    (above, below), (left, right) = one
    (more_above, more_below), (more_left, more_right) = other
    return (above + more_above, below + more_below), (left + more_left, right + more_right)


def average_pool(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    kernel = _kernel(step, step.attributes.get("kernel_shape", ()))
    borders = _borders(run, step, node, kernel)
    if _two(step, "dilations") != (1, 1):
        raise refused(step, "has dilations, which AvgPool2d has not")
    counts = bool(step.attributes.get("count_include_pad", 0))
    if counts and not _is_even(borders):
        node, borders = _bordered(run, step, node, borders), ((0, 0), (0, 0))
    padding, ceil_mode = _pool_border(run, step, node, kernel, borders)
    given = {
        "kernel_size": kernel,
        "stride": _pool_stride(step, kernel),
        "padding": padding,
        "ceil_mode": ceil_mode,
        "count_include_pad": counts or not any(padding),
    }
    return run.layer("AvgPool2d", given, node, step)


def _pool_stride(step: Step, kernel: Sequence[int]) -> tuple[int, int] | None:
    """None where it is the kernel's, as torch's poolings have it by themselves."""
    strides = _two(step, "strides")
    return None if strides == kernel else strides


def _pool_border(
    run: Reading, step: Step, node: GraphNode, kernel: Sequence[int], borders: Padding
) -> tuple[list[int], bool]:
    """The padding of a pooling, and whether its last windows hang over: so torch gives a border
    that is wider at the end.
    """
    is_ceiled = bool(step.attributes.get("ceil_mode", 0))
    if _is_even(borders):
        return _firsts(borders), is_ceiled
    strides, dilations = _two(step, "strides"), _two(step, "dilations")
    sides = run.sides(node, step)
    for hangs_over in (False, True):
        fits = [
            windows_in(side, Window(size, stride, *border, dilation), is_ceiled)
            == windows_in(side, Window(size, stride, border[0], border[0], dilation), hangs_over)
            for side, size, stride, dilation, border in zip(
                sides, kernel, strides, dilations, borders, strict=True
            )
        ]
        if all(fits):
            return _firsts(borders), hangs_over
    raise refused(step, "has a border on some sides alone, which no pooling here has")


def global_pool(kind: str) -> Callable[[Reading, Step], GraphNode]:
    def pool(run: Reading, step: Step) -> GraphNode:
        node = run.map(step)
        if len(node.shape) != 3:
            raise refused(step, "gets a vector, but is for maps")
        return run.layer(kind, {"output_size": 1}, node, step)

    return pool


def reduced(kind: str) -> Callable[[Reading, Step], GraphNode]:
    def reduce(run: Reading, step: Step) -> GraphNode:
        node = run.map(step)
        axes = run.integers(step, 1, "axes") or []
        rank = len(node.shape) + 1
        if rank != 4 or {axis % rank for axis in axes} != {2, 3}:
            raise refused(step, "is over other dimensions than rows and columns")
        node = run.layer(kind, {"output_size": 1}, node, step)
        keeps = step.attributes.get("keepdims", 1)
        return node if keeps else run.after(Flatten(), node, step)

    return reduce


# --- borders as layers of their own ---------------------------------------------------------------


def pad(run: Reading, step: Step) -> Value:
    node = run.map(step)
    pads = run.integers(step, 1, "pads") or []
    rank = len(node.shape) + 1
    named = run.numbers(step, 3, "axes")
    axes = list(range(rank)) if named is None else [int(n) % rank for n in np.ravel(named)]
    if len(pads) != 2 * len(axes):
        raise refused(step, "has pads for other dimensions than its map has")
    borders = {axis: (pads[n], pads[n + len(axes)]) for n, axis in enumerate(axes)}
    if any(n < 0 for border in borders.values() for n in border):
        raise refused(step, "cuts off a part of its map; a network here passes whole maps on")
    rows, columns = borders.get(2, (0, 0)), borders.get(3, (0, 0))
    if rank != 4:
        raise refused(step, "pads a vector; a layer here pads rows and columns")
    if any(any(border) for axis, border in borders.items() if axis not in (2, 3)):
        raise refused(step, "adds channels or images; a layer here adds rows and columns")
    if not any((*rows, *columns)):
        return node
    quad, mode = [*columns, *rows], step.attributes.get("mode", "constant")
    if mode == "reflect":
        return run.layer("ReflectionPad2d", {"padding": quad}, node, step)
    if mode != "constant":
        return Padded(node, mode, (rows, columns))
    filling = run.numbers(step, 2, "the value")
    value = float(step.attributes.get("value", 0.0) if filling is None else np.ravel(filling)[0])
    if value < -1e30:
        return Padded(node, "lowest", (rows, columns))
    if value == 0:
        return run.layer("ZeroPad2d", {"padding": quad}, node, step)
    return run.layer("ConstantPad2d", {"padding": quad, "value": shortest(value)}, node, step)
