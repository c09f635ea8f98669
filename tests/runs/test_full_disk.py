"""A disk that is really full: what was said is kept, what cannot be done is said, and it goes on
once there is room.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.network.spec import Architecture
from explorer.runs import database
from explorer.runs import manager as jobs
from explorer.runs.manager import JobManager, QueueFull
from explorer.runs.store import Store
from explorer.training.dataset_files import Dataset
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import recipe, wait


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path, leave: int) -> Path:
    """A file that leaves so many bytes of the disk free."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    (folder / "filling").write_bytes(bytes(max(0, free - leave)))
    return folder / "filling"


def submit_many(manager: JobManager, small: Architecture) -> None:
    """More than there is room for on the pages that the file has."""
    for _ in range(200):
        manager.submit(small, recipe(), SOMEBODY)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a file system of its own")
@pytest.mark.parametrize("reserve", ["the reserve is kept", "there is none"])
def test_a_run_ends_and_goes_on_where_the_disk_is_full(
    reserve: str,
    small_disk: Path,
    small: Architecture,
    tiny: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.05)
    if reserve == "there is none":
        monkeypatch.setenv("EXPLORER_RESERVE_MB", "0")
    with JobManager(store=Store(small_disk / "home")) as manager:
        run_id = manager.submit(small, recipe(epochs=1000, batch_size=2), SOMEBODY)
        waiting = manager.submit(small, recipe(), SOMEBODY)
        wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1)
        filling = fill(small_disk, leave=0)
        failed = wait(manager, run_id)
        epochs = len(failed.epochs)
        assert failed.status == "failed"
        assert "make room" in failed.message or "No space left on device" in failed.message, (
            failed.message
        )
        with pytest.raises(QueueFull, match="make room"):
            submit_many(manager, small)
        assert len(manager.snapshot(run_id).epochs) == epochs  # what was kept is shown
        filling.unlink()
        if wait(manager, waiting).resumable:  # it was taken while the disk was full
            manager.resume(waiting, TEACHER)
        assert wait(manager, waiting).status == "finished"
        manager.resume(run_id, TEACHER)
        again = wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > epochs)
        assert [event.epoch for event in again.epochs][: epochs + 1] == list(range(1, epochs + 2))
    manager.store.close()
    whole = Store(small_disk / "home")
    assert whole.damage() == ""
    assert whole.missing().runs == ()
    whole.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a file system of its own")
def test_a_full_disk_at_the_start_is_a_sentence_or_a_store_that_works(
    small_disk: Path, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "OPEN_SECONDS", 0.5)
    fill(small_disk, leave=0)
    with pytest.raises(
        database.StoreError, match=r"cannot be (written|read or written|opened).*disk|No space left"
    ):
        Store(small_disk / "home")
    (small_disk / "filling").unlink()
    with JobManager(store=Store(small_disk / "home")) as manager:
        assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"
    manager.store.close()
