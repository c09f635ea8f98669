"""From pasted text to the rows of the tables in it: what stands there, not yet what it means.

Two layouts are read. torchsummary's, one layer a line:

            Conv2d-1            [-1, 8, 26, 26]              80

and torchinfo's tree, in which a row with deeper rows below it is a container:

    ├─Sequential: 1-1                        [1, 8, 26, 26]            --
    │    └─Conv2d: 2-1                       [1, 8, 26, 26]            80

Around them may stand a whole README, in quotes, fences, comments, logs, HTML or a notebook's JSON.
A row is known by its own form and not by its place, so that it doesn't matter how much of the
layout was lost on the way.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from explorer.imports.summary.files import has_escaped_line_ends
from explorer.imports.summary.other_forms import name_of_form
from explorer.imports.summary.other_tables import read_other_tables
from explorer.imports.summary.rows import (
    SummaryError,
    Table,
    TableRow,
    read_count,
    read_input_size,
    read_kernel,
    read_shape,
    short,
    without_batch,
)
from explorer.network.spec import Shape

# Of one table; containers count, so this is more than the layers that an architecture has.
MAX_ROWS = 1_000
MAX_TABLES = 20
MAX_ON_A_LINE = 10_000  # names that may begin a row, where a text lost its line ends


def read_tables(text: str) -> tuple[Table, ...]:
    """Every table in the text, in its order.

    Raises SummaryError where there is none, or where it can't be used, and says what would be
    right.
    """
    text = without_markup(text)
    others, rest = read_other_tables(text)
    drafts = _drafts(rest)
    found = [
        *others,
        *(
            draft.finished()
            for draft in islice((draft for draft in drafts if draft.rows), MAX_TABLES)
        ),
    ]
    tables = sorted(found, key=lambda table: table.line)[:MAX_TABLES]
    if not tables:
        raise _nothing_found(text, drafts)
    hint = _input_hint(text)
    return tuple(replace(table, input_hint=hint) for table in tables)


# --- markup around the table ----------------------------------------------------------------------

_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
_ESCAPED = re.compile(r"\\([\[\]\-_#*|().+])")
_SIZE = re.compile(r"torch\.Size\((\[[^\[\]\n]{0,100}\])\)")
# Marks of Markdown and HTML become spaces, so that columns stay where they are.
_MARKS = str.maketrans(
    dict.fromkeys("`*\t\u00a0\u2007\u202f\u200b\ufeff>#\"'", " ") | {"−": "-", "–": "-"}
)
# Of a file that is no text, or none any more.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n|\r|\n")


def without_markup(text: str) -> str:
    """Line by line what it was, with the marks around the table made spaces."""
    # A notebook's JSON holds its line ends as \n, on one line or before the real ones.
    text = text.replace("\\n", "\n" if has_escaped_line_ends(text) else " ")
    if "\\u25" in text:  # the same, with the tree's lines as \u2500
        text = re.sub(r"\\u(25[0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), text)
    text = html.unescape(text)
    for pattern, by in (
        (_COLOUR, ""),
        (_TAG, " "),
        (_CONTROL, " "),
        (_ESCAPED, r"\1"),
        (_SIZE, r"\1"),
    ):
        text = pattern.sub(by, text)
    return text


# --- what a line may hold -------------------------------------------------------------------------

_NUMBERED = re.compile(r"(?<![\w.\-/])([A-Za-z_]\w{0,79})-(\d{1,6})(?![\w\-/])")
_BRANCH_MARKS = (  # the surest first
    re.compile(r"[├└]─*"),
    re.compile(
        r"(?<![\w.\-/])(?=[A-Za-z_]\w{0,79}(?:\s{1,9}\([^()\n]{0,80}\))?:\s?\d{1,3}-\d{1,6}(?:\s|$))"
    ),  # none, in a flat list
    re.compile(r"(?<![\w+\-.)\]])(?:\+|`?--)(?=\s)"),
)
_BRANCH = re.compile(
    r"\s*(?P<kind>[A-Za-z_]\w{0,79})(?:\s+\((?P<variable>[^()\n]{0,80})\))?"
    r"(?::\s*(?P<depth>\d{1,3})(?:-(?P<index>\d{1,6}))?)?(?=\s|$)"
)
_INDENT = " \t,|│┃"
_LINE_NUMBER_OR_LOG = re.compile(r"(?:.*[:>\]-])?\s*\d{0,6}")
_ROOT = re.compile(
    r"(?:.{0,80}[:>\]-]|\s*\d{1,6}(?=\s))?[\s,=|]*(?P<kind>[A-Za-z_]\w{0,79})(?:\s+\([\w.]{0,80}\))?\s+(?=\[|--)"
)
_NEXT_BRANCH = re.compile(r"(?<=\S)\s+(?=(?:[│|]\s*)*[├└]─)")
_HEADER = re.compile(
    r"\bLayers?\b.{0,200}?\bParams?\b(?:\s*(?:#|%))?|\bLayer \(type.{0,200}?\bOutput "
    r"Shape\b(?!.{0,200}\bParam)",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"Input Shape|Output Shape|Kernel (?:Shape|Size)|Groups|Tr\. Param|Params? "
    r"%|Params?\b|Mult-Adds|Trainable",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"\bTotal params:?\s{0,20}([\d.,_]{1,20})", re.IGNORECASE)
_INPUT_SIZE = re.compile(
    r"\bInput size(?: \((?P<unit>B|bytes|[kMG]i?B)\))?:?\s{0,20}"
    r"(?P<number>\d{1,3}(?:,\d{3}){1,4}|\d{1,12}(?:\.\d{1,4})?)",
    re.IGNORECASE,
)
_CELL = re.compile(
    r"\[(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,200}\]|\((?:-?\d|None|N)[^()]{0,80}\)|[^\s\[\]]+"
)
_UNFINISHED = re.compile(
    r"[A-Za-z_]\w*(?:-\d{1,6}|:\s?\d{1,3}-\d{1,6})\s*(?:\[[\d\s,-]{1,80}\]\s*)?$"
)
_CELLS_ALONE = re.compile(r"(?:\[[\d\s,-]{1,80}\])?\s*(?:[\d,]{1,20}|--)?")
_CALL = re.compile(r"\bsummary\s?\(.{0,120}?[(\[]\s?(\d{1,4}(?:\s?,\s?\d{1,4}){2,3})\s?[)\]]")
_MAX_CELLS = 12


@dataclass(frozen=True)
class _Row:
    """A row with its place in the tree; `depth` grows inwards and is only ever compared."""

    row: TableRow
    number: int | None
    depth: int


@dataclass
class _Draft:
    """A table while its lines come in."""

    line: int
    columns: tuple[str, ...] = ()
    rows: list[_Row] = field(default_factory=list)
    total_params: int | None = None
    input_size: tuple[str, str] | None = None  # number and unit
    closed: bool = False  # its totals have been seen
    rows_without_shape: int = 0
    rows_without_params: int = 0

    @property
    def is_tree(self) -> bool:
        return bool(self.rows) and self.rows[-1].number is None

    def finished(self) -> Table:
        # A table of one image without a batch shows maps as three numbers.
        has_batch = not any(
            row.row.kind == "Conv2d" and len(row.row.output_shape or ()) == 3 for row in self.rows
        )
        shapes = [row.row.output_shape for row in self.rows if row.row.output_shape]
        batch = shapes[0][0] if shapes and has_batch else 0
        rows = [replace(row, row=without_batch(row.row, has_batch)) for row in self.rows]
        ordered = tuple(_contents_first(rows)) if self.is_tree else tuple(_with_gaps(rows))
        size = read_input_size(*self.input_size, self.is_tree, batch) if self.input_size else None
        return Table(ordered, self.line, self.is_tree, self.total_params, size)


def _drafts(text: str) -> list[_Draft]:
    """Tables with their rows as they stand, among them those that turn out empty."""
    drafts = [_Draft(1)]
    for line, piece in _pieces(text):
        draft, start = drafts[-1], 0
        if header := _HEADER.search(piece):
            names = tuple(
                name.lower()
                for name in _COLUMN.findall(header[0] + piece[header.end() : header.end() + 300])
            )
            if "output shape" in names or re.search(r"Layer \(type", header[0]):
                drafts.append(draft := _Draft(line, names))
                start = header.end()
        for row in _rows(piece, start, line, draft):
            if draft.closed or _restarts(draft, row):
                drafts.append(draft := _Draft(line, () if draft.closed else draft.columns))
            if len(draft.rows) >= MAX_ROWS:
                raise SummaryError(
                    f"the table has more than {MAX_ROWS:,} rows; "
                    "a network here has at most 200 layers",
                    line,
                )
            draft.rows.append(row)
        if draft.rows:
            if draft.total_params is None and (total := _TOTAL.search(piece)):
                draft.total_params, draft.closed = read_count(total[1].rstrip(".,")), True
            if draft.input_size is None and (size := _INPUT_SIZE.search(piece)):
                draft.input_size, draft.closed = (size["number"], size["unit"] or "B"), True
    return drafts


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text) of everything that may be a row; a tree that lost its line ends is split
    at its branches.
    """
    for number, line in _joined(_LINE_END.split(text.translate(_MARKS))):
        if line.count("─") > 2:
            yield from (
                (number, piece)
                for piece in _NEXT_BRANCH.sub("\n", line, count=MAX_ON_A_LINE).split("\n")
            )
        else:
            yield number, line


def _joined(lines: list[str]) -> Iterator[tuple[int, str]]:
    """(line number, text) of the lines that hold something, a row whose cells stand on lines of
    their own in one.
    """
    number, row = 0, ""
    for following, line in enumerate(lines, start=1):
        if not line or line.isspace():
            continue
        if (
            len(line) < 200
            and _UNFINISHED.search(row[-200:])
            and _CELLS_ALONE.fullmatch(line.strip())
        ):
            row += f"  {line.strip()}"
            continue
        if row:
            yield number, row
        number, row = following, line
    if row:
        yield number, row


def _rows(piece: str, start: int, line: int, draft: _Draft) -> Iterator[_Row]:
    if branch := _branch(piece, start):
        indent, parts, cells = branch
        kind, depth = parts["kind"], parts["depth"]
        if parts["index"] is None and kind in ("weight", "bias"):
            return  # torchinfo's verbose rows, one a tensor
        variable = f" ({parts['variable']})" if parts["variable"] else ""
        name = f"{kind}{variable}" + (f": {depth}-{parts['index']}" if parts["index"] else "")
        row = _read_cells(TableRow(name, kind, line), cells, draft)
        if row and (depth or draft.columns or row.output_shape):
            yield _Row(row, None, int(depth) if depth else indent)
        return
    names = list(islice(_NUMBERED.finditer(piece.replace("|", " "), start), MAX_ON_A_LINE))
    ends = [match.start() for match in names[1:]] + [len(piece)]
    for match, end in zip(names, ends, strict=False):
        cells = piece[match.end() : end].replace("|", " ")
        if row := _read_cells(TableRow(match[0], match[1], line), cells, draft):
            yield _Row(row, int(match[2]), 0)
    may_be_root = not names and draft.columns and not draft.rows
    if may_be_root and (root := _ROOT.match(piece.replace("|", " "), start)):
        row = _read_cells(
            TableRow(root["kind"], root["kind"], line), piece[root.end() :].replace("|", " "), draft
        )
        if row:
            yield _Row(row, None, -1)


def _branch(piece: str, start: int) -> tuple[int, dict[str, Any], str] | None:
    """(indent, parts of the name, cells) of a tree's row.

    Before it may stand a line's number or what a log puts there.
    """
    mark = next((mark for each in _BRANCH_MARKS if (mark := each.search(piece, start))), None)
    if not mark or not (name := _BRANCH.match(piece, mark.end())):
        return None
    before = piece[start : mark.start()]
    in_front = before.rstrip(_INDENT)
    is_plus = mark[0] in ("+", "--", "`--")  # signs that stand in prose and beside other rows too
    if is_plus and (
        _NUMBERED.search(in_front) or not _LINE_NUMBER_OR_LOG.fullmatch(in_front[-200:])
    ):
        return None
    return len(before) - len(in_front), name.groupdict(), piece[name.end() :].replace("|", " ")


def _restarts(draft: _Draft, row: _Row) -> bool:
    """Does the row begin another table: a tree after a list, or a number that was there before."""
    if not draft.rows:
        return False
    last = draft.rows[-1]
    if (last.number is None) != (row.number is None):
        return True
    if row.number is None:
        return row.row.name.endswith(": 1-1") and any(
            before.row.name.endswith(": 1-1") for before in draft.rows
        )
    return last.number is not None and row.number <= last.number


# --- the cells of a row ---------------------------------------------------------------------------


def _read_cells(row: TableRow, text: str, draft: _Draft) -> TableRow | None:
    """The row with its cells, broken where it should have them and hasn't; None for a line that is
    no row at all.
    """
    cells = [cell for cell in _CELL.findall(text[:600]) if cell not in (",", ";")][:_MAX_CELLS]
    if not cells and draft.rows and not draft.closed and re.search(r": \d+-\d+$", row.name):
        return row  # a container whose cells were left out: its contents are below it
    columns = draft.columns or ("output shape", "param #")
    if "output shape" not in columns:
        draft.rows_without_shape += 1
        return None
    if not any(name.startswith("param") for name in columns):
        draft.rows_without_params += 1
        return None
    named = dict(zip(columns, cells, strict=False))
    shape_cell, params_cell = (
        named.get("output shape", ""),
        next((cell for name, cell in named.items() if re.match(r"params?\b(?! %)", name)), ""),
    )
    if not shape_cell.startswith(("[", "(")) and shape_cell != "--":
        # In prose a word and a number mean nothing; in an open table it is a row that lost its
        # cells.
        last = draft.rows[-1].number if draft.rows and not draft.closed else None
        follows = last is not None and row.name.rpartition("-")[2] == str(last + 1)
        return replace(row, broken="its output shape is missing") if follows else None
    if not params_cell and not draft.columns and not draft.rows:
        return None
    shapes = [
        read_shape(named[name]) if name in named else None
        for name in ("output shape", "input shape")
    ]
    kernel, groups = named.get("kernel shape", named.get("kernel size")), named.get("groups")
    row = replace(
        row,
        output_shape=shapes[0],
        input_shape=shapes[1],
        kernel_size=read_kernel(kernel) if kernel else None,
        groups=read_count(groups) if groups and groups != "--" else None,
    )
    if shapes[0] is None and shape_cell != "--":
        return replace(row, broken=f"{short(shape_cell)} is no shape of one output")
    if params_cell.lower() == "(recursive)":
        return replace(row, params=None)
    params = read_count(params_cell)
    if params is None:
        return replace(
            row,
            broken=(
                f"{short(params_cell) or 'nothing'} stands where its parameters should be counted"
            ),
        )
    return replace(row, params=params)


# --- the table as a whole -------------------------------------------------------------------------


def _contents_first(rows: list[_Row]) -> Iterator[TableRow]:
    """The tree in the order in which its modules end, as torchsummary lists them: a container after
    its contents.
    """
    open_containers: list[tuple[_Row, int]] = []  # with the count of rows that were out before each
    out = 0
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        while open_containers and open_containers[-1][0].depth >= row.depth:
            container, before = open_containers.pop()
            yield replace(container.row, wraps=out - before)
            out += 1
        if following and following.depth > row.depth:
            open_containers.append((row, out))
        else:
            yield row.row
            out += 1
    while open_containers:
        container, before = open_containers.pop()
        yield replace(container.row, wraps=out - before)
        out += 1


def _with_gaps(rows: list[_Row]) -> Iterator[TableRow]:
    """The rows, each told which numbers are missing before it."""
    last, before = 0, ""
    for row in rows:
        number = row.number or 0
        missing = number - last - 1
        gap = None
        if missing > 0:
            where = f"between {before} and {row.row.name}" if before else f"before {row.row.name}"
            gap = f"{missing} {'row is' if missing == 1 else 'rows are'} missing {where}"
        yield replace(row.row, gap=gap)
        last, before = number, row.row.name


def _input_hint(text: str) -> Shape | None:
    """(C, H, W) from a call of summary in the text, if one is there."""
    call = _CALL.search(text)
    return tuple(int(number) for number in re.findall(r"\d{1,4}", call[1])[-3:]) if call else None


def _nothing_found(text: str, drafts: list[_Draft]) -> SummaryError:
    """Why there is no row, by what the text looks like."""
    without_shape = next((draft for draft in drafts if draft.rows_without_shape), None)
    if without_shape and any("input shape" in draft.columns for draft in drafts):
        return SummaryError(
            "the table gives input shapes and no output shapes; print it with show_input=False",
            without_shape.line,
        )
    if without_shape:
        return SummaryError(
            "the table gives no output shapes; print it with the input's size: "
            "summary(model, input_size=(1, 1, 28, 28))",
            without_shape.line,
        )
    if without_params := next((draft for draft in drafts if draft.rows_without_params), None):
        return SummaryError(
            "the table has no parameter column; print it with one, as summary(model, "
            "input_size=(1, 1, 28, 28)) does",
            without_params.line,
        )
    if form := name_of_form(text):
        return SummaryError(*form)
    return SummaryError(
        "no table found; paste one as torchsummary or torchinfo prints it, "
        "with rows such as Conv2d-1   [-1, 8, 26, 26]   80"
    )
