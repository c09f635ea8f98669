"""A class at its end as the files of a zip: everybody, their runs, and what they handed in."""

import csv
import io
import json
from dataclasses import replace

from explorer.assignment.assignment import Assignment
from explorer.classroom.assignments import GivenOut
from explorer.exports.class_archive import RUNS, TABLE, class_files
from tests.classroom.test_board import reached, standing
from tests.exports.test_hand_ins import MET, NOT_MET, hand_in

GIVEN = GivenOut("7k2f", Assignment(title="=Small"), 0.0, is_open=True)


def test_a_row_for_each_person_and_a_folder_for_each_assignment():
    worse, best = (replace(reached(value), parameters=100) for value in (0.9, 0.95))
    standings = [standing("ann", worse, best), standing("ben"), standing("cem", reached(None))]
    handed = {GIVEN: [hand_in(1, "ann", MET), hand_in(2, "cem", NOT_MET)]}
    files = dict(class_files(standings, handed, lambda each: b"zip"))
    assert set(files) == {
        TABLE,
        RUNS,
        "assignment-7k2f/assignment.json",
        "assignment-7k2f/hand-ins.csv",
        "assignment-7k2f/Ann-1/hand-in.json",
        "assignment-7k2f/Ann-1/report.zip",
        "assignment-7k2f/Cem-2/hand-in.json",
        "assignment-7k2f/Cem-2/report.zip",
    }
    head, *rows = csv.reader(io.StringIO(files[TABLE].decode("utf-8-sig")))
    assert head[-1] == "'=Small (7k2f)"  # no formula
    assert [(row[0], row[1], row[3], row[5]) for row in rows] == [
        ("Ann", "2", "0.95", "holds"),
        ("Ben", "0", "", ""),
        ("Cem", "1", "", "fails"),
    ]
    runs = json.loads(files[RUNS])
    assert {each["whose"] for each in runs} == {"Ann"}  # whose all of these runs are
    assert [each["final_test_accuracy"] for each in runs] == [0.9, 0.95, None]
    assert runs[0]["architecture"]["layers"]


def test_an_empty_class_has_its_tables():
    files = dict(class_files([], {}, lambda each: b""))
    assert set(files) == {TABLE, RUNS}
    assert json.loads(files[RUNS]) == []
