"""The clauses of an assignment as items of a list, each with its sign."""

from collections.abc import Iterable

from explorer.assignment.clauses import SIGNS, Clause
from explorer.text import for_html


def clause_items(clauses: Iterable[Clause]) -> str:
    """HTML to stand in a list; what is counted is told beside the pointer."""
    return "".join(
        f'<li class="{for_html(clause.state)}" data-limit="{for_html(clause.limit)}" '
        f'title="{for_html(clause.note)}">'
        f"<b>{SIGNS[clause.state]}</b> {for_html(clause.text)}</li>"
        for clause in clauses
    )
