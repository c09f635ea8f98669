"""Exports of networks that branch: the source with its classes for blocks, ONNX, the summary."""

import re

import onnx
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from explorer.exports.onnx import onnx_bytes
from explorer.exports.pytorch import network_plan, python_source, state_dict_names
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.spec import Architecture, ReLU
from tests.exports.exported import (
    assert_names_and_summary_agree,
    assert_onnx_agrees,
    assert_ruff_is_content,
    assert_same_bits,
    exported_class,
    rounding_of_float32,
)
from tests.exports.trees import (
    NETWORKS,
    block,
    conv,
    inception,
    network,
    residual,
    resnet_18,
    trees,
)

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
named = pytest.mark.parametrize("architecture", NETWORKS.values(), ids=NETWORKS)


def classes(architecture: Architecture) -> dict[str, list[str]]:
    """The classes of the source and what each is made with."""
    *blocks, _ = network_plan(architecture).classes
    return {each.name: [taken.declaration for taken in each.parameters.all] for each in blocks}


def forward(architecture: Architecture, class_name: str = "Tree") -> list[str]:
    """The lines of a class's forward, without the shapes."""
    source = python_source(architecture).partition(f"class {class_name}(")[2]
    body = source.partition("-> torch.Tensor:\n")[2].partition("\n\n")[0]
    return [re.sub(r"  # \(N.*", "", line).strip() for line in body.splitlines()]


# --- how the source reads -------------------------------------------------------------------------

STRIDED = '''class DownsamplingResidualBlock(nn.Module):
    """Adds a projection of its input to the output of its layers, on a smaller map.

    Takes (N, in_channels, H, W), gives (N, out_channels, H/2, W/2).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=3,
            stride=2,
            padding=1,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(num_features=out_channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(
            in_channels=out_channels,
            out_channels=out_channels,
            kernel_size=3,
            padding=1,
            bias=False,
        )
        self.bn2 = nn.BatchNorm2d(num_features=out_channels)
        self.skip_conv = nn.Conv2d(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=1,
            stride=2,
            bias=False,
        )
        self.skip_bn = nn.BatchNorm2d(num_features=out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = x
        x = self.conv1(x)  # (N, out_channels, H/2, W/2)
        x = self.bn1(x)  # (N, out_channels, H/2, W/2)
        x = self.relu(x)  # (N, out_channels, H/2, W/2)
        x = self.conv2(x)  # (N, out_channels, H/2, W/2)
        x = self.bn2(x)  # (N, out_channels, H/2, W/2)
        skip = self.skip_conv(skip)  # (N, out_channels, H/2, W/2)
        skip = self.skip_bn(skip)  # (N, out_channels, H/2, W/2)
        x = x + skip  # (N, out_channels, H/2, W/2)
        return x
'''
LAYERS = """        self.layer1_0 = ResidualBlock(channels=64)
        self.layer1_1 = ResidualBlock(channels=64)
        self.layer2_0 = DownsamplingResidualBlock(in_channels=64, out_channels=128)
        self.layer2_1 = ResidualBlock(channels=128)
"""


def test_resnet_18_reads_as_its_authors_would_write_it() -> None:
    source = python_source(resnet_18())
    assert STRIDED in source
    assert LAYERS in source
    assert "        x = self.layer2_0(x)  # (N, 128, 28, 28)\n" in source
    assert source.count("class ") == 3
    assert_ruff_is_content(source)


def test_resnet_18_is_torchvisions() -> None:
    architecture = resnet_18()
    assert analyze(architecture).total_params == 11_689_512
    names = state_dict_names(architecture)
    assert list(names) == list(build(architecture).state_dict())
    assert names["4.0.0.weight"] == "layer1_0.conv1.weight"
    assert names["8.1.1.running_var"] == "layer2_0.skip_bn.running_var"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a residual block", {}),
        ("three equal residual blocks", {"ResidualBlock": []}),
        (
            "strided blocks with projections",
            {
                "ResidualBlock": ["channels: int"],
                "DownsamplingResidualBlock": ["in_channels: int", "out_channels: int"],
            },
        ),
        (
            "bottlenecks",
            {
                "ProjectionResidualBlock": [
                    "in_channels: int",
                    "hidden_channels: int",
                    "out_channels: int",
                    "stride: int",
                ],
                "ResidualBlock": ["channels: int", "hidden_channels: int"],
            },
        ),
        ("an inception block", {}),
        (
            "inception blocks",
            {
                "InceptionBlock": [
                    "in_channels: int",
                    *(f"conv{n}_channels: int" for n in range(1, 7)),
                ],
            },
        ),
        (
            "too many numbers that differ",
            {
                "InceptionBlock": [
                    "in_channels: int",
                    *(f"conv{n}_channels: int" for n in range(1, 7)),
                ],
            },
        ),
        ("a dense block", {"DenseLayer": ["in_channels: int"]}),
        ("squeeze and excitation", {}),
        (
            "squeeze and excitation in residual blocks",
            {
                "SqueezeExcitation": ["channels: int", "hidden_channels: int"],
                "ResidualBlock": ["channels: int", "hidden_channels: int"],
            },
        ),
        ("a U-Net", {}),
        ("sums inside a class", {"ResidualBlock": ["conv1_channels: int", "conv2_channels: int"]}),
        ("a depthwise convolution", {"ResidualBlock": ["channels: int"]}),
        ("vectors", {"ResidualBlock": ["p: float"]}),
        ("activations that differ", {"ResidualBlock": ["negative_slope: float"]}),
    ],
)
def test_classes_of_blocks(name: str, expected: dict[str, list[str]]) -> None:
    assert classes(NETWORKS[name]) == expected


def test_what_differs_in_one_block_alone_is_not_shared() -> None:
    """One of the two activations stays, the other one changes: these are two modules."""
    source = python_source(NETWORKS["activations that differ"])
    assert "self.leaky_relu = nn.LeakyReLU(negative_slope=0.1)" in source
    assert "self.leaky_relu2 = nn.LeakyReLU(negative_slope=negative_slope)" in source


def test_channels_of_several_branches_are_a_sum() -> None:
    source = python_source(NETWORKS["sums inside a class"])
    assert "in_channels=conv1_channels + conv2_channels, out_channels=8" in " ".join(source.split())
    comment, statement = "# (N, conv1_channels + conv2_channels, 9, 9)", "x = torch.cat([branch1"
    assert f"        {comment}\n        {statement}" in source
    dense_source = python_source(NETWORKS["a dense block"])
    assert "Takes (N, in_channels, 16, 16), gives (N, in_channels + 4, 16, 16)." in dense_source


def test_a_depthwise_convolution_has_as_many_groups_as_channels() -> None:
    assert "groups=channels" in python_source(NETWORKS["a depthwise convolution"])


def test_a_residual_block_that_stands_alone() -> None:
    assert forward(network(conv(8), ReLU(), residual(8), ReLU())) == [
        "x = self.conv1(x)",
        "x = self.relu(x)",
        "skip = x",
        "x = self.conv2(x)",
        "x = self.bn1(x)",
        "x = self.relu(x)",
        "x = self.conv3(x)",
        "x = self.bn2(x)",
        "x = x + skip",
        "x = self.relu(x)",
        "return x",
    ]


def test_a_projection_before_the_layers() -> None:
    architecture = network(block("add", (conv(8, 1),), (conv(8), ReLU()), name="first"))
    assert forward(architecture) == [
        '# Block "first"',
        "skip = self.skip_conv(x)",
        "x = self.conv1(x)",
        "x = self.relu(x)",
        "x = x + skip",
        "return x",
    ]


def test_a_gate() -> None:
    assert forward(NETWORKS["squeeze and excitation"])[:7] == [
        "x = self.conv1(x)",
        "gate = self.adaptive_avg_pool1(x)",
        "gate = self.conv2(gate)",
        "gate = self.relu(gate)",
        "gate = self.conv3(gate)",
        "gate = self.sigmoid(gate)",
        "x = x * gate",
    ]


def test_skips_of_blocks_in_each_other_have_names_of_their_own() -> None:
    lines = forward(NETWORKS["a U-Net"])
    assert [line for line in lines if line.startswith("skip")] == [
        "skip = x",
        "skip2 = x",
        "skip3 = x",
    ]
    assert [line for line in lines if "cat" in line] == [
        f"x = torch.cat([{skip}, x], dim=1)" for skip in ("skip3", "skip2", "skip")
    ]


def test_blocks_inside_branches() -> None:
    inner = block("add", (conv(4), ReLU()), (), name="")
    architecture = network(block("concat", (conv(4), inner), (inception(1, 1, 1, 1, 1, 1), inner)))
    assert [line for line in forward(architecture) if "+" in line or "cat" in line] == [
        "branch2 = torch.cat([branch2_1, branch2_2, branch2_3, branch2_4], dim=1)",
        "x = torch.cat([branch1, branch2], dim=1)",
    ]
    assert list(classes(architecture)) == ["ResidualBlock"]


def test_names_of_blocks() -> None:
    """What is no name for an attribute gives way to a number."""
    made = network_plan(NETWORKS["names that clash"]).classes[-1].attributes.values()
    names = [each.name for each in made if not each.constructor.startswith("nn.")]
    assert names == ["conv1", "residual1", "residual2", "a", "residual3", "residual4"]
    assert '# Block "# fmt: off"' in python_source(NETWORKS["names that clash"])


def test_a_network_called_as_its_blocks() -> None:
    architecture = NETWORKS["three equal residual blocks"]
    source = python_source(architecture.model_copy(update={"name": "Residual block"}))
    assert re.findall(r"class (\w+)", source) == ["ResidualBlock2", "ResidualBlock"]


# --- that it is right -----------------------------------------------------------------------------


@named
def test_known_networks(architecture: Architecture) -> None:
    assert analyze(architecture).problem is None
    assert_ruff_is_content(python_source(architecture))
    assert_same_bits(architecture)
    assert_names_and_summary_agree(architecture)


@settings(quick, max_examples=25)
@given(trees())
def test_any_tree_is_formatted(architecture: Architecture) -> None:
    assume(analyze(architecture).problem is None)
    assert_ruff_is_content(python_source(architecture))


def test_the_same_seed_gives_the_same_first_weights() -> None:
    architecture = NETWORKS["squeeze and excitation in residual blocks"]
    torch.manual_seed(3)
    made = build(architecture)
    torch.manual_seed(3)
    exported = exported_class(architecture)()
    pairs = zip(made.parameters(), exported.parameters(), strict=True)
    assert all(torch.equal(*both) for both in pairs)


# --- ONNX -----------------------------------------------------------------------------------------


@named
def test_known_networks_in_onnxruntime(architecture: Architecture) -> None:
    assert_onnx_agrees(architecture, 1e-5 + 30 * rounding_of_float32(architecture))


def test_nodes_are_called_as_in_the_source() -> None:
    architecture = NETWORKS["squeeze and excitation in residual blocks"]
    graph = onnx.load_from_string(onnx_bytes(architecture)).graph
    names = {node.name for node in graph.node}
    assert {"residual1.conv1/Conv", "residual1.se1/Mul", "residual1/Add", "network/Add"} <= names
    assert "residual1.se1.conv1.weight" in {tensor.name for tensor in graph.initializer}
