"""The list of all runs: right, up to date, and at a cost that depends neither on how long the runs
are nor on who asks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from explorer.network.spec import Architecture
from explorer.runs import manager as jobs
from explorer.runs.manager import JobManager
from explorer.runs.new_run import new_run
from explorer.runs.run import Status
from explorer.runs.run_list import RunList
from explorer.runs.run_summary import RunSummary, summary_of
from explorer.runs.store import Store
from explorer.training.dataset_files import Dataset
from explorer.training.event import Event
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import opened_file, recipe, wait


def events_of(epochs: int) -> list[Event]:
    """A run's, with three step events an epoch; the highest accuracy is that of the second
    epoch.
    """
    every = [
        Event(kind="started", metrics={"epochs": epochs, "steps_per_epoch": 3.0, "parameters": 7.0})
    ]
    for epoch in range(1, epochs + 1):
        every += [
            Event(kind="step", epoch=epoch, step=3 * epoch - 2 + n, metrics={"loss": 1.0})
            for n in range(3)
        ]
        whole = {
            "test_accuracy": 0.9 if epoch == 2 else 0.5 + epoch / 1000,
            "seconds": float(epoch),
        }
        every.append(Event(kind="epoch", epoch=epoch, step=3 * epoch, metrics=whole))
    return every


def kept(
    store: Store, architecture: Architecture, epochs: int, status: Status = "stopped", seed: int = 0
) -> str:
    """A run of so many epochs that has ended."""
    run = new_run(architecture, recipe("digits", epochs=max(1, epochs), seed=seed))
    claim = store.begin(run)
    every = events_of(epochs) if epochs else []
    if status == "finished":
        every.append(
            Event(
                kind="finished",
                epoch=epochs,
                step=3 * epochs,
                metrics={"test_accuracy": 0.5 + epochs / 1000},
            )
        )
    store.append(run.id, 0, every)
    store.end(run.id, status, "why")
    claim.lock.release()
    return run.id


@pytest.fixture(params=["on disk", "in memory"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path if request.param == "on disk" else None)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("epochs", "status", "done", "final", "best", "seconds"),
    [
        (0, "failed", 0, None, None, None),
        (1, "stopped", 1, 0.501, 0.501, 1.0),
        (2, "paused", 2, 0.9, 0.9, 1.5),
        (5, "finished", 5, 0.505, 0.9, 4.0),
        (40, "interrupted", 40, 0.54, 0.9, 39.0),
    ],
)
def test_what_a_summary_tells(
    epochs: int,
    status: Status,
    done: int,
    final: float | None,
    best: float | None,
    seconds: float | None,
    home: Store,
    small: Architecture,
) -> None:
    run_id = kept(home, small, epochs, status)
    (found,) = RunList(home).runs()
    assert (found.run.id, found.status, found.message) == (run_id, status, "why")
    assert (found.epochs_done, found.final_accuracy, found.best_accuracy) == (done, final, best)
    assert found.seconds_an_epoch == seconds
    assert (found.epoch, found.step) == (epochs, 3 * epochs)
    assert (found.parameters, found.steps_per_epoch) == ((7, 3.0) if epochs else (None, None))
    assert (found.finished is not None) == (status == "finished")
    with JobManager(store=home) as manager:
        assert manager.runs() == (found,)
        assert summary_of(manager.snapshot(run_id)) == found


def test_a_run_that_was_continued_and_stopped_has_still_finished_once(
    home: Store, small: Architecture
) -> None:
    run_id = kept(home, small, 2, "finished")
    claim = home.claim(run_id, ["finished"], more_epochs=3)
    assert claim
    home.end(run_id, "stopped", first=10, events=[Event(kind="stopped", epoch=3, step=7)])
    claim.lock.release()
    (found,) = RunList(home).runs()
    assert (found.status, found.run.epochs, found.epoch) == ("stopped", 5, 3)
    assert found.finished
    assert found.finished.epoch == 2


def test_what_changes_is_seen_at_the_next_look(home: Store, small: Architecture) -> None:
    listed = RunList(home)
    assert listed.runs() == ()
    first = kept(home, small, 1)
    second = kept(home, small, 2)
    assert [each.run.id for each in listed.runs()] == [second, first]
    home.rename(first, "renamed")
    home.enqueue(second, ["stopped"])
    assert [(each.run.name, each.status) for each in listed.runs()] == [
        ("tested", "queued"),
        ("renamed", "stopped"),
    ]
    home.withdraw(second, Status.STOPPED, Event(kind="stopped"))
    home.delete(second)
    assert [each.run.id for each in listed.runs()] == [first]


def test_what_another_process_writes_is_seen(tmp_path: Path, small: Architecture) -> None:
    ours, theirs = Store(tmp_path), Store(tmp_path)
    listed = RunList(ours)
    assert listed.runs() == ()
    run_id = kept(theirs, small, 3)
    assert [(each.run.id, each.epochs_done) for each in listed.runs()] == [(run_id, 3)]
    theirs.delete(run_id)
    assert listed.runs() == ()
    for each in (ours, theirs):
        each.close()


def test_a_run_that_cannot_be_read_is_left_out_and_told(
    tmp_path: Path, small: Architecture
) -> None:
    home = Store(tmp_path)
    whole, spoilt = kept(home, small, 1), kept(home, small, 1)
    with opened_file(home) as connection:
        connection.execute(
            "UPDATE runs SET recipe = '{', revision = revision + 1 WHERE id = ?", (spoilt,)
        )
        connection.execute("UPDATE events SET event = 'noise' WHERE kind = 'epoch'")
    listed = RunList(home)
    assert [each.run.id for each in listed.runs()] == [whole]
    assert listed.runs()[0].epochs_done == 0
    assert list(listed.unreadable()) == [spoilt]
    with JobManager(store=home) as manager:
        assert [each.run.id for each in manager.runs()] == [whole]
        assert any(spoilt in notice for notice in manager.notices)
        manager.delete(spoilt, TEACHER)
        manager.runs()
        assert manager.notices == ()
    home.close()


# --- what a look costs ----------------------------------------------------------------------------


class Cost:
    """What SQLite did for its answers."""

    statements = 0
    steps = 0  # instructions of its machine: each row that is read takes several


@contextmanager
def counted(store: Store) -> Iterator[Cost]:
    cost = Cost()

    def statement(text: str) -> None:
        cost.statements += 1

    def step() -> int:
        cost.steps += 1
        return 0

    with store.database.read() as connection:
        connection.set_trace_callback(statement)
        connection.set_progress_handler(step, 1)
    yield cost
    with store.database.read() as connection:
        connection.set_trace_callback(None)
        connection.set_progress_handler(None, 1)


@pytest.mark.parametrize("runs", [10, 300])
def test_a_look_where_nothing_has_changed_is_one_question(
    runs: int, tmp_path: Path, small: Architecture
) -> None:
    home = Store(tmp_path)
    for _ in range(runs):
        kept(home, small, 1)
    listed = RunList(home)
    first = listed.runs()
    with counted(home) as cost:
        assert listed.runs() is first
    assert cost.statements == 1
    assert cost.steps < 20
    home.close()


def test_a_change_to_one_run_reads_that_run_alone_however_long_the_others_are(
    tmp_path: Path, small: Architecture
) -> None:
    """The figures of a home of short runs and of one of long ones: the same but for what the
    changed run has.
    """
    costs = []
    for length in (2, 200):
        home = Store(tmp_path / str(length))
        changed = kept(home, small, 3)
        for _ in range(20):
            kept(home, small, length)
        listed = RunList(home)
        listed.runs()
        home.rename(changed, "other")
        with counted(home) as cost:
            assert listed.runs()[-1].run.name == "other"
        costs.append((cost.statements, cost.steps))
        home.close()
    (questions, few), (as_many, many) = costs
    # Has anything changed, which runs are there, those that have, and their epochs.
    assert questions == as_many == 4
    assert many < 1.1 * few


def test_more_epochs_than_are_kept_at_hand_are_not_read_again(
    tmp_path: Path, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number of epochs makes the list turn a cache over."""
    monkeypatch.setattr(jobs, "EVENTS_AT_HAND", 50)
    home = Store(tmp_path)
    for _ in range(30):
        kept(home, small, 10)
    with JobManager(store=home) as manager:
        monkeypatch.setattr(jobs, "RECOVER_EVERY", float("inf"))
        assert [each.epochs_done for each in manager.runs()] == [10] * 30
        with counted(home) as cost:
            assert len(manager.runs()) == 30
        assert cost.statements == 1
    home.close()


def test_a_run_that_trains_here_is_told_as_this_process_knows_it(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    with JobManager(store=Store(tmp_path)) as manager:
        earlier = manager.submit(small, recipe(), SOMEBODY)
        wait(manager, earlier)
        run_id = manager.submit(small, recipe(epochs=1000, batch_size=2), SOMEBODY)
        reached = len(wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1).epochs)
        live, before = manager.runs()
        assert (live.status, before.status) == ("running", "finished")
        assert live.epochs_done >= reached
        assert live.final_accuracy is not None
        assert [len(each.epochs) for each in manager.snapshots([earlier, "gone"])] == [2]
    manager.store.close()


def test_equal_networks_are_one_object(home: Store, small: Architecture) -> None:
    """So that thousands of runs of one network take the room of one."""
    for _ in range(3):
        kept(home, small, 1)
    runs: tuple[RunSummary, ...] = RunList(home).runs()
    assert len({id(each.run.architecture) for each in runs}) == 1
