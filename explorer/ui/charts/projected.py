"""Charts for the last row: the same, with type and lines that follow the window's height."""

from typing import Any

from explorer.ui.charts.chart import Spec
from explorer.ui.charts.palette import CONFIG

TYPE = "type"  # the parameter of a specification that its own labels are measured by, in pixels
# Of the window's height, and no less than what a browser's own enlargement makes larger. Vega asks
# the window itself, as no server knows how high it is.
TYPE_ON_A_PROJECTOR = "max(19.2, 0.025 * windowSize()[1])"

# Of the chart's height that a label takes at a line's end.
PROJECTED_LABEL_SHARE = 0.047

_TYPE = {"expr": TYPE_ON_A_PROJECTOR}
PROJECTED_CONFIG = {
    **CONFIG,
    "axis": {
        **CONFIG["axis"],
        "labelFontSize": _TYPE,
        "titleFontSize": _TYPE,
        "titlePadding": 10,
    },
    "legend": {
        **CONFIG["legend"],
        "labelFontSize": _TYPE,
        "columnPadding": 28,
        "rowPadding": 6,
    },
}
# What is drawn thicker or larger, by its name in a mark or a legend, and how many times: the size
# of a point is its area.
LARGER = {"strokeWidth": 2, "symbolStrokeWidth": 2, "size": 3.5, "symbolSize": 3}


def projected(spec: Spec) -> Spec:
    """A specification as it is drawn on a projector, with its look."""
    drawn = {**_larger(spec), "config": PROJECTED_CONFIG}
    parameters = [
        {"name": TYPE, "expr": TYPE_ON_A_PROJECTOR} if each["name"] == TYPE else each
        for each in spec.get("params", ())
    ]
    return {**drawn, "params": parameters} if parameters else drawn


def _larger(part: Any) -> Any:
    if isinstance(part, list):
        return [_larger(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: LARGER[name] * each
        if name in LARGER and isinstance(each, int | float)
        else _larger(each)
        for name, each in part.items()
    }
