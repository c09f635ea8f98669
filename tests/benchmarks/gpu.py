"""Training on a GPU: the recorded step against the same step launched kernel by kernel, and whole
runs. Run:

    EXPLORER_DATA=DIR python -m tests.benchmarks.gpu [--networks gap-17k …] [--epochs 20] [--rounds
    3] [--profile FILE]

All on MNIST with the presets' tuned recipes: batches of 128, turned, moved and scaled images, SGD
with Nesterov momentum, OneCycleLR. In every round each network trains one epoch both ways; the
table has the median round. Then each trains --epochs epochs as a visitor's run does, with its
tests. --profile writes a trace of one epoch, for chrome://tracing.

`--device cpu --data digits --epochs 1` tries the script itself where there is no GPU; nothing is
recorded then.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch

from explorer.presets import load_presets
from explorer.training import engine
from explorer.training.dataset_files import Dataset, load_dataset
from explorer.training.event import Event
from explorer.training.recipe import Recipe
from tests.benchmarks.machine import describe


def main() -> None:
    options = _options()
    device, data = torch.device(options.device), load_dataset(options.data)
    print(describe("torch"))
    print(
        f"\n{options.data}, iterations a second, median of {options.rounds} rounds of one epoch; "
        f"then {options.epochs} epochs"
    )
    print(
        "| network | recorded | launched one by one | whole run, "
        "seconds | final test accuracy |\n|---|---|---|---|---|"
    )
    for id in options.networks:
        way = load_presets()[id].recipe_variant("tuned")
        assert way, f"{id} has no tuned recipe"
        architecture, recipe = (
            way[0],
            way[1].model_copy(update={"dataset": options.data, "device": options.device}),
        )
        once = recipe.model_copy(update={"epochs": 1, "plain_epochs": 0})
        speeds: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(options.rounds):
            for recorded in speeds:
                speeds[recorded].append(
                    _epoch(architecture, once, data, device, recorded)[-2].metrics[
                        "iterations_per_second"
                    ]
                )
        began = time.perf_counter()
        whole = _epoch(
            architecture,
            recipe.model_copy(update={"epochs": options.epochs}),
            data,
            device,
            recorded=True,
        )
        seconds, accuracy = time.perf_counter() - began, whole[-1].metrics["test_accuracy"]
        medians = " | ".join(
            f"{statistics.median(speeds[recorded]):,.0f}" for recorded in (True, False)
        )
        print(f"| {id} | {medians} | {seconds:.2f} | {100 * accuracy:.2f} % |", flush=True)
        print(f"  ({whole[0].message or 'nothing is recorded on this device'})", flush=True)
    if options.profile:
        _profile(options.profile, architecture, once, data, device)


def _epoch(
    architecture, recipe: Recipe, data: Dataset, device: torch.device, recorded: bool
) -> list[Event]:
    find_capture = engine.find_capture
    try:
        if not recorded:
            engine.find_capture = lambda device: None
        events = list(engine.train(architecture, recipe, data, device))
    finally:
        engine.find_capture = find_capture
    assert events[-1].kind == "finished", events[-1].message
    return events


def _profile(path: Path, architecture, recipe: Recipe, data: Dataset, device: torch.device) -> None:
    with torch.profiler.profile() as profile:
        _epoch(architecture, recipe, data, device, recorded=True)
    profile.export_chrome_trace(str(path))
    kind = "cuda" if device.type == "cuda" else "cpu"
    print(profile.key_averages().table(sort_by=f"self_{kind}_time_total", row_limit=25))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    tuned = [preset.id for preset in load_presets().values() if preset.tuned]
    parser.add_argument("--networks", nargs="+", choices=tuned, default=tuned)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--data", choices=("mnist", "digits"), default="mnist")
    parser.add_argument("--profile", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
