"""Forgetting a person: their runs, and their name."""

from explorer.classroom.hand_ins import HandIns
from explorer.classroom.register import Register
from explorer.people.permissions import Action, Kind, Thing, may, refusal_text
from explorer.people.person import Person
from explorer.runs.manager import JobManager
from explorer.runs.run import NotAllowed, RunError


class StillTraining(RunError):
    """A run of theirs is being trained; the message says what to do."""


def forget_person(person_id: str, by: Person, jobs: JobManager, register: Register) -> int:
    """Delete a person with all their runs and hand-ins, for good. Returns how many runs it was.

    What they saved is deleted by its own store. Raises NotAllowed, and StillTraining while one of
    their runs ends: it has been told to.
    """
    thing = Thing(Kind.PERSON, person_id)
    if not may(by, Action.FORGET, thing):
        raise NotAllowed(refusal_text(Action.FORGET, thing))
    jobs.stop_all_of(person_id, by)
    runs = jobs.store.owned_by(person_id)  # also what cannot be read
    binned = {each.id for each in jobs.store.binned()}
    for run_id in runs:
        if run_id not in binned:
            _delete(run_id, by, jobs)
    for run_id in runs:
        jobs.delete_for_good(run_id, by)
    HandIns(register.database, jobs.store.folder).delete_all_of(person_id)
    register.forget(person_id)
    return len(runs)


def _delete(run_id: str, by: Person, jobs: JobManager) -> None:
    """Raises StillTraining."""
    try:
        jobs.delete(run_id, by)
    except RunError:
        raise StillTraining(
            "a run is ending just now; try again in a moment to delete the rest"
        ) from None
