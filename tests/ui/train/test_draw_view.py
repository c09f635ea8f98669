"""The view Draw of a run on own images: a drawing is the visitor's own, the images are not."""

from explorer.ui import process
from explorer.ui.train.chosen_view import VIEW
from tests.people.shared import ANN
from tests.ui.pages import component_data, page_of


def draw(run: str):
    app = page_of("train", run=run)
    app.session_state[f"{VIEW}-last"] = "Draw"
    app.session_state["draw-source-last"] = "Canvas"
    app.run()
    assert not app.exception
    return app


def test_others_draw_and_see_digits_in_place_of_own_images(own_run, as_student):
    app = draw(own_run)
    assert component_data(app, "draw")["classes"] == ["blue", "green", "red"]
    image = component_data(app, "draw-field")["image"]
    assert image["dataset"] == "Digits"
    assert image["instead"] == (
        "These are digits: the images of Colours are seen by their owner and by teachers alone."
    )


def test_a_teacher_sees_them(own_run):
    image = component_data(draw(own_run), "draw-field")["image"]
    assert (image["dataset"], image["instead"]) == ("Colours", "")


def test_without_their_description_the_network_cannot_be_asked(own_run):
    process.own_images().delete_all_of(ANN.id, ANN)
    app = draw(own_run)
    assert [each.value for each in app.error] == [
        "This network cannot be asked: the images are somebody's own, and they are not on this "
        "server: open this where they were uploaded, or choose other images."
    ]
