"""Turns by epoch: everybody of a class has a first epoch soon, and nobody's numbers are others for
it.
"""

import threading
from pathlib import Path
from typing import Any

import pytest

from explorer.network.spec import Architecture
from explorer.people.permissions import NotAllowed
from explorer.runs import manager as manager_module
from explorer.runs.database import StoreError
from explorer.runs.manager import JobManager, QueueFull
from explorer.runs.run import Status
from explorer.runs.run_writer import NEXT_TURN, RunWriter
from explorer.runs.store import Claim, Store
from explorer.training.dataset_files import Dataset
from explorer.training.engine import train
from tests.people.shared import ANN, BEN, SOMEBODY, TEACHER, student
from tests.runs.shared import ENDLESS, recipe, wait, wait_until, without_times

GOING_ON = ("queued", "preparing", "running")
LONG = {"epochs": 4, "batch_size": 2}


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs in the order in which their turns began."""
    begun: list[str] = []
    claim = Store.claim

    def noted(self: Store, run_id: str, *args: Any) -> Claim | None:
        found = claim(self, run_id, *args)
        if found:
            begun.append(run_id)
        return found

    monkeypatch.setattr(Store, "claim", noted)
    return begun


def held(manager: JobManager, small: Architecture) -> str:
    """A run of a teacher's that keeps the slot until it is stopped."""
    run_id = manager.submit(small, recipe(epochs=1000, batch_size=2), TEACHER)
    wait(manager, run_id, lambda snapshot: snapshot.status == "running")
    return run_id


def test_runs_of_several_people_alternate_epoch_by_epoch(
    manager: JobManager, small: Architecture, turns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = threading.Event()
    keep_epoch = RunWriter.keep_epoch

    def kept(self: RunWriter, *args: Any) -> None:
        keep_epoch(self, *args)
        assert ready.wait(60)

    monkeypatch.setattr(RunWriter, "keep_epoch", kept)
    ids = [manager.submit(small, recipe(epochs=3, seed=n), student(f"p{n}")) for n in range(3)]
    ready.set()
    for run_id in ids:
        assert wait(manager, run_id).status == "finished"
    assert turns == [*ids, *ids, *ids]


def test_the_numbers_are_those_of_a_run_that_had_no_company(
    manager_on_disk: JobManager, small: Architecture, tiny: Dataset
) -> None:
    """With chance in every part of the network, and a schedule that goes on from step to step."""
    manager = manager_on_disk
    asked = [
        recipe(
            epochs=4,
            seed=seed,
            rotation=10.0,
            optimizer={"kind": "Adam"},
            scheduler={"kind": "OneCycleLR", "max_lr": 0.01},
        )
        for seed in range(3)
    ]
    ids = [manager.submit(small, each, student(f"p{each.seed}")) for each in asked]
    for run_id, each in zip(ids, asked, strict=True):
        snapshot = wait(manager, run_id)
        assert snapshot.status == "finished"
        assert snapshot.message == ""
        assert [without_times(event) for event in manager.events(run_id)] == [
            without_times(event) for event in train(small, each, tiny)
        ]


def test_whoever_is_alone_keeps_the_slot(
    manager: JobManager, small: Architecture, turns: list[str]
) -> None:
    first = manager.submit(small, recipe(**LONG), ANN)
    second = manager.submit(small, recipe(**LONG, seed=1), ANN)
    for run_id in (first, second):
        wait(manager, run_id)
    assert turns == [first, second]


def test_a_run_between_its_turns_says_so_and_can_be_stopped(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    running = Store.running

    def begun(self: Store, run_id: str, message: str) -> None:
        running(self, run_id, message)
        if self.stored_run(run_id).run.owner == BEN.id:
            assert go_on.wait(60)

    monkeypatch.setattr(Store, "running", begun)
    first = manager.submit(small, recipe(**LONG), ANN)
    second = manager.submit(small, recipe(**LONG), BEN)
    # The other one has its turn a moment later.
    waiting = wait(manager, first, lambda each: each.message == NEXT_TURN and each.position == 1)
    assert waiting.status == "queued"
    assert len(waiting.epochs) == 1
    (listed,) = (each for each in manager.runs() if each.run.id == first)
    assert (listed.status, listed.epochs_done, listed.message) == ("queued", 1, NEXT_TURN)
    manager.pause(first, ANN)
    paused = manager.snapshot(first)
    assert paused.status == "paused"
    assert paused.latest is not None
    assert (paused.latest.epoch, paused.latest.step) == (1, 35)
    manager.resume(first, ANN)
    go_on.set()
    for run_id in (first, second):
        assert wait(manager, run_id).status == "finished"
        assert len(manager.snapshot(run_id).epochs) == 4


@pytest.mark.parametrize("ask", [JobManager.stop, JobManager.pause])
def test_a_request_at_the_very_end_of_a_turn_is_heard(
    ask: Any, manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it comes between the decision to give way and the queue's entry."""
    wanted = "stopped" if ask is JobManager.stop else "paused"
    end_turn = Store.end_turn
    for moment in ("before", "after", "by another process"):
        asked: list[str] = []

        def ended(
            self: Store, run_id: str, message: str, moment: str = moment, asked: list[str] = asked
        ) -> bool:
            if asked or self.stored_run(run_id).run.owner != ANN.id:
                return end_turn(self, run_id, message)
            asked.append(run_id)
            if moment == "before":
                ask(manager, run_id, ANN)
            elif moment == "by another process":
                self.ask_to_stop(run_id, "stop" if wanted == "stopped" else "pause")
            found = end_turn(self, run_id, message)
            if moment == "after":
                ask(manager, run_id, ANN)
            return found

        monkeypatch.setattr(Store, "end_turn", ended)
        first = manager.submit(small, recipe(**ENDLESS), ANN)
        second = manager.submit(small, recipe(**LONG), BEN)
        assert wait(manager, first).status == wanted, moment
        assert wait(manager, second).status == "finished"
        assert asked == [first]


def test_a_store_that_cannot_be_written_leaves_a_run_its_turn(
    manager: JobManager, small: Architecture, turns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise StoreError("locked")

    monkeypatch.setattr(Store, "end_turn", broken)
    ids = [manager.submit(small, recipe(**LONG), person) for person in (ANN, BEN)]
    for run_id in ids:
        assert wait(manager, run_id).status == "finished"
    assert turns == ids


def test_a_server_that_is_ended_between_turns_loses_nothing(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    with JobManager(store=Store(tmp_path)) as manager:
        ids = [manager.submit(small, recipe(**ENDLESS), person) for person in (ANN, BEN)]
        for run_id in ids:
            wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1)
    manager.store.close()
    with JobManager(store=Store(tmp_path)) as manager:
        standing = [manager.snapshot(run_id) for run_id in ids]
        # Wherever each was, in its turn or between two.
        assert {each.status for each in standing} <= {"interrupted", *GOING_ON}
        for run_id, each in zip(ids, standing, strict=True):
            assert len(each.epochs) > 1
            if each.status != "interrupted":
                wait(manager, run_id, lambda now, then=each: len(now.epochs) > len(then.epochs))
            manager.stop(run_id, TEACHER)
    manager.store.close()


# --- how many may wait ----------------------------------------------------------------------------


def test_a_student_has_three_that_wait_and_a_teacher_as_many_as_there_is_room_for(
    manager: JobManager, small: Architecture
) -> None:
    running = held(manager, small)
    for number in range(3):
        manager.submit(small, recipe(seed=number), ANN)
    with pytest.raises(QueueFull, match="3 of your runs wait already, the most for one person"):
        manager.submit(small, recipe(seed=3), ANN)
    manager.submit(small, recipe(seed=3), BEN)  # nobody else's are full
    for number in range(5):
        manager.submit(small, recipe(seed=number), TEACHER)
    manager.stop(running, TEACHER)


def test_what_is_resumed_or_continued_counts_too(manager: JobManager, small: Architecture) -> None:
    finished = manager.submit(small, recipe(epochs=1), ANN)
    wait(manager, finished)
    held(manager, small)
    paused = manager.submit(small, recipe(seed=1), ANN)
    manager.pause(paused, ANN)
    for number in range(3):
        manager.submit(small, recipe(seed=number), ANN)
    with pytest.raises(QueueFull, match="3 of your runs wait"):
        manager.resume(paused, ANN)
    with pytest.raises(QueueFull, match="3 of your runs wait"):
        manager.continue_run(finished, 1, ANN)
    manager.resume(paused, TEACHER)


# --- batches --------------------------------------------------------------------------------------


def test_a_batch_waits_behind_single_runs_and_is_stopped_as_one(
    manager: JobManager, small: Architecture
) -> None:
    running = held(manager, small)
    batch = [manager.submit(small, recipe(seed=n), ANN, batch="all") for n in range(4)]
    other = manager.submit(small, recipe(seed=9), ANN, batch="other")
    single = manager.submit(small, recipe(), BEN)
    places = {each.run.id: each.position for each in manager.runs() if each.position}
    assert [places[run_id] for run_id in (single, *batch, other)] == [1, 2, 3, 4, 5, 6]
    assert manager.snapshot(batch[0]).run.batch == "all"
    with pytest.raises(NotAllowed):
        manager.stop_batch("all", BEN)
    assert manager.stop_batch("", ANN) == 0
    assert manager.stop_batch("all", ANN) == 4
    assert {manager.snapshot(run_id).status for run_id in batch} == {"stopped"}
    assert manager.snapshot(other).status == "queued"
    assert manager.stop_batch("all", ANN) == 0
    manager.stop(running, TEACHER)


def test_a_batch_gives_way_to_a_single_run_after_an_epoch(
    manager: JobManager, small: Architecture, turns: list[str]
) -> None:
    one = manager.submit(small, recipe(epochs=1000, batch_size=2), ANN, batch="all")
    wait(manager, one, lambda snapshot: snapshot.status == "running")
    single = manager.submit(small, recipe(epochs=3), ANN)
    assert wait(manager, single).status == "finished"
    wait_until(lambda: turns.count(one) == 2)
    assert turns == [one, single, one]
    manager.stop(one, ANN)


def test_a_batch_has_an_end(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager_module, "LARGEST_BATCH", 2)
    running = held(manager, small)
    for number in range(2):
        manager.submit(small, recipe(seed=number), ANN, batch="all")
    with pytest.raises(QueueFull, match="2 runs that you queued together wait already"):
        manager.submit(small, recipe(seed=2), ANN, batch="more")
    manager.submit(small, recipe(seed=3), ANN)
    manager.stop(running, TEACHER)


# --- when -----------------------------------------------------------------------------------------


def test_who_waits_and_who_trains_is_told_when(manager: JobManager, small: Architecture) -> None:
    wait(manager, manager.submit(small, recipe(epochs=3, batch_size=2), SOMEBODY))
    first = manager.submit(small, recipe(**ENDLESS), ANN)
    second = manager.submit(small, recipe(**ENDLESS), BEN)
    for run_id in (first, second):
        found = wait(manager, run_id, lambda each: each.ends_in is not None and each.ends_in > 0)
        assert found.ends_in is not None
        assert found.status in (Status.QUEUED, Status.PREPARING, Status.RUNNING)
    manager.stop(second, BEN)
    # Alone, it has nothing to wait for.
    wait(manager, first, lambda each: each.ends_in is None and each.status == "running")
    manager.stop(first, ANN)
