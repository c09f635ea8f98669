"""Objects that code makes: of its own classes, containers and layers of torch.nn."""

from typing import TYPE_CHECKING, Any

from explorer.imports.source import attributes
from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.torch_names import (
    MODULE_CLASSES,
    NN,
    layer_kind,
    parameters_of,
)
from explorer.imports.source.values import (
    Bound,
    FieldFactory,
    Function,
    Imported,
    LayerModule,
    Module,
    Unknown,
    UserClass,
    named_values,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


Keywords = dict[str, Any]


NAMED_TUPLE = Imported("typing.NamedTuple")


def _named_tuple_of(cls: UserClass, args: list[Any], keywords: Keywords, line: int) -> Any:
    """An object of a class that inherits from typing.NamedTuple."""
    given = dict(zip(cls.fields, args, strict=False)) | keywords
    missing = Unknown(f"a value of {cls.name} is not given", line)
    values = [given.get(name, cls.names.get(name, missing)) for name in cls.fields]
    return named_values(cls.fields, values)


def object_of(
    run: "Interpreter", cls: UserClass, args: list[Any], keywords: Keywords, line: int
) -> Any:
    """An object of a class of the text."""
    if NAMED_TUPLE in cls.ancestors:
        return _named_tuple_of(cls, args, keywords, line)
    base = cls.base
    name = base.rpartition(".")[2]
    if name in MODULE_CLASSES:
        base = f"{NN}Module"
    elif base and not base.startswith(NN):
        base = ""
    made = Module(cls, base, line)
    if base:
        run.made.append(made)
    try:
        init = cls.find("__init__")
    except KeyError:
        if any(isinstance(each, UserClass) and each.fields for each in cls.ancestors):
            set_fields(run, made, args, keywords, line)
        elif base:
            init_of_torch(run, made, args, keywords, line)
        return made
    if isinstance(init, Function):
        run.call(Bound(init, made), args, keywords, line)
    return made


def set_fields(
    run: "Interpreter", made: Module, args: list[Any], keywords: Keywords, line: int
) -> None:
    assert made.cls is not None
    ancestors = [each for each in made.cls.ancestors if isinstance(each, UserClass)]
    fields = dict.fromkeys(name for each in reversed(ancestors) for name in each.fields)
    given = dict(zip(fields, args, strict=False)) | keywords
    for name in fields:
        try:
            default = made.cls.find(name)
        except KeyError:
            default = None
        missing = Unknown(f"{made.cls.name} needs a value for {name}", line, name)
        if name not in given and isinstance(default, FieldFactory):
            default = run.call(default.make, [], {}, line)
        made.attributes[name] = given.get(name, missing if default is None else default)
    try:
        after = made.cls.find("__post_init__")
    except KeyError:
        return
    if isinstance(after, Function):
        run.call(Bound(after, made), [], {}, line)


def init_of_torch(
    run: "Interpreter", made: Module, args: list[Any], keywords: Keywords, line: int
) -> None:
    """super().__init__(…) of a class that inherits from one of torch.nn."""
    if made.container:
        fill_container(run, made, args, line)
    elif made.base.startswith(NN) and layer_kind(made.base.removeprefix(NN)):
        layer = layer_of(run, made.base.removeprefix(NN), args, keywords, line)
        if isinstance(layer, Unknown):
            raise layer.problem()
        made.layer = layer


def fill_container(run: "Interpreter", made: Module, args: list[Any], line: int) -> None:
    if len(args) == 1 and isinstance(args[0], dict):
        children = {str(name): child for name, child in args[0].items()}
    elif len(args) == 1 and isinstance(args[0], list) and _are_pairs(args[0]):
        children = {str(name): child for name, child in args[0]}
    elif made.container == "ModuleList":
        given = run.items(args[0], line) if args else []
        children = {str(place): child for place, child in enumerate(given)}
    else:
        children = {str(place): child for place, child in enumerate(args)}
    for name, child in children.items():
        if isinstance(child, list | tuple):
            raise CodeProblem(
                f"{made.title} is given a list; a star before it gives what the list holds", line
            )
        attributes.set_attribute(made, name, child)
        made.children.setdefault(name, child)  # what is not known stands for a module, too
        made.attributes.pop(name, None)


def _are_pairs(items: list[Any]) -> bool:
    return bool(items) and all(
        isinstance(each, tuple | list) and len(each) == 2 and isinstance(each[0], str)
        for each in items
    )


def joined_containers(a: Module, more: list[Any], line: int) -> Module:
    """`a + b` of a container and more modules."""
    made = Module(None, a.base, line)
    for child in (*a.children.values(), *more):
        attributes.append_child(made, child)
    return made


def layer_of(
    run: "Interpreter", name: str, args: list[Any], keywords: Keywords, line: int
) -> LayerModule | Unknown:
    """A layer of torch.nn with the arguments that it is given, under torch's names."""
    found = layer_kind(name)
    assert found is not None
    kind, fixed = found
    if kind == "Identity":
        return LayerModule(kind, {}, line)  # it takes whatever it is given, and does nothing
    parameters = parameters_of(name)
    if len(args) > len(parameters):
        return Unknown(f"nn.{name} takes at most {len(parameters)} arguments", line)
    given = dict(zip(parameters, args, strict=False)) | keywords
    return LayerModule(kind, fixed | given, line)
