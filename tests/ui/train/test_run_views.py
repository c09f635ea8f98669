"""The views of a run: which is shown, and what the address holds of it."""

import pytest

from explorer.ui.train.run_views import RUN_VIEWS
from tests.ui.pages import address, opened


def choice(app):
    (found,) = (each for each in app.get("button_group") if "Health" in each.options)
    return found


@pytest.mark.parametrize("name", RUN_VIEWS)
def test_the_address_holds_the_view_and_a_reload_shows_it(small_run, name):
    app = opened("train", run=small_run)
    assert choice(app).value == "Curves"
    assert address(app)["look"] == ""
    choice(app).set_value(name).run()
    assert not app.exception
    look = "" if name == "Curves" else name.lower()
    assert address(app)["look"] == look
    again = opened("train", run=small_run, **({"look": look} if look else {}))
    assert choice(again).value == name
    assert address(again)["look"] == look


def test_the_choice_is_kept_on_other_pages_and_the_first_view_needs_no_word(small_run):
    assert address(opened("build", look="health"))["look"] == ""  # of no run
    app = opened("train", run=small_run, look="health")
    assert address(opened("build", run=small_run, look="health"))["look"] == "health"
    choice(app).set_value("Curves").run()
    assert choice(app).value == "Curves"
    assert address(app)["look"] == ""


@pytest.mark.parametrize("word", ["", "nothing", "Health", "<b>", "curves"])
def test_another_word_shows_the_curves(small_run, word):
    app = opened("train", run=small_run, look=word)
    assert not app.exception
    assert choice(app).value == "Curves"
    assert address(app)["look"] == ""
