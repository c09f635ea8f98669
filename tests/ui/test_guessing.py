"""Guess first: what is hidden until it was guessed, what a guess shows, and what an edit hides
again.
"""

import json
from dataclasses import replace

from streamlit.testing.v1 import AppTest

from explorer.assignment.assignment import Assignment
from explorer.lesson.lesson import Control, Guess, Lesson
from explorer.link import Shared, encode
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear, ReLU
from explorer.training.recipe import Recipe
from explorer.ui.components.stack_editor import Stack
from tests.ui.pages import component_data, opened

NETWORK = Architecture(
    layers=(
        Conv2d(out_channels=8, kernel_size=3),
        ReLU(),
        Flatten(),
        Linear(out_features=10),
    )
)
TRUE = {"shape": "8×26×26", "field": "3×3", "params": "80"}  # of the first layer


def under(*guess: Guess, page: str = "build", **changes: object) -> AppTest:
    lesson = Lesson(title="Guess", guess=guess, select="0").model_copy(update=changes)
    return opened(page, a=encode(Shared(NETWORK, Recipe(), Assignment(), lesson=lesson)))


def shown(app: AppTest) -> str:
    return " ".join(each.proto.body for each in app.get("html"))


def guess(app: AppTest, kind: Guess, text: str) -> None:
    uid = app.session_state["explorer"].stack.uids[0]
    app.text_input(key=f"guess-{kind.value}-{uid}").set_value(text)
    app.button(key=f"check-guess-{kind.value}-{uid}").click().run()
    assert not app.exception


def total(app: AppTest, name: str) -> str:
    return shown(app).split(f'data-total="{name}">')[1].split("<")[0]


def components(app: AppTest) -> set[str]:
    return {each.proto.id.rsplit("-", 1)[-1] for each in app.get("bidi_component")}


def edited(app: AppTest, layers: tuple[object, ...]) -> None:
    """The visitor's stack with other layers on the same rows."""
    session = app.session_state["explorer"]
    stack: Stack = replace(session.stack, layers=layers)
    app.session_state["explorer"] = replace(session, stack=stack)
    app.run()


def test_without_a_lesson_nothing_is_hidden_and_nothing_is_sent() -> None:
    app = opened(a=encode(Shared(NETWORK)))
    assert "?" not in total(app, "Output")
    assert "lesson" not in component_data(app, "stack")


def test_what_is_to_be_guessed_is_on_no_part_of_the_page() -> None:
    app = under(*Guess)
    assert [total(app, name) for name in ("Parameters", "Receptive field", "Output")] == ["?"] * 3
    assert "<dd>1×28×28 → ?</dd>" in shown(app)
    assert "54,170" not in shown(app)  # of all layers
    assert "8×26×26" not in shown(app)
    assert "80" not in shown(app).split('id="selected-layer"')[1].split("</dl>")[0]
    assert component_data(app, "announcer-totals")["text"] == ""
    assert {"field", "cost"}.isdisjoint(components(app))


def test_what_stands_in_the_way_of_training_does_not_tell_shapes() -> None:
    network = Architecture(layers=NETWORK.layers[:1])

    def drawn(*guess: Guess) -> str:
        lesson = Lesson(guess=guess)
        return shown(opened(a=encode(Shared(network, Recipe(), lesson=lesson))))

    assert "the network ends in 8 maps of 26×26" in drawn(Guess.FIELD)
    assert "26×26" not in drawn(Guess.SHAPE)


def test_only_the_kinds_that_the_lesson_names_are_hidden() -> None:
    app = under(Guess.PARAMS)
    assert total(app, "Output") == "10"
    assert total(app, "Parameters") == "?"
    assert component_data(app, "announcer-totals")["text"] == "output 10, receptive field 28×28"
    assert "field" in components(app)
    assert [each.label for each in app.text_input if each.key.startswith("guess")] == [
        "Parameters of layer 0?"
    ]


def test_a_right_guess_shows_the_number_and_why() -> None:
    app = under(*Guess)
    guess(app, Guess.SHAPE, "8, 26, 26")
    assert "✓ Right.</b> ⌊(28 − 3) ÷ 1⌋ + 1 = 26" in shown(app)
    assert "<dd>1×28×28 → 8×26×26</dd>" in shown(app)
    assert "⌊" in component_data(app, "announcer-guess")["text"]
    uid = app.session_state["explorer"].stack.uids[0]
    assert component_data(app, "stack")["lesson"] == {
        "adds": True,
        "guess": ["shape", "field", "params"],
        "revealed": {uid: {"shape": TRUE["shape"]}},
    }


def test_a_wrong_guess_shows_it_too_beside_what_was_guessed() -> None:
    app = under(*Guess)
    guess(app, Guess.SHAPE, "8×28×28")
    assert "✗ Not quite: it is 8×26×26, you guessed 8×28×28.</b> ⌊" in shown(app)
    guess(app, Guess.FIELD, "3")
    assert "✓ Right.</b> 1 + (3 − 1) × 1 = 3 on each axis" in shown(app)
    guess(app, Guess.PARAMS, "72")
    assert "it is 80, you guessed 72.</b> 8 × (1 × 3 × 3) + 8 = 80" in shown(app)
    assert "field" in components(app)


def test_words_are_no_guess() -> None:
    app = under(Guess.SHAPE)
    guess(app, Guess.SHAPE, "<b>large</b>")
    assert [each.value for each in app.toast] == ["Output shape: type channels × rows × columns."]
    assert app.session_state["explorer"].lesson.revealed == {}


def test_an_edit_hides_what_it_changed_and_its_undo_shows_it_again() -> None:
    app = under(Guess.SHAPE, Guess.PARAMS)
    guess(app, Guess.SHAPE, TRUE["shape"])
    guess(app, Guess.PARAMS, TRUE["params"])
    edited(app, (Conv2d(out_channels=8, kernel_size=3, padding=1), *NETWORK.layers[1:]))
    assert "<dd>1×28×28 → ?</dd>" in shown(app)
    assert "8×28×28" not in shown(app)
    assert "8 × (1 × 3 × 3) + 8 = 80" in shown(app)
    edited(app, NETWORK.layers)
    assert "<dd>1×28×28 → 8×26×26</dd>" in shown(app)


def test_what_comes_into_a_layer_is_hidden_until_it_was_guessed() -> None:
    app = under(Guess.SHAPE, select="1")
    assert "<dd>? → ?</dd>" in shown(app)


def test_the_sum_of_parameters_is_shown_once_those_of_each_layer_are() -> None:
    app = under(Guess.PARAMS)
    guess(app, Guess.PARAMS, "80")
    assert total(app, "Parameters") == "?"
    session = app.session_state["explorer"]
    uid = session.stack.uids[3]
    app.session_state["explorer"] = replace(session, stack=replace(session.stack, selected=uid))
    app.run()
    app.text_input(key=f"guess-params-{uid}").set_value("54090")
    app.button(key=f"check-guess-params-{uid}").click().run()
    assert total(app, "Parameters") == "54,170"
    assert "cost" in components(app)


def test_the_assignment_and_the_page_train_do_not_tell_parameters() -> None:
    app = under(Guess.PARAMS)
    assert "data-limit" in shown(app)
    assert 'data-limit="max_params"' not in shown(app)
    assert "parameters in" not in shown(under(Guess.PARAMS, page="train"))
    assert "54,170 parameters in" in shown(under(Guess.SHAPE, page="train"))


def test_a_lesson_may_keep_layers_from_being_added() -> None:
    app = under(hidden=(Control.ADD_LAYER,))
    assert component_data(app, "stack")["lesson"] == {"adds": False, "guess": [], "revealed": {}}
    assert json.dumps(component_data(app, "stack")).count("lesson") == 1
