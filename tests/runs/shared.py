"""What the tests of runs share: short recipes, and waiting until a run is as far as it should
be.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from explorer.runs.manager import JobManager, Snapshot
from explorer.runs.store import RUNS, Store
from explorer.training.event import Event
from explorer.training.recipe import Recipe, parse_recipe

PATIENCE = 60  # seconds; a test that waits this long has failed
TIMES = ("seconds", "iterations_per_second")  # the metrics of events that a clock gives
ENDLESS = {"epochs": 1000, "batch_size": 2}


def recipe(dataset: str = "tiny", **fields: Any) -> Recipe:
    return parse_recipe(
        {"dataset": dataset, "epochs": 2, "batch_size": 32, "device": "cpu", **fields}
    )


def has_ended(snapshot: Snapshot) -> bool:
    return snapshot.ended


def has_steps(snapshot: Snapshot) -> bool:
    return len(snapshot.steps) > 0


def wait(
    manager: JobManager, run_id: str, reached: Callable[[Snapshot], bool] = has_ended
) -> Snapshot:
    """The run once it is as asked for."""
    deadline = time.monotonic() + PATIENCE
    while not reached(snapshot := manager.snapshot(run_id)):
        assert time.monotonic() < deadline, snapshot.status
        time.sleep(0.005)
    return snapshot


def wait_until(reached: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Return as soon as `reached` holds; fail after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def without_times(event: Event) -> Event:
    """The event less what a clock gave, so that two runs can be compared."""
    metrics = {name: value for name, value in event.metrics.items() if name not in TIMES}
    return event.model_copy(update={"time": 0.0, "metrics": metrics})


@contextmanager
def opened_file(store: Store) -> Iterator[sqlite3.Connection]:
    """The file of a store's runs, as another program opens it. What is changed in it is kept."""
    assert store.folder is not None
    with closing(sqlite3.connect(store.folder / RUNS, PATIENCE)) as connection, connection:
        connection.row_factory = sqlite3.Row
        yield connection


def threads_of(*run_ids: str) -> list[threading.Thread]:
    """The threads that were started for these runs, by whose names they go."""
    names = {f"training-{run_id}" for run_id in run_ids}
    return [thread for thread in threading.enumerate() if thread.name in names]
