"""What each operator of ONNX is among the layers here: one row of OPERATORS each.

The operators and their defaults are those of https://onnx.ai/onnx/operators; where a default or an
input changed with a version, both forms are read.
"""

from collections.abc import Callable, Sequence
from math import inf, isclose, prod
from typing import Any

import numpy as np

from explorer.imports.onnx_file.model import Array, Step, Tensor, shortest
from explorer.imports.onnx_file.reading import Padded, Reading, Value
from explorer.imports.source.graph import GraphNode, as_one_pixel_map
from explorer.imports.source.problem import CodeProblem
from explorer.network.axes import Padding, Window
from explorer.network.sides import windows_in
from explorer.network.spec import (
    Conv2d,
    ConvTranspose2d,
    Flatten,
    GroupNorm,
    Layer,
    Linear,
    Merge,
    arguments,
    stated,
)
from explorer.text import size_text


def refused(step: Step, why: str) -> CodeProblem:
    return CodeProblem(f"{step.operator} {why}", step.number)


# --- windows --------------------------------------------------------------------------------------


def _kernel(step: Step, kernel: Sequence[int]) -> tuple[int, int]:
    if len(kernel) != 2:
        sides = f"{len(kernel)} dimension" + ("s" if len(kernel) != 1 else "")
        raise refused(step, f"slides over {sides}; layers here slide over rows and columns")
    return int(kernel[0]), int(kernel[1])


def _borders(
    run: Reading, step: Step, node: GraphNode, kernel: Sequence[int], is_ceiled: bool = False
) -> Padding:
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


def _conv(run: Reading, step: Step) -> GraphNode:
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


def _conv_transpose(run: Reading, step: Step) -> GraphNode:
    weight = run.weights(step, 1).shape
    kernel, groups = _kernel(step, weight[2:]), step.attributes.get("group", 1)
    node = run.map(step)
    cut = _borders(run, step, node, kernel)
    named = [name for name in ("output_shape",) if name in step.attributes]
    if named or step.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise refused(step, "is given the size that comes out; a layer here is given its padding")
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


def _max_pool(run: Reading, step: Step) -> GraphNode:
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


def _average_pool(run: Reading, step: Step) -> GraphNode:
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


def _global_pool(kind: str) -> Callable[[Reading, Step], GraphNode]:
    def pool(run: Reading, step: Step) -> GraphNode:
        node = run.map(step)
        if len(node.shape) != 3:
            raise refused(step, "gets a vector, but is for maps")
        return run.layer(kind, {"output_size": 1}, node, step)

    return pool


def _reduced(kind: str) -> Callable[[Reading, Step], GraphNode]:
    def reduce(run: Reading, step: Step) -> GraphNode:
        node = run.map(step)
        given = run.numbers(step, 1, "axes")
        axes = step.attributes.get("axes", ()) if given is None else np.ravel(given)
        rank = len(node.shape) + 1
        if rank != 4 or {int(axis) % rank for axis in axes} != {2, 3}:
            raise refused(step, "is over other dimensions than rows and columns")
        node = run.layer(kind, {"output_size": 1}, node, step)
        keeps = step.attributes.get("keepdims", 1)
        return node if keeps else run.after(Flatten(), node, step)

    return reduce


# --- normalisation --------------------------------------------------------------------------------


def _batch_norm(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    if not step.attributes.get("spatial", 1):
        raise refused(step, "normalises every value by itself; BatchNorm here does so by channels")
    for place in (2, 3, 4):
        run.tensor(step, place)
    momentum = step.attributes.get("momentum", 0.9)
    given = {
        "num_features": prod(run.tensor(step, 1).shape),
        "eps": step.attributes.get("epsilon", 1e-5),
        "momentum": round(1 - momentum, 6),  # torch's is the weight of the new, ONNX's of the old
    }
    return run.layer("BatchNorm2d" if len(node.shape) == 3 else "BatchNorm1d", given, node, step)


def _instance_norm(run: Reading, step: Step) -> GraphNode:
    # torch writes ones and zeros where the layer learns nothing, which is its default.
    scale, shift = (run.tensor(step, place).numbers for place in (1, 2))
    is_plain = scale is not None and shift is not None and (scale == 1).all() and (shift == 0).all()
    if is_plain:
        run.note("InstanceNorm2d is read without a scale and a shift, as they are 1 and 0", step)
    given = {
        "num_features": prod(run.tensor(step, 1).shape),
        "eps": step.attributes.get("epsilon", 1e-5),
        "affine": not is_plain,
    }
    return run.layer("InstanceNorm2d", given, run.map(step), step)


def _layer_norm(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    rank = len(node.shape) + 1
    if step.attributes.get("axis", -1) % rank != 1:
        raise refused(
            step, "normalises a part of the dimensions; LayerNorm here normalises a whole image"
        )
    if prod(run.tensor(step, 1).shape) != prod(run.shape(node, step)):
        raise refused(step, "has fewer scales than values; LayerNorm here has one for each")
    given = {"eps": step.attributes.get("epsilon", 1e-5), "bias": run.has(step, 2)}
    return run.layer("LayerNorm", given, node, step)


def _group_norm(run: Reading, step: Step) -> GraphNode:
    groups, node = step.attributes.get("num_groups", 1), run.map(step)
    scales = [prod(run.tensor(step, place).shape) for place in (1, 2)]
    if scales != [node.shape[0]] * 2:  # as in opset 18
        raise refused(step, "has a scale for each group; GroupNorm here has one for each channel")
    given = {
        "num_groups": groups,
        "eps": step.attributes.get("epsilon", 1e-5),
    }
    return run.layer("GroupNorm", given, node, step)


def _local_response_norm(run: Reading, step: Step) -> GraphNode:
    names = (
        ("size", "size", 5),
        ("alpha", "alpha", 1e-4),
        ("beta", "beta", 0.75),
        ("k", "bias", 1.0),
    )
    given = {name: step.attributes.get(theirs, default) for name, theirs, default in names}
    if given["size"] % 2 == 0:
        raise refused(step, "is over an even number of channels, of which torch takes others")
    return run.layer("LocalResponseNorm", given, run.map(step), step)


# --- Linear and shapes ----------------------------------------------------------------------------


def _gemm(run: Reading, step: Step) -> GraphNode:
    bias = run.has(step, 2)
    names = ("alpha", "beta") if bias else ("alpha",)
    scales = [step.attributes.get(name, 1.0) for name in names]
    if step.attributes.get("transA", 0) or any(scale != 1 for scale in scales):
        raise refused(step, "is no plain product with weights (transA, alpha or beta is set)")
    weight = run.weights(step, 1).shape
    rows = weight if step.attributes.get("transB", 0) else weight[::-1]
    if bias and prod(run.tensor(step, 2).shape) != rows[0]:
        raise refused(step, "adds one number to all values; Linear here has a bias for each")
    return _linear(run, step, run.map(step), rows, bias)


def _matmul(run: Reading, step: Step) -> GraphNode:
    if isinstance(run.value(step, 0), Tensor):
        raise refused(step, "multiplies by a matrix from the left, which no layer here does")
    if not isinstance(run.value(step, 1), Tensor):
        raise refused(step, "multiplies two maps as matrices, which no layer here does")
    return _linear(run, step, run.map(step), run.weights(step, 1).shape[::-1], False)


def _linear(
    run: Reading, step: Step, node: GraphNode, weight: Sequence[int], bias: bool
) -> GraphNode:
    if len(weight) != 2 or len(node.shape) != 1:
        raise refused(step, "multiplies more than a vector by a matrix, which no layer here does")
    given = {"in_features": weight[1], "out_features": weight[0], "bias": bias}
    return run.layer("Linear", given, node, step)


def _flatten(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    if step.attributes.get("axis", 1) % (len(node.shape) + 1) != 1:
        raise refused(step, "makes one vector of several images, or several of one")
    return run.after(Flatten(), node, step)


def _reshape(run: Reading, step: Step) -> GraphNode:
    given = run.numbers(step, 1, "the shape")
    target = step.attributes.get("shape", ()) if given is None else np.ravel(given)
    return reshaped(run, step, run.map(step), [int(side) for side in target])


def reshaped(run: Reading, step: Step, node: GraphNode, target: Sequence[int]) -> GraphNode:
    """A map or a vector in another shape, the batch first: as it is, flattened, or a vector of the
    channels of one pixel as a map.
    """
    if not target or not (run.keeps_batch(target[0]) or target[0] == -1):
        raise refused(step, "makes one image of several, or several of one")
    if target[0] != -1 and list(target[1:]) == [-1]:
        return run.after(Flatten(), node, step)
    shape = run.shape(node, step)
    sides = [
        shape[n - 1] if side == 0 and 0 < n <= len(shape) else side for n, side in enumerate(target)
    ][1:]
    if sides.count(-1) == 1:
        rest = prod(side for side in sides if side != -1)
        sides = [prod(shape) // max(1, rest) if side == -1 else side for side in sides]
    if tuple(sides) == shape:
        return node
    if len(sides) == 1 and sides[0] in (prod(shape), -1):
        return run.after(Flatten(), node, step)
    if len(shape) == 1 and tuple(sides) == (shape[0], 1, 1):
        found = as_one_pixel_map(run.graph, node, step.number)
        if found is not None:
            return run.made(found)
    raise refused(
        step,
        f"makes {size_text(sides[:5]) or 'a number'} of {size_text(shape)}; a network here passes "
        "maps on as they are, or flattened",
    )


def _squeezed(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    given = run.numbers(step, 1, "axes")
    axes = step.attributes.get("axes") if given is None else [int(n) for n in np.ravel(given)]
    whole = [0, *run.shape(node, step)]
    gone = (
        {n for n, side in enumerate(whole) if n and side == 1}
        if axes is None
        else {axis % len(whole) for axis in axes}
    )
    return reshaped(run, step, node, [side for n, side in enumerate(whole) if n not in gone])


def _unsqueezed(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    given = run.numbers(step, 1, "axes")
    axes = step.attributes.get("axes", ()) if given is None else np.ravel(given)
    whole = [0, *run.shape(node, step)]
    rank = len(whole) + len(axes)
    added = {int(axis) % rank for axis in axes}
    sides = iter(whole)
    return reshaped(run, step, node, [1 if n in added else next(sides) for n in range(rank)])


def _transpose(run: Reading, step: Step) -> GraphNode:
    node, order = run.map(step), step.attributes.get("perm")
    if order == list(range(len(node.shape) + 1)):
        return node
    raise refused(step, "changes the order of dimensions; a network here keeps channels first")


def _pad(run: Reading, step: Step) -> Value:
    node = run.map(step)
    given = run.numbers(step, 1, "pads")
    pads = step.attributes.get("pads", ()) if given is None else [int(n) for n in np.ravel(given)]
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


def _resize(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    factors = _factors(run, step, run.sides(node, step), node.shape[0])
    mode = step.attributes.get("mode", "nearest")
    placing = _placing(run, step)
    given: dict[str, Any] = {"scale_factor": factors, "mode": mode}
    if mode == "linear":
        if placing not in _LINEAR_PLACINGS:
            raise refused(step, f"interpolates with {placing} coordinates, as no layer here does")
        given |= {"mode": "bilinear", "align_corners": _LINEAR_PLACINGS[placing]}
    elif mode == "nearest" and not all(
        _repeats(step, placing, factor, side)
        for factor, side in zip(factors, run.sides(node, step), strict=True)
    ):
        raise refused(step, "takes other values than Upsample here, which repeats each")
    return run.layer("Upsample", given, node, step)


# With what they are among torch's values of align_corners.
_LINEAR_PLACINGS = {"half_pixel": None, "pytorch_half_pixel": None, "align_corners": True}


def _placing(run: Reading, step: Step) -> str:
    """How places of the larger map are those of the smaller one."""
    is_old = step.operator == "Upsample" or run.model.opset < 11
    default = "asymmetric" if is_old else "half_pixel"
    placing: str = step.attributes.get("coordinate_transformation_mode", default)
    return placing


def _factors(
    run: Reading, step: Step, sides: Sequence[int], channels: int | None
) -> tuple[float, float]:
    """How many times as many rows and columns come out."""
    # Upsample has (X, scales), Resize (X, roi, scales, sizes); the first Resize was as Upsample.
    is_old = step.operator == "Upsample" or len(step.inputs) == 2
    scales = run.numbers(step, 1 if is_old else 2, "scales")
    if scales is None and "scales" in step.attributes:
        scales = np.array(step.attributes["scales"])
    sizes = None if is_old else run.numbers(step, 3, "sizes")
    if sizes is not None and sizes.size == 4 and int(sizes[1]) == channels:
        return float(sizes[2]) / sides[0], float(sizes[3]) / sides[1]
    if scales is not None and scales.size == 4 and list(scales[:2]) == [1, 1]:
        return float(scales[2]), float(scales[3])
    raise refused(step, "does not say how many rows and columns come out")


def _repeats(step: Step, placing: str, factor: float, side: int) -> bool:
    """Whether each value is repeated, as torch's "nearest" does it."""
    if not factor.is_integer() or not 1 <= factor <= MAX_FACTOR or placing not in _PLACES:
        return placing in _PLACES  # the layer itself says which factors there are
    places = np.arange(int(side * factor))
    where = _PLACES[placing](places, factor, side)
    rounding = "floor" if step.operator == "Upsample" else "round_prefer_floor"
    rounded = _ROUNDINGS[step.attributes.get("nearest_mode", rounding)](where)
    return bool((np.clip(rounded, 0, side - 1) == places // int(factor)).all())


MAX_FACTOR = 32  # of Upsample

_PLACES: dict[str, Callable[[Array, float, int], Array]] = {
    "asymmetric": lambda x, factor, side: x / factor,
    "half_pixel": lambda x, factor, side: (x + 0.5) / factor - 0.5,
    "pytorch_half_pixel": lambda x, factor, side: (x + 0.5) / factor - 0.5,
    "align_corners": lambda x, factor, side: x * (side - 1) / max(1, side * factor - 1),
}
_ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
}


# --- activations ----------------------------------------------------------------------------------


def _activation(kind: str, **named: tuple[str, Any]) -> Callable[[Reading, Step], GraphNode]:
    """A layer whose arguments are attributes of the operator, each with ONNX's default."""

    def activate(run: Reading, step: Step) -> GraphNode:
        given = {name: step.attributes.get(*theirs) for name, theirs in named.items()}
        return run.layer(kind, given, run.map(step), step)

    return activate


def _along(kind: str) -> Callable[[Reading, Step], GraphNode]:
    def activate(run: Reading, step: Step) -> GraphNode:
        node = run.map(step)
        is_old = run.model.opset < 13  # which flattened all dimensions from the axis on
        axis = step.attributes.get("axis", 1 if is_old else -1)
        place = axis % (len(node.shape) + 1)
        if is_old and any(side != 1 for side in node.shape[place:]):
            raise refused(step, "is over several dimensions at once, which no layer here does")
        return run.layer(kind, {"dim": axis}, node, step)

    return activate


def is_hard_sigmoid(step: Step) -> bool:
    """Whether a HardSigmoid is torch's, which has a slope of 1/6."""
    slope, shift = step.attributes.get("alpha", 0.2), step.attributes.get("beta", 0.5)
    return isclose(slope, 1 / 6, rel_tol=1e-3) and shift == 0.5


def _hard_sigmoid(run: Reading, step: Step) -> GraphNode:
    if not is_hard_sigmoid(step):
        raise refused(
            step, f"has a slope of {step.attributes.get('alpha', 0.2):g}; torch’s has 1/6"
        )
    return run.layer("Hardsigmoid", {}, run.map(step), step)


def ends_of(run: Reading, step: Step) -> tuple[float, float]:
    """The lowest and the highest number that Clip lets through."""
    ends = []
    for place, name, default in ((1, "min", -inf), (2, "max", inf)):
        given = run.numbers(step, place, name)
        number = step.attributes.get(name, default) if given is None else np.ravel(given)[0]
        ends.append(float(number))
    return ends[0], ends[1]


def _clip(run: Reading, step: Step) -> GraphNode:
    low, high = ends_of(run, step)
    if low != 0 or (high != 6 and high < 1e30):
        ends = f"up to {high:g}" if low < -1e30 else f"between {low:g} and {high:g}"
        raise refused(step, f"keeps values {ends}; ReLU6 does from 0 to 6")
    return run.layer("ReLU6" if high == 6 else "ReLU", {}, run.map(step), step)


def _prelu(run: Reading, step: Step) -> GraphNode:
    node, shape = run.map(step), run.tensor(step, 1).shape
    is_one_each = _is_one_each(shape, node) or (run.model.opset < 7 and shape == node.shape[:1])
    if prod(shape) != 1 and not is_one_each:
        raise refused(step, "has a slope for each value; PReLU here has one, or one a channel")
    return run.layer("PReLU", {"num_parameters": prod(shape)}, node, step)


def _dropout(run: Reading, step: Step) -> GraphNode:
    given = run.numbers(step, 1, "ratio")
    ratio = step.attributes.get("ratio", 0.5) if given is None else float(np.ravel(given)[0])
    return run.layer("Dropout", {"p": shortest(ratio)}, run.map(step), step)


def _passed_on(run: Reading, step: Step) -> Value:
    return run.value(step, 0)


_FLOATS = (1, 10, 11, 16)  # ONNX's numbers of the types of 16, 32 and 64 bits


def _cast(run: Reading, step: Step) -> Value:
    value, before = run.value(step, 0), run.producers.get(step.input(0))
    is_answer = before is not None and before.operator == "ArgMax"
    if step.attributes.get("to") not in _FLOATS and not is_answer:
        raise refused(step, "makes whole numbers of a map, which no layer here does")
    return value


def _answer(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    after = [each for each in run.model.steps if set(each.inputs) & set(step.outputs)]
    is_last = all(each.operator in ("Cast", "Identity", "Squeeze") for each in after)
    if not is_last or step.attributes.get("axis", 0) % (len(node.shape) + 1) != 1:
        raise refused(step, "picks the place of the largest value, which no layer here does")
    run.note(f"{step.operator} at the end picks the answer, and is left out", step)
    return node


# --- what comes together --------------------------------------------------------------------------


def _concat(run: Reading, step: Step) -> GraphNode:
    nodes = [run.map(step, place) for place in range(len(step.inputs))]
    axis = step.attributes.get("axis", 1)
    if axis not in (1, -len(nodes[0].shape)):
        raise refused(step, f"joins dimension {axis}; a network here joins channels (dimension 1)")
    return _merged(run, step, "concat", nodes)


def _merged(run: Reading, step: Step, how: Merge, nodes: Sequence[GraphNode]) -> GraphNode:
    if len(nodes) == 1:
        return nodes[0]
    if len({len(node.shape) for node in nodes}) > 1:
        raise refused(step, "brings a map and a vector together, whose shapes do not agree")
    return run.made(run.graph.merge(how, nodes, step.number, ()))


def _arithmetic(sign: str) -> Callable[[Reading, Step], GraphNode]:
    """Two maps that come together, or a map that constants change."""

    def change(run: Reading, step: Step) -> GraphNode:
        both = [run.value(step, place) for place in range(len(step.inputs))]
        nodes = [run.map(step, n) for n, each in enumerate(both) if not isinstance(each, Tensor)]
        if len(nodes) == len(both):
            how: Merge | None = {"+": "add", "*": "multiply"}.get(sign)  # type: ignore[assignment]
            if how is None:
                raise refused(
                    step, "brings two maps together; here they are added, multiplied or joined"
                )
            return _merged(run, step, how, nodes)
        if not nodes:
            raise refused(step, "computes with numbers that are not in the file")
        if len(both) > 2:
            raise refused(step, "brings maps and constants together")
        (node, *_), constants = nodes, [each for each in both if isinstance(each, Tensor)]
        if isinstance(both[0], Tensor) and sign in "−÷":
            raise refused(step, "changes a number by a map, which no layer here does")
        return _changed(run, step, sign, node, constants[0])

    return change


def _changed(run: Reading, step: Step, sign: str, node: GraphNode, constant: Tensor) -> GraphNode:
    learnt = _with_learnt(node.operation, sign)
    if learnt and _is_one_each(constant.shape, node) and _is_read_once(run, step, node):
        return run.after(learnt, node.inputs[0], step)
    if _changes_nothing(sign, constant, node):
        return node
    if _is_image(node) and prod(constant.shape) in (1, node.shape[0]):
        run.note("what is computed from the image itself prepares it, and is left out", step)
        return node
    raise refused(step, "changes every value of a map by a constant; no layer here does")


def _is_image(node: GraphNode) -> bool:
    """Whether this is the image, as it comes in or as a vector."""
    is_vector = isinstance(node.operation, Flatten) and node.inputs[0].operation is None
    return node.operation is None or is_vector


def _is_one_each(shape: Sequence[int], node: GraphNode) -> bool:
    """Whether constants of a shape are one for each channel of a map or value of a vector."""
    rank = len(node.shape)
    outer, inner = shape[:-rank], tuple(shape[-rank:])
    return all(side == 1 for side in outer) and inner == (node.shape[0], *[1] * (rank - 1))


def _is_read_once(run: Reading, step: Step, node: GraphNode) -> bool:
    """Whether no other node reads what a layer gives."""
    names = [name for name, value in run.values.items() if value is node]
    return sum(run.uses[name] for name in names) == 1


def _changes_nothing(sign: str, constant: Tensor, node: GraphNode) -> bool:
    numbers = constant.numbers
    if numbers is None or not numbers.size or not (numbers == (0 if sign in "+−" else 1)).all():
        return False
    # It may also make more of a map than it was.
    sides = ((1, *node.shape)[::-1]) if len(constant.shape) <= len(node.shape) + 1 else ()
    return bool(sides) and all(
        one in (1, other) for one, other in zip(constant.shape[::-1], sides, strict=False)
    )


def _with_learnt(layer: Any, sign: str) -> Layer | None:
    """The layer with the bias or scale that a node after it adds or multiplies by; None where it
    has one already, or never has one.
    """
    if sign == "+" and isinstance(layer, Conv2d | ConvTranspose2d | Linear) and not layer.bias:
        more = {"bias": True}
    elif sign == "*" and isinstance(layer, GroupNorm) and not layer.affine:
        more = {"affine": True, "bias": False}
    elif sign == "+" and isinstance(layer, GroupNorm) and layer.affine and not layer.bias:
        more = {"bias": True}
    else:
        return None
    found: Layer = type(layer)(**{**arguments(layer), **more})
    found._stated = stated(layer)
    return found


def _without_layer(why: str) -> Callable[[Reading, Step], GraphNode]:
    def refuse(run: Reading, step: Step) -> GraphNode:
        raise refused(step, why)

    return refuse


_A_PART = "takes a part of its input; a network here passes whole maps on"

OPERATORS: dict[str, Callable[[Reading, Step], Value]] = {
    "Add": _arithmetic("+"),
    "ArgMax": _answer,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Div": _arithmetic("÷"),
    "Dropout": _dropout,
    "Elu": _activation("ELU", alpha=("alpha", 1.0)),
    "Flatten": _flatten,
    "Gather": _without_layer(_A_PART),
    "Gelu": _activation("GELU", approximate=("approximate", "none")),
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool("AdaptiveAvgPool2d"),
    "GlobalMaxPool": _global_pool("AdaptiveMaxPool2d"),
    "GroupNormalization": _group_norm,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _activation("Hardswish"),
    "Identity": _passed_on,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LRN": _local_response_norm,
    "LeakyRelu": _activation("LeakyReLU", negative_slope=("alpha", 0.01)),
    "LogSoftmax": _along("LogSoftmax"),
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mish": _activation("Mish"),
    "Mul": _arithmetic("*"),
    "PRelu": _prelu,
    "Pad": _pad,
    "ReduceMax": _reduced("AdaptiveMaxPool2d"),
    "ReduceMean": _reduced("AdaptiveAvgPool2d"),
    "Relu": _activation("ReLU"),
    "Reshape": _reshape,
    "Resize": _resize,
    "Sigmoid": _activation("Sigmoid"),
    "Slice": _without_layer(_A_PART),
    "Softmax": _along("Softmax"),
    "Split": _without_layer(_A_PART),
    "Squeeze": _squeezed,
    "Sub": _arithmetic("−"),
    "Sum": _arithmetic("+"),
    "Tanh": _activation("Tanh"),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueezed,
    "Upsample": _resize,
}


def read_step(run: Reading, step: Step) -> Value:
    """What a node gives. Raises CodeProblem, which names its operator."""
    read = OPERATORS.get(step.operator)
    if read is None:
        raise CodeProblem(f"there is no layer here for {step.operator}", step.number)
    return read(run, step)
