"""Tables of fastai and torchsummaryX, line by line into the rows that torchsummary's become.

fastai's first version prints a shape a row, without the batch; the second prints a shape only where
it changes, with the batch, and above its rows the image:

    Sequential (Input shape: 64 x 1 x 28 x 28)             Conv2d               [8, 14, 14]
    80         True
    Layer (type)    Output Shape    Param #   Trainable
    ___________________________________________________________
                    64 x 8 x 14 x 14                       ReLU                 [8, 14, 14]
                    0          True
    Conv2d                          80        True

torchsummaryX names layers by their variables, rounds counts, and has each weight's shape, from
which all follows:

    0_conv1       [1, 10, 5, 5]  [1, 10, 24, 24]     260.0    144.0k
"""

import re
from dataclasses import dataclass, field, replace
from math import prod

from explorer.imports.summary.rows import Table, TableRow, read_count, short
from explorer.network.spec import Shape

_TOTAL = re.compile(r"^\s{0,40}Total params:?\s{0,40}([\d.,_]{1,20})\s*$")


def read_other_tables(text: str) -> tuple[list[Table], str]:
    """The tables in the text, and the text with their lines emptied, so that nobody else reads
    them.
    """
    lines = text.split("\n")
    tables = []
    place = 0
    while place < len(lines):
        reader = _Fastai.begun_by(lines, place) or _TorchsummaryX.begun_by(lines, place)
        if reader is None:
            place += 1
            continue
        end = place + 1
        while end < len(lines) and reader.takes(lines[end], end + 1):
            end += 1
        if reader.rows:
            tables.append(reader.finished())
            lines[place:end] = [""] * (end - place)
        place = end
    return tables, "\n".join(lines)


# --- fastai ---------------------------------------------------------------------------------------

_FASTAI_HEADER = re.compile(
    r"^\W{0,40}Layer \(type\)\s{1,60}Output Shape\s{1,60}Param #\s{1,60}Trainable\W{0,40}$"
)
_FASTAI_INPUT = re.compile(r"\(Input shape: \W{0,9}(\d{1,6}(?: x \d{1,6}){1,3})\W{0,9}\)")
_FASTAI_SHAPE = re.compile(r"^\W{0,40}(\d{1,9}(?: x \d{1,9}){1,3})\W{0,40}$")
_FASTAI_ROW = re.compile(
    r"^[^\w\[]{0,40}(?P<kind>[A-Za-z_]\w{0,60})(?:\s{1,60}(?P<shape>\[[\d, ]{1,60}\]|\d{1,9}(?: "
    r"x \d{1,9}){1,3}))?"
    r"(?:\s{1,60}(?P<params>[\d,]{1,20}))?(?:\s{1,60}(?:True|False))?\W{0,40}$"
)
_RULE = re.compile(r"^[\s_=\-|]*$")


@dataclass
class _Fastai:
    """A table while its lines come in."""

    line: int
    shape: Shape | None = None  # of the row above, of one image
    image: Shape | None = None
    rows: list[TableRow] = field(default_factory=list)
    total_params: int | None = None

    @staticmethod
    def begun_by(lines: list[str], place: int) -> "_Fastai | None":
        if not _FASTAI_HEADER.match(lines[place]):
            return None
        above = (_FASTAI_INPUT.search(line) for line in reversed(lines[max(0, place - 3) : place]))
        image = next((found for found in above if found), None)
        return _Fastai(place + 1, image=_after_the_batch(image[1]) if image else None)

    def takes(self, line: str, number: int) -> bool:
        """Whether the line belongs to the table; if it is a row, it is kept."""
        line = line.rstrip()
        if self.total_params is not None:
            return False
        if total := _TOTAL.match(line):
            self.total_params = read_count(total[1])
            return True
        if _RULE.match(line):
            return True
        if shape := _FASTAI_SHAPE.match(line):
            self.shape = _after_the_batch(shape[1])
            return True
        row = _FASTAI_ROW.match(line)
        if row is None:
            self._break_off(line, number)
            return False
        if row["shape"]:
            self.shape = _printed_shape(row["shape"])
        if self.shape is None:
            return False
        name = f"{row['kind']} (row {len(self.rows) + 1})"
        params = read_count(row["params"]) if row["params"] else 0
        broken = (
            None
            if params is not None
            else f"{row['params']} stands where its parameters should be counted"
        )
        given = self.image if not self.rows else None
        self.rows.append(
            TableRow(
                name, row["kind"], number, self.shape, params, input_shape=given, broken=broken
            )
        )
        return True

    def _break_off(self, line: str, number: int) -> None:
        """Note a line amid the rows that is none, as what comes after it is lost."""
        if self.rows and number == self.rows[-1].line + 1:
            name = short(line.strip())
            self.rows.append(TableRow(name, name, number, broken="it is no row of the table"))

    def finished(self) -> Table:
        return Table(tuple(self.rows), self.line, is_tree=False, total_params=self.total_params)


def _after_the_batch(text: str) -> Shape:
    """ "64 x 8 x 14 x 14" -> (8, 14, 14)."""
    return tuple(int(size) for size in text.split(" x "))[1:]


def _printed_shape(text: str) -> Shape:
    """The second version's shape, with the batch, or the first's without."""
    return (
        _after_the_batch(text)
        if " x " in text
        else tuple(int(size) for size in re.findall(r"\d{1,9}", text))
    )


# --- torchsummaryX --------------------------------------------------------------------------------

_X_HEADER = re.compile(r"^\s*Kernel Shape\s{1,60}Output Shape\s{1,60}Params\s{1,60}Mult-Adds\b")
_X_ROW = re.compile(
    r"^\W{0,40}(?P<index>\d{1,4})_(?P<name>[\w.\-]{1,100})\s{1,100}(?P<kernel>\[[\d, "
    r"]{1,60}\]|-)\s{1,100}"
    r"(?P<shape>\[[\d, ]{1,60}\])\s{1,60}(?P<params>[\d.,]{1,20}[kMG]?|-|NaN|\(recursive\))(?:\s|$)"
)
# What a layer without weights is, by the name of its variable or its class: the first that its name
# holds.
_X_KINDS = (
    ("relu6", "ReLU6"),
    ("leaky", "LeakyReLU"),
    ("prelu", "PReLU"),
    ("relu", "ReLU"),
    ("logsoftmax", "LogSoftmax"),
    ("softmax", "Softmax"),
    ("sigmoid", "Sigmoid"),
    ("tanh", "Tanh"),
    ("gelu", "GELU"),
    ("silu", "SiLU"),
    ("dropout2d", "Dropout2d"),
    ("drop", "Dropout"),
    ("flatten", "Flatten"),
    ("adaptiveavg", "AdaptiveAvgPool2d"),
    ("adaptivemax", "AdaptiveMaxPool2d"),
    ("gap", "AdaptiveAvgPool2d"),
    ("avg", "AvgPool2d"),
    ("pool", "MaxPool2d"),
    ("upsample", "Upsample"),
)
_MULTIPLES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass
class _TorchsummaryX:
    """A table while its lines come in."""

    line: int
    rows: list[TableRow] = field(default_factory=list)

    @staticmethod
    def begun_by(lines: list[str], place: int) -> "_TorchsummaryX | None":
        return _TorchsummaryX(place + 1) if _X_HEADER.match(lines[place]) else None

    def takes(self, line: str, number: int) -> bool:
        """Whether the line belongs to the table; if it is a row, it is kept."""
        if row := _X_ROW.match(line):
            self.rows.append(_row_of_x(row, number))
            return True
        return line.strip() == "Layer" or (not self.rows and not line.strip())

    def finished(self) -> Table:
        guessed = [f"{row.name} for {row.kind}" for row in self.rows if row.params == 0]
        notes = ["the table rounds the parameters; they are counted from the shapes of the weights"]
        if guessed:
            notes.append(f"layers without weights are taken by their names: {', '.join(guessed)}")
        return Table(tuple(self.rows), self.line, is_tree=False, notes=tuple(notes))


def _row_of_x(match: re.Match[str], number: int) -> TableRow:
    name = f"{match['index']}_{match['name']}"
    kernel = tuple(int(size) for size in re.findall(r"\d{1,9}", match["kernel"]))
    shape = tuple(int(size) for size in re.findall(r"\d{1,9}", match["shape"]))[1:]
    row = TableRow(name, _kind_of_x(match["name"], kernel, shape), number, shape or None)
    if not shape:
        return replace(row, broken="its output has no dimension but the batch")
    if not kernel:
        return row
    if match["params"] in ("-", "NaN", "(recursive)"):
        return replace(
            row, params=None, kernel_size=(kernel[2], kernel[3]) if len(kernel) == 4 else None
        )
    weights, outputs = prod(kernel), kernel[1] if len(kernel) > 1 else kernel[0]
    exact = next(
        (count for count in (weights + outputs, weights) if _rounds_to(count, match["params"])),
        None,
    )
    if exact is None:
        return replace(
            row, broken=f"{match['params']} parameters are not those of a weight {match['kernel']}"
        )
    return replace(
        row, params=exact, kernel_size=(kernel[2], kernel[3]) if len(kernel) == 4 else None
    )


def _kind_of_x(name: str, kernel: Shape, shape: Shape) -> str:
    """A layer's kind, by its weight's shape, and by its name where it has none."""
    plain = name.lower().replace("_", "")
    if len(kernel) == 4:
        return "Conv2d" if shape and kernel[1] == shape[0] else "ConvTranspose2d"
    if len(kernel) == 2:
        return "Linear"
    if len(kernel) == 1:
        return (
            "LayerNorm"
            if "ln" in plain or "layernorm" in plain
            else f"BatchNorm{2 if len(shape) == 3 else 1}d"
        )
    if kernel:
        return f"a weight of {len(kernel)} dimensions"
    kind = next((kind for part, kind in _X_KINDS if part in plain), name)
    return "Dropout2d" if kind == "Dropout" and len(shape) == 3 else kind


def _rounds_to(count: int, printed: str) -> bool:
    """Whether a count may be printed so: 5020 as "5.02k"."""
    digits = printed.rstrip("kMG")
    unit = _MULTIPLES[printed[len(digits) :]]
    half = 0.5 * unit / 10.0 ** len(digits.partition(".")[2])
    try:
        return abs(float(digits.replace(",", "")) * unit - count) <= half
    except ValueError:
        return False
