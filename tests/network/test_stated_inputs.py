"""JSON in torch's own words, of other programs, and nested too deeply."""

import json
from typing import Any

import pytest

from explorer.link import LinkError, parse_shared
from explorer.network import spec
from explorer.network.analysis import analyze
from explorer.network.architecture_json import STATED, parse_architecture, to_json
from explorer.network.build import build
from explorer.network.spec import ArchitectureError
from explorer.network.stated_inputs import without_true_statements
from explorer.ui.components.stack_editor.draft import DraftError, Stack, parse_draft

CONV = {"kind": "Conv2d", "out_channels": 8, "kernel_size": 3}
FLATTEN = {"kind": "Flatten"}


def read(*layers: dict[str, Any]) -> spec.Architecture:
    return parse_architecture({"input_shape": [1, 28, 28], "layers": list(layers)})


UNTRUE = [  # layers, the one that is wrong, and what is said of it
    (
        [{**CONV, "in_channels": 3}],
        0,
        "it is said to take 3 channels (in_channels) and gets 1; images of 3 channels would fit it",
    ),
    (
        [{"kind": "ReLU"}, {**CONV, "in_channels": 3}],
        1,
        "it is said to take 3 channels (in_channels) and gets 1; images of 3 channels would fit it",
    ),
    (
        [{**CONV, "in_channels": 5000}],
        0,
        "it is said to take 5,000 channels (in_channels) and gets 1",
    ),
    (
        [FLATTEN, {"kind": "BatchNorm1d", "num_features": 1}],
        1,
        "it is said to take 1 value (num_features) and gets 784",
    ),
    (
        [CONV, {**CONV, "in_channels": 3}],
        1,
        "it is said to take 3 channels (in_channels) and gets 8",
    ),
    (
        [CONV, {"kind": "BatchNorm2d", "num_features": 16}],
        1,
        "it is said to take 16 channels (num_features) and gets 8",
    ),
    (
        [CONV, {"kind": "GroupNorm", "num_groups": 2, "num_channels": 4}],
        1,
        "it is said to take 4 channels (num_channels) and gets 8",
    ),
    (
        [CONV, {"kind": "LayerNorm", "normalized_shape": [8, 28, 28]}],
        1,
        "it is said to take values of shape 8×28×28 (normalized_shape) and gets 8×26×26",
    ),
    (
        [CONV, FLATTEN, {"kind": "Linear", "in_features": 400, "out_features": 10}],
        2,
        "it is said to take 400 values (in_features) and gets 5,408",
    ),
]


@pytest.mark.parametrize(("layers", "index", "message"), UNTRUE)
def test_what_a_file_says_of_a_layers_input_is_checked(layers, index, message):
    architecture = read(*layers)
    problem = analyze(architecture).problem
    assert problem is not None
    assert (problem.index, problem.message) == (index, message)
    assert analyze(problem.fix).problem is None
    with pytest.raises(ArchitectureError, match=r"it is said to take"):
        build(architecture)
    left_out = [
        {key: value for key, value in layer.items() if key not in STATED.values()}
        for layer in layers
    ]
    assert problem.fix == read(*left_out)


@pytest.mark.parametrize(("layers", "index", "message"), UNTRUE)
def test_what_is_untrue_stays_said_until_the_layer_is_mended(layers, index, message):
    """In the file that is saved, in a link and in the browser's draft, whatever is edited beside
    it.
    """
    architecture = read(*layers)
    assert parse_architecture(to_json(architecture)) == architecture
    stack = Stack.of(architecture.layers)
    edited = [*stack.to_data(), {"uid": "new", "kind": "ReLU"}]
    stack = stack.accepting({"base": 0, "seq": 1, "stack": edited, "selected": None})
    problem = analyze(architecture.model_copy(update={"layers": stack.layers})).problem
    assert (problem.index, problem.message) == (index, message)
    mended = stack.accepting(
        {"base": 0, "seq": 2, "stack": Stack.of(problem.fix.layers).to_data(), "selected": None}
    )
    assert analyze(architecture.model_copy(update={"layers": mended.layers})).problem is None


def test_what_other_images_make_true_is_no_problem_of_a_draft():
    stack = Stack.of(read({**CONV, "in_channels": 3}).layers)
    stack = stack.accepting({"base": 0, "seq": 1, "stack": stack.to_data(), "selected": None})
    colour = spec.Architecture(input_shape=(3, 32, 32), layers=stack.layers)
    assert analyze(colour).problem is None
    assert without_true_statements(colour).layers == read(CONV).layers


def test_what_is_true_of_the_inputs_leaves_no_trace():
    stated = read(
        {**CONV, "in_channels": 1, "device": None, "dtype": None},
        {"kind": "BatchNorm2d", "num_features": 8},
        {"kind": "ReLU", "inplace": True},
        {"kind": "MaxPool2d", "kernel_size": 2, "return_indices": False},
        {"kind": "LayerNorm", "normalized_shape": [8, 13, 13]},
        FLATTEN,
        {"kind": "LayerNorm", "normalized_shape": 1352},
        {"kind": "Linear", "in_features": 1352, "out_features": 10},
    )
    plain = read(
        CONV,
        {"kind": "BatchNorm2d"},
        {"kind": "ReLU"},
        {"kind": "MaxPool2d", "kernel_size": 2},
        {"kind": "LayerNorm"},
        FLATTEN,
        {"kind": "LayerNorm"},
        {"kind": "Linear", "out_features": 10},
    )
    assert stated == plain
    assert hash(stated) == hash(plain)
    assert to_json(stated) == to_json(plain)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({**CONV, "in_channels": "three"}, "in_channels must be a whole number above 0"),
        ({**CONV, "in_channels": 0}, "in_channels must be a whole number above 0"),
        ({**CONV, "device": "cuda"}, 'unknown field "device"'),
        (
            {"kind": "MaxPool2d", "kernel_size": 2, "return_indices": True},
            'unknown field "return_indices"',
        ),
        ({"kind": "Tanh", "inplace": True}, 'unknown field "inplace"'),
    ],
)
def test_what_no_input_can_be_or_would_make_a_difference_is_refused(layer, message):
    with pytest.raises(ArchitectureError, match=message):
        read(layer)


FOREIGN = [
    ({"model_config": {}, "weights": []}, "a Keras model's JSON"),
    ({"nodes": [], "links": []}, "a network drawn in a graph editor"),
    ({"class_name": "Sequential", "config": {"layers": []}}, "a Keras model's JSON"),
    ({"module": "keras", "config": {}}, "a Keras model's JSON"),
    ({"cells": [], "nbformat": 4}, "a Jupyter notebook"),
    ({"graph": {}}, "ENNUI"),
    ({"description": "net", "items": []}, "another program's file, perhaps a network designer's"),
    ({"irVersion": "8"}, "an ONNX model's JSON"),
    ({"architecture": {}, "recipe": {}}, "a saved work"),
    ({"backend": "tensorflow"}, "Keras' file of settings"),
    ({"floatx": "float32", "image_data_format": "channels_last"}, "Keras' file of settings"),
    ({"format": "layers-model", "modelTopology": {}}, "a Keras model's JSON for TensorFlow.js"),
    ({"metadata": {}, "weight_map": {}}, "a list of a model's weights"),
    ({"architectures": ["ResNet"], "model_type": "resnet"}, "a Hugging Face model's settings"),
    ({"architecture": "resnet50", "num_classes": 1000}, "a timm model's settings"),
]


@pytest.mark.parametrize(("data", "what"), FOREIGN)
def test_other_programs_files_are_named_for_what_they_are(data, what):
    with pytest.raises(
        ArchitectureError, match=f"^this is .*{what}.*an architecture is a JSON object with name"
    ):
        parse_architecture(json.dumps(data))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"epochs": 3}, 'this has "epochs"'),
        ({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, 'this has "a", "b", "c" and 2 more'),
    ],
)
def test_json_with_nothing_of_a_network_is_told_to_be_none(data, found):
    with pytest.raises(
        ArchitectureError,
        match=f"^this JSON is no network: .* name, input_shape and layers; {found}$",
    ):
        parse_architecture(data)


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"kind": value}
    return value


WAYS_IN = {
    "an architecture": (
        lambda deep: parse_architecture({"layers": [{"kind": deep}]}),
        ArchitectureError,
    ),
    "its text": (
        lambda deep: parse_architecture(json.dumps({"layers": [deep]})),
        ArchitectureError,
    ),
    "a link or saved work": (
        lambda deep: parse_shared({"architecture": {}, "recipe": {"dataset": deep}}),
        LinkError,
    ),
    "a draft": (
        lambda deep: parse_draft(
            {"base": 0, "seq": 1, "stack": [{"uid": "a", "kind": deep}], "selected": None}
        ),
        DraftError,
    ),
    "a draft's own field": (
        lambda deep: parse_draft({"base": 0, "seq": 1, "stack": [], "selected": deep}),
        DraftError,
    ),
}


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("depth", [50, 400, 5000])
def test_what_is_nested_too_deeply_is_refused_before_it_is_walked(way, depth, capsys):
    take, refusal = WAYS_IN[way]
    try:
        json.dumps(nested(depth))
    except RecursionError:
        if way == "its text":
            pytest.skip("Python writes no such text")
    with pytest.raises(refusal, match="nested too deeply"):
        take(nested(depth))
    assert capsys.readouterr().err == ""


def test_what_is_nested_as_deeply_as_a_network_is_read():
    assert read(CONV).layers
