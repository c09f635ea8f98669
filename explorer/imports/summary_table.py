"""An architecture as torchsummary prints it, and back: the tables that people publish, out and in.

The layout, the numbering and the lines of sizes are torchsummary 1.5.1's, byte for byte. One thing is left out: Flatten.
People flatten with view() in forward(), which torchsummary doesn't see, so their tables have no row for it; here it has
no row, no number and no share in the sizes either.
"""

from dataclasses import replace
from math import prod

from explorer.imports.summary.files import MAX_BYTES, Document, decode_file, read_document
from explorer.imports.summary.inference import Choice, Imported, SummaryProblem, infer
from explorer.imports.summary.notes import Answer, answer_text
from explorer.imports.summary.other_forms import name_of_form
from explorer.imports.summary.reader import read_tables, without_markup
from explorer.imports.summary.rows import SummaryError, Table
from explorer.network.analysis import Analysis
from explorer.network.spec import Architecture, ArchitectureError, Dropout, Dropout2d, Flatten, Shape

__all__ = [
    "MAX_BYTES",
    "Answer",
    "Choice",
    "Document",
    "Imported",
    "SummaryError",
    "SummaryProblem",
    "answer_text",
    "decode_file",
    "has_dropout",
    "import_summary",
    "read_document",
    "summary_table",
    "with_dropout_rate",
]

RULE, DOUBLE_RULE = "-" * 64, "=" * 64
BYTES_PER_VALUE, MB = 4.0, 1024**2.0
MAX_ROWS_TRIED = 200  # in a text of several tables, of which the first don't read, so that the time stays bounded


def summary_table(analysis: Analysis) -> str:
    """The table that torchsummary would print for a batch of any size, without a line end after the last line.

    Raises ArchitectureError, which names the layer, where one does not fit.
    """
    if problem := analysis.problem:
        kind = analysis.architecture.layers[problem.index].kind
        raise ArchitectureError(f"layer {problem.index} ({kind}): {problem.message}", problem.index)
    rows = [row for row in analysis.rows if not isinstance(row.layer, Flatten)]
    return "\n".join(
        [
            RULE,
            _line("Layer (type)", "Output Shape", "Param #"),
            DOUBLE_RULE,
            *(
                _line(f"{row.kind}-{number}", _shape(row.output_shape), f"{row.params:,}")
                for number, row in enumerate(rows, start=1)
            ),
            DOUBLE_RULE,
            f"Total params: {analysis.total_params:,}",
            f"Trainable params: {analysis.trainable_params:,}",
            f"Non-trainable params: {analysis.total_params - analysis.trainable_params:,}",
            RULE,
            *_sizes(analysis.architecture.input_shape, [row.output_shape for row in rows], analysis.total_params),
            RULE,
        ]
    )


def _line(name: str, shape: str, params: str) -> str:
    return f"{name:>20}  {shape:>25} {params:>15}"


def _shape(shape: Shape) -> str:
    """(8, 26, 26) -> "[-1, 8, 26, 26]"."""
    return str([-1, *shape])


def _sizes(input_shape: Shape, output_shapes: list[Shape], params: int) -> list[str]:
    """The four lines in MB: every value 4 bytes, every output twice, since training keeps its gradient too."""
    image = prod(input_shape) * BYTES_PER_VALUE / MB
    outputs = 2 * sum(map(prod, output_shapes)) * BYTES_PER_VALUE / MB
    weights = params * BYTES_PER_VALUE / MB
    return [
        f"Input size (MB): {image:.2f}",
        f"Forward/backward pass size (MB): {outputs:.2f}",
        f"Params size (MB): {weights:.2f}",
        f"Estimated Total Size (MB): {weights + outputs + image:.2f}",
    ]


def import_summary(text: str | Document, table: int | None = None) -> Imported:
    """The architecture that a pasted table of torchsummary or torchinfo describes; around it may stand a whole README.

    Of several tables the first that reads without a problem is taken, or the one of which most can be read; `table`
    counts from 0 and asks for another. Raises SummaryError where nothing can be read at all.
    """
    document = read_document(text) if isinstance(text, str) else text
    try:
        tables = read_tables(document.text)
        best = _best(tables if table is None else _asked_for(tables, table))
        if best is None or not best.architecture.layers:
            raise _no_layers(document.text, best)
    except SummaryError as error:
        raise SummaryError(error.message, error.line, document.parts) from None
    best = replace(best, parts=document.parts)
    if len(tables) > 1:
        lines = ", ".join(best.place(each.line) for each in tables)
        several = f"the text holds {len(tables)} tables, at {lines}; this is that of {best.place(best.line)}"
        best = replace(best, notes=(several, *best.notes))
    return best


def _asked_for(tables: tuple[Table, ...], table: int) -> tuple[Table, ...]:
    if not 0 <= table < len(tables):
        raise SummaryError(f"there is no table {table}: the text holds {len(tables)}, counted from 0")
    return tables[table : table + 1]


def _best(tables: tuple[Table, ...]) -> Imported | None:
    """The first table that reads without a problem, or the one of which most can be read."""
    best: Imported | None = None
    tried = 0
    for table in tables:
        if best is not None and tried + len(table.rows) > MAX_ROWS_TRIED:
            break
        tried += len(table.rows)
        found = infer(table)
        if best is None or len(found.architecture.layers) > len(best.architecture.layers) or found.problem is None:
            best = found
        if best.problem is None:
            break
    return best


def _no_layers(text: str, best: Imported | None) -> SummaryError:
    """Why not one layer could be read: the text is something else, or the first row has a problem."""
    if form := name_of_form(without_markup(text)):
        return SummaryError(*form)
    if best and best.problem:
        return SummaryError(best.problem.message, best.problem.line)
    return SummaryError("the table has no layers")


def has_dropout(architecture: Architecture) -> bool:
    """Whether a layer of it has a dropout rate."""
    return any(isinstance(layer, Dropout | Dropout2d) for layer in architecture.layers)


def with_dropout_rate(architecture: Architecture, rate: float) -> Architecture:
    """The architecture with one rate, from 0 to 1, in all its dropout layers."""
    layers = tuple(type(layer)(p=rate) if isinstance(layer, Dropout | Dropout2d) else layer for layer in architecture.layers)
    return architecture.model_copy(update={"layers": layers})
