"""A lesson from its link to its last step: what is shown, what is hidden, what stays."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from explorer.lesson.lesson import Control, Lesson, Step
from explorer.lesson.progress import Progress
from explorer.link import Shared, decode, encode
from explorer.network.spec import Architecture, Conv2d, ReLU
from explorer.presets import load_presets
from explorer.ready_lessons import find_lesson, lesson_of
from explorer.training.recipe import Recipe
from explorer.ui import process, state
from tests.ui.pages import address, component_data, opened, start_from

NETWORK = Architecture(layers=(Conv2d(out_channels=8, kernel_size=3), ReLU()))
STEPS = (
    Step(text="A *filter* <b>slides</b>.", question="What *size*?", answer="8×26×26", why="28 − 2"),
    Step(text="Think.", question="What do you expect?", why="So do I."),
    Step(text="That was it."),
)
LESSON = Lesson(title="Mine <i>", steps=STEPS, select="1")


def link(lesson: Lesson = LESSON, recipe: Recipe | None = None) -> str:
    return encode(Shared(NETWORK, recipe or Recipe(epochs=3), lesson=lesson))


def shown(app: AppTest) -> str:
    return " ".join(each.proto.body for each in app.get("html"))


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception


def answer(app: AppTest, text: str, label: str = "Check") -> None:
    (box,) = (each for each in app.text_input if (each.key or "").startswith("lesson-answer"))
    box.set_value(text)
    press(app, label)


def progress(app: AppTest) -> Progress | None:
    found: Progress | None = app.session_state["explorer"].lesson
    return found


def labels(app: AppTest) -> set[str]:
    return {each.label for each in app.button}


# --- the panel ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["build", "train"])
def test_the_step_is_shown_with_its_text_escaped(page: str) -> None:
    app = opened(page, a=link())
    assert "Mine &lt;i&gt;<span>Step 1 of 3</span>" in shown(app)
    assert "A <em>filter</em> &lt;b&gt;slides&lt;/b&gt;." in shown(app)
    assert "What \\*size\\*?" in [each.label for each in app.text_input]


@pytest.mark.parametrize("page", ["compare", "runs"])
def test_other_pages_keep_it_without_showing_it(page: str) -> None:
    app = opened(page, a=link())
    assert "Step 1 of 3" not in shown(app)
    assert decode(address(app)["a"] or link()).lesson == LESSON or address(app)["work"]


def test_an_answer_is_judged_and_explained() -> None:
    app = opened(a=link())
    answer(app, "8, 26, 26")
    assert "✓ Right.</b> 28 − 2" in shown(app)
    assert component_data(app, "announcer-lesson")["text"] == "✓ Right. 28 − 2"
    answer(app, "<8>")
    assert "✗ Not quite: it is 8×26×26, you answered &lt;8&gt;.</b> 28 − 2" in shown(app)
    press(app, "Next")
    assert component_data(app, "announcer-lesson")["text"] == "Step 2 of 3"
    press(app, "Back")
    assert "you answered" in shown(app)


def test_an_open_question_goes_on_with_whatever_is_answered() -> None:
    app = opened(a=link())
    press(app, "Next")
    answer(app, "Something", "Done")
    assert "Noted.</b> So do I." in shown(app)


def test_nothing_is_no_answer() -> None:
    app = opened(a=link())
    answer(app, "  ")
    assert [each.value for each in app.toast] == ["Type an answer first."]
    found = progress(app)
    assert found is not None
    assert found.answers == {}


def test_steps_end_at_both_ends() -> None:
    app = opened(a=link())
    assert app.button(key="lesson-back").disabled
    for _ in range(2):
        press(app, "Next")
    assert app.button(key="lesson-next").disabled
    assert address(app)["step"] == "3"
    assert "That was it." in shown(app)


@pytest.mark.parametrize(("step", "place"), [("2", 1), ("99", 2), ("0", 0), ("x", 0), ("-1", 0)])
def test_the_address_names_the_step(step: str, place: int) -> None:
    found = progress(opened(a=link(), step=step))
    assert found is not None
    assert found.place == place


def test_the_layer_that_it_names_is_selected() -> None:
    assert opened(a=link()).session_state["explorer"].stack.selected_path == (1,)
    other = LESSON.model_copy(update={"select": "7.1.0"})
    assert opened(a=link(other)).session_state["explorer"].stack.selected_path is None


# --- coming and going -----------------------------------------------------------------------------


def test_a_ready_one_is_named_by_its_id_alone() -> None:
    app = opened(lesson="shapes")
    held = address(app)
    assert (held["lesson"], held["a"], held["work"], held["step"]) == ("shapes", "", "", "")
    work = app.session_state["explorer"]
    assert work.architecture.key == find_lesson("shapes").architecture.key
    assert work.stack.selected_path == (0,)


def test_the_work_in_a_ready_one_is_in_the_address_without_its_texts() -> None:
    app = opened(lesson="parameters")
    press(app, "Next")
    app.session_state["explorer"] = state.replace(
        app.session_state["explorer"], name="Another name"
    )
    app.run()
    held = address(app)
    assert (held["lesson"], held["step"]) == ("parameters", "2")
    assert decode(held["a"]).lesson is None
    again = opened(**{name: value for name, value in held.items() if value})
    session = again.session_state["explorer"]
    assert (session.name, session.lesson.place) == ("Another name", 1)
    assert session.lesson.lesson == lesson_of(find_lesson("parameters"))
    assert session.start.title == "Where parameters live"


def test_one_that_is_not_there_is_told_with_those_that_are() -> None:
    app = opened(lesson="<i>")
    (told,) = (each.value for each in app.warning)
    assert "there are shapes, parameters, regularisation" in told
    assert address(app)["lesson"] == ""


def test_other_work_that_is_opened_stays_in_it() -> None:
    app = opened(a=link())
    start_from(app, "gap-17k")
    assert app.session_state["explorer"].name == "Global average pooling, 17k"
    assert "Step 1 of 3" in shown(app)
    work = app.session_state["explorer"].shared
    assert work.lesson == LESSON


def test_it_can_be_left() -> None:
    app = opened(lesson="shapes")
    press(app, "Leave the lesson")
    assert "Step 1" not in shown(app)
    held = address(app)
    assert (held["lesson"], held["step"]) == ("", "")
    assert decode(held["a"]).lesson is None
    assert any(each.label.startswith("Open") for each in app.button)


def test_without_a_lesson_the_address_says_nothing_of_one() -> None:
    assert {"lesson", "step"}.isdisjoint(component_data(opened(), "address")["held"])


# --- what is hidden and locked --------------------------------------------------------------------

HIDDEN = {
    Control.START_FROM: "Start from",
    Control.OPEN: "Open…",
    Control.IMAGES: "Images",
    Control.ASSIGNMENT: "Assignment",
    Control.SHARE: "Share & save",
}


def drawn(app: AppTest) -> str:
    """The labels of all inputs, buttons and menus."""
    menus = (node.proto.popover.label for node in walk(app.main) if node.type == "popover")
    return " ".join([*menus, *labels(app), *(each.label for each in app.selectbox)])


def walk(block: Block) -> Iterator[Block]:
    for child in block.children.values():
        if isinstance(child, Block):
            yield child
            yield from walk(child)


@pytest.mark.parametrize("control", HIDDEN)
def test_a_control_is_drawn_unless_it_is_hidden(control: Control) -> None:
    assert HIDDEN[control] in drawn(opened(a=link()))
    hiding = LESSON.model_copy(update={"hidden": (control,)})
    assert HIDDEN[control] not in drawn(opened(a=link(hiding)))


@pytest.mark.parametrize("control", [Control.TRAIN, Control.COMPARE, Control.RUNS])
def test_a_page_can_be_hidden(control: Control) -> None:
    hiding = LESSON.model_copy(update={"hidden": (control,)})
    hidden = component_data(opened(a=link(hiding)), "navigation")["hidden"]
    assert control.value in hidden
    assert control.value not in component_data(opened(a=link()), "navigation")["hidden"]


@pytest.mark.usefixtures("runs_of_its_own")
def test_a_locked_recipe_is_shown_and_stays() -> None:
    recipe = Recipe(dataset="digits", epochs=1, images_share=0.1)
    locked = LESSON.model_copy(update={"locks_recipe": True})
    network = find_lesson("regularisation").architecture
    app = opened("train", a=encode(Shared(network, recipe, lesson=locked)))
    assert all(each.disabled for each in (*app.number_input, *app.selectbox, *app.toggle))
    assert "This lesson keeps the recipe as it is" in shown(app)
    assert "Quick look" not in labels(app)
    app.session_state["recipe-0-epochs"] = 7  # as a forged message would have it
    press(app, "Start training")
    run = app.session_state["explorer"].run
    assert process.jobs().snapshot(run, 0).run.recipe == recipe
    assert app.session_state["explorer"].recipe == recipe


def test_other_work_takes_a_locked_recipe_and_its_images() -> None:
    app = opened(a=link(LESSON.model_copy(update={"locks_recipe": True})))
    start_from(app, "blank")
    session = app.session_state["explorer"]
    assert session.recipe.epochs == 3
    assert session.architecture.key == load_presets()["blank"].architecture.key


def test_without_a_lock_nothing_is_disabled() -> None:
    app = opened("train", a=link())
    assert not any(each.disabled for each in (*app.number_input, *app.selectbox, *app.toggle))
