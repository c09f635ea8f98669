"""Forgetting somebody leaves nothing of theirs, and all of everybody else's."""

from pathlib import Path

import pytest

from explorer.assignment.ready_made import READY_MADE
from explorer.classroom.assignments import Assignments
from explorer.classroom.forgetting import (
    StillTraining,
    delete_assignment,
    end_class,
    forget_person,
    students_of,
)
from explorer.classroom.hand_ins import HandIns, Notes
from explorer.classroom.judging import find_tries
from explorer.classroom.register import Entry, Register
from explorer.link import Shared
from explorer.network.spec import Architecture
from explorer.people.permissions import NotAllowed
from explorer.runs.manager import JobManager
from tests.people.shared import ANN, BEN, TEACHER
from tests.runs.shared import ENDLESS, has_steps, recipe, wait


@pytest.fixture
def register(manager_on_disk: JobManager) -> Register:
    found = Register(manager_on_disk.store.database)
    for person in (ANN, BEN):
        found.arrive(person.id)
    return found


@pytest.mark.parametrize("by", [TEACHER, ANN], ids=["a teacher", "themself"])
def test_nothing_is_left(
    by: object, manager_on_disk: JobManager, register: Register, small: Architecture, tmp_path: Path
) -> None:
    manager = manager_on_disk
    runs = [manager.submit(small, recipe(epochs=1, seed=n), ANN) for n in range(2)]
    other = manager.submit(small, recipe(epochs=1), BEN)
    for run_id in (*runs, other):
        wait(manager, run_id)
    manager.delete(runs[0], ANN)
    assert forget_person(ANN.id, by, manager, register) == 2  # type: ignore[arg-type]
    assert register.find(ANN.id) is None
    assert register.is_forgotten(ANN.id)
    assert manager.store.binned() == ()
    assert [each.run.id for each in manager.runs()] == [other]
    assert [each.name for each in (tmp_path / "home" / "checkpoints").iterdir()] == [other]
    with manager.store.database.read() as connection:
        left = connection.execute("SELECT count(*) FROM runs WHERE owner = ?", (ANN.id,))
        assert left.fetchone()[0] == 0


def test_nobody_else_may(
    manager_on_disk: JobManager, register: Register, small: Architecture
) -> None:
    run_id = manager_on_disk.submit(small, recipe(epochs=1), ANN)
    with pytest.raises(NotAllowed):
        forget_person(ANN.id, BEN, manager_on_disk, register)
    assert wait(manager_on_disk, run_id).status == "finished"
    assert register.find(ANN.id) is not None


def test_what_trains_is_stopped_first(
    manager_on_disk: JobManager, register: Register, small: Architecture
) -> None:
    manager = manager_on_disk
    running = manager.submit(small, recipe(**ENDLESS), ANN)
    wait(manager, running, has_steps)
    waiting = manager.submit(small, recipe(), ANN)
    try:
        forget_person(ANN.id, TEACHER, manager, register)
    except StillTraining:
        wait(manager, running)
        forget_person(ANN.id, TEACHER, manager, register)
    assert manager.runs() == ()
    assert waiting not in manager.store.revisions()
    assert register.find(ANN.id) is None


def test_an_assignment_is_deleted_with_what_was_handed_in_for_it(
    manager_on_disk: JobManager, register: Register, small: Architecture
) -> None:
    run_id = manager_on_disk.submit(small, recipe(epochs=1), ANN)
    wait(manager_on_disk, run_id)
    assignments = Assignments(register.database)
    hand_ins = HandIns(register.database, manager_on_disk.store.folder)
    task = READY_MADE["under-20k"].model_copy(update={"dataset": None})
    kept, deleted = assignments.give_out(task, TEACHER), assignments.give_out(task, TEACHER)
    found = find_tries(manager_on_disk.runs(), None)
    for given in (kept, deleted, deleted):
        handed = hand_ins.hand_in(given, Shared(small, recipe()), found, Notes(), ANN)
        hand_ins.make_report(handed, lambda each, path: path.write_bytes(b"zip"))
    with pytest.raises(NotAllowed, match="only a teacher can manage the class"):
        delete_assignment(deleted.id, ANN, assignments, hand_ins)
    assert len(assignments.all()) == 2
    assert delete_assignment(deleted.id, TEACHER, assignments, hand_ins) == 2
    assert assignments.all() == (kept,)
    assert hand_ins.newest(deleted.id) == ()
    assert [each.number for each in hand_ins.newest(kept.id)] == [1]
    assert [each.name for each in hand_ins.report_path(1).parent.iterdir()] == ["1.zip"]
    assert [each.run.id for each in manager_on_disk.runs()] == [run_id]


def test_a_class_ends_with_all_that_its_students_did(
    manager_on_disk: JobManager, register: Register, small: Architecture, tmp_path: Path
) -> None:
    manager = manager_on_disk
    register.arrive(TEACHER.id)
    register.arrive("colleague")
    register.make_teacher("colleague", "the mark of a key")

    def is_teacher(entry: Entry) -> bool:
        return entry.teacher_mark == "the mark of a key"

    own = manager.submit(small, recipe(epochs=1), TEACHER)
    runs = [manager.submit(small, recipe(epochs=1, seed=1), person) for person in (ANN, BEN)]
    for run_id in (own, *runs):
        wait(manager, run_id)
    assignments = Assignments(register.database)
    hand_ins = HandIns(register.database, manager.store.folder)
    task = READY_MADE["under-20k"].model_copy(update={"dataset": None})
    given = assignments.give_out(task, TEACHER)
    found = find_tries(manager.runs(), None)
    for person in (ANN, TEACHER):
        handed = hand_ins.hand_in(given, Shared(small, recipe()), found, Notes(), person)
        hand_ins.make_report(handed, lambda each, path: path.write_bytes(b"zip"))
    assert {entry.id for entry in students_of(register, TEACHER, is_teacher)} == {ANN.id, BEN.id}
    with pytest.raises(NotAllowed, match="only a teacher can manage the class"):
        end_class(ANN, manager, register, is_teacher)
    assert end_class(TEACHER, manager, register, is_teacher) == 2
    assert {entry.id for entry in register.all()} == {TEACHER.id, "colleague"}
    assert [each.run.id for each in manager.runs()] == [own]
    assert assignments.all() == ()
    assert hand_ins.newest(given.id) == ()
    assert list(hand_ins.report_path(1).parent.iterdir()) == []
