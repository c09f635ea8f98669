"""The same work from a shell: python -m explorer COMMAND …

Every command takes --json for machines. ARCH is a preset's id, a JSON file, or - for standard input.
Exit status: 0 done, 1 refused with a sentence on standard error, 2 wrong usage, 130 interrupted.
"""

from explorer.cores import limit_threads

limit_threads()  # before torch

import argparse
import base64
import errno
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NoReturn

from explorer.exports.notebook import notebook_json
from explorer.exports.onnx import onnx_bytes
from explorer.exports.pytorch import python_source
from explorer.exports.summary_text import summary_table
from explorer.imports.summary_table import MAX_BYTES, SummaryError, decode_file, import_summary
from explorer.network.analysis import Analysis, analysis_to_data, analyze, shape_text
from explorer.network.dropout import with_dropout
from explorer.network.layers import MULT_ADDS_RULE
from explorer.network.receptive_field import Mask, receptive_fields
from explorer.network.spec import Architecture, ArchitectureError, parse_architecture, to_json
from explorer.presets import WAYS, PresetError, load_presets
from explorer.runs.home import IN_MEMORY
from explorer.runs.new_run import new_run
from explorer.runs.run import RunError
from explorer.shell_runs import OWNER, back_up, continue_run, list_runs, resume_run, train_new
from explorer.text import quoted
from explorer.training.datasets import DATASETS, DatasetError
from explorer.training.devices import DeviceError
from explorer.training.event import epochs_csv
from explorer.training.recipe import Recipe, RecipeError, parse_recipe
from explorer.training.recipe import to_data as recipe_to_data


class CommandError(Exception):
    """What a command refuses, as a sentence for standard error."""


class _NothingToWrite(Exception):
    """A run ended, with this exit status, before its first epoch did, so a table of its epochs would be empty."""

    def __init__(self, status: int):
        super().__init__()
        self.status = status


REFUSALS = (CommandError, ArchitectureError, PresetError, RecipeError, DatasetError, DeviceError, SummaryError, RunError)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except REFUSALS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


# --- the commands ---------------------------------------------------------------------------------------------------


def list_presets(options: argparse.Namespace) -> int:
    rows = [
        {
            "id": preset.id,
            "title": preset.title,
            "params": analyze(preset.architecture).total_params,
            "documented_best": preset.documented.best.test_accuracy if preset.documented else None,
        }
        for preset in load_presets().values()
    ]
    if options.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        best = "" if row["documented_best"] is None else f"{row['documented_best']:.2%}"
        print(f"{row['id']:<20}{row['params']:>10,}  {best:>7}  {row['title']}")
    return 0


def analyze_architecture(options: argparse.Namespace) -> int:
    analysis = analyze(_read_architecture(options.arch))
    print(json.dumps(analysis_to_data(analysis)) if options.json else _analysis_text(analysis))
    if analysis.problem is None:
        return 0
    problem = analysis.problem
    remedy = f"; {problem.remedy}" if problem.remedy else ""
    kind = analysis.architecture.layers[problem.index].kind
    print(f"error: layer {problem.index} ({kind}): {problem.message}{remedy}", file=sys.stderr)
    return 1


def show_receptive_field(options: argparse.Namespace) -> int:
    architecture = _read_architecture(options.arch)
    analysis = analyze(architecture)
    if not architecture.layers:
        raise CommandError("the network has no layers")
    if not 0 <= options.layer < len(architecture.layers):
        raise CommandError(f"no layer {options.layer}: the layers are counted from 0 to {len(architecture.layers) - 1}")
    if options.layer >= len(analysis.rows):
        assert analysis.problem is not None
        raise CommandError(f"layer {analysis.problem.index} does not fit: {analysis.problem.message}")
    up_to = architecture.model_copy(update={"layers": architecture.layers[: options.layer + 1]})
    field = receptive_fields(up_to)[-1]
    try:
        mask = field.mask(*options.unit)
    except IndexError as error:
        raise CommandError(str(error)) from None
    rows, columns = _pixels(field.rows.touched[options.unit[0]]), _pixels(field.columns.touched[options.unit[1]])
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
    print(f"unit {row},{column} after layer {options.layer} ({architecture.layers[options.layer].kind})")
    print(f"theoretical receptive field {shape_text(field.theoretical)}")
    print(
        f"sees {found['pixels_seen']} pixels"
        + (f": rows {rows[0]}–{rows[-1]}, columns {columns[0]}–{columns[-1]}" if rows else "")
    )
    print("\n".join("".join("█" if seen else "·" for seen in line) for line in mask))
    return 0


def export(options: argparse.Namespace) -> int:
    architecture = _read_architecture(options.arch)
    started_from = load_presets().get(options.arch)
    recipe = started_from.recipe if started_from else Recipe()
    if options.dataset:
        recipe = recipe.model_copy(update={"dataset": options.dataset})
    made = EXPORTS[options.format](architecture, recipe)
    if options.json:
        binary = isinstance(made, bytes)
        content = base64.b64encode(made).decode() if isinstance(made, bytes) else made
        made = json.dumps({"format": options.format, "encoding": "base64" if binary else "text", "content": content}) + "\n"
    data = made if isinstance(made, bytes) else made.encode()
    if options.output is None:
        if isinstance(made, bytes) and sys.stdout.isatty():
            raise CommandError(f"{options.format} is no text for a terminal; name a file with --output")
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return 0
    _write(options.output, data)
    return 0


def import_table(options: argparse.Namespace) -> int:
    """The architecture on standard output, also where only a part could be read; what there is to say on standard error."""
    imported = import_summary(_read_text(options.file))
    architecture = imported.architecture
    if options.dropout is not None:
        architecture = with_dropout(architecture, [options.dropout])
    print(to_json(architecture, None if options.json else 2))
    for note in imported.notes:
        print(f"note: {note}", file=sys.stderr)
    if imported.problem is None:
        return 0
    problem = imported.problem
    print(f"error: {imported.place(problem.line)}, {problem.row}: {problem.message}; what was read is kept", file=sys.stderr)
    return 1


def train_architecture(options: argparse.Namespace) -> int:
    architecture, recipe = _to_train(options)
    run = new_run(architecture, recipe, OWNER)
    if options.csv is None:
        return train_new(run, options)[0]
    try:
        with _replaced(options.csv) as write:
            status, events = train_new(run, options)
            if not any(event.kind == "epoch" for event in events):
                raise _NothingToWrite(status)
            write(epochs_csv(events).encode())
            return status
    except _NothingToWrite as error:
        print(f"note: no epoch has ended, so {options.csv} is left as it was", file=sys.stderr)
        return error.status


def _to_train(options: argparse.Namespace) -> tuple[Architecture, Recipe]:
    """A preset with one of its recipes named is trained as that says; anything else on digits for ten epochs, if not told."""
    architecture, preset = _read_architecture(options.arch), load_presets().get(options.arch)
    recipe, unsaid = preset.recipe if preset else Recipe(), {"dataset": "digits", "epochs": 10, "seed": 0}
    if options.recipe:
        found = preset.way(options.recipe) if preset else None
        if found is None:
            raise CommandError(
                f"{options.arch} has no recipe {quoted(options.recipe)}; the documented presets have {', '.join(WAYS)}"
            )
        (architecture, recipe), unsaid = found, {}
    told = {name: getattr(options, name) for name in ("dataset", "epochs", "seed", "device", "precision")}
    told = unsaid | {name: value for name, value in told.items() if value is not None}
    return architecture, parse_recipe(recipe_to_data(recipe) | told)


EXPORTS: dict[str, Callable[[Architecture, Recipe], str | bytes]] = {
    "python": lambda architecture, recipe: python_source(architecture),
    "notebook": notebook_json,
    "onnx": lambda architecture, recipe: onnx_bytes(architecture),
    "summary": lambda architecture, recipe: summary_table(analyze(architecture)) + "\n",
}


# --- what the commands share ----------------------------------------------------------------------------------------


def _read_architecture(name: str) -> Architecture:
    """A preset's, a JSON file's, or standard input's where `name` is -."""
    presets = load_presets()
    if name in presets:
        return presets[name].architecture
    if name == "-":
        return parse_architecture(decode_file(sys.stdin.buffer.read(MAX_BYTES + 1)))
    path = Path(name)
    try:
        if not path.is_file():
            raise CommandError(f"{quoted(name)} is neither a preset nor a file; the presets are {', '.join(presets)}")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        return parse_architecture(decode_file(data))
    except (ArchitectureError, SummaryError) as error:
        raise CommandError(f"{name}: {error}") from None
    except (OSError, ValueError) as error:  # a ValueError where the name holds a zero character
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError | ValueError) -> CommandError:
    reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
    return CommandError(f"{quoted(name)} cannot be read: {reason}")


def _write(path: Path, data: bytes) -> None:
    with _replaced(path) as write:
        write(data)


@contextmanager
def _replaced(path: Path) -> Iterator[Callable[[bytes], None]]:
    """What writes to a new file, which takes the place of `path` at the end: what stood there is lost only then.

    Made before anything else is done, so that it shows now, not after hours, where it cannot be
    written. What is no plain file, such as a pipe or /dev/null, is written as it is.
    """
    with _telling_why_unwritten(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        whole = path.resolve()  # of a link, the file that it stands for
        there = whole.exists()
        if there and not os.access(whole, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        is_plain = not there or whole.is_file()
        mode = whole.stat().st_mode if there else 0o666 & ~_umask()
        file = NamedTemporaryFile(dir=whole.parent, prefix=".explorer-", delete=False) if is_plain else path.open("wb")  # noqa: SIM115 (closed below)

    def write(data: bytes) -> None:
        with _telling_why_unwritten(path):
            file.write(data)

    try:
        yield write
        with _telling_why_unwritten(path):
            file.close()  # before it is renamed, which Windows does with no open file
            if is_plain:
                os.chmod(file.name, mode)
                os.replace(file.name, whole)
    finally:
        with suppress(OSError):  # a failure has been told already
            file.close()
        if is_plain:
            Path(file.name).unlink(missing_ok=True)  # where it hasn't taken the other's place


@contextmanager
def _telling_why_unwritten(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise CommandError(f"{quoted(str(path))} cannot be written: {reason}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _read_text(name: str) -> str:
    """The text of a file, or of standard input where `name` is -, whatever its encoding."""
    if name == "-":
        return decode_file(sys.stdin.buffer.read(MAX_BYTES + 1))
    try:
        with Path(name).open("rb") as file:
            return decode_file(file.read(MAX_BYTES + 1))
    except SummaryError:  # a ValueError, and a sentence already
        raise
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _pixels(touched: Mask) -> list[int]:
    return [pixel for pixel, seen in enumerate(touched) if seen]


def _analysis_text(analysis: Analysis) -> str:
    lines = [f"{'':>4} {'layer':<18} {'output':>12} {'params':>10} {'mult-adds':>13} {'sees':>9} {'jump':>7}"]
    lines.append(f"{'':>4} {'input':<18} {shape_text(analysis.architecture.input_shape):>12}")
    for row in analysis.rows:
        jump = shape_text(row.jump) if row.jump else "varies"
        lines.append(
            f"{row.index:>4} {row.kind:<18} {shape_text(row.output_shape):>12} {row.params:>10,} {row.mult_adds:>13,}"
            f" {shape_text(row.receptive_field):>9} {jump:>7}"
        )
    lines.append(f"{analysis.total_params:,} parameters ({analysis.trainable_params:,} trainable)")
    lines.append(f"{analysis.total_mult_adds:,} mult-adds for one image (torchinfo's count: {analysis.torchinfo_mult_adds:,})")
    lines += textwrap.wrap(f"Mult-adds: {MULT_ADDS_RULE}", 100)
    return "\n".join(lines)


def _unit(text: str) -> tuple[int, int]:
    row, _, column = text.partition(",")
    try:
        return int(row), int(column)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a unit is ROW,COLUMN, such as 3,4; this is {quoted(text)}") from None


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1
    if not 0 <= rate <= 1:
        raise argparse.ArgumentTypeError(f"a dropout rate is a number from 0 to 1; this is {quoted(text)}")
    return rate


class _Parser(argparse.ArgumentParser):
    """`error` is argparse's own place for other words. It quotes the argument, however long that is."""

    def error(self, message: str) -> NoReturn:
        super().error(message if len(message) <= 500 else f"{message[:500]}…")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m explorer", description="Convolutional networks, understood by building them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str, arch: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        if arch:
            added.add_argument("arch", metavar="ARCH", help="a preset's id, a JSON file, or - for standard input")
        added.add_argument("--json", action="store_true", help="print JSON")
        added.set_defaults(run=run)
        return added

    command("presets", list_presets, "the networks to start from", arch=False)
    command("analyze", analyze_architecture, "each layer's shape, parameters, cost and receptive field")
    field = command("receptive-field", show_receptive_field, "the input pixels that one unit sees")
    field.add_argument("--layer", type=int, required=True, metavar="I", help="the layer, counted from 0")
    field.add_argument("--unit", type=_unit, required=True, metavar="R,C", help="the unit's row and column, counted from 0")
    trainer = command("train", train_architecture, "train a network, and print what happens as it happens")
    trainer.add_argument("--recipe", choices=WAYS, help="a documented preset's: as its document tells, or tuned by us")
    trainer.add_argument("--dataset", choices=DATASETS, help="the images to learn (default: the named recipe's, else digits)")
    trainer.add_argument(
        "--epochs", type=int, metavar="N", help="times that every image is seen (default: the recipe's, else 10)"
    )
    trainer.add_argument("--seed", type=int, metavar="S", help="start of every random draw (default: 0)")
    trainer.add_argument("--device", metavar="D", help="auto, cpu, cuda or mps (default: auto, the fastest here)")
    trainer.add_argument("--precision", metavar="P", help="auto, fp32 or bf16 (default: auto, the faster here)")
    trainer.add_argument("--csv", type=Path, metavar="FILE", help="write one row an epoch to this file at the end")
    data: dict[str, Any] = {"type": Path, "metavar": "DIR", "help": "the folder of the data sets (default: EXPLORER_DATA)"}
    trainer.add_argument("--data", **data)
    keeping_nothing = "keep nothing: the run and its weights end with this command"
    trainer.add_argument(IN_MEMORY, action="store_true", dest="in_memory", help=keeping_nothing)
    saver = command("backup", back_up, "write all runs and their events to one file, also while a server trains", arch=False)
    saver.add_argument("file", type=Path, metavar="FILE", help="where to; it must not be there yet")
    command("runs", list_runs, "all runs that are kept here, the newest first", arch=False)
    resumer = command("resume", resume_run, "go on with a run that was interrupted, paused or stopped, or failed", arch=False)
    continuer = command("continue", continue_run, "train a finished run for more epochs", arch=False)
    continuer.add_argument("--epochs", type=int, required=True, metavar="N", help="how many")
    for again in (resumer, continuer):
        again.add_argument("id", metavar="ID", help="the run's, as `runs` lists it")
        again.add_argument("--data", **data)
    exporter = command("export", export, "the architecture in another form")
    exporter.add_argument(
        "--format",
        required=True,
        choices=EXPORTS,
        help="python: a class; notebook: with data and training; onnx: untrained weights; summary: torchsummary's table",
    )
    exporter.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    exporter.add_argument("--dataset", choices=DATASETS, help="the notebook's images (default: the preset's, else digits)")
    importer = command(
        "import-summary", import_table, "a pasted torchsummary or torchinfo table as Architecture JSON", arch=False
    )
    importer.add_argument(
        "--dropout", type=_rate, metavar="P", help="the rate of every dropout layer, which no table has (default: torch's 0.5)"
    )
    importer.add_argument("file", metavar="FILE", help="a text with the table, a whole README too, or - for standard input")
    return parser


if __name__ == "__main__":
    sys.exit(main())
