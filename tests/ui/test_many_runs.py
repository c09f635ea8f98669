"""More runs than are kept at hand as events: a comparison reads them once, and has no cliff
there.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest
from cachetools import RRCache

from explorer.compare import comparison as groups
from explorer.network.spec import Architecture, Flatten, Linear
from explorer.runs import manager as jobs
from explorer.runs.manager import JobManager
from explorer.runs.new_run import new_run
from explorer.runs.run import Snapshot
from explorer.runs.store import Store
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from tests.benchmarks.made_up import made_up_events

NETWORK = Architecture(layers=(Flatten(), Linear(out_features=10)))


def fill(store: Store, runs: int, epochs: int) -> None:
    events = made_up_events(epochs, epochs, lambda epoch: 0.9)
    events.append(Event(kind="finished", epoch=epochs, step=epochs, metrics={"test_accuracy": 0.9}))
    for seed in range(runs):
        run = new_run(NETWORK, Recipe(dataset="digits", epochs=epochs, device="cpu", seed=seed))
        claim = store.begin(run)
        store.append(run.id, 0, events)
        store.end(run.id, "finished")
        claim.lock.release()


class Counting(JobManager):
    """Counts the runs whose events are asked for."""

    read = 0

    def snapshots(self, run_ids: Iterable[str]) -> tuple[Snapshot, ...]:
        asked = list(run_ids)
        self.read += len(asked)
        return super().snapshots(asked)


@pytest.mark.parametrize("epochs", [9, 11, 30])
def test_what_a_comparison_has_read_is_not_read_again(
    epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten events a run fit among those at hand, eleven do not."""
    monkeypatch.setattr(jobs, "EVENTS_AT_HAND", 20 * 10)
    monkeypatch.setattr(
        groups, "_curves_at_hand", RRCache(10_000, getsizeof=groups._curves_at_hand.getsizeof)
    )
    store = Store(tmp_path)
    fill(store, 20, epochs)
    with Counting(store=store) as manager:
        for _ in range(3):
            found = groups._curves(manager.runs(), manager)
            assert [len(record.epochs) for record, _ in found] == [epochs] * 20
        assert manager.read == 20
        store.rename(found[0][0].run_id or "", "other")
        assert groups._curves(manager.runs(), manager)[0][0].label == "other"
        assert manager.read == 21
    store.close()


def test_where_there_is_room_for_all_but_a_few_only_a_few_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        groups, "_curves_at_hand", RRCache(18 * 10, getsizeof=groups._curves_at_hand.getsizeof)
    )
    store = Store(tmp_path)
    fill(store, 20, 9)
    with Counting(store=store) as manager:
        for _ in range(10):
            assert len(groups._curves(manager.runs(), manager)) == 20
        assert manager.read < 20 + 9 * 10  # forgetting the oldest would read all 20 each time
    store.close()
