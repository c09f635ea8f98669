"""Links: what goes in comes out, and anything else is refused with a sentence."""

import base64
import json
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from explorer import link
from explorer.assignment.assignment import Assignment, Part
from explorer.link import (
    MAX_BYTES,
    MAX_CHARACTERS,
    LinkError,
    Shared,
    decode,
    encode,
    parse_shared,
    to_data,
)
from explorer.network.spec import MAX_LAYERS, Architecture, Conv2d, Flatten, Linear, ReLU
from explorer.presets import load_presets
from explorer.training.recipe import SGD, AdamW, Constant, OneCycleLR, Recipe, parse_recipe

PRESETS = load_presets()
SMALL = Shared(Architecture(layers=(Conv2d(out_channels=4, kernel_size=3),)), Recipe())


def packed(data: bytes, version: int = link.VERSION) -> str:
    return f"{version}.{base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip('=')}"


@pytest.mark.parametrize("id", PRESETS)
def test_a_presets_link_is_short_and_gives_it_back(id):
    shared = Shared(PRESETS[id].architecture, PRESETS[id].recipe, Assignment(), id)
    text = encode(shared)
    assert decode(text) == shared
    # The address of one of more than 1,000 is a short id, see ui/state.py.
    preset = PRESETS[id]
    assert len(text) < (2_000 if preset.known else 1_000 if preset.built else 800)
    assert encode(decode(text)) == text


def test_every_part_travels():
    shared = Shared(
        Architecture(
            name="Ünïcode · 网络 🙂",
            input_shape=(3, 32, 32),
            layers=(Conv2d(out_channels=4, kernel_size=(1, 3)),),
        ),
        Recipe(dataset="cifar10", epochs=3, optimizer=AdamW(), scheduler=OneCycleLR(), seed=7),
        Assignment(
            max_params=None,
            max_epochs=5,
            min_accuracy=0.5,
            max_layers=9,
            required=(Part.BATCH_NORM, Part.LINEAR_HEAD),
        ),
        "gap-17k",
    )
    assert decode(encode(shared)) == shared


def test_recipe_and_assignment_are_written_out_in_full():
    """A link says what it means even after our defaults have changed; but for what older recipes
    lack, which they have off.
    """
    data = to_data(SMALL)
    # The fields that every recipe has had.
    assert set(data["recipe"]) == {
        *("dataset", "epochs", "batch_size", "images_share", "optimizer", "scheduler"),
        *("label_smoothing", "rotation", "shift", "scale", "plain_epochs", "weight_decay_on"),
        *("seed", "device", "precision"),
    }
    used = parse_recipe({"flip": 0.5, "validation_images": 9, "best_epoch_by": "test"})
    written = to_data(replace(SMALL, recipe=used))["recipe"]
    assert set(written) - set(data["recipe"]) == {"flip", "validation_images", "best_epoch_by"}
    assert parse_recipe(written) == used
    assert set(written) < set(Recipe.model_fields)
    assert data["recipe"]["optimizer"].keys() == SGD.model_fields.keys()
    assert set(data["assignment"]) == set(Assignment.model_fields)


def test_a_link_of_the_first_version_stays_readable():
    """Kept from the day that version 1 was made; should it ever fail, links on course pages are
    dead.
    """
    text = (
        "1.eNpVUV2LGzEM_C96dkt2c9Amry3ty0Hhjj6VY1FsZW3iL2xt2mvIf6_s24Tr4gdrVjPWjC6ARVvHpHkpBPsLVG0p4HSmUl2KsB8URAzyC354"
        "AwpczAtP1WIW7Negxs9yXhR4fBWKQBc4uWik_0uK57FRkhC0xRjJS8ODghMVuU_V_RWN7VXdKU_0-BPe1d88MlN8Dz26SFhW1SNhm1tUh8315a"
        "qgkHa5-zDIWImFYdzsuAqDctJWercKDsjargMMYgFSZhekLI27PvX8_auwvECbjxvJIaRAkZfQ6p3EQpWppDPsj-grKfhNbrY8GdL42jkyUIvT"
        "LP4_XZ1iZYwstiS2Q0sipMTWxbnTxEZi5B5_L6t1R77diURDLobOTre94MJJ5szN-9vO4Ji3Y1PHWt0c29Tt-YB_powFg2QwbuRTHbrFMrbaxQ"
        "m1XgrqbmG3e3hruq13d8suphLuzk1JWfZxr2efDuinnJLvplbY991NltCsWEuIsbQ1zZg_DJ9OcP0H3lLaRA"
    )
    assert decode(text) == Shared(
        Architecture(
            name="Old",
            layers=(
                Conv2d(out_channels=4, kernel_size=3),
                ReLU(),
                Flatten(),
                Linear(out_features=10),
            ),
        ),
        Recipe(
            dataset="digits",
            epochs=3,
            batch_size=128,
            optimizer=SGD(lr=0.01, momentum=0.9),
            scheduler=Constant(),
            seed=0,
            precision="fp32",
        ),
        Assignment(max_params=20_000, max_epochs=20, min_accuracy=0.994, max_layers=9),
        "gap-17k",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not one of this program's, or it is cut off"),
        ("hello", "not one of this program's"),
        ("1.", "not one of this program's"),
        ("1.eNq9\n", "not one of this program's"),
        ("٣.eNq9", "not one of this program's"),
        ("2.eNq9", "of version 2; this program reads version 1"),
        ("1.eNq9", "damaged or cut off"),
        ("1.A", "damaged"),
        ("1." + "A" * MAX_CHARACTERS, "the longest has 16,000"),
        (encode(SMALL)[:-8], "damaged or cut off"),
        (packed(b"x" * (MAX_BYTES + 1)), "holds more than an architecture"),
        (packed(b"\xff\xfe"), "damaged"),
        (packed(b"[]"), "no architecture in it"),
        (packed(b"{}"), "no architecture in it"),
        (packed(b'{"architecture": 3}'), "an architecture is a JSON object"),
        (packed(b'{"architecture": {}, "more": 1}'), 'something unknown, "more"'),
        (packed(b'{"architecture": {"layers": [{"kind": "Conv3d"}]}}'), "unknown kind"),
        (packed(b'{"architecture": {}, "recipe": {"epochs": 0}}'), "epochs must be"),
        (packed(b'{"architecture": {}, "assignment": {"max_params": "few"}}'), "max_params"),
        (packed(b'{"architecture": {}, "assignment": {"bribe": 1}}'), 'unknown limit "bribe"'),
        (packed(b"[" * 90_000), "damaged"),
        (packed(b'{"architecture": ' + b"9" * 5000 + b"}"), "damaged"),
    ],
)
def test_what_is_no_link_is_refused(text, message):
    with pytest.raises(LinkError, match=message):
        decode(text)


def test_a_bomb_is_refused_without_its_memory():
    bomb = packed(b" " * 8_000_000)
    assert len(bomb) < MAX_CHARACTERS
    tracemalloc.start()
    with pytest.raises(LinkError, match="holds more"):
        decode(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_an_unknown_start_is_left_out():
    assert parse_shared({**to_data(SMALL), "start": "gone-9k"}).start == ""
    assert parse_shared({**to_data(SMALL), "start": ["x"]}).start == ""
    assert parse_shared({"architecture": {}}) == Shared(Architecture())


def stack_of(count):
    """Layers of which none has anything in common with another."""
    layers = tuple(
        Conv2d(
            out_channels=1 + index * 331 % 65_000,
            kernel_size=(1 + index, 2 + index),
            padding=(index, 1),
            dilation=(1, 9),
        )
        for index in range(count)
    )
    return Shared(Architecture(name="名" * 120, layers=layers))


def test_a_long_stack_has_a_link():
    shared = stack_of(200)
    assert decode(encode(shared)) == shared


def test_the_longest_stack_is_kept_though_it_is_too_much_for_a_link():
    shared = stack_of(MAX_LAYERS)
    assert len(json.dumps(to_data(shared), ensure_ascii=False).encode()) < MAX_BYTES
    assert parse_shared(to_data(shared)) == shared
    with pytest.raises(LinkError, match="download it as JSON instead"):
        encode(shared)
