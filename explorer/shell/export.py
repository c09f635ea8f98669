"""The architecture in another form."""

import argparse
import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path

from explorer.exports.notebook import notebook_json
from explorer.exports.onnx import onnx_bytes
from explorer.exports.pytorch import python_source
from explorer.exports.summary_text import summary_table
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.presets import load_presets
from explorer.refusal import Refusal
from explorer.shell.architectures import add_arch, read_architecture
from explorer.shell.image_names import IMAGES, dataset_name
from explorer.shell.output_files import write_file
from explorer.training.recipe import Recipe, with_changes

EXPORTS: dict[str, Callable[[Architecture, Recipe], str | bytes]] = {
    "python": lambda architecture, recipe: python_source(architecture),
    "notebook": notebook_json,
    "onnx": lambda architecture, recipe: onnx_bytes(architecture),
    "summary": lambda architecture, recipe: summary_table(analyze(architecture)) + "\n",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_arch(parser)
    parser.add_argument(
        "--format",
        required=True,
        choices=EXPORTS,
        help="python: a class; notebook: with data and training; onnx: random weights; "
        "summary: torchsummary's table",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write it (default: standard output)"
    )
    parser.add_argument(
        "--dataset",
        type=dataset_name,
        metavar="IMAGES",
        help=f"the notebook's images: {IMAGES} (default: the preset's, else digits)",
    )


def run(options: argparse.Namespace) -> int:
    architecture = read_architecture(options.arch)
    started_from = load_presets().get(options.arch)
    recipe = started_from.recipe if started_from else Recipe()
    if options.dataset:
        recipe = with_changes(recipe, dataset=options.dataset)
    made = EXPORTS[options.format](architecture, recipe)
    if options.json:
        binary = isinstance(made, bytes)
        content = base64.b64encode(made).decode() if isinstance(made, bytes) else made
        made = (
            json.dumps(
                {
                    "format": options.format,
                    "encoding": "base64" if binary else "text",
                    "content": content,
                }
            )
            + "\n"
        )
    data = made if isinstance(made, bytes) else made.encode()
    if options.output is None:
        if isinstance(made, bytes) and sys.stdout.isatty():
            raise Refusal(f"{options.format} is no text for a terminal; name a file with --output")
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return 0
    write_file(options.output, data)
    return 0
