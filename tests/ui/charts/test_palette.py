"""That charts can be read: the contrast of their text and marks with the page, and hues that
colour-blind eyes tell apart.
"""

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest

from explorer.ui.charts import compare_charts, palette, run_charts
from explorer.ui.charts.palette import Colour
from tests.contrast import contrast, linear

THEMES = tomllib.loads((Path(__file__).parents[3] / ".streamlit/config.toml").read_text())["theme"]
MODES = ("light", "dark")
# A chart stands on the page, or in a menu or a panel.
BACKGROUNDS = [
    (mode, THEMES[mode][name])
    for mode in MODES
    for name in ("backgroundColor", "secondaryBackgroundColor")
]


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#808495", "#ffffff") == pytest.approx(3.72, abs=0.01)


def colours_in(spec: object) -> set[Colour]:
    return {
        Colour(*pair) for pair in re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", json.dumps(spec))
    }


SPECS = {
    "layer by layer": compare_charts.measure_chart(tuple("abcdef"), "map"),
    "trade-off": compare_charts.trade_off_chart(tuple("abcdef"), "parameters"),
    "learning": compare_charts.learning_chart(
        (compare_charts.Style("a", palette.colour_of(0).css, "circle", (1, 0), "a"),),
        "test accuracy",
        "epochs",
        (0.0, 100.0),
    ),
    "loss": run_charts.loss_chart(3),
    "accuracy": run_charts.accuracy_chart(
        3,
        tuple(
            run_charts.Curve(series, ())
            for series in run_charts.STYLES
            if series not in run_charts.MEASURED
        ),
    ),
}


@pytest.mark.parametrize(("mode", "background"), BACKGROUNDS)
def test_text_has_at_least_four_and_a_half_to_one(mode, background):
    names = ("labelColor", "titleColor", "color")
    texts = {
        Colour(*re.findall(r"#\w{6}", look[name]))
        for look in palette.CONFIG.values()
        if isinstance(look, dict)
        for name in names
        if name in look
    }
    assert palette.TEXT in texts
    assert palette.QUIET_TEXT in texts
    for text in texts:
        assert contrast(getattr(text, mode), background) >= 4.5


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize(("mode", "background"), BACKGROUNDS[::2])
def test_lines_and_marks_have_at_least_three_to_one(name, mode, background):
    drawn = colours_in(SPECS[name])
    assert drawn
    for colour in drawn:
        assert contrast(getattr(colour, mode), background) >= 3, colour


@pytest.mark.parametrize("name", SPECS)
def test_a_chart_has_no_colour_of_one_theme_alone(name):
    without = re.sub(r"light-dark\([^)]*\)", "", json.dumps(SPECS[name]))
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", without)


# How a colour looks to eyes without one kind of cone, on linear RGB: Machado, Oliveira and
# Fernandes (2009).
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def lab(colour: str, eye: str) -> tuple[float, float, float]:
    rgb = linear(colour)
    r, g, b = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, rgb, strict=True))))
        for row in EYES[eye]
    )
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (each ** (1 / 3) if each > 0.008856 else 7.787 * each + 16 / 116 for each in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("mode", MODES)
def test_any_two_hues_differ_to_all_eyes(mode, eye):
    """By more than twelve of the steps that the eye can just see."""
    for one, other in itertools.combinations(palette.SERIES, 2):
        a, b = (lab(getattr(each, mode), eye) for each in (one, other))
        assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 12


def test_what_has_a_colour_of_its_own_has_a_shape_of_its_own():
    assert (
        len(set(palette.SHAPES))
        == len(set(palette.GLYPHS))
        == len(set(palette.SERIES))
        == len(palette.SHAPES)
    )


def test_a_picture_takes_the_colours_of_a_light_page():
    found = json.dumps(palette.on_white(SPECS["learning"]))
    assert "light-dark" not in found
    assert palette.TEXT.light in found
    assert palette.TEXT.dark not in found
