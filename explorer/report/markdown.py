"""Markdown, as GitHub and every other reader shows it."""

import re
from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """Anyone's text as one line that is read as it stands, in a table too."""
    return re.sub(r"([\\`*_\[\]<>&$#~|!])", r"\\\1", " ".join(text.split()))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Columns from the `left`-th on are aligned right, as figures are. Cells are Markdown already."""
    rules = ["---" if place < left else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *rows))


def document(*parts: str) -> str:
    """Paragraphs, tables and headings with a line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def image(text: str, path: str) -> str:
    return f"![{text}]({path})"
