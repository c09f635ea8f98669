"""What the browser gets of an analysis: the numbers of each layer, what is wrong and what could be
better. Layers are named by uid, as the browser may have moved them meanwhile.
"""

from collections.abc import Sequence
from typing import Any

from explorer.network.analysis import Analysis, Row, analyze
from explorer.network.architecture_json import layer_to_data, parse_architecture
from explorer.network.hints import hints
from explorer.network.spec import Architecture
from explorer.network.stated_inputs import without_true_statements
from explorer.ui.components.stack_editor.draft import DraftError, parse_stack


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
    """The rows, the problem and the hints of an analysis whose layers have these uids.

    There are fewer rows than layers where one does not fit.
    """
    return {
        "rows": [_row(uid, row) for uid, row in zip(uids, analysis.rows, strict=False)],
        "problem": _problem(uids, analysis),
        "hints": [
            {
                "uid": uids[hint.index],
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


def _problem(uids: Sequence[str], analysis: Analysis) -> dict[str, Any] | None:
    """The first layer that does not fit."""
    problem = analysis.problem
    if problem is None:
        return None
    other = problem.alternative and {
        "remedy": problem.alternative[0],
        "fix": _fix(analysis.architecture, problem.alternative[1]),
    }
    return {
        "uid": uids[problem.index],
        "message": problem.message,
        "remedy": problem.remedy,
        "fix": _fix(analysis.architecture, problem.fix),
        "alternative": other,
    }


def _fix(architecture: Architecture, fixed: Architecture | None) -> dict[str, Any] | None:
    """The way from `architecture` to `fixed` as one change: at a place, so many layers out and
    these in.
    """
    if fixed is None:
        return None
    old, new = architecture.layers, fixed.layers
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    inside = [layer_to_data(layer) for layer in new[start : len(new) - end]]
    return {"at": start, "remove": len(old) - end - start, "layers": inside}
