"""ARCH, which most commands take: a preset's id, a JSON file, or - for standard input."""

import argparse
import sys
from pathlib import Path

from explorer.imports.summary_table import MAX_BYTES, SummaryError, decode_file
from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture, ArchitectureError
from explorer.presets import load_presets
from explorer.refusal import Refusal
from explorer.text import quoted


def add_arch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "arch", metavar="ARCH", help="a preset's id, a JSON file, or - for standard input"
    )


def read_architecture(name: str) -> Architecture:
    """A preset's, a JSON file's, or standard input's where `name` is -."""
    presets = load_presets()
    if name in presets:
        return presets[name].architecture
    if name == "-":
        return parse_architecture(decode_file(sys.stdin.buffer.read(MAX_BYTES + 1)))
    path = Path(name)
    try:
        if not path.is_file():
            raise Refusal(
                f"{quoted(name)} is neither a preset nor a file; the presets are "
                f"{', '.join(presets)}"
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        return parse_architecture(decode_file(data))
    except (ArchitectureError, SummaryError) as error:
        raise Refusal(f"{name}: {error}") from None
    except (OSError, ValueError) as error:  # a ValueError where the name holds a zero character
        raise _unreadable(name, error) from None


def read_bytes(name: str, most: int) -> bytes:
    """A file, or standard input where `name` is -; of a longer one, one byte more than `most`."""
    if name == "-":
        return sys.stdin.buffer.read(most + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError | ValueError) -> Refusal:
    reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
    return Refusal(f"{quoted(name)} cannot be read: {reason}")
