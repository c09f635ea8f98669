"""Which images a network takes, from all that its code and what stands around it says of them."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explorer.imports.source.graph import Graph, GraphNode, PartShape
from explorer.imports.source.input_shape import (
    USUAL_SIDES,
    Wanted,
    channels_of,
    fitting_sides,
    likely_shapes,
    likely_side,
    wanted_values,
)
from explorer.imports.source.reading import Code
from explorer.network.spec import Conv2d, Linear, Shape, stated
from explorer.text import size_text

if TYPE_CHECKING:
    from explorer.imports.source.interpreter import Interpreter


@dataclass(frozen=True)
class ImageShape:
    """The shape (C, H, W) that is taken, why, and which others could be."""

    shape: Shape
    notes: tuple[str, ...] = ()
    is_assumed: bool = False
    others: tuple[Shape, ...] = ()


def image_shape(
    run: "Interpreter",
    nodes: Sequence[GraphNode],
    code: Code,
    text: str,
    found: Any,
    asked: PartShape | None,
) -> ImageShape:
    """The shape of a network's images: as asked for, as the code says, or as its first Linear layer
    needs it; else assumed.
    """
    graph = Graph(list(nodes))
    if asked is not None:
        return ImageShape(asked_shape(graph, asked))
    if run.viewed_image is not None:
        return ImageShape(run.viewed_image)
    cls = found.module.cls
    documented = (ast.get_docstring(cls.node) or "") if cls else ""
    if stated_shape := _TAKES.search(documented):
        return ImageShape(tuple(map(int, stated_shape.groups())))
    channels = channels_of(graph)
    error = _error_in(text, graph)
    if isinstance(error, tuple):
        return ImageShape(error, (f"images of {size_text(error)}, by the error message",))
    said = list(_said(run, code, found, channels))
    strong = [shape for shape, is_strong in said if is_strong]
    weak = [shape for shape, is_strong in said if not is_strong]
    channels = channels or (said[0][0][0] if said else 1)
    decided = image_by_linear(graph, channels, error, strong, weak)
    if decided is not None:
        return decided
    return assumed_image(channels, strong, weak)


def asked_shape(graph: Graph, asked: PartShape) -> Shape:
    """The shape that was asked for, with the channels that the network takes where it has none."""
    channels, rows, columns = asked
    return (channels or channels_of(graph) or 1, rows or 1, columns or 1)


def image_of(graph: Graph, asked: PartShape | None) -> ImageShape:
    """The images that a network takes of which nothing but its layers is known."""
    if asked is not None:
        return ImageShape(asked_shape(graph, asked))
    channels = channels_of(graph) or 1
    return image_by_linear(graph, channels, None, (), ()) or assumed_image(channels, (), ())


def assumed_image(channels: int, strong: Sequence[Shape], weak: Sequence[Shape]) -> ImageShape:
    """Images where nothing decides: as the code gives them somewhere, else of a usual size."""
    first, *others = dict.fromkeys(likely_shapes(channels, [*strong, *weak]))
    is_assumed = not (strong or weak)
    notes = (assumption(first) if is_assumed else _named(first),)
    return ImageShape(first, notes, is_assumed, tuple(others))


def assumption(shape: Shape) -> str:
    """The note on images whose size is not said."""
    return f"nothing says how large the images are; {size_text(shape[1:])} is assumed"


def image_by_linear(
    graph: Graph,
    channels: int,
    error: int | None,
    strong: Sequence[Shape],
    weak: Sequence[Shape],
) -> ImageShape | None:
    """The images with which the first Linear layer gets what it asks for."""
    depends = False
    for wanted in wanted_values(graph):
        values = wanted.values if error is None else error
        sides = fitting_sides(Wanted(wanted.linear, wanted.flattened, values), channels)
        if not sides:
            continue
        depends = True
        hints = [*strong, *weak]
        hinted = next((each for each in hints if each[1] == each[2] and each[1] in sides), None)
        if hinted is not None:
            return ImageShape(hinted, (_named(hinted),))
        side = likely_side(sides, channels)
        if strong or (weak and side not in USUAL_SIDES):
            break  # what comes in is not what the layer takes, and its row says so
        shape = (channels, side, side)
        why = "what the error message says comes into" if error is not None else "what"
        asks = "" if error is not None else " asks for"
        line = wanted.linear.made_at
        return ImageShape(
            shape, (f"images of {size_text(shape)}, by {why} the Linear of line {line}{asks}",)
        )
    if depends and (strong or weak):
        first = [*strong, *weak][0]
        return ImageShape(first, (_named(first),))
    return None


def _named(shape: Shape) -> str:
    return f"images of {size_text(shape)}, which the code names"


# --- what the code says ---------------------------------------------------------------------------

# As the explorer's own exports say it, and others who document their classes.
_TAKES = re.compile(r"\b[Tt]akes \(N, (\d{1,4}), (\d{1,4}), (\d{1,4})\)")
# Data sets of torchvision by the shape of their images.
DATASETS: dict[str, Shape] = {
    **dict.fromkeys(("MNIST", "FashionMNIST", "KMNIST", "QMNIST", "EMNIST"), (1, 28, 28)),
    **dict.fromkeys(("CIFAR10", "CIFAR100", "SVHN"), (3, 32, 32)),
    "STL10": (3, 96, 96),
    "ImageNet": (3, 224, 224),
}
_RESIZING = ("Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop")


def _said(
    run: "Interpreter", code: Code, found: Any, channels: int | None
) -> Iterator[tuple[Shape, bool]]:
    """Shapes that the code gives its images, and whether it means this network's for sure."""

    def suits(shape: Shape) -> bool:
        return channels is None or shape[0] == channels

    for hint in run.hints:
        if suits(hint.shape):
            yield hint.shape, True
    names: set[str] = set()
    resized: list[int] = []
    for statement in code.statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and (made := _made_image(node)) and suits(made):
                yield made, True
            name = getattr(node, "id", None) or getattr(node, "attr", None)
            if name in DATASETS:
                names.add(name)
            if isinstance(node, ast.Call) and _last_name(node.func) in _RESIZING and node.args:
                resized += _sides(node.args[0])
    shapes = [DATASETS[name] for name in sorted(names) if suits(DATASETS[name])]
    for side in dict.fromkeys(resized):
        yield (channels or (shapes[0][0] if shapes else 3), side, side), False
    yield from ((shape, False) for shape in shapes)


LEAST_SIDE = 8  # of what is taken for an image: smaller tensors are kernels
_MAKERS = ("randn", "rand", "zeros", "ones", "empty", "FloatTensor", "Tensor", "randint")


def _made_image(node: ast.Call) -> Shape | None:
    """The shape of one image of a batch that the code makes, as in torch.randn(1, 3, 32, 32), also
    where nothing calls that.
    """
    given = [*node.args, *(each.value for each in node.keywords if each.arg == "size")]
    if _last_name(node.func) not in _MAKERS or not given:
        return None
    sizes = given[0].elts if isinstance(given[0], ast.Tuple | ast.List) else given
    values = [each.value if isinstance(each, ast.Constant) else None for each in sizes]
    if len(values) != 4 or not all(type(each) is int and 0 < each <= 2048 for each in values[1:]):
        return None
    if min(int(str(each)) for each in values[2:]) < LEAST_SIDE:
        return None
    return tuple(int(str(each)) for each in values[1:])


def _last_name(node: ast.expr) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", None) or ""


def _sides(node: ast.expr) -> list[int]:
    first = node.elts[0] if isinstance(node, ast.Tuple | ast.List) and node.elts else node
    value = first.value if isinstance(first, ast.Constant) else None
    return [value] if type(value) is int and 1 <= value <= 2048 else []


_PRODUCT = re.compile(
    r"(?:mat1 and mat2 shapes cannot be multiplied|size mismatch, m1:)"
    r"\D{1,9}(\d{1,9}) ?x ?(\d{1,9})"
    r"(?: and |\], m2: \[)(\d{1,9}) ?x ?(\d{1,9})"
)
_CHANNELS = re.compile(
    r"weight of size \[(\d{1,9}), (\d{1,9}), [\d, ]{1,40}\], "
    r"expected input\[\d{1,9}, (\d{1,4}), (\d{1,4}), (\d{1,4})\]"
)


def _error_in(text: str, graph: Graph) -> int | Shape | None:
    """What torch's error message in the text tells: the values that come into a Linear layer, or
    the shape of the images.
    """
    if product := _PRODUCT.search(text):
        _, comes, takes, gives = map(int, product.groups())
        for node in graph.nodes:
            operation = node.operation
            if isinstance(operation, Linear) and operation.out_features == gives:
                statement = stated(operation)
                if statement and statement[1] == takes:
                    return comes
    if channels := _CHANNELS.search(text):
        gives, takes, *shape = map(int, channels.groups())
        first = next((node for node in graph.nodes if isinstance(node.operation, Conv2d)), None)
        if first is not None and isinstance(first.operation, Conv2d):
            statement = stated(first.operation)
            if first.operation.out_channels == gives and statement and statement[1] == takes:
                return tuple(shape)
    return None
