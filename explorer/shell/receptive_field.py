"""The input pixels that one unit sees."""

import argparse
import json

from explorer.network.analysis import analyze
from explorer.network.receptive_field import Mask, receptive_fields
from explorer.refusal import Refusal
from explorer.shell.architectures import add_arch, read_architecture
from explorer.text import quoted, size_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_arch(parser)
    parser.add_argument(
        "--layer", type=int, required=True, metavar="I", help="the layer, counted from 0"
    )
    unit = "the unit's row and column, counted from 0"
    parser.add_argument("--unit", type=_unit, required=True, metavar="R,C", help=unit)


def run(options: argparse.Namespace) -> int:
    architecture = read_architecture(options.arch)
    analysis = analyze(architecture)
    if not architecture.layers:
        raise Refusal("the network has no layers")
    if not 0 <= options.layer < len(architecture.layers):
        raise Refusal(
            f"no layer {options.layer}: the layers are counted from 0 to "
            f"{len(architecture.layers) - 1}"
        )
    if options.layer >= len(analysis.rows):
        assert analysis.problem is not None
        raise Refusal(f"layer {analysis.problem.index} does not fit: {analysis.problem.message}")
    up_to = architecture.model_copy(update={"layers": architecture.layers[: options.layer + 1]})
    field = receptive_fields(up_to)[-1]
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
        f"unit {row},{column} after layer {options.layer} "
        f"({architecture.layers[options.layer].kind})"
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


def _unit(text: str) -> tuple[int, int]:
    row, _, column = text.partition(",")
    try:
        return int(row), int(column)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a unit is ROW,COLUMN, such as 3,4; this is {quoted(text)}"
        ) from None
