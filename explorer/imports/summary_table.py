"""Read the tables of torchsummary, torchinfo and others that people publish into architectures."""

from dataclasses import replace

from explorer.imports.summary.files import MAX_BYTES, Document, decode_file, read_document
from explorer.imports.summary.imported import Choice, Imported, SummaryProblem
from explorer.imports.summary.inference import infer
from explorer.imports.summary.notes import Answer, answer_text
from explorer.imports.summary.other_forms import name_of_form
from explorer.imports.summary.reader import read_tables, without_markup
from explorer.imports.summary.rows import SummaryError, Table

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
    "import_summary",
    "read_document",
]

# In a text of several tables, of which the first don't read, so that the time stays bounded.
MAX_ROWS_TRIED = 200


def import_summary(text: str | Document, table: int | None = None) -> Imported:
    """The architecture that a pasted table of torchsummary or torchinfo describes; around it may
    stand a whole README.

    Of several tables the first that reads without a problem is taken, or the one of which most can
    be read; `table` counts from 0 and asks for another. Raises SummaryError where nothing can be
    read at all.
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
        several = (
            f"the text holds {len(tables)} tables, at {lines}; this is that of "
            f"{best.place(best.line)}"
        )
        best = replace(best, notes=(several, *best.notes))
    return best


def _asked_for(tables: tuple[Table, ...], table: int) -> tuple[Table, ...]:
    if not 0 <= table < len(tables):
        raise SummaryError(
            f"there is no table {table}: the text holds {len(tables)}, counted from 0"
        )
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
        if (
            best is None
            or len(found.architecture.layers) > len(best.architecture.layers)
            or found.problem is None
        ):
            best = found
        if best.problem is None:
            break
    return best


def _no_layers(text: str, best: Imported | None) -> SummaryError:
    """Why not one layer could be read: the text is something else, or the first row has a
    problem.
    """
    if form := name_of_form(without_markup(text)):
        return SummaryError(*form)
    if best and best.problem:
        return SummaryError(best.problem.message, best.problem.line)
    return SummaryError("the table has no layers")
