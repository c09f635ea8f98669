"""The recipe as a form: what is open, what is folded away, and that it holds what it shows."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.training.dataset_files import load_dataset
from explorer.training.recipe import Recipe, RecipeError, parse_recipe
from explorer.ui.train.recipe_form import LABELS, SECTIONS
from tests.ui.pages import opened as opened_page

FOLDED = [section for section in SECTIONS if section.key]


def script(given: dict, is_locked: bool) -> None:  # type: ignore[type-arg]  # it is run apart
    import streamlit as st

    from explorer.training.recipe import parse_recipe
    from explorer.ui.train.recipe_form import recipe_form

    st.session_state["filled"] = recipe_form(
        parse_recipe(given), "form", lambda: None, is_locked=is_locked
    )


def form(given: dict[str, Any], is_locked: bool = False) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60, args=(given, is_locked))
    app.run()
    assert not app.exception
    return app


def filled(app: AppTest) -> Recipe | RecipeError:
    found: Recipe | RecipeError = app.session_state["filled"]
    return found


def box(app: AppTest, label: str) -> Any:
    boxes = [*app.selectbox, *app.number_input, *app.text_input, *app.toggle]
    return next(each for each in boxes if each.label == label)


def opened(app: AppTest) -> set[str]:
    return {each.label for each in app.expander if each.proto.expanded}


def test_every_field_is_in_the_form_once_and_has_a_label() -> None:
    names = [name for section in SECTIONS for name in section.fields]
    assert sorted([*names, "dataset", "optimizer", "scheduler"]) == sorted(Recipe.model_fields)
    assert set(names) <= set(LABELS)


EVERYTHING = {
    "dataset": "digits",
    "scheduler": {"kind": "OneCycleLR", "peak_epoch": 4},
    "flip": 0.5,
    "crop_padding": 2,
    "mixup": 0.2,
    "l1": 0.001,
    "clip_grad_norm": 1.0,
    "validation_images": 100,
    "best_epoch_by": "test",
    "early_stopping": 3,
}


@pytest.mark.parametrize(
    "given",
    [
        {},
        EVERYTHING,
        {"scheduler": {"kind": "MultiStepLR", "milestones": [2, 5]}},
        {"scheduler": {"kind": "ReduceLROnPlateau", "patience": 2}},
    ],
)
def test_the_form_holds_the_recipe_that_it_shows(given: dict[str, Any]) -> None:
    assert filled(form(given)) == parse_recipe(given)


def test_what_later_lessons_are_about_is_folded_away_unless_it_is_used() -> None:
    assert opened(form({})) == set()
    assert opened(form({"cutout": 4})) == {"Data augmentation"}
    assert opened(form(EVERYTHING)) == {section.heading for section in FOLDED}


def test_a_section_stays_open_while_its_value_goes_back_to_none() -> None:
    app = form({"rotation": 5.0})
    box(app, "Rotation, ± degrees").set_value(0.0).run()
    assert opened(app) == {"Data augmentation"}
    assert filled(app) == Recipe()


@pytest.mark.usefixtures("runs_of_its_own")
def test_on_the_page_a_section_stays_the_same_whatever_is_typed_in_it() -> None:
    """For Streamlit one that is open at first is another than one that is not."""
    app = opened_page("train")

    def section() -> str:
        return next(
            str(each.proto.id) for each in app.expander if each.label == "Data augmentation"
        )

    before = section()
    box(app, LABELS["flip"]).set_value(0.5).run()
    assert app.session_state["explorer"].recipe.flip == 0.5
    assert section() == before
    box(app, LABELS["flip"]).set_value(0.0).run()
    assert section() == before


@pytest.mark.parametrize(
    ("text", "milestones"),
    [("3, 7", (3, 7)), ("3 7 9", (3, 7, 9)), (" 4 ", (4,))],
)
def test_milestones_are_typed_as_a_list(text: str, milestones: tuple[int, ...]) -> None:
    app = form({"scheduler": {"kind": "MultiStepLR"}})
    box(app, "milestones").set_value(text).run()
    found = filled(app)
    assert isinstance(found, Recipe)
    assert found.scheduler.model_dump()["milestones"] == milestones


@pytest.mark.parametrize("text", ["", "7, 3", "three", "3; 7", "-1", "3.5", "²", "9" * 100])
def test_what_are_no_milestones_is_said(text: str) -> None:
    app = form({"scheduler": {"kind": "MultiStepLR"}})
    box(app, "milestones").set_value(text).run()
    found = filled(app)
    assert isinstance(found, RecipeError)
    assert found.field == "scheduler.milestones"


def test_a_peak_epoch_is_given_and_taken_away() -> None:
    app = form({"scheduler": {"kind": "OneCycleLR"}})
    peak = box(app, LABELS["peak_epoch"])
    assert peak.value is None
    peak.set_value(3).run()
    assert filled(app) == parse_recipe({"scheduler": {"kind": "OneCycleLR", "peak_epoch": 3}})
    box(app, LABELS["peak_epoch"]).set_value(None).run()
    assert filled(app) == parse_recipe({"scheduler": {"kind": "OneCycleLR"}})


def test_parts_that_do_not_go_together_are_said() -> None:
    app = form({})
    box(app, "Early stopping, epochs").set_value(3).run()
    found = filled(app)
    assert isinstance(found, RecipeError)
    assert "needs validation images" in found.message
    box(app, "Validation images").set_value(200).run()
    assert filled(app) == parse_recipe({"early_stopping": 3, "validation_images": 200})


def test_a_locked_form_takes_nothing() -> None:
    app = form(EVERYTHING, is_locked=True)
    boxes = [*app.selectbox, *app.number_input, *app.text_input, *app.toggle]
    assert boxes
    assert all(each.disabled for each in boxes)


def test_the_schedule_is_drawn_where_there_is_one() -> None:
    assert not form({}).get("vega_lite_chart")
    drawn = form({"scheduler": {"kind": "OneCycleLR"}})
    assert len(drawn.get("vega_lite_chart")) == 1
    watching = form({"scheduler": {"kind": "ReduceLROnPlateau"}})
    assert not watching.get("vega_lite_chart")
    words = " ".join(str(each.proto.body) for each in watching.get("html"))
    assert "After 11 epochs in a row without a lower train loss" in words
    assert "This run is too short for that" in words


def test_the_preview_is_drawn_in_the_open_section() -> None:
    load_dataset("digits")
    assert not form({}).get("image")
    (picture,) = form({"flip": 0.5}).get("image")
    assert "as augmented" in str(picture.proto)
    missing = form({"dataset": "kmnist", "flip": 0.5})
    words = " ".join(str(each.proto.body) for each in missing.get("html"))
    assert missing.get("image") or "once those of Kuzushiji-MNIST are on this server" in words
