"""Train a network, and print what happens as it happens."""

import argparse
import sys
from contextlib import closing
from pathlib import Path

import torch

from explorer.home_folder import home_folder
from explorer.network.spec import Architecture
from explorer.people.person import SHELL
from explorer.presets import RECIPE_VARIANTS, load_presets
from explorer.refusal import Refusal
from explorer.runs.admission import check_trainable
from explorer.runs.checkpoint_size import check_room
from explorer.runs.home import IN_MEMORY, in_memory, open_store
from explorer.runs.new_run import new_run
from explorer.runs.run import Run
from explorer.runs.run_loop import RunLoop
from explorer.shell.architectures import add_arch, read_architecture
from explorer.shell.image_names import IMAGES, dataset_name
from explorer.shell.output_files import replaced_file
from explorer.shell.training import add_data, run_to_its_end
from explorer.text import quoted
from explorer.training.event import Event, epochs_csv
from explorer.training.recipe import Recipe, parse_recipe
from explorer.training.recipe import to_data as recipe_to_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_arch(parser)
    parser.add_argument(
        "--recipe",
        choices=RECIPE_VARIANTS,
        help="a preset's: as its document tells, or tuned by us",
    )
    parser.add_argument(
        "--dataset",
        type=dataset_name,
        metavar="IMAGES",
        help=f"the images to learn: {IMAGES} (default: the named recipe's, else digits)",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="times that every image is seen (default: the recipe's, else 10)",
    )
    parser.add_argument("--seed", type=int, metavar="S", help="random seed (default: 0)")
    parser.add_argument(
        "--device", metavar="D", help="auto, cpu, cuda or mps (default: auto, the fastest here)"
    )
    parser.add_argument(
        "--precision", metavar="P", help="auto, fp32 or bf16 (default: auto, the faster here)"
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write one row an epoch to this file at the end"
    )
    add_data(parser)
    keeping_nothing = "keep nothing: the run and its weights end with this command"
    parser.add_argument(IN_MEMORY, action="store_true", dest="in_memory", help=keeping_nothing)


def run(options: argparse.Namespace) -> int:
    architecture, recipe = network_and_recipe(options)
    run = new_run(architecture, recipe, SHELL.id)
    if options.csv is None:
        return train_new(run, options)[0]
    try:
        with replaced_file(options.csv) as write:
            status, events = train_new(run, options)
            if not any(event.kind == "epoch" for event in events):
                raise _NothingToWrite(status)
            write(epochs_csv(events).encode())
            return status
    except _NothingToWrite as error:
        print(f"note: no epoch has ended, so {options.csv} is left as it was", file=sys.stderr)
        return error.status


class _NothingToWrite(Exception):
    """A run ended, with this exit status, before its first epoch did, so a table of its epochs
    would be empty.
    """

    def __init__(self, status: int):
        super().__init__()
        self.status = status


def train_new(run: Run, options: argparse.Namespace) -> tuple[int, tuple[Event, ...]]:
    """Train it, printing its events; the exit status, and all its events."""
    with closing(open_store(home_folder(), options.in_memory or in_memory())) as store:
        check_trainable(
            run.architecture,
            run.recipe,
            torch.device(run.device),
            store.checkpoints,
            data_root=options.data,
        )
        check_room(store.folder, run.architecture, run.recipe)
        loop = RunLoop(store, store.begin(run))
        print(
            f"note: {store.notice}" if store.notice else f"run {run.id} is kept in {store.folder}",
            file=sys.stderr,
        )
        return run_to_its_end(store, loop, options), store.events(run.id)


def network_and_recipe(options: argparse.Namespace) -> tuple[Architecture, Recipe]:
    """What a command is to train: a preset with one of its recipes named as that says; anything
    else on digits for ten epochs, if not told.
    """
    architecture, preset = read_architecture(options.arch), load_presets().get(options.arch)
    recipe, unsaid = (
        preset.recipe if preset else Recipe(),
        {"dataset": "digits", "epochs": 10, "seed": 0},
    )
    if options.recipe:
        found = preset.recipe_variant(options.recipe) if preset else None
        if found is None:
            known = [each for each in RECIPE_VARIANTS if preset and preset.recipe_variant(each)]
            raise Refusal(
                f"{options.arch} has no recipe {quoted(options.recipe)}; "
                f"it has {', '.join(known) or 'none'}"
            )
        (architecture, recipe), unsaid = found, {}
    told = {
        name: getattr(options, name, None)
        for name in ("dataset", "epochs", "seed", "device", "precision")
    }
    told = unsaid | {name: value for name, value in told.items() if value is not None}
    return architecture, parse_recipe(recipe_to_data(recipe) | told)
