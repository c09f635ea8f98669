"""The same work from a shell: python -m explorer COMMAND …

Every command takes --json for machines. ARCH is a preset's id, a JSON file, or - for standard
input. Exit status: 0 done, 1 refused with a sentence on standard error, 2 wrong usage, 130
interrupted; of `grade` also 3 where a clause fails and 4 where one is open.

Only the module of the command that is chosen is imported, so that those that compute nothing do
without torch, whose import takes seconds and half a gigabyte.
"""

import argparse
import os
import sys
from importlib import import_module
from typing import NamedTuple, NoReturn, Protocol, cast

from explorer.cores import limit_threads
from explorer.refusal import Refusal


class Command(NamedTuple):
    module: str  # in explorer/shell
    summary: str


COMMANDS = {
    "presets": Command("list_presets", "the networks to start from"),
    "analyze": Command("analyze", "each layer's shape, parameters, cost and receptive field"),
    "receptive-field": Command("receptive_field", "the input pixels that one unit sees"),
    "train": Command("train", "train a network, and print what happens as it happens"),
    "lr-find": Command("lr_find", "a learning rate to train a network with, found by trying them"),
    "backup": Command(
        "backup", "write all runs and their events to one file, also while a server trains"
    ),
    "runs": Command("list_runs", "all runs that are kept here, the newest first"),
    "resume": Command(
        "resume", "go on with a run that was interrupted, paused or stopped, or failed"
    ),
    "continue": Command("continue_run", "train a finished run for more epochs"),
    "grade": Command("grade", "judge an assignment by a run's weights or by the zip of its report"),
    "insight": Command(
        "insight", "accuracy by class, what a run takes for what, and its worst images"
    ),
    "export": Command("export", "the architecture in another form"),
    "import": Command(
        "import_network",
        "PyTorch code, print(model), a notebook or a summary table as Architecture JSON",
    ),
    "import-summary": Command(
        "import_summary", "a pasted torchsummary or torchinfo table as Architecture JSON"
    ),
}


class CommandModule(Protocol):
    """What a module of explorer/shell has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what this command takes, less --json."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and return the exit status. Raises Refusal."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    limit_threads()  # before a command imports torch
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        chosen = next((argument for argument in arguments if argument in COMMANDS), "")
        options = _parser(chosen).parse_args(arguments)
        status: int = options.run(options)
        return status
    except Refusal as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _parser(chosen: str) -> argparse.ArgumentParser:
    """The parser of all commands, with the arguments of the chosen one alone."""
    parser = _Parser(
        prog="python -m explorer",
        description="Convolutional networks, understood by building them.",
    )
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        added = parsers.add_parser(name, help=command.summary, description=command.summary)
        if name == chosen:
            module = cast(CommandModule, import_module(f"explorer.shell.{command.module}"))
            module.add_arguments(added)
            added.add_argument("--json", action="store_true", help="print JSON")
            added.set_defaults(run=module.run)
    return parser


class _Parser(argparse.ArgumentParser):
    """`error` is argparse's own place for other words.

    It quotes the argument, however long that is.
    """

    def error(self, message: str) -> NoReturn:
        super().error(message if len(message) <= 500 else f"{message[:500]}…")


if __name__ == "__main__":
    sys.exit(main())
