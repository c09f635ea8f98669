"""Markdown, as GitHub and every other reader shows it.

Text of others comes escaped, by `for_markdown`.
"""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Columns from the `left`-th on are aligned right, as figures are.

    Cells are Markdown already.
    """
    rules = ["---" if place < left else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *rows))


def document(*parts: str) -> str:
    """Paragraphs, tables and headings with a line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def image(text: str, path: str) -> str:
    return f"![{text}]({path})"
