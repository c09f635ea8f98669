"""Start training: one run by several clicks, another only where it is asked for."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import process
from tests.people.shared import TEACHER
from tests.runs.shared import wait
from tests.ui.test_pages import opened, session, train_page

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def digits(epochs: int) -> AppTest:
    app = opened(train_page)
    next(box for box in app.selectbox if box.label == "Images").select("digits").run()
    next(box for box in app.number_input if box.label == "Epochs").set_value(epochs).run()
    return app


def test_three_clicks_are_one_run():
    app = digits(500)
    for click in range(3):
        press(app, "Start training")
        assert bool(app.toast) is (click > 0)
    (toast,) = app.toast
    assert toast.value.startswith("This run is training already: same network, recipe and seed.")
    (run,) = process.jobs().runs()
    assert session(app).run == run.run.id


def test_a_start_shows_the_run_that_there_is():
    app = digits(500)
    press(app, "Start training")
    run = session(app).run
    next(box for box in app.number_input if box.label == "Seed").set_value(7).run()
    press(app, "Start training")
    assert session(app).run != run
    next(box for box in app.number_input if box.label == "Seed").set_value(0).run()
    press(app, "Start training")
    assert session(app).run == run
    assert len(process.jobs().runs()) == 2


def test_what_has_just_finished_is_trained_again_only_where_that_is_meant():
    app = digits(1)
    press(app, "Start training")
    wait(process.jobs(), session(app).run)
    press(app, "Start training")
    assert len(process.jobs().runs()) == 1
    assert "Start another?" in " ".join(box.value for box in app.info)
    press(app, "Start another")
    assert len(process.jobs().runs()) == 2
    assert "Start another" not in labels(app)


def test_another_seed_starts_without_a_question_and_takes_an_open_one_back():
    app = digits(1)
    press(app, "Start training")
    wait(process.jobs(), session(app).run)
    press(app, "Start training")
    assert "Start another" in labels(app)
    next(box for box in app.number_input if box.label == "Seed").set_value(7).run()
    assert "Start another" not in labels(app)
    press(app, "Start training")
    assert [run.run.recipe.seed for run in process.jobs().runs()] == [7, 0]


def test_a_stopped_run_may_be_started_anew_at_once():
    app = digits(500)
    press(app, "Start training")
    process.jobs().stop(session(app).run, TEACHER)
    wait(process.jobs(), session(app).run)
    press(app, "Start training")
    assert len(process.jobs().runs()) == 2


def test_a_question_goes_when_the_run_that_it_is_about_goes_on():
    app = digits(1)
    press(app, "Start training")
    run = session(app).run
    wait(process.jobs(), run)
    press(app, "Start training")
    assert "The same run has finished already" in " ".join(box.value for box in app.info)
    process.jobs().continue_run(run, 500, TEACHER)
    app.run()
    assert "Start another" not in labels(app)
    process.jobs().stop(run, TEACHER)
    wait(process.jobs(), run)


def test_a_run_that_is_stopped_while_it_waits_says_that_it_never_began():
    app = digits(500)
    press(app, "Start training")
    next(box for box in app.number_input if box.label == "Seed").set_value(7).run()
    press(app, "Start training")
    process.jobs().stop(session(app).run, TEACHER)
    app.run()
    (bar,) = app.get("progress")
    assert bar.proto.text == "ended before its first step"


def test_a_quick_look_is_an_epoch_on_a_tenth_of_the_images_and_leaves_the_form_as_it_was():
    app = digits(20)
    press(app, "Quick look")
    run = wait(process.jobs(), session(app).run)
    assert (run.status, len(run.epochs)) == ("finished", 1)
    assert run.started.metrics["train_images"] == 144
    assert (session(app).recipe.epochs, session(app).recipe.images_share) == (20, 1.0)
    press(app, "Quick look")  # the same once more
    assert len(process.jobs().runs()) == 1
    press(app, "Start training")
    assert process.jobs().snapshot(session(app).run).run.epochs == 20


def test_another_visitor_gets_a_run_of_their_own():
    press(digits(500), "Start training")
    other = digits(500)
    press(other, "Start training")
    assert len(process.jobs().runs()) == 2
    assert "Start another" not in labels(other)
