"""Find a learning rate on Train: the button, the search as it goes on, what it found, and taking it."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from explorer.lesson.lesson import Lesson, Step
from explorer.lesson.progress import Progress
from explorer.runs import rate_searches
from explorer.text import for_markdown
from explorer.training.learning_rate_finder import Tried
from explorer.training.problems import TrainingError
from tests.ui.test_pages import opened, session, train_page

pytestmark = pytest.mark.usefixtures("runs_of_its_own")

FIND = "Find a learning rate"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A search of which one step is made before this, and the others after it."""
    opened = threading.Event()

    def steps(architecture, recipe, dataset, device=None, should_stop=lambda: False):
        yield Tried(1e-5, 2.3)
        while not opened.wait(0.01):
            if should_stop():
                return
        for power in range(60):
            lr = 1e-5 * 10 ** (power / 10)
            yield Tried(lr, 2.3 - 2 / (1 + (0.01 / lr) ** 2))

    monkeypatch.setattr(rate_searches, "try_rates", steps)
    yield opened
    opened.set()


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def on_digits() -> AppTest:
    app = opened(train_page)
    next(box for box in app.selectbox if box.label == "Images").select("digits").run()
    return app


def wait_for_rates(app: AppTest) -> list[str]:
    """The labels of the buttons that take a rate, once the search has ended."""
    for _ in range(200):
        if found := [label for label in labels(app) if label.startswith("Use ")]:
            return found
        threading.Event().wait(0.02)
        app.run()
    raise AssertionError(labels(app))


def rate_in_form(app: AppTest, name: str = "lr") -> float:
    label = for_markdown(name)
    return next(box for box in app.number_input if box.label == label).value


def test_a_search_shows_how_far_it_is_and_can_be_cancelled(gate):
    app = on_digits()
    press(app, FIND)
    assert FIND not in labels(app)
    press(app, "Cancel")
    app.run()
    assert FIND in labels(app)
    assert "Cancel" not in labels(app)


def test_one_click_takes_what_was_found(gate):
    gate.set()
    app = on_digits()
    press(app, FIND)
    first, *_ = wait_for_rates(app)
    rate = float(first.removeprefix("Use "))
    assert rate != session(app).recipe.optimizer.lr
    press(app, first)
    assert session(app).recipe.optimizer.lr == rate == rate_in_form(app)
    taken = next(button for button in app.button if button.label == first)
    assert taken.icon == ":material/check:"  # and the chart stays


def test_with_one_cycle_its_peak_is_set(gate):
    gate.set()
    app = on_digits()
    kind = next(box for box in app.selectbox if box.label == "Learning-rate schedule")
    kind.select("OneCycleLR").run()
    lr = session(app).recipe.optimizer.lr
    press(app, FIND)
    first, *_ = wait_for_rates(app)
    press(app, first)
    rate = float(first.removeprefix("Use "))
    assert session(app).recipe.scheduler.max_lr == rate == rate_in_form(app, "max_lr")
    assert session(app).recipe.optimizer.lr == lr


def test_what_was_found_is_for_this_recipe_and_network_alone(gate):
    gate.set()
    app = on_digits()
    press(app, FIND)
    found = wait_for_rates(app)
    batch = next(box for box in app.number_input if box.label == "Batch size")
    batch.set_value(64).run()
    assert FIND in labels(app)
    next(box for box in app.number_input if box.label == "Batch size").set_value(128).run()
    assert [label for label in labels(app) if label.startswith("Use ")] == found
    next(box for box in app.number_input if box.label == "Seed").set_value(3).run()
    assert [label for label in labels(app) if label.startswith("Use ")] == found


def test_why_a_search_failed_is_said(monkeypatch):
    def fail(*given: object, **named: object) -> Iterator[Tried]:
        raise TrainingError("out of memory: try a batch size of 2")

    monkeypatch.setattr(rate_searches, "try_rates", fail)
    app = on_digits()
    press(app, FIND)
    for _ in range(200):
        if app.error:
            break
        threading.Event().wait(0.02)
        app.run()
    (error,) = app.error
    assert error.value.startswith("No learning rate was found: out of memory")
    assert FIND in labels(app)


def test_a_recipe_that_is_wrong_has_no_search():
    app = on_digits()
    next(box for box in app.number_input if box.label == "Batch size").set_value(0).run()
    assert next(button for button in app.button if button.label == FIND).disabled


def test_a_lesson_that_keeps_the_recipe_has_no_search():
    app = on_digits()
    lesson = Lesson(title="Kept", steps=(Step(text="Look."),), locks_recipe=True)
    app.session_state["explorer"] = replace(session(app), lesson=Progress(lesson))
    app.run()
    assert FIND not in labels(app)
