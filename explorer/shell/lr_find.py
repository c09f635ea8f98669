"""Find a learning rate for a network and its recipe, and print the curve."""

import argparse
import json
import math

from explorer.presets import RECIPE_VARIANTS
from explorer.refusal import Refusal
from explorer.shell.architectures import add_arch
from explorer.shell.image_names import IMAGES, dataset_name
from explorer.shell.train import network_and_recipe
from explorer.shell.training import add_data, tell_progress
from explorer.text import sentence
from explorer.training.dataset_files import load_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.devices import choose_device
from explorer.training.learning_rate_finder import FoundRates, find_rates, try_rates
from explorer.training.problems import TrainingError, find_problem

LINES, WIDTH = 24, 40  # of the curve at most


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_arch(parser)
    parser.add_argument("--recipe", choices=RECIPE_VARIANTS, help="a preset's, as for `train`")
    parser.add_argument(
        "--dataset",
        type=dataset_name,
        metavar="IMAGES",
        help=f"the images to learn: {IMAGES} (default: the named recipe's, else digits)",
    )
    parser.add_argument("--seed", type=int, metavar="S", help="random seed (default: 0)")
    parser.add_argument(
        "--device", metavar="D", help="auto, cpu, cuda or mps (default: auto, the fastest here)"
    )
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    architecture, recipe = network_and_recipe(options)
    device, kind = choose_device(recipe.device), find_dataset(recipe.dataset)
    if obstacle := find_problem(architecture, kind):  # before any images are downloaded
        raise Refusal(f"this network cannot be trained on {kind.title}: {obstacle.message}")
    dataset = load_dataset(recipe.dataset, options.data, tell_progress)
    try:
        found = find_rates(list(try_rates(architecture, recipe, dataset, device)), recipe)
    except TrainingError as error:
        raise Refusal(str(error)) from None
    if options.json:
        print(json.dumps(_data(found)))
        return 0
    print(f"{architecture.name} on {kind.title}, {recipe.optimizer.kind}")
    print("\n".join(_curve(found)))
    print(sentence(found.why))
    if found.suggested is not None:
        print(f"suggested {found.field}: {found.suggested:g}")
    return 0


def _data(found: FoundRates) -> dict[str, object]:
    """For machines. A loss that is no number is null."""
    steps = [
        {"lr": lr, "loss": _number(loss), "smoothed": _number(smoothed)}
        for lr, loss, smoothed in zip(found.lrs, found.losses, found.smoothed, strict=True)
    ]
    return {
        "field": found.field,
        "suggested": found.suggested,
        "steepest": found.steepest,
        "tenth_of_minimum": found.tenth_of_minimum,
        "why": found.why,
        "steps": steps,
    }


def _number(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def _curve(found: FoundRates) -> list[str]:
    """The smoothed loss over the rates, a bar for each of LINES rates at most."""
    every = math.ceil(len(found.lrs) / LINES)
    shown = list(zip(found.lrs, found.smoothed, strict=True))[::every]
    top = found.smoothed[0] if math.isfinite(found.smoothed[0]) else 1.0
    lines = ["learning rate   smoothed loss"]
    for lr, loss in shown:
        length = round(WIDTH * min(1.0, loss / top)) if math.isfinite(loss) else WIDTH
        lines.append(f"{lr:>13.2g}   {loss:>13.4g}  {'█' * length}")
    return lines
