"""A lesson from the inputs in Share & save to a link that opens it; and the lessons to start
from.
"""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.lesson.lesson import Control, Guess, Lesson
from explorer.link import decode
from explorer.ready_lessons import ready_lessons
from tests.ui.pages import address, component_data, open_menu, opened


def making(**query: str) -> AppTest:
    app = opened(**query)
    for menu in ("share", "lesson-making"):
        open_menu(app, menu)
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception


def linked(app: AppTest) -> Lesson | None:
    """The lesson in the link that is shown."""
    return decode(component_data(app, "link")["link"]).lesson


def test_it_is_drawn_once_it_is_opened() -> None:
    app = opened()
    open_menu(app, "share")
    assert not any((each.key or "").startswith("lesson-making") for each in app.text_input)
    assert linked(app) is None


def test_each_part_has_an_input_and_travels_in_the_link() -> None:
    app = making()
    app.text_input(key="lesson-making-title").set_value(" My\tlesson ").run()
    press(app, "Add a step")
    app.text_area(key="lesson-making-text-0").set_value("Look at **layer 0**.").run()
    app.text_input(key="lesson-making-question-0").set_value("What shape?").run()
    app.text_input(key="lesson-making-answer-0").set_value("8×26×26").run()
    app.text_area(key="lesson-making-why-0").set_value("28 − 2").run()
    press(app, "Add a step")
    app.text_area(key="lesson-making-text-1").set_value("The end.").run()
    app.multiselect(key="lesson-making-hidden").set_value(["share", "train"]).run()
    app.multiselect(key="lesson-making-guess").set_value(["shape"]).run()
    app.toggle(key="lesson-making-locks").set_value(True).run()
    found = linked(app)
    assert found is not None
    assert (found.title, found.locks_recipe, found.guess) == ("My lesson", True, (Guess.SHAPE,))
    assert found.hidden == (Control.SHARE, Control.TRAIN)
    assert [step.text for step in found.steps] == ["Look at **layer 0**.", "The end."]
    first = found.steps[0]
    assert (first.question, first.answer, first.why) == ("What shape?", "8×26×26", "28 − 2")
    again = opened(a=component_data(app, "link")["link"])
    assert again.session_state["explorer"].lesson.lesson == found
    # Whoever makes it is not in it.
    assert app.session_state["explorer"].lesson is None
    press(app, "Discard this lesson")
    assert linked(app) is None


def test_the_selected_layer_is_selected_first() -> None:
    app = making(lesson="parameters")  # whose layer 0 is selected
    app.toggle(key="lesson-making-select").set_value(False).run()
    found = linked(app)
    assert found is not None
    assert found.select == ""
    app.toggle(key="lesson-making-select").set_value(True).run()
    found = linked(app)
    assert found is not None
    assert (found.select, found.title) == ("0", "Where parameters live")


def test_steps_end_at_the_limit_and_can_be_removed() -> None:
    app = making()
    for _ in range(5):
        press(app, "Add a step")
    assert "Add a step" not in [each.label for each in app.button]
    app.text_area(key="lesson-making-text-4").set_value("last").run()
    press(app, "Remove this step")
    found = linked(app)
    assert found is not None
    assert [step.text for step in found.steps] == [""] * 4
    assert "Add a step" in [each.label for each in app.button]


@pytest.mark.parametrize("id", ready_lessons())
def test_the_lessons_can_be_started_from(id: str) -> None:
    app = opened()
    open_menu(app, "picker")
    app.button(key=f"lesson-{id}").click().run()
    assert not app.exception
    assert (address(app)["lesson"], address(app)["a"]) == (id, "")
    assert app.session_state["explorer"].start.title == ready_lessons()[id].lesson.title
