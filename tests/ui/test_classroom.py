"""The Class page: for a teacher alone, and what each of its controls does."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.link import Shared
from explorer.runs.class_rules import ClassRules
from explorer.ui import people, process
from explorer.ui.classroom import page as class_page
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import ANN, BEN
from tests.runs.shared import has_steps, wait
from tests.ui.pages import component_data, opened

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


@pytest.fixture(autouse=True)
def a_teacher(monkeypatch: pytest.MonkeyPatch, runs_of_its_own: None) -> None:
    """Who opens pages here is the teacher of a class of two."""
    monkeypatch.setattr(people, "is_class", lambda: True)
    for person in (ANN, BEN):
        people.register().arrive(person.id)
        people.register().rename(person.id, person.name)


def rules() -> ClassRules:
    return process.jobs().store.rules()


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def labels(app: AppTest) -> list[str]:
    return [each.label for each in (*app.button, *app.toggle, *app.number_input, *app.text_input)]


def listed(app: AppTest) -> dict[str, list[str]]:
    return {row["id"]: row["cells"] for row in component_data(app, "people")["rows"]}


def choose(app: AppTest, person: str) -> None:
    app.session_state[class_page.CHOSEN] = person
    app.run()
    assert not app.exception


def test_it_is_for_teachers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert component_data(opened("class"), "navigation")["hidden"] == []
    monkeypatch.setattr(people, "sits_at_it", lambda headers: False)
    app = opened("class")
    assert component_data(app, "navigation")["hidden"] == ["class"]
    assert [each.value for each in app.info] == [
        "This page is for teachers; who has the key types it into the menu above."
    ]
    assert not {"Stop all runs", "Eyes up: pause training", "Message for everybody"} & {
        *labels(app)
    }


def test_where_nobody_else_can_be_there_is_no_such_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "is_class", lambda: False)
    assert component_data(opened(), "navigation")["hidden"] == ["board", "class"]


def test_everybody_is_listed_with_how_their_work_stands() -> None:
    run = process.jobs().submit(SMALL, RECIPE, ANN, "mine")
    wait(process.jobs(), run)
    app = opened("class")
    found = listed(app)
    assert {"ann", "ben"} < set(found)
    name, now, network, parameters, final, waiting, runs, seen = found["ann"]
    assert (name, network, waiting, runs, seen) == ("Ann", SMALL.name, "0", "1", "now")
    assert now == f"finished, {RECIPE.epochs} of {RECIPE.epochs}"
    assert int(parameters.replace(",", "")) > 0
    assert 0 <= float(final) <= 100
    assert found["ben"][1:5] == ["–", "–", "–", "–"]
    choose(app, "ann")
    press(app, "Open a copy")
    assert app.session_state["explorer"].architecture.key == SMALL.key


def test_each_rule_is_set() -> None:
    app = opened("class")
    app.toggle[0].set_value(True).run()
    assert rules().is_paused
    assert [each.value for each in app.warning] == ["Eyes up\\! Training is paused for the class."]
    app.toggle[0].set_value(False).run()
    assert rules() == ClassRules()
    (box,) = (each for each in app.text_input if each.label == "Message for everybody")
    box.set_value("  Hand in *by* 11:45 ").run()
    assert rules().message == "Hand in *by* 11:45"
    assert [each.value for each in app.info] == ["Hand in \\*by\\* 11\\:45."]
    for label, field, typed, kept in (
        ("Runs waiting", "most_waiting", 2, 2),
        ("Epochs of a run", "most_epochs", 20, 20),
        ("Parameters of a network", "most_parameters", 20_000, 20_000),
        ("Minutes of training", "most_seconds", 5, 300),
        ("Minutes of a turn", "most_turn", 2, 120),
        ("MB of the disk", "most_disk", 200, 200_000_000),
    ):
        (box,) = (each for each in app.number_input if each.label == label)
        box.set_value(typed).run()
        assert not app.exception
        assert getattr(rules(), field) == kept, label


def test_a_limit_out_of_range_changes_nothing() -> None:
    app = opened("class")
    (box,) = (each for each in app.number_input if each.label == "Epochs of a run")
    box.set_value(1001).run()
    assert [each.value for each in app.toast] == ["This limit is out of range."]
    assert rules() == ClassRules()


def test_all_runs_are_stopped_and_one_persons() -> None:
    long = RECIPE.model_copy(update={"epochs": 1000})
    ids = [process.jobs().submit(SMALL, long, person) for person in (ANN, BEN)]
    wait(process.jobs(), ids[0], has_steps)
    app = opened("class")
    choose(app, "ben")
    press(app, "Stop 1 run")
    assert [each.value for each in app.toast] == ["1 run stopped."]
    assert wait(process.jobs(), ids[1]).status == "stopped"
    press(app, "Stop all runs")
    assert wait(process.jobs(), ids[0]).status == "stopped"


def test_one_who_waits_is_moved_to_the_front() -> None:
    process.jobs().set_rules(
        ClassRules(is_paused=True), people.Person("t", "t", people.Role.TEACHER)
    )
    ids = [process.jobs().submit(SMALL, RECIPE, person) for person in (ANN, BEN)]
    app = opened("class")
    choose(app, "ben")
    press(app, "Move to front")
    assert process.jobs().snapshot(ids[1]).position == 1


def test_a_person_is_forgotten_with_all_that_is_theirs() -> None:
    run = process.jobs().submit(SMALL, RECIPE, ANN)
    wait(process.jobs(), run)
    process.saved().save("ours", Shared(SMALL, RECIPE), ANN)
    process.saved().save("others", Shared(SMALL, RECIPE), BEN)
    app = opened("class")
    choose(app, "ann")
    press(app, "Forget Ann")
    assert [each.value for each in app.toast] == ["Forgot Ann: 1 run, 1 saved network."]
    assert "ann" not in listed(app)
    assert [each.name for each in process.saved().all()] == ["others"]
    assert process.jobs().runs() == ()


def test_one_may_forget_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("build")
    app.session_state["person-menu"] = True
    app.run()
    before = app.session_state["person"]
    press(app, "Delete it all")
    assert app.session_state["person"] != before
    assert people.register().is_forgotten(before)
    assert people.register().find(app.session_state["person"]) is not None


def test_what_a_class_reads_is_on_every_page() -> None:
    process.jobs().store.set_rules(ClassRules(message="Hello, class"))
    for page in ("build", "train", "compare", "runs", "class"):
        assert "Hello, class." in [each.value for each in opened(page).info], page


def test_a_student_who_sends_what_a_teacher_may_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page that was drawn before somebody stopped being a teacher."""
    app = opened("class")
    monkeypatch.setattr(people, "sits_at_it", lambda headers: False)
    app.toggle[0].set_value(True).run()
    assert [each.value for each in app.toast] == ["Only a teacher can manage the class."]
    assert rules() == ClassRules()


def test_a_class_is_ended_once_that_is_confirmed() -> None:
    run = process.jobs().submit(SMALL, RECIPE, ANN)
    wait(process.jobs(), run)
    process.saved().save("hers", Shared(SMALL, RECIPE), ANN)
    app = opened("class")
    app.session_state["end-class"] = True
    app.run()
    press(app, "End the class")
    assert [each.value for each in app.toast] == [
        "Type END into the field first: nothing was deleted."
    ]
    assert len(process.jobs().runs()) == 1
    app.text_input(key=class_page.CONFIRM).set_value("end").run()
    press(app, "End the class")
    assert [each.value for each in app.toast] == [
        "The class has ended: 2 people and all that was theirs is deleted."
    ]
    assert process.jobs().runs() == ()
    assert process.saved().all() == ()
    assert list(listed(app)) == [app.session_state["person"]]
