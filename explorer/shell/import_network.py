"""Whatever a student can copy as Architecture JSON: code, print(model), a notebook, an ONNX file, a
table."""

import argparse
import json
import sys
from typing import Any

from explorer.imports.onnx_file.model import MAX_BYTES
from explorer.imports.opening import (
    FORMS,
    READABLE_FORMS,
    Asked,
    Opened,
    open_file,
)
from explorer.network.architecture_json import to_data, to_json
from explorer.network.spec import MAX_IMAGE_CHANNELS, MAX_IMAGE_SIDE, Shape
from explorer.shell.architectures import read_bytes
from explorer.text import quoted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a Python file, a notebook, a README, a log, an ONNX file, … or - for standard input",
    )
    parser.add_argument(
        "--class",
        dest="network",
        metavar="NAME",
        help="which network, where the code has several: a class, a variable or a function",
    )
    parser.add_argument(
        "--input-shape",
        type=_shape,
        metavar="C,H,W",
        help="the shape of the images, where the code does not say it",
    )
    parser.add_argument(
        "--value",
        type=_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for an argument or a name that has none in the code; may be repeated",
    )
    parser.add_argument(
        "--form", choices=READABLE_FORMS, help="what to read it as (default: as it looks)"
    )


def run(options: argparse.Namespace) -> int:
    """The architecture on standard output, also where only a part could be read; what there is to
    say on standard error.
    """
    asked = Asked(options.form, options.network, options.input_shape, tuple(options.value))
    opened = open_file(read_bytes(options.file, MAX_BYTES), asked)
    problem = opened.problem
    if options.json:
        print(json.dumps(_data(opened), ensure_ascii=False))
    else:
        print(to_json(opened.architecture, 2))
        named = f", {opened.network}" if opened.network else ""
        print(f"read as {FORMS[opened.form]}{named}", file=sys.stderr)
        for note in opened.notes:
            print(f"note: {note}", file=sys.stderr)
    if problem is None:
        return 0
    print(f"error: {problem.place}: {problem.message}; what was read is kept", file=sys.stderr)
    return 1


def _data(opened: Opened) -> dict[str, Any]:
    problem = opened.problem
    return {
        "architecture": to_data(opened.architecture),
        "form": opened.form,
        "notes": list(opened.notes),
        "network": opened.network or None,
        "networks": list(opened.networks),
        "problem": problem and {"place": problem.place, "message": problem.message},
    }


def _shape(text: str) -> Shape:
    parts = text.replace("x", ",").replace("×", ",").split(",")
    try:
        channels, rows, columns = (int(part) for part in parts)
    except ValueError:
        channels, rows, columns = 0, 0, 0
    sides_fit = all(1 <= side <= MAX_IMAGE_SIDE for side in (rows, columns))
    if not (sides_fit and 1 <= channels <= MAX_IMAGE_CHANNELS):
        raise argparse.ArgumentTypeError(
            f"an image's shape is channels, rows and columns, as 1,28,28; this is {quoted(text)}"
        )
    return channels, rows, columns


def _value(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"a value is given as NAME=VALUE; this is {quoted(text)}")
    return name, value
