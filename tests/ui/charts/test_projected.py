"""Charts on a projector: larger type, thicker lines, and otherwise the same."""

from explorer.ui.charts.compare_charts import LABEL_TYPE, Style, learning_chart, trade_off_chart
from explorer.ui.charts.palette import CONFIG
from explorer.ui.charts.projected import TYPE, TYPE_ON_A_PROJECTOR, projected
from explorer.ui.charts.run_charts import loss_chart


def test_a_charts_type_follows_the_windows_height():
    config = projected(loss_chart(20))["config"]
    for part, name in (("axis", "labelFontSize"), ("axis", "titleFontSize")):
        assert config[part][name] == {"expr": TYPE_ON_A_PROJECTOR}
    assert config["legend"]["labelFontSize"] == {"expr": TYPE_ON_A_PROJECTOR}
    assert config["axis"]["labelColor"] == CONFIG["axis"]["labelColor"]


def test_lines_are_thicker_and_the_chart_stays_as_it_was_for_others():
    spec = loss_chart(20)
    before = spec["layer"][0]["mark"]["strokeWidth"]
    assert projected(spec)["layer"][0]["mark"]["strokeWidth"] == 2 * before
    assert spec["layer"][0]["mark"]["strokeWidth"] == before
    assert "config" not in spec


def test_the_labels_of_a_chart_are_measured_by_a_type_that_the_projector_sets():
    styles = (Style("a", "#000000", "circle", (1, 0), "a"),)
    for spec in (
        learning_chart(styles, "test accuracy", "epochs", (0.0, 1.0)),
        trade_off_chart(("a", "b"), "parameters"),
    ):
        assert {"name": TYPE, "value": LABEL_TYPE} in spec["params"]
        enlarged = projected(spec)["params"]
        assert {"name": TYPE, "expr": TYPE_ON_A_PROJECTOR} in enlarged
        assert len(enlarged) == len(spec["params"])
