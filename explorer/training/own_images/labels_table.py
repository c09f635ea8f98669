"""A table of file names and labels, as a CSV says them."""

import csv
from itertools import islice

from explorer.text import printable, quoted
from explorer.training.own_images.problem import OwnImagesError

FILE_COLUMNS = ("filename", "file", "image", "path", "name")
LABEL_COLUMNS = ("label", "class", "category")
DELIMITERS = ",;\t"  # what spreadsheets write, each country its own
MAX_ROWS = 25_000
MOST_CHARACTERS = 200  # of a label; a class's name may have far fewer, which is asked later

RIGHT = "its first line names the columns: filename,label"


def read_labels(data: bytes, place: str) -> dict[str, str]:
    """The label of each file, by its name in the table. `place` names the table.

    Raises OwnImagesError.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OwnImagesError(f"{place} is not text in UTF-8: save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = list(islice(csv.reader(text.splitlines(), delimiter=delimiter), MAX_ROWS + 2))
    except csv.Error as error:
        raise OwnImagesError(f"{place} is no table: {error}") from None
    if not rows or not any(rows[0]):
        raise OwnImagesError(f"{place} is empty: {RIGHT}")
    if len(rows) > MAX_ROWS + 1:
        raise OwnImagesError(f"{place} has more than {MAX_ROWS:,} rows")
    columns = [name.strip().casefold() for name in rows[0]]
    file, label = _column(columns, FILE_COLUMNS), _column(columns, LABEL_COLUMNS)
    if file is None or label is None:
        named = ", ".join(quoted(printable(name)) for name in rows[0][:4])
        raise OwnImagesError(f"{place} has no columns filename and label but {named}: {RIGHT}")
    labels: dict[str, str] = {}
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(file, label) or not row[file].strip() or not printable(row[label]):
            raise OwnImagesError(f"line {line} of {place} lacks a file name or a label")
        if len(row[label]) > MOST_CHARACTERS:
            raise OwnImagesError(
                f"line {line} of {place} has a label of {len(row[label]):,} characters: "
                f"{MOST_CHARACTERS} is the most"
            )
        name, found = row[file].strip(), printable(row[label])
        if labels.setdefault(name, found) != found:
            raise OwnImagesError(
                f"line {line} of {place} gives {quoted(printable(name))} a second label, "
                f"{quoted(found)} beside {quoted(labels[name])}: leave one"
            )
    if not labels:
        raise OwnImagesError(f"{place} names no file below its first line: {RIGHT}")
    return labels


def _column(columns: list[str], names: tuple[str, ...]) -> int | None:
    return next((columns.index(name) for name in names if name in columns), None)
