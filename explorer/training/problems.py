"""Why a training cannot start or go on, as messages that say what to try."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import torch

from explorer.network.analysis import Analysis, analyze
from explorer.network.fitting import maps_text
from explorer.network.layers import kind_of
from explorer.network.spec import Architecture, Branches, Flatten, Layer, Linear, Path, path_text
from explorer.network.tree import node_at
from explorer.text import size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import BUILT_IN, DATASETS, DatasetKind
from explorer.training.devices import TEST_BATCH, DeviceError
from explorer.training.learning_rate import lower_rate, peak_rate, peak_rate_name
from explorer.training.limits import find_excess
from explorer.training.memory import READING_COPIES, estimate_memory, free_memory, image_bytes
from explorer.training.recipe import SGD, Constant, Recipe


class TrainingError(Exception):
    """A run cannot go on; the message is for the user."""


class DivergedError(TrainingError):
    """The loss is NaN or infinite."""

    def __init__(self, recipe: Recipe, epoch: int, step: int):
        rate = peak_rate(recipe)
        self.rate = lower_rate(recipe)
        super().__init__(
            f"training diverged (the loss is NaN or infinite at epoch {epoch}, step {step}): "
            f"try {peak_rate_name(recipe)} "
            f"{self.rate:g} instead of {rate:g}"
        )


@dataclass(frozen=True)
class TrainingProblem:
    """Why a network cannot be trained on a data set.

    `fixed` is the network with the obvious fix applied, None if there is no obvious one.
    """

    message: str
    fixed: Architecture | None = None


def find_problem(architecture: Architecture, kind: DatasetKind) -> TrainingProblem | None:
    """What keeps the network from learning this data set, None if nothing does.

    A data set that is not here counts once the network fits it, as its name says.
    """
    if architecture.input_shape != kind.input_shape:
        others = [
            other.title
            for other in DATASETS.values()
            if other.input_shape == architecture.input_shape
        ]
        choose = f", or choose {' or '.join(others)}" if others else ""
        needed = size_text(kind.input_shape)
        return TrainingProblem(
            f"the network takes images of {size_text(architecture.input_shape)}, "
            f"those of {kind.title} are {needed}: set the input shape to {needed}{choose}",
            architecture.model_copy(update={"input_shape": kind.input_shape}),
        )
    analysis, classes = analyze(architecture), len(kind.classes)
    if not analysis.problem and (excess := find_excess(analysis)):
        return TrainingProblem(excess)
    head = _head(analysis, classes)
    if problem := analysis.problem:
        where = f"layer {path_text(problem.path)}: {problem.message}"
        if head is not None and (problem.fix is None or _takes_maps(architecture, problem.path)):
            return TrainingProblem(
                f"{where}: remove the layers after layer {head}, which gives one value per class",
                _cut(architecture, head),
            )
        return TrainingProblem(
            f"{where}: {problem.remedy}" if problem.remedy else where, problem.fix
        )
    shape = analysis.output_shape
    wanted = f"{kind.title} needs {classes} outputs, one per class"
    if shape == (classes, 1, 1):
        message = f"the network ends in {classes} maps of 1×1; {wanted}: add Flatten"
        return TrainingProblem(message, _with_end(architecture, Flatten()))
    if len(shape) == 3:
        message = (
            f"the network ends in {maps_text(shape)}; {wanted}: "
            f"add Flatten and Linear with {classes} out_features"
        )
        return TrainingProblem(
            message, _with_end(architecture, Flatten(), Linear(out_features=classes))
        )
    if shape != (classes,):
        ends = f"the network ends in {shape[0]:,} values; {wanted}"
        if head is not None:
            return TrainingProblem(
                f"{ends}: remove the layers after layer {head}, which gives them",
                _cut(architecture, head),
            )
        message = f"{ends}: end with Linear with {classes} out_features"
        return TrainingProblem(message, _with_classes(architecture, classes))
    if analysis.trainable_params == 0:
        return TrainingProblem(
            "the network has no parameters, so there is nothing to learn: add Conv2d or Linear"
        )
    return TrainingProblem(kind.absent) if kind.absent else None


def _head(analysis: Analysis, classes: int) -> int | None:
    """The place of the last Linear layer, inside no block, that gives one value for each class."""
    heads = [
        row.path[0]
        for row in analysis.rows
        if row.kind == "Linear" and row.output_shape == (classes,) and len(row.path) == 1
    ]
    return heads[-1] if heads else None


def _takes_maps(architecture: Architecture, path: Path) -> bool:
    return kind_of(node_at(architecture.layers, path)).takes == "map"


def _cut(architecture: Architecture, head: int) -> Architecture:
    return architecture.model_copy(update={"layers": architecture.layers[: head + 1]})


def _with_end(architecture: Architecture, *end: Layer) -> Architecture:
    """The network with `end` after its last layer, but before a softmax that it ends in."""
    layers = architecture.layers
    last = len(layers) - (1 if layers and layers[-1].kind in ("Softmax", "LogSoftmax") else 0)
    return architecture.model_copy(update={"layers": (*layers[:last], *end, *layers[last:])})


def _with_classes(architecture: Architecture, classes: int) -> Architecture:
    """The network whose last Linear gives one value for each class; one is added if there is
    none after the last block.
    """
    layers = architecture.layers
    for index in reversed(range(len(layers))):
        layer = layers[index]
        if isinstance(layer, Branches):
            break
        if isinstance(layer, Linear):
            changed = layer.model_copy(update={"out_features": classes})
            return architecture.model_copy(
                update={"layers": (*layers[:index], changed, *layers[index + 1 :])}
            )
    return _with_end(architecture, Linear(out_features=classes))


def memory_problem(
    architecture: Architecture,
    recipe: Recipe,
    device: torch.device,
    room: int | None = None,
    kept_checkpoints: int = 0,
    reads_images: bool = False,
) -> str | None:
    """Why a training would take more memory than there is, and what to try; None if it fits.

    Args:
        room: bytes that it may take; without it, those that are free on the device.
        kept_checkpoints: how many checkpoints stay in memory, 0 if they are files.
        reads_images: whether the data set is still to be read.
    """
    free = free_memory(device) if room is None else room
    if free is None:
        return None

    images = image_bytes(recipe.dataset) if reads_images else 0
    if READING_COPIES * images > free:
        return (
            f"reading {find_dataset(recipe.dataset).title} takes about "
            f"{_gigabytes(READING_COPIES * images)} of memory, and {_gigabytes(free)} are free: "
            f"try the built-in {BUILT_IN}, or end other programs"
        )

    def needed(recipe: Recipe) -> int:
        return images + estimate_memory(architecture, recipe, device.type, kept_checkpoints).total

    taken = estimate_memory(architecture, recipe, device.type, kept_checkpoints)
    if needed(recipe) <= free:
        on_host = free_memory(torch.device("cpu")) if taken.host else None
        if on_host is None or taken.host <= on_host:
            return None
        return (
            f"saving what is learned takes about {_gigabytes(taken.host)} of memory beside the "
            f"GPU, and {_gigabytes(on_host)} are free: try fewer parameters, "
            "or end other programs"
        )
    parameters = analyze(architecture).total_params
    phases = {
        taken.training: f"training with a batch size of {recipe.batch_size}",
        taken.testing: f"testing {TEST_BATCH[device.type]:,} images at a time",
        taken.saving: (
            f"training {parameters:,} parameters with {recipe.optimizer.kind} and saving them"
        ),
    }
    return (
        f"{phases[taken.total]} takes about {_gigabytes(needed(recipe))} of memory, "
        f"and {_gigabytes(free)} are free: try "
        f"{_smaller(recipe, lambda recipe: needed(recipe) <= free)}"
    )


def _smaller(recipe: Recipe, fits: Callable[[Recipe], bool]) -> str:
    """What would make the training fit."""
    sizes = range(2, recipe.batch_size)
    largest = bisect_left(
        sizes, True, key=lambda size: not fits(recipe.model_copy(update={"batch_size": size}))
    )
    if largest > 0:
        return f"a batch size of {sizes[largest - 1]} or less, or smaller maps"
    plain = {"optimizer": SGD(), "scheduler": Constant()}
    if fits(recipe.model_copy(update=plain)):
        return (
            "SGD without momentum, which keeps nothing beside each parameter, or fewer parameters"
        )
    return "fewer parameters, smaller maps or fewer channels"


def _gigabytes(size: int) -> str:
    size = max(0, size)
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def explain(error: Exception, recipe: Recipe) -> str:
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error):
        half = max(2, recipe.batch_size // 2)
        return (
            f"out of memory: try a batch size of {half} instead of {recipe.batch_size}, "
            "or smaller maps"
        )
    if isinstance(error, TrainingError | DeviceError):
        return str(error)
    return (
        "torch cannot train this network: "
        f"{(str(error).strip() or type(error).__name__).splitlines()[0]}"
    )
