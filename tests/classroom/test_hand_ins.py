"""What was handed in: judged at that moment, kept with its report, for its owner and teachers."""

from pathlib import Path

import pytest

from explorer.assignment.assignment import Assignment
from explorer.assignment.results import Finished
from explorer.classroom import hand_ins as module
from explorer.classroom.assignments import Assignments, GivenOut
from explorer.classroom.hand_ins import (
    MADE,
    REPLACED,
    WAITING,
    HandIns,
    NoReport,
    Notes,
    NotHandedIn,
)
from explorer.classroom.judging import Tries
from explorer.link import Shared
from explorer.network.spec import Architecture, Flatten, Linear
from explorer.people.permissions import NotAllowed
from explorer.people.person import Person
from explorer.refusal import Refusal
from explorer.runs.database import Database
from explorer.training.recipe import Recipe
from tests.people.shared import ANN, BEN, TEACHER

NETWORK = Architecture(name="mine", layers=(Flatten(), Linear(out_features=10)))
TRAINED = Recipe(dataset="digits", epochs=2, batch_size=32)
WORK = Shared(NETWORK, Recipe(dataset="digits", epochs=9))  # the form says something else by now
TASK = Assignment(title="Small", max_params=None, max_epochs=5, min_accuracy=0.9)


def runs(*accuracies: float):
    finished = tuple(
        Finished(f"run{seed}", TRAINED.model_copy(update={"seed": seed}), 2, accuracy, seed)
        for seed, accuracy in enumerate(accuracies)
    )
    return {(NETWORK.key, "digits"): Tries(finished)} if finished else {}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "runs.sqlite")


@pytest.fixture
def hand_ins(database: Database, tmp_path: Path) -> HandIns:
    return HandIns(database, tmp_path)


@pytest.fixture
def given(database: Database) -> GivenOut:
    return Assignments(database).give_out(TASK, TEACHER)


def handed(hand_ins: HandIns, given: GivenOut, by: Person = ANN, accuracy: float = 0.95):
    return hand_ins.hand_in(given, WORK, runs(accuracy), Notes(), by)


def test_network_run_and_verdict_are_kept(hand_ins, given, tmp_path):
    kept = handed(hand_ins, given)
    assert kept.verdict == "holds"
    assert kept.shared == Shared(NETWORK, TRAINED, TASK)
    assert kept.result.run_ids == ("run0",)
    assert [clause.text for clause in kept.clauses] == ["2 ≤ 5 epochs", "95 % ≥ 90 % test accuracy"]
    again = HandIns(Database(tmp_path / "runs.sqlite"), tmp_path)
    assert again.newest(given.id) == (kept,)
    assert again.look_at(kept.number, ANN) == again.look_at(kept.number, TEACHER) == kept


def test_what_fails_can_be_handed_in_too(hand_ins, given):
    assert handed(hand_ins, given, accuracy=0.5).verdict == "fails"


def test_of_each_person_the_newest_counts(hand_ins, given):
    handed(hand_ins, given, ANN, 0.95)
    ben = handed(hand_ins, given, BEN, 0.96)
    ann = handed(hand_ins, given, ANN, 0.91)
    assert hand_ins.newest(given.id) == (ben, ann)
    assert hand_ins.newest(given.id, ANN.id) == (ann,)
    assert hand_ins.newest(given.id, "nobody") == ()


@pytest.mark.parametrize(
    ("task", "found", "notes", "message"),
    [
        ({}, runs(), Notes(), "no run of yours of this very network has finished"),
        ({"seeds": 3}, runs(0.9, 0.9), Notes(), "you have trained 2 seeds: start the others"),
        ({"deadline": 1}, runs(0.95), Notes(), "its deadline is over"),
        ({"notes": True}, runs(0.95), Notes("a", "b"), "write down your analysis first"),
        ({"notes": True}, runs(0.95), Notes("a", "\u202e", "c"), "write down your result first"),
        ({}, runs(0.95), Notes("x" * 2001), "target is too long: 2,001 of at most 2,000"),
    ],
)
def test_what_cannot_be_handed_in(hand_ins, database, task, found, notes, message):
    given = Assignments(database).give_out(TASK.model_copy(update=task), TEACHER)
    with pytest.raises(NotHandedIn, match=message):
        hand_ins.hand_in(given, WORK, found, notes, ANN)
    assert hand_ins.newest(given.id) == ()


def test_once_it_is_ended_nothing_comes_in(hand_ins, database, given):
    assignments = Assignments(database)
    assignments.set_open(given.id, False, TEACHER)
    with pytest.raises(NotHandedIn, match="your teacher has ended this assignment"):
        handed(hand_ins, assignments.find(given.id))


def test_nobody_hands_in_and_nobody_sees_what_others_did(hand_ins, given):
    with pytest.raises(NotAllowed, match="who you are cannot be told"):
        handed(hand_ins, given, Person("", ""))
    kept = handed(hand_ins, given)
    with pytest.raises(NotAllowed, match="only they themselves or a teacher can look at a hand-in"):
        hand_ins.look_at(kept.number, BEN)
    with pytest.raises(NotHandedIn, match="there is no hand-in 99 here"):
        hand_ins.look_at(99, TEACHER)


def test_there_is_an_end_to_trying(hand_ins, given, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_A_PERSON", 1)
    handed(hand_ins, given)
    with pytest.raises(NotHandedIn, match="you have handed this in 1 time;"):
        handed(hand_ins, given)
    handed(hand_ins, given, BEN)


def test_it_is_judged_on_the_images_that_its_run_was_trained_on(hand_ins, database):
    task = TASK.model_copy(update={"dataset": "digits"})
    given = Assignments(database).give_out(task, TEACHER)
    looking_elsewhere = Shared(NETWORK, Recipe(dataset="mnist"))
    kept = hand_ins.hand_in(given, looking_elsewhere, runs(0.95), Notes(), ANN)
    assert kept.verdict == "holds"
    assert "on Digits" in [clause.text for clause in kept.clauses]


# --- reports --------------------------------------------------------------------------------------


def test_a_report_is_made_once(hand_ins, given):
    kept = handed(hand_ins, given)
    assert hand_ins.waiting() == (kept,)
    hand_ins.make_report(kept, lambda each, path: path.write_bytes(b"zip"))
    assert hand_ins.report_path(kept.number).read_bytes() == b"zip"
    assert hand_ins.look_at(kept.number, ANN).report == MADE
    assert hand_ins.waiting() == ()


def test_why_there_is_none_is_kept(hand_ins, given):
    kept = handed(hand_ins, given)

    def fail(each, path):
        path.write_bytes(b"half")
        raise Refusal("all its weights are lost")

    hand_ins.make_report(kept, fail)
    assert hand_ins.look_at(kept.number, ANN).report == "all its weights are lost"
    assert list(hand_ins.report_path(1).parent.iterdir()) == []


def test_one_that_could_not_be_made_is_made_again_for_a_teacher(hand_ins, given):
    kept = handed(hand_ins, given)

    def fail(each, path):
        raise Refusal("the disk is full")

    hand_ins.make_report(kept, fail)
    with pytest.raises(NotAllowed):
        hand_ins.make_again(kept.number, ANN)
    hand_ins.make_again(kept.number, TEACHER)
    assert [each.number for each in hand_ins.waiting()] == [kept.number]


def test_a_report_whose_file_is_gone_says_so(hand_ins, given):
    kept = handed(hand_ins, given)
    hand_ins.make_report(kept, lambda each, path: path.write_bytes(b"zip"))
    assert hand_ins.read_report(kept) == b"zip"
    hand_ins.report_path(kept.number).unlink()
    with pytest.raises(NoReport, match="the report of hand-in 1 is lost; have it made again"):
        hand_ins.read_report(kept)


def test_of_several_hand_ins_the_newest_alone_has_a_report(hand_ins, given):
    first = handed(hand_ins, given)
    hand_ins.make_report(first, lambda each, path: path.write_bytes(b"zip"))
    handed(hand_ins, given)
    newest = handed(hand_ins, given)
    assert [each.number for each in hand_ins.waiting()] == [newest.number]
    hand_ins.make_report(newest, lambda each, path: path.write_bytes(b"zip"))
    assert [path.name for path in hand_ins.report_path(1).parent.iterdir()] == ["3.zip"]
    assert hand_ins.look_at(1, ANN).report == REPLACED


def test_what_was_forgotten_while_its_report_was_made_leaves_none(hand_ins, given):
    kept = handed(hand_ins, given)

    def forgotten(each, path):
        hand_ins.delete_all_of(ANN.id)
        path.write_bytes(b"zip")

    hand_ins.make_report(kept, forgotten)
    assert list(hand_ins.report_path(1).parent.iterdir()) == []


def test_what_ends_with_the_server_waits_for_the_next_one(hand_ins, given):
    kept = handed(hand_ins, given)

    def end(each, path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hand_ins.make_report(kept, end)
    assert hand_ins.look_at(kept.number, ANN).report == WAITING


def test_a_server_that_keeps_nothing_has_no_reports(database, given):
    kept = HandIns(database, None).hand_in(given, WORK, runs(0.95), Notes(), ANN)
    assert "keeps nothing" in kept.report
    assert HandIns(database, None).waiting() == ()


def test_forgetting_somebody_takes_their_hand_ins_along(hand_ins, given):
    for person in (ANN, ANN, BEN):
        hand_ins.make_report(
            handed(hand_ins, given, person), lambda each, path: path.write_bytes(b"zip")
        )
    assert hand_ins.delete_all_of(ANN.id) == 2
    assert [each.person for each in hand_ins.newest(given.id)] == [BEN.id]
    assert [path.name for path in hand_ins.report_path(1).parent.iterdir()] == ["3.zip"]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"shared": {}}', '{"shared": 1, "clauses": []}']
)
def test_one_that_cannot_be_read_hides_no_other(hand_ins, given, content):
    broken, whole = handed(hand_ins, given), handed(hand_ins, given, BEN)
    with hand_ins.database.write() as connection:
        connection.execute(
            "UPDATE hand_ins SET content = ? WHERE number = ?", (content, broken.number)
        )
    assert hand_ins.newest(given.id) == (whole,)


def test_what_was_deleted_meanwhile_cannot_be_handed_in(
    database: Database, hand_ins: HandIns, given: GivenOut
) -> None:
    Assignments(database).delete(given.id, TEACHER)
    with pytest.raises(NotHandedIn, match="your teacher has deleted this assignment"):
        handed(hand_ins, given)
