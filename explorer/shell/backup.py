"""Write all runs and their events to one file, also while a server trains."""

import argparse
import json
from contextlib import closing
from pathlib import Path

from explorer.home_folder import home_folder
from explorer.runs.home import HAND_INS
from explorer.runs.run import RunError
from explorer.runs.store import CHECKPOINTS, Store
from explorer.text import counted
from explorer.training.own_images.kept import own_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="where to; it must not be there yet"
    )


def run(options: argparse.Namespace) -> int:
    """All runs and their events, as one file that can take the place of runs.sqlite."""
    if options.file.exists():
        raise RunError(f"{options.file} is there already; name a file that is not")
    with closing(Store(home_folder())) as store:
        store.back_up(options.file)
        runs = len(store.revisions())
    done = {"file": str(options.file), "runs": runs}
    weights = (
        f"Their weights are in {home_folder() / CHECKPOINTS}, the reports of what was handed in in "
        f"{home_folder() / HAND_INS}, and people's own images in {own_folder()}: copy these "
        "folders, too"
    )
    print(
        json.dumps(done)
        if options.json
        else f"{counted(runs, 'run')} with all events in {options.file}. {weights}"
    )
    return 0
