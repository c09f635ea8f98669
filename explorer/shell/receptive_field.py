"""The input pixels that one unit sees."""

import argparse
import json
import re

from explorer.network.analysis import analyze, node_title, receptive_fields
from explorer.network.receptive_field import Mask
from explorer.network.spec import Path, path_text, walk
from explorer.network.tree import node_at
from explorer.refusal import Refusal
from explorer.shell.architectures import add_arch, read_architecture
from explorer.text import quoted, size_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_arch(parser)
    parser.add_argument(
        "--layer",
        type=_path,
        required=True,
        metavar="PATH",
        help="the layer, counted from 0; 5.1.0 is the first of branch 1 of block 5",
    )
    unit = "the unit's row and column, counted from 0"
    parser.add_argument("--unit", type=_unit, required=True, metavar="R,C", help=unit)


def run(options: argparse.Namespace) -> int:
    architecture = read_architecture(options.arch)
    analysis = analyze(architecture)
    if not architecture.layers:
        raise Refusal("the network has no layers")
    place = path_text(options.layer)
    if options.layer not in dict(walk(architecture.layers)):
        inside = "; a path such as 5.1.0 leads into a block" if "." in place else ""
        raise Refusal(
            f"no layer {place}: the layers are counted from 0 to "
            f"{len(architecture.layers) - 1}{inside}"
        )
    fields = dict(zip((row.path for row in analysis.rows), receptive_fields(analysis), strict=True))
    if options.layer not in fields:
        assert analysis.problem is not None
        where = path_text(analysis.problem.path)
        raise Refusal(f"layer {where} does not fit: {analysis.problem.message}")
    field = fields[options.layer]
    try:
        mask = field.mask(*options.unit)
    except IndexError as error:
        raise Refusal(str(error)) from None
    rows, columns = (
        _pixels(field.rows.touched[options.unit[0]]),
        _pixels(field.columns.touched[options.unit[1]]),
    )
    found = {
        "theoretical": list(field.theoretical),
        "rows": [rows[0], rows[-1]] if rows else [],
        "columns": [columns[0], columns[-1]] if columns else [],
        "pixels_seen": int(mask.sum()),
        "mask": mask.astype(int).tolist(),
    }
    if options.json:
        print(json.dumps(found))
        return 0
    row, column = options.unit
    print(
        f"unit {row},{column} after layer {place} "
        f"({node_title(node_at(architecture.layers, options.layer))})"
    )
    print(f"theoretical receptive field {size_text(field.theoretical)}")
    print(
        f"sees {found['pixels_seen']} pixels"
        + (f": rows {rows[0]}–{rows[-1]}, columns {columns[0]}–{columns[-1]}" if rows else "")
    )
    print("\n".join("".join("█" if seen else "·" for seen in line) for line in mask))
    return 0


def _pixels(touched: Mask) -> list[int]:
    return [pixel for pixel, seen in enumerate(touched) if seen]


def _path(text: str) -> Path:
    if not re.fullmatch(r"\d{1,4}(\.\d{1,4}\.\d{1,4}){0,6}", text):
        raise argparse.ArgumentTypeError(
            f"a layer is a number, or inside a block a path such as 5.1.0; this is {quoted(text)}"
        )
    return tuple(map(int, text.split(".")))


def _unit(text: str) -> tuple[int, int]:
    row, _, column = text.partition(",")
    try:
        return int(row), int(column)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a unit is ROW,COLUMN, such as 3,4; this is {quoted(text)}"
        ) from None
