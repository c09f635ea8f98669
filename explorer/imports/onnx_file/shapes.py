"""Operators that multiply vectors by matrices, and those that only change the shape of a value."""

from collections.abc import Sequence
from math import prod

from explorer.imports.onnx_file.model import Step, Tensor
from explorer.imports.onnx_file.reading import Reading, refused
from explorer.imports.source.graph import GraphNode, as_one_pixel_map
from explorer.network.spec import Flatten
from explorer.text import size_text


def gemm(run: Reading, step: Step) -> GraphNode:
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


def matmul(run: Reading, step: Step) -> GraphNode:
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


def flatten(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    if step.attributes.get("axis", 1) % (len(node.shape) + 1) != 1:
        raise refused(step, "makes one vector of several images, or several of one")
    return run.after(Flatten(), node, step)


def reshape(run: Reading, step: Step) -> GraphNode:
    target = run.integers(step, 1, "shape") or []
    return _reshaped(run, step, run.map(step), target)


def _reshaped(run: Reading, step: Step, node: GraphNode, target: Sequence[int]) -> GraphNode:
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


def squeezed(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    axes = run.integers(step, 1, "axes")
    whole = [0, *run.shape(node, step)]
    gone = (
        {n for n, side in enumerate(whole) if n and side == 1}
        if axes is None
        else {axis % len(whole) for axis in axes}
    )
    return _reshaped(run, step, node, [side for n, side in enumerate(whole) if n not in gone])


def unsqueezed(run: Reading, step: Step) -> GraphNode:
    node = run.map(step)
    axes = run.integers(step, 1, "axes") or []
    whole = [0, *run.shape(node, step)]
    rank = len(whole) + len(axes)
    added = {axis % rank for axis in axes}
    sides = iter(whole)
    return _reshaped(run, step, node, [1 if n in added else next(sides) for n in range(rank)])


def transpose(run: Reading, step: Step) -> GraphNode:
    node, order = run.map(step), step.attributes.get("perm")
    if order == list(range(len(node.shape) + 1)):
        return node
    raise refused(step, "changes the order of dimensions; a network here keeps channels first")
