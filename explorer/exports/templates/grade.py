"""TITLE: graded by its assignment, from its weights.

`python grade.py` tests the trained weights on the test images, counts the network's
layers, parameters and multiply-adds anew, and says of each clause of the assignment in
grade.json whether it holds. It writes grade-result.json. It needs torch, safetensors
and NEEDS.

Exit status: 0 all of it holds, 3 a clause fails, 4 a clause cannot be judged yet, 1 the
report cannot be graded. It runs model.py: for a zip whose code is not to be trusted,
`python -m explorer grade ZIP --assignment FILE` judges the same and runs none of it.
"""

import csv
import functools
import hashlib
import itertools
import json
import math
import operator
import pathlib
import sys
from fractions import Fraction
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

HERE = pathlib.Path(__file__).parent
RESULT = "grade-result.json"
SIGNS = {"holds": "✓", "fails": "✗", "unknown": "○"}
STATUS = {"holds": 0, "fails": 3, "unknown": 4}
OTHER_PROCESSORS = (
    2  # images that another processor, rounding otherwise, may tell apart
)
DATASETS = {
    "digits": "Digits",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "kmnist": "Kuzushiji-MNIST",
    "cifar10": "CIFAR-10",
    "emnist": "EMNIST Balanced",
    "svhn": "SVHN",
    "cifar100": "CIFAR-100",
}


class Refused(Exception):
    """The report cannot be graded; the message says why."""


# --- what is known of a network -------------------------------------------------------


class Side(NamedTuple):
    """What the units along one axis of a map see of the image, were it endless."""

    first: list[int]  # of each unit the first pixel that it sees; below 0 in the border
    last: list[int]  # and the last one; below the first where it sees nothing
    jump: Fraction | None  # pixels from one unit to the next; None where that varies
    # (first, last, jump) of windows that lie evenly, so that they are known in the
    # border too, and are together what each unit sees; () where units lie unevenly.
    grids: tuple[tuple[int, int, int], ...]


class Row(NamedTuple):
    """A layer as it runs, or the merge of a block. Shapes are without the batch."""

    node: dict  # of architecture.json
    module: nn.Module | None  # None for a merge
    inputs: list[tuple]  # a layer's one shape; of a merge what each branch gives
    output: tuple
    sides: tuple[Side, Side]  # rows and columns of the receptive field

    @property
    def kind(self):
        return self.node["kind"]


class Work(NamedTuple):
    """What is judged."""

    assignment: dict
    recipe: dict
    rows: list[Row]  # in the order in which they run
    parameters: int
    epochs: int | None  # None where the run has not gone to its end
    accuracy: float | None  # test accuracy at that end
    note: str = ""  # why the accuracy could not be measured anew


class Clause(NamedTuple):
    limit: str  # the field of the assignment, or the part required or forbidden
    state: str  # of SIGNS
    text: str
    note: str = ""


# --- the network of architecture.json -------------------------------------------------

# What torch is told of a layer's input, by its name there.
INFERRED = {
    "Conv2d": "in_channels",
    "ConvTranspose2d": "in_channels",
    "BatchNorm2d": "num_features",
    "BatchNorm1d": "num_features",
    "InstanceNorm2d": "num_features",
    "GroupNorm": "num_channels",
    "LayerNorm": "normalized_shape",
    "Linear": "in_features",
}
# Arguments that architecture.json leaves out, where torch would take another value.
LEFT_OUT = {"Softmax": {"dim": 1}, "LogSoftmax": {"dim": 1}}
MERGES = {
    "add": lambda outputs: functools.reduce(operator.add, outputs),
    "multiply": lambda outputs: functools.reduce(operator.mul, outputs),
    "concat": lambda outputs: torch.cat(outputs, dim=1),
}


def build(node, shape):
    """The torch layer of a node for an input of this shape."""
    stated = {name: tupled(value) for name, value in node.items() if name != "kind"}
    kind = node["kind"]
    given = LEFT_OUT.get(kind, {}) | stated
    if kind in INFERRED:
        given[INFERRED[kind]] = shape if kind == "LayerNorm" else shape[0]
    if kind == "Dropout2d" and len(shape) == 1:  # torch has another for vectors
        kind = "Dropout"
    return getattr(nn, kind)(**given).eval()


def tupled(value):
    return tuple(value) if isinstance(value, list) else value


def follow(nodes, x, sides, weights=None, rows=()):
    """Run nodes on x, (N, C, H, W) or (N, F); what comes out, and all rows so far.

    `sides` are what the units of x see. `weights` are the tensors of all layers in
    their order; without them the layers are as torch makes them on x's device.
    """
    rows = list(rows)
    for node in nodes:
        if node["kind"] == "Branches":
            outputs, seen = [], []
            for branch in node["branches"]:
                y, rows, after = follow(branch, x, sides, weights, rows)
                outputs.append(y)
                seen.append(after)
            x, module = MERGES[node["merge"]](outputs), None
            sides = after_merge(seen, x.shape[1:])
        else:
            outputs = [x]
            with torch.device(x.device):
                module = build(node, tuple(x.shape[1:]))
            if weights is not None:
                own = module.state_dict()
                module.load_state_dict({name: next(weights) for name in own})
            x = module(x)
            sides = after_layer(node["kind"], module, sides, x.shape[1:])
        shapes = [tuple(each.shape[1:]) for each in outputs]
        rows.append(Row(node, module, shapes, tuple(x.shape[1:]), sides))
    return x, rows, sides


@torch.inference_mode()
def rows_of(architecture):
    """The rows of a network, without computing anything."""
    x = torch.empty(1, *architecture["input_shape"], device="meta")
    return follow(architecture["layers"], x, image_sides(architecture))[1]


@torch.inference_mode()
def is_same_network(architecture, model):
    """Whether the network of architecture.json, with the model's weights, computes what
    the model does."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, *architecture["input_shape"], generator=generator)
    weights = iter(model.state_dict().values())
    try:
        found, _, _ = follow(
            architecture["layers"], x, image_sides(architecture), weights
        )
    except (RuntimeError, StopIteration):  # of other shapes, or too few
        return False
    expected = model.eval()(x)
    # A last Softmax is trained as LogSoftmax.
    either = (expected, expected.exp())
    return next(weights, None) is None and any(
        found.shape == y.shape
        and torch.allclose(found, y, rtol=1e-3, atol=1e-3, equal_nan=True)
        for y in either
    )


# --- the theoretical receptive field --------------------------------------------------
#
# Without branches and enlarged maps it is the sum of dilation · (kernel − 1) · jump over
# all layers, where a layer's jump is the product of the strides before it. Branches may
# see windows that lie apart, and so what each unit sees is followed here.

FAR = 10**12


def image_sides(architecture):
    return tuple(
        made_side(list(range(pixels)), list(range(pixels)), Fraction(1))
        for pixels in architecture["input_shape"][1:]
    )


def made_side(first, last, jump, grids=()):
    if not grids and jump is not None and jump.denominator == 1:
        steps = {b - a for ends in (first, last) for a, b in itertools.pairwise(ends)}
        if steps <= {jump}:
            grids = ((first[0], last[0], int(jump)),)
    return Side(first, last, jump, tuple(grids))


def size(side):
    """Pixels that the unit sees that sees the most."""
    return max(0, max(b - a for a, b in zip(side.first, side.last)) + 1)


def receptive_field(rows):
    return tuple(map(size, rows[-1].sides)) if rows else (1, 1)


def units_of(shape):
    """Rows and columns of units; a vector counts as one."""
    return tuple(shape[1:]) if len(shape) == 3 else (1, 1)


def after_layer(kind, module, sides, shape):
    followed = FOLLOWED.get(kind)
    if followed is None:  # each unit sees what the one in its place saw
        return sides
    units = units_of(shape)
    return tuple(followed(module, axis, sides[axis], units[axis]) for axis in (0, 1))


def after_merge(branches, shape):
    """Of several branches a unit sees what it sees through any of them."""
    units = units_of(shape)
    return tuple(
        united([each[axis] for each in branches], units[axis]) for axis in (0, 1)
    )


def united(sides, units):
    sides = [
        each if len(each.first) == units else repeated(each, units) for each in sides
    ]
    if all(each == sides[0] for each in sides):
        return sides[0]
    jumps = {each.jump for each in sides if each.jump != 0} or {Fraction(0)}
    jump = jumps.pop() if len(jumps) == 1 else None
    if all(each.grids for each in sides):
        return of_grids([grid for each in sides for grid in each.grids], units, jump)
    first = [min(ends) for ends in zip(*(each.first for each in sides))]
    last = [max(ends) for ends in zip(*(each.last for each in sides))]
    return made_side(first, last, jump)


def repeated(side, units):
    """One unit for all, as multiplying a map by one value of each channel does."""
    return made_side(side.first * units, side.last * units, Fraction(0))


def of_grids(grids, units, jump):
    ends = {}
    for first, last, step in grids:
        a, b = ends.get(step, (first, last))
        ends[step] = min(a, first), max(b, last)
    first = [min(a + i * step for step, (a, _) in ends.items()) for i in range(units)]
    last = [max(b + i * step for step, (_, b) in ends.items()) for i in range(units)]
    several = [(*both, step) for step, both in ends.items()] if len(ends) > 1 else ()
    return made_side(first, last, jump, several)


def hull(side, inputs):
    """What outputs see that read these inputs each; an input outside the map is none."""
    count = len(side.first)
    known = [[i for i in each if 0 <= i < count] for each in inputs]
    first = [min((side.first[i] for i in each), default=FAR) for each in known]
    last = [max((side.last[i] for i in each), default=-FAR) for each in known]
    return first, last


def spacing(first, last):
    steps = {b - a for ends in (first, last) for a, b in itertools.pairwise(ends)}
    return Fraction(steps.pop()) if len(steps) == 1 else None


# Which place of a map of n a place in its border is a copy of; of zeros, none.
FILLED = {
    "zeros": lambda place, n: place,
    "replicate": lambda place, n: min(max(place, 0), n - 1),
    "circular": lambda place, n: place % n,
    "reflect": lambda place, n: n - 1 - abs(n - 1 - abs(place)),
}


def after_window(side, units, kernel, stride=1, border=0, dilation=1, fill="zeros"):
    """Output i reads the inputs i · stride − border + dilation · t, for t < kernel."""
    reach = dilation * (kernel - 1)
    if side.grids:
        grids = [
            (first - border * jump, last + (reach - border) * jump, jump * stride)
            for first, last, jump in side.grids
        ]
        if side.jump is not None:
            return of_grids(grids, units, side.jump * stride)
        found = of_grids(grids, units, None)
        return found._replace(jump=spacing(found.first, found.last))
    starts = [i * stride - border for i in range(units)]
    taps = range(0, reach + 1, dilation)
    n, filled = len(side.first), FILLED[fill]
    first, last = hull(side, [[filled(s + t, n) for t in taps] for s in starts])
    jump = spacing(first, last) if side.jump is None else side.jump * stride
    return made_side(first, last, jump)


def window(module, axis, side, units):
    """Convolution and pooling."""
    kernel, stride = pair(module.kernel_size)[axis], pair(module.stride)[axis]
    dilation = pair(getattr(module, "dilation", 1))[axis]
    border = {"same": dilation * (kernel - 1) // 2, "valid": 0}.get(
        module.padding if isinstance(module.padding, str) else ""
    )
    border = pair(module.padding)[axis] if border is None else border
    fill = getattr(module, "padding_mode", "zeros")
    if (kernel, stride, border, dilation, fill) == (1, 1, 0, 1, "zeros"):
        return side
    return after_window(side, units, kernel, stride, border, dilation, fill)


def added_border(module, axis, side, units):
    left, _, top, _ = module.padding
    fill = "reflect" if isinstance(module, nn.ReflectionPad2d) else "zeros"
    return after_window(side, units, 1, border=(top, left)[axis], fill=fill)


def transposed(module, axis, side, units):
    """Input i goes into the outputs i · stride − border + dilation · t, t < kernel."""
    kernel, stride = module.kernel_size[axis], module.stride[axis]
    border, dilation = module.padding[axis], module.dilation[axis]
    if stride == 1:
        reach = dilation * (kernel - 1)
        if (kernel, border, dilation) == (1, 0, 1):
            return after_window(side, units, 1)
        return after_window(side, units, kernel, 1, reach - border, dilation)
    places = [
        [
            (i + border - dilation * t) // stride
            for t in range(kernel)
            if (i + border - dilation * t) % stride == 0
        ]
        for i in range(units)
    ]
    jump = None if side.jump is None else side.jump / stride
    if not side.grids:
        return made_side(*hull(side, places), jump)
    first = [
        min((a + p * step for a, _, step in side.grids for p in each), default=FAR)
        for each in places
    ]
    last = [
        max((b + p * step for _, b, step in side.grids for p in each), default=-FAR)
        for each in places
    ]
    return made_side(first, last, jump)


def adaptive_windows(inputs, outputs):
    return [
        range(i * inputs // outputs, -((i + 1) * inputs // -outputs))
        for i in range(outputs)
    ]


def adaptive(module, axis, side, units):
    read = adaptive_windows(len(side.first), units)
    strides = {b.start - a.start for a, b in itertools.pairwise(read)}
    sizes = {len(each) for each in read}
    if len(strides) <= 1 and len(sizes) == 1:
        kernel = sizes.pop()
        return after_window(side, units, kernel, strides.pop() if strides else kernel)
    return made_side(*hull(side, read), None)


def enlarged(module, axis, side, units):
    n = len(side.first)
    scale = units // n
    if scale == 1:
        return side
    closer, places = Fraction(1, scale), [Fraction(i // scale) for i in range(units)]
    if module.mode != "nearest" and module.align_corners:
        closer = Fraction(n - 1, units - 1)
        places = [i * closer for i in range(units)]
    elif module.mode != "nearest":
        places = [
            max(Fraction(0), Fraction(2 * i + 1 - scale, 2 * scale))
            for i in range(units)
        ]
    read = [{math.floor(place), math.ceil(place)} for place in places]
    jump = None if side.jump is None else side.jump * closer
    return made_side(*hull(side, read), jump)


def all_inputs(module, axis, side, units):
    return made_side([min(side.first)], [max(side.last)], side.jump)


FOLLOWED = {
    "Conv2d": window,
    "ConvTranspose2d": transposed,
    "MaxPool2d": window,
    "AvgPool2d": window,
    "AdaptiveAvgPool2d": adaptive,
    "AdaptiveMaxPool2d": adaptive,
    "ZeroPad2d": added_border,
    "ConstantPad2d": added_border,
    "ReflectionPad2d": added_border,
    "Upsample": enlarged,
    "Flatten": all_inputs,
    "Linear": all_inputs,
}


# --- multiply-adds --------------------------------------------------------------------

# MULT_ADDS_IN_SHORT


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def of_convolution(row):
    kernel, groups = math.prod(row.module.kernel_size), row.module.groups
    if row.kind == "Conv2d":
        return math.prod(row.output) * (row.inputs[0][0] // groups) * kernel
    return math.prod(row.inputs[0]) * (row.output[0] // groups) * kernel


def of_adaptive_pooling(row):
    sides = zip(row.inputs[0][1:], row.output[1:])
    read = [sum(map(len, adaptive_windows(*side))) for side in sides]
    return row.output[0] * math.prod(read)


def one_per_value(row):
    return math.prod(row.output)


MULT_ADDS = {
    "Conv2d": of_convolution,
    "ConvTranspose2d": of_convolution,
    "Linear": lambda row: row.inputs[0][0] * row.output[0],
    "BatchNorm2d": one_per_value,
    "BatchNorm1d": one_per_value,
    "GroupNorm": one_per_value,
    "LayerNorm": one_per_value,
    "InstanceNorm2d": one_per_value,
    "LocalResponseNorm": one_per_value,
    "PReLU": one_per_value,
    "AvgPool2d": lambda row: (
        math.prod(row.output) * math.prod(pair(row.module.kernel_size))
    ),
    "AdaptiveAvgPool2d": of_adaptive_pooling,
    "Upsample": lambda row: (
        4 * math.prod(row.output) if row.module.mode == "bilinear" else 0
    ),
    "Branches": lambda row: (
        (len(row.inputs) - 1) * math.prod(row.output)
        if row.node["merge"] == "multiply"
        else 0
    ),
}


def count_mult_adds(rows):
    return sum(MULT_ADDS[row.kind](row) for row in rows if row.kind in MULT_ADDS)


# --- what is in a network -------------------------------------------------------------


def count_layers(rows):
    return sum(row.kind != "Branches" for row in rows)


def passes_on(row):
    """Whether a pooling layer's windows are of one value each, and none is left out."""
    kernel_size = getattr(
        row.module, "kernel_size", 1
    )  # an adaptive one has only a size
    return pair(kernel_size) == (1, 1) and row.output == row.inputs[0]


def is_global_pooling(row):
    if len(row.inputs[0]) != 3 or row.output[1:] != (1, 1) or passes_on(row):
        return False
    if row.kind == "AvgPool2d":
        whole = pair(row.module.kernel_size) == row.inputs[0][1:]
        return whole and pair(row.module.padding) == (0, 0)
    return row.kind == "AdaptiveAvgPool2d"


def count_poolings(rows):
    return sum(
        "Pool" in row.kind and not is_global_pooling(row) and not passes_on(row)
        for row in rows
    )


def has_kind(stem):
    return lambda rows: any(row.kind.startswith(stem) for row in rows)


def has_depthwise(rows):
    return any(
        row.kind == "Conv2d" and row.module.groups == row.inputs[0][0] > 1
        for row in rows
    )


def has_dilated(rows):
    return any(
        row.kind == "Conv2d"
        and any(
            taps > 1 and pixels > 1
            for taps, pixels in zip(
                row.module.kernel_size, row.module.dilation, strict=True
            )
        )
        for row in rows
    )


def has_dropout(rows):
    return any(row.kind.startswith("Dropout") and row.module.p > 0 for row in rows)


def is_idle(branch):
    """Whether a branch passes on what comes in."""
    return all(map(does_nothing, branch))


def does_nothing(node):
    if node["kind"] == "Branches":
        return all(map(is_idle, node["branches"]))
    if node["kind"] in ("MaxPool2d", "AvgPool2d"):
        kernel_size = node["kernel_size"]
        sizes = (kernel_size, node.get("stride") or kernel_size)
        return all(pair(tupled(size)) == (1, 1) for size in sizes)
    dropout = node["kind"] in ("Dropout", "Dropout2d")
    return node["kind"] == "Identity" or (dropout and node.get("p") == 0)


def has_skip(rows):
    blocks = [row.node for row in rows if row.kind == "Branches"]
    return any(
        not all(map(is_idle, block["branches"]))
        and (
            block["merge"] == "add"
            or (block["merge"] == "concat" and [] in block["branches"])
        )
        for block in blocks
    )


def has_linear_head(rows):
    with_weights = ("Conv2d", "ConvTranspose2d", "Linear")
    kinds = [row.kind for row in rows if row.kind in with_weights]
    return kinds[-1:] == ["Linear"]


PARTS = {  # the words of each part, and whether it is in a network
    "batch_norm": ("BatchNorm", has_kind("BatchNorm")),
    "dropout": ("Dropout", has_dropout),
    "global_pooling": (
        "global average pooling",
        lambda rows: any(map(is_global_pooling, rows)),
    ),
    "depthwise": ("a depthwise convolution", has_depthwise),
    "dilated": ("a dilated convolution", has_dilated),
    "skip": ("a skip connection", has_skip),
    "linear": ("Linear", has_kind("Linear")),
    "linear_head": ("a Linear head", has_linear_head),
}


# --- the clauses ----------------------------------------------------------------------


def dataset(name, work):
    found = work.recipe["dataset"]
    if found == name:
        return "holds", f"on {DATASETS[name]}"
    trained_on = DATASETS.get(found, "own images")
    return "fails", f"on {trained_on}, not on {DATASETS[name]}"


def max_params(limit, work):
    if work.parameters >= limit:
        text = f"{work.parameters:,} parameters (limit: below {limit:,})"
        return "fails", text
    return "holds", f"{work.parameters:,} < {limit:,} parameters"


def max_epochs(limit, work):
    if work.epochs is None:
        return at_most(limit, work.recipe["epochs"], "{} {} {} epochs")
    return at_most(limit, work.epochs, "{} {} {} epochs")


def min_accuracy(limit, work):
    seeds = work.assignment["seeds"]
    mean = f", mean of {seeds} seeds" if seeds > 1 else ""
    wanted = f"{percent(limit)} test accuracy{mean}"
    if work.accuracy is None:
        return "unknown", f"{wanted}: no finished run yet"
    if seeds > 1:
        return "unknown", f"{wanted}: 1 of {seeds} so far", work.note
    state, sign = ("holds", "≥") if work.accuracy >= limit else ("fails", "<")
    text = f"{percent(work.accuracy)} {sign} {percent(limit)} test accuracy"
    return state, text, work.note


def min_field(limit, work):
    field = receptive_field(work.rows)
    state, sign = ("holds", "≥") if min(field) >= limit else ("fails", "<")
    return state, f"receptive field {field[0]}×{field[1]} {sign} {limit}"


def max_layers(limit, work):
    return at_most(limit, count_layers(work.rows), "{} {} {} layers")


def max_mult_adds(limit, work):
    return at_most(limit, count_mult_adds(work.rows), "{:,} {} {:,} multiply-adds")


def min_poolings(limit, work):
    count = count_poolings(work.rows)
    state, sign = ("holds", "≥") if count >= limit else ("fails", "<")
    return state, f"{count} {sign} {limit} pooling layers"


def max_poolings(limit, work):
    return at_most(limit, count_poolings(work.rows), "{} {} {} pooling layers")


def at_most(limit, count, text):
    state, sign = ("holds", "≤") if count <= limit else ("fails", ">")
    return state, text.format(count, sign, limit)


def percent(share):
    """0.994 -> "99.4 %"; cut off after two digits, so that what is short of a limit
    never looks like it."""
    text = f"{math.floor(10_000 * share + 1e-6) / 100:.2f}"
    return f"{text.rstrip('0').rstrip('.')} %"


JUDGES = {  # by the assignment's fields; those that are null or 0 ask for nothing
    "dataset": dataset,
    "max_params": max_params,
    "max_epochs": max_epochs,
    "min_accuracy": min_accuracy,
    "min_field": min_field,
    "max_layers": max_layers,
    "max_mult_adds": max_mult_adds,
    "min_poolings": min_poolings,
    "max_poolings": max_poolings,
}


def clauses(work):
    asked = work.assignment
    found = [
        Clause(field, *judge(asked[field], work))
        for field, judge in JUDGES.items()
        if asked[field]
    ]
    for part in asked["required"]:
        words, is_in = PARTS[part]
        met = is_in(work.rows)
        text = f"uses {words}" if met else f"needs {words}"
        found.append(Clause(part, "holds" if met else "fails", text))
    for part in asked["forbidden"]:
        words, is_in = PARTS[part]
        met = not is_in(work.rows)
        text = f"without {words}" if met else f"must not use {words}"
        found.append(Clause(part, "holds" if met else "fails", text))
    return found


def verdict(found):
    states = {clause.state for clause in found}
    return next((state for state in ("fails", "unknown") if state in states), "holds")


# --- the report -----------------------------------------------------------------------


class Measured(NamedTuple):
    """What the weights do."""

    parameters: int
    accuracy: float
    images: int


def read(name):
    try:
        return (HERE / name).read_bytes()
    except OSError:
        raise Refused(f"{name} cannot be read: unpack the whole report") from None


def read_json(name) -> Any:
    try:
        return json.loads(read(name))
    except ValueError:
        raise Refused(f"{name} is no JSON: it was changed") from None


def read_table(name):
    return list(csv.DictReader(read(name).decode("utf-8").splitlines()))


def new_network():
    """model.py's; its class may be called as one of the classes here."""
    from model import Network

    return Network()


def measure(architecture):
    """Test the weights, as evaluate.py does."""
    import model as trained  # only here: what is counted needs none of it

    # As it was trained: with more threads sums are taken in another order.
    torch.set_num_threads(1)

    network = new_network()
    try:
        network.load_state_dict(load_file(HERE / "weights.safetensors"))
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise Refused(
            f"weights.safetensors is not of model.py's network: {reason}"
        ) from None
    if not is_same_network(architecture, network):
        raise Refused(
            "architecture.json is not the network of model.py and weights.safetensors: "
            "this report was changed"
        )
    parameters = sum(each.numel() for each in network.parameters())
    network = network.to(trained.DEVICE).to(memory_format=trained.LAYOUT)
    _, _, test_images, test_labels = trained.load_data()
    _, accuracy = trained.evaluate(network, test_images, test_labels)
    return Measured(parameters, accuracy, len(test_labels))


def work_of(reported, run, architecture, measured):
    """What is judged: the first time that the run had gone through all its epochs."""
    ends = [event for event in read_table("events.csv") if event["kind"] == "finished"]
    epochs = accuracy = None
    note = ""
    if ends:
        epochs, accuracy = int(ends[0]["epoch"]), measured.accuracy
    if ends and epochs != run["epochs"]:
        accuracy = float(ends[0]["test_accuracy"])
        note = f"as reported: the weights are those after epoch {run['epochs']}"
    return Work(
        reported["assignment"],
        run["recipe"],
        rows_of(architecture),
        measured.parameters,
        epochs,
        accuracy,
        note,
    )


def changes(reported, run, work, measured):
    """Where the report is not what it says of itself."""
    found = [
        f"{name} is not the file that grade.json tells of"
        for name, digest in reported["sha256"].items()
        if hashlib.sha256(read(name)).hexdigest() != digest
    ]
    for name in ("parameters", "epochs"):
        if reported[name] != getattr(work, name):
            text = f"grade.json says {reported[name]} {name}, counted {getattr(work, name)}"
            found.append(text)
    claimed, accuracy = reported["accuracy"], work.accuracy
    if claimed is None or accuracy is None:
        if claimed is not accuracy:
            found.append(
                "grade.json and events.csv do not agree that the run has ended"
            )
    elif abs(claimed - accuracy) * measured.images > OTHER_PROCESSORS + 1e-6:
        shown = f"{percent(claimed)}, measured {percent(accuracy)}"
        found.append(f"grade.json says {shown} test accuracy")
    epochs = read_table("epochs.csv")
    if not epochs or int(epochs[-1]["epoch"]) != run["epochs"]:
        found.append(f"epochs.csv does not end with epoch {run['epochs']}")
    return found


def grade():
    """The clauses, the verdict, what was changed; all of it for grade-result.json."""
    reported, run = read_json("grade.json"), read_json("run.json")
    architecture = read_json("architecture.json")
    try:
        measured = measure(architecture)
        work = work_of(reported, run, architecture, measured)
        found = clauses(work)
        changed = changes(reported, run, work, measured)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise Refused(
            f"a file of the report was changed ({type(error).__name__}: {error})"
        ) from None
    return {
        "verdict": verdict(found),
        "accuracy": work.accuracy,
        "parameters": work.parameters,
        "epochs": work.epochs,
        "measured": not work.note,
        "clauses": [clause._asdict() for clause in found],
        "changed": changed,
    }


def main():
    sys.stdout.reconfigure(errors="replace")  # where a terminal has no ✓
    try:
        result = grade()
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for clause in result["clauses"]:
        note = f" ({clause['note']})" if clause["note"] else ""
        print(f"{SIGNS[clause['state']]} {clause['text']}{note}")
    for change in result["changed"]:
        print(f"this report was changed: {change}")
    print(f"verdict: {result['verdict']}")
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (HERE / RESULT).write_text(text + "\n", encoding="utf-8")
    return STATUS[result["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
