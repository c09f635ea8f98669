"""Text that a person brings, whatever it is: a link, a file of ours, PyTorch code, a summary table,
what print(model) prints, or a notebook or README around one.
"""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, get_args
from urllib.parse import parse_qs, urlsplit

from explorer.assignment.assignment import Assignment
from explorer.imports.module_repr import is_printed_module, read_printed
from explorer.imports.onnx_file.model import is_onnx
from explorer.imports.onnx_file.network import read_onnx
from explorer.imports.source.folding import as_architecture
from explorer.imports.source.graph import PartShape
from explorer.imports.source.networks import read_networks
from explorer.imports.source.problem import CodeProblem, Obstacle
from explorer.imports.summary.other_forms import name_of_form
from explorer.imports.summary.reader import read_tables, without_markup
from explorer.imports.summary.rows import Table, place_text
from explorer.imports.summary_table import (
    Document,
    Imported,
    SummaryError,
    decode_file,
    import_summary,
    read_document,
)
from explorer.link import PARAMETER, LinkError, Shared, decode, parse_shared
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture, ArchitectureError, Shape
from explorer.refusal import Refusal
from explorer.text import printable
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DATASETS
from explorer.training.recipe import Recipe, with_changes

# What a text can be read as; "notebook" is code in one.
Form = Literal["code", "table", "repr", "notebook", "json", "onnx"]
FORMS: dict[Form, str] = {
    "code": "PyTorch code",
    "notebook": "the code of a notebook",
    "repr": "what print(model) prints",
    "table": "a summary table",
    "json": "a network’s JSON",
    "onnx": "an ONNX file",
}
# Forms that one text may hold side by side, so that another may be asked for.
READABLE_FORMS: tuple[Form, ...] = ("code", "repr", "table")
assert set(FORMS) == set(get_args(Form))


Value = int | float | str | bool

# Bytes of a text that is pasted, which travels with every message of its page; what is longer comes
# as a file. A README with the logs of a hundred epochs has a tenth.
MAX_PASTED = 1_000_000


class OpenError(Refusal, ValueError):
    """Text that holds no architecture; the message says what was looked for and what is wrong.

    `missing` is the name of a value that the code does not have and that would help.
    """

    def __init__(self, message: str, missing: str = ""):
        super().__init__(message)
        self.missing = missing


@dataclass(frozen=True)
class Asked:
    """What a person says of a text beside giving it."""

    form: Form | None = None  # to read it as
    network: str | None = None  # of several
    # The shape of its images; the channels may be None, which the network says itself.
    image: PartShape | None = None
    values: tuple[tuple[str, str], ...] = ()  # for names that have none, as they are typed


@dataclass(frozen=True)
class Stop:
    """Where a network could not be read any further, and why."""

    place: str  # "line 12", "line 3 of cell [7]"
    message: str
    missing: str = ""


@dataclass(frozen=True)
class Opened:
    """What was read.

    `imported` is there where it was read from a table, with the rows' other answers.
    """

    architecture: Architecture
    form: Form = "json"
    shared: Shared | None = None  # where a recipe and an assignment came with it
    imported: Imported | None = None
    notes: tuple[str, ...] = ()
    problem: Stop | None = None
    network: str = ""  # which one of those in the code
    networks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()  # of the layers and merges in the code, in the order of `walk`
    is_image_assumed: bool = False
    forms: tuple[Form, ...] = ()  # that the text could be read as


def open_file(data: bytes, asked: Asked = Asked()) -> Opened:
    """What an uploaded file holds. Raises OpenError."""
    if is_onnx(data):
        return _open_onnx(data, asked)
    try:
        return open_text(decode_file(data), asked)
    except SummaryError as error:
        raise OpenError(str(error)) from None


def open_pasted(text: str, asked: Asked = Asked()) -> Opened:
    """What a pasted text holds. Raises OpenError."""
    size = len(text.encode(errors="replace"))
    if size > MAX_PASTED:
        raise OpenError(
            f"the text has {size:,} bytes, and up to {MAX_PASTED:,} can be pasted; "
            "a longer one: upload the file"
        )
    return open_text(text, asked)


def open_text(text: str, asked: Asked = Asked()) -> Opened:
    """What the text holds. Raises OpenError."""
    try:
        return _open_read(read_document(text), asked)
    except SummaryError as error:
        raise OpenError(str(error)) from None


@lru_cache(maxsize=16)  # of half a million characters each
def _open_read(document: Document, asked: Asked) -> Opened:
    """What a text without pictures holds."""
    text = document.text.strip()
    try:
        if link := _link(text):
            shared = decode(link)
            return Opened(shared.architecture, shared=shared)
        if text.startswith("{") and not document.is_notebook:
            return _json(text, document, asked)
        return _read_as_found(document, asked)
    except (LinkError, ArchitectureError, SummaryError) as error:
        raise OpenError(str(error)) from None


def _open_onnx(data: bytes, asked: Asked) -> Opened:
    try:
        read = read_onnx(data, asked.image)
    except CodeProblem as error:
        where = f"node {error.line}: " if error.line else ""
        raise OpenError(f"{where}{printable(error.message)}") from None
    found = read.problem
    return Opened(
        read.architecture,
        "onnx",
        notes=tuple(
            f"node {number}: {printable(note)}" if number else printable(note)
            for number, note in read.notes
        ),
        problem=None if found is None else Stop(f"node {found.line}", printable(found.message)),
        places=tuple(f"node {number}, {read.operators[number - 1]}" for number in read.nodes),
        is_image_assumed=read.is_image_assumed,
    )


def value_of(text: str) -> Value:
    """What a person types for a value: a number or True, else the text itself, without quotes."""
    try:
        found = ast.literal_eval(text.strip()[:200])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text.strip()[:200]
    return found if isinstance(found, bool | int | float | str) else text.strip()[:200]


def recipe_for(recipe: Recipe, input_shape: Shape) -> Recipe:
    """The recipe with images that the network takes: its own if they are, else the first that are,
    if any.
    """
    if find_dataset(recipe.dataset).input_shape == input_shape:
        return recipe
    fitting = [name for name, dataset in DATASETS.items() if dataset.input_shape == input_shape]
    return with_changes(recipe, dataset=fitting[0]) if fitting else recipe


def shared_work(
    opened: Opened, architecture: Architecture, recipe: Recipe, assignment: Assignment
) -> Shared:
    """The opened architecture with the recipe and assignment that came with it, else the
    visitor's own.
    """
    if opened.shared:
        given = opened.shared
        return Shared(architecture, given.recipe, given.assignment, lesson=given.lesson)
    return Shared(architecture, recipe_for(recipe, architecture.input_shape), assignment)


def _link(text: str) -> str | None:
    """The text of a link where this is an address and nothing more.

    Raises OpenError where it holds none.
    """
    if not re.match(r"https?://\S+$", text):
        return None
    try:
        found = parse_qs(urlsplit(text).query).get(PARAMETER)
    except ValueError:
        found = None
    if not found:
        raise OpenError("that link holds no network; one that does is made under “Share & save”")
    return found[0]


def _json(text: str, document: Document, asked: Asked) -> Opened:
    """An Architecture's JSON, or a whole saved work."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        if '"output_type"' in text:  # a part of a notebook
            return _read_as_found(document, asked)
        data = {}  # parse_architecture says what is wrong
    if "architecture" in data:
        shared = parse_shared(
            {name: part for name, part in data.items() if name not in ("name", "owner")}
        )
        return Opened(shared.architecture, shared=shared)
    return Opened(parse_architecture(text))


# --- which form a text has ------------------------------------------------------------------------


def _read_as_found(document: Document, asked: Asked) -> Opened:
    """The text as what it looks like most exactly: code, then a table, which has shapes, then what
    print(model) prints. Of forms that cannot be read to the end, that of which most can.

    Raises OpenError.
    """
    forms = _forms_in(document)
    tried = [asked.form] if asked.form in _READERS else forms
    best: Opened | None = None
    refused: OpenError | None = None
    for form in tried:
        assert form is not None
        try:
            opened = _READERS[form](document, asked)
        except (OpenError, SummaryError, ArchitectureError) as error:
            refused = refused or OpenError(str(error), getattr(error, "missing", ""))
            continue
        if best is None or len(opened.architecture.layers) > len(best.architecture.layers):
            best = opened
        if opened.problem is None:
            best = opened
            break
    if best is not None:
        return replace(best, forms=tuple(forms))
    if refused is not None:
        raise refused
    return _table(document, asked)  # which says what the text is


_IS_CODE = re.compile(
    r"^[>\s]{0,40}(?:class \w+\s?\(.*(?:Module|Sequential)\b|def forward\()|\bnn\.[A-Z]\w+\("
    r"|\b(?:Sequential|Conv2d|Linear)\(|^[>\s]{0,40}(?:import torch\b|from torch\b)",
    re.MULTILINE,
)


def _forms_in(document: Document) -> list[Form]:
    """The forms that a text looks like, the most exact one first."""
    found: list[Form] = []
    printed = is_printed_module(document.text)
    other = name_of_form(without_markup(document.text)) if not printed else None
    is_foreign = other is not None and "Keras" in other[0]
    if _IS_CODE.search(document.code) and not (is_foreign and "nn." not in document.code):
        found.append("code")
    if tables_in(document):
        found.append("table")
    # A printed module looks like calls of its layers.
    is_print_alone = printed and "class " not in document.code and "nn." not in document.code
    if is_print_alone:
        found.insert(0, "repr")
        return [form for form in found if form != "code"]
    if printed:
        found.append("repr")
    return found


def tables_in(document: Document) -> tuple[Table, ...]:
    """The summary tables that a text has."""
    try:
        return read_tables(document.text)
    except SummaryError:
        return ()


def _table(document: Document, asked: Asked) -> Opened:
    imported = import_summary(document)
    problem = imported.problem
    stop = None
    if problem is not None:
        stop = Stop(f"{imported.place(problem.line)}, {problem.row}", problem.message)
    return Opened(
        imported.architecture, "table", imported=imported, notes=imported.notes, problem=stop
    )


def _code(document: Document, asked: Asked) -> Opened:
    try:
        values = {name: value_of(text) for name, text in asked.values}
        read = read_networks(document.code, asked.network, asked.image, values)
    except CodeProblem as problem:
        raise _refused(problem, document) from None
    stop = _stop(read.problem, document)
    checks = _checked_by_tables(read.architecture, document) if stop is None else ()
    return Opened(
        read.architecture,
        "notebook" if document.is_notebook else "code",
        notes=(*_placed(read.notes, document), *checks),
        problem=stop,
        network=read.network,
        networks=read.networks,
        places=tuple(place_text(line, document.parts) for line in read.lines),
        is_image_assumed=read.is_image_assumed,
    )


def _repr(document: Document, asked: Asked) -> Opened:
    try:
        read = read_printed(document.text, asked.image)
        architecture = as_architecture(read.title, read.folded, read.image.shape)
    except CodeProblem as problem:
        raise _refused(problem, document) from None
    stop = _stop(read.problem, document)
    return Opened(
        architecture,
        "repr",
        notes=_placed(((0, note) for note in read.image.notes), document)
        + _placed(read.notes, document),
        problem=stop,
        places=tuple(place_text(line, document.parts) for line in read.folded.lines),
        is_image_assumed=read.image.is_assumed,
    )


_READERS: dict[Form, Callable[[Document, Asked], Opened]] = {
    "code": _code,
    "table": _table,
    "repr": _repr,
}


def _refused(problem: CodeProblem, document: Document) -> OpenError:
    where = f"{place_text(problem.line, document.parts)}: " if problem.line else ""
    return OpenError(f"{where}{printable(problem.message)}", problem.missing)


def _stop(problem: Obstacle | None, document: Document) -> Stop | None:
    if problem is None:
        return None
    place = place_text(problem.line, document.parts)
    return Stop(place, printable(problem.message), problem.missing)


def _placed(notes: Any, document: Document) -> tuple[str, ...]:
    """Notes with the places of their lines."""
    return tuple(
        f"{place_text(line, document.parts)}: {printable(note)}" if line else printable(note)
        for line, note in notes
    )


def _checked_by_tables(architecture: Architecture, document: Document) -> tuple[str, ...]:
    """What the totals of the tables beside the code say of what was read of it."""
    totals = {
        table.total_params: place_text(table.line, document.parts)
        for table in tables_in(document)
        if table.total_params
    }
    if not totals:
        return ()
    ours = analyze(architecture).total_params
    if ours in totals:
        return (f"the table at {totals[ours]} counts {ours:,} parameters, as the code gives",)
    counted = "; ".join(f"{total:,} at {place}" for total, place in list(totals.items())[:3])
    return (f"the code gives {ours:,} parameters; the table beside it counts {counted}",)
