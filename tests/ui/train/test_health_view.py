"""The view Health of a run: what is wrong with its layers, and the map of how they fared."""

from explorer.runs.health_format import health_to_bytes
from explorer.training.health import LayerHealth
from explorer.ui import process
from explorer.ui.charts.health_chart import MEASURES
from tests.ui.pages import opened


def health(run: str):
    app = opened("train", run=run)
    choice(app, "Health").set_value("Health").run()
    assert not app.exception
    return app


def choice(app, option: str):
    (found,) = (each for each in app.get("button_group") if option in each.options)
    return found


def words(app) -> str:
    return " ".join(each.proto.body for each in app.get("html"))


def test_it_offers_the_measures_that_the_network_has(small_run):
    app = health(small_run)
    measures = choice(app, "Gradient")
    assert measures.options == list(MEASURES)
    assert MEASURES["Silent units"].title in words(app)
    assert "After epoch 2" in words(app)
    for name, measure in MEASURES.items():
        choice(app, "Gradient").set_value(name).run()
        assert not app.exception
        assert measure.meaning.split(".")[0].replace("'", "&#x27;") in words(app)


def test_what_is_wrong_is_told_first(small_run):
    store = process.jobs().store
    layers = list(process.jobs().health(small_run)[2])
    layers[1] = LayerHealth(0.5, *layers[1][1:])
    told = "50 % of the units of layer 1 (ReLU) never fire"
    assert told not in words(health(small_run))
    with store.database.write() as connection:
        connection.execute(
            "UPDATE insight SET health = ? WHERE epoch = 2", (health_to_bytes(tuple(layers)),)
        )
    assert told in words(health(small_run))


def test_where_nothing_was_measured_it_says_why(small_run):
    with process.jobs().store.database.write() as connection:
        connection.execute("UPDATE insight SET health = NULL")
    app = health(small_run)
    assert [each.value for each in app.info] == [
        "How its layers fared is not kept of this run: its weights were deleted, or it was trained "
        "before this was measured."
    ]


def test_figures_of_another_network_are_as_if_not_kept(small_run):
    """Damaged ones that can be read all the same."""
    with process.jobs().store.database.write() as connection:
        connection.execute(
            "UPDATE insight SET health = ?", (health_to_bytes((LayerHealth(*[0.0] * 6),)),)
        )
    assert len(health(small_run).info) == 1
