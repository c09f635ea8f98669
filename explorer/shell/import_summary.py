"""A pasted torchsummary or torchinfo table as Architecture JSON."""

import argparse
import sys

from explorer.imports.summary_table import MAX_BYTES, decode_file, import_summary
from explorer.network.architecture_json import to_json
from explorer.network.dropout import with_dropout
from explorer.shell.architectures import read_bytes
from explorer.text import quoted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    rate = "the rate of every dropout layer, which no table has (default: torch's 0.5)"
    parser.add_argument("--dropout", type=_rate, metavar="P", help=rate)
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a text with the table, a whole README too, or - for standard input",
    )


def run(options: argparse.Namespace) -> int:
    """The architecture on standard output, also where only a part could be read; what there is to
    say on standard error.
    """
    imported = import_summary(decode_file(read_bytes(options.file, MAX_BYTES)))
    architecture = imported.architecture
    if options.dropout is not None:
        architecture = with_dropout(architecture, [options.dropout])
    print(to_json(architecture, None if options.json else 2))
    for note in imported.notes:
        print(f"note: {note}", file=sys.stderr)
    if imported.problem is None:
        return 0
    problem = imported.problem
    print(
        f"error: {imported.place(problem.line)}, {problem.row}: {problem.message}; "
        "what was read is kept",
        file=sys.stderr,
    )
    return 1


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1
    if not 0 <= rate <= 1:
        raise argparse.ArgumentTypeError(
            f"a dropout rate is a number from 0 to 1; this is {quoted(text)}"
        )
    return rate
