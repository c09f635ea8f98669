"""What a visitor worked on: undo leads back to it in this session, and to nothing of another's."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.presets import load_presets
from explorer.training.datasets import DATASETS
from explorer.ui import state
from tests.ui.pages import start_from
from tests.ui.test_pages import build_page, opened, session, train_page

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def undone_to(app: AppTest, work: int, stack: list) -> state.Session:
    """What the browser sends when undo leads to layers of this work."""
    now = session(app).stack
    draft = {"base": now.base, "seq": now.seq + 1, "work": work, "stack": stack, "selected": None}
    app.session_state[state.STACK_KEY] = {"draft": draft}
    app.run()
    assert not app.exception
    return session(app)


def test_undo_to_work_of_a_lost_session_brings_its_layers_and_no_other_works_name():
    lost = opened(build_page)
    start_from(lost, "blank")
    blank = session(lost)
    app = opened(build_page)  # the session after it, in the same browser
    start_from(app, "gap-17k")
    start_from(app, "strided-20k")
    before = session(app)
    found = undone_to(app, blank.work, [])
    assert (found.name, found.recipe, found.start) == (before.name, before.recipe, before.start)
    assert found.stack.layers == ()


def test_only_the_last_works_are_kept():
    app = opened(build_page)
    first = session(app)
    for _ in range(state.KEPT_WORKS // 2 + 1):
        start_from(app, "blank")
        start_from(app, "gap-17k")
    works = app.session_state[state._WORKS_KEY]
    assert len(works) == state.KEPT_WORKS
    assert first.work not in works


def images(app: AppTest):
    return next(box for box in app.selectbox if box.label == "Images")


@pytest.mark.parametrize("page", [build_page, train_page], ids=["build", "train"])
def test_images_of_another_shape_are_taken_said_and_taken_back_on_either_page(page):
    app = opened(page)
    before = session(app)
    images(app).select("cifar10").run()
    assert session(app).recipe.dataset == "cifar10"
    assert session(app).input_shape == DATASETS["cifar10"].input_shape
    (said,) = [each.value for each in app.toast]
    assert said == (
        "The input is now 3×32×32 instead of 1×28×28: 144 more parameters. To undo, choose MNIST."
    )
    images(app).select("mnist").run()
    assert not app.exception
    assert (session(app).architecture, session(app).recipe) == (before.architecture, before.recipe)


def test_images_of_the_same_shape_need_no_word():
    app = opened(build_page)
    images(app).select("fashion-mnist").run()
    assert [each.value for each in app.toast] == []


def test_a_preset_is_another_work_than_any_before():
    app = opened(build_page)
    works = [session(app).work]
    for id in list(load_presets())[:3]:
        start_from(app, id)
        works.append(session(app).work)
        assert session(app).stack.work == works[-1]
    assert len(set(works)) == len(works)
