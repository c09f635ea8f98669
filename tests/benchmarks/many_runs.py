"""What a look at many runs takes, as their epochs and their number grow.

Run: python -m tests.benchmarks.many_runs

Everything in one process and without a browser: the list that Runs and every page ask for, at first
and again, with a run renamed between two looks, and the curves that Compare draws of all of them.
Between 90 and 105 epochs the events of 1,000 runs pass what is kept at hand; nothing may become
slow there.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from explorer.compare.comparison import _curves
from explorer.presets import load_presets
from explorer.runs.manager import JobManager
from explorer.runs.new_run import new_run
from explorer.runs.store import Store
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from tests.benchmarks.machine import describe
from tests.benchmarks.made_up import made_up_events

HOMES = ((1000, 90), (1000, 105), (5000, 20))  # runs, epochs of each


def main() -> None:
    print(describe("torch"))
    print("runs  epochs   first list  again  after a change   curves at first  again, ms")
    for runs, epochs in HOMES:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            ids = fill(store, runs, epochs)
            with JobManager(store=store) as manager:
                first, again = timed(manager.runs), timed(manager.runs)
                store.rename(ids[0], "renamed")
                changed = timed(manager.runs)
                curves = [timed(partial(_curves, manager.runs(), manager)) for _ in range(3)]
            store.close()
        times = (
            f"{first:>11.0f} {again:>6.2f} {changed:>15.1f} {curves[0]:>17.0f} {curves[-1]:>6.0f}"
        )
        print(f"{runs:>5}{epochs:>7} {times}", flush=True)


def fill(store: Store, runs: int, epochs: int) -> list[str]:
    """Runs of one network that differ in their seeds, one step event an epoch."""
    architecture = load_presets()["gap-17k"].architecture
    events = made_up_events(epochs, epochs, lambda epoch: 0.99 - 0.3 / epoch)
    last = {"test_accuracy": 0.9, "best_test_accuracy": 0.9, "best_epoch": epochs, "seconds": 500.0}
    events.append(Event(kind="finished", epoch=epochs, step=epochs, metrics=last))
    ids = []
    for seed in range(runs):
        run = new_run(
            architecture,
            Recipe(dataset="digits", epochs=epochs, device="cpu", seed=seed),
            "benchmark",
        )
        claim = store.begin(run)
        store.append(run.id, 0, events)
        store.end(run.id, "finished")
        claim.lock.release()
        ids.append(run.id)
    return ids


def timed(look: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    look()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
