"""Operators of two values: maps that come together, or a map and constants."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from explorer.imports.onnx_file.model import Step, Tensor
from explorer.imports.onnx_file.reading import Reading, refused
from explorer.imports.source.graph import GraphNode
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


def concat(run: Reading, step: Step) -> GraphNode:
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


def arithmetic(sign: str) -> Callable[[Reading, Step], GraphNode]:
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
    if learnt and is_one_each(constant.shape, node) and _is_read_once(run, node):
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


def is_one_each(shape: Sequence[int], node: GraphNode) -> bool:
    """Whether constants of a shape are one for each channel of a map or value of a vector."""
    rank = len(node.shape)
    outer, inner = shape[:-rank], tuple(shape[-rank:])
    return all(side == 1 for side in outer) and inner == (node.shape[0], *[1] * (rank - 1))


def _is_read_once(run: Reading, node: GraphNode) -> bool:
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
