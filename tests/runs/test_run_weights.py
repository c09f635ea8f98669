"""A run's weights travel with the epoch that they are of, and no failure to read them is
remembered.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.network.spec import Architecture
from explorer.runs import checkpoint_format
from explorer.runs.checkpoint_format import read_checkpoint, save_checkpoint
from explorer.runs.manager import JobManager, NoWeights
from explorer.runs.store import Store
from explorer.training.checkpoint import network_weights
from explorer.training.dataset_files import Dataset
from tests.people.shared import SOMEBODY
from tests.runs.shared import recipe, wait


@pytest.fixture(params=["on disk", "in memory"])
def manager(request: pytest.FixtureRequest, tiny: Dataset, tmp_path: Path) -> Iterator[JobManager]:
    with JobManager(store=Store(tmp_path if request.param == "on disk" else None)) as made:
        yield made


@pytest.fixture
def on_disk(manager_on_disk: JobManager) -> JobManager:
    return manager_on_disk


def trained(manager: JobManager, network: Architecture, **fields: Any) -> str:
    run_id = manager.submit(network, recipe(epochs=3, **fields), SOMEBODY)
    assert wait(manager, run_id).status == "finished"
    return run_id


def file_of(manager: JobManager, run_id: str, epoch: int) -> Path:
    assert manager.store.folder
    return manager.store.folder / "checkpoints" / run_id / f"epoch-{epoch:05d}.safetensors"


def test_an_older_epoch_is_named_as_what_it_is(on_disk: JobManager, small: Architecture) -> None:
    run_id = trained(on_disk, small)
    newest, before = (read_checkpoint(on_disk.store.checkpoints, run_id, epoch) for epoch in (3, 2))
    file_of(on_disk, run_id, 3).write_bytes(b"noise")
    found = on_disk.weights(run_id)
    assert found.epoch == 2
    assert "the checkpoint of epoch 3 is damaged" in found.note
    assert found.note.endswith("; these are the weights after epoch 2")
    assert all(
        torch.equal(found.weights[name], each) for name, each in network_weights(before).items()
    )

    save_checkpoint(on_disk.store.checkpoints, run_id, newest)  # it is there again
    again = on_disk.weights(run_id)
    assert (again.epoch, again.note) == (3, "")
    assert all(
        torch.equal(again.weights[name], each) for name, each in network_weights(newest).items()
    )


@pytest.mark.parametrize(
    ("environment", "is_known"),
    [
        ({"torch": "9.0", "python": "4.0", "device": "tpu", "of_a_newer_version": 1}, True),
        ({"torch": 9}, False),
        ("noise", False),
        (None, False),
    ],
)
def test_what_another_version_was_computed_with_keeps_no_weights_back(
    environment: object, is_known: bool, on_disk: JobManager, small: Architecture
) -> None:
    run_id = trained(on_disk, small)
    checkpoint = read_checkpoint(on_disk.store.checkpoints, run_id, 3)
    checkpoint.facts["environment"] = environment
    save_checkpoint(on_disk.store.checkpoints, run_id, checkpoint)
    found = on_disk.weights(run_id)
    assert found.epoch == 3
    assert (found.environment is not None) == is_known
    assert not found.environment or found.environment.torch == "9.0"


def test_a_failure_to_read_is_not_remembered(on_disk: JobManager, small: Architecture) -> None:
    run_id = trained(on_disk, small)
    folder = file_of(on_disk, run_id, 3).parent
    away = folder.with_name("away")
    folder.rename(away)
    assert not on_disk.has_weights(run_id)
    for ask in (on_disk.weights, on_disk.weights_file):
        with pytest.raises(NoWeights, match="are lost: there is no checkpoint of epoch 3"):
            ask(run_id)
    away.rename(folder)
    assert on_disk.has_weights(run_id)
    assert on_disk.weights(run_id).epoch == 3


def test_what_was_read_is_not_read_again(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = trained(manager, small)
    first = manager.weights(run_id)
    monkeypatch.setattr(checkpoint_format, "from_bytes", None)
    assert manager.weights(run_id) is first


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_whether_there_are_weights_and_their_precision_are_told_without_reading_them(
    manager: JobManager, small: Architecture, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = trained(manager, small, precision=precision)
    if manager.store.folder:
        monkeypatch.setattr(checkpoint_format, "from_bytes", None)
    assert manager.has_weights(run_id)
    assert manager.kept_epochs(run_id) == (1, 2, 3)
    assert manager.precision(run_id) == precision


def test_the_precision_is_that_of_a_whole_checkpoint_or_the_recipes(
    on_disk: JobManager, small: Architecture
) -> None:
    run_id = trained(on_disk, small, precision="bf16")
    file_of(on_disk, run_id, 3).write_bytes(b"noise")
    assert on_disk.precision(run_id) == "bf16"
    file_of(on_disk, run_id, 2).write_bytes(b"")
    assert on_disk.precision(run_id) == "bf16"
