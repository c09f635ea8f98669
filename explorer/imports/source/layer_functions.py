"""Functions of torch that do what a layer does: relu, max_pool2d, interpolate, pad."""

from typing import TYPE_CHECKING, Any

from explorer.imports.source.layer_data import layer_from
from explorer.imports.source.objects import Keywords
from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.imports.source.tensor_steps import after_layer
from explorer.imports.source.tensors import (
    Tensor,
    sizes,
)
from explorer.imports.source.torch_names import (
    LayerFunction,
)
from explorer.imports.source.values import (
    Extent,
    Unknown,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def run_layer_function(
    run: "Interpreter",
    function: LayerFunction,
    tensor: Tensor,
    args: list[Any],
    keywords: Keywords,
    line: int,
) -> Tensor:
    given = dict(zip(function.parameters, args, strict=False)) | dict(function.fixed) | keywords
    in_place = bool(given.pop("inplace", False))
    training = given.pop("training", True)
    for name in ("_stacklevel", "dtype", "antialias"):
        given.pop(name, None)
    if function.kind.startswith("Dropout"):
        if training is False:
            return tensor
        if "training" not in keywords and len(args) < 2:
            run.note(
                "this dropout also drops values when the network is tested, as it is not told "
                "training=self.training; here it drops while training alone",
                line,
            )
    if function.kind == "Upsample":
        given = with_factor(run, given, tensor, line)
    kind = function.kind
    if kind == "AvgPool2d" and _is_whole_map(given, tensor):
        kind, given = "AdaptiveAvgPool2d", {"output_size": 1}
    if kind == "MaxPool2d" and _is_whole_map(given, tensor):
        kind, given = "AdaptiveMaxPool2d", {"output_size": 1}
    return after_layer(run, layer_from(kind, given, line), tensor, line, None, in_place)


def _is_whole_map(given: Keywords, tensor: Tensor) -> bool:
    """Whether a pooling's window is the whole map, by the map's own sizes: x.shape[2:]."""
    kernel = given.get("kernel_size")
    sides = sizes(tensor)[2:]
    pair = tuple(kernel) if isinstance(kernel, tuple | list) else (kernel, kernel)
    if len(sides) != 2 or not any(isinstance(each, Extent) for each in pair):
        return False
    if not isinstance(kernel, tuple | list):  # F.avg_pool2d(x, x.size(2)): the map is square
        return kernel in sides
    return pair == tuple(sides)


def with_factor(run: "Interpreter", given: Keywords, tensor: Tensor, line: int) -> Keywords:
    """Upsample's arguments with a scale factor in place of the size that it is to give."""
    wanted = given.get("size")
    rest = {
        name: value
        for name, value in given.items()
        if name not in ("size", "antialias", "recompute_scale_factor")
    }
    if wanted is None:
        return rest
    sides = sizes(tensor)[2:]
    pair = tuple(wanted)[-2:] if isinstance(wanted, tuple | list) else (wanted, wanted)
    if any(isinstance(each, Extent) for each in (*sides, *pair)):
        raise NeedsImage("how far Upsample enlarges depends on the size of the image", line)
    known = all(type(each) is int and each > 0 for each in (*sides, *pair))
    if not known or any(big % small for big, small in zip(pair, sides, strict=True)):
        raise CodeProblem(
            "it resizes a map to a size that is no whole multiple of what comes in", line
        )
    factors = [big // small for big, small in zip(pair, sides, strict=True)]
    rest.pop("scale_factor", None)
    return rest | {"scale_factor": tuple(factors)}


def padded(
    run: "Interpreter", tensor: Tensor, args: list[Any], keywords: Keywords, line: int
) -> Tensor:
    given = dict(zip(("pad", "mode", "value"), args, strict=False)) | keywords
    border = given.get("pad")
    if isinstance(border, Unknown):
        raise border.problem()
    if not isinstance(border, tuple | list) or not all(type(each) is int for each in border):
        raise CodeProblem("by how much F.pad pads is not known", line)
    if len(border) > 4 and not any(border[4:]):
        border = border[:4]
    if len(border) not in (2, 4):
        raise CodeProblem("F.pad adds channels here, which no layer here does", line)
    sides = [*border, 0, 0][:4]
    mode, value = given.get("mode", "constant"), given.get("value") or 0
    kinds = {"constant": "ConstantPad2d" if value else "ZeroPad2d", "reflect": "ReflectionPad2d"}
    if mode not in kinds:
        raise CodeProblem(f"F.pad with mode {mode!r} is no layer here", line)
    arguments: Keywords = {"padding": sides}
    if value:
        arguments["value"] = float(value)
    return after_layer(run, layer_from(kinds[mode], arguments, line), tensor, line, None, False)
