"""A class at its end, as the files of one zip: a table of everybody, their runs, and all that they
handed in.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.classroom.assignments import GivenOut
from explorer.classroom.hand_ins import HandIn
from explorer.classroom.roll import Standing
from explorer.exports.hand_ins import hand_in_files
from explorer.network.architecture_json import to_data as architecture_to_data
from explorer.runs.run_summary import RunSummary
from explorer.text import for_csv
from explorer.training.recipe import to_data as recipe_to_data

TABLE, RUNS = "class.csv", "runs.json"
PEOPLE = ("name", "runs", "epochs trained", "highest final test accuracy", "parameters of that run")


def class_files(
    standings: Sequence[Standing],
    handed: Mapping[GivenOut, Sequence[HandIn]],
    read_report: Callable[[HandIn], bytes],
) -> Iterator[tuple[str, bytes]]:
    """Each file with its path: the table has a row for each person, and a verdict for each
    assignment. A report is read as its turn comes.
    """
    names = {each.entry.id: each.entry.name for each in standings}
    yield TABLE, _table(standings, handed).encode("utf-8-sig")  # as spreadsheets expect it
    runs = [_run(run, names) for each in standings for run in each.runs]
    yield RUNS, (json.dumps(runs, indent=1, ensure_ascii=False) + "\n").encode()
    for given, hand_ins in handed.items():
        folder = f"assignment-{given.id}"
        text = json.dumps(assignment_to_data(given.assignment), indent=2, ensure_ascii=False)
        yield f"{folder}/assignment.json", f"{text}\n".encode()
        for path, content in hand_in_files(hand_ins, names, read_report):
            yield f"{folder}/{path}", content


def _table(standings: Iterable[Standing], handed: Mapping[GivenOut, Sequence[HandIn]]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    titles = [f"{given.assignment.title} ({given.id})" for given in handed]
    table.writerow(map(for_csv, (*PEOPLE, *titles)))
    by_person = [{each.person: each for each in hand_ins} for hand_ins in handed.values()]
    for each in standings:
        best = max(
            (run for run in each.runs if run.final_accuracy is not None),
            key=lambda run: run.final_accuracy or 0.0,
            default=None,
        )
        row: list[object] = [
            each.entry.name,
            len(each.runs),
            sum(run.epochs_done for run in each.runs),
            best.final_accuracy if best else "",
            best.parameters if best else "",
        ]
        row += [
            found.verdict if (found := hand_ins.get(each.entry.id)) else ""
            for hand_ins in by_person
        ]
        table.writerow(map(for_csv, row))
    return text.getvalue()


def _run(each: RunSummary, names: Mapping[str, str]) -> dict[str, object]:
    run = each.run
    return {
        "id": run.id,
        "name": run.name,
        "whose": names.get(run.owner, "unknown"),
        "submitted": datetime.fromtimestamp(run.submitted, UTC).isoformat(timespec="seconds"),
        "status": each.status,
        "epochs": each.epochs_done,
        "final_test_accuracy": each.final_accuracy,
        "parameters": each.parameters,
        "recipe": recipe_to_data(run.recipe),
        "architecture": architecture_to_data(run.architecture),
    }
