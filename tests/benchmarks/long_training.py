"""A training that outlasts any benchmark, for a server that a benchmark starts."""

import os
from dataclasses import replace
from pathlib import Path

from explorer.presets import load_presets
from explorer.runs.home import open_store
from explorer.runs.new_run import new_run
from explorer.training.recipe import Recipe
from tests.browser.conftest import Server

PRESET = "gap-17k"


def data_folder() -> dict[str, str]:
    """For `start_server`: the folder of images that EXPLORER_DATA names, where it is set."""
    return {name: os.environ[name] for name in ("EXPLORER_DATA",) if name in os.environ}


def queue_long_run(folder: Path) -> str:
    """Put a run into the queue that a server in this folder begins with; returns the run's id.

    It trains on the CPU: on MNIST where EXPLORER_DATA is set, else on the built-in digits.
    """
    dataset = "mnist" if data_folder() else "digits"
    recipe = Recipe(dataset=dataset, epochs=1000, device="cpu", precision="fp32")
    run = new_run(load_presets()[PRESET].architecture, recipe, "benchmark")
    store = open_store(folder / "home")
    store.add(replace(run, more_epochs=1000))
    store.close()
    return run.id


def last_step(folder: Path, run_id: str) -> tuple[int, float] | None:
    """The newest step that is written down, and the run's clock at it; None before the first."""
    store = open_store(folder / "home")
    try:
        steps = [event for event in store.events(run_id) if event.kind == "step"]
    finally:
        store.close()
    return (steps[-1].step, steps[-1].time) if steps else None


def memory(server: Server) -> float:
    """The server's resident memory, in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def cpu_seconds(server: Server) -> float:
    """What all threads of the server have run so far."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
