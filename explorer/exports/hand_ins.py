"""All that a class handed in for an assignment, as the files of one zip: a table, and a folder for
each person.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.classroom.hand_ins import MADE, HandIn, NoReport
from explorer.network.analysis import analyze
from explorer.network.architecture_json import to_data as architecture_to_data
from explorer.text import for_csv
from explorer.training.recipe import to_data as recipe_to_data

TABLE = "hand-ins.csv"
COLUMNS = (
    "name",
    "handed in (UTC)",
    "verdict",
    "test accuracy",
    "seeds",
    "epochs",
    "runs not finished",
    "parameters",
    "network",
    "not met",
    "folder",
    "report",
)


def hand_in_files(
    handed: Sequence[HandIn], names: Mapping[str, str], read_report: Callable[[HandIn], bytes]
) -> Iterator[tuple[str, bytes]]:
    """Each file with its path. `names` are by person; a report is read as its turn comes, which
    raises NoReport where its file is gone.
    """
    yield TABLE, _table(handed, names).encode("utf-8-sig")  # as spreadsheets expect it
    for each in handed:
        folder = _folder(each, names)
        text = json.dumps(_facts(each, names), indent=2, ensure_ascii=False) + "\n"
        yield f"{folder}/hand-in.json", text.encode()
        if each.report == MADE:
            try:
                report = read_report(each)
            except NoReport as error:
                yield f"{folder}/no-report.txt", f"{error}\n".encode()
            else:
                yield f"{folder}/report.zip", report


def _table(handed: Sequence[HandIn], names: Mapping[str, str]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for each in handed:
        not_met = [clause.text for clause in each.clauses if clause.state != "holds"]
        row: tuple[object, ...] = (
            _name(each, names),
            _moment(each),
            each.verdict,
            each.result.test_accuracy,
            each.result.seeds,
            each.result.epochs,
            each.result.unfinished,
            analyze(each.shared.architecture).total_params,
            each.shared.architecture.name,
            "; ".join(not_met),
            _folder(each, names),
            each.report,
        )
        table.writerow(map(for_csv, row))
    return text.getvalue()


def _facts(each: HandIn, names: Mapping[str, str]) -> dict[str, object]:
    """A hand-in for programs."""
    return {
        "name": _name(each, names),
        "handed_in": _moment(each),
        "verdict": each.verdict,
        "clauses": [asdict(clause) for clause in each.clauses],
        "result": asdict(each.result),
        "notes": asdict(each.notes),
        "assignment": assignment_to_data(each.shared.assignment),
        "architecture": architecture_to_data(each.shared.architecture),
        "recipe": recipe_to_data(each.shared.recipe),
    }


def _name(each: HandIn, names: Mapping[str, str]) -> str:
    return names.get(each.person, "unknown")


def _folder(each: HandIn, names: Mapping[str, str]) -> str:
    """A folder's name that every file system takes; the number tells namesakes apart."""
    plain = re.sub(r"[^\w]+", "-", _name(each, names)).strip("-_")
    return f"{plain}-{each.number}".lstrip("-")


def _moment(each: HandIn) -> str:
    return datetime.fromtimestamp(each.handed, UTC).isoformat(sep=" ", timespec="seconds")[:19]
