"""Go on with a run that was interrupted, paused or stopped, or failed."""

import argparse

from explorer.runs.run import RESUMABLE, Status
from explorer.shell.training import add_data, add_id, take_again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_id(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """One that waits in the queue, too: it is taken out, and trained here and now."""
    return take_again(options, (*RESUMABLE, Status.QUEUED), 0, "resumed")
