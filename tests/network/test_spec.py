"""Architectures as data: torch's arguments and defaults, names, and when two are the same."""

import inspect
import json
import re
from pathlib import Path

import pytest
from torch import nn

from explorer.network import spec
from explorer.network.architecture_json import layer_to_data, parse_architecture
from explorer.network.spec import Architecture


@pytest.mark.parametrize("kind", spec.LAYER_MODELS)
def test_every_kind_has_torchs_arguments_and_defaults(kind):
    """What is not a field follows from the input, or changes nothing that can be seen."""
    inferred = {"in_channels", "num_features", "num_channels", "in_features", "normalized_shape"}
    no_difference = {"inplace", "device", "dtype", "return_indices", "args", "kwargs"}
    # The images have one size, so a factor says as much as a size; of whole factors there is
    # nothing to recompute.
    no_difference |= {"size", "recompute_scale_factor"} if kind == "Upsample" else set()
    ours = {
        name: info for name, info in spec.LAYER_MODELS[kind].model_fields.items() if name != "kind"
    }
    for name, parameter in inspect.signature(getattr(nn, kind)).parameters.items():
        if name in inferred | no_difference:
            continue
        default = parameter.default
        assert name in ours
        if default is inspect.Parameter.empty:
            assert ours[name].is_required()
        elif (kind, name) == ("Upsample", "scale_factor"):
            assert ours[name].is_required()  # torch demands this or a size, but only once it runs
        elif (kind, name) in {("Softmax", "dim"), ("LogSoftmax", "dim")}:
            # Torch's None means 1 here, with a warning.
            assert (default, ours[name].default) == (None, 1)
        else:
            assert ours[name].default == default


def test_a_pair_of_equals_is_the_number():
    assert spec.Conv2d(out_channels=1, kernel_size=(3, 3)) == spec.Conv2d(
        out_channels=1, kernel_size=3
    )
    assert hash(spec.ZeroPad2d(padding=(1, 1, 1, 1))) == hash(spec.ZeroPad2d(padding=1))


@pytest.mark.parametrize("kind", spec.LAYER_MODELS)
def test_the_palettes_layers_are_valid(kind):
    layer = spec.new_layer(kind)
    assert parse_architecture({"layers": [layer_to_data(layer)]}).layers == (layer,)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\x00b\x08c\x0bd", "abc d"),
        ("\ufffea\uffff", "a"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\x1b[2Jnet", "[2Jnet"),
        ("  two\n lines ", "two lines"),
        ("\u200b\u2066", "untitled"),
        ("half \ud83d", "half"),
        ("Сеть 3 👩‍👩‍👧", "Сеть 3 👩‍👩‍👧"),
    ],
)
def test_a_name_is_kept_without_what_cannot_be_seen(name, kept):
    assert parse_architecture({"name": name}).name == kept
    assert parse_architecture(json.dumps({"name": name})).name == kept
    assert Architecture(name=name).name == kept


def test_equal_architectures_are_one_key():
    data = json.dumps({"layers": [{"kind": "Conv2d", "out_channels": 2, "kernel_size": 1}]})
    assert len({parse_architecture(data), parse_architecture(data)}) == 1
    assert Architecture() != Architecture(layers=(spec.ReLU(),))


def test_the_key_is_the_network_whatever_its_name():
    plain = parse_architecture({"name": "a", "layers": [{"kind": "ReLU"}]})
    assert plain.key == plain.model_copy(update={"name": "b"}).key
    assert plain != plain.model_copy(update={"name": "b"})
    assert plain.key != plain.model_copy(update={"input_shape": (3, 28, 28)}).key
    assert plain.key != plain.model_copy(update={"layers": ()}).key


def test_no_other_place_writes_down_what_makes_a_network_the_same():
    """`Architecture.key` does: a pair of layers and images' shape anywhere else may forget what the
    key does not.
    """
    pair = re.compile(r"\(?\b(\w[\w.]*)\.(layers, \1\.input_shape|input_shape, \1\.layers)\b")
    found = [
        f"{path.name}: {match[0]}"
        for path in (Path(spec.__file__).parents[1]).rglob("*.py")
        for match in pair.finditer(path.read_text("utf-8"))
        # The key itself, and what a pasted row may be, which is no network.
        if match[1] not in ("self", "option", "taken")
    ]
    assert found == []
