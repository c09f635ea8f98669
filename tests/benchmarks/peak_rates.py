"""Where between a tenth of the minimum and the steepest fall the learning-rate finder's suggestion
for the peak of OneCycleLR serves best.

Run: python -m tests.benchmarks.peak_rates [--networks mini-senet …] [--seeds 3]

Two epochs on digits of each preset that has a peak, with several shares of the way as the peak. A
share of 0 is the tenth, one of 1 the steepest. These are few steps, so one accuracy alone tells
little: the last lines have the mean of all, how many beat the rates 0.001 and 1.0, and the mean
difference to the share that is suggested, pair by pair, with its standard error.
"""

import argparse
from collections.abc import Sequence
from statistics import fmean, stdev

import torch

from explorer.network.spec import Architecture
from explorer.presets import Preset, load_presets
from explorer.training.dataset_files import Dataset, load_dataset
from explorer.training.engine import train
from explorer.training.learning_rate import peak_rate_name, with_peak_rate
from explorer.training.learning_rate_finder import (
    TOWARDS_STEEPEST,
    find_rates,
    rate_between,
    try_rates,
)
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe
from tests.benchmarks.machine import describe

SHARES = (0.0, 0.33, 0.5, 0.67, 0.8, 1.0)
OUTER = (0.001, 1.0)
SUGGESTED = len(OUTER) + SHARES.index(TOWARDS_STEEPEST)  # its place among the accuracies
CPU = torch.device("cpu")


def main() -> None:
    data = load_dataset("digits")
    presets = {
        id: preset
        for id, preset in load_presets().items()
        if peak_rate_name(preset.recipe) == "max_lr"
        and not find_problem(preset.architecture, data.kind)
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=presets, default=list(presets))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print(describe("torch"))
    print("network seed: accuracy in percent at", *OUTER, "and at the shares", *SHARES)
    asked = [(id, seed) for id in options.networks for seed in range(options.seeds)]
    found = [row for id, seed in asked if (row := compared(presets[id], seed, data))]
    means = [fmean(row[place] for row in found) for place in range(len(OUTER) + len(SHARES))]
    print("mean:", in_percent(means))
    for place, share in enumerate(SHARES, len(OUTER)):
        better = sum(row[place] > max(row[: len(OUTER)]) for row in found)
        less = [row[SUGGESTED] - row[place] for row in found]
        error = stdev(less) / len(less) ** 0.5 if len(less) > 1 else 0.0
        print(
            f"share {share:g}: better than both in {better} of {len(found)}, "
            f"{100 * fmean(less):.1f} ± {100 * error:.1f} points below {TOWARDS_STEEPEST:g}"
        )


def compared(preset: Preset, seed: int, data: Dataset) -> list[float] | None:
    given = preset.recipe.model_copy(
        update={
            "dataset": "digits",
            "epochs": 2,
            "device": "cpu",
            "precision": "fp32",
            "seed": seed,
        }
    )
    found = find_rates(list(try_rates(preset.architecture, given, data, CPU)), given)
    low, high = found.tenth_of_minimum, found.steepest
    if low is None or high is None:
        print(f"{preset.id} {seed}: the search suggests nothing")
        return None
    rates = [*OUTER, *(rate_between(low, max(low, high), share) for share in SHARES)]
    reached = [accuracy(preset.architecture, given, rate, data) for rate in rates]
    print(f"{preset.id} {seed}:", in_percent(reached), flush=True)
    return reached


def accuracy(architecture: Architecture, recipe: Recipe, rate: float, data: Dataset) -> float:
    """Test accuracy after the recipe's epochs; 0 where they diverge."""
    *_, last = train(architecture, with_peak_rate(recipe, rate), data, CPU)
    return last.metrics["test_accuracy"] if last.kind == "finished" else 0.0


def in_percent(values: Sequence[float]) -> str:
    return " ".join(f"{100 * value:5.1f}" for value in values)


if __name__ == "__main__":
    main()
