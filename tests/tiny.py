"""A data set that is small enough to learn in no time, and networks for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture
from explorer.runs.manager import JobManager
from explorer.runs.store import Store
from explorer.training import dataset_files
from explorer.training.dataset_files import Dataset, Split
from explorer.training.datasets import DATASETS, DatasetKind

SIDE, CLASSES = 8, 3


def tiny_split(images: int, seed: int) -> Split:
    """Noise with a bright row whose place is the class."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (images,), generator=draw)
    pixels = torch.randint(0, 100, (images, 1, SIDE, SIDE), generator=draw, dtype=torch.uint8)
    pixels[torch.arange(images), 0, 1 + 2 * labels] += 100
    return Split(pixels, labels)


def read_tiny(root: Path, progress: Any) -> tuple[Split, Split]:
    return tiny_split(70, 1), tiny_split(30, 2)


def tiny_kind(read: Callable[[Path, Any], tuple[Split, Split]] = read_tiny) -> DatasetKind:
    return DatasetKind(
        "Tiny", "for tests", ("top", "middle", "bottom"), (1, SIDE, SIDE), (0.25,), (0.2,), read
    )


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The tiny data set, known to DATASETS as "tiny" while the test runs."""
    monkeypatch.setitem(DATASETS, "tiny", tiny_kind())
    monkeypatch.setattr(dataset_files, "_loaded", {})
    return Dataset("tiny", DATASETS["tiny"], *read_tiny(Path(), None))


def network(
    *layers: dict[str, Any] | str, shape: tuple[int, int, int] = (1, SIDE, SIDE)
) -> Architecture:
    """An architecture of layers given as data; a layer without arguments by its kind."""
    data = [{"kind": layer} if isinstance(layer, str) else layer for layer in layers]
    return parse_architecture({"name": "tested", "input_shape": list(shape), "layers": data})


def linear(values: int = CLASSES) -> dict[str, Any]:
    return {"kind": "Linear", "out_features": values}


@pytest.fixture
def stack() -> Callable[..., Architecture]:
    return network


@pytest.fixture
def small() -> Architecture:
    """A network with chance in every part: convolution, normalisation, both dropouts."""
    return network(
        {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3},
        "BatchNorm2d",
        "ReLU",
        {"kind": "Dropout2d", "p": 0.1},
        {"kind": "AdaptiveAvgPool2d", "output_size": [6, 1]},
        "Flatten",
        {"kind": "Dropout", "p": 0.1},
        linear(),
        "LogSoftmax",
    )


@pytest.fixture
def manager(tiny: Dataset) -> Iterator[JobManager]:
    """A manager without a disk, for runs on the tiny data set."""
    with JobManager() as made:
        yield made


@pytest.fixture
def manager_on_disk(tmp_path: Path, tiny: Dataset) -> Iterator[JobManager]:
    """A manager of runs that are kept in tmp_path/home."""
    with JobManager(store=Store(tmp_path / "home")) as made:
        yield made
    made.store.close()
