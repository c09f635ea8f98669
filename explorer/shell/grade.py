"""Judge an assignment by a run's weights: its test accuracy is measured anew."""

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from explorer.assignment.assignment import Assignment, AssignmentError, parse_assignment
from explorer.assignment.clauses import SIGNS, State, cut_percent
from explorer.exports.grading import End, Grade, Trial, grade
from explorer.exports.report.opening import open_reports
from explorer.home_folder import home_folder
from explorer.json_reading import decode_json
from explorer.refusal import Refusal
from explorer.runs.run_weights import RunWeights
from explorer.runs.store import Store
from explorer.shell.architectures import read_bytes
from explorer.shell.training import add_data
from explorer.text import quoted

STATUS: dict[State, int] = {"holds": 0, "fails": 3, "unknown": 4}
MAX_BYTES = 100_000  # of an assignment's file

HELP = f"""RUN is a run's id, as `runs` lists it, or the zip of its report, of which nothing is
executed. Several are the seeds of one network and recipe, whose mean counts. Exit status:
{STATUS["holds"]} every clause holds, {STATUS["fails"]} a clause fails, {STATUS["unknown"]} none
fails and one is open, 1 refused with a sentence on standard error, 2 wrong usage."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = HELP
    parser.add_argument("run_names", nargs="+", metavar="RUN", help="a run's id, or a report's zip")
    parser.add_argument(
        "--assignment",
        metavar="FILE",
        help="the assignment as JSON, or - for standard input (default: that of the report)",
    )
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    given = read_assignment(options.assignment) if options.assignment is not None else None
    trials = [trial for name in options.run_names for trial in _trials(name)]
    assignment = given or _told_by(trials)
    found = grade(assignment, trials, options.data)
    remarks = list(found.remarks)
    if given and any(each.assignment not in (None, given) for each in trials):
        remarks.append("the report was judged by another assignment than this")
    if given is None:
        remarks.append("judged by the assignment that the report itself states")
    if options.json:
        print(json.dumps(_data(found, remarks), ensure_ascii=False))
    else:
        print(_text(found, remarks))
    return STATUS[found.verdict]


def read_assignment(name: str) -> Assignment:
    """That of a JSON file, or of standard input where `name` is -."""
    try:
        return parse_assignment(
            decode_json(read_bytes(name, MAX_BYTES), "an assignment", MAX_BYTES, AssignmentError)
        )
    except AssignmentError as error:
        raise Refusal(f"{quoted(name)} is no assignment: {error}") from None


def _told_by(trials: Sequence[Trial]) -> Assignment:
    """The one that the reports were judged by."""
    told = {each.assignment for each in trials if each.assignment}
    if len(told) > 1:
        raise Refusal("the reports were judged by different assignments; name one by --assignment")
    if not told:
        raise Refusal("name the assignment's file by --assignment; only a report's zip has one")
    return told.pop()


def _trials(name: str) -> tuple[Trial, ...]:
    try:
        is_file = Path(name).is_file()
    except (OSError, ValueError):  # no file has such a name
        is_file = False
    if is_file or name.endswith(".zip"):
        return open_reports(Path(name))
    return (_kept(name),)


def _kept(run_id: str) -> Trial:
    """A run of the store, as it was when it had first gone through all its epochs, or else after
    the newest whose weights can be read.
    """
    with closing(Store(home_folder())) as store:
        kept = store.stored_run(run_id).run
        ends = [event for event in store.events(run_id) if event.kind == "finished"]
        found = RunWeights(store).read(run_id, ends[0].epoch if ends else None)
    end = End(ends[0].epoch, ends[0].metrics["test_accuracy"]) if ends else None
    return Trial(
        name=run_id,
        architecture=kept.architecture,
        recipe=kept.recipe,
        weights=found.weights,
        weights_epoch=found.epoch,
        precision=found.precision,
        device=kept.device,
        end=end,
        claims=(("the run", end.test_accuracy),) if end else (),
    )


def _data(found: Grade, remarks: Sequence[str]) -> dict[str, object]:
    return {
        "verdict": found.verdict,
        "accuracy": found.accuracy,
        "claimed_accuracy": found.claimed_accuracy,
        "clauses": [asdict(clause) for clause in found.clauses],
        "runs": [
            {
                "run": each.trial.name,
                "seed": each.trial.recipe.seed,
                "accuracy": each.accuracy,
                "claimed_accuracy": each.claimed,
            }
            for each in found.measured
        ],
        "remarks": list(remarks),
    }


def _text(found: Grade, remarks: Sequence[str]) -> str:
    lines = [f"{SIGNS[each.state]} {each.text} ({each.note})" for each in found.clauses]
    if len(found.measured) > 1:
        lines += [
            f"seed {each.trial.recipe.seed}: {cut_percent(each.accuracy)} test accuracy"
            for each in found.measured
            if each.accuracy is not None
        ]
    lines += [f"note: {remark}" for remark in remarks]
    return "\n".join([*(lines or ["no limits were set"]), f"verdict: {found.verdict}"])
