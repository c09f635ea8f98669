"""The view Inside of a run: which image and layer it shows, and words where it can show nothing."""

import random

import pytest

from explorer.people.permissions import NotAllowed
from explorer.ui import process
from explorer.ui.components.layer_maps.answers import answer_question
from explorer.ui.train import inside_view
from tests.ui.pages import component_data, opened


def inside(run: str):
    app = opened("train", run=run)
    (views,) = (each for each in app.get("button_group") if "Inside" in each.options)
    views.set_value("Inside").run()
    assert not app.exception
    return app


def number_box(app):
    (found,) = (each for each in app.number_input if each.label.startswith("Test image ("))
    return found


def data(app, run: str):
    return component_data(app, f"inside-{run}")


def test_it_shows_the_first_convolution_on_the_first_image(small_run):
    app = inside(small_run)
    found = data(app, small_run)
    assert (found["layer"], found["image"], found["epochs"]) == ("0 Conv2d", 0, [1, 2])
    assert app.selectbox(key=f"layer-{small_run}").options == [
        "0 Conv2d 4×8×8",
        "1 ReLU 4×8×8",
        "2 BatchNorm2d 4×8×8",
        "3 Flatten 256",
        "4 Linear 10",
        "5 Softmax 10",
    ]


def test_another_image_and_layer_are_shown_and_remembered(small_run, monkeypatch):
    app = inside(small_run)
    number_box(app).set_value(7).run()
    app.selectbox(key=f"layer-{small_run}").set_value(3).run()
    found = data(app, small_run)
    assert (found["layer"], found["image"]) == ("3 Flatten", 7)
    assert found["cam"]["layer"] == "2 BatchNorm2d"
    monkeypatch.setattr(random, "randrange", lambda count: count - 1)
    next(each for each in app.button if each.label == "Another image").click().run()
    assert data(app, small_run)["image"] == 359
    assert app.session_state["shown-image"] == (small_run, 359)  # in the other views too
    (views,) = (each for each in app.get("button_group") if "Inside" in each.options)
    views.set_value("Curves").run()
    (views,) = (each for each in app.get("button_group") if "Inside" in each.options)
    views.set_value("Inside").run()
    found = data(app, small_run)
    assert (found["layer"], found["image"]) == ("3 Flatten", 359)


def test_without_weights_there_are_words(small_run):
    process.jobs().store.checkpoints.delete(small_run)
    app = inside(small_run)
    assert [each.value for each in app.info] == [
        "The weights of this run are no longer kept, so there is nothing to look into."
    ]


@pytest.mark.parametrize("limit", ["MAX_MULT_ADDS", "MAX_VALUES"])
def test_of_too_large_a_network_there_are_words(small_run, monkeypatch, limit):
    monkeypatch.setattr(f"explorer.insight.limits.{limit}", 10)
    app = inside(small_run)
    assert "too large to be looked into here" in app.info[0].value


def test_without_the_images_there_are_words(small_run, monkeypatch):
    load = inside_view.load_present_dataset
    monkeypatch.setattr(inside_view, "load_present_dataset", lambda name: load("mnist"))
    app = inside(small_run)
    assert app.info[0].value.startswith("To look into a network takes an image: ")
    assert "MNIST" in app.info[0].value


def test_others_do_not_look_into_a_network_on_own_images(own_run, as_student):
    app = inside(own_run)
    assert [each.value for each in app.info] == [
        "The images of Colours are seen by their owner and by teachers alone."
    ]
    assert not [each for each in app.number_input if each.label.startswith("Test image (")]


def test_a_teacher_does_and_the_page_may_ask_about_them(own_run):
    found = data(inside(own_run), own_run)
    assert (found["layer"], found["shape"]) == ("0 Conv2d", [4, 6, 6])
    asked = {"run": own_run, "epoch": 2, "row": 0, "image": 0}
    assert answer_question(asked | {"permit": found["permit"]})["maps"]["of"] == 4
    with pytest.raises(NotAllowed):
        answer_question(asked)
