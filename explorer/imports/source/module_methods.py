"""Methods that Python's values and torch's modules have of their own."""

from typing import TYPE_CHECKING, Any

from explorer.imports.source import attributes, on_tensors
from explorer.imports.source.native_functions import as_dict, not_plain
from explorer.imports.source.objects import Keywords, init_of_torch, set_fields
from explorer.imports.source.problem import CodeProblem, reason_of
from explorer.imports.source.python_functions import (
    METHODS,
    is_plain,
)
from explorer.imports.source.tensor_methods import call_method
from explorer.imports.source.tensors import (
    Tensor,
)
from explorer.imports.source.torch_names import (
    KEEP_MODULE,
)
from explorer.imports.source.values import (
    Bound,
    Function,
    Imported,
    LayerModule,
    Module,
    NativeMethod,
    Opaque,
    Partial,
    Unknown,
    UserClass,
    describe,
    product_of_sizes,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def native_method(
    run: "Interpreter", method: NativeMethod, args: list[Any], keywords: Keywords, line: int
) -> Any:
    owner, name = method.object, method.name
    if isinstance(owner, Tensor):
        return call_method(run, owner, name, args, keywords, line)
    if isinstance(owner, Module | LayerModule | UserClass):
        return _module_method(run, owner, name, args, keywords, line)
    if isinstance(owner, tuple) and name == "numel":
        return product_of_sizes(owner, line)
    found = METHODS.get(tuple if isinstance(owner, tuple) else type(owner), {}).get(name)
    if isinstance(owner, list) and name == "sort":
        owner[:] = run.call(Imported("sorted"), [owner], keywords, line)
        return None
    if found is None and isinstance(owner, list | dict | set):
        raise CodeProblem(f"the method {name} of a list or dictionary is not followed", line)
    if found is None:
        return Unknown(f"the method {name} is not followed", line)
    if isinstance(owner, dict | set) and args and isinstance(args[0], Unknown):
        raise args[0].problem()
    # Containers hold anything; texts are made of plain values alone.
    if isinstance(owner, str):
        unknown = not_plain(run, [*args, *keywords.values()], line)
        if unknown is not None:
            return unknown
    if name in ("extend", "join", "update") and args:
        args = [args[0] if isinstance(args[0], dict) else run.items(args[0], line), *args[1:]]
        run.budget.make(len(args[0]), line)
    if isinstance(owner, dict | set) and args and name != "update" and not _can_be_key(args[0]):
        raise CodeProblem("such a key is not followed", line)
    run.budget.make(len(owner) if name in ("copy", "items", "keys", "values") else 1, line)
    try:
        return found(owner, *args, **keywords)
    except (ArithmeticError, LookupError, StopIteration, TypeError, ValueError) as error:
        if isinstance(owner, str):
            raise
        # Passed over, a list of layers would lack what was to be put in.
        raise CodeProblem(
            f".{name}() of a {describe(owner)} fails: {reason_of(error)}", line
        ) from None


def _can_be_key(value: Any) -> bool:
    """Whether a key can be looked for in little time, see is_plain."""
    return is_plain(value) or not isinstance(value, tuple | list)


def _module_method(
    run: "Interpreter", owner: Any, name: str, args: list[Any], keywords: Keywords, line: int
) -> Any:
    if isinstance(owner, UserClass):  # nn.Module.__init__(self), Base.forward(self, x)
        return None
    if name == "__init__":
        if isinstance(owner, Module) and not owner.base:
            set_fields(run, owner, args, keywords, line)
        elif isinstance(owner, Module):
            init_of_torch(run, owner, args, keywords, line)
        return None
    if name == "apply" and args and isinstance(args[0], Function | Bound | Partial):
        for _, each in reversed(attributes.all_modules(owner)):
            run.call(args[0], [each], {}, line)
        return owner
    if name in KEEP_MODULE:
        return owner
    if name == "__call__" and isinstance(owner, Module):
        return on_tensors.run_forward(run, owner, args, keywords, line)
    if name in ("forward", "__call__"):
        return on_tensors.run_native(run, owner, args, keywords, line)
    if name in ("parameters", "named_parameters", "buffers"):
        return []  # no layer depends on weights, and a loop over them does nothing
    if name == "modules":
        return [each for _, each in attributes.all_modules(owner)]
    if name == "named_modules":
        return attributes.all_modules(owner)
    if isinstance(owner, Module):
        return _container_method(run, owner, name, args, keywords, line)
    return Opaque(f"{name} of {owner.kind}")


def _container_method(
    run: "Interpreter", owner: Module, name: str, args: list[Any], keywords: Keywords, line: int
) -> Any:
    match name:
        case "add_module" | "register_module":
            given = [*args, *keywords.values()]
            if not isinstance(given[0], str):
                raise CodeProblem("the name of a module is not known here", line)
            attributes.add_child(owner, given[0], given[1])
            return None
        case "append":
            attributes.append_child(owner, args[0])
            return owner
        case "extend":
            for each in run.items(args[0], line):
                attributes.append_child(owner, each)
            return owner
        case "insert":
            children = list(owner.children.values())
            children.insert(args[0], args[1])
            owner.children = {str(place): child for place, child in enumerate(children)}
            return None
        case "pop":
            names = list(owner.children)
            key = args[0] if args else -1
            found = owner.children.pop(names[key] if isinstance(key, int) else str(key)[:200])
            attributes.renumber(owner)
            return found
        case "update":
            for key, child in as_dict(run, args, keywords, line).items():
                attributes.add_child(owner, key, child)
            return None
        case "children":
            return list(owner.children.values())
        case "values":
            return list(owner.children.values())
        case "keys":
            return list(owner.children)
        case "items" | "named_children":
            return list(owner.children.items())
        case "get_submodule":
            if not args or not isinstance(args[0], str):
                raise CodeProblem("the name of a module is not known here", line)
            inner: Any = owner
            for part in args[0][:200].split("."):
                inner = attributes.attribute(run, inner, part, line)
            return inner
        case "register_buffer" | "register_parameter":
            if args and isinstance(args[0], str):
                owner.attributes[args[0]] = Opaque(f"the tensor {args[0]}")
            return None
    return Opaque(f"{name} of {owner.title}")
