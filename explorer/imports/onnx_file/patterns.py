"""Layers that several nodes make together: x · Sigmoid(x) is SiLU.

A pattern is an operator with what it reads: a small letter stands for any value, the same one
wherever the letter is the same. Add and Mul take their inputs in either order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isclose, prod

import numpy as np

from explorer.imports.onnx_file.model import Array, Step, Tensor, shortest
from explorer.imports.onnx_file.operators import ends_of, is_hard_sigmoid, is_plain
from explorer.imports.onnx_file.reading import Reading
from explorer.imports.source.graph import GraphNode
from explorer.network.axes import adaptive_windows
from explorer.network.spec import ChannelShuffle, Flatten

Pattern = tuple["str | Pattern", ...]  # the operator, and what it reads


@dataclass(frozen=True)
class Found:
    """Where a pattern stands in a graph."""

    names: dict[str, str]  # the values that its letters stand for
    steps: dict[str, Step]  # its nodes, by their operators


Make = Callable[[Reading, Step, Found], GraphNode | None]


@dataclass(frozen=True)
class Compound:
    """A pattern, and what it is. `make` gives None where the numbers in it are another layer's."""

    pattern: Pattern
    make: Make


# --- what they make -------------------------------------------------------------------------------


def _plain(kind: str) -> Make:
    def make(run: Reading, step: Step, found: Found) -> GraphNode | None:
        return run.layer(kind, {}, run.map_named(found.names["x"], step), step)

    return make


def _number(run: Reading, name: str) -> float | None:
    found = run.values.get(name)
    if not isinstance(found, Tensor) or found.numbers is None or found.numbers.size != 1:
        return None
    return float(found.numbers.ravel()[0])


def _is_close(run: Reading, name: str, number: float) -> bool:
    found = _number(run, name)
    return found is not None and isclose(found, number, rel_tol=1e-3)


def _hard(kind: str) -> Make:
    """ReLU6(x + 3) / 6, and that times x."""

    def make(run: Reading, step: Step, found: Found) -> GraphNode | None:
        is_sixth = (
            _is_close(run, found.names["s"], 6)
            if "Div" in found.steps
            else _is_close(run, found.names["s"], 1 / 6)
        )
        numbers_fit = is_sixth and _is_close(run, found.names["t"], 3)
        if not numbers_fit or ends_of(run, found.steps["Clip"]) != (0, 6):
            return None
        return _plain(kind)(run, step, found)

    return make


def _hard_swish(run: Reading, step: Step, found: Found) -> GraphNode | None:
    return (
        _plain("Hardswish")(run, step, found)
        if is_hard_sigmoid(found.steps["HardSigmoid"])
        else None
    )


def _gelu(run: Reading, step: Step, found: Found) -> GraphNode | None:
    root = 2**0.5 if "Div" in found.steps else 2**-0.5
    wanted = {"r": root, "o": 1.0, "h": 0.5}
    fits = all(_is_close(run, found.names[name], number) for name, number in wanted.items())
    return _plain("GELU")(run, step, found) if fits else None


def _integers(run: Reading, name: str) -> list[int]:
    found = run.values.get(name)
    if not isinstance(found, Tensor) or found.numbers is None:
        return []
    return [int(number) for number in np.ravel(found.numbers)]


def _shuffled(run: Reading, step: Step, found: Found) -> GraphNode | None:
    node = run.map_named(found.names["x"], step)
    if found.steps["Transpose"].attributes.get("perm") != [0, 2, 1, 3, 4] or len(node.shape) != 3:
        return None
    channels, *sides = run.shape(node, step)
    split, whole = _integers(run, found.names["a"]), _integers(run, found.names["b"])
    if len(split) != 5 or len(whole) != 4 or split[1] < 1 or channels % split[1]:
        return None
    if not (run.keeps_batch(split[0]) and (run.keeps_batch(whole[0]) or whole[0] == -1)):
        return None
    groups = split[1]
    fits = _agrees(split[1:], [groups, channels // groups, *sides]) and _agrees(
        whole[1:], [channels, *sides]
    )
    return run.after(ChannelShuffle(groups=groups), node, step) if fits else None


def _agrees(given: list[int], sides: list[int]) -> bool:
    """Whether a Reshape to `given` gives these sides."""
    return all(one in (-1, other) for one, other in zip(given, sides, strict=True))


def _flattened_last(run: Reading, step: Step, found: Found) -> GraphNode | None:
    node = run.map_named(found.names["x"], step)
    if found.steps["Transpose"].attributes.get("perm") != [0, 2, 3, 1] or len(node.shape) != 3:
        return None
    if "a" in found.names:
        target, values = _integers(run, found.names["a"]), prod(run.shape(node, step))
        if len(target) != 2 or not (
            target[1] == values or (target[1] == -1 and run.keeps_batch(target[0]))
        ):
            return None
    elif step.attributes.get("axis", 1) != 1:
        return None
    run.note("a map is flattened with its channels last; here they are first, as in torch", step)
    return run.after(Flatten(), node, step)


def _grouped(norm: str) -> Make:
    """GroupNorm as a normalisation of each group: its scale and shift stand in nodes after it."""

    def make(run: Reading, step: Step, found: Found) -> GraphNode | None:
        node = run.map_named(found.names["x"], step)
        split = _integers(run, found.names["a"])
        shape = run.shape(node, step)
        if len(split) < 3 or split[1] < 1 or shape[0] % split[1]:
            return None
        if not run.keeps_batch(split[0]) or not is_plain(run, found.steps[norm]):
            return None
        whole = _integers(run, found.names["b"])
        if len(whole) != len(shape) + 1 or not _agrees(whole[1:], list(shape)):
            # Where the sizes are computed, 0 keeps what was there, which is no longer the map's.
            return None
        inner = found.steps[norm]
        if norm == "LayerNormalization" and (
            len(split) != 3 or inner.attributes.get("axis", -1) not in (-1, 2)
        ):
            return None
        given = {
            "num_groups": split[1],
            "eps": inner.attributes.get("epsilon", 1e-5),
            "affine": False,
        }
        return run.layer("GroupNorm", given, node, step)

    return make


def _adaptive(run: Reading, step: Step, found: Found) -> GraphNode | None:
    """Rows · map · columns, where both are the means of adaptive pooling: so it is written here
    where its windows are not alike.
    """
    node, shares = run.map_named(found.names["x"], step), list[Array]()
    for name in ("r", "c"):
        matrix = run.named(found.names[name], step)
        if not isinstance(matrix, Tensor) or matrix.numbers is None or matrix.numbers.ndim != 2:
            return None
        shares.append(matrix.numbers if name == "r" else matrix.numbers.T)
    for side, share in zip(run.sides(node, step), shares, strict=True):
        outputs, inputs = share.shape
        windows = adaptive_windows(inputs, outputs) if inputs == side else ()
        touched = [np.isin(np.arange(inputs), each) / len(each) for each in windows]
        if not touched or not np.allclose(touched, share, rtol=1e-5):
            return None
    given = {"output_size": [len(share) for share in shares]}
    return run.layer("AdaptiveAvgPool2d", given, node, step)


def _neighbours(run: Reading, step: Step, found: Found) -> GraphNode | None:
    """LocalResponseNorm as torch computes it: x / (k + alpha · mean of neighbours' x²) ** beta."""
    name, size = found.names["m"], 0
    for _ in range(12):
        inner = run.producers.get(name)
        if inner is None or not inner.inputs:
            return None
        if inner.operator == "AveragePool":
            size, *others = inner.attributes.get("kernel_shape", [0])
            if others != [1, 1]:
                return None  # over places, not over channels
        if inner.operator == "Mul" and size:
            is_square = set(inner.inputs) == {found.names["x"]}
            numbers = [_number(run, found.names[each]) for each in ("f", "k", "e")]
            if not is_square or None in numbers:
                return None
            alpha, k, beta = (shortest(each or 0.0) for each in numbers)
            given = {"size": size, "alpha": alpha, "beta": beta, "k": k}
            return run.layer(
                "LocalResponseNorm", given, run.map_named(found.names["x"], step), step
            )
        name = inner.input(0)
    return None


_HARD = ("Clip", ("Add", "x", "t"))
_ERF = (("Erf", ("Div", "x", "r")), ("Erf", ("Mul", "x", "r")))

COMPOUNDS: tuple[Compound, ...] = (
    Compound(("Mul", "x", ("Sigmoid", "x")), _plain("SiLU")),
    Compound(("Mul", "x", ("Tanh", ("Softplus", "x"))), _plain("Mish")),
    Compound(("Mul", "x", ("HardSigmoid", "x")), _hard_swish),
    Compound(("Div", ("Mul", "x", _HARD), "s"), _hard("Hardswish")),
    Compound(("Mul", "x", ("Div", _HARD, "s")), _hard("Hardswish")),
    Compound(("Mul", "x", ("Mul", _HARD, "s")), _hard("Hardswish")),
    Compound(("Div", _HARD, "s"), _hard("Hardsigmoid")),
    Compound(("Mul", _HARD, "s"), _hard("Hardsigmoid")),
    *(Compound(("Mul", ("Mul", "x", ("Add", erf, "o")), "h"), _gelu) for erf in _ERF),
    *(Compound(("Mul", "x", ("Mul", ("Add", erf, "o"), "h")), _gelu) for erf in _ERF),
    *(Compound(("Mul", ("Mul", "x", "h"), ("Add", erf, "o")), _gelu) for erf in _ERF),
    Compound(("Reshape", ("Transpose", ("Reshape", "x", "a")), "b"), _shuffled),
    Compound(("Reshape", ("Transpose", "x"), "a"), _flattened_last),
    Compound(("Flatten", ("Transpose", "x")), _flattened_last),
    *(
        Compound(("Reshape", (norm, ("Reshape", "x", "a")), "b"), _grouped(norm))
        for norm in ("InstanceNormalization", "LayerNormalization")
    ),
    Compound(("MatMul", ("MatMul", "r", "x"), "c"), _adaptive),
    Compound(("Div", "x", ("Pow", ("Add", ("Mul", "m", "f"), "k"), "e")), _neighbours),
)


# --- finding them ---------------------------------------------------------------------------------


def read_compound(run: Reading, step: Step) -> GraphNode | None:
    """The layer that a node is the last of several nodes of; None where it is none."""
    for compound in COMPOUNDS:
        if compound.pattern[0] != step.operator:
            continue
        for names, steps in _matches(compound.pattern, step, run.producers, ({}, {})):
            made = compound.make(run, step, Found(names, steps))
            if made is not None:
                return made
    return None


_Match = tuple[dict[str, str], dict[str, Step]]


def _matches(
    pattern: Pattern, step: Step | None, producers: dict[str, Step], so_far: _Match
) -> Iterator[_Match]:
    """Every way in which a pattern with an operator stands at a node."""
    operator, *parts = pattern
    if step is None or step.operator != operator or len(step.inputs) < len(parts):
        return
    names, steps = so_far
    begun = (names, {**steps, step.operator: step})
    inputs = list(step.inputs[: len(parts)])
    orders = [inputs, inputs[::-1]] if operator in ("Add", "Mul") else [inputs]
    for order in orders:
        found = [begun]
        for part, name in zip(parts, order, strict=True):
            found = [more for each in found for more in _matches_value(part, name, producers, each)]
        yield from found


def _matches_value(
    part: str | Pattern, name: str, producers: dict[str, Step], so_far: _Match
) -> Iterator[_Match]:
    if not isinstance(part, str):
        yield from _matches(part, producers.get(name), producers, so_far)
        return
    names, steps = so_far
    if names.get(part, name) == name:
        yield {**names, part: name}, steps
