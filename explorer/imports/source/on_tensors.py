"""Modules and functions of torch that are given a tensor."""

from typing import TYPE_CHECKING, Any

from explorer.imports.source.image import LEAST_SIDE
from explorer.imports.source.layer_data import layer_from
from explorer.imports.source.layer_functions import padded, run_layer_function, with_factor
from explorer.imports.source.objects import Keywords
from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.tensor_methods import TENSOR_METHODS, call_method
from explorer.imports.source.tensor_steps import after_layer, concatenated, tensor_in
from explorer.imports.source.tensors import (
    Tensor,
    flattened,
)
from explorer.imports.source.torch_names import (
    KEEP_TENSOR,
    layer_function,
)
from explorer.imports.source.values import (
    Bound,
    Function,
    ImageHint,
    LayerModule,
    Module,
    Opaque,
    Unknown,
)
from explorer.network.layers import LAYERS, FirstWeights
from explorer.network.spec import MAX_IMAGE_SIDE

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def run_module(
    run: "Interpreter", module: Any, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """`module(x)`."""
    run.budget.step(line)
    if isinstance(module, LayerModule):
        return _run_layer(run, module, args, keywords, line)
    own = _method_of(module, "__call__")
    if own is not None:
        return run.call(Bound(own, module), args, keywords, line)
    return run_forward(run, module, args, keywords, line)


def run_forward(
    run: "Interpreter", module: Module, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """What nn.Module's own call does: forward."""
    forward = module.attributes.get("forward") or forward_of(module)
    if forward is None:
        return run_native(run, module, args, keywords, line)
    if isinstance(forward, Function) and forward is forward_of(module):
        forward = Bound(forward, module)
    run.place.append(module.name)
    try:
        return run.call(forward, args, keywords, line)
    finally:
        run.place.pop()


def forward_of(module: Module) -> Function | None:
    """The forward that the module's class has in the text."""
    return _method_of(module, "forward")


def _method_of(module: Module, name: str) -> Function | None:
    try:
        found = module.cls.find(name) if module.cls else None
    except KeyError:
        return None
    return found if isinstance(found, Function) else None


def run_native(
    run: "Interpreter", module: Any, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """The forward that torch's own class has."""
    if isinstance(module, LayerModule):
        return _run_layer(run, module, args, keywords, line)
    if module.layer:
        return _run_layer(run, module.layer, args, keywords, line)
    if module.container == "Sequential":
        value = args[0] if args else next(iter(keywords.values()), None)
        run.place.append(module.name)
        try:
            for child in module.children.values():
                value = run.call(child, [value], {}, line)
        finally:
            run.place.pop()
        return value
    if module.container:
        raise CodeProblem(
            f"{module.container} has no forward: its modules are called one by one", line
        )
    raise CodeProblem(f"{module.title} has no forward", module.cls.line if module.cls else line)


def _run_layer(
    run: "Interpreter", module: LayerModule, args: list[Any], keywords: Keywords, line: int
) -> Any:
    tensor = next((each for each in (*args, *keywords.values()) if isinstance(each, Tensor)), None)
    if tensor is None:
        unknown = next((each for each in args if isinstance(each, Unknown)), None)
        if unknown:
            raise unknown.problem()
        return Opaque(f"what {module.kind} gives")
    if len(args) + len(keywords) > 1:
        raise CodeProblem(f"{module.kind} is given more than a map, which is not followed", line)
    if module.kind == "Flatten" and _dims_of(module, "start_dim", "end_dim") != (1, -1):
        start, end = _dims_of(module, "start_dim", "end_dim")
        return flattened(tensor, start, end, line)
    if module.kind == "Upsample" and module.given.get("size") is not None:
        layer = layer_from("Upsample", with_factor(run, module.given, tensor, line), module.line)
    else:
        module.node = layer = module.node or layer_from(module.kind, module.given, module.line)
    has_weights = LAYERS[module.kind].first_weights is not FirstWeights.NONE
    if run.is_forward and has_weights and id(module) in run.ran:
        name = ".".join(["self", *filter(None, run.place[1:]), module.name or module.kind])
        raise CodeProblem(
            f"{name} runs a second time with the same weights; here each layer has its own", line
        )
    run.ran.add(id(module))
    return after_layer(run, layer, tensor, line, module, bool(module.given.get("inplace")))


def _dims_of(module: LayerModule, *names: str) -> tuple[Any, ...]:
    return tuple(
        module.given.get(name, default) for name, default in zip(names, (1, -1), strict=True)
    )


def call_function(
    run: "Interpreter", path: str, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """A call of a function of another module, by its path."""
    name = path.rpartition(".")[2]
    look_for_an_image(run, name, args, keywords, line)
    if path == "torch.utils.checkpoint.checkpoint" and args:
        return run.call(args[0], args[1:], {}, line)
    joined = next((each for each in args if isinstance(each, list | tuple)), None)
    if path in ("torch.cat", "torch.concat", "torch.concatenate"):
        given = joined if joined is not None else keywords.get("tensors")
        dim = keywords.get("dim", keywords.get("axis", args[1] if len(args) > 1 else 0))
        return concatenated(run, given, dim, line)
    if not tensor_in(args, keywords):
        if name in _MAKES_IMAGES and not run.is_forward and run.budget.depth > 0:
            return _image_of_its_own(run, args, keywords)
        if joined is not None and any(isinstance(each, Tensor) for each in joined):
            raise CodeProblem(f"{path} is no layer here", line)
        return Opaque(f"what {path} gives")
    rest = list(args)
    tensor = rest.pop(0) if rest and isinstance(rest[0], Tensor) else None
    if tensor is None:
        tensor = keywords.get("input", keywords.get("x"))
        keywords = {key: value for key, value in keywords.items() if key not in ("input", "x")}
    if not isinstance(tensor, Tensor):
        raise CodeProblem(f"{path} is not followed", line)
    if found := layer_function(path):
        return run_layer_function(run, found, tensor, rest, keywords, line)
    if path in ("torch.nn.functional.pad",):
        return padded(run, tensor, rest, keywords, line)
    if path.startswith("torch.") and name in TENSOR_METHODS | set(KEEP_TENSOR):
        return call_method(run, tensor, name, rest, keywords, line)
    raise CodeProblem(f"{path} is no layer here, so that what it does to the image is lost", line)


def _image_of_its_own(run: "Interpreter", args: list[Any], keywords: Keywords) -> Any:
    """A tensor that a constructor sends through its layers, to see how many values come out."""
    given = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
    if len(given) == 4 and all(type(each) is int and 0 < each <= MAX_IMAGE_SIDE for each in given):
        batch, *shape = given
        return Tensor(run.graph.image(tuple(shape), batch))
    return Opaque("a tensor of the code's own")


_MAKES_IMAGES = ("randn", "rand", "zeros", "ones", "empty", "randn_like", "randint")


def look_for_an_image(
    run: "Interpreter", name: str, args: list[Any], keywords: Keywords, line: int
) -> None:
    """Shapes that the code gives an image: torch.randn(1, 3, 32, 32), summary(net, (1, 28, 28))."""
    shapes: list[Any] = []
    if name in _MAKES_IMAGES:
        shapes = [args, *args]
    elif name in ("summary", "get_model_complexity_info", "torch_summarize"):
        shapes = [*args[1:2], *(keywords.get(each) for each in ("input_size", "input_shape"))]
    for shape in shapes:
        sides = shape[0] if isinstance(shape, list) and len(shape) == 1 else shape
        if not isinstance(sides, list | tuple) or not 3 <= len(sides) <= 4:
            continue
        if len(sides) == 3 and name in _MAKES_IMAGES:
            continue
        image = tuple(sides[-3:])
        if (
            all(type(each) is int and 1 <= each <= MAX_IMAGE_SIDE for each in image)
            and min(image[1:]) >= LEAST_SIDE
        ):
            run.hints.append(ImageHint(image, line))
