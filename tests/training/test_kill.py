"""A training whose server is killed again and again loses nothing that it had said, and ends where an uninterrupted one does."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from explorer.network.spec import Architecture, parse_architecture
from explorer.training.checkpoint import Checkpoint, network_weights
from explorer.training.checkpoint_files import newest_checkpoint
from explorer.training.datasets import load_dataset
from explorer.training.engine import train
from explorer.training.event import Event, parse_event, without_times
from explorer.training.recipe import Recipe, parse_recipe
from explorer.training.run import new_run
from explorer.training.store import Store

ROOT = Path(__file__).parents[2]
KILLS = 20
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
# Everything that has a state: momenta, a schedule that moves at each step, all random generators.
RECIPE = {"epochs": 80, "batch_size": 64, "optimizer": {"kind": "AdamW"}, "scheduler": {"kind": "CosineAnnealingLR"}}
RECIPE |= {"rotation": 5.0, "shift": 1.0, "device": "cpu", "precision": "fp32", "seed": 7}


def uninterrupted(architecture: Architecture, recipe: Recipe) -> tuple[list[Event], Checkpoint]:
    reached: list[Checkpoint] = []
    events = list(train(architecture, recipe, load_dataset("digits"), torch.device("cpu"), after_epoch=reached.append))
    return events, reached[-1]


def start_shell(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return start(home, "explorer", *arguments, "--json")


def start_server(home: Path, run_id: str) -> subprocess.Popen[str]:
    return start(home, "tests.training.fixtures.server", run_id)


def start(home: Path, module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "EXPLORER_HOME": str(home), "OMP_NUM_THREADS": str(torch.get_num_threads())}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def kill_after(process: subprocess.Popen[str], seconds: float, wait_for_it: bool) -> list[Event]:
    """What it had said until it was killed so long after its start, or after its first event."""
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline()] if wait_for_it else []
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        lines += process.stdout.readlines()
        timer.cancel()
    return [parse_event(line) for line in lines if line.endswith("\n")]


@pytest.mark.slow
def test_a_training_whose_server_is_killed_again_and_again(tmp_path: Path) -> None:
    architecture, recipe = parse_architecture({"name": "killed", "layers": LAYERS}), parse_recipe(RECIPE)
    began = time.perf_counter()
    expected, last = uninterrupted(architecture, recipe)
    life = time.perf_counter() - began
    chance, said = random.Random(20), 0
    store = Store(tmp_path / "home")
    run_id = (run := new_run(architecture, recipe)).id
    store.add(run)
    for kill in range(KILLS):
        early = kill % (KILLS // EARLY) == 1
        process = start_server(tmp_path / "home", run_id)
        events = kill_after(process, chance.uniform(0, 4.0 if early else 1.5 * life / KILLS), not early)
        store.recover()
        kept = [without_times(event) for event in store.events(run_id)]
        assert store.kept(run_id).status in ("queued", "interrupted"), kill
        assert kept == [without_times(event) for event in expected[: len(kept)]], f"after kill {kill}"
        assert not kept or kept[-1].kind == "epoch"
        for event in events:
            if event.kind == "epoch":
                said = event.epoch
                assert event in store.events(run_id), f"kill {kill} lost epoch {event.epoch}"
        assert store.last_epoch(run_id) >= said
    assert 0 < said < recipe.epochs, "the kills came too late or too early to show anything"
    process = start_server(tmp_path / "home", run_id)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert list(store.revisions()) == [run_id]
    assert store.kept(run_id).status == "finished"
    assert [without_times(event) for event in store.events(run_id)] == [without_times(event) for event in expected]
    checkpoint, wrong = newest_checkpoint(store.checkpoints, run_id, recipe.epochs)
    assert wrong == ""
    weights, ours = network_weights(last), network_weights(checkpoint)
    assert weights.keys() == ours.keys()
    assert all(torch.equal(tensor, ours[name]) for name, tensor in weights.items())
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.3])
def test_a_new_run_that_is_killed_early_is_kept(seconds: float, tmp_path: Path) -> None:
    file = tmp_path / "network.json"
    file.write_text(json.dumps({"layers": LAYERS}))
    kill_after(start_shell(tmp_path / "home", "train", str(file), "--epochs", "900"), seconds, wait_for_it=True)
    store = Store(tmp_path / "home")
    store.recover()
    (run_id,) = store.revisions()
    assert store.kept(run_id).status == "interrupted"
    next_epoch = store.last_epoch(run_id) + 1 if store.events(run_id) else 0
    with start_shell(tmp_path / "home", "resume", run_id) as process:
        assert process.stdout is not None
        first = parse_event(process.stdout.readline())
        process.kill()
    assert first.epoch == next_epoch
    store.close()
