"""From a table's rows to the architecture: the plainest over the whole stack, and each row's other answers.

Between two rows the shape is known, so each row can be asked on its own which layers fit it (options.py). What
holds the rows together is judgement: networks mostly have a bias everywhere or nowhere, pad everywhere or nowhere, pool
in forward() everywhere or nowhere, and use one pooling window throughout. The answer taken is the plainest of the whole.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise, product

from torch import nn

from explorer.imports.summary.candidates import Wanted, result
from explorer.imports.summary.first_row import first_options, is_possible_image
from explorer.imports.summary.notes import (
    Answer,
    RowNote,
    constant_border_note,
    first_left_out_text,
    guess_note,
    left_out_note,
    no_layer_note,
    note_texts,
    put_in_note,
    shared_notes,
    sized_beforehand_text,
    untold_notes,
    wrong_size_notes,
)
from explorer.imports.summary.options import Option, bridges, options
from explorer.imports.summary.reasons import joined, why_not
from explorer.imports.summary.rows import Parts, Table, TableRow, place_text
from explorer.network import spec
from explorer.network.layers import LAYERS, size_text
from explorer.network.spec import LAYER_MODELS, MAX_LAYERS, Architecture, Layer, Shape
from explorer.text import printable

_TOO_MANY = f"would be layer {MAX_LAYERS + 1}; a network here has at most {MAX_LAYERS}"
MAX_OTHERS = 8  # answers offered on one row beside the one taken
MAX_OTHER_IMAGES = 24  # on the first row, where the image is open too

MAX_SEARCHED = 60  # different rows of one table of which all answers are looked for
FEW_ANSWERS = 2  # that are looked for after them

# Costs beside the candidates' own; see candidates.py for their scale.
UNLIKE_THE_REST = 1.2  # a bias where the rest have none, or none where they have
PADDED_UNLIKE_THE_REST = 0.3
BIASED_BEFORE_NORM = 0.6  # a bias throughout, though batch normalisation, which takes it away again, follows a convolution
EACH_POOLING = 0.3  # in forward(), and more for the first of a network:
FIRST_POOLING = 1.9
FIRST_POOLING_BESIDE_ROWS = 3.4  # where other poolings have rows
FIRST_POOLING_IN_FUNCTIONS = 0.1  # where neither poolings nor activations have rows, so that much is done in functions
ANOTHER_WINDOW = 0.5  # one more kind of pooling window in the network
LEFT_OUT = 0.25  # pooling that leaves the last rows or columns of a map out: seldom of every map

# An answer is a guess where the next one costs no more than this above it.
UNSURE = 0.6
UNSURE_IMAGE = 1.0  # on the first row
FAR_FETCHED = 2.4  # the cost from which an answer is doubted
FEW_CHANNELS = 8


@dataclass(frozen=True)
class Choice:
    """A row that has several answers. `others` are the ones not taken, plainest first."""

    row: str
    line: int
    index: int  # of the answer's first layer in the architecture
    taken: Answer
    others: tuple[Answer, ...]
    guess: RowNote | None = None  # what was guessed and why, where the next answer is about as plain

    def with_other(self, architecture: Architecture, other: Answer) -> Architecture:
        """The architecture as imported, with `other` in place of what was taken."""
        layers = architecture.layers
        changed = (*layers[: self.index], *other.layers, *layers[self.index + len(self.taken.layers) :])
        shape = other.input_shape or architecture.input_shape
        return architecture.model_copy(update={"layers": changed, "input_shape": shape})


@dataclass(frozen=True)
class SummaryProblem:
    """The first row that no stack of layers explains, and why."""

    row: str
    line: int
    message: str


@dataclass(frozen=True)
class Imported:
    """What could be read. With a problem the architecture holds what fits, and may end at the row before it."""

    architecture: Architecture
    added: tuple[int, ...]  # indices of the layers that have no row: flattening, pooling in forward()
    choices: tuple[Choice, ...]
    notes: tuple[str, ...]
    problem: SummaryProblem | None
    line: int  # where the table begins
    parts: Parts = ()  # of a notebook

    def place(self, line: int) -> str:
        """Where a line stands in what the person brought: "line 12", "line 3 of the output of cell [7]"."""
        return place_text(line, self.parts)


def infer(table: Table) -> Imported:
    """The plainest architecture that gives the table's rows, as far as one does; never raises."""
    reading = _Reading(table)
    for place, row in enumerate(table.rows):
        if not reading.take(row, is_last=place == len(table.rows) - 1):
            break
    else:
        reading.close()
    return _imported(reading)


# --- kinds that are not ours ----------------------------------------------------------------------------------------

_SAME_BY_ANOTHER_NAME = {
    "Swish": "SiLU",
    "SyncBatchNorm": "BatchNorm2d",
    "ConstantPad2d": "ZeroPad2d",
    "UpsamplingNearest2d": "Upsample",
    "UpsamplingBilinear2d": "Upsample",
}
_ARGUMENTS_BY_NAME: dict[str, dict[str, object]] = {
    "UpsamplingNearest2d": {"mode": "nearest"},
    "UpsamplingBilinear2d": {"mode": "bilinear", "align_corners": True},
}
_BY_LOWER_CASE = {kind.lower(): kind for kind in LAYER_MODELS}
# torch's layers that are not among ours and keep the shape of what comes in.
_OTHER_ACTIVATIONS = (
    *("ELU", "SELU", "CELU", "ReLU6", "RReLU", "Hardswish", "Hardsigmoid", "Hardtanh", "Mish", "Softplus", "Softsign"),
    *("LogSigmoid", "Threshold", "Tanhshrink", "Softshrink", "Hardshrink"),
)
_KEEP_SHAPE = (
    *_OTHER_ACTIVATIONS,
    *("Identity", "AlphaDropout", "FeatureAlphaDropout", "Dropout3d", "InstanceNorm2d", "LocalResponseNorm"),
    *("Softmin", "Softmax2d"),
)
_LISTS = ("Sequential", "ModuleList", "ModuleDict")
# Blocks known by name to add, join or weigh what comes more than one way; a table shows only their parts.
_BRANCHED = re.compile(
    r"^(?:BasicBlock|Bottleneck|InvertedResidual|Fire|Add|Concat|Cat)(?:v?\d+)?$"
    r"|resid|res_?(?:block|unit|layer)|skip|shortcut|inception|squeeze|^se_?(?:block|layer|module)|attention|transformer",
    re.IGNORECASE,
)


def _our_kind(kind: str) -> str | None:
    return _SAME_BY_ANOTHER_NAME.get(kind) or _BY_LOWER_CASE.get(kind.lower())


def _with_arguments(option: Option, arguments: dict[str, object]) -> Option:
    """The option with these arguments in its last layer, if it has any; the name in the table tells them."""
    if not option.layers:
        return option
    *before, layer = option.layers
    return replace(option, layers=(*before, layer.model_copy(update=arguments)))


def _plainest_of_equals(found: list[Option]) -> list[Option]:
    """The options, plainest first as they come, without those that are the same layers on the same image again."""
    unlike: dict[object, Option] = {}
    for option in found:
        unlike.setdefault((option.layers, option.input_shape), option)
    return list(unlike.values())


def _is_far_fetched(option: Option, shape: Shape) -> bool:
    """A convolution with odd groups or an oblong window, where a network that is no stack may explain the row plainly.

    Among few channels too much fits by chance, so there the row is taken at its word.
    """
    layer = option.layers[-1]
    if not isinstance(layer, spec.Conv2d) or shape[0] < FEW_CHANNELS:
        return False
    return option.cost > FAR_FETCHED and (layer.groups > 1 or not isinstance(layer.kernel_size, int))


# --- row by row -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """A row that fits: its answers. `kind` is None where the row itself is no layer of ours."""

    row: TableRow
    kind: str | None
    options: tuple[Option, ...]


@dataclass(frozen=True)
class _Shared:
    """A row that uses the weights of one above it once more."""

    row: TableRow
    first: TableRow | None  # the row that counts the weights, where only one can
    input_shape: Shape  # what comes into `row`


def _shared_weights(rows: tuple[TableRow, ...]) -> list[_Shared]:
    """The rows whose parameters are counted above, each with the row there that counts them."""
    found, above = [], rows[0] if rows else None
    counted: list[TableRow] = []
    for row in rows:
        if row.wraps:
            continue
        if row.params:
            counted.append(row)
        elif row.params is None and above and above.output_shape:
            firsts = [first for first in counted if first.kind == row.kind and _channels(first) == _channels(row)]
            found.append(_Shared(row, firsts[0] if len(firsts) == 1 else None, above.output_shape))
        above = row
    return found


def _channels(row: TableRow) -> int | None:
    return row.output_shape[0] if row.output_shape else None


def _does_again(option: Option, again: _Shared) -> bool:
    """Whether an answer to the first row of some weights gives the other row that uses them."""
    gives = result(option.layers[-1], again.input_shape) if option.layers else None
    return gives is not None and gives[0] == again.row.output_shape


class _Reading:
    """The rows read so far. `take` and what it calls say whether the reading can go on after the row."""

    def __init__(self, table: Table):
        self.table = table
        self.read: list[_Read] = []
        self.shape: Shape | None = None  # after the last row; None before the first
        self.above: list[tuple[str, Shape]] = []  # outputs of the rows so far, with their names
        self.notes: list[RowNote | str] = []
        self.left_out: list[str] = []  # kinds of activations that are not among ours
        self.problem: SummaryProblem | None = None
        self.shared = _shared_weights(table.rows)
        self.searched: set[tuple[Wanted, Shape]] = set()
        self.is_shortened = False

    def take(self, row: TableRow, is_last: bool) -> bool:
        if row.gap:
            self._fail(row, row.gap)
        if row.broken:
            return self._fail(row, f"{row.name} can't be read: {row.broken}")
        kind = _our_kind(row.kind)
        if kind is None or row.wraps:
            return self._take_foreign(row, is_last)
        if row.output_shape is None or len(row.output_shape) not in (1, 3):
            gives = size_text(row.output_shape) if row.output_shape else "nothing that the table shows"
            return self._fail(row, f"{row.name} gives {gives}; layers here give maps (C×H×W) or vectors")
        wanted = Wanted(kind, row.output_shape, row.params or 0, row.input_shape, row.kernel_size, row.groups)
        if kind not in ("Conv2d", "MaxPool2d", "AvgPool2d"):
            wanted = replace(wanted, kernel_size=None, groups=None)
        if row.params is None:
            wanted = self._with_shared_params(row, wanted)
        found = self._first_options(row, wanted) if self.shape is None else self._options(row, wanted, self.shape)
        found = self._as_where_shared(row, found)
        if fixed := _ARGUMENTS_BY_NAME.get(row.kind):
            found = _plainest_of_equals([_with_arguments(option, fixed) for option in found])
        if not found and row.kind != kind and not hasattr(nn, row.kind):
            return self._take_foreign(row, is_last)  # someone's own block, named almost as one of torch's
        if not found:
            return self._fail(row, f"{row.name} {why_not(wanted, self.shape, self.above)}")
        if self.shape and _is_far_fetched(found[0], self.shape) and (better := joined(wanted, self.shape, self.above)):
            return self._fail(row, f"{row.name} {better}")
        if row.kind == "ConstantPad2d":
            self.notes.append(constant_border_note(row.name))
        return self._add(row, kind, row.output_shape, found)

    def close(self) -> None:
        """What the table as a whole says, once every row is read."""
        table, last = self.table, self.table.rows[-1]
        counted = sum(row.params or 0 for row in table.rows)
        if table.total_params is not None and counted != table.total_params:
            self._fail(
                last, f"the rows hold {counted:,} parameters and the total is {table.total_params:,}: a row is lost or changed"
            )
        has_root = last.wraps == len(table.rows) - 1 > 0
        if self.read and self.shape and not has_root and self.shape[1:] == (1, 1):
            self._add(last, None, self.shape[:1], [Option(0, (spec.Flatten(),))])

    def _add(self, row: TableRow, kind: str | None, output_shape: Shape, found: list[Option]) -> bool:
        if len(self.read) >= MAX_LAYERS:
            return self._fail(row, f"{row.name} {_TOO_MANY}")
        self.read.append(_Read(row, kind, tuple(found)))
        self.shape = output_shape
        self.above.append((row.name, output_shape))
        return True

    def _fail(self, row: TableRow, message: str, go_on: bool = False) -> bool:
        if self.problem is None:
            self.problem = SummaryProblem(printable(row.name), row.line, printable(message))
        return go_on

    def _first_options(self, row: TableRow, wanted: Wanted) -> list[Option]:
        """The first row's answers. If its weights are used again further down, it takes as many channels as there."""
        channels = {again.input_shape[0] for again in self.shared if again.first == row}
        if len(channels) == 1 and (found := first_options(replace(wanted, in_channels=channels.pop()), self.table)):
            return found
        return first_options(wanted, self.table)

    def _options(self, row: TableRow, wanted: Wanted, shape: Shape) -> list[Option]:
        """A later row's answers; after many different rows only a few, so that a long table takes no longer."""
        self.searched.add((wanted, shape))
        if len(self.searched) <= MAX_SEARCHED:
            return options(wanted, shape)
        if len(self.searched) == MAX_SEARCHED + 1 and not self.is_shortened:
            self.notes.append(f"from {row.name} on only {FEW_ANSWERS} answers to a row are looked for: the table is long")
            self.is_shortened = True
        return options(wanted, shape, FEW_ANSWERS)

    def _as_where_shared(self, row: TableRow, found: list[Option]) -> list[Option]:
        """The answers that do for every row that shares this one's weights, since it is one module; all, if none does."""
        for again in self.shared:
            if again.first == row:
                found = [option for option in found if _does_again(option, again)] or found
            if again.row == row and again.first:
                layers = {each.layers[-1] for read in self.read if read.row == again.first for each in read.options}
                found = [option for option in found if option.layers[-1] in layers] or found
        return found

    def _with_shared_params(self, row: TableRow, wanted: Wanted) -> Wanted:
        """A row that shares its weights with one above has as many parameters; here it becomes a layer of its own."""
        counts = {read.row.params for read in self.read if read.kind == wanted.kind and read.row.params}
        shared = [replace(wanted, params=count) for count in sorted(counts)]
        found = [(answers[0].cost, count) for count in shared if self.shape and (answers := options(count, self.shape))]
        return min(found, key=lambda each: each[0])[1] if found else wanted

    # --- rows that are no layer of ours

    def _take_foreign(self, row: TableRow, is_last: bool) -> bool:
        """A container, a block, or a layer that we don't have."""
        if not row.wraps and row.kind not in _LISTS and hasattr(nn, row.kind):
            return self._take_foreign_layer(row)
        if row.params:
            what = "has parameters of its own" if row.wraps else "holds layers that the table doesn't show"
            deeper = "; print it with a greater depth" if self.table.is_tree and not row.wraps else ""
            self._fail(row, f"{row.name} {what} ({row.params:,} parameters){deeper}")
            if not row.wraps and row.output_shape != self.shape:
                return False
        if _BRANCHED.search(row.kind) and not (row.wraps and is_last):
            self._fail(
                row,
                f"{row.name} is a block that brings several ways together (a skip connection or branches), which a stack of "
                "layers can't; only the layers in it are kept",
            )
        if row.output_shape is None or self.shape is None or row.output_shape == self.shape:
            if not row.wraps and row.kind not in _LISTS and not _BRANCHED.search(row.kind):
                self.notes.append(no_layer_note(row.name))
            return True
        found = [Option(way.cost, way.layers, pools=way.pools) for way in bridges(self.shape, row.output_shape)]
        if not found:
            return self._fail(
                row,
                f"{row.name} gives {size_text(row.output_shape)} and the row before it {size_text(self.shape)}: what lies "
                "between (a concatenation, a sum, a reshaping, a lost row) is no layer here",
            )
        return self._add(row, None, row.output_shape, found)

    def _take_foreign_layer(self, row: TableRow) -> bool:
        unchanged = row.output_shape is not None and row.output_shape == (self.shape or row.output_shape)
        if row.kind in _OTHER_ACTIVATIONS and unchanged:
            self.left_out.append(row.kind)
        if unchanged and not row.params:
            return self._leave_out(row, row.output_shape or ())
        counted = f"its {row.params:,} parameters" if row.params else "what it does to the shape"
        message = f"{row.name} can't be read: {row.kind} is not among the layers here, and {counted} can't be left out"
        return self._fail(row, message, go_on=unchanged)

    def _leave_out(self, row: TableRow, output_shape: Shape) -> bool:
        """Go on without a row. A first row gives the image all the same: it is what comes out of it."""
        if row.kind in _KEEP_SHAPE or self.shape is not None:
            self.notes.append(left_out_note(row.name, row.kind))
        else:
            self.notes.append(first_left_out_text(row.name, row.kind, output_shape))
        if self.shape is None and len(output_shape) == 3 and is_possible_image(output_shape):
            return self._add(row, None, output_shape, [Option(0, (), input_shape=output_shape)])
        return True


# --- the whole stack ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Habits:
    """What a network does throughout."""

    bias: bool
    padded: bool
    pools: bool
    first_pooling: float  # the cost of pooling in forward() at all

    def cost(self, option: Option) -> float:
        """An option's cost in a network of these habits."""
        cost = option.cost
        cost += UNLIKE_THE_REST * (option.bias not in (None, self.bias))
        cost += PADDED_UNLIKE_THE_REST * (option.padded not in (None, self.padded))
        return cost + option.pools * (EACH_POOLING + (0 if self.pools else self.first_pooling))


def _weighed(read: list[_Read]) -> list[list[tuple[float, Option]]]:
    """Each row's options with their costs in the whole network, the plainest first."""
    first_pooling = _first_pooling(read)
    biased = BIASED_BEFORE_NORM * any(a.kind == "Conv2d" and b.kind == "BatchNorm2d" for a, b in pairwise(read))
    habits = min(
        (_Habits(*each, first_pooling) for each in product((True, False), (False, True), (False, True))),
        key=lambda habits: (
            habits.first_pooling * habits.pools + biased * habits.bias + sum(min(map(habits.cost, row.options)) for row in read)
        ),
    )
    costs = [{option: habits.cost(option) for option in row.options} for row in read]
    _prefer_one_window([cost for row, cost in zip(read, costs, strict=True) if _is_pooled(row, cost)])
    return [sorted(((cost, option) for option, cost in each.items()), key=lambda weighed: weighed[0]) for each in costs]


def _is_guess(ranked: list[tuple[float, Option]]) -> bool:
    """Whether the answer taken should be called a guess: the next that computes something else is about as plain."""
    cost, taken = ranked[0]
    if taken.input_shape and any(isinstance(layer, spec.Upsample) for layer in taken.layers):
        return True  # by how much it scales is never in a table
    ahead = next((other - cost for other, option in ranked[1:] if _does(option) != _does(taken)), UNSURE_IMAGE)
    return ahead < (UNSURE_IMAGE if taken.input_shape else UNSURE)


def _does(option: Option) -> tuple[object, ...]:
    """What an option computes: the mean over the whole map is one thing, however it is written."""
    to_one = spec.AdaptiveAvgPool2d(output_size=1)
    if not {type(layer) for layer in option.layers} & {spec.AdaptiveAvgPool2d, spec.AvgPool2d}:
        return option.layers, option.input_shape
    return tuple(to_one if isinstance(layer, spec.AvgPool2d) else layer for layer in option.layers), option.input_shape


def _first_pooling(read: list[_Read]) -> float:
    """What it costs to assume pooling that has no row, by what else has rows in the table."""
    if any(row.kind in ("MaxPool2d", "AvgPool2d") and (row.row.output_shape or ())[1:] != (1, 1) for row in read):
        return FIRST_POOLING_BESIDE_ROWS
    has_activations = any(row.kind and LAYERS[row.kind].group == "Activation" for row in read)
    return FIRST_POOLING if has_activations else FIRST_POOLING_IN_FUNCTIONS


def _is_pooled(row: _Read, costs: dict[Option, float]) -> bool:
    """Pooling, with a row or without. A mean over the whole map ends a network; it says nothing of the windows before it."""
    if row.kind in ("MaxPool2d", "AvgPool2d"):
        return not (row.kind == "AvgPool2d" and (row.row.output_shape or ())[1:] == (1, 1))
    return min(costs, key=lambda option: costs[option]).pools


_Window = tuple[object, ...]


def _window(option: Option) -> _Window | None:
    for layer in option.layers:
        if isinstance(layer, spec.MaxPool2d | spec.AvgPool2d):
            return layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode
    return None


def _prefer_one_window(pooling: list[dict[Option, float]]) -> None:
    """Make the window cheapest that serves most of a network's poolings at the least cost, each window paid for once."""
    served = [{_window(option): cost for option, cost in sorted(costs.items(), key=lambda item: -item[1])} for costs in pooling]
    windows = {window: cost for costs in served for window, cost in costs.items() if window}
    losses = Counter(window for costs in pooling for window in {_window(option) for option in costs if option.loses})

    def total(window: _Window) -> float:
        others = sum(ANOTHER_WINDOW + min(costs.values()) for costs in served if window not in costs)
        return windows[window] + LEFT_OUT * losses[window] + others

    if len(pooling) > 1 and windows:
        best = min(windows, key=total)
        for costs in pooling:
            for option in costs:
                if _window(option) == best:
                    costs[option] -= windows[best] + ANOTHER_WINDOW


def _imported(reading: _Reading) -> Imported:
    notes: list[RowNote | str] = [*reading.table.notes, *reading.notes]
    layers: list[Layer] = []
    added: list[int] = []
    choices: list[Choice] = []
    input_shape: Shape = (1, 28, 28)
    told: set[Layer] = set()  # layers of which the row's name tells what most tables do not
    problem = reading.problem
    for read, ranked in zip(reading.read, _weighed(reading.read), strict=True):
        taken = ranked[0][1]
        if len(layers) + len(taken.layers) > MAX_LAYERS:
            problem = problem or SummaryProblem(read.row.name, read.row.line, f"{read.row.name} {_TOO_MANY}")
            break
        input_shape = taken.input_shape or input_shape
        at_most = MAX_OTHER_IMAGES if taken.input_shape else MAX_OTHERS
        others = tuple(Answer(option.layers, option.input_shape) for _, option in ranked[1 : 1 + at_most])
        answer = Answer(taken.layers, taken.input_shape)
        if others:
            guess = None
            if _is_guess(ranked):
                guess = guess_note(read.row.name, answer, others, reading.table.input_size)
            choices.append(Choice(read.row.name, read.row.line, len(layers), answer, others, guess))
        if read.kind and not taken.layers and taken.input_shape:
            notes.append(sized_beforehand_text(read.row.name, taken.input_shape))
        elif taken.input_shape and read.kind:
            notes += wrong_size_notes(read.row.name, taken.input_shape, reading.table)
        own = 1 if read.kind else 0  # the row's own layer comes last
        without_row = taken.layers[: len(taken.layers) - own]
        added += range(len(layers), len(layers) + len(without_row))
        notes += [put_in_note(layer, read.row.name, bool(read.kind)) for layer in without_row]
        layers += taken.layers
        told |= set(taken.layers) if read.row.kind in _ARGUMENTS_BY_NAME else set()
    architecture = Architecture(name="imported", input_shape=input_shape, layers=tuple(layers))
    notes += [choice.guess for choice in choices if choice.guess]
    notes += shared_notes([(again.row.name, again.first.name if again.first else None) for again in reading.shared])
    notes += untold_notes([layer for layer in layers if layer not in told], reading.left_out)
    return Imported(architecture, tuple(added), tuple(choices), tuple(note_texts(notes)), problem, reading.table.line)
