"""What can go wrong around a training: each ends in a clear message of its run, and the next run
trains.
"""

import errno
import math
import os
import random
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import files
from explorer.network.spec import Architecture
from explorer.runs import checkpoint_files, checkpoint_format, database, run_loop
from explorer.runs import manager as jobs
from explorer.runs.checkpoint_format import read_checkpoint, save_checkpoint
from explorer.runs.database import StoreError
from explorer.runs.home import open_store
from explorer.runs.manager import JobManager, QueueFull, RunError, Snapshot
from explorer.runs.new_run import new_run
from explorer.runs.rows import NotedBytes
from explorer.runs.store import Missing, Store
from explorer.training import dataset_files, engine
from explorer.training.dataset_files import Dataset, Split
from explorer.training.datasets import DATASETS, DatasetError
from explorer.training.event import Event
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import ENDLESS, PATIENCE, has_steps, opened_file, recipe, wait
from tests.tiny import tiny_kind


@pytest.fixture
def manager(manager_on_disk: JobManager) -> JobManager:
    return manager_on_disk


def the_next_trains(manager: JobManager, small: Architecture) -> None:
    assert wait(manager, manager.submit(small, recipe(epochs=1), SOMEBODY)).status == "finished"


def message(snapshot: Snapshot) -> str:
    assert snapshot.latest is not None
    assert (snapshot.status, snapshot.latest.kind) == ("failed", "failed")
    assert snapshot.message == snapshot.latest.message
    return snapshot.message


# --- the disk -------------------------------------------------------------------------------------


def full(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_ends_a_run_at_its_last_whole_epoch(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        failed = wait(manager, run_id)
    epochs = len(failed.epochs)
    assert message(failed).startswith(f"the checkpoint of epoch {epochs + 1} cannot be written to ")
    assert message(failed).endswith(": No space left on device; make that right and resume the run")
    the_next_trains(manager, small)
    manager.resume(run_id, TEACHER)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > epochs)
    assert [event.epoch for event in manager.snapshot(run_id).epochs][: epochs + 1] == list(
        range(1, epochs + 2)
    )


def grow(connection: sqlite3.Connection, pages: int) -> None:
    connection.execute(f"PRAGMA max_page_count = {pages}")


def submit_many(manager: JobManager, small: Architecture) -> None:
    """More than there is room for on the pages that the file has."""
    for _ in range(100):
        manager.submit(small, recipe(epochs=1), TEACHER)


def test_a_database_that_cannot_grow_is_told_and_written_later(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own limit stands for a full disk: the run fails, says so at once, and is written
    when there is room.
    """
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.05)
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, has_steps)
    writer = manager.store.database._writer
    with opened_file(manager.store) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    grow(writer, pages)
    failed = wait(manager, run_id)
    assert "cannot be written, the disk is full; make room on it" in message(failed)
    with pytest.raises(QueueFull, match="the disk is full"):
        submit_many(manager, small)
    deadline = time.monotonic() + 60
    while not manager.notices and time.monotonic() < deadline:
        time.sleep(0.01)
    assert any("the disk is full" in notice for notice in manager.notices)
    grow(writer, 1_000_000)
    the_next_trains(manager, small)
    assert manager.notices == ()
    assert manager.store.stored_run(run_id).status == "failed"
    epochs = len(manager.snapshot(run_id).epochs)
    assert manager.store.last_epoch(run_id) == epochs


def refuse_to_write(manager: JobManager, patch: pytest.MonkeyPatch) -> None:
    """The home turns read-only: so do the database for SQLite, and the folders of checkpoints for
    the system.
    """

    def refuse(path: Path, write: Callable[[Path], None]) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    patch.setattr(checkpoint_files, "write_whole", refuse)
    manager.store.database._writer.execute("PRAGMA query_only = ON")


def test_a_home_that_turns_read_only_ends_a_run_and_the_queue_waits(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.05)
    run_id, next_one = (
        manager.submit(small, recipe(**ENDLESS), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1)
    with monkeypatch.context() as patch:
        refuse_to_write(manager, patch)
        failed = wait(manager, run_id)
        epochs = len(failed.epochs)
        # Which of the two is met first is chance.
        checkpoint = (
            rf"the checkpoint of epoch {epochs + 1} cannot be written to .*: "
            r"Read-only file system; make that right"
        )
        assert re.match(
            rf"{checkpoint} and resume|.*/runs\.sqlite cannot be written; allow writing there",
            message(failed),
        )
        waiting = wait(manager, next_one, lambda snapshot: snapshot.message != "")
        assert waiting.status == "queued"
        assert (
            "runs.sqlite cannot be written; allow writing there, or let EXPLORER_HOME name another"
        ) in waiting.message
        assert any("runs.sqlite cannot be written" in notice for notice in manager.notices)
        with pytest.raises(QueueFull, match=r"runs\.sqlite cannot be written"):
            manager.submit(small, recipe(), SOMEBODY)
        assert len(manager.snapshot(run_id).epochs) == epochs  # what was kept is shown
    manager.store.database._writer.execute("PRAGMA query_only = OFF")
    assert wait(manager, next_one).status == "finished"
    assert manager.store.stored_run(run_id).status == "failed"
    assert manager.notices == ()
    manager.resume(run_id, TEACHER)
    going_on = wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > epochs)
    assert [event.epoch for event in going_on.epochs][: epochs + 1] == list(range(1, epochs + 2))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program's transaction."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_ends_a_run_and_the_queue_waits(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    with JobManager(store=Store(tmp_path)) as manager:
        run_id, next_one = (
            manager.submit(small, recipe(**ENDLESS), SOMEBODY),
            manager.submit(small, recipe(), SOMEBODY),
        )
        wait(manager, run_id, has_steps)
        with locked(tmp_path / "runs.sqlite"):
            failed = wait(manager, run_id)
            assert (
                "runs.sqlite is locked by another program; end that program or let it finish"
                in message(failed)
            )
            waiting = wait(manager, next_one, lambda snapshot: snapshot.message != "")
            assert (waiting.status, waiting.position) == ("queued", 1)
            assert "is locked by another program" in waiting.message
            with pytest.raises(QueueFull, match="is locked by another program"):
                manager.submit(small, recipe(), SOMEBODY)
            with pytest.raises(RunError, match="is locked by another program"):
                manager.rename(run_id, "x", TEACHER)
        assert wait(manager, next_one).status == "finished"
        assert manager.store.stored_run(run_id).status == "failed"
        assert manager.notices == ()
    manager.store.close()


@pytest.mark.usefixtures("impatient")
def test_a_short_lock_is_waited_for(
    tmp_path: Path, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 30.0)
    with JobManager(store=Store(tmp_path)) as manager:
        run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
        reached = len(wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1).epochs)
        waits = threading.Event()
        write = database.Database.write

        def write_told(*arguments: Any, **options: Any) -> Any:
            waits.set()
            return write(*arguments, **options)

        monkeypatch.setattr(database.Database, "write", write_told)
        with locked(tmp_path / "runs.sqlite"):
            waits.clear()
            assert waits.wait(PATIENCE)
            assert manager.snapshot(run_id).status == "running"  # who only looks never waits
        wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > reached + 2)
    manager.store.close()


def test_where_nothing_can_be_written_runs_are_kept_in_memory_if_that_is_asked_for(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    (tmp_path / "file").write_text("in the way")
    for home in (tmp_path / "file" / "home", Path("/proc/home")):
        with pytest.raises(StoreError, match=f"{home} cannot be written"):
            open_store(home)
        with JobManager(store=open_store(home, keep_nothing=True)) as manager:
            assert manager.notices == ("Runs are kept in memory only, and end with this process",)
            run_id = manager.submit(small, recipe(), SOMEBODY)
            assert wait(manager, run_id).status == "finished"
            manager.continue_run(run_id, 1, TEACHER)
            assert len(wait(manager, run_id).epochs) == 3


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(200)])
def test_a_file_that_is_no_database_is_left_alone(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite").write_bytes(content)
    with pytest.raises(
        StoreError,
        match=r"runs\.sqlite is no database of runs; move it away, and a new one is made at the",
    ):
        open_store(tmp_path)
    open_store(tmp_path, keep_nothing=True).close()
    assert (tmp_path / "runs.sqlite").read_bytes() == content


def two_runs(folder: Path, small: Architecture) -> tuple[str, str]:
    """One that has finished and one that was stopped after some epochs, kept by a server that has
    ended.
    """
    with JobManager(store=Store(folder)) as manager:
        finished = manager.submit(small, recipe(epochs=3), SOMEBODY)
        wait(manager, finished)
        stopped = stopped_after(manager, small, 3)
    manager.store.close()
    return finished, stopped


def spoil_wal(folder: Path, how: str) -> None:
    wal = folder / "runs.sqlite-wal"
    assert wal.stat().st_size > 0
    if how == "gone":
        wal.unlink()
    elif how == "noise":
        wal.write_bytes(os.urandom(wal.stat().st_size))
    elif how == "halved":
        wal.write_bytes(wal.read_bytes()[: wal.stat().st_size // 2])
    else:
        wal.unlink()
        (folder / "runs.sqlite").write_bytes(b"")
    (folder / "runs.sqlite-shm").unlink(missing_ok=True)


@pytest.mark.parametrize("how", ["gone", "noise", "halved", "emptied"])
def test_what_a_damaged_wal_took_with_it_is_told(
    how: str, tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    """The other's files are copied while it runs, as a kill or a power cut would leave them."""
    with JobManager(store=Store(tmp_path / "live")) as manager:
        lost = [stopped_after(manager, small, 4) for _ in range(2)]
        shutil.copytree(tmp_path / "live", tmp_path / "home")
    manager.store.close()
    spoil_wal(tmp_path / "home", how)
    store = Store(tmp_path / "home")
    missing = store.missing()
    known = set(store.revisions())
    assert set(missing.runs) == set(lost) - known
    assert missing.runs or missing.epochs
    if how in ("gone", "noise", "emptied"):
        assert missing.runs == tuple(sorted(lost))
    with JobManager(store=store) as manager:  # and it goes on
        for run_id in known:  # half a file may end where one of these waits, and it has no end
            manager.stop(run_id, TEACHER)
        the_next_trains(manager, small)
    store.close()


def test_nothing_is_missing_of_runs_as_they_should_be(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    two_runs(tmp_path, small)
    store = Store(tmp_path)
    assert store.missing() == Missing((), ())
    run_id = next(iter(store.revisions()))
    path, last = tmp_path / "checkpoints" / run_id, store.last_epoch(run_id)
    shutil.copy(path / f"epoch-{last:05d}.safetensors", path / f"epoch-{last + 1:05d}.safetensors")
    # A kill between a checkpoint and its event leaves one more.
    assert store.missing() == Missing((), ())
    store.close()


def test_a_plain_copy_of_the_file_has_what_was_there_at_the_start_and_once_a_while_later(
    tmp_path: Path, small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which somebody may take for a backup: the newest events are in the -wal file beside it."""

    def copied() -> list[str]:
        (tmp_path / "copy").mkdir(exist_ok=True)
        shutil.copy(tmp_path / "home" / "runs.sqlite", tmp_path / "copy" / "runs.sqlite")
        copy = Store(tmp_path / "copy")
        found = list(copy.revisions())
        copy.close()
        return found

    with JobManager(store=Store(tmp_path / "home")) as manager:
        assert copied() == []  # a list without runs, no broken file
        monkeypatch.setattr(database, "TIDY_SECONDS", 0.0)
        run_id = manager.submit(small, recipe(), SOMEBODY)
        wait(manager, run_id)
        assert copied() == [run_id]
    manager.store.close()


def test_a_backup_is_whole_while_a_run_trains(
    manager: JobManager, small: Architecture, tmp_path: Path
) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 2)
    (tmp_path / "other").mkdir()
    manager.store.back_up(tmp_path / "other" / "runs.sqlite")
    copy = Store(tmp_path / "other")
    assert copy.damage() == ""
    assert copy.last_epoch(run_id) > 1
    copy.close()


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(
    manager: JobManager, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "taken.part").mkdir()  # where the copy would be written first
    with pytest.raises(StoreError, match=r"taken cannot be written: unable to open database file"):
        manager.store.back_up(folder / "taken")
    assert [each.name for each in folder.iterdir()] == ["taken.part"]


@pytest.mark.parametrize(
    ("first", "last"), [(100, 4000), (4096, None)], ids=["its first page", "all others"]
)
def test_a_damaged_database_is_noticed(
    first: int, last: int | None, tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    two_runs(tmp_path, small)
    file = tmp_path / "runs.sqlite"
    content = bytearray(file.read_bytes())
    content[first:last] = random.Random(0).randbytes(len(content[first:last]))
    file.write_bytes(content)
    assert noticed(tmp_path)


def noticed(folder: Path) -> bool:
    """It cannot be opened, or once it is the check tells."""
    try:
        store = Store(folder)
    except StoreError as error:
        return "is damaged; put a backup in its place" in str(error)
    try:
        return store.damage() != ""
    finally:
        store.close()


def test_a_store_in_memory_shows_what_is_kept_and_changes_nothing(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    finished, stopped = two_runs(tmp_path, small)
    queued = Store(tmp_path)
    waiting = new_run(small, recipe())
    queued.add(waiting)
    queued.close()
    before = {
        path: path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name.endswith(("te", "rs"))
    }
    with JobManager(store=open_store(tmp_path, keep_nothing=True)) as manager:
        stands = {each.run.id: each.status for each in manager.runs()}
        assert stands == {finished: "finished", stopped: "stopped", waiting.id: "interrupted"}
        assert len(manager.snapshot(finished).epochs) == 3
        assert manager.weights(finished).epoch == 3
        manager.continue_run(finished, 1, TEACHER)
        assert len(wait(manager, finished).epochs) == 4
        manager.delete(stopped, TEACHER)
    assert {path: path.read_bytes() for path in before} == before
    again = Store(tmp_path)
    assert again.last_epoch(finished) == 3
    assert again.waiting() == [waiting.id]
    again.close()


def test_nothing_is_written_to_a_run_that_is_no_longer_trained(
    manager: JobManager, small: Architecture
) -> None:
    run = new_run(small, recipe())
    claim = manager.store.begin(run)
    manager.store.end(run.id, "stopped")
    with pytest.raises(RunError, match=f"run {run.id} is not this process's to train any more"):
        manager.store.append(run.id, 0, [Event(kind="step", step=1, metrics={"loss": 1.0})])
    assert manager.store.events(run.id) == ()
    claim.lock.release()


def test_an_epoch_is_shown_only_once_it_is_kept(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, int]] = []  # epochs on the page just before one is kept, and that one
    append = Store.append

    def append_told(
        store: Store,
        run_id: str,
        first: int,
        events: Sequence[Event],
        durable: bool = False,
        noted: NotedBytes | None = None,
    ) -> None:
        kept = [event.epoch for event in events if event.kind == "epoch"]
        shown.extend((len(manager.snapshot(run_id).epochs), epoch) for epoch in kept)
        append(store, run_id, first, events, durable, noted)

    monkeypatch.setattr(Store, "append", append_told)
    run_id = manager.submit(small, recipe(epochs=3), SOMEBODY)
    assert wait(manager, run_id).status == "finished"
    assert shown == [(0, 1), (1, 2), (2, 3)]


# --- checkpoints ----------------------------------------------------------------------------------


def stopped_after(manager: JobManager, small: Architecture, epochs: int) -> str:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) >= epochs)
    manager.stop(run_id, TEACHER)
    wait(manager, run_id)
    return run_id


def checkpoints(manager: JobManager, run_id: str) -> list[Path]:
    """The newest first."""
    assert manager.store.folder is not None
    return sorted(
        (manager.store.folder / "checkpoints" / run_id).glob("*.safetensors"), reverse=True
    )


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    manager: JobManager, small: Architecture
) -> None:
    run_id = stopped_after(manager, small, 3)
    epochs = len(manager.snapshot(run_id).epochs)
    newest, before, *_ = checkpoints(manager, run_id)
    newest.write_bytes(newest.read_bytes()[:-1] + b"?")
    manager.resume(run_id, TEACHER)
    running = wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > epochs)
    assert running.message.startswith(f"the checkpoint of epoch {epochs} is damaged (")
    assert running.message.endswith(f"; the run went on from epoch {epochs - 1}")
    assert [event.epoch for event in running.epochs] == list(range(1, len(running.epochs) + 1))
    assert before.name == f"epoch-{epochs - 1:05d}.safetensors"


def test_a_newest_checkpoint_that_is_gone_is_named(
    manager: JobManager, small: Architecture
) -> None:
    run_id = stopped_after(manager, small, 3)
    epochs = len(manager.snapshot(run_id).epochs)
    checkpoints(manager, run_id)[0].unlink()
    manager.resume(run_id, TEACHER)
    running = wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > epochs)
    assert (
        running.message
        == f"the checkpoint of epoch {epochs} is missing; the run went on from epoch {epochs - 1}"
    )


def test_a_checkpoint_is_written_once_files_can_be_opened_again(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WAIT", 0.001)
    write, refused = checkpoint_files.write_whole, []

    def too_many(path: Path, *arguments: Any) -> None:
        if len(refused) < 3:
            refused.append(path)
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        write(path, *arguments)

    monkeypatch.setattr(checkpoint_files, "write_whole", too_many)
    assert wait(manager, manager.submit(small, recipe(epochs=1), SOMEBODY)).status == "finished"
    assert len(refused) == 3


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b""), "is damaged ("),
        (lambda path: path.unlink(), "there is no checkpoint of epoch"),
    ],
)
def test_without_any_checkpoint_a_run_cannot_go_on(
    spoil: Callable[[Path], None], words: str, manager: JobManager, small: Architecture
) -> None:
    run_id = stopped_after(manager, small, 2)
    for path in checkpoints(manager, run_id):
        spoil(path)
    events = len(manager.snapshot(run_id).epochs)
    manager.resume(run_id, TEACHER)
    failed = wait(manager, run_id)
    assert words in message(failed)
    assert message(failed).endswith("so that the run cannot go on; start a new run")
    assert len(failed.epochs) == events
    the_next_trains(manager, small)


def test_a_checkpoint_of_another_network_fails(manager: JobManager, small: Architecture) -> None:
    run_id = stopped_after(manager, small, 2)
    other = stopped_after(manager, small.model_copy(update={"layers": small.layers[1:]}), 2)
    epochs = len(manager.snapshot(run_id).epochs)
    foreign = read_checkpoint(manager.store.checkpoints, other, len(manager.snapshot(other).epochs))
    save_checkpoint(manager.store.checkpoints, run_id, foreign._replace(epoch=epochs))
    manager.resume(run_id, TEACHER)
    assert message(wait(manager, run_id)).startswith(
        "torch cannot train this network: Error(s) in loading state_dict"
    )
    the_next_trains(manager, small)


# --- data, device and numbers ---------------------------------------------------------------------


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            DatasetError("x has 100 bytes, 47,040,016 are expected"),
            "Tiny cannot be loaded: x has 100 bytes, 47,040,016",
        ),
        (MemoryError(), "out of memory while its data were read"),
    ],
)
def test_data_that_cannot_be_read(
    error: Exception,
    words: str,
    manager: JobManager,
    small: Architecture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(DATASETS, "spoilt", tiny_kind(raising(error)))
    failed = wait(manager, manager.submit(small, recipe("spoilt"), SOMEBODY))
    assert words in message(failed)
    the_next_trains(manager, small)


def test_out_of_memory_while_a_checkpoint_is_saved(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_format, "_save_file", raising(MemoryError()))
        failed = wait(manager, manager.submit(small, recipe(), SOMEBODY))
    assert message(failed) == (
        "out of memory while what it learnt was saved: end other programs, or try fewer parameters"
    )
    the_next_trains(manager, small)


def empty_mnist(root: Path) -> Path:
    """MNIST's files as they should be but for their content, all zeros; the folder."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, sizes in dataset_files._IDX_SIZES.items():
        header = bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
        (folder / name).write_bytes(header + bytes(math.prod(sizes)))
    return folder


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (104, "has 104 bytes where 47,040,016 belong: delete it, and it is downloaded again"),
        (None, "is corrupt: delete it, and it is downloaded again"),  # its checksum is wrong
    ],
)
def test_truncated_and_spoilt_files_of_mnist(
    cut: int | None,
    words: str,
    tmp_path: Path,
    small: Architecture,
    stack: Callable[..., Architecture],
    tiny: Dataset,
) -> None:
    """The message is the data sets' own; the run carries it, and can be resumed once the files are
    right.
    """
    file = empty_mnist(tmp_path / "data") / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:cut])
    with JobManager(data_root=tmp_path / "data", store=Store(tmp_path / "home")) as manager:
        linear = stack("Flatten", {"kind": "Linear", "out_features": 10}, shape=(1, 28, 28))
        failed = wait(manager, manager.submit(linear, recipe("mnist"), SOMEBODY))
        offer = "Or use the built-in digits, which need no files."
        assert message(failed) == f"MNIST cannot be loaded: {file} {words}. {offer}"
        assert failed.resumable
        assert file.exists()  # we may not have made it
        the_next_trains(manager, small)
    manager.store.close()


def test_out_of_memory_on_the_device(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        patch.setattr(engine.Numerics, "run", raising(error))
        failed = wait(manager, manager.submit(small, recipe(), SOMEBODY))
    assert message(failed) == "out of memory: try a batch size of 16 instead of 32, or smaller maps"
    the_next_trains(manager, small)


def test_a_loss_that_is_no_number(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            engine.Numerics, "run", lambda self, network, images: network(images) * float("nan")
        )
        failed = wait(manager, manager.submit(small, recipe(), SOMEBODY))
    assert message(failed).startswith(
        "training diverged (the loss is NaN or infinite at epoch 1, step "
    )
    the_next_trains(manager, small)


def test_a_device_that_is_gone_when_the_run_is_resumed(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = stopped_after(manager, small, 1)
    with opened_file(manager.store) as connection:
        connection.execute("UPDATE runs SET device = 'cuda'")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        RunError, match=f"run {run_id} cannot go on: this machine has no cuda; choose auto or "
    ):
        manager.resume(run_id, TEACHER)
    assert manager.snapshot(run_id).status == "stopped"
    the_next_trains(manager, small)


def test_a_fault_of_ours_ends_its_run_alone(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(run_loop, "train", raising(AttributeError("by accident")))
        failed = wait(manager, manager.submit(small, recipe(), SOMEBODY))
    assert (
        message(failed)
        == "the program failed (AttributeError: by accident); the server's log says where"
    )
    the_next_trains(manager, small)


def test_one_that_fails_leaves_the_others_as_they_were(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    """Two at once: one fails, the other does not notice."""
    opened = threading.Event()

    def read(root: Path, progress: Any) -> tuple[Split, Split]:
        assert opened.wait(60)
        raise DatasetError("gone")

    DATASETS["failing"] = tiny_kind(read)
    try:
        with JobManager(slots=2, store=Store(tmp_path)) as manager:
            whole, failing = (
                manager.submit(small, recipe(epochs=40), SOMEBODY),
                manager.submit(small, recipe("failing"), SOMEBODY),
            )
            wait(manager, whole, has_steps)
            opened.set()
            message(wait(manager, failing))
            assert wait(manager, whole).status == "finished"
            assert [event.epoch for event in manager.snapshot(whole).epochs] == list(range(1, 41))
        manager.store.close()
    finally:
        del DATASETS["failing"]
