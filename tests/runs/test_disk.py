"""How much room checkpoints take, and that some of the disk stays free."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from explorer.network.spec import Architecture
from explorer.presets import load_presets
from explorer.runs import disk
from explorer.runs.checkpoint_files import CheckpointFolder
from explorer.runs.checkpoint_size import OVERHEAD_BYTES, checkpoint_bytes, kept_bytes
from explorer.runs.disk import RESERVE_BYTES, reserve, room_problem
from explorer.runs.kept_epochs import most_kept
from explorer.runs.manager import JobManager, QueueFull, RunError
from explorer.training.recipe import Recipe, parse_recipe
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import recipe, wait
from tests.tiny import linear, network

Usage = namedtuple("Usage", "total used free")
GB = 1_000_000_000


@pytest.fixture
def manager(manager_on_disk: JobManager) -> JobManager:
    return manager_on_disk


def disk_of(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: Usage(total, total - free, free))


@pytest.mark.parametrize(
    ("total", "given", "kept"),
    [
        (500 * GB, None, RESERVE_BYTES),
        (8_000_000, None, 400_000),  # of a small disk a share
        (500 * GB, "250", 250_000_000),
        (500 * GB, "0", 0),
        (500 * GB, "much", RESERVE_BYTES),
    ],
)
def test_what_is_kept_free(
    total: int, given: str | None, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk_of(monkeypatch, total, total)
    monkeypatch.delenv("EXPLORER_RESERVE_MB", raising=False)
    if given is not None:
        monkeypatch.setenv("EXPLORER_RESERVE_MB", given)
    assert reserve(Path()) == kept


@pytest.mark.parametrize(
    ("needed", "free", "fits"),
    [(GB, 2 * GB, True), (GB + 1, 2 * GB, False), (1, GB, False), (0, GB // 2, False)],
)
def test_what_would_eat_into_it(
    needed: int, free: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk_of(monkeypatch, 500 * GB, free)
    assert (room_problem(Path(), needed) == "") is fits


@pytest.mark.parametrize(
    "chosen",
    [
        {"optimizer": {"kind": "SGD", "momentum": 0.0}},
        {"optimizer": {"kind": "SGD", "momentum": 0.9}},
        # Which moves a momentum.
        {"optimizer": {"kind": "SGD", "momentum": 0.0}, "scheduler": {"kind": "OneCycleLR"}},
        {"optimizer": {"kind": "Adam"}},
        {"optimizer": {"kind": "AdamW"}},
    ],
)
def test_the_size_of_a_checkpoint_is_foreseen(chosen: dict, manager: JobManager) -> None:
    wide = network("Flatten", linear(2000), "ReLU", linear())
    asked = recipe(epochs=1, **chosen)
    run_id = manager.submit(wide, asked, SOMEBODY)
    assert wait(manager, run_id).status == "finished"
    size = manager.store.sizes()[run_id]
    assert manager.sizes() == {run_id: size}
    assert size <= checkpoint_bytes(wide, asked) <= size + 2 * OVERHEAD_BYTES


def test_a_run_that_does_not_fit_is_neither_queued_nor_resumed(
    manager: JobManager, tmp_path: Path, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = manager.submit(small, recipe(epochs=1000, batch_size=2), SOMEBODY)
    wait(manager, stopped, lambda snapshot: len(snapshot.epochs) > 0)
    manager.stop(stopped, TEACHER)
    wait(manager, stopped)
    size = checkpoint_bytes(small, recipe())
    needed = (most_kept(size) + 1) * size
    assert needed == kept_bytes(small, recipe()) > 3 * size
    disk_of(monkeypatch, 500 * GB, GB + needed - 1)
    with pytest.raises(
        QueueFull, match=r"the checkpoints of this run do not fit: 1\.4 MB more on the disk"
    ):
        manager.submit(small, recipe(), SOMEBODY)
    with pytest.raises(RunError, match=r"would leave less than the 1\.0 GB that are kept free"):
        manager.resume(stopped, TEACHER)
    # The server's folders are not the visitors' concern.
    assert str(tmp_path) not in room_problem(tmp_path, needed)
    disk_of(monkeypatch, 500 * GB, GB + needed)
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"
    assert len(manager.runs()) == 2


def test_a_run_that_comes_to_the_reserve_ends_with_a_sentence_and_can_go_on(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = manager.submit(small, recipe(epochs=1000, batch_size=2), SOMEBODY)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1)
    with monkeypatch.context() as patch:
        disk_of(patch, 500 * GB, GB + 100)
        failed = wait(manager, run_id)
    epochs = len(failed.epochs)
    assert failed.status == "failed"
    assert failed.message.startswith(f"the checkpoint of epoch {epochs + 1} was not written: ")
    assert failed.message.endswith(
        "delete runs that are no longer needed, or make room; then resume the run"
    )
    manager.resume(run_id, TEACHER)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > epochs)


def test_the_largest_network_is_foreseen_as_it_was_measured() -> None:
    """Adam on 17,000 parameters: three numbers a parameter, four bytes each."""
    preset = load_presets()["gap-17k"]
    adam = parse_recipe({"dataset": "mnist", "optimizer": {"kind": "Adam"}})
    sgd: Recipe = parse_recipe({"dataset": "mnist", "optimizer": {"kind": "SGD", "momentum": 0.0}})
    three, one = (
        checkpoint_bytes(preset.architecture, each) - OVERHEAD_BYTES for each in (adam, sgd)
    )
    assert three == 3 * one


def test_the_sizes_of_what_is_stored(tmp_path: Path) -> None:
    for run, files in {
        "a": {"epoch-00001.safetensors": 10, "lock": 0},
        "b": {"lock": 0},
        "c": {"x": 3, "y": 4},
    }.items():
        (tmp_path / run).mkdir()
        for name, size in files.items():
            (tmp_path / run / name).write_bytes(bytes(size))
    folder = CheckpointFolder(tmp_path)
    assert folder.sizes() == {"a": 10, "c": 7}
    shutil.rmtree(tmp_path / "a")
    assert folder.sizes() == {"c": 7}
    assert CheckpointFolder(tmp_path / "nowhere").sizes() == {}
