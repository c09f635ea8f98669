"""Text that a person brings, whatever it is: a link, a file of ours, a summary table or the README
around one.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from explorer.assignment import Assignment
from explorer.imports.summary_table import (
    Document,
    Imported,
    SummaryError,
    decode_file,
    import_summary,
    read_document,
)
from explorer.link import PARAMETER, LinkError, Shared, decode, parse_shared
from explorer.network.architecture_json import parse_architecture
from explorer.network.spec import Architecture, ArchitectureError, Shape
from explorer.training.datasets import DATASETS
from explorer.training.recipe import Recipe


class OpenError(ValueError):
    """Text that holds no architecture; the message says what was looked for and what is wrong."""


@dataclass(frozen=True)
class Opened:
    """What was read.

    `imported` is there where it was read from a table, with the rows' other answers.
    """

    architecture: Architecture
    shared: Shared | None = None  # where a recipe and an assignment came with it
    imported: Imported | None = None


def open_file(data: bytes) -> Opened:
    """What an uploaded file holds. Raises OpenError."""
    try:
        return open_text(decode_file(data))
    except SummaryError as error:
        raise OpenError(str(error)) from None


def open_text(text: str) -> Opened:
    """What the text holds. Raises OpenError."""
    try:
        return _open_read(read_document(text))
    except SummaryError as error:
        raise OpenError(str(error)) from None


@lru_cache(maxsize=16)  # of half a million characters each
def _open_read(document: Document) -> Opened:
    """What a text without pictures holds."""
    text = document.text.strip()
    try:
        if link := _link(text):
            shared = decode(link)
            return Opened(shared.architecture, shared)
        if text.startswith("{"):
            return _json(text, document)
        return _table(document)
    except (LinkError, ArchitectureError, SummaryError) as error:
        raise OpenError(str(error)) from None


def recipe_for(recipe: Recipe, input_shape: Shape) -> Recipe:
    """The recipe with images that the network takes: its own if they are, else the first that are,
    if any.
    """
    if DATASETS[recipe.dataset].input_shape == input_shape:
        return recipe
    fitting = [name for name, dataset in DATASETS.items() if dataset.input_shape == input_shape]
    return recipe.model_copy(update={"dataset": fitting[0]}) if fitting else recipe


def shared_work(
    opened: Opened, architecture: Architecture, recipe: Recipe, assignment: Assignment
) -> Shared:
    """The opened architecture with the recipe and assignment that came with it, else the
    visitor's own.
    """
    if opened.shared:
        return Shared(architecture, opened.shared.recipe, opened.shared.assignment)
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


def _json(text: str, document: Document) -> Opened:
    """An Architecture's JSON, or a whole saved work."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        if '"output_type"' in text:  # a part of a notebook
            return _table(document)
        data = {}  # parse_architecture says what is wrong
    if "architecture" in data:
        shared = parse_shared(
            {name: part for name, part in data.items() if name not in ("name", "owner")}
        )
        return Opened(shared.architecture, shared)
    return Opened(parse_architecture(text))


def _table(document: Document) -> Opened:
    imported = import_summary(document)
    return Opened(imported.architecture, imported=imported)
