"""The JSON form there and back, and what is said of data that are no architecture."""

import pytest

from explorer.network import spec
from explorer.network.architecture_json import layer_to_data, parse_architecture
from explorer.network.spec import ArchitectureError


def _layer(**fields) -> dict:
    return {"layers": [{"kind": "ReLU"}, fields]}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([3, 4000, 10], "input_shape: an image has 1 to 2,048 rows; this has 4,000"),
        ([3, 10, 0], "input_shape: an image has 1 to 2,048 columns; this has 0"),
        ([5000, 10, 10], "input_shape: an image has 1 to 4,096 channels; this has 5,000"),
    ],
)
def test_an_image_outside_the_limits_is_told_in_words(shape, message):
    with pytest.raises(ArchitectureError, match=f"^{message}$"):
        parse_architecture({"input_shape": shape})


def test_a_factor_may_be_written_as_torch_prints_it():
    read = parse_architecture(
        _layer(kind="Upsample", scale_factor=2.0, align_corners=False)
    ).layers[-1]
    assert read == spec.Upsample(scale_factor=2)
    with pytest.raises(
        ArchitectureError, match="scale_factor must be a whole number from 1 to 32, or two of them"
    ):
        parse_architecture(_layer(kind="Upsample", scale_factor=1.5))


def test_defaults_are_left_out_of_the_json():
    layer = spec.Conv2d(out_channels=4, kernel_size=(3, 5), stride=1, padding="same")
    assert layer_to_data(layer) == {
        "kind": "Conv2d",
        "out_channels": 4,
        "kernel_size": [3, 5],
        "padding": "same",
    }


KINDS = ", ".join([*spec.LAYER_MODELS, "Branches"])


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (_layer(kind="Conv3d"), 1, f'layer 1: unknown kind "Conv3d"; the kinds are {KINDS}'),
        (_layer(), 1, f"layer 1: kind is missing; the kinds are {KINDS}"),
        (_layer(kind=["ReLU"]), 1, f'layer 1: unknown kind ["ReLU"]; the kinds are {KINDS}'),
        ({"layers": ["ReLU"]}, 0, "layer 0: a layer is an object with a kind; this is a string"),
        (
            _layer(kind="ReLU", slope=1),
            1,
            'layer 1 (ReLU): unknown field "slope"; ReLU takes no arguments',
        ),
        (
            _layer(kind="Linear", out_features=3, units=3),
            1,
            'layer 1 (Linear): unknown field "units"; Linear takes out_features, bias',
        ),
        (
            _layer(kind="MaxPool2d"),
            1,
            "layer 1 (MaxPool2d): kernel_size is missing; it must be a whole number from 1 "
            "to 4096, or two of them",
        ),
        (
            _layer(kind="MaxPool2d", kernel_size=0),
            1,
            "layer 1 (MaxPool2d): kernel_size must be a whole number from 1 to 4096, "
            "or two of them; this has 0",
        ),
        (
            _layer(kind="MaxPool2d", kernel_size=[1, 2, 3]),
            1,
            "layer 1 (MaxPool2d): kernel_size must be a whole number from 1 to 4096, "
            "or two of them; this has [1, 2, 3]",
        ),
        (
            _layer(kind="Conv2d", out_channels=True, kernel_size=3),
            1,
            "layer 1 (Conv2d): out_channels must be a whole number from 1 to 65536; this has true",
        ),
        (
            _layer(kind="Conv2d", out_channels=1, kernel_size=3, padding="sane"),
            1,
            "layer 1 (Conv2d): padding must be a whole number from 0 to 1024, "
            'or two of them, or "same" or "valid"; this has "sane"',
        ),
        (
            _layer(kind="Dropout", p="0.5"),
            1,
            'layer 1 (Dropout): p must be a number from 0 to 1; this has "0.5"',
        ),
        (
            _layer(kind="Dropout", p=float("nan")),
            1,
            "layer 1 (Dropout): p must be a number from 0 to 1; this has NaN",
        ),
        (
            _layer(kind="Dropout", p=1.01),
            1,
            "layer 1 (Dropout): p must be a number from 0 to 1; this has 1.01",
        ),
        (
            {"layers": [], "depth": 3},
            None,
            'unknown field "depth"; an architecture has schema_version, name, input_shape, layers',
        ),
        ({"schema_version": 2}, None, "schema_version must be 1; this has 2"),
        ({"layers": [{"kind": "ReLU"}] * 1001}, None, "at most 1,000 layers; this has 1,001"),
        (
            [],
            None,
            "an architecture is a JSON object with name, input_shape and layers; this is a list",
        ),
        ("[" * 100_000, None, "not JSON that can be read: brackets are nested too deeply"),
        (
            " " * 1_000_001,
            None,
            "the text has 1,000,001 characters; an architecture has at most 1,000,000",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_is_right(data, place, message):
    with pytest.raises(ArchitectureError) as caught:
        parse_architecture(data)
    assert (caught.value.path, str(caught.value)) == (place if place is None else (place,), message)


@pytest.mark.parametrize("text", ["{", "nul", "", '{"layers": [}', "{'layers': []}", b"\xff\xfe"])
def test_text_that_is_no_json(text):
    with pytest.raises(ArchitectureError, match=r"^not JSON"):
        parse_architecture(text)


@pytest.mark.parametrize("shape", [[1, 28], [0, 28, 28], [1, 28, 28.0], "1,28,28", [1, 28, 2049]])
def test_an_input_shape_is_three_whole_numbers(shape):
    with pytest.raises(ArchitectureError, match="input_shape"):
        parse_architecture({"input_shape": shape})
