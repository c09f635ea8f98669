"""A run as code that stands on its own: a notebook, model.py, which trains when it is run, and evaluate.py, which tests what
the explorer trained.

All are made of the same parts and need torch and what the data comes from (torchvision or scikit-learn), not this program.
They do what engine.py does: the same first weights, order of the images, batches, schedule and evaluation. Dropout and
augmentation draw other numbers here; without them, a run of the same precision on the same machine's CPU gives the
explorer's own accuracies. Where the recipe leaves the precision open, this is fp32.
"""

import json
from dataclasses import dataclass
from typing import Any

import torch

from explorer.exports.pytorch import call_text, class_name, class_source, fitting, keywords, plain_text, without_defaults
from explorer.network.analysis import analyze
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT
from explorer.network.spec import Architecture, ArchitectureError
from explorer.text import counted, for_markdown, size_text
from explorer.training.datasets import DATASETS
from explorer.training.devices import TEST_BATCH
from explorer.training.engine import count_steps
from explorer.training.initialisation import notes, trainable
from explorer.training.problems import find_problem
from explorer.training.recipe import SCHEDULERS, Recipe, arguments

WEIGHTS = "weights.pt"  # the file that model.py leaves
TRAINED_WEIGHTS = "weights.safetensors"  # the file that evaluate.py reads


def notebook_json(architecture: Architecture, recipe: Recipe) -> str:
    """An .ipynb that runs from top to bottom.

    Raises ArchitectureError where the network cannot learn the recipe's data set.
    """
    cells = [_cell("title", "markdown", _title(architecture, recipe))]
    for part in [*_parts(architecture, recipe), *_RESULTS]:
        cells.append(_cell(f"about-{part.name}", "markdown", f"## {part.heading}\n\n{part.about}".strip()))
        code = f"{part.code}\n\n\n{part.use}" if part.use else part.code
        cells.append(_cell(part.name, "code", f"{_import_lines(part.imports)}{code}"))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def training_script(architecture: Architecture, recipe: Recipe) -> str:
    """model.py: `python model.py` trains; `import model` gives the class, load_data, train and evaluate.

    Formatted as `ruff format` does it. Raises ArchitectureError where the network cannot learn the recipe's data set.
    """
    parts = _parts(architecture, recipe)
    imports = tuple(dict.fromkeys(line for part in parts for line in part.imports))
    use = f"`python model.py` trains, and writes the weights to {WEIGHTS}. It needs torch and {_DATA[recipe.dataset].needs}."
    about = "\n".join([*network_lines(architecture), *recipe_lines(architecture, recipe)])
    top = f'"""{_heading(architecture)}: the network and its training.\n\n{use}\n\n{about}\n"""\n\n'
    return top + _import_lines(imports) + "\n\n\n".join([*(part.code for part in parts), _MAIN]) + "\n"


def evaluation_script(architecture: Architecture, recipe: Recipe, threads: int) -> str:
    """evaluate.py, to lie beside model.py and the weights under its names: the accuracy that the run reported, exactly, on
    the same kind of processor with as many threads. Sums in another order round otherwise.
    """
    return _EVALUATION_SCRIPT.format(
        about=_heading(architecture),
        needs=_DATA[recipe.dataset].needs,
        model=class_name(architecture),
        weights=TRAINED_WEIGHTS,
        threads=threads,
    )


# --- what is said of a run ------------------------------------------------------------------------------------------


def _heading(architecture: Architecture) -> str:
    return plain_text(architecture.name) or class_name(architecture)


def _title(architecture: Architecture, recipe: Recipe) -> str:
    name = for_markdown(_heading(architecture))
    about = "\n".join(f"- {line}" for line in [*network_lines(architecture), *recipe_lines(architecture, recipe)])
    needs = f"It needs torch and {_DATA[recipe.dataset].needs}; matplotlib, where it is installed, draws the curves at the end."
    return f"# {name}\n\n{about}\n\n{needs}"


def network_lines(architecture: Architecture) -> list[str]:
    """What the network comes to, and how its mult-adds are counted."""
    analysis = analyze(architecture)
    return [
        f"Network: {counted(len(analysis.rows), 'layer')}, {counted(analysis.total_params, 'parameter')}, "
        f"{counted(analysis.total_mult_adds, 'mult-add')} for one image",
        f"Mult-adds: {MULT_ADDS_IN_SHORT}",
    ]


def recipe_lines(architecture: Architecture, recipe: Recipe) -> list[str]:
    """The data that the network is trained on and every hyperparameter, a line each."""
    data = DATASETS[recipe.dataset]
    epochs = counted(recipe.epochs, "epoch")
    schedule = "constant" if SCHEDULERS[recipe.scheduler.kind].advances == "never" else _choice_text(recipe.scheduler)
    note = notes(architecture)
    return [
        f"Data: {data.title}, images of {size_text(data.input_shape)}, {len(data.classes)} classes",
        f"Training: {epochs} in batches of {recipe.batch_size}, seed {recipe.seed}, {recipe.precision}",
        f"Optimiser: {_choice_text(recipe.optimizer)}",
        f"Learning rate: {schedule}",
        f"Label smoothing: {recipe.label_smoothing:g}",
        f"Augmentation: {_augmentation_text(recipe)}",
        *([f"Note: {note}"] if note else []),
    ]


def _augmentation_text(recipe: Recipe) -> str:
    parts = (
        f"turned by up to {recipe.rotation:g}°" if recipe.rotation else "",
        f"moved by up to {recipe.shift:g} pixels" if recipe.shift else "",
        f"scaled by up to {100 * recipe.scale:g} %" if recipe.scale else "",
    )
    until = f", not in the last {recipe.plain_epochs} epochs" if recipe.plain_epochs else ""
    return f"{', '.join(filter(None, parts))}{until}" if any(parts) else "none"


def _is_augmented(recipe: Recipe) -> bool:
    return bool(recipe.rotation or recipe.shift or recipe.scale)


def _choice_text(choice: Any) -> str:
    return f"{choice.kind}({', '.join(f'{name}={value}' for name, value in arguments(choice).items())})"


# --- the parts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A code cell of the notebook and a section of model.py. `use` is what only the notebook runs right there."""

    name: str
    heading: str
    about: str
    imports: tuple[str, ...]
    code: str
    use: str = ""


def _parts(architecture: Architecture, recipe: Recipe) -> list[_Part]:
    fitting(architecture)
    if obstacle := find_problem(architecture, DATASETS[recipe.dataset]):
        raise ArchitectureError(obstacle.message)
    network, data = trainable(architecture), _DATA[recipe.dataset]
    moved = _is_augmented(recipe)
    return [
        _Part("model", "The network", "", _TORCH, class_source(network).strip()),
        _Part("recipe", "The recipe", "Change the numbers, and run the cells from here on again.", _TORCH[:1], _recipe(recipe)),
        _Part("data", "The data", f"{DATASETS[recipe.dataset].summary}.", data.imports, data.code, _USE_DATA),
        *([_Part("augmentation", "Augmentation", _ABOUT_AUGMENTATION, _FUNCTIONAL, _AUGMENT)] if moved else []),
        _Part("evaluation", "Evaluation", "", _FUNCTIONAL, _evaluation(recipe)),
        _Part("training", "Training", "", ("import math", *_FUNCTIONAL), _training(architecture, recipe), _USE_TRAINING),
    ]


def _recipe(recipe: Recipe) -> str:
    kind = DATASETS[recipe.dataset]
    device = _BEST_DEVICE if recipe.device == "auto" else f'DEVICE = torch.device("{recipe.device}")'
    lines = [
        f"EPOCHS = {recipe.epochs}",
        f"BATCH_SIZE = {recipe.batch_size}",
        f"SEED = {recipe.seed}",
        *([f"LABEL_SMOOTHING = {recipe.label_smoothing}"] if recipe.label_smoothing else []),
        *(_AUGMENTATION_NUMBERS.format(recipe=recipe).splitlines() if _is_augmented(recipe) else []),
        device,
        "# How batches lie in memory; channels last is faster, but not on Apple's GPUs.",
        'LAYOUT = torch.contiguous_format if DEVICE.type == "mps" else torch.channels_last',
        "# Images tested at a time.",
        f"TEST_BATCH = {json.dumps(TEST_BATCH)}[DEVICE.type]",
        "",
        "# Of the training images, scaled to 0..1; one a channel.",
        f"MEAN = torch.tensor({list(kind.mean)}, device=DEVICE).view(-1, 1, 1)",
        f"STD = torch.tensor({list(kind.std)}, device=DEVICE).view(-1, 1, 1)",
    ]
    return "\n".join(lines)


def _evaluation(recipe: Recipe) -> str:
    return _EVALUATE.replace("<scores>", "\n".join(_scores(recipe, 8)))


def _training(architecture: Architecture, recipe: Recipe) -> str:
    schedule = SCHEDULERS[recipe.scheduler.kind]
    smoothing = ", label_smoothing=LABEL_SMOOTHING" if recipe.label_smoothing else ""
    lines = [
        "def train(train_images, train_labels, test_images, test_labels):",
        '    """The trained network, and one record an epoch."""',
        "    torch.manual_seed(SEED)",
        f"    model = {class_name(architecture)}().to(DEVICE)",
        "    model = model.to(memory_format=LAYOUT)",
        "    # A generator of its own, so that the images come in the explorer's order.",
        "    generator = torch.Generator().manual_seed(1_000_000 + SEED)",
        *_optimizer(recipe),
        "    # A last batch of a single image is left out: BatchNorm can make nothing of it.",
        "    steps_per_epoch = math.ceil((len(train_images) - 1) / BATCH_SIZE)",
        *_scheduler(recipe),
        "    history = []",
        "    for epoch in range(1, EPOCHS + 1):",
        "        model.train()",
        "        total_loss = right = seen = 0",
        "        order = torch.randperm(len(train_images), generator=generator).to(DEVICE)",
        "        for step in range(steps_per_epoch):",
        "            chosen = order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]  # (B,)",
        "            x = train_images[chosen].float() / 255  # (B, C, H, W)",
        *(_AUGMENTED.splitlines() if _is_augmented(recipe) else []),
        "            y = train_labels[chosen]  # (B,)",
        *_scores(recipe, 12),
        f"            loss = F.cross_entropy(scores, y{smoothing})",
        "            optimizer.zero_grad()",
        "            loss.backward()",
        "            optimizer.step()",
        *(["            scheduler.step()"] if schedule.advances == "each step" else []),
        "            total_loss += loss.item() * len(y)",
        "            right += (scores.argmax(1) == y).sum().item()",
        "            seen += len(y)",
        *(["        scheduler.step()"] if schedule.advances == "each epoch" else []),
        _RECORD,
    ]
    return "\n".join(lines)


def _scores(recipe: Recipe, indent: int) -> list[str]:
    if recipe.precision != "bf16":
        return [f"{' ' * indent}scores = model(normalise(x))  # (B, classes)"]
    return [
        f"{' ' * indent}with torch.autocast(DEVICE.type, torch.bfloat16):",
        f"{' ' * indent}    scores = model(normalise(x)).float()  # (B, classes)",
    ]


def _optimizer(recipe: Recipe) -> list[str]:
    kind, given = recipe.optimizer.kind, arguments(recipe.optimizer)
    told = {"lr": given["lr"]} | without_defaults(getattr(torch.optim, kind), given)
    some = recipe.weight_decay_on == "weights"
    call = call_text(f"optimizer = torch.optim.{kind}", ["groups" if some else "model.parameters()", *keywords(told)], 4)
    return [*(_GROUPS.splitlines() if some else []), *call]


def _scheduler(recipe: Recipe) -> list[str]:
    name, kind = recipe.scheduler.kind, SCHEDULERS[recipe.scheduler.kind]
    if kind.advances == "never":
        return []
    steps = recipe.epochs * count_steps(_DATA[recipe.dataset].train_images, recipe.batch_size)
    given = arguments(recipe.scheduler) | kind.inferred(recipe.scheduler, steps)
    follows = [key for key, value in given.items() if key not in arguments(recipe.scheduler) and value == steps]
    told = without_defaults(getattr(torch.optim.lr_scheduler, name), {k: v for k, v in given.items() if k not in follows})
    values = ["optimizer", *(f"{key}=EPOCHS * steps_per_epoch" for key in follows), *keywords(told)]
    return call_text(f"scheduler = torch.optim.lr_scheduler.{name}", values, 4)


def _import_lines(imports: tuple[str, ...]) -> str:
    """The standard library's imports, the others', and the gap after them."""
    standard = [line for line in _STANDARD if line in imports]
    others = sorted((line for line in imports if line not in standard), key=lambda line: (line.startswith("from"), line))
    groups = ["\n".join(group) for group in (standard, others) if group]
    return "\n\n".join(groups) + "\n\n\n" if groups else ""


# --- the parts' text ------------------------------------------------------------------------------------------------

_STANDARD = ("import math", "import os")
_TORCH = ("import torch", "from torch import nn")
_FUNCTIONAL = ("import torch", "import torch.nn.functional as F")

_BEST_DEVICE = """\
if torch.cuda.is_available():
    DEVICE = torch.device("cuda")
elif torch.backends.mps.is_available():
    DEVICE = torch.device("mps")
else:
    DEVICE = torch.device("cpu")"""


@dataclass(frozen=True)
class _Data:
    """How a data set is read without this program: load_data gives what datasets.py gives, on the device."""

    train_images: int
    needs: str
    imports: tuple[str, ...]
    code: str


_DIGITS = """\
def load_data():
    \"""Images (N, 1, 28, 28), uint8, and their classes (N,), to train and to test.\"""
    digits = load_digits()
    small = torch.from_numpy(digits.images).float().unsqueeze(1) / 16  # (N, 1, 8, 8)
    images = F.interpolate(small, size=(28, 28), mode="bicubic").clamp(0, 1)
    images = (images * 255).round().to(torch.uint8).numpy()
    labels = digits.target
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=360, stratify=labels, random_state=0
    )
    parts = train_images, train_labels, test_images, test_labels
    return [torch.from_numpy(part).to(DEVICE) for part in parts]"""

_FOLDER = """\
# Where the images lie; what is not there is downloaded.
FOLDER = os.environ.get("EXPLORER_DATA", "data")


"""

_MNIST = f"""\
{_FOLDER}def load_data():
    \"""Images (N, 1, 28, 28), uint8, and their classes (N,), to train and to test.\"""
    train = datasets.MNIST(FOLDER, train=True, download=True)
    test = datasets.MNIST(FOLDER, train=False, download=True)
    train_images, test_images = train.data.unsqueeze(1), test.data.unsqueeze(1)
    parts = train_images, train.targets, test_images, test.targets
    return [part.to(DEVICE) for part in parts]"""

_CIFAR10 = f"""\
{_FOLDER}def load_data():
    \"""Images (N, 3, 32, 32), uint8, and their classes (N,), to train and to test.\"""
    parts = []
    for source in (
        datasets.CIFAR10(FOLDER, train=True, download=True),
        datasets.CIFAR10(FOLDER, train=False, download=True),
    ):
        parts.append(torch.from_numpy(source.data).permute(0, 3, 1, 2).contiguous())
        parts.append(torch.tensor(source.targets))
    return [part.to(DEVICE) for part in parts]"""

_SKLEARN = ("from sklearn.datasets import load_digits", "from sklearn.model_selection import train_test_split")
_TORCHVISION = ("import os", "import torch", "from torchvision import datasets")

_DATA: dict[str, _Data] = {
    "digits": _Data(1_437, "scikit-learn", (*_FUNCTIONAL, *_SKLEARN), _DIGITS),
    "mnist": _Data(60_000, "torchvision", (_TORCHVISION[0], _TORCHVISION[2]), _MNIST),
    "fashion-mnist": _Data(60_000, "torchvision", (_TORCHVISION[0], _TORCHVISION[2]), _MNIST.replace("MNIST", "FashionMNIST")),
    "kmnist": _Data(60_000, "torchvision", (_TORCHVISION[0], _TORCHVISION[2]), _MNIST.replace("MNIST", "KMNIST")),
    "cifar10": _Data(50_000, "torchvision", _TORCHVISION, _CIFAR10),
}

_USE_DATA = """\
train_images, train_labels, test_images, test_labels = load_data()
print("to train:", tuple(train_images.shape), "to test:", tuple(test_images.shape))"""

_GROUPS = """\
    # Weight decay is for the weights of convolutions and Linear; biases and normalisation's are vectors.
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]"""

_ABOUT_AUGMENTATION = "Each image is turned, moved and scaled at random, anew in every epoch."

_AUGMENTATION_NUMBERS = """\
ROTATION = {recipe.rotation}  # degrees, either way
SHIFT = {recipe.shift}  # pixels, along each axis
SCALE = {recipe.scale}  # share by which an image is larger or smaller
PLAIN_EPOCHS = {recipe.plain_epochs}  # last epochs, in which the images stay as they are"""

_AUGMENTED = """\
            if epoch <= EPOCHS - PLAIN_EPOCHS:
                x = augment(x)"""

_AUGMENT = """\
def augment(images):
    \"""Each image of (B, C, H, W), 0..1, turned, moved and scaled at random.\"""
    height, width = images.shape[2:]
    draws = torch.rand(4, len(images), device=DEVICE) * 2 - 1  # (4, B), -1..1
    angle = torch.deg2rad(draws[0] * ROTATION)
    right, down = draws[1] * SHIFT, draws[2] * SHIFT  # pixels
    times = (1 + SCALE) ** draws[3]
    sine, cosine = torch.sin(angle) / times, torch.cos(angle) / times
    # For each pixel that goes out, the place that it is taken from, in half images.
    to_x = torch.stack(
        (
            cosine,
            -sine * height / width,
            2 / width * (sine * down - cosine * right),
        ),
        dim=1,
    )
    to_y = torch.stack(
        (
            sine * width / height,
            cosine,
            -2 / height * (sine * right + cosine * down),
        ),
        dim=1,
    )
    places = torch.stack((to_x, to_y), dim=1)  # (B, 2, 3)
    grid = F.affine_grid(places, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)"""

_EVALUATE = """\
def normalise(images):
    \"""Images of 0..1 to about mean 0 and deviation 1 in each channel.\"""
    return ((images - MEAN) / STD).contiguous(memory_format=LAYOUT)


@torch.inference_mode()
def evaluate(model, images, labels):
    \"""Mean loss and accuracy, 0 to 1, in evaluation mode.\"""
    model.eval()
    total_loss = right = 0
    for x, y in zip(images.split(TEST_BATCH), labels.split(TEST_BATCH)):
        x = x.float() / 255  # (B, C, H, W)
<scores>
        total_loss += F.cross_entropy(scores, y, reduction="sum").item()
        right += (scores.argmax(1) == y).sum().item()
    return total_loss / len(labels), right / len(labels)"""

_RECORD = """\
        test_loss, test_accuracy = evaluate(model, test_images, test_labels)
        record = {
            "epoch": epoch,
            "train_loss": total_loss / seen,
            "train_accuracy": right / seen,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        history.append(record)
        print(", ".join(f"{name} {value:.6g}" for name, value in record.items()))
    return model, history"""

_USE_TRAINING = "model, history = train(train_images, train_labels, test_images, test_labels)"

_RESULT = """\
best = max(history, key=lambda record: record["test_accuracy"])
print(f"final test accuracy: {history[-1]['test_accuracy']:.2%}")
print(f"best test accuracy: {best['test_accuracy']:.2%} in epoch {best['epoch']}")"""

_CURVES = """\
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib to see the curves.")
else:
    epochs = [record["epoch"] for record in history]
    figure, panels = plt.subplots(1, 2, figsize=(10, 4))
    for panel, metric in zip(panels, ("accuracy", "loss")):
        for part in ("train", "test"):
            values = [record[f"{part}_{metric}"] for record in history]
            panel.plot(epochs, values, marker=".", label=part)
        panel.set(xlabel="epoch", ylabel=metric)
        panel.legend()
    plt.show()"""

_RESULTS = (
    _Part("result", "Result", "", (), _RESULT),
    _Part("curves", "Curves", "", (), _CURVES),
)

_MAIN = f"""\
def main():
    model, history = train(*load_data())
    torch.save(model.state_dict(), "{WEIGHTS}")
    print(f"final test accuracy: {{history[-1]['test_accuracy']:.2%}}")


if __name__ == "__main__":
    main()"""


_EVALUATION_SCRIPT = """\
\"""{about}: the trained weights, tested on the test images.

`python evaluate.py` prints what README.md reports. It needs torch, safetensors and {needs}.
\"""

import pathlib

import torch
from safetensors.torch import load_file

from model import DEVICE, LAYOUT, {model}, evaluate, load_data

# As it was trained: with more threads sums are taken in another order, and round otherwise.
torch.set_num_threads({threads})

model = {model}()
model.load_state_dict(load_file(pathlib.Path(__file__).with_name("{weights}")))
model = model.to(DEVICE).to(memory_format=LAYOUT)
_, _, test_images, test_labels = load_data()
test_loss, test_accuracy = evaluate(model, test_images, test_labels)
print(f"test loss: {{test_loss:.6g}}")
print(f"test accuracy: {{test_accuracy:.2%}} of {{len(test_labels):,}} images")
"""


def _cell(id: str, kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": id, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
