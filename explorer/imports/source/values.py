"""What the interpreter computes with, beside Python's own numbers, texts and lists."""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from explorer.imports.source.problem import CodeProblem


class NamedValue:
    """One of the values below that has nothing but its name."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return self.name


BATCH = NamedValue("the number of images in a batch")


@dataclass(frozen=True)
class Unknown:
    """A value that cannot be known from the code, and why: a name that is nowhere assigned, say."""

    why: str
    line: int
    name: str = ""  # of an argument that has no value, by which one may be given

    def problem(self) -> CodeProblem:
        return CodeProblem(self.why, self.line, self.name)


@dataclass(frozen=True)
class Opaque:
    """Something that exists and is not followed, as no layer depends on it: weights, a loss, an
    optimizer.
    """

    what: str


@dataclass(frozen=True)
class Imported:
    """A name of another module, such as torch.nn.Conv2d. Nothing is ever imported."""

    path: str


@dataclass(frozen=True)
class Extent:
    """A number of pixels that depends on the size of the image: `known` times the sides in
    `unknown`, each as (number of a node in the graph, axis).
    """

    known: int
    unknown: tuple[tuple[int, int], ...]


def times(a: "int | Extent", b: "int | Extent") -> "int | Extent":
    """The product of two sizes."""
    a, b = _as_extent(a), _as_extent(b)
    unknown = tuple(sorted(a.unknown + b.unknown))
    return Extent(a.known * b.known, unknown) if unknown else a.known * b.known


def product_of_sizes(given: tuple[Any, ...], line: int) -> Any:
    """What the sizes come to, Unknown where the number of images is one of them."""
    found: int | Extent = 1
    for size in given:
        if type(size) is not int and not isinstance(size, Extent):
            return Unknown("it computes with the number of images in a batch", line)
        found = times(found, size)
    return found


def _as_extent(size: "int | Extent") -> Extent:
    return size if isinstance(size, Extent) else Extent(size, ())


@dataclass(eq=False)
class Scope:
    """The names of a function, a class body or the whole text, and where to look for others."""

    names: dict[str, Any]
    outer: "Scope | None" = None
    # Of names that a global or nonlocal statement gives to another scope.
    elsewhere: dict[str, "Scope"] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """Raises KeyError where the name is nowhere assigned."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        raise KeyError(name)


@dataclass(eq=False)
class Function:
    """A function or lambda of the text."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: tuple[Any, ...]
    keyword_defaults: tuple[Any, ...]
    owner: "UserClass | None" = None
    kind: str = "function"  # or "staticmethod", "classmethod", "property"

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "a lambda")


@dataclass(eq=False)
class UserClass:
    """A class of the text."""

    name: str
    line: int
    bases: tuple[Any, ...]
    names: dict[str, Any]
    node: ast.ClassDef
    fields: tuple[str, ...] = ()  # of a dataclass, in their order

    @cached_property
    def ancestors(self) -> "tuple[UserClass | Imported, ...]":
        """The class itself and all that it inherits from, the nearest first."""
        known = [base for base in self.bases if isinstance(base, UserClass | Imported)]
        lines = [list(base.ancestors) if isinstance(base, UserClass) else [base] for base in known]
        return (self, *_linearised([*lines, known]))

    def find(self, name: str, after: "UserClass | None" = None) -> Any:
        """A name of the class, or of what it inherits from after one of its ancestors.

        What torch's own classes have is given as Imported. Raises KeyError.
        """
        ancestors = self.ancestors
        for each in ancestors[ancestors.index(after) + 1 if after in ancestors else 0 :]:
            if isinstance(each, UserClass) and name in each.names:
                return each.names[name]
        raise KeyError(name)

    @property
    def base(self) -> str:
        """The class of torch that it inherits from, "" where it is none."""
        return next((each.path for each in self.ancestors if isinstance(each, Imported)), "")


def _linearised(lines: list[list[Any]]) -> list[Any]:
    """The order in which Python looks through several lines of ancestors: each class before those
    that it inherits from (C3).
    """
    found: list[Any] = []
    while lines := [line for line in lines if line]:
        after = [each for line in lines for each in line[1:]]
        # Where Python would refuse the class, any order does.
        head = next((line[0] for line in lines if line[0] not in after), lines[0][0])
        found.append(head)
        lines = [[each for each in line if each is not head and each != head] for line in lines]
    return found


class NamedValues(tuple[Any, ...]):
    """A named tuple: its values in their order, and what they are called."""

    names: tuple[str, ...] = ()


def named_values(names: tuple[str, ...], values: Any) -> NamedValues:
    """A named tuple of these values."""
    found = NamedValues(values)
    found.names = names
    return found


@dataclass(eq=False)
class ValueIterator:
    """iter() of something, which next() takes from."""

    items: list[Any]


@dataclass(frozen=True)
class FieldFactory:
    """field(default_factory=…) of a dataclass."""

    make: Any


@dataclass(eq=False)
class LayerModule:
    """A layer of torch.nn as the code makes it, with the arguments that it gives."""

    kind: str
    given: dict[str, Any]
    line: int
    name: str = ""
    node: Any = None  # the layer as data, once it has been used


@dataclass(eq=False)
class Module:
    """An object of a class of the text, or a container of torch.nn."""

    cls: UserClass | None
    base: str  # "torch.nn.Module", "torch.nn.Sequential", …; "" of objects that are no modules
    line: int
    attributes: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Any] = field(default_factory=dict)
    layer: LayerModule | None = None  # where the class inherits from a layer
    name: str = ""

    @property
    def container(self) -> str:
        """The kind of container that it is, "" where it is none."""
        last = self.base.rpartition(".")[2]
        return last if last in ("Sequential", "ModuleList", "ModuleDict") else ""

    @property
    def title(self) -> str:
        return self.cls.name if self.cls else self.base.rpartition(".")[2]


@dataclass(eq=False)
class Bound:
    """A function with the object that it is called on."""

    function: Function
    object: Any


@dataclass(eq=False)
class NativeMethod:
    """A method of Python's or torch's own on a value: x.view, layers.append."""

    object: Any
    name: str


@dataclass(eq=False)
class Partial:
    """functools.partial."""

    function: Any
    args: tuple[Any, ...]
    keywords: dict[str, Any]


@dataclass(eq=False)
class Super:
    """super() in a method of `after`."""

    object: Any
    after: UserClass


@dataclass(frozen=True)
class ImageHint:
    """A shape (C, H, W) that the code gives an image, and where."""

    shape: tuple[int, ...]
    line: int


def needed(value: Any, line: int) -> Any:
    """The value, where it is known. Raises CodeProblem."""
    if isinstance(value, Unknown):
        raise value.problem()
    if isinstance(value, Opaque):
        raise CodeProblem(f"{value.what} is not known", line)
    return value


def describe(value: Any) -> str:
    """What a value is, in the words of a message."""
    match value:
        case Unknown(why=words) | Opaque(what=words) | Imported(path=words):
            return words
        case Module():
            return value.title
        case LayerModule():
            return value.kind
        case Function() | UserClass():
            return value.name
    return "nothing" if value is None else type(value).__name__
