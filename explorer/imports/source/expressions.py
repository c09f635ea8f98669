"""The value of each kind of expression."""

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explorer.imports.source import (
    attributes,
    calls,
)
from explorer.imports.source.budget import bounded
from explorer.imports.source.objects import (
    joined_containers,
)
from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.imports.source.python_functions import (
    formatted,
    is_key,
    is_number,
    is_plain,
    joined_text,
    percent_filled,
    power,
    shifted,
)
from explorer.imports.source.tensor_methods import indexed
from explorer.imports.source.tensor_steps import (
    arithmetic,
)
from explorer.imports.source.tensors import (
    Tensor,
)
from explorer.imports.source.values import (
    BATCH,
    Extent,
    Imported,
    LayerModule,
    Module,
    NamedValue,
    Opaque,
    Scope,
    Unknown,
    UserClass,
    ValueIterator,
    describe,
    times,
)

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


def _constant(run: "Interpreter", node: ast.Constant, scope: Scope) -> Any:
    return bounded(node.value, node.lineno)


def _name(run: "Interpreter", node: ast.Name, scope: Scope) -> Any:
    return run.name(node.id, scope, node.lineno)


def _elements(run: "Interpreter", nodes: list[ast.expr], scope: Scope) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found += run.items(run.evaluate(node.value, scope), node.lineno)
        else:
            found.append(run.evaluate(node, scope))
    return found


def _tuple(run: "Interpreter", node: ast.Tuple, scope: Scope) -> Any:
    return tuple(_elements(run, node.elts, scope))


def _list(run: "Interpreter", node: ast.List, scope: Scope) -> Any:
    return _elements(run, node.elts, scope)


def _set(run: "Interpreter", node: ast.Set, scope: Scope) -> Any:
    return {_key(each, node.lineno) for each in _elements(run, node.elts, scope)}


def _dict(run: "Interpreter", node: ast.Dict, scope: Scope) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        given = run.evaluate(value, scope)
        if key is None:
            found |= _mapping(run, given, node.lineno)
            continue
        found[_key(run.evaluate(key, scope), node.lineno)] = given
    return found


def _mapping(run: "Interpreter", value: Any, line: int) -> dict[Any, Any]:
    """What stands behind ** in a call or a dictionary. Raises CodeProblem where it is not known."""
    if isinstance(value, Unknown):
        raise value.problem()
    if not isinstance(value, dict):
        raise CodeProblem(f"what ** stands before is not known: {describe(value)}", line)
    run.budget.make(len(value), line)
    return value


def _key(value: Any, line: int) -> Any:
    """The value as a key. Raises CodeProblem where it cannot be one, so that nothing is lost."""
    if is_key(value) or isinstance(value, Imported | UserClass | Module | LayerModule):
        return value
    raise CodeProblem(f"a key is not known here: {describe(value)}", line)


def _attribute(run: "Interpreter", node: ast.Attribute, scope: Scope) -> Any:
    return attributes.attribute(run, run.evaluate(node.value, scope), node.attr, node.lineno)


def _subscript(run: "Interpreter", node: ast.Subscript, scope: Scope) -> Any:
    owner, index = run.evaluate(node.value, scope), run.evaluate(node.slice, scope)
    match owner:
        case Unknown() | Opaque():
            return owner
        case Imported():
            return Opaque(owner.path)  # a type, such as List[int]
        case Tensor():
            return indexed(run, owner, index, node.lineno)
        case Module():
            own = attributes.own_method(owner, "__getitem__")
            if own is not None:
                return run.call(own, [index], {}, node.lineno)
            return attributes.item_of(owner, index, node.lineno)
    if isinstance(index, Unknown):
        return index
    if isinstance(owner, dict):
        return owner[index] if is_key(index) or not isinstance(index, tuple | list) else None
    found = owner[index]
    if isinstance(index, slice):
        run.budget.make(len(found), node.lineno)
    return found


def _slice(run: "Interpreter", node: ast.Slice, scope: Scope) -> Any:
    parts = (node.lower, node.upper, node.step)
    values = [None if part is None else run.evaluate(part, scope) for part in parts]
    unknown = next((each for each in values if isinstance(each, Unknown)), None)
    return unknown or slice(*values)


def _call(run: "Interpreter", node: ast.Call, scope: Scope) -> Any:
    line = node.lineno
    if isinstance(node.func, ast.Name) and node.func.id == "super":
        return calls.super_of(run, [run.evaluate(each, scope) for each in node.args], scope, line)
    function = run.evaluate(node.func, scope)
    args = _elements(run, node.args, scope)
    keywords: dict[str, Any] = {}
    for each in node.keywords:
        value = run.evaluate(each.value, scope)
        if each.arg is not None:
            keywords[each.arg] = value
        else:
            keywords |= _mapping(run, value, line)
    run.budget.step(line)
    return run.call(function, args, keywords, line)


def _binary(run: "Interpreter", node: ast.BinOp, scope: Scope) -> Any:
    left, right = run.evaluate(node.left, scope), run.evaluate(node.right, scope)
    same = isinstance(node.left, ast.BinOp) and type(node.left.op) is type(node.op)
    return computed(run, node.op, left, right, node.lineno, joins=same)


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: power,
    ast.LShift: shifted,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}


def computed(
    run: "Interpreter", sign: ast.operator, left: Any, right: Any, line: int, joins: bool = False
) -> Any:
    """The value of `left sign right`; `joins` where left is such an expression itself, as in
    a + b + c.
    """
    for each in (left, right):
        if isinstance(each, Unknown):
            if isinstance(left, Tensor) or isinstance(right, Tensor):
                raise each.problem()
            return each
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return arithmetic(run, type(sign), left, right, line, joins)
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        return Opaque("a computed value")
    if isinstance(left, Extent) or isinstance(right, Extent):
        both = all(type(each) is int or isinstance(each, Extent) for each in (left, right))
        if isinstance(sign, ast.Mult) and both:
            return times(left, right)
        raise NeedsImage("a number is computed from the size of the image", line)
    if left is BATCH or right is BATCH:
        return Unknown("it computes with the number of images in a batch", line)
    if isinstance(left, str) and isinstance(sign, ast.Mod):
        return percent_filled(left, right)
    if is_number(left) and is_number(right):
        return bounded(_OPERATORS[type(sign)](left, right), line)
    if isinstance(left, str) and isinstance(right, str) and isinstance(sign, ast.Add):
        return joined_text((left, right))
    return _sequences(run, sign, left, right, line)


def _sequences(run: "Interpreter", sign: ast.operator, left: Any, right: Any, line: int) -> Any:
    if isinstance(right, list | tuple) and isinstance(left, int):
        left, right = right, left
    if isinstance(left, list | tuple | range):
        if isinstance(sign, ast.Add) and isinstance(right, list | tuple):
            run.budget.make(len(left) + len(right), line)
            joined = [*left, *right]
            return tuple(joined) if isinstance(left, tuple) else joined
        if isinstance(sign, ast.Mult) and isinstance(right, int):
            run.budget.make(max(0, len(left) * right), line)
            return left * right  # type: ignore[operator]
    if isinstance(left, dict) and isinstance(right, dict) and isinstance(sign, ast.BitOr):
        run.budget.make(len(left) + len(right), line)
        return left | right
    if isinstance(left, Module) and left.container and isinstance(sign, ast.Add):
        return joined_containers(left, run.items(right, line), line)
    return Unknown(f"{describe(left)} and {describe(right)} cannot be computed with", line)


def _unary(run: "Interpreter", node: ast.UnaryOp, scope: Scope) -> Any:
    value = run.evaluate(node.operand, scope)
    if isinstance(node.op, ast.Not):
        return value if isinstance(value, Unknown) else not run.truth(value, node.lineno)
    if isinstance(value, Unknown | Opaque):
        return value
    if isinstance(value, Tensor):
        raise CodeProblem("a sign before a map is no layer here", node.lineno)
    if isinstance(value, Extent):
        raise NeedsImage("a number is computed from the size of the image", node.lineno)
    if isinstance(node.op, ast.USub):
        return -value
    return ~value if isinstance(node.op, ast.Invert) else +value


def _bool(run: "Interpreter", node: ast.BoolOp, scope: Scope) -> Any:
    is_and = isinstance(node.op, ast.And)
    value: Any = None
    for each in node.values:
        value = run.evaluate(each, scope)
        if each is node.values[-1]:
            break
        if isinstance(value, Unknown):
            return value
        if run.truth(value, node.lineno) != is_and:
            break
    return value


def _compare(run: "Interpreter", node: ast.Compare, scope: Scope) -> Any:
    left = run.evaluate(node.left, scope)
    for sign, each in zip(node.ops, node.comparators, strict=True):
        right = run.evaluate(each, scope)
        holds = _compared(run, sign, left, right, node.lineno)
        if isinstance(holds, Unknown) or not holds:
            return holds
        left = right
    return True


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _compared(run: "Interpreter", sign: ast.cmpop, left: Any, right: Any, line: int) -> Any:
    unknown = next((each for each in (left, right) if isinstance(each, Unknown)), None)
    if unknown:
        return unknown
    if isinstance(sign, ast.Is | ast.IsNot):
        same = left is right or (is_number(left) and is_number(right) and left == right)
        same = same or (isinstance(left, Imported) and left == right)
        return same == isinstance(sign, ast.Is)
    if isinstance(sign, ast.In | ast.NotIn):
        if isinstance(right, str):
            found = isinstance(left, str) and left in right
        elif isinstance(right, Module):
            of_names = right.container == "ModuleDict"
            held = right.children if of_names else right.children.values()
            found = any(left is each or (of_names and left == each) for each in held)
        elif isinstance(right, range):
            found = is_number(left) and left in right
        elif isinstance(right, list | tuple | dict | set):
            run.budget.make(len(right), line)
            found = any(_equal(left, each, line) for each in right)
        else:
            return Unknown("whether this holds what it is asked for is not known", line)
        return found == isinstance(sign, ast.In)
    if isinstance(left, Extent) or isinstance(right, Extent):
        if left == right and isinstance(sign, ast.Eq | ast.LtE | ast.GtE):
            return True
        if left == right:
            return False
        raise NeedsImage("a condition depends on the size of the image", line)
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        raise CodeProblem("which layers run depends on the values of the image here", line)
    if (left is BATCH) != (right is BATCH):
        return Unknown("a condition depends on the number of images in a batch", line)
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        return Unknown("a condition depends on what is not followed", line)
    if isinstance(sign, ast.Eq | ast.NotEq):
        return _equal(left, right, line) == isinstance(sign, ast.Eq)
    if not is_plain(left) or not is_plain(right):
        return Unknown("these cannot be compared", line)
    return _COMPARISONS[type(sign)](left, right)


def _equal(a: Any, b: Any, line: int) -> bool:
    """Whether two values are equal. Raises CodeProblem where that depends on what is not known."""
    if is_plain(a) and is_plain(b):
        return bool(a == b)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list) and type(a) is type(b):
        pairs = zip(a, b, strict=False)
        return len(a) == len(b) and all(_equal_sizes(each, other, line) for each, other in pairs)
    if isinstance(a, dict | set) and isinstance(b, dict | set) and a is not b:
        raise CodeProblem("whether these are equal is not followed", line)
    return a is b or (isinstance(a, Imported) and a == b)


def _equal_sizes(a: Any, b: Any, line: int) -> bool:
    """Whether two numbers of a shape are equal."""
    if isinstance(a, Extent | NamedValue) or isinstance(b, Extent | NamedValue):
        if a == b:
            return True
        if a is BATCH or b is BATCH:
            raise CodeProblem("a condition depends on the number of images in a batch", line)
        raise NeedsImage("a condition depends on the size of the image", line)
    if a is b or not (is_plain(a, 0) and is_plain(b, 0)):
        return a is b
    return bool(a == b)


def _if_else(run: "Interpreter", node: ast.IfExp, scope: Scope) -> Any:
    run.note_training(node.test)
    test = run.evaluate(node.test, scope)
    if isinstance(test, Unknown):
        return test
    return run.evaluate(node.body if run.truth(test, node.lineno) else node.orelse, scope)


def _comprehended(
    run: "Interpreter", node: Any, scope: Scope, item: Callable[[Scope], Any]
) -> list[Any]:
    """What a comprehension makes, in its order."""
    found: list[Any] = []

    def turn(generators: list[ast.comprehension], inner: Scope) -> None:
        if not generators:
            run.budget.step(node.lineno)
            found.append(item(inner))
            return
        first, *rest = generators
        for value in run.items(run.evaluate(first.iter, inner), node.lineno):
            run.budget.make(1, node.lineno)
            run.assign(first.target, value, inner)
            tests = (run.truth(run.evaluate(test, inner), node.lineno) for test in first.ifs)
            if all(tests):
                turn(rest, inner)

    turn(node.generators, Scope({}, scope))  # one for all turns, as a function has it
    return found


def _list_of(run: "Interpreter", node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> Any:
    return _comprehended(run, node, scope, lambda inner: run.evaluate(node.elt, inner))


def _generator(run: "Interpreter", node: ast.GeneratorExp, scope: Scope) -> Any:
    return ValueIterator(_list_of(run, node, scope))


def _set_of(run: "Interpreter", node: ast.SetComp, scope: Scope) -> Any:
    found = _comprehended(run, node, scope, lambda inner: run.evaluate(node.elt, inner))
    return {_key(each, node.lineno) for each in found}


def _dict_of(run: "Interpreter", node: ast.DictComp, scope: Scope) -> Any:
    pairs = _comprehended(
        run,
        node,
        scope,
        lambda inner: (run.evaluate(node.key, inner), run.evaluate(node.value, inner)),
    )
    return {_key(key, node.lineno): value for key, value in pairs}


def _formatted(run: "Interpreter", node: ast.JoinedStr, scope: Scope) -> Any:
    pieces = []
    for part in node.values:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        value = run.evaluate(inner, scope)
        if isinstance(value, Unknown):
            return value
        spec = getattr(part, "format_spec", None)
        form = run.evaluate(spec, scope) if spec is not None else ""
        pieces.append(formatted(value, form if isinstance(form, str) else "?"))
    return joined_text(pieces)


def _lambda(run: "Interpreter", node: ast.Lambda, scope: Scope) -> Any:
    return calls.function_of(run, node, scope)


def _named(run: "Interpreter", node: ast.NamedExpr, scope: Scope) -> Any:
    value = run.evaluate(node.value, scope)
    run.assign(node.target, value, scope)
    return value


EXPRESSIONS: dict[type[ast.expr], Callable[["Interpreter", Any, Scope], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _if_else,
    ast.ListComp: _list_of,
    ast.GeneratorExp: _generator,
    ast.SetComp: _set_of,
    ast.DictComp: _dict_of,
    ast.JoinedStr: _formatted,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
}
