"""What one watching page costs a training, for the server alone. Run: python -m tests.benchmarks.streaming

A server trains on the built-in digits. By turns nobody looks, or one page does: a websocket client that asks for the Train
page and repeats its live part as a browser does, but draws nothing, as a browser on another machine would be. The run's own
events say how fast it was in each turn. tests/benchmarks/screen.py measures the same with a Chromium on the same machine.
"""

import asyncio
import contextlib
import statistics
import tempfile
import time
from pathlib import Path

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.presets import load_presets
from explorer.training.recipe import Recipe
from explorer.training.run import new_run
from explorer.training.store import open_store
from tests.benchmarks.machine import describe
from tests.browser.conftest import start_server

TURNS, TURN, SETTLE = 8, 12.0, 2.0  # of each kind; seconds


def main() -> None:
    print(describe("streamlit", "torch"))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "home")
        recipe = Recipe(dataset="digits", epochs=1000, device="cpu", precision="fp32")
        run = new_run(load_presets()["bias-free-12k"].architecture, recipe, "benchmark")
        store.add(run)  # it waits in the queue, which the server begins with
        server = start_server(Path(folder))
        try:
            time.sleep(8)  # the first epochs prepare themselves
            turns, looks = asyncio.run(_turns(server.url, run.id))
            now, steps = time.time(), [event for event in store.events(run.id) if event.kind == "step"]
        finally:
            server.end()
            store.close()
    offset = now - steps[-1].time  # the run's clock starts with it; its newest event is of about now
    speeds: dict[bool, list[float]] = {False: [], True: []}
    for watched, began, ended in turns:
        inside = [step for step in steps if began < step.time + offset < ended]
        speeds[watched].append((inside[-1].step - inside[0].step) / (inside[-1].time - inside[0].time))
    for watched, found in speeds.items():
        each = ", ".join(f"{speed:.1f}" for speed in found)
        print(f"{'watched' if watched else 'unwatched'}: {statistics.mean(found):.2f} steps/s in the mean of {each}")
    cost = 1 - statistics.mean(speeds[True]) / statistics.mean(speeds[False])
    error = (sum(statistics.variance(found) / len(found) for found in speeds.values())) ** 0.5 / statistics.mean(speeds[False])
    print(f"one page costs {100 * cost:.1f} % ± {100 * error:.1f} (standard error), {looks} looks")


async def _turns(url: str, run_id: str) -> tuple[list[tuple[bool, float, float]], int]:
    """Each turn: whether it was watched, and from when until when; and how often the page looked in all."""
    turns, looks = [], 0
    for number in range(2 * TURNS):
        watched = number % 4 in (1, 2)  # not strictly by turns, so that a slow drift favours neither
        watching = asyncio.create_task(_watch(url, run_id)) if watched else None
        await asyncio.sleep(SETTLE)  # opening the page costs too, but once
        began = time.time()
        await asyncio.sleep(TURN)
        turns.append((watched, began, time.time()))
        if watching:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            looks += _looks.pop()
    return turns, looks


_looks: list[int] = []


async def _watch(url: str, run_id: str) -> None:
    """One page, until it is cancelled."""
    page, repeated, looks = "", {}, 0
    address = f"{url.replace('http', 'ws')}/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        try:
            await socket.send(_ask(run_id, page))
            due: dict[str, float] = {}
            while True:
                wait = max(0.01, min(due.values(), default=time.time() + 60) - time.time())
                with contextlib.suppress(TimeoutError):
                    message = ForwardMsg()
                    message.ParseFromString(await asyncio.wait_for(socket.recv(), wait))
                    kind = message.WhichOneof("type")
                    if kind == "new_session":
                        page = message.new_session.page_script_hash
                    elif kind == "auto_rerun":
                        repeated[message.auto_rerun.fragment_id] = message.auto_rerun.interval
                        due.setdefault(message.auto_rerun.fragment_id, time.time() + message.auto_rerun.interval)
                for fragment, when in list(due.items()):
                    if when <= time.time():
                        await socket.send(_ask(run_id, page, fragment))
                        due[fragment] = time.time() + repeated[fragment]
                        looks += 1
        finally:
            _looks.append(looks)


def _ask(run_id: str, page: str, fragment: str = "") -> bytes:
    asked = BackMsg()
    asked.rerun_script.query_string = f"run={run_id}"
    asked.rerun_script.page_script_hash = page
    if not page:
        asked.rerun_script.page_name = "train"
    if fragment:
        asked.rerun_script.fragment_id = fragment
        asked.rerun_script.is_auto_rerun = True
    return asked.SerializeToString()


if __name__ == "__main__":
    main()
