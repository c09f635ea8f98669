"""A slot outlives whatever goes wrong in it: the run ends, it is said, and the queue goes on."""

import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from explorer.network.spec import Architecture
from explorer.runs import manager as jobs
from explorer.runs.database import StoreError
from explorer.runs.manager import JobManager
from explorer.runs.new_run import new_run
from explorer.runs.run import RunError
from explorer.runs.run_loop import RunLoop
from explorer.runs.store import Store
from explorer.training.dataset_files import Dataset, Split
from explorer.training.datasets import DATASETS
from explorer.training.event import Event
from tests.cpu import least_wait
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import ENDLESS, has_steps, recipe, threads_of, wait, wait_until
from tests.tiny import read_tiny, tiny_kind


@pytest.fixture
def manager(manager_on_disk: JobManager, monkeypatch: pytest.MonkeyPatch) -> JobManager:
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.05)
    return manager_on_disk


def fail_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: BaseException) -> None:
    """The method raises the first time that it is called, and then is as it was."""
    original = getattr(owner, name)

    def fail(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, original)
        raise error

    monkeypatch.setattr(owner, name, fail)


def test_a_fault_while_a_run_is_recorded_ends_that_run_alone(
    manager: JobManager,
    small: Architecture,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail_once(monkeypatch, RunLoop, "train", ZeroDivisionError("by accident"))
    broken, next_one = (
        manager.submit(small, recipe(), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    failed = wait(manager, broken)
    assert (failed.status, failed.message) == (
        "failed",
        "the program failed (ZeroDivisionError: by accident)",
    )
    assert wait(manager, next_one).status == "finished"
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(lines) == 1
    assert lines[0].startswith(
        f"run {broken} failed: ZeroDivisionError: by accident (test_workers.py, line "
    )
    assert "\n" not in lines[0]
    manager.resume(broken, TEACHER)
    assert wait(manager, broken).status == "finished"


def test_a_run_that_is_locked_for_a_moment_is_taken_once_it_is_free(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds an interrupted run holds its lock while it says so, and somebody may resume the
    run just then.
    """
    run_id = manager.submit(small, recipe(), SOMEBODY)
    wait(manager, run_id)
    found: list[object] = []
    claim_next = manager.store.claim_next

    def looking() -> object:
        found.append(claim := claim_next())
        return claim

    monkeypatch.setattr(manager.store, "claim_next", looking)
    lock = manager.store.checkpoints.lock(run_id)
    assert lock is not None
    manager.continue_run(run_id, 1, TEACHER)
    wait_until(lambda: None in found)
    lock.release()
    assert len(wait(manager, run_id).epochs) == 3


def test_a_fault_between_two_runs_is_said_and_the_queue_goes_on(
    manager: JobManager,
    small: Architecture,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail_once(monkeypatch, Store, "claim_next", ZeroDivisionError("by accident"))
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"
    (said,) = (record.getMessage() for record in caplog.records if record.levelno == logging.ERROR)
    assert said.startswith("the program failed: ZeroDivisionError: by accident (")
    assert manager.notices == ()


class _Exit(BaseException):
    pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_slot_is_free_again_when_its_thread_dies(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, RunLoop, "train", _Exit())
    died = manager.submit(small, recipe(), SOMEBODY)
    wait_until(lambda: not threads_of(died))
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"


def test_a_run_whose_end_cannot_be_written_does_not_keep_others_from_the_slot(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, has_steps)
    end, refused = Store.end, StoreError("its events are numbered twice")
    refused.__cause__ = sqlite3.IntegrityError("UNIQUE constraint failed")

    def refuse(store: Store, ended: str, *args: Any, **kwargs: Any) -> None:
        if ended == run_id:
            raise refused
        end(store, ended, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "end", refuse)
        manager.stop(run_id, TEACHER)
        next_one = manager.submit(small, recipe(), SOMEBODY)
        assert wait(manager, next_one).status == "finished"
        wait_until(lambda: manager.notices)
        assert manager.notices == (
            f"how run {run_id} ended cannot be written: its events are numbered twice",
        )
        assert manager.snapshot(run_id).status == "stopped"
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"
    assert manager.notices == ()
    assert manager.store.stored_run(run_id).status == "stopped"


def test_nothing_is_written_for_a_run_that_is_not_being_trained(
    small: Architecture, tiny: Dataset, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run = new_run(small, recipe())
    claim = store.begin(run)
    store.append(run.id, 0, [Event(kind="started")])
    store.end(run.id, "stopped", "", 1, [Event(kind="stopped")])
    with pytest.raises(RunError, match=f"run {run.id} is not this process's to train any more"):
        store.append(run.id, 2, [Event(kind="step")])
    assert [event.kind for event in store.events(run.id)] == ["started", "stopped"]
    claim.lock.release()
    store.close()


def test_a_run_that_is_lost_while_it_trains_ends(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where somebody has deleted the folder with its lock, and another process has said that it
    was interrupted.
    """
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, has_steps)
    manager.store.end(run_id, "interrupted", "taken away")
    assert wait(manager, run_id).status == "interrupted"
    assert manager.store.stored_run(run_id).status == "interrupted"
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"


def test_stop_is_heard_while_another_slot_reads_the_same_images(
    small: Architecture, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a second, whatever the reading does meanwhile and whoever began it."""
    opened, begun = threading.Event(), threading.Event()

    def read(root: Path, progress: Any) -> tuple[Split, Split]:
        begun.set()
        assert opened.wait(60)
        return read_tiny(root, progress)

    monkeypatch.setitem(DATASETS, "slow", tiny_kind(read))
    with JobManager(slots=2, store=Store(tmp_path)) as manager:
        first = manager.submit(small, recipe("slow"), SOMEBODY)
        assert begun.wait(30)
        waiting = [manager.submit(small, recipe("slow"), SOMEBODY)]

        def prepare() -> None:
            """One waits for the images in the other slot, and one for that slot."""
            waiting.append(manager.submit(small, recipe("slow"), SOMEBODY))
            wait(manager, waiting[0], lambda snapshot: snapshot.status == "preparing")

        for ask, status in ((JobManager.stop, "stopped"), (JobManager.pause, "paused")):

            def end(ask: Any = ask, status: str = status) -> None:
                run_id = waiting.pop(0)
                ask(manager, run_id, TEACHER)
                ended = wait(manager, run_id)
                assert manager.snapshot(first).status == "preparing"  # the data have not come
                assert (ended.status, ended.message) == (
                    status,
                    f"{status} while its data were coming",
                )

            assert least_wait(end, 1, prepare) < 1
        for run_id in waiting:
            manager.stop(run_id, TEACHER)
        opened.set()
        assert wait(manager, first).status == "finished"
