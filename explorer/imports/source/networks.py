"""The networks in a text of PyTorch code, and each of them as an architecture."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from explorer.imports.source.attributes import all_modules, set_attribute
from explorer.imports.source.budget import MAX_STEPS, Budget
from explorer.imports.source.folding import Folded, as_architecture, fold, fold_as_far
from explorer.imports.source.graph import GraphNode, PartShape, ways_to
from explorer.imports.source.image import ImageShape, assumption, image_shape
from explorer.imports.source.interpreter import Interpreter
from explorer.imports.source.on_tensors import forward_of
from explorer.imports.source.problem import CodeProblem, NeedsImage, Obstacle, as_obstacle
from explorer.imports.source.reading import Code, read_code
from explorer.imports.source.statements import Break, Continue, Returned
from explorer.imports.source.tensors import Tensor, settled
from explorer.imports.source.values import (
    Function,
    LayerModule,
    Module,
    Unknown,
    UserClass,
)
from explorer.network.analysis import analyze
from explorer.network.layers import LAYERS, FirstWeights
from explorer.network.spec import MAX_NAME, Architecture, ArchitectureError, Shape
from explorer.text import printable, quoted


@dataclass(frozen=True)
class CodeRead:
    """A network as its code says it is. With a problem, the layers up to there."""

    architecture: Architecture
    network: str  # the class or variable that was read
    networks: tuple[str, ...]  # all that the text has, by which another one may be asked for
    notes: tuple[tuple[int, str], ...]  # with the line that each is about, 0 where it is none
    problem: Obstacle | None
    lines: tuple[int, ...]  # of the layers and merges, in the order of `walk`
    is_image_assumed: bool  # nothing in the code says how large its images are


def read_networks(
    text: str,
    name: str | None = None,
    shape: PartShape | None = None,
    values: dict[str, Any] | None = None,
) -> CodeRead:
    """The network that a text holds as PyTorch code; nothing of it is executed.

    Of several networks the one called `name`, a class, a variable or a function that makes one;
    else the last that the code makes, else its last class that is no part of another. `shape` is
    that of the images, as far as it is known, and `values` stand for names that have none.

    Raises CodeProblem where nothing can be read.
    """
    try:
        return _read(text, name, shape, values or {})
    except RecursionError:
        raise CodeProblem("the code is nested too deep to be followed") from None


def _read(text: str, name: str | None, shape: PartShape | None, values: dict[str, Any]) -> CodeRead:
    code = read_code(text)
    run = Interpreter(values)
    _follow_all(run, code)
    networks = _Networks(run, code, text)
    try:
        found = networks.find(name)
    except CodeProblem as problem:
        # A part of the code that is no Python says more than that there is no network.
        raise (code.faults[0] if code.faults else problem) from None
    return networks.read(found, shape)


MAX_OF_ALL_TRIES = 3 * MAX_STEPS  # to make the network of a class, and to run it
# Steps for each loop or call at the top level of a text, most of which train something.
MAX_TOP_LEVEL = 2_000


def _follow_all(run: Interpreter, code: Code) -> None:
    """Follow the text at its top level. What cannot be followed there, such as training, is passed
    over; names that it assigns are unknown.
    """
    left = {True: MAX_STEPS, False: MAX_STEPS}  # for definitions, and for all else
    for statement in _top_level(code):
        is_definition = isinstance(statement, _DEFINITIONS)
        most = min(left[is_definition], MAX_TOP_LEVEL)
        run.budget = Budget(most, items=run.budget.items)
        try:
            run.run([statement], run.names)
        except CodeProblem as problem:
            _forget_assigned(run, statement, problem)
        except (Returned, Break, Continue, RecursionError):
            pass
        left[is_definition] -= run.budget.steps


def _top_level(code: Code) -> Iterator[ast.stmt]:
    """The statements of a text, those under `if __name__ == "__main__"` one by one."""
    for statement in code.statements:
        if isinstance(statement, ast.If) and _is_main(statement):
            yield from statement.body
        else:
            yield statement


def _forget_assigned(run: Interpreter, statement: ast.stmt, problem: CodeProblem) -> None:
    """Make unknown what a statement assigns that could not be followed to its end."""
    unknown = Unknown(problem.message, problem.line, problem.missing)
    for node in ast.walk(statement):
        context = getattr(node, "ctx", None)
        if isinstance(node, ast.Name) and isinstance(context, ast.Store):
            run.names.names[node.id] = unknown
        elif isinstance(node, ast.Attribute) and isinstance(context, ast.Store):
            with suppress(CodeProblem, RecursionError):
                set_attribute(run.evaluate(node.value, run.names), node.attr, unknown)


_DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def _is_main(statement: ast.If) -> bool:
    test = statement.test
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and (test.left.id == "__name__")
    )


@dataclass(frozen=True)
class _Found:
    """A network of the text: its name, and the object that it is."""

    name: str
    module: Module


class _Networks:
    """The networks of a text that has been followed."""

    def __init__(self, run: Interpreter, code: Code, text: str):
        self._run, self._code, self._text = run, code, text
        self._spent = 0  # steps of all tries
        names = run.names.names
        self._made = list(run.made)
        inside = {id(each) for module in self._made for each in _below(module)}
        self._parts = {
            name: value for name, value in names.items() if isinstance(value, Module) and value.base
        }
        self._variables = {
            name: value for name, value in self._parts.items() if id(value) not in inside
        }
        self._classes = {
            name: value
            for name, value in names.items()
            if isinstance(value, UserClass) and _is_network(value)
        }
        self._functions = {
            name: value for name, value in names.items() if isinstance(value, Function)
        }

    # --- which networks there are -----------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """All that may be asked for, those that are made from nothing but themselves first."""
        used = self._used_classes()
        wholes = [name for name in self._classes if name not in used]
        parts = [name for name in self._classes if name in used]
        return tuple(dict.fromkeys([*self._variables, *wholes, *parts]))

    def _used_classes(self) -> set[str]:
        """Classes of which other classes make objects."""
        found: set[str] = set()
        for name, cls in self._classes.items():
            for each in cls.names.values():
                if isinstance(each, Function):
                    found |= _names_in(each.node) - {name}
            found |= {base.name for base in cls.bases if isinstance(base, UserClass)}
        return found

    def find(self, name: str | None) -> _Found:
        """The network of a name, or the likeliest one. Raises CodeProblem."""
        if name is not None:
            return self._of_name(name)
        problem: CodeProblem | None = None
        made = [
            (each, module) for each, module in self._variables.items() if _has_convolution(module)
        ] or list(self._variables.items())
        if made:
            return _Found(*made[-1])
        for each in self._likely():
            try:
                return self._of_name(each)
            except CodeProblem as first:
                problem = problem or first
        if problem is not None:
            raise problem
        raise CodeProblem("the code has no network: no class of nn.Module and no nn.Sequential")

    def _likely(self) -> Iterator[str]:
        used = self._used_classes()
        wholes = [name for name in self._classes if name not in used]
        yield from reversed(wholes)
        yield from (name for name in reversed(self._classes) if name not in wholes)

    def _of_name(self, name: str) -> _Found:
        if name in self._parts:
            return _Found(name, self._parts[name])
        cls = self._classes.get(name)
        if cls is not None:
            return _Found(name, self._object_of(cls))
        function = self._functions.get(name)
        if function is not None:
            found = self._fresh().call(function, [], {}, function.node.lineno)
            if isinstance(found, Module) and found.base:
                return _Found(name, found)
        known = ", ".join(self.names()) or "none"
        raise CodeProblem(f"the code has no network called {quoted(name)}; it has {known}")

    def _object_of(self, cls: UserClass) -> Module:
        """An object of a class: as the code makes one at its top level, else with its defaults,
        else as another of its classes or functions makes one.
        """
        for module in self._made:
            if module.cls is cls and self._is_whole(module):
                return module
        run = self._fresh()
        try:
            module = run.call(cls, [], {}, cls.line)
            missing = _missing(module)
        except CodeProblem as problem:
            missing, found = problem, None
        else:
            found = module
        if missing is None:
            assert isinstance(found, Module)
            return found
        for module in self._made:
            if module.cls is cls:
                return module
        for function in self._functions.values():
            made = self._made_by(function, cls)
            if made is not None:
                return made
        raise missing

    def _is_whole(self, module: Module) -> bool:
        return any(module is each for each in self._parts.values())

    def _made_by(self, function: Function, cls: UserClass) -> Module | None:
        """An object of a class that a function makes without being given anything."""
        run = self._fresh()
        before = len(run.made)
        with suppress(CodeProblem, RecursionError):
            run.call(function, [], {}, function.node.lineno)
        made = (each for each in run.made[before:] if each.cls is cls and _missing(each) is None)
        return next(made, None)

    def _fresh(self) -> Interpreter:
        """The interpreter with steps for one more try, as long as there are any."""
        self._spent += self._run.budget.steps
        self._run.budget = Budget(max(0, min(MAX_STEPS, MAX_OF_ALL_TRIES - self._spent)))
        return self._run

    # --- one of them ------------------------------------------------------------------------------

    def read(self, found: _Found, asked: PartShape | None) -> CodeRead:
        """The network as an architecture. Raises CodeProblem where not one layer can be read."""
        run = self._fresh()
        run.notes.clear()
        first = _forward(run, found.module, asked or (None, None, None))
        image = image_shape(run, first.graph_nodes, self._code, self._text, found, asked)
        forward, is_stuck = first, first.problem and not isinstance(first.problem, NeedsImage)
        if first.shape != image.shape and not is_stuck:
            self._fresh()
            run.notes.clear()
            forward = _forward(run, found.module, image.shape)
        is_open = isinstance(first.problem, NeedsImage) or bool(image.others)
        if asked is None and is_open and not is_stuck and not _fits(found, forward, image.shape):
            forward, image = self._tried(run, found, forward, image)
        return self._result(run, found, forward, image)

    def _tried(
        self, run: Interpreter, found: _Found, forward: "_Forward", image: ImageShape
    ) -> tuple["_Forward", ImageShape]:
        """Another image where the first one does not go through, of those that are usual."""
        decided = image_shape(run, forward.graph_nodes, self._code, self._text, found, None)
        self._fresh()
        tried = [(forward, image)]
        for shape in dict.fromkeys([decided.shape, *decided.others]):
            if run.budget.is_spent() or len(tried) > 8:
                break
            run.notes.clear()
            each = _forward(run, found.module, shape)
            notes = (assumption(shape),) if decided.is_assumed else decided.notes
            tried.append((each, replace(decided, shape=shape, notes=notes)))
            if _fits(found, each, shape):
                return tried[-1]
        return tried[0]

    def _result(
        self,
        run: Interpreter,
        found: _Found,
        forward: "_Forward",
        image: ImageShape,
    ) -> CodeRead:
        problem, folded = forward.problem, forward.folded
        if folded is None or (not folded.layers and problem is not None):
            raise problem or CodeProblem(f"{found.name} has no layers")
        try:
            architecture = as_architecture(self._title(found), folded, image.shape)
        except ArchitectureError as error:
            raise CodeProblem(error.message) from None
        notes = [*((0, note) for note in image.notes), *run.notes]
        if problem is None and (unused := _unused(found.module, run)):
            few = f"{', '.join(unused[:6])}{' and others' if unused[6:] else ''}"
            are = "is" if len(unused) == 1 else "are"
            notes.append((0, f"{few} {are} not used by forward, and left out"))
        return CodeRead(
            architecture,
            found.name,
            self.names(),
            tuple(notes),
            as_obstacle(problem),
            folded.lines,
            image.is_assumed,
        )

    def _title(self, found: _Found) -> str:
        """The name of the architecture: that which our own exports state, else the class's."""
        cls = found.module.cls
        documented = ast.get_docstring(cls.node) if cls else None
        if documented and re.search(r"^Takes \(N, ", documented, re.MULTILINE):
            title = " ".join(documented.split("\n\n")[0].split()).removesuffix(".")
            return printable(title)[:MAX_NAME] or found.name
        return cls.name if cls else found.name


def _names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _is_network(cls: UserClass) -> bool:
    if not cls.base.startswith("torch.nn.") and not cls.base.endswith("LightningModule"):
        return False
    try:
        return isinstance(cls.find("forward"), Function)
    except KeyError:
        return cls.base.endswith(".Sequential")


def _below(module: Module) -> list[Any]:
    return [each for _, each in all_modules(module)][1:]


def _has_convolution(module: Module) -> bool:
    return any(isinstance(each, LayerModule) and each.kind == "Conv2d" for each in _below(module))


def _missing(module: Module) -> CodeProblem | None:
    """The first layer of a network whose arguments need a value that is not given."""
    for _, each in all_modules(module):
        given = each.given.values() if isinstance(each, LayerModule) else ()
        for value in given:
            if isinstance(value, Unknown) and value.name:
                return value.problem()
    return None


def _unused(module: Module, run: Interpreter) -> list[str]:
    """Layers with weights that never run, by their names."""
    return [
        name
        for name, each in all_modules(module)
        if isinstance(each, LayerModule)
        and id(each) not in run.ran
        and LAYERS[each.kind].first_weights is not FirstWeights.NONE
    ]


@dataclass(frozen=True)
class _Forward:
    """What became of an image of some shape."""

    shape: PartShape
    graph_nodes: tuple[GraphNode, ...]
    folded: Folded | None
    problem: CodeProblem | None


def _forward(run: Interpreter, module: Module, shape: PartShape) -> _Forward:
    """Follow the network's forward. With a problem, what was read up to there."""
    run.graph.nodes = []
    run.ran.clear()
    run.place.clear()
    image = run.graph.image(shape)
    given = Tensor(image)
    run.last = given
    problem: CodeProblem | None = None
    run.is_forward = True
    try:
        returned = run.call(module, [given], {}, module.line)
        output = settled(run.graph, _output(run, returned, module), module.line, ())
        folded: Folded | None = fold(output)
    except CodeProblem as error:
        problem, folded = error, None
    except RecursionError:
        problem, folded = CodeProblem("the code is nested too deep to be followed"), None
    finally:
        run.is_forward = False
    if problem is not None:
        problem.line = problem.line or run.line
        assert run.last is not None
        folded = fold_as_far(run.last.node)
    return _Forward(image.shape, tuple(run.graph.nodes), folded, problem)


def _output(run: Interpreter, returned: Any, module: Module) -> Tensor:
    """The tensor that forward returns: of several the first of those that most layers with weights
    lead to, as the others are on the way to it or are for training alone.
    """
    forward = forward_of(module)
    line = forward.node.lineno if forward else module.line
    found: list[Tensor] = []
    pending = [returned]
    for _ in range(100):
        if not pending:
            break
        value = pending.pop(0)
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            pending = [*value[:50], *pending]
        elif isinstance(value, dict):
            pending = [*list(value.values())[:50], *pending]
        elif isinstance(value, Unknown) and not found:
            raise value.problem()
    if not found:
        raise CodeProblem("forward returns no tensor that is computed from its image", line)
    if len({each.node.number for each in found}) > 1:
        run.note(
            "forward returns several tensors; one of them is what the network gives here", line
        )
    return max(found, key=lambda each: sum(map(_has_weights, ways_to(each.node))))


def _has_weights(node: GraphNode) -> bool:
    kind = getattr(node.operation, "kind", None)
    return kind is not None and LAYERS[kind].first_weights is not FirstWeights.NONE


def _fits(found: _Found, forward: _Forward, shape: Shape) -> bool:
    if forward.folded is None or forward.problem is not None:
        return False
    try:
        return analyze(as_architecture(found.name, forward.folded, shape)).problem is None
    except ArchitectureError:
        return False
