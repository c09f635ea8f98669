"""What it costs a training to note the network's answers to the test images, and how its layers
fare.

Run: python -m tests.benchmarks.insight [--network gap-17k] [--dataset digits] [--rounds 8]

Epochs with and without take turns in one process, so that whatever else the machine does meets both
alike. The ratio of their median times is told, and whether both came to the same numbers.
"""

import argparse
import time
from collections.abc import Iterator
from statistics import median

import torch

from explorer.presets import load_presets
from explorer.training.dataset_files import load_dataset
from explorer.training.engine import Noted, train
from explorer.training.event import Event
from tests.benchmarks.machine import describe
from tests.runs.shared import without_times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="gap-17k")
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    print(describe("torch"))
    preset = load_presets()[options.network]
    recipe = preset.recipe.model_copy(
        update={"dataset": options.dataset, "epochs": options.rounds + 1, "device": "cpu"}
    )
    dataset = load_dataset(options.dataset)
    noted: list[Noted] = []
    plain = train(preset.architecture, recipe, dataset, torch.device("cpu"))
    noting = train(preset.architecture, recipe, dataset, torch.device("cpu"), note=noted.append)
    times: dict[str, list[float]] = {"without": [], "with": []}
    told: dict[str, list[Event]] = {"without": [], "with": []}
    for turn in range(options.rounds + 1):
        for name, events in (("without", plain), ("with", noting)):
            began = time.perf_counter()
            told[name] += next_epoch(events)
            if turn:  # the first epoch of each prepares what the others find ready
                times[name].append(time.perf_counter() - began)
    same = [*map(without_times, told["with"])] == [*map(without_times, told["without"])]
    ratio = median(times["with"]) / median(times["without"])
    print(f"{options.network} on {options.dataset}, {options.rounds} epochs each")
    print(f"an epoch: {median(times['without']):.2f} s without, {median(times['with']):.2f} s with")
    print(f"ratio {ratio:.3f}; the same numbers: {'yes' if same else 'NO'}")
    print(f"noted of {len(noted)} epochs")


def next_epoch(events: Iterator[Event]) -> list[Event]:
    """The events up to the end of the next epoch."""
    found = []
    for event in events:
        found.append(event)
        if event.kind == "epoch":
            break
    return found


if __name__ == "__main__":
    main()
