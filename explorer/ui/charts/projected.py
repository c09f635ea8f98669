"""Charts for the last row: the same, with type and lines that follow the window's height."""

from explorer.ui.charts.chart import Spec
from explorer.ui.charts.palette import CONFIG

TYPE = "type"  # the parameter of a specification that its own labels are measured by, in pixels
# Of the window's height, and no less than what a browser's own enlargement makes larger. Vega asks
# the window itself, as no server knows how high it is.
TYPE_ON_A_PROJECTOR = "max(19.2, 0.025 * windowSize()[1])"

_TYPE = {"expr": TYPE_ON_A_PROJECTOR}
PROJECTED_CONFIG = {
    **CONFIG,
    "axis": {
        **CONFIG["axis"],
        "labelFontSize": _TYPE,
        "titleFontSize": _TYPE,
        "titlePadding": 10,
        "tickSize": 7,
    },
    "legend": {
        **CONFIG["legend"],
        "labelFontSize": _TYPE,
        "titleFontSize": _TYPE,
        "symbolSize": 260,
        "rowPadding": 6,
        "columnPadding": 28,
    },
    "line": {"strokeWidth": 4},
    "point": {"size": 90},
}


def projected(spec: Spec) -> Spec:
    """A specification as it is drawn on a projector, with its look."""
    parameters = [
        {"name": TYPE, "expr": TYPE_ON_A_PROJECTOR} if each["name"] == TYPE else each
        for each in spec.get("params", ())
    ]
    return {**spec, "params": parameters, "config": PROJECTED_CONFIG}
