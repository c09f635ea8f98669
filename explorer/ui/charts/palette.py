"""The charts' colours, one for a light page and one for a dark page, and what tells series apart
beside colour.

On a page each is CSS's `light-dark(…)`, so a chart follows the theme by itself; a picture that is
downloaded lies on white and takes the light one. tests/ui/charts/test_palette.py computes their
contrast with the backgrounds of .streamlit/config.toml.
"""

import re
from typing import Any, NamedTuple


class Colour(NamedTuple):
    light: str
    dark: str

    @property
    def css(self) -> str:
        return f"light-dark({self.light}, {self.dark})"


# Text, at least 4.5 : 1.
TEXT = Colour("#1b2330", "#e6eaf0")
QUIET_TEXT = Colour("#4c5768", "#b4bdca")  # of axes

# Lines and marks, at least 3 : 1.
LINE = Colour("#6b7686", "#8d97a6")  # an axis, or a line that is of no series

# The hues of Okabe and Ito, which colour-blind eyes tell apart, each as dark or as light as its
# page needs; theirs come to 2.25 : 1 on white.
BLUE = Colour("#005b96", "#2f8fd8")
ORANGE = Colour("#c08000", "#e69f00")
GREEN = Colour("#009068", "#00b88a")
VERMILION = Colour("#a63a00", "#f0713a")
PURPLE = Colour("#c2609a", "#d98bb8")
SKY = Colour("#4796cc", "#9ad4f5")

SERIES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY)
GLYPHS = "●■▲◆✚▼"  # the shapes, as letters of a legend beside the chart
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")

# Only guides the eye; nothing is lost where it cannot be seen.
GRID = Colour("#e3e7ed", "#2a323e")

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": QUIET_TEXT.css,
        "titleColor": QUIET_TEXT.css,
        "domainColor": LINE.css,
        "tickColor": LINE.css,
        "gridColor": GRID.css,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": TEXT.css, "titleColor": TEXT.css, "labelFontSize": 13},
    "header": {"labelColor": TEXT.css, "titleColor": TEXT.css},
    "title": {"color": TEXT.css},
    "text": {"color": TEXT.css},
}


def colour_of(place: int) -> Colour:
    """Beyond six they come again: then names and places have to tell lines apart."""
    return SERIES[place % len(SERIES)]


def shape_of(place: int) -> str:
    """The point's shape that goes with the colour of the same place."""
    return SHAPES[place % len(SHAPES)]


_EITHER = re.compile(r"light-dark\((#[0-9a-f]{6}), #[0-9a-f]{6}\)")


def on_white(value: Any) -> Any:
    """A specification with the light one of each pair of colours, for a picture."""
    if isinstance(value, str):
        return _EITHER.sub(r"\1", value)
    if isinstance(value, dict):
        return {name: on_white(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [on_white(each) for each in value]
    return value
