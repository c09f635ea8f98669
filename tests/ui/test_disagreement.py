"""Compare: how recipes differ, and the images that one network gets right and the other wrong."""

import numpy as np
import pytest

from explorer.compare.mcnemar import mcnemar
from explorer.training.dataset_files import load_dataset
from explorer.training.recipe import Recipe
from explorer.ui import process
from explorer.ui.compare.recipes_view import FOLDED, _value
from tests.people.shared import SOMEBODY
from tests.runs.shared import wait_until
from tests.ui import pages
from tests.ui.conftest import train_on
from tests.ui.pages import component_data
from tests.ui.test_compare import html, tiny

pytestmark = pytest.mark.usefixtures("runs_of_its_own")
RECIPE = Recipe(dataset="digits", epochs=2, batch_size=256, device="cpu", precision="fp32")


@pytest.fixture
def two_runs() -> list[str]:
    """The ids of runs of two networks, of which the second had fewer epochs."""
    recipes = (RECIPE, RECIPE.model_copy(update={"epochs": 1}))
    runs = [
        process.jobs().submit(tiny(channels), recipe, SOMEBODY)
        for channels, recipe in zip((2, 6), recipes, strict=True)
    ]
    wait_until(lambda: all(each.ended for each in process.jobs().runs()), patience=120)
    return runs


def opened(runs: list[str]):
    return pages.opened("compare", compare=",".join(f"run:{run}" for run in runs), view="Verdict")


def right(run: str, epoch: int) -> np.ndarray:
    answers = process.jobs().answers(run, epoch)
    return (answers.predicted == load_dataset("digits").test.labels).numpy()


def test_the_images_that_only_one_gets_right(two_runs):
    app = opened(two_runs)
    a, b = right(two_runs[0], 2), right(two_runs[1], 1)
    counts = mcnemar(a, b)
    grid = component_data(app, f"compare-right-{'-'.join(two_runs)}-only one")
    assert grid["total"] == counts.only_a == int((a & ~b).sum())
    labels = load_dataset("digits").test.labels
    for each in grid["pictures"]:
        assert a[each["index"]]
        assert not b[each["index"]]
        assert each["label"] == str(int(labels[each["index"]]))
        assert each["answer"] != each["label"]
    text = html(app)
    assert f"Both get {counts.both:,} of 360 images right" in text

    index = grid["pictures"][0]["index"]
    app.session_state["compare-shown-image"] = index
    app.run()
    assert f"Test image {index:,} is {int(labels[index])}." in html(app)


def test_others_see_how_many_own_images_only_one_gets_right_and_none_of_them(
    anns_images, as_student
):
    runs = [train_on(anns_images, epochs) for epochs in (1, 2)]
    app = opened(runs)
    assert "of 12 images right" in html(app)
    assert [each.value for each in app.info] == [
        "The images of Colours are seen by their owner and by teachers alone."
    ]
    assert not [each for each in app.get("bidi_component") if "compare-right" in each.proto.id]


def unfolded(runs: list[str]):
    app = opened(runs)
    app.session_state[FOLDED] = True
    app.run()
    assert not app.exception
    return app


def test_what_differs_between_the_recipes(two_runs):
    app = unfolded(two_runs)
    table = component_data(app, "compare-recipes")
    assert table["rows"] == [["epochs", "2", "1"]]
    assert table["columns"][0]["title"] == "hyperparameter"


def test_the_same_recipe_is_said(two_runs):
    other = process.jobs().submit(tiny(3), RECIPE, SOMEBODY)
    wait_until(lambda: all(each.ended for each in process.jobs().runs()), patience=120)
    app = unfolded([two_runs[0], other])
    assert "all were trained by the same recipe" in html(app)


def test_without_kept_answers_that_is_said(two_runs):
    with process.jobs().store.database.write() as connection:
        connection.execute("DELETE FROM insight")
    app = opened(two_runs)
    assert not app.exception
    assert any("are not kept" in each.value for each in app.info)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(True, "yes"), (False, "no"), (3, "3"), (0.1, "0.1"), (1e-05, "1e-05"), ("SGD", "SGD")],
)
def test_a_value_is_written_as_the_form_shows_it(value, shown):
    assert _value(value) == shown
