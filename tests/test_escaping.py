"""No text reaches a page as markup, unless it is written in this program or was escaped on the way.

The sources are read, not run: what a page gives to Streamlit must be a constant of ours, a figure,
or text that went through `for_html` or `for_markdown`. What a name holds is followed back through
assignments, loops, private functions and their callers, within its module.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "explorer" / "ui").rglob("*.py"))
SCRIPTS = sorted((ROOT / "explorer").rglob("*.js"))

HTML, MARKDOWN = "HTML", "Markdown"
ESCAPERS = {HTML: {"for_html", "markdown_to_html"}, MARKDOWN: {"for_markdown", "shown"}}
FIGURES = {  # give figures, whatever they are given; `counted` ends in a word of ours
    "path_text", "count_layers",
    "len", "int", "float", "sum", "max", "min", "round", "abs", "percent", "points", "duration", "short_count",
    "short_bytes", "size_text", "counted",
}  # fmt: skip
# Of texts.
KEEPING = {
    "join",
    "replace",
    "removesuffix",
    "removeprefix",
    "strip",
    "rstrip",
    "capitalize",
    "splitlines",
}
PASSING = {
    "list",
    "tuple",
    "sorted",
    "enumerate",
    "zip",
    "reversed",
    "dict",
    "next",
    "iter",
    "filter",
    "map",
    "range",
    "partial",
}
LOOKING = {"items", "values", "keys", "get"}  # of a table
FIGURE_FORMAT = re.compile(r"[+]?,?(\.\d+)?[dfgeEG%n]?")

# --- what is looked at ----------------------------------------------------------------------------

# Only explorer/ui/messages.py and notices.py.
MESSAGES = {"info", "warning", "error", "success", "toast", "exception", "write"}
TEXTS = {
    "html": HTML,
    "markdown": MARKDOWN,
    "caption": MARKDOWN,
    "header": MARKDOWN,
    "subheader": MARKDOWN,
    "title": MARKDOWN,
}
# The first argument is read as Markdown, and `label`, `help` and `text` wherever they stand.
LABELLED = {
    "button", "download_button", "form_submit_button", "link_button", "popover", "expander", "checkbox", "toggle", "radio",
    "selectbox", "multiselect", "text_input", "text_area", "number_input", "slider", "pills", "segmented_control", "metric",
    "file_uploader", "dialog", "spinner", "tabs", "status", "badge", "page_link", "TextColumn", "NumberColumn",
    "DatetimeColumn",
}  # fmt: skip
READ_OPTIONS = {"radio", "pills", "segmented_control"}  # whose options are read as Markdown too
NOT_STREAMLIT = {"log", "logger", "warnings", "parser", "logging", "messages"}


@dataclass
class Module:
    """A source file, with what its names can stand for."""

    path: Path
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        tree = ast.parse(self.source)
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                child.parent = node  # type: ignore[attr-defined]
        return tree

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]


@dataclass
class Reader:
    """Whether expressions of one module are safe in one language."""

    module: Module
    language: str
    # Being looked at: a circle adds nothing.
    open: set[tuple[int, str]] = field(default_factory=set)

    def safe(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant() | ast.Compare():
                return True
            case ast.Lambda():
                return self.safe(node.body)
            case ast.JoinedStr():
                return all(self.safe(part) for part in node.values)
            case ast.FormattedValue():
                return self._is_figure(node) or self.safe(node.value)
            case ast.BinOp(op=ast.Div()):
                return ast.unparse(node.left).startswith("Path(__file__)")  # a file of ours
            case ast.BinOp():
                return self.safe(node.left) and self.safe(node.right)
            case ast.BoolOp():
                return all(map(self.safe, node.values))
            case ast.IfExp():
                return self.safe(node.body) and self.safe(node.orelse)
            case ast.NamedExpr() | ast.Starred() | ast.keyword():
                return self.safe(node.value)
            case ast.Tuple() | ast.List() | ast.Set():
                return all(map(self.safe, node.elts))
            case ast.Dict():
                return all(self.safe(each) for each in [*filter(None, node.keys), *node.values])
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self.safe(node.elt)
            case ast.DictComp():
                return self.safe(node.key) and self.safe(node.value)
            case ast.Subscript() | ast.Attribute():
                return self._is_path(node) or (
                    isinstance(node, ast.Subscript) and self.safe(node.value)
                )
            case ast.Call():
                return self._call(node)
            case ast.Name():
                return node.id.isupper() or self._name(node)
        return False

    def _is_figure(self, node: ast.FormattedValue) -> bool:
        """Its format is one that text would not take."""
        if node.format_spec is None:
            return False
        spec = ast.unparse(node.format_spec)[2:-1]
        return spec not in ("", "n") and FIGURE_FORMAT.fullmatch(spec) is not None

    def _is_path(self, node: ast.expr) -> bool:
        """DATASETS[name].title: part of a constant of ours."""
        while isinstance(node, ast.Subscript | ast.Attribute):
            if isinstance(node, ast.Attribute) and node.attr.isupper():
                return True
            node = node.value
        return isinstance(node, ast.Name) and (node.id.isupper() or self._is_entry(node))

    def _is_entry(self, node: ast.Name) -> bool:
        """It runs through a constant of ours: `for action in ACTIONS`."""
        return any(
            isinstance(value, ast.Name | ast.Call) and self._is_table(value)
            for value in self._values(node)
        )

    def _is_table(self, node: ast.expr) -> bool:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LOOKING
        ):
            return self._is_table(node.func.value)
        return isinstance(node, ast.Name) and node.id.isupper()

    def _call(self, node: ast.Call) -> bool:
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        given = [*node.args, *(each.value for each in node.keywords)]
        if name in ESCAPERS[self.language] | FIGURES:
            return True
        if isinstance(node.func, ast.Attribute):
            if name in KEEPING | LOOKING:
                return self.safe(node.func.value) and all(map(self.safe, given))
            if name == "format":
                return self.safe(node.func.value) and all(map(self.safe, given))
            return False
        if name == "map" and given:
            return isinstance(given[0], ast.Name) and self._returns_safe(given[0].id)
        if name in PASSING:
            return all(map(self.safe, given))
        return self._returns_safe(name)

    def _returns_safe(self, name: str) -> bool:
        if name in ESCAPERS[self.language] | FIGURES:
            return True
        function = self.module.functions.get(name)
        if function is None:
            return self.language == HTML and name in SAFE_ELSEWHERE
        if (id(function), self.language) in self.open:
            return True
        self.open.add((id(function), self.language))
        returned = [
            each.value
            for each in _own(function)
            if isinstance(each, ast.Return) and each.value is not None
        ]
        return bool(returned) and all(map(self.safe, returned))

    def _name(self, node: ast.Name) -> bool:
        scope = _scope(node)
        if (id(scope), node.id + self.language) in self.open:
            return True
        self.open.add((id(scope), node.id + self.language))
        values = self._values(node)
        found = all(map(self.safe, values)) if values else self._parameter(node, scope)
        if not found:
            self.open.discard((id(scope), node.id + self.language))
        return found

    def _values(self, node: ast.Name) -> list[ast.expr]:
        """What is assigned to a name where it stands, and what it runs through."""
        scope, found = _scope(node), []
        for each in _own(scope):
            match each:
                case ast.Assign(targets=targets, value=value):
                    pairs = [(target, value) for target in targets]
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value)
                    | ast.AugAssign(target=target, value=value)
                ):
                    pairs = [(target, value)]
                case ast.NamedExpr(target=target, value=value) | ast.For(target=target, iter=value):
                    pairs = [(target, value)]
                case ast.comprehension(target=target, iter=value):
                    pairs = [(target, value)]
                case ast.Call(
                    func=ast.Attribute(value=ast.Name() as target, attr="append" | "extend"),
                    args=[value],
                ):
                    pairs = [(target, value)]
                case _:
                    continue
            for target, value in pairs:
                found += _assigned(target, value, node.id)
        return found

    def _parameter(self, node: ast.Name, scope: ast.AST) -> bool:
        """A parameter is what every caller in this module gives; one whose type is a figure is none
        of others' text.
        """
        if not isinstance(scope, ast.FunctionDef):
            return False
        parameters = [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]
        place = next((place for place, each in enumerate(parameters) if each.arg == node.id), None)
        if place is None:
            return False
        if parameters[place].annotation and ast.unparse(parameters[place].annotation) in (
            "int",
            "float",
            "bool",
        ):
            return True
        calls = [
            call
            for call in self.module.calls
            if isinstance(call.func, ast.Name) and call.func.id == scope.name
        ]
        return bool(calls) and all(
            self.safe(value) for call in calls for value in _given(call, node.id, place)
        )


SAFE_ELSEWHERE = {
    "assignment_line": "build/assignment_line.py",
    "clause_items": "clause_items.py",
}  # functions that give HTML, and the modules in which that is looked up


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, without what stands in functions inside it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef):
            yield from _own(child)


def _scope(node: ast.AST) -> ast.AST:
    while not isinstance(node, ast.FunctionDef | ast.Module):
        node = node.parent  # type: ignore[attr-defined]
    return node


def _assigned(target: ast.expr, value: ast.expr, name: str) -> list[ast.expr]:
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            return [
                part
                for one, other in zip(target.elts, value.elts, strict=True)
                for part in _assigned(one, other, name)
            ]
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "zip":
            return [
                part
                for one, other in zip(target.elts, value.args, strict=True)
                for part in _assigned(one, other, name)
            ]
        return [part for each in target.elts for part in _assigned(each, value, name)]
    return []


def _given(call: ast.Call, name: str, place: int) -> list[ast.expr]:
    named = [each.value for each in call.keywords if each.arg == name]
    return named or call.args[place : place + 1]


# --- the sinks ------------------------------------------------------------------------------------


def faults(path: Path, source: str) -> list[str]:
    """Where text that nobody escaped reaches a page, and what it is."""
    module, found = Module(path, source), []
    for call in module.calls:
        if not isinstance(call.func, ast.Attribute):
            continue
        receiver, name = ast.unparse(call.func.value), call.func.attr
        if receiver.split(".")[0] in NOT_STREAMLIT or (name == "write" and receiver != "st"):
            continue
        where = f"{path.name}:{call.lineno}"
        if name in MESSAGES and path.name not in ("messages.py", "notices.py"):
            found.append(f"{where} {receiver}.{name}: go by explorer.ui.messages")
        for argument, language in _texts(call, name):
            if not Reader(module, language).safe(argument):
                found.append(
                    f"{where} {name}({ast.unparse(argument)[:90]}) is not escaped for {language}"
                )
    return found


def _texts(call: ast.Call, name: str) -> Iterator[tuple[ast.expr, str]]:
    if name in TEXTS and call.args:
        yield call.args[0], TEXTS[name]
    if name in MESSAGES | LABELLED and call.args:
        yield call.args[0], MARKDOWN
    if name in READ_OPTIONS and not any(each.arg == "format_func" for each in call.keywords):
        yield call.args[1], MARKDOWN
    if name in READ_OPTIONS:
        yield from (
            (each.value, MARKDOWN)
            for each in call.keywords
            if each.arg == "format_func" and not _escapes(each.value)
        )
    if name == "progress" and len(call.args) > 1:
        yield call.args[1], MARKDOWN
    if name in LABELLED or name in TEXTS or name == "progress":
        yield from (
            (each.value, MARKDOWN)
            for each in call.keywords
            if each.arg in ("label", "help", "text")
        )


def _escapes(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in ESCAPERS[MARKDOWN]


def test_nothing_reaches_a_page_unescaped():
    assert [
        fault for path in SOURCES for fault in faults(path, path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(("name", "file"), SAFE_ELSEWHERE.items())
def test_what_another_module_makes_is_escaped(name, file):
    path = ROOT / "explorer" / "ui" / file
    assert Reader(Module(path, path.read_text(encoding="utf-8")), HTML)._returns_safe(name)


def test_no_markup_is_parsed_in_the_browser():
    """Nodes are made one by one and texts put into them: there is no place in which a text could
    become markup.
    """
    parsing = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|\beval\b|new Function"
    )
    found = [
        f"{path.name}:{number} {line.strip()}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if parsing.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'st.info(f"{error}.")',
        "st.warning(session.notice)",
        'st.html(f"<p>{for_markdown(each.title)} is left out</p>")',
        'st.html("<p>" + name + "</p>")',
        'st.html("<p>{}</p>".format(name))',
        'st.html("<p>%s</p>" % name)',
        "st.html(name)",
        'st.markdown(f"**{name}**")',
        'st.caption(f"{name:>10}")',
        'st.button(f"Reset to {name}")',
        'st.button("Go", help=f"Delete {name}")',
        'side.selectbox(f"{choice.row}, line {choice.line}", [])',
        'st.pills("Beside it", list(offered))',
        'st.radio("One", names, format_func=lambda name: name)',
        'st.html("".join(f"<li>{name}</li>" for name in names))',
        'label = f"**{name}**"\nst.popover(label)',
        "def text(name):\n    return name\nst.html(text(name))",
        "def text(part):\n    return f'<p>{part}</p>'\nst.html(text(name))",
        'st.progress(0.5, f"{name}")',
    ],
)
def test_what_is_not_escaped_is_found(line):
    assert faults(
        Path("page.py"),
        "def show(name, names, error, session, each, choice, offered, side):\n" + indented(line),
    )


@pytest.mark.parametrize(
    "line",
    [
        'st.html("<p>constant</p>")',
        'st.html(f"<p>{for_html(name)}, {count:,} of {len(names)}, {percent(share)}</p>")',
        "text = for_html(name)\nst.html(f'<b>{text}</b>')",
        'st.html("".join(f"<li>{for_html(name)}</li>" for name in names))',
        'st.button(f"Reset to {for_markdown(name)}", help=LABELS[name])',
        'st.pills("Beside it", list(names), format_func=for_markdown)',
        "for label in LABELS:\n    st.button(label)",
        "def text(part):\n    return f'<p>{part}</p>'\nst.html(text(for_html(name)))",
        "log.warning(name)",
    ],
)
def test_what_is_escaped_passes(line):
    assert (
        faults(Path("page.py"), "def show(name, names, count: int, share):\n" + indented(line))
        == []
    )


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
