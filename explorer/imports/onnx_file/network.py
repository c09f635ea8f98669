"""An ONNX file as an architecture.

What its graph computes is read node by node. A file that was written here also names its
architecture, with all that a graph does not have: dropout, names, how a border is made. That is
taken where the file's weights are those of such a network.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch

from explorer.imports.onnx_file.model import Model, Step, Tensor, read_model, uses
from explorer.imports.onnx_file.numbers import BATCH, computed, constant, shape_numbers
from explorer.imports.onnx_file.operators import read_step
from explorer.imports.onnx_file.patterns import read_compound
from explorer.imports.onnx_file.reading import Padded, Reading, Value
from explorer.imports.source.folding import as_architecture, fold, fold_as_far
from explorer.imports.source.graph import Graph, GraphNode, PartShape
from explorer.imports.source.image import ImageShape, assumption, image_of
from explorer.imports.source.problem import FAILURES, CodeProblem, NeedsImage, Obstacle, as_obstacle
from explorer.network.architecture_json import parse_architecture
from explorer.network.build import build
from explorer.network.spec import MAX_NAME, Architecture, ArchitectureError, Flatten, Shape
from explorer.text import printable, size_text


@dataclass(frozen=True)
class OnnxRead:
    """A network as its graph says it is. With a problem, the layers up to there."""

    architecture: Architecture
    notes: tuple[tuple[int, str], ...]  # with the node that each is about, 0 where it is none
    problem: Obstacle | None
    nodes: tuple[int, ...]  # of the layers and merges, in the order of `walk`
    operators: tuple[str, ...]  # of all nodes
    is_image_assumed: bool  # the file does not say how large its images are


def read_onnx(data: bytes, asked: PartShape | None = None) -> OnnxRead:
    """The network of an ONNX file, for images of a shape that is asked for, else of its own.

    Raises CodeProblem where nothing can be read.
    """
    model = read_model(data)
    operators = tuple(step.operator for step in model.steps)
    own, why = _own_architecture(model)
    if own is not None:
        return OnnxRead(own, ((0, _UNTRAINED),), None, (), operators, False)
    run, output, image = _followed(model, asked)
    problem, folded = output if isinstance(output, CodeProblem) else None, None
    if isinstance(output, GraphNode):
        try:
            folded = fold(output)
        except CodeProblem as error:
            problem = error
    folded = folded or fold_as_far(run.last)
    if folded is None or (problem is not None and not folded.layers):
        raise problem or CodeProblem("the graph has no layers")
    try:
        architecture = as_architecture(_title(model), folded, image.shape)
    except ArchitectureError as error:
        raise CodeProblem(error.message) from None
    notes = [*((0, text) for text in why), *((number, text) for text, number in run.notes.items())]
    notes += [(0, text) for text in image.notes]
    missing = _missing(operators) if problem is None else ()
    notes += [(0, each) for each in (_UNTRAINED, *missing)]
    return OnnxRead(
        architecture, tuple(notes), as_obstacle(problem), folded.lines, operators, image.is_assumed
    )


_UNTRAINED = "the weights of the file are not taken: a network here begins untrained"


def _missing(operators: tuple[str, ...]) -> tuple[str, ...]:
    """What a file for inference lacks of the network that was trained."""
    if "Dropout" in operators or "BatchNormalization" in operators or "Conv" not in operators:
        return ()
    return (
        "a file made for inference has no Dropout, and BatchNorm is often merged into the "
        "convolution before it: add them where the network had them",
    )


def _title(model: Model) -> str:
    title = " ".join(printable(model.title).split())[:MAX_NAME]
    return "ONNX network" if not title or re.match(r"(main|torch)[\w-]*$", title) else title


# --- files that were written here -----------------------------------------------------------------


def _own_architecture(model: Model) -> tuple[Architecture | None, tuple[str, ...]]:
    """The architecture that a file names, if its weights are those of such a network; else why
    not, if it names one.
    """
    if model.architecture is None:
        return None, ()
    try:
        architecture = parse_architecture(model.architecture)
        with torch.device("meta"):
            network = build(architecture)
    except ArchitectureError:
        return None, (
            "the architecture that the file names cannot be read; its graph is read instead",
        )
    wanted = Counter(
        tensor.numel()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    # What is written beside the weights has a name with a slash, as "conv1/pads".
    found = Counter(prod(each.shape) for name, each in model.tensors.items() if "/" not in name)
    if wanted != found:
        return None, (
            "the architecture that the file names has other weights; its graph is read instead",
        )
    return architecture, ()


# --- graphs ---------------------------------------------------------------------------------------


def _followed(
    model: Model, asked: PartShape | None
) -> tuple[Reading, GraphNode | CodeProblem, ImageShape]:
    """The graph followed for images of one shape: what it gives, or why that is not known."""
    said = _image_said(model)
    shape = said if asked is None else tuple(b or a for a, b in zip(said, asked, strict=True))
    known = tuple(side for side in shape if side is not None)
    image = ImageShape(known)
    if len(known) < 3:
        run, _ = _follow(model, shape)
        image = image_of(run.graph, None)
        known = tuple(one or other for one, other in zip(shape, image.shape, strict=True))
        why = assumption(known) if image.is_assumed else _BY_LINEAR.format(size_text(known))
        image = ImageShape(known, (why,), image.is_assumed)
    return *_follow(model, known), image


_BY_LINEAR = "images of {}, as the first Linear layer asks for"


def _image_said(model: Model) -> PartShape:
    """The shape (C, H, W) of the graph's image, as far as the file says it."""
    sides = model.image_shape[1:]
    readers = [step for step in model.steps if model.image in step.inputs]
    if len(sides) == 3 and readers and all(map(_is_channels_last, readers)):
        return sides[2], sides[0], sides[1]
    target = _reshaped_image(model, readers)
    if target is not None:
        return target
    if len(sides) == 3:
        return sides
    if len(sides) == 2:  # (N, H, W)
        return 1, *sides
    if len(sides) == 1:
        side = int((sides[0] or 0) ** 0.5)
        return (1, side, side) if side and side * side == sides[0] else (1, 1, sides[0])
    return None, None, None


def _is_channels_last(step: Step) -> bool:
    return step.operator == "Transpose" and step.attributes.get("perm") == [0, 3, 1, 2]


def _reshaped_image(model: Model, readers: Sequence[Step]) -> Shape | None:
    """The map that a Reshape makes of an image that comes in as a vector, or with its one channel
    last or left out.
    """
    if len(readers) != 1 or readers[0].operator != "Reshape":
        return None
    given = model.tensors.get(readers[0].input(1)) or _constants(model).get(readers[0].input(1))
    if given is None or given.numbers is None or given.numbers.size != 4:
        return None
    target = tuple(int(side) for side in given.numbers.ravel()[1:])
    *said, last = model.image_shape[1:]
    is_one_channel = target[0] == 1 and (*said, last) in (target[1:], (*target[1:], 1))
    is_vector = not said and last == prod(target)
    return target if min(target) > 0 and (is_one_channel or is_vector) else None


def _constants(model: Model) -> dict[str, Tensor]:
    found = ((step, constant(step)) for step in model.steps if step.operator == "Constant")
    return {step.outputs[0]: value for step, value in found if value is not None and step.outputs}


def _follow(model: Model, shape: PartShape) -> tuple[Reading, GraphNode | CodeProblem]:
    """Follow a graph for images of a shape."""
    graph = Graph()
    image = graph.image(shape)
    producers = {name: step for step in model.steps for name in step.outputs if name}
    run = Reading(model, graph, uses(model), producers, {**model.tensors}, image)
    run.values[model.image] = image
    readers = [step for step in model.steps if model.image in step.inputs]
    if len(model.image_shape) == 2 and _reshaped_image(model, readers) is None:
        flattened = graph.layer(Flatten(), image, readers[0].number if readers else 0)
        run.values[model.image] = run.made(flattened)
    lasts: dict[int, GraphNode] = {}  # what was computed last before a node
    for step in model.steps:
        lasts[step.number] = run.last
        try:
            found: Value | CodeProblem = _read(run, step)
        except CodeProblem as problem:
            found = problem
        except FAILURES:  # a file is not held to ONNX's rules before
            found = CodeProblem(f"what {step.operator} is given is not as ONNX has it", step.number)
        run.values.update(dict.fromkeys(step.outputs[1:], _further(step, found)))
        if step.outputs:
            run.values[step.outputs[0]] = found
    output = run.values.get(model.outputs[0]) if model.outputs else None
    if model.outputs[1:]:
        run.note("the graph has several outputs; the first is what the network gives here")
    if isinstance(output, CodeProblem):
        run.last = lasts.get(output.line, run.last)
        return run, output
    if isinstance(output, GraphNode):
        return run, output
    return run, CodeProblem("the graph gives nothing that is computed from its image")


def _further(step: Step, found: Value | CodeProblem) -> CodeProblem:
    """Why the second value that a node gives is not known."""
    if isinstance(found, CodeProblem):
        return found
    return CodeProblem(
        f"of what {step.operator} gives, a layer here has the first alone", step.number
    )


def _read(run: Reading, step: Step) -> Value:
    """What a node gives: numbers, a layer that it ends, or one of its own."""
    if step.operator == "Constant":
        found = constant(step)
        if found is not None:
            return found
    if step.operator == "Shape":
        return _shape(run, step)
    given = [run.values.get(name) if name else None for name in step.inputs]
    tensors = [each if isinstance(each, Tensor) else None for each in given]
    if any(tensors) and all(
        each is not None for each, name in zip(tensors, step.inputs, strict=True) if name
    ):
        numbers = tensors[0] if step.operator == "Identity" else computed(step, tensors)
        if numbers is not None:
            return numbers
    if (first := _on_image(run, step)) is not None:
        return first
    try:
        made = read_compound(run, step)
    except NeedsImage:
        raise
    except CodeProblem:
        made = None
    return read_step(run, step) if made is None else made


def _shape(run: Reading, step: Step) -> Tensor:
    value = run.value(step, 0)
    if isinstance(value, Tensor):
        found = shape_numbers(step, value.shape)
    else:
        node = value.node if isinstance(value, Padded) else value
        found = shape_numbers(step, (BATCH, *node.shape))
    if found is None:
        raise NeedsImage("the shape depends on the size of the image", step.number)
    return found


def _on_image(run: Reading, step: Step) -> GraphNode | None:
    """The image as it is where a node only brings it into the order that torch has: channels
    first, and as a map.
    """
    if run.model.image not in step.inputs[:1]:
        return None
    readers = [each for each in run.model.steps if run.model.image in each.inputs]
    rank = len(run.model.image_shape)
    is_first = (
        (rank == 4 and all(map(_is_channels_last, readers)))
        or (step.operator == "Reshape" and _reshaped_image(run.model, readers) is not None)
        or (rank == 3 and step.operator == "Unsqueeze" and run.integers(step, 1, "axes") == [1])
    )
    return run.map(step) if is_first else None
