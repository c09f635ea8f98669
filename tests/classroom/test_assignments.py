"""What teachers gave out: under a short link, changed and ended by teachers alone."""

import re
from pathlib import Path

import pytest

from explorer.assignment.assignment import Assignment
from explorer.assignment.ready_made import READY_MADE
from explorer.classroom import assignments as module
from explorer.classroom.assignments import Assignments, GivenOut, NotGivenOut
from explorer.people.permissions import NotAllowed
from explorer.runs.database import Database
from tests.people.shared import ANN, SOMEBODY, TEACHER

TASK = READY_MADE["under-20k"]


@pytest.fixture
def assignments(tmp_path: Path) -> Assignments:
    return Assignments(Database(tmp_path / "runs.sqlite"))


def test_what_is_given_out_is_found_by_its_link(assignments: Assignments, tmp_path: Path) -> None:
    given = assignments.give_out(TASK, TEACHER)
    assert re.fullmatch(r"[2-9a-hj-km-np-z]{4}", given.id)
    assert given.assignment == TASK
    again = Assignments(Database(tmp_path / "runs.sqlite"))
    assert again.find(given.id) == again.find(given.id.upper()) == given


def test_the_newest_is_first(assignments: Assignments, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    for moment, task in enumerate(READY_MADE.values()):
        monkeypatch.setattr(module.time, "time", lambda moment=moment: float(moment))
        given.append(assignments.give_out(task, TEACHER))
    assert list(assignments.all()) == given[::-1]


@pytest.mark.parametrize("by", [ANN, SOMEBODY], ids=["a student", "somebody"])
def test_only_a_teacher_gives_out_changes_and_ends(assignments: Assignments, by) -> None:
    given = assignments.give_out(TASK, TEACHER)
    for forged in (
        lambda: assignments.give_out(TASK, by),
        lambda: assignments.change(given.id, Assignment(title="Easier"), by),
        lambda: assignments.set_open(given.id, False, by),
        lambda: assignments.set_deadline(given.id, None, by),
        lambda: assignments.delete(given.id, by),
        lambda: assignments.delete_all(by),
    ):
        with pytest.raises(NotAllowed, match="only a teacher can manage the class"):
            forged()
    assert assignments.all() == (given,)


def test_a_teacher_changes_and_ends_it(assignments: Assignments) -> None:
    given = assignments.give_out(TASK, TEACHER)
    easier = Assignment(title="Easier", max_params=None)
    assignments.change(given.id, easier, TEACHER)
    assignments.set_open(given.id, False, TEACHER)
    found = assignments.find(given.id)
    assert found == GivenOut(given.id, easier, given.given, is_open=False)
    assert found.why_closed(0.0) == "your teacher has ended this assignment"
    assignments.set_open(given.id, True, TEACHER)
    assert assignments.find(given.id).why_closed(0.0) == ""


def test_a_deadline_is_extended_and_taken_away(assignments: Assignments) -> None:
    given = assignments.give_out(TASK.model_copy(update={"deadline": 1000}), TEACHER)
    assignments.set_deadline(given.id, 3000, TEACHER)
    assert assignments.find(given.id).assignment == TASK.model_copy(update={"deadline": 3000})
    assert assignments.find(given.id).why_closed(2000.0) == ""
    assignments.set_deadline(given.id, None, TEACHER)
    assert assignments.find(given.id).assignment == TASK


def test_after_its_deadline_it_is_closed() -> None:
    given = GivenOut("7k2f", Assignment(title="Soon", deadline=1000), 1.0, is_open=True)
    assert given.why_closed(1000.0) == ""
    assert "deadline is over" in given.why_closed(1000.5)


@pytest.mark.parametrize("id", ["", "zzzz", "7k2f' OR 1=1", "\ud800", "x" * 10_000])
def test_what_is_no_link_of_this_server(assignments: Assignments, id: str) -> None:
    with pytest.raises(NotGivenOut, match=r"there is no assignment .* on this server"):
        assignments.find(id)
    for change in (
        lambda: assignments.change(id, TASK, TEACHER),
        lambda: assignments.set_open(id, True, TEACHER),
        lambda: assignments.set_deadline(id, 1000, TEACHER),
        lambda: assignments.delete(id, TEACHER),
    ):
        with pytest.raises(NotGivenOut, match="there is no assignment"):
            change()


def test_without_a_title_nobody_could_speak_of_it(assignments: Assignments) -> None:
    with pytest.raises(NotGivenOut, match="give the assignment a title first"):
        assignments.give_out(Assignment(), TEACHER)


def test_there_is_an_end_to_them(assignments: Assignments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for _ in range(2):
        assignments.give_out(TASK, TEACHER)
    with pytest.raises(NotGivenOut, match="2 assignments were given out here"):
        assignments.give_out(TASK, TEACHER)


def test_one_that_cannot_be_read_hides_no_other(assignments: Assignments) -> None:
    broken, whole = (assignments.give_out(TASK, TEACHER) for _ in range(2))
    with assignments.database.write() as connection:
        connection.execute(
            "UPDATE assignments SET assignment = '{\"max_params\": -1}' WHERE id = ?", (broken.id,)
        )
    assert assignments.find(whole.id) == whole
    assert assignments.find(broken.id).why_closed(0.0)
    assert len(assignments.all()) == 2


def test_one_that_cannot_be_read_stays_as_it_is(assignments: Assignments) -> None:
    given, kept = assignments.give_out(TASK, TEACHER), '{"max_params": -1}'
    with assignments.database.write() as connection:
        connection.execute("UPDATE assignments SET assignment = ?", (kept,))
    with pytest.raises(NotGivenOut, match="cannot be read, so it stays as it is"):
        assignments.set_deadline(given.id, 1000, TEACHER)
    with assignments.database.read() as connection:
        assert connection.execute("SELECT assignment FROM assignments").fetchone()[0] == kept


def test_a_student_does_not_learn_what_there_is(assignments: Assignments) -> None:
    for change in (
        lambda: assignments.set_deadline("7k2f", 1000, ANN),
        lambda: assignments.delete("7k2f", ANN),
    ):
        with pytest.raises(NotAllowed):
            change()
