"""The assignments on the teacher's page, and the board: what was handed in, and what it came to."""

from datetime import datetime

import pytest
from streamlit.testing.v1 import AppTest

from explorer.classroom.assignments import GivenOut
from explorer.classroom.hand_ins import MADE, HandIn, Notes
from explorer.classroom.judging import find_tries
from explorer.people.person import Person
from explorer.ui import people, process
from explorer.ui.board import page as board_page
from explorer.ui.classroom import assignments_view
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import ANN, BEN, TEACHER
from tests.runs.shared import wait_until
from tests.ui.pages import component_data, opened
from tests.ui.test_assigned import TASK, WORK, given_out, press, shown, told, train

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


@pytest.fixture(autouse=True)
def a_teacher(monkeypatch: pytest.MonkeyPatch, runs_of_its_own: None) -> None:
    """Who opens pages here is the teacher of a class of two."""
    monkeypatch.setattr(people, "is_class", lambda: True)
    for person in (ANN, BEN):
        people.register().arrive(person.id)
        people.register().rename(person.id, person.name)


def hand_in(given: GivenOut, by: Person = ANN, notes: Notes = Notes()) -> HandIn:  # noqa: B008
    runs = find_tries(process.jobs().runs(), by.id)
    return process.hand_ins().hand_in(given, WORK, runs, notes, by)


def listed(app: AppTest, key: str) -> list[list[str]]:
    return [row["cells"] for row in component_data(app, key)["rows"]]


def test_without_an_assignment_it_says_how_one_is_given_out() -> None:
    assert "Give out to the class" in shown(opened("class"))


def test_what_was_handed_in_is_listed_and_opened() -> None:
    train()
    given = given_out()
    handed = hand_in(given, notes=Notes("99 <b>", "98", "why"))
    app = opened("class")
    ((name, _, verdict, accuracy, parameters, network),) = listed(app, "hand-ins")
    assert (name, verdict, network) == ("Ann", "✓", SMALL.name)
    assert float(accuracy) == pytest.approx(100 * handed.result.test_accuracy, abs=0.01)
    assert int(parameters.replace(",", "")) > 0
    # Of the students: the teacher who opened the page is none of them.
    assert "1 of 2 handed in · 1 met all of it" in shown(app)
    app.session_state[assignments_view.CHOSEN] = str(handed.number)
    app.run()
    assert "99 &lt;b&gt;" in shown(app)
    press(app, "Open a copy")
    assert app.session_state["explorer"].architecture.key == SMALL.key


def test_it_is_ended_and_opened_again() -> None:
    given = given_out()
    app = opened("class")
    press(app, "End")
    assert not process.assignments().find(given.id).is_open
    press(app, "Open again")
    assert process.assignments().find(given.id).is_open
    press(app, "Open in Build")
    assert app.session_state["explorer"].given == given.id


def test_its_deadline_is_extended_and_taken_away() -> None:
    given = given_out()
    app = opened("class")
    moment = datetime(2030, 5, 17, 23, 59)  # on the visitor's clock, which is UTC here
    app.datetime_input(key=f"deadline-input-{given.id}").set_value(moment).run()
    assert told(app) == [r"Due Fri 17 May 2030, 23\:59 UTC."]
    assert process.assignments().find(given.id).assignment.deadline == 1_905_292_740
    app.datetime_input(key=f"deadline-input-{given.id}").set_value(None).run()
    assert told(app) == ["It has no deadline now."]
    assert process.assignments().find(given.id).assignment.deadline is None


def test_a_teachers_copy_takes_the_new_deadline_over() -> None:
    """Else it would set the old one again, with whatever else is changed in it."""
    given = given_out()
    app = opened("class")
    press(app, "Open in Build")
    app = opened("class", assignment=given.id)
    app.datetime_input(key=f"deadline-input-{given.id}").set_value(datetime(2030, 5, 17)).run()
    found = process.assignments().find(given.id).assignment
    assert app.session_state["explorer"].assignment == found


def test_a_deadline_that_is_far_away_is_shown() -> None:
    far = 4_000_000_000  # in the year 2096
    given = given_out(deadline=far)
    app = opened("class")
    assert app.datetime_input(key=f"deadline-input-{given.id}").value == datetime(
        2096, 10, 2, 7, 6, 40
    )


def test_it_is_deleted_with_what_was_handed_in() -> None:
    train()
    given = given_out()
    hand_in(given)
    app = opened("class")
    assert "(by 1 person)" in shown(app)
    press(app, "Delete this assignment")
    assert told(app) == ["Deleted the assignment and 1 hand-in."]
    assert process.assignments().all() == ()
    assert "None is given out" in shown(app)


@pytest.mark.parametrize("button", ["End", "Delete this assignment"])
def test_a_student_who_sends_it_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    given = given_out()
    app = opened("class")
    monkeypatch.setattr(people, "sits_at_it", lambda headers: False)
    press(app, button)
    assert told(app) == ["Only a teacher can manage the class."]
    assert process.assignments().find(given.id).is_open


# --- the board ------------------------------------------------------------------------------------


def test_the_board_is_for_everybody_of_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "sits_at_it", lambda headers: False)
    assert component_data(opened("board"), "navigation")["hidden"] == ["class"]
    monkeypatch.setattr(people, "is_class", lambda: False)
    app = opened("board")
    assert [each.value for each in app.info] == [
        "There is no class here: only this machine reaches this server."
    ]


def test_everybody_has_a_line_with_what_they_are_at_and_handed_in() -> None:
    assert "Nobody has trained a network yet" in shown(opened("board"))
    train()
    train(BEN, seed=1)
    given = given_out()
    hand_in(given)
    app = opened("board")
    lines = listed(app, "board")
    assert [line[0] for line in lines] == ["Ann", "Ben"]
    assert lines[0][1:3] == [f"finished, {RECIPE.epochs} of {RECIPE.epochs}", SMALL.name]
    assert [line[5] for line in lines] == ["✓ met", "–"]
    assert "2 networks · 1 handed in, 1 met all of it" in shown(app)


def test_a_point_that_is_clicked_opens_a_copy_of_its_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train()
    app = opened("board")
    app.session_state[board_page.PICKED] = ANN.id
    app.run()
    assert not app.exception
    assert app.session_state["explorer"].architecture.key == SMALL.key
    assert component_data(app, "navigation")["current"] == "build"


def test_a_line_that_is_chosen_offers_a_copy() -> None:
    train()
    app = opened("board")
    app.session_state[board_page.CHOSEN] = ANN.id
    app.run()
    press(app, "Open a copy")
    assert app.session_state["explorer"].architecture.key == SMALL.key


def test_the_board_is_about_the_assignment_that_is_chosen() -> None:
    train()
    first = given_out()
    hand_in(first)
    process.assignments().give_out(TASK.model_copy(update={"title": "Another"}), TEACHER)
    app = opened("board")
    assert listed(app, "board")[0][5] == "–"
    app.selectbox(key=board_page.ABOUT).set_value(first.id).run()
    assert listed(app, "board")[0][5] == "✓ met"


def test_a_report_is_made_again() -> None:
    train()
    given = given_out()
    handed = hand_in(given)
    process.hand_in_reports().look()
    wait_until(lambda: process.hand_ins().look_at(handed.number, TEACHER).report == MADE)
    process.hand_ins().report_path(handed.number).unlink()
    app = opened("class")
    app.session_state[assignments_view.CHOSEN] = str(handed.number)
    app.run()
    press(app, "Make the report again")
    wait_until(lambda: process.hand_ins().report_path(handed.number).exists())
