"""Functions of Python and its library that take more than plain values: modules, lists, types."""

import ast
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from explorer.imports.source import attributes
from explorer.imports.source.expressions import computed
from explorer.imports.source.objects import Keywords
from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.imports.source.python_functions import (
    is_plain,
    product,
)
from explorer.imports.source.tensor_steps import merge
from explorer.imports.source.tensors import (
    Tensor,
)
from explorer.imports.source.torch_names import (
    NN,
)
from explorer.imports.source.values import (
    BATCH,
    Extent,
    FieldFactory,
    Function,
    Imported,
    LayerModule,
    Module,
    NamedValues,
    Opaque,
    Partial,
    Unknown,
    UserClass,
    ValueIterator,
    named_values,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def not_plain(run: "Interpreter", values: list[Any], line: int) -> Any:
    """The first value that a function of Python cannot compute with, as what its result is."""
    for value in values:
        if isinstance(value, Unknown | Opaque):
            return value
        if isinstance(value, Extent):
            raise NeedsImage("a number is computed from the size of the image", line)
        if isinstance(value, Tensor):
            raise CodeProblem("a number is computed from the values of an image here", line)
        if value is BATCH:
            return Unknown("it computes with the number of images in a batch", line)
    return None


# How many classes torchvision's data sets have, by what their `classes` are called here.
CLASSES = {
    f"the classes of {name}": count
    for name, count in {
        **dict.fromkeys(("MNIST", "FashionMNIST", "KMNIST", "QMNIST"), 10),
        **dict.fromkeys(("CIFAR10", "SVHN", "STL10"), 10),
        "CIFAR100": 100,
    }.items()
}


_Native = Callable[["Interpreter", list[Any], Keywords, int], Any]


def _len(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    value = args[0]
    if isinstance(value, Module):
        if (own := attributes.own_method(value, "__len__")) is not None:
            return run.call(own, [], {}, line)
        if not value.container:
            return Unknown(f"{value.title} has no length", line)
        return len(value.children)
    if isinstance(value, Tensor):
        return BATCH
    if isinstance(value, Opaque):
        count = CLASSES.get(value.what)
        return count or Unknown(f"how many there are of {value.what} is not known", line)
    return value if isinstance(value, Unknown) else len(value)


def _range(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return not_plain(run, args, line) or range(*args)


def _as_list(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    if args and isinstance(args[0], Unknown | Opaque):
        return args[0]
    return run.items(args[0], line) if args else []


def _as_tuple(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    found = _as_list(run, args, keywords, line)
    return tuple(found) if isinstance(found, list) else found


def _as_set(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    found = _as_list(run, args, keywords, line)
    return {each for each in found if is_plain(each) and not isinstance(each, list)}


def as_dict(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    found: dict[Any, Any] = {}
    if args and isinstance(args[0], dict):
        found = dict(args[0])
    elif args:
        for pair in run.items(args[0], line):
            name, value = run.items(pair, line)
            if not is_plain(name) or isinstance(name, list):
                raise CodeProblem("a key is not known here", line)
            found[name] = value
    return found | keywords


def _reversed(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return run.items(args[0], line)[::-1]


def _sorted(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    items = run.items(args[0], line)
    key = keywords.get("key")
    keys = items if key is None else [run.call(key, [each], {}, line) for each in items]
    if not all(is_plain(each, 1) for each in keys):
        return Unknown("what is sorted here is not known", line)
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=bool(keywords.get("reverse")))
    return [items[place] for place in order]


def _extreme(choose: Callable[..., Any]) -> _Native:
    """min and max."""

    def found(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
        items = run.items(args[0], line) if len(args) == 1 else args
        if not items and "default" in keywords:
            return keywords["default"]
        key = keywords.get("key")
        keys = items if key is None else [run.call(key, [each], {}, line) for each in items]
        if (unknown := not_plain(run, keys, line)) is not None:
            return unknown
        return items[choose(range(len(items)), key=keys.__getitem__)]

    return found


def _enumerate(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    start = args[1] if len(args) > 1 else keywords.get("start", 0)
    return [(start + place, item) for place, item in enumerate(run.items(args[0], line))]


def _zip(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return list(zip(*(run.items(each, line) for each in args), strict=False))


def _map(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    function, *lists = args
    rows = zip(*(run.items(each, line) for each in lists), strict=False)
    found = []
    for row in rows:
        run.budget.step(line)
        found.append(run.call(function, list(row), {}, line))
    return found


def _filter(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    found = []
    for each in run.items(args[1], line):
        run.budget.step(line)
        kept = each if args[0] is None else run.call(args[0], [each], {}, line)
        if run.truth(kept, line):
            found.append(each)
    return found


def _sum(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    items = run.items(args[0], line)
    start = args[1] if len(args) > 1 else keywords.get("start", 0)
    if any(isinstance(each, Tensor) for each in (*items, start)):
        terms = items if type(start) is int and start == 0 else [start, *items]
        return merge(run, "add", terms, line)
    if isinstance(start, list):
        joined = [*start, *(item for each in items for item in run.items(each, line))]
        run.budget.make(len(joined), line)
        return joined
    return not_plain(run, items, line) or sum(items, start)


def _prod(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    items = run.items(args[0], line)
    if any(isinstance(each, Extent) for each in items):
        raise NeedsImage("a number is computed from the size of the image", line)
    return not_plain(run, items, line) or product(items)


def _any(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return any(run.truth(each, line) for each in run.items(args[0], line))


def _all(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return all(run.truth(each, line) for each in run.items(args[0], line))


def _bool(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return bool(args) and run.truth(args[0], line)


def _getattr(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    if not isinstance(args[1], str):
        return Unknown("the name of an attribute is not known here", line)
    found = attributes.attribute(run, args[0], args[1], line)
    is_lacking = isinstance(found, Unknown) and not isinstance(args[0], Unknown | Imported | Opaque)
    return args[2] if is_lacking and len(args) > 2 else found


def _setattr(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    if not isinstance(args[1], str):
        raise CodeProblem("the name of an attribute is not known here", line)
    attributes.set_attribute(args[0], args[1], args[2])


def _hasattr(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    if isinstance(args[0], Unknown | Imported | Opaque):
        return Unknown("whether it has such an attribute is not known here", line)
    return not isinstance(attributes.attribute(run, args[0], args[1], line), Unknown)


_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "torch.Tensor": Tensor,
    "typing.List": list,
    "typing.Tuple": tuple,
    "typing.Dict": dict,
    **dict.fromkeys(("typing.Iterable", "collections.abc.Iterable"), (list, tuple)),
    **dict.fromkeys(("typing.Sequence", "collections.abc.Sequence"), (list, tuple)),
}


def _isinstance(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    value, kinds = args
    if isinstance(value, Unknown):
        return value
    found = [_is_of(value, kind) for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
    if True not in found and None in found:
        return Unknown("of which type this is is not known here", line)
    return True in found


def _is_of(value: Any, kind: Any) -> bool | None:
    """Whether a value is of a type; None where the type is not known."""
    if isinstance(kind, UserClass):
        return isinstance(value, Module) and value.cls is not None and kind in value.cls.ancestors
    if not isinstance(kind, Imported):
        return None
    path = kind.path
    if path in _TYPES:
        return isinstance(value, _TYPES[path])
    if not path.startswith(NN):
        return None
    name = path.rpartition(".")[2]
    base = value.kind if isinstance(value, LayerModule) else getattr(value, "base", "")
    own = base.rpartition(".")[2]
    if name == "Module":
        return bool(own)
    # _BatchNorm and _ConvNd are what torch's own classes inherit from.
    return own == name or (name.startswith("_") and own.startswith(name.strip("_").rstrip("Nd")))


def _type(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    value = args[0]
    if isinstance(value, Module) and value.cls:
        return value.cls
    if isinstance(value, LayerModule):
        return Imported(f"{NN}{value.kind}")
    names = [name for name, kind in _TYPES.items() if type(value) is kind]
    return Imported(names[0]) if names else Opaque("the type of a value")


def _partial(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return Partial(args[0], tuple(args[1:]), keywords)


def _reduce(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    function, items = args[0], run.items(args[1], line)
    found = [*args[2:3], *items]
    value = found[0]
    for each in found[1:]:
        run.budget.step(line)
        value = run.call(function, [value, each], {}, line)
    return value


def _deepcopy(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return copy_of(run, args[0], line, {})


def _copy(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    """copy.copy: what is inside stays the same."""
    value = args[0]
    if isinstance(value, list | dict | set):
        run.budget.make(len(value), line)
        return value.copy()
    if isinstance(value, Module):
        return replace(value, attributes=dict(value.attributes), children=dict(value.children))
    return value


def copy_of(run: "Interpreter", value: Any, line: int, copies: dict[int, Any]) -> Any:
    """copy.deepcopy: modules with weights of their own; what was one thing is one in the copy."""
    run.budget.step(line)
    if id(value) in copies:
        return copies[id(value)]
    made: Any = value
    match value:
        case Tensor():
            made = Tensor(value.node, value.view)
        case LayerModule():
            made = LayerModule(value.kind, dict(value.given), value.line, value.name)
        case Module():
            made = copies[id(value)] = replace(value, attributes={}, children={})
            for name, each in value.attributes.items():
                made.attributes[name] = copy_of(run, each, line, copies)
            for name, child in value.children.items():
                made.children[name] = copy_of(run, child, line, copies)
            if value.layer:
                made.layer = copy_of(run, value.layer, line, copies)
        case list():
            made = copies[id(value)] = []
            made += [copy_of(run, each, line, copies) for each in value]
        case tuple() if not isinstance(value, NamedValues):
            made = tuple(copy_of(run, each, line, copies) for each in value)
        case dict():
            made = copies[id(value)] = {}
            made |= {key: copy_of(run, each, line, copies) for key, each in value.items()}
    copies[id(value)] = made
    return made


def _nothing(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return None


def _chain(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return [item for each in args for item in run.items(each, line)]


def _iter(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return ValueIterator(run.items(args[0], line))


def _next(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    if not isinstance(args[0], ValueIterator):
        return Unknown("what comes next is not known here", line)
    if args[0].items:
        return args[0].items.pop(0)
    return args[1] if len(args) > 1 else Unknown("nothing comes next here", line)


def _pairwise(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    items = run.items(args[0], line)
    return list(pairwise(items))


def _accumulate(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    items = run.items(args[0], line)
    if len(args) + len(keywords) > 1:
        return Unknown("what is accumulated here is not known", line)
    return not_plain(run, items, line) or list(accumulate(items))


def _operator(sign: ast.operator) -> _Native:
    return lambda run, args, keywords, line: computed(run, sign, args[0], args[1], line)


def _static(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    function = args[0]
    return replace(function, kind="staticmethod") if isinstance(function, Function) else function


def _field(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    if "default_factory" in keywords:
        return FieldFactory(keywords["default_factory"])
    return keywords.get("default", Unknown("a field has no value", line))


def _namespace(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return Module(None, "", line, dict(keywords))


def _cast(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return args[1]


def _named_tuple(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    given = args[1] if len(args) > 1 else keywords.get("field_names", ())
    names = given.replace(",", " ").split() if isinstance(given, str) else run.items(given, line)
    if not all(isinstance(name, str) for name in names):
        return Unknown("the names of a named tuple are not known here", line)
    return Partial(Imported("collections.namedtuple.object"), (tuple(names),), {})


def _tuple_of(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    names, *values = args
    given = dict(zip(names, values, strict=False)) | keywords
    if len(given) < len(names) or len(values) > len(names):
        return Unknown("a named tuple lacks a value here", line)
    return named_values(names, [given[name] for name in names])


def _not_run(run: "Interpreter", args: list[Any], keywords: Keywords, line: int) -> Any:
    return Unknown("nothing that is pasted is executed", line)


# What asks for more than plain values, by the name under which code has it.
NATIVE: dict[str, _Native] = {
    "len": _len,
    "range": _range,
    "list": _as_list,
    "tuple": _as_tuple,
    "set": _as_set,
    "dict": as_dict,
    "reversed": _reversed,
    "sorted": _sorted,
    "min": _extreme(min),
    "max": _extreme(max),
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "filter": _filter,
    "sum": _sum,
    "any": _any,
    "all": _all,
    "bool": _bool,
    "iter": _iter,
    "next": _next,
    "staticmethod": _static,
    "getattr": _getattr,
    "setattr": _setattr,
    "hasattr": _hasattr,
    "isinstance": _isinstance,
    "type": _type,
    "print": _nothing,
    "eval": _not_run,
    "exec": _not_run,
    "open": _not_run,
    "__import__": _not_run,
    "math.prod": _prod,
    "numpy.prod": _prod,
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "collections.OrderedDict": as_dict,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _copy,
    "itertools.chain": _chain,
    "itertools.pairwise": _pairwise,
    "itertools.accumulate": _accumulate,
    **dict.fromkeys(("operator.add", "operator.iadd"), _operator(ast.Add())),
    **dict.fromkeys(("operator.mul", "operator.imul"), _operator(ast.Mult())),
    "dataclasses.field": _field,
    # Without weights, as torchvision's functions make a network by default.
    "torchvision.models.WeightsEnum.verify": _nothing,
    "typing.cast": _cast,
    "collections.namedtuple": _named_tuple,
    "collections.namedtuple.object": _tuple_of,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
}
