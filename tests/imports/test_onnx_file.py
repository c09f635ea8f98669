"""An ONNX file comes back as the network that it holds: our own exactly, others as their graphs
compute it.
"""

import io
import random
import re
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.exports.onnx import onnx_bytes
from explorer.imports.onnx_file import model as onnx_model
from explorer.imports.onnx_file.model import is_onnx
from explorer.imports.onnx_file.operators import OPERATORS
from explorer.imports.opening import Asked, OpenError, open_file
from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.build import build
from explorer.network.layers import LAYERS, OnnxNode
from explorer.network.spec import Architecture, Branches, walk
from explorer.presets import load_presets
from explorer.training.initialisation import new_network
from tests.imports.round_trips import as_computed

PRESETS = load_presets()
SMALL = [name for name in PRESETS if analyze(PRESETS[name].architecture).total_params < 2_000_000]


def kinds(architecture: Architecture) -> list[str]:
    """The kinds of the layers, and what blocks do, in order."""
    nodes = [node for _, node in walk(architecture.layers)]
    return [node.merge if isinstance(node, Branches) else node.kind for node in nodes]


def without_property(data: bytes) -> bytes:
    """The same file with nothing but its graph."""
    model = onnx.load_model_from_string(data)
    del model.metadata_props[:]
    stripped: bytes = model.SerializeToString()
    return stripped


# --- our own files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_a_trained_file_of_ours_comes_back_exactly(name: str) -> None:
    architecture = PRESETS[name].architecture
    trained = new_network(architecture, *(torch.Generator().manual_seed(n) for n in (1, 2)))
    opened = open_file(onnx_bytes(architecture, trained.state_dict()))
    assert opened.architecture == architecture
    assert (opened.form, opened.problem) == ("onnx", None)


@pytest.mark.parametrize("name", SMALL)
def test_the_graph_alone_gives_back_the_layers_that_compute(name: str) -> None:
    architecture = PRESETS[name].architecture
    opened = open_file(without_property(onnx_bytes(architecture)))
    assert opened.problem is None
    assert opened.architecture.input_shape == architecture.input_shape
    assert as_computed(opened.architecture.layers) == as_computed(architecture.layers)


def test_an_architecture_that_the_weights_are_not_of_is_not_taken() -> None:
    """Whoever writes into a file what it is not is told, and the graph is read."""
    lenet, other = PRESETS["lenet-5"].architecture, PRESETS["gap-17k"].architecture
    model = onnx.load_model_from_string(onnx_bytes(lenet))
    theirs = onnx.load_model_from_string(onnx_bytes(other))
    for text, said in (
        (theirs.metadata_props[0].value, "has other weights"),
        ('{"layers": 3}', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ):
        model.metadata_props[0].value = text
        opened = open_file(model.SerializeToString())
        assert opened.architecture.layers == lenet.layers
        assert any(said in note for note in opened.notes)


# --- files that torch writes ----------------------------------------------------------------------


class Viewed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8, momentum=0.2)
        self.drop, self.fc = nn.Dropout(0.3), nn.Linear(8 * 13 * 13, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(torch.relu(self.norm(self.conv(x))), 2)
        return F.log_softmax(self.fc(self.drop(x.view(x.size(0), -1))), dim=1)


class Squeezed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.squeeze, self.excite = nn.Linear(8, 4), nn.Linear(4, 8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.conv(x))
        scale = x.mean((2, 3))
        scale = torch.sigmoid(self.excite(F.relu(self.squeeze(scale))))
        x = x * scale.view(x.size(0), 8, 1, 1)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Shuffled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 8, 3, groups=1), nn.Conv2d(8, 8, 1, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)
        n, c, h, w = x.size()
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        return torch.cat([x, self.two(x)], 1)


class Added(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.first, self.layer = nn.Conv2d(1, 6, 3, padding=1), layer

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return x + self.layer(x)


def after_a_convolution(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 6, 3), *layers)


TORCHS: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "a view by the batch": (
        Viewed,
        [
            "Conv2d",
            "BatchNorm2d",
            "ReLU",
            "MaxPool2d",
            "Flatten",
            "Dropout",
            "Linear",
            "LogSoftmax",
        ],
    ),
    "squeeze and excitation": (
        Squeezed,
        [
            "Conv2d",
            "ReLU6",
            "AdaptiveAvgPool2d",
            "Conv2d",
            "ReLU",
            "Conv2d",
            "Sigmoid",
            "multiply",
            "AdaptiveAvgPool2d",
            "Flatten",
            "Linear",
        ],
    ),
    "shuffled channels": (Shuffled, ["Conv2d", "ChannelShuffle", "Conv2d", "concat"]),
    "a skip connection": (
        lambda: Added(nn.Conv2d(6, 6, 3, padding=1)),
        ["Conv2d", "Conv2d", "add"],
    ),
}
ALONE: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "GroupNorm": (lambda: nn.GroupNorm(3, 6), "GroupNorm"),
    "GroupNorm without a scale": (lambda: nn.GroupNorm(2, 6, affine=False), "GroupNorm"),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(6), "InstanceNorm2d"),
    "LayerNorm": (lambda: nn.LayerNorm([6, 26, 26]), "LayerNorm"),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(4, 1e-3, 0.5, 2.0), "LocalResponseNorm"),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(6, eps=1e-3), "BatchNorm2d"),
    "Hardswish": (nn.Hardswish, "Hardswish"),
    "Hardsigmoid": (nn.Hardsigmoid, "Hardsigmoid"),
    "SiLU": (nn.SiLU, "SiLU"),
    "Mish": (nn.Mish, "Mish"),
    "GELU": (nn.GELU, "GELU"),
    "GELU by tanh": (lambda: nn.GELU("tanh"), "GELU"),
    "ELU": (lambda: nn.ELU(0.5), "ELU"),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), "LeakyReLU"),
    "PReLU": (lambda: nn.PReLU(6), "PReLU"),
    "one slope": (nn.PReLU, "PReLU"),
    "Tanh": (nn.Tanh, "Tanh"),
    "Softmax": (lambda: nn.Softmax(1), "Softmax"),
    "MaxPool2d that hangs over": (lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), "MaxPool2d"),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), "AvgPool2d"),
    "AvgPool2d without its border": (
        lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        "AvgPool2d",
    ),
    # Which torch writes with a window that is the whole map.
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(1), "MaxPool2d"),
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(6, 4, (3, 2), 2, 1, (1, 0), dilation=(1, 2), groups=2),
        "ConvTranspose2d",
    ),
    "Upsample": (lambda: nn.Upsample(scale_factor=2), "Upsample"),
    "Upsample bilinear": (lambda: nn.Upsample(scale_factor=3, mode="bilinear"), "Upsample"),
    "Upsample by its corners": (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        "Upsample",
    ),
    "a grouped convolution": (
        lambda: nn.Conv2d(6, 12, (3, 5), (2, 1), (0, 2), dilation=(2, 1), groups=3, bias=False),
        "Conv2d",
    ),
    "a border of nearest values": (
        lambda: nn.Conv2d(6, 4, 3, padding=1, padding_mode="replicate"),
        "Conv2d",
    ),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d((1, 2, 0, 3)), "ReflectionPad2d"),
    "ZeroPad2d": (lambda: nn.ZeroPad2d((1, 0, 2, 0)), "ZeroPad2d"),
    "ConstantPad2d": (lambda: nn.ConstantPad2d(1, 0.5), "ConstantPad2d"),
}
for name, (layer, kind) in ALONE.items():
    TORCHS[name] = (lambda layer=layer: after_a_convolution(layer()), ["Conv2d", kind])


def exported_by_torch(
    module: nn.Module, *, shape: Sequence[int] = (1, 28, 28), **how: Any
) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that exporter is deprecated, and its files are everywhere
        torch.onnx.export(module, (torch.rand(1, *shape),), file, dynamo=False, **how)
    return file.getvalue()


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    theirs, ours = source.state_dict().values(), target.state_dict().values()
    for one, other in zip(theirs, ours, strict=True):
        other.copy_(one.reshape(other.shape))


@pytest.mark.parametrize("name", TORCHS)
def test_what_torch_exports_computes_the_same(name: str) -> None:
    make, expected = TORCHS[name]
    torch.manual_seed(1)
    module = make().eval()
    if any(parameter.ndim == 1 for parameter in module.parameters()):
        with torch.no_grad():  # else a scale of 1 is as none
            for parameter in module.parameters():
                parameter.add_(0.1)
    # As it is trained: with dropout, and with BatchNorm where it stands.
    data = exported_by_torch(
        module, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False
    )
    if "Dropout" in expected:
        data = exported_by_torch(
            make().train(), training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False
        )
    opened = open_file(data)
    assert opened.problem is None
    assert kinds(opened.architecture) == expected
    network, images = build(opened.architecture).eval(), torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        copy_weights(module, network)
        torch.testing.assert_close(network(images), module(images), rtol=1e-4, atol=1e-5)


def test_what_is_merged_for_inference_is_said() -> None:
    opened = open_file(exported_by_torch(Viewed().eval()))
    assert kinds(opened.architecture) == [
        "Conv2d",
        "ReLU",
        "MaxPool2d",
        "Flatten",
        "Linear",
        "LogSoftmax",
    ]
    assert any("no Dropout, and BatchNorm is often merged" in note for note in opened.notes)
    assert any("begins untrained" in note for note in opened.notes)


def test_the_size_of_images_is_the_first_linears_where_the_file_leaves_it_open() -> None:
    axes = {"images": {0: "n", 2: "rows", 3: "columns"}}
    data = exported_by_torch(
        nn.Sequential(
            nn.Conv2d(3, 4, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 14 * 14, 10)
        ),
        shape=(3, 32, 32),
        input_names=["images"],
        dynamic_axes=axes,
    )
    opened = open_file(data)
    assert opened.architecture.input_shape == (3, 32, 32)
    assert "images of 3×32×32, as the first Linear layer asks for" in opened.notes
    assert not opened.is_image_assumed
    pooled = exported_by_torch(
        nn.Sequential(nn.Conv2d(1, 4, 5), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)),
        input_names=["images"],
        dynamic_axes=axes,
    )
    assert open_file(pooled).is_image_assumed
    asked = open_file(pooled, Asked(image=(None, 64, 48)))
    assert asked.architecture.input_shape == (1, 64, 48)


# --- graphs that are written by hand --------------------------------------------------------------


def file_of(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, Any] | None = None,
    image: Sequence[Any] = ("N", 1, 28, 28),
    opset: int = 21,
    output: str = "y",
) -> bytes:
    """An ONNX file whose graph computes `y` of `x`."""
    graph = helper.make_graph(
        nodes,
        "written by hand",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.asarray(array), name)
            for name, array in (weights or {}).items()
        ],
    )
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def floats(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, np.float32)


node = helper.make_node


def test_convolution_and_product_with_their_bias_in_a_node_of_its_own() -> None:
    """As CNTK wrote the MNIST network of the ONNX model zoo."""
    data = file_of(
        [
            node("Div", ["x", "scale"], ["prepared"]),
            node("Conv", ["prepared", "w"], ["a"], kernel_shape=[5, 5], auto_pad="SAME_UPPER"),
            node("Add", ["a", "b"], ["c"]),
            node("Relu", ["c"], ["d"]),
            node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2], auto_pad="VALID"),
            node("Reshape", ["e", "flat"], ["f"]),
            node("Reshape", ["weight", "matrix"], ["g"]),
            node("MatMul", ["f", "g"], ["h"]),
            node("Add", ["h", "bias"], ["y"]),
        ],
        {
            "scale": np.float32(255),
            "w": floats(8, 1, 5, 5),
            "b": floats(8, 1, 1),
            "flat": np.array([1, 1568]),
            "weight": floats(8, 14, 14, 10),
            "matrix": np.array([1568, 10]),
            "bias": floats(1, 10),
        },
        image=(1, 1, 28, 28),
    )
    opened = open_file(data)
    assert [
        (layer.kind, getattr(layer, "bias", None), getattr(layer, "padding", None))
        for layer in opened.architecture.layers
        if not isinstance(layer, Branches)
    ] == [
        ("Conv2d", True, 2),
        ("ReLU", None, None),
        ("MaxPool2d", None, 0),
        ("Flatten", None, None),
        ("Linear", True, None),
    ]
    assert any("prepares it" in note for note in opened.notes)
    assert opened.architecture.name == "written by hand"


def test_channels_last_as_tensorflow_has_them() -> None:
    data = file_of(
        [
            node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            node("Conv", ["a", "w", "b"], ["c"], strides=[2, 2], auto_pad="SAME_UPPER"),
            node("Relu", ["c"], ["d"]),
            node("MaxPool", ["d"], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
            node("Transpose", ["p"], ["e"], perm=[0, 2, 3, 1]),
            node("Reshape", ["e", "flat"], ["f"]),
            node("Gemm", ["f", "m", "n"], ["g"]),
            node("Softmax", ["g"], ["h"]),
            node("ArgMax", ["h"], ["y"], axis=1),
        ],
        {
            "w": floats(4, 3, 3, 3),
            "b": floats(4),
            "flat": np.array([-1, 4 * 8 * 8]),
            "m": floats(256, 10),
            "n": floats(10),
        },
        image=("N", 32, 32, 3),
    )
    opened = open_file(data)
    assert opened.architecture.input_shape == (3, 32, 32)
    assert opened.problem is None
    assert kinds(opened.architecture) == (
        ["ZeroPad2d", "Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear", "Softmax"]
    )
    assert analyze(opened.architecture).output_shape == (10,)
    assert any("picks the answer" in note for note in opened.notes)
    assert any("channels last" in note for note in opened.notes)


def test_a_network_of_vectors_flattens_its_image() -> None:
    weights = {"w": floats(784, 10)}
    opened = open_file(file_of([node("MatMul", ["x", "w"], ["y"])], weights, image=("N", 784)))
    assert opened.architecture.input_shape == (1, 28, 28)
    assert kinds(opened.architecture) == ["Flatten", "Linear"]


BEGUN = (node("Conv", ["x", "w"], ["a"]), {"w": floats(4, 1, 3, 3), "two": np.float32(2)})
ONE_NODE: dict[str, tuple[list[onnx.NodeProto], spec.Layer]] = {
    "an old Pad": (
        [node("Pad", ["a"], ["y"], pads=[0, 0, 1, 2, 0, 0, 3, 4], mode="reflect")],
        spec.ReflectionPad2d(padding=(2, 4, 1, 3)),
    ),
    "an old Clip": ([node("Clip", ["a"], ["y"], min=0.0, max=6.0)], spec.ReLU6()),
    "a Clip without an end": ([node("Clip", ["a"], ["y"], min=0.0)], spec.ReLU()),
    "an old Upsample": (
        [node("Upsample", ["a"], ["y"], scales=[1.0, 1.0, 2.0, 3.0])],
        spec.Upsample(scale_factor=(2, 3)),
    ),
    "Resize to a size": (
        [node("Resize", ["a", "", "", "sizes"], ["y"], mode="linear")],
        spec.Upsample(scale_factor=2, mode="bilinear"),
    ),
    "the mean of a map": (
        [node("ReduceMean", ["a"], ["y"], axes=[-1, -2])],
        spec.AdaptiveAvgPool2d(output_size=1),
    ),
    "the maximum of a map": (
        [node("GlobalMaxPool", ["a"], ["y"])],
        spec.AdaptiveMaxPool2d(output_size=1),
    ),
    "a pooling that overhangs": (
        [node("MaxPool", ["a"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])],
        spec.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
    ),
    "a border from the other side": (
        [
            node("Pad", ["a", "pads", "", "axes"], ["b"], mode="wrap"),
            node("Conv", ["b", "w4"], ["y"]),
        ],
        spec.Conv2d(
            out_channels=2, kernel_size=3, padding=(1, 2), padding_mode="circular", bias=False
        ),
    ),
    "GroupNormalization": (
        [node("GroupNormalization", ["a", "four", "four"], ["y"], num_groups=2, epsilon=1e-3)],
        spec.GroupNorm(num_groups=2, eps=0.001),
    ),
    "a Dropout that says nothing": ([node("Dropout", ["a"], ["y"])], spec.Dropout()),
    "ELU and its default": ([node("Elu", ["a"], ["y"])], spec.ELU()),
    "LRN": ([node("LRN", ["a"], ["y"], size=3)], spec.LocalResponseNorm(size=3)),
    "PReLU": ([node("PRelu", ["a", "slopes"], ["y"])], spec.PReLU(num_parameters=4)),
    "Softmax over channels": ([node("Softmax", ["a"], ["y"], axis=1)], spec.Softmax(dim=1)),
}


@pytest.mark.parametrize("name", ONE_NODE)
def test_both_forms_of_an_operator_are_read(name: str) -> None:
    nodes, expected = ONE_NODE[name]
    begin, weights = BEGUN
    more = {
        "sizes": np.array([1, 4, 52, 52]),
        "pads": np.array([1, 2, 1, 2]),
        "axes": np.array([2, 3]),
        "w4": floats(2, 4, 3, 3),
        "four": floats(4),
        "slopes": floats(4, 1, 1),
    }
    opened = open_file(file_of([begin, *nodes], {**weights, **more}))
    assert opened.problem is None
    assert opened.architecture.layers[1:] == (expected,)


REFUSED: dict[str, tuple[list[onnx.NodeProto], str]] = {
    "an operator without a layer": (
        [node("LSTM", ["a", "w", "w"], ["y"])],
        "node 2: there is no layer here for LSTM",
    ),
    "another domain": (
        [node("FusedConv", ["a"], ["y"], domain="com.microsoft")],
        "node 2: there is no layer here for com.microsoft.FusedConv",
    ),
    "a part of the channels": (
        [node("Split", ["a"], ["y", "z"], axis=1)],
        "node 2: Split takes a part of its input; a network here passes whole maps on",
    ),
    "a number": (
        [node("Mul", ["a", "two"], ["y"])],
        "node 2: Mul changes every value of a map by a constant; no layer here does",
    ),
    "a difference": (
        [node("Relu", ["a"], ["b"]), node("Sub", ["a", "b"], ["y"])],
        "node 3: Sub brings two maps together; here they are added, multiplied or joined",
    ),
    "attention": (
        [node("MatMul", ["a", "a"], ["y"])],
        "node 2: MatMul multiplies two maps as matrices, which no layer here does",
    ),
    "other dimensions": (
        [node("Transpose", ["a"], ["y"], perm=[0, 2, 3, 1])],
        "node 2: Transpose changes the order of dimensions; a network here keeps channels first",
    ),
    "the mean of the channels": (
        [node("ReduceMean", ["a"], ["y"], axes=[1])],
        "node 2: ReduceMean is over other dimensions than rows and columns",
    ),
    "rows behind each other": (
        [node("Concat", ["a", "a"], ["y"], axis=2)],
        "node 2: Concat joins dimension 2; a network here joins channels (dimension 1)",
    ),
    "other ends": (
        [node("Clip", ["a"], ["y"], min=-1.0, max=1.0)],
        "node 2: Clip keeps values between -1 and 1; ReLU6 does from 0 to 6",
    ),
    "a name that nothing gives": (
        [node("Relu", ["nowhere"], ["y"])],
        "node 2: Relu reads “nowhere”, which nothing before it gives",
    ),
    "arguments that ONNX has not": (
        [node("Concat", [], ["y"], axis=1)],
        "node 2: what Concat is given is not as ONNX has it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_operators_are_refused_by_name_and_what_comes_before_is_kept(name: str) -> None:
    nodes, message = REFUSED[name]
    begin, weights = BEGUN
    opened = open_file(file_of([begin, *nodes], weights))
    assert opened.problem is not None
    assert f"{opened.problem.place}: {opened.problem.message}" == message
    assert kinds(opened.architecture)[0] == "Conv2d"


def batch_twice() -> list[onnx.NodeProto]:
    return [
        node("Shape", ["a"], ["s"]),
        node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Mul", ["n", "four"], ["m"]),
        node("Concat", ["m", "minus"], ["t"], axis=0),
        node("Reshape", ["a", "t"], ["y"]),
    ]


# What looks like a layer and computes something else: of four maps of 26×26, "a".
OTHERWISE: dict[str, tuple[list[onnx.NodeProto], str]] = {
    "a batch that is multiplied": (batch_twice(), "node 6: Reshape makes one image of several"),
    "four images of one": ([node("Reshape", ["a", "4_-1"], ["y"])], "makes one image of several"),
    "weights that are used again": (
        [node("Relu", ["a"], ["b"]), node("Conv", ["b", "w"], ["y"])],
        "node 3: Conv has the weights of node 1 again; each layer here has its own",
    ),
    "linear with places of its own": (
        [
            node(
                "Resize",
                ["a", "", "scales"],
                ["y"],
                mode="linear",
                coordinate_transformation_mode="asymmetric",
            )
        ],
        "Resize interpolates with asymmetric coordinates",
    ),
    "nearest, rounded up": (
        [node("Resize", ["a", "", "scales"], ["y"], nearest_mode="ceil")],
        "Resize takes other values than Upsample here, which repeats each",
    ),
    "more channels by Resize": (
        [node("Resize", ["a", "", "scales of all"], ["y"])],
        "Resize does not say how many rows and columns come out",
    ),
    "a border that the convolution adds to": (
        [
            node("Pad", ["a", "pads", "", "axes"], ["b"], mode="edge"),
            node("Conv", ["b", "v"], ["y"], pads=[1, 1, 1, 1]),
        ],
        "a border of the nearest values stands before Conv",
    ),
    "a bias that is computed": (
        [
            node("GlobalAveragePool", ["a"], ["p"]),
            node("Flatten", ["p"], ["f"]),
            node("Gemm", ["f", "4×4", "f"], ["y"]),
        ],
        "Gemm takes its weights from the image",
    ),
    "maps and constants in a sum": (
        [node("Relu", ["a"], ["b"]), node("Sum", ["a", "b", "zero"], ["y"])],
        "Sum brings maps and constants together",
    ),
    "constants along the columns": (
        [node("Add", ["a", "columns"], ["y"])],
        "Add changes every value of a map by a constant",
    ),
    "slopes along the columns": (
        [node("PRelu", ["a", "columns"], ["y"])],
        "PRelu has a slope for each value; PReLU here has one, or one a channel",
    ),
    "a scale for each group": (
        [node("GroupNormalization", ["a", "2", "2"], ["y"], num_groups=2)],
        "GroupNormalization has a scale for each group",
    ),
    "a scale for each channel": (
        [node("LayerNormalization", ["a", "4×1×1"], ["y"], axis=1)],
        "LayerNormalization has fewer scales than values",
    ),
    "neighbours in the map": (
        [
            node("Mul", ["a", "a"], ["b"]),
            node("AveragePool", ["b"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("Mul", ["c", "number"], ["d"]),
            node("Add", ["d", "number"], ["e"]),
            node("Pow", ["e", "number"], ["f"]),
            node("Div", ["a", "f"], ["y"]),
        ],
        "there is no layer here for Pow",
    ),
    "whole numbers": (
        [node("Cast", ["a"], ["y"], to=TensorProto.INT32)],
        "Cast makes whole numbers of a map",
    ),
    "an answer for each column": (
        [node("ArgMax", ["a"], ["y"], axis=2)],
        "ArgMax picks the place of the largest value",
    ),
    "a border that is only broadcast": (
        [node("GlobalAveragePool", ["a"], ["b"]), node("Add", ["b", "zeros"], ["y"])],
        "Add changes every value of a map by a constant",
    ),
    "a second value": (
        [node("Split", ["a"], ["b", "c"], axis=1), node("Relu", ["c"], ["y"])],
        "node 2: Split takes a part of its input",
    ),
    "an even number of neighbours": (
        [node("LRN", ["a"], ["y"], size=4)],
        "LRN is over an even number of channels",
    ),
    "one number for all": (
        [
            node("GlobalAveragePool", ["a"], ["p"]),
            node("Flatten", ["p"], ["f"]),
            node("Gemm", ["f", "4×4", "number"], ["y"]),
        ],
        "Gemm adds one number to all values",
    ),
}
CONSTANTS = {
    "zero": np.array([0]),
    "four": np.array([4]),
    "minus": np.array([-1]),
    "4_-1": np.array([4, -1]),
    "scales": np.float32([1, 1, 3, 3]),
    "scales of all": np.float32([1, 2, 2, 2]),
    "pads": np.array([1, 1, 1, 1]),
    "axes": np.array([2, 3]),
    "v": floats(2, 4, 3, 3),
    "4×4": floats(4, 4),
    "columns": floats(1, 1, 26),
    "2": floats(2),
    "4×1×1": floats(4, 1, 1),
    "number": np.float32([0.5]),
    "zeros": np.zeros((1, 1, 8, 8), np.float32),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_looks_like_a_layer_and_computes_something_else_is_refused(name: str) -> None:
    nodes, message = OTHERWISE[name]
    begin, weights = BEGUN
    opened = open_file(file_of([begin, *nodes], {**weights, **CONSTANTS}))
    assert opened.problem is not None, opened.architecture.layers
    assert message in f"{opened.problem.place}: {opened.problem.message}"


# As onnxruntime computes them. What begins at zero or one is learnt all the same.
SAME: dict[str, tuple[list[onnx.NodeProto], list[str], Sequence[int]]] = {
    "a bias of zeros": (
        [
            node("Flatten", ["x"], ["f"]),
            node("MatMul", ["f", "m"], ["g"]),
            node("Add", ["g", "z"], ["y"]),
        ],
        ["Flatten", "Linear"],
        (4, 2, 2),
    ),
    "values that are repeated": (
        [
            node("Identity", ["x"], ["d"]),
            node("Conv", ["d", "w1"], ["c"]),
            node(
                "Resize",
                ["c", "", "twice"],
                ["y"],
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            ),
        ],
        ["Conv2d", "Upsample"],
        (4, 4, 4),
    ),
    "softmax of one pixel, as it was": (
        [
            node("Conv", ["x", "w1"], ["c"]),
            node("GlobalAveragePool", ["c"], ["p"]),
            node("Softmax", ["p"], ["y"], axis=1),
        ],
        ["Conv2d", "AdaptiveAvgPool2d", "Softmax"],
        (4, 4, 4),
    ),
    "a vector that begins with ReLU": (
        [node("Relu", ["x"], ["r"]), node("Gemm", ["r", "m"], ["y"])],
        ["Flatten", "ReLU", "Linear"],
        (16,),
    ),
    "a map without its channel": (
        [node("Unsqueeze", ["x", "one"], ["u"]), node("Conv", ["u", "w0"], ["y"])],
        ["Conv2d"],
        (4, 4),
    ),
    "a shape computed in floats": (
        [
            node("Conv", ["x", "w1"], ["c"]),
            node("Shape", ["c"], ["s"]),
            node("Cast", ["s"], ["f"], to=TensorProto.FLOAT),
            node("Mul", ["f", "twice"], ["g"]),
            node("Div", ["g", "f"], ["factors"]),
            node("Resize", ["c", "", "factors"], ["y"], mode="linear"),
        ],
        ["Conv2d", "Upsample"],
        (4, 4, 4),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_read_computes_what_onnxruntime_does(name: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    nodes, expected, shape = SAME[name]
    constants = {
        "m": floats(16, 3),
        "z": np.zeros(3, np.float32),
        "w0": floats(2, 1, 3, 3),
        "w1": floats(2, 4, 3, 3),
        "twice": np.float32([1, 1, 2, 2]),
        "one": np.array([1]),
    }
    used = {each for step in nodes for each in step.input}
    opset = 11 if "as it was" in name else 21
    data = file_of(
        nodes, {key: value for key, value in constants.items() if key in used}, ("N", *shape), opset
    )
    opened = open_file(data)
    assert opened.problem is None
    assert kinds(opened.architecture) == expected
    network = build(opened.architecture).eval()
    images = floats(3, *shape)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"x": images})
    with torch.no_grad():
        for tensor in network.state_dict().values():
            found = [constants[key] for key in ("m", "z", "w0", "w1") if key in used]
            fitting = [each for each in found if each.size == tensor.numel()]
            array = fitting[0].T if fitting[0].ndim == 2 else fitting[0]
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))
        given = torch.from_numpy(images).reshape(3, *opened.architecture.input_shape)
        computed = network(given).numpy()
    np.testing.assert_allclose(computed, scores, rtol=1e-4, atol=1e-5)


def test_numbers_that_grow_without_end_are_not_computed() -> None:
    text = [node("Constant", [], ["c0"], value_string="a" * 1000)]
    text += [node("Add", [f"c{n}", f"c{n}"], [f"c{n + 1}"]) for n in range(40)]
    sums = [node("Add", ["column", "row"], [f"s{n}"]) for n in range(2000)]
    filled = [node("ConstantOfShape", ["many"], [f"f{n}"]) for n in range(2000)]
    weights = {
        "column": floats(2048, 1),
        "row": floats(1, 2048),
        "many": np.array([10**9]),
        "w": floats(4, 1, 3, 3),
    }
    data = file_of([*text, *sums, *filled, node("Conv", ["x", "w"], ["y"])], weights)
    began = time.thread_time()
    assert kinds(open_file(data).architecture) == ["Conv2d"]
    assert time.thread_time() - began < 3


def test_messages_are_short_whatever_the_file_holds() -> None:
    for nodes in (
        [node("L" * 1_000_000, ["a"], ["y"])],
        [node("MaxPool", ["a"], ["y"], kernel_shape=[2, 2], pads=[1] * 60_000)],
        [node("Reshape", ["a", "long"], ["y"])],
    ):
        begin, weights = BEGUN
        opened = open_file(file_of([begin, *nodes], {**weights, "long": np.ones(60_000, np.int64)}))
        assert opened.problem is not None
        assert len(opened.problem.message) < 250


WHOLE: dict[str, tuple[bytes, str]] = {
    "one-dimensional": (
        file_of([node("Conv", ["x", "w"], ["y"])], {"w": floats(4, 1, 3)}),
        "node 1: Conv slides over 1 dimension; layers here slide over rows and columns",
    ),
    "nothing of the image": (
        file_of([node("Constant", [], ["y"], value_float=1.0)]),
        "the graph gives nothing that is computed from its image",
    ),
    "no graph": (b"\x08\x0a\x12\x00", "this begins as an ONNX file does, but has no graph"),
    "no protobuf": (
        b"\x08\x0a\x12\xff\xff\xff\xff",
        "this begins as an ONNX file does, but cannot be read as one",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_network_is_refused(name: str) -> None:
    data, message = WHOLE[name]
    assert is_onnx(data)
    with pytest.raises(OpenError, match=f"^{re.escape(message)}$"):
        open_file(data)


def test_two_inputs_are_refused_by_their_names() -> None:
    graph = helper.make_graph(
        [node("Add", ["left", "right"], ["y"])],
        "two",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1, 8, 8])
            for name in ("left", "right")
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    with pytest.raises(OpenError, match="has one input, its image; this graph has “left”, “right”"):
        open_file(helper.make_model(graph).SerializeToString())


def test_too_large_a_file_or_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_of([node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["y"])])
    monkeypatch.setattr(onnx_model, "MAX_STEPS", 1)
    with pytest.raises(OpenError, match=r"^the graph has 2 nodes; at most 1 are read$"):
        open_file(data + b"\x2a\x00")  # another file than any before
    monkeypatch.setattr(onnx_model, "MAX_BYTES", 10)
    with pytest.raises(OpenError, match=r"of an ONNX file at most 10 are read$"):
        open_file(data)


def test_numbers_outside_of_the_file_are_not_read() -> None:
    """ONNX lets a tensor lie in another file, and onnx would open it."""
    model = onnx.load_model_from_string(
        file_of([node("Reshape", ["x", "shape"], ["y"])], {"shape": np.array([0, -1])})
    )
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "/etc/hostname"), ("length", "16")):
        tensor.external_data.add(key=key, value=value)
    data = model.SerializeToString()
    opened_files: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open":
            opened_files.append(str(arguments[0]))

    sys.addaudithook(watch)
    with pytest.raises(OpenError, match=r"^node 1: the shape of Reshape is not in the file$"):
        open_file(data)
    watching = False
    assert opened_files == []


def test_every_kind_that_is_one_node_is_read() -> None:
    forms = [each.onnx.op for each in LAYERS.values() if isinstance(each.onnx, OnnxNode)]
    assert set(forms) <= OPERATORS.keys()


# --- whatever comes -------------------------------------------------------------------------------


def mutate(model: onnx.ModelProto, chance: random.Random) -> None:
    """Change a few fields of a graph to others that may or may not make sense."""
    graph = model.graph
    names = [name for each in graph.node for name in each.output] + ["", "x", "nope"]
    names += [each.name for each in graph.initializer]
    operators = [*OPERATORS, "LSTM", "If", "Constant", "Shape"]
    numbers = [-1, 0, 1, 2, 3, 99, 10**9, -(2**62)]
    for _ in range(chance.randint(1, 4)):
        step = chance.choice(graph.node)
        attribute = chance.choice(step.attribute) if step.attribute else None
        tensor = chance.choice(graph.initializer)
        match chance.randrange(10):
            case 0:
                step.op_type = chance.choice(operators)
            case 1 if step.input:
                step.input[chance.randrange(len(step.input))] = chance.choice(names)
            case 2 if step.input:
                del step.input[chance.randrange(len(step.input))]
            case 3 if attribute is not None and attribute.type == onnx.AttributeProto.INTS:
                attribute.ints[:] = [chance.choice(numbers) for _ in range(chance.randrange(6))]
            case 4 if attribute is not None and attribute.type == onnx.AttributeProto.INT:
                attribute.i = chance.choice(numbers)
            case 5 if attribute is not None:
                attribute.type = chance.randrange(8)
            case 6:
                tensor.dims[:] = [chance.choice(numbers) for _ in range(chance.randrange(6))]
            case 7 if len(graph.node) > 1:
                del graph.node[chance.randrange(len(graph.node))]
            case 8:
                sides = graph.input[0].type.tensor_type.shape.dim
                sides[chance.randrange(len(sides))].dim_value = chance.choice(numbers)
            case 9:
                step.input.append(chance.choice(names))


@pytest.mark.parametrize("part", range(4))
def test_whatever_a_file_holds_is_answered(part: int) -> None:
    chance = random.Random(part)
    names = ("strided-20k", "adaptive-pool-16k", "mini-senet", "mini-mobilenet", "mini-inception")
    wholes = [without_property(onnx_bytes(PRESETS[name].architecture)) for name in names]
    answers = {"read": 0, "read in part": 0, "refused": 0}
    for _ in range(100):
        data = bytearray(chance.choice(wholes))
        if chance.random() < 0.7:
            model = onnx.load_model_from_string(bytes(data))
            mutate(model, chance)
            data = bytearray(model.SerializeToString())
        else:
            # Not in the weights, which are most of it.
            for _ in range(chance.randint(1, 6)):
                data[chance.randrange(3, 3000)] = chance.randrange(256)
        try:
            opened = open_file(bytes(data))
        except OpenError:
            answers["refused"] += 1
            continue
        assert opened.form == "onnx"
        answers["read" if opened.problem is None else "read in part"] += 1
    assert min(answers.values()) > 3
