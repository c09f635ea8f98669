"""An assignment from the teacher's menu to the hand-in: given out, locked, judged, handed in."""

import json
import re
import time
import zipfile
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.assignment.assignment import Assignment, Part
from explorer.assignment.ready_made import READY_MADE
from explorer.classroom.assignments import GivenOut
from explorer.classroom.hand_ins import MADE, HandIn
from explorer.link import Shared, encode
from explorer.people.person import Person
from explorer.ui import people, process
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import ANN, BEN, TEACHER
from tests.runs.shared import wait, wait_until
from tests.ui.pages import address, opened, start_from

pytestmark = pytest.mark.usefixtures("runs_of_its_own")
TASK = Assignment(
    title="Small <b>and</b> good", text="Use *few* layers.", max_params=1_000_000, min_accuracy=0.05
)
WORK = Shared(SMALL, RECIPE, Assignment(max_params=1))


class Somebody:
    """Who opens pages, changed from test to test."""

    person = ANN


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch, runs_of_its_own: None) -> type[Somebody]:
    """Whoever opens a page of a class of three is Ann, until a test says otherwise."""
    monkeypatch.setattr(people, "is_class", lambda: True)
    monkeypatch.setattr(Somebody, "person", ANN)
    for person in (ANN, BEN, TEACHER):
        people.register().arrive(person.id)
        people.register().rename(person.id, person.name)
    monkeypatch.setattr(people, "person_cookie", lambda: Cookie())
    monkeypatch.setattr(people, "_role", lambda entry, school: Somebody.person.role)
    return Somebody


class Cookie:
    """A browser's cookie that says who Somebody is."""

    name = "cookie"

    def person_in(self, text: str | None) -> str:
        return Somebody.person.id


def given_out(**changes: Any) -> GivenOut:
    return process.assignments().give_out(TASK.model_copy(update=changes), TEACHER)


def train(person: Person = ANN, **changes: object) -> str:
    run = process.jobs().submit(SMALL, RECIPE.model_copy(update=changes), person)
    wait(process.jobs(), run)
    return run


def under(given: GivenOut, page: str = "build", menu: str = "hand-in") -> AppTest:
    """The page under an assignment, with a menu open, and a network of one's own."""
    app = opened(page, a=encode(WORK), assignment=given.id)
    app.session_state[menu] = True
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    """All HTML of the page."""
    return " ".join(each.proto.body for each in app.get("html"))


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception


def told(app: AppTest) -> list[str]:
    return [each.value for each in app.toast]


def handed_in(given: GivenOut) -> tuple[HandIn, ...]:
    return process.hand_ins().newest(given.id)


# --- the teacher's menu ---------------------------------------------------------------------------


def test_a_teacher_gives_out_what_they_have_set_and_changes_it(somebody) -> None:
    somebody.person = TEACHER
    app = opened()
    app.session_state["assignment"] = True
    app.run()
    app.selectbox(key=key_of(app, "begin")).set_value("under-20k").run()
    assert app.session_state["explorer"].assignment == READY_MADE["under-20k"]
    press(app, "Give out to the class")
    (given,) = process.assignments().all()
    assert given.assignment == READY_MADE["under-20k"]
    assert address(app)["assignment"] == given.id
    assert given.id in shown(app)
    assert "Change it for the class" not in [each.label for each in app.button]
    (box,) = (each for each in app.number_input if each.label == "Parameters below")
    box.set_value(15_000).run()
    press(app, "Change it for the class")
    assert process.assignments().find(given.id).assignment.max_params == 15_000
    assert told(app) == ["Changed for the class. What was handed in keeps its verdict."]
    press(app, "Put it away")
    assert address(app)["assignment"] == ""


def key_of(app: AppTest, limit: str) -> str:
    return f"assignment-{limit}-{app.session_state['explorer'].recipe_version}"


def test_each_demand_has_an_input(somebody) -> None:
    app = opened()
    app.session_state["assignment"] = True
    app.run()
    labels = {
        each.label for each in (*app.number_input, *app.text_input, *app.text_area, *app.toggle)
    } | {each.label for each in (*app.selectbox, *app.multiselect)}
    assert {
        "Title",
        "What to do",
        "Images",
        "Required",
        "Not allowed",
        "Parameters below",
        "Max. epochs",
        "Test accuracy, %",
        "Mean over seeds",
        "Max. layers",
        "Receptive field from",
        "Max. multiply-adds",
        "Poolings from",
        "Max. poolings",
        "The best recipe counts, not the last",
        "Ask for target, result and analysis",
    } <= labels
    app.text_input(key=key_of(app, "title")).set_value(" My\ttask ").run()
    app.multiselect(key=key_of(app, "required")).set_value(["skip", "dropout"]).run()
    app.selectbox(key=key_of(app, "dataset")).set_value("mnist").run()
    app.toggle(key=key_of(app, "notes")).set_value(True).run()
    found = app.session_state["explorer"].assignment
    assert (found.title, found.dataset, found.notes) == ("My task", "mnist", True)
    assert found.required == (Part.DROPOUT, Part.SKIP)


def test_demands_that_contradict_each_other_are_refused_in_words() -> None:
    app = opened()
    app.session_state["assignment"] = True
    app.run()
    app.multiselect(key=key_of(app, "required")).set_value(["skip"]).run()
    app.multiselect(key=key_of(app, "forbidden")).set_value(["skip"]).run()
    assert told(app) == ["It both requires and forbids a skip connection. The old value was kept."]
    assert app.session_state["explorer"].assignment.forbidden == ()


def test_a_student_is_offered_no_giving_out_and_one_who_sends_it_is_refused(somebody) -> None:
    somebody.person = TEACHER
    app = opened()
    app.session_state["assignment"] = True
    app.run()
    app.text_input(key=key_of(app, "title")).set_value("Mine").run()
    somebody.person = ANN  # who was a teacher when the page was drawn
    press(app, "Give out to the class")
    assert told(app) == ["Only a teacher can manage the class."]
    assert process.assignments().all() == ()
    assert "Give out to the class" not in [each.label for each in app.button]


# --- under an assignment --------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["build", "train"])
def test_it_stands_at_the_top_escaped_and_locked(page: str) -> None:
    given = given_out(deadline=int(time.time()) + 3600)
    app = under(given, page, "assignment")
    assert "Small &lt;b&gt;and&lt;/b&gt; good" in shown(app)
    assert "<p>Use <em>few</em> layers.</p>" in shown(app)
    assert re.search(r"due \w{3} \d+ \w+, \d\d:\d\d.*, in (1 h|59 min)", shown(app))
    assert not [each for each in app.number_input if each.label == "Parameters below"]


def test_what_a_link_says_of_the_assignment_does_not_count() -> None:
    """Its own limits, of one parameter, are not those that are judged."""
    given = given_out()
    app = under(given)
    assert "&lt; 1,000,000 parameters" in shown(app)
    assert "limit: below 1)" not in shown(app)


def test_other_work_that_is_opened_stays_under_it() -> None:
    given = given_out()
    app = under(given)
    start_from(app, "gap-17k")
    assert app.session_state["explorer"].name == "Global average pooling, 17k"
    assert "&lt; 1,000,000 parameters" in shown(app)
    assert app.session_state["explorer"].given == given.id
    assert address(app)["assignment"] == given.id


def test_one_that_is_not_there_is_told() -> None:
    app = opened("build", assignment="zzzz")
    assert [each.value for each in app.warning] == ["There is no assignment “zzzz” on this server."]
    assert address(app)["assignment"] == ""


def test_a_student_can_leave_it() -> None:
    app = under(given_out(), menu="assignment")
    press(app, "Leave this assignment")
    assert address(app)["assignment"] == ""
    assert "Small" not in shown(app)


# --- handing in -----------------------------------------------------------------------------------


def test_ones_own_run_is_judged_and_handed_in_with_its_report() -> None:
    run, given = train(), given_out()
    app = under(given)
    press(app, "Hand in")
    assert told(app) == ["Handed in: all met."]
    (handed,) = handed_in(given)
    assert (handed.person, handed.verdict, handed.result.run_ids) == (ANN.id, "holds", (run,))
    assert handed.shared.architecture.key == SMALL.key
    wait_until(lambda: handed_in(given)[0].report == MADE)
    assert process.hand_ins().report_path(handed.number).read_bytes()[:2] == b"PK"
    app.session_state["hand-in"] = True
    app.run()
    assert re.search("Handed in .* test accuracy, all met", shown(app))


@pytest.mark.parametrize(
    ("training", "why"),
    [
        ({"person": BEN}, "somebody else's run"),
        ({"images_share": 0.5}, "a part of the images"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_count_is_told(training: dict[str, Any], why: str) -> None:
    train(**training)
    given = given_out()
    app = under(given)
    press(app, "Hand in")
    assert told(app) == [
        "No run of yours of this very network has finished on these images; train it to the end "
        "first."
    ], why
    assert handed_in(given) == ()


def test_other_images_do_not_count() -> None:
    train()
    given = given_out(dataset="mnist")
    app = under(given)
    assert "on Digits, not on MNIST" in shown(app)
    press(app, "Hand in")
    assert told(app)[0].startswith("No run of yours of this very network has finished")


def test_notes_are_asked_for_and_kept() -> None:
    train()
    given = given_out(notes=True)
    app = under(given)
    press(app, "Hand in")
    assert told(app) == ["Write down your target first: this assignment asks for it."]
    app.session_state["hand-in"] = True
    app.run()
    for box, text in zip(app.text_area, ("99 %", "98 %", "too few epochs"), strict=True):
        box.set_value(text)
    press(app, "Hand in")
    (handed,) = handed_in(given)
    assert (handed.notes.target, handed.notes.analysis) == ("99 %", "too few epochs")


def test_after_the_deadline_the_button_is_gone_and_one_who_sends_it_is_refused() -> None:
    train()
    given = given_out()
    app = under(given)
    process.assignments().change(given.id, TASK.model_copy(update={"deadline": 1}), TEACHER)
    press(app, "Hand in")
    assert told(app) == ["Its deadline is over; only your teacher can extend it."]
    assert handed_in(given) == ()
    app.session_state["hand-in"] = True
    app.run()
    assert "Hand in" not in [each.label for each in app.button]


def test_deleting_a_bad_run_changes_no_verdict() -> None:
    runs = [train(seed=seed) for seed in range(2)]
    given = given_out(seeds=2)
    for run in runs:
        process.jobs().delete(run, ANN)
    app = under(given)
    press(app, "Hand in")
    (handed,) = handed_in(given)
    assert handed.result.run_ids == tuple(runs)


def report_of(handed: HandIn) -> dict[str, bytes]:
    """The files of its report by their names in its folder, once it is made."""
    wait_until(lambda: process.hand_ins().look_at(handed.number, ANN).report == MADE)
    with zipfile.ZipFile(process.hand_ins().report_path(handed.number)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def test_the_report_of_several_seeds_has_their_mean() -> None:
    for seed in (0, 1):
        train(seed=seed)
    given = given_out(seeds=2)
    press(under(given), "Hand in")
    (handed,) = handed_in(given)
    report = report_of(handed)
    assert {"README.md", "grade.py", "seed-0/grade.py", "seed-1/README.md"} <= report.keys()
    told = json.loads(report["grade.json"])
    assert told["verdict"] == handed.verdict == "holds"
    assert told["accuracy"] == pytest.approx(handed.result.test_accuracy)
    each = [json.loads(report[f"seed-{seed}/grade.json"])["accuracy"] for seed in (0, 1)]
    assert told["accuracy"] == pytest.approx(sum(each) / 2)


def test_the_report_of_a_continued_run_is_of_what_it_is_judged_by() -> None:
    run, given = train(), given_out()
    process.jobs().continue_run(run, 3, ANN)
    wait(process.jobs(), run)
    press(under(given), "Hand in")
    (handed,) = handed_in(given)
    report = report_of(handed)
    told = json.loads(report["grade.json"])
    assert (told["epochs"], told["accuracy"]) == (RECIPE.epochs, handed.result.test_accuracy)
    assert json.loads(report["run.json"])["epochs"] == RECIPE.epochs
    assert json.loads(report["run.json"])["status"] == "finished"


def test_epochs_that_are_added_later_change_no_verdict() -> None:
    run, given = train(), given_out()
    reached = process.jobs().runs()[0].final_accuracy
    process.jobs().continue_run(run, 3, ANN)
    wait(process.jobs(), run)
    app = under(given)
    press(app, "Hand in")
    (handed,) = handed_in(given)
    assert (handed.result.epochs, handed.result.test_accuracy) == (RECIPE.epochs, reached)


def test_an_assignment_that_is_deleted_is_told_of_once() -> None:
    given = given_out()
    app = under(given)
    assert "Small &lt;b&gt;" in shown(app)
    process.assignments().delete(given.id, TEACHER)
    app.run()
    assert [each.value for each in app.info] == [
        "Your teacher has deleted the assignment that you worked on; your work is still here."
    ]
    app.run()
    assert not app.info
    assert app.session_state["explorer"].given == ""


def test_a_student_without_the_link_finds_what_the_class_works_on() -> None:
    given, ended = given_out(), given_out(title="Over")
    process.assignments().set_open(ended.id, False, TEACHER)
    app = opened()
    app.session_state["assignment"] = True
    app.run()
    assert "Over" not in str([each.label for each in app.button])
    app.button(key=f"take-{given.id}").click().run()
    assert address(app)["assignment"] == given.id
    assert "Small &lt;b&gt;" in shown(app)


def test_what_a_teacher_is_changing_is_there_after_a_reload(somebody) -> None:
    given = given_out()
    changed = Shared(SMALL, RECIPE, TASK.model_copy(update={"max_params": 5}))
    somebody.person = TEACHER
    app = opened("build", a=encode(changed), assignment=given.id)
    assert app.session_state["explorer"].assignment.max_params == 5
    somebody.person = ANN
    app = opened("build", a=encode(changed), assignment=given.id)
    assert app.session_state["explorer"].assignment == given.assignment
