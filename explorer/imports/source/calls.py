"""What a call gives: functions and classes of the text, Python's own functions, torch's modules."""

import ast
from typing import TYPE_CHECKING, Any

from explorer.imports.source import (
    on_tensors,
)
from explorer.imports.source.module_methods import native_method
from explorer.imports.source.native_functions import NATIVE, not_plain
from explorer.imports.source.objects import (
    NAMED_TUPLE,
    Keywords,
    fill_container,
    init_of_torch,
    layer_of,
    object_of,
)
from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.python_functions import (
    FUNCTIONS,
)
from explorer.imports.source.tensor_steps import (
    tensor_in,
)
from explorer.imports.source.torch_names import (
    CONTAINERS,
    FALSE_QUESTIONS,
    NN,
    WRAPPERS,
    is_layer_name,
    layer_kind,
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
    Scope,
    Super,
    Unknown,
    UserClass,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def call(run: "Interpreter", function: Any, args: list[Any], keywords: Keywords, line: int) -> Any:
    """What a call gives. Raises CodeProblem where an image's tensor goes into what is not known."""
    match function:
        case Function():
            return run.run_function(function, bind(run, function, args, keywords, line), line)
        case Bound():
            names = bind(run, function.function, [function.object, *args], keywords, line)
            return run.run_function(function.function, names, line)
        case Partial():
            return call(
                run, function.function, [*function.args, *args], function.keywords | keywords, line
            )
        case UserClass():
            return object_of(run, function, args, keywords, line)
        case Module() | LayerModule():
            return on_tensors.run_module(run, function, args, keywords, line)
        case NativeMethod():
            return native_method(run, function, args, keywords, line)
        case Imported():
            return _imported(run, function.path, args, keywords, line)
        case Unknown():
            if tensor_in(args, keywords):
                raise function.problem()
            on_tensors.look_for_an_image(run, function.name, args, keywords, line)
            if function.name and any(isinstance(each, Module | LayerModule) for each in args):
                run.note(f"{function.name} is not in the code; what it does is not known", line)
            return function
        case Opaque():
            if tensor_in(args, keywords):
                raise CodeProblem(f"{function.what} is not followed", line)
            return function
    raise CodeProblem("what is called here is no function", line)


MAX_ANCESTORS = 60  # of a class
_DECORATORS = {
    "staticmethod": "staticmethod",
    "classmethod": "classmethod",
    "property": "property",
    "cached_property": "property",
}


def function_of(run: "Interpreter", node: Any, scope: Scope) -> Function:
    """A function or lambda as the value that its definition makes."""
    defaults = tuple(run.evaluate(each, scope) for each in node.args.defaults)
    keyword_defaults = tuple(
        None if each is None else run.evaluate(each, scope) for each in node.args.kw_defaults
    )
    kind = "function"
    for each in getattr(node, "decorator_list", ()):
        name = getattr(each, "id", None) or getattr(each, "attr", None)
        kind = _DECORATORS.get(name or "", kind)
        if isinstance(each, ast.Attribute) and each.attr in ("setter", "deleter"):
            raise CodeProblem("a property that is set is not followed", node.lineno)
    return Function(node, scope, defaults, keyword_defaults, kind=kind)


def class_of(run: "Interpreter", node: ast.ClassDef, scope: Scope) -> UserClass:
    """A class as the value that its definition makes."""
    bases = []
    for each in node.bases:
        base = run.evaluate(each, scope)
        is_network = any(getattr(part, "name", "") == "forward" for part in node.body)
        if isinstance(base, Unknown) and is_network:
            base = Imported(
                f"{NN}Module"
            )  # at last it must be one, or its forward would do nothing
        bases.append(base)
    body = Scope({}, scope)
    cls = UserClass(node.name, node.lineno, tuple(bases), body.names, node)
    if len(cls.ancestors) > MAX_ANCESTORS:
        raise CodeProblem(f"it inherits from more than {MAX_ANCESTORS} classes", node.lineno)
    run.run(node.body, body)
    for each in body.names.values():
        if isinstance(each, Function) and each.owner is None:
            each.owner = cls
            each.scope = scope  # a method does not see the names of its class
    is_dataclass = any("dataclass" in ast.unparse(each)[:80] for each in node.decorator_list)
    if is_dataclass or NAMED_TUPLE in bases:
        annotated = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        cls.fields = tuple(
            each.target.id for each in annotated if isinstance(each.target, ast.Name)
        )
    return cls


def super_of(run: "Interpreter", args: list[Any], scope: Scope, line: int) -> Any:
    """super() and super(Net, self)."""
    if len(args) == 2 and isinstance(args[0], UserClass):
        return Super(args[1], args[0])
    try:
        cls = scope.find("__class__")
        first = next(iter(_function_scope(scope).names.values()))
    except (KeyError, StopIteration):
        return Unknown("super() stands outside of a method", line)
    return Super(first, cls)


def _function_scope(scope: Scope) -> Scope:
    while "__class__" not in scope.names:
        if scope.outer is None:
            raise KeyError("__class__")
        scope = scope.outer
    return scope


def bind(
    run: "Interpreter", function: Function, args: list[Any], keywords: Keywords, line: int
) -> Keywords:
    """The values of a function's parameters. One that has none is Unknown, which is a problem only
    where it is used.

    Raises CodeProblem where there are too many.
    """
    given = function.node.args
    positional = [each.arg for each in (*given.posonlyargs, *given.args)]
    names: Keywords = dict(zip(positional, args, strict=False))
    if len(args) > len(positional) and given.vararg is None:
        raise CodeProblem(
            f"{_called(function)} takes {len(positional)} arguments; it is given {len(args)}",
            line,
        )
    more = dict(keywords)
    for name in (*positional, *(each.arg for each in given.kwonlyargs)):
        if name in more:
            names[name] = more.pop(name)
    defaults = dict(zip(reversed(positional), reversed(function.defaults), strict=False))
    defaults |= {
        each.arg: value
        for each, value, node in zip(
            given.kwonlyargs, function.keyword_defaults, given.kw_defaults, strict=True
        )
        if node is not None
    }
    for name in (*positional, *(each.arg for each in given.kwonlyargs)):
        if name in names:
            continue
        if name in defaults:
            names[name] = defaults[name]
        elif name in run.values:
            names[name] = run.values[name]
        else:
            names[name] = Unknown(f"{_called(function)} needs a value for {name}", line, name)
    for name, value in names.items():
        if isinstance(value, Opaque) or (isinstance(value, Unknown) and not value.name):
            # A value may be given for it by the name that it has here.
            why = f"{_called(function)} needs a value for {name}: {_why(value)}"
            names[name] = run.values.get(
                name, Unknown(why, line, name) if _is_lost(value) else value
            )
    if given.vararg is not None:
        names[given.vararg.arg] = tuple(args[len(positional) :])
    if given.kwarg is not None:
        names[given.kwarg.arg] = more
    elif more:
        raise CodeProblem(f"{_called(function)} has no argument {next(iter(more))}", line)
    return names


def _is_lost(value: Any) -> bool:
    """Whether a number is not known that could be given by hand."""
    return isinstance(value, Unknown) and not value.why.startswith("nn.")


def _why(value: Any) -> str:
    return value.why if isinstance(value, Unknown) else value.what


def _called(function: Function) -> str:
    if function.owner is not None and function.name == "__init__":
        return function.owner.name
    return function.name


def _imported(run: "Interpreter", path: str, args: list[Any], keywords: Keywords, line: int) -> Any:
    if path.endswith(".__init__") and args and isinstance(args[0], Module):
        init_of_torch(run, args[0], args[1:], keywords, line)
        return None
    short, name = path.removeprefix("builtins."), path.rpartition(".")[2]
    if native := NATIVE.get(short):
        return native(run, args, keywords, line)
    if short in FUNCTIONS:
        unknown = not_plain(run, [*args, *keywords.values()], line)
        return unknown or FUNCTIONS[short](*args, **keywords)
    if name in FALSE_QUESTIONS:
        return False
    if path.startswith(NN) and "." not in path.removeprefix(NN):
        return _of_nn(run, path.removeprefix(NN), args, keywords, line)
    if path in WRAPPERS and args:
        return args[0]
    if path == "torch.nn.utils.weight_norm" or path.endswith("spectral_norm"):
        return Unknown(f"{path} gives a layer other weights, which no layer here has", line)
    return on_tensors.call_function(run, path, args, keywords, line)


def _of_nn(run: "Interpreter", name: str, args: list[Any], keywords: Keywords, line: int) -> Any:
    """An object of a class of torch.nn."""
    if name in CONTAINERS:
        made = Module(None, f"{NN}{name}", line)
        fill_container(run, made, [*args, *keywords.values()], line)
        return made
    if layer_kind(name):
        return layer_of(run, name, args, keywords, line)
    if name in ("Parameter", "ParameterList") or name.endswith("Loss"):
        return Opaque(f"nn.{name}")
    if is_layer_name(name):
        return Unknown(f"nn.{name} is none of the layers here", line)
    return Opaque(f"nn.{name}")


def decorated(run: "Interpreter", value: Any, decorators: list[ast.expr], scope: Scope) -> Any:
    """What the text's own decorators make of a class or function. Others change nothing here."""
    for each in reversed(decorators):
        decorator = run.evaluate(each, scope)
        if isinstance(decorator, Function | Bound | Partial):
            found = run.call(decorator, [value], {}, each.lineno)
            value = value if found is None or isinstance(found, Unknown | Opaque) else found
    return value
