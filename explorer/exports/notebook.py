"""A run as code that stands on its own.

A notebook; model.py, which trains when it is run; evaluate.py, which tests what the explorer
trained; grade.py, which judges it by an assignment. All are made of the files in templates/ and
need torch and what the data comes from (torchvision or scikit-learn), not this program. They do
what engine.py does: the same first weights, order of the images, batches, schedule and evaluation.
Dropout and augmentation draw other numbers here; without them, a run of the same precision on the
same machine's CPU gives the explorer's own accuracies. Where the recipe leaves the precision open,
this is fp32.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from explorer.exports.code_template import choose, fill, import_lines, parts, template
from explorer.exports.pytorch import class_name, class_source
from explorer.exports.source.python_text import call_text, keywords, plain_text, without_defaults
from explorer.network.analysis import analyze, require_fitting
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT
from explorer.network.spec import Architecture, ArchitectureError, count_layers
from explorer.text import counted, for_markdown, size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.devices import TEST_BATCH
from explorer.training.engine import count_steps
from explorer.training.images import is_augmented
from explorer.training.initialisation import notes, trainable
from explorer.training.problems import find_problem
from explorer.training.recipe import (
    SCHEDULERS,
    Recipe,
    arguments,
    count_images,
    count_used,
    picks_best,
    values_of,
)

WEIGHTS = "weights.pt"  # the file that model.py leaves
TRAINED_WEIGHTS = "weights.safetensors"  # the file that evaluate.py reads


def code_problem(recipe: Recipe) -> str:
    """Why no code can be written that trains as the recipe says; "" where it can.

    Of own images that are not described here, their number and brightness are not known.
    """
    kind = find_dataset(recipe.dataset)
    return "" if kind.mean else f"code cannot name these images: {kind.absent}"


def notebook_json(architecture: Architecture, recipe: Recipe) -> str:
    """An .ipynb that runs from top to bottom.

    Raises ArchitectureError where the network cannot learn the recipe's data set, or `code_problem`
    finds one.
    """
    shown = _notebook_parts(recipe)
    cells = [_cell("title", "markdown", _title(architecture, recipe))]
    results = [
        _Part("result", "Result", shown["result"]),
        _Part("curves", "Curves", shown["curves"]),
    ]
    for part in [*_parts(architecture, recipe), *results]:
        cells.append(
            _cell(f"about-{part.name}", "markdown", f"## {part.heading}\n\n{part.about}".strip())
        )
        code = f"{part.code}\n\n\n{part.use}" if part.use else part.code
        cells.append(
            _cell(part.name, "code", _with_imports(code, import_lines("model.py", part.code)))
        )
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def training_script(architecture: Architecture, recipe: Recipe) -> str:
    """model.py: `python model.py` trains.

    `import model` gives the class, load_data, train and evaluate.

    Formatted as `ruff format` does it. Raises ArchitectureError where the network cannot learn the
    recipe's data set, or `code_problem` finds one.
    """
    code = "\n\n\n".join(
        [*(part.code for part in _parts(architecture, recipe)), parts("model.py")["main"]]
    )
    needs = f"It needs torch and {_data_of(recipe.dataset).needs}."
    use = f"`python model.py` trains, and writes the weights to {WEIGHTS}. {needs}"
    about = "\n".join(
        [*network_lines(architecture), *recipe_lines(architecture, recipe, plain_text)]
    )
    top = f'"""{_heading(architecture)}: the network and its training.\n\n{use}\n\n{about}\n"""'
    return f"{top}\n\n{_with_imports(code, import_lines('model.py', code))}\n"


def evaluation_script(architecture: Architecture, recipe: Recipe, threads: int) -> str:
    """evaluate.py, to lie beside model.py and the weights under its names.

    It prints the accuracy that the run reported, exactly, on the same kind of processor with as
    many threads. Sums in another order round otherwise.
    """
    return _beside_model("evaluate.py", architecture, recipe, threads)


def grading_script(architecture: Architecture, recipe: Recipe, threads: int) -> str:
    """grade.py, to lie beside evaluate.py and the other files of a report, which it reads.

    It judges the accuracy that evaluate.py prints, by the assignment in grade.json.
    """
    code = _beside_model("grade.py", architecture, recipe, threads)
    return code.replace("MULT_ADDS_IN_SHORT", MULT_ADDS_IN_SHORT, 1)


def seeds_grading_script(architecture: Architecture) -> str:
    """grade.py, to lie beside the folders of several seeds' reports."""
    return template("grade_seeds.py").replace("TITLE", _heading(architecture), 1)


def _beside_model(name: str, architecture: Architecture, recipe: Recipe, threads: int) -> str:
    """A template that imports model.py and tests the trained weights."""
    code = template(name).replace("set_num_threads(1)", f"set_num_threads({threads})")
    code = code.replace("NEEDS", _data_of(recipe.dataset).needs)
    return _with_class(code, architecture).replace("TITLE", _heading(architecture), 1)


# --- what is said of a run ------------------------------------------------------------------------


def _heading(architecture: Architecture) -> str:
    return plain_text(architecture.name) or class_name(architecture)


def _title(architecture: Architecture, recipe: Recipe) -> str:
    name = for_markdown(_heading(architecture))
    about = "\n".join(
        f"- {line}"
        for line in [
            *network_lines(architecture),
            *recipe_lines(architecture, recipe, for_markdown),
        ]
    )
    needs = (
        f"It needs torch and {_data_of(recipe.dataset).needs}; matplotlib, where it is installed, "
        "draws the curves at the end."
    )
    return f"# {name}\n\n{about}\n\n{needs}"


def network_lines(architecture: Architecture) -> list[str]:
    """What the network comes to, and how its mult-adds are counted."""
    analysis = analyze(architecture)
    return [
        f"Network: {counted(count_layers(architecture.layers), 'layer')}, "
        f"{counted(analysis.total_params, 'parameter')}, "
        f"{counted(analysis.total_mult_adds, 'mult-add')} for one image",
        f"Mult-adds: {MULT_ADDS_IN_SHORT}",
    ]


def _part_text(recipe: Recipe) -> str:
    """Which training images are used, where that is not all."""
    if recipe.images_share == 1:
        return ""
    images = _data_of(recipe.dataset).train_images
    # Of own images that are not here it is not known how many there are.
    used = f"{count_used(recipe, images):,}" if images else f"{100 * recipe.images_share:g} %"
    return f"; trained on the first {used} of its training images alone"


def recipe_lines(
    architecture: Architecture, recipe: Recipe, escaped: Callable[[str], str]
) -> list[str]:
    """The data that the network is trained on and every hyperparameter, a line each.

    `escaped` makes text of others harmless where the lines go: `plain_text` in code, `for_markdown`
    in Markdown. The title of own images is somebody's words.
    """
    data = find_dataset(recipe.dataset)
    epochs = counted(recipe.epochs, "epoch")
    schedule = (
        "constant"
        if SCHEDULERS[recipe.scheduler.kind].advances == "never"
        else _choice_text(recipe.scheduler)
    )
    note = notes(architecture)
    return [
        f"Data: {escaped(data.title)}, images of {size_text(data.input_shape)}, "
        f"{len(data.classes)} classes"
        f"{_part_text(recipe)}",
        f"Training: {epochs} in batches of {recipe.batch_size}, seed {recipe.seed}, "
        f"{recipe.precision}",
        f"Optimiser: {_choice_text(recipe.optimizer)}",
        f"Learning rate: {schedule}",
        f"Label smoothing: {recipe.label_smoothing:g}",
        f"Augmentation: {_augmentation_text(recipe)}",
        *_gradient_lines(recipe),
        *_validation_lines(recipe),
        *([f"Note: {note}"] if note else []),
    ]


def _augmentation_text(recipe: Recipe) -> str:
    parts = (
        f"turned by up to {recipe.rotation:g}°" if recipe.rotation else "",
        f"moved by up to {recipe.shift:g} pixels" if recipe.shift else "",
        f"scaled by up to {100 * recipe.scale:g} %" if recipe.scale else "",
        f"mirrored with a probability of {recipe.flip:g}" if recipe.flip else "",
        f"cropped at random after a padding of {counted(recipe.crop_padding, 'pixel')}"
        if recipe.crop_padding
        else "",
        *(
            f"{name} changed by up to {100 * getattr(recipe, name):g} %"
            for name in ("brightness", "contrast", "saturation")
            if getattr(recipe, name) and (name != "saturation" or _is_coloured(recipe))
        ),
        f"a square of {recipe.cutout}×{recipe.cutout} pixels erased" if recipe.cutout else "",
        f"mixup of Beta({recipe.mixup:g}, {recipe.mixup:g})" if recipe.mixup else "",
    )
    until = f", not in the last {recipe.plain_epochs} epochs" if recipe.plain_epochs else ""
    return f"{', '.join(filter(None, parts))}{until}" if any(parts) else "none"


def _gradient_lines(recipe: Recipe) -> list[str]:
    """What is done to the gradient beside weight decay; nothing where nothing is."""
    which = "every parameter" if recipe.weight_decay_on == "all" else "Conv2d and Linear weights"
    return [
        *([f"L1 penalty: {recipe.l1:g}, on {which}; losses are without it"] if recipe.l1 else []),
        *(
            [f"Gradient clipping: to a norm of {recipe.clip_grad_norm:g}"]
            if recipe.clip_grad_norm
            else []
        ),
    ]


def _validation_lines(recipe: Recipe) -> list[str]:
    """What the validation images are for; nothing where there are none."""
    if not recipe.validation_images:
        return []
    stops = (
        f"; the run ends after {counted(recipe.early_stopping, 'epoch')} without a lower loss "
        "on them"
        if recipe.early_stopping
        else ""
    )
    return [
        f"Validation: {recipe.validation_images:,} of the training images are held out by the "
        f"seed; the best epoch is picked on the {picks_best(recipe)} images{stops}"
    ]


def _is_moved(recipe: Recipe) -> bool:
    return bool(recipe.rotation or recipe.shift or recipe.scale)


def _is_changed(recipe: Recipe) -> bool:
    """Whether the images are changed one by one, mixup aside."""
    return is_augmented(recipe.model_copy(update={"mixup": 0.0}))


def _is_coloured(recipe: Recipe) -> bool:
    return find_dataset(recipe.dataset).input_shape[0] == 3


def _is_smoothed(recipe: Recipe) -> bool:
    """Whether the loss is told its label smoothing; with mixup it always is."""
    return recipe.label_smoothing > 0 or recipe.mixup > 0


def _choice_text(choice: Any) -> str:
    values = values_of(choice)
    if values.get("peak_epoch") is None:
        values.pop("peak_epoch", None)
    else:  # which pct_start then follows from
        del values["pct_start"]
    given = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"{choice.kind}({given})"


# --- the parts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A code cell of the notebook and a section of model.py.

    `use` is what only the notebook runs there.
    """

    name: str
    heading: str
    code: str
    about: str = ""
    use: str = ""


@dataclass(frozen=True)
class _Data:
    """How a data set is read without this program: load_data gives what the explorer trains on."""

    train_images: int
    needs: str
    part: str  # of the template
    torchvision: str = ""  # the class of torchvision.datasets, where that is not the template's own


_DATA: dict[str, _Data] = {
    "digits": _Data(1_437, "scikit-learn", "data of digits"),
    "mnist": _Data(60_000, "torchvision", "data of MNIST"),
    "fashion-mnist": _Data(60_000, "torchvision", "data of MNIST", "FashionMNIST"),
    "kmnist": _Data(60_000, "torchvision", "data of MNIST", "KMNIST"),
    "cifar10": _Data(50_000, "torchvision", "data of CIFAR10"),
    "emnist": _Data(112_800, "torchvision", "data of EMNIST"),
    "svhn": _Data(73_257, "torchvision and scipy", "data of SVHN"),
    "cifar100": _Data(50_000, "torchvision", "data of CIFAR10", "CIFAR100"),
}


def _data_of(dataset: str) -> _Data:
    images = find_dataset(dataset).train_images
    return _DATA.get(dataset) or _Data(images, "safetensors", "data of own images")


def _parts(architecture: Architecture, recipe: Recipe) -> list[_Part]:
    require_fitting(architecture)
    kind = find_dataset(recipe.dataset)
    # What was trained on images that were deleted can still be read, and run by whoever has them.
    if obstacle := find_problem(architecture, replace(kind, absent="")):
        raise ArchitectureError(obstacle.message)
    if problem := code_problem(recipe):
        raise ArchitectureError(problem)
    options, shown = _options(recipe), _notebook_parts(recipe)
    code = {name: choose(part, options) for name, part in parts("model.py").items()}
    found = [
        _Part("model", "The network", class_source(trainable(architecture)).strip()),
        _Part(
            "recipe",
            "The recipe",
            fill(code["recipe"], _recipe_values(recipe)),
            "Change the numbers, and run the cells from here on again.",
        ),
        _Part("data", "The data", _data(recipe, code), f"{kind.summary}.", shown["use data"]),
        _Part(
            "augmentation",
            "Augmentation",
            code["augmentation"],
            "Each image is changed at random, anew in every epoch.",
        ),
        _Part("evaluation", "Evaluation", code["evaluation"]),
        _Part(
            "training",
            "Training",
            _with_class(fill(code["training"], _training_values(recipe)), architecture),
            use=shown["use training"],
        ),
    ]
    return [part for part in found if part.name != "augmentation" or _is_changed(recipe)]


def _notebook_parts(recipe: Recipe) -> dict[str, str]:
    options = _options(recipe)
    return {name: choose(part, options) for name, part in parts("notebook.py").items()}


def _options(recipe: Recipe) -> set[str]:
    """The options of the template that the recipe asks for."""
    schedule = SCHEDULERS[recipe.scheduler.kind]
    saturated = recipe.saturation > 0 and _is_coloured(recipe)
    on_weights = recipe.weight_decay_on == "weights"
    asked = {
        "moved": _is_moved(recipe),
        "sized": _is_moved(recipe) or recipe.crop_padding > 0 or recipe.cutout > 0,
        "flip": recipe.flip > 0,
        "crop": recipe.crop_padding > 0,
        "brightness": recipe.brightness > 0,
        "contrast": recipe.contrast > 0,
        "saturation": saturated,
        "contrast or saturation": recipe.contrast > 0 or saturated,
        "colours": recipe.brightness > 0 or recipe.contrast > 0 or saturated,
        "cutout": recipe.cutout > 0,
        "changed": _is_changed(recipe),
        "mixup": recipe.mixup > 0,
        "augmented": is_augmented(recipe),
        "part of the images": recipe.images_share < 1,
        "smoothing": _is_smoothed(recipe),
        "l1": recipe.l1 > 0,
        "l1 on weights": recipe.l1 > 0 and on_weights,
        "l1 on all": recipe.l1 > 0 and not on_weights,
        "clipping": recipe.clip_grad_norm > 0,
        "validation": recipe.validation_images > 0,
        "picked by validation": picks_best(recipe) == "validation",
        "early stopping": recipe.early_stopping > 0,
        "bf16": recipe.precision == "bf16",
        "best device": recipe.device == "auto",
        "decay of weights alone": on_weights,
        "schedule": schedule.advances != "never" and not schedule.watches_loss,
        "schedule of each step": schedule.advances == "each step",
        "schedule of each epoch": schedule.advances == "each epoch" and not schedule.watches_loss,
        "schedule that watches a loss": schedule.watches_loss,
        "schedule that watches the validation loss": schedule.watches_loss
        and recipe.validation_images > 0,
        "schedule that watches the train loss": schedule.watches_loss
        and not recipe.validation_images,
    }
    return {option for option, is_asked in asked.items() if is_asked}


def _data(recipe: Recipe, code: dict[str, str]) -> str:
    data = _data_of(recipe.dataset)
    found = code[data.part]
    if recipe.dataset not in _DATA:
        return fill(found, {"IMAGES": json.dumps(f"{recipe.dataset}.safetensors")})
    if not data.torchvision:
        return found
    return re.sub(r"datasets\.(MNIST|CIFAR10)\b", f"datasets.{data.torchvision}", found)


# The recipe's numbers that stand in the code where an option is asked for.
_NUMBERS = {
    "smoothing": ("label_smoothing",),
    "moved": ("rotation", "shift", "scale"),
    "flip": ("flip",),
    "crop": ("crop_padding",),
    "brightness": ("brightness",),
    "contrast": ("contrast",),
    "saturation": ("saturation",),
    "cutout": ("cutout",),
    "mixup": ("mixup",),
    "augmented": ("plain_epochs",),
    "l1": ("l1",),
    "clipping": ("clip_grad_norm",),
    "validation": ("validation_images",),
    "early stopping": ("early_stopping",),
}


def _recipe_values(recipe: Recipe) -> dict[str, str]:
    kind = find_dataset(recipe.dataset)
    values: dict[str, object] = {
        "EPOCHS": recipe.epochs,
        "BATCH_SIZE": recipe.batch_size,
        "SEED": recipe.seed,
        "TEST_BATCH": f"{json.dumps(TEST_BATCH)}[DEVICE.type]",
        "MEAN": f"torch.tensor({list(kind.mean)}, device=DEVICE).view(-1, 1, 1)",
        "STD": f"torch.tensor({list(kind.std)}, device=DEVICE).view(-1, 1, 1)",
    }
    if recipe.images_share < 1:
        values["TRAIN_IMAGES"] = count_used(recipe, _data_of(recipe.dataset).train_images)
    options = _options(recipe)
    for option, names in _NUMBERS.items():
        if option in options:
            values |= {name.upper(): getattr(recipe, name) for name in names}
    if recipe.device != "auto":
        values["DEVICE"] = f'torch.device("{recipe.device}")'
    return {name: str(value) for name, value in values.items()}


def _train_images(recipe: Recipe) -> int:
    return count_images(recipe, _data_of(recipe.dataset).train_images)


def _training_values(recipe: Recipe) -> dict[str, str]:
    values = {"optimizer": _optimizer(recipe)}
    schedule = SCHEDULERS[recipe.scheduler.kind]
    if schedule.advances != "never":
        name = "plateau" if schedule.watches_loss else "scheduler"
        values[name] = _scheduler(recipe, name)
    return values


def _optimizer(recipe: Recipe) -> str:
    kind, given = recipe.optimizer.kind, arguments(recipe.optimizer)
    told = {"lr": given["lr"]} | without_defaults(getattr(torch.optim, kind), given)
    parameters = "groups" if recipe.weight_decay_on == "weights" else "model.parameters()"
    return _assigned("optimizer", f"torch.optim.{kind}", [parameters, *keywords(told)])


def _scheduler(recipe: Recipe, name: str) -> str:
    scheduler, kind = recipe.scheduler.kind, SCHEDULERS[recipe.scheduler.kind]
    steps_per_epoch = count_steps(_train_images(recipe), recipe.batch_size)
    steps = recipe.epochs * steps_per_epoch
    own = arguments(recipe.scheduler)
    given = own | kind.inferred(recipe.scheduler, recipe.epochs, steps_per_epoch)
    # What is the number of all steps follows from the numbers above it, so that these can be
    # changed.
    follows = [key for key, value in given.items() if key not in own and value == steps]
    stated = {key: value for key, value in given.items() if key not in follows}
    told = without_defaults(getattr(torch.optim.lr_scheduler, scheduler), stated)
    all_steps = [f"{key}=EPOCHS * steps_per_epoch" for key in follows]
    values = ["optimizer", *all_steps, *keywords(told)]
    return _assigned(name, f"torch.optim.lr_scheduler.{scheduler}", values)


def _assigned(name: str, function: str, given: list[str]) -> str:
    """A call that is assigned to a name inside a function, on as many lines as it takes.

    Without the name.
    """
    text = "\n".join(call_text(f"{name} = {function}", given, 4))
    return text.strip().removeprefix(f"{name} = ")


def _with_class(code: str, architecture: Architecture) -> str:
    return re.sub(r"\bNetwork\b", class_name(architecture), code)


def _with_imports(code: str, lines: list[str]) -> str:
    """The code below its imports: the standard library's, a gap, the others'."""
    standard = [line for line in lines if line in ("import math", "import os")]
    others = [line for line in lines if line not in standard]
    groups = ["\n".join(group) for group in (standard, others) if group]
    return "\n\n".join(groups) + f"\n\n\n{code}" if groups else code


def _cell(id: str, kind: str, source: str) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    cell: dict[str, Any] = {"cell_type": kind, "id": id, "metadata": {}, "source": lines}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
