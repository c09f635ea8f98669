"""The bytes of an ONNX file as plain data: nodes, the shapes of what they read, and the image.

Only the graph is of interest: of weights their shapes are kept, and the numbers of those few that
decide what a node does. Nothing outside the file is read, though ONNX allows weights to lie
elsewhere.
"""

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.imports.source.problem import CodeProblem
from explorer.network.architecture_json import PROPERTY
from explorer.text import quoted

Array = NDArray[Any]

MAX_BYTES = 256_000_000  # of a file; the largest that is written here has 50 million weights
MAX_STEPS = 5_000  # nodes of a graph, those that only compute shapes among them
MAX_OPERATOR = 80  # letters of its name
MAX_NUMBERS = 65_536  # of a tensor whose numbers are kept

NUMERIC = "biuf"  # kinds of numpy's types that are numbers; texts are none

# A ModelProto begins with its version, a small number, and goes on with one of its other fields:
# the producer, its version, the domain, the model's version, a text, the graph or the opsets.
_FIRST, _SECOND = 0x08, (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42)


def is_onnx(data: bytes) -> bool:
    """Whether a file begins as ONNX files do."""
    return len(data) > 2 and data[0] == _FIRST and data[1] < 128 and data[2] in _SECOND


@dataclass(frozen=True)
class Tensor:
    """A weight or a constant: its shape, and its numbers where there are few."""

    shape: tuple[int, ...]
    numbers: Array | None


@dataclass(frozen=True)
class Step:
    """A node of the graph."""

    number: int  # from 1, in the file's order
    operator: str  # with its domain, where that is not ONNX's own
    inputs: tuple[str, ...]  # "" for one that is left out
    outputs: tuple[str, ...]
    attributes: dict[str, Any]

    def input(self, place: int) -> str:
        """The name of an input, "" where it has none there."""
        return self.inputs[place] if place < len(self.inputs) else ""


@dataclass(frozen=True)
class Model:
    """A graph that computes its outputs from one image."""

    steps: tuple[Step, ...]
    tensors: dict[str, Tensor]
    image: str
    image_shape: tuple[int | None, ...]  # with the batch; None where the file does not say it
    outputs: tuple[str, ...]
    opset: int
    title: str
    architecture: str | None  # as JSON, of a file that was written here


def read_model(data: bytes) -> Model:
    """The graph of an ONNX file. Raises CodeProblem where the bytes are none."""
    import onnx  # a third of a second, and needed for nothing else
    from google.protobuf.message import DecodeError

    if len(data) > MAX_BYTES:
        raise CodeProblem(
            f"the file has {len(data):,} bytes; of an ONNX file at most {MAX_BYTES:,} are read"
        )
    try:
        proto = onnx.load_model_from_string(data)
    except (DecodeError, ValueError):
        raise CodeProblem("this begins as an ONNX file does, but cannot be read as one") from None
    graph = proto.graph
    if len(graph.node) > MAX_STEPS:
        raise CodeProblem(
            f"the graph has {len(graph.node):,} nodes; at most {MAX_STEPS:,} are read"
        )
    if not graph.node and not graph.output:
        raise CodeProblem("this begins as an ONNX file does, but has no graph")
    tensors = {_text(each.name): _tensor(each) for each in graph.initializer}
    steps = tuple(_step(number, node) for number, node in enumerate(graph.node, 1))
    images = [each for each in graph.input if _text(each.name) not in tensors]
    if len(images) != 1:
        names = ", ".join(quoted(_text(each.name)) for each in images[:4]) or "none"
        raise CodeProblem(f"a network here has one input, its image; this graph has {names}")
    if len(images[0].type.tensor_type.shape.dim) > 4:
        raise CodeProblem(
            "an image has channels, rows and columns; this graph’s input has more dimensions"
        )
    properties = {_text(each.key): _text(each.value) for each in proto.metadata_props}
    return Model(
        steps,
        tensors,
        _text(images[0].name),
        tuple(
            side.dim_value if side.dim_value > 0 else None
            for side in images[0].type.tensor_type.shape.dim
        ),
        tuple(_text(each.name) for each in graph.output),
        max((each.version for each in proto.opset_import if each.domain in _OWN), default=1),
        _text(graph.name),
        properties.get(PROPERTY),
    )


_OWN = ("", "ai.onnx")  # domains of ONNX's own operators


def _step(number: int, node: Any) -> Step:
    operator, domain = _text(node.op_type), _text(node.domain)
    return Step(
        number,
        (operator if domain in _OWN else f"{domain}.{operator}")[:MAX_OPERATOR],
        tuple(map(_text, node.input)),
        tuple(map(_text, node.output)),
        {_text(each.name): _attribute(each) for each in node.attribute},
    )


def _text(given: str | bytes) -> str:
    """A text of the file, which protobuf gives as bytes where it is no UTF-8."""
    return given if isinstance(given, str) else given.decode("utf-8", "replace")


def _attribute(proto: Any) -> Any:
    """A number, a text, a list of numbers or a Tensor; None of what no operator here has."""
    from onnx import AttributeProto

    kinds = AttributeProto
    match proto.type:
        case kinds.FLOAT:
            return shortest(proto.f)
        case kinds.INT:
            return proto.i
        case kinds.STRING:
            return proto.s.decode("utf-8", "replace")
        case kinds.TENSOR:
            return _tensor(proto.t)
        case kinds.FLOATS:
            return [shortest(each) for each in proto.floats[:MAX_NUMBERS]]
        case kinds.INTS:
            return list(proto.ints[:MAX_NUMBERS])
    return None


def shortest(number: float) -> float:
    """A float32 as the number that somebody typed: 1e-05 instead of 9.999999747378752e-06."""
    return float(str(np.float32(number)))


def _tensor(proto: Any) -> Tensor:
    from onnx import TensorProto, numpy_helper

    shape = tuple(int(side) for side in proto.dims)
    is_elsewhere = proto.data_location == TensorProto.EXTERNAL or bool(proto.external_data)
    if is_elsewhere or any(side < 0 for side in shape) or prod(shape) > MAX_NUMBERS:
        return Tensor(shape, None)
    try:
        numbers = numpy_helper.to_array(proto)
    except (ValueError, TypeError, KeyError):  # fewer numbers than its shape says, say
        return Tensor(shape, None)
    return Tensor(shape, numbers if numbers.dtype.kind in NUMERIC else None)


def uses(model: Model) -> Counter[str]:
    """How many nodes and outputs read each value."""
    return Counter(
        [*(name for step in model.steps for name in step.inputs if name), *model.outputs]
    )
