"""What each kind of statement does."""

import ast
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explorer.imports.source import (
    attributes,
    calls,
)
from explorer.imports.source.expressions import computed
from explorer.imports.source.problem import CodeProblem
from explorer.imports.source.tensors import (
    Tensor,
)
from explorer.imports.source.torch_names import (
    USUAL_NAMES,
)
from explorer.imports.source.values import (
    Function,
    Imported,
    Module,
    Scope,
    Unknown,
    UserClass,
)
from explorer.text import quoted

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


class Returned(Exception):
    """A return statement, on its way out of a function."""

    def __init__(self, value: Any):
        self.value = value


class Break(Exception):
    pass


class Continue(Exception):
    pass


def _assign(run: "Interpreter", node: ast.Assign, scope: Scope) -> None:
    value = run.evaluate(node.value, scope)
    for target in node.targets:
        run.assign(target, value, scope)


def _annotated(run: "Interpreter", node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        run.assign(node.target, run.evaluate(node.value, scope), scope)


def _augmented(run: "Interpreter", node: ast.AugAssign, scope: Scope) -> None:
    read: ast.expr = ast.copy_location(_as_read(node.target), node.target)
    before, by = run.evaluate(read, scope), run.evaluate(node.value, scope)
    if isinstance(before, list) and isinstance(node.op, ast.Add):
        items = run.items(by, node.lineno)
        before.extend(items)
        return
    found = computed(run, node.op, before, by, node.lineno)
    if isinstance(before, Tensor) and isinstance(found, Tensor):
        before.node, before.view = found.node, found.view  # in place, so that all names see it
        found = before
    run.assign(node.target, found, scope)


def _as_read(target: ast.expr) -> ast.expr:
    match target:
        case ast.Name(id=name):
            return ast.Name(name, ast.Load(), lineno=target.lineno, col_offset=0)
        case ast.Attribute(value=value, attr=name):
            return ast.Attribute(value, name, ast.Load(), lineno=target.lineno, col_offset=0)
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(value, index, ast.Load(), lineno=target.lineno, col_offset=0)
    return target


def _expression(run: "Interpreter", node: ast.Expr, scope: Scope) -> None:
    if not isinstance(node.value, ast.Constant):
        run.evaluate(node.value, scope)


def _return(run: "Interpreter", node: ast.Return, scope: Scope) -> None:
    raise Returned(None if node.value is None else run.evaluate(node.value, scope))


def _if(run: "Interpreter", node: ast.If, scope: Scope) -> None:
    run.note_training(node.test)
    holds = run.truth(run.evaluate(node.test, scope), node.lineno)
    run.run(node.body if holds else node.orelse, scope)


def _for(run: "Interpreter", node: ast.For, scope: Scope) -> None:
    for item in run.items(run.evaluate(node.iter, scope), node.lineno):
        run.budget.step(node.lineno)
        run.assign(node.target, item, scope)
        if not _goes_on(run, node.body, scope):
            return
    run.run(node.orelse, scope)


def _while(run: "Interpreter", node: ast.While, scope: Scope) -> None:
    while run.truth(run.evaluate(node.test, scope), node.lineno):
        run.budget.step(node.lineno)
        if not _goes_on(run, node.body, scope):
            return
    run.run(node.orelse, scope)


def _goes_on(run: "Interpreter", body: list[ast.stmt], scope: Scope) -> bool:
    """Follow one turn of a loop; whether there may be another one, as it does not break."""
    try:
        run.run(body, scope)
    except Break:
        return False
    except Continue:
        pass
    return True


def _break(run: "Interpreter", node: ast.Break, scope: Scope) -> None:
    raise Break


def _continue(run: "Interpreter", node: ast.Continue, scope: Scope) -> None:
    raise Continue


def _pass(run: "Interpreter", node: ast.stmt, scope: Scope) -> None:
    pass


def _import(run: "Interpreter", node: ast.Import, scope: Scope) -> None:
    for each in node.names:
        name = each.asname or each.name.split(".")[0]
        root = each.name.split(".")[0]
        if root in _KNOWN_MODULES or root in sys.stdlib_module_names or root in _LIBRARIES:
            scope.names[name] = Imported(each.name if each.asname else name)
        else:
            why = f"{each.name} is a module of its own: paste what is used of it, too"
            scope.names[name] = Unknown(why, node.lineno)


def _import_from(run: "Interpreter", node: ast.ImportFrom, scope: Scope) -> None:
    module = node.module or ""
    for each in node.names:
        if each.name == "*":
            continue
        name = each.asname or each.name
        if name in USUAL_NAMES and USUAL_NAMES[name].startswith("torch"):
            scope.names[name] = Imported(USUAL_NAMES[name])  # as a module of helpers passes it on
        elif node.level or module.split(".")[0] not in _KNOWN_MODULES:
            held = scope.names.get(name)
            if isinstance(held, Function | UserClass):
                continue  # the text holds it, too
            where = "." * node.level + module
            scope.names[name] = Unknown(
                f"{each.name} stands in another file, {where}: paste that one, too",
                node.lineno,
            )
        else:
            scope.names[name] = Imported(f"{module}.{each.name}")


# Others that code for training imports, and that no layer comes from.
_LIBRARIES = (
    *("matplotlib", "pandas", "PIL", "cv2", "sklearn", "scipy", "tqdm", "yaml", "wandb", "seaborn"),
    *("tensorboardX", "torchmetrics", "albumentations", "plotly", "IPython", "ignite", "skimage"),
)
_KNOWN_MODULES = (
    *("torch", "torchvision", "collections", "functools", "math", "numpy", "copy", "itertools"),
    *("pytorch_lightning", "lightning", "typing", "operator", "torchinfo", "torchsummary"),
    *("dataclasses", "abc", "tensorflow", "keras", "types", "argparse", "tqdm"),
)


def _function(run: "Interpreter", node: ast.FunctionDef, scope: Scope) -> None:
    function = calls.function_of(run, node, scope)
    scope.names[node.name] = calls.decorated(run, function, node.decorator_list, scope)


def _class(run: "Interpreter", node: ast.ClassDef, scope: Scope) -> None:
    before = scope.names.get(node.name)
    if scope is run.names and isinstance(before, UserClass):
        # A notebook has several of one name, of which each can be asked for.
        scope.names[f"{node.name} (line {before.line})"] = before
    cls = calls.class_of(run, node, scope)
    scope.names[node.name] = calls.decorated(run, cls, node.decorator_list, scope)


def _with(run: "Interpreter", node: ast.With, scope: Scope) -> None:
    for item in node.items:
        value = run.evaluate(item.context_expr, scope)
        if item.optional_vars is not None:
            run.assign(item.optional_vars, value, scope)
    run.run(node.body, scope)


def _try(run: "Interpreter", node: ast.Try, scope: Scope) -> None:
    run.run(node.body, scope)
    run.run(node.orelse, scope)
    for handler in node.handlers:
        # What is not known to be installed is taken from where the code itself provides for that.
        if _catches_imports(handler) and any(map(_is_foreign_import, node.body)):
            run.run(handler.body, scope)
    run.run(node.finalbody, scope)


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    return "ImportError" in ast.unparse(handler.type or ast.Constant("ImportError"))[:200] or (
        "ModuleNotFoundError" in ast.unparse(handler.type or ast.Constant(""))[:200]
    )


def _is_foreign_import(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return bool(node.level) or (node.module or "").split(".")[0] not in _KNOWN_MODULES
    names = [each.name.split(".")[0] for each in node.names] if isinstance(node, ast.Import) else []
    return any(name not in _KNOWN_MODULES for name in names)


def _raise(run: "Interpreter", node: ast.Raise, scope: Scope) -> None:
    said = ""
    if isinstance(node.exc, ast.Call) and node.exc.args:
        text = run.evaluate(node.exc.args[0], scope)
        said = f": {quoted(text)}" if isinstance(text, str) else ""
    raise CodeProblem(f"the code raises an error here{said}", node.lineno)


def _delete(run: "Interpreter", node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        match target:
            case ast.Name(id=name):
                scope.names.pop(name, None)
            case ast.Attribute(value=owner, attr=name):
                module = run.evaluate(owner, scope)
                if isinstance(module, Module):
                    module.children.pop(name, None)
                    module.attributes.pop(name, None)
            case ast.Subscript(value=owner, slice=index):
                _delete_item(run.evaluate(owner, scope), run.evaluate(index, scope), node.lineno)


def _delete_item(owner: Any, index: Any, line: int) -> None:
    items: Any = owner.children if isinstance(owner, Module) else owner
    if isinstance(owner, Module) and isinstance(index, int):
        index = list(items)[index]
    if not isinstance(items, dict | list) or isinstance(index, Unknown):
        raise CodeProblem("what is deleted here is not known", line)
    del items[index]
    if isinstance(owner, Module):
        attributes.renumber(owner)


def _global(run: "Interpreter", node: ast.Global, scope: Scope) -> None:
    scope.elsewhere |= dict.fromkeys(node.names, run.names)


def _nonlocal(run: "Interpreter", node: ast.Nonlocal, scope: Scope) -> None:
    for name in node.names:
        outer = scope.outer
        while outer is not None and name not in outer.names:
            outer = outer.outer
        scope.elsewhere[name] = outer or scope


STATEMENTS: dict[type[ast.stmt], Callable[["Interpreter", Any, Scope], None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Return: _return,
    ast.If: _if,
    ast.For: _for,
    ast.While: _while,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Pass: _pass,
    ast.Assert: _pass,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.With: _with,
    ast.Try: _try,
    ast.Raise: _raise,
    ast.Delete: _delete,
}
