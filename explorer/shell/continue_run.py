"""Train a finished run for more epochs."""

import argparse

from explorer.runs.admission import check_more_epochs
from explorer.runs.run import Status
from explorer.shell.training import add_data, add_id, take_again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_id(parser)
    parser.add_argument("--epochs", type=int, required=True, metavar="N", help="how many")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    check_more_epochs(options.epochs)
    return take_again(options, (Status.FINISHED,), options.epochs, "continued")
