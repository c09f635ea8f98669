"""What one watching page costs a training. Run: python -m tests.benchmarks.streaming [--blocks 8]

A server trains, on MNIST where EXPLORER_DATA is set and else on the built-in digits. By turns
nobody looks; a client does, which asks for the Train page and repeats its live part as a browser
does but draws nothing, as a browser on another machine would be; and a Chromium on this machine
does. The run's own step events say how fast it trained in each turn.

Machines drift, so turns are compared within blocks of nobody, client, Chromium, Chromium, client,
nobody. What the drift leaves alone is the share of a turn in which the training's thread ran, as
Linux counts it: the rest it waited, for the interpreter's lock or for a core.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from explorer.runs.home import open_store
from explorer.training.event import Event
from tests.benchmarks.long_training import data_folder, queue_long_run
from tests.benchmarks.machine import describe
from tests.benchmarks.windows import Window, watch
from tests.browser.conftest import CHROMIUM, FLAGS, Server, start_server

TURN, SETTLE = 8.0, 2.5  # seconds; opening a page costs too, but once
WATCHERS = ("nobody", "client", "Chromium")
BLOCK = (*WATCHERS, *reversed(WATCHERS))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=8)
    blocks = parser.parse_args().blocks
    assert CHROMIUM, "no Chromium on the path"
    print(describe("streamlit", "torch"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run_id = queue_long_run(Path(folder))
        store = open_store(Path(folder) / "home")
        server = start_server(Path(folder), **data_folder())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            time.sleep(10)  # the first epochs prepare themselves
            turns = [
                _turn(watcher, server, run_id, browser) for _ in range(blocks) for watcher in BLOCK
            ]
            time.sleep(1.5)  # the last steps are written
            now, steps = (
                time.time(),
                [event for event in store.events(run_id) if event.kind == "step"],
            )
        finally:
            browser.close()
            server.end()
            store.close()
    # The run's clock starts with it; its newest event is of about now.
    offset = now - steps[-1].time
    speeds = [
        _speed([step for step in steps if began < step.time + offset < ended])
        for began, ended, _ in turns
    ]
    shares = [share for *_, share in turns]
    print(f"steps a second, {blocks} blocks, turns of {TURN:.0f} s each")
    for watcher in WATCHERS:
        found = _of(watcher, speeds)
        print(
            f"{watcher}: mean {statistics.mean(found):.2f} of "
            f"{', '.join(f'{speed:.1f}' for speed in found)}"
        )
    for watcher in WATCHERS:
        found = _of(watcher, shares)
        print(
            f"{watcher}: the training's thread ran {statistics.mean(found):.2f} % of the "
            f"time ({min(found):.2f} to {max(found):.2f})"
        )
    for watcher in WATCHERS[1:]:
        pairs = zip(_of(watcher, speeds), _of("nobody", speeds), strict=True)
        costs = [100 * (1 - watched / alone) for watched, alone in pairs]
        error = statistics.stdev(costs) / len(costs) ** 0.5
        print(
            f"{watcher}: costs {statistics.mean(costs):.1f} % ± {error:.1f} (standard "
            f"error), median {statistics.median(costs):.1f}"
        )


def _speed(steps: list[Event]) -> float:
    """Without the tests between epochs."""
    return len(steps) / sum(1 / step.metrics["iterations_per_second"] for step in steps)


def _of(watcher: str, speeds: list[float]) -> list[float]:
    """One a block: the mean of its two turns."""
    places = [place for place, name in enumerate(BLOCK) if name == watcher]
    starts = range(0, len(speeds), len(BLOCK))
    return [statistics.mean(speeds[start + place] for place in places) for start in starts]


def _turn(
    watcher: str, server: Server, run_id: str, browser: Browser
) -> tuple[float, float, float]:
    """From when until when it was watched so, and how much of that the training's thread ran, in
    percent.
    """
    with {"nobody": _nobody, "client": _client, "Chromium": _chromium}[watcher](
        server.url, run_id, browser
    ):
        time.sleep(SETTLE)
        began, before = time.time(), _ran(server)
        time.sleep(TURN)
        ended, after = time.time(), _ran(server)
        return (
            began,
            ended,
            100 * max(after[thread] - before.get(thread, 0) for thread in after) / (ended - began),
        )


def _ran(server: Server) -> dict[str, float]:
    """Seconds that each thread of the server has run; the one that trains runs the most."""
    threads = Path(f"/proc/{server.process.pid}/task")
    found = {}
    for thread in threads.iterdir():
        with contextlib.suppress(OSError):  # it has ended
            found[thread.name] = int((thread / "schedstat").read_text().split()[0]) / 1e9
    return found


@contextlib.contextmanager
def _nobody(url: str, run_id: str, browser: Browser) -> Iterator[None]:
    yield


@contextlib.contextmanager
def _chromium(url: str, run_id: str, browser: Browser) -> Iterator[None]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/?page=train&run={run_id}")
    page.wait_for_selector(".run-epochs")
    yield
    assert page.get_by_test_id("stVegaLiteChart").count() == 2, "nothing was drawn"
    context.close()


@contextlib.contextmanager
def _client(url: str, run_id: str, browser: Browser) -> Iterator[None]:
    ends = time.monotonic() + SETTLE + TURN
    windows: list[Window] = []
    thread = threading.Thread(
        target=lambda: windows.append(asyncio.run(watch(url, f"train?run={run_id}", ends)))
    )
    thread.start()
    yield
    thread.join()
    assert windows[0].looks > 2, "nothing was looked at"
    assert not windows[0].errors, windows[0].errors


if __name__ == "__main__":
    main()
