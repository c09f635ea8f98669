"""What would only fail again is refused at once, and tried again where there is room."""

import pytest
import torch

from explorer.network.spec import Architecture
from explorer.runs import new_run as run_module
from explorer.runs import store as store_module
from explorer.runs.admission import CannotTrain
from explorer.runs.manager import JobManager
from explorer.runs.new_run import new_run
from explorer.runs.run import RunError
from explorer.runs.store import OUT_OF_MEMORY, PROCESS_ENDED
from explorer.training.dataset_files import Dataset
from explorer.training.memory import estimate_memory
from tests.people.shared import SOMEBODY, TEACHER
from tests.runs.shared import ENDLESS, has_steps, recipe, wait
from tests.tiny import linear, network


@pytest.fixture
def manager(manager_on_disk: JobManager) -> JobManager:
    return manager_on_disk


def killed(
    manager: JobManager,
    network: Architecture,
    monkeypatch: pytest.MonkeyPatch,
    kills: tuple[int | None, int | None],
) -> str:
    """A run that began when the system had ended so many processes for lack of memory, and so many
    when its own was gone.
    """
    before, after = kills
    monkeypatch.setattr(run_module, "oom_kills", lambda: before)
    monkeypatch.setattr(run_module, "free_memory", lambda device: 2_000_000_000)
    run = new_run(network, recipe())
    manager.store.begin(run).lock.release()
    monkeypatch.setattr(store_module, "oom_kills", lambda: after)
    manager.store.recover()
    return run.id


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for name in ("runs.admission", "runs.manager", "training.problems"):
        monkeypatch.setattr(f"explorer.{name}.free_memory", lambda device: size)


@pytest.mark.parametrize("kills", [(3, 3), (None, None), (None, 3), (3, None), (5, 0)], ids=str)
def test_a_run_whose_process_was_killed_otherwise_is_resumed(
    kills: tuple[int | None, int | None],
    manager: JobManager,
    small: Architecture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = killed(manager, small, monkeypatch, kills)
    assert manager.snapshot(run_id).message == PROCESS_ENDED
    manager.resume(run_id, TEACHER)
    assert wait(manager, run_id).status == "finished"


def test_a_run_that_died_of_memory_is_resumed_only_where_there_is_more(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = killed(manager, small, monkeypatch, (3, 4))
    died = manager.snapshot(run_id)
    assert (died.status, died.message) == ("interrupted", OUT_OF_MEMORY)
    free(monkeypatch, 2_400_000_000)
    with pytest.raises(
        RunError,
        match=r"for lack of memory when 2\.0 GB were free, and 2\.4 GB are free now: "
        r"end other programs",
    ):
        manager.resume(run_id, TEACHER)
    assert manager.snapshot(run_id).status == "interrupted"
    free(monkeypatch, 2_600_000_000)
    manager.resume(run_id, TEACHER)
    assert wait(manager, run_id).status == "finished"
    assert not manager.snapshot(run_id).run.environment.out_of_memory


def test_what_another_machine_killed_does_not_count(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = iter(["elsewhere", "here"])
    monkeypatch.setattr(run_module.platform, "node", lambda: next(nodes, "here"))
    run_id = killed(manager, small, monkeypatch, (3, 4))
    assert manager.snapshot(run_id).message == PROCESS_ENDED


def test_a_run_for_which_there_is_no_memory_left_is_not_queued_again(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = manager.submit(small, recipe(epochs=1), SOMEBODY)
    wait(manager, run_id)
    free(monkeypatch, 100_000_000)
    with pytest.raises(
        RunError, match=f"run {run_id} cannot go on: .* takes about .* and 100 MB are free"
    ):
        manager.continue_run(run_id, 1, TEACHER)
    assert manager.snapshot(run_id).status == "finished"


def test_what_others_train_just_now_is_given_back(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that waits for its slot has the memory of the one that is in it."""
    running = manager.submit(small, recipe(epochs=1000, batch_size=2), SOMEBODY)
    wait(manager, running, lambda snapshot: snapshot.status == "running")
    free(monkeypatch, 100_000_000)
    waiting = manager.submit(small, recipe(epochs=1), SOMEBODY)
    free(monkeypatch, 8_000_000_000)
    manager.stop(running, TEACHER)
    assert wait(manager, waiting).status == "finished"


def test_only_one_of_those_that_train_leaves_its_memory_to_the_next(
    tiny: Dataset, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless, wide = recipe(**ENDLESS), network("Flatten", linear(65_536), linear())
    one = estimate_memory(small, endless, "cpu").total
    assert one < estimate_memory(wide, recipe(optimizer={"kind": "SGD"}), "cpu").total < 3 * one
    with JobManager(slots=3) as manager:
        for run_id in [manager.submit(small, endless, SOMEBODY) for _ in range(3)]:
            wait(manager, run_id, has_steps)
        free(monkeypatch, 0)
        with pytest.raises(CannotTrain, match="takes about"):
            manager.submit(wide, recipe(optimizer={"kind": "SGD"}), SOMEBODY)
        manager.submit(small, endless, SOMEBODY)


def test_what_a_leg_is_computed_with_is_recorded_when_it_begins(
    manager: JobManager, small: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = manager.submit(small, recipe(epochs=1), SOMEBODY)
    wait(manager, run_id)
    first = manager.snapshot(run_id).run.environment
    assert (first.threads, first.host) == (torch.get_num_threads(), run_module.platform.node())
    monkeypatch.setattr(run_module.torch, "get_num_threads", lambda: 77)
    monkeypatch.setattr(run_module.platform, "node", lambda: "another")
    manager.continue_run(run_id, 1, TEACHER)
    wait(manager, run_id)
    second = manager.snapshot(run_id).run.environment
    assert (second.threads, second.host) == (77, "another")
    read = manager.weights(run_id).environment
    assert read == second
