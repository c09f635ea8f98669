"""What each operator of ONNX is among the layers here: one row of OPERATORS each.

The operators and their defaults are those of https://onnx.ai/onnx/operators; where a default or an
input changed with a version, both forms are read.
"""

from collections.abc import Callable
from math import inf, isclose, prod
from typing import Any

import numpy as np

from explorer.imports.onnx_file.arithmetic import arithmetic, concat, is_one_each
from explorer.imports.onnx_file.model import Step, Tensor, shortest
from explorer.imports.onnx_file.reading import Reading, Value, refused
from explorer.imports.onnx_file.resizing import resize
from explorer.imports.onnx_file.shapes import (
    flatten,
    gemm,
    matmul,
    reshape,
    squeezed,
    transpose,
    unsqueezed,
)
from explorer.imports.onnx_file.windows import (
    average_pool,
    conv,
    conv_transpose,
    global_pool,
    max_pool,
    pad,
    reduced,
)
from explorer.imports.source.graph import GraphNode
from explorer.imports.source.problem import CodeProblem

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
    features, _ = (prod(run.tensor(step, place).shape) for place in (1, 2))
    learns = not is_plain(run, step)
    if not learns:
        run.note("InstanceNorm2d is read without a scale and a shift, as they are 1 and 0", step)
    given = {
        "num_features": features,
        "eps": step.attributes.get("epsilon", 1e-5),
        "affine": learns,
    }
    return run.layer("InstanceNorm2d", given, run.map(step), step)


def is_plain(run: Reading, step: Step) -> bool:
    """Whether a normalisation has scales of 1 and shifts of 0."""
    for name, plain in zip(step.inputs[1:], (1, 0), strict=False):
        found = run.values.get(name)
        if not isinstance(found, Tensor) or found.numbers is None:
            return False
        if not (found.numbers == plain).all():
            return False
    return True


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
    was_one_each = run.model.opset < 7 and shape == node.shape[:1]
    if prod(shape) != 1 and not was_one_each and not is_one_each(shape, node):
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


def _without_layer(why: str) -> Callable[[Reading, Step], GraphNode]:
    def refuse(run: Reading, step: Step) -> GraphNode:
        raise refused(step, why)

    return refuse


_A_PART = "takes a part of its input; a network here passes whole maps on"

OPERATORS: dict[str, Callable[[Reading, Step], Value]] = {
    "Add": arithmetic("+"),
    "ArgMax": _answer,
    "AveragePool": average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": concat,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Div": arithmetic("÷"),
    "Dropout": _dropout,
    "Elu": _activation("ELU", alpha=("alpha", 1.0)),
    "Flatten": flatten,
    "Gather": _without_layer(_A_PART),
    "Gelu": _activation("GELU", approximate=("approximate", "none")),
    "Gemm": gemm,
    "GlobalAveragePool": global_pool("AdaptiveAvgPool2d"),
    "GlobalMaxPool": global_pool("AdaptiveMaxPool2d"),
    "GroupNormalization": _group_norm,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _activation("Hardswish"),
    "Identity": _passed_on,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LRN": _local_response_norm,
    "LeakyRelu": _activation("LeakyReLU", negative_slope=("alpha", 0.01)),
    "LogSoftmax": _along("LogSoftmax"),
    "MatMul": matmul,
    "MaxPool": max_pool,
    "Mish": _activation("Mish"),
    "Mul": arithmetic("*"),
    "PRelu": _prelu,
    "Pad": pad,
    "ReduceMax": reduced("AdaptiveMaxPool2d"),
    "ReduceMean": reduced("AdaptiveAvgPool2d"),
    "Relu": _activation("ReLU"),
    "Reshape": reshape,
    "Resize": resize,
    "Sigmoid": _activation("Sigmoid"),
    "Slice": _without_layer(_A_PART),
    "Softmax": _along("Softmax"),
    "Split": _without_layer(_A_PART),
    "Squeeze": squeezed,
    "Sub": arithmetic("−"),
    "Sum": arithmetic("+"),
    "Tanh": _activation("Tanh"),
    "Transpose": transpose,
    "Unsqueeze": unsqueezed,
    "Upsample": resize,
}


def read_step(run: Reading, step: Step) -> Value:
    """What a node gives. Raises CodeProblem, which names its operator."""
    read = OPERATORS.get(step.operator)
    if read is None:
        raise CodeProblem(f"there is no layer here for {step.operator}", step.number)
    return read(run, step)
