"""Numbers that a graph computes from shapes and constants: what a Reshape or a Resize is given."""

from collections.abc import Callable, Sequence

import numpy as np

from explorer.imports.onnx_file.model import NUMERIC, Array, Step, Tensor

MAX_COMPUTED = 256  # numbers; a shape has a handful

# In the array of a shape, the number of images: no other number, so that what is computed with it
# is not taken for it.
BATCH = -(2**40)


def shape_numbers(step: Step, shape: Sequence[int | None]) -> Tensor | None:
    """What Shape gives of a value of a shape; None where a side is not known."""
    sides = shape[step.attributes.get("start", 0) : step.attributes.get("end")]
    return None if None in sides else _tensor(np.array(sides, np.int64))


def constant(step: Step) -> Tensor | None:
    """What a Constant gives."""
    for name, value in step.attributes.items():
        if isinstance(value, Tensor):
            return value
        if name.startswith("value_") and value is not None:
            return _tensor(np.array(value))
    return None  # it has none, or one that is not read


def computed(step: Step, inputs: Sequence[Tensor | None]) -> Tensor | None:
    """What a node gives that reads only numbers; None where it does something else, or where its
    numbers are not kept. Of weights, Transpose, Reshape and such give the new shape.
    """
    if step.operator in _MOVES and inputs and inputs[0] is not None and inputs[0].numbers is None:
        return _moved(step, inputs)
    while inputs and inputs[-1] is None:  # left out at the end
        inputs = inputs[:-1]
    arrays = [None if each is None else each.numbers for each in inputs]
    compute = _NUMBERS.get(step.operator)
    if compute is None or not arrays or any(each is None for each in arrays):
        return None
    if sum(each.size for each in arrays if each is not None) > MAX_COMPUTED:
        return _moved(step, inputs) if step.operator in _MOVES else None
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(compute(step, *arrays))
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return None
    return _tensor(found) if found.size <= MAX_COMPUTED else None


def _tensor(array: Array) -> Tensor | None:
    """Numbers as a value; None of texts."""
    return Tensor(tuple(array.shape), array) if array.dtype.kind in NUMERIC else None


# --- of weights, whose numbers are not kept -------------------------------------------------------

_MOVES = ("Transpose", "Reshape", "Identity", "Cast", "Unsqueeze", "Squeeze")


def _moved(step: Step, inputs: Sequence[Tensor | None]) -> Tensor | None:
    """The shape that numbers have once they are moved, by moving none."""
    first = inputs[0]
    assert first is not None
    more = [None if each is None else each.numbers for each in inputs[1:]]
    if any(each is None for each in more):
        return None
    if step.operator in ("Cast", "Identity"):
        return first
    try:
        stand_in = np.broadcast_to(np.int8(0), first.shape)
        return Tensor(np.asarray(_NUMBERS[step.operator](step, stand_in, *more)).shape, None)
    except (ValueError, TypeError, LookupError):
        return None


# --- one row an operator --------------------------------------------------------------------------


def _axes(step: Step, more: Sequence[Array]) -> tuple[int, ...]:
    """The axes of Squeeze and Unsqueeze, which an older file gives as an attribute."""
    given = more[0] if more else step.attributes.get("axes", ())
    return tuple(int(axis) for axis in np.ravel(given))


def _reshape(step: Step, array: Array, *more: Array) -> Array:
    target = [int(side) for side in np.ravel(more[0] if more else step.attributes["shape"])]
    kept = [array.shape[n] if side == 0 else side for n, side in enumerate(target)]
    if array.size > MAX_COMPUTED:  # a stand-in, which takes no memory as it is
        return np.broadcast_to(np.int8(0), _settled(array.size, kept))
    return array.reshape(kept)


def _settled(size: int, shape: list[int]) -> tuple[int, ...]:
    """A shape, of which one side may be -1, for so many numbers."""
    known = [side for side in shape if side != -1]
    rest = size // max(1, int(np.prod(known, dtype=object)))
    found = tuple(rest if side == -1 else side for side in shape)
    if int(np.prod(found, dtype=object)) != size:
        raise ValueError("another number of values")
    return found


def _slice(step: Step, array: Array, *more: Array) -> Array:
    names = ("starts", "ends", "axes", "steps")
    given = {
        name: [int(n) for n in np.ravel(each)] for name, each in zip(names, more, strict=False)
    }
    for name in names:
        if name not in given and name in step.attributes:
            given[name] = step.attributes[name]
    axes = given.get("axes", list(range(len(given["starts"]))))
    cuts: list[slice] = [slice(None)] * array.ndim
    for n, axis in enumerate(axes):
        stride = given.get("steps", [1] * len(axes))[n]
        cuts[axis] = slice(given["starts"][n], given["ends"][n], stride)
    return array[tuple(cuts)]


def _divide(step: Step, a: Array, b: Array) -> Array:
    return a // b if a.dtype.kind in "iu" and b.dtype.kind in "iu" else a / b


# By ONNX's numbers for them.
_TYPES = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}


def _cast(step: Step, a: Array) -> Array:
    return a.astype(_TYPES[step.attributes["to"]])


def _join(step: Step, *parts: Array) -> Array:
    if any(each.ndim > 1 for each in parts):
        return np.concatenate(parts, step.attributes["axis"])
    return np.concatenate([np.atleast_1d(each) for each in parts])


def _filled(step: Step, shape: Array) -> Array:
    if int(np.prod(shape, dtype=object)) > MAX_COMPUTED:
        raise ValueError("too many")
    value = step.attributes.get("value")
    number = (
        value.numbers.ravel()[0] if isinstance(value, Tensor) and value.numbers is not None else 0
    )
    return np.full([int(side) for side in shape], number)


_NUMBERS: dict[str, Callable[..., Array]] = {
    "Add": lambda step, a, b: a + b,
    "Cast": _cast,
    "Concat": _join,
    "ConstantOfShape": _filled,
    "Div": _divide,
    "Gather": lambda step, a, index: np.take(
        a, index.astype(np.int64), axis=step.attributes.get("axis", 0)
    ),
    "Identity": lambda step, a: a,
    "Mul": lambda step, a, b: a * b,
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": lambda step, a, *more: np.squeeze(a, _axes(step, more) or None),
    "Sub": lambda step, a, b: a - b,
    "Transpose": lambda step, a: np.transpose(a, step.attributes.get("perm")),
    "Unsqueeze": lambda step, a, *more: np.expand_dims(a, _axes(step, more)),
}
