"""What a long run costs: the memory of 200 epochs, and the Train page with 100,000 step events.

Run:

    python -m tests.benchmarks.long_run [--epochs 200] [--events 100000]

The run trains on the built-in digits through the job manager, as the page starts it; the process's
resident memory (RSS) is read after every epoch. The page is the real page script, run as Streamlit
runs it, without a browser: the time is that of the whole script, form and charts with it, which is
more than the live part that repeats itself.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["EXPLORER_HOME"] = tempfile.mkdtemp()

from streamlit.testing.v1 import AppTest

from explorer.presets import load_presets
from explorer.runs.new_run import new_run
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from explorer.ui import process
from tests.benchmarks.machine import describe
from tests.benchmarks.made_up import made_up_events
from tests.people.shared import student

REDRAWS = 20
ARCHITECTURE = load_presets()["bias-free-12k"].architecture


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    if options.epochs < 10:
        parser.error("memory is compared over tenths of the run: at least 10 epochs")
    print(describe("torch", "streamlit"))
    _memory(options.epochs)
    _redraws(options.events)
    process.stop()


def _memory(epochs: int) -> None:
    run_id = process.jobs().submit(
        ARCHITECTURE, Recipe(dataset="digits", epochs=epochs, device="cpu"), student("benchmark")
    )
    sizes: list[float] = []
    while not (snapshot := process.jobs().snapshot(run_id)).ended:
        if len(snapshot.epochs) > len(sizes):
            sizes.append(_resident())
        time.sleep(0.02)
    assert snapshot.status == "finished", snapshot.message
    tenth = max(1, len(sizes) // 10)
    after, middle, last = (
        sizes[tenth],
        statistics.fmean(sizes[4 * tenth : 6 * tenth]),
        statistics.fmean(sizes[-tenth:]),
    )
    print(
        f"{epochs} epochs on digits: RSS {sizes[0]:.1f} MB after the first, "
        f"{after:.1f} MB after a tenth of them,"
    )
    print(
        f"{middle:.1f} MB in the middle, {last:.1f} MB in the last tenth, "
        f"{max(sizes):.1f} MB at most"
    )


def _resident() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc/self/status: this benchmark is for Linux")


def _page() -> None:
    from explorer.ui.train import page as train_page

    train_page.show()


def _redraws(events: int) -> None:
    """Of a run in training with so many step events, every redraw with new ones; then of the same
    run ended.
    """
    store, epochs = process.jobs().store, 200
    run = new_run(ARCHITECTURE, Recipe(dataset="digits", epochs=epochs, device="cpu"), "benchmark")
    claim = store.begin(run)
    every = made_up_events(events, epochs, lambda epoch: 0.95)
    store.append(run.id, 0, every)
    app = AppTest.from_function(_page, default_timeout=60)
    app.query_params["run"] = run.id
    began = time.perf_counter()
    app.run()
    first = time.perf_counter() - began
    taken, count = [], len(every)
    for number in range(REDRAWS):
        metrics = {"loss": 0.1, "accuracy": 0.9, "lr": 0.01, "iterations_per_second": 50.0}
        store.append(
            run.id,
            count,
            [Event(kind="step", time=9e3 + number, epoch=epochs, step=events, metrics=metrics)],
        )
        count += 1
        began = time.perf_counter()
        app.run()
        taken.append(1000 * (time.perf_counter() - began))
    assert not app.exception
    assert len(process.jobs().snapshot(run.id, 400).steps) <= 400
    claim.lock.release()
    print(
        f"Train page, {events:,} step events: first {1000 * first:.0f} ms; "
        f"{REDRAWS} redraws with a new event each:"
    )
    print(f"median {statistics.median(taken):.0f} ms, largest {max(taken):.0f} ms")


if __name__ == "__main__":
    main()
