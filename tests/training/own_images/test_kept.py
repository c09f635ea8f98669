"""Own images on the disk, their names, and what is known of those that are not here."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from explorer.own_images import OwnImages
from explorer.people.person import Person
from explorer.training import dataset_files
from explorer.training.dataset_files import load_dataset, load_present_dataset, sample_images
from explorer.training.dataset_lookup import find_dataset, is_dataset_name
from explorer.training.datasets import DATASETS, DatasetError
from explorer.training.own_images.kept import (
    DELETED,
    NOT_HERE,
    description_path,
    images_path,
    own_folder,
)
from explorer.training.own_images.making import Options, make_own_images
from explorer.training.own_images.names import new_name, parse_name
from tests.training.own_images.zips import CLASSES, good_zip

ANN = Person("ann", "Ann")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    monkeypatch.setattr(dataset_files, "_loaded", {})
    return tmp_path


@pytest.fixture
def name() -> str:
    made = make_own_images(good_zip(), Options((1, 8, 8)))
    return OwnImages().add(made, "Colours", ANN).name


def test_a_name_says_what_a_network_must_fit() -> None:
    name = new_name(7, (3, 48, 64))
    assert parse_name(name) == (7, (3, 48, 64))
    assert is_dataset_name(name)
    assert new_name(7, (3, 48, 64)) != name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "own-",
        "own-abcdefgh-3-1x28x28 ",
        "own-abcdefgh-3-1x28x28\n",
        "own-abcdefgh-03-1x28x28",
        "own-abcdefgh-3-1x08x28",
        "own-abcdefgh-1-1x28x28",
        "own-abcdefgh-101-1x28x28",
        "own-abcdefgh-3-2x28x28",
        "own-abcdefgh-3-1x7x28",
        "own-abcdefgh-3-1x28x97",
        "own-../../..-3-1x28x28",
        "own-ABCDEFGH-3-1x28x28",
        "own-abcdefgh-3-1x28x2٣",
        "mnist",
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert parse_name(name) is None
    if name not in DATASETS:
        assert not is_dataset_name(name)
        with pytest.raises(KeyError):
            find_dataset(name)


def test_they_are_a_data_set_like_any_other(name: str) -> None:
    kind = find_dataset(name)
    assert (kind.title, kind.classes, kind.input_shape) == ("Colours", CLASSES, (1, 8, 8))
    assert (kind.train_images, kind.test_images) == (9, 3)
    assert (kind.owner, kind.absent) == ("ann", "")
    assert kind.is_here()
    dataset = load_dataset(name)
    assert dataset.kind == kind
    assert dataset.train.images.shape == (9, 1, 8, 8)
    assert torch.equal(dataset.test.labels.bincount(), torch.tensor([1, 1, 1]))
    assert load_present_dataset(name) is dataset
    # One test image a class, which comes again.
    samples = sample_images(name, 7)
    assert samples.shape == (7, 8, 8)
    assert (samples[0] == samples[3]).all()


def test_the_file_can_be_read_by_any_program(name: str) -> None:
    found = load_file(images_path(own_folder(), name))
    assert {key: list(value.shape) for key, value in found.items()} == {
        "train_images": [9, 1, 8, 8],
        "train_labels": [9],
        "test_images": [3, 1, 8, 8],
        "test_labels": [3],
    }


def test_elsewhere_their_name_says_what_a_network_must_fit() -> None:
    kind = find_dataset("own-abcdefgh-3-1x28x20")
    assert (kind.title, kind.input_shape, kind.absent) == ("Own images", (1, 28, 20), NOT_HERE)
    assert kind.classes == ("class 1", "class 2", "class 3")
    with pytest.raises(DatasetError, match="they are not on this server: open this where they"):
        load_dataset("own-abcdefgh-3-1x28x20")


def test_deleted_images_cannot_be_had_from_memory(name: str) -> None:
    load_dataset(name)
    images_path(own_folder(), name).unlink()
    assert find_dataset(name).absent == DELETED
    assert find_dataset(name).title == "Colours"
    for load in (load_dataset, load_present_dataset, sample_images):
        with pytest.raises(
            DatasetError, match=r"the images of Colours cannot be loaded: .* they are deleted"
        ):
            load(name)


def test_few_stay_in_memory() -> None:
    made = make_own_images(good_zip(), Options((1, 8, 8)))
    names = [OwnImages().add(made, f"Set {number}", ANN).name for number in range(5)]
    load_dataset("digits")
    for name in names[:3]:
        load_dataset(name)
    load_dataset(names[0])  # used last
    load_dataset(names[3])
    loaded = {name for name, _ in dataset_files._loaded}
    assert loaded == {"digits", names[0], names[2], names[3]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        "x" * 200_000,
        '{"title": "x"}',
        b"\xff\xfe",
    ],
    ids=str,
)
def test_a_description_that_cannot_be_read_is_as_none(
    text: str | bytes, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = description_path(own_folder(), name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert find_dataset(name).absent == NOT_HERE
    assert f"{path} is left out" in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ["a", "b"]},
        {"mean": [0.1, 0.2]},
        {"std": [0.0]},
        {"train_counts": [1, 2]},
        {"test_counts": [0, 1, 1]},
        {"more": 1},
    ],
    ids=str,
)
def test_a_description_of_other_images_is_as_none(changes: dict, name: str) -> None:
    path = description_path(own_folder(), name)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert find_dataset(name).absent == NOT_HERE


@pytest.mark.parametrize("spoil", [b"", b"\x08" + bytes(30), None])
def test_a_damaged_file_is_told(spoil: bytes | None, name: str) -> None:
    path = images_path(own_folder(), name)
    path.write_bytes(path.read_bytes()[:-1] if spoil is None else spoil)
    with pytest.raises(DatasetError, match=r"the file of these images is damaged .*upload them"):
        load_dataset(name)


def test_a_description_that_was_changed_is_read_anew(name: str) -> None:
    assert find_dataset(name).title == "Colours"
    path = description_path(own_folder(), name)
    path.write_text(path.read_text().replace("Colours", "Other"))
    os.utime(path, ns=(1, 1))
    assert find_dataset(name).title == "Other"
