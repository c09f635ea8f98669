"""What print(model) prints, as an architecture.

It names every module with its arguments, in the order in which they were made. It does not say in
which order forward runs them, what forward does without a module (activations, flattening, adding)
and how large the images are; that is completed in the plainest way, and what is a guess is said to
be one.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from explorer.imports.source.folding import Folded, fold
from explorer.imports.source.graph import Graph, GraphNode, PartShape
from explorer.imports.source.image import ImageShape, assumed_image, image_of
from explorer.imports.source.input_shape import (
    USUAL_SIDES,
)
from explorer.imports.source.layer_data import layer_from
from explorer.imports.source.problem import CodeProblem, Obstacle, as_obstacle
from explorer.imports.source.torch_names import CONTAINERS, layer_kind, parameters_of
from explorer.network.architecture_json import STATED
from explorer.network.layers import LAYERS
from explorer.network.spec import (
    MAX_BRANCHES,
    AdaptiveAvgPool2d,
    Flatten,
    Layer,
    Linear,
    Merge,
    stated,
)

MAX_MODULES = 2_000
MAX_COPIES = 200  # of a module that is printed once: "(0-2): 3 x Block("
MAX_DEPTH = 30


@dataclass
class Item:
    """A module as it is printed."""

    name: str  # in the module around it, "" where it has none
    kind: str
    line: int
    arguments: str | None = None  # None of one that holds others
    extra: str = ""  # what it prints of itself beside the modules that it holds
    children: list["Item"] = field(default_factory=list)
    size: int = 1  # modules that it is, with all those in it, copies counted


@dataclass(frozen=True)
class ReprRead:
    """A network as print(model) shows it."""

    folded: Folded
    title: str
    image: ImageShape
    notes: tuple[tuple[int, str], ...]  # with the line that each is about, 0 where it is none
    problem: Obstacle | None


# --- the grammar ----------------------------------------------------------------------------------

_NAME = r"(?:\((?P<name>[^()\n]{1,80})\): )?(?:(?P<count>\d{1,4}) x )?(?P<kind>[A-Za-z_]\w{0,80})"
_OPEN = re.compile(rf"{_NAME}\($")
_LEAF = re.compile(rf"{_NAME}\((?P<arguments>.{{0,500}})\)$")
_AROUND = re.compile(r"^[>#|\s]+")


def is_printed_module(text: str) -> bool:
    """Whether a text has what print(model) prints."""
    return _BEGINS.search(text) is not None


_BEGINS = re.compile(
    r"^[>#|\s]{0,40}(?:\(\w{1,80}\): )?[A-Za-z_]\w{0,80}\(\n[>#|\s]{0,40}(?:\w{1,20}\n\s{1,40})?"
    r"\([^()\n]{1,80}\): (?:\d{1,4} x )?\w{1,80}\(",
    re.MULTILINE,
)


def read_items(text: str) -> list[Item]:
    """The outermost modules that a text prints.

    Raises CodeProblem where one is not closed, or where there are too many.
    """
    roots: list[Item] = []
    open_items: list[tuple[Item, int]] = []  # with how many times each is meant
    count = 0
    for number, line in enumerate(text.split("\n"), 1):
        shown = _AROUND.sub("", line).rstrip()
        if opened := _OPEN.match(shown):
            count += 1
            if len(open_items) >= MAX_DEPTH or count > MAX_MODULES:
                raise CodeProblem("more modules are printed than a network here may have", number)
            item = Item(opened["name"] or "", opened["kind"], number)
            open_items.append((item, int(opened["count"] or 1)))
        elif shown in (")", "),") and open_items:
            item, copies = open_items.pop()
            item.size += sum(each.size for each in item.children)
            if item.size * copies > MAX_MODULES:
                raise CodeProblem("more modules are printed than a network here may have", number)
            if open_items:
                open_items[-1][0].children += _copies(item, copies)
            else:
                roots.append(item)
        elif open_items and (leaf := _LEAF.match(shown)):
            count += 1
            item = Item(leaf["name"] or "", leaf["kind"], number, leaf["arguments"])
            open_items[-1][0].children += _copies(item, int(leaf["count"] or 1))
        elif open_items and shown and not open_items[-1][0].children:
            open_items[-1][0].extra += shown
        if count > MAX_MODULES:
            raise CodeProblem("more modules are printed than a network here may have", number)
    if open_items:
        item = open_items[0][0]
        if roots:
            return roots
        raise CodeProblem(
            f"the end of {item.kind}( is missing: its last “)” was not copied", item.line
        )
    return roots


def _copies(item: Item, count: int) -> list[Item]:
    """A module as often as it is there: "(3-5): 3 x Block(" stands for 3, 4 and 5."""
    first = item.name.partition("-")[0]
    if count == 1 or not first.isdigit():
        return [item] * min(count, MAX_COPIES)
    return [replace(item, name=str(int(first) + n)) for n in range(min(count, MAX_COPIES))]


# --- steps ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What happens to the image: a layer, or branches that come together."""

    line: int
    layer: Layer | None = None
    merge: Merge | None = None
    branches: tuple[tuple["Step", ...], ...] = ()
    name: str = ""
    is_guess: bool = False


@dataclass
class _Completing:
    """What had to be guessed, with the line of its first place."""

    guesses: dict[str, int] = field(default_factory=dict)

    def guess(self, line: int, text: str) -> None:
        self.guesses.setdefault(text, line)

    def notes(self) -> list[tuple[int, str]]:
        return [(line, f"{text}, which is a guess") for text, line in self.guesses.items()]


def read_printed(text: str, shape: PartShape | None = None) -> ReprRead:
    """The network of the largest module that a text prints.

    Raises CodeProblem where it has no layer that can be read.
    """
    roots = read_items(text)
    if not roots:
        raise CodeProblem("this is no print(model)")
    root = max(roots, key=lambda item: item.size)
    read = _read(root, shape, False)
    if _has_one_pool(root) and not read.image.is_assumed and not _is_usual(read):
        other = _read(root, shape, True)
        if _is_usual(other) and not other.image.is_assumed:
            return other
    return read


def _read(root: Item, shape: PartShape | None, pools_after_each: bool) -> ReprRead:
    completing = _Completing()
    problem: CodeProblem | None = None
    try:
        steps = _steps(root, completing, pools_after_each, "")
    except _Stopped as stopped:
        steps, problem = stopped.steps, stopped.problem
    if not steps:
        raise problem or CodeProblem(f"{root.kind} prints no layers", root.line)
    return _as_network(root, steps, completing, shape, problem)


class _Stopped(Exception):
    """A module that cannot be taken, with what was read before it."""

    def __init__(self, steps: list[Step], problem: CodeProblem):
        self.steps, self.problem = steps, problem


def _leaf(item: Item) -> Layer:
    found = layer_kind(item.kind)
    if found is None:
        raise CodeProblem(f"{item.kind} is none of the layers here", item.line)
    kind, fixed = found
    given = _arguments(item, kind)
    return layer_from(kind, fixed | given, item.line)


def _arguments(item: Item, kind: str) -> dict[str, Any]:
    """The arguments as they are printed, by torch's names. Raises CodeProblem."""
    try:
        call = ast.parse(f"f({item.arguments})", mode="eval").body
        if not isinstance(call, ast.Call):
            raise ValueError("more than one call")
        args = [_value(each) for each in call.args]
        given = {each.arg: _value(each.value) for each in call.keywords if each.arg}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise CodeProblem(f"the arguments of {item.kind} cannot be read", item.line) from None
    if kind == "Identity":
        return {}
    found = dict(zip(parameters_of(kind), args, strict=False)) | given
    if kind == "Flatten" and (found.get("start_dim", 1), found.get("end_dim", -1)) != (1, -1):
        raise CodeProblem("Flatten of some of the dimensions is no layer here", item.line)
    if item.kind.startswith("Lazy"):
        found.pop(STATED[kind], None)  # which is not known yet, and printed as 0
    if False in (found.get("affine"), found.get("elementwise_affine")):
        found.pop("bias", None)  # torch prints that there is none, whatever was asked for
    if kind in _POOLS and found.get("stride") == found.get("kernel_size"):
        found.pop("stride", None)  # torch prints it where it was not given, too
    return found


def _value(node: ast.expr) -> Any:
    """A printed value; a word stands without quotation marks, as in padding_mode=reflect."""
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


_SKIP_NAMES = re.compile(r"^(?:downsample|down_sample|shortcut|skip\w*|residual|identity|proj\w*)$")
_RESIDUAL = re.compile(r"basic_?block|bottleneck|resid|res_?block|res_?unit", re.IGNORECASE)
_BRANCH = re.compile(r"^branch\w*$|^b\d$|^p\d$")
_PASSED_OVER = ("CrossEntropyLoss", "NLLLoss", "MSELoss", "Accuracy", "MulticlassAccuracy")


def _steps(item: Item, completing: _Completing, pools_after_each: bool, name: str) -> list[Step]:
    """What a module does, as far as its printed form says so."""
    if item.arguments is not None and item.kind not in CONTAINERS:
        return [Step(item.line, _leaf(item))]
    if item.kind == "Merging" and item.extra in ("add", "concat", "multiply"):
        inside = tuple(
            tuple(_steps(each, completing, pools_after_each, name)) for each in item.children
        )
        if not 2 <= len(inside) <= MAX_BRANCHES:
            raise CodeProblem(f"a merge has 2 to {MAX_BRANCHES} branches", item.line)
        merge: Merge = item.extra  # type: ignore[assignment]
        return [Step(item.line, merge=merge, branches=inside)]
    if item.kind in CONTAINERS and not item.children:
        return []
    steps: list[Step] = []
    children = [each for each in item.children if each.kind not in _PASSED_OVER]
    is_plain = item.kind == "Sequential"
    try:
        skip = next((each for each in children if _SKIP_NAMES.match(each.name)), None)
        if not is_plain and (skip is not None or _RESIDUAL.search(item.kind)):
            return _residual(item, children, skip, completing, name)
        named = [each for each in children if _BRANCH.match(each.name)]
        if not is_plain and len(named) > 1 and len(named) == len(children):
            completing.guess(item.line, f"the branches of {item.kind} are joined by their channels")
            branches = tuple(tuple(_steps(each, completing, False, "")) for each in named)
            return [Step(item.line, merge="concat", branches=branches, name=name)]
        for each in children if is_plain else _used(children, item, completing, pools_after_each):
            inner = f"{name}.{each.name}" if name else each.name
            steps += _steps(each, completing, pools_after_each, inner)
    except _Stopped as stopped:
        raise _Stopped([*steps, *stopped.steps], stopped.problem) from None
    except CodeProblem as problem:
        raise _Stopped(steps, problem) from None
    return steps


def _residual(
    item: Item, children: Sequence[Item], skip: Item | None, completing: _Completing, name: str
) -> list[Step]:
    """A block whose skip is not printed, or printed as a module of its own."""
    body = [each for each in children if each is not skip]
    activation = _only_activation(body)
    used = _used(body, item, completing, False)
    if activation is not None and used and used[-1] is activation:
        used = used[:-1]
    steps = [step for each in used for step in _steps(each, completing, False, "")]
    around = tuple(_steps(skip, completing, False, "")) if skip else ()
    completing.guess(item.line, f"{item.kind} adds its {'skip' if skip else 'input'}")
    block = Step(item.line, merge="add", branches=(tuple(steps), around), name=name)
    return [block, *(_steps(activation, completing, False, "") if activation else ())]


_ACTIVATIONS = [kind for kind, row in LAYERS.items() if row.group == "Activation"]
_WEIGHTED = ("Conv2d", "ConvTranspose2d", "Linear")
_NORMS = [kind for kind, row in LAYERS.items() if row.group == "Normalisation"]
_POOLS = ("MaxPool2d", "AvgPool2d")


def _kind(item: Item) -> str:
    found = layer_kind(item.kind)
    return found[0] if found and item.arguments is not None else ""


def _only_activation(children: Sequence[Item]) -> Item | None:
    found = [each for each in children if _kind(each) in _ACTIVATIONS]
    return found[0] if len(found) == 1 else None


def _only_pool(children: Sequence[Item]) -> Item | None:
    found = [each for each in children if _kind(each) in _POOLS]
    return found[0] if len(found) == 1 else None


def _has_one_pool(root: Item) -> bool:
    return root.kind != "Sequential" and _only_pool(root.children) is not None


def _used(
    children: Sequence[Item], item: Item, completing: _Completing, pools_after_each: bool
) -> list[Item]:
    """The modules in the order in which forward most likely runs them.

    A class prints a module once that forward may run many times: one activation among several
    convolutions, and one pooling, stand for all of them.
    """
    weighted = [each for each in children if _kind(each) in _WEIGHTED]
    if len(weighted) < 2:
        return list(children)
    activation, pool = _only_activation(children), _only_pool(children)
    has_none = not any(_kind(each) in _ACTIVATIONS for each in children)
    rest = [
        each
        for each in children
        if each is not activation and not (pools_after_each and each is pool)
    ]
    if activation is None and not has_none and not pools_after_each:
        return list(children)
    acts = activation or Item("", "ReLU", item.line, "")
    found: list[Item] = []
    for place, each in enumerate(rest):
        found.append(each)
        after = rest[place + 1] if place + 1 < len(rest) else None
        ends = _kind(each) in (*_WEIGHTED, *_NORMS) and (
            after is None or _kind(after) not in (*_NORMS, *_ACTIVATIONS)
        )
        is_last = not any(_kind(more) in _WEIGHTED for more in rest[place + 1 :])
        if not ends:
            continue
        if not is_last and (activation is not None or has_none):
            found.append(acts)
        if pools_after_each and pool is not None and _is_after_convolution(rest, place):
            found.append(pool)
    if has_none:
        completing.guess(item.line, f"{item.kind} prints no activation; ReLU follows its layers")
    elif activation is not None:
        completing.guess(
            activation.line,
            f"{activation.kind} follows each of {item.kind}’s convolutions and "
            "Linear layers but the last",
        )
    if pools_after_each and pool is not None:
        completing.guess(pool.line, f"{pool.kind} follows each convolution")
    return found


def _is_after_convolution(rest: Sequence[Item], place: int) -> bool:
    before = next(each for each in reversed(rest[: place + 1]) if _kind(each) in _WEIGHTED)
    return _kind(before) == "Conv2d"


# --- the network ----------------------------------------------------------------------------------


_ORDER = (
    "print(model) lists modules in the order in which they were made, which need not be that of "
    "forward, and not what forward does without a module"
)


def _as_network(
    root: Item,
    steps: Sequence[Step],
    completing: _Completing,
    asked: PartShape | None,
    problem: CodeProblem | None,
) -> ReprRead:
    graph, guesses = Graph(), dict(completing.guesses)
    _run(graph, steps, graph.image((None, None, None)), completing)
    image = image_of(graph, asked)
    for shape in dict.fromkeys([image.shape, *image.others]):
        graph, completing.guesses = Graph(), dict(guesses)
        output = _run(graph, steps, graph.image(shape), completing)
        if all(node.sizes_known() for node in graph.nodes):
            break
    else:
        shape = image.shape
        graph, completing.guesses = Graph(), dict(guesses)
        output = _run(graph, steps, graph.image(shape), completing)
    notes = [(0, _ORDER)] if _has_own_class(root) else []
    image = image if shape == image.shape else assumed_image(shape[0], (), (shape,))
    return ReprRead(
        fold(output), root.kind, image, (*notes, *completing.notes()), as_obstacle(problem)
    )


def _has_own_class(item: Item) -> bool:
    """Whether a module has a forward of its own: containers run what they hold in its order."""
    is_own = item.arguments is None and item.kind not in ("Sequential", "Merging")
    return is_own or any(map(_has_own_class, item.children))


def _run(
    graph: Graph,
    steps: Sequence[Step],
    node: GraphNode,
    completing: _Completing,
) -> GraphNode:
    """The image through all steps, flattened where a Linear layer asks for it."""
    for step in steps:
        if step.merge is not None:
            outputs = [_run(graph, each, node, completing) for each in step.branches]
            node = graph.merge(step.merge, outputs, step.line, ("", step.name))
            continue
        layer = step.layer
        assert layer is not None
        if LAYERS[layer.kind].takes == "vector" and len(node.shape) == 3:
            node = _flattened(graph, node, layer, step.line, completing)
        node = graph.layer(layer, node, step.line)
    return node


def _flattened(
    graph: Graph, node: GraphNode, layer: Layer, line: int, completing: _Completing
) -> GraphNode:
    statement = stated(layer)
    wanted = statement[1] if statement and isinstance(layer, Linear) else None
    channels, *sides = node.shape
    if wanted == channels and sides != [1, 1]:
        completing.guess(line, f"{layer.kind} takes one value of each map, their mean")
        node = graph.layer(AdaptiveAvgPool2d(output_size=1), node, line)
    return graph.layer(Flatten(), node, line)


def _is_usual(read: ReprRead) -> bool:
    return read.image.shape[1] in USUAL_SIDES
