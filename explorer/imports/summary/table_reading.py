"""The rows of a table one after the other, each with the layers that fit between the shapes before
and after it.

Between two rows the shape is known, so each row can be asked on its own which layers fit it
(options.py).
"""

from dataclasses import dataclass, replace

from torch import nn

from explorer.imports.summary.candidates import Wanted, result
from explorer.imports.summary.first_row import first_options, is_possible_image
from explorer.imports.summary.imported import SummaryProblem
from explorer.imports.summary.notes import (
    RowNote,
    constant_border_note,
    first_left_out_text,
    left_out_note,
    no_layer_note,
)
from explorer.imports.summary.options import Option, bridges, options
from explorer.imports.summary.other_kinds import (
    ARGUMENTS_BY_NAME,
    BRANCHED,
    CONTAINERS,
    KEEP_SHAPE,
    OTHER_ACTIVATIONS,
    our_kind,
)
from explorer.imports.summary.reasons import joined, why_not
from explorer.imports.summary.rows import Table, TableRow
from explorer.network import spec
from explorer.network.spec import Shape
from explorer.text import printable, size_text

# Every row may be several layers, which are weighed together.
MAX_LAYERS = 200
TOO_MANY = f"would be layer {MAX_LAYERS + 1}; a table is read up to {MAX_LAYERS} layers"
MAX_SEARCHED = 60  # different rows of one table of which all answers are looked for
FEW_ANSWERS = 2  # that are looked for after them
FAR_FETCHED = 2.4  # the cost from which an answer is doubted
FEW_CHANNELS = 8


@dataclass(frozen=True)
class ReadRow:
    """A row that fits: its answers. `kind` is None where the row itself is no layer of ours."""

    row: TableRow
    kind: str | None
    options: tuple[Option, ...]


@dataclass(frozen=True)
class SharedRow:
    """A row that uses the weights of one above it once more."""

    row: TableRow
    first: TableRow | None  # the row that counts the weights, where only one can
    input_shape: Shape  # what comes into `row`


def shared_weights(rows: tuple[TableRow, ...]) -> list[SharedRow]:
    """The rows whose parameters are counted above, each with the row there that counts them."""
    found, above = [], rows[0] if rows else None
    counted: list[TableRow] = []
    for row in rows:
        if row.wraps:
            continue
        if row.params:
            counted.append(row)
        elif row.params is None and above and above.output_shape:
            firsts = [
                first
                for first in counted
                if first.kind == row.kind and _channels(first) == _channels(row)
            ]
            found.append(
                SharedRow(row, firsts[0] if len(firsts) == 1 else None, above.output_shape)
            )
        above = row
    return found


def _channels(row: TableRow) -> int | None:
    return row.output_shape[0] if row.output_shape else None


def _does_again(option: Option, again: SharedRow) -> bool:
    """Whether an answer to the first row of some weights gives the other row that uses them."""
    gives = result(option.layers[-1], again.input_shape) if option.layers else None
    return gives is not None and gives[0] == again.row.output_shape


class TableReading:
    """The rows read so far.

    `read_row` and what it calls say whether the reading can go on after the row.
    """

    def __init__(self, table: Table):
        self.table = table
        self.read: list[ReadRow] = []
        self.shape: Shape | None = None  # after the last row; None before the first
        self.above: list[tuple[str, Shape]] = []  # outputs of the rows so far, with their names
        self.notes: list[RowNote | str] = []
        self.left_out: list[str] = []  # kinds of activations that are not among ours
        self.problem: SummaryProblem | None = None
        self.shared = shared_weights(table.rows)
        self.searched: set[tuple[Wanted, Shape]] = set()
        self.is_shortened = False

    def read_row(self, row: TableRow, is_last: bool) -> bool:
        if row.gap:
            self._fail(row, row.gap)
        if row.broken:
            return self._fail(row, f"{row.name} can't be read: {row.broken}")
        kind = our_kind(row.kind)
        if kind is None or row.wraps:
            return self._read_foreign(row, is_last)
        if row.output_shape is None or len(row.output_shape) not in (1, 3):
            gives = (
                size_text(row.output_shape) if row.output_shape else "nothing that the table shows"
            )
            return self._fail(
                row, f"{row.name} gives {gives}; layers here give maps (C×H×W) or vectors"
            )
        wanted = Wanted(
            kind, row.output_shape, row.params or 0, row.input_shape, row.kernel_size, row.groups
        )
        if kind not in ("Conv2d", "MaxPool2d", "AvgPool2d"):
            wanted = replace(wanted, kernel_size=None, groups=None)
        if row.params is None:
            wanted = self._with_shared_params(row, wanted)
        found = (
            self._first_options(row, wanted)
            if self.shape is None
            else self._options(row, wanted, self.shape)
        )
        found = self._as_where_shared(row, found)
        if fixed := ARGUMENTS_BY_NAME.get(row.kind):
            found = _plainest_of_equals([_with_arguments(option, fixed) for option in found])
        if not found and row.kind != kind and not hasattr(nn, row.kind):
            # Someone's own block, named almost as one of torch's.
            return self._read_foreign(row, is_last)
        if not found:
            return self._fail(row, f"{row.name} {why_not(wanted, self.shape, self.above)}")
        if (
            self.shape
            and _is_far_fetched(found[0], self.shape)
            and (better := joined(wanted, self.shape, self.above))
        ):
            return self._fail(row, f"{row.name} {better}")
        if row.kind == "ConstantPad2d":
            self.notes.append(constant_border_note(row.name))
        return self._add(row, kind, row.output_shape, found)

    def finish(self) -> None:
        """What the table as a whole says, once every row is read."""
        table, last = self.table, self.table.rows[-1]
        counted = sum(row.params or 0 for row in table.rows)
        if table.total_params is not None and counted != table.total_params:
            self._fail(
                last,
                f"the rows hold {counted:,} parameters and the total is "
                f"{table.total_params:,}: a row is lost or changed",
            )
        has_root = last.wraps == len(table.rows) - 1 > 0
        if self.read and self.shape and not has_root and self.shape[1:] == (1, 1):
            self._add(last, None, self.shape[:1], [Option(0, (spec.Flatten(),))])

    def _add(
        self, row: TableRow, kind: str | None, output_shape: Shape, found: list[Option]
    ) -> bool:
        if len(self.read) >= MAX_LAYERS:
            return self._fail(row, f"{row.name} {TOO_MANY}")
        self.read.append(ReadRow(row, kind, tuple(found)))
        self.shape = output_shape
        self.above.append((row.name, output_shape))
        return True

    def _fail(self, row: TableRow, message: str, go_on: bool = False) -> bool:
        if self.problem is None:
            self.problem = SummaryProblem(printable(row.name), row.line, printable(message))
        return go_on

    def _first_options(self, row: TableRow, wanted: Wanted) -> list[Option]:
        """The first row's answers.

        If its weights are used again further down, it takes as many channels as there.
        """
        channels = {again.input_shape[0] for again in self.shared if again.first == row}
        if len(channels) == 1 and (
            found := first_options(replace(wanted, in_channels=channels.pop()), self.table)
        ):
            return found
        return first_options(wanted, self.table)

    def _options(self, row: TableRow, wanted: Wanted, shape: Shape) -> list[Option]:
        """A later row's answers; after many different rows only a few, so that a long table takes
        no longer.
        """
        self.searched.add((wanted, shape))
        if len(self.searched) <= MAX_SEARCHED:
            return options(wanted, shape)
        if len(self.searched) == MAX_SEARCHED + 1 and not self.is_shortened:
            self.notes.append(
                f"from {row.name} on only {FEW_ANSWERS} answers to a row are "
                "looked for: the table is long"
            )
            self.is_shortened = True
        return options(wanted, shape, FEW_ANSWERS)

    def _as_where_shared(self, row: TableRow, found: list[Option]) -> list[Option]:
        """The answers that do for every row that shares this one's weights, since it is one module;
        all, if none does.
        """
        for again in self.shared:
            if again.first == row:
                found = [option for option in found if _does_again(option, again)] or found
            if again.row == row and again.first:
                layers = {
                    each.layers[-1]
                    for read in self.read
                    if read.row == again.first
                    for each in read.options
                }
                found = [option for option in found if option.layers[-1] in layers] or found
        return found

    def _with_shared_params(self, row: TableRow, wanted: Wanted) -> Wanted:
        """A row that shares its weights with one above has as many parameters; here it becomes a
        layer of its own.
        """
        counts = {
            read.row.params for read in self.read if read.kind == wanted.kind and read.row.params
        }
        shared = [replace(wanted, params=count) for count in sorted(counts)]
        found = [
            (answers[0].cost, count)
            for count in shared
            if self.shape and (answers := options(count, self.shape))
        ]
        return min(found, key=lambda each: each[0])[1] if found else wanted

    # --- rows that are no layer of ours

    def _read_foreign(self, row: TableRow, is_last: bool) -> bool:
        """A container, a block, or a layer that we don't have."""
        if not row.wraps and row.kind not in CONTAINERS and hasattr(nn, row.kind):
            return self._read_foreign_layer(row)
        if row.params:
            what = (
                "has parameters of its own"
                if row.wraps
                else "holds layers that the table doesn't show"
            )
            deeper = (
                "; print it with a greater depth" if self.table.is_tree and not row.wraps else ""
            )
            self._fail(row, f"{row.name} {what} ({row.params:,} parameters){deeper}")
            if not row.wraps and row.output_shape != self.shape:
                return False
        if BRANCHED.search(row.kind) and not (row.wraps and is_last):
            self._fail(
                row,
                f"{row.name} is a block that brings several ways together (a skip connection or "
                "branches), which a stack of layers can't; only the layers in it are kept",
            )
        if row.output_shape is None or self.shape is None or row.output_shape == self.shape:
            if not row.wraps and row.kind not in CONTAINERS and not BRANCHED.search(row.kind):
                self.notes.append(no_layer_note(row.name))
            return True
        found = [
            Option(way.cost, way.layers, pools=way.pools)
            for way in bridges(self.shape, row.output_shape)
        ]
        if not found:
            return self._fail(
                row,
                f"{row.name} gives {size_text(row.output_shape)} and the row before it "
                f"{size_text(self.shape)}: what lies between (a concatenation, a sum, "
                "a reshaping, a lost row) is no layer here",
            )
        return self._add(row, None, row.output_shape, found)

    def _read_foreign_layer(self, row: TableRow) -> bool:
        unchanged = row.output_shape is not None and row.output_shape == (
            self.shape or row.output_shape
        )
        if row.kind in OTHER_ACTIVATIONS and unchanged:
            self.left_out.append(row.kind)
        if unchanged and not row.params:
            return self._leave_out(row, row.output_shape or ())
        counted = f"its {row.params:,} parameters" if row.params else "what it does to the shape"
        message = (
            f"{row.name} can't be read: {row.kind} is not among the layers here, "
            f"and {counted} can't be left out"
        )
        return self._fail(row, message, go_on=unchanged)

    def _leave_out(self, row: TableRow, output_shape: Shape) -> bool:
        """Go on without a row.

        A first row gives the image all the same: it is what comes out of it.
        """
        if row.kind in KEEP_SHAPE or self.shape is not None:
            self.notes.append(left_out_note(row.name, row.kind))
        else:
            self.notes.append(first_left_out_text(row.name, row.kind, output_shape))
        if self.shape is None and len(output_shape) == 3 and is_possible_image(output_shape):
            return self._add(row, None, output_shape, [Option(0, (), input_shape=output_shape)])
        return True


def _with_arguments(option: Option, arguments: dict[str, object]) -> Option:
    """The option with these arguments in its last layer, if it has any; the name in the table tells
    them.
    """
    if not option.layers:
        return option
    *before, layer = option.layers
    return replace(option, layers=(*before, layer.model_copy(update=arguments)))


def _plainest_of_equals(found: list[Option]) -> list[Option]:
    """The options, plainest first as they come, without those that are the same layers on the same
    image again.
    """
    unlike: dict[object, Option] = {}
    for option in found:
        unlike.setdefault((option.layers, option.input_shape), option)
    return list(unlike.values())


def _is_far_fetched(option: Option, shape: Shape) -> bool:
    """A convolution with odd groups or an oblong window, where a network that is no stack may
    explain the row plainly.

    Among few channels too much fits by chance, so there the row is taken at its word.
    """
    layer = option.layers[-1]
    if not isinstance(layer, spec.Conv2d) or shape[0] < FEW_CHANNELS:
        return False
    return option.cost > FAR_FETCHED and (
        layer.groups > 1 or not isinstance(layer.kernel_size, int)
    )
