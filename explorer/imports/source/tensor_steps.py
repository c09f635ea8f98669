"""What is done to tensors: a layer, several that come together, numbers that change them."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explorer.imports.source.graph import Arithmetic, GraphNode
from explorer.imports.source.objects import (
    Keywords,
)
from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.imports.source.tensors import (
    Tensor,
    settled,
    sizes,
)
from explorer.imports.source.values import (
    Extent,
    LayerModule,
    Opaque,
    Unknown,
    needed,
)
from explorer.network.spec import (
    Hardsigmoid,
    Layer,
    Merge,
    ReLU6,
    stated,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def tensor_in(args: Sequence[Any], keywords: Keywords) -> bool:
    """Whether a tensor is among what a call is given."""
    return any(isinstance(each, Tensor) for each in (*args, *keywords.values()))


def place_of(run: "Interpreter") -> tuple[str, ...]:
    return tuple(run.place)


def settled_node(run: "Interpreter", tensor: Tensor, line: int) -> GraphNode:
    return settled(run.graph, tensor, line, place_of(run))


def made_tensor(run: "Interpreter", node: GraphNode) -> Tensor:
    run.last = Tensor(node)
    return run.last


def after_layer(
    run: "Interpreter",
    layer: Layer,
    tensor: Tensor,
    line: int,
    module: LayerModule | None,
    in_place: bool,
) -> Tensor:
    """What a layer gives of a tensor. In place, all names of the tensor see it."""
    before = settled_node(run, tensor, line)
    statement = stated(layer)
    if layer.kind == "LayerNorm" and statement:
        normalised = statement[1] if isinstance(statement[1], tuple) else (statement[1],)
        if len(normalised) < len(before.shape):
            raise CodeProblem(
                "this LayerNorm normalises a part of the dimensions; LayerNorm here normalises all "
                "values of an image",
                line,
            )
    node = run.graph.layer(layer, before, line, place_of(run), module)
    if in_place:
        tensor.node, tensor.view = node, None
        run.last = tensor
        return tensor
    return made_tensor(run, node)


def merge(run: "Interpreter", how: Merge, values: Sequence[Any], line: int) -> Tensor:
    """What several tensors come to."""
    tensors = [each for each in values if isinstance(each, Tensor)]
    for each in values:
        if isinstance(each, Unknown):
            raise each.problem()
        if not isinstance(each, Tensor):
            raise CodeProblem("what comes together with the map here is no map", line)
    if len(tensors) == 1:
        return tensors[0]
    nodes = [
        settled(run.graph, each, line, place_of(run), expands=how == "multiply") for each in tensors
    ]
    if len({len(node.shape) for node in nodes}) > 1:
        raise CodeProblem("a map and a vector come together here, whose shapes do not agree", line)
    return made_tensor(run, run.graph.merge(how, nodes, line, place_of(run)))


def concatenated(run: "Interpreter", given: Any, dim: Any, line: int) -> Any:
    if isinstance(given, Unknown):
        raise given.problem()
    if not isinstance(given, list | tuple):
        raise CodeProblem("what torch.cat joins is not known", line)
    tensors = [each for each in given if isinstance(each, Tensor)]
    if not tensors:
        return Opaque("what torch.cat gives")
    for each in given:
        needed(each, line)
    if len(tensors) < len(given):
        raise CodeProblem("what torch.cat joins is not known", line)
    dim = needed(dim, line)
    rank = len(sizes(tensors[0]))
    if type(dim) is not int:
        raise CodeProblem("over which dimension torch.cat joins is not known", line)
    if dim not in (1, 1 - rank):
        what = "images of a batch" if dim in (0, -rank) else "rows or columns"
        raise CodeProblem(
            f"torch.cat over dimension {dim} joins {what}; a network here joins channels "
            "(dimension 1)",
            line,
        )
    return merge(run, "concat", given, line)


def arithmetic(
    run: "Interpreter", sign: type[ast.operator], left: Any, right: Any, line: int, joins: bool
) -> Any:
    """`left sign right`, of which one is a tensor."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        how: Merge | None = {ast.Add: "add", ast.Mult: "multiply"}.get(sign)  # type: ignore[assignment]
        if how is None:
            raise CodeProblem(
                f"two maps come together by “{_SIGNS.get(sign, '?')}”; here they may be added, "
                "multiplied or joined by torch.cat",
                line,
            )
        if joins and left.node.operation == how and left.view is None:
            return merge(run, how, [*(Tensor(each) for each in left.node.inputs), right], line)
        return merge(run, how, [left, right], line)
    tensor, number = (left, right) if isinstance(left, Tensor) else (right, left)
    if tensor is right and sign not in (ast.Add, ast.Mult):
        raise CodeProblem("a number is changed by a map here; no layer does that", line)
    if isinstance(number, Extent):
        raise NeedsImage("a number is computed from the size of the image", line)
    if isinstance(number, Opaque):
        raise CodeProblem(f"a map is changed by {number.what}, which no layer here does", line)
    if type(number) not in (int, float):
        raise CodeProblem("a map is changed by a value that is not known", line)
    if (sign is ast.Add and number == 0) or (sign in (ast.Mult, ast.Div) and number == 1):
        return tensor
    if tensor.node.operation is None:
        run.note("what is computed from the image itself prepares it, and is left out", line)
        return tensor
    return _scaled(run, sign, tensor, float(number), line)


_SIGNS = {
    ast.Add: "+",
    ast.Sub: "−",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
}


def _scaled(
    run: "Interpreter", sign: type[ast.operator], tensor: Tensor, number: float, line: int
) -> Tensor:
    """ReLU6(x + 3) / 6 is Hardsigmoid; any other number that a map is changed by is no layer."""
    node = tensor.node
    before = node.inputs[0] if node.inputs else node
    is_sixth = (sign is ast.Div and number == 6) or (
        sign is ast.Mult and abs(number * 6 - 1) < 1e-3
    )
    shift = before.operation
    if is_sixth and isinstance(node.operation, ReLU6) and shift == Arithmetic("+", 3.0):
        return made_tensor(
            run, run.graph.layer(Hardsigmoid(), before.inputs[0], line, place_of(run))
        )
    if sign is ast.Add and number == 3:
        return made_tensor(
            run, run.graph.arithmetic(Arithmetic("+", 3.0), settled_node(run, tensor, line), line)
        )
    if is_sixth and node.operation == "multiply":
        return _sixth_of_product(run, node, line)
    raise changed_by_a_number(_SIGNS.get(sign, "?"), number, line)


def _sixth_of_product(run: "Interpreter", node: GraphNode, line: int) -> Tensor:
    """x * ReLU6(x + 3) / 6 is x * Hardsigmoid(x)."""
    inputs = list(node.inputs)
    for place, each in enumerate(inputs):
        shift = each.inputs[0] if each.inputs else each
        if isinstance(each.operation, ReLU6) and shift.operation == Arithmetic("+", 3.0):
            inputs[place] = run.graph.layer(Hardsigmoid(), shift.inputs[0], line, node.place)
            return made_tensor(run, run.graph.merge("multiply", inputs, line, node.place))
    raise changed_by_a_number("/", 6.0, line)


def changed_by_a_number(sign: str, number: float, line: int) -> CodeProblem:
    """Why a map that a number is added to cannot be taken."""
    return CodeProblem(
        f"“{sign} {number:g}” changes every value of a map; no layer here does", line
    )
