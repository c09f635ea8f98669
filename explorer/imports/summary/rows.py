"""The rows of a summary table as data, and their cells read one by one."""

import re
from dataclasses import dataclass, replace

from explorer.network.spec import Shape
from explorer.refusal import Refusal
from explorer.text import printable

MAX_SIDE = 10**8  # of one dimension; a flattened map is long


Parts = tuple[tuple[int, str], ...]  # of a notebook's text: (first line, name), in their order


def place_text(line: int, parts: Parts) -> str:
    """Where a line of the text stands: "line 12", or in a notebook "line 3 of the output of cell
    [7]".
    """
    first, name = next(((first, name) for first, name in reversed(parts) if first <= line), (1, ""))
    return f"line {line - first + 1} of {name}" if name else f"line {line}"


class SummaryError(Refusal, ValueError):
    """Text from which no architecture can be read.

    `line` counts from 1 in the text that was read and is None where it is no line's fault; the
    message begins with where that line stands in what the person brought, by the text's `parts`.
    """

    def __init__(self, message: str, line: int | None = None, parts: Parts = ()):
        message = printable(message)  # it may quote the text
        super().__init__(message if line is None else f"{place_text(line, parts)}: {message}")
        self.message, self.line = message, line


@dataclass(frozen=True)
class TableRow:
    """One row as printed. Shapes are without the batch; what the table doesn't say is None."""

    name: str  # as printed: "Conv2d-1", "Conv2d: 2-1"
    kind: str
    line: int  # in the text, from 1
    output_shape: Shape | None = None
    params: int | None = 0  # None: "(recursive)", counted at an earlier row
    input_shape: Shape | None = None
    kernel_size: tuple[int, int] | None = None
    groups: int | None = None
    wraps: int = 0  # how many of the rows before this one lie in this container
    broken: str | None = None  # why the row can't be read, in words
    gap: str | None = None  # which rows are missing before this one, by the numbers, in words


@dataclass(frozen=True)
class InputSize:
    """How many values one image has, by the line that a table prints under its rows."""

    printed: str  # "0.04 MB"
    # Between which it lies, by each unit that may be meant, the likeliest first.
    values: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Table:
    """One table's rows in the order in which they ran, a container after its contents."""

    rows: tuple[TableRow, ...]
    line: int
    is_tree: bool  # torchinfo's layout
    total_params: int | None = None
    input_size: InputSize | None = None
    notes: tuple[str, ...] = ()  # what was assumed while its rows were read
    input_hint: Shape | None = None  # from a call of summary(model, (1, 28, 28)) in the text


# --- cells ----------------------------------------------------------------------------------------


def read_shape(cell: str) -> Shape | None:
    """The shape with the batch of its text: "[-1, 8, 26, 26]" -> (0, 8, 26, 26).

    0 stands for a batch of any size. None if the text is no shape.
    """
    batch, *sides = (number.strip() for number in cell.strip("[]() ").rstrip(",").split(","))
    if not re.fullmatch(r"-1|\d{1,6}|None|N|\?|B|bs|batch(?:_size)?", batch):
        return None
    if not all(re.fullmatch(r"\d{1,9}", side) and 1 <= int(side) <= MAX_SIDE for side in sides):
        return None
    return (int(batch) if batch.isdigit() else 0, *map(int, sides))


def without_batch(row: TableRow, has_batch: bool) -> TableRow:
    """Shapes as printed made shapes of one image.

    Without a batch a map may still become a batch of one vector, (1, F).
    """
    output, given = (
        shape[1:] if shape and (has_batch or len(shape) == 2) else shape
        for shape in (row.output_shape, row.input_shape)
    )
    if output == ():
        return replace(
            row,
            output_shape=None,
            input_shape=None,
            broken=row.broken or "its output has no dimension but the batch",
        )
    if output and 0 in output:
        return replace(
            row,
            output_shape=None,
            input_shape=None,
            broken=row.broken or "its output leaves a dimension open",
        )
    return replace(
        row, output_shape=output, input_shape=given if given and 0 not in given else None
    )


def read_kernel(cell: str) -> tuple[int, int] | None:
    """ "[3, 3]", "3", or the whole weight's shape -> rows and columns."""
    numbers = [int(number) for number in re.findall(r"\d{1,6}", cell)]
    if not numbers or len(numbers) not in (1, 2, 4):
        return None
    return (numbers[-1],) * 2 if len(numbers) == 1 else (numbers[-2], numbers[-1])


def read_count(cell: str) -> int | None:
    """The number in a cell: "1,168", "1168", "1.168", "(1,168)" if frozen, "--".

    None if it is none.
    """
    if re.fullmatch(r"\([\d,._]{1,20}\)", cell):
        cell = cell[1:-1]
    if cell in ("--", "-", "—"):
        return 0
    if re.fullmatch(r"\d{1,12}(?:[,._]\d{3}){1,4}", cell):
        cell = re.sub(r"[,._]", "", cell)
    return int(cell) if re.fullmatch(r"\d{1,12}", cell) else None


_BYTES_PER_VALUE = 4
_POWERS = {"b": 0, "k": 1, "m": 2, "g": 3}


def read_input_size(number: str, unit: str, is_tree: bool, batch: int) -> InputSize | None:
    """The line "Input size (MB): 0.04" as a number of values of one image.

    torchsummary counts in powers of 1024, torchinfo in powers of 1000; its forerunner, which
    printed the same tree, in powers of 1024 too. Both print what a whole batch has, and mostly two
    decimals.
    """
    digits = number.replace(",", "")
    decimals = len(digits.partition(".")[2])
    half = 0.5 if unit[0].lower() == "b" else 0.5 * 10 ** -(decimals or 2)
    power = _POWERS[unit[0].lower()]
    bases = [1000, 1024] if is_tree else [1024]
    return InputSize(
        f"{number} {unit}",
        tuple(
            (
                (float(digits) - half) * base**power / _BYTES_PER_VALUE / max(1, batch) - 0.01,
                (float(digits) + half) * base**power / _BYTES_PER_VALUE / max(1, batch) + 0.01,
            )
            for base in dict.fromkeys(1 if power == 0 else base for base in bases)
        ),
    )


def short(cell: str) -> str:
    return cell if len(cell) <= 40 else cell[:37] + "..."
