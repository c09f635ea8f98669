"""What a run's network answers to the test images, on the Train page."""

from dataclasses import replace

import pytest
import streamlit as st

from explorer.insight.predictions import Predictions, confusion_matrix
from explorer.runs.run import Status
from explorer.text import for_html, percent
from explorer.training.dataset_files import load_dataset
from explorer.ui import process
from explorer.ui.test_images import picture_address
from explorer.ui.train.chosen_view import VIEW
from explorer.ui.train.shown_image import show_image, shown_image
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import SOMEBODY
from tests.runs.shared import wait
from tests.ui.pages import component_data, page_of
from tests.ui.test_pages import html


@pytest.fixture
def page(small_run):
    """Opens the Train page at a view of the small run."""
    return lambda view: page_at(view, small_run)


def page_at(view: str, run: str):
    app = page_of("train", run=run)
    app.session_state[f"{VIEW}-last"] = view
    app.run()
    assert not app.exception
    return app


def predictions(run: str) -> Predictions:
    dataset = process.jobs().snapshot(run, 0).run.recipe.dataset
    last = process.jobs().snapshot(run, 0).epochs[-1].epoch
    answers = process.jobs().answers(run, last)
    return Predictions(load_dataset(dataset).test.labels, answers)


def box(app, label):
    (found,) = (each for each in app.selectbox if each.label == label)
    return found


def test_the_wrong_ones_come_first(page, small_run):
    app, found = page("Predictions"), predictions(small_run)
    shown = component_data(app, f"predictions-{small_run}")
    wrong = int((~found.is_right).sum())
    assert shown["total"] == 360
    assert shown["title"] == f"360 test images, {wrong} of them wrong"
    losses = [found.answers.loss[each["index"]].item() for each in shown["pictures"]]
    right = [each["is_right"] for each in shown["pictures"]]
    first = losses[: min(wrong, len(losses))]
    assert right == sorted(right)
    assert first == sorted(first, reverse=True)
    for each in shown["pictures"]:
        index = each["index"]
        assert each["label"] == str(found.labels[index].item())
        assert each["answer"] == str(found.answers.predicted[index].item())
        assert each["is_right"] == (each["label"] == each["answer"])


def test_only_images_of_a_class_that_are_taken_for_another(page, small_run):
    app, found = page("Predictions"), predictions(small_run)
    counts = confusion_matrix(found, 10)
    box(app, "Class").select(8).run()
    box(app, "Answer").select(1).run()
    shown = component_data(app, f"predictions-{small_run}")
    assert shown["total"] == counts[8, 1]
    assert all((each["label"], each["answer"]) == ("8", "1") for each in shown["pictures"])


def test_the_chosen_image_has_every_classs_probability(page, small_run):
    app, found = page("Predictions"), predictions(small_run)
    first = component_data(app, f"predictions-{small_run}")["pictures"][0]["index"]
    app.session_state["shown-image"] = (small_run, first)
    app.run()
    trained = process.trained(small_run)
    expected = trained.probabilities(load_dataset("digits").test.images[first : first + 1])[0]
    text = html(app)
    assert f"Test image {first}" in text
    assert picture_address("digits", first) in text
    for share in expected.tolist():
        assert for_html(percent(share)) in text
    assert text.count('<th scope="row">') == 10
    assert abs(found.answers.probability[first].item() - expected.max().item()) < 1 / 255

    follow = "Follow it through the network"
    next(button for button in app.button if button.label == follow).click().run()
    assert not app.exception
    assert component_data(app, f"inside-{small_run}")["image"] == first


def test_a_cell_of_the_matrix_shows_its_images(page, small_run):
    app, found = page("Confusion"), predictions(small_run)
    counts = confusion_matrix(found, 10)
    data = component_data(app, f"confusion-a-{small_run}-matrix")
    assert data["counts"] == counts.tolist()
    assert sum(map(sum, data["counts"])) == 360
    label, answer = map(int, divmod((counts * (counts < counts.max())).argmax(), 10))
    app.session_state["confusion-cell"] = ("a", (label, answer))
    app.run()
    shown = component_data(app, f"confusion-{small_run}")
    assert shown["total"] == counts[label, answer]
    rows = component_data(app, "confusion-classes")["rows"]
    assert [row[0] for row in rows] == list("0123456789")
    assert [int(row[1]) for row in rows] == counts.sum(1).tolist()
    assert [int(row[2]) for row in rows] == (counts.sum(1) - counts.diagonal()).tolist()


def test_two_epochs_and_two_runs_side_by_side(page, small_run):
    other = process.jobs().submit(SMALL, RECIPE.model_copy(update={"seed": 77}), SOMEBODY)
    wait(process.jobs(), other)
    app = page("Confusion")
    box(app, "Beside it").select(small_run).run()
    epochs = [each for each in app.selectbox if each.label == "After epoch"]
    assert len(epochs) == 2
    epochs[1].select(1).run()
    assert not app.exception
    a, b = (component_data(app, f"confusion-{side}-{small_run}-matrix")["counts"] for side in "ab")
    classes = component_data(app, "confusion-classes")
    assert len(classes["columns"]) == 4
    assert a != b
    box(app, "Beside it").select(other).run()
    counts = confusion_matrix(predictions(other), 10)
    assert component_data(app, f"confusion-b-{other}-matrix")["counts"] == counts.tolist()

    # An image of the other one is followed through the network of the run that is shown.
    label, answer = map(int, divmod(counts.argmax(), 10))
    app.session_state["confusion-cell"] = ("b", (label, answer))
    app.run()
    index = component_data(app, f"confusion-{other}")["pictures"][2]["index"]
    app.session_state["shown-image"] = (other, index)
    app.run()
    follow = "Follow it through the network"
    next(button for button in app.button if button.label == follow).click().run()
    assert component_data(app, f"inside-{small_run}")["image"] == index


def test_a_run_that_ended_within_its_first_epoch_has_learnt_nothing(page, small_run, monkeypatch):
    snapshot = process.jobs().snapshot(small_run, 0)
    stopped = replace(snapshot, epochs=(), status=Status.STOPPED)
    monkeypatch.setattr(type(process.jobs()), "snapshot", lambda *_: stopped)
    assert "ended within its first epoch" in html(page("Predictions"))


def test_a_run_from_before_answers_were_kept_says_so(page, small_run):
    with process.jobs().store.database.write() as connection:
        connection.execute("DELETE FROM insight")
    app = page("Predictions")
    assert any("trained before answers were kept" in each.value for each in app.info)


def test_without_its_weights_an_epochs_answer_is_all_there_is(page, small_run, monkeypatch):
    trained = process.trained(small_run)
    monkeypatch.setattr(process, "trained", lambda *_: replace(trained, epoch=99))
    app = page("Predictions")
    app.session_state["shown-image"] = (small_run, 5)
    app.run()
    assert "only its answer is known" in html(app)
    assert html(app).count('<th scope="row">') == 1


def test_where_the_images_are_not_here_that_is_said(page, small_run, monkeypatch):
    from explorer.training.datasets import DatasetError
    from explorer.ui.train import run_answers

    def missing(name):
        raise DatasetError("MNIST is not on this server")

    monkeypatch.setattr(run_answers, "load_present_dataset", missing)
    app = page("Confusion")
    assert any("not on this server" in each.value for each in app.info)


def test_the_shown_image_is_that_of_its_run(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    show_image("one", 3)
    assert (shown_image("one"), shown_image("other")) == (3, None)
    show_image("one", None)
    assert shown_image("one") is None


# --- own images -----------------------------------------------------------------------------------

UNSEEN = "The images of Colours are seen by their owner and by teachers alone."


def shown(app, key: str) -> bool:
    return any(each.proto.id.endswith(f"-{key}") for each in app.get("bidi_component"))


def test_others_see_how_many_of_own_images_are_wrong_and_none_of_them(own_run, as_student):
    app, found = page_at("Predictions", own_run), predictions(own_run)
    wrong = int((~found.is_right).sum())
    assert f"12 test images, {wrong} of them wrong" in html(app)
    assert [each.value for each in app.info] == [UNSEEN]
    assert not shown(app, f"predictions-{own_run}")
    app.session_state["shown-image"] = (own_run, 3)
    app.run()
    assert "data:image/png" not in html(app)


def test_others_see_the_confusion_of_own_images_and_none_of_them(own_run, as_student):
    app, counts = page_at("Confusion", own_run), confusion_matrix(predictions(own_run), 3)
    data = component_data(app, f"confusion-a-{own_run}-matrix")
    assert (data["counts"], sum(map(sum, data["counts"]))) == (counts.tolist(), 12)
    assert "its images appear here" not in html(app)
    app.session_state["confusion-cell"] = ("a", (0, 0))
    app.run()
    assert [each.value for each in app.info] == [UNSEEN]
    assert not shown(app, f"confusion-{own_run}")
    assert len(component_data(app, "confusion-classes")["rows"]) == 3


def test_a_teacher_sees_own_images(own_run):
    app = page_at("Predictions", own_run)
    assert len(component_data(app, f"predictions-{own_run}")["pictures"]) == 12
    assert not app.info
