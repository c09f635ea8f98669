"""What values have under a name or a number: attributes of modules, items of containers."""

import math
from typing import TYPE_CHECKING, Any

from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.python_functions import METHODS, is_number
from explorer.imports.source.tensors import Tensor, sizes
from explorer.imports.source.torch_names import MODULE_METHODS, NN, parameters_of
from explorer.imports.source.values import (
    Bound,
    Function,
    Imported,
    LayerModule,
    Module,
    NamedValues,
    NativeMethod,
    Opaque,
    Partial,
    Super,
    Unknown,
    UserClass,
)
from explorer.network.spec import LAYER_MODELS

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def attribute(run: "Interpreter", owner: Any, name: str, line: int) -> Any:
    """The attribute of a value, Unknown where it has none that is known."""
    match owner:
        case Unknown():
            return owner
        case Opaque(what=what):
            data_set = what.removeprefix("what torchvision.datasets.").removesuffix(" gives")
            is_classes = name in ("classes", "class_to_idx") and data_set != what
            return Opaque(f"the classes of {data_set}") if is_classes else owner
        case Imported(path=path) if name in ("__name__", "__qualname__"):
            return path.rpartition(".")[2]
        case Imported(path=path):
            if path.startswith("torch.nn.modules"):
                path = "torch.nn"  # where torch has the same classes again
            return math.pi if f"{path}.{name}" == "math.pi" else Imported(f"{path}.{name}")
        case Tensor():
            return _of_tensor(owner, name)
        case Module():
            return _of_module(run, owner, name, line)
        case LayerModule():
            return _of_layer(owner, name)
        case UserClass():
            return _of_class(run, owner, name, line)
        case Super():
            return _of_super(run, owner, name, line)
        case Function() | Bound() | Partial():
            return Opaque(f"the attribute {name} of a function")
        case NamedValues() if name in owner.names:
            return owner[owner.names.index(name)]
        case NamedValues() if name == "_asdict":
            return Opaque("a named tuple's _asdict")
    if isinstance(owner, tuple) or type(owner) in METHODS:
        return NativeMethod(owner, name)
    if is_number(owner) and name in ("item", "real"):
        return NativeMethod(owner, name)
    return Unknown(f"the attribute {name} is not known here", line)


def _of_tensor(tensor: Tensor, name: str) -> Any:
    if name == "shape":
        return sizes(tensor)
    if name == "ndim":
        return len(sizes(tensor))
    if name == "data":
        return tensor
    if name in ("is_cuda", "is_quantized", "is_mps"):
        return False
    if name in ("device", "dtype", "requires_grad", "grad"):
        return Opaque(f"a tensor's {name}")
    return NativeMethod(tensor, name)


def _of_module(run: "Interpreter", module: Module, name: str, line: int) -> Any:
    if name in module.attributes:
        return module.attributes[name]
    if name in module.children:
        return module.children[name]
    if name == "training":
        return True
    if name == "__class__" and module.cls:
        return module.cls
    if name in ("_modules", "__dict__"):
        return module.children
    if name in ("__getattr__", "__setattr__"):
        return Partial(Imported(name.strip("_")), (module,), {})
    if module.cls:
        try:
            return _bound(run, module.cls.find(name), module, line)
        except KeyError:
            pass
    if not module.base:
        return Unknown(f"{module.title} has no attribute {name} here", line, name)
    if module.layer and name not in MODULE_METHODS:
        return _of_layer(module.layer, name)
    if name in MODULE_METHODS or name.startswith(("save_hyper", "log")):
        return NativeMethod(module, name)
    return Unknown(
        f"{module.title} has no attribute {name}: nothing sets self.{name} before it is used",
        line,
        name,
    )


def own_method(module: Module, name: str) -> Bound | None:
    """A method that the module's class in the text defines itself, such as __len__."""
    try:
        found = module.cls.find(name) if module.cls else None
    except KeyError:
        return None
    return Bound(found, module) if isinstance(found, Function) else None


def _bound(run: "Interpreter", found: Any, owner: Any, line: int) -> Any:
    """What a class holds, as one of its objects gives it."""
    if not isinstance(found, Function):
        return found
    if found.kind == "property":
        return run.call(Bound(found, owner), [], {}, line)
    if found.kind == "staticmethod":
        return found
    if found.kind == "classmethod":
        return Bound(found, owner.cls if isinstance(owner, Module) else owner)
    return Bound(found, owner)


def _of_class(run: "Interpreter", cls: UserClass, name: str, line: int) -> Any:
    if name in ("__name__", "__qualname__"):
        return cls.name
    try:
        found = cls.find(name)
    except KeyError:
        if cls.base and name in ("__init__", *MODULE_METHODS):
            return NativeMethod(cls, name)
        if name == "verify":  # of torchvision's enumerations of weights
            return Imported("torchvision.models.WeightsEnum.verify")
        return Unknown(f"{cls.name} has no attribute {name} here", line, name)
    return (
        Bound(found, cls) if isinstance(found, Function) and found.kind == "classmethod" else found
    )


def _of_super(run: "Interpreter", owner: Super, name: str, line: int) -> Any:
    module = owner.object
    cls = module.cls if isinstance(module, Module) else module
    if not isinstance(cls, UserClass):
        return Unknown("super() stands outside of a class", line)
    try:
        return _bound(run, cls.find(name, owner.after), module, line)
    except KeyError:
        return NativeMethod(module, name)


def _of_layer(layer: LayerModule, name: str) -> Any:
    if name in _PAIRS and layer.kind in ("Conv2d", "ConvTranspose2d"):
        value = layer.given.get(name, LAYER_MODELS[layer.kind].model_fields[name].default)
        return (value, value) if type(value) is int else value
    if name in layer.given:
        return layer.given[name]
    if name == "__class__":
        return Imported(f"{NN}{layer.kind}")
    if name == "training":
        return True
    if name == "bias" and layer.given.get("bias") is False:
        return None
    model = LAYER_MODELS.get(layer.kind)
    field = model.model_fields.get(name) if model else None
    if field is not None and not field.is_required() and name != "bias":
        return field.default
    if name in MODULE_METHODS:
        return NativeMethod(layer, name)
    if name in ("weight", "bias", "running_mean", "running_var"):
        return Opaque(f"the {name} of {layer.kind}")
    return Opaque(f"{name} of {layer.kind}")


# torch keeps these of a convolution as pairs, whatever was given.
_PAIRS = ("kernel_size", "stride", "padding", "dilation", "output_padding")
# The shape of the weights, which stays as they were made.
_FIXED = ("in_channels", "out_channels", "kernel_size", "in_features", "out_features")


def set_attribute(owner: Any, name: str, value: Any) -> None:
    """`owner.name = value`."""
    if isinstance(owner, Module) and owner.layer and name in parameters_of_layer(owner.layer):
        set_attribute(owner.layer, name, value)
    elif isinstance(owner, Module):
        if isinstance(value, Module | LayerModule) and _is_module(value):
            owner.attributes.pop(name, None)
            owner.children[name] = value
            value.name = value.name or name
        else:
            owner.children.pop(name, None)
            owner.attributes[name] = value
    elif isinstance(owner, LayerModule):
        owner.node = None
        if isinstance(value, Opaque) and value.what.startswith("the weight of"):
            raise CodeProblem(
                "two layers are given the same weights; here each layer has its own", owner.line
            )
        if name == "bias":
            owner.given[name] = value is not None and owner.given.get(name, True)
        elif name in parameters_of_layer(owner) and name not in (*_FIXED, "num_features"):
            owner.given[name] = value
    elif isinstance(owner, UserClass):
        owner.names[name] = value


def parameters_of_layer(layer: LayerModule) -> tuple[str, ...]:
    """torch's names for the arguments of a layer's class."""
    return parameters_of(layer.kind)


def _is_module(value: Any) -> bool:
    return isinstance(value, LayerModule) or bool(value.base)


# --- containers -----------------------------------------------------------------------------------


def items_of_container(module: Module) -> list[Any]:
    """What a loop over a container goes through: its modules, of a ModuleDict its names."""
    if module.container == "ModuleDict":
        return list(module.children)
    return list(module.children.values())


def item_of(module: Module, index: Any, line: int) -> Any:
    """`module[index]` of a container. Raises CodeProblem where there is none."""
    if isinstance(index, Unknown):
        return index
    names = list(module.children)
    try:
        if isinstance(index, slice):
            part = Module(None, module.base, line)
            part.children = {name: module.children[name] for name in names[index]}
            if module.container == "ModuleList":
                renumber(part)
            return part
        return module.children[names[index] if isinstance(index, int) else str(index)[:200]]
    except (IndexError, KeyError, TypeError):
        raise CodeProblem(f"{module.title} holds no such module", line) from None


def set_item(module: Module, index: Any, value: Any) -> None:
    """`module[index] = value` of a container."""
    names = list(module.children)
    name = names[index] if isinstance(index, int) and index < len(names) else str(index)
    module.children[name] = value
    if isinstance(value, Module | LayerModule):
        value.name = value.name or name


def renumber(module: Module) -> None:
    """Number the modules of a container anew, as torch does where one is taken out."""
    if module.container in ("Sequential", "ModuleList"):
        module.children = {str(i): each for i, each in enumerate(module.children.values())}


def add_child(module: Module, name: str, value: Any) -> None:
    """add_module."""
    set_attribute(module, name, value)


def append_child(module: Module, value: Any) -> None:
    """append, of Sequential and ModuleList."""
    add_child(module, str(len(module.children)), value)


def all_modules(module: Any) -> list[tuple[str, Any]]:
    """(name, module) of the module itself and of all in it, as named_modules gives them."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()
    pending: list[tuple[str, Any]] = [("", module)]
    while pending:
        name, each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        found.append((name, each))
        if isinstance(each, Module):
            inside = [
                (f"{name}.{key}" if name else key, child) for key, child in each.children.items()
            ]
            pending += reversed(inside)
    return found
