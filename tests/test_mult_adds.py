"""Mult-adds are counted in different ways by different programs: how they are counted here stands
wherever they do.
"""

import ast
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.assignment.assignment import Assignment
from explorer.exports.notebook import notebook_json, training_script
from explorer.exports.pytorch import python_source
from explorer.exports.report.comparison_report import Column, comparison_report
from explorer.network.mult_adds import MULT_ADDS_IN_SHORT, MULT_ADDS_RULE
from explorer.presets import preset
from explorer.ui import process

EXPLORER = Path(__file__).parents[1] / "explorer"
NETWORK, RECIPE = preset("gap-17k").architecture, preset("gap-17k").recipe


def words(text: str) -> str:
    """Without the breaks of its lines, and without HTML's and Markdown's escapes."""
    return " ".join(unescape(text).replace("\\", "").split())


# --- files ----------------------------------------------------------------------------------------


def notebook_cell(name: str) -> str:
    cells = json.loads(notebook_json(NETWORK, RECIPE))["cells"]
    return "".join(next(cell["source"] for cell in cells if cell["id"] == name))


def comparison_readme() -> str:
    files = comparison_report(
        [Column("gap", NETWORK)], (), {}, {}.__getitem__, Assignment(), (), {}
    )
    return dict(files)["README.md"].decode()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (python_source(NETWORK), MULT_ADDS_RULE),
        (training_script(NETWORK, RECIPE), MULT_ADDS_RULE),
        (training_script(NETWORK, RECIPE).split('"""')[1], MULT_ADDS_IN_SHORT),
        (notebook_cell("model"), MULT_ADDS_RULE),
        (notebook_cell("title"), MULT_ADDS_IN_SHORT),
        (comparison_readme(), MULT_ADDS_RULE),
    ],
    ids=[
        "class",
        "model.py",
        "its opening",
        "the notebook's class",
        "its title",
        "a comparison's README",
    ],
)
def test_files_say_how_mult_adds_are_counted(text, rule):
    assert rule in words(text)


def test_the_short_form_names_what_the_rule_does():
    for what in (
        MULT_ADDS_IN_SHORT.removeprefix("multiply-accumulates of ")
        .replace(" and multiplying", ", multiplying")
        .split(", ")
    ):
        assert f"{what.lower()}: " in MULT_ADDS_RULE.lower()


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _stop_the_server() -> Iterator[None]:
    yield
    process.stop()


def build_page() -> None:
    from explorer.ui.build import page as build_page

    build_page.show()


def compare_page() -> None:
    from explorer.ui.compare import page as compare_page

    compare_page.show()


@pytest.mark.parametrize(
    ("page", "view", "places"),
    [
        (build_page, "", 1),  # the total, and more shortly the layer's figure
        (compare_page, "Structure", 2),  # the total, the effect of each change
        (compare_page, "Shape of computation", 1),
        (compare_page, "Trade-off", 1),
    ],
)
def test_pages_say_how_mult_adds_are_counted(page, view, places):
    app = AppTest.from_function(page, default_timeout=60)
    if view:
        app.query_params["view"] = view
    app.run()
    assert not app.exception
    text = words(" ".join(str(element.proto.body) for element in app.get("html")))
    assert text.count(MULT_ADDS_RULE) == places
    assert text.count(MULT_ADDS_IN_SHORT) == (page is build_page)


# --- no other place -------------------------------------------------------------------------------

WITHOUT = {  # modules that name mult-adds and leave the rule to another
    "ui/charts/compare_charts.py": "axes and bars: the views have the rule beside them",
    "training/limits.py": "a refusal, which is about a limit thousands of times what is usual",
    "insight/limits.py": "a refusal, likewise",
    "ui/downloads/report_files.py": "a refusal, likewise",
}


def texts(path: Path) -> str:
    """All strings of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in bare
    )
    return " ".join(node.value for node in constants if isinstance(node.value, str))


def test_no_module_names_mult_adds_without_the_rule():
    naming = {
        path.relative_to(EXPLORER).as_posix(): path.read_text(encoding="utf-8")
        for path in EXPLORER.rglob("*.py")
        # Which reads others' tables.
        if re.search("mult(iply)?-add", texts(path).lower()) and path.parent.name != "summary"
    }
    silent = {
        name
        for name, source in naming.items()
        if "MULT_ADDS_RULE" not in source and "MULT_ADDS_IN_SHORT" not in source
    }
    assert silent == set(WITHOUT)
