"""The notebook and model.py: they run where this program is not, and do what engine.py does."""

import ast
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbclient
import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.exports.notebook import notebook_json, training_script
from explorer.exports.pytorch import class_name, python_source, state_dict_names
from explorer.network.build import build
from explorer.network.spec import Architecture, ArchitectureError, ReLU
from explorer.presets import load_presets, preset
from explorer.training import images
from explorer.training.dataset_files import load_dataset
from explorer.training.datasets import DATASETS
from explorer.training.engine import train
from explorer.training.recipe import SCHEDULERS, Recipe, parse_recipe
from tests.exports.trees import conv, head, inception, residual, squeeze_excitation, strided
from tests.tiny import linear, network

RUFF = str(Path(sysconfig.get_path("scripts"), "ruff"))
LINEAR = network("Flatten", linear(10), shape=(1, 28, 28))
CONVOLUTIONS = network(
    {"kind": "Conv2d", "out_channels": 8, "kernel_size": 5, "stride": 2},
    "ReLU",
    "BatchNorm2d",
    {"kind": "Conv2d", "out_channels": 16, "kernel_size": 3, "stride": 2},
    "ReLU",
    "Flatten",
    linear(10),
    shape=(1, 28, 28),
)
BLOCKS = Architecture(
    name="blocks",
    layers=(
        *(conv(8, stride=4), ReLU(), residual(8), ReLU(), residual(8), ReLU()),
        *(strided(16, squeeze_excitation(16, 4)), ReLU(), inception(*range(1, 7)), *head()),
    ),
)
EVERY_OPTION = {
    "rotation": 5.0,
    "shift": 1.5,
    "scale": 0.1,
    "plain_epochs": 1,
    "weight_decay_on": "weights",
    "label_smoothing": 0.1,
    "precision": "bf16",
    "device": "auto",
    "images_share": 0.5,
    "flip": 0.5,
    "crop_padding": 2,
    "cutout": 6,
    "brightness": 0.2,
    "contrast": 0.3,
    "saturation": 0.4,
    "mixup": 0.5,
    "l1": 1e-4,
    "clip_grad_norm": 1.0,
    "validation_images": 100,
    "early_stopping": 2,
    "scheduler": {"kind": "ReduceLROnPlateau", "patience": 0},
}


def recipe(**fields: Any) -> Recipe:
    return parse_recipe({"epochs": 2, "device": "cpu", "precision": "fp32", **fields})


def module_of(script: str) -> Any:
    module = ModuleType("model")
    exec(compile(script, "model.py", "exec"), module.__dict__)
    return module


def code_of(notebook: str) -> list[str]:
    return [
        "".join(cell["source"])
        for cell in json.loads(notebook)["cells"]
        if cell["cell_type"] == "code"
    ]


# --- the form -------------------------------------------------------------------------------------

RECIPES = [
    pytest.param({}, id="plain"),
    pytest.param(EVERY_OPTION, id="every option"),
    pytest.param(
        {"scheduler": {"kind": "StepLR"}, "optimizer": {"kind": "AdamW", "weight_decay": 0.05}},
        id="StepLR",
    ),
    pytest.param(
        {"scheduler": {"kind": "OneCycleLR", "div_factor": 10.0, "cycle_momentum": False}},
        id="OneCycleLR",
    ),
    pytest.param(
        {
            "scheduler": {"kind": "CosineAnnealingLR"},
            "optimizer": {"kind": "SGD", "nesterov": True, "momentum": 0.9},
        },
        id="cosine",
    ),
    pytest.param({"scheduler": {"kind": "OneCycleLR", "peak_epoch": 1}, "flip": 0.5}, id="peak"),
    pytest.param(
        {"scheduler": {"kind": "MultiStepLR", "milestones": [1, 3]}, "mixup": 1}, id="few"
    ),
    pytest.param({"scheduler": {"kind": "ReduceLROnPlateau"}, "contrast": 0.5, "l1": 0.1}, id="l1"),
    pytest.param({"saturation": 0.5, "clip_grad_norm": 2.0, "cutout": 4}, id="saturation"),
    pytest.param({"validation_images": 50, "best_epoch_by": "test"}, id="validation"),
]
NEEDED = {"math", "os", "torch", "sklearn", "torchvision", "matplotlib"}


def imported(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {
        name.split(".")[0]
        for name in names
        | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    }


@pytest.mark.parametrize("fields", RECIPES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_valid_and_self_contained(dataset: str, fields: dict[str, Any]) -> None:
    kind = DATASETS[dataset]
    architecture = network("Flatten", linear(len(kind.classes)), shape=kind.input_shape)
    notebook = notebook_json(architecture, recipe(dataset=dataset, **fields))
    nbformat.validate(nbformat.reads(notebook, as_version=4), relax_add_props=False)
    script = training_script(architecture, recipe(dataset=dataset, **fields))
    for source in (*code_of(notebook), script):
        assert imported(source) <= NEEDED
    assert_ruff_is_content(script)


def assert_ruff_is_content(source: str) -> None:
    formatted = subprocess.run(
        [RUFF, "format", "--isolated", "-"], input=source, capture_output=True, encoding="utf-8"
    )
    assert formatted.stdout == source, formatted.stderr
    checked = subprocess.run(
        [RUFF, "check", "--isolated", "--extend-select", "I", "-"],
        input=source,
        capture_output=True,
        encoding="utf-8",
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("id", [id for id, preset in load_presets().items() if preset.documented])
def test_presets_with_their_own_recipes(id: str) -> None:
    found = preset(id)
    assert python_source(found.architecture).strip() in code_of(
        notebook_json(found.architecture, found.recipe)
    )
    assert_ruff_is_content(training_script(found.architecture, found.recipe))


@pytest.mark.parametrize("name", ["w" * 120, 'a "quoted" name"', "\\", "word " * 24])
def test_any_name_and_any_numbers_are_formatted(name: str) -> None:
    long = {
        "kind": "SGD",
        "lr": 0.0123456789012345,
        "momentum": 0.912345678901234,
        "weight_decay": 1e-7,
        "nesterov": True,
    }
    scheduler = {
        "kind": "OneCycleLR",
        "max_lr": 0.123456789012345,
        "pct_start": 0.1,
        "div_factor": 9.0,
        "final_div_factor": 8.0,
    }
    script = training_script(
        LINEAR.model_copy(update={"name": name}), recipe(optimizer=long, scheduler=scheduler)
    )
    assert_ruff_is_content(script)


def test_what_the_notebook_says() -> None:
    title = json.loads(notebook_json(LINEAR, recipe(rotation=5.0)))["cells"][0]
    text = "".join(title["source"])
    assert text.startswith("# tested\n")
    assert "2 layers, 7,850 parameters" in text
    assert "turned by up to 5°" in text


def test_a_network_that_does_not_suit_the_data() -> None:
    for export in (notebook_json, training_script):
        with pytest.raises(ArchitectureError, match="those of CIFAR-10 are 3×32×32"):
            export(LINEAR, recipe(dataset="cifar10"))
        with pytest.raises(ArchitectureError, match=r"layer 0 \(Linear\)") as caught:
            export(network(linear(10), shape=(1, 28, 28)), recipe())
        assert caught.value.path == (0,)


def test_a_last_softmax_is_trained_as_log_softmax() -> None:
    softmax = network("Flatten", linear(10), "Softmax", shape=(1, 28, 28))
    script = training_script(softmax, recipe())
    assert "nn.LogSoftmax(dim=1)" in script
    assert "Note: the last Softmax is trained as LogSoftmax" in script


@settings(max_examples=200, deadline=None)
@given(
    st.text(min_size=1, max_size=120)
    | st.sampled_from(
        ['"""\nimport os', "\\", "<img src=x onerror=alert(1)>", "]($", "# coding: x"]
    )
)
def test_no_name_becomes_code_or_markup(name: str) -> None:
    architecture = LINEAR.model_copy(update={"name": name})
    kinds = [
        type(node).__name__
        for node in ast.parse(training_script(architecture, recipe()).encode()).body
    ]
    assert kinds == [
        type(node).__name__ for node in ast.parse(training_script(LINEAR, recipe())).body
    ]
    first = nbformat.reads(notebook_json(architecture, recipe()), as_version=4)["cells"][0][
        "source"
    ].split("\n")
    plain = nbformat.reads(notebook_json(LINEAR, recipe()), as_version=4)["cells"][0][
        "source"
    ].split("\n")
    assert first[1:] == plain[1:]
    assert not re.search(r"(?<!\\)[<>\[\]`$&]", first[0].replace("\\\\", ""))


# --- the same as the engine's ---------------------------------------------------------------------


def test_digits_are_the_explorers() -> None:
    data = load_dataset("digits")
    expected = (data.train.images, data.train.labels, data.test.images, data.test.labels)
    found = module_of(training_script(LINEAR, recipe())).load_data()
    assert all(torch.equal(*both) for both in zip(found, expected, strict=True))


GREY = SimpleNamespace(
    data=torch.arange(2 * 28 * 28).view(2, 28, 28).to(torch.uint8), targets=torch.tensor([3, 4])
)
COLOUR = SimpleNamespace(
    data=(torch.arange(2 * 32 * 32 * 3) % 251).view(2, 32, 32, 3).to(torch.uint8).numpy(),
    targets=[3, 4],
)


@pytest.mark.parametrize(
    ("dataset", "name", "source", "first"),
    [
        ("mnist", "MNIST", GREY, GREY.data[0, None]),
        ("fashion-mnist", "FashionMNIST", GREY, GREY.data[0, None]),
        ("kmnist", "KMNIST", GREY, GREY.data[0, None]),
        ("cifar10", "CIFAR10", COLOUR, torch.from_numpy(COLOUR.data[0]).permute(2, 0, 1)),
        ("cifar100", "CIFAR100", COLOUR, torch.from_numpy(COLOUR.data[0]).permute(2, 0, 1)),
    ],
)
def test_torchvisions_data(
    dataset: str, name: str, source: SimpleNamespace, first: torch.Tensor
) -> None:
    shape = DATASETS[dataset].input_shape
    module = loading_module(dataset)
    calls = []

    def from_files(root: str, train: bool, download: bool) -> SimpleNamespace:
        calls.append((root, train, download))
        return source

    module.datasets = SimpleNamespace(**{name: from_files})
    train_images, train_labels, test_images, test_labels = module.load_data()
    assert calls == [("data", True, True), ("data", False, True)]
    for found, labels in ((train_images, train_labels), (test_images, test_labels)):
        assert found.dtype == torch.uint8
        assert found.shape == (2, *shape)
        assert torch.equal(found[0], first)
        assert labels.tolist() == [3, 4]


def loading_module(dataset: str) -> Any:
    """The module of a script that trains a linear network on these images."""
    kind = DATASETS[dataset]
    architecture = network("Flatten", linear(len(kind.classes)), shape=kind.input_shape)
    return module_of(training_script(architecture, recipe(dataset=dataset)))


def test_emnist_stands_upright_as_in_the_explorer() -> None:
    module = loading_module("emnist")
    calls = []

    def from_files(root: str, split: str, train: bool, download: bool) -> SimpleNamespace:
        calls.append((root, split, train, download))
        return GREY

    module.datasets = SimpleNamespace(EMNIST=from_files)
    train_images, train_labels, test_images, test_labels = module.load_data()
    assert calls == [("data", "balanced", True, True), ("data", "balanced", False, True)]
    assert torch.equal(train_images, test_images)
    assert torch.equal(train_images[:, 0], GREY.data.transpose(1, 2))
    assert train_labels.tolist() == test_labels.tolist() == [3, 4]


def test_house_numbers_as_in_the_explorer() -> None:
    module = loading_module("svhn")
    pixels = COLOUR.data.transpose(0, 3, 1, 2)  # as torchvision has them
    calls = []

    def from_files(root: str, split: str, download: bool) -> SimpleNamespace:
        calls.append((root, split, download))
        return SimpleNamespace(data=pixels, labels=np.array([3, 4]))

    module.datasets = SimpleNamespace(SVHN=from_files)
    train_images, train_labels, test_images, test_labels = module.load_data()
    assert calls == [("data", "train", True), ("data", "test", True)]
    assert torch.equal(train_images, torch.from_numpy(pixels.copy()))
    assert torch.equal(train_images, test_images)
    assert train_labels.tolist() == test_labels.tolist() == [3, 4]


def test_augmentation_is_the_explorers() -> None:
    module = module_of(training_script(LINEAR, recipe(rotation=20.0, shift=3.0, scale=0.2)))
    batch = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(7)
    expected = images.move(batch, 20.0, 3.0, 0.2, torch.Generator().manual_seed(7))
    # But for the last bits: the engine makes the pixels' centres once, where a student reads
    # F.affine_grid.
    torch.testing.assert_close(module.augment(batch), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        {"flip": 0.5},
        {"crop_padding": 3},
        {"cutout": 7},
        {"brightness": 0.5},
        {"contrast": 0.5},
        {"saturation": 0.5},
        {name: EVERY_OPTION[name] for name in ("flip", "crop_padding", "cutout", "contrast")},
        {**EVERY_OPTION, "mixup": 0.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("dataset", ["digits", "cifar10"])
def test_each_change_of_the_images_is_the_explorers(dataset: str, fields: dict[str, Any]) -> None:
    kind, asked = DATASETS[dataset], recipe(dataset=dataset, **fields | {"images_share": 1.0})
    shape = kind.input_shape
    module = module_of(training_script(network("Flatten", linear(10), shape=shape), asked))
    batch = torch.rand(6, *shape, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(7)
    expected = images.augment(batch, asked, kind, torch.Generator().manual_seed(7))
    torch.testing.assert_close(module.augment(batch), expected, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "fields",
    [
        *({"scheduler": {"kind": kind}} for kind in SCHEDULERS),
        # 1,437 images: a last batch of one.
        {"optimizer": {"kind": "AdamW"}, "label_smoothing": 0.2, "batch_size": 2 * 359},
        {"optimizer": {"kind": "Adam"}, "precision": "bf16", "seed": 5},
        {"optimizer": {"kind": "AdamW", "weight_decay": 0.5}, "weight_decay_on": "weights"},
        {"scheduler": {"kind": "OneCycleLR", "peak_epoch": 1}},
        {"scheduler": {"kind": "MultiStepLR", "milestones": [1]}},
        {
            "scheduler": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 1.0},
            "epochs": 3,
            "validation_images": 200,
        },
        {"scheduler": {"kind": "ReduceLROnPlateau", "patience": 0, "threshold": 1.0}, "epochs": 3},
        {"l1": 0.001},
        {"l1": 0.001, "weight_decay_on": "weights", "clip_grad_norm": 0.2},
        {"clip_grad_norm": 0.1},
        {"validation_images": 200, "images_share": 0.5},
        # one batch an epoch, and a rise of one step, by which torch would divide by zero
        {"scheduler": {"kind": "OneCycleLR", "pct_start": 0.5}, "batch_size": 2000},
    ],
    ids=str,
)
def test_the_same_losses_and_accuracies_as_the_engine(fields: dict[str, Any]) -> None:
    data = load_dataset("digits")
    epochs = [
        event.metrics for event in train(LINEAR, recipe(**fields), data) if event.kind == "epoch"
    ]
    module = module_of(training_script(LINEAR, recipe(**fields)))
    _, history = module.train(*module.load_data())
    for found, expected in zip(history, epochs, strict=True):
        for name in set(expected) - {"lr", "seconds", "iterations_per_second"}:
            assert found[name] == pytest.approx(expected[name], rel=1e-5), name


@pytest.mark.usefixtures("one_thread")
def test_mixup_blends_images_targets_and_right_answers_as_the_engine_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a share that both are told, as they draw it from other random numbers."""
    asked = recipe(mixup=0.7, label_smoothing=0.1, plain_epochs=1)
    monkeypatch.setattr(images, "draw_share", lambda *_: torch.tensor(0.3))
    epochs = [
        event.metrics
        for event in train(LINEAR, asked, load_dataset("digits"))
        if event.kind == "epoch"
    ]
    monkeypatch.setattr(
        torch.distributions,
        "Beta",
        lambda a, b: SimpleNamespace(sample=lambda: torch.tensor(0.3 if a == b == 0.7 else 1.0)),
    )
    module = module_of(training_script(LINEAR, asked))
    _, history = module.train(*module.load_data())
    for found, expected in zip(history, epochs, strict=True):
        for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
            assert found[name] == pytest.approx(expected[name], rel=1e-5), name


@pytest.mark.usefixtures("one_thread")
def test_the_notebook_stops_as_early_as_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    asked = recipe(
        epochs=9,
        validation_images=200,
        early_stopping=2,
        optimizer={"kind": "SGD", "lr": 0.5, "momentum": 0.9},
    )
    events = list(train(LINEAR, asked, load_dataset("digits")))
    module = module_of(training_script(LINEAR, asked))
    _, history = module.train(*module.load_data())
    assert len(history) == events[-1].epoch < 9
    assert "stopped early" in capsys.readouterr().out


def test_what_the_notebook_says_of_validation_and_the_gradient() -> None:
    notebook = notebook_json(LINEAR, recipe(**EVERY_OPTION))
    title = "".join(json.loads(notebook)["cells"][0]["source"])
    assert "100 of the training images are held out by the seed" in title
    assert "L1 penalty: 0.0001, on Conv2d and Linear weights" in title
    assert "saturation" not in title  # the digits are grey
    assert 'record["validation_accuracy"]' in code_of(notebook)[-2]


@pytest.mark.usefixtures("one_thread")
def test_a_convolutional_network_learns_as_in_the_engine() -> None:
    data = load_dataset("digits")
    epochs = [
        event.metrics for event in train(CONVOLUTIONS, recipe(), data) if event.kind == "epoch"
    ]
    module = module_of(training_script(CONVOLUTIONS, recipe()))
    _, history = module.train(*module.load_data())
    assert [record["test_accuracy"] for record in history] == [
        metrics["test_accuracy"] for metrics in epochs
    ]
    assert history[-1]["test_accuracy"] > 0.8


@pytest.mark.usefixtures("one_thread")
def test_a_network_with_blocks_learns_as_in_the_engine() -> None:
    data, once = load_dataset("digits"), recipe(epochs=1)
    (expected,) = [e.metrics for e in train(BLOCKS, once, data) if e.kind == "epoch"]
    script = training_script(BLOCKS, once)
    assert_ruff_is_content(script)
    assert python_source(BLOCKS).partition("\n\n\n")[2] in script
    module = module_of(script)
    _, (found,) = module.train(*module.load_data())
    for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
        assert found[name] == pytest.approx(expected[name], rel=1e-5), name


# --- in a fresh process ---------------------------------------------------------------------------


@pytest.mark.slow
def test_model_py_trains_in_a_fresh_process(tmp_path: Path) -> None:
    architecture = preset("adaptive-pool-16k").architecture
    (tmp_path / "model.py").write_text(
        training_script(architecture, recipe(**EVERY_OPTION, batch_size=32)), encoding="utf-8"
    )
    # -E -s: no PYTHONPATH, no packages of the user's
    done = subprocess.run(
        [sys.executable, "-E", "-s", "model.py"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    *epochs, final = done.stdout.splitlines()
    assert [line.split(",")[0] for line in epochs] == ["epoch 1", "epoch 2"]
    accuracy = float(re.fullmatch(r"final test accuracy: ([\d.]+)%", final)[1])
    assert accuracy > 80
    # The weights fit the class of the exported source, and under the Sequential's names the
    # explorer's own network.
    weights = torch.load(tmp_path / "weights.pt", map_location="cpu")
    names = state_dict_names(architecture)
    build(architecture).load_state_dict({old: weights[new] for old, new in names.items()})
    module = module_of(training_script(architecture, recipe()))
    model = getattr(module, class_name(architecture))()
    model.load_state_dict(weights)
    _, _, *test = module.load_data()
    # Trained in bfloat16.
    assert module.evaluate(model, *test)[1] == pytest.approx(accuracy / 100, abs=0.01)


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    architecture: Architecture = preset("adaptive-pool-16k").architecture
    notebook = nbformat.reads(
        notebook_json(architecture, recipe(batch_size=32, rotation=5.0)), as_version=4
    )
    ran = nbclient.NotebookClient(
        notebook,
        timeout=200,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    printed = {
        cell["id"]: "".join(output.get("text", "") for output in cell["outputs"])
        for cell in ran["cells"]
        if cell["cell_type"] == "code"
    }
    assert "to train: (1437, 1, 28, 28) to test: (360, 1, 28, 28)" in printed["data"]
    assert printed["training"].count("test_accuracy") == 2
    assert float(re.search(r"final test accuracy: ([\d.]+)%", printed["result"])[1]) > 80
