"""The bin on Runs: what a student may do with a run in it, and what only a teacher may."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import process
from tests.people.shared import ANN, BEN, TEACHER
from tests.ui.pages import opened
from tests.ui.test_assigned import press, shown, somebody, told, train

__all__ = ["somebody"]  # the fixture
pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def binned(person=ANN) -> str:
    run = train(person)
    process.jobs().delete(run, person)
    return run


def buttons(app: AppTest, run: str) -> list[str]:
    """Those of a run in the bin, by their keys."""
    return [
        each.key.removesuffix(f"-{run}") for each in app.button if (each.key or "").endswith(run)
    ]


def test_a_run_is_restored() -> None:
    run = binned()
    app = opened("runs")
    assert "Deleted runs can be restored for a week" in shown(app)
    press(app, "Restore")
    assert [each.run.id for each in process.jobs().runs()] == [run]


def test_a_student_makes_room_and_the_run_still_counts() -> None:
    """An assignment is judged by all that somebody trained."""
    run = binned()
    app = opened("runs")
    assert buttons(app, run) == ["restore", "delete-weights"]
    app.button(key=f"delete-weights-{run}").click().run()
    assert told(app) == ["Deleted the weights of “small”."]
    assert process.jobs().store.checkpoints.epochs(run) == []
    assert buttons(app, run) == ["restore"]
    assert [each.run.id for each in process.jobs().binned_runs(ANN.id)] == [run]


def test_a_teacher_deletes_it_for_good(somebody) -> None:
    run = binned()
    somebody.person = TEACHER
    app = opened("runs")
    assert buttons(app, run) == ["restore", "delete-for-good"]
    app.button(key=f"delete-for-good-{run}").click().run()
    assert process.jobs().store.binned() == ()
    assert process.jobs().binned_runs(ANN.id) == ()


def test_anothers_run_is_not_offered(somebody) -> None:
    binned()
    somebody.person = BEN
    assert not [each for each in opened("runs").button if each.label == "Restore"]
