"""What can stand in a training's way, in words that say what to try."""

from dataclasses import dataclass
from math import prod

import torch

from explorer.network.analysis import BYTES_PER_VALUE, Analysis, analyze, shape_text
from explorer.network.layers import LAYERS, maps_text
from explorer.network.spec import Architecture, Flatten, Layer, Linear
from explorer.training.datasets import DATASETS, DatasetKind
from explorer.training.devices import TEST_BATCH, DeviceError, free_memory
from explorer.training.recipe import OneCycleLR, Recipe


class TrainingError(Exception):
    """A run cannot go on; the message is for the user."""


@dataclass(frozen=True)
class Obstacle:
    """Why a network cannot learn a data set; `mended` is the network that can, where there is one plain way."""

    message: str
    mended: Architecture | None = None


def find_problem(architecture: Architecture, kind: DatasetKind) -> Obstacle | None:
    """What keeps the network from learning this data set, or None where nothing does."""
    if architecture.input_shape != kind.input_shape:
        others = [other.title for other in DATASETS.values() if other.input_shape == architecture.input_shape]
        choose = f", or choose {' or '.join(others)}" if others else ""
        needed = shape_text(kind.input_shape)
        return Obstacle(
            f"the network takes images of {shape_text(architecture.input_shape)}, those of {kind.title} are {needed}: "
            f"set the input shape to {needed}{choose}",
            architecture.model_copy(update={"input_shape": kind.input_shape}),
        )
    analysis, classes = analyze(architecture), len(kind.classes)
    head = _head(analysis, classes)
    if problem := analysis.problem:
        where = f"layer {problem.index}: {problem.message}"
        if head is not None and (problem.mended is None or _takes_maps(architecture, problem.index)):
            return Obstacle(
                f"{where}: remove the layers after layer {head}, which gives a value a class", _cut(architecture, head)
            )
        return Obstacle(f"{where}: {problem.remedy}" if problem.remedy else where, problem.mended)
    shape = analysis.output_shape
    wanted = f"{kind.title} needs {classes} values at the end, one a class"
    if shape == (classes, 1, 1):
        message = f"the network ends in {classes} maps of 1×1; {wanted}: add Flatten"
        return Obstacle(message, _with_end(architecture, Flatten()))
    if len(shape) == 3:
        message = f"the network ends in {maps_text(shape)}; {wanted}: add Flatten and Linear with {classes} out_features"
        return Obstacle(message, _with_end(architecture, Flatten(), Linear(out_features=classes)))
    if shape != (classes,):
        ends = f"the network ends in {shape[0]:,} values; {wanted}"
        if head is not None:
            return Obstacle(f"{ends}: remove the layers after layer {head}, which gives them", _cut(architecture, head))
        message = f"{ends}: end with Linear with {classes} out_features"
        return Obstacle(message, _with_classes(architecture, classes))
    if analysis.trainable_params == 0:
        return Obstacle("the network has no parameters, so there is nothing to learn: add Conv2d or Linear")
    return None


def _head(analysis: Analysis, classes: int) -> int | None:
    """The last Linear that gives a value a class."""
    heads = [row.index for row in analysis.rows if row.kind == "Linear" and row.output_shape == (classes,)]
    return heads[-1] if heads else None


def _takes_maps(architecture: Architecture, index: int) -> bool:
    return LAYERS[architecture.layers[index].kind].takes == "map"


def _cut(architecture: Architecture, head: int) -> Architecture:
    return architecture.model_copy(update={"layers": architecture.layers[: head + 1]})


def _with_end(architecture: Architecture, *end: Layer) -> Architecture:
    """The network with `end` after its last layer, but before the softmax that it may end in."""
    layers = architecture.layers
    last = len(layers) - (1 if layers and layers[-1].kind in ("Softmax", "LogSoftmax") else 0)
    return architecture.model_copy(update={"layers": (*layers[:last], *end, *layers[last:])})


def _with_classes(architecture: Architecture, classes: int) -> Architecture:
    """The network whose last Linear gives a value a class; one is added where there is none to change."""
    layers = architecture.layers
    for index in reversed(range(len(layers))):
        layer = layers[index]
        if isinstance(layer, Linear):
            changed = layer.model_copy(update={"out_features": classes})
            return architecture.model_copy(update={"layers": (*layers[:index], changed, *layers[index + 1 :])})
    return _with_end(architecture, Linear(out_features=classes))


def memory_problem(architecture: Architecture, recipe: Recipe, device: torch.device) -> str | None:
    """A process that takes more memory than there is is killed without a word, so ask first. The estimate is rough: in
    training the layers' outputs, kept for the way back, and their gradients; in a test what one layer takes and gives; and
    the parameters with their gradients and what the optimiser keeps of them."""
    free, analysis = free_memory(device), analyze(architecture)
    if free is None:
        return None
    free -= 4 * BYTES_PER_VALUE * analysis.total_params
    an_image = 2 * analysis.activation_bytes
    if an_image * recipe.batch_size > free:
        return (
            f"training with a batch size of {recipe.batch_size} takes about {an_image * recipe.batch_size / 1e9:.1f} GB of "
            f"memory, and {max(0, free) / 1e9:.1f} GB are free: try a batch size of {max(2, free // an_image)} or less, or "
            "smaller maps"
        )
    tested = TEST_BATCH[device.type] * max(BYTES_PER_VALUE * prod(row.input_shape) + row.output_bytes for row in analysis.rows)
    if tested > free:
        return (
            f"testing {TEST_BATCH[device.type]:,} images at a time takes about {tested / 1e9:.1f} GB of memory, and "
            f"{free / 1e9:.1f} GB are free: try smaller maps or fewer channels"
        )
    return None


def not_a_number(recipe: Recipe, epoch: int, step: int) -> str:
    schedule = recipe.scheduler
    name, rate = ("max_lr", schedule.max_lr) if isinstance(schedule, OneCycleLR) else ("lr", recipe.optimizer.lr)
    return f"the loss is no longer a number (epoch {epoch}, step {step}): try {name} {rate / 10:g} in place of {rate:g}"


def explain(error: Exception, recipe: Recipe) -> str:
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error):
        half = max(2, recipe.batch_size // 2)
        return f"out of memory: try a batch size of {half} in place of {recipe.batch_size}, or smaller maps"
    if isinstance(error, TrainingError | DeviceError):
        return str(error)
    return f"torch cannot train this network: {(str(error).strip() or type(error).__name__).splitlines()[0]}"
