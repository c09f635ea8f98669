"""What the browser gets of an analysis: the numbers of each layer and each merge, what is wrong and
what could be better. Layers are named by the uids of their rows, as the browser may have moved them
meanwhile, and merges by the uid of the row that begins their block.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.network.analysis import Analysis, Row, analyze
from explorer.network.architecture_json import parse_architecture
from explorer.network.hints import hints
from explorer.network.spec import Architecture, Path
from explorer.network.stated_inputs import without_true_statements
from explorer.ui.components.stack_editor.draft import DraftError, parse_stack, uids_by_path
from explorer.ui.components.stack_editor.rows import flatten, row_to_data


def answer_question(asked: object) -> dict[str, Any]:
    """The analysis of what an editor asks, {input, stack: [{uid, kind, …arguments}]}, with `input`
    the images' shape. The depth of `asked` was checked.

    Raises DraftError or ArchitectureError where it is anything else.
    """
    if not isinstance(asked, dict):
        raise DraftError("a question is an object with input and stack")
    uids, layers = parse_stack(asked.get("stack"))
    network = parse_architecture({"input_shape": asked.get("input")})
    network = without_true_statements(network.model_copy(update={"layers": layers}))
    return analysis_data(uids, analyze(network))


def analysis_data(uids: Sequence[str], analysis: Analysis) -> dict[str, Any]:
    """The rows, the problem and the hints of an analysis whose stack has rows with these uids.

    It has rows up to the first layer that does not fit.
    """
    named = uids_by_path(uids, analysis.architecture.layers)
    return {
        "rows": [_row(named[row.path], row) for row in analysis.rows],
        "problem": _problem(named, analysis),
        "hints": [
            {
                "uid": named[hint.path],
                "message": hint.message,
                "fix": _fix(analysis.architecture, hint.fix),
            }
            for hint in hints(analysis)
        ],
    }


def _row(uid: str, row: Row) -> list[Any]:
    """A layer's uid, its shape, its receptive field in theory and its parameters; last the field's
    part inside the image, where it is another. A list, as the names of all these would be most of
    what an edit sends.
    """
    numbers = [uid, row.output_shape, row.receptive_field, row.params]
    return numbers if row.seen == row.receptive_field else [*numbers, row.seen]


def _problem(named: Mapping[Path, str], analysis: Analysis) -> dict[str, Any] | None:
    """The first layer or merge that does not fit."""
    problem = analysis.problem
    if problem is None:
        return None
    other = problem.alternative and {
        "remedy": problem.alternative[0],
        "fix": _fix(analysis.architecture, problem.alternative[1]),
    }
    return {
        "uid": named[problem.path],
        "message": problem.message,
        "remedy": problem.remedy,
        "fix": _fix(analysis.architecture, problem.fix),
        "alternative": other,
    }


def _fix(architecture: Architecture, fixed: Architecture | None) -> dict[str, Any] | None:
    """The way from `architecture` to `fixed` as one change of the rows: at a place, so many out and
    these in.
    """
    if fixed is None:
        return None
    old = [row.content for row in flatten(architecture.layers)]
    new = [row.content for row in flatten(fixed.layers)]

    def is_same(i: int, j: int) -> bool:
        return old[i] is new[j] or old[i] == new[j]

    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if not is_same(i, i)), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if not is_same(-1 - i, -1 - i)), rest)
    inside = [row_to_data(content) for content in new[start : len(new) - end]]
    return {"at": start, "remove": len(old) - end - start, "layers": inside}
