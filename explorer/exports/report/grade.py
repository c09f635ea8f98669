"""grade.json: what a run's report says of its assignment, for programs.

grade.py of the same report and `python -m explorer grade` judge anew, and tell where they find
something else than this file says.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from explorer.assignment.assignment import Assignment, to_data
from explorer.assignment.clauses import Clause, verdict
from explorer.assignment.results import Result
from explorer.exports.notebook import TRAINED_WEIGHTS

GRADE = "grade.json"
# The files that a grade depends on, where the report has them.
HASHED = (TRAINED_WEIGHTS, "architecture.json", "model.py")


def grade_json(
    assignment: Assignment,
    judged: Sequence[Clause],
    result: Result | None,
    parameters: int,
    files: Mapping[str, bytes],
) -> str:
    """The assignment, and each clause as the page judged it.

    `accuracy` and `epochs` are null where the run has not gone to its end. `files` are those of the
    report by their names; of HASHED, what is not among them is left out.
    """
    data = {
        "assignment": to_data(assignment),
        "verdict": verdict(judged),
        "clauses": [asdict(clause) for clause in judged],
        "accuracy": result and result.test_accuracy,
        "parameters": parameters,
        "epochs": result and result.epochs,
        "sha256": {
            name: hashlib.sha256(files[name]).hexdigest() for name in HASHED if name in files
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
