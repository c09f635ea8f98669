"""Runs whose server is killed again and again lose nothing that it had said, and end where
undisturbed ones do.
"""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
import torch

from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture
from explorer.runs.checkpoint_format import newest_checkpoint
from explorer.runs.new_run import new_run
from explorer.runs.run_loop import RunLoop
from explorer.runs.store import Store
from explorer.training.checkpoint import Checkpoint, network_weights
from explorer.training.dataset_files import load_dataset
from explorer.training.engine import train
from explorer.training.event import Event, parse_event
from explorer.training.recipe import Recipe, parse_recipe
from tests.runs.fixtures.server import main_of_a_fork
from tests.runs.shared import without_times

ROOT = Path(__file__).parents[2]
KILLS = 30
EARLY = 3  # of them before the training says anything, while the process starts
LAYERS = [
    {"kind": "MaxPool2d", "kernel_size": 4},
    {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3},
    {"kind": "BatchNorm2d"},
    {"kind": "ReLU"},
    {"kind": "Flatten"},
    {"kind": "Dropout", "p": 0.2},
    {"kind": "Linear", "out_features": 10},
]
# Everything that has a state: momenta, schedules that move at each step, all random generators. So
# many epochs that none of the three has ended when the last kill comes: a process is killed within
# five.
RECIPE: dict[str, Any] = {"epochs": 40, "batch_size": 64, "device": "cpu", "precision": "fp32"}
RECIPE |= {"rotation": 5.0, "shift": 1.0}
RECIPES = [
    {
        **RECIPE,
        "seed": 7,
        "optimizer": {"kind": "AdamW"},
        "scheduler": {"kind": "CosineAnnealingLR"},
    },
    {
        **RECIPE,
        "seed": 8,
        "optimizer": {"kind": "SGD", "momentum": 0.9},
        "scheduler": {"kind": "OneCycleLR"},
    },
    {**RECIPE, "seed": 9, "optimizer": {"kind": "Adam"}, "label_smoothing": 0.1},
]


def uninterrupted(architecture: Architecture, recipe: Recipe) -> tuple[list[Event], Checkpoint]:
    reached: list[Checkpoint] = []
    events = list(
        train(
            architecture,
            recipe,
            load_dataset("digits"),
            torch.device("cpu"),
            after_epoch=reached.append,
        )
    )
    return events, reached[-1]


def start_shell(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return start(home, "explorer", *arguments, "--json")


def start_server(home: Path, run_ids: Sequence[str]) -> subprocess.Popen[str]:
    return start(home, "tests.runs.fixtures.server", *run_ids)


def kill_a_fork(home: Path, run_ids: list[str], lines: int, seconds: float) -> list[str]:
    """What a server had said until it was killed, so long after it had said so many lines.

    It is forked from a process that has imported everything already, as thirty imports of torch
    would take minutes.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.runs.fixtures.warm"])
    ours, its = context.Pipe(duplex=False)
    server = context.Process(target=main_of_a_fork, args=(str(home), run_ids, its))
    # A new process runs our main module again, and a test of a page may have left the page's script
    # in its place.
    with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        server.start()
    its.close()
    timer, said = threading.Timer(seconds, server.kill), []
    with suppress(EOFError, OSError):  # the end of what it said, perhaps within a line
        while True:
            if len(said) == lines:
                timer.start()
            said.append(ours.recv())
    server.join()
    assert server.exitcode == -signal.SIGKILL
    return said


def start(home: Path, module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    environment = {
        **os.environ,
        "EXPLORER_HOME": str(home),
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def kill_after(process: subprocess.Popen[str], seconds: float, lines: int) -> list[str]:
    """What it had said until it was killed, so long after its start or after it had said so many
    lines.
    """
    with process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        said += process.stdout.readlines()
        timer.cancel()
    return [line for line in said if line.endswith("\n")]


def plain(events: Iterable[Event]) -> list[Event]:
    return [without_times(event) for event in events]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_runs_whose_server_is_killed_again_and_again(tmp_path: Path) -> None:
    """One trains and two wait.

    After each kill the list and the queue are whole, and no epoch that was told is lost; at the end
    all three are, event by event and bit by bit, what they would have been in peace.
    """
    architecture, recipes = (
        parse_architecture({"name": "killed", "layers": LAYERS}),
        list(map(parse_recipe, RECIPES)),
    )
    began = time.perf_counter()
    expected = [uninterrupted(architecture, recipe) for recipe in recipes]
    epoch_seconds = (time.perf_counter() - began) / sum(recipe.epochs for recipe in recipes)
    lines_an_epoch = len(expected[0][0]) // recipes[0].epochs
    store = Store(tmp_path / "home")
    runs = [new_run(architecture, recipe) for recipe in recipes]
    for run in runs:
        store.add(run)
    ids = [run.id for run in runs]
    chance, told = random.Random(20), dict.fromkeys(ids, 0)
    for kill in range(KILLS):
        early = kill % (KILLS // EARLY) == 1
        if early:
            said = kill_after(start_server(tmp_path / "home", ids), chance.uniform(0, 4.0), lines=0)
        else:
            lines, seconds = (
                chance.randint(1, 3 * lines_an_epoch),
                chance.uniform(0, 1.5 * epoch_seconds),
            )
            said = kill_a_fork(tmp_path / "home", ids, lines, seconds)
        states = Counter(store.stored_run(run_id).status for run_id in ids)
        if not early:
            assert states == {"running": 1, "queued": 2}, f"kill {kill}"
        store.recover()
        assert sorted(store.revisions()) == sorted(ids), f"kill {kill}"
        for run_id, (events, _) in zip(ids, expected, strict=True):
            kept = store.events(run_id)
            assert store.stored_run(run_id).status in ("queued", "interrupted"), f"kill {kill}"
            assert plain(kept) == plain(events[: len(kept)]), f"after kill {kill}"
            assert not kept or kept[-1].kind == "epoch"
        for run_id, event in (told_by(line) for line in said):
            if event.kind == "epoch":
                told[run_id] = event.epoch
                assert event in store.events(run_id), (
                    f"kill {kill} lost epoch {event.epoch} of {run_id}"
                )
        assert all(store.last_epoch(run_id) >= told[run_id] for run_id in ids)
    assert all(0 < told[run.id] < run.recipe.epochs for run in runs), (
        "the kills came too late or too early to show anything"
    )
    process = start_server(tmp_path / "home", ids)
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert sorted(store.revisions()) == sorted(ids)
    for run_id, (events, last) in zip(ids, expected, strict=True):
        assert store.stored_run(run_id).status == "finished"
        assert plain(store.events(run_id)) == plain(events)
        checkpoint, wrong = newest_checkpoint(store.checkpoints, run_id, RECIPE["epochs"])
        assert wrong == ""
        weights, ours = network_weights(last), network_weights(checkpoint)
        assert weights.keys() == ours.keys()
        assert all(torch.equal(tensor, ours[name]) for name, tensor in weights.items())
    store.close()


def told_by(line: str) -> tuple[str, Event]:
    run_id, _, event = line.partition(" ")
    return run_id, parse_event(event)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.3])
def test_a_new_run_that_is_killed_early_is_kept(seconds: float, tmp_path: Path) -> None:
    file = tmp_path / "network.json"
    file.write_text(json.dumps({"layers": LAYERS}))
    kill_after(
        start_shell(tmp_path / "home", "train", str(file), "--epochs", "900"), seconds, lines=1
    )
    store = Store(tmp_path / "home")
    store.recover()
    (run_id,) = store.revisions()
    assert store.stored_run(run_id).status == "interrupted"
    next_epoch = store.last_epoch(run_id) + 1 if store.events(run_id) else 0
    claim = store.claim(run_id, ["interrupted"])
    assert claim is not None
    with closing(RunLoop(store, claim).train()) as events:
        assert next(events).epoch == next_epoch
    store.close()
