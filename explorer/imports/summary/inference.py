"""From a table's rows to the architecture: the plainest over the whole stack, and each row's other
answers.

table_reading.py asks each row which layers fit it, weighing.py which of them are plainest together.
"""

from explorer.imports.summary.imported import Choice, Imported, SummaryProblem
from explorer.imports.summary.notes import (
    Answer,
    RowNote,
    guess_note,
    note_texts,
    put_in_note,
    shared_notes,
    sized_beforehand_text,
    untold_notes,
    wrong_size_notes,
)
from explorer.imports.summary.other_kinds import ARGUMENTS_BY_NAME
from explorer.imports.summary.rows import Table
from explorer.imports.summary.table_reading import MAX_LAYERS, TOO_MANY, TableReading
from explorer.imports.summary.weighing import is_guess, weigh_options
from explorer.network.spec import Architecture, Layer, Shape

MAX_OTHERS = 8  # answers offered on one row beside the one taken
MAX_OTHER_IMAGES = 24  # on the first row, where the image is open too


def infer(table: Table) -> Imported:
    """The plainest architecture that gives the table's rows, as far as one does; never raises."""
    reading = TableReading(table)
    for place, row in enumerate(table.rows):
        if not reading.read_row(row, is_last=place == len(table.rows) - 1):
            break
    else:
        reading.finish()
    return _imported(reading)


def _imported(reading: TableReading) -> Imported:
    notes: list[RowNote | str] = [*reading.table.notes, *reading.notes]
    layers: list[Layer] = []
    added: list[int] = []
    choices: list[Choice] = []
    input_shape: Shape = (1, 28, 28)
    told: set[Layer] = set()  # layers of which the row's name tells what most tables do not
    problem = reading.problem
    for read, ranked in zip(reading.read, weigh_options(reading.read), strict=True):
        taken = ranked[0][1]
        if len(layers) + len(taken.layers) > MAX_LAYERS:
            problem = problem or SummaryProblem(
                read.row.name, read.row.line, f"{read.row.name} {TOO_MANY}"
            )
            break
        input_shape = taken.input_shape or input_shape
        at_most = MAX_OTHER_IMAGES if taken.input_shape else MAX_OTHERS
        others = tuple(
            Answer(option.layers, option.input_shape) for _, option in ranked[1 : 1 + at_most]
        )
        answer = Answer(taken.layers, taken.input_shape)
        if others:
            guess = None
            if is_guess(ranked):
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
        told |= set(taken.layers) if read.row.kind in ARGUMENTS_BY_NAME else set()
    architecture = Architecture(name="imported", input_shape=input_shape, layers=tuple(layers))
    notes += [choice.guess for choice in choices if choice.guess]
    notes += shared_notes(
        [(again.row.name, again.first.name if again.first else None) for again in reading.shared]
    )
    notes += untold_notes([layer for layer in layers if layer not in told], reading.left_out)
    return Imported(
        architecture,
        tuple(added),
        tuple(choices),
        tuple(note_texts(notes)),
        problem,
        reading.table.line,
    )
