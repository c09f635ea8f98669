"""The exported source and ONNX: they run where this program is not, and give the same numbers."""

import ast
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import onnx
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.exports import onnx as onnx_export
from explorer.exports.onnx import MAX_PARAMS, onnx_bytes
from explorer.exports.pytorch import class_name, network_plan, python_source, state_dict_names
from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.spec import Architecture, ArchitectureError, Layer
from explorer.presets import load_presets
from explorer.text import printable
from tests.exports import trees
from tests.exports.exported import (
    assert_onnx_agrees,
    assert_ruff_is_content,
    exported_class,
    network_and_images,
    renamed,
)
from tests.network.stacks import architectures

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PRESETS = [pytest.param(preset.architecture, id=preset.id) for preset in load_presets().values()]


def fitting_part(architecture: Architecture) -> Architecture:
    return architecture.model_copy(
        update={"layers": architecture.layers[: len(analyze(architecture).rows)]}
    )


def stack(
    *layers: Layer, input_shape: tuple[int, int, int] = (3, 9, 7), name: str = "stack"
) -> Architecture:
    return Architecture(name=name, input_shape=input_shape, layers=layers)


# --- how the source reads -------------------------------------------------------------------------

READS = '''import torch
from torch import nn


class TwoConvolutions(nn.Module):
    """Two convolutions.

    11 layers, 1,530 parameters, 18,784 mult-adds for one image.
    Mult-adds: Multiply-accumulates for one image. Convolutions and Linear: one for each
    weight that each output uses, without biases. Normalisation and PReLU: one for each
    value that it scales. Average pooling: one for each value in each window. Bilinear
    upsampling: four for each output. Multiplying branches: one for each value of each
    branch after the first. Activations, max pooling, adding branches and all other
    layers: none, as they multiply by no weight or only copy.
    Takes (N, 1, 9, 9), gives (N, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels=1, out_channels=16, kernel_size=3, padding="same", bias=False
        )
        self.bn1 = nn.BatchNorm2d(num_features=16)
        self.relu = nn.ReLU()
        self.pool1 = nn.MaxPool2d(kernel_size=2)
        self.conv2 = nn.Conv2d(
            in_channels=16,
            out_channels=8,
            kernel_size=(1, 3),
            stride=(1, 2),
            padding=1,
            bias=False,
            padding_mode="circular",
        )
        self.adaptive_avg_pool1 = nn.AdaptiveAvgPool2d(output_size=(4, 3))
        self.flatten = nn.Flatten()
        self.dropout1 = nn.Dropout(p=0.1)
        self.fc1 = nn.Linear(in_features=96, out_features=10)
        self.log_softmax = nn.LogSoftmax(dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x)  # (N, 16, 9, 9)
        x = self.bn1(x)  # (N, 16, 9, 9)
        x = self.relu(x)  # (N, 16, 9, 9)
        x = self.pool1(x)  # (N, 16, 4, 4)
        x = self.conv2(x)  # (N, 8, 6, 2)
        x = self.relu(x)  # (N, 8, 6, 2)
        x = self.adaptive_avg_pool1(x)  # (N, 8, 4, 3)
        x = self.flatten(x)  # (N, 96)
        x = self.dropout1(x)  # (N, 96)
        x = self.fc1(x)  # (N, 10)
        x = self.log_softmax(x)  # (N, 10)
        return x
'''
TWO_CONVOLUTIONS = stack(
    spec.Conv2d(out_channels=16, kernel_size=3, padding="same", bias=False),
    spec.BatchNorm2d(),
    spec.ReLU(),
    spec.MaxPool2d(kernel_size=2),
    spec.Conv2d(
        out_channels=8,
        kernel_size=(1, 3),
        stride=(1, 2),
        padding=1,
        bias=False,
        padding_mode="circular",
    ),
    spec.ReLU(),
    spec.AdaptiveAvgPool2d(output_size=(4, 3)),
    spec.Flatten(),
    spec.Dropout2d(p=0.1),  # on a vector: nn.Dropout
    spec.Linear(out_features=10),
    spec.LogSoftmax(),
    input_shape=(1, 9, 9),
    name="Two convolutions",
)


def test_reads_as_a_student_writes() -> None:
    assert python_source(TWO_CONVOLUTIONS) == READS


# Of the sources that were exported before networks could branch, without the mult-adds' rule.
SOURCES_OF_PRESETS = {
    "adaptive-pool-16k": "eb3150c69800ad3c",
    "avg-pool-13k": "fecf141f09d731c0",
    "gap-17k": "66f9ae9fbcfadde6",
    "bias-free-12k": "d0c5b403e795f041",
    "strided-20k": "07574a6cc0d51f67",
    "blank": "2c3d2620b1b6b107",
}


@pytest.mark.parametrize("preset", SOURCES_OF_PRESETS)
def test_presets_are_exported_as_ever(preset: str) -> None:
    source = python_source(load_presets()[preset].architecture)
    without_rule = re.sub(r"    Mult-adds: .*?(?=    Takes)", "", source, flags=re.DOTALL)
    assert sha256(without_rule.encode()).hexdigest()[:16] == SOURCES_OF_PRESETS[preset]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Adaptive pooling, 16k", "AdaptivePooling16k"),
        ("leNet-5", "LeNet5"),
        ("3 layers", "Net3Layers"),
        ("Café", "Cafe"),
        ("Сеть", "Net"),
        ("\n\t", "Untitled"),
        ("-", "Net"),
        ("none", "NoneNet"),
        ("exception", "ExceptionNet"),
        ("EPOCHS", "EPOCHSNet"),
        ("F", "FNet"),
        ('"""); import os', "ImportOs"),
        ("x" * 120, "X" + "x" * 49),
    ],
)
def test_class_names(name: str, expected: str) -> None:
    assert class_name(Architecture(name=name)) == expected


@pytest.mark.parametrize(
    "device",
    ["con", "Con", "CON", "prn", "aux", "nul", "com1", "COM9", "com¹", "Lpt0", "lpt²", " con. "],
)
def test_no_file_has_the_name_of_a_device_of_windows(device: str) -> None:
    """The list: https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""
    plain = device.strip(" .").replace("¹", "1").replace("²", "2")
    assert class_name(Architecture(name=device)) == f"{plain[0].upper()}{plain[1:]}Net"


@pytest.mark.parametrize("name", ["Console", "Com", "Com10", "Auxiliary", "Lpt"])
def test_what_only_begins_like_a_device_stays(name: str) -> None:
    assert class_name(Architecture(name=name)) == name


def test_equal_activations_are_one_module_and_different_ones_are_not() -> None:
    steep, flat = spec.LeakyReLU(negative_slope=0.5), spec.LeakyReLU(negative_slope=0.1)
    layers = (spec.ReLU(), steep, flat, spec.ReLU(), steep, spec.Dropout(), spec.Dropout())
    names = ["relu", "leaky_relu", "leaky_relu2", "relu", "leaky_relu", "dropout1", "dropout2"]
    attributes = network_plan(stack(*layers)).classes[0].attributes
    assert [each.name for each in attributes.values()] == names


def test_names_in_the_state_dict() -> None:
    names = state_dict_names(TWO_CONVOLUTIONS)
    assert list(names) == list(build(TWO_CONVOLUTIONS).state_dict())
    assert [names["0.weight"], names["1.running_var"], names["9.bias"]] == [
        "conv1.weight",
        "bn1.running_var",
        "fc1.bias",
    ]


@pytest.mark.parametrize("export", [python_source, state_dict_names, onnx_bytes])
def test_an_architecture_with_a_problem_has_no_export(export) -> None:
    with pytest.raises(
        ArchitectureError, match=r"layer 1 \(Linear\): Linear takes a vector"
    ) as caught:
        export(stack(spec.ReLU(), spec.Linear(out_features=2)))
    assert caught.value.path == (1,)


# --- ruff -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", PRESETS)
def test_presets_are_formatted(architecture: Architecture) -> None:
    assert_ruff_is_content(python_source(architecture))


@quick
@given(architectures())
def test_any_stack_is_formatted(architecture: Architecture) -> None:
    assert_ruff_is_content(python_source(fitting_part(architecture)))


# --- names that anyone may type -------------------------------------------------------------------

HOSTILE = [
    '"""\nimport os\nos.system("true")\n"""',
    "\\",
    '\\"""',
    'ends with "',
    "ends with \\",
    "'''",
    "{0}{name!r}%s",
    "# coding: utf-7",
    "\N{RIGHT-TO-LEFT OVERRIDE}abc\u2028import os\x00\x0c\r\n",
    "class",
    "名前 🧠",
    " ",
    "# fmt: off",
    "word " * 24,
    "w" * 120,
]
names = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=120)


def assert_only_a_class(source: str) -> None:
    imports, from_torch, network = ast.parse(source.encode()).body
    assert isinstance(imports, ast.Import)
    assert isinstance(from_torch, ast.ImportFrom)
    assert isinstance(network, ast.ClassDef)
    assert network.name.isidentifier()
    docstring, *methods = network.body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert [method.name for method in methods if isinstance(method, ast.FunctionDef)] == [
        "__init__",
        "forward",
    ]
    assert len(methods) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_formatted(name: str) -> None:
    assert_ruff_is_content(python_source(stack(spec.ReLU(), name=name)))


@settings(max_examples=500, deadline=None)
@given(names)
def test_no_name_becomes_code(name: str) -> None:
    source = python_source(stack(spec.ReLU(), name=name))
    assert_only_a_class(source)
    assert all(char in " \n\u200c\u200d" or printable(char) == char for char in source)


# --- the source runs ------------------------------------------------------------------------------

DRIVER = """
import importlib, sys
import torch
torch.set_num_threads(1)
cases = torch.load("cases.pt")
for module, case in cases.items():
    network = getattr(importlib.import_module(module), case["class"])()
    network.load_state_dict(case["weights"])
    with torch.no_grad():
        case["scores"] = network.eval()(case["images"])
    case["parameters"] = sum(p.numel() for p in network.parameters())
torch.save(cases, "done.pt")
assert not [name for name in sys.modules if name.startswith(("explorer", "torchvision", "streamlit"))]
"""


def scores_in_a_fresh_process(folder: Path, stacks: list[Architecture]) -> None:
    """Each stack's source, run where this program cannot be imported, gives the same bits as its
    Sequential.
    """
    cases, expected = {}, {}
    for number, architecture in enumerate(stacks):
        network, images = network_and_images(architecture)
        (folder / f"model{number}.py").write_text(python_source(architecture), encoding="utf-8")
        weights = {key: tensor.clone() for key, tensor in renamed(network, architecture).items()}
        cases[f"model{number}"] = {
            "class": class_name(architecture),
            "weights": weights,
            "images": images,
        }
        with torch.no_grad():
            expected[f"model{number}"] = network(images)
    torch.save(cases, folder / "cases.pt")
    (folder / "driver.py").write_text(DRIVER)
    # -E -s: no PYTHONPATH, no packages of the user's; the script's own folder is on the path
    subprocess.run([sys.executable, "-E", "-s", "driver.py"], cwd=folder, check=True)
    for name, case in torch.load(folder / "done.pt").items():
        architecture = stacks[int(name.removeprefix("model"))]
        assert torch.equal(case["scores"].nan_to_num(), expected[name].nan_to_num()), architecture
        assert tuple(case["scores"].shape[1:]) == analyze(architecture).output_shape
        assert case["parameters"] == analyze(architecture).total_params


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_presets_and_networks_with_blocks_run_in_a_fresh_process(tmp_path: Path) -> None:
    stacks = [preset.architecture for preset in load_presets().values()]
    scores_in_a_fresh_process(
        tmp_path, [*stacks, TWO_CONVOLUTIONS, stack(), *trees.NETWORKS.values()]
    )


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(architectures().map(fitting_part), min_size=20, max_size=30))
def test_drawn_stacks_run_in_a_fresh_process(tmp_path_factory, stacks: list[Architecture]) -> None:
    scores_in_a_fresh_process(tmp_path_factory.mktemp("stacks"), stacks)


def test_the_same_seed_gives_the_same_first_weights() -> None:
    torch.manual_seed(3)
    network = build(TWO_CONVOLUTIONS)
    torch.manual_seed(3)
    exported = exported_class(TWO_CONVOLUTIONS)()
    assert all(
        torch.equal(*both) for both in zip(network.parameters(), exported.parameters(), strict=True)
    )


# --- ONNX -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", PRESETS)
def test_presets_in_onnxruntime(architecture: Architecture) -> None:
    if analyze(architecture).total_params > MAX_PARAMS:
        with pytest.raises(ArchitectureError, match="at most 50,000,000 parameters"):
            onnx_bytes(architecture)
    else:
        assert_onnx_agrees(architecture)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize(
    ("stride", "dilation", "added"), [(2, 1, 1), (1, 2, 1), ((1, 2), 3, (2, 1)), (2, 3, 2)]
)
def test_transposed_convolutions_in_onnxruntime(
    stride: int, dilation: int, added: int, padding: int, bias: bool
) -> None:
    layer = spec.ConvTranspose2d(
        out_channels=4,
        kernel_size=3,
        stride=stride,
        dilation=dilation,
        output_padding=added,
        padding=padding,
        groups=2,
        bias=bias,
    )
    assert_onnx_agrees(Architecture(input_shape=(6, 4, 5), layers=(layer,)))


@pytest.mark.parametrize("size", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("beta", [0.0, 0.75])
def test_local_response_norm_in_onnxruntime(size: int, alpha: float, beta: float) -> None:
    layer = spec.LocalResponseNorm(size=size, alpha=alpha, beta=beta)
    assert_onnx_agrees(Architecture(input_shape=(6, 3, 4), layers=(layer,)))


def test_a_network_too_large_to_be_written_is_refused_before_its_weights_are_made() -> None:
    layers = (spec.Flatten(), spec.Linear(out_features=65_536), spec.Linear(out_features=10))
    with pytest.raises(
        ArchitectureError, match=r"at most 50,000,000 parameters; this has 52,101,130"
    ):
        onnx_bytes(Architecture(layers=layers))
    assert "nn.Linear" in python_source(Architecture(layers=layers))


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(
            (spec.AdaptiveAvgPool2d(output_size=(4, 5)),), id="adaptive mean, uneven windows"
        ),
        pytest.param(
            (spec.AdaptiveMaxPool2d(output_size=(4, 5)),), id="adaptive maximum, uneven windows"
        ),
        pytest.param(
            (spec.AdaptiveAvgPool2d(output_size=(12, 9)),), id="adaptive mean, to a larger map"
        ),
        pytest.param(
            (spec.AdaptiveMaxPool2d(output_size=(3, 7)),), id="adaptive maximum, even windows"
        ),
        pytest.param(
            (spec.Conv2d(out_channels=4, kernel_size=3, padding=2, padding_mode="circular"),),
            id="circular border",
        ),
        pytest.param(
            (spec.Conv2d(out_channels=4, kernel_size=(2, 4), padding="same", dilation=(1, 2)),),
            id="same, even kernel",
        ),
        pytest.param(
            (spec.Conv2d(out_channels=6, kernel_size=3, groups=3, dilation=2, bias=False),),
            id="groups and dilation",
        ),
        pytest.param(
            (spec.MaxPool2d(kernel_size=2, stride=3, padding=1, ceil_mode=True),),
            id="overhanging maximum",
        ),
        pytest.param(
            (spec.AvgPool2d(kernel_size=3, stride=2, padding=1, ceil_mode=True),),
            id="overhanging mean",
        ),
        pytest.param(
            (spec.AvgPool2d(kernel_size=3, padding=1, ceil_mode=True, count_include_pad=False),),
            id="pad not counted",
        ),
        pytest.param(
            (spec.AvgPool2d(kernel_size=2, divisor_override=7),), id="divisor of one's own"
        ),
        pytest.param(
            (spec.ZeroPad2d(padding=(0, 2, 1, 3)), spec.MaxPool2d(kernel_size=2)),
            id="zeros, then maximum",
        ),
        pytest.param((spec.BatchNorm2d(track_running_stats=False),), id="statistics of the batch"),
        pytest.param((spec.Flatten(), spec.GroupNorm(num_groups=3)), id="groups of a vector"),
        pytest.param(
            (spec.ReLU(), spec.Conv2d(out_channels=3, kernel_size=1), spec.ReLU()),
            id="a shared activation",
        ),
        pytest.param((), id="no layers"),
    ],
)
def test_where_exporters_fail(layers: tuple[Layer, ...]) -> None:
    architecture = stack(spec.Tanh(), *layers) if layers else stack()
    assert_onnx_agrees(architecture)


def test_a_kind_without_onnx_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(onnx_export.WRITERS, "SiLU")
    with pytest.raises(ArchitectureError, match=r"layer 1 \(SiLU\): ONNX has no form") as caught:
        onnx_bytes(stack(spec.ReLU(), spec.SiLU()))
    assert caught.value.path == (1,)


def test_the_file_says_what_goes_in_and_out() -> None:
    graph = onnx.load_from_string(onnx_bytes(TWO_CONVOLUTIONS)).graph
    sides = [
        [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    ]
    assert sides == [["N", 1, 9, 9], ["N", 10]]
    assert {"conv1.weight", "bn1.running_mean", "fc1.bias"} <= {
        tensor.name for tensor in graph.initializer
    }
    assert graph.name == "TwoConvolutions"


def test_weights_of_another_network() -> None:
    weights = build(stack(spec.Conv2d(out_channels=2, kernel_size=3))).state_dict()
    with pytest.raises(ArchitectureError, match="another network's"):
        onnx_bytes(TWO_CONVOLUTIONS, weights)


@settings(max_examples=50, deadline=None)
@given(names)
def test_any_name_goes_into_the_file(name: str) -> None:
    onnx.checker.check_model(onnx_bytes(stack(spec.ReLU(), name=name)))
