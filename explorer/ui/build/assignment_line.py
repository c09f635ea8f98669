"""The line under the totals on Build: the assignment's clauses, which follow every edit, and beside
them what stands in the way of training, or where the work comes from.
"""

from collections.abc import Collection

from explorer.classroom.judging import AllTries, judge
from explorer.network.difference import Difference, change_text, difference, difference_text
from explorer.network.spec import path_text
from explorer.text import for_html
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetKind
from explorer.ui import state
from explorer.ui.clause_items import clause_items

NAMED_CHANGES = 12  # in the tooltip; the others are counted


def assignment_line(
    session: state.Session,
    runs: AllTries,
    in_the_way: str = "",
    has_fix: bool = False,
    without: Collection[str] = (),
) -> str:
    """The clauses, judged by these runs; beside them what stands in the way of training, else
    whether the images are still to come, and how far the network is from where it started.

    With `has_fix` there is room at the end for a button. `without` are limits that are left out.
    """
    recipe = session.recipe
    found, _ = judge(state.assignment(), session.architecture, recipe, runs)
    chips = clause_items(clause for clause in found if clause.limit not in without)
    if in_the_way:
        beside = _in_the_way(in_the_way, has_fix)
    else:
        beside = f"{_absent_images(find_dataset(recipe.dataset))}{_origin(session)}"
    return f'<div class="assignment"><ul aria-label="Assignment">{chips}</ul>{beside}</div>'


def _in_the_way(text: str, has_fix: bool) -> str:
    kind = "in-the-way has-fix" if has_fix else "in-the-way"
    return f'<p class="{kind}" title="{for_html(text)}"><b>✗</b> {for_html(text)}</p>'


def _absent_images(kind: DatasetKind) -> str:
    """That the chosen images are still to be downloaded; "" if they are here, or cannot be."""
    if kind.absent or kind.is_here():
        return ""
    text = f"{kind.title} is not on this server yet; training downloads it."
    return f'<p class="absent">{for_html(text)}</p>'


def _origin(session: state.Session) -> str:
    """Where the work comes from: the preset's character, or what was changed since."""
    start = session.start
    if session.is_unchanged:
        return (
            f'<p class="origin" title="{for_html(start.character)}">{for_html(start.character)}</p>'
        )
    found = difference(start.architecture, session.architecture)
    text = for_html(f"since {start.title}: {difference_text(found)}")
    return f'<p class="origin changed" title="{_changes(found)}">{text}</p>'


def _changes(found: Difference) -> str:
    """A line a change, for a tooltip."""
    lines = [
        f"{path_text(change.path)} {change_text(change)}"
        for change in found.changes[:NAMED_CHANGES]
    ]
    if len(found.changes) > NAMED_CHANGES:
        lines.append(f"and {len(found.changes) - NAMED_CHANGES} more")
    return "&#10;".join(for_html(line) for line in lines)
