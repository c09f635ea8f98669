"""Thirty builders and thirty watchers beside a training: what a class costs, and what it waits for.

Run: python -m tests.benchmarks.classroom [--seconds 60] [--rounds 1] [-- CHECKOUT …]

A server trains on the CPU (on MNIST where EXPLORER_DATA is set, else on the built-in digits), first
alone, then with the class, and at last the class is there without a training, which is stopped.
Each builder edits a stack of 17 layers every 5 seconds or so, and the panel beside asks for its
values after each edit as in a browser; each watcher has the Train page of the run open, which
repeats its live part. They are clients on the websocket (see windows.py), in this process and not
in the server's, but on the same cores.

An edit is timed from its sending to the arrival of the answer with all rows' new numbers. CHECKOUT
is the folder of another build; in each round all builds are measured by turns.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.benchmarks.long_training import (
    cpu_seconds,
    data_folder,
    last_step,
    memory,
    queue_long_run,
)
from tests.benchmarks.machine import describe, spread
from tests.benchmarks.windows import Builder, Window, build, watch
from tests.browser.conftest import ROOT, Server, serving
from tests.runs.shared import wait_until

Visit = TypeVar("Visit")

PACE = 5.0  # seconds between two edits of one builder
ARRIVAL = 10.0  # seconds in which the class comes in
SETTLE = 5.0  # more, until figures count
HALT = 5.0  # seconds that a training may take to stop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builders", type=int, default=30)
    parser.add_argument("--watchers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60, help="of each of the three turns")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("checkouts", nargs="*", type=Path, help="folders of other builds")
    options = parser.parse_args()
    print(describe("streamlit", "torch"))
    for _ in range(options.rounds):
        for checkout in [*options.checkouts, ROOT]:
            print(f"\n{checkout.resolve().name}", flush=True)
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                run_id = queue_long_run(folder)
                with serving(folder, root=checkout, **data_folder()) as server:
                    report(server, folder, run_id, options)


def report(server: Server, folder: Path, run_id: str, options: argparse.Namespace) -> None:
    wait_until(lambda: last_step(folder, run_id) is not None)
    time.sleep(SETTLE)
    alone = Turn(server, folder, run_id)
    time.sleep(options.seconds)
    print(f"nobody there: {alone.ended()}", flush=True)
    asyncio.run(lesson(server, folder, run_id, options))
    log = server.log.read_text()
    assert "Traceback" not in log, log


class Turn:
    """A stretch of time, and what the server did in it. `run_id` is of what trains, if anything."""

    def __init__(self, server: Server, folder: Path, run_id: str | None) -> None:
        self._server, self._folder, self._run_id = server, folder, run_id
        self._began, self._step = time.monotonic(), self._last_step()
        self._cpu, self._own = cpu_seconds(server), time.process_time()

    def _last_step(self) -> tuple[int, float] | None:
        return last_step(self._folder, self._run_id) if self._run_id else None

    def ended(self) -> str:
        """What there is to say of it at its end."""
        seconds = time.monotonic() - self._began
        cores = (cpu_seconds(self._server) - self._cpu) / seconds
        own = (time.process_time() - self._own) / seconds
        words = (
            f"the server ran on {cores:.2f} cores, the clients on {own:.2f}; "
            f"{memory(self._server):.0f} MB"
        )
        first, last = self._step, self._last_step()
        if first is None or last is None:
            return words
        assert last != first, "the training stood still"
        return f"{(last[0] - first[0]) / (last[1] - first[1]):.2f} steps a second; {words}"


async def lesson(server: Server, folder: Path, run_id: str, options: argparse.Namespace) -> None:
    """The class comes, works beside the training, and then without one."""
    begins = time.monotonic() + ARRIVAL + SETTLE
    halts = begins + options.seconds
    ends = halts + HALT + options.seconds
    chance = random.Random(0)
    building = [
        asyncio.create_task(_late(chance, build(server.url, seed, PACE, ends)))
        for seed in range(options.builders)
    ]
    watching = [
        asyncio.create_task(_late(chance, watch(server.url, f"train?run={run_id}", ends)))
        for _ in range(options.watchers)
    ]
    await _until(begins)
    turn = await asyncio.to_thread(Turn, server, folder, run_id)  # no client waits for that
    await _until(halts)
    print(f"the class beside a training: {await asyncio.to_thread(turn.ended)}", flush=True)
    await asyncio.to_thread(server.stop_runs)
    await _until(halts + HALT)
    turn = Turn(server, folder, None)
    builders, windows = await asyncio.gather(*building), await asyncio.gather(*watching)
    print(f"the class alone: {turn.ended()}")
    _tell(builders, windows, begins, halts, ends)


async def _until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - time.monotonic()))


async def _late(chance: random.Random, visit: Coroutine[Any, Any, Visit]) -> Visit:
    """Come at some time while the class comes in."""
    await asyncio.sleep(chance.uniform(0, ARRIVAL))
    return await visit


def _tell(
    builders: list[Builder], watchers: list[Window], begins: float, halts: float, ends: float
) -> None:
    for what, times in (
        ("an edit's numbers", [taken for each in builders for taken in each.times]),
        ("the page with them", [taken for each in builders for taken in each.page_times]),
    ):
        beside = [taken for sent, taken in times if begins <= sent < halts]
        without = [taken for sent, taken in times if halts + HALT <= sent < ends]
        print(f"{what} beside the training: {spread(beside)}")
        print(f"{what} without a training: {spread(without)}")
    looks = [window.looks for window in watchers]
    print(f"looks at the training: {sum(looks)}, at least {min(looks)} of each watcher")
    errors = [
        error
        for window in [*watchers, *(each.window for each in builders)]
        for error in window.errors
    ]
    print(f"errors: {len(errors) or 'none'}")
    for error in errors[:5]:
        print(f"  {error}")


if __name__ == "__main__":
    main()
