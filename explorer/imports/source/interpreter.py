"""Follows code statement by statement, as Python would, with an image of which only the shape is
known.

Nothing of it is executed: an expression's value is computed here from its syntax tree, and only by
what stands in this package. What cannot be known is Unknown, and is a problem only where a layer
depends on it.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from explorer.imports.source import (
    attributes,
    calls,
)
from explorer.imports.source.budget import Budget
from explorer.imports.source.expressions import EXPRESSIONS
from explorer.imports.source.graph import Graph
from explorer.imports.source.native_functions import NATIVE
from explorer.imports.source.problem import FAILURES, CodeProblem, NeedsImage, reason_of
from explorer.imports.source.python_functions import (
    FUNCTIONS,
    is_key,
    is_number,
    items_of,
)
from explorer.imports.source.statements import STATEMENTS, Break, Continue, Returned
from explorer.imports.source.tensors import (
    Tensor,
)
from explorer.imports.source.torch_names import (
    USUAL_NAMES,
    is_layer_name,
)
from explorer.imports.source.values import (
    Extent,
    Function,
    ImageHint,
    Imported,
    Module,
    Opaque,
    Scope,
    Unknown,
    ValueIterator,
    describe,
)


@dataclass
class Interpreter:
    """What is known while a text is followed."""

    values: dict[str, Any] = field(default_factory=dict)  # given for names that have none
    budget: Budget = field(default_factory=Budget)
    names: Scope = field(default_factory=lambda: Scope({}))  # of the text as a whole
    graph: Graph = field(default_factory=Graph)
    place: list[str] = field(default_factory=list)  # names of the modules that are being run
    notes: dict[tuple[int, str], None] = field(default_factory=dict)  # in order, each once
    hints: list[ImageHint] = field(default_factory=list)
    viewed_image: tuple[int, ...] | None = None  # the shape that forward gives its image itself
    made: list[Module] = field(default_factory=list)  # modules of the text's own classes
    is_forward: bool = False  # an image goes through the network
    ran: set[int] = field(default_factory=set)  # layers that have run, by their id
    last: Tensor | None = None  # that was computed last
    line: int = 0  # of the statement that is followed

    def note(self, text: str, line: int) -> None:
        """Something to say about what was read, and the line that it is about."""
        self.notes[line, text] = None

    def note_training(self, test: ast.expr) -> None:
        """Say which of its two sides a network is read by, where a condition asks for that."""
        asked = test.operand if isinstance(test, ast.UnaryOp) else test
        if self.is_forward and isinstance(asked, ast.Attribute) and asked.attr == "training":
            self.note("the network is read as it is while it trains", test.lineno)

    # --- statements -------------------------------------------------------------------------------

    def run(self, statements: list[ast.stmt], scope: Scope) -> None:
        """Raises CodeProblem, and Returned at a return."""
        for statement in statements:
            self.budget.step(statement.lineno)
            self.line = statement.lineno
            follow = STATEMENTS.get(type(statement))
            if follow is None:
                raise CodeProblem(
                    f"the statement {_words(statement)} is not followed", statement.lineno
                )
            try:
                follow(self, statement, scope)
            except FAILURES as error:
                raise CodeProblem(
                    f"it cannot be done: {reason_of(error)}", statement.lineno
                ) from None

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.elsewhere.get(name, scope).names[name] = value
            case ast.Attribute(value=owner, attr=name):
                attributes.set_attribute(self.evaluate(owner, scope), name, value)
            case ast.Subscript(value=owner, slice=index):
                place = self.evaluate(index, scope)
                self._set_item(self.evaluate(owner, scope), place, value, target.lineno)
            case ast.Starred(value=inner):
                self.assign(inner, value, scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, scope, target.lineno)
            case _:
                raise CodeProblem("such an assignment is not followed", target.lineno)

    def _unpack(self, targets: list[ast.expr], value: Any, scope: Scope, line: int) -> None:
        if isinstance(value, Unknown | Opaque):
            for target in targets:
                self.assign(target, value, scope)
            return
        items = self.items(value, line)
        starred = [i for i, each in enumerate(targets) if isinstance(each, ast.Starred)]
        if starred and len(items) >= len(targets) - 1:
            before, after = starred[0], len(targets) - starred[0] - 1
            end = len(items) - after
            items = [*items[:before], items[before:end], *items[end:]]
        if len(items) != len(targets):
            raise CodeProblem(f"it takes {len(items)} values apart into {len(targets)} names", line)
        for target, item in zip(targets, items, strict=True):
            self.assign(target, item, scope)

    def _set_item(self, owner: Any, index: Any, value: Any, line: int) -> None:
        if isinstance(owner, Unknown | Opaque):
            return  # what is read of it later is not known either
        if isinstance(owner, Module) and not isinstance(index, Unknown):
            attributes.set_item(owner, index, value)
        elif (isinstance(owner, dict) and is_key(index)) or (
            isinstance(owner, list) and isinstance(index, int) and index < len(owner)
        ):
            owner[index] = value
        elif isinstance(owner, Tensor):
            raise CodeProblem("values of a map are replaced here, which no layer does", line)
        else:
            raise CodeProblem("what is replaced here is not known", line)

    def items(self, value: Any, line: int) -> list[Any]:
        """What a loop over the value goes through. Raises CodeProblem where that is not known."""
        if isinstance(value, Unknown):
            raise value.problem()
        if isinstance(value, ValueIterator):
            items, value.items = value.items, []
            return items
        if isinstance(value, Module):
            if (own := attributes.own_method(value, "__iter__")) is not None:
                return self.items(self.call(own, [], {}, line), line)
            if value.container:
                return attributes.items_of_container(value)
        try:
            found = items_of(value, self.budget, line)
        except OverflowError:
            found = None
        if found is None:
            raise CodeProblem(f"what this loop goes through is not known: {describe(value)}", line)
        return found

    def truth(self, value: Any, line: int) -> bool:
        """Whether a condition holds. Raises CodeProblem where that is not known."""
        match value:
            case Unknown():
                raise value.problem()
            case Extent():
                raise NeedsImage("a condition depends on the size of the image", line)
            case Tensor():
                raise CodeProblem(
                    "which layers run depends on the values of the image here; a network here "
                    "runs all of them",
                    line,
                )
            case Module():
                own = attributes.own_method(value, "__bool__")
                if own is not None:
                    return self.truth(self.call(own, [], {}, line), line)
                return not value.container or bool(value.children)
            case Opaque():
                raise CodeProblem(f"a condition depends on {value.what}, which is not known", line)
            case Imported() if not value.path.startswith("torch."):
                raise CodeProblem(f"a condition depends on {value.path}, which is not known", line)
            case _ if is_number(value) or isinstance(
                value, str | list | tuple | dict | set | range | None
            ):
                return bool(value)
        return True

    # --- expressions ------------------------------------------------------------------------------

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression. Raises CodeProblem."""
        self.budget.make(1, node.lineno)
        follow = EXPRESSIONS.get(type(node))
        if follow is None:
            return Unknown(f"{_words(node)} is not followed", node.lineno)
        try:
            return follow(self, node, scope)
        except FAILURES as error:
            return Unknown(f"it cannot be computed: {reason_of(error)}", node.lineno)

    def name(self, name: str, scope: Scope, line: int) -> Any:
        """What a name stands for where it is used."""
        try:
            return scope.find(name)
        except KeyError:
            pass
        if name in self.values:
            return self.values[name]
        if name in NATIVE or name in FUNCTIONS:
            return Imported(name)
        if name in USUAL_NAMES:
            return Imported(USUAL_NAMES[name])
        if is_layer_name(name) or name in ("Parameter", "Module"):
            return Imported(f"torch.nn.{name}")
        return Unknown(f"{name} has no value in this code", line, name)

    def call(self, function: Any, args: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """What a call gives. Raises CodeProblem."""
        return calls.call(self, function, args, keywords, line)

    def run_function(self, function: Function, names: dict[str, Any], line: int) -> Any:
        """What a function of the text returns, given the values of its parameters."""
        scope = Scope(names, function.scope)
        if isinstance(function.node, ast.Lambda):
            with self.inside(line):
                return self.evaluate(function.node.body, scope)
        if _is_generator(function.node):
            raise CodeProblem("a function with yield is not followed", function.node.lineno)
        if function.owner is not None:
            names["__class__"] = function.owner
        with self.inside(line):
            try:
                self.run(function.node.body, scope)
            except Returned as returned:
                return returned.value
            except (Break, Continue):
                raise CodeProblem("break and continue stand outside of a loop", line) from None
        return None

    @contextmanager
    def inside(self, line: int) -> Iterator[None]:
        """One call deeper."""
        self.budget.enter(line)
        before = self.line
        try:
            yield
        finally:
            self.budget.leave()
            self.line = before


def _words(node: ast.AST) -> str:
    """The construct as its writer knows it: AsyncFor -> "async for"."""
    name = type(node).__name__
    return _CONSTRUCTS.get(name, name.lower())


_CONSTRUCTS = {
    "AsyncFor": "async for",
    "AsyncWith": "async with",
    "Match": "match",
    "TryStar": "try … except*",
    "Await": "await",
    "Yield": "yield",
    "YieldFrom": "yield from",
    "NamedExpr": ":=",
}


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it has a yield of its own, not one of a function inside it."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        each = pending.pop()
        if isinstance(each, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending += ast.iter_child_nodes(each)
    return False
