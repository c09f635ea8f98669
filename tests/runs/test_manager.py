"""Training in the background: queue, slots, stopping, failures, shutting down."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from explorer.network.build import build
from explorer.network.spec import Architecture
from explorer.runs import checkpoint_files, checkpoint_format, new_run, run_writer
from explorer.runs import manager as jobs
from explorer.runs.checkpoint_format import read_checkpoint
from explorer.runs.manager import (
    CannotTrain,
    JobManager,
    NoWeights,
    QueueFull,
    RunError,
    UnknownRun,
)
from explorer.runs.run_loop import RunLoop
from explorer.runs.store import Store
from explorer.training.checkpoint import Checkpoint, network_weights
from explorer.training.dataset_files import Dataset, Split
from explorer.training.datasets import DATASETS, DatasetError
from explorer.training.devices import DeviceError
from explorer.training.engine import train
from explorer.training.event import Event
from tests.people.shared import ANN, SOMEBODY, TEACHER, student
from tests.runs.shared import (
    ENDLESS,
    PATIENCE,
    has_steps,
    opened_file,
    recipe,
    threads_of,
    wait,
    wait_until,
    without_times,
)
from tests.tiny import read_tiny, tiny_kind

ROOT = Path(__file__).parents[2]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A data set "gated" that is read only when the gate is set."""
    opened = threading.Event()

    def read(root: Path, progress: Any) -> tuple[Split, Split]:
        assert opened.wait(PATIENCE)
        return read_tiny(root, progress)

    monkeypatch.setitem(DATASETS, "gated", tiny_kind(read))
    yield opened
    opened.set()


# --- a run ----------------------------------------------------------------------------------------


def test_a_run_gives_the_events_of_train(
    manager: JobManager, small: Architecture, tiny: Dataset
) -> None:
    run_id = manager.submit(small, recipe(), ANN)
    snapshot = wait(manager, run_id)
    events = manager.events(run_id)
    assert [without_times(e) for e in events] == [
        without_times(e) for e in train(small, recipe(), tiny)
    ]
    assert snapshot.status == "finished"
    assert snapshot.started == events[0]
    assert snapshot.steps == tuple(event for event in events if event.kind == "step")
    assert snapshot.epochs == tuple(event for event in events if event.kind == "epoch")
    assert snapshot.latest == events[-1]
    made = snapshot.run
    assert (made.id, made.owner, made.architecture, made.recipe, made.device) == (
        run_id,
        "ann",
        small,
        recipe(),
        "cpu",
    )
    assert made.environment.torch == torch.__version__
    assert made.environment.device.startswith("cpu: ")
    assert made.name == small.name


def test_a_snapshot_stays_as_it_is(manager: JobManager, small: Architecture) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    early = wait(manager, run_id, has_steps)
    count = len(early.steps)
    late = wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > len(early.epochs))
    assert len(early.steps) == count
    assert late.epochs[: len(early.epochs)] == early.epochs
    with pytest.raises(FrozenInstanceError):
        early.status = "finished"  # type: ignore[misc]


def test_a_snapshot_is_thinned_out(manager: JobManager, small: Architecture) -> None:
    run_id = manager.submit(small, recipe(epochs=4, batch_size=2), SOMEBODY)
    wait(manager, run_id)
    events = [event for event in manager.events(run_id) if event.kind == "step"]
    assert len(events) == 4 * 35
    snapshot = manager.snapshot(run_id, limit=20)
    assert len(snapshot.steps) <= 20
    assert set(snapshot.steps) <= set(events)
    assert snapshot.steps[-1] == events[-1]
    assert len(snapshot.epochs) == 4


def test_ids_are_not_guessed(manager: JobManager, small: Architecture) -> None:
    ids = [manager.submit(small, recipe(), TEACHER) for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(
        len(run_id) == new_run.ID_LENGTH and set(run_id) <= set(new_run.ID_LETTERS)
        for run_id in ids
    )
    with pytest.raises(UnknownRun, match="there is no run “guess”"):
        manager.snapshot("guess")
    with pytest.raises(UnknownRun):
        manager.stop("guess", TEACHER)


# --- its weights ----------------------------------------------------------------------------------


def test_the_weights_are_those_after_the_last_epoch(
    manager: JobManager, small: Architecture, tiny: Dataset
) -> None:
    run_id = manager.submit(small, recipe(), SOMEBODY)
    wait(manager, run_id)
    kept: list[dict[str, torch.Tensor]] = []
    keep = lambda checkpoint: kept.append(network_weights(checkpoint))  # noqa: E731
    list(train(small, recipe(), tiny, torch.device("cpu"), after_epoch=keep))
    epoch, weights, precision, note, _ = manager.weights(run_id)
    assert (epoch, precision, note) == (2, manager.precision(run_id), "")
    assert len(kept) == 2
    assert weights.keys() == kept[-1].keys() == build(small).state_dict().keys()
    assert all(torch.equal(tensor, kept[-1][name]) for name, tensor in weights.items())
    assert all(
        tensor.device.type == "cpu" and tensor.is_contiguous() for tensor in weights.values()
    )
    build(small).load_state_dict(weights)


def test_a_run_without_a_whole_epoch_has_no_weights(
    manager: JobManager, small: Architecture
) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    with pytest.raises(NoWeights, match="its first epoch has not ended"):
        manager.weights(run_id)
    assert not manager.has_weights(run_id)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 0)
    first = manager.weights(run_id)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 2)
    # replaced, not changed, so that whoever holds the old ones can go on
    assert manager.weights(run_id).weights is not first.weights
    manager.stop(run_id, TEACHER)
    wait(manager, run_id)
    assert manager.has_weights(run_id)
    assert manager.weights(run_id).epoch == manager.snapshot(run_id).epochs[-1].epoch
    for ask in (manager.weights, manager.has_weights, manager.precision, manager.weights_file):
        with pytest.raises(UnknownRun):
            ask("nosuchrun")


def test_in_memory_only_so_many_checkpoints_are_kept(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ids = [manager.submit(small, recipe(epochs=1), SOMEBODY)]
    wait(manager, run_ids[0])
    checkpoint = read_checkpoint(manager.store.checkpoints, run_ids[0], 1)
    monkeypatch.setattr(
        checkpoint_files, "IN_MEMORY_BYTES", 2.5 * len(checkpoint_format.to_bytes(checkpoint))
    )
    run_ids += [manager.submit(small, recipe(epochs=1), SOMEBODY) for _ in range(2)]
    wait(manager, run_ids[-1])
    assert [manager.has_weights(run_id) for run_id in run_ids] == [False, True, True]
    with pytest.raises(
        NoWeights,
        match=f"the weights of run {run_ids[0]} are lost: there is no checkpoint of epoch 1",
    ):
        manager.weights(run_ids[0])
    monkeypatch.setattr(checkpoint_files, "IN_MEMORY_BYTES", 0)
    last = manager.submit(small, recipe(epochs=1), SOMEBODY)
    wait(manager, last)
    assert manager.store.checkpoints.epochs(last) == [1]
    assert [manager.store.checkpoints.epochs(run_id) for run_id in run_ids] == [[], [], []]


# --- the queue ------------------------------------------------------------------------------------


def test_runs_wait_for_the_slot_in_order(
    manager: JobManager, small: Architecture, gate: threading.Event
) -> None:
    first, second, third = (
        manager.submit(small, recipe("gated"), student(owner)) for owner in ("ann", "ben", "cleo")
    )
    wait(manager, first, lambda snapshot: snapshot.status == "preparing")
    assert [(s.run.id, s.status, s.position) for s in manager.runs()] == [
        (third, "queued", 2),
        (second, "queued", 1),
        (first, "preparing", None),
    ]
    gate.set()
    assert [wait(manager, run_id).status for run_id in (third, second, first)] == ["finished"] * 3


def test_a_waiting_run_can_be_stopped(
    manager: JobManager, small: Architecture, gate: threading.Event
) -> None:
    first, second, third = (manager.submit(small, recipe("gated"), SOMEBODY) for _ in range(3))
    manager.stop(second, TEACHER)
    assert manager.snapshot(second).status == "stopped"
    assert manager.snapshot(third).position in (1, 2)  # the first may not have its slot yet
    gate.set()
    assert wait(manager, third).status == "finished"
    assert wait(manager, first).status == "finished"
    assert [event.kind for event in manager.events(second)] == ["stopped"]


def test_a_running_one_can_be_stopped_and_the_next_goes_on(
    manager: JobManager, small: Architecture
) -> None:
    endless, next_one = (
        manager.submit(small, recipe(**ENDLESS), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    assert wait(manager, endless, has_steps).status == "running"
    manager.stop(endless, TEACHER)
    stopped = wait(manager, endless)
    assert stopped.status == "stopped"
    assert stopped.latest is not None
    assert stopped.latest.kind == "stopped"
    assert wait(manager, next_one).status == "finished"
    manager.stop(next_one, TEACHER)
    assert manager.snapshot(next_one).status == "finished"


def test_two_slots_train_two_at_once_and_repeat(small: Architecture, tiny: Dataset) -> None:
    with JobManager(slots=2) as manager:
        endless = [manager.submit(small, recipe(**ENDLESS, seed=seed), SOMEBODY) for seed in (0, 1)]
        for run_id in endless:
            wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 0)
        for seed, run_id in enumerate(endless):
            assert manager.snapshot(run_id).status == "running"
            found = [without_times(event) for event in manager.events(run_id)][:30]
            alone = train(small, recipe(**ENDLESS, seed=seed), tiny)
            assert found == [without_times(next(alone)) for _ in found]


def test_each_slot_has_a_gpu_of_its_own(
    small: Architecture, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slot that is free again is the one that is taken next."""
    trainers: list[tuple[int, threading.Thread]] = []
    monkeypatch.setattr(
        jobs, "use_gpu", lambda slot: trainers.append((slot, threading.current_thread()))
    )
    with JobManager(slots=3) as manager:
        endless = [manager.submit(small, recipe(**ENDLESS), SOMEBODY) for _ in range(3)]
        for run_id in endless:
            wait(manager, run_id, has_steps)
        assert sorted(slot for slot, _ in trainers) == [0, 1, 2]
        manager.stop(endless[1], TEACHER)
        wait(manager, endless[1])
        wait_until(lambda: any(not thread.is_alive() for _, thread in trainers))
        (freed,) = (slot for slot, thread in trainers if not thread.is_alive())
        wait(manager, manager.submit(small, recipe(**ENDLESS), SOMEBODY), has_steps)
        assert [slot for slot, _ in trainers[3:]] == [freed]


def test_a_gpu_that_cannot_be_taken_is_no_end_of_training(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(slot: int) -> None:
        raise RuntimeError("the driver on your system is too old")

    monkeypatch.setattr(jobs, "use_gpu", broken)
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"


def test_a_full_queue_takes_no_more(
    manager: JobManager, small: Architecture, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_QUEUED", 2)
    wait(
        manager,
        manager.submit(small, recipe("gated"), SOMEBODY),
        lambda snapshot: snapshot.status == "preparing",
    )
    for _ in range(2):
        manager.submit(small, recipe(), SOMEBODY)
    with pytest.raises(QueueFull, match=r"The queue is full \(2 runs\)"):
        manager.submit(small, recipe(), SOMEBODY)


# --- pausing, resuming, continuing ----------------------------------------------------------------


def plain(events: Iterable[Event]) -> list[Event]:
    return [without_times(event) for event in events]


@pytest.mark.parametrize(
    ("ask", "status", "last"),
    [
        (JobManager.pause, "paused", "paused"),
        (JobManager.stop, "stopped", "stopped"),
        (JobManager.shutdown, "interrupted", "epoch"),
    ],
)
def test_a_run_goes_on_after_its_last_whole_epoch(
    ask: Callable[..., None],
    status: str,
    last: str,
    tmp_path: Path,
    small: Architecture,
    tiny: Dataset,
) -> None:
    """Whatever ended it, its events and weights are in the end those of a run that nobody
    touched.
    """
    asked = recipe(epochs=60, batch_size=8)
    with JobManager(store=Store(tmp_path)) as manager:
        run_id = manager.submit(small, asked, SOMEBODY)
        wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 3)
        ask(manager, *(() if ask is JobManager.shutdown else (run_id, TEACHER)))
        ended = wait(manager, run_id)
        assert (ended.status, ended.resumable) == (status, True)
        assert ended.latest is not None
        assert ended.latest.kind == last
        assert 3 < len(ended.epochs) < 60
    manager.store.close()
    with JobManager(store=Store(tmp_path)) as manager:
        assert manager.snapshot(run_id).status == status
        manager.resume(run_id, TEACHER)
        assert wait(manager, run_id).status == "finished"
        whole: list[Checkpoint] = []
        assert plain(manager.events(run_id)) == plain(
            train(small, asked, tiny, torch.device("cpu"), after_epoch=whole.append)
        )
        weights = manager.weights(run_id).weights
        assert all(
            torch.equal(tensor, weights[name])
            for name, tensor in network_weights(whole[-1]).items()
        )
        times = [event.time for event in manager.events(run_id)]
        assert times == sorted(times)


def test_a_run_without_a_whole_epoch_begins_anew(
    manager: JobManager, small: Architecture, gate: threading.Event
) -> None:
    running, waiting = (
        manager.submit(small, recipe("gated"), SOMEBODY),
        manager.submit(small, recipe("gated"), SOMEBODY),
    )
    wait(manager, running, lambda snapshot: snapshot.status == "preparing")
    for run_id in (running, waiting):
        manager.pause(run_id, TEACHER)
    assert manager.snapshot(running).status == "pausing"
    assert manager.snapshot(waiting).status == "paused"
    gate.set()
    assert wait(manager, running).status == "paused"
    for run_id in (running, waiting):
        manager.resume(run_id, TEACHER)
        assert wait(manager, run_id).status == "finished"
        assert [event.kind for event in manager.events(run_id)].count("started") == 1


def continued_to(manager: JobManager, network: Architecture, whole: int) -> str:
    """A run of two epochs that was continued for many, and now trains after so many whole ones."""
    run_id = manager.submit(network, recipe(batch_size=2), SOMEBODY)
    wait(manager, run_id)
    manager.continue_run(run_id, 900, TEACHER)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) >= whole and has_steps(snapshot))
    return run_id


@pytest.mark.parametrize("whole", [2, 4])
def test_a_continued_run_that_is_stopped_is_finished_with_the_epochs_that_it_has(
    manager: JobManager, small: Architecture, whole: int
) -> None:
    run_id = continued_to(manager, small, whole)
    manager.stop(run_id, TEACHER)
    ended = wait(manager, run_id)
    assert ended.status == "finished"
    assert len(ended.epochs) >= whole
    assert ended.run.epochs == len(ended.epochs) == manager.store.stored_run(run_id).run.epochs
    events = manager.events(run_id)
    assert [event.kind for event in events if event.kind in ("finished", "stopped")][
        -1
    ] == "finished"
    last, accuracies = events[-1], [event.metrics["test_accuracy"] for event in ended.epochs]
    assert (last.kind, last.epoch, last.step) == (
        "finished",
        ended.epochs[-1].epoch,
        ended.epochs[-1].step,
    )
    assert last.metrics["test_accuracy"] == accuracies[-1]
    assert (
        last.metrics["best_test_accuracy"]
        == max(accuracies)
        == accuracies[int(last.metrics["best_epoch"]) - 1]
    )
    assert manager.weights(run_id).epoch == len(ended.epochs)
    (summary,) = manager.runs()
    first = next(event for event in events if event.kind == "finished")
    assert (summary.status, summary.finished) == ("finished", first)
    manager.continue_run(run_id, 1, TEACHER)
    again = wait(manager, run_id)
    assert (again.status, len(again.epochs)) == ("finished", len(ended.epochs) + 1)


@pytest.mark.parametrize(
    ("ask", "status"), [(JobManager.pause, "paused"), (JobManager.shutdown, "interrupted")]
)
def test_a_continued_run_keeps_what_it_had_reached_however_it_ends(
    ask: Callable[..., None], status: str, manager: JobManager, small: Architecture
) -> None:
    run_id = continued_to(manager, small, 3)
    ask(manager, *(() if ask is JobManager.shutdown else (run_id, TEACHER)))
    assert wait(manager, run_id).status == status
    (summary,) = manager.runs()
    assert summary.finished is not None
    assert (summary.status, summary.finished.epoch) == (status, 2)


def test_a_continued_run_that_is_stopped_in_the_queue_is_finished_as_before(
    manager: JobManager, small: Architecture
) -> None:
    run_id = manager.submit(small, recipe(), SOMEBODY)
    wait(manager, run_id)
    before = manager.events(run_id)
    running = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, running, has_steps)
    manager.continue_run(run_id, 5, TEACHER)
    assert manager.snapshot(run_id).status == "queued"
    manager.stop(run_id, TEACHER)
    ended = manager.snapshot(run_id)
    assert (ended.status, ended.run.epochs, manager.events(run_id)) == ("finished", 2, before)


@pytest.mark.parametrize(
    ("ask", "kind"), [(JobManager.stop, "stopped"), (JobManager.pause, "paused")]
)
def test_a_run_that_leaves_the_queue_keeps_its_epoch_and_step(
    ask: Callable[..., None], kind: str, manager: JobManager, small: Architecture
) -> None:
    run_id = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 1)
    manager.pause(run_id, TEACHER)
    wait(manager, run_id)
    running = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    wait(manager, running, has_steps)
    before = manager.snapshot(run_id).latest
    manager.resume(run_id, TEACHER)
    ask(manager, run_id, TEACHER)
    ended = manager.snapshot(run_id)
    assert before is not None
    assert ended.latest is not None
    assert (ended.status, ended.latest.kind) == (kind, kind)
    assert (ended.latest.epoch, ended.latest.step, ended.latest.time) == (
        before.epoch,
        before.step,
        before.time,
    )


@pytest.mark.parametrize(
    ("ask", "status"), [(JobManager.stop, "stopped"), (JobManager.pause, "paused")]
)
def test_what_is_kept_of_an_epoch_that_was_not_whole_is_said(
    ask: Callable[..., None],
    status: str,
    manager: JobManager,
    small: Architecture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = manager.submit(small, recipe(epochs=1000, batch_size=2), SOMEBODY)
    wait(manager, first, has_steps)
    ask(manager, first, TEACHER)
    ended = wait(manager, first)
    whole = len(ended.epochs)
    kept = f"within epoch {whole + 1}: what it learnt up to the end of epoch {whole} is kept"
    none = "within the first epoch, so nothing was kept: it starts from the beginning when it is resumed"
    assert ended.message == f"{status} {kept if whole else none}"


def test_a_finished_run_is_continued(
    manager: JobManager, small: Architecture, tiny: Dataset
) -> None:
    run_id = manager.submit(small, recipe(), SOMEBODY)
    wait(manager, run_id)
    for more, total in ((2, 4), (1, 5)):
        before = manager.events(run_id)
        manager.continue_run(run_id, more, TEACHER)
        ended = wait(manager, run_id)
        assert ended.status == "finished"
        assert ended.started is not None
        assert (ended.run.epochs, ended.started.metrics["epochs"]) == (total, total)
        assert [event.epoch for event in ended.epochs] == list(range(1, total + 1))
        assert manager.events(run_id)[: len(before)] == before
        assert len(manager.events(run_id)) > len(before)
    kinds = [event.kind for event in manager.events(run_id) if event.kind != "step"]
    assert kinds == [
        "started",
        "epoch",
        "epoch",
        "finished",
        "epoch",
        "epoch",
        "finished",
        "epoch",
        "finished",
    ]
    assert ended.latest is not None
    assert ended.latest.metrics["best_test_accuracy"] == max(
        event.metrics["test_accuracy"] for event in ended.epochs
    )


def test_a_continued_run_is_resumed_too(
    manager: JobManager, small: Architecture, tiny: Dataset
) -> None:
    run_id = manager.submit(small, recipe(), SOMEBODY)
    wait(manager, run_id)
    manager.continue_run(run_id, 900, TEACHER)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 4)
    manager.pause(run_id, TEACHER)
    reached = len(wait(manager, run_id).epochs)
    manager.resume(run_id, TEACHER)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > reached)
    manager.stop(run_id, TEACHER)
    found = plain(event for event in wait(manager, run_id).epochs)
    last: list[Checkpoint] = []
    list(train(small, recipe(), tiny, torch.device("cpu"), after_epoch=last.append))
    expected = train(small, recipe(), tiny, torch.device("cpu"), resume=last[-1], more_epochs=900)
    for event in found[2:]:
        assert event == without_times(next(one for one in expected if one.kind == "epoch"))


def test_a_run_that_ended_before_it_could_say_so_is_finished(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    """Killed between its last epoch and its last event."""
    with JobManager(store=Store(tmp_path)) as manager:
        run_id = manager.submit(small, recipe(epochs=3), SOMEBODY)
        wait(manager, run_id)
        events = manager.events(run_id)
        with opened_file(manager.store) as connection:
            connection.execute("DELETE FROM events WHERE kind = 'finished'")
            connection.execute("UPDATE runs SET status = 'interrupted', revision = revision + 1")
        assert manager.snapshot(run_id).status == "interrupted"
        manager.resume(run_id, TEACHER)
        assert wait(manager, run_id).status == "finished"
        assert plain(manager.events(run_id)) == plain(events)


def refusals(manager: JobManager, run_id: str) -> list[str]:
    """What each of the wishes that a run is not ready for says."""
    said = []
    for ask in (
        manager.resume,
        lambda run, by: manager.continue_run(run, 1, by),
        manager.delete,
    ):
        try:
            ask(run_id, TEACHER)
        except RunError as error:
            said.append(str(error).replace(run_id, "R"))
    return said


def test_what_cannot_be_done_is_said(
    manager: JobManager, small: Architecture, gate: threading.Event
) -> None:
    running, waiting = (
        manager.submit(small, recipe("gated", epochs=1), SOMEBODY),
        manager.submit(small, recipe("gated"), SOMEBODY),
    )
    wait(manager, running, lambda snapshot: snapshot.status == "preparing")
    again = (
        "run R is being trained already, by this or another process; it can be {} once it has ended"
    )
    assert refusals(manager, running) == [
        again.format("resumed"),
        again.format("continued"),
        "run R is being trained; stop it first",
    ]
    manager.pause(waiting, TEACHER)
    with pytest.raises(RunError, match="is paused; only one that is finished can be continued"):
        manager.continue_run(waiting, 1, TEACHER)
    gate.set()
    wait(manager, running)
    with pytest.raises(
        RunError, match="only one that is paused, interrupted, stopped or failed can be resumed"
    ):
        manager.resume(running, TEACHER)
    for epochs in (0, 1001):
        with pytest.raises(RunError, match=f"for 1 to 1000 epochs; this is {epochs}"):
            manager.continue_run(running, epochs, TEACHER)
    for ask in (
        manager.resume,
        manager.delete,
        manager.stop,
        manager.pause,
        lambda run, by: manager.rename(run, "x", by),
    ):
        with pytest.raises(UnknownRun):
            ask("guess", TEACHER)


def test_a_run_is_renamed_and_deleted(manager: JobManager, small: Architecture) -> None:
    named, other = (
        manager.submit(small, recipe(), SOMEBODY, name="mine"),
        manager.submit(small, recipe(**ENDLESS), SOMEBODY),
    )
    assert wait(manager, named).run.name == "mine"
    manager.rename(named, "  the \n first ", TEACHER)
    assert manager.snapshot(named).run.name == "the first"
    wait(manager, other, has_steps)
    manager.rename(other, "the second", TEACHER)
    assert manager.snapshot(other).run.name == "the second"
    for name in ("", "x" * 101, "\0"):
        with pytest.raises(RunError, match="a run's name has 1 to 100 printable characters"):
            manager.rename(named, name, TEACHER)
    manager.delete(named, TEACHER)
    with pytest.raises(UnknownRun):
        manager.snapshot(named)
    assert [snapshot.run.name for snapshot in manager.runs()] == ["the second"]
    assert wait(manager, other, has_steps).status == "running"


def test_the_weights_are_a_file(manager: JobManager, small: Architecture) -> None:
    run_id = manager.submit(small, recipe(), SOMEBODY)
    with pytest.raises(NoWeights):
        manager.weights_file(run_id)
    wait(manager, run_id)
    file, weights = manager.weights_file(run_id), manager.weights(run_id).weights
    build(small).load_state_dict(safetensors.torch.load(file))
    assert safetensors.torch.load(file).keys() == weights.keys()


# --- several owners, slots and processes ----------------------------------------------------------


def test_owners_take_turns_and_are_told_when(
    manager_on_disk: JobManager, small: Architecture, gate: threading.Event
) -> None:
    manager = manager_on_disk
    wait(manager, manager.submit(small, recipe(), ANN))
    first = manager.submit(small, recipe("gated"), ANN)
    wait(manager, first, lambda snapshot: snapshot.status == "preparing")
    others = {
        name: manager.submit(small, recipe(), student(name[:3]))
        for name in ("ann1", "ann2", "ben1", "ben2")
    }
    order = {
        snapshot.position: snapshot for snapshot in manager.runs() if snapshot.status == "queued"
    }
    assert [order[place].run.id for place in (1, 2, 3, 4)] == [
        others[name] for name in ("ben1", "ann1", "ben2", "ann2")
    ]
    # No run on "gated" has shown how long one takes.
    assert all(snapshot.starts_in is None for snapshot in order.values())
    manager.stop(others["ann1"], TEACHER)
    assert [manager.snapshot(others[name]).position for name in ("ben1", "ann2", "ben2")] == [
        1,
        2,
        3,
    ]
    gate.set()
    for run_id in others.values():
        wait(manager, run_id)
    with opened_file(manager.store) as connection:
        taken = connection.execute(
            "SELECT id FROM runs WHERE taken NOTNULL ORDER BY taken"
        ).fetchall()
    assert [row["id"] for row in taken][2:] == [others[name] for name in ("ben1", "ann2", "ben2")]


def test_the_expected_start_follows_from_the_speed_of_earlier_runs(
    manager: JobManager, small: Architecture
) -> None:
    wait(manager, manager.submit(small, recipe(epochs=3), SOMEBODY))
    manager.submit(small, recipe(**ENDLESS), SOMEBODY)
    second, third = (
        manager.submit(small, recipe(), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    soon = wait(manager, third, lambda snapshot: snapshot.starts_in is not None)
    before = manager.snapshot(second).starts_in
    assert before is not None
    assert soon.starts_in is not None
    assert before > 1
    assert soon.starts_in > 0


def test_what_waited_goes_on_by_itself_after_a_start(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    with JobManager(store=Store(tmp_path)) as manager:
        endless = manager.submit(small, recipe(**ENDLESS), SOMEBODY)
        waiting = [manager.submit(small, recipe(epochs=1), SOMEBODY) for _ in range(3)]
        wait(manager, endless, has_steps)
    manager.store.close()
    with JobManager(store=Store(tmp_path)) as manager:
        for run_id in waiting:
            assert wait(manager, run_id).status == "finished"
        assert manager.snapshot(endless).status == "interrupted"
        assert manager.snapshot(endless).message == "the process that trained it was told to end"
        with opened_file(manager.store) as connection:
            taken = connection.execute("SELECT id FROM runs ORDER BY taken").fetchall()
        assert [row["id"] for row in taken] == [endless, *waiting]


def test_two_managers_share_a_store(tmp_path: Path, small: Architecture, tiny: Dataset) -> None:
    """As two processes do: each trains what it has taken, sees what the other does, and may ask it
    to stop.
    """
    with JobManager(store=Store(tmp_path)) as one, JobManager(store=Store(tmp_path)) as other:
        run_id = one.submit(small, recipe(**ENDLESS), SOMEBODY)
        wait(other, run_id, has_steps)
        assert other.snapshot(run_id).status == "running"
        with pytest.raises(RunError, match="is being trained already, by this or another process"):
            other.resume(run_id, TEACHER)
        theirs = other.submit(small, recipe(), SOMEBODY)
        assert wait(one, theirs).status == "finished"
        other.pause(run_id, TEACHER)
        assert other.snapshot(run_id).status in ("pausing", "paused")
        assert wait(other, run_id).status == "paused"
        assert wait(one, run_id).status == "paused"
        other.resume(run_id, TEACHER)
        wait(one, run_id, lambda snapshot: snapshot.status == "running")
        one.stop(run_id, TEACHER)
        assert wait(one, run_id).status == "stopped"


# --- what goes wrong ------------------------------------------------------------------------------


def unreadable(root: Path, progress: Any) -> tuple[Split, Split]:
    raise DatasetError("the files are elsewhere")


def faulty(root: Path, progress: Any) -> tuple[Split, Split]:
    raise ZeroDivisionError("by accident")


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (unreadable, "Tiny cannot be loaded: the files are elsewhere. Or use the built-in digits"),
        (faulty, "the program failed (ZeroDivisionError: by accident)"),
    ],
)
def test_a_failure_harms_no_other_run(
    read: Any, words: str, manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DATASETS, "broken", tiny_kind(read))
    broken, next_one = (
        manager.submit(small, recipe("broken"), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    failed = wait(manager, broken)
    assert failed.status == "failed"
    assert failed.latest is not None
    assert words in failed.latest.message
    assert wait(manager, next_one).status == "finished"


def test_a_network_that_does_not_fit_the_images_is_refused_and_leaves_no_run(
    manager: JobManager, stack: Callable[..., Architecture]
) -> None:
    with pytest.raises(
        CannotTrain, match="this network cannot be trained on Tiny: the network ends in 64 values"
    ):
        manager.submit(stack("Flatten"), recipe(), SOMEBODY)
    assert manager.runs() == ()


def test_a_training_that_takes_too_much_memory_is_refused_and_leaves_no_run(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("runs.admission", "runs.manager", "training.problems"):
        monkeypatch.setattr(f"explorer.{name}.free_memory", lambda device: 160_000_000)
    with pytest.raises(CannotTrain, match=r"takes about .* of memory, and 160 MB are free: try "):
        manager.submit(small, recipe(batch_size=4096), SOMEBODY)
    assert manager.runs() == ()


def test_a_device_that_is_not_there_is_refused(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="this machine has no cuda"):
        manager.submit(small, recipe(device="cuda"), SOMEBODY)
    assert manager.runs() == ()


# --- downloads ------------------------------------------------------------------------------------


def test_a_download_is_told_and_can_be_stopped(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(root: Path, progress: Any) -> tuple[Split, Split]:
        for _ in range(100 * PATIENCE):
            progress("images.gz", 3_100_000, 9_900_000)
            time.sleep(0.01)
        raise AssertionError("nobody stopped it")

    monkeypatch.setitem(DATASETS, "remote", tiny_kind(download))
    run_id, next_one = (
        manager.submit(small, recipe("remote"), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    assert (
        wait(manager, run_id, lambda snapshot: snapshot.note != "").note
        == "downloading images.gz, 3.1 of 9.9 MB"
    )
    manager.stop(run_id, TEACHER)
    assert wait(manager, run_id).status == "stopped"
    assert manager.snapshot(run_id).note == ""
    assert wait(manager, next_one).status == "finished"


# --- what is at hand ------------------------------------------------------------------------------


def test_a_run_of_many_steps_is_seen_at_once(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps at hand stay few while it goes on, and the lowest and the highest loss are among
    them.
    """
    monkeypatch.setattr(run_writer, "STEPS_AT_HAND", 100)
    run_id = manager.submit(small, recipe(epochs=12, batch_size=2), SOMEBODY)
    wait(manager, run_id, lambda snapshot: len(snapshot.epochs) > 8)
    assert 100 <= len(manager.snapshot(run_id, 10_000).steps) <= 200  # all that are at hand
    seen = manager.snapshot(run_id, 50).steps
    events = [
        event
        for event in manager.events(run_id)
        if event.kind == "step" and event.step <= seen[-1].step
    ]
    losses = [event.metrics["loss"] for event in events]
    assert len(events) > 250
    assert {min(losses), max(losses)} <= {event.metrics["loss"] for event in seen}
    assert (seen[0], seen[-1]) == (events[0], events[-1])
    wait(manager, run_id)


# --- shutting down --------------------------------------------------------------------------------


def test_shutdown_interrupts_what_runs_and_ends_all_threads(
    small: Architecture, tiny: Dataset
) -> None:
    manager = JobManager()
    running, waiting = (
        manager.submit(small, recipe(**ENDLESS), SOMEBODY),
        manager.submit(small, recipe(), SOMEBODY),
    )
    wait(manager, running, has_steps)
    assert manager.shutdown(PATIENCE)
    assert [snapshot.status for snapshot in manager.runs()] == ["queued", "interrupted"]
    assert manager.events(waiting) == ()
    assert not threads_of(running, waiting)
    with pytest.raises(QueueFull, match="shutting down"):
        manager.submit(small, recipe(), SOMEBODY)


def test_shutdown_says_when_a_thread_does_not_end(
    small: Architecture, tiny: Dataset, gate: threading.Event
) -> None:
    manager = JobManager()
    wait(
        manager,
        manager.submit(small, recipe("gated"), SOMEBODY),
        lambda snapshot: snapshot.status == "preparing",
    )
    assert not manager.shutdown(0.01)
    gate.set()
    assert manager.shutdown(PATIENCE)


def test_an_idle_manager_holds_no_thread(manager: JobManager, small: Architecture) -> None:
    run_id = manager.submit(small, recipe(), SOMEBODY)
    wait(manager, run_id)
    wait_until(lambda: not threads_of(run_id))
    assert wait(manager, manager.submit(small, recipe(), SOMEBODY)).status == "finished"


SERVER = """
import signal, sys, time
from pathlib import Path
from explorer.network.architecture_json import parse_architecture
from explorer.people.person import SHELL
from explorer.runs.manager import CannotTrain, JobManager
from explorer.training.recipe import parse_recipe
from explorer.runs.store import Store

def leave(*_):
    raise SystemExit(0)

signal.signal(signal.SIGTERM, leave)
layers = [{"kind": "Flatten"}, {"kind": "Linear", "out_features": 10}]
with JobManager(store=Store(Path(sys.argv[1]))) as manager:
    architecture, recipe = parse_architecture({"layers": layers}), {"batch_size": 16, "device": "cpu"}
    run_id = manager.submit(architecture, parse_recipe({**recipe, "epochs": 1000}), SHELL)
    for _ in range(2):
        manager.submit(architecture, parse_recipe({**recipe, "epochs": 1}), SHELL)
    while not manager.snapshot(run_id).epochs:
        time.sleep(0.01)
    print("training", flush=True)
    time.sleep(600)
"""


def start_server(folder: Path) -> subprocess.Popen[str]:
    command, environment = (
        [sys.executable, "-c", SERVER, str(folder)],
        {**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment, text=True)


@pytest.mark.slow
def test_a_server_that_is_ended_loses_nothing(tmp_path: Path) -> None:
    """What it trained is interrupted at its last whole epoch; what waited goes on by itself at the
    next start, in order.
    """
    ends = {signal.SIGTERM: 0, signal.SIGKILL: -signal.SIGKILL}
    with ExitStack() as servers:  # side by side, as importing torch takes some seconds
        started = {
            number: servers.enter_context(start_server(tmp_path / number.name)) for number in ends
        }
        for number, process in started.items():
            assert process.stdout is not None
            assert process.stdout.readline() == "training\n"
            process.send_signal(number)
            assert process.wait(PATIENCE) == ends[number]
    for number in ends:
        check_what_an_ended_server_left(tmp_path / number.name)


def check_what_an_ended_server_left(folder: Path) -> None:
    with JobManager(store=Store(folder)) as manager:
        second, first, interrupted = manager.runs()
        assert interrupted.status == "interrupted"
        (stands,) = manager.snapshots([interrupted.run.id])
        assert stands.latest == stands.epochs[-1]
        for waiting in (first, second):
            assert wait(manager, waiting.run.id).status == "finished"
        assert manager.snapshot(interrupted.run.id).status == "interrupted"
        with opened_file(manager.store) as connection:
            taken = [row["id"] for row in connection.execute("SELECT id FROM runs ORDER BY taken")]
        assert taken == [one.run.id for one in (interrupted, first, second)]
        manager.resume(interrupted.run.id, TEACHER)
        wait(
            manager,
            interrupted.run.id,
            lambda snapshot: len(snapshot.epochs) > interrupted.epochs_done,
        )
    manager.store.close()


STALLS = {
    "epochs": 12,
    "validation_images": 20,
    "early_stopping": 2,
    "optimizer": {"kind": "SGD", "lr": 0.5, "momentum": 0.9},
}


@pytest.mark.parametrize("more", [1, 3, "the rest"])
def test_a_run_that_stopped_early_is_finished_and_can_be_continued(
    manager: JobManager, small: Architecture, more: Any
) -> None:
    run_id = manager.submit(small, recipe(**STALLS), SOMEBODY)
    ended = wait(manager, run_id)
    done = len(ended.epochs)
    assert (ended.status, ended.run.epochs) == ("finished", 12)
    assert done < 12
    assert ended.message.startswith(f"stopped early, after epoch {done} of 12")
    assert manager.weights(run_id).epoch == done
    more = 12 - done if more == "the rest" else more
    manager.continue_run(run_id, more, TEACHER)
    again = wait(manager, run_id)
    assert (again.status, len(again.epochs), again.run.epochs) == (
        *("finished", done + more),
        done + more,
    )
    (summary,) = manager.runs()
    assert summary.finished is not None
    assert summary.finished.epoch == done  # by which an assignment is judged
    assert done in manager.store.checkpoints.epochs(run_id)


def test_a_run_whose_last_epoch_it_is_gives_way_to_nobody(
    tmp_path: Path, small: Architecture, tiny: Dataset
) -> None:
    """Also where it stops early: it has nothing left to do in a later turn."""
    store = Store(tmp_path)
    asked: list[int] = []

    def gives_way(run: jobs.Run) -> bool:
        asked.append(store.last_epoch(run.id))
        return False

    run = new_run.new_run(small, recipe(**STALLS), SOMEBODY.id)
    loop = RunLoop(store, store.begin(run))
    events = list(loop.train(gives_way=gives_way))
    done = events[-1].epoch
    assert events[-1].kind == "finished"
    assert 1 < done < 12
    assert asked == list(range(1, done))
    store.close()


def test_the_best_checkpoint_is_that_of_the_epoch_that_validation_picks(
    manager: JobManager, small: Architecture
) -> None:
    run_id = manager.submit(small, recipe(**{**STALLS, "early_stopping": 0}), SOMEBODY)
    ended = wait(manager, run_id)
    best = max(ended.epochs, key=lambda event: event.metrics["validation_accuracy"])
    assert best.epoch in manager.store.checkpoints.epochs(run_id)
    (summary,) = manager.runs()
    assert summary.best_accuracy == best.metrics["test_accuracy"]
    assert ended.latest is not None
    assert ended.latest.metrics["best_epoch"] == best.epoch
