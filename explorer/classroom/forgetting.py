"""Forgetting a person with their runs and their name, deleting an assignment with what was handed
in for it, and all of a class at its end.
"""

from collections.abc import Callable

from explorer.classroom.assignments import Assignments
from explorer.classroom.hand_ins import HandIns
from explorer.classroom.register import Entry, Register
from explorer.own_images import OwnImages
from explorer.people.permissions import THE_CLASS, Action, Kind, Thing, check
from explorer.people.person import Person
from explorer.runs.manager import BeingTrained, JobManager
from explorer.runs.run import RunError


class StillTraining(RunError):
    """A run of theirs is being trained; the message says what to do."""


def forget_person(person_id: str, by: Person, jobs: JobManager, register: Register) -> int:
    """Delete a person with all their runs, hand-ins and own images, for good. Returns how many runs
    it was.

    What they saved is deleted by its own store. Raises NotAllowed, and StillTraining while one of
    their runs ends: it has been told to.
    """
    check(by, Action.FORGET, Thing(Kind.PERSON, person_id))
    jobs.stop_all_of(person_id, by)
    try:
        runs = jobs.delete_all_of(person_id, by)
    except BeingTrained:
        raise StillTraining(
            "a run is ending just now; try again in a moment to delete the rest"
        ) from None
    HandIns(register.database, jobs.store.folder).delete_all_of(person_id)
    OwnImages().delete_all_of(person_id, by)
    register.forget(person_id)
    return runs


def delete_assignment(id: str, by: Person, assignments: Assignments, hand_ins: HandIns) -> int:
    """Delete an assignment and what was handed in for it. Returns how many hand-ins it was.

    Raises NotAllowed and NotGivenOut.
    """
    check(by, Action.MANAGE, THE_CLASS)
    count = hand_ins.delete_all_for(id)
    assignments.delete(id, by)
    return count


def end_class(
    by: Person, jobs: JobManager, register: Register, is_teacher: Callable[[Entry], bool]
) -> int:
    """Forget every student with all that is theirs, and every assignment. Returns how many people
    it was.

    Whoever asks stays, and all other teachers. What was saved under a name is
    deleted by its own store. Raises NotAllowed, and StillTraining while a run ends: all have been
    told to.
    """
    check(by, Action.MANAGE, THE_CLASS)
    jobs.stop_all(by)
    students = students_of(register, by, is_teacher)
    for entry in students:
        forget_person(entry.id, by, jobs, register)
    for entry in register.all():  # who stays may have tried it too
        HandIns(register.database, jobs.store.folder).delete_all_of(entry.id)
    Assignments(register.database).delete_all(by)
    return len(students)


def students_of(
    register: Register, by: Person, is_teacher: Callable[[Entry], bool]
) -> tuple[Entry, ...]:
    """Everybody who goes with the class: neither whoever asks nor another teacher."""
    return tuple(entry for entry in register.all() if entry.id != by.id and not is_teacher(entry))
