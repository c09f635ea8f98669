"""Architecture -> ONNX, in evaluation mode, for any batch size.

torch's own exporters are not used. On stacks that this program allows, the newer one (torch 2.15
with onnxscript 0.7) leaves out divisor_override without a word, cannot write AdaptiveMaxPool2d to
other sizes than 1, and takes seconds; the older one is deprecated and refuses more. What a network
consists of is known here as data, so ONNX is one row a kind: one node that LAYERS states, or a
function below. The nodes carry the names of the exported PyTorch source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.exports.pytorch import class_name, network_plan, state_dict_names
from explorer.exports.source.python_text import plain_text
from explorer.network import spec
from explorer.network.analysis import require_fitting
from explorer.network.architecture_json import PROPERTY, to_json
from explorer.network.axes import (
    Padding,
    adaptive_windows,
    border_of,
    padding_of,
    strides_of,
    windows,
)
from explorer.network.build import build
from explorer.network.layers import OnnxNode
from explorer.network.spec import Architecture, ArchitectureError, Branches, Shape, pair
from explorer.network.tree import IMAGE, inputs_of

OPSET = 21  # the first with GroupNormalization as torch means it; read by onnxruntime since 1.20
# The file format of that opset's release; onnx would write its newest, which runtimes learn later.
IR_VERSION = 10
MAX_PARAMS = 50_000_000  # 200 MB of weights, held several times over while the file is made
INPUT, OUTPUT = "images", "scores"
Array = NDArray[Any]


def onnx_bytes(architecture: Architecture, weights: dict[str, Tensor] | None = None) -> bytes:
    """An ONNX file: input "images" (N, C, H, W) float32, output "scores" (N, …).

    `weights` is a state_dict of `build(architecture)`; without it the network is freshly
    initialised. Raises ArchitectureError, which names the layer that does not fit or that ONNX
    cannot express, or says that the weights are another network's.
    """
    import onnx  # a third of a second, and needed for nothing else
    from onnx import TensorProto, helper, numpy_helper

    analysis, graph = require_fitting(architecture), _Graph()
    if analysis.total_params > MAX_PARAMS:
        raise ArchitectureError(too_large(analysis.total_params))
    state, renamed = _state(architecture, weights), state_dict_names(architecture)
    values, plan = {IMAGE: INPUT}, network_plan(architecture)
    for row in analysis.rows:
        inputs = [values[path] for path in inputs_of(row.path, row.layer)]
        if isinstance(row.layer, Branches):
            graph.begin(plan.merge_path(row.path) or "network")
            values[row.path] = _merge(graph, row.layer, inputs)
            continue
        prefix = f"{row.place}."
        parameters = {
            key.removeprefix(prefix): graph.tensor(renamed[key], array)
            for key, array in state.items()
            if key.startswith(prefix)
        }
        graph.begin(plan.attribute_path(row.path))
        place = _Place(row.layer, inputs[0], row.input_shape, row.output_shape, parameters)
        form, writer = row.about.onnx, WRITERS.get(row.kind)
        if isinstance(form, OnnxNode):
            values[row.path] = graph.node(form.op, place.value, **form.attributes(row.layer))
        elif writer:
            values[row.path] = writer(graph, place)
        else:
            raise ArchitectureError(
                f"layer {row.place} ({row.kind}): ONNX has no form for it here", row.path
            )
    if not graph.nodes:
        graph.node("Identity", INPUT)
    graph.nodes[-1].output = OUTPUT

    description = helper.make_graph(
        [
            helper.make_node(n.op, n.inputs, [n.output], name=n.name, **n.attributes)
            for n in graph.nodes
        ],
        class_name(architecture),
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", *architecture.input_shape])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", *analysis.output_shape])],
        [numpy_helper.from_array(array, name) for name, array in graph.tensors.items()],
        doc_string=plain_text(architecture.name),
    )
    model = helper.make_model(
        description,
        producer_name="architecture-explorer",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    # For this program alone: what the nodes do not tell, such as dropout.
    helper.set_model_props(model, {PROPERTY: to_json(architecture)})
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def too_large(params: int) -> str:
    """Why a network with more than MAX_PARAMS has no ONNX file here."""
    return (
        f"ONNX holds every weight, and is made here of at most {MAX_PARAMS:,} parameters; "
        f"this has {params:,}. The PyTorch source can be made of any size"
    )


def _state(architecture: Architecture, weights: dict[str, Tensor] | None) -> dict[str, Array]:
    """The tensors of the network by the Sequential's names, as float32 arrays."""
    network = build(architecture)
    if weights is not None:
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise ArchitectureError(f"these weights are another network's: {reason}") from None
    tensors = network.state_dict().items()
    return {
        name: tensor.detach().cpu().numpy()
        for name, tensor in tensors
        if not name.endswith("num_batches_tracked")
    }


# --- the graph as it grows ------------------------------------------------------------------------


@dataclass
class _Node:
    op: str
    name: str
    inputs: list[str]
    output: str
    attributes: dict[str, Any]


@dataclass
class _Graph:
    """Nodes in order, and the tensors that they read, by name."""

    nodes: list[_Node] = field(default_factory=list)
    tensors: dict[str, Array] = field(default_factory=dict)
    layer: str = "network"
    names: set[str] = field(default_factory=set)

    def begin(self, layer: str) -> None:
        self.layer = layer

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node and gives the name of its output."""
        name = self._new(f"{self.layer}/{op}")
        self.nodes.append(_Node(op, name, list(inputs), f"{name}:0", attributes))
        return self.nodes[-1].output

    def tensor(self, name: str, array: Array) -> str:
        self.tensors[name] = array
        return name

    def constant(self, what: str, array: Array) -> str:
        return self.tensor(self._new(f"{self.layer}/{what}"), array)

    def _new(self, name: str) -> str:
        """A shared activation stands in several places; a node's name must be its own."""
        found, number = name, 1
        while found in self.names:
            number += 1
            found = f"{name}_{number}"
        self.names.add(found)
        return found


@dataclass(frozen=True)
class _Place:
    """A layer, the value that it gets, shapes without the batch, and its parameters' names in the
    graph by torch's names.
    """

    layer: Any
    value: str
    input_shape: Shape
    output_shape: Shape
    parameters: dict[str, str]


# --- merges ---------------------------------------------------------------------------------------

_OPERATIONS = {"add": "Add", "multiply": "Mul"}  # of two values


def _merge(graph: _Graph, block: Branches, inputs: Sequence[str]) -> str:
    """What a block's branches give, as one value."""
    if block.merge == "concat":
        return graph.node("Concat", *inputs, axis=1)
    operation = _OPERATIONS[block.merge]
    return reduce(lambda value, other: graph.node(operation, value, other), inputs)


# --- convolution and pooling ----------------------------------------------------------------------


def _conv(graph: _Graph, at: _Place) -> str:
    layer: spec.Conv2d = at.layer
    borders, value = padding_of(layer), at.value
    if layer.padding_mode != "zeros" and any(map(any, borders)):
        mode = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[layer.padding_mode]
        value, borders = _pad(graph, value, borders, mode), ((0, 0), (0, 0))
    return graph.node(
        "Conv",
        value,
        *at.parameters.values(),
        kernel_shape=pair(layer.kernel_size),
        strides=pair(layer.stride),
        pads=_pads(borders),
        dilations=pair(layer.dilation),
        group=layer.groups,
    )


def _max_pool(graph: _Graph, at: _Place) -> str:
    layer: spec.MaxPool2d = at.layer
    kernel, stride = pair(layer.kernel_size), strides_of(layer)
    borders, value = padding_of(layer), at.value
    missing = _overhang(layer, at)
    if any(missing):
        # What ceil_mode lets hang over is padded here: runtimes do not agree on which windows it
        # keeps.
        (above, below), (left, right) = borders
        grown = (above, below + missing[0]), (left, right + missing[1])
        value, borders = _pad(graph, value, grown, "constant", -np.inf), ((0, 0), (0, 0))
    return graph.node(
        "MaxPool",
        value,
        kernel_shape=kernel,
        strides=stride,
        pads=_pads(borders),
        dilations=pair(layer.dilation),
    )


def _avg_pool(graph: _Graph, at: _Place) -> str:
    layer: spec.AvgPool2d = at.layer
    kernel, stride = pair(layer.kernel_size), strides_of(layer)
    if layer.divisor_override is None and not any(_overhang(layer, at)):
        pads, counted = _pads(padding_of(layer)), int(layer.count_include_pad)
        return graph.node(
            "AveragePool",
            at.value,
            kernel_shape=kernel,
            strides=stride,
            pads=pads,
            count_include_pad=counted,
        )
    # ONNX has no divisor of one's own, and runtimes do not agree on what an overhanging window is
    # divided by.
    rows, columns = (_mean_windows(layer, at, axis, kernel[axis], stride[axis]) for axis in (0, 1))
    return _weighted_sums(graph, at.value, rows / (layer.divisor_override or 1), columns)


def _mean_windows(layer: spec.AvgPool2d, at: _Place, axis: int, kernel: int, stride: int) -> Array:
    """(o, n): the share of each input in each output along one axis.

    Plain sums where the divisor is the layer's own.
    """
    size, border = at.input_shape[1 + axis], pair(layer.padding)[axis]
    start = np.arange(at.output_shape[1 + axis])[:, None] * stride - border
    touched: Array = (np.arange(size) >= start) & (np.arange(size) < start + kernel)
    if layer.divisor_override:
        return touched
    counted = (
        np.minimum(start + kernel, size + border) - start
        if layer.count_include_pad
        else touched.sum(1, keepdims=True)
    )
    shares: Array = touched / np.maximum(counted, 1)
    return shares


def _adaptive_avg_pool(graph: _Graph, at: _Place) -> str:
    if at.output_shape[1:] == (1, 1):
        return graph.node("GlobalAveragePool", at.value)
    if even := _even_windows(at):
        return graph.node("AveragePool", at.value, kernel_shape=even, strides=even)
    touched = [_adaptive_windows(at, axis) for axis in (0, 1)]
    return _weighted_sums(
        graph, at.value, *(matrix / matrix.sum(1, keepdims=True) for matrix in touched)
    )


def _adaptive_max_pool(graph: _Graph, at: _Place) -> str:
    if at.output_shape[1:] == (1, 1):
        return graph.node("GlobalMaxPool", at.value)
    if even := _even_windows(at):
        return graph.node("MaxPool", at.value, kernel_shape=even, strides=even)
    value = at.value
    for axis in (0, 1):
        # Windows of unequal length: gather each one's pixels, some again where it is short, and
        # take the largest.
        touched = _adaptive_windows(at, axis)
        longest = touched.sum(1).max()
        pixels = np.array([np.resize(row.nonzero()[0], longest) for row in touched])
        gathered = graph.node("Gather", value, graph.constant("pixels", pixels), axis=2 + axis)
        value = graph.node(
            "ReduceMax", gathered, graph.constant("axes", np.array([3 + axis])), keepdims=0
        )
    return value


def _conv_transpose(graph: _Graph, at: _Place) -> str:
    layer: spec.ConvTranspose2d = at.layer
    padding, added = pair(layer.padding), pair(layer.output_padding)
    how = {
        "kernel_shape": pair(layer.kernel_size),
        "strides": pair(layer.stride),
        "dilations": pair(layer.dilation),
        "group": layer.groups,
    }
    cut = ((padding[0], padding[0]), (padding[1], padding[1]))
    if all(more < stride for more, stride in zip(added, pair(layer.stride), strict=True)):
        given = at.parameters.values()
        return graph.node(
            "ConvTranspose", at.value, *given, **how, pads=_pads(cut), output_padding=added
        )
    # As many rows and columns as a dilation allows in torch, onnxruntime does not add. They are
    # those that would be cut off at the end, then rows and columns of nothing but the bias.
    left = [p - more for p, more in zip(padding, added, strict=True)]
    rows, columns = ((p, max(0, end)) for p, end in zip(padding, left, strict=True))
    value = graph.node(
        "ConvTranspose", at.value, at.parameters["weight"], **how, pads=_pads((rows, columns))
    )
    below, right = (max(0, -end) for end in left)
    if below or right:
        value = _pad(graph, value, ((0, below), (0, right)), "constant")
    if "bias" not in at.parameters:
        return value
    name = at.parameters["bias"]
    return graph.node("Add", value, graph.tensor(name, graph.tensors[name].reshape(-1, 1, 1)))


def _constant_border(graph: _Graph, at: _Place) -> str:
    return _pad(graph, at.value, border_of(at.layer), "constant", at.layer.value)


def _border(mode: str) -> Callable[[_Graph, _Place], str]:
    def pad(graph: _Graph, at: _Place) -> str:
        return _pad(graph, at.value, border_of(at.layer), mode)

    return pad


def _upsample(graph: _Graph, at: _Place) -> str:
    layer: spec.Upsample = at.layer
    scales = graph.constant("scales", np.array([1, 1, *pair(layer.scale_factor)], np.float32))
    if layer.mode == "nearest":
        how = {
            "mode": "nearest",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
        }
    else:
        placing = "align_corners" if layer.align_corners else "half_pixel"
        how = {"mode": "linear", "coordinate_transformation_mode": placing}
    return graph.node("Resize", at.value, "", scales, **how)


def _overhang(layer: spec.MaxPool2d | spec.AvgPool2d, at: _Place) -> tuple[int, ...]:
    """Rows and columns by which the last window reaches beyond the padded map, as ceil_mode
    allows.
    """
    ends = [
        (out - 1) * window.stride + window.reach - (size + window.before + window.after)
        for window, out, size in zip(
            windows(layer), at.output_shape[1:], at.input_shape[1:], strict=True
        )
    ]
    return tuple(max(0, end) for end in ends)


def _pads(borders: Padding) -> list[int]:
    """All beginnings, then all ends, as ONNX wants them."""
    return [before for before, _ in borders] + [after for _, after in borders]


def _pad(graph: _Graph, value: str, borders: Padding, mode: str, fill: float = 0.0) -> str:
    # Given with axes, as onnxruntime 1.31 otherwise merges it into the pooling after it, which
    # takes other values as padding.
    pads, axes = (
        graph.constant("pads", np.array(_pads(borders))),
        graph.constant("axes", np.array([2, 3])),
    )
    filling = graph.constant("fill", np.array(fill, np.float32)) if mode == "constant" else ""
    return graph.node("Pad", value, pads, filling, axes, mode=mode)


def _even_windows(at: _Place) -> tuple[int, ...] | None:
    """The window of adaptive pooling where all are alike and none overlap."""
    sides = list(zip(at.input_shape[1:], at.output_shape[1:], strict=True))
    return None if any(n % o for n, o in sides) else tuple(n // o for n, o in sides)


def _adaptive_windows(at: _Place, axis: int) -> Array:
    """(outputs, inputs) bool: which inputs each output touches along one axis."""
    inputs, outputs = at.input_shape[1 + axis], at.output_shape[1 + axis]
    return np.array(
        [np.isin(np.arange(inputs), each) for each in adaptive_windows(inputs, outputs)]
    )


def _weighted_sums(graph: _Graph, value: str, rows: Array, columns: Array) -> str:
    """rows (o, H) · map (H, W) · columnsᵀ (W, p): any pooling by sums."""
    left = graph.constant("rows", rows.astype(np.float32))
    right = graph.constant("columns", columns.T.astype(np.float32))
    return graph.node("MatMul", graph.node("MatMul", left, value), right)


# --- normalisation --------------------------------------------------------------------------------


def _batch_norm(graph: _Graph, at: _Place) -> str:
    channels = at.input_shape[0]
    if "running_mean" in at.parameters:
        statistics = (at.parameters["running_mean"], at.parameters["running_var"])
        return graph.node(
            "BatchNormalization",
            at.value,
            *_affine(graph, at, (channels,)),
            *statistics,
            epsilon=at.layer.eps,
        )
    # Without running statistics torch normalises by the batch at hand, in evaluation too.
    axes = graph.constant("axes", np.array([0, 2, 3][: len(at.input_shape)]))
    centred = graph.node("Sub", at.value, graph.node("ReduceMean", at.value, axes))
    variance = graph.node("ReduceMean", graph.node("Mul", centred, centred), axes)
    deviation = graph.node(
        "Sqrt",
        graph.node("Add", variance, graph.constant("eps", np.array(at.layer.eps, np.float32))),
    )
    return _scaled(graph, at, graph.node("Div", centred, deviation))


def _group_norm(graph: _Graph, at: _Place) -> str:
    # As LayerNormalization of each group: GroupNormalization itself is not defined for vectors.
    groups, channels = at.layer.num_groups, at.input_shape[0]
    size = int(np.prod(at.input_shape)) // groups
    grouped = graph.node(
        "Reshape", at.value, graph.constant("grouped", np.array([0, groups, size]))
    )
    one = graph.constant("one", np.ones(size, np.float32))
    normal = graph.node("LayerNormalization", grouped, one, axis=-1, epsilon=at.layer.eps)
    shape = graph.constant("shape", np.array([0, channels, *at.input_shape[1:]]))
    return _scaled(graph, at, graph.node("Reshape", normal, shape))


def _layer_norm(graph: _Graph, at: _Place) -> str:
    return graph.node(
        "LayerNormalization",
        at.value,
        *_affine(graph, at, at.input_shape),
        axis=1,
        epsilon=at.layer.eps,
    )


def _instance_norm(graph: _Graph, at: _Place) -> str:
    if "running_mean" in at.parameters:
        return _batch_norm(graph, at)
    scale_and_shift = _affine(graph, at, (at.input_shape[0],))
    return graph.node("InstanceNormalization", at.value, *scale_and_shift, epsilon=at.layer.eps)


def _local_response_norm(graph: _Graph, at: _Place) -> str:
    layer: spec.LocalResponseNorm = at.layer
    if layer.size % 2 and np.float32(layer.alpha) and np.float32(layer.beta):
        how = {"size": layer.size, "alpha": layer.alpha, "beta": layer.beta, "bias": layer.k}
        return graph.node("LRN", at.value, **how)
    # Of an even number of neighbours torch takes one more before, ONNX one more after, and
    # onnxruntime knows neither those nor an alpha or beta of 0. So as torch computes it: a mean
    # over neighbouring channels, which for that are the first of three sides.
    one = graph.constant("one", np.array([1]))
    squares = graph.node("Unsqueeze", graph.node("Mul", at.value, at.value), one)
    means = graph.node(
        "AveragePool",
        squares,
        kernel_shape=(layer.size, 1, 1),
        strides=(1, 1, 1),
        pads=(layer.size // 2, 0, 0, (layer.size - 1) // 2, 0, 0),
        count_include_pad=1,
    )
    numbers = (("alpha", layer.alpha), ("k", layer.k), ("beta", layer.beta))
    alpha, k, beta = (graph.constant(name, np.array(n, np.float32)) for name, n in numbers)
    scaled = graph.node("Mul", graph.node("Squeeze", means, one), alpha)
    divisor = graph.node("Pow", graph.node("Add", scaled, k), beta)
    return graph.node("Div", at.value, divisor)


def _affine(graph: _Graph, at: _Place, shape: Shape) -> tuple[str, str]:
    """Scale and shift by name; ones and zeros where the layer learns none, as ONNX wants both."""
    scale = at.parameters.get("weight") or graph.constant("ones", np.ones(shape, np.float32))
    shift = at.parameters.get("bias") or graph.constant("zeros", np.zeros(shape, np.float32))
    return scale, shift


def _scaled(graph: _Graph, at: _Place, value: str) -> str:
    """A value (N, C, …) times the layer's weight plus its bias, one a channel, where it has
    them.
    """
    along = (1,) * (len(at.input_shape) - 1)
    for name, op in (("weight", "Mul"), ("bias", "Add")):
        if name in at.parameters:
            parameter = graph.tensors[at.parameters[name]].reshape(-1, *along)
            value = graph.node(op, value, graph.tensor(at.parameters[name], parameter))
    return value


# --- the rest -------------------------------------------------------------------------------------


def _linear(graph: _Graph, at: _Place) -> str:
    return graph.node("Gemm", at.value, *at.parameters.values(), transB=1)


def _silu(graph: _Graph, at: _Place) -> str:
    return graph.node("Mul", at.value, graph.node("Sigmoid", at.value))


def _relu6(graph: _Graph, at: _Place) -> str:
    ends = (graph.constant(f"{n}", np.array(n, np.float32)) for n in (0, 6))
    return graph.node("Clip", at.value, *ends)


def _prelu(graph: _Graph, at: _Place) -> str:
    along = (1,) * (len(at.input_shape) - 1)
    name = at.parameters["weight"]
    slopes = graph.tensors[name].reshape(-1, *along)
    return graph.node("PRelu", at.value, graph.tensor(name, slopes))


def _channel_shuffle(graph: _Graph, at: _Place) -> str:
    channels, *sides = at.input_shape
    groups = at.layer.groups
    shapes = ([0, groups, channels // groups, *sides], [0, channels, *sides])
    split, whole = (graph.constant("shape", np.array(shape)) for shape in shapes)
    dealt = graph.node("Transpose", graph.node("Reshape", at.value, split), perm=[0, 2, 1, 3, 4])
    return graph.node("Reshape", dealt, whole)


# The kinds whose row in LAYERS says that their nodes are written out.
WRITERS: dict[str, Callable[[_Graph, _Place], str]] = {
    "Conv2d": _conv,
    "ConvTranspose2d": _conv_transpose,
    "MaxPool2d": _max_pool,
    "AvgPool2d": _avg_pool,
    "AdaptiveAvgPool2d": _adaptive_avg_pool,
    "AdaptiveMaxPool2d": _adaptive_max_pool,
    "ZeroPad2d": _border("constant"),
    "ConstantPad2d": _constant_border,
    "ReflectionPad2d": _border("reflect"),
    "Upsample": _upsample,
    "BatchNorm2d": _batch_norm,
    "BatchNorm1d": _batch_norm,
    "GroupNorm": _group_norm,
    "LayerNorm": _layer_norm,
    "InstanceNorm2d": _instance_norm,
    "LocalResponseNorm": _local_response_norm,
    "PReLU": _prelu,
    "ReLU6": _relu6,
    "SiLU": _silu,
    "ChannelShuffle": _channel_shuffle,
    "Linear": _linear,
}
