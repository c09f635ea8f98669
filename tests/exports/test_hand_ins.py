"""All that a class handed in as the files of a zip."""

import csv
import io
import json

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import Clause
from explorer.assignment.results import Result
from explorer.classroom.hand_ins import MADE, WAITING, HandIn, Notes
from explorer.exports.hand_ins import TABLE, hand_in_files
from explorer.link import Shared
from explorer.network.spec import Architecture, Flatten, Linear
from explorer.training.recipe import Recipe
from tests.hostile import NAMES

NETWORK = Architecture(name="=1+1", layers=(Flatten(), Linear(out_features=10)))
MET = Clause("max_params", "holds", "7,850 < 8,000 parameters", "")
NOT_MET = Clause("min_accuracy", "fails", "98 % < 99 % test accuracy", "")


def hand_in(number: int, person: str, *clauses: Clause, report: str = MADE) -> HandIn:
    shared = Shared(NETWORK, Recipe(dataset="mnist"), Assignment(title="Small"))
    result = Result(20, 0.98, run_ids=("run",))
    return HandIn(
        number, "7k2f", person, 0.0, shared, result, clauses, Notes("a", "b", "c"), report
    )


def files(*handed: HandIn, **names: str) -> dict[str, bytes]:
    return dict(hand_in_files(handed, names, lambda each: b"zip of %d" % each.number))


def test_a_table_and_a_folder_for_each():
    found = files(
        hand_in(1, "ann", MET),
        hand_in(2, "ben", MET, NOT_MET, report=WAITING),
        ann="Ann",
        ben="Ben",
    )
    assert set(found) == {TABLE, "Ann-1/hand-in.json", "Ann-1/report.zip", "Ben-2/hand-in.json"}
    assert found["Ann-1/report.zip"] == b"zip of 1"
    rows = list(csv.DictReader(io.StringIO(found[TABLE].decode("utf-8-sig"))))
    assert [(row["name"], row["verdict"], row["not met"]) for row in rows] == [
        ("Ann", "holds", ""),
        ("Ben", "fails", NOT_MET.text),
    ]
    assert rows[0]["parameters"] == "7850"
    assert rows[0]["network"] == "'=1+1"  # no formula
    facts = json.loads(found["Ben-2/hand-in.json"])
    assert facts["name"] == "Ben"
    assert facts["notes"] == {"target": "a", "result": "b", "analysis": "c"}
    assert facts["clauses"][1]["state"] == "fails"


def test_whatever_somebody_is_called_their_folder_lies_in_the_zip():
    for name in (*NAMES.values(), "..", "../../etc", "a/b", "C:\\x", "", "Ünal Öz"):
        found = files(hand_in(7, "ann", MET), ann=name)
        (path,) = (each for each in found if each.endswith("hand-in.json"))
        folder, _, rest = path.rpartition("/")
        assert rest == "hand-in.json"
        assert folder.endswith("7")
        assert not set(folder) & set("/\\:.<>\"'|?*\0 ")


def test_somebody_who_was_forgotten_is_unknown():
    assert "unknown-3/hand-in.json" in files(hand_in(3, "gone", MET))
