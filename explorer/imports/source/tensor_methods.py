"""A tensor's own methods, and parts that code takes of it."""

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from explorer.imports.source.layer_data import layer_from
from explorer.imports.source.layer_functions import run_layer_function
from explorer.imports.source.objects import (
    Keywords,
)
from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.tensor_steps import (
    after_layer,
    arithmetic,
    settled_node,
)
from explorer.imports.source.tensors import (
    Tensor,
    exchanged,
    flattened,
    reduced,
    sizes,
    squeezed,
    unsqueezed,
    viewed,
)
from explorer.imports.source.torch_names import (
    KEEP_TENSOR,
    layer_method,
)
from explorer.imports.source.values import (
    Opaque,
    Unknown,
    product_of_sizes,
)
from explorer.network.spec import (
    MaxPool2d,
    Merge,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def call_method(
    run: "Interpreter",
    tensor: Tensor,
    name: str,
    args: list[Any],
    keywords: Keywords,
    line: int,
) -> Any:
    """`tensor.name(…)`."""
    for each in (*args, *keywords.values()):
        if isinstance(each, Unknown) and name not in KEEP_TENSOR:
            raise each.problem()
    if name in KEEP_TENSOR:
        return tensor
    if tensor.view is not None and tensor.view.groups < 0:
        settled_node(run, tensor, line)
    if function := layer_method(name):
        return run_layer_function(run, function, tensor, args, keywords, line)
    if found := _METHODS.get(name):
        return found(run, tensor, args, keywords, line)
    raise CodeProblem(f".{name}() of a map is no layer here", line)


_Method = Callable[["Interpreter", Tensor, list[Any], Keywords, int], Any]


def _size(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    shape = sizes(tensor)
    place = args[0] if args else keywords.get("dim")
    return shape if place is None else shape[place]


def _dim(run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int) -> Any:
    return len(sizes(tensor))


def _numel(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    return product_of_sizes(sizes(tensor), line)


def _view(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    given = args or list(keywords.values())
    target = given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given
    if any(isinstance(each, Unknown | Opaque) for each in target):
        raise CodeProblem("the shape that is asked for is not known", line)
    image = tensor.node.operation is None
    if image and len(target) == 4 and all(type(each) is int for each in target[1:]):
        if None in tensor.node.shape and -1 not in target[1:]:
            tensor.node.shape = run.viewed_image = tuple(target[1:])
        if not all(
            each in (-1, side) for each, side in zip(target[1:], tensor.node.shape, strict=True)
        ):
            raise CodeProblem("the image is given another shape than it has", line)
        return tensor
    # view(1, -1) and view(64, -1) have the batch in front, too.
    return viewed(tensor, target, line)


def _flatten(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    given = dict(zip(("start_dim", "end_dim"), args, strict=False)) | keywords
    return flattened(tensor, given.get("start_dim", 0), given.get("end_dim", -1), line)


def _squeeze(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    dim = args[0] if args else keywords.get("dim")
    dims = None if dim is None else list(dim) if isinstance(dim, tuple | list) else [dim]
    return squeezed(tensor, dims, line)


def _squeeze_in_place(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    tensor.view = _squeeze(run, tensor, args, keywords, line).view
    return tensor


def _clone(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    return Tensor(tensor.node, tensor.view)


def _expand(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """One value of each map for all of its pixels, which multiplying does by itself."""
    return Tensor(tensor.node, replace(tensor.shown(), is_expanded=True))


def _unsqueeze(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    if tensor.node.operation is None:
        return tensor  # an image without its one channel, which ours have
    return unsqueezed(tensor, args[0] if args else keywords["dim"], line)


def _reduction(how: str) -> _Method:
    def reduce(
        run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
    ) -> Any:
        given = dict(zip(("dim", "keepdim"), args, strict=False)) | keywords
        dim = given.get("dim", given.get("axis"))
        if dim is None:
            return Opaque(f"the {how} over a whole batch")
        dims = list(dim) if isinstance(dim, tuple | list) else [dim]
        return reduced(tensor, how, dims, bool(given.get("keepdim", False)), line)

    return reduce


def _statistic(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """A number for the whole batch, which code prints; over dimensions it is no layer."""
    if args or keywords:
        raise CodeProblem("such a value of each map is no layer here", line)
    return Opaque("a number computed from a whole batch")


def _largest(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    found = _reduction("max")(run, tensor, args, keywords, line)
    return (found, Opaque("where the largest values are")) if isinstance(found, Tensor) else found


def _by_number(sign: type[ast.operator]) -> _Method:
    def method(
        run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
    ) -> Any:
        other = args[0] if args else keywords.get("other")
        return arithmetic(run, sign, tensor, other, line, False)

    return method


def _transpose(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    order = list(range(len(sizes(tensor))))
    a, b = args if args else (keywords["dim0"], keywords["dim1"])
    order[a], order[b] = order[b], order[a]
    return exchanged(tensor, order, line)


def _permute(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    given = args or [keywords["dims"]]
    order = given[0] if len(given) == 1 else given
    rank = len(sizes(tensor))
    order = [each % rank for each in order]
    if tensor.node.operation is None and order == [0, 3, 1, 2]:
        run.note("the images are given with their channels last; here they come first", line)
        return tensor
    return exchanged(tensor, order, line)


def _merging(how: Merge) -> _Method:
    def method(
        run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
    ) -> Any:
        other = args[0] if args else keywords.get("other")
        sign: type[ast.operator] = ast.Add if how == "add" else ast.Mult
        if keywords.get("alpha", 1) != 1:
            raise CodeProblem("torch.add with alpha scales a map; no layer here does", line)
        return arithmetic(run, sign, tensor, other, line, False)

    return method


def _merging_in_place(how: Merge) -> _Method:
    method = _merging(how)

    def in_place(
        run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
    ) -> Any:
        found = method(run, tensor, args, keywords, line)
        tensor.node, tensor.view = found.node, found.view
        return tensor

    return in_place


def _clamp(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Any:
    given = dict(zip(("min", "max"), args, strict=False)) | keywords
    limits = given.get("min"), given.get("max")
    kinds = {(0, None): "ReLU", (0, 6): "ReLU6"}
    if limits not in kinds:
        raise CodeProblem("clamp is a layer here from 0 on, or from 0 to 6", line)
    return after_layer(run, layer_from(kinds[limits], {}, line), tensor, line, None, False)


_METHODS: dict[str, _Method] = {
    "size": _size,
    "dim": _dim,
    "numel": _numel,
    "view": _view,
    "reshape": _view,
    "flatten": _flatten,
    "ravel": _flatten,
    "squeeze": _squeeze,
    "clone": _clone,
    "expand": _expand,
    "expand_as": _expand,
    "squeeze_": _squeeze_in_place,
    "unsqueeze": _unsqueeze,
    "mean": _reduction("mean"),
    "amax": _reduction("max"),
    "max": _largest,
    **dict.fromkeys(("min", "std", "var", "norm", "item", "tolist", "sum"), _statistic),
    "transpose": _transpose,
    "permute": _permute,
    "div": _by_number(ast.Div),
    "sub": _by_number(ast.Sub),
    "add": _merging("add"),
    "add_": _merging_in_place("add"),
    "mul": _merging("multiply"),
    "mul_": _merging_in_place("multiply"),
    "multiply": _merging("multiply"),
    "clamp": _clamp,
    "clamp_min": _clamp,
}


TENSOR_METHODS = set(_METHODS)


def indexed(run: "Interpreter", tensor: Tensor, index: Any, line: int) -> Any:
    """`tensor[index]`. Raises CodeProblem where it takes a part of the map."""
    if isinstance(index, Unknown):
        raise index.problem()
    parts = list(index) if isinstance(index, tuple) else [index]
    whole = slice(None)
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        missing = len(sizes(tensor)) - (len(parts) - 1)
        parts[place : place + 1] = [whole] * missing
    have = sizes(tensor)
    parts = [whole if _is_whole(part, have[i : i + 1]) else part for i, part in enumerate(parts)]
    if all(part == whole for part in parts):
        return tensor
    if len(parts) == 4 and parts[:2] == [whole, whole] and tensor.view is None:
        rows, columns = parts[2:]
        if rows == columns and _takes_every(rows):
            pool = MaxPool2d(kernel_size=1, stride=rows.step)
            return after_layer(run, pool, tensor, line, None, False)
        sides = sizes(tensor)[2:]
        if rows in (0, -1) and columns in (0, -1) and sides == (1, 1):
            return squeezed(tensor, [2, 3], line)
    if None in parts and all(part in (None, whole) for part in parts):
        for place, part in enumerate(parts):
            tensor = unsqueezed(tensor, place, line) if part is None else tensor
        return tensor
    shown = "channels" if len(parts) > 1 and parts[0] == whole else "images or maps"
    raise CodeProblem(
        f"x[…] takes a part of the {shown}; a network here passes whole maps on", line
    )


def _takes_every(part: Any) -> bool:
    """Whether a slice takes every second row, say, which is what pooling of single pixels does."""
    begins = isinstance(part, slice) and part.start in (None, 0) and part.stop is None
    return begins and type(part.step) is int and part.step > 0


def _is_whole(part: Any, size: tuple[Any, ...]) -> bool:
    """Whether a slice takes all that there is, as x[:, :8] of eight channels."""
    if not isinstance(part, slice) or part.start not in (None, 0) or part.step not in (None, 1):
        return False
    is_known = len(size) == 1 and type(size[0]) is int and type(part.stop) is int
    return is_known and part.stop >= size[0]
